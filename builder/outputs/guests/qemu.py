"""qemu-install.sh and qemu-run.sh: a guest without libvirt, as one command of QEMU each."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from builder.names import shown
from builder.outputs.guests import script
from builder.outputs.guests.machine import Guest
from builder.outputs.rendered import Rendered
from builder.outputs.shell import quote

_FIND = """\
qemu=''
for each in qemu-system-x86_64 /usr/libexec/qemu-kvm; do
	if command -v "$each" >/dev/null 2>&1; then
		qemu=$each
		break
	fi
done
[ -n "$qemu" ] ||
	fail 5 "QEMU for x86_64 is not here" "install it (Debian: qemu-system-x86, Fedora: qemu-system-x86-core)"
"""
# A host without vmx or svm may still have /dev/kvm, and then a guest starts there and hangs: the words decide.
_ACCELERATE = """\
accel=tcg
if [ -r /dev/kvm ] && [ -w /dev/kvm ] && grep -Eq '^flags.* (vmx|svm)( |$)' /proc/cpuinfo; then
	accel=kvm
else
	printf 'warning: %s\\n' "no KVM here: the guest's processor is software, many times slower" >&2
fi
"""
_MAKE_DISK = """\
if [ ! -e "$disk" ]; then
	[ -n "$bytes" ] || fail 5 "$disk is not there" "make it, or set the size of the disk in the profile"
	command -v qemu-img >/dev/null 2>&1 ||
		fail 5 "qemu-img is not here" "install it (Debian: qemu-utils, Fedora: qemu-img)"
	qemu-img create -q -f "$format" -- "$disk" "$bytes" || fail 5 "$disk cannot be made" "see above"
fi
"""
_HAVE_DEVICE = """\
[ -b "$disk" ] || fail 5 "$disk is no block device" "make it first, as in: lvcreate -L 20G -n web1 vg0"
"""
_HAVE_DISK = """\
[ -e "$disk" ] || fail 5 "$disk is not there" "install first: sh $(dirname -- "$0")/qemu-install.sh"
"""
# Debian's ovmf, Fedora's edk2-ovmf, Arch's edk2-ovmf, and what QEMU's own build installs (pc-bios/descriptors).
_FIRMWARE = """\
code=${OVMF_CODE-}
vars=${OVMF_VARS-}
for pair in OVMF/OVMF_CODE_4M.fd:OVMF/OVMF_VARS_4M.fd OVMF/OVMF_CODE.fd:OVMF/OVMF_VARS.fd \\
	edk2/ovmf/OVMF_CODE.fd:edk2/ovmf/OVMF_VARS.fd edk2/x64/OVMF_CODE.4m.fd:edk2/x64/OVMF_VARS.4m.fd \\
	qemu/edk2-x86_64-code.fd:qemu/edk2-i386-vars.fd; do
	if [ -z "$code" ] && [ -r "/usr/share/${pair%:*}" ] && [ -r "/usr/share/${pair#*:}" ]; then
		code=/usr/share/${pair%:*}
		vars=/usr/share/${pair#*:}
	fi
done
if [ ! -r "$code" ] || [ ! -r "$vars" ]; then
	fail 5 "no UEFI firmware is here" "install ovmf (Fedora: edk2-ovmf), or set OVMF_CODE and OVMF_VARS"
fi
case $code in
*,*) fail 5 "$code: QEMU would split the name at its comma" "set OVMF_CODE to another path" ;;
esac
"""
_NEW_VARIABLES = """\
cp -- "$vars" "$nvram" || fail 5 "$nvram cannot be made" "see above"
"""
_KEPT_VARIABLES = """\
[ -e "$nvram" ] || cp -- "$vars" "$nvram" || fail 5 "$nvram cannot be made" "see above"
"""


def install_script(guest: Guest) -> Rendered:
    """Boots kernel and initrd of the bundle; QEMU ends when the installer reboots."""
    boot = guest.boot
    words = [
        f"{boot.name}: installs {boot.title}. ERASES {boot.disk}.",
        "",
        "    sh qemu-install.sh [--erase] [OPTION OF QEMU...]",
        "",
        "The console is here; Ctrl-A X ends QEMU. Afterwards: sh qemu-run.sh",
    ]
    settings = {"bundle": guest.bundle, "kernel": guest.kernel, "initrd": guest.initrd, "disk": boot.disk,
                "format": guest.disk_format, "bytes": str(boot.disk_size or ""), **_firmware_settings(guest)}
    if guest.disk_is_device:
        del settings["format"], settings["bytes"]
    # The disk comes last: an image of a start that failed before would look like a machine.
    checks = [_FIND, *([_FIRMWARE] if guest.uefi else []), script.ERASE, script.BUNDLE, _ACCELERATE,
              _HAVE_DEVICE if guest.disk_is_device else _MAKE_DISK, *([_NEW_VARIABLES] if guest.uefi else [])]
    start = ['-kernel "$kernel"', '-initrd "$initrd"', f"-append {quote(guest.cmdline)}", "-no-reboot"]
    return script.script(guest, "qemu-install.sh", words=words, settings=settings, checks=checks,
                         command=_command(guest, start))


def run_script(guest: Guest) -> Rendered:
    """Starts the installed machine from its disk; a reboot is a reboot."""
    boot = guest.boot
    words = [
        f"{boot.name}: starts the installed {boot.title}. Erases nothing.",
        "",
        "    sh qemu-run.sh [OPTION OF QEMU...]",
        "",
        "The console is here; Ctrl-A X ends QEMU.",
    ]
    checks = [_FIND, _HAVE_DISK, *([_FIRMWARE, _KEPT_VARIABLES] if guest.uefi else []), _ACCELERATE]
    return script.script(guest, "qemu-run.sh", words=words, settings={"disk": boot.disk, **_firmware_settings(guest)},
                         checks=checks, command=_command(guest, []))


def option(text: str) -> str:
    """`text` as a value inside an option of QEMU, where a comma ends it and two are one (qemu(1); QemuOpts).

    Raises ValueError for what is not printable.
    """
    if not text.isprintable():
        raise ValueError(f"{shown(text)} holds a control character, which no option of QEMU should carry")
    return text.replace(",", ",,")


def cpu(guest: Guest) -> str:
    """All that the accelerator has (`max` is `host` under KVM), and at least the level of the release.

    With `enforce` QEMU does not start where a feature that is named is not to be had, and says which.
    """
    features = guest.features()
    return ",".join(["max", *(["enforce"] if features else []), *(f"+{f.replace('_', '-')}" for f in features)])


def nvram(guest: Guest) -> str:
    """Where UEFI keeps its variables: beside the image, or beside the bundle where the disk is a device. Not in the
    bundle, which a rebuild replaces."""
    if guest.disk_is_device:
        return posixpath.join(posixpath.dirname(guest.bundle), f"{guest.boot.name}.nvram")
    return f"{guest.boot.disk}.nvram"


def _firmware_settings(guest: Guest) -> dict[str, str]:
    return {"nvram": nvram(guest)} if guest.uefi else {}


def _command(guest: Guest, start: Sequence[str]) -> list[str]:
    boot = guest.boot
    words = [
        'exec "$qemu"',
        f"-name {quote('guest=' + option(boot.name))}",
        f"-uuid {guest.uuid}",
        f"-machine {guest.machine}",
        '-accel "$accel"',
        f"-cpu {quote(cpu(guest))}",
        f"-m {boot.memory}M",
        f"-smp {boot.vcpus}",
        "-rtc base=utc",
        # No floppy, no CD, no second card: what is named below and nothing else.
        "-nodefaults",
    ]
    if guest.uefi:
        words += ['-drive "if=pflash,unit=0,format=raw,readonly=on,file=$code"',
                  f"-drive {quote(f'if=pflash,unit=1,format=raw,file={option(nvram(guest))}')}"]
    words += start
    words.append(f"-drive {quote(f'if=virtio,format={guest.disk_format},discard=unmap,file={option(boot.disk)}')}")
    net = f"bridge,br={option(boot.bridge)}" if boot.bridge else "user"
    for index, mac in enumerate(boot.macs):
        words += [f"-netdev {quote(f'{net},id=net{index}')}",
                  f"-device {quote(f'virtio-net-pci,netdev=net{index},mac={mac}')}"]
    words.append("-device virtio-rng-pci")
    words += (["-device VGA", "-display vnc=127.0.0.1:0,to=99"] if guest.display else ["-display none"])
    # The console and QEMU's own monitor share the terminal: Ctrl-A C changes over.
    return [*words, "-serial mon:stdio", '"$@"']

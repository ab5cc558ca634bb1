"""virt-install.sh: one command that makes the disk, installs, and leaves a guest of libvirt that starts from it."""

from __future__ import annotations

from collections.abc import Iterable

from builder.names import shown
from builder.outputs.guests import script
from builder.outputs.guests.libvirt import FLOOR
from builder.outputs.guests.machine import Guest
from builder.outputs.rendered import Rendered
from builder.outputs.shell import quote

GIB = 1 << 30
_FIND = """\
command -v virt-install >/dev/null 2>&1 ||
	fail 5 "virt-install is not here" "install it (Debian: virtinst, Fedora: virt-install)"
"""


def install_script(guest: Guest) -> Rendered:
    """For virt-install 4.0 (2022) and later; its domains are those of libvirt.py, and the caller's options win.

    --install and not --boot names kernel and initrd: with --boot they would stay, and every start would install again
    (virt-install(1)). It copies them to where libvirt may read them.
    """
    boot = guest.boot
    words = [
        f"{boot.name}: installs {boot.title}. ERASES {boot.disk}.",
        "",
        "    sh virt-install.sh [--erase] [OPTION OF virt-install...]",
        "",
        "Waits for the end of the installation, then starts the guest. To watch: virsh console " + boot.name,
    ]
    settings = {"bundle": guest.bundle, "kernel": guest.kernel, "initrd": guest.initrd, "disk": boot.disk}
    return script.script(guest, "virt-install.sh", words=words, settings=settings,
                         checks=[_FIND, script.ERASE, script.BUNDLE], command=_command(guest))


def value(text: str) -> str:
    """`text` as a value between the commas of an option.

    virt-install splits with shlex, where a comma is the blank (virtinst cli.py, parse_optstr_tuples): two commas are
    none, and what holds one stands in quotes. Raises ValueError for what is not printable.
    """
    if not text.isprintable():
        raise ValueError(f"{shown(text)} holds a control character, which no option of virt-install should carry")
    if text and not any(c in ",'\"\\" for c in text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _option(name: str, *pairs: tuple[str, str] | str) -> str:
    """`--name a=1,b=2` as one line of the script; a pair without a key is its first word."""
    items: Iterable[str] = (p if isinstance(p, str) else f"{p[0]}={value(p[1])}" for p in pairs)
    return f"--{name} {quote(','.join(items))}"


def _command(guest: Guest) -> list[str]:
    boot = guest.boot
    words = [
        "exec virt-install",
        f"--name {quote(boot.name)}",
        f"--uuid {guest.uuid}",
        _option("metadata", ("title", boot.title), ("description", "Made by pinboot.")),
        # Everything that the name of a system would decide is said here; no database knows the newest release.
        "--osinfo detect=on,require=off",
        "--arch x86_64",
        f"--machine {guest.machine}",
        f"--memory {boot.memory}",
        f"--vcpus {boot.vcpus}",
        _cpu(guest),
        _option("install", ("kernel", guest.kernel), ("initrd", guest.initrd), ("kernel_args", guest.cmdline),
                ("kernel_args_overwrite", "yes")),
    ]
    if guest.uefi:
        words.append(_option("boot", ("firmware", "efi"), ("firmware.feature0.name", "secure-boot"),
                             ("firmware.feature0.enabled", "no")))
    size = [] if boot.disk_size is None or guest.disk_is_device else [("size", f"{boot.disk_size / GIB:.17g}")]
    words.append(_option("disk", ("path", boot.disk), ("format", guest.disk_format), ("bus", "virtio"),
                         ("driver.discard", "unmap"), *size))
    source = ("bridge", boot.bridge) if boot.bridge else ("network", guest.network)
    words += [_option("network", source, ("model", "virtio"), ("mac", mac)) for mac in boot.macs]
    words += ["--serial pty", "--console pty"]
    words += ["--graphics vnc,listen=127.0.0.1", "--video vga"] if guest.display else ["--graphics none"]
    return [*words, "--rng /dev/urandom", "--noautoconsole", "--wait=-1", '"$@"']


def _cpu(guest: Guest) -> str:
    if guest.boot.generation.cpu < 2:
        return _option("cpu", "host-model")
    return _option("cpu", FLOOR, ("mode", "custom"), ("match", "minimum"), ("check", "partial"),
                   ("model.fallback", "forbid"), *(("require", feature) for feature in guest.features(above=2)))

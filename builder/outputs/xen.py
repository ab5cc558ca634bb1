"""Two xl configurations a host: the safe one has the plain name and starts the guest, the other one installs.

What real Xen does with each key was tried (XEN 1, XEN 2); keys that the guest's type ignores are not written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from builder.catalog.generation import Generation
from builder.errors import UsageError
from builder.lock.model import KernelFacts
from builder.names import shown, xen_mac
from builder.outputs import dom0, xl
from builder.outputs.rendered import Rendered
from builder.profile.values import Host, Profile

Kind = Literal["pv", "pvh", "hvm"]

# Where the bundle keeps what the guests of one dom0 share.
KERNEL = "boot/vmlinuz"
INITRD = "boot/initrd-ks.img"
# A longer one is cut in silence for PV (XEN 1: MAX_GUEST_CMDLINE); the others have the kernel's own limit.
MAX_CMDLINE = {"pv": 1023, "pvh": 2047, "hvm": 2047}
# Ways to start an installed system that only a PV guest knows; `disk` needs firmware, so HVM.
PV_RUNS = ("pygrub", "pvgrub", "kept-kernel")
# GRUB as a PVH guest: it reads the disk from inside, and starts kernels that can be PVH guests themselves.
PVH_RUN = "pvh-grub"
# The file filters of GRUB 2.06 (gzio, xzio, lzopio), through which its Xen loader reads (loader/i386/xen_file.c); zstd:
# "not a xen image" (NixOS/nixpkgs#121087, flatcar/Flatcar#1397).
PVGRUB_UNPACKS = ("gzip", "xz", "lzo")


def choose_type(generation: Generation, facts: KernelFacts, run: str = "") -> tuple[Kind, str]:
    """The type of the guest, and why. `run` is xen.run of the profile: it may ask for HVM; else the ELF notes of the
    pinned kernel decide, but for a release with a menu of BLS entries: pygrub and pvgrub cannot read it (XEN 1), so
    what was installed as PV would not start again."""
    if run == "disk":
        return "hvm", 'xen.run = "disk": the guest starts from its own disk, which takes the firmware of an HVM guest'
    if run == PVH_RUN and facts.xen_pvh:
        return "pvh", f"kernel {facts.version} has the entry and the code of a Xen PVH guest"
    if facts.xen_pv and generation.boot_menu == "bls":
        return "hvm", (f"kernel {facts.version} could start as PV, but no PV loader reads the boot menu (BLS) of "
                       "what it installs")
    if facts.xen_pv:
        return "pv", f"kernel {facts.version} has the ELF notes of a PV guest"
    lost = ", though this release usually has them" if generation.xen == "pv" else ""
    return "hvm", f"kernel {facts.version} has no ELF notes of a PV guest{lost}"


def settled(profile: Profile, facts: KernelFacts) -> Profile:
    """The profile with xen.run filled in where it says nothing: pygrub for PV, the guest's own disk for HVM."""
    return _settled(profile, choose_type(profile.release.generation, facts, profile.xen.run)[0])


def _settled(profile: Profile, kind: Kind) -> Profile:
    if profile.xen.run:
        return profile
    return replace(profile, xen=replace(profile.xen, run="pygrub" if kind == "pv" else "disk"))


def obstacle(run: str, kind: Kind, row: dom0.Dom0) -> tuple[str, str] | None:
    """Why a guest of this type cannot run like that under this dom0, and the cure; None where it can."""
    if kind == "hvm" and run in PV_RUNS:
        return (f"{run} starts PV guests only, and this kernel starts as HVM",
                'set xen.run = "disk": an HVM guest boots its own disk, by its own boot loader')
    if (run == PVH_RUN) is not (kind == "pvh"):
        return (f"{PVH_RUN} starts Xen PVH guests only, and this kernel cannot be one",
                'set xen.run = "disk": an HVM guest boots its own disk, by its own boot loader')
    if run == PVH_RUN and not row.pvhgrub:
        return f"dom0 is {row.name}, and its Xen tools hold no GRUB for PVH guests", 'set xen.run = "disk"'
    if kind == "pv" and run == "disk":
        return ("a PV guest has no firmware that could read its disk",
                'set xen.run = "pygrub", "pvgrub" or "kept-kernel"')
    if run == "pvgrub" and not row.pvgrub:
        return f"dom0 is {row.name}, and {row.no_pvgrub}", 'set xen.run = "pygrub" or "kept-kernel"'
    return None


def unpacking(facts: KernelFacts, kind: Kind, run: str, row: dom0.Dom0) -> tuple[bool, str] | None:
    """What hinders unpacking the kernel outside the guest, and whether it surely fails; None where nothing does.

    A PV or PVH kernel is unpacked by the toolstack, a PV one also by the GRUB of pvgrub; an HVM guest's own firmware
    starts the bzImage as it is.
    """
    if kind == "hvm" or not facts.payload:
        return None
    what = "the kernel is " + ("not compressed" if facts.payload == "none" else f"{facts.payload}-compressed")
    if facts.payload not in row.unpacks:
        return True, f"{what}, and no xl of a {row.name} dom0 reads that"
    if run == "pvgrub" and facts.payload not in PVGRUB_UNPACKS:
        return False, f"{what}, and the GRUB of pvgrub reads only {', '.join(PVGRUB_UNPACKS)}"
    needs = row.unpacks[facts.payload]
    return (False, f"{what}; {needs}") if needs else None


def run_config(host: Host) -> str:
    return f"hosts/{host.name}/{host.name}.cfg"


def install_config(host: Host) -> str:
    return f"hosts/{host.name}/{host.name}-install.cfg"


def target(host: Host, profile: Profile) -> str:
    """The disk of the guest as dom0 sees it."""
    return host.disk.file or f"{profile.xen.disks}/{host.name}.img"


def kept(host: Host, profile: Profile) -> str:
    """Where up.sh keeps the installed kernel of a `kept-kernel` guest: not in the bundle, which a rebuild replaces."""
    return f"{profile.xen.disks}/{host.name}.kept"


def configs(host: Host, profile: Profile, *, kind: Kind, cmdline: str) -> tuple[Rendered, Rendered]:
    """The run and the install configuration.

    Raises UsageError where xen.run does not fit the type, the command line is too long for it, or a value cannot be
    written in xl.cfg.
    """
    profile = _settled(profile, kind)
    row = dom0.ROWS[profile.xen.dom0]
    refused = obstacle(profile.xen.run, kind, row)
    if refused:
        raise UsageError(f'{profile.origin("xen.run")}: xen.run = "{profile.xen.run}": {refused[0]}', refused[1])
    length = len(cmdline.encode())
    if length > MAX_CMDLINE[kind]:
        raise UsageError(f"host.{host.name}: its kernel command line has {length} bytes, and Xen hands at most "
                         f"{MAX_CMDLINE[kind]} to a guest of type {kind}",
                         "drop kernel_arguments, or put network options into the kickstart")
    try:
        common = _machine(host, profile, kind, row)
        install = xl.config(_install_words(host, profile), [*common, *_install(profile, cmdline)])
        run = xl.config(_run_words(host, profile), [*common, *_run(host, profile, row)])
    except ValueError as reason:
        raise UsageError(f"host.{host.name}: xl.cfg: {reason}") from None
    return Rendered(run_config(host), run), Rendered(install_config(host), install)


Settings = Sequence[tuple[str, xl.Value]]


def _machine(host: Host, profile: Profile, kind: Kind, row: dom0.Dom0) -> Settings:
    """What both configurations share: only so is the installed machine the one that was installed."""
    if not host.disk.name.startswith("xvd"):
        raise ValueError(f"disk {shown(host.disk.name)}: the first disk of a Xen guest is xvda (xen-vbd-interface(7))")
    settings: list[tuple[str, xl.Value]] = [
        ("name", host.name),
        ("type", kind),
        ("memory", host.memory),
        ("vcpus", host.vcpus),
        ("disk", [xl.disk(vdev=host.disk.name, target=target(host, profile))]),
        ("vif", _cards(host, profile)),
    ]
    if kind == "hvm":
        # xl console shows the first serial line. The display is on by default for HVM (xl.cfg(5), vnc) and on PV it
        # would keep the guest from starting (XEN 1), so it is off here and never named there.
        settings += [("serial", "pty"), ("vnc", 0)]
        if row.device_model:
            settings.append(("device_model_version", row.device_model))
    return settings


def _cards(host: Host, profile: Profile) -> list[str]:
    """One vif for each card, in their order, all on the guest's bridge. One without a MAC gets one from its names, the
    same in both configurations and in every build."""
    bridge = host.bridge or profile.xen.bridge
    words = [(profile.name, host.name, *((card.name,) if number else ()))
             for number, card in enumerate(host.network.cards)]
    return [xl.vif(mac=card.mac or xen_mac(*made), bridge=bridge)
            for card, made in zip(host.network.cards, words, strict=True)]


def _install(profile: Profile, cmdline: str) -> Settings:
    # Reboot ends the guest: with `restart` the same kernel would install again, for ever (XEN 1).
    return [
        ("kernel", f"{profile.xen.path}/{KERNEL}"),
        ("ramdisk", f"{profile.xen.path}/{INITRD}"),
        ("cmdline", cmdline),
        ("on_poweroff", "destroy"),
        ("on_reboot", "destroy"),
        ("on_crash", "destroy"),
    ]


def _run(host: Host, profile: Profile, row: dom0.Dom0) -> Settings:
    # kernel and bootloader together are accepted by the parser and mean nothing good: one of them (XEN 2).
    folder = kept(host, profile)
    start: dict[str, Settings] = {
        "disk": [("boot", "c")],
        "pygrub": [("bootloader", "pygrub")],
        "pvgrub": [("kernel", row.pvgrub)],
        PVH_RUN: [("kernel", row.pvhgrub)],
        "kept-kernel": [("kernel", f"{folder}/vmlinuz"), ("ramdisk", f"{folder}/initramfs.img")],
    }
    return [*start[profile.xen.run], ("on_poweroff", "destroy"), ("on_reboot", "restart"), ("on_crash", "restart")]


def _install_words(host: Host, profile: Profile) -> list[str]:
    return [
        f"{host.name}: installs {profile.release}. ERASES {target(host, profile)}.",
        "",
        f"    xl create -c {profile.xen.path}/{install_config(host)}",
        "",
        "The guest ends when the installer reboots; then start the other file, which is safe:",
        f"    xl create -c {profile.xen.path}/{run_config(host)}",
        f"Or let up.sh do both: sh {profile.xen.path}/up.sh {host.name}",
        "Made by pinboot: change the profile and build again, not this file.",
    ]


def _run_words(host: Host, profile: Profile) -> list[str]:
    words = [f"{host.name}: starts the installed {profile.release}. Erases nothing.", ""]
    if profile.xen.run == "kept-kernel":
        words += [
            "Its kernel and initramfs are copies from the guest's own disk, and root= comes from its boot menu:",
            f"    sh {profile.xen.path}/up.sh --keep {host.name}",
            "takes them (again after a kernel update) and writes this file with its cmdline to",
            f"    {kept(host, profile)}/{host.name}.cfg",
            f"    xl create -c {kept(host, profile)}/{host.name}.cfg",
        ]
    else:
        words.append(f"    xl create -c {profile.xen.path}/{run_config(host)}")
    return [*words, "Made by pinboot: change the profile and build again, not this file."]

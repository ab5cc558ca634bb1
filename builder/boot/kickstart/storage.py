"""The one disk of a host in kickstart words: what is erased, what is made, where the boot loader goes."""

from __future__ import annotations

from builder.boot import points
from builder.boot.line.cmdline import Machine
from builder.catalog.family import Release
from builder.catalog.generation import Generation
from builder.profile.values import Host, Xen

Line = tuple[str, ...]
BOOT_MIB = 1024
ROOT_MIB = 3072  # a minimal EL9 fills about 1.5 GiB; the root file system grows over what the disk has
MSDOS_BYTES = 2 << 40  # larger disks get a GPT, which BIOS GRUB needs a biosboot partition for
VOLUME_GROUP = "system"
ROOT_LABEL = "root"
# Boot loaders in dom0 that read the guest's /boot by themselves: ext4 and no LVM (XEN 1: pygrub fails on XFS v5).
READS_BOOT = frozenset({"pygrub", "pvgrub"})


def device(name: str) -> str:
    """A disk as kickstart commands name it: `xvda`, or `disk/by-id/...` (REFERENCE 3.7)."""
    return f"disk/{name}" if name.startswith("by-") else name


def erased(host: Host) -> tuple[Line, ...]:
    """Commands that keep the installer's hands off every other disk and stop it from asking about this one."""
    disk = device(host.disk.name)
    return (("ignoredisk", f"--only-use={disk}"), ("zerombr",), ("clearpart", "--all", "--initlabel",
                                                                 f"--drives={disk}"))


def layout(host: Host, release: Release, machine: Machine, xen: Xen) -> tuple[Line, ...]:
    """Partitions and volumes. On a PV guest what reads its /boot from dom0 decides the file system."""
    generation = release.generation
    disk = f"--ondisk={device(host.disk.name)}"
    root = generation.boot_filesystem
    boot = "ext4" if machine == "xen-pv" and xen.run in READS_BOOT else generation.boot_filesystem
    lines: list[Line] = []
    firmware = machine != "xen-pv" or (host.disk.size or 0) >= MSDOS_BYTES
    if generation.reqpart and firmware and points.knows("reqpart", release):
        # What the firmware wants beside /boot: nothing, biosboot or /boot/efi. A PV guest has no firmware.
        lines.append(("reqpart",))
    lines.append(("part", "/boot", f"--fstype={boot}", f"--size={BOOT_MIB}", disk))
    if host.storage.layout == "lvm":
        lines += [("part", "pv.01", "--size=1", "--grow", disk), ("volgroup", VOLUME_GROUP, "pv.01")]
        on_group = f"--vgname={VOLUME_GROUP}"
        if host.storage.swap:
            lines.append(("logvol", "swap", on_group, "--name=swap", f"--size={host.storage.swap}"))
        lines.append(("logvol", "/", on_group, "--name=root", f"--fstype={root}", f"--size={ROOT_MIB}", "--grow"))
        return tuple(lines)
    if host.storage.swap:
        lines.append(("part", "swap", f"--size={host.storage.swap}", disk))
    lines.append(("part", "/", f"--fstype={root}", f"--size={ROOT_MIB}", "--grow", f"--label={ROOT_LABEL}", disk))
    return tuple(lines)


def bootloader(host: Host, generation: Generation, append: tuple[str, ...]) -> Line:
    """`append` are parameters of the installed system's command line."""
    disk = device(host.disk.name)
    # --boot-drive is unknown to EL6, which takes the first of --driveorder (REFERENCE 3.2).
    drive = f"--driveorder={disk}" if generation.network == "loader" else f"--boot-drive={disk}"
    return ("bootloader", "--location=mbr", drive, *((f"--append={' '.join(append)}",) if append else ()))


def root_device(host: Host) -> str:
    """root= of the installed system, for whoever boots it with a kernel from outside the disk."""
    return f"/dev/mapper/{VOLUME_GROUP}-root" if host.storage.layout == "lvm" else f"LABEL={ROOT_LABEL}"


def least_size(host: Host) -> int:
    """MiB that the layout takes before anything grows."""
    return BOOT_MIB + host.storage.swap + ROOT_MIB

"""The disks of a host in kickstart words: what is erased, what is made, where the boot loader goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from builder.boot import points
from builder.boot.line.cmdline import Machine
from builder.catalog.family import Release
from builder.catalog.generation import GENERATIONS, MIB, Generation
from builder.profile import storage as plan
from builder.profile.values import Host, Volume, Xen

Line = tuple[str, ...]
MSDOS_BYTES = 2 << 40  # larger disks get a GPT, which BIOS GRUB needs a biosboot partition for
VOLUME_GROUP = "system"
POOL = "pool00"
ROOT_LABEL = "root"
# Boot loaders in dom0 that read the guest's /boot by themselves: ext4 and no LVM (XEN 1: pygrub fails on XFS v5).
READS_BOOT = frozenset({"pygrub", "pvgrub", "pvh-grub"})
NO_FIRMWARE: tuple[Machine, ...] = ("xen-pv", "xen-pvh")
EL6_ESP_MIB = 200
# Since EL8 the installer makes LUKS2 and takes --luks-version and --pbkdf (REFERENCE 3.2).
LUKS1 = frozenset({"el6", "el7"})


def device(name: str) -> str:
    """A disk as kickstart commands name it: `xvda`, or `disk/by-id/...` (REFERENCE 3.7)."""
    return f"disk/{name}" if name.startswith("by-") else name


def devices(host: Host) -> tuple[str, ...]:
    """The host's disks in kickstart words; @disk@ stands for one that a script finds out on the machine (disks.py)."""
    return (plan.DISK_WORD,) if host.disk.order else tuple(device(name) for name in host.disk.names)


def erased(host: Host, generation: Generation) -> tuple[Line, ...]:
    """Commands that keep the installer's hands off every other disk and stop it from asking about these."""
    disks = ",".join(devices(host))
    label = ("--disklabel=gpt",) if _mirrored_bios(host, generation) else ()
    return (("ignoredisk", f"--only-use={disks}"), ("zerombr",),
            ("clearpart", "--all", "--initlabel", f"--drives={disks}", *label))


def _mirrored_bios(host: Host, generation: Generation) -> bool:
    """Does each disk of a mirror need a biosboot partition? reqpart makes one for the first disk only, and from EL10 on
    the installer makes a GPT on BIOS machines too. GRUB legacy of EL6 reads no GPT."""
    return host.storage.layout == "raid1" and host.firmware == "bios" and generation is not GENERATIONS["el6"]


def layout(host: Host, release: Release, machine: Machine, xen: Xen) -> tuple[Line, ...]:
    """Partitions and volumes. On a PV guest what reads its /boot from dom0 decides the file system."""
    if host.storage.lines:
        disk = devices(host)[0]
        return tuple(tuple(word.replace(plan.DISK_WORD, disk) for word in plan.own_line(line))
                     for line in host.storage.lines)
    generation = release.generation
    boot = "ext4" if machine in NO_FIRMWARE and xen.run in READS_BOOT else generation.boot_filesystem
    made = {"plain": _plain, "lvm": _lvm, "lvm-thin": _thin, "raid1": _mirror}[host.storage.layout]
    return (*_firmware(host, release, machine),
            *_boot(host, generation, boot),
            *made(host, generation))


def _firmware(host: Host, release: Release, machine: Machine) -> Iterator[Line]:
    """What the firmware wants beside /boot: nothing, biosboot or /boot/efi. A PV or PVH guest has no firmware."""
    generation = release.generation
    disks = devices(host)
    if machine in NO_FIRMWARE and (host.disk.size or 0) < MSDOS_BYTES:
        return
    if host.firmware == "uefi":
        size = EL6_ESP_MIB if generation is GENERATIONS["el6"] else plan.ESP_MIB
        if len(disks) > 1:
            # blivet puts the metadata of this array at its end, so each half looks like a plain ESP (blivet PR 8).
            yield from _members("efi", disks, f"--size={size}")
            yield _array("/boot/efi", "boot_efi", 2, generation, "efi", disks, "--fstype=efi")
        else:
            yield ("part", "/boot/efi", "--fstype=efi", f"--size={size}", f"--ondisk={disks[0]}")
    elif _mirrored_bios(host, generation):
        yield from (("part", "biosboot", "--fstype=biosboot", "--size=1", f"--ondisk={disk}") for disk in disks)
    elif generation.reqpart and points.knows("reqpart", release):
        yield ("reqpart",)


def _boot(host: Host, generation: Generation, filesystem: str) -> Iterator[Line]:
    size, disks = f"--size={plan.boot_size(host.storage)}", devices(host)
    if host.storage.layout == "raid1":
        yield from _members("boot", disks, size)
        yield _array("/boot", "boot", 0, generation, "boot", disks, f"--fstype={filesystem}")
    else:
        yield ("part", "/boot", f"--fstype={filesystem}", size, f"--ondisk={disks[0]}")


def _members(word: str, disks: Sequence[str], *options: str) -> Iterator[Line]:
    """A partition on each disk, for one array."""
    return (("part", f"raid.{word}{n}", *options, f"--ondisk={disk}") for n, disk in enumerate(disks, 1))


def _array(what: str, name: str, number: int, generation: Generation, word: str, disks: Sequence[str],
           *options: str) -> Line:
    """EL6 knows arrays by number only (its pykickstart, raid.py)."""
    known = f"md{number}" if generation is GENERATIONS["el6"] else name
    members = (f"raid.{word}{n}" for n in range(1, len(disks) + 1))
    return ("raid", what, f"--device={known}", "--level=RAID1", *options, *members)


def _locked(host: Host, generation: Generation) -> Line:
    """Options that encrypt what stands in front of them."""
    encrypt = host.storage.encrypt
    if encrypt is None:
        return ()
    version = () if generation.name in LUKS1 else ("--luks-version=luks2",)
    # Argon2, the default of LUKS2, is none of the functions that FIPS 140 allows (RHEL 9 Security hardening).
    fips = ("--pbkdf=pbkdf2",) if version and "fips=1" in host.kernel_arguments else ()
    return ("--encrypted", f"--passphrase={encrypt.passphrase.text}", *version, *fips)


def _plain(host: Host, generation: Generation) -> Iterator[Line]:
    disk, locked = f"--ondisk={devices(host)[0]}", _locked(host, generation)
    if host.storage.swap:
        yield ("part", "swap", f"--size={host.storage.swap}", disk, *locked)
    for volume in plan.volumes(host.storage):
        label = (f"--label={ROOT_LABEL}",) if volume.mount == "/" else ()
        yield ("part", volume.mount, f"--fstype={generation.boot_filesystem}", *_size(volume), *label, disk, *locked)


def _lvm(host: Host, generation: Generation) -> Iterator[Line]:
    yield ("part", "pv.01", "--size=1", "--grow", f"--ondisk={devices(host)[0]}", *_locked(host, generation))
    yield from _group(host, generation)


def _mirror(host: Host, generation: Generation) -> Iterator[Line]:
    """Two arrays: /boot, and one that LVM divides, so that every disk has the same few partitions."""
    disks = devices(host)
    yield from _members("pv", disks, "--size=1", "--grow")
    yield _array("pv.01", "pv00", 1, generation, "pv", disks, *_locked(host, generation))
    yield from _group(host, generation)


def _group(host: Host, generation: Generation) -> Iterator[Line]:
    yield ("volgroup", VOLUME_GROUP, "pv.01")
    yield from _swap_volume(host)
    for volume in plan.volumes(host.storage):
        yield _logical(volume, generation, ())


def _thin(host: Host, generation: Generation) -> Iterator[Line]:
    """The pool takes the group; swap stays outside, as in the installer's own thin layout."""
    yield ("part", "pv.01", "--size=1", "--grow", f"--ondisk={devices(host)[0]}", *_locked(host, generation))
    yield ("volgroup", VOLUME_GROUP, "pv.01")
    yield from _swap_volume(host)
    inside = plan.volumes(host.storage)
    least = sum(plan.least_of(volume) for volume in inside)
    yield ("logvol", "none", f"--vgname={VOLUME_GROUP}", f"--name={POOL}", "--thinpool", f"--size={least}", "--grow")
    for volume in inside:
        yield _logical(volume, generation, ("--thin", f"--poolname={POOL}"))


def _swap_volume(host: Host) -> Iterator[Line]:
    if host.storage.swap:
        yield ("logvol", "swap", f"--vgname={VOLUME_GROUP}", "--name=swap", f"--size={host.storage.swap}")


def _logical(volume: Volume, generation: Generation, thin: Line) -> Line:
    return ("logvol", volume.mount, f"--vgname={VOLUME_GROUP}", f"--name={plan.volume_name(volume.mount)}", *thin,
            f"--fstype={generation.boot_filesystem}", *_size(volume))


def _size(volume: Volume) -> Line:
    return (f"--size={plan.least_of(volume)}", *(("--grow",) if volume.size is None else ()))


def meant(host: Host) -> frozenset[tuple[str, str, int, bool]]:
    """What must be read back of the layout: (command, mount point, MiB, grows), the boot partition of the firmware
    apart. Empty for lines of the user."""
    wanted = host.storage
    if wanted.lines:
        return frozenset()
    inside = "part" if wanted.layout == "plain" else "logvol"
    found = {(inside, volume.mount, plan.least_of(volume), volume.size is None) for volume in plan.volumes(wanted)}
    if wanted.swap:
        found.add((inside, "swap", wanted.swap, False))
    if wanted.layout == "raid1":
        return frozenset({*found, ("raid", "/boot", 0, False)})
    return frozenset({*found, ("part", "/boot", plan.boot_size(wanted), False)})


def bootloader(host: Host, generation: Generation, append: tuple[str, ...]) -> Line:
    """`append` are parameters of the installed system's command line."""
    disks = devices(host)
    # --boot-drive is unknown to EL6, which takes the first of --driveorder (REFERENCE 3.2).
    drive = f"--driveorder={','.join(disks)}" if generation.network == "loader" else f"--boot-drive={disks[0]}"
    return ("bootloader", "--location=mbr", drive, *((f"--append={' '.join(append)}",) if append else ()))


def root_device(host: Host) -> str:
    """root= of the installed system, for whoever boots it with a kernel from outside the disk."""
    return f"LABEL={ROOT_LABEL}" if host.storage.layout == "plain" else f"/dev/mapper/{VOLUME_GROUP}-root"


def least_size(host: Host) -> int:
    """MiB that the layout takes before anything grows."""
    return plan.least(host.storage, host.firmware)


def too_small(host: Host) -> str:
    """Why the layout does not fit the disk, or an empty string."""
    least = least_size(host)
    if host.disk.size is None or host.disk.size >= least * MIB:
        return ""
    what = "the volumes" if host.storage.volumes else "a small root"
    return f"{host.disk.name} has {host.disk.size // MIB} MiB; /boot, swap and {what} take {least} MiB"

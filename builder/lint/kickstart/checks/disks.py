"""Disks and what is made on them: names that cannot be, disks that contradict each other, parts that nothing makes."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from typing import NamedTuple

from builder.finding import Finding, Severity
from builder.lint.kickstart.case import Case
from builder.lint.kickstart.rules import found
from builder.lint.kickstart.text.outline import Command

# (command, options whose values are disks).
OPTIONS = {
    "ignoredisk": ("--only-use", "--drives"), "clearpart": ("--drives",), "part": ("--ondisk", "--ondrive"),
    "partition": ("--ondisk", "--ondrive"), "bootloader": ("--boot-drive", "--driveorder"),
}
# libata took the IDE driver's place before EL6 (Fedora 7 release notes): its disks are sdX.
OLD_NAME = re.compile(r"hd[a-z]{1,2}[0-9]*")
PARTITION = re.compile(r"((?:s|v|xv|das)d[a-z]{1,3})[0-9]{1,3}|(nvme[0-9]+n[0-9]+|mmcblk[0-9]+)p[0-9]+"
                       r"|(disk/by-[a-z]+/.+)-part[0-9]+")
GLOB = re.compile(r"[*?\[]")
MAKES_FIRMWARE = ("/boot/efi", "biosboot", "prepboot", "appleboot")


class Named(NamedTuple):
    """A disk that a command names, without /dev/."""

    disk: str
    option: str
    command: Command


def check(case: Case) -> Iterator[Finding]:
    named = [*_named(case)]
    yield from _names(named)
    yield from _hidden(named)
    yield from _elsewhere(named)
    yield from _mounts(case)
    yield from _undefined(case)


def _named(case: Case) -> Iterator[Named]:
    for command in case.outline.named(*OPTIONS):
        for option in OPTIONS[command.name]:
            for value in command.values(option):
                yield from (Named(disk.strip().removeprefix("/dev/"), option, command)
                            for disk in re.split("[,|]", value) if disk.strip())


def _names(named: list[Named]) -> Iterator[Finding]:
    for disk, option, command in named:
        if OLD_NAME.fullmatch(disk):
            yield found("disk-name", command.line, f"{command.name} {option}={disk}: no kernel since EL6 gives a disk "
                        "this name; the installer stops", f"sd{disk[2]}, vd{disk[2]}, or disk/by-id/...")
        part = PARTITION.fullmatch(disk)
        if part:
            whole = next(group for group in part.groups() if group)
            # Xen names a whole disk xvda1 where its configuration says so (xl-disk-configuration(5), vdev).
            maybe = disk.startswith("xvd")
            yield found("partition-for-disk", command.line, f"{command.name} {option}={disk}: a partition, where a "
                        "disk is due", f"{option}={whole}", Severity.WARNING if maybe else None)


def _hidden(named: list[Named]) -> Iterator[Finding]:
    only = [each for each in named if each.option == "--only-use"]
    if not only:
        return
    for disk, option, command in named:
        if command.name == "ignoredisk" or GLOB.search(disk):
            continue
        if not any(fnmatch.fnmatchcase(disk, use.disk) for use in only):
            yield found("disk-hidden", command.line, f"{command.name} {option}={disk}, but ignoredisk leaves "
                        f"{', '.join(use.disk for use in only)} only", "name the same disks in both")


def _elsewhere(named: list[Named]) -> Iterator[Finding]:
    made = {each.disk for each in named if each.command.name in ("part", "partition")}
    boots = [each for each in named if each.option == "--boot-drive"]
    for disk, _, command in boots:
        if made and disk not in made and not GLOB.search(disk):
            yield found("boot-disk-elsewhere", command.line, f"the boot loader goes to {disk}, where no partition is "
                        f"made; they are on {', '.join(sorted(made))}", f"--boot-drive={sorted(made)[0]}")


def _mounts(case: Case) -> Iterator[Finding]:
    read = case.read
    points = {mount.point for mount in read.mounts}
    lines: dict[str, list[int]] = {}
    for command in case.outline.named("part", "partition", "logvol", "raid"):
        for point in points & set(command.bare):
            lines.setdefault(point, []).append(command.line)
    for point, at in sorted(lines.items()):
        if len(at) > 1 and point.startswith("/"):
            # anaconda, custom partitioning: "If a previous device has claimed this mount point, delete the old one".
            yield found("duplicate-mount", at[-1], f"{point} is made a second time: the installer drops the one of "
                        f"line {case.outline.place(at[0])}", "keep one")
    points |= {mount.point for mount in read.members}
    if not read.mounts and not read.members:
        return
    if not read.automatic and "/" not in points and not case.outline.named("btrfs", "mount"):
        line = case.outline.named("part", "partition", "logvol", "raid")[0].line
        yield found("no-root", line, "no partition or volume is /: the installer stops", "part / ... or logvol / ...")
    if points and not points & set(MAKES_FIRMWARE) and not case.outline.named("reqpart", "autopart"):
        line = case.outline.named("part", "partition", "logvol", "raid")[0].line
        hint = "reqpart" if case.generation.reqpart else "part /boot/efi --fstype=efi --size=200 on UEFI machines"
        yield found("no-firmware-partition", line, "no /boot/efi and no biosboot: fits a BIOS machine whose disk has "
                    "an MBR, and no UEFI machine", hint)


def _undefined(case: Case) -> Iterator[Finding]:
    """Members, groups and pools that no line makes (anaconda, custom partitioning: undefined partition, no volume group
    exists with the name, no thin pool exists with the name)."""
    made = {word for command in case.outline.named("part", "partition", "btrfs") for word in command.bare}
    made |= {word for command in case.outline.named("raid") for word in command.bare if not word.startswith("raid.")}
    groups = {_group(command) for command in case.outline.named("volgroup")}
    pools = {pool for command in case.outline.named("logvol") if command.has("--thinpool")
             for pool in command.values("--name")}
    if case.outline.named("autopart"):
        return
    for command in case.outline.named("volgroup", "raid"):
        kind = "pv." if command.name == "volgroup" else "raid."
        members = [word for word in command.bare if word.startswith(kind)]
        for member in members:
            if member not in made:
                yield found("undefined-part", command.line, f"{command.name} names {member}, which no part line makes",
                            f"part {member} --size=...")
    for command in case.outline.named("logvol"):
        for group in command.values("--vgname"):
            if group not in groups and not command.has("--useexisting", "--noformat"):
                yield found("undefined-part", command.line, f"no volgroup line makes {group}",
                            f"volgroup {group} pv.01")
        for pool in command.values("--poolname"):
            if command.has("--thin") and pool not in pools and not command.has("--useexisting", "--noformat"):
                yield found("undefined-part", command.line, f"no logvol line makes the thin pool {pool}",
                            f"logvol none --thinpool --name={pool} ...")


def _group(command: Command) -> str:
    """The name of a volgroup line: its first bare word, or --name of EL6's time."""
    return next(iter(command.bare or command.values("--name")), "")

"""Which disks lose what is on them, where no host says which disk is meant."""

from __future__ import annotations

from collections.abc import Iterator

from builder.boot.review.parsed import ParsedKickstart
from builder.boot.review.rules.asking import TOPIC
from builder.finding import Finding, Severity


def check(read: ParsedKickstart, disk: str) -> Iterator[Finding]:
    """`disk` stands in the hints: the host's own, or a word for it."""
    kind, line = read.erase.kind, read.erase.line
    if kind in ("all", "linux") and not read.erase.drives and not read.erase.only_use:
        yield Finding(topic=TOPIC, severity=Severity.WARNING, rule="erases-every-disk", line=line,
                      text=f"clearpart --{kind} without --drives erases every disk that it finds",
                      hint=f"clearpart --{kind} --initlabel --drives={disk}")
    if not kind and read.partitioned:
        yield Finding(topic=TOPIC, severity=Severity.WARNING, rule="no-clearpart", line=line,
                      text="no clearpart: on a disk that has partitions the installer stops for want of space",
                      hint=f"clearpart --all --initlabel --drives={disk}")


def loader(read: ParsedKickstart) -> Iterator[Finding]:
    if not read.bootloader:
        yield Finding(topic=TOPIC, severity=Severity.WARNING, rule="no-bootloader",
                      text="no bootloader line: the installer chooses the disk for it",
                      hint="bootloader --location=mbr")

"""What an initrd tells of itself: kernel versions, installer build, drivers, without unpacking it to disk.

An initrd is a run of members: cpio archives, plain or compressed, with zero bytes between them
(Linux Documentation/driver-api/early-userspace/buffer-format.rst).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

from builder.errors import HostileInput
from builder.names import shown
from builder.probe import bzimage, compression, cpio
from builder.probe.feed import Feed, chunks

Fact = Literal["version", "buildstamp", "drivers"]
VERSION_ONLY: tuple[Fact, ...] = ("version",)
ALL_FACTS: tuple[Fact, ...] = ("version", "buildstamp", "drivers")
# What an installer needs to see a disk and a network under Xen, as modules of EL6 to EL10 (XEN.md 3).
XEN_DRIVERS = frozenset({"xen-blkfront", "xen-netfront"})
# All members together: EL initrds unpack to 100-250 MB.
UNPACKED_MAX = 1 << 30
MEMBERS_MAX = 256
VERSIONS_MAX = 64
BUILDSTAMP_MAX = 1 << 16
# A directory of modules, or anything in one: merged /usr or not.
_MODULES = re.compile(rb"(?:usr/)?lib/modules/([^/]+)(/.*)?", re.DOTALL)
_MODULE = re.compile(rb".*/([^/]+)\.ko(?:\.xz|\.gz|\.zst|\.bz2)?", re.DOTALL)
# Where the kernel looks for microcode before anything is unpacked (Documentation/arch/x86/microcode.rst).
_MICROCODE = b"kernel/x86/microcode/"
_KEY = re.compile(r"\s*([^=\s]+)\s*=\s*(.*?)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Buildstamp:
    """[Main] of .buildstamp, which lorax writes into initrd and stage2 (lorax src/pylorax/buildstamp.py); EL6 has bare
    lines in its place: UUID, product, version, where to report bugs (anaconda rhel6-branch, product.py)."""

    product: str
    version: str
    uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InitrdFacts:
    """What was seen until the reading stopped; `complete` says that it went to the end.

    `kernel_versions` are the directories under lib/modules in order of appearance, `modules` the drivers that were
    looked for and found (hyphens for underscores), `members` the kinds of the members, such as ("cpio", "xz").
    """

    kernel_versions: tuple[str, ...]
    buildstamp: Buildstamp | None
    modules: frozenset[str]
    early_microcode: bool
    members: tuple[str, ...]
    complete: bool


def scan(stream: BinaryIO, where: str, *, want: Collection[Fact] = VERSION_ONLY, stop_early: bool = True,
         drivers: Collection[str] = XEN_DRIVERS) -> InitrdFacts:
    """Read an initrd from where `stream` stands until all facts in `want` are known; without `stop_early` to its end.

    A fact that is not there is known only at the end. Raises HostileInput for what the kernel would refuse to unpack
    and for bombs, Missing for a decompressor that is not installed.
    """
    seen = _Seen(where, frozenset(want) if stop_early else None, frozenset(d.replace("_", "-") for d in drivers))
    feed = Feed(chunks(stream), where)
    complete = True
    for entry in _entries(feed, seen):
        seen.see(entry)
        if seen.enough():
            complete = False
            break
    if not seen.members:
        raise HostileInput(f"{where}: empty, where an initrd is due")
    return seen.facts(complete)


class _Seen:
    """What has been learned so far."""

    def __init__(self, where: str, want: frozenset[Fact] | None, drivers: frozenset[str]) -> None:
        self.where = where
        self.want = want
        self.drivers = drivers
        self.members: list[str] = []
        self.versions: dict[bytes, None] = {}
        self.modules: set[str] = set()
        self.buildstamp: Buildstamp | None = None
        self.early_microcode = False
        self.unpacked = 0

    def enough(self) -> bool:
        if self.want is None:
            return False
        known = {"version": bool(self.versions), "buildstamp": self.buildstamp is not None,
                 "drivers": self.modules >= self.drivers}
        return all(known[fact] for fact in self.want)

    def see(self, entry: cpio.Entry) -> None:
        path = entry.path
        if path == b".buildstamp" and entry.is_file:
            self.buildstamp = _buildstamp(entry, self.where)
        elif len(self.members) == 1 and self.members[0] == "cpio" and path.startswith(_MICROCODE):
            self.early_microcode = True
        elif found := _MODULES.fullmatch(path):
            self._see_module(entry, found[1], found[2])

    def _see_module(self, entry: cpio.Entry, version: bytes, rest: bytes | None) -> None:
        if rest is None and not entry.is_directory:
            return
        if version not in self.versions:
            self.versions[version] = None
            if len(self.versions) > VERSIONS_MAX or not bzimage.RELEASE.fullmatch(version.decode("latin-1")):
                raise HostileInput(f"{self.where}: its lib/modules holds what is no kernel version: "
                                   f"{shown(version.decode('utf-8', 'replace'))}")
        if entry.is_file and rest and (module := _MODULE.fullmatch(rest)):
            name = module[1].decode("latin-1").replace("_", "-")
            if name in self.drivers:
                self.modules.add(name)

    def facts(self, complete: bool) -> InitrdFacts:
        return InitrdFacts(
            kernel_versions=tuple(version.decode("ascii") for version in self.versions), buildstamp=self.buildstamp,
            modules=frozenset(self.modules), early_microcode=self.early_microcode, members=tuple(self.members),
            complete=complete)


def _entries(feed: Feed, seen: _Seen) -> Iterator[cpio.Entry]:
    """All entries of all members, in the kernel's order (init/initramfs.c unpack_to_rootfs)."""
    while True:
        feed.skip_zeros()
        head = feed.peek(compression.MAGIC_SIZE)
        if not head:
            return
        if len(seen.members) >= MEMBERS_MAX:
            raise HostileInput(f"{feed.where}: more than {MEMBERS_MAX} archives in one initrd")
        if head in cpio.MAGICS:
            if feed.position & 3:
                raise HostileInput(f"{feed.where}: an uncompressed cpio archive begins at byte {feed.position}, "
                                   "which is no multiple of 4: the kernel would not read it")
            seen.members.append("cpio")
            yield from cpio.entries(feed)
        elif kind := compression.kind(head):
            seen.members.append(kind)
            yield from _packed(feed, seen)
        else:
            raise HostileInput(f"{feed.where}: {_what(head, seen)}", "take images/pxeboot/initrd.img of the tree")


def _packed(feed: Feed, seen: _Seen) -> Iterator[cpio.Entry]:
    """The entries of the archives in one compressed member; zero bytes may lie between and behind them."""
    inner = Feed(compression.unpack(feed, cap=UNPACKED_MAX - seen.unpacked), feed.where)
    archives = 0
    while True:
        inner.skip_zeros()
        if not inner.peek(1):
            seen.unpacked += inner.position
            return
        archives += 1
        if archives > MEMBERS_MAX:
            raise HostileInput(f"{feed.where}: more than {MEMBERS_MAX} archives in one member")
        yield from cpio.entries(inner)


def _what(head: bytes, seen: _Seen) -> str:
    if seen.members:
        return f"junk behind its {seen.members[-1]} member (begins {head.hex(' ')})"
    if head.lstrip()[:1] == b"<":
        return "no initrd but a web page (a login page of the network?)"
    if head[:2] == b"MZ":
        return "no initrd but a kernel"
    return f"no initrd (begins {head.hex(' ')})"


def _buildstamp(entry: cpio.Entry, where: str) -> Buildstamp:
    """Read as dracut reads it: the section [Main], KEY=value lines (anaconda dracut/parse-anaconda-options.sh)."""
    if entry.size > BUILDSTAMP_MAX:
        raise HostileInput(f"{where}: .buildstamp of {entry.size} bytes")
    section = ""
    found: dict[str, str] = {}
    lines = entry.content().decode("utf-8", "replace").splitlines()
    if not any(line.startswith("[") for line in lines):
        found = dict(zip(("UUID", "Product", "Version"), (line.strip() for line in lines), strict=False))
    for line in lines:
        if line.startswith("["):
            section = line.strip()
        elif section == "[Main]" and (pair := _KEY.fullmatch(line)):
            found.setdefault(pair[1], pair[2])
    for value in found.values():
        if len(value) > 200 or not value.isprintable():
            raise HostileInput(f"{where}: .buildstamp holds {shown(value)}")
    return Buildstamp(product=found.get("Product", ""), version=found.get("Version", ""), uuid=found.get("UUID", ""))

"""The header structure of RPM packages, an index of typed tags over a store of values, read within bounds.

Format: rpm docs/manual/format_header.md; limits and checks as librpm has them: rpm lib/header.cc, hdrblobVerifyLengths,
hdrblobVerifyRegion and hdrblobVerifyInfo. The work is linear in the bytes: values must not overlap.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from builder.errors import HostileInput

MAGIC = bytes.fromhex("8eade80100000000")
INTRO, ENTRY = 16, 16  # bytes: magic and the two lengths; one entry of the index
INT16, INT32, INT64, STRING, BIN, STRING_ARRAY, I18NSTRING = 3, 4, 5, 6, 7, 8, 9
# Bytes a value of each type takes, and at multiples of what it lies; strings (None) end with a NUL each.
WIDTH: dict[int, int | None] = {1: 1, 2: 1, INT16: 2, INT32: 4, INT64: 8, STRING: None, BIN: 1, STRING_ARRAY: None,
                                I18NSTRING: None}
ARRAY_MAX = 0xFFFFF  # HEADER_ARRAY_MAX
FIRST_TAG = 100  # HEADER_I18NTABLE; lower ones are regions, and there is one of these at most
IMAGE = 61  # HEADERIMAGE: stands in the region's trailer of some old signature headers
CURE = "the package is damaged or no real one; take another mirror"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`region` is the tag of what is signed or digested; then the most index entries and bytes of store."""

    name: str
    region: int
    entries: int
    store: int


SIGNATURES = Kind(name="signature header", region=62, entries=32, store=64 << 20)
HEADER = Kind(name="header", region=63, entries=0xFFFF, store=0x0FFFFFFF)
Row = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """`count` values of a type, at `start` to `end` of the file (with what pads them to the next one)."""

    type: int
    count: int
    start: int
    end: int


def measure(data: bytes, start: int, kind: Kind, where: str) -> int:
    """Where the structure that begins at `start` ends; the 16 bytes there are in `data`. Raises HostileInput."""
    if data[start : start + len(MAGIC)] != MAGIC:
        raise _refusal(where, kind, f"begins {data[start:start + 8].hex(' ')}, not {MAGIC.hex(' ')}")
    count, size = struct.unpack_from(">II", data, start + 8)
    if not 0 < count <= kind.entries:
        raise _refusal(where, kind, f"{count} tags, where 1 to {kind.entries} can be")
    if size > kind.store:
        raise _refusal(where, kind, f"{size} bytes of values, where at most {kind.store} can be")
    return int(start + INTRO + count * ENTRY + size)


def read(data: bytes, start: int, kind: Kind, where: str) -> Section:
    """The structure at `start`, whole in `data` (`measure` says how far it goes). Raises HostileInput."""
    end = measure(data, start, kind, where)
    (size,) = struct.unpack_from(">I", data, start + 12)
    store = end - size
    rows: list[Row] = list(struct.iter_unpack(">IIII", data[start + INTRO : store]))
    limit = _region(data, store, size, rows, kind, where)
    offsets = [row[2] for row in rows]
    section = Section(data, kind, where)
    for row, (offset, following) in zip(rows, pairwise([*offsets, limit]), strict=True):
        tag, type_, _, number = row
        if tag in section.entries:
            raise _refusal(where, kind, f"tag {tag} stands twice")
        if not offset < following <= limit or not _sound(row):
            raise _refusal(where, kind, f"tag {tag}: no sound entry (type {type_}, offset {offset}, count {number})")
        entry = Entry(type_, number, store + offset, store + following)
        if not _fits(data, entry):
            raise _refusal(where, kind, f"tag {tag}: its {number} values of type {type_} do not fit into "
                                        f"{following - offset} bytes")
        section.entries[tag] = entry
    return section


class Section:
    """The entries of one structure by their tags. Each reader raises HostileInput where the tag has another type."""

    __slots__ = ("data", "entries", "kind", "where")

    def __init__(self, data: bytes, kind: Kind, where: str) -> None:
        self.data, self.kind, self.where = data, kind, where
        self.entries: dict[int, Entry] = {}

    def __contains__(self, tag: int) -> bool:
        return tag in self.entries

    def string(self, tag: int) -> bytes:
        """Raises HostileInput where the tag is absent, too."""
        entry = self._entry(tag, STRING)
        if entry is None:
            raise self.refusal(tag, "absent")
        return self.data[entry.start : entry.end].partition(b"\0")[0]

    def strings(self, tag: int) -> list[bytes]:
        """Without their NULs; none where the tag is absent."""
        entry = self._entry(tag, STRING_ARRAY)
        return self.data[entry.start : entry.end].split(b"\0", entry.count)[: entry.count] if entry else []

    def numbers(self, tag: int) -> Sequence[int]:
        """Unsigned, of 32 bits; none where the tag is absent."""
        entry = self._entry(tag, INT32)
        return struct.unpack_from(f">{entry.count}I", self.data, entry.start) if entry else ()

    def number(self, tag: int, absent: int) -> int:
        """The only one of the tag."""
        found = self.numbers(tag) or (absent,)
        if len(found) != 1:
            raise self.refusal(tag, f"{len(found)} numbers, where one can be")
        return found[0]

    def binary(self, tag: int) -> bytes:
        """Nothing where the tag is absent."""
        entry = self._entry(tag, BIN)
        return self.data[entry.start : entry.start + entry.count] if entry else b""

    def refusal(self, tag: int, text: str) -> HostileInput:
        return _refusal(self.where, self.kind, f"tag {tag}: {text}")

    def _entry(self, tag: int, type_: int) -> Entry | None:
        entry = self.entries.get(tag)
        if entry and entry.type != type_:
            raise self.refusal(tag, f"of type {entry.type}, where {type_} is due")
        return entry


def _region(data: bytes, store: int, size: int, rows: list[Row], kind: Kind, where: str) -> int:
    """Take the region's entry off `rows`; the offset at which the values must end.

    A signature covers the region. In the main header that must be all of it, so that nothing unsigned is taken for
    signed; the signature header is not signed itself, and old ones have no region (hdrblobVerifyRegion lets them pass).
    """
    tag, type_, offset, count = rows[0]
    if tag != kind.region and kind is SIGNATURES:
        return size
    if (tag, type_, count) != (kind.region, BIN, ENTRY) or offset + ENTRY > size:
        raise _refusal(where, kind, f"begins with tag {tag} (type {type_}, offset {offset}, count {count}), where "
                                    f"region {kind.region} is due")
    trailer = struct.unpack_from(">IIiI", data, store + offset)
    expected = (kind.region, BIN, -ENTRY * len(rows), ENTRY)
    if kind is SIGNATURES:
        sound = trailer[0] in (kind.region, IMAGE) and (trailer[1], trailer[3]) == (BIN, ENTRY)
        limit = size
    else:
        sound, limit = trailer == expected and offset + ENTRY == size, offset
    if not sound:
        raise _refusal(where, kind, f"its region ends with {trailer} at {offset} of {size} bytes, where {expected} at "
                                    "the very end is due")
    del rows[0]
    return limit


def _sound(row: Row) -> bool:
    tag, type_, offset, count = row
    if tag < FIRST_TAG or type_ not in WIDTH or count < 1 or (type_ != BIN and count > ARRAY_MAX):
        return False
    return offset % (WIDTH[type_] or 1) == 0 and (type_ != STRING or count == 1)


def _fits(data: bytes, entry: Entry) -> bool:
    width = WIDTH[entry.type]
    if width is None:
        return data.count(b"\0", entry.start, entry.end) >= entry.count
    return entry.count * width <= entry.end - entry.start


def _refusal(where: str, kind: Kind, text: str) -> HostileInput:
    return HostileInput(f"{where}: {kind.name} of the package: {text}", CURE)

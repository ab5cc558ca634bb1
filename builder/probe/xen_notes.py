"""The Xen ELF notes of an unpacked kernel (vmlinux), found as Xen's own loader finds them.

Order and meaning: Xen tools/libs/guest and xen/common/libelf/libelf-dominfo.c (XEN.md 3); numbers of the notes:
xen/include/public/elfnote.h. The kernel is read forwards in pieces and never held as a whole.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from builder.errors import HostileInput
from builder.probe.feed import Feed

NUMBERS = {1: "ENTRY", 2: "HYPERCALL_PAGE", 3: "VIRT_BASE", 4: "PADDR_OFFSET", 12: "HV_START_LOW", 15: "INIT_P2M",
           17: "SUPPORTED_FEATURES", 18: "PHYS32_ENTRY"}
TEXTS = {5: "XEN_VERSION", 6: "GUEST_OS", 7: "GUEST_VERSION", 8: "LOADER", 9: "PAE_MODE", 10: "FEATURES"}
# The keys of the older __xen_guest section that mean the same (libelf-dominfo.c elf_xen_parse_guest_info).
GUEST_KEYS = {"GUEST_OS": "GUEST_OS", "GUEST_VER": "GUEST_VERSION", "XEN_VER": "XEN_VERSION", "LOADER": "LOADER",
              "PAE": "PAE_MODE", "FEATURES": "FEATURES", "VIRT_BASE": "VIRT_BASE", "VIRT_ENTRY": "ENTRY",
              "ELF_PADDR_OFFSET": "PADDR_OFFSET"}
PT_NOTE, SHT_NOTE = 4, 7
EM_386, EM_X86_64 = 3, 62
# Real kernels: 5 segments, 40 sections, under a kilobyte of notes. Bounds on what a hostile one may cost.
TABLE_MAX = 1024
ENTRY_MAX = 256
NOTES_MAX = 1 << 18
NAMES_MAX = 1 << 18
RANGES_MAX = 64
PASSES_MAX = 8
# init_hvm_pv_info() of Linux arch/x86/xen/enlighten_hvm.c: this text is compiled in only with CONFIG_XEN_PVH.
PVH_TEXT = b"Xen PVH"


@dataclass(frozen=True, slots=True, kw_only=True)
class XenNotes:
    """`numbers` and `texts` by the name of the note; `source` says where they stood (segment, section, guest-string,
    or empty: none). `bits` is 32 or 64, `entry` the ELF entry point. `pvh_code` tells whether the kernel holds Xen's
    PVH start code; it is looked for only where there is a PHYS32_ENTRY note."""

    bits: int
    entry: int
    source: str = ""
    numbers: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    pvh_code: bool = False


@dataclass(frozen=True, slots=True)
class _Range:
    """A segment or section: its type, its name (an offset into the names), its place in the file."""

    type: int
    name: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Elf:
    bits: int
    entry: int
    segments: tuple[int, int, int]  # offset of the table, size of an entry, number
    sections: tuple[int, int, int]
    names: int


def read(unpack: Callable[[], Iterable[bytes]], where: str) -> XenNotes:
    """The notes of the vmlinux whose bytes each call of `unpack` yields anew, from the start.

    Raises HostileInput where it is no x86 ELF file or its tables break their own bounds.
    """
    kernel = _Kernel(unpack, where)
    elf = _elf(kernel.at(0, 64), where)
    for source, find in (("segment", _segments), ("section", _sections), ("guest-string", _guest_string)):
        numbers, texts = find(kernel, elf, where)
        if numbers or texts:
            return XenNotes(bits=elf.bits, entry=elf.entry, source=source, numbers=MappingProxyType(numbers),
                            texts=MappingProxyType(texts),
                            pvh_code="PHYS32_ENTRY" in numbers and kernel.holds_pvh_text())
    return XenNotes(bits=elf.bits, entry=elf.entry)


class _Kernel:
    """Random access to bytes that come only forwards: goes on where it can, begins anew where it must."""

    def __init__(self, unpack: Callable[[], Iterable[bytes]], where: str) -> None:
        self._unpack = unpack
        self._where = where
        self._seen_text = False
        self._passes = 0
        self._feed = self._begin()

    def _begin(self) -> Feed:
        self._passes += 1
        if self._passes > PASSES_MAX:
            raise HostileInput(f"{self._where}: the ELF tables of its payload overlap in every which way")
        return Feed(self._watched(), self._where)

    def _watched(self) -> Iterator[bytes]:
        """The kernel's bytes; on the way it looks for PVH_TEXT, across the seams too."""
        tail = b""
        for chunk in self._unpack():
            if not self._seen_text:
                seam = tail + chunk[: len(PVH_TEXT)]
                self._seen_text = PVH_TEXT in seam or PVH_TEXT in chunk
                tail = (tail + chunk)[-len(PVH_TEXT) :] if len(chunk) < len(PVH_TEXT) else chunk[-len(PVH_TEXT) :]
            yield chunk

    def at(self, offset: int, size: int) -> bytes:
        if offset < self._feed.position:
            self._feed = self._begin()
        self._feed.skip(offset - self._feed.position)
        return self._feed.take(size)

    def holds_pvh_text(self) -> bool:
        while not self._seen_text and self._feed.chunk():
            pass
        return self._seen_text


def _elf(head: bytes, where: str) -> _Elf:
    if head[:4] != b"\x7fELF" or head[4] not in (1, 2) or head[5] != 1:
        raise HostileInput(f"{where}: its payload is no little-endian ELF file (begins {head[:6].hex(' ')})")
    bits = 32 if head[4] == 1 else 64
    layout = "<HHIIIIIHHHHHH" if bits == 32 else "<HHIQQQIHHHHHH"
    _, machine, _, entry, phoff, shoff, _, _, phentsize, phnum, shentsize, shnum, names = struct.unpack_from(
        layout, head, 16)
    if machine not in (EM_386, EM_X86_64):
        raise HostileInput(f"{where}: its payload is an ELF file for machine {machine}, not for x86")
    least = (32, 40) if bits == 32 else (56, 64)
    for count, step, smallest in ((phnum, phentsize, least[0]), (shnum, shentsize, least[1])):
        if count and not (count <= TABLE_MAX and smallest <= step <= ENTRY_MAX):
            raise HostileInput(f"{where}: its payload has an impossible ELF table ({count} entries of {step} bytes)")
    return _Elf(bits=bits, entry=entry, segments=(phoff, phentsize, phnum), sections=(shoff, shentsize, shnum),
                names=names)


Found = tuple[dict[str, int], dict[str, str]]


def _segments(kernel: _Kernel, elf: _Elf, where: str) -> Found:
    offset, step, count = elf.segments
    # Elf32_Phdr: p_type, p_offset ... p_filesz at 16; Elf64_Phdr: p_type, p_flags, p_offset ... p_filesz at 32.
    layout = "<II8xI" if elf.bits == 32 else "<I4xQ16xQ"
    table = kernel.at(offset, step * count) if count else b""
    ranges = [_Range(kind, 0, at, size) for kind, at, size in
              (struct.unpack_from(layout, table, i * step) for i in range(count))]
    # Some linkers leave p_offset of a note segment at 0 (libelf-dominfo.c, elf_xen_parse).
    return _notes(kernel, [r for r in ranges if r.type == PT_NOTE and r.offset], where)


def _section_ranges(kernel: _Kernel, elf: _Elf) -> list[_Range]:
    offset, step, count = elf.sections
    # Elf32_Shdr: sh_name, sh_type, then sh_offset at 16; Elf64_Shdr: sh_offset at 24.
    layout = "<II8xII" if elf.bits == 32 else "<II16xQQ"
    table = kernel.at(offset, step * count) if offset and count else b""
    rows = (struct.unpack_from(layout, table, i * step) for i in range(len(table) // step if step else 0))
    return [_Range(kind, name, at, size) for name, kind, at, size in rows]


def _sections(kernel: _Kernel, elf: _Elf, where: str) -> Found:
    return _notes(kernel, [r for r in _section_ranges(kernel, elf) if r.type == SHT_NOTE], where)


def _guest_string(kernel: _Kernel, elf: _Elf, where: str) -> Found:
    """The section __xen_guest of kernels before 2.6.21: KEY=value,KEY=value."""
    ranges = _section_ranges(kernel, elf)
    if elf.names >= len(ranges):
        return {}, {}
    names = ranges[elf.names]
    numbers: dict[str, int] = {}
    texts: dict[str, str] = {}
    if names.size > NAMES_MAX:
        raise HostileInput(f"{where}: its payload has {names.size} bytes of section names")
    strings = kernel.at(names.offset, names.size)
    for found in ranges:
        if not strings.startswith(b"__xen_guest\0", found.name) or found.size > NOTES_MAX:
            continue
        text = kernel.at(found.offset, found.size).partition(b"\0")[0].decode("ascii", "replace")
        for pair in text.split(","):
            key, _, value = pair.partition("=")
            name = GUEST_KEYS.get(key.strip(), "")
            if name in NUMBERS.values():
                numbers[name] = _number(value, where)
            elif name:
                texts[name] = _text(value.encode())
        break
    return numbers, texts


def _notes(kernel: _Kernel, ranges: Iterable[_Range], where: str) -> Found:
    numbers: dict[str, int] = {}
    texts: dict[str, str] = {}
    ordered = sorted(ranges, key=lambda r: r.offset)
    for found in ordered:
        if found.size > NOTES_MAX or len(ordered) > RANGES_MAX:
            raise HostileInput(f"{where}: its payload has {found.size} bytes of notes in {len(ordered)} places")
        for owner, number, content in _each(kernel.at(found.offset, found.size), where):
            if owner != b"Xen":
                continue
            if number in NUMBERS:
                numbers[NUMBERS[number]] = int.from_bytes(content[:8], "little")
            elif number in TEXTS:
                texts[TEXTS[number]] = _text(content)
    return numbers, texts


def _each(data: bytes, where: str) -> Iterator[tuple[bytes, int, bytes]]:
    """Owner, type and content of each note: three words, then both padded to four bytes (libelf-tools.c)."""
    at = 0
    while at + 12 <= len(data):
        owner_size, size, number = struct.unpack_from("<III", data, at)
        content = at + 12 + (owner_size + 3 & ~3)
        if content + size > len(data):
            raise HostileInput(f"{where}: a note of its payload reaches beyond its segment")
        yield data[at + 12 : at + 12 + owner_size].rstrip(b"\0"), number, data[content : content + size]
        at = content + (size + 3 & ~3)


def _text(content: bytes) -> str:
    return "".join(c for c in content.partition(b"\0")[0].decode("ascii", "replace") if c.isprintable())[:200]


def _number(text: str, where: str) -> int:
    try:
        return int(text, 0) if len(text) <= 20 else int("")
    except ValueError:
        raise HostileInput(f"{where}: __xen_guest of its payload holds {text[:40]!r} where a number is due") from None

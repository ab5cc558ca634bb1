"""A small x86 kernel image in the true format: boot header, gzip payload, ELF with Xen notes. It does not boot.

Linux Documentation/arch/x86/boot.rst; notes of real kernels: Linux arch/x86/xen/xen-head.S and platform/pvh/head.S.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from typing import Literal

from builder.demo import stored

SETUP_SECTS = 27
SETUP_SIZE = (SETUP_SECTS + 1) * 512
BANNER_AT = SETUP_SIZE - 512
STUB_SIZE = 1024
TEXT_SIZE = 320 << 10
PAGE = 0x1000
PHYSICAL_START = 0x1000000
START_KERNEL_MAP = 0xFFFFFFFF80000000
TEXT_AT = START_KERNEL_MAP + PHYSICAL_START
PT_LOAD, PT_NOTE = 1, 4

Note = tuple[int, bytes]
# Numbers: xen/include/public/elfnote.h. All kernels with CONFIG_XEN have these ...
XEN_NOTES: tuple[Note, ...] = (
    (6, b"linux\0"), (7, b"2.6\0"), (5, b"xen-3.0\0"), (3, struct.pack("<Q", START_KERNEL_MAP)),
    (2, struct.pack("<Q", TEXT_AT + PAGE)), (10, b"!writable_page_tables|pae_pgdir_above_4gb\0"), (9, b"yes\0"),
    (8, b"generic\0"), (13, struct.pack("<QQ", 1, 1)), (14, struct.pack("<I", 1)), (16, struct.pack("<Q", 1)),
    (12, struct.pack("<Q", 0xFFFF800000000000)), (4, struct.pack("<Q", 0)),
)
# ... CONFIG_XEN_PV adds the entry for PV guests (EL6, EL7), CONFIG_PVH the one that KVM and QEMU use (EL9, EL10). EL8
# has neither, Fedora both.
PV_ENTRY: Note = (1, struct.pack("<Q", TEXT_AT + 0x40000))
PHYS32_ENTRY: Note = (18, struct.pack("<Q", PHYSICAL_START + 0x800))
NOTES = {"pv": (*XEN_NOTES, PV_ENTRY), "none": (*XEN_NOTES, PHYS32_ENTRY), "bare": XEN_NOTES,
         "all": (*XEN_NOTES, PV_ENTRY, PHYS32_ENTRY)}

# The boot header: offset, type, value. Those that depend on the payload are added where it is known.
FIELDS: tuple[tuple[int, str, *tuple[int | bytes, ...]], ...] = (
    (0x1F1, "B", SETUP_SECTS),
    (0x1FA, "H", 0xFFFF),  # vid_mode: normal
    (0x1FE, "H", 0xAA55),
    (0x200, "BB", 0xEB, 0x66),  # a jump over the header, which ends at 0x268
    (0x202, "4s", b"HdrS"),
    (0x20C, "H", 0x1000),  # start_sys_seg
    (0x20E, "H", BANNER_AT - 0x200),  # kernel_version
    (0x211, "B", 1),  # loadflags: LOADED_HIGH
    (0x212, "H", 0x8000),  # setup_move_size
    (0x214, "I", 0x100000),  # code32_start
    (0x22C, "I", 0x7FFFFFFF),  # initrd_addr_max
    (0x230, "I", PHYSICAL_START),  # kernel_alignment
    (0x234, "BB", 1, 21),  # relocatable_kernel, min_alignment
    (0x236, "H", 1),  # xloadflags: XLF_KERNEL_64
    (0x238, "I", 2047),  # cmdline_size
    (0x248, "I", STUB_SIZE),  # payload_offset
    (0x258, "Q", PHYSICAL_START),  # pref_address
    (0x260, "I", 32 << 20),  # init_size
)


def make(version: str, *, xen: Literal["pv", "none", "bare", "all"], seed: str) -> bytes:
    """A bzImage that calls itself `version`. `xen`: `pv` has the notes of EL6 and EL7, `bare` those of EL8, `none`
    those of EL9 and EL10, `all` those of Fedora."""
    banner = f"{version} (mockbuild@builder.example) #1 SMP"
    return bzimage(banner, stored.gzip(vmlinux(banner, NOTES[xen], seed=seed)))


def vmlinux(banner: str, notes: Iterable[Note], *, seed: str) -> bytes:
    """An ELF64 kernel: a text segment that holds the notes, a data segment, and the note segment."""
    text = stored.filler(f"text {seed} {banner}", TEXT_SIZE)
    data = f"Linux version {banner}\n\0".encode()
    listed = b"".join(_note(number, content) for number, content in notes)
    note_at = PAGE + len(text)
    data_at = -(-(note_at + len(listed)) // PAGE) * PAGE
    segments = (
        (PT_LOAD, 5, PAGE, TEXT_AT, len(text) + len(listed), PAGE),
        (PT_LOAD, 6, data_at, TEXT_AT + data_at, len(data), PAGE),
        (PT_NOTE, 0, note_at, TEXT_AT + len(text), len(listed), 4),
    )
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, PHYSICAL_START, 64, 0, 0, 64, 56, len(segments), 64, 0, 0)
    table = b"".join(struct.pack("<IIQQQQQQ", kind, flags, at, virtual, virtual - START_KERNEL_MAP, size, size, align)
                     for kind, flags, at, virtual, size, align in segments)
    return b"".join([(header + table).ljust(PAGE, b"\0"), text, listed.ljust(data_at - note_at, b"\0"), data])


def bzimage(banner: str, payload: bytes, *, protocol: tuple[int, int] = (2, 12)) -> bytes:
    """A boot header before `payload`, and behind it the checksum that makes the CRC-32 of the file zero."""
    code = stored.filler("decompressor", STUB_SIZE) + payload
    code += bytes(-(len(code) + 4) % 16)
    setup = bytearray(SETUP_SIZE)
    setup[BANNER_AT : BANNER_AT + len(banner) + 1] = banner.encode() + b"\0"
    syssize = (len(code) + 4) // 16
    known_now = ((0x1F4, "I", syssize), (0x206, "BB", protocol[1], protocol[0]), (0x24C, "I", len(payload)))
    for at, layout, *values in (*FIELDS, *known_now):
        struct.pack_into(f"<{layout}", setup, at, *values)
    image = bytes(setup) + code
    return image + struct.pack("<I", zlib.crc32(image) ^ 0xFFFFFFFF)


def _note(number: int, content: bytes) -> bytes:
    return struct.pack("<III", 4, len(content), number) + b"Xen\0" + content + bytes(-len(content) % 4)

"""What a file is by how it begins, in words for people: for whatever lies where a kernel is due."""

from __future__ import annotations

from typing import BinaryIO

from builder.probe import compression

# Enough for every test here but that of s390x.
HEAD_SIZE = 0x260
# How each begins: a place, the bytes there, its name. Most exact first.
KINDS = (
    (0x38, b"ARM\x64", "an aarch64 kernel (Image)"),
    (4, b"zimg", "an EFI zboot image (a kernel of aarch64?)"),
    (0, b"\x7fELF", "an ELF file (a kernel of ppc64le, or an unpacked vmlinux?)"),
    (0, b"0707", "a cpio archive: an initrd?"),
    (0, b"hsqs", "a squashfs file system: a stage2?"),
    (0, b"\xed\xab\xee\xdb", "an RPM package"),
)
# Linux arch/s390/include/asm/setup.h EP_OFFSET, EP_STRING: the entry point's mark, in every image of s390x.
S390_MARK_AT, S390_MARK = 0x10008, b"S390EP"


def what(stream: BinaryIO) -> str:
    """A name for a seekable file; where none is known, one with its first bytes."""
    head = read_at(stream, 0, HEAD_SIZE)
    if not head:
        return "an empty file"
    start = head[:64].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml", b"<head")):
        return "a web page (a login page of the network?)"
    if is_bzimage(head):
        return "an x86 kernel (bzImage)"
    for at, magic, name in KINDS:
        if head[at:].startswith(magic):
            return name
    if packed := compression.kind(head):
        return f"{packed}-compressed data: an initrd, or an aarch64 kernel?"
    if is_s390(stream):
        return "an s390x kernel"
    return f"something unknown (begins {head[:8].hex(' ')})"


def is_bzimage(head: bytes) -> bool:
    """Linux Documentation/arch/x86/boot.rst: boot_flag, and the header's magic."""
    return head[0x1FE:0x200] == b"\x55\xaa" and head[0x202:0x206] == b"HdrS"


def is_s390(stream: BinaryIO) -> bool:
    return read_at(stream, S390_MARK_AT, len(S390_MARK)) == S390_MARK


def read_at(stream: BinaryIO, at: int, size: int) -> bytes:
    """`size` bytes from `at`; fewer where the file ends before."""
    stream.seek(at)
    pieces: list[bytes] = []
    while size > 0 and (piece := stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)

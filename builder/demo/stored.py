"""Bytes that are the same on every machine: incompressible filler, and gzip, xz and zstd files that only store.

Compressed bytes differ between versions of zlib and liblzma, and golden files hold digests of these.
"""

from __future__ import annotations

import hashlib
import zlib

BLOCK = 0xFFFF
ZSTD_BLOCK = 128 << 10


def filler(seed: str, size: int) -> bytes:
    """`size` bytes that no compressor shortens: SHA-256 of the seed and a counter."""
    start = hashlib.sha256(seed.encode())
    blocks: list[bytes] = []
    for counter in range(-(-size // 32)):
        block = start.copy()
        block.update(counter.to_bytes(8, "big"))
        blocks.append(block.digest())
    return b"".join(blocks)[:size]


def gzip(data: bytes) -> bytes:
    """A gzip file (RFC 1952) without name and time, of stored blocks (RFC 1951, 3.2.4)."""
    parts = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"]
    for piece, is_last in _pieces(data, BLOCK):
        size = len(piece)
        parts += [bytes([is_last]), size.to_bytes(2, "little"), (size ^ 0xFFFF).to_bytes(2, "little"), piece]
    return b"".join([*parts, _le32(zlib.crc32(data)), _le32(len(data) & 0xFFFFFFFF)])


def xz(data: bytes) -> bytes:
    """An xz file of one block of uncompressed LZMA2 chunks, with CRC32: the one check that kernels read.

    The .xz file format, version 1.1.0, sections 2 to 5.
    """
    flags = b"\x00\x01"
    # One filter, LZMA2 (0x21), with one byte of properties: a dictionary of 1 MiB.
    block = b"\x02\x00\x21\x01\x10\x00\x00\x00"
    chunks: list[bytes] = []
    for piece, _ in _pieces(data, BLOCK):
        if piece:
            chunks += [b"\x02" if chunks else b"\x01", (len(piece) - 1).to_bytes(2, "big"), piece]
    body = b"".join([*chunks, b"\x00"])
    unpadded = len(block) + 4 + len(body) + 4
    index = b"\x00\x01" + _varint(unpadded) + _varint(len(data))
    index += bytes(-len(index) % 4)
    backward = _le32((len(index) + 4) // 4 - 1)
    return b"".join([
        b"\xfd7zXZ\x00", flags, _le32(zlib.crc32(flags)), block, _le32(zlib.crc32(block)), body, bytes(-len(body) % 4),
        _le32(zlib.crc32(data)), index, _le32(zlib.crc32(index)), _le32(zlib.crc32(backward + flags)), backward, flags,
        b"YZ"])


def zstd(data: bytes) -> bytes:
    """A Zstandard frame of raw blocks, with its size and without checksum (RFC 8878, 3.1.1)."""
    parts = [b"\x28\xb5\x2f\xfd\xa0", _le32(len(data))]  # 0xa0: four bytes of size, one segment
    for piece, is_last in _pieces(data, ZSTD_BLOCK):
        parts += [(len(piece) << 3 | is_last).to_bytes(3, "little"), piece]
    return b"".join(parts)


def _pieces(data: bytes, size: int) -> list[tuple[bytes, bool]]:
    """Cut in pieces, at least one; the flag marks the last."""
    starts = range(0, max(len(data), 1), size)
    return [(data[at : at + size], at == starts[-1]) for at in starts]


def _le32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])

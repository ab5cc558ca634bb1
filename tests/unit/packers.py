"""Real compressors by the name that the probe gives to their output."""

from __future__ import annotations

import bz2
import lzma
import struct
import sys
import zlib
from collections.abc import Callable

import lz4.block

from builder.probe import compression

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def gzip(data: bytes) -> bytes:
    return zlib.compress(data, 6, wbits=31)


def xz(data: bytes) -> bytes:
    return lzma.compress(data, check=lzma.CHECK_CRC32)


def legacy_lz4(data: bytes) -> bytes:
    blocks = [lz4.block.compress(data[at : at + compression.LZ4_BLOCK], store_size=False)
              for at in range(0, len(data), compression.LZ4_BLOCK)]
    return b"\x02\x21\x4c\x18" + b"".join(struct.pack("<I", len(block)) + block for block in blocks)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip, "bzip2": bz2.compress, "xz": xz, "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "zstd": lambda data: zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1}), "lz4": legacy_lz4,
}


def by_text(value: object) -> str:
    """A parameter's name in a test's id: its text, never its bytes."""
    return value if isinstance(value, str) else "file"

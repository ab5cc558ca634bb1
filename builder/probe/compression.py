"""The compressions of kernels and initrds, told by their magic and unpacked a piece at a time.

Every decoder is held: output by a cap, memory by a limit, so that a bomb costs neither (RELIABILITY I24).
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Protocol

from builder.errors import HostileInput, Missing
from builder.probe.feed import Feed, chunks

# Linux lib/decompress.c: the kernel tells the same kinds by the first two bytes; here as much as each format fixes.
MAGIC = (
    ("gzip", b"\x1f\x8b\x08"),
    ("bzip2", b"BZh"),
    ("xz", b"\xfd7zXZ\x00"),
    ("lzma", b"\x5d\x00\x00"),
    ("zstd", b"\x28\xb5\x2f\xfd"),
    ("lz4", b"\x02\x21\x4c\x18"),
    ("lzo", b"\x89LZO"),
)
MAGIC_SIZE = 6
PIECE = 1 << 20
# The largest dictionary in use is Linux's own: --lzma2=dict=128MiB in scripts/xz_wrap.sh, window 27 in zstd -22.
DICTIONARY_LIMIT = 144 << 20
ZSTD_WINDOW_LOG_MAX = 27
LZ4_BLOCK = 8 << 20  # Linux lib/decompress_unlz4.c LZ4_DEFAULT_UNCOMPRESSED_CHUNK_SIZE
LZ4_BOUND = LZ4_BLOCK + LZ4_BLOCK // 255 + 16  # lz4.h LZ4_compressBound
EXTRA = "pip install 'pinboot[compression]'"


class Decoder(Protocol):
    """What bz2, lzma and zstd decompressors have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def kind(head: bytes) -> str:
    """The name of the compression that `head` (MAGIC_SIZE bytes) begins, or empty."""
    return next((name for name, magic in MAGIC if head.startswith(magic)), "")


def unpack(feed: Feed, *, cap: int) -> Iterator[bytes]:
    """The content of the member at which `feed` stands; afterwards the feed stands just behind it.

    Raises HostileInput for damage, for more than `cap` bytes and for no compression at all; Missing where the decoder
    is not installed.
    """
    name = kind(feed.peek(MAGIC_SIZE))
    if not name:
        raise HostileInput(f"{feed.where}: no known compression (begins {feed.peek(MAGIC_SIZE).hex(' ')})")
    if name == "lzo":
        raise Missing(f"{feed.where}: lzo compression cannot be read here", "use an image with gzip, xz or zstd")
    pieces = _lz4(feed) if name == "lz4" else _decoded(feed, name)
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > cap:
            limit = f"{cap >> 20} MiB" if cap >= PIECE else f"{cap} bytes"
            raise HostileInput(f"{feed.where}: its {name} data unpacks to more than {limit}",
                               "that is more than such a file may hold; it is damaged or hostile")
        yield piece


def open(stream: BinaryIO, where: str, *, cap: int, size: int | None = None) -> Iterator[bytes]:
    """The content of the one member at which `stream` stands (within the next `size` bytes); what follows is not read.

    Raises as unpack().
    """
    return unpack(Feed(chunks(stream, size), where), cap=cap)


def _decoded(feed: Feed, name: str) -> Iterator[bytes]:
    decoder, failure = _decoder(name, feed.where)
    try:
        while not decoder.eof:
            data = feed.chunk() if decoder.needs_input else b""
            if decoder.needs_input and not data:
                raise HostileInput(f"{feed.where}: ends in the middle of its {name} data",
                                   "the file is truncated; fetch it again")
            if piece := decoder.decompress(data, PIECE):
                yield piece
    except (failure, EOFError) as error:
        raise HostileInput(f"{feed.where}: damaged {name} data ({error})", "fetch the file again") from error
    feed.give_back(decoder.unused_data)


def _decoder(name: str, where: str) -> tuple[Decoder, type[Exception]]:
    """A decoder and the exception that it raises for bad data."""
    makers: dict[str, Callable[[], tuple[Decoder, type[Exception]]]] = {
        "gzip": lambda: (_Gzip(), zlib.error),
        "bzip2": lambda: (bz2.BZ2Decompressor(), OSError),
        "xz": lambda: (lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=DICTIONARY_LIMIT), lzma.LZMAError),
        "lzma": lambda: (lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=DICTIONARY_LIMIT), lzma.LZMAError),
        "zstd": lambda: _zstd(where),
    }
    return makers[name]()


class _Gzip:
    """One gzip member behind the face of the other decoders."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = 0) -> bytes:
        return self._inner.decompress(data or self._inner.unconsumed_tail, max_length)


def zstd_module(who: str) -> Any:
    """The zstd module of this Python. Raises Missing: `who` wants it."""
    # Optional: no EL kernel or installer initrd needs zstd (LIBRARIES 13).
    try:
        from compression import zstd  # Python 3.14
    except ImportError:
        try:
            from backports import zstd
        except ImportError:
            raise Missing(f"{who}, and this Python has no zstd module", EXTRA) from None
    return zstd


def _zstd(where: str) -> tuple[Decoder, type[Exception]]:
    zstd = zstd_module(f"{where} is zstd-compressed")
    options = {zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG_MAX}
    return zstd.ZstdDecompressor(options=options), zstd.ZstdError


def _lz4(feed: Feed) -> Iterator[bytes]:
    """The legacy frame: magic, then (le32 size, block) until the end of file or a zero word; the magic may repeat.

    There is no end mark, so anything else behind the last block is damage, for the kernel too
    (Linux lib/decompress_unlz4.c).
    """
    try:
        import lz4.block as lz4_block  # optional, as zstd
    except ImportError:
        raise Missing(f"{feed.where} is lz4-compressed, and the lz4 module is not installed", EXTRA) from None
    magic = feed.take(4)
    while (word := feed.peek(4)) and any(word):
        size = int.from_bytes(feed.take(4), "little")
        if word == magic:
            continue
        if size > LZ4_BOUND:
            raise HostileInput(f"{feed.where}: damaged lz4 data (a block of {size} bytes)", "fetch the file again")
        block = feed.take(size)
        try:
            yield lz4_block.decompress(block, uncompressed_size=LZ4_BLOCK)
        except lz4_block.LZ4BlockError as error:
            raise HostileInput(f"{feed.where}: damaged lz4 data ({error})", "fetch the file again") from error

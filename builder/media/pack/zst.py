"""A bundle as a tar in one zstd frame: the same bytes for the same bundle and version of the zstd library.

RFC 8878. Content size and checksum stand in the frame, so what was cut or damaged on the way is known as such.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from builder.errors import PinbootError
from builder.media.bundle import Bundle
from builder.media.pack import stream, tar
from builder.media.pack.stream import Sink
from builder.probe import compression
from builder.progress import Progress

SUFFIX = ".tar.zst"
# The bulk (kernel, initrd, installer) is compressed already; higher levels cost ten times the time for the texts alone.
LEVEL = 3
# None and one worker write different bytes (zstd.h, ZSTD_c_nbWorkers).
WORKERS = 0


def write(bundle: Bundle, target: Path, progress: Progress | None = None) -> None:
    """As tar.write. Raises Missing as well, where there is no zstd module."""
    compression.zstd_module(f"{target}: a {SUFFIX} is wanted")
    tar.pack(bundle, target, progress, known=is_one, way=_compressed)


def is_one(path: Path) -> bool:
    """A tar in a zstd frame, as far as its first block tells."""
    with path.open("rb") as file:
        if compression.kind(file.read(compression.MAGIC_SIZE)) != "zstd":
            return False
        file.seek(0)
        try:
            piece = next(compression.open(file, str(path), cap=compression.PIECE), b"")
            tarfile.TarInfo.frombuf(piece[:tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
        except (PinbootError, tarfile.HeaderError):
            return False
    return True


@contextmanager
def _compressed(descriptor: int, size: Callable[[], int]) -> Iterator[Sink]:
    zstd = compression.zstd_module("a tar.zst is wanted")
    wanted = zstd.CompressionParameter
    compressor = zstd.ZstdCompressor(options={
        wanted.compression_level: LEVEL, wanted.nb_workers: WORKERS, wanted.checksum_flag: 1,
        wanted.content_size_flag: 1})
    compressor.set_pledged_input_size(size())

    def sink(piece: memoryview) -> None:
        if data := compressor.compress(piece):
            stream.write_all(descriptor, data)

    yield sink
    stream.write_all(descriptor, compressor.flush(compressor.FLUSH_FRAME))

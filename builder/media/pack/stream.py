"""The bytes of an entry on their way into a file: hashed as they pass, so that what is written is what was judged.

Copying in the kernel and reading back costs as much as one pass through a buffer (docs/performance.md), and says less:
the page cache that is read back is not the disk either. Only a copy by reference is worth it: it writes nothing.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import BinaryIO, Protocol, cast

from builder.errors import BytesDiffer
from builder.media.entry import Entry, Part

CHUNK = 1 << 20
TOGETHER = 1 << 16
FICLONE = 0x40049409  # <linux/fs.h>; Python 3.12 has it as fcntl.FICLONE
# A kernel or file system that cannot share (ioctl_ficlone(2)), or no Linux.
CANNOT = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTTY, errno.EBADF, errno.EPERM,
          errno.ETXTBSY}

# Takes a piece and has done with it when it returns: the next one comes in the same buffer.
Sink = Callable[[memoryview], None]


class _Readable(Protocol):
    def readinto(self, buffer: memoryview) -> int | None: ...


@contextlib.contextmanager
def gathered(sink: Sink) -> Iterator[Callable[[bytes | memoryview], None]]:
    """A sink that hands small pieces on together."""
    held = bytearray()

    def take(piece: bytes | memoryview) -> None:
        nonlocal held
        if len(piece) < TOGETHER:
            held += piece
        if held and (len(piece) >= TOGETHER or len(held) >= TOGETHER):
            sink(memoryview(held))
            held = bytearray()
        if len(piece) >= TOGETHER:
            sink(memoryview(piece))

    yield take
    if held:
        sink(memoryview(held))


def copy(entry: Entry, sink: Sink) -> None:
    """Every byte of the entry to `sink`. Raises BytesDiffer after the last one where they are not the entry's."""
    if entry.data is not None:
        sink(memoryview(entry.data))
    else:
        _pour(entry, [(part, sink) for part in entry.parts])


def write(entry: Entry, target: int) -> None:
    """Fill the new file that is open at `target`, for reading too. A large file shares its blocks with its source
    where the file system can do that (btrfs, XFS), and is then read back. Raises BytesDiffer, OSError."""
    if not entry.parts or not _shared(entry.parts[0], target):
        copy(entry, to(target))
        return
    first, *rest = entry.parts
    # Reading what is shared moves the descriptor from the start to where the rest is to be written.
    back = Part(size=first.size, open=lambda: cast(BinaryIO, os.fdopen(os.dup(target), "rb", buffering=0)))
    _pour(entry, [(back, _nowhere), *((part, to(target)) for part in rest)])


def to(target: int) -> Sink:
    """A sink that writes to a descriptor."""
    return partial(write_all, target)


def write_all(target: int, data: bytes | memoryview) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(target, left):]


def _nowhere(piece: memoryview) -> None:
    """The bytes are there already."""


def _pour(entry: Entry, parts: Iterable[tuple[Part, Sink]]) -> None:
    made, size, buffer = hashlib.sha256(), 0, memoryview(bytearray(CHUNK))
    for part, sink in parts:
        with part.open() as source:
            for piece in pieces(source, part.size, buffer):
                made.update(piece)
                sink(piece)
                size += len(piece)
    _judge(entry, made.hexdigest(), size)


def pieces(source: BinaryIO, size: int, buffer: memoryview) -> Iterator[memoryview]:
    """The next `size` bytes, fewer at the end; each piece is good only until the next one is asked for."""
    readinto = cast(_Readable, source).readinto  # a fresh buffer for each piece would fault in all its pages again
    while size and (count := readinto(buffer[:size])):
        yield buffer[:count]
        size -= count


def _shared(part: Part, target: int) -> bool:
    """True where `target` now has the blocks of the part's file. Only a plain file that holds nothing but the part can
    be shared, and not the bytes of a few texts."""
    if part.size < CHUNK:
        return False
    with part.open() as source:
        if not _is_all(part, source):
            return False
        try:
            fcntl.ioctl(target, FICLONE, source.fileno())
        except OSError as reason:
            if reason.errno not in CANNOT:
                raise
            return False
    return True


def _is_all(part: Part, source: BinaryIO) -> bool:
    try:
        status = os.fstat(source.fileno())
    except OSError:  # io.UnsupportedOperation: bytes in memory
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == part.size


def _judge(entry: Entry, found: str, size: int) -> None:
    if size != entry.size or found != entry.digest.hex:
        raise BytesDiffer(
            f"{entry.path}: what was written is not what was to be written\n"
            f"  wanted {entry.digest.hex} ({entry.size} bytes)\n  found  {found} ({size} bytes)",
            "the source changed in the meantime, or the disk is failing: build again")

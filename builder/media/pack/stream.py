"""The bytes of an entry into an open file: copied by the kernel where it can, checked before anyone sees them."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from typing import BinaryIO

from builder.errors import BytesDiffer
from builder.media.bundle import Entry, Part

CHUNK = 1 << 20
# A kernel or file system that cannot do it; then the next way is tried.
CANNOT = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF, errno.EPERM}


def write(entry: Entry, target: int) -> None:
    """Write at the position of the descriptor `target`, which is open for reading too.

    What came from elsewhere is read back and compared with the entry's digest. Raises BytesDiffer, OSError.
    """
    start = os.lseek(target, 0, os.SEEK_CUR)
    if entry.data is not None:
        _write_all(target, entry.data)
        return
    for part in entry.parts:
        with part.open() as source:
            if not _copied(part, source, target):
                _read(part, source, target)
    _check(entry, target, start)


def _write_all(target: int, data: bytes | memoryview) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(target, left):]


def _copied(part: Part, source: BinaryIO, target: int) -> bool:
    """True where the kernel copied the whole part: by reference or in place (copy_file_range), else between two file
    systems (sendfile). Only a plain file that holds nothing but the part is copied like that."""
    try:
        descriptor = source.fileno()
    except OSError:  # io.UnsupportedOperation: bytes in memory
        return False
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size != part.size:
        return False
    done = _by_range(descriptor, target, part.size)
    if done < part.size:
        done += _by_sendfile(descriptor, target, done, part.size)
    if done < part.size:
        os.lseek(target, -done, os.SEEK_CUR)
        source.seek(0)
    return done == part.size


def _by_range(source: int, target: int, size: int) -> int:
    done = 0
    try:
        while done < size and (step := os.copy_file_range(source, target, size - done, offset_src=done)):
            done += step
    except OSError as reason:
        if reason.errno not in CANNOT:
            raise
    return done


def _by_sendfile(source: int, target: int, done: int, size: int) -> int:
    sent = 0
    try:
        while done + sent < size and (step := os.sendfile(target, source, done + sent, size - done - sent)):
            sent += step
    except OSError as reason:
        if reason.errno not in CANNOT:
            raise
    return sent


def _read(part: Part, source: BinaryIO, target: int) -> None:
    left = part.size
    while left and (chunk := source.read(min(CHUNK, left))):
        _write_all(target, chunk)
        left -= len(chunk)


def _check(entry: Entry, target: int, start: int) -> None:
    found, position = hashlib.sha256(), start
    buffer = bytearray(CHUNK)
    end = start + entry.size
    while position < end and (count := os.preadv(target, [memoryview(buffer)[:end - position]], position)):
        found.update(memoryview(buffer)[:count])
        position += count
    if os.lseek(target, 0, os.SEEK_CUR) != end or found.hexdigest() != entry.digest.hex:
        raise BytesDiffer(
            f"{entry.path}: what was written is not what was to be written\n"
            f"  wanted {entry.digest.hex} ({entry.size} bytes)\n  found  {found.hexdigest()}",
            "the source changed in the meantime, or the disk is failing: build again")

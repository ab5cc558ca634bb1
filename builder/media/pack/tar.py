"""A bundle as one tar file: ustar, owned by nobody in particular, the same bytes for the same bundle."""

from __future__ import annotations

import functools
import itertools
import os
import stat
import tarfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple

from builder.errors import UsageError
from builder.media.bundle import Bundle
from builder.media.listing.listing import Line, folder
from builder.media.pack import place, stream
from builder.media.pack.stream import Sink
from builder.progress import Meter, Progress, Silent

# ustar writes a size as eleven octal digits (POSIX pax, ustar Interchange Format; RELIABILITY L17).
MAX_SIZE = 1 << 33


def write(bundle: Bundle, target: Path, progress: Progress | None = None) -> None:
    """Make `target` a tar of the bundle; everything in it lies below a folder named like the bundle.

    The file is private where one in it is. Raises UsageError where the format cannot hold a file or `target` is
    something else than a tar, BytesDiffer, CheckFailed (no room ...).
    """
    pack(bundle, target, progress, known=tarfile.is_tarfile,
         way=lambda descriptor, _: nullcontext(stream.to(descriptor)))


def pack(bundle: Bundle, target: Path, progress: Progress | None, *, known: Callable[[Path], bool],
         way: Callable[[int, Callable[[], int]], AbstractContextManager[Sink]]) -> None:
    """As `write`: `way` makes a sink from an open file and what tells the number of bytes to come, and is done when its
    context ends; `known` tells an older file of the same kind, which may be replaced."""
    target = target.absolute()
    check(target, known)
    with (place.beside(target, folder=False) as (partial, descriptor),
          (progress or Silent()).start(f"writing {target.name}", bundle.entries.size) as meter):
        with way(descriptor, lambda: _size(bundle)) as sink:
            _fill(bundle, sink, meter)
        os.fchmod(descriptor, 0o600 if bundle.entries.private else 0o644)
        os.fsync(descriptor)
        check(target, known)
        place.replace_file(partial, target)


def check(target: Path, known: Callable[[Path], bool] = tarfile.is_tarfile) -> None:
    """Raises UsageError where `target` may not be replaced by a tar."""
    try:
        mode = target.lstat().st_mode
        tar = stat.S_ISREG(mode) and (target.stat().st_size == 0 or known(target))
    except FileNotFoundError:
        return
    except OSError as reason:
        raise place.refusal(target, reason) from reason
    if not tar:
        kind = "tar.zst" if target.suffix == ".zst" else "tar"
        raise UsageError(f"{target}: is there, and is no {kind} file", "name another place, or remove it yourself")


def _head(bundle: Bundle, line: Line) -> bytes:
    if line.size >= MAX_SIZE:
        raise UsageError(f"{line.path} has {line.size} bytes; a tar file (ustar) holds files below 8 GiB",
                         "write the bundle as a directory")
    try:
        return header(f"{bundle.name}/{line.path}".rstrip("/"), line.mode, line.size,
                      tarfile.REGTYPE if line.sha256 else tarfile.DIRTYPE, bundle.epoch)
    except ValueError as reason:
        raise UsageError(f"{line.path}: a tar file (ustar) cannot hold it: {reason}",
                         "use a shorter name, or write the bundle as a directory") from None


def header(name: str, mode: int, size: int, kind: bytes, epoch: int) -> bytes:
    """A ustar header block. Raises ValueError where the format cannot hold the name.

    tarfile takes 20 us for one, which is most of the tar of a host's small files: so names that need no splitting are
    put between the pieces of one block of its making (offsets: POSIX pax, ustar Interchange Format)."""
    raw = name.encode() + (b"/" if kind == tarfile.DIRTYPE else b"")
    if len(raw) >= tarfile.LENGTH_NAME:
        info = tarfile.TarInfo(name)
        info.mode, info.size, info.mtime, info.type = mode, size, epoch, kind
        return info.tobuf(tarfile.USTAR_FORMAT)
    blank = _blank(mode, kind, epoch)
    digits = b"%011o" % size
    total = blank.total + sum(raw) + sum(digits)
    return b"%b%b%b%b%06o\0 %b" % (raw.ljust(tarfile.LENGTH_NAME, b"\0"), blank.owner, digits, blank.time, total,
                                   blank.rest)


class _Blank(NamedTuple):
    """A header without its name, size and sum, in the three pieces between them; `total` is their sum."""

    owner: bytes
    time: bytes
    rest: bytes
    total: int


@functools.lru_cache
def _blank(mode: int, kind: bytes, epoch: int) -> _Blank:
    info = tarfile.TarInfo()
    info.mode, info.mtime, info.type = mode, epoch, kind
    block = info.tobuf(tarfile.USTAR_FORMAT)
    pieces = block[100:124], block[135:148], block[156:]
    # The sum is taken with blanks in its own place.
    return _Blank(*pieces, sum(sum(piece) for piece in pieces) + sum(b"        "))


def _size(bundle: Bundle) -> int:
    """Of the whole tar: headers, files in full blocks, two blocks of zeros, in full records."""
    blocks = 1 + sum(1 - -line.size // tarfile.BLOCKSIZE for line in bundle.entries.tree()) + 2
    return _whole(blocks * tarfile.BLOCKSIZE)


def _whole(size: int) -> int:
    return size + -size % tarfile.RECORDSIZE


def _fill(bundle: Bundle, sink: Sink, meter: Meter) -> None:
    files = bundle.entries
    with stream.gathered(sink) as out:
        size = 0
        for line in itertools.chain([folder("", "755")], files.tree()):
            out(_head(bundle, line))
            if line.sha256:
                large, length = files.large(line), line.size
                if large:
                    stream.copy(large, out)
                else:
                    out(files.text(line))
                padding = -length % tarfile.BLOCKSIZE
                out(bytes(padding))
                size += length + padding
                meter.advance(length)
            size += tarfile.BLOCKSIZE
        out(bytes(_whole(size + 2 * tarfile.BLOCKSIZE) - size))

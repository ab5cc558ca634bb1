"""A bundle as one tar file: ustar, owned by nobody in particular, the same bytes for the same bundle."""

from __future__ import annotations

import functools
import os
import stat
import tarfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from builder.errors import UsageError
from builder.media.bundle import Bundle, folders
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
         way: Callable[[int, int], AbstractContextManager[Sink]]) -> None:
    """As `write`: `way` makes a sink from an open file and the number of bytes to come, and is done when its context
    ends; `known` tells an older file of the same kind, which may be replaced."""
    target = target.absolute()
    heads = _heads(bundle)
    check(target, known)
    private = any(not entry.mode & 0o077 for entry in bundle.entries)
    with (place.beside(target, folder=False) as (partial, descriptor),
          (progress or Silent()).start(f"writing {target.name}", sum(e.size for e in bundle.entries)) as meter):
        with way(descriptor, _size(bundle, heads)) as sink:
            _fill(bundle, heads, sink, meter)
        os.fchmod(descriptor, 0o600 if private else 0o644)
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


def _heads(bundle: Bundle) -> dict[str, bytes]:
    """Header blocks by path, folders first, so that a name or size that does not fit is found before work starts."""
    made = folders((entry.path, entry.mode) for entry in bundle.entries)
    heads = {"": _head(bundle, "", 0o755, 0, tarfile.DIRTYPE)}
    heads |= {path: _head(bundle, path, mode, 0, tarfile.DIRTYPE) for path, mode in made.items()}
    heads |= {entry.path: _head(bundle, entry.path, entry.mode, entry.size, tarfile.REGTYPE)
              for entry in bundle.entries}
    return heads


def _head(bundle: Bundle, path: str, mode: int, size: int, kind: bytes) -> bytes:
    if size >= MAX_SIZE:
        raise UsageError(f"{path} has {size} bytes; a tar file (ustar) holds files below 8 GiB",
                         "write the bundle as a directory")
    name = f"{bundle.name}/{path}".rstrip("/")
    try:
        return header(name, mode, size, kind, bundle.epoch)
    except ValueError as reason:
        raise UsageError(f"{path}: a tar file (ustar) cannot hold it: {reason}",
                         "use a shorter name, or write the bundle as a directory") from None


def header(name: str, mode: int, size: int, kind: bytes, epoch: int) -> bytes:
    """A ustar header block. Raises ValueError where the format cannot hold the name.

    tarfile takes 20 us for one, which is most of the tar of a host's small files: so names that need no splitting are
    put into one block of its making (offsets: POSIX pax, ustar Interchange Format)."""
    raw = name.encode() + (b"/" if kind == tarfile.DIRTYPE else b"")
    if len(raw) >= tarfile.LENGTH_NAME:
        info = tarfile.TarInfo(name)
        info.mode, info.size, info.mtime, info.type = mode, size, epoch, kind
        return info.tobuf(tarfile.USTAR_FORMAT)
    block = bytearray(_blank(mode, kind, epoch))
    block[:len(raw)] = raw
    block[124:135] = b"%011o" % size
    block[148:156] = b"        "  # the sum is taken with blanks in its own place
    block[148:155] = b"%06o\0" % sum(block)
    return bytes(block)


@functools.lru_cache
def _blank(mode: int, kind: bytes, epoch: int) -> bytes:
    info = tarfile.TarInfo()
    info.mode, info.mtime, info.type = mode, epoch, kind
    return bytes(100) + info.tobuf(tarfile.USTAR_FORMAT)[100:]


def _size(bundle: Bundle, heads: Mapping[str, bytes]) -> int:
    """Of the whole tar: headers, files in full blocks, two blocks of zeros, in full records."""
    blocks = sum(-(-entry.size // tarfile.BLOCKSIZE) for entry in bundle.entries) + len(heads) + 2
    size = blocks * tarfile.BLOCKSIZE
    return size + -size % tarfile.RECORDSIZE


def _fill(bundle: Bundle, heads: Mapping[str, bytes], sink: Sink, meter: Meter) -> None:
    files = {entry.path: entry for entry in bundle.entries}
    end = _size(bundle, heads)
    for path, head in sorted(heads.items()):
        sink(memoryview(head))
        end -= len(head)
        if entry := files.get(path):
            stream.copy(entry, sink)
            padding = bytes(-entry.size % tarfile.BLOCKSIZE)
            sink(memoryview(padding))
            end -= entry.size + len(padding)
            meter.advance(entry.size)
    sink(memoryview(bytes(end)))

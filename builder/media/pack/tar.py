"""A bundle as one tar file: ustar, owned by nobody in particular, the same bytes for the same bundle."""

from __future__ import annotations

import os
import stat
import tarfile
from pathlib import Path

from builder.errors import UsageError
from builder.media.bundle import Bundle, folders
from builder.media.pack import place, stream
from builder.media.pack.atomic import sync_directory
from builder.progress import Meter, Progress, Silent

# ustar writes a size as eleven octal digits (POSIX pax, ustar Interchange Format; RELIABILITY L17).
MAX_SIZE = 1 << 33


def write(bundle: Bundle, target: Path, progress: Progress | None = None) -> None:
    """Make `target` a tar of the bundle; everything in it lies below a folder named like the bundle.

    The file is private where one in it is. Raises UsageError where the format cannot hold a file or `target` is
    something else than a tar, BytesDiffer, CheckFailed (no room ...).
    """
    target = target.absolute()
    heads = _heads(bundle)
    check(target)
    private = any(not entry.mode & 0o077 for entry in bundle.entries)
    size = sum(entry.size for entry in bundle.entries)
    with (place.beside(target, folder=False) as (partial, descriptor),
          (progress or Silent()).start(f"writing {target.name}", size) as meter):
        _fill(bundle, heads, descriptor, meter)
        os.fchmod(descriptor, 0o600 if private else 0o644)
        os.fsync(descriptor)
        check(target)
        partial.replace(target)
        sync_directory(target.parent)


def check(target: Path) -> None:
    """Raises UsageError where `target` may not be replaced by a tar."""
    try:
        mode = target.lstat().st_mode
        tar = stat.S_ISREG(mode) and (target.stat().st_size == 0 or tarfile.is_tarfile(target))
    except FileNotFoundError:
        return
    except OSError as reason:
        raise place.refusal(target, reason) from reason
    if not tar:
        raise UsageError(f"{target}: is there, and is no tar file", "name another place, or remove it yourself")


def _heads(bundle: Bundle) -> dict[str, bytes]:
    """Header blocks by path, folders first, so that a name or size that does not fit is found before work starts."""
    made = folders((entry.path, entry.mode) for entry in bundle.entries)
    heads = {"": _head(bundle, "", 0o755, 0, tarfile.DIRTYPE)}
    heads |= {path: _head(bundle, path, mode, 0, tarfile.DIRTYPE) for path, mode in made.items()}
    heads |= {entry.path: _head(bundle, entry.path, entry.mode, entry.size, tarfile.REGTYPE)
              for entry in bundle.entries}
    return heads


def _head(bundle: Bundle, path: str, mode: int, size: int, kind: bytes) -> bytes:
    info = tarfile.TarInfo(f"{bundle.name}/{path}".rstrip("/"))
    info.mode, info.size, info.mtime, info.type = mode, size, bundle.epoch, kind
    if size >= MAX_SIZE:
        raise UsageError(f"{path} has {size} bytes; a tar file (ustar) holds files below 8 GiB",
                         "write the bundle as a directory")
    try:
        return info.tobuf(tarfile.USTAR_FORMAT)
    except ValueError as reason:
        raise UsageError(f"{path}: a tar file (ustar) cannot hold it: {reason}",
                         "use a shorter name, or write the bundle as a directory") from None


def _fill(bundle: Bundle, heads: dict[str, bytes], descriptor: int, meter: Meter) -> None:
    files = {entry.path: entry for entry in bundle.entries}
    for path, head in sorted(heads.items()):
        os.write(descriptor, head)
        if path in files:
            stream.write(files[path], descriptor)
            os.write(descriptor, b"\0" * (-files[path].size % tarfile.BLOCKSIZE))
            meter.advance(files[path].size)
    end = os.lseek(descriptor, 0, os.SEEK_CUR) + 2 * tarfile.BLOCKSIZE
    os.ftruncate(descriptor, end + -end % tarfile.RECORDSIZE)

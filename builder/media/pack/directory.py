"""A bundle as a directory: exact bytes, modes and times, in place at once or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from builder.errors import UsageError
from builder.media.bundle import Bundle, Entry, folders
from builder.media.pack import place, stream
from builder.media.papers import manifest
from builder.progress import Meter, Progress, Silent


def write(bundle: Bundle, target: Path, progress: Progress | None = None) -> None:
    """Make `target` the bundle; an older bundle of that name is replaced when the new one is whole and on the disk.

    Modes do not depend on the umask, and every time is the epoch. A private file is private from birth.
    Raises UsageError where `target` is something else than a bundle, BytesDiffer, CheckFailed (no room ...).
    """
    target = target.absolute()
    check(target)
    size = sum(entry.size for entry in bundle.entries)
    with (place.beside(target, folder=True) as (partial, descriptor),
          (progress or Silent()).start(f"writing {target.name}", size) as meter):
        _fill(bundle, partial, meter)
        place.flush(descriptor)
        check(target)
        place.replace_folder(partial, target)


def check(target: Path) -> None:
    """Raises UsageError where `target` may not be replaced by a bundle."""
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as reason:
        raise place.refusal(target, reason) from reason
    cure = "name another place, or remove it yourself"
    if stat.S_ISLNK(mode):
        raise UsageError(f"{target}: is a symbolic link; what it points to would not be replaced as one", cure)
    if not stat.S_ISDIR(mode):
        raise UsageError(f"{target}: is there, and is no directory", cure)
    if any(target.iterdir()) and not stat.S_ISREG(_mode(target / manifest.PATH)):
        raise UsageError(f"{target}: is there, and is no bundle (it holds no {manifest.PATH})", cure)


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return 0


def _fill(bundle: Bundle, root: Path, meter: Meter) -> None:
    made = folders((entry.path, entry.mode) for entry in bundle.entries)
    for path in made:
        (root / path).mkdir(mode=0o700)
    for entry in bundle.entries:
        _file(entry, root / entry.path, bundle.epoch)
        meter.advance(entry.size)
    # Children first: making them moves the parent's time.
    for path, mode in [*sorted(made.items(), reverse=True), ("", 0o755)]:
        (root / path).chmod(mode)
        os.utime(root / path, (bundle.epoch, bundle.epoch))


def _file(entry: Entry, path: Path, epoch: int) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        stream.write(entry, descriptor)
        os.fchmod(descriptor, entry.mode)
        os.utime(descriptor, (epoch, epoch))
    finally:
        os.close(descriptor)

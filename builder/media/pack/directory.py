"""A bundle as a directory: exact bytes, modes and times, in place at once or not at all."""

from __future__ import annotations

import itertools
import os
import stat
from pathlib import Path

from builder.errors import UsageError
from builder.media.bundle import Bundle
from builder.media.listing.listing import Line, Listing, folder
from builder.media.pack import place, stream
from builder.media.papers import manifest
from builder.progress import Meter, Progress, Silent

ROOT = folder(".", "755")


def write(bundle: Bundle, target: Path, progress: Progress | None = None) -> None:
    """Make `target` the bundle; an older bundle of that name is replaced when the new one is whole and on the disk.
    Texts that waited in a file are gone then: such a bundle is written once.

    Modes do not depend on the umask, and every time is the epoch. A private file is private from birth.
    Raises UsageError where `target` is something else than a bundle, BytesDiffer, CheckFailed (no room ...).
    """
    target = target.absolute()
    check(target)
    with (place.beside(target, folder=True) as (partial, descriptor),
          (progress or Silent()).start(f"writing {target.name}", bundle.entries.size) as meter):
        _fill(bundle, descriptor, meter)
        bundle.entries.spool.let_go()  # or flush would write it out as well
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


def _fill(bundle: Bundle, root: int, meter: Meter) -> None:
    files = bundle.entries
    for line in files.tree():
        if line.sha256:
            _file(files, line, root, bundle.epoch)
            meter.advance(line.size)
        else:
            os.mkdir(line.path, 0o700, dir_fd=root)
    # Now that nothing is made any more: a new name moves the time of its folder.
    for line in itertools.chain(files.tree(), [ROOT]):
        if not line.sha256:
            os.chmod(line.path, line.mode, dir_fd=root)
            os.utime(line.path, (bundle.epoch, bundle.epoch), dir_fd=root)


def _file(files: Listing, line: Line, root: int, epoch: int) -> None:
    descriptor = os.open(line.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=root)
    try:
        large = files.large(line)
        if large:
            stream.write(large, descriptor)
        else:
            stream.write_all(descriptor, files.text(line))
        os.fchmod(descriptor, line.mode)
        os.utime(descriptor, (epoch, epoch))
    finally:
        os.close(descriptor)

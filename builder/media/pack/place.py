"""A final name in one step: work is done beside the target under a hidden name, which then takes its place.

A killed run leaves a hidden name behind and nothing else; the next run to the same target removes it. Who works on one
holds a lock of the kernel on it, so no live work is taken for a leftover (RELIABILITY L08, L12, L22).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from builder.errors import CheckFailed, PinbootError, UsageError

AT_FDCWD = -100  # <fcntl.h>
RENAME_EXCHANGE = 2  # <linux/fs.h>
ELSEWHERE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG}
LOCKLESS = {errno.EBADF, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


def make_room(target: Path) -> None:
    """The folders above `target`. Raises UsageError, CheckFailed."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise refusal(target, reason) from reason


@contextlib.contextmanager
def beside(target: Path, *, folder: bool) -> Iterator[tuple[Path, int]]:
    """A new private folder or file next to `target` and a descriptor of it. Removed at the end where it is still there.

    Raises UsageError or CheckFailed, with the path and the system's words, for every OSError inside.
    """
    try:
        with hidden(target, folder=folder) as made:
            yield made
    except OSError as reason:
        raise refusal(target, reason) from reason


@contextlib.contextmanager
def hidden(target: Path, *, folder: bool) -> Iterator[tuple[Path, int]]:
    """As `beside`; every OSError comes through as it is."""
    # The name is known before the file is there: a signal may end the run right after that.
    partial = _fresh(target)
    descriptor = -1
    try:
        with _held(target.parent) as locked:
            if locked:
                _remove_leftovers(target)
            descriptor = _new(partial, folder)
            _lock(descriptor)
        yield partial, descriptor
    finally:
        remove(partial)
        if descriptor >= 0:
            os.close(descriptor)


def tidy(target: Path) -> None:
    """Remove what killed runs left beside `target`, for a run that has nothing to write there. What cannot be removed
    stays: the next run that writes says why."""
    with contextlib.suppress(OSError), _held(target.parent) as locked:
        if locked:
            _remove_leftovers(target)


def refusal(target: Path, reason: OSError) -> PinbootError:
    where = "" if reason.filename in (None, str(target)) else f" ({reason.filename})"
    message = f"{target}: cannot be written: {reason.strerror}{where}"
    if reason.errno in ELSEWHERE:
        return UsageError(message, "name a folder that exists and that you may write to")
    return CheckFailed(message, "what was at that name before is untouched; make room or look at the disk, then again")


def _fresh(target: Path) -> Path:
    return target.with_name(f"{_prefix(target)}{secrets.token_hex(8)}")


def _new(path: Path, folder: bool) -> int:
    if not folder:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    path.mkdir(mode=0o700)
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _prefix(target: Path) -> str:
    return f".{target.name}.partial-"


@contextlib.contextmanager
def _held(parent: Path) -> Iterator[bool]:
    """The one lock under which hidden names come and go; held for moments only. False where there are no locks."""
    descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Wait for the lock. False on a file system without: NFS locks only what is open for writing, so no directory
    (flock(2), NFS details); there a leftover is not told from live work, and stays."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as reason:
        if reason.errno not in LOCKLESS:
            raise
        return False
    return True


def _remove_leftovers(target: Path) -> None:
    for path in sorted(target.parent.iterdir()):
        if not path.name.startswith(_prefix(target)) or path.is_symlink():
            continue
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except (FileNotFoundError, PermissionError):
            continue  # gone by now, or another user's
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue  # another run is at work there
        else:
            remove(path)
        finally:
            os.close(descriptor)


def remove(path: Path) -> None:
    """A folder or file of ours; nothing where there is none."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISDIR(status.st_mode):
        shutil.rmtree(path)
    else:
        path.unlink()


def replace_file(partial: Path, target: Path) -> None:
    """Give the file `partial`, which is on the disk, the name `target`."""
    partial.replace(target)
    sync_directory(target.parent)


def replace_folder(partial: Path, target: Path) -> None:
    """Give `partial` the name `target`. A folder that had the name goes; where the last step fails it stays."""
    with _held(target.parent):
        if not target.exists():
            partial.rename(target)
        elif _exchanged(partial, target):
            remove(partial)  # the old one by now; still under the lock, for it would look like a leftover
        else:
            old = _fresh(target)
            target.rename(old)
            try:
                partial.rename(target)
            except OSError:
                old.rename(target)
                raise
            remove(old)
        sync_directory(target.parent)


def _exchanged(one: Path, other: Path) -> bool:
    """Swap two names in one step (renameat2(2)). False where the C library or the file system knows no such step."""
    swap = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return swap is not None and swap(
        AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0


def flush(descriptor: int) -> None:
    """Everything that was written to the file system of `descriptor` is on the disk (syncfs(2), else sync(2)): one
    call for ten thousand small files, each of which would cost an fsync."""
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        os.sync()
    elif syncfs(descriptor) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def sync_directory(folder: Path) -> None:
    """Make a rename in `folder` last through a power loss."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

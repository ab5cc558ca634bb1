"""A kernel lock on a file that is never renamed or removed (RELIABILITY L10-L12).

flock, not a pid file: the kernel drops it with the process, so nothing stale is ever left to clean up. Two threads of
one process exclude each other as well, because each opens the file anew (flock(2): locks belong to open descriptions).
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from builder.fetch.store import folder

# Held shared by whoever uses the store, alone by whoever removes objects from it (L16). No object's lock has this name.
WHOLE = "store"
# No lock file can be made there, and none is there: nothing can be removed there either.
READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


@contextmanager
def held(root: Path, name: str, *, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock `name` of the store at `root`; `waiting` is called once where somebody else has it.

    Whoever gets the lock must look again at what it guards. Raises StoreUnusable, also where the file system knows no
    flock: going on without would be silent damage (L20).
    """
    try:
        lock = _opened(root, name)
    except OSError as fault:
        raise folder.unusable(root, fault) from fault
    try:
        _take(root, lock, waiting, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def shared(root: Path, *, create: bool, waiting: Callable[[], None]) -> int | None:
    """Share the lock WHOLE until the descriptor that is returned is closed; no object goes meanwhile.

    None where there is no store yet and `create` is False, or where the store is one that nobody here can change.
    Raises StoreUnusable.
    """
    try:
        lock = _opened(root, WHOLE) if create or root.is_dir() else None
    except OSError as fault:
        if create or fault.errno not in READ_ONLY:
            raise folder.unusable(root, fault) from fault
        lock = _readable(root)
    if lock is not None:
        try:
            _take(root, lock, waiting, fcntl.LOCK_SH)
        except BaseException:
            os.close(lock)
            raise
    return lock


def _opened(root: Path, name: str) -> int:
    with folder.opened(root, ["locks"], create=True) as locks:
        return os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=locks)


def _readable(root: Path) -> int | None:
    """A lock can be shared on a file that may only be read (flock(2); NFS: shared locks need no more)."""
    try:
        with folder.opened(root, ["locks"]) as locks:
            return os.open(WHOLE, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=locks)
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise folder.unusable(root, fault) from fault


def _take(root: Path, lock: int, waiting: Callable[[], None], how: int) -> None:
    try:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, how)
    except OSError as fault:
        raise folder.unusable(root, fault) from fault

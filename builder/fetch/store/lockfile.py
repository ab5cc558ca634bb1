"""A kernel lock on a file that is never renamed or removed (RELIABILITY L10-L12).

flock, not a pid file: the kernel drops it with the process, so nothing stale is ever left to clean up. Two threads of
one process exclude each other as well, because each opens the file anew (flock(2): locks belong to open descriptions).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from builder.fetch.store import folder


@contextmanager
def held(root: Path, name: str, *, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock `name` of the store at `root`; `waiting` is called once where somebody else has it.

    Whoever gets the lock must look again at what it guards. Raises StoreUnusable, also where the file system knows no
    flock: going on without would be silent damage (L20).
    """
    try:
        with folder.opened(root, ["locks"], create=True) as locks:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            lock = os.open(name, flags, 0o644, dir_fd=locks)
    except OSError as fault:
        raise folder.unusable(root, fault) from fault
    try:
        _take(root, lock, waiting)
        yield
    finally:
        os.close(lock)


def _take(root: Path, lock: int, waiting: Callable[[], None]) -> None:
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError as fault:
        raise folder.unusable(root, fault) from fault

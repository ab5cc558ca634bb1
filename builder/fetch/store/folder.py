"""Folders under a root, reached part by part without following a link (RELIABILITY L14)."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from builder.errors import Missing

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class StoreUnusable(Missing):
    """The store cannot take or give bytes: full, read-only, no permission. Another mirror would not help."""


IN_THE_WAY = "a symbolic link, or something else that is no directory, stands where the store wants one; move it away"
HINTS = {
    errno.ENOSPC: "free some space there, or put the store on another disk",
    errno.EDQUOT: "your quota there is used up; free some space, or put the store elsewhere",
    errno.EFBIG: "the file system or a ulimit allows no file of this size",
    errno.EROFS: "put the store on a file system that can be written",
    errno.EACCES: "give yourself write permission there, or put the store elsewhere",
    errno.EPERM: "give yourself write permission there, or put the store elsewhere",
    errno.ENOTDIR: IN_THE_WAY,
    errno.EEXIST: IN_THE_WAY,
    errno.ELOOP: "a symbolic link stands inside the store; remove it",
}


def unusable(root: Path, fault: OSError) -> StoreUnusable:
    """The one clear error for whatever the operating system said about the store at `root`."""
    number = fault.errno or 0
    hint = HINTS.get(number, "look at the disk and the permissions of that directory")
    where = root / fault.filename if hint == IN_THE_WAY and isinstance(fault.filename, str) else root
    return StoreUnusable(f"{where}: the store cannot be used: {os.strerror(number)}", hint)


@contextmanager
def opened(root: Path, parts: Sequence[str], *, create: bool = False) -> Iterator[int]:
    """A descriptor of the folder `root/parts...`; `root` itself may be reached over links, nothing below it may.

    With `create`, missing folders are made and made durable. Raises OSError.
    """
    if create:
        root.mkdir(parents=True, exist_ok=True)
    here = os.open(root, FOLDER)
    try:
        for part in parts:
            deeper = _step(here, part, create)
            os.close(here)
            here = deeper
        yield here
    finally:
        os.close(here)


def _step(here: int, part: str, create: bool) -> int:
    try:
        return os.open(part, FOLDER | os.O_NOFOLLOW, dir_fd=here)
    except FileNotFoundError:
        if not create:
            raise
    try:
        os.mkdir(part, 0o755, dir_fd=here)
        os.fsync(here)
    except FileExistsError:
        pass  # another process made it in between
    return os.open(part, FOLDER | os.O_NOFOLLOW, dir_fd=here)

"""Bytes by position: in memory while they are few, else in a private file without a name beside the target.

The file lies where the bundle will, so what it takes is told by the same disk, and it is unlinked as soon as it is
open: whatever happens to the run, nothing of it stays (RELIABILITY L01, L06, L08).
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from builder.errors import CheckFailed
from builder.media.entry import Part
from builder.media.pack import place

# The texts of some hundred hosts.
ROOM = 8 << 20
FLUSH = 1 << 20


class Spool:
    """What is added stays at its position, and is read again as often as wanted."""

    def __init__(self, target: Path | None = None, opened: Callable[[], int] | None = None) -> None:
        """`opened` gives a new file once there is more than ROOM; errors in it are told as those of `target`. Without
        one all is held in memory."""
        self.size = 0
        self._target = target or Path()
        self._opened = opened
        self._file = -1
        self._written = 0
        self._tail = bytearray()

    def add(self, data: bytes) -> int:
        """The position of `data`. Raises CheckFailed (no room ...) and UsageError as the packers do."""
        at = self.size
        self._tail += data
        self.size += len(data)
        if self._opened and len(self._tail) > (ROOM if self._file < 0 else FLUSH):
            self._flush(self._opened)
        return at

    def _flush(self, opened: Callable[[], int]) -> None:
        try:
            if self._file < 0:
                self._file = opened()
            left = memoryview(self._tail)
            while left:
                left = left[os.write(self._file, left):]
        except OSError as reason:
            raise place.refusal(self._target, reason) from reason
        self._written = self.size
        self._tail = bytearray()

    def read(self, at: int, size: int) -> bytes:
        """`size` bytes that were added. A failing disk may give back others: who needs to know has their digest.
        Raises CheckFailed where it gives back none."""
        if at >= self._written:
            start = at - self._written
            return bytes(memoryview(self._tail)[start:start + size])
        try:
            found = os.pread(self._file, min(size, self._written - at), at)
        except OSError as reason:
            raise place.refusal(self._target, reason) from reason
        if size and not found:
            raise CheckFailed(f"{self._target}: what was set down beside it cannot be read back", "look at the disk")
        return found if len(found) == size else found + self.read(at + len(found), size - len(found))

    def take(self, pieces: Iterable[bytes]) -> Part:
        """All of `pieces`, one behind the other; nothing else is added meanwhile. Raises as `add` does."""
        at = self.size
        for piece in pieces:
            self.add(piece)
        return self.part(at, self.size - at)

    def let_go(self) -> None:
        """Nothing is read any more: what is in the file need not reach the disk."""
        if self._file >= 0:
            os.ftruncate(self._file, 0)

    def part(self, at: int, size: int) -> Part:
        return Part(size=size, open=lambda: cast(BinaryIO, _Stream(self, at, size)))


class _Stream(io.RawIOBase):
    """The bytes of one part."""

    def __init__(self, spool: Spool, at: int, size: int) -> None:
        super().__init__()
        self._spool = spool
        self._at = at
        self._end = at + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        data = self._spool.read(self._at, min(len(buffer), self._end - self._at))
        buffer[:len(data)] = data
        self._at += len(data)
        return len(data)


@contextlib.contextmanager
def beside(target: Path) -> Iterator[Spool]:
    """A spool for what will stand at `target`."""
    target = target.absolute()
    with contextlib.ExitStack() as stack:
        yield Spool(target, lambda: stack.enter_context(_nameless(target)))


@contextlib.contextmanager
def _nameless(target: Path) -> Iterator[int]:
    place.make_room(target)
    with place.hidden(target, folder=False) as (path, descriptor):
        path.unlink()
        yield descriptor

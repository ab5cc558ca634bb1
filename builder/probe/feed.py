"""A run of bytes that is read once, forwards: look ahead, take, skip, give back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from builder.errors import HostileInput

CHUNK = 1 << 18
_NOT_ZERO = re.compile(rb"[^\0]")


def chunks(stream: BinaryIO, size: int | None = None) -> Iterator[bytes]:
    """The bytes of `stream` from where it stands, `size` of them at most (None: all)."""
    left = size
    while left is None or left > 0:
        chunk = stream.read(CHUNK if left is None else min(CHUNK, left))
        if not chunk:
            return
        left = None if left is None else left - len(chunk)
        yield chunk


def leaps(stream: BinaryIO, size: int) -> Callable[[int], int]:
    """Steps over bytes of a file of `size` bytes, never behind its last one."""
    def leap(count: int) -> int:
        before = stream.tell()
        return stream.seek(max(before, min(before + count, size - 1))) - before

    return leap


class Feed:
    """Takes chunks from an iterator, never more of them than asked for. `position` counts what was taken or skipped.

    Small pieces are sliced out of the current chunk only: slicing what is left of a large buffer at each step would
    make a file of many small entries cost the square of its length. `leap` steps over so many bytes of the source that
    are never read, and says over how many it did.
    """

    def __init__(self, source: Iterator[bytes], where: str, leap: Callable[[int], int] | None = None) -> None:
        self._source = source
        self._leap = leap
        self._chunk = b""
        self._at = 0
        self.where = where
        self.position = 0

    def _more(self) -> bool:
        while self._at >= len(self._chunk):
            chunk = next(self._source, None)
            if chunk is None:
                return False
            self._chunk, self._at = chunk, 0
        return True

    def peek(self, size: int) -> bytes:
        """The next `size` bytes without taking them; fewer only at the end. Meant for a few bytes."""
        while len(self._chunk) - self._at < size:
            chunk = next(self._source, None)
            if chunk is None:
                break
            self._chunk, self._at = self._chunk[self._at :] + chunk, 0
        return self._chunk[self._at : self._at + size]

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes. Raises HostileInput where the file ends before."""
        at, end = self._at, self._at + size
        if end <= len(self._chunk):
            self._at = end
            self.position += size
            return self._chunk[at:end]
        pieces: list[bytes] = []
        left = size
        while left:
            if not self._more():
                raise self._short(left)
            piece = self._chunk[self._at : self._at + left]
            self._at += len(piece)
            left -= len(piece)
            pieces.append(piece)
        self.position += size
        return b"".join(pieces)

    def skip(self, size: int) -> None:
        """Step over `size` bytes. Raises HostileInput where the file ends before."""
        left = size
        while left:
            if self._leap and left > CHUNK and self._at >= len(self._chunk):
                left -= self._leap(left)
            if not self._more():
                raise self._short(left)
            step = min(left, len(self._chunk) - self._at)
            self._at += step
            left -= step
        self.position += size

    def skip_zeros(self) -> int:
        """Step over zero bytes; the number of them."""
        start = self.position
        while self._more():
            found = _NOT_ZERO.search(self._chunk, self._at)
            stop = found.start() if found else len(self._chunk)
            self.position += stop - self._at
            self._at = stop
            if found:
                break
        return self.position - start

    def chunk(self) -> bytes:
        """Whatever is at hand, at least one byte; empty at the end."""
        if not self._more():
            return b""
        piece = self._chunk[self._at :] if self._at else self._chunk
        self._at = len(self._chunk)
        self.position += len(piece)
        return piece

    def give_back(self, piece: bytes) -> None:
        """Put back the tail of the last chunk()."""
        if piece:
            self._chunk, self._at = piece, 0
            self.position -= len(piece)

    def _short(self, missing: int) -> HostileInput:
        return HostileInput(f"{self.where}: ends too early, {missing} more bytes are due",
                            "the file is truncated or damaged; fetch it again")

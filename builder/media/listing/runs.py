"""Lines in order, however many: sorted by the thousand, set down in the spool, and merged when they are read."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from builder.media.listing.spool import Spool

# Some 4 MB of lines.
HELD = 1 << 14
CHUNK = 1 << 16


class Runs:
    """Every line that was added, each without its end, in the order of code points. None holds a line end."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._held: list[str] = []
        self._runs: list[tuple[int, int]] = []

    def add(self, line: str) -> None:
        """Raises CheckFailed, UsageError: the spool cannot be written."""
        self._held.append(line)
        if len(self._held) >= HELD:
            self._held.sort()
            data = "".join(f"{each}\n" for each in self._held).encode()
            self._held.clear()
            self._runs.append((self._spool.add(data), len(data)))

    def __iter__(self) -> Iterator[str]:
        self._held.sort()
        if not self._runs:
            return iter(self._held)
        return heapq.merge(*(self._read(at, size) for at, size in self._runs), self._held)

    def _read(self, at: int, size: int) -> Iterator[str]:
        end, rest = at + size, b""
        while at < end:
            chunk = self._spool.read(at, min(CHUNK, end - at))
            at += len(chunk)
            whole, found, rest = (rest + chunk).rpartition(b"\n")
            if found:
                yield from whole.decode().split("\n")

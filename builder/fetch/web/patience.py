"""How often a fetch is tried again, and how long it waits in between (RELIABILITY N01, N08)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from builder.fetch import parallel
from builder.fetch.web.fault import Fault
from builder.progress import Progress

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 20.0
# New bytes after which a cut does not count as a failure: a long file over a bad line still comes through, and the
# number of tries stays bounded by the file's cap.
STRIDE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`tries` in a row without progress; `longest_wait` is the most seconds that a Retry-After is obeyed for."""

    tries: int
    longest_wait: float
    pause: Callable[[float], None]


class Patience:
    """Counts the failures of one file."""

    def __init__(self, terms: Terms, url: str, what: str, progress: Progress, reached: int = 0) -> None:
        self._terms = terms
        self._url = url
        self._what = what
        self._progress = progress
        self._failures = 0
        self._reached = reached

    def endure(self, fault: Fault, reached: int = 0) -> None:
        """Wait, or raise the fault's error; `reached` is how many bytes of the file are there."""
        parallel.check()  # whoever ends a worker cuts its connection: no fault of the server
        if reached >= self._reached + STRIDE:
            self._failures, self._reached = 0, reached
        self._failures += 1
        if fault.final or self._failures >= self._terms.tries:
            raise fault.error(self._url, self._failures) from fault
        seconds = self._seconds(fault)
        self._progress.say(f"{self._what}: {fault.text}; trying again in {seconds:.1f} s "
                           f"({self._failures + 1} of {self._terms.tries})")
        self._terms.pause(seconds)

    def _seconds(self, fault: Fault) -> float:
        if fault.after is not None:
            return min(fault.after, self._terms.longest_wait)
        longest: float = min(FIRST_PAUSE * 2 ** (self._failures - 1), LONGEST_PAUSE)
        # Half of it is drawn by lot, so that a fleet does not come back all at once.
        return longest * (0.5 + secrets.randbelow(1000) / 2000)

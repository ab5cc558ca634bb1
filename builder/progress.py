"""How long work tells of itself: the door hands in a Progress, rooms below only call it."""

from __future__ import annotations

from typing import Protocol


class Meter(Protocol):
    """One piece of work. Use as a context manager; `advance` counts bytes (or units) done since the last call."""

    def __enter__(self) -> Meter: ...
    def __exit__(self, *exc: object) -> None: ...
    def advance(self, count: int) -> None: ...
    def total(self, count: int) -> None: ...


class Progress(Protocol):
    def start(self, what: str, total: int | None = None, unit: str = "B") -> Meter:
        """Announce work of `total` units (None: not known); `what` is a path or `verifying PATH`."""
        ...

    def say(self, text: str) -> None:
        """One line of the story, for stderr."""
        ...


class SilentMeter:
    def __enter__(self) -> SilentMeter:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def advance(self, count: int) -> None:
        return None

    def total(self, count: int) -> None:
        return None


class Silent:
    """A Progress that says nothing."""

    def start(self, what: str, total: int | None = None, unit: str = "B") -> Meter:
        return SilentMeter()

    def say(self, text: str) -> None:
        return None

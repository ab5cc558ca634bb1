"""Several mirrors of one tree as one source: where one fails, the next is asked (RELIABILITY N13, N27)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from builder.digest import Digest
from builder.errors import BytesDiffer, Missing, NotFound, PinbootError, UsageError
from builder.fetch.beginning import Beginning
from builder.fetch.source import Source
from builder.fetch.store.folder import StoreUnusable
from builder.fetch.store.objects import Fetched, Store
from builder.progress import Progress

T = TypeVar("T")


class Standing:
    """In which order mirrors are asked, and what was said of each that failed; shared by all trees under them."""

    def __init__(self, count: int) -> None:
        self._order = list(range(count))
        self._changing = threading.Lock()
        self.failures: list[tuple[str, str]] = []

    def order(self) -> list[int]:
        with self._changing:
            return list(self._order)

    def note(self, number: int, url: str, error: PinbootError) -> None:
        """A mirror that merely lacks a file keeps its place; one that failed otherwise is asked last from now on."""
        with self._changing:
            self.failures.append((url, _line(error)))
            if not isinstance(error, NotFound):
                self._order.sort(key=lambda each: each == number)


class Mirrors:
    """A Source over `sources`, best first; its `url` is the first one's. Safe to share between threads."""

    def __init__(self, sources: Sequence[Source], *, progress: Progress, standing: Standing | None = None) -> None:
        if not sources:
            raise UsageError("no mirror is named", "name at least one URL of the tree")
        self._sources = tuple(sources)
        self._progress = progress
        self._standing = standing or Standing(len(sources))

    @property
    def failures(self) -> tuple[tuple[str, str], ...]:
        """(URL, reason) of every failure so far, in order."""
        return tuple(self._standing.failures)

    @property
    def url(self) -> str:
        return self._sources[0].url

    @property
    def store(self) -> Store:
        return self._sources[0].store

    def read(self, path: str, cap: int) -> bytes:
        return self._first(lambda source: source.read(path, cap), path)

    def fetch(self, path: str, *, kind: str, expected: Digest | None = None, size: int | None = None,
              what: str = "", fresh: bool = False) -> Fetched:
        def ask(source: Source) -> Fetched:
            return source.fetch(path, kind=kind, expected=expected, size=size, what=what, fresh=fresh)

        return self._first(ask, path)

    def start(self, path: str, length: int, *, what: str = "") -> bytes:
        Beginning(f"{self.url}/{path}", length)  # where this is refused no mirror can help
        return self._first(lambda source: source.start(path, length, what=what), path)

    def size(self, path: str) -> int | None:
        return self._first(lambda source: source.size(path), path)

    def child(self, relative_path: str) -> Mirrors:
        children = [source.child(relative_path) for source in self._sources]
        return Mirrors(children, progress=self._progress, standing=self._standing)

    def _first(self, ask: Callable[[Source], T], path: str) -> T:
        errors: list[PinbootError] = []
        order = self._standing.order()
        for position, number in enumerate(order):
            source = self._sources[number]
            try:
                return ask(source)
            except StoreUnusable:
                raise  # our own disk: no mirror can help
            except PinbootError as error:
                errors.append(error)
                self._standing.note(number, source.url, error)
                if position + 1 < len(order):
                    following = self._sources[order[position + 1]].url
                    self._progress.say(f"mirror {source.url}: {_line(error)}; trying {following}")
        raise errors[0] if len(errors) == 1 else _all_failed(path, [self._sources[n].url for n in order], errors)


def _line(error: PinbootError) -> str:
    """The error on one line: its further lines hold found and wanted."""
    return "; ".join(" ".join(line.split()) for line in error.message.splitlines())


def _all_failed(path: str, urls: Sequence[str], errors: Sequence[PinbootError]) -> PinbootError:
    """One error for all: of the class they share; wrong bytes weigh more than silence, and NotFound needs all."""
    lines = "".join(f"\n  {url}: {_line(error).removeprefix(f'{url}/{path}: ')}"
                    for url, error in zip(urls, errors, strict=True))
    kinds = {type(error) for error in errors}
    kind = kinds.pop() if len(kinds) == 1 else BytesDiffer if BytesDiffer in kinds else Missing
    hints = list(dict.fromkeys(error.hint for error in errors if error.hint))
    return kind(f"{path}: none of {len(urls)} mirrors gave it{lines}", "; ".join(hints))

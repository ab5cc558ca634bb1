"""Several mirrors of one tree as one source: where one fails, the next is asked (RELIABILITY N13, N27)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from builder.digest import Digest
from builder.errors import BytesDiffer, Missing, NotFound, PinbootError, UsageError
from builder.fetch.folder import StoreUnusable
from builder.fetch.source import Source
from builder.fetch.store import Fetched, Store
from builder.progress import Progress

T = TypeVar("T")


class Mirrors:
    """A Source over `sources`, best first; its `url` is the first one's.

    A mirror that failed (not one that merely lacks a file) is asked last from then on, by its children's users too.
    `failures` holds what was said of each: (URL, reason) in order.
    """

    def __init__(self, sources: Sequence[Source], *, progress: Progress, order: list[int] | None = None,
                 failures: list[tuple[str, str]] | None = None) -> None:
        if not sources:
            raise UsageError("no mirror is named", "name at least one URL of the tree")
        self._sources = tuple(sources)
        self._progress = progress
        self._order = list(range(len(sources))) if order is None else order
        self.failures: list[tuple[str, str]] = [] if failures is None else failures

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

    def size(self, path: str) -> int | None:
        return self._first(lambda source: source.size(path), path)

    def child(self, relative_path: str) -> Mirrors:
        children = [source.child(relative_path) for source in self._sources]
        return Mirrors(children, progress=self._progress, order=self._order, failures=self.failures)

    def _first(self, ask: Callable[[Source], T], path: str) -> T:
        errors: list[PinbootError] = []
        order = list(self._order)
        for position, number in enumerate(order):
            source = self._sources[number]
            try:
                return ask(source)
            except StoreUnusable:
                raise  # our own disk: no mirror can help
            except PinbootError as error:
                errors.append(error)
                self._note(number, source.url, error)
                if position + 1 < len(order):
                    following = self._sources[order[position + 1]].url
                    self._progress.say(f"mirror {source.url}: {_line(error)}; trying {following}")
        raise errors[0] if len(errors) == 1 else _all_failed(path, [self._sources[n].url for n in order], errors)

    def _note(self, number: int, url: str, error: PinbootError) -> None:
        self.failures.append((url, _line(error)))
        if not isinstance(error, NotFound) and number in self._order:
            self._order.remove(number)
            self._order.append(number)


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

"""All mistakes of a profile, gathered before anyone is told: where, what was found, what was wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from builder.errors import UsageError
from builder.profile.values import Origin

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mistake:
    key: str
    origin: Origin | None
    text: str


class Mistakes:
    """A list that knows where keys stand. `main` is the file that the user named, as it is shown."""

    def __init__(self, main: str, origins: Mapping[str, Origin]) -> None:
        self.main = main
        self.main_name = main.rpartition("/")[2]
        self.origins = origins
        self.found: list[Mistake] = []

    def add(self, key: str, text: str) -> None:
        self.found.append(Mistake(key, self._origin(key), text))

    def parsed(self, key: str, parse: Callable[[str], T], text: str) -> T | None:
        """`parse(text)`, or None with the reason noted under `key`."""
        try:
            return parse(text)
        except ValueError as reason:
            self.add(key, str(reason))
            return None

    def _origin(self, key: str) -> Origin | None:
        """Where `key` stands, else the nearest table above it that stands somewhere."""
        while key:
            if key in self.origins:
                return self.origins[key]
            key = key.rpartition(".")[0]
        return None

    def error(self) -> UsageError:
        """One error for all, in the order of the lines. Call only where there are mistakes."""
        ordered = sorted(self.found, key=lambda m: (m.origin is None, m.origin.file if m.origin else "",
                                                    m.origin.line if m.origin else 0))
        rows = [(self._place(m), m.key, m.text) for m in ordered]
        place, key = (max(len(row[column]) for row in rows) for column in (0, 1))
        count = "1 mistake" if len(rows) == 1 else f"{len(rows)} mistakes"
        body = "".join(f"\n  {p:<{place}}  {k:<{min(key, 40)}}  {text}" for p, k, text in rows)
        return UsageError(f"{self.main}: {count}, nothing was written{body}",
                          "docs/profiles.md has every key with an example; pinboot init writes a working start")

    def _place(self, mistake: Mistake) -> str:
        if mistake.origin is None:
            return "-"
        line = f"line {mistake.origin.line}" if mistake.origin.line else ""
        return line if mistake.origin.file == self.main_name else f"{mistake.origin.file} {line}".strip()

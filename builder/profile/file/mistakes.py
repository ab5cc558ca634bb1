"""All mistakes of a profile, gathered before anyone is told: where, what was found, what was wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from builder.errors import UsageError
from builder.profile.values import Origin

T = TypeVar("T")
MOST = 100  # lines that anybody reads


@dataclass(frozen=True, slots=True)
class Mistake:
    key: str
    origin: Origin | None
    text: str


class Mistakes:
    """A list that knows where keys stand. `main` is the file that the user named, as it is shown.

    `classes` says which class each host's table has picked: what a host has from its class is a mistake of the class,
    told once. `count` is how often something was wrong, each time that it was looked at."""

    def __init__(self, main: str, origins: Mapping[str, Origin]) -> None:
        self.main = main
        self.main_name = main.rpartition("/")[2]
        self.origins = origins
        self.classes: dict[str, str] = {}
        self.count = 0
        self._found: dict[Mistake, None] = {}

    @property
    def found(self) -> list[Mistake]:
        return list(self._found)

    def add(self, key: str, text: str) -> None:
        self.count += 1
        self._found[Mistake(*self._of_class(key), text)] = None

    def at(self, origin: Origin, key: str, text: str) -> None:
        """A mistake of a file that has no keys of the profile: `key` is what the file itself calls it."""
        self.count += 1
        self._found[Mistake(key, origin, text)] = None

    def parsed(self, key: str, parse: Callable[[str], T], text: str) -> T | None:
        """`parse(text)`, or None with the reason noted under `key`."""
        try:
            return parse(text)
        except ValueError as reason:
            self.add(key, str(reason))
            return None

    def place(self, key: str) -> str:
        """Where `key` stands, as words of a sentence: `line 12`, `hosts.csv line 3`."""
        origin = self._of_class(key)[1]
        return self._place(origin) if origin else ""

    def error(self) -> UsageError:
        """One error for all, in the order of the lines. Call only where there are mistakes."""
        ordered = sorted(self._found, key=lambda m: (m.origin is None, m.origin.file if m.origin else "",
                                                     m.origin.line if m.origin else 0))
        rows = [(self._place(m.origin) or "-", m.key, m.text) for m in ordered[:MOST]]
        place, key = (max(len(row[column]) for row in rows) for column in (0, 1))
        count = "1 mistake" if len(ordered) == 1 else f"{len(ordered)} mistakes"
        body = "".join(f"\n  {p:<{place}}  {k:<{min(key, 40)}}  {text}" for p, k, text in rows)
        more = f"\n  and {len(ordered) - MOST} more" if len(ordered) > MOST else ""
        return UsageError(f"{self.main}: {count}, nothing was written{body}{more}",
                          "pinboot explain KEY says what a key takes; pinboot schema gives your editor these checks "
                          "while you type")

    def _of_class(self, key: str) -> tuple[str, Origin | None]:
        """The key that set what `key` names, the host's own or that of its class, and where it stands."""
        table, rest = self._host(key)
        name = self.classes.get(table)
        if name and rest and not self._origin(key, f"host.{table}"):
            found = self._origin(f"class.{name}.{rest}", f"class.{name}")
            if found:
                return f"class.{name}.{rest}", found
        return key, self._origin(key)

    def _host(self, key: str) -> tuple[str, str]:
        """The name of the host's table, which may hold dots, and the key below it."""
        if not self.classes or not key.startswith("host."):
            return "", ""
        below = key[len("host."):]
        ends = [at for at, character in enumerate(below) if character == "."]
        return next(((below[:at], below[at + 1:]) for at in ends if below[:at] in self.classes), ("", ""))

    def _origin(self, key: str, above: str = "") -> Origin | None:
        """Where `key` stands, else the nearest table over it that stands somewhere and is below `above`."""
        while key and key != above:
            found = self.origins.get(key)
            if found:
                return found
            key = key.rpartition(".")[0]
        return None

    def _place(self, origin: Origin | None) -> str:
        if origin is None:
            return ""
        line = f"line {origin.line}" if origin.line else ""
        return line if origin.file == self.main_name else f"{origin.file} {line}".strip()

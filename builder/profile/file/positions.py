"""Where in a TOML text each key stands: tomllib keeps no positions, and an error without a line is half an error."""

from __future__ import annotations

import re
from collections.abc import Iterator

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SKIP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_SCALAR = re.compile(r"[^,\]}\n#]+")


def lines(text: str) -> dict[str, int]:
    """Dotted key path -> 1-based line of a TOML text that tomllib has accepted; keys of inline tables included.

    The first place wins, so that a table's header stands for the table, and for one that has none (disk.size = ...)
    its first key.
    """
    found: dict[str, int] = {}
    line, counted = 1, 0
    for path, offset in _Scanner(text).scan():  # offsets only grow
        line += text.count("\n", counted, offset)
        counted = offset
        key = ".".join(path)
        found.setdefault(key, line)
        above = key.rpartition(".")[0]
        while above and above not in found:
            found[above] = line
            above = above.rpartition(".")[0]
    return found


class _Scanner:
    """A forgiving walk over valid TOML: it knows just enough of strings, arrays and tables to find the keys."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def scan(self) -> Iterator[tuple[tuple[str, ...], int]]:
        table: tuple[str, ...] = ()
        while self._skip(_SKIP) < len(self.text):
            start = self.at
            if self.text[self.at] == "[":
                self.at += 2 if self.text.startswith("[[", self.at) else 1
                table = self._key()
                yield table, start
                while self.at < len(self.text) and self.text[self.at] == "]":
                    self.at += 1
            else:
                yield from self._pair(table)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def _pair(self, table: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
        start = self.at
        path = table + self._key()
        yield path, start
        self._skip(_BLANK)
        self.at += 1  # the equals sign
        self._skip(_BLANK)
        yield from self._value(path)

    def _key(self) -> tuple[str, ...]:
        parts = []
        while True:
            self._skip(_BLANK)
            parts.append(self._part())
            self._skip(_BLANK)
            if self.at >= len(self.text) or self.text[self.at] != ".":
                return tuple(parts)
            self.at += 1

    def _part(self) -> str:
        if self.text[self.at] in "\"'":
            start = self.at
            self._string()
            return self.text[start + 1 : self.at - 1]
        match = _BARE.match(self.text, self.at)
        self.at = match.end() if match else self.at + 1
        return match[0] if match else ""

    def _string(self) -> None:
        quote = self.text[self.at]
        mark = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.at += len(mark)
        while self.at < len(self.text) and not self.text.startswith(mark, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += len(mark)
        while len(mark) == 3 and self.text.startswith(quote, self.at):  # up to two quotes may close a long string
            self.at += 1

    def _value(self, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
        first = self.text[self.at : self.at + 1]
        if first in ("'", '"') and first:
            self._string()
        elif first == "[":
            yield from self._list(path)
        elif first == "{":
            yield from self._inline(path)
        else:
            self._skip(_SCALAR)

    def _list(self, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
        self.at += 1
        index = 0
        while self._skip(_SKIP) < len(self.text) and self.text[self.at] != "]":
            yield (*path[:-1], f"{path[-1]}[{index}]"), self.at
            yield from self._value(path)
            self._skip(_SKIP)
            if self.text[self.at : self.at + 1] == ",":
                self.at += 1
            index += 1
        self.at += 1

    def _inline(self, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
        self.at += 1
        while self._skip(_SKIP) < len(self.text) and self.text[self.at] != "}":
            yield from self._pair(path)
            self._skip(_SKIP)
            if self.text[self.at : self.at + 1] == ",":
                self.at += 1
        self.at += 1

"""From a word and a text to a key of a host and its value: `disk.size`, `20 GiB`. The schema says what is a number."""

from __future__ import annotations

import functools
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from builder.names import shown
from builder.profile.file import layers, schema, walk
from builder.profile.hosts import FACT
from builder.profile.storage import ORDERS

Read = Callable[[str], Any]
NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value goes below [host.NAME], and what makes it of a text. What is no number where one is wanted stays
    text, and is told with all other mistakes."""

    path: tuple[str, ...]
    read: Read

    @property
    def keys(self) -> tuple[str, ...]:
        """The dotted keys that are set with it: disk, disk.size."""
        return tuple(".".join(self.path[:length]) for length in range(1, len(self.path) + 1))

    def put(self, table: dict[str, Any], value: Any) -> None:
        for name in self.path[:-1]:
            table = table.setdefault(name, {})
        layers.join(table, {self.path[-1]: value})


@functools.lru_cache(maxsize=4096)
def place(word: str) -> Place | None:
    """The place of a dotted key, or None where its first part is no key of a host. Raises ValueError: there is such a
    key, but not this one in it, or none that one cell could hold."""
    first, _, rest = word.partition(".")
    if first not in walk.fields(schema.Host):
        return None
    if "" in word.split("."):
        raise ValueError("has a dot too many; a key in a table is disk.size")
    path, kind = _below((first,), walk.fields(schema.Host)[first].type, rest)
    if first == "facts" and rest and not FACT.fullmatch(rest):
        raise ValueError(f"{rest} is no name of a fact (a-z, 0-9 and _, a letter first)")
    read = _reader(kind)
    if read is None:
        raise ValueError(f"a table, which one cell cannot hold; name what is in it: {word}.{_first(kind)}")
    return Place(path=path, read=read)


def fact(word: str) -> Place | None:
    """The place of a fact, or None for what is no name of one."""
    return Place(path=("facts", word), read=str) if FACT.fullmatch(word) else None


def _below(path: tuple[str, ...], kind: Any, rest: str) -> tuple[tuple[str, ...], Any]:
    """The path and the type of the key `rest` in a table of type `kind`. Raises ValueError."""
    if not rest:
        return path, kind
    for choice in walk.choices_of(kind):
        if isinstance(choice, type) and issubclass(choice, msgspec.Struct):
            known = walk.fields(choice)
            first, _, more = rest.partition(".")
            if first not in known:
                raise ValueError(f"{'.'.join((*path, first))}: {walk.unknown(first, tuple(known))}")
            return _below((*path, first), known[first].type, more)
        if typing.get_origin(choice) is dict:
            return _named(path, typing.get_args(choice)[1], rest)
    raise ValueError(f"{'.'.join(path)} is no table, so there is no {rest} in it")


def _named(path: tuple[str, ...], kind: Any, rest: str) -> tuple[tuple[str, ...], Any]:
    """A key in a table whose names the user chooses; they may hold dots (bond0.120): the longest that fits."""
    if _tables(kind) is None:
        return (*path, rest), kind
    reason = ValueError(f"{'.'.join(path)}.{rest} is a table; name what is in it: {rest}.{_first(kind)}")
    parts = rest.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            return _below((*path, ".".join(parts[:length])), kind, ".".join(parts[length:]))
        except ValueError as found:
            reason = found
    raise reason


def _tables(kind: Any) -> type[msgspec.Struct] | None:
    return next((choice for choice in walk.choices_of(kind)
                 if isinstance(choice, type) and issubclass(choice, msgspec.Struct)), None)


def _first(kind: Any) -> str:
    """The name of some key in a table."""
    struct = _tables(kind)
    return next(iter(walk.fields(struct))) if struct else "NAME"


def _reader(kind: Any) -> Read | None:
    choices = walk.choices_of(kind)
    several = any(typing.get_origin(choice) is tuple and typing.get_args(choice)[0] is str for choice in choices)
    one = any(choice is str or typing.get_origin(choice) is typing.Literal for choice in choices)
    if several:
        return _one_or_several if one else str.split
    if int in choices or bool in choices:
        return functools.partial(_plain, number=int in choices, truth=bool in choices)
    return str if one else None


def _one_or_several(text: str) -> str | list[str]:
    """A list where there are blanks; but `smallest nvme` is a rule for a disk, and one."""
    words = text.split()
    return text if len(words) < 2 or words[0] in ORDERS else words


def _plain(text: str, *, number: bool, truth: bool) -> str | int | bool:
    if truth and text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if number and NUMBER.fullmatch(text) else text


def unfit(cell: str) -> str:
    """Why a text from a spreadsheet is not what its author saw there, or an empty text."""
    if cell.startswith("="):
        return f"{shown(cell)} is a formula, not its value; export the sheet as values"
    if re.fullmatch(r"#(REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!)", cell):
        return f"{shown(cell)} is an error of the spreadsheet, not a value"
    return "" if cell.isprintable() else f"{shown(cell)} holds a line break or another control character"

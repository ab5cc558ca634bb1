"""Profile files and what they extend, joined into one table that remembers who set each key."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from builder import names
from builder.errors import Missing, UsageError
from builder.profile import starters
from builder.profile.file import positions, settings
from builder.profile.file.origins import Row
from builder.profile.inventory import files
from builder.profile.values import Origin

MAX_BYTES = 1 << 20
MAX_DEPTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One file: `name` as shown and kept in the bundle, `path` where it is, `data` its bytes; `role` is `profile` for
    the one that the user named, and `set` for what the command line set, which is no file."""

    name: str
    path: Path
    data: bytes
    role: Literal["profile", "extended", "inventory", "set"]


@dataclass(slots=True, kw_only=True)
class Joined:
    """`table` is the union; `origins` maps dotted keys to file and line, `folders` to the folder of that file (relative
    references start there) where it is not `home`, the folder of the user's own; `layers` are the files in the order in
    which they count. `strangers` are hosts that --set speaks of and no file of TOML, with the key that was set; `rows`
    are those of inventories, once they are read."""

    home: Path
    table: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)
    strangers: dict[str, str] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)

    def folder(self, key: str) -> Path:
        while key:
            if key in self.folders:
                return self.folders[key]
            key = key.rpartition(".")[0]
        return self.home


def read(path: Path, shown: str, words: Sequence[str] = ()) -> Joined:
    """The profile at `path` with all it extends, and over it `words`, KEY=VALUE each; tables join, everything else
    replaces, later layers win. Inventories lie among the layers, unread: they count less than any [host.NAME].

    Raises UsageError for a file that is no TOML, a cycle or a missing layer; Missing where `path` is not there.
    """
    given = settings.parse(words)
    joined = Joined(home=path.parent)
    _add(path, path.name, shown, joined, ())
    for each in given:
        _set(each, joined)
    joined.layers.extend(_inventories(joined, shown))
    if given:
        data = settings.text(given).encode()
        joined.layers.append(Layer(name="set.toml", path=joined.home / "set.toml", data=data, role="set"))
    return joined


def _set(each: settings.Setting, joined: Joined) -> None:
    first, second = (*each.path, "")[:2]
    known = joined.table.get(first, {})
    if first == "extends":
        raise UsageError(f"{settings.NAME} extends: what a profile extends is read before",
                         "write a profile of two lines: extends, and what you want to set")
    if first in ("host", "class") and second and isinstance(known, dict) and second not in known:
        if first == "class":
            raise stranger(first, ".".join(each.path), known)
        joined.strangers.setdefault(second, ".".join(each.path))
    join(joined.table, each.table)
    for key in keys(each.table):
        joined.origins[key] = Origin(settings.NAME, 0)
        joined.folders.pop(key, None)


def stranger(kind: str, key: str, known: Iterable[str]) -> UsageError:
    """What --set says `key` of, is none of `known`: a new host would be a machine that nobody has."""
    listed = list(known)
    close = [*difflib.get_close_matches(key.split(".")[1], listed, 1),
             *difflib.get_close_matches(key.removeprefix(f"{kind}."), listed, 1, 0.4)]
    plural = {"host": "hosts", "class": "classes"}[kind]
    return UsageError(f"{settings.NAME} {key}: there is no {kind} {key.split('.')[1]}" +
                      (f"; did you mean {close[0]}?" if close else ""),
                      f"{plural}: {names.some(listed) or 'none'}; a name with dots stands in quotes: "
                      f"{kind}.\"web1.example.com\"")


def _inventories(joined: Joined, shown: str) -> Iterator[Layer]:
    """The files that `inventory` names; of what is no text the shape is judged later."""
    found = joined.table.get("inventory", [])
    for number, entry in enumerate(found if isinstance(found, list) else [found]):
        if not isinstance(entry, str):
            continue
        folder = joined.folder(f"inventory[{number}]" if isinstance(found, list) else "inventory")
        path = folder / Path(entry)
        yield Layer(name=entry, path=path, data=files.read(path, entry, shown), role="inventory")


def _add(path: Path, name: str, shown: str, joined: Joined, chain: tuple[Path, ...]) -> None:
    real = path.resolve()
    if real in chain or len(chain) >= MAX_DEPTH:
        circle = " -> ".join(p.name for p in (*chain, real))
        raise UsageError(f"{shown}: extends goes round in a circle: {circle}", "take one of these extends away")
    data = _bytes(path, shown)
    table = _parse(data, shown)
    extends = table.get("extends", [])
    for entry in extends if isinstance(extends, list) else []:
        if isinstance(entry, str):
            below, below_name = _layer(entry, path, shown)
            _add(below, below_name, below_name, joined, (*chain, real))
    _lay(Layer(name=name, path=path, data=data, role="extended" if chain else "profile"), table, joined)


def _lay(layer: Layer, table: dict[str, Any], joined: Joined) -> None:
    """One file over those before it."""
    lines = positions.lines(layer.data.decode())
    join(joined.table, table)
    for key in keys(table):
        joined.origins[key] = Origin(settings.NAME, 0) if layer.role == "set" else Origin(layer.name, lines.get(key, 0))
        if layer.path.parent == joined.home:
            joined.folders.pop(key, None)
        else:
            joined.folders[key] = layer.path.parent
    joined.layers.append(layer)


def again(layers: Sequence[Layer], home: Path) -> Joined:
    """What `read` made of these files, from their bytes alone; a bundle has copies of them. Raises UsageError."""
    joined = Joined(home=home)
    for layer in layers:
        if layer.role == "inventory":
            joined.layers.append(layer)
        else:
            _lay(layer, _parse(layer.data, layer.name), joined)
    return joined


def _layer(entry: str, path: Path, shown: str) -> tuple[Path, str]:
    if "/" in entry or entry.endswith(".toml"):
        below = path.parent / entry
        if not below.is_file():
            raise UsageError(f'{shown}: extends: "{entry}" is not there (looked for {below})',
                             "paths in extends start at the folder of the file that says them")
        return below, entry
    starter = starters.path(entry)
    if starter is None:
        close = difflib.get_close_matches(entry, starters.names(), 1)
        raise UsageError(f'{shown}: extends: "{entry}" is no starter profile' +
                         (f"; did you mean {close[0]}?" if close else ""),
                         f"starters: {', '.join(starters.names())}; a file ends in .toml")
    return starter, starter.name


def _bytes(path: Path, shown: str) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise UsageError(f"{shown} is a directory, not a profile", "name the .toml file in it") from None
    except FileNotFoundError:
        raise UsageError(f"{shown}: no such profile",
                         f"pinboot init writes one; starters: {', '.join(starters.names())}") from None
    except OSError as reason:
        raise Missing(f"{shown}: cannot be read: {reason.strerror}") from reason
    if len(data) > MAX_BYTES:
        raise UsageError(f"{shown}: longer than 1 MiB; that is no profile")
    return data


def _parse(data: bytes, shown: str) -> dict[str, Any]:
    try:
        table = tomllib.loads(data.decode())
        if is_deep(table):
            raise RecursionError
        return table
    except RecursionError:
        raise UsageError(f"{shown}: tables or lists in each other, more than {MAX_DEPTH} deep",
                         "no key of a profile needs more than four") from None
    except UnicodeDecodeError:
        raise UsageError(f"{shown}: not UTF-8 text", "save the profile as UTF-8") from None
    except tomllib.TOMLDecodeError as reason:
        raise UsageError(f"{shown}: not TOML: {reason}",
                         'texts stand in quotes: key = "value"; a table starts with [name]') from None


def is_deep(table: dict[str, Any] | list[Any]) -> bool:
    """Deeper than any profile: who walks it by recursion would end in a traceback."""
    level: list[Any] = [table]
    for _ in range(MAX_DEPTH):
        level = [below for each in level for below in (each.values() if isinstance(each, dict) else each)
                 if isinstance(below, dict | list)]
    return bool(level)


def join(base: dict[str, Any], top: Mapping[str, Any]) -> None:
    """`top` over `base`: tables join, everything else replaces."""
    for key, value in top.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            join(base[key], value)
        elif isinstance(value, dict):
            base[key] = {}
            join(base[key], value)
        else:
            base[key] = value


def keys(table: Mapping[str, Any], above: str = "") -> list[str]:
    """Every dotted key below a table, tables and entries of lists among them."""
    found = []
    for name, value in table.items():
        key = f"{above}.{name}" if above else name
        found.append(key)
        if isinstance(value, dict):
            found.extend(keys(value, key))
        elif isinstance(value, list):
            found.extend(f"{key}[{index}]" for index in range(len(value)))
    return found

"""Profile files and what they extend, joined into one table that remembers who set each key."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from builder import names
from builder.errors import Missing, UsageError
from builder.profile import starters
from builder.profile.file import positions, settings
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
    role: Literal["profile", "extended", "set"]


@dataclass(slots=True, kw_only=True)
class Joined:
    """`table` is the union; `origins` maps dotted keys to file and line, `folders` to the folder of that file (relative
    references start there); `layers` are the files in the order in which they count, `home` is the folder of the
    user's own."""

    home: Path
    table: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)

    def folder(self, key: str) -> Path:
        while key:
            if key in self.folders:
                return self.folders[key]
            key = key.rpartition(".")[0]
        return self.home


def read(path: Path, shown: str, words: Sequence[str] = ()) -> Joined:
    """The profile at `path` with all it extends, and over it `words`, KEY=VALUE each; tables join, everything else
    replaces, later layers win.

    Raises UsageError for a file that is no TOML, a cycle or a missing layer; Missing where `path` is not there.
    """
    given = settings.parse(words)
    joined = Joined(home=path.parent)
    _add(path, path.name, shown, joined, ())
    _set(given, joined)
    return joined


def _set(given: Sequence[settings.Setting], joined: Joined) -> None:
    for each in given:
        _may_be_set(each, joined.table)
        _join(joined.table, each.table)
        for key in _keys(each.table):
            joined.origins[key] = Origin(settings.NAME, 0)
            joined.folders[key] = joined.home
    if given:
        data = settings.text(given).encode()
        joined.layers.append(Layer(name="set.toml", path=joined.home / "set.toml", data=data, role="set"))


def _may_be_set(each: settings.Setting, table: Mapping[str, Any]) -> None:
    """Refuse what could only be a typing mistake: a new host would be a machine that nobody has."""
    if each.path[0] == "extends":
        raise UsageError(f"{settings.NAME} extends: what a profile extends is read before",
                         "write a profile of two lines: extends, and what you want to set")
    known = table.get(each.path[0])
    if each.path[0] == "host" and len(each.path) > 1 and isinstance(known, dict) and each.path[1] not in known:
        close = difflib.get_close_matches(".".join(each.path[1:]), known, 1, 0.4)
        raise UsageError(f"{settings.NAME} {'.'.join(each.path)}: there is no host {each.path[1]}" +
                         (f"; did you mean {close[0]}?" if close else ""),
                         f"hosts: {names.some(known)}; a name with dots stands in quotes: host.\"web1.example.com\"")


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
    _join(joined.table, table)
    for key in _keys(table):
        joined.origins[key] = Origin(settings.NAME, 0) if layer.role == "set" else Origin(layer.name, lines.get(key, 0))
        joined.folders[key] = layer.path.parent
    joined.layers.append(layer)


def again(layers: Sequence[Layer], home: Path) -> Joined:
    """What `read` made of these files, from their bytes alone; a bundle has copies of them. Raises UsageError."""
    joined = Joined(home=home)
    for layer in layers:
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
        return tomllib.loads(data.decode())
    except UnicodeDecodeError:
        raise UsageError(f"{shown}: not UTF-8 text", "save the profile as UTF-8") from None
    except tomllib.TOMLDecodeError as reason:
        raise UsageError(f"{shown}: not TOML: {reason}",
                         'texts stand in quotes: key = "value"; a table starts with [name]') from None


def _join(base: dict[str, Any], top: Mapping[str, Any]) -> None:
    for key, value in top.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _join(base[key], value)
        elif isinstance(value, dict):
            base[key] = {}
            _join(base[key], value)
        else:
            base[key] = value


def _keys(table: Mapping[str, Any], above: str = "") -> list[str]:
    found = []
    for name, value in table.items():
        key = f"{above}.{name}" if above else name
        found.append(key)
        if isinstance(value, dict):
            found.extend(_keys(value, key))
        elif isinstance(value, list):
            found.extend(f"{key}[{index}]" for index in range(len(value)))
    return found

"""What each key of a profile means: the tables of the schema, and the words of keys.toml for them."""

from __future__ import annotations

import functools
import re
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from builder.profile.file import schema

FILE = Path(__file__).parent / "keys.toml"
# Stands for a name that the user chooses: host.NAME.address.
NAME = "NAME"
REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of a table. `example` is TOML as it stands in that table; `default` is empty where there is none; `form`
    names the shape of its texts (schema.FORMS)."""

    name: str
    text: str
    example: str
    default: str = ""
    form: str = ""

    @property
    def value(self) -> Any:
        """What the example sets."""
        return tomllib.loads(self.example)[self.name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of the schema. `paths` are where it may stand (the profile itself: an empty one), `page` is the document
    that shows it at work."""

    name: str
    title: str
    page: str
    paths: tuple[str, ...]
    keys: tuple[Key, ...]

    def path(self, key: str) -> str:
        """The dotted key, where it stands first."""
        return f"{self.paths[0]}.{key}" if self.paths[0] else key


@functools.cache
def tables() -> Mapping[str, Table]:
    """Every table by the name of its struct, in the order of the page."""
    words = tomllib.loads(FILE.read_text(encoding="utf-8"))
    structs = {struct.__name__.lower(): (struct, paths) for struct, paths in _structs().items()}
    return {structs[name][0].__name__: _table(name, about, words, *structs[name])
            for name, about in words["tables"].items()}


def unsaid() -> tuple[str, ...]:
    """Tables and keys of the schema that keys.toml has no word for, and words for what is not in the schema."""
    words = tomllib.loads(FILE.read_text(encoding="utf-8"))
    about = words["tables"]
    structs = {struct.__name__.lower(): struct for struct in _structs()}
    found = [f"table {name}" for name in {*structs} ^ {*about}] + [f"section {name}" for name in
                                                                  {*words} - {*about, "tables"}]
    for name in {*structs} & {*about}:
        known = {*structs[name].__struct_encode_fields__}
        found += [f"{name}.{key}" for key in known if not _said(name, key, words)]
        found += [f"{name}.{key}" for key in {*words.get(name, {})} - known]
    return tuple(sorted(found))


def _table(name: str, about: Mapping[str, str], words: Mapping[str, Any], struct: type[msgspec.Struct],
           paths: tuple[str, ...]) -> Table:
    """Keys that have words of their own come first, in the order of these."""
    order = [*words.get(name, {})]
    fields = sorted(msgspec.structs.fields(struct), key=lambda field: order.index(field.encode_name)
                    if field.encode_name in order else len(order))
    return Table(name=struct.__name__, title=about["title"], page=about["page"], paths=paths, keys=tuple(
        Key(name=field.encode_name, text=said["text"], example=said["example"].strip(),
            default=said.get("default") or _default(field), form=said.get("form", ""))
        for field in fields if (said := _said(name, field.encode_name, words))))


def _said(name: str, key: str, words: Mapping[str, Any]) -> Mapping[str, str]:
    """What is said of a key of the table, by itself or by the one that it is like; empty where nothing is."""
    own: Mapping[str, str] = words.get(name, {}).get(key, {})
    about = words["tables"][name]
    if own or "like" not in about:
        return own
    found = _said(about["like"], key, words)
    return {**found, "default": about["inherits"]} if found else {}


def _default(field: msgspec.structs.FieldInfo) -> str:
    """The default of the schema as TOML writes it; empty where it is nothing."""
    value = field.default
    if field.default_factory is not msgspec.NODEFAULT or value in (None, (), "", msgspec.NODEFAULT):
        return ""
    return spelled(value)


def spelled(value: Any) -> str:
    """A text, number, boolean or list of them as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(spelled, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


@functools.cache
def _structs() -> Mapping[type[msgspec.Struct], tuple[str, ...]]:
    """Every table of the schema, with the paths where it may stand, the shortest first."""
    found: dict[type[msgspec.Struct], list[str]] = {}
    waiting: list[tuple[str, type[msgspec.Struct]]] = [("", schema.Profile)]
    while waiting:
        path, struct = waiting.pop(0)
        found.setdefault(struct, []).append(path)
        for field in msgspec.structs.fields(struct):
            own = f"{path}.{field.encode_name}" if path else field.encode_name
            waiting += [(own + more, inner) for more, inner in _inside(field.type)]
    return {struct: tuple(sorted(paths, key=lambda path: (path.count("."), path))) for struct, paths in found.items()}


def _inside(kind: Any) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """The tables that a value of this type may be, with what stands between: nothing, or a name."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        for each in typing.get_args(kind):
            yield from _inside(each)
    elif typing.get_origin(kind) is dict:
        yield from ((f".{NAME}{more}", struct) for more, struct in _inside(typing.get_args(kind)[1]))
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield "", kind


def split(path: str) -> tuple[str, ...]:
    """The parts of a dotted key; a part with dots in it stands in quotes: interface."bond0.120".mtu."""
    return tuple(quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|([^."]+)', path))


def find(path: str) -> tuple[Table, Key] | Table | None:
    """The key or table at a dotted path, in which NAME and any name of the user's stand for each other."""
    wanted = split(path)
    for table in tables().values():
        for place in table.paths:
            parts = split(place)
            if wanted and _same(parts, wanted):
                return table
            if len(wanted) == len(parts) + 1 and _same(parts, wanted[:-1]):
                key = next((key for key in table.keys if key.name == wanted[-1]), None)
                if key:
                    return table, key
    return None


def _same(parts: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return len(parts) == len(wanted) and all(
        part in (NAME, word) for part, word in zip(parts, wanted, strict=True))

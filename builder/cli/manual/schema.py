"""The JSON Schema of a profile, for editors that check and complete TOML while one types (taplo, Even Better TOML).

Shape and types come from builder/profile/file/schema.py; descriptions, examples and the form of texts from keys.toml.
It knows less than `pinboot check`: it looks at one file, which another one may complete.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from builder import __version__
from builder.cli.manual import keys
from builder.cli.manual.keys import Key, Table
from builder.profile.file import schema
from builder.profile.storage import LAYOUTS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# How the first lines of a schema of ours look; -o replaces no other file.
MARK = "pinboot schema wrote this"
# What texts look like (ECMA-262, as JSON Schema asks): never narrower than the parsers that these stand for, so that no
# editor marks what pinboot takes.
_HEX, _MAC_GAP = "[0-9A-Fa-f]", "[:.-]"
FORMS: Mapping[str, Mapping[str, Any]] = {
    "release": {"pattern": r"^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*-[0-9]{1,4}(\.[0-9]{1,4}){0,2}$"},
    "size": {"pattern": r"^[1-9][0-9]{0,11} ?(KiB|MiB|GiB|TiB)$"},
    "swap": {"pattern": r"^(0|[1-9][0-9]{0,11} ?(KiB|MiB|GiB|TiB))$"},
    "mac": {"pattern": f"^({_HEX}{{2}}({_MAC_GAP}{_HEX}{{2}}){{5}}|{_HEX}{{4}}({_MAC_GAP}{_HEX}{{4}}){{2}}"
                       f"|{_HEX}{{12}})$"},
    "address": {"pattern": r"^(dhcp|dhcp6|auto6|none|[0-9.]+/[0-9]{1,2}|[0-9A-Fa-f.:]+/[0-9]{1,3})$"},
    "password": {"pattern": r"^(file:.|env:.|\$[56y]\$)"},
    "secret": {"pattern": r"^(file:|env:)."},
    "console": {"pattern": r"^(tty[A-Z]{0,3}[0-9]{1,2}(,[0-9]{3,6}[neo]?[78]?r?)?|hvc[0-9])$"},
    "layout": {"enum": list(LAYOUTS)},
}


def text() -> str:
    """The schema as JSON; the same bytes each time."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document() -> dict[str, Any]:
    """The schema as a value."""
    _, tables = msgspec.json.schema_components([schema.Profile])
    known = keys.tables()
    made = {name: _table(tables[name], known[name]) for name in known}
    return {"$schema": DIALECT, "$comment": f"{MARK}: pinboot {__version__}", "title": "A profile of pinboot",
            **{word: value for word, value in made.pop("Profile").items() if word != "title"},
            "$defs": dict(sorted(made.items()))}


def _table(found: Mapping[str, Any], table: Table) -> dict[str, Any]:
    return {"title": table.title, "type": "object",
            "properties": {key.name: _property(found["properties"][key.name], key) for key in table.keys},
            "additionalProperties": False}


def _property(found: Mapping[str, Any], key: Key) -> dict[str, Any]:
    choices = [_formed(choice, key.form) for choice in _choices(found)]
    shape = choices[0] if len(choices) == 1 else {"anyOf": choices}
    default = found.get("default")
    default = list(default) if isinstance(default, tuple) else default
    return {"description": "\n\n".join((key.text, *_default(key))), **shape,
            **({"default": default} if default or default is False else {}), "examples": [key.value]}


def _default(key: Key) -> Iterator[str]:
    if key.default.startswith(keys.REQUIRED):
        yield f"{key.default.capitalize()}."
    elif key.default:
        yield f"Default: {key.default}"


def _choices(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What a value may be. TOML has no null."""
    for choice in found.get("anyOf", [found]):
        if choice.get("type") != "null":
            yield {word: value for word, value in choice.items() if word not in ("default", "title")}


def _formed(choice: Mapping[str, Any], form: str) -> dict[str, Any]:
    """`choice` whose texts have the form."""
    if not form:
        return dict(choice)
    if choice.get("type") == "string":
        return {"type": "string", **FORMS[form]}
    if choice.get("type") == "array":
        return {**choice, "items": _formed(choice["items"], form)}
    return dict(choice)


def kinds(found: Mapping[str, Any]) -> str:
    """What a value may be, in words."""
    words = dict.fromkeys(_kind(choice) for choice in found.get("anyOf", [found]))
    return (", or " if any(" or " in word for word in words) else " or ").join(words)


def _kind(choice: Mapping[str, Any]) -> str:
    if "enum" in choice:
        words = [f'"{word}"' for word in choice["enum"]]
        return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
    if choice.get("type") == "array":
        inner = choice["items"]
        return "a list of words" if "enum" in inner else "a list of tables" if inner.get("type") == "object" \
            else "a list of texts"
    return {"string": "text", "integer": "a whole number", "boolean": "true or false"}.get(
        str(choice.get("type")), "a table")

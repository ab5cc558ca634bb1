"""Fit a parsed TOML file to the schema and note every mistake of shape, where msgspec alone would stop at the first."""

from __future__ import annotations

import difflib
import functools
import types
import typing
from collections.abc import Sequence
from typing import Any, Literal, TypeVar, Union

import msgspec

from builder.names import shown
from builder.profile.file.mistakes import Mistakes

S = TypeVar("S", bound=msgspec.Struct)
_BAD = object()
_WORDS = {str: "text in quotes", int: "a whole number", bool: "true or false", float: "a number"}


def fit(table: type[S], found: dict[str, Any], key: str, mistakes: Mistakes) -> S:
    """`found` as a `table`: what does not fit is noted in `mistakes` and left at its default."""
    known = fields(table)
    kept = {}
    for name, value in found.items():
        path = f"{key}.{name}" if key else name
        if name not in known:
            mistakes.add(path, unknown(name, list(known)))
            continue
        fitted = _fit_value(known[name].type, value, path, mistakes)
        if fitted is not _BAD:
            kept[known[name].name] = fitted
    return table(**kept)


def refit(table: S, name: str, value: Any, key: str, mistakes: Mistakes) -> None:
    """Set one field of `table`, by its key, anew; what does not fit is noted, and nothing set."""
    field = fields(type(table))[name]
    fitted = _fit_value(field.type, value, f"{key}.{name}", mistakes)
    if fitted is not _BAD:
        setattr(table, field.name, fitted)


@functools.cache
def fields(table: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """The fields of a table by key; msgspec works them out anew at each call, which a fleet would feel."""
    return {field.encode_name: field for field in msgspec.structs.fields(table)}


def unknown(name: str, known: Sequence[str]) -> str:
    """What is said of a key that is none."""
    close = difflib.get_close_matches(name, known, 1, 0.6)
    if close:
        return f"unknown key; did you mean {close[0]}?"
    return f"unknown key; known here: {', '.join(sorted(known))}"


def _fit_value(wanted: Any, value: Any, key: str, mistakes: Mistakes) -> Any:
    choices = choices_of(wanted)
    for choice in choices if isinstance(value, dict) else ():
        if isinstance(choice, type) and issubclass(choice, msgspec.Struct):
            return fit(choice, value, key, mistakes)
        if typing.get_origin(choice) is dict:
            inner = typing.get_args(choice)[1]
            pairs = {name: _fit_value(inner, each, f"{key}.{name}", mistakes) for name, each in value.items()}
            return {name: each for name, each in pairs.items() if each is not _BAD}
    try:
        return msgspec.convert(value, wanted, strict=True)
    except msgspec.ValidationError:
        mistakes.add(key, f"{_found(value)}; wants {' or '.join(_describe(c) for c in choices)}{_near(choices, value)}")
        return _BAD


@functools.cache
def choices_of(wanted: Any) -> tuple[Any, ...]:
    """The types of a union, without None."""
    if typing.get_origin(wanted) in (Union, types.UnionType):
        return tuple(arg for arg in typing.get_args(wanted) if arg is not type(None))
    return (wanted,)


def _describe(choice: Any) -> str:
    origin, args = typing.get_origin(choice), typing.get_args(choice)
    if origin is Literal:
        return "one of " + ", ".join(f'"{arg}"' for arg in args)
    if origin is tuple:
        return f"a list of {_describe(args[0]).replace('one of ', '')}"
    if origin is dict or (isinstance(choice, type) and issubclass(choice, msgspec.Struct)):
        return "a table"
    return _WORDS.get(choice, str(choice))


def _found(value: Any) -> str:
    if isinstance(value, str):
        return f"found {shown(value)}"
    if isinstance(value, bool):
        return f"found {str(value).lower()}"
    if isinstance(value, int | float):
        return f"found {value} without quotes"
    if isinstance(value, list):
        return "found a list" if all(isinstance(v, str) for v in value) else "found a list that holds other things"
    return "found a table" if isinstance(value, dict) else f"found {shown(str(value))}"


def _near(choices: tuple[Any, ...], value: Any) -> str:
    words = [w for c in choices for w in _literals(c)]
    tried = value if isinstance(value, list) else [value]
    close = [m for v in tried if isinstance(v, str) and v not in words for m in difflib.get_close_matches(v, words, 1)]
    return f"; did you mean {close[0]}?" if close else ""


def _literals(choice: Any) -> tuple[str, ...]:
    args = typing.get_args(choice)
    if typing.get_origin(choice) is tuple:
        return _literals(args[0])
    return args if typing.get_origin(choice) is Literal else ()

"""Catalog TOML to families: one parser, also the validator, that gathers every mistake of a file before it raises."""

from __future__ import annotations

import datetime
import difflib
import re
import string
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

from builder import names
from builder.catalog.family import EVIDENCE, NEWER, ROLES, TEMPLATE_FIELDS, Family, PointRelease, Series
from builder.catalog.generation import GENERATIONS
from builder.errors import UsageError, several

FAMILY_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*")
MAJOR = re.compile(r"[1-9][0-9]{0,2}")
VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){0,2}")
TIMESTAMP = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
FINGERPRINT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
KERNEL = re.compile(r"[0-9][0-9A-Za-z.]*-[0-9][0-9A-Za-z.]*")
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.repo")
SAMPLE = {"version": "9.9", "major": "9", "arch": "x86_64"}


def families(text: str, where: str, base: Mapping[str, Family] = MappingProxyType({})) -> Mapping[str, Family]:
    """The families of `base`, with those of the TOML `text` added and its series in place of theirs.

    Raises UsageError with every mistake of the file: key path, what was found, what was wanted.
    """
    import tomllib  # 20 ms of start-up time that --help and completion need not pay (LIBRARIES 7)

    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise UsageError(f"{where}: not TOML: {e}", "the shape of a catalog file is that of families.toml") from e
    reader = _Reader()
    found = dict(base)
    for word, value in raw.items():
        family = reader.family(word, value, base.get(word))
        if family is not None:
            found[word] = family
    reader.clashes(found)
    if reader.mistakes:
        count = f"{len(reader.mistakes)} mistake{'s' if len(reader.mistakes) > 1 else ''}"
        raise several(f"{where}: {count} in the catalog file", reader.mistakes,
                      "the shape of a catalog file is that of families.toml in the package")
    return MappingProxyType(found)


class _Reader:
    """Walks one file; a mistake is noted with its key path and the walk goes on."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def family(self, word: str, raw: object, known: Family | None) -> Family | None:
        if not FAMILY_ID.fullmatch(word):
            self._note(word, f"{names.shown(word)} is no family word (lower-case letters, digits, parts joined by -)")
        table = self._table(word, raw, ("title", "names", "series"))
        if table is None:
            return None
        title = self._value(f"{word}.title", table.get("title", known.title if known else None), _text)
        own = self._each(f"{word}.names", table.get("names", [] if known else None), _text)
        rows = self._table(f"{word}.series", table.get("series", {} if known else None), None)
        series = dict(known.series) if known else {}
        for major, row in (rows or {}).items():
            if major != NEWER and not MAJOR.fullmatch(major):
                self._note(f"{word}.series.{major}", f"{names.shown(major)} is no major version and not {NEWER!r}")
            elif (made := self._series(f"{word}.series.{major}", major, row)) is not None:
                series[major] = made
        if title is None or own is None:
            return None
        written = tuple(dict.fromkeys((*(known.names if known else ()), *own)))
        return Family(id=word, title=title, names=written, series=MappingProxyType(series))

    def clashes(self, found: Mapping[str, Family]) -> None:
        """One name that two families claim would make a tree's family a matter of luck."""
        owner: dict[str, str] = {}
        for family in found.values():
            for name in family.names:
                if owner.setdefault(name, family.id) != family.id:
                    self._note(f"{family.id}.names", f"{names.shown(name)} is a name of {owner[name]} already")

    def _series(self, key: str, major: str, raw: object) -> Series | None:
        table = self._table(key, raw, SERIES)
        if table is None:
            return None
        values: dict[str, Any] = {}
        for word, (default, many, parse) in SERIES.items():
            value = table.get(word, default)
            read = self._each if many else self._value
            values[word] = read(f"{key}.{word}", value, parse)
        points = [self._point(f"{key}.points[{i}]", row) for i, row in enumerate(self._list(f"{key}.points", table))]
        minimum = self._minimum(f"{key}.minimum", table.get("minimum", {}))
        if any(value is None for value in values.values()) or None in points:
            return None
        made = Series(major=major, points=tuple(p for p in points if p), minimum=minimum, **values)
        if made.latest and made.points and made.point(made.latest) is None:
            self._note(f"{key}.latest", f"{names.shown(made.latest)} is none of its points")
        return made

    def _point(self, key: str, raw: object) -> PointRelease | None:
        table = self._table(key, raw, ("version", "discinfo", "timestamps", "kernel"))
        if table is None:
            return None
        version = self._value(f"{key}.version", table.get("version"), _matching(VERSION, "a version such as 7.9.2009"))
        discinfo = self._value(f"{key}.discinfo", table.get("discinfo", ""), _maybe(_text))
        stamp = _matching(TIMESTAMP, "seconds in quotes, as the tree writes them")
        stamps = self._each(f"{key}.timestamps", table.get("timestamps", []), stamp)
        kernel = self._value(f"{key}.kernel", table.get("kernel", ""), _maybe(_matching(KERNEL, "such as 5.14.0-570")))
        if version is None or discinfo is None or stamps is None or kernel is None:
            return None
        return PointRelease(version=version, discinfo=discinfo, timestamps=stamps, kernel=kernel)

    def _minimum(self, key: str, raw: object) -> Mapping[str, str]:
        table = self._table(key, raw, ROLES) or {}
        words = {role: self._value(f"{key}.{role}", table.get(role, "first-use"), _one_of(EVIDENCE)) for role in ROLES}
        return MappingProxyType({role: word for role, word in words.items() if word})

    def _list(self, key: str, table: Mapping[str, Any]) -> list[object]:
        value = table.get("points", [])
        if isinstance(value, list):
            return value
        self._note(key, f"wants a list of tables, found {_kind(value)}")
        return []

    def _table(self, key: str, raw: object, known: Collection[str] | None) -> Mapping[str, Any] | None:
        if not isinstance(raw, dict):
            self._note(key, "is missing" if raw is None else f"wants a table, found {_kind(raw)}")
            return None
        for word in raw:
            if known is not None and word not in known and not (known is SERIES and word in ("points", "minimum")):
                all_known = [*known, "points", "minimum"] if known is SERIES else list(known)
                near = difflib.get_close_matches(word, all_known, 1)
                more = f"did you mean {near[0]}?" if near else f"known here: {', '.join(all_known)}"
                self._note(f"{key}.{word}", f"unknown key; {more}")
        return raw

    def _value(self, key: str, raw: object, parse: Callable[[object], Any]) -> Any:
        try:
            return parse(raw)
        except ValueError as e:
            self._note(key, str(e))
            return None

    def _each(self, key: str, raw: object, parse: Callable[[object], Any]) -> tuple[Any, ...] | None:
        if not isinstance(raw, list):
            self._note(key, "is missing" if raw is None else f"wants a list, found {_kind(raw)}")
            return None
        made = [self._value(f"{key}[{i}]", value, parse) for i, value in enumerate(raw)]
        return None if None in made else tuple(made)

    def _note(self, key: str, problem: str) -> None:
        self.mistakes.append(f"{key}: {problem}")


def _kind(value: object) -> str:
    if isinstance(value, str):
        return names.shown(value)
    return {dict: "a table", list: "a list", bool: "true or false"}.get(type(value), f"{value}"[:80])


def _text(value: object) -> str:
    if value is None:
        raise ValueError("is missing")
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > 200:
        raise ValueError(f"wants one line of text in quotes, found {_kind(value)}")
    return value


def _maybe(parse: Callable[[object], str]) -> Callable[[object], str]:
    return lambda value: "" if value == "" else parse(value)


def _matching(pattern: re.Pattern[str], wanted: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        text = _text(value)
        if not pattern.fullmatch(text):
            raise ValueError(f"{names.shown(text)} is not {wanted}")
        return text

    return parse


def _one_of(words: Collection[str]) -> Callable[[object], str]:
    def parse(value: object) -> str:
        text = _text(value)
        if text not in words:
            near = difflib.get_close_matches(text, words, 1)
            more = f"did you mean {near[0]}?" if near else f"one of {', '.join(words)}"
            raise ValueError(f"{names.shown(text)} is not known; {more}")
        return text

    return parse


def _template(value: object) -> str:
    """A URL template of an install tree, in canonical form (names.url), its fields untouched."""
    text = _text(value)
    try:
        parts = [(field, spec, conversion) for _, field, spec, conversion in string.Formatter().parse(text)]
    except ValueError as e:
        raise ValueError(f"{names.shown(text)}: {e}") from None
    for field, spec, conversion in parts:
        if field is not None and (field not in TEMPLATE_FIELDS or spec or conversion):
            raise ValueError(f"{{{field}}} is no field of a template; known: {', '.join(TEMPLATE_FIELDS)}")
    names.url(text.format(**SAMPLE))
    return text.rstrip("/")


def _date(value: object) -> str:
    """An ISO date, in quotes or as TOML's own; canonical text."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    try:
        return datetime.date.fromisoformat(_text(value)).isoformat()
    except ValueError:
        raise ValueError(f"wants a day such as 2024-06-30, found {_kind(value)}") from None


def _fingerprint(value: object) -> str:
    text = _text(value).replace(" ", "").lower()
    if not FINGERPRINT.fullmatch(text):
        raise ValueError(f"{names.shown(text)} is no full fingerprint (40 hex digits, 64 for a version 6 key)")
    return text


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"wants true or false, found {_kind(value)}")
    return value


# Key of a series: default where it is missing (None: it must be there), whether it is a list, parser of one value.
SERIES: Mapping[str, tuple[object, bool, Callable[[object], Any]]] = MappingProxyType({
    "generation": (None, False, _one_of(GENERATIONS)),
    "mirrors": ([], True, _template),
    "vaults": ([], True, _template),
    "end_of_life": ("", False, lambda value: "" if value == "" else _date(value)),
    "latest": ("", False, _maybe(_matching(VERSION, "a version such as 7.9.2009"))),
    "keys": ([], True, _fingerprint),
    "repository_file": ("", False, _maybe(_matching(FILE_NAME, "the name of a .repo file"))),
    "minors": (True, False, _truth),
})

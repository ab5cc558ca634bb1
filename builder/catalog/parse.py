"""Catalog TOML to families: one parser, also the validator, that gathers every mistake of a file before it raises."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from builder import names
from builder.catalog import fields
from builder.catalog.family import (
    EVIDENCE,
    NEWER,
    ROLES,
    ComposeAddress,
    Family,
    PointRelease,
    Series,
    SignedChecksums,
)
from builder.catalog.generation import GENERATIONS
from builder.errors import UsageError, several

T = TypeVar("T")
FAMILY_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*")
MAJOR = re.compile(r"[1-9][0-9]{0,2}")
VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){0,2}")
TIMESTAMP = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
KERNEL = re.compile(r"[0-9][0-9A-Za-z.]*-[0-9][0-9A-Za-z.]*")
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.repo")
A_VERSION = fields.matching(VERSION, "a version such as 7.9.2009")


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
        title = self._value(f"{word}.title", table.get("title", known.title if known else None), fields.line)
        own = self._each(f"{word}.names", table.get("names", [] if known else None), fields.line)
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
        points = self._rows(f"{key}.points", table.get("points", []), self._point)
        checksums = self._rows(f"{key}.checksums", table.get("checksums", []), self._checksums)
        compose = self._compose(f"{key}.compose", table["compose"]) if "compose" in table else None
        minimum = self._minimum(f"{key}.minimum", table.get("minimum", {}))
        if any(value is None for value in values.values()) or points is None or checksums is None:
            return None
        made = Series(major=major, points=points, minimum=minimum, checksums=checksums, compose=compose, **values)
        if made.latest and made.points and made.point(made.latest) is None:
            self._note(f"{key}.latest", f"{names.shown(made.latest)} is none of its points")
        return made

    def _point(self, key: str, raw: object) -> PointRelease | None:
        table = self._table(key, raw, ("version", "discinfo", "timestamps", "kernel"))
        if table is None:
            return None
        version = self._value(f"{key}.version", table.get("version"), A_VERSION)
        discinfo = self._value(f"{key}.discinfo", table.get("discinfo", ""), fields.maybe(fields.line))
        stamp = fields.matching(TIMESTAMP, "seconds in quotes, as the tree writes them")
        stamps = self._each(f"{key}.timestamps", table.get("timestamps", []), stamp)
        base = fields.matching(KERNEL, "such as 5.14.0-570")
        kernel = self._value(f"{key}.kernel", table.get("kernel", ""), fields.maybe(base))
        if version is None or discinfo is None or stamps is None or kernel is None:
            return None
        return PointRelease(version=version, discinfo=discinfo, timestamps=stamps, kernel=kernel)

    def _minimum(self, key: str, raw: object) -> Mapping[str, str]:
        table = self._table(key, raw, ROLES) or {}
        word_of = fields.one_of(EVIDENCE)
        words = {role: self._value(f"{key}.{role}", table.get(role, "first-use"), word_of) for role in ROLES}
        return MappingProxyType({role: word for role, word in words.items() if word})

    def _checksums(self, key: str, raw: object) -> SignedChecksums | None:
        table = self._table(key, raw, ("file", "signature", "iso"))
        if table is None:
            return None
        file = self._value(f"{key}.file", table.get("file"), fields.place)
        signature = self._value(f"{key}.signature", table.get("signature", ""), fields.maybe(fields.file_name))
        iso = self._value(f"{key}.iso", table.get("iso"), fields.image)
        if file is None or signature is None or iso is None:
            return None
        return SignedChecksums(file=file, signature=signature, iso=iso)

    def _compose(self, key: str, raw: object) -> ComposeAddress | None:
        table = self._table(key, raw, ("id", "url", "days"))
        if table is None:
            return None
        place = self._value(f"{key}.id", table.get("id"), fields.place)
        url = self._value(f"{key}.url", table.get("url"), fields.compose_url)
        days = self._value(f"{key}.days", table.get("days"), fields.days)
        return None if place is None or url is None or days is None else ComposeAddress(id=place, url=url, days=days)

    def _rows(self, key: str, raw: object, read: Callable[[str, object], T | None]) -> tuple[T, ...] | None:
        if not isinstance(raw, list):
            self._note(key, f"wants a list of tables, found {fields.kind(raw)}")
            return None
        made = [read(f"{key}[{i}]", row) for i, row in enumerate(raw)]
        kept = tuple(each for each in made if each is not None)
        return kept if len(kept) == len(made) else None

    def _table(self, key: str, raw: object, known: Collection[str] | None) -> Mapping[str, Any] | None:
        if not isinstance(raw, dict):
            self._note(key, "is missing" if raw is None else f"wants a table, found {fields.kind(raw)}")
            return None
        for word in raw:
            all_known = [*known, *TABLES] if known is SERIES else list(known or ())
            if known is not None and word not in all_known:
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
            self._note(key, "is missing" if raw is None else f"wants a list, found {fields.kind(raw)}")
            return None
        made = [self._value(f"{key}[{i}]", value, parse) for i, value in enumerate(raw)]
        return None if None in made else tuple(made)

    def _note(self, key: str, problem: str) -> None:
        self.mistakes.append(f"{key}: {problem}")


# Key of a series: default where it is missing (None: it must be there), whether it is a list, parser of one value.
SERIES: Mapping[str, tuple[object, bool, Callable[[object], Any]]] = MappingProxyType({
    "generation": (None, False, fields.one_of(GENERATIONS)),
    "mirrors": ([], True, fields.template),
    "vaults": ([], True, fields.template),
    "end_of_life": ("", False, lambda value: "" if value == "" else fields.day(value)),
    "latest": ("", False, fields.maybe(A_VERSION)),
    "keys": ([], True, fields.fingerprint),
    "repository_file": ("", False, fields.maybe(fields.matching(FILE_NAME, "the name of a .repo file"))),
    "minors": (True, False, fields.truth),
    "key_files": ([], True, fields.place),
    "updates": ("", False, fields.maybe(fields.place)),
    "mirrorlist": ("", False, fields.maybe(fields.list_template)),
    "metalink": ("", False, fields.maybe(fields.list_template)),
})
# Its keys that hold tables.
TABLES = ("points", "minimum", "checksums", "compose")

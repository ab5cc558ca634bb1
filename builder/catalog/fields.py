"""One value of a catalog file, by what it should be: in canonical form, or a ValueError that says what was wanted."""

from __future__ import annotations

import datetime
import difflib
import re
import string
from collections.abc import Callable, Collection

from builder import names
from builder.catalog.family import TEMPLATE_FIELDS

FINGERPRINT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
ISO = re.compile(r"[A-Za-z0-9._*?!\[\]-]{1,100}\.iso")
# An address of a list of mirrors is the one that has a query; $ stands before what yum calls variables.
QUERY = re.compile(r"[A-Za-z0-9._~%+&=$-]{1,500}")
COMPOSE_FIELD = "compose"
MOST_CLIMBS = 8
SAMPLE = {"version": "9.9", "major": "9", "minor": "9", "arch": "x86_64"}


def kind(value: object) -> str:
    if isinstance(value, str):
        return names.shown(value)
    return {dict: "a table", list: "a list", bool: "true or false"}.get(type(value), f"{value}"[:80])


def line(value: object) -> str:
    if value is None:
        raise ValueError("is missing")
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > 200:
        raise ValueError(f"wants one line of text in quotes, found {kind(value)}")
    return value


def maybe(parse: Callable[[object], str]) -> Callable[[object], str]:
    return lambda value: "" if value == "" else parse(value)


def matching(pattern: re.Pattern[str], wanted: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        text = line(value)
        if not pattern.fullmatch(text):
            raise ValueError(f"{names.shown(text)} is not {wanted}")
        return text

    return parse


def one_of(words: Collection[str]) -> Callable[[object], str]:
    def parse(value: object) -> str:
        text = line(value)
        if text not in words:
            near = difflib.get_close_matches(text, words, 1)
            more = f"did you mean {near[0]}?" if near else f"one of {', '.join(words)}"
            raise ValueError(f"{names.shown(text)} is not known; {more}")
        return text

    return parse


def template(value: object) -> str:
    """A URL template of an install tree, in canonical form (names.url), its fields untouched."""
    text = _with_fields(value, TEMPLATE_FIELDS)
    names.url(text.format(**SAMPLE))
    return text.rstrip("/")


def _with_fields(value: object, known: Collection[str]) -> str:
    text = line(value)
    try:
        parts = [(field, spec, conversion) for _, field, spec, conversion in string.Formatter().parse(text)]
    except ValueError as e:
        raise ValueError(f"{names.shown(text)}: {e}") from None
    for field, spec, conversion in parts:
        if field is not None and (field not in known or spec or conversion):
            raise ValueError(f"{{{field}}} is no field of a template; known: {', '.join(known)}")
    return text


def list_template(value: object) -> str:
    """A URL template of a list of mirrors, which may have a query."""
    text = _with_fields(value, TEMPLATE_FIELDS)
    base, mark, query = text.partition("?")
    names.url(base.format(**SAMPLE))
    if mark and not QUERY.fullmatch(query.format(**SAMPLE)):
        raise ValueError(f"{names.shown(text)}: a query of letters, digits and . _ ~ % + & = - only")
    return text


def place(value: object) -> str:
    """A template of a path relative to the tree, which may climb, or of an https URL."""
    text = _with_fields(value, TEMPLATE_FIELDS)
    made = text.format(**SAMPLE)
    if "://" in made:
        if names.url(made, ("https",)) != made:
            raise ValueError(f"{names.shown(text)} is not as it should be written: {names.shown(names.url(made))}")
        return text
    parts = made.split("/")
    climbs = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
    if climbs > MOST_CLIMBS or climbs == len(parts):
        raise ValueError(f"{names.shown(text)} is no file or folder that is at most {MOST_CLIMBS} steps above the tree")
    names.tree_path("/".join(parts[climbs:]))
    return text


def file_name(value: object) -> str:
    text = line(value)
    if "/" in text:
        raise ValueError(f"{names.shown(text)} is no name of a file in the same folder")
    return names.tree_path(text)


def image(value: object) -> str:
    text = _with_fields(value, TEMPLATE_FIELDS)
    if not ISO.fullmatch(text.format(**SAMPLE)):
        raise ValueError(f"{names.shown(text)} is no pattern of an image's name, such as Rocky-{{version}}-*-boot.iso")
    return text


def compose_url(value: object) -> str:
    text = _with_fields(value, (*TEMPLATE_FIELDS, COMPOSE_FIELD))
    if f"{{{COMPOSE_FIELD}}}" not in text:
        raise ValueError(f"{names.shown(text)} does not say where {{{COMPOSE_FIELD}}} stands in the address")
    names.url(text.format(**SAMPLE, compose="Sample-9-20260706.0"))
    return text.rstrip("/")


def days(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 36_500:
        raise ValueError(f"wants a number of days, found {kind(value)}")
    return value


def day(value: object) -> str:
    """An ISO date, in quotes or as TOML's own; canonical text."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    try:
        return datetime.date.fromisoformat(line(value)).isoformat()
    except ValueError:
        raise ValueError(f"wants a day such as 2024-06-30, found {kind(value)}") from None


def fingerprint(value: object) -> str:
    text = line(value).replace(" ", "").lower()
    if not FINGERPRINT.fullmatch(text):
        raise ValueError(f"{names.shown(text)} is no full fingerprint (40 hex digits, 64 for a version 6 key)")
    return text


def truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"wants true or false, found {kind(value)}")
    return value

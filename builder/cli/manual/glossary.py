"""The words of pinboot and what they mean, and the words near to one that is none."""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "glossary.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """`also` are other spellings, `see` words that belong to it; `page` is a document below docs/, or empty."""

    name: str
    text: str
    also: tuple[str, ...] = ()
    see: tuple[str, ...] = ()
    page: str = ""


@functools.cache
def words() -> Mapping[str, Word]:
    """Every word by its name, in the order of the alphabet."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {name: Word(name=name, text=about["text"], also=tuple(about.get("also", ())),
                       see=tuple(about.get("see", ())), page=about.get("page", ""))
            for name, about in sorted(found.items(), key=lambda item: item[0].lower())}


def find(text: str) -> Word | None:
    """The word that is meant, whatever its case, its dashes and its plural."""
    spellings = _spellings()
    plain = _plain(text)
    return spellings.get(plain) or spellings.get(plain.removesuffix("s"))


def near(text: str) -> tuple[str, ...]:
    """Names of words that look like `text`, the nearest first."""
    spellings = _spellings()
    plain = _plain(text)[:80]
    close = difflib.get_close_matches(plain, spellings, 4, 0.7)
    holding = [spelling for spelling in spellings if len(plain) > 2 and plain in spelling]
    return tuple(dict.fromkeys(spellings[each].name for each in (*close, *holding)))[:4]


@functools.cache
def _spellings() -> Mapping[str, Word]:
    return {_plain(spelling): word for word in words().values() for spelling in (*word.also, word.name)}


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text.strip().lower())

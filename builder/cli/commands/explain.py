"""`pinboot explain`: a word of the glossary, a key of a profile, an exit code."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import Any

from builder.cli import printing, terminal
from builder.cli.manual import glossary, keys
from builder.cli.manual.glossary import Word
from builder.cli.manual.keys import Key, Table
from builder.errors import OK, UsageError

GAP = 2


def run(chosen: argparse.Namespace) -> int:
    wanted = " ".join(chosen.word).strip()
    if not wanted:
        return _list(chosen)
    word, found = glossary.find(wanted), keys.find(wanted) or _alone(wanted)
    places = () if word or found else _named(wanted)
    if not word and not found and not places:
        raise _unknown(wanted)
    if chosen.json:
        printing.as_json({**_word_json(word), **_key_json(found), **({"keys": places} if places else {})})
        return OK
    blocks = [*_word(word), *_found(found), *_places(wanted, places)]
    printing.out("\n\n".join("\n".join(block) for block in blocks))
    return OK


# Words

def _word(word: Word | None) -> Iterable[list[str]]:
    if word:
        yield [word.name, *_prose(word.text), "", *_pair("see also", ", ".join(word.see)),
               *_pair("more", f"docs/{word.page}" if word.page else "")]


def _word_json(word: Word | None) -> dict[str, Any]:
    if word is None:
        return {}
    return {"word": word.name, "text": word.text, "see": list(word.see), "page": word.page}


def _list(chosen: argparse.Namespace) -> int:
    words = glossary.words()
    if chosen.json:
        printing.as_json({name: word.text for name, word in words.items()})
        return OK
    for line in columns(list(words)):
        printing.out(line)
    if not chosen.quiet:
        printing.story("\nKeys of a profile are words too, as in: pinboot explain storage.layout")
    return OK


def columns(words: Sequence[str]) -> Iterable[str]:
    """The words in columns that are read downwards, within 80."""
    width = max(map(len, words)) + GAP
    count = max(1, (printing.WIDTH + GAP) // width)
    rows = -(-len(words) // count)
    for row in range(rows):
        yield "".join(f"{word:<{width}}" for word in words[row::rows]).rstrip()


def _unknown(wanted: str) -> UsageError:
    near = tuple(dict.fromkeys((*glossary.near(wanted), *_near_keys(wanted))))
    shown = wanted if wanted.isprintable() and len(wanted) <= 60 else "that"
    guess = f"; did you mean {' or '.join(near[:3])}?" if near else ""
    return UsageError(f"{shown}: is no word of pinboot and no key of a profile{guess}",
                      "pinboot explain lists all words; pinboot schema has all keys")


# Keys

def _found(found: tuple[Table, Key] | Table | None) -> Iterable[list[str]]:
    if isinstance(found, Table):
        yield [f"[{found.paths[0] or 'a profile'}]", *_prose(f"{found.title}."), "",
               *_pair("keys", ", ".join(key.name for key in found.keys)), *_pair("more", f"docs/{found.page}")]
    elif found:
        table, key = found
        path = table.path(key.name)
        yield [f"{path}, a key of a profile", *_prose(key.text), "", *_example(key.example),
               *_pair("default", key.default), *_inner(path), *_pair("more", f"docs/{table.page}")]


def _inner(path: str) -> Iterable[str]:
    """Where the key's value may be a table: what that is called, and its keys."""
    for table in keys.tables().values():
        for name in (path, f"{path}.{keys.NAME}"):
            if name in table.paths:
                yield from _pair("keys", f"of [{name}]: {', '.join(key.name for key in table.keys)}")


def _key_json(found: tuple[Table, Key] | Table | None) -> dict[str, Any]:
    if found is None:
        return {}
    if isinstance(found, Table):
        return {"table": found.paths[0], "title": found.title, "page": found.page, "keys": [k.name for k in found.keys]}
    table, key = found
    return {"key": table.path(key.name), "key_text": key.text, "example": key.example, "default": key.default,
            "page": table.page}


def _alone(wanted: str) -> tuple[Table, Key] | None:
    """The one key of this name, wherever it stands."""
    places = _named(wanted)
    found = keys.find(places[0]) if len(places) == 1 else None
    return found if isinstance(found, tuple) else None


def _named(wanted: str) -> list[str]:
    return [table.path(key.name) for table in keys.tables().values() for key in table.keys if key.name == wanted]


def _places(wanted: str, places: Sequence[str]) -> Iterable[list[str]]:
    if places:
        yield [f"{wanted} is a key in several tables:", *(f"    {place}" for place in places)]


def _near_keys(wanted: str) -> list[str]:
    import difflib

    every = [table.path(key.name) for table in keys.tables().values() for key in table.keys]
    return difflib.get_close_matches(wanted[:80], every, 2, 0.75)


# Layout

def _prose(text: str) -> list[str]:
    return terminal.wrapped(text, first="    ", further="    ")


def _example(text: str) -> list[str]:
    """TOML as it can be copied, never wrapped."""
    return [f"{'' if number else 'example':<10}{line}" for number, line in enumerate(text.splitlines())]


def _pair(label: str, text: str) -> list[str]:
    return printing.topic(label, text, 10)

"""What a stream can show: on a terminal lines are folded at 80 columns and a few words have a colour.

Elsewhere neither: a log keeps each message on one line, so that it can be searched.
"""

from __future__ import annotations

import os
import re
import sys
import textwrap
from io import TextIOWrapper
from typing import TextIO

WIDTH = 80
# Select Graphic Rendition (ECMA-48 8.3.117): the words that say how it went, and nothing else.
COLOURS = {"error": "1;31", "warning": "33", "ok": "32"}
_WORD = re.compile(r"(error|warning)(?=:)")
_LABEL = re.compile(r"(?:error|hint|warning): +")


def can_draw(stream: TextIO) -> bool:
    """A terminal that takes more than letters: bars draw over themselves, words have colours."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def has_colour(stream: TextIO) -> bool:
    """Such a terminal, where nobody said NO_COLOR (no-color.org: set, and not empty)."""
    return can_draw(stream) and not os.environ.get("NO_COLOR")


def painted(word: str, stream: TextIO) -> str:
    """`word` in the colour of what it says, where `stream` shows colours."""
    code = COLOURS.get(word)
    return f"\x1b[{code}m{word}\x1b[0m" if code and has_colour(stream) else word


def message(text: str, stream: TextIO) -> str:
    """`text` as `stream` shows it: folded where it is a terminal, `error:` in front in its colour."""
    if stream.isatty():
        text = "\n".join(row for line in text.split("\n") for row in folded(line))
    found = _WORD.match(text)
    return f"{painted(found[1], stream)}{text[found.end():]}" if found else text


def folded(line: str, width: int = WIDTH) -> list[str]:
    """One line in rows of at most `width` columns, broken at blanks only; rows that follow are set in."""
    if len(line) <= width:
        return [line]
    label, text = _LABEL.match(line), line.lstrip(" ")
    left = len(line) - len(text)
    further = label.end() if label else left + 2
    return wrapped(text, width, " " * left, " " * further)


def wrapped(text: str, width: int = WIDTH, first: str = "", further: str = "") -> list[str]:
    """`text` in rows of at most `width` columns, broken at blanks only, so that what is to be copied stays whole;
    `first` stands before the first row, `further` before the others."""
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=further, break_long_words=False,
                         break_on_hyphens=False)


def forgive() -> None:
    r"""Let the standard streams write as \xNN what their encoding lacks, and bytes of file names that are in none."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def is_utf8(stream: TextIO) -> bool:
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("_", "-") in ("utf-8", "utf8")

"""One command line as it is judged: its words in order, and where templates left a place open."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from builder.finding import Finding
from builder.lint.line import tokens
from builder.lint.line.targets import Target
from builder.lint.line.tokens import Word

# Letters that are judged: twice what any kernel takes (REFERENCE 1.8).
LONGEST = 8192
# A finding and the place of the word that it is about; None: the whole line.
Placed = tuple[int | None, Finding]
# jinja, erb, packer, cobbler, iPXE, GRUB and shell, Python, lorax, veewee, and angle brackets of manuals.
PLACEHOLDER = re.compile(
    r"\{\{[^{}]{0,200}\}\}|\{%[^%]{0,200}%\}|<%[^%]{0,200}%>|[$#]\{[^{}]{0,200}(?:\}|$)|\{[A-Za-z_][A-Za-z0-9_.]{0,60}\}"
    r"|\$[A-Za-z_][A-Za-z0-9_]{0,60}|%\([A-Za-z_]{1,40}\)[sd]|%[sd](?![0-9A-Za-z])"
    r"|%(?![0-9A-F]{2}%)[A-Z]{2,20}%|@[A-Z][A-Z0-9_]{1,40}@|<[A-Za-z][A-Za-z0-9_ .-]{0,40}>")


@dataclass(frozen=True, slots=True)
class Line:
    """`words` as the kernel cuts the line; blanks inside placeholders are gone, as they will be once it is filled.
    `size` counts its bytes; of a line beyond all limits only the beginning is looked at."""

    text: str
    words: tuple[Word, ...]
    size: int

    @classmethod
    def of(cls, text: str) -> Line:
        # Bytes that are no UTF-8 came in as one letter each (surrogateescape), and count one.
        size = len(text.encode(errors="replace"))
        closed = PLACEHOLDER.sub(lambda found: re.sub(r"\s+", "", found[0]), text[:LONGEST])
        return cls(closed, tuple(Word.of(word) for word in tokens.kernel(closed)), size)

    def all(self, *names: str) -> Iterator[tuple[int, Word]]:
        """Words of these names, and where they stand."""
        return ((place, word) for place, word in enumerate(self.words) if word.name in names)

    def last(self, *names: str) -> Word | None:
        """The one that counts: the last."""
        return next((word for _, word in reversed(list(self.all(*names)))), None)

    def value(self, *names: str) -> str:
        """The value of the last word of these names; empty where there is none."""
        found = self.last(*names)
        return found.argument if found else ""

    def has(self, *names: str) -> bool:
        return self.last(*names) is not None


# A part of the judgement: what of a line it finds for one target.
Check = Callable[[Line, Target], Iterator[Placed]]


def is_open(word: Word) -> bool:
    """Whether the value, or the whole word, is not known yet."""
    return bool(PLACEHOLDER.search(word.text))

"""The words of a kickstart's command line, with where they stand: pykickstart's own splitting (parser.py,
`shlex.split(line, comments=True)`), which keeps no places."""

from __future__ import annotations

from dataclasses import dataclass

BLANKS = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Word:
    """`text` as the parser takes it, quotes and backslashes gone; the line's `start` to `end` is how it was written."""

    text: str
    start: int
    end: int

    @property
    def option(self) -> str:
        """`--size` of `--size=1`, else empty."""
        return self.text.partition("=")[0] if self.text.startswith("--") else ""

    @property
    def value(self) -> str:
        return self.text.partition("=")[2] if self.text.startswith("--") else self.text


@dataclass(frozen=True, slots=True)
class Split:
    """`comment` is where the comment begins (-1: there is none); `cut` says that it cuts a word short."""

    words: tuple[Word, ...]
    comment: int = -1
    cut: bool = False


def split(line: str) -> Split:
    """Raises ValueError where a quote or a backslash has nothing after it."""
    found: list[Word] = []
    at = 0
    while at < len(line):
        if line[at] in BLANKS:
            at += 1
        elif line[at] == "#":
            return Split(tuple(found), at)
        else:
            text, end = _word(line, at)
            found.append(Word(text, at, end))
            if end < len(line) and line[end] == "#":
                return Split(tuple(found), end, cut=True)
            at = end
    return Split(tuple(found))


def values(found: tuple[Word, ...], *options: str) -> list[str]:
    """What these options are given, in either way of writing: --size=1, --size 1."""
    return [following.text if "=" not in word.text and following else word.value
            for word, following in zip(found, (*found[1:], None), strict=True) if word.option in options]


def _word(line: str, at: int) -> tuple[str, int]:
    """The word that starts at `at`, and where it ends."""
    text: list[str] = []
    while at < len(line) and line[at] not in BLANKS and line[at] != "#":
        letter = line[at]
        if letter in "\"'":
            inside, at = _quoted(line, at)
            text.append(inside)
        elif letter == "\\":
            if at + 1 == len(line):
                raise ValueError("no escaped character")
            text.append(line[at + 1])
            at += 2
        else:
            text.append(letter)
            at += 1
    return "".join(text), at


def _quoted(line: str, at: int) -> tuple[str, int]:
    """What stands in the quotes that open at `at`; inside double ones a backslash hides itself and the quote only."""
    quote, text = line[at], []
    at += 1
    while at < len(line) and line[at] != quote:
        if quote == '"' and line[at] == "\\" and at + 1 < len(line) and line[at + 1] in '"\\':
            at += 1
        text.append(line[at])
        at += 1
    if at == len(line):
        raise ValueError("no closing quotation")
    return "".join(text), at + 1

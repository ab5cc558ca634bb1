"""A kickstart's lines as pykickstart's state machine divides them: commands, sections and their bodies, includes.

Two things it does not do by itself: to go on after a section without %end, and to tell a line's place in the file,
where letters count as line ends that editors do not take for any.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from builder.boot.kickstart.quoting import SECTION_WORDS
from builder.lint.kickstart.text import words
from builder.lint.kickstart.text.words import Word

# str.splitlines, by which the parser takes lines, knows more ends than an editor (Python's documentation of it).
ODD_ENDS = re.compile("[\v\f\x1c\x1d\x1e\x85\u2028\u2029]|\r(?!\n)")
NOT_SECTIONS = frozenset({"%end", "%include", "%ksappend"})
SCRIPTS = frozenset({"%pre", "%pre-install", "%post", "%onerror", "%traceback"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line: `text` without its end, `cut` as in words.Split."""

    line: int
    text: str
    words: tuple[Word, ...]
    cut: bool = False

    @property
    def name(self) -> str:
        return self.words[0].text

    def values(self, *options: str) -> list[str]:
        return words.values(self.words, *options)

    def has(self, *options: str) -> bool:
        return any(word.option in options for word in self.words[1:])

    @property
    def bare(self) -> list[str]:
        """Words that are no options; the value of an option that is written apart is among them."""
        return [word.text for word in self.words[1:] if not word.option]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`body` holds (line, text); `end` is the line of %end, or 0 where it is missing."""

    line: int
    text: str
    words: tuple[Word, ...]
    body: tuple[tuple[int, str], ...]
    end: int

    @property
    def name(self) -> str:
        return self.words[0].text

    @property
    def script(self) -> bool:
        return self.name in SCRIPTS

    @property
    def last(self) -> int:
        """The last line that belongs to it, %end or another."""
        return self.end or (self.body[-1][0] if self.body else self.line)

    @property
    def whole(self) -> str:
        return "".join(f"{text}\n" for _, text in self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """`word` is %include or %ksappend; `section` the section around it, or empty."""

    line: int
    word: str
    target: str
    section: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """`broken` are the lines whose quotes do not close, `strays` those with a %end where no section is open. Lines are
    those of the parser and keep their ends; `places` are theirs in the file.
    """

    lines: tuple[str, ...]
    places: tuple[int, ...]
    commands: tuple[Command, ...]
    sections: tuple[Section, ...]
    includes: tuple[Include, ...]
    broken: tuple[int, ...]
    strays: tuple[int, ...]

    def text(self, line: int) -> str:
        """A line without its end."""
        return self.lines[line - 1].rstrip("\r\n")

    def place(self, line: int) -> int:
        return self.places[line - 1] if 0 < line <= len(self.places) else 0

    @property
    def heads(self) -> list[Command | Section]:
        """Every line that the parser reads as a command's."""
        return [*self.commands, *self.sections]

    def scripts(self, *names: str) -> list[Section]:
        return [section for section in self.sections if section.script and (not names or section.name in names)]

    def named(self, *names: str) -> list[Command]:
        return [command for command in self.commands if command.name in names]


def read(text: str) -> Outline:
    return _Reader(text).read()


class _Reader:
    """The state machine; each method takes lines from where the last one stopped."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines(True)
        self.at = 0
        self.known = set(SECTION_WORDS - NOT_SECTIONS)
        self.commands: list[Command] = []
        self.sections: list[Section] = []
        self.includes: list[Include] = []
        self.broken: list[int] = []
        self.strays: list[int] = []

    def read(self) -> Outline:
        while self.at < len(self.lines):
            self.at += 1
            self._command(self.at, self.lines[self.at - 1])
        places, place = [], 1
        for line in self.lines:
            places.append(place)
            place += line.count("\n")
        return Outline(lines=tuple(self.lines), places=tuple(places), commands=tuple(self.commands),
                       sections=tuple(self.sections), includes=tuple(self.includes), broken=tuple(self.broken),
                       strays=tuple(self.strays))

    def _command(self, number: int, line: str) -> None:
        if not line.strip() or line.lstrip().startswith("#"):
            return
        try:
            found = words.split(line)
        except ValueError:
            self.broken.append(number)
            return
        if not found.words:
            return
        text, first = line.rstrip("\r\n"), found.words[0].text
        if first in ("%include", "%ksappend"):
            self._include(number, found.words)
        elif first == "%end":
            self.strays.append(number)
        elif first.startswith("%"):
            self.known.add(first)
            self._section(number, text, found.words)
        else:
            self.commands.append(Command(line=number, text=text, words=found.words, cut=found.cut))

    def _include(self, number: int, found: tuple[Word, ...], section: str = "") -> None:
        target = found[1].text if len(found) > 1 else ""
        self.includes.append(Include(line=number, word=found[0].text, target=target, section=section))

    def _section(self, number: int, text: str, header: tuple[Word, ...]) -> None:
        body: list[tuple[int, str]] = []
        end = 0
        while self.at < len(self.lines):
            line = self.lines[self.at]
            word = line.split(maxsplit=1)[0] if line.lstrip().startswith("%") else ""
            if word in self.known:
                break  # no %end: the next section begins
            self.at += 1
            if word == "%end":
                end = self.at
                break
            if word in ("%include", "%ksappend"):
                self._included(self.at, line, header[0].text)
            body.append((self.at, line.rstrip("\r\n")))
        self.sections.append(Section(line=number, text=text, words=header, body=tuple(body), end=end))

    def _included(self, number: int, line: str, section: str) -> None:
        try:
            self._include(number, words.split(line).words, section)
        except ValueError:
            self.broken.append(number)

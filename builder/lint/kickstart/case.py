"""One kickstart on its way through the checks: its letters, lines and sections, and what the release's parser took."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from builder.boot.review import parsed, reading
from builder.boot.review.parsed import ParsedKickstart
from builder.boot.review.reading import Reading
from builder.catalog.generation import Generation
from builder.errors import UsageError
from builder.lint.kickstart.target import Target
from builder.lint.kickstart.text import outline, shell
from builder.lint.kickstart.text.letters import Text
from builder.lint.kickstart.text.outline import Command, Outline, Section

# The parser's time grows with the square of both (lists that it searches for each line).
MOST_COMMANDS = 5_000
MOST_PACKAGES = 20_000
MOST_SECTIONS = 2_000
MOST_INCLUDES = 1_000
LONGEST = 16_384
# Where a command stands in a script that writes kickstart lines: at the start of a line, or behind echo.
WRITTEN = re.compile(r"(?m)^[ \t]*(?:echo[ \t]+(?:-[en]+[ \t]+)?[\"']?)?([a-z]+)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """What pykickstart is given: each section ended, each broken line empty. `lines` are the outline's lines for its
    own."""

    text: str
    lines: tuple[int, ...]

    def line(self, number: int) -> int:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else 0


@dataclass(frozen=True, kw_only=True)
class Case:
    text: Text
    outline: Outline
    target: Target
    fed: Fed
    reading: Reading

    @property
    def generation(self) -> Generation:
        return self.target.generation

    @cached_property
    def read(self) -> ParsedKickstart:
        return parsed.learned(self.reading, self.fed.text)

    @cached_property
    def refused(self) -> frozenset[str]:
        """First words of the lines that the parser refused: they were meant to be there."""
        lines = {mistake.line for mistake in self.reading.mistakes}
        return frozenset(name for name, line in self.reading.commands if line in lines)

    @cached_property
    def written(self) -> frozenset[str]:
        """Commands that a %pre script of this file writes into what it includes."""
        targets = [include.target for include in self.outline.includes if not include.section and include.target]
        scripts = [script.whole for script in self.outline.scripts("%pre")]
        return frozenset(word for script in scripts if any(target in script for target in targets)
                         for word in WRITTEN.findall(script))

    @cached_property
    def open(self) -> bool:
        """Whether commands come from where nobody can see them now."""
        return any(not include.section and not self.made_here(include.target) for include in self.outline.includes)

    @cached_property
    def heads(self) -> dict[int, Command | Section]:
        """Commands and headers by their lines."""
        return {head.line: head for head in self.outline.heads}

    @cached_property
    def cut(self) -> dict[int, tuple[int, str]]:
        """Here-documents that the parser cuts off, by the lines of their sections: see shell.cut_documents."""
        return shell.cut_documents(self.outline)

    @cached_property
    def _before(self) -> str:
        """All %pre scripts."""
        return "\n".join(script.whole for script in self.outline.scripts("%pre"))

    def made_here(self, target: str) -> bool:
        return bool(target) and target in self._before


def make(text: Text, target: Target, where: str) -> Case:
    """Raises UsageError for what is no kickstart by its size."""
    found = outline.read(text.text)
    packages = sum(len(section.body) for section in found.sections if section.name == "%packages")
    for count, most, what in ((len(found.commands), MOST_COMMANDS, "commands"),
                              (packages, MOST_PACKAGES, "lines of %packages"),
                              (len(found.sections), MOST_SECTIONS, "sections"),
                              (len(found.includes), MOST_INCLUDES, "includes")):
        if count > most:
            raise UsageError(f"{where}: {count} {what} are no kickstart (at most {most})")
    endless = next((head.line for head in found.heads if len(head.text) > LONGEST), 0)
    if endless:
        raise UsageError(f"{where}: line {found.place(endless)} is no command of a kickstart: more than {LONGEST} "
                         "letters")
    fed = mended(found)
    return Case(text=text, outline=found, target=target, fed=fed,
                reading=reading.read(fed.text, target.generation.handler))


def mended(found: Outline) -> Fed:
    """The file mended where the parser would give up, so that the rest is read too; the mends are findings of their
    own."""
    empty = {*found.broken, *found.strays}
    ends = {section.last for section in found.sections if not section.end}
    texts: list[str] = []
    lines: list[int] = []
    for number, line in enumerate(found.lines, 1):
        texts.append("\n" if number in empty else line)
        lines.append(number)
        if number in ends:
            if not line.endswith("\n"):
                texts[-1] += "\n"
            texts.append("%end\n")
            lines.append(number)
    return Fed(text="".join(texts), lines=tuple(lines))


def short(text: str) -> str:
    """The parser's sentence without what it says of every deprecated word."""
    first = re.sub(r"^Ignoring deprecated (?:command|option)(?: on line [0-9]+)?: *", "", text)
    return re.split(r" It may be removed| Please modify", first)[0].rstrip(". ")

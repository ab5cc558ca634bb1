r"""GRUB 2's menu scripts, as far as they start kernels (grub-core/script/yylex.l, execute.c; lib/cmdline.c).

Words are cut and unquoted as GRUB does, with \xHH left as it is, which Red Hat's GRUB does (REFERENCE 1.8); then each
gets a backslash before every quote and backslash, and quotes around it where it has a blank. Variables that the file
sets once are filled in; others stay as ${NAME}.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from builder.finding import Finding
from builder.lint.line.line import PLACEHOLDER
from builder.lint.line.rules import error, warning
from builder.lint.media import variables
from builder.lint.media.entry import Entry, Reading
from builder.names import shown

LINUX = frozenset({"linux", "linux16", "linuxefi"})
RESERVED = frozenset({"if", "then", "elif", "else", "while", "until", "do"})
MENUS = ("menuentry", "submenu")
SPECIAL = "{}|&;<>\n"
HEX = re.compile(r"\\x[0-9a-fA-F]{2}")
ESCAPED = re.compile(r"\\x[0-9a-fA-F]{2}|[\\'\"]")
VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\}|([0-9]+)|([?#*@]))")
NAMED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)


@dataclass(slots=True)
class _Word:
    parts: list[str] = field(default_factory=list)
    quoted: bool = False

    @property
    def text(self) -> str:
        return "".join(self.parts)


@dataclass(slots=True)
class _Command:
    """`end` is the character that ended it, `tight` whether no blank stood in front of that and none behind."""

    line: int
    words: list[_Word] = field(default_factory=list)
    end: str = ""
    tight: bool = False


class _Script:
    """The commands of a script, and the first mistake that GRUB would stop at."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.line = text, 0, 1
        self.mistake: Finding | None = None
        self.word: _Word | None = None
        self.command = _Command(1)
        self.commands: list[_Command] = []
        while self.at < len(text):
            self.step()
        self.finish("", tight=False)

    def step(self) -> None:
        letter = self.text[self.at]
        closed = PLACEHOLDER.match(self.text, self.at) if letter in "{<" else None
        if letter in " \t\r":
            self.end_word()
            self.at += 1
        elif letter == "#" and self.word is None:
            self.at = end if (end := self.text.find("\n", self.at)) >= 0 else len(self.text)
        elif closed:
            self.add(closed[0])
            self.skip(len(closed[0]))
        elif letter in SPECIAL:
            self.special(letter)
        else:
            self.part(letter)

    def part(self, letter: str) -> None:
        if letter == "\\":
            self.escape()
        elif letter in "'\"":
            self.quoted(letter)
        elif letter == "$":
            self.variable()
        else:
            self.add(letter)
            self.at += 1

    def special(self, letter: str) -> None:
        behind = self.text[self.at + 1 : self.at + 2]
        tight = self.word is not None and bool(behind.strip()) and letter != "\n"
        self.at += 1
        self.finish(letter, tight=tight)
        self.line += letter == "\n"
        self.command.line = self.line

    def escape(self) -> None:
        hexed = HEX.match(self.text, self.at)
        if hexed:
            self.add(hexed[0])
            self.at += 4
            return
        following = self.text[self.at + 1 : self.at + 2]
        if following != "\n":
            self.add(following)
        self.skip(2)

    def quoted(self, quote: str) -> None:
        start = self.line
        self.add("", quoted=True)
        self.at += 1
        while self.at < len(self.text):
            letter = self.text[self.at]
            if letter == quote:
                self.at += 1
                return
            if quote == '"' and letter == "\\" and self.text[self.at + 1 : self.at + 2] in ("$", "\\", '"', "\n"):
                escaped = self.text[self.at + 1]
                self.add("" if escaped == "\n" else escaped)
                self.skip(2)
            elif quote == '"' and letter == "$":
                self.variable()
            else:
                self.add(letter)
                self.skip(1)
        self.mistake = self.mistake or error("loader-syntax", f"line {start}: a quote that is never closed",
                                             "close it")

    def variable(self) -> None:
        found = VARIABLE.match(self.text, self.at)
        if found:
            self.add(f"${{{found[1] or found[2] or found[3] or found[4]}}}")
            self.at = found.end()
            return
        placeholder = PLACEHOLDER.match(self.text, self.at)
        self.add(placeholder[0] if placeholder else "$")
        self.skip(len(placeholder[0]) if placeholder else 1)

    def skip(self, count: int) -> None:
        self.line += self.text.count("\n", self.at, self.at + count)
        self.at += count

    def add(self, text: str, *, quoted: bool = False) -> None:
        if self.word is None:
            self.word = _Word()
        self.word.parts.append(text)
        self.word.quoted |= quoted

    def end_word(self) -> None:
        """A reserved word in front of a command is no part of it."""
        if self.word is not None and (self.command.words or self.word.quoted or self.word.text not in RESERVED):
            self.command.words.append(self.word)
        self.word = None

    def finish(self, end: str, *, tight: bool) -> None:
        self.end_word()
        self.command.end, self.command.tight = end, tight
        if self.command.words or end in "{}":
            self.commands.append(self.command)
        self.command = _Command(self.line)


def read(text: str) -> Reading:
    script = _Script(text)
    values = _assigned(script.commands)
    titles: list[str] = []
    entries: list[Entry] = []
    for command in script.commands:
        name = command.words[0].text if command.words else ""
        if name in LINUX and len(command.words) > 1:
            entries.append(_entry(command, next((title for title in reversed(titles) if title), ""), values))
        if command.end == "{":
            titles.append(command.words[1].text if name in MENUS and len(command.words) > 1 else "")
        elif command.end == "}" and titles:
            titles.pop()
    return Reading(tuple(entries), (script.mistake,) if script.mistake else ())


def _assigned(commands: list[_Command]) -> dict[str, str]:
    """Variables that are set in one place alone."""
    found: dict[str, list[str]] = {}
    for command in commands:
        words = [word.text for word in command.words]
        for text in words[1:] if words[:1] == ["set"] else words[:1]:
            match = ASSIGNED.fullmatch(text)
            if match:
                found.setdefault(match[1], []).append(match[2])
    return variables.once(found)


def _entry(command: _Command, title: str, values: dict[str, str]) -> Entry:
    words = list(_words(command.words[1:], values))
    kernel = words[0] if words else ""
    handed = [_handed(word) for word in words[1:]]
    findings = [warning("loader-quote", f"GRUB hands {shown(word)} over as {shown(text)}",
                        "leave quotes and backslashes out") for word, text in zip(words[1:], handed, strict=True)
                if text not in (word, f'"{word}"')]
    if command.tight or command.end in "|&<>":
        findings.append(error("loader-cut", f"line {command.line}: {command.end} ends the command for GRUB; what "
                              "follows never reaches the kernel", f"put the word into quotes: '...{command.end}...'"))
    return Entry(title=title, line=command.line, kernel=kernel, text=" ".join(handed), medium="grub",
                 adds=f"BOOT_IMAGE={kernel}", findings=tuple(findings))


def _words(words: list[_Word], values: dict[str, str]) -> Iterator[str]:
    """Words with variables filled in; an unquoted one falls apart at blanks, as in a shell."""
    for word in words:
        filled = variables.filled(word.text, NAMED, values)
        if word.quoted or filled == word.text:
            yield filled
        else:
            yield from filled.split()


def _handed(word: str) -> str:
    """grub_create_loader_cmdline of Red Hat's GRUB."""
    escaped = ESCAPED.sub(lambda found: found[0] if len(found[0]) > 1 else f"\\{found[0]}", word)
    return f'"{escaped}"' if " " in word else escaped

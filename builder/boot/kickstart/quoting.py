"""Values on their way into a kickstart: one quoting function per grammar, and refusal of what a grammar cannot carry.

A kickstart has two grammars: command lines, which pykickstart splits with shlex (parser.py, `shlex.split(line,
comments=True)`), and section bodies, which a shell or the package list reads. A line end is an error in both: it would
start a new command (REFERENCE 3.5).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from builder.names import escaped, shown

OPTION = re.compile(r"--[a-z0-9-]+=")
# Characters that shlex leaves alone outside quotes. `#` is not among them: it starts a comment in the middle of a word.
PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./^$!~*?\[\]{}-]+")
# First words at which pykickstart stops reading a section's lines as text (parser.py, _readSection and setupSections),
# and %ksappend, which it replaces before anything else (_preprocessStateMachine).
SECTION_WORDS = frozenset({
    "%end", "%include", "%ksappend", "%pre", "%pre-install", "%post", "%onerror", "%traceback", "%packages", "%addon",
    "%anaconda", "%certificate",
})


class Ready(str):
    """Text that is already in the grammar of the place where it will stand; only functions of this room make one."""

    __slots__ = ()


def printable(text: str) -> str:
    """`text` itself. Raises ValueError for control characters, line ends and lone surrogates."""
    if not text.isprintable():
        raise ValueError(f"{shown(text)} holds a line end or another control character, which a kickstart cannot carry")
    return text


def word(value: object) -> Ready:
    """One word of a kickstart command line; in double quotes where it needs any (REFERENCE 3.5).

    Raises ValueError for control characters.
    """
    text = printable(str(value))
    if PLAIN.fullmatch(text):
        return Ready(text)
    option = OPTION.match(text)
    if option:
        return Ready(option[0] + word(text[option.end():]))
    return Ready('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')


def words(values: Iterable[object]) -> Ready:
    """Several words of one command line, each quoted by itself."""
    return Ready(" ".join(word(value) for value in values))


def shell_word(value: object) -> Ready:
    """One word for a POSIX shell. What it returns means the same to shlex, hence on a kickstart's command lines too.

    Raises ValueError for control characters: a line end inside quotes is fine for the shell, but the next line could
    end the section.
    """
    return Ready(shlex.quote(printable(str(value))))


def comment(text: str) -> Ready:
    """`text` as a comment line of a kickstart or a shell; characters that are not printable are escaped."""
    return Ready(f"# {escaped(text)}")


def section_word(line: str) -> str:
    """The word for which pykickstart would not take `line` as text of the section around it, or an empty string."""
    if not line.lstrip().startswith("%"):
        return ""
    first = line.split(maxsplit=1)[0]
    return first if first in SECTION_WORDS else ""


def section_lines(text: str) -> list[tuple[int, str]]:
    """Line number (from 1) and word of each line of `text` that would end or disturb the section that holds it."""
    return [(number, found) for number, line in enumerate(text.splitlines(), 1) if (found := section_word(line))]

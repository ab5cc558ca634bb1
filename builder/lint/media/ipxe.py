"""iPXE scripts, as far as they start kernels (src/core/exec.c, src/image/script.c, src/hci/commands/image_cmd.c).

A line is cut at blanks, and there are no quotes; `||`, `&&`, `;` and a word that begins with # end a command. Settings
that the script sets once are filled in; others stay as ${NAME}.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder.lint.line.line import PLACEHOLDER
from builder.lint.line.rules import warning
from builder.lint.media import variables
from builder.lint.media.entry import Entry, Reading

MAGIC = re.compile(r"#!(?:ipxe|gpxe)\s")
KERNELS = frozenset({"kernel", "imgselect", "imgload", "linux"})
ENDS = frozenset({"||", "&&", ";"})
SETTING = re.compile(r"\$\{([^{}:]{1,100})\}")
# Options of kernel and imgargs that take a value.
VALUED = frozenset({"--name", "-n", "--timeout", "-t"})


def read(text: str) -> Reading:
    findings = () if MAGIC.match(text) else (
        warning("loader-syntax", "line 1: a script begins with #!ipxe; iPXE takes this file for none",
                "write #!ipxe first"),)
    rows = list(_rows(text))
    values = _assigned(rows)
    entries, label, kernel = [], "", ""
    for number, here, words in rows:
        label = here or label
        for command in _commands(words):
            if command[0] in KERNELS:
                arguments = list(_arguments(command[1:]))
                kernel = arguments[0] if arguments else ""
                if len(arguments) > 1:
                    entries.append(_entry(label, number, kernel, arguments[1:], values))
            elif command[0] == "imgargs" and len(command) > 2:
                arguments = list(_arguments(command[1:]))
                entries.append(_entry(label, number, arguments[0] if arguments else "", arguments[1:], values))
    return Reading(tuple(entries), findings)


def _rows(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Number, label and words of each line, those that end in a backslash joined."""
    joined, first = "", 0
    for number, row in enumerate(text.split("\n"), 1):
        line = row.removesuffix("\r")
        first = first or number
        if line.endswith("\\"):
            joined += line[:-1]
            continue
        whole, start, joined, first = joined + line, first, "", 0
        closed = PLACEHOLDER.sub(lambda found: re.sub(r"\s+", "", found[0]), whole)
        words = closed.split()
        label = ""
        if words and words[0].startswith(":"):
            label, words = words[0][1:], words[1:]
        yield start, label, words


def _commands(words: list[str]) -> Iterator[list[str]]:
    command: list[str] = []
    for word in words:
        if word.startswith("#"):
            break
        if word in ENDS:
            if command:
                yield command
            command = []
        else:
            command.append(word)
    if command:
        yield command


def _arguments(words: list[str]) -> Iterator[str]:
    """Words without the command's own options."""
    skip, options = False, True
    for word in words:
        if skip:
            skip = False
        elif options and word.startswith("-"):
            skip = word in VALUED
        else:
            options = False
            yield word


def _assigned(rows: list[tuple[int, str, list[str]]]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for _, _, words in rows:
        for command in _commands(words):
            if command[0] == "set" and len(command) > 1:
                found.setdefault(command[1], []).append(" ".join(command[2:]))
            elif command[0] in ("clear", "read", "inc", "login", "choose", "prompt") and len(command) > 1:
                found.setdefault(command[-1], []).extend(("", ""))
    return variables.once(found)


def _entry(label: str, number: int, kernel: str, words: list[str], values: dict[str, str]) -> Entry:
    text = variables.filled(" ".join(words), SETTING, values)
    return Entry(title=label, line=number, kernel=kernel, text=text, medium="ipxe")

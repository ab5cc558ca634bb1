"""Letters that an installer reads otherwise than an editor shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder.finding import Finding, Severity
from builder.lint.kickstart.case import Case
from builder.lint.kickstart.rules import found
from builder.lint.kickstart.text.outline import ODD_ENDS
from builder.lint.kickstart.text.words import BLANKS
from builder.names import shown

# pykickstart of Python 2 handed the bytes on as they were; since EL8 it decodes them (load.py, _load_file).
BYTES = frozenset({"el6", "el7"})
CURLY = "“”„‘’‚«»"
INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff")
# A value that a template or its reader puts in: {{ x }}, <%= x %>, %NAME%, @NAME@, $SNIPPET('x').
MARKUP = re.compile(r"\{\{.{0,200}?\}\}|\{%.{0,200}?%\}|<%.{0,200}?%>|%[A-Z][A-Z0-9_]{1,40}%|@@?[A-Z][A-Z0-9_]{1,40}@"
                    r"|\$SNIPPET\(|\$yum_|\$\{?kickstart_")


def check(case: Case) -> Iterator[Finding]:
    yield from _encoding(case)
    yield from _ends(case)
    yield from _commands(case)
    yield from _markup(case)


def _encoding(case: Case) -> Iterator[Finding]:
    text = case.text
    if text.encoding == "utf-16":
        yield found("not-utf8", 1, "the file is UTF-16, and the installer reads UTF-8", "iconv -f UTF-16 -t UTF-8")
    elif text.encoding == "latin-1":
        lenient = case.generation.name in BYTES
        yield found("not-utf8", _line_at(case, text.odd), "bytes that are no UTF-8"
                    + ("" if lenient else ": the installer stops before it has read a line"),
                    "save the file as UTF-8", Severity.NOTE if lenient else None)
    if text.marked and text.encoding != "utf-16":
        yield found("byte-order-mark", 1, "a byte order mark in front: it becomes part of the first command",
                    "save the file as UTF-8 without a mark")


def _line_at(case: Case, place: int) -> int:
    return next((number for number, at in enumerate(case.outline.places, 1) if at >= place), 0)


def _ends(case: Case) -> Iterator[Finding]:
    lines = case.outline.lines
    for number, line in enumerate(lines, 1):
        if line[-1:] == "\n" or not ODD_ENDS.match(line[-1:]) or number == len(lines):
            continue
        yield found("odd-line-end", number, f"{shown(line[-1])} ends the line for the installer: what follows it is "
                    "read as a line of its own", "take the character out",
                    Severity.ERROR if number + 1 in case.heads else None)
    windows = next((number for number, line in enumerate(lines, 1) if line.endswith("\r\n")), 0)
    if windows:
        script = next((section for section in case.outline.scripts() for number, _ in section.body
                       if lines[number - 1].endswith("\r\n")), None)
        if script:
            yield found("windows-line-ends", script.line, f"lines end in CR LF: the CR becomes part of each command of "
                        f"this {script.name}", "dos2unix FILE")
        else:
            yield found("windows-line-ends", windows, "lines end in CR LF, which does no harm without scripts",
                        "dos2unix FILE", Severity.NOTE)


def _commands(case: Case) -> Iterator[Finding]:
    for each in case.outline.heads:
        text = each.text
        odd = next((letter for letter in text if letter in INVISIBLE or letter in CURLY
                    or (letter.isspace() and letter not in BLANKS)), "")
        if odd:
            what = "a typographic quote, which quotes nothing" if odd in CURLY else "a blank that separates no words"
            yield found("odd-letter", each.line, f"{shown(odd)} is {what}", "type the line anew")
        if text.rstrip().endswith("\\") and not text.rstrip().endswith("\\\\"):
            yield found("continuation", each.line, "a backslash at the end does not continue the line: the next one is "
                        "a command of its own", "one command, one line")
    for command in case.outline.commands:
        if command.cut:
            word = command.words[-1]
            name = word.option or (f"{command.name}'s last word" if len(command.words) > 1 else command.name)
            yield found("cut-by-comment", command.line, f"# begins a comment: the value of {name} ends in front of it",
                        'put the value in double quotes: "...#..."')


def _markup(case: Case) -> Iterator[Finding]:
    for each in case.outline.heads:
        markup = MARKUP.search(each.text)
        if markup:
            yield found("template-text", each.line, f"{shown(markup[0][:40])} looks like a template's: check what it "
                        "is rendered to", "")
            return

"""What of a script's shell grammar matters here: which program reads it, and where a here-document is cut off."""

from __future__ import annotations

import re

from builder.lint.kickstart.text.outline import Outline, Section
from builder.lint.kickstart.text.words import values

HERE = re.compile(r"(?<![<0-9A-Za-z_)])<<(-?)[ \t]*(?:'([A-Za-z_][\w.]*)'|\"([A-Za-z_][\w.]*)\"|\\?([A-Za-z_][\w.]*))")
SHELLS = re.compile(r"(?:\S*/)?(?:ba|da|k|z)?sh$")


def program(section: Section) -> str:
    given = values(section.words, "--interpreter")
    return given[-1] if given and given[-1] else "/bin/sh"


def is_shell(section: Section) -> bool:
    return bool(SHELLS.match(program(section)))


def cut_documents(outline: Outline) -> dict[int, tuple[int, str]]:
    """By the line of each script that ends in a here-document because the parser took a line of it for itself, as the
    closing word stands further down: (line, closing word) of that here-document."""
    opened = [(section, *found) for section in outline.scripts() if (found := _open_document(section))]
    closing = {word for _, _, word in opened}
    last = {word: line for line, text in enumerate(outline.lines, 1) if (word := text.strip()) in closing}
    return {section.line: (line, word) for section, line, word in opened if last.get(word, 0) > section.last}


def _open_document(section: Section) -> tuple[int, str] | None:
    """(line, closing word) of the here-document that is open where a shell script ends."""
    if not is_shell(section):
        return None
    waiting: list[tuple[int, str, bool]] = []
    for line, text in section.body:
        if waiting:
            _, word, tabs = waiting[0]
            if (text.lstrip("\t") if tabs else text) == word:
                waiting.pop(0)
        elif not text.lstrip().startswith("#"):
            waiting = [(line, next(part for part in seen.groups()[1:] if part), bool(seen[1]))
                       for seen in HERE.finditer(text)]
    return waiting[0][:2] if waiting else None

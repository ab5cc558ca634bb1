"""What of a script's shell grammar matters here: which program reads it, and where a here-document is cut off."""

from __future__ import annotations

import re

from builder.lint.kickstart.text.outline import Outline, Section

HERE = re.compile(r"(?<![<0-9A-Za-z_)])<<(-?)[ \t]*(?:'([A-Za-z_][\w.]*)'|\"([A-Za-z_][\w.]*)\"|\\?([A-Za-z_][\w.]*))")
SHELLS = re.compile(r"(?:\S*/)?(?:ba|da|k|z)?sh$")


def program(section: Section) -> str:
    given = [word.value for word in section.words[1:] if word.option == "--interpreter"]
    return given[-1] if given and given[-1] else "/bin/sh"


def is_shell(section: Section) -> bool:
    return bool(SHELLS.match(program(section)))


def cut_document(outline: Outline, section: Section) -> tuple[int, str]:
    """(line, closing word) of the here-document in which a script ends because the parser took a line of it for itself:
    the closing word stands further down. Else (0, "")."""
    opened, word = _open_document(section)
    last = section.end or (section.body[-1][0] if section.body else section.line)
    return (opened, word) if opened and any(line.strip() == word for line in outline.lines[last:]) else (0, "")


def _open_document(section: Section) -> tuple[int, str]:
    """(line, closing word) of the here-document that is open where a shell script ends, or (0, "")."""
    if not section.script or not is_shell(section):
        return 0, ""
    waiting: list[tuple[int, str, bool]] = []
    for line, text in section.body:
        if waiting:
            _, word, tabs = waiting[0]
            if (text.lstrip("\t") if tabs else text) == word:
                waiting.pop(0)
        elif not text.lstrip().startswith("#"):
            waiting = [(line, next(part for part in seen.groups()[1:] if part), bool(seen[1]))
                       for seen in HERE.finditer(text)]
    return waiting[0][:2] if waiting else (0, "")

"""Words for a POSIX shell: one quoting function for every value that a generated script holds."""

from __future__ import annotations

import re

from builder.names import shown

# Names that a shell takes for a variable (POSIX 2018, Base Definitions 3.235).
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def quote(text: str) -> str:
    """`text` as one word, always in single quotes: nothing inside them is special but the quote itself (POSIX 2.2.2).

    Raises ValueError for control characters: a line end would start a new command, and no value of ours has any.
    """
    if any(c < " " or c == "\x7f" for c in text):
        raise ValueError(f"{shown(text)} holds a control character, which no shell word of ours may")
    return "'" + text.replace("'", "'\\''") + "'"


def assignment(name: str, value: str) -> str:
    """`name='value'`, one line without its end. Raises ValueError."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{shown(name)} is no shell variable")
    return f"{name}={quote(value)}"

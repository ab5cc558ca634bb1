"""Kickstarts as they are given: files, or standard input."""

from __future__ import annotations

import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.errors import PinbootError, UsageError, several
from builder.lint.kickstart.text import letters
from builder.lint.kickstart.text.letters import MAX_BYTES, Text
from builder.names import shown

PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Given:
    """`name` is the file's, or what stands for standard input; `mode` its permissions."""

    name: str
    text: Text
    mode: int = PRIVATE


def read(words: Sequence[str]) -> list[Given]:
    """Raises UsageError with every file that cannot be read."""
    if list(words).count("-") > 1:
        raise UsageError("-: standard input can be read once only")
    found, mistakes = [], []
    for word in words:
        try:
            found.append(_one(word))
        except PinbootError as reason:
            mistakes.append(reason)
    if len(mistakes) == 1:
        raise mistakes[0]
    if mistakes:
        raise several(f"{len(mistakes)} of {len(words)} files cannot be checked", [each.message for each in mistakes])
    return found


def _one(word: str) -> Given:
    if word == "-":
        return Given("standard input", letters.read(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input"))
    if "\0" in word:
        raise UsageError(f"{shown(word)}: no name of a file")
    path = Path(word)
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(path.stat().st_mode)
            data = file.read(MAX_BYTES + 1)
    except OSError as reason:
        raise UsageError(f"{word}: cannot be read: {reason.strerror}", "name a kickstart, or - for standard input"
                         ) from None
    return Given(word, letters.read(data, word), mode)

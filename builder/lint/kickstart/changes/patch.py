"""The difference of two texts as patch(1) applies it."""

from __future__ import annotations

import difflib
import re


def unified(old: str, new: str, name: str) -> str:
    """A unified diff with three lines around each change; empty where the texts are the same. `patch -p1` finds the
    file `name` below the folder it runs in, or with -d / where the name is a whole path."""
    place = name.lstrip("/")
    made = difflib.unified_diff(_lines(old), _lines(new), f"a/{place}", f"b/{place}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in made)


def _lines(text: str) -> list[str]:
    """Lines as patch takes them: a line feed ends one, and nothing else."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)

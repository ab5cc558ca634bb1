"""The starter profiles that come with pinboot: read-only, found in a wheel and in an editable install alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

# In a starter: what the user should look at, and what that is; behind a semicolon more of it.
_MARK = re.compile(r"(.*?) *# edit: ([^;]+).*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A line that is marked to be edited: its number, what stands there, and what it is."""

    line: int
    text: str
    why: str


def folder() -> Path:
    """Where the starters are. A wheel carries them inside the package; an editable install has the checkout's folder
    beside it (hatchling's force-include leaves no copy there)."""
    packaged = Path(str(resources.files("builder"))) / "data" / "profiles"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[2] / "profiles"


def names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder().glob("*.toml")))


def path(name: str) -> Path | None:
    """The starter called `name`, or None."""
    found = folder() / f"{name}.toml"
    return found if name in names() else None


def is_starter(candidate: Path) -> bool:
    return candidate.resolve().parent == folder().resolve()


def edits(text: str) -> Iterator[Edit]:
    """The lines of a starter's text that are the user's own to say."""
    for number, line in enumerate(text.splitlines(), 1):
        found = _MARK.fullmatch(line)
        if found:
            yield Edit(line=number, text=found[1], why=found[2])


def title(text: str) -> str:
    """What a starter is for: its first line."""
    return text.partition("\n")[0].lstrip("# ").rstrip(".")

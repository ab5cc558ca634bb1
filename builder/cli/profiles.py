"""From a word on the command line to a profile file; starters are read-only and copied before they are locked."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from builder import names
from builder.cli import sshkeys
from builder.errors import UsageError
from builder.media.pack import atomic
from builder.profile import resolve, starters
from builder.profile.file.layers import Layer
from builder.profile.values import Profile
from builder.progress import Progress

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def find(word: str) -> Path:
    """A path, else profiles/WORD.toml here, else the starter of that name. Raises UsageError with the closest name."""
    direct = Path(word)
    if direct.is_file() or word.endswith(".toml") or "/" in word:
        return direct
    here = Path("profiles") / f"{word}.toml"
    if here.is_file():
        return here
    starter = starters.path(word)
    if starter:
        return starter
    known = sorted({*starters.names(), *(p.stem for p in Path("profiles").glob("*.toml"))})
    close = difflib.get_close_matches(word, known, 1)
    raise UsageError(f"{word}: no profile of that name" + (f"; did you mean {close[0]}?" if close else ""),
                     f"pinboot init {word} writes one; known here: {', '.join(known)}")


def read(path: Path, settings: Sequence[str] = ()) -> tuple[Profile, tuple[Layer, ...]]:
    """The profile at `path`, with the KEY=VALUE of --set over it, and what it was made from.

    Raises UsageError, also for a file whose name no bundle, lock and path on another machine could have.
    """
    if path.is_file() and not NAME.fullmatch(path.stem):
        raise UsageError(f"{shown(path)}: {names.shown(path.stem)} is no name for a profile: its lock and its bundle, "
                         "and files in it, are named after it", "letters, digits, dot, dash; at most 64 of them")
    return resolve.read(path, shown(path), os.environ, settings)


def shown(path: Path) -> str:
    """A path as messages show it: relative to here where that is shorter."""
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") and len(relative) < len(str(path)) else str(path)


def owned(word: str, progress: Progress, settings: Sequence[str] = ()) -> tuple[Path, Profile, tuple[Layer, ...]]:
    """The user's own profile; a starter is copied to ./profiles first, and that is said."""
    path, copied = own(find(word))
    if copied:
        progress.say(f"{word} is a starter profile and read-only: copied to {path}, which is yours to edit")
    return path, *read(path, settings)


def own(path: Path) -> tuple[Path, bool]:
    """`path` itself, or for a starter a copy of it in ./profiles (made now: True), which the user may edit."""
    if not starters.is_starter(path):
        return path, False
    folder = Path("profiles")
    if folder.exists() and folder.resolve() == starters.folder().resolve():
        folder = Path()  # in pinboot's own checkout ./profiles are the starters
    copy = folder / path.name
    if copy.is_file():
        return copy, False
    folder.mkdir(parents=True, exist_ok=True)
    atomic.write(copy, sshkeys.fitted(path.read_text()).encode())
    return copy, True

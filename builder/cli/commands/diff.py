"""`pinboot diff`: two locks, profiles or bundles side by side."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from builder.cli import printing, profiles
from builder.cli.differences import markdown, table, text
from builder.cli.differences import rebuilt as told
from builder.cli.progress import Terminal
from builder.errors import OK, OUTSIDE_CHANGED, UsageError
from builder.jobs.comparing import difference, rebuilt
from builder.jobs.comparing.rebuilt import Rebuilt
from builder.jobs.comparing.rendered import Around
from builder.jobs.comparing.sides import last, side
from builder.jobs.comparing.sides.side import Side
from builder.names import some
from builder.progress import Progress

HOW = "pinboot diff OLD NEW; pinboot diff --last LOCK; pinboot diff --from-lock BUNDLE"
ARCHIVES = (".tar", ".tar.zst")
# A lock of another name (git show HEAD:web1.lock > old) is told by its first lines, a pipe of the shell by being one.
LOCK, HEAD = b"\nlock_version", 4096


def run(chosen: argparse.Namespace) -> int:
    if chosen.markdown and chosen.json:
        raise UsageError("--markdown and --json: choose one")
    progress = Terminal(quiet=chosen.quiet)
    around = Around(environment=os.environ, progress=progress, context=chosen.context,
                    today=datetime.fromtimestamp(time.time(), UTC).date())
    given = _given(chosen)
    if chosen.from_lock is not None:
        return _rebuilt(chosen, rebuilt.of(Path(chosen.from_lock), chosen.from_lock, around))
    old, new = _last(chosen.last) if chosen.last is not None else _pair(given, progress)
    found = difference.of(old, new, around)
    if chosen.json:
        printing.as_json(table.of(found))
    else:
        _print((markdown.report if chosen.markdown else text.report)(found, full=chosen.full))
    return OUTSIDE_CHANGED if found.differs else OK


def _rebuilt(chosen: argparse.Namespace, found: Rebuilt) -> int:
    if chosen.json:
        printing.as_json(told.table(found))
    else:
        _print((told.markdown if chosen.markdown else told.text)(found, full=chosen.full))
    return OUTSIDE_CHANGED if found.differs else OK


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        printing.out(line)


def _given(chosen: argparse.Namespace) -> list[str]:
    """OLD and NEW, neither of which goes with what compares one thing."""
    given = [word for word in (chosen.old, chosen.new) if word is not None]
    alone = {"--last": chosen.last, "--from-lock": chosen.from_lock}
    named = [option for option, word in alone.items() if word is not None]
    if len(named) > 1 or (named and given):
        raise UsageError(f"{named[0]} {alone[named[0]]}: nothing else goes with it", HOW)
    return given


def _pair(given: Sequence[str], progress: Progress) -> tuple[Side, Side]:
    if len(given) != 2:
        raise UsageError(f"{given[0]}: compared with what?" if given else "nothing to compare", HOW)
    return _named(given[0], progress), _named(given[1], progress)


def _last(word: str) -> tuple[Side, Side]:
    """A lock as it was, and as it is. Whoever names the profile means the lock beside it."""
    path = Path(word)
    if path.suffix != ".lock":
        path = profiles.find(word).with_suffix(".lock")
    shown = profiles.shown(path)
    version = last.before(path, shown, os.environ)
    return side.locked(version.lock, f"{shown} at {version.name}"), side.lock(path, shown)


def _named(word: str, progress: Progress) -> Side:
    """What a word of the command line names. Raises UsageError."""
    path = Path(word)
    if path.is_dir() or word.endswith(ARCHIVES):
        _no_folder_of_profiles(path, word)
        return side.bundle(path, word, progress)
    if path.suffix == ".lock" or _is_lock(path):
        return side.lock(path, word)
    path = profiles.find(word)
    return side.profile(path, profiles.shown(path), profiles.shown(path.with_suffix(".lock")), os.environ)


def _is_lock(path: Path) -> bool:
    if path.suffix == ".toml" or not path.exists():
        return False
    if not path.is_file():
        return True
    try:
        with path.open("rb") as file:
            return LOCK in file.read(HEAD)
    except OSError:
        return False


def _no_folder_of_profiles(path: Path, word: str) -> None:
    if path.is_dir() and not (path / "manifest.json").exists():
        there = some(sorted(str(each) for each in path.glob("*.toml")), 3)
        raise UsageError(f"{word}: is a directory and no bundle (it holds no manifest.json)",
                         f"a profile is named by its file: {there}" if there else
                         "name a bundle, a lock, or the .toml file of a profile")

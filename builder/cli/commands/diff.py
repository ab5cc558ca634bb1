"""`pinboot diff`: two locks, profiles or bundles side by side."""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from builder.cli import printing, profiles
from builder.cli.differences import markdown, table, text
from builder.cli.progress import Terminal
from builder.errors import OK, OUTSIDE_CHANGED, UsageError
from builder.jobs.comparing import difference, last, sides
from builder.jobs.comparing.difference import Difference
from builder.jobs.comparing.rendered import Around
from builder.jobs.comparing.sides import Side
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
    old, new = _pair(chosen, progress)
    return tell(chosen, difference.of(old, new, around))


def tell(chosen: argparse.Namespace, found: Difference) -> int:
    """Print it. Exit code 3 where there is a difference, as for anything that is no longer what it was."""
    if chosen.json:
        printing.as_json(table.of(found))
    else:
        report = markdown.report if chosen.markdown else text.report
        for line in report(found, full=chosen.full):
            printing.out(line)
    return OUTSIDE_CHANGED if found.differs else OK


def _pair(chosen: argparse.Namespace, progress: Progress) -> tuple[Side, Side]:
    given = [word for word in (chosen.old, chosen.new) if word is not None]
    if chosen.last is not None:
        if given:
            raise UsageError(f"--last compares {chosen.last} with what it was, not with {given[0]}", HOW)
        return _last(chosen.last)
    if len(given) != 2:
        raise UsageError(f"{given[0]}: compared with what?" if given else "nothing to compare", HOW)
    return side(given[0], progress), side(given[1], progress)


def _last(word: str) -> tuple[Side, Side]:
    """A lock as it was, and as it is. Whoever names the profile means the lock beside it."""
    path = Path(word)
    if path.suffix != ".lock":
        path = profiles.find(word).with_suffix(".lock")
    shown = profiles.shown(path)
    version = last.before(path, shown, os.environ)
    return sides.locked(version.lock, f"{shown} at {version.name}"), sides.lock(path, shown)


def side(word: str, progress: Progress) -> Side:
    """What a word of the command line names. Raises UsageError."""
    path = Path(word)
    if path.is_dir() or word.endswith(ARCHIVES):
        _no_folder_of_profiles(path, word)
        return sides.bundle(path, word, progress)
    if path.suffix == ".lock" or _is_lock(path):
        return sides.lock(path, word)
    path = profiles.find(word)
    return sides.profile(path, profiles.shown(path), profiles.shown(path.with_suffix(".lock")), os.environ)


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
        there = sorted(each.name for each in path.glob("*.toml"))
        raise UsageError(f"{word}: is a directory and no bundle (it holds no manifest.json)",
                         f"name the profile in it: {path / there[0]}" if there else
                         "name a bundle, a lock, or the .toml file of a profile")

"""`pinboot show`: what a profile, a lock or a bundle says."""

from __future__ import annotations

import argparse
from pathlib import Path

from builder.cli import printing, profiles
from builder.cli.showing import lockfile
from builder.errors import OK, Missing, NotFound, UsageError
from builder.lock import text
from builder.media import account
from builder.names import shown

HEAD = 4096
ARCHIVES = (".tar", ".tar.zst")


# The pages of bundles and profiles are imported where they are shown: all that renders texts comes with them, and with
# it a lock took twice as long.
def run(chosen: argparse.Namespace) -> int:
    kind, path = told(chosen.what)
    if kind != "profile" and (chosen.host or chosen.settings):
        asked = "--host" if chosen.host else "--set"
        raise UsageError(f"{asked}: goes with a profile, and {chosen.what} is a {kind}", "pinboot show PROFILE")
    return {"lock": _lock, "bundle": _bundle, "profile": _profile}[kind](chosen, path)


def told(word: str) -> tuple[str, Path]:
    """Is it a profile, a lock or a bundle, and where? A name in profiles/ or of a starter is a profile. Raises
    UsageError, NotFound."""
    path = Path(word)
    try:
        folder, file = path.is_dir(), path.is_file()
    except OSError as reason:
        raise UsageError(f"{word[:255]}: cannot be read: {reason.strerror}", "look at the path") from None
    if folder and account.is_bundle(path):
        return "bundle", path
    if file:
        return _file(path), path
    if folder and ("/" in word or not _is_name(word)):
        raise UsageError(f"{word}: a directory without a manifest.json, so no bundle",
                         "name a profile (.toml), a lock (.lock), or what pinboot build wrote")
    special = not folder and path.exists()
    if special or word.endswith((".lock", *ARCHIVES)) or ("/" in word and not word.endswith(".toml")):
        there = "is neither a file nor a directory" if special else "there is no such profile, lock or bundle"
        raise NotFound(f"{word}: {there}", "a profile ends in .toml, a lock in .lock; a bundle is what build wrote")
    return "profile", profiles.find(word)


def _is_name(word: str) -> bool:
    """Whether a profile has the name of a directory that stands here."""
    try:
        return profiles.find(word) != Path(word)
    except UsageError:
        return False


def _file(path: Path) -> str:
    if path.suffix == ".lock":
        return "lock"
    if path.suffix == ".toml":
        return "profile"
    if str(path).endswith(ARCHIVES) or account.is_bundle(path):
        return "bundle"
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as reason:
        raise Missing(f"{path}: cannot be read: {reason.strerror}") from reason
    if b"\nlock_version = " in head:
        return "lock"
    if head and b"\0" not in head and b"=" in head:
        return "profile"
    raise UsageError(f"{path}: is none of a profile, a lock and a bundle; it "
                     + (f"begins with {shown(head[:16].decode('latin-1'))}" if head else "is empty"),
                     "a profile is TOML, a lock ends in .lock, a bundle is a directory, a .tar or a .tar.zst")


def _lock(chosen: argparse.Namespace, path: Path) -> int:
    lock = text.read(path, profiles.shown(path))
    if lock is None:
        raise NotFound(f"{path}: there is no such lock")
    if chosen.json:
        printing.as_json({"kind": "lock", "path": str(path), **lockfile.table(lock)})
    else:
        lockfile.report(lock, profiles.shown(path))
    return OK


def _bundle(chosen: argparse.Namespace, path: Path) -> int:
    from builder.cli.showing import bundle

    found = account.read(path)
    if chosen.json:
        printing.as_json({"kind": "bundle", "path": str(path), **bundle.table(found)})
    else:
        bundle.report(found, path)
    return OK


def _profile(chosen: argparse.Namespace, path: Path) -> int:
    from builder.cli.showing import profile

    return profile.show(chosen, path)

"""The lock beside a profile: is it there, and is it of what the profile asks for?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from builder.errors import UsageError
from builder.lock import text
from builder.lock.model import Lock
from builder.profile.values import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """`lock` is what the file holds, None where there is no file; `reason` is empty where a build would take it."""

    lock: Lock | None
    reason: str = ""

    @property
    def usable(self) -> Lock | None:
        return None if self.reason else self.lock


def lock_path(profile: Profile) -> Path:
    """Beside the profile: web1.toml -> web1.lock."""
    return profile.path.with_suffix(".lock")


def beside(profile: Profile, shown: str) -> Beside:
    """Raises UsageError for a file that is no lock."""
    lock = text.read(lock_path(profile), shown)
    if lock is None:
        return Beside(lock=None, reason=f"{shown}: there is no lock")
    try:
        fits(lock, profile, shown, update=False)
    except UsageError as reason:
        return Beside(lock=lock, reason=reason.message)
    return Beside(lock=lock)


def fits(locked: Lock, profile: Profile, shown: str, *, update: bool) -> None:
    """Is the lock of the release that the profile asks for? Raises UsageError with both sides."""
    release = profile.release
    same = locked.family == release.family.id and locked.arch == release.arch
    if update or (same and _covers(release.version, locked.version)):
        return
    raise UsageError(
        f"{shown}: locks {locked.family} {locked.version} {locked.arch}, but {profile.path.name} asks for {release}",
        "pinboot lock --update goes to the release of the profile; or set release back")


def _covers(wanted: str, found: str) -> bool:
    """`9` covers 9.6; `7.9.2009` covers itself and a tree that tells no more than 7."""
    return found == wanted or found.startswith(wanted + ".") or wanted.startswith(found + ".")

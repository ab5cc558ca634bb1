"""The lock beside a profile: is it there, and is it of what the profile asks for?"""

from __future__ import annotations

from dataclasses import dataclass

from builder.errors import UsageError
from builder.jobs import locking
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


def beside(profile: Profile, shown: str) -> Beside:
    """Raises UsageError for a file that is no lock."""
    lock = text.read(locking.lock_path(profile), shown)
    if lock is None:
        return Beside(lock=None, reason=f"{shown}: there is no lock")
    try:
        locking.fits(lock, profile, shown, update=False)
    except UsageError as reason:
        return Beside(lock=lock, reason=reason.message)
    return Beside(lock=lock)

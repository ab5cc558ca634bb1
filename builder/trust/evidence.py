"""Why a digest is believed, in order of strength, and the least that a profile accepts per role."""

from __future__ import annotations

import enum
from collections.abc import Mapping


class Evidence(enum.Enum):
    """Strongest first. A word here is the word in profiles, locks and manifests (DESIGN Evidence)."""

    SIGNED = "signed"
    SIGNED_RPM = "signed-rpm"
    TREEINFO = "treeinfo"
    QUORUM = "quorum"
    FIRST_USE = "first-use"

    @property
    def rank(self) -> int:
        return _ORDER.index(self)

    def reaches(self, minimum: Evidence) -> bool:
        """Is this at least as strong as `minimum`?"""
        return self.rank <= minimum.rank


_ORDER = tuple(Evidence)
# What each word means to someone who reads a report, in few words: docs/trust.md has them whole.
MEANING = {
    Evidence.SIGNED: "signed by a pinned key",
    Evidence.SIGNED_RPM: "named in the signed kernel package",
    Evidence.TREEINFO: "named in .treeinfo",
    Evidence.QUORUM: "the same bytes on several mirrors",
    Evidence.FIRST_USE: "nothing vouches; builds compare",
}


def minimum(role: str, wanted: Mapping[str, str], family: Mapping[str, str]) -> Evidence:
    """What `[trust] minimum` asks for `role`, else what the family's trees can reach, else first-use."""
    return Evidence(wanted.get(role) or family.get(role) or "first-use")


def override(role: str, wanted: Mapping[str, str], family: Mapping[str, str]) -> str | None:
    """A sentence for the lock where the profile accepts less than the family's default, else None."""
    if role not in wanted or role not in family:
        return None
    asked, usual = Evidence(wanted[role]), Evidence(family[role])
    if asked.reaches(usual):
        return None
    return f"the profile accepts {asked.value}, below this family's {usual.value}"

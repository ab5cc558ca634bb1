"""What the hosts of a profile claim for themselves, so that two hosts with one name, MAC, address or disk are found."""

from __future__ import annotations

from builder.profile.file.mistakes import Mistakes


class Taken:
    """One per profile: who took what, and the key of the profile that says so."""

    def __init__(self, mistakes: Mistakes) -> None:
        self.mistakes = mistakes
        self.first: dict[tuple[str, str], tuple[str, str]] = {}

    def __contains__(self, claim: tuple[str, str]) -> bool:
        return claim in self.first

    def claim(self, kind: str, value: str, key: str, owner: str) -> bool:
        """Claim `value` for `owner`; a second claim is a mistake that names the first."""
        first = self.first.setdefault((kind, value), (owner, key))
        if first == (owner, key):
            return True
        where = self.mistakes.place(first[1])
        self.mistakes.add(key, f"{value} belongs to {first[0]}" + (f" ({where})" if where else ""))
        return False

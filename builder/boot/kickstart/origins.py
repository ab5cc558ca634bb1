"""Comments that tell which keys of the profile made a group of lines, and in which file and line each stands."""

from __future__ import annotations

import functools
from pathlib import PurePath

from builder.boot.kickstart import quoting
from builder.boot.kickstart.quoting import Ready
from builder.profile.values import Host, Profile


class Origins:
    """Of one profile, for all its hosts: most of what is told is the same for each."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._told: dict[tuple[str, ...], Ready] = {}

    def comment(self, host: Host, *groups: str) -> Ready:
        """Each group is a list of keys joined by `|`, of which the first that is set counts; `@` stands for the table
        of the host, or of its class where the host's own does not say it, `%` for that of the class. Where none is set
        at all, the first key of the first group stands with `default`."""
        if groups in self._told:
            return self._told[groups]
        found = dict.fromkeys(said for group in groups if (said := self._said(host, group)))
        first = groups[0].partition("|")[0].replace("@", f"host.{host.name}.")
        made = quoting.comment(", ".join(found) if found else f"{first} (default)")
        if not any(mark in group for group in groups for mark in "@%"):
            self._told[groups] = made
        return made

    def _said(self, host: Host, group: str) -> str:
        for word in _words(group):
            if word[0] == "@":
                found = self.profile.said(host, word[1:])
            else:
                key = word.replace("%", f"class.{host.class_name}.")
                origin = self.profile.origins.get(key)
                found = (key, origin) if origin else None
            if found:
                key, by = found
                return f"{key} ({_file(by.file)} line {by.line})" if by.line else f"{key} ({_file(by.file)})"
        return ""


@functools.lru_cache
def _words(group: str) -> tuple[str, ...]:
    return tuple(group.split("|"))


@functools.lru_cache(maxsize=256)
def _file(name: str) -> str:
    """A file by the name that the user wrote; never where it lies on this machine."""
    path = PurePath(name)
    return path.name if path.is_absolute() else name

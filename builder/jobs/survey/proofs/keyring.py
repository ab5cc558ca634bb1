"""The keys that may vouch for a tree: pinned by full fingerprint, found in the tree, in a file or at a URL.

A place proves nothing about what lies there: only a key whose fingerprint is pinned counts (RELIABILITY, 5).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from builder.catalog import load
from builder.errors import HostileInput, Missing, NotFound
from builder.fetch import limits
from builder.fetch.source import Source
from builder.finding import Finding, Severity
from builder.jobs.context import Context
from builder.jobs.survey.places import reach, served
from builder.names import shown
from builder.profile.values import Profile
from builder.trust.openpgp import keys as openpgp
from builder.trust.openpgp.keys import Key

TOPIC = "keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """`keys` are the pinned ones that were found; without any, `lacking` says why no signature can be checked."""

    keys: tuple[Key, ...]
    now: int
    lacking: str = ""


@dataclass(slots=True, kw_only=True)
class _Search:
    pinned: frozenset[str]
    found: list[Key] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.pinned <= {key.fingerprint for key in self.found}


def find(profile: Profile, context: Context, source: Source, version: str, findings: list[Finding]) -> Keyring:
    """Look for the pinned keys, in the profile's places first, until all are found or no place is left. `version` is
    what the tree turned out to be.

    Never fails: a tree whose keys cannot be had only proves less. One finding tells what was found.
    """
    release = profile.release
    search = _Search(pinned=frozenset((*profile.trust.keys, *release.series.keys)))
    if not search.pinned:
        return _made(search, context, findings, "no key is pinned for this release (trust.keys)")
    try:
        for place in (*profile.trust.key_files, *load.key_files(release, version)):
            if not search.done:
                _look(place, source, context, search)
    except Missing as reason:  # a library, not a place
        findings.append(Finding(topic=TOPIC, severity=Severity.WARNING, text=reason.message, hint=reason.hint))
        return Keyring(keys=(), now=context.now, lacking=reason.message)
    return _made(search, context, findings, "none of the pinned keys was found")


def _look(place: str, source: Source, context: Context, search: _Search) -> None:
    """Raises Missing for a library without which no key can be read."""
    try:
        holder, name = reach.at(place, source, served.hasty(context))
        data = holder.read(name, limits.CAPS["key"])
    except NotFound:
        search.told.append(f"{place}: not there")
        return
    except (Missing, HostileInput) as reason:
        search.told.append(" ".join(reason.message.split()))
        return
    try:
        found = openpgp.load(data, f"{holder.url}/{name}")
    except HostileInput as reason:
        search.told.append(" ".join(reason.message.split()))
        return
    counting = [key for key in found if key.fingerprint in search.pinned]
    if not counting:
        search.told.append(f"{place}: holds {', '.join(short(key.fingerprint) for key in found)}, none of them pinned")
    search.found.extend(counting)


def _made(search: _Search, context: Context, findings: list[Finding], lacking: str) -> Keyring:
    keys = openpgp.ring(search.found, search.pinned)
    usable = tuple(key for key in keys if key.usable != "none")
    lines = [_described(key) for key in keys]
    if not keys:
        findings.append(Finding(
            topic=TOPIC, severity=Severity.NOTE, text=f"{lacking}: signatures are not checked",
            detail=tuple(search.told), hint="name where the key is: trust.key_files = [\"https://...\", \"file:...\"]"
            if search.pinned else ""))
        return Keyring(keys=(), now=context.now, lacking=lacking)
    findings.append(Finding(topic=TOPIC, severity=Severity.OK if usable else Severity.WARNING, text=lines[0],
                            detail=tuple(lines[1:])))
    return Keyring(keys=keys, now=context.now)


def _described(key: Key) -> str:
    """`...f4a80eb5 RSA 4096, CentOS-7 Key <security@centos.org>`, and why only one verifier can use it, or none."""
    told = f"{short(key.fingerprint)} {key.algorithm}"
    if key.user_ids:
        told += f", {shown(key.user_ids[0][:60]).strip(chr(34))}"
    return f"{told}; {key.reason}" if key.reason else told


def short(fingerprint: str) -> str:
    """For people who have the whole one in the lock: `...f4a80eb5`."""
    return f"...{fingerprint[-8:]}"

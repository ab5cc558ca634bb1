"""All texts of two sides, pair by pair: what each is to its other, and what changes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from builder.jobs.comparing.texts import lines, marks, packages
from builder.jobs.comparing.texts.groups import Group, Groups, is_kickstart
from builder.jobs.comparing.texts.lines import Edit
from builder.jobs.comparing.texts.marks import Marked
from builder.jobs.comparing.texts.own import NOTHING, Own, Owners, natural
from builder.jobs.comparing.texts.shelf import Shelf
from builder.profile.secrets import Secret
from builder.progress import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """One side. `ident` is the id that its served paths begin with; `secrets` are those that are known."""

    shelf: Shelf
    owners: Owners
    ident: str = ""
    secrets: tuple[Secret, ...] = ()


@dataclass(slots=True, kw_only=True)
class Found:
    """`pairs` texts are on both sides, `kickstarts` among them; `same` are so to the byte, `comments` differ only in
    what says where a key stands, `secrets` in a secret alone, and `more` have changes beyond groups.MOST. `gone` and
    `come` are texts of one side by path, with the hosts that both sides have (none: a text that all share). `packages`
    are the hosts by what their kickstarts no longer ask for, and ask for now."""

    pairs: int = 0
    same: int = 0
    comments: int = 0
    secrets: int = 0
    more: int = 0
    kickstarts: int = 0
    groups: list[Group] = field(default_factory=list)
    gone: dict[str, list[str]] = field(default_factory=dict)
    come: dict[str, list[str]] = field(default_factory=dict)
    packages: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        return sum(group.texts for group in self.groups) + self.more


def compare(old: Texts, new: Texts, *, context: int = lines.CONTEXT, concealed: bool = False,
            meter: Meter | None = None) -> Found:
    """Every text of both sides, by path and host; `concealed`: no line of a kickstart is told."""
    found = Found()
    comparing = _Comparing(found, Groups(concealed=concealed), (*old.secrets, *new.secrets), context)
    before, after = _named(old), _named(new)
    place = {host: number for number, host in enumerate(sorted(
        {host for _, host in (*before, *after)}, key=lambda name: (natural(name), name)))}
    for key in sorted(before.keys() | after.keys(), key=lambda each: (each[0], place[each[1]])):
        path, host = key
        if key in before and key in after:
            owned = old.owners.hosts.get(host, NOTHING), new.owners.hosts.get(host, NOTHING)
            comparing.pair(path, host, (_plain(old, before[key]), _plain(new, after[key])), owned)
            if meter:
                meter.advance(1)
        elif not host or (host in old.owners.hosts and host in new.owners.hosts):
            # What goes or comes with its host is told with the host.
            (found.gone if key in before else found.come).setdefault(path, []).extend([host] if host else [])
    found.groups = comparing.groups.all()
    return found


def _named(side: Texts) -> Mapping[tuple[str, str], str]:
    """Path with NAME in place of the host, and the host, to the real path."""
    made = {}
    for path in side.shelf:
        host, label = side.owners.of(path)
        made[sys.intern(marks.plain(label, side.ident)), sys.intern(host)] = path  # of a fleet most are the same
    return made


def _plain(side: Texts, path: str) -> str:
    return marks.plain(side.shelf.get(path) or "", side.ident)


@dataclass(frozen=True, slots=True)
class _Comparing:
    found: Found
    groups: Groups
    secrets: tuple[Secret, ...]
    context: int

    def pair(self, path: str, host: str, pair: tuple[str, str], owned: tuple[Own, Own]) -> None:
        found, kickstart = self.found, is_kickstart(path)
        found.pairs += 1
        found.kickstarts += kickstart
        if pair[0] == pair[1]:
            found.same += 1
            return
        if kickstart and marks.bare(pair[0]) == marks.bare(pair[1]):
            found.comments += 1
            return
        before, after = (marks.mark(text, self.secrets) for text in pair)
        edits = _edits(before, after)
        if not edits:
            found.secrets += 1
            return
        if kickstart:
            changed = packages.difference(before.lines, after.lines)
            if any(changed):
                found.packages.setdefault(changed, []).append(host)
        made = lines.hunks(before.lines, after.lines, edits, self.context)
        found.more += not self.groups.add(path, host, made, owned, secret=_other_secret(before, after))


def _edits(old: Marked, new: Marked) -> list[Edit]:
    """Where the two differ in more than comments. A comment that came or went stays beside a real change, or the
    numbers of the lines would be wrong."""
    every = lines.edits(old.keys, new.keys)
    real = [edit for edit in every if not _is_comment(edit, old, new)]
    return [edit for edit in every if edit in real or edit[1] - edit[0] != edit[3] - edit[2]] if real else []


def _is_comment(edit: Edit, old: Marked, new: Marked) -> bool:
    return old.comments.issuperset(range(*edit[:2])) and new.comments.issuperset(range(*edit[2:]))


def _other_secret(old: Marked, new: Marked) -> bool:
    """Does a line that both show alike hide two secrets?"""
    before, after = _hidden(old), _hidden(new)
    return any(before[shown] != after[shown] for shown in before.keys() & after.keys())


def _hidden(text: Marked) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for shown, raw in text.secret:
        found.setdefault(shown, set()).add(raw)
    return found

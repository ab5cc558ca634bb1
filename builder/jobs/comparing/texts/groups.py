"""Changes of texts, each told once: the hosts and the texts in which it is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from builder.jobs.comparing.texts import marks, own
from builder.jobs.comparing.texts.lines import Hunk
from builder.jobs.comparing.texts.own import Own

KICKSTART = "ks.cfg"
# Whoever has more changes than these reads no further, and their texts would fill the memory.
MOST = 1000


@dataclass(slots=True, kw_only=True)
class Group:
    """One change in the texts that are called `paths`, of each of the `hosts` (none: texts that all share). `hunks` are
    those of the first, `removed` and `added` count their lines, `literal` is a digest of what they change; `varied`:
    others have values of their own in there. `secret`: a secret changed as well. `concealed`: hunks are not told."""

    paths: list[str]
    hunks: tuple[Hunk, ...]
    removed: int = field(init=False)
    added: int = field(init=False)
    literal: bytes = b""
    hosts: list[str] = field(default_factory=list)
    varied: bool = False
    secret: bool = False
    concealed: bool = False

    def __post_init__(self) -> None:
        self.removed, self.added = (sum(line[0] == sign for hunk in self.hunks for line in hunk.lines) for sign in "-+")

    @property
    def kickstart(self) -> bool:
        return is_kickstart(self.paths[0])

    @property
    def texts(self) -> int:
        return len(self.paths) * max(1, len(self.hosts))


def is_kickstart(path: str) -> bool:
    return path.rpartition("/")[2] == KICKSTART


class Groups:
    """Changes as they are found, host by host; `concealed`: no line of a kickstart is kept."""

    def __init__(self, *, concealed: bool = False) -> None:
        self.concealed = concealed
        self._found: dict[tuple[str, bytes], Group] = {}

    def add(self, path: str, host: str, hunks: tuple[Hunk, ...], owned: tuple[Own, Own], *, secret: bool) -> bool:
        """Put the change to those that are the same but for what is the host's own. False: there are too many."""
        literal = [line for hunk in hunks for line in ("@@", *map(marks.key, hunk.changed))]
        signature = path, _digest((str(secret), *own.taken_out(literal, *owned)))
        group = self._found.get(signature)
        if group is None:
            if len(self._found) >= MOST:
                return False
            group = self._found[signature] = Group(paths=[path], hunks=hunks, literal=_digest(literal), secret=secret)
            if self.concealed and group.kickstart:
                group.hunks, group.concealed = (), True
        group.varied |= group.literal != _digest(literal)
        group.hosts += [host] if host else []
        return True

    def all(self) -> list[Group]:
        """Those of kickstarts first. Texts in which the same hosts change alike (both configurations of a guest, the
        copies of a menu) are put together."""
        made: dict[tuple[bytes, bool, bytes], Group] = {}
        for (path, signature), group in self._found.items():
            first = made.setdefault((signature, is_kickstart(path), _digest(group.hosts)), group)
            if first is not group:
                first.paths += group.paths
                first.varied |= group.varied
        return sorted(made.values(), key=_order)


def _order(group: Group) -> tuple[bool, list[str], int, list[str]]:
    return not group.kickstart, group.paths, -len(group.hosts), group.hosts


def _digest(words: Iterable[str]) -> bytes:
    return hashlib.blake2b("\0".join(words).encode("utf-8", "surrogateescape"), digest_size=16).digest()



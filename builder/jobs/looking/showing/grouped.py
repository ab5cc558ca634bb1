"""The files of a bundle in groups that a person can read: what all machines share, what is private, what each host has.

Files of hosts differ in a name, an address, a MAC or a token; those that do not differ otherwise are one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from builder.jobs.looking.choosing import WORDS
from builder.media.account import File
from builder.profile import kinds

HOST = re.compile(r"(?:^|/)hosts/([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)/")
MAC = r"(?:[0-9a-f]{2}-){5}[0-9a-f]{2}"
# What stands for what, in paths of the loaders (outputs/loaders/layout.py) and of kickstarts.
OWN = tuple((re.compile(pattern), instead) for pattern, instead in (
    (rf"(/mac/){MAC}(?=/)", r"\1MAC"),
    (rf"(pxelinux\.cfg/01-){MAC}$", r"\1MAC"),
    (r"(pxelinux\.cfg/)[0-9A-F]{8}$", r"\1ADDRESS"),
    (rf"(grub\.cfg-(?:01-)?){MAC}$", r"\1MAC"),
    (r"(grub\.cfg-)(?:[0-9A-F]{8}|[0-9a-f]{1,4}(?:-[0-9a-f]{1,4}){7})$", r"\1ADDRESS"),
    (r"(/ks/)[a-z2-7]{32}(?=/)", r"\1TOKEN"),
))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Files that are one but for what is a host's own: `path` is the one's, or the pattern of all. `size` is of all."""

    path: str
    count: int
    size: int
    evidence: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    name: str
    lines: tuple[Line, ...]

    @property
    def count(self) -> int:
        return sum(line.count for line in self.lines)

    @property
    def size(self) -> int:
        return sum(line.size for line in self.lines)


def hosts(files: Iterable[File]) -> tuple[str, ...]:
    """The hosts that have files of their own, in the order of their names."""
    return tuple(sorted({found[1] for file in files if (found := HOST.search(file.path))}))


def outputs(files: Sequence[File]) -> tuple[str, ...]:
    """The outputs whose files are there. Those of GRUB by TFTP serve HTTP boot too."""
    names = hosts(files)[:1]
    patterns = {output: [re.compile(_regex(place, names)) for place in WORDS[output].places]
                for output in kinds.OUTPUTS}
    return tuple(output for output, places in patterns.items()
                 if any(place.fullmatch(file.path) for place in places for file in files))


def _regex(place: str, names: Sequence[str]) -> str:
    word = re.escape(names[0]) if names else "NAME"
    return re.escape(place).replace(re.escape("{name}"), word).replace(r"\*", ".*")


def groups(files: Iterable[File]) -> tuple[Group, ...]:
    """Shared, private (mode 0600: its owner's alone), and what each host has; empty ones are left out."""
    found: dict[str, dict[tuple[str, str], list[File]]] = {"shared": {}, "private": {}, "of hosts": {}}
    for file in files:
        pattern = _pattern(file.path)
        group = "private" if file.private else "shared" if pattern == file.path else "of hosts"
        found[group].setdefault((pattern, file.evidence), []).append(file)
    return tuple(Group(name=name, lines=tuple(_line(pattern, each) for (pattern, _), each in sorted(rows.items())))
                 for name, rows in found.items() if rows)


def _line(pattern: str, files: Sequence[File]) -> Line:
    first = files[0]
    return Line(path=first.path if len(files) == 1 else pattern, count=len(files), size=sum(f.size for f in files),
                evidence=first.evidence, origin=first.origin)


def _pattern(path: str) -> str:
    host = HOST.search(path)
    if host:
        name = re.escape(host[1])
        path = re.sub(rf"(?<=hosts/){name}(?=/)", "NAME", path)
        path = re.sub(rf"(?<=/NAME/){name}(?=[.-])", "NAME", path)
    for own, instead in OWN:
        path = own.sub(instead, path)
    return path

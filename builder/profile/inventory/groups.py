"""Groups of Ansible: which ones a host is in, through their children too, and what their variables come to for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec


class Group(msgspec.Struct):
    """A group as `ansible-inventory --list` prints it; vars are there with --export and from scripts."""

    hosts: list[str] = []
    children: list[str] = []
    vars: dict[str, msgspec.Raw] = {}


def parse(raw: msgspec.Raw) -> Group:
    """A group; scripts may print one as a plain list of its hosts. Raises msgspec.DecodeError."""
    if bytes(memoryview(raw)[:1]) == b"[":
        return Group(hosts=msgspec.json.decode(raw, type=list[str]))
    return msgspec.json.decode(raw, type=Group)


class Groups:
    """All groups of an inventory. A circle among them is walked once: Ansible refuses to make one."""

    def __init__(self, tables: Mapping[str, Group]) -> None:
        self.tables = tables
        self.parents: dict[str, list[str]] = {}
        self.direct: dict[str, list[str]] = {}
        for name, group in tables.items():
            for child in group.children:
                self.parents.setdefault(child, []).append(name)
            for host in group.hosts:
                self.direct.setdefault(host, []).append(name)
        self.said = any(group.vars for group in tables.values())
        self.depths = self._depths() if self.said else {}
        # Hosts by the thousand are in the same few groups.
        self._above: dict[tuple[str, ...], frozenset[str]] = {}
        self._merged: dict[frozenset[str], Mapping[str, msgspec.Raw]] = {}

    def hosts(self) -> Iterator[str]:
        """Every host that is in a group, once."""
        return iter(self.direct)

    def of(self, host: str) -> frozenset[str]:
        """The groups that `host` is in, through their children too."""
        direct = tuple(self.direct.get(host, ()))
        if direct not in self._above:
            found: set[str] = set()
            ahead = list(direct)
            while ahead:
                name = ahead.pop()
                if name not in found:
                    found.add(name)
                    ahead.extend(self.parents.get(name, ()))
            self._above[direct] = frozenset(found)
        return self._above[direct]

    def variables(self, host: str) -> Mapping[str, msgspec.Raw]:
        """What the groups of `host` say: a child's word over its parent's, among equals the later by name ("How
        variables are merged")."""
        groups = self.of(host)
        if not self.said:
            return {}
        if groups not in self._merged:
            ordered = sorted(groups, key=lambda name: (name != "all", self.depths.get(name, 0), name))
            self._merged[groups] = {key: value for name in ordered if name in self.tables
                                    for key, value in self.tables[name].vars.items()}
        return self._merged[groups]

    def plain(self) -> Iterator[tuple[str, dict[str, list[str]]]]:
        """The groups without their variables."""
        for name, group in self.tables.items():
            said = {"hosts": group.hosts, "children": group.children}
            yield name, {key: value for key, value in said.items() if value}

    def _depths(self) -> dict[str, int]:
        """How far each group is below the topmost one over it, by the longest way; none for a group in a circle."""
        missing = {name: len(self.parents.get(name, ())) for name in self.tables}
        depths = {name: 0 for name, count in missing.items() if not count}
        ahead = list(depths)
        while ahead:
            name = ahead.pop()
            for child in self.tables[name].children if name in self.tables else ():
                depths[child] = max(depths.get(child, 0), depths[name] + 1)
                missing[child] = missing.get(child, 1) - 1
                if missing[child] == 0:
                    ahead.append(child)
        return depths

"""What is a host's own in its texts: with it taken out, the same change in many hosts is one change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from builder.profile.values import Host

UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")
# As scripts.py of boot/kickstart assigns the facts of a host.
FACT = re.compile(r"(?<=^.)(fact_[a-z0-9_]+=).*")
FOLDER = re.compile(r"(?:^|/)hosts/([^/]+)/")
TOKEN = re.compile(r"(?<=/ks/)[a-z2-7]{32}(?=/)")


@dataclass(frozen=True, slots=True)
class Own:
    """Values by their part: `name`, `hostname`, `mac0`, `address1` ..."""

    values: Mapping[str, str]

    def instead(self, other: Own, side: str) -> Mapping[str, str]:
        """Value to mark, longest first. A part that `other`, the same host on the other side, has with another value
        gets a mark of this `side`, or a host that moves would look as if it stayed."""
        named = {value: f"\x01{part}{'' if other.values.get(part) == value else side}\x02"
                 for part, value in self.values.items() if value}
        return dict(sorted(named.items(), key=lambda each: -len(each[0])))


NOTHING = Own({})


@dataclass(frozen=True, slots=True)
class Owners:
    """Whose text a path is, and under which name two sides may meet: MACs, tokens and host names are taken out."""

    hosts: Mapping[str, Own]
    macs: Mapping[str, tuple[str, str]]
    tokens: Mapping[str, str] = field(default_factory=dict)

    def of(self, path: str) -> tuple[str, str]:
        """The host (empty: all share it), and the path with NAME, MAC and TOKEN for what is the host's own."""
        found = FOLDER.search(path)
        if found:
            name = found[1]
            for end in "/.-":
                path = path.replace(f"/{name}{end}", f"/NAME{end}")
            return name, path
        token = TOKEN.search(path)
        if token and token[0] in self.tokens:
            return self.tokens[token[0]], TOKEN.sub("TOKEN", path)
        for value, (name, mark) in self._found(path):
            return name, path.replace(value, mark)
        return "", path

    def _found(self, path: str) -> Iterable[tuple[str, tuple[str, str]]]:
        for word in re.findall(r"[0-9a-f]{2}(?:-[0-9a-f]{2}){5,6}|\b[0-9A-F]{8}\b", path):
            for value in (word, word[-17:]):
                if value in self.macs:
                    yield value, self.macs[value]


def natural(name: str) -> list[tuple[int, str]]:
    """A key to sort names by, in which c2 comes before c10."""
    return [(int(digits or 0), rest) for digits, rest in re.findall(r"(\d*)(\D+|$)", name, re.ASCII)]


def owners(hosts: Iterable[Host], names: Iterable[str] = (), table: str = "") -> Owners:
    """Of resolved `hosts`; else of bare `names`. `table` is the bundle's own hosts.tsv, where it has one."""
    found = {name: Own({"name": name}) for name in names}
    found |= {host.name: Own(_values(host)) for host in hosts}
    macs: dict[str, tuple[str, str]] = {}
    for name, own in found.items():
        for part, value in own.values.items():
            if part.startswith(("mac", "dashed", "hex")):
                macs.setdefault(value, (name, re.sub("dashed|mac", "MAC", part).removesuffix("0").replace("hex", "IP")))
    return Owners(found, macs, _tokens(table))


def _values(host: Host) -> dict[str, str]:
    net = host.network
    values = {"name": host.name, "hostname": host.hostname}
    for number, mac in enumerate(dict.fromkeys(link.mac for link in net.links if link.mac)):
        values |= {f"mac{number}": mac, f"dashed{number}": mac.replace(":", "-")}
    for number, address in enumerate(net.addresses):
        values[f"address{number}"] = str(address.ip)
        if address.version == 4:
            values[f"hex{number}"] = f"{int(address.ip):08X}"  # pxelinux asks for a file of this name
    return values


def _tokens(table: str) -> dict[str, str]:
    """Token to host, from private/hosts.tsv: name, mac, address, kickstart."""
    rows = (line.split("\t") for line in table.split("\n")[1:])
    return {row[3].split("/")[1]: row[0] for row in rows if len(row) == 4 and row[3].count("/") == 2}


def taken_out(changed: Sequence[str], old: Own, new: Own) -> tuple[str, ...]:
    """Changed lines of a hunk (`-` and `+` in front) without what is the host's own, on either side."""
    before, after = old.instead(new, "-"), new.instead(old, "+")
    return tuple(_one(line, before if line[0] == "-" else after) for line in changed)


def _one(line: str, instead: Mapping[str, str]) -> str:
    for value, mark in instead.items():
        if value in line:
            line = _replaced(line, value, mark)
    return UUID.sub("\x01uuid\x02", FACT.sub("\\1\x01fact\x02", line))


def _replaced(line: str, value: str, mark: str) -> str:
    """`value` as a word: 10.0.0.1 is no part of 10.0.0.10."""
    pieces, at = [], 0
    while (start := line.find(value, at)) >= 0:
        end = start + len(value)
        word = not (line[start - 1:start].isalnum() or line[end:end + 1].isalnum())
        pieces += [line[at:start], mark if word else value]
        at = end
    return "".join((*pieces, line[at:]))

"""Inventories joined with the [host.NAME] tables of a profile, which say more of a host and win over its row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from builder.finding import Finding, Severity
from builder.names import some
from builder.profile.file import layers
from builder.profile.file.layers import Joined
from builder.profile.file.mistakes import Mistakes
from builder.profile.inventory import ansible, sheet
from builder.profile.inventory.rows import Inventory, Row
from builder.profile.values import Origin

TOPIC = "inventory"
READERS: dict[str, Callable[[bytes, str, Mistakes], Inventory]] = {
    ".csv": sheet.read, ".tsv": sheet.read, ".json": ansible.read}


def add(joined: Joined, mistakes: Mistakes) -> tuple[Finding, ...]:
    """Put the hosts of all inventories among `joined` into its table, and what was read into its layers; findings tell
    what became of words that are no keys. Raises UsageError: --set speaks of a host that is nowhere."""
    hosts = joined.table.setdefault("host", {})
    findings: list[Finding] = []
    joining = _Joining(joined, hosts if isinstance(hosts, dict) else {}, mistakes)
    for number, layer in enumerate(joined.layers):
        if layer.role == "inventory":
            found = READERS[PurePath(layer.name).suffix.lower()](layer.data, layer.name, mistakes)
            joined.layers[number] = replace(layer, data=found.data)
            findings.extend(_told(found, layer.name))
            for row in found.rows:
                joining.row(row)
    for word, key in joined.strangers.items():
        if word not in joined.rows:
            raise layers.stranger("host", key, [name for name in joining.hosts if name not in joined.strangers])
    return tuple(findings)


class _Joining:
    """Rows put into the table of hosts, one after the other."""

    def __init__(self, joined: Joined, hosts: dict[str, Any], mistakes: Mistakes) -> None:
        self.joined = joined
        self.hosts = hosts
        self.mistakes = mistakes
        # A host has one name in any spelling.
        self.written = {word.lower(): word for word in hosts}
        self.first: dict[str, Origin] = {}
        self.classed: dict[frozenset[str], frozenset[str]] = {}
        found = joined.table.get("class", {})
        self.classes = frozenset(found if isinstance(found, dict) else ())

    def row(self, row: Row) -> None:
        if row.name in self.first:
            self.mistakes.at(row.origin, "name", f"{row.name} is in {self.first[row.name]} as well; a host has one row")
            return
        self.first[row.name] = row.origin
        word = self.written.get(row.name, row.name)
        # A host that has a row has its place there, whatever a table or --set says of it beside.
        own = self.hosts.pop(word, {})
        if not isinstance(own, dict):
            self.hosts[word] = own  # its shape is told with all others
            return
        keys = row.keys
        if row.groups and "class" not in row.table and "class" not in own:
            keys = self._classed(row)
        self.joined.rows[word] = (row.origin, keys)
        layers.join(row.table, own)
        self.hosts[word] = row.table

    def _classed(self, row: Row) -> frozenset[str]:
        """The keys of a row that may have got the class that one of its groups is."""
        groups = sorted(row.groups & self.classes)
        if len(groups) > 1:
            self.mistakes.at(row.origin, f"host.{row.name}", f"is in {len(groups)} groups that are classes: "
                                                             f"{', '.join(groups)}; pinboot_class says which it is")
        elif groups:
            row.table["class"] = groups[0]
            return self.classed.setdefault(row.keys, row.keys | {"class"})
        return row.keys


def _told(found: Inventory, name: str) -> Iterator[Finding]:
    """What became of words that are no keys, once for a file, so that a typing mistake is seen."""
    strange = {word: key for word, key in found.facts.items() if key}
    words = [f"{word} (did you mean {key}?)" for word, key in strange.items()]
    words += [word for word in found.facts if word not in strange]
    left = tuple(f"left out, {reason}: {some(sorted(words), 12)}" for reason, words in sorted(found.left.items()))
    if words:
        yield Finding(topic=TOPIC, severity=Severity.WARNING if strange else Severity.NOTE,
                      text=f"facts from {name}: {some(words, 40)}", detail=left)
    elif left:
        yield Finding(topic=TOPIC, severity=Severity.NOTE, text=f"{name}: no facts", detail=left)


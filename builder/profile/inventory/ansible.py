"""Hosts from the JSON that `ansible-inventory --list` and inventory scripts print.

Format: docs.ansible.com, "Developing dynamic inventory"; `_meta.hostvars` holds the variables of hosts, every other
table is a group. What pinboot shall take as a key is said by name, because an inventory is full of other people's
words: a key of a host is `pinboot_KEY`, or KEY in a table `pinboot`. Other plain values are facts. What only Ansible
needs and what could be a secret is left out, and out of the copy in the bundle too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from builder import names
from builder.names import shown
from builder.profile.file import layers, walk
from builder.profile.file.mistakes import Mistakes
from builder.profile.inventory import cells, groups
from builder.profile.inventory.cells import Place
from builder.profile.inventory.groups import Groups
from builder.profile.inventory.rows import KEYS, MOST_HOSTS, TOO_MANY, Inventory, Row
from builder.profile.values import Origin

TABLE = "pinboot"
PREFIX = "pinboot_"
Variables = Mapping[str, msgspec.Raw]
Use = Place | Literal["fact", "nothing"]
# Ansible's own variables: how to reach a host, and what it knows of itself ("Special variables").
OWN = re.compile(r"ansible_.*|inventory_.*|group_names|groups|hostvars|playbook_dir|omit|role_names?|play_hosts")
SECRET = re.compile(r"(?:.*_)?(?:pass|passwd|password|passphrase|pwd|secrets?|tokens?|keys?|vault|credentials?|psk|"
                    r"private|hash|community|license)(?:_.*)?", re.IGNORECASE)
TEMPLATE = re.compile(r"\{[{%]")
MOST_TEXT = 1000
# Why a variable is no fact.
LISTS, TEMPLATES, TEXTS, NAMES, SECRETS = ("lists and tables", "templates, which ansible-inventory does not fill in",
                                           "long texts or texts of several lines", "names that no fact can have",
                                           "names of secrets")


class _Meta(msgspec.Struct):
    hostvars: dict[str, dict[str, msgspec.Raw]] = {}


def read(data: bytes, file: str, mistakes: Mistakes) -> Inventory:
    """The hosts of the JSON file `file`; what is wrong with it is noted."""
    origin = Origin(file, 0)
    try:
        tables = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=dict[str, msgspec.Raw])
        meta = tables.pop("_meta", None)
        hostvars = msgspec.json.decode(meta, type=_Meta).hostvars if meta else {}
        known = Groups({name: groups.parse(raw) for name, raw in tables.items()})
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as reason:
        mistakes.at(origin, "inventory", f"not what ansible-inventory --list prints: {reason}")
        return Inventory()
    listed = dict.fromkeys((*hostvars, *known.hosts()))
    if len(listed) > MOST_HOSTS:
        mistakes.at(origin, "inventory", TOO_MANY)
        return Inventory()
    reader = _Reader(known, origin, mistakes)
    rows: list[Row] = []
    kept: dict[str, Variables] = {}
    for name in listed:
        row, kept[name] = reader.host(name, {**known.variables(name), **hostvars.get(name, {})})
        if row:
            rows.append(row)
    table = {"_meta": {"hostvars": kept}, **dict(known.plain())}
    copy = msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n"
    left = {reason: tuple(words) for reason, words in reader.left.items()}
    return Inventory(rows=tuple(rows), facts=reader.facts, left=left, data=copy)


class _Reader:
    """Hosts of one file, one after the other; what a variable is for, is found out once for its name."""

    def __init__(self, known: Groups, origin: Origin, mistakes: Mistakes) -> None:
        self.groups = known
        self.origin = origin
        self.mistakes = mistakes
        self.facts: dict[str, str] = {}
        self.left: dict[str, dict[str, None]] = {}
        self._uses: dict[str, Use] = {}
        self._keys: dict[frozenset[str], frozenset[str]] = {}

    def host(self, word: str, variables: Variables) -> tuple[Row | None, Variables]:
        """The row of a host, and the variables that it was made of."""
        try:
            name = names.hostname(word)
        except ValueError as reason:
            self.mistakes.at(self.origin, "host", str(reason))
            return None, {}
        table: dict[str, Any] = {}
        kept = {}
        if TABLE in variables and self._table(word, variables[TABLE], table):
            kept[TABLE] = variables[TABLE]
        for key, raw in variables.items():
            use = self._uses.get(key) or self._use(key)
            if use == "nothing":
                continue
            taken = self._fact(key, raw, table) if use == "fact" else self._placed(word, key, raw, use, table)
            if taken:
                kept[key] = raw
        found = frozenset(layers.keys(table))
        return Row(name=name, origin=self.origin, table=table, keys=self._keys.setdefault(found, found),
                   groups=self.groups.of(word)), kept

    def _use(self, key: str) -> Use:
        use: Use = "nothing"
        if key.startswith(PREFIX):
            use = self._place(key, key.removeprefix(PREFIX)) or "nothing"
        elif key != TABLE and not OWN.fullmatch(key):
            use = "fact" if not SECRET.fullmatch(key) and cells.fact(key) else "nothing"
            if use == "nothing":
                self._leave(SECRETS if SECRET.fullmatch(key) else NAMES, key)
        self._uses[key] = use
        return use

    def _place(self, said: str, key: str) -> Place | None:
        if key not in KEYS:
            self.mistakes.at(self.origin, said, walk.unknown(key, KEYS))
            return None
        try:
            return cells.place(key)
        except ValueError:  # a table, which a variable may hold and a cell may not
            return Place(path=(key,), read=str)

    def _fact(self, key: str, raw: msgspec.Raw, table: dict[str, Any]) -> bool:
        """Put a variable into the facts, where no other says it; False: it is left out."""
        if bytes(memoryview(raw)[:1]) in b"[{":
            return self._leave(LISTS, key)
        value = self._decoded(key, raw)
        if value is None or value == "":
            return False
        if isinstance(value, str):
            if TEMPLATE.search(value):
                return self._leave(TEMPLATES, key)
            if len(value) > MOST_TEXT or not value.isprintable():
                return self._leave(TEXTS, key)
        self.facts.setdefault(key, f"{PREFIX}{key}" if key in KEYS else "")
        facts = table.setdefault("facts", {})
        if isinstance(facts, dict):
            facts.setdefault(key, bytes(memoryview(raw)).decode() if isinstance(value, float) else value)
        return True

    def _placed(self, host: str, key: str, raw: msgspec.Raw, use: Any, table: dict[str, Any]) -> bool:
        value = self._clear(f"{host}.{key}", self._decoded(f"{host}.{key}", raw))
        if value is not None:
            use.put(table, use.read(value) if isinstance(value, str) else value)
        return value is not None

    def _table(self, host: str, raw: msgspec.Raw, table: dict[str, Any]) -> bool:
        """Put the keys of a table `pinboot` into the host's."""
        found = self._decoded(f"{host}.{TABLE}", raw)
        if not isinstance(found, dict):
            if found is not None:
                self.mistakes.at(self.origin, f"{host}.{TABLE}", "is no table of keys, as in pinboot: {memory: 4 GiB}")
            return False
        for key, each in found.items():
            place, value = self._place(f"{TABLE}.{key}", key), self._clear(f"{host}.{TABLE}.{key}", each)
            if place and value is not None:
                place.put(table, place.read(value) if isinstance(value, str) else value)
        return True

    def _decoded(self, where: str, raw: msgspec.Raw) -> Any:
        try:
            value = msgspec.json.decode(raw)
            if isinstance(value, dict | list) and layers.is_deep(value):
                raise RecursionError("tables in each other, deeper than any key is")
            return value
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as reason:
            self.mistakes.at(self.origin, where, f"no JSON that can be read: {reason}")
            return None

    def _clear(self, where: str, value: Any) -> Any:
        """The value of a key, or None for an empty one and for a template."""
        if isinstance(value, str) and TEMPLATE.search(value):
            self.mistakes.at(self.origin, where, f"{shown(value)} is a template, which ansible-inventory does not fill "
                                                 "in; write the value itself")
            return None
        return None if value == "" else value

    def _leave(self, reason: str, key: str) -> bool:
        self.left.setdefault(reason, {})[key] = None
        return False

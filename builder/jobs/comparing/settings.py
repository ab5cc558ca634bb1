"""The keys of two profiles side by side: what was, what is, who set it; the same change in many hosts is one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from builder.jobs.comparing.texts.own import natural
from builder.jobs.looking.showing import keys
from builder.profile import secrets
from builder.profile.values import Origin

BARE = re.compile(r"[A-Za-z0-9_-]+")
# Of one key in many hosts: more than so many values are each host's own, and told as one change.
MOST_VALUES = 3

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """A key that is set: `value` as the file has it, `origin` who set it."""

    value: Any
    origin: str

    @property
    def text(self) -> str:
        """As TOML writes it."""
        return json.dumps(self.value, ensure_ascii=False, default=str)


@dataclass(slots=True, kw_only=True)
class Changed:
    """`old` and `new` as they may be shown, empty where the key is not set; `secret`: what is struck out differs. With
    `hosts` the key is the same of each (`key` says host.NAME), and what is shown is the first one's; with `varied` the
    others have other values. `beneath`: the key says the same, and the file that it names does not."""

    key: str
    old: str
    new: str
    old_origin: str
    new_origin: str
    secret: bool = False
    beneath: bool = False
    varied: bool = False
    hosts: list[str] = field(default_factory=list)


def flat(table: Mapping[str, Any], origins: Mapping[str, Origin], above: Path = ()) -> Iterator[tuple[Path, Setting]]:
    """Every key with a value of its own."""
    for name, value in table.items():
        path = (*above, name)
        if isinstance(value, dict) and value:
            yield from flat(value, origins, path)
        else:
            found = origins.get(".".join(path))
            yield path, Setting(value, str(found) if found else "")


def changed(old: Mapping[Path, Setting], new: Mapping[Path, Setting], hosts: frozenset[str]) -> tuple[Changed, ...]:
    """What differs, those of `hosts` (that both sides have) put together; a host of one side alone is not told key by
    key."""
    told: list[Changed] = []
    of_hosts: dict[Path, list[tuple[str, Changed]]] = {}
    for path in sorted(old.keys() | new.keys(), key=lambda path: ([natural(part) for part in path], path)):
        before, after = old.get(path), new.get(path)
        if before and after and before.value == after.value:
            continue
        made = _changed(path, before, after)
        if path[0] == "host" and len(path) > 2:
            if path[1] in hosts:
                of_hosts.setdefault(path[2:], []).append((path[1], made))
        elif path[0] != "host":
            told.append(made)
    return (*told, *(each for rest, found in of_hosts.items() for each in _together(rest, found)))


def _changed(path: Path, old: Setting | None, new: Setting | None) -> Changed:
    before, after = _shown(path, old), _shown(path, new)
    return Changed(key=dotted(path), old=before, new=after, old_origin=old.origin if old else "",
                   new_origin=new.origin if new else "", secret=before == after)


def _together(rest: Path, found: list[tuple[str, Changed]]) -> Iterator[Changed]:
    """Changes of one key of several hosts."""
    values: dict[tuple[str, str, bool], Changed] = {}
    many = len({(each.old, each.new) for _, each in found}) > MOST_VALUES
    for name, each in found:
        value = ("", "", False) if many else (each.old, each.new, each.secret)
        first = values.setdefault(value, each)
        first.key = dotted(("host", "NAME", *rest))
        first.varied |= (each.old, each.new) != (first.old, first.new)
        first.hosts.append(name)
    yield from values.values()


def _shown(path: Path, setting: Setting | None) -> str:
    if setting is None:
        return ""
    if path[-1] in keys.SECRETS and isinstance(setting.value, str):
        return keys.secret(setting.value)
    return secrets.redacted(setting.text)


def dotted(path: Path) -> str:
    """A key as TOML writes it."""
    return ".".join(part if BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False) for part in path)

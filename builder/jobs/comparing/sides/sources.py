"""The profile that a bundle was made from, put together again from the copies that lie in it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from builder.jobs.comparing.sides.bundles import LAYER, PROFILE, Contents
from builder.profile.file import layers
from builder.profile.file.layers import Joined, Layer
from builder.profile.file.mistakes import Mistakes
from builder.profile.inventory import joining

# As profile/file/settings.py begins what the command line set.
SET = b"# Set on the command line"
# Keys that name files or secrets, which only the maker of the bundle has; none of them says where a host is.
ELSEWHERE = ("root", "user", "pre", "post", "onerror", "kickstart", "template", "rhsm", "serve", "trust", "tree",
             "catalog")


def joined(found: Contents, home: Path) -> Joined:
    """The profile of the bundle with what it extends, its inventories and what was set; files that it names would lie
    below `home`. Raises UsageError."""
    made = layers.again(kept(found, home), home)
    joining.add(made, Mistakes(found.name, made.origins))  # what is wrong with a row is of no matter here
    return made


def kept(found: Contents, home: Path) -> list[Layer]:
    """The files that the profile was made from, in the order in which they count, each with the name that it had."""
    profile = Layer(name=f"{found.name}.toml", path=home / f"{found.name}.toml", role="profile",
                    data=found.sources.get(PROFILE, b""))
    numbered = sorted((int(match[1]), match[2], data) for name, data in found.sources.items()
                      if (match := LAYER.fullmatch(name)))
    rest = [(name, data) for _, name, data in numbered]
    over = [Layer(name=name, path=home / name, data=data, role="set") for name, data in rest if _is_set(name, data)]
    listed = [each for each in rest if PurePath(each[0]).suffix.lower() in joining.READERS]
    below = [each for each in rest if each not in listed and not _is_set(*each)]
    made = [*_extended(below, profile), profile]
    return [*made, *_inventories(listed, made, home), *over]


def _is_set(name: str, data: bytes) -> bool:
    return name == "set.toml" and data.startswith(SET)


def _inventories(listed: Sequence[tuple[str, bytes]], below: Sequence[Layer], home: Path) -> list[Layer]:
    found = layers.again(below, home).table.get("inventory", [])
    entries = [*map(str, found)] if isinstance(found, list) else [str(found)]
    entries += [name for name, _ in listed[len(entries):]]
    return [Layer(name=entry if entry.rpartition("/")[2] == name else name, path=home / name, data=data,
                  role="inventory") for entry, (name, data) in zip(entries, listed, strict=False)]


def _extended(below: Sequence[tuple[str, bytes]], profile: Layer) -> list[Layer]:
    """Each file is read after all that it extends, so backwards the names come in the order in which `extends` has
    them. A name that does not fit (a starter's) stays what it is in the bundle."""
    made: list[Layer] = []
    waiting = [(entry, profile.path.parent) for entry in _extends(profile)]
    for name, data in reversed(below):
        entry, folder = waiting.pop() if waiting else (name, profile.path.parent)
        fits = entry.rpartition("/")[2] == name
        place = folder / entry if fits else folder / name
        layer = Layer(name=entry if fits else name, path=place, data=data, role="extended")
        waiting += [(each, place.parent) for each in _extends(layer)]
        made.append(layer)
    return made[::-1]


def _extends(layer: Layer) -> list[str]:
    found = layers.again([layer], layer.path.parent).table.get("extends", [])
    return [entry for entry in found if isinstance(entry, str)] if isinstance(found, list) else []


def without_files(found: Joined) -> Joined:
    """The same without the keys that name what is not in a bundle: enough to know the hosts, and nothing of this
    machine is read for it."""
    table = copy.deepcopy({key: value for key, value in found.table.items() if key not in ELSEWHERE})
    for each in (table, *_tables(table.get("host")), *_tables(table.get("class"))):
        each.pop("storage", None)  # it may name the file of a passphrase
    return replace(found, table=table, layers=[])


def _tables(value: Any) -> list[dict[str, Any]]:
    return [each for each in value.values() if isinstance(each, dict)] if isinstance(value, dict) else []

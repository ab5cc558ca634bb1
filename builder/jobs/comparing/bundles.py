"""A bundle as it lies there: its texts, its lock, and the profile that it was made from."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from builder.errors import BytesDiffer, UsageError
from builder.jobs.comparing.texts import own
from builder.jobs.comparing.texts.shelf import Shelf
from builder.lock import text
from builder.lock.model import Lock
from builder.media import checksums, contents
from builder.media.papers import manifest, provenance, sbom
from builder.names import shown as quoted
from builder.profile.file import layers
from builder.profile.file.layers import Joined, Layer
from builder.progress import Progress

# They list the digests of all other files.
PAPERS = frozenset({manifest.PATH, checksums.PATH, *checksums.SIGNATURES, sbom.PATH, provenance.PATH})
PROFILE = "profile.toml"
LAYER = re.compile(r"layers/([1-9][0-9]{0,3})-(.+)")
# As profile/file/settings.py begins what the command line set.
SET = b"# Set on the command line"
# Keys that name files or secrets, which only the maker of the bundle has; none of them says where a host is.
ELSEWHERE = ("root", "user", "pre", "post", "onerror", "kickstart", "template", "rhsm", "serve", "trust", "tree",
             "catalog")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """`texts` are those that a build renders, `sources` what it was made from (profile.toml, layers/), both as they lie
    there. `digests` are those of the texts by path, `built` what the manifest has: `changed` are texts with another
    digest, `lost` those that are not there."""

    name: str
    ident: str
    inputs: str
    version: str
    lock: Lock
    lock_path: str
    texts: Shelf
    sources: Mapping[str, bytes]
    hosts: frozenset[str]
    digests: Mapping[str, str]
    built: Mapping[str, str]
    changed: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manifest:
    name: str
    ident: str
    inputs: str
    version: str
    lock_path: str
    rendered: Mapping[str, str]
    other: frozenset[str]


def read(path: Path, shown: str, progress: Progress) -> Contents:
    """Raises NotFound, UsageError (no bundle), BytesDiffer (no readable manifest or lock, a damaged archive)."""
    shelf, found, kept, digests = Shelf(), {}, {}, {}
    with progress.start(f"reading {path.name}", unit=" files") as meter:
        for name, data in contents.texts(path):
            meter.advance(1)
            if name == manifest.PATH or _is_source(name):
                kept[name] = data
            elif data is not None and name not in PAPERS:
                digests[name] = hashlib.sha256(data).hexdigest()
                shelf.put(name, data.decode("utf-8", "surrogateescape"))
            found[name] = data is not None
    if kept.get(manifest.PATH) is None:
        raise UsageError(f"{shown}: is no bundle (it holds no {manifest.PATH})",
                         "name a directory, .tar or .tar.zst that pinboot build wrote")
    listed = _manifest(kept.pop(manifest.PATH) or b"", shown)
    lock = kept.pop(listed.lock_path, None)
    if lock is None:
        raise BytesDiffer(f"{shown}: {quoted(listed.lock_path)}: the lock is not in the bundle", "take the bundle anew")
    for name in listed.other:
        shelf.drop(name)
    names = {match[1] for name in shelf if (match := own.FOLDER.search(name))}
    return Contents(
        name=listed.name, ident=listed.ident, inputs=listed.inputs, version=listed.version, lock_path=listed.lock_path,
        lock=text.parse(lock, f"{shown}/{listed.lock_path}"), texts=shelf, hosts=frozenset(names), digests=digests,
        built=listed.rendered,
        sources={name: data for name, data in kept.items() if data is not None and not name.endswith(".lock")},
        changed=tuple(sorted(name for name, wanted in listed.rendered.items()
                             if name in found and digests.get(name) != wanted)),
        lost=tuple(sorted(listed.rendered.keys() - found.keys())))


def _is_source(name: str) -> bool:
    return name == PROFILE or bool(LAYER.fullmatch(name)) or (name.endswith(".lock") and "/" not in name)


def _manifest(data: bytes, shown: str) -> _Manifest:
    try:
        table = json.loads(data)
        if table["schema"] != manifest.SCHEMA:
            raise ValueError(f"its schema is {table['schema']!r}, this pinboot reads {manifest.SCHEMA}")
        files = [(str(line["path"]), str(line["sha256"]), line["origin"] == "rendered") for line in table["files"]]
        return _Manifest(
            name=str(table["bundle"]["name"]), ident=str(table["bundle"]["id"]), inputs=str(table["inputs"]),
            version=str(table["tool"]["version"]), lock_path=str(table["lock"]["path"]),
            rendered={path: digest for path, digest, rendered in files if rendered and path not in PAPERS},
            other=frozenset(path for path, _, rendered in files if not rendered))
    except (ValueError, KeyError, TypeError, RecursionError) as reason:
        raise BytesDiffer(f"{shown}: {manifest.PATH} cannot be read: {reason!r}", "take the bundle anew") from None


def joined(found: Contents, home: Path) -> Joined:
    """The profile of the bundle with what it extends and what was set; files that it names would lie below `home`.
    Raises UsageError."""
    return layers.again(kept_layers(found, home), home)


def kept_layers(found: Contents, home: Path) -> list[Layer]:
    """The files that the profile was made from, in the order in which they count, each with the name that it had."""
    profile = Layer(name=f"{found.name}.toml", path=home / f"{found.name}.toml", role="profile",
                    data=found.sources.get(PROFILE, b""))
    numbered = sorted((int(match[1]), match[2], data) for name, data in found.sources.items()
                      if (match := LAYER.fullmatch(name)))
    below = [(name, data) for _, name, data in numbered if not (name == "set.toml" and data.startswith(SET))]
    over = [Layer(name=name, path=home / name, data=data, role="set") for _, name, data in numbered
            if name == "set.toml" and data.startswith(SET)]
    return [*_named(below, profile), profile, *over]


def _named(below: Sequence[tuple[str, bytes]], profile: Layer) -> list[Layer]:
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
    return replace(found, table=table)


def _tables(value: Any) -> list[dict[str, Any]]:
    return [each for each in value.values() if isinstance(each, dict)] if isinstance(value, dict) else []

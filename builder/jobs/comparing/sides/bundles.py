"""A bundle as it lies there: its texts, its lock, and the profile that it was made from."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from builder.errors import BytesDiffer, UsageError
from builder.jobs.comparing.texts import own
from builder.jobs.comparing.texts.shelf import Shelf
from builder.lock import text
from builder.lock.model import Lock
from builder.media import checksums, contents
from builder.media.found import is_lock
from builder.media.papers import manifest, provenance, sbom
from builder.names import shown as quoted
from builder.progress import Progress

# They list the digests of all other files.
PAPERS = frozenset({manifest.PATH, checksums.PATH, *checksums.SIGNATURES, sbom.PATH, provenance.PATH})
PROFILE = "profile.toml"
LAYER = re.compile(r"layers/([1-9][0-9]{0,3})-(.+)")


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
    return name == PROFILE or bool(LAYER.fullmatch(name)) or is_lock(name)


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

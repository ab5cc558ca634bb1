"""provenance.intoto.json: who made the files of a bundle from what, as an in-toto statement with SLSA provenance v1.

Formats: in-toto Statement v1 and ResourceDescriptor (in-toto/attestation, spec/v1); SLSA Provenance v1
(slsa.dev/spec/v1.0/provenance). The statement claims what SLSA Build L1 asks for: it says how the bundle was made, and
nobody but the machine that made it vouches for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urljoin

import builder
from builder.lock.model import Lock, Pin
from builder.media.entry import Entry, long_text, part
from builder.media.listing import listing
from builder.media.listing.listing import Line, encoded
from builder.media.papers import longlist

PATH = "provenance.intoto.json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
# A TypeURI need not resolve (in-toto field_types); .invalid never will (RFC 6761 6.4). docs/signing.md says what they
# mean.
BUILD_TYPE = "https://pinboot.invalid/bundle/v1"
BUILDER = "https://pinboot.invalid/local/v1"


def build(entries: Iterable[Entry], lock: Lock, copy: Entry, *, sources: Sequence[Entry], hosts: Iterable[str],
          epoch: int) -> Entry:
    """The statement about `entries`, every one of which is a subject: `copy` holds the lock, `sources` are the profile
    and the files that it extends, `hosts` the names that were built for.

    There is no `metadata`: when it was made is not told, because the same inputs make the same bytes (no startedOn).
    """
    files = listing.of(entries)
    statement = {
        "_type": STATEMENT,
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                # What the user decides. Digests of what was handed over as such stand here (SLSA, footnote to
                # BuildDefinition); those of what was fetched, below.
                "externalParameters": {
                    "release": f"{lock.family}-{lock.version}", "arch": lock.arch, "epoch": epoch,
                    "hosts": sorted(hosts), "profile": [_file(entry) for entry in sources]},
                "resolvedDependencies": [_file(copy), *(_dependency(pin, lock) for pin in lock.pins)],
            },
            "runDetails": {"builder": {"id": BUILDER, "version": {"pinboot": builder.__version__}}},
        },
    }
    head, tail = longlist.frame(statement, "subject")
    subjects = files.spool.take(encoded(longlist.items(map(_subject, files.lines()))))
    return long_text(PATH, (part(head.encode()), subjects, part(tail.encode())))


def address(lock: Lock, pin: Pin) -> str:
    """Where the pinned file was when it was locked, without `..` in it."""
    return urljoin(f"{lock.source}/", pin.path)


def _subject(file: Line) -> str:
    """As `_file`, in the words of json.dumps, which takes ten times as long; there may be two hundred thousand."""
    name = longlist.quoted(file.path)
    return f'{{\n   "digest": {{\n    "sha256": "{file.sha256}"\n   }},\n   "name": {name}\n  }}'


def _file(entry: Entry) -> dict[str, Any]:
    return {"name": entry.path, "digest": {entry.digest.algorithm: entry.digest.hex}}


def _dependency(pin: Pin, lock: Lock) -> dict[str, Any]:
    """A pin as a ResourceDescriptor. The annotations say why the digest is believed; a reason why less than usual was
    accepted stands with the pin that it is about."""
    accepted = lock.overrides.get(pin.path) or lock.overrides.get(pin.role, "")
    told = {"evidence": pin.evidence, "detail": pin.detail, "key": pin.key, "override": accepted, "path": pin.path}
    return {
        "name": f"{pin.role} {pin.name}".rstrip(), "uri": address(lock, pin),
        "digest": {pin.digest.algorithm: pin.digest.hex},
        "annotations": {f"pinboot_{key}": value for key, value in told.items() if value}}

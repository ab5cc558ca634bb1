"""The jobs `store export` and `store import`: what a lock needs, carried to a machine without network in one tar."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from builder.errors import BytesDiffer, HostileInput, Missing, NotFound, UsageError
from builder.fetch import limits
from builder.fetch.store import parcel
from builder.fetch.store.objects import Store
from builder.fetch.store.parcel import CURE, Member
from builder.jobs.keeping import CARRIED, Named
from builder.lock import text
from builder.lock.model import Lock, Pin
from builder.media.pack import place, tar
from builder.names import shown
from builder.progress import Progress

FORMAT = 1
FOLDER = "pinboot-store"
INDEX = f"{FOLDER}/index.json"
INDEX_CAP = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """The lock (its file name and bytes), the pins whose bytes the tar holds, and how many of them were new here."""

    name: str
    lock: bytes
    pins: tuple[Pin, ...]
    new: int = 0

    @property
    def size(self) -> int:
        return sum(pin.size for pin in self.pins)


def carried(lock: Lock) -> tuple[Pin, ...]:
    """The pins whose bytes go along, one for each object, in order of their digests."""
    pins = {pin.digest: pin for pin in reversed(lock.pins) if pin.role in CARRIED}
    return tuple(pins[digest] for digest in sorted(pins))


def export(named: Named, store: Store, target: Path, progress: Progress) -> Carried:
    """Write the tar; the same lock is always the same bytes. Every object is hashed while it is read.

    Raises Missing with all that the store has not or has damaged, UsageError or CheckFailed where `target` cannot be
    written. What was at `target` stays until the new tar is whole.
    """
    pins = carried(named.lock)
    lacking = [pin for pin in pins if not store.verified(pin.digest, pin.size, progress, pin.path)]
    if lacking:
        lines = "".join(f"\n  {pin.path}  {pin.digest.short}" for pin in lacking)
        raise Missing(f"{named.path}: not in the store {store.root}, or damaged there{lines}",
                      "pinboot lock PROFILE, with network, fetches what a lock names")
    name = re.sub(r"[^A-Za-z0-9._-]", "_", Path(named.path).name).lstrip(".-")[-90:] or "lock"
    made = Carried(name=name, lock=text.write(named.lock).encode(), pins=pins)
    tar.check(target)
    with place.beside(target, folder=False) as (partial, descriptor), \
            progress.start(f"writing {target.name}", made.size) as meter:
        with os.fdopen(os.dup(descriptor), "wb") as stream:
            for piece in _pieces(made, named.lock, store):
                stream.write(piece)
                meter.advance(len(piece))
            stream.write(parcel.end(stream.tell()))
        os.fchmod(descriptor, 0o644)
        os.fsync(descriptor)
        place.replace_file(partial, target)
    return made


def _pieces(made: Carried, lock: Lock, store: Store) -> Iterator[bytes]:
    texts = ((INDEX, _index(made)), (f"{FOLDER}/{made.name}", made.lock))
    for name, data in texts:
        yield parcel.head(Member(name=name, size=len(data)), lock.epoch) + data + parcel.padding(len(data))
    for pin in made.pins:
        yield parcel.head(Member(name=_name(pin), size=pin.size), lock.epoch)
        yield from _hashed(pin, store)
        yield parcel.padding(pin.size)


def _hashed(pin: Pin, store: Store) -> Iterator[bytes]:
    found, size = hashlib.sha256(), 0
    with store.open(pin.digest) as stream:
        while chunk := stream.read(parcel.CHUNK):
            found.update(chunk)
            size += len(chunk)
            yield chunk
    if (found.hexdigest(), size) != (pin.digest.hex, pin.size):
        raise BytesDiffer(f"{store.path(pin.digest)}: changed while it was read", "pinboot store verify, then again")


def _name(pin: Pin) -> str:
    return f"{FOLDER}/objects/sha256/{pin.digest.hex[:2]}/{pin.digest.hex[2:]}"


def _index(made: Carried) -> bytes:
    table = {"format": FORMAT, "lock": made.name, "objects": [
        {"path": pin.path, "role": pin.role, "sha256": pin.digest.hex, "size": pin.size} for pin in made.pins]}
    return (json.dumps(table, indent=2, sort_keys=True) + "\n").encode()


def take(source: Path, store: Store, progress: Progress) -> Carried:
    """Put every object of the tar into the store, each under its name only when its bytes are right; what is there
    already stays. Nothing enters the store before index and lock were read and agree.

    Raises NotFound, UsageError (not a file), HostileInput (no such tar), BytesDiffer (other bytes, or cut short).
    """
    try:
        if not source.is_file():
            raise (UsageError if source.exists() else NotFound)(f"{source}: there is no such file", CURE)
        with source.open("rb") as stream, progress.start(f"reading {source.name}", source.stat().st_size) as meter:
            made = _contents(stream, str(source))
            new = 0
            for pin in made.pins:
                _expect(stream, Member(name=_name(pin), size=pin.size), str(source))
                new += _object(stream, pin, store, progress, f"{source}: {pin.path}")
                meter.advance(pin.size)
            if parcel.next_member(stream, str(source)) is not None:
                raise HostileInput(f"{source}: holds more than its index names", CURE)
    except OSError as reason:
        raise UsageError(f"{source}: cannot be read: {reason.strerror}") from reason
    return Carried(name=made.name, lock=made.lock, pins=made.pins, new=new)


def _contents(stream: BinaryIO, where: str) -> Carried:
    """Index and lock. Only the lock says what may come; the index must say the same."""
    listed = _small(stream, INDEX, INDEX_CAP, where)
    try:
        table = json.loads(listed)
        name, found = table["lock"], table["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise HostileInput(f"{where}: {INDEX} cannot be read", CURE) from None
    if found != FORMAT:
        raise UsageError(f"{where}: is of format {shown(str(found))}; this pinboot reads {FORMAT}",
                         "a newer pinboot wrote it: upgrade")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,90}", name):
        raise HostileInput(f"{where}: {shown(str(name))} is no file name for a lock", CURE)
    data = _small(stream, f"{FOLDER}/{name}", text.MAX_BYTES, where)
    lock = text.parse(data, f"{where}: {name}")
    made = Carried(name=name, lock=data, pins=carried(lock))
    if _index(made) != listed:
        raise HostileInput(f"{where}: its index is not what its lock names", CURE)
    for pin in made.pins:
        if pin.size > limits.CAPS[pin.role]:
            raise HostileInput(f"{where}: {pin.path} would be larger than a {pin.role} can be", CURE)
    return made


def _small(stream: BinaryIO, name: str, cap: int, where: str) -> bytes:
    found = parcel.next_member(stream, where)
    if found is None or found.name != name or found.size > cap:
        raise HostileInput(f"{where}: is no tar that pinboot store export wrote ({name} is not where it belongs)", CURE)
    return b"".join(parcel.content(stream, found, where))


def _expect(stream: BinaryIO, wanted: Member, where: str) -> None:
    found = parcel.next_member(stream, where)
    if found is None:
        raise parcel.cut(where)
    if found != wanted:
        raise HostileInput(f"{where}: wanted {wanted.name} of {wanted.size} bytes, "
                           f"found {shown(found.name)} of {found.size}", CURE)


def _object(stream: BinaryIO, pin: Pin, store: Store, progress: Progress, where: str) -> bool:
    """True where the object was new; the bytes are read and judged either way."""
    member = Member(name=_name(pin), size=pin.size)
    if not store.verified(pin.digest, pin.size, progress, pin.path):
        store.add(parcel.content(stream, member, where), expected=pin.digest, size=pin.size,
                  cap=limits.CAPS[pin.role], where=where)
        return True
    found = hashlib.sha256()
    for chunk in parcel.content(stream, member, where):
        found.update(chunk)
    if found.hexdigest() != pin.digest.hex:
        raise BytesDiffer(f"{where}: not the bytes that its name says", "it was altered or damaged: copy it again")
    return False

"""manifest.json: every file of a bundle, its digest and mode, its source, and why it is believed (RELIABILITY I32)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import builder
from builder.lock.model import Lock, Pin
from builder.media import checksums
from builder.media.entry import Entry, long_text, part
from builder.media.listing import listing
from builder.media.listing.listing import Line, encoded
from builder.media.papers import longlist

PATH = "manifest.json"
SCHEMA = 1
# Bytes, in which stands all that comes behind the list of files.
END = 1 << 20


def build(name: str, entries: Iterable[Entry], lock: Lock, lock_path: str, kickstarts: Iterable[str] = (), *,
          inputs: str = "", epoch: int | None = None, ident: str = "") -> Entry:
    """The manifest of `entries`. `lock_path` is the copy of the lock among them; `kickstarts` are the paths that the
    injected initrd carries; `inputs` a digest of all that the bundle is made from; `epoch` its time where that is not
    the lock's; `ident` its id where that is known already.

    URLs are those at which the lock was made (DESIGN Values), so the same lock gives the same manifest whichever mirror
    was used. Raises ValueError where a pinned entry is no pin of the lock or the lock is not among the entries.
    """
    files = listing.of(entries)
    copy = files.given.get(lock_path)
    if copy is None:
        raise ValueError(f"the lock {lock_path} is no file of the bundle")
    head, tail = longlist.frame({
        "schema": SCHEMA,
        "bundle": {"name": name, "id": ident or bundle_id(files), "epoch": lock.epoch if epoch is None else epoch},
        "inputs": inputs,
        "tool": {"name": "pinboot", "version": builder.__version__},
        "release": {"family": lock.family, "version": lock.version, "arch": lock.arch, "compose": lock.compose},
        "lock": {"path": lock_path, "sha256": copy.digest.hex, "source": lock.source},
        "overrides": dict(lock.overrides),
    }, "files")
    carried = sorted(kickstarts)
    items = (_rendered(file) if file.path not in files.given else longlist.item(_given(file, lock, carried))
             for file in files.lines())
    body = files.spool.take(encoded(longlist.items(items)))
    return long_text(PATH, (part(head.encode()), body, part(tail.encode())))


def is_of(path: Path, inputs: str) -> bool:
    """Whether the file at `path` says that it was made from these inputs, as far as its end tells: they stand behind
    the list of files, which may be long."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - END))
            return f'\n "inputs": "{inputs}",\n'.encode() in file.read()
    except OSError:
        return False


def bundle_id(entries: Iterable[Entry]) -> str:
    """Eight hex digits over path, mode and digest of every file but the two that list them, and their signature."""
    made = hashlib.sha256()
    for file in listing.of(entries).lines():
        if file.path not in (PATH, checksums.PATH, *checksums.SIGNATURES):
            made.update(f"{file.path}\0{file.octal:0>4}\0{file.sha256}\n".encode())
    return made.hexdigest()[:8]


def _rendered(file: Line) -> str:
    """As longlist.item of what `_given` tells, which takes ten times as long; there may be two hundred thousand."""
    return (f'{{\n   "mode": "{file.octal:0>4}",\n   "origin": "rendered",\n   "path": {longlist.quoted(file.path)},\n'
            f'   "sha256": "{file.sha256}",\n   "size": {file.decimal}\n  }}')


def _given(file: Line, lock: Lock, kickstarts: list[str]) -> dict[str, Any]:
    line: dict[str, Any] = {
        "path": file.path,
        "mode": f"{file.octal:0>4}",
        "size": file.size,
        "sha256": file.sha256,
        "origin": file.origin,
    }
    if file.origin == "pinned":
        line["pin"] = _pin(_pin_of(file, lock), lock)
    elif file.origin == "injected":
        line["pin"] = _pin(lock.pin("initrd"), lock)
        line["injected"] = kickstarts
    return line


def _pin_of(file: Line, lock: Lock) -> Pin:
    for pin in lock.pins:
        if pin.digest.hex == file.sha256 and pin.size == file.size:
            return pin
    raise ValueError(f"{file.path} is said to be pinned, but no pin of the lock has its digest sha256:{file.sha256}")


def _pin(pin: Pin, lock: Lock) -> dict[str, Any]:
    told = {"role": pin.role, "url": f"{lock.source}/{pin.path}", "sha256": pin.digest.hex,
            "evidence": pin.evidence, "detail": pin.detail, "key": pin.key}
    return {key: value for key, value in told.items() if value}

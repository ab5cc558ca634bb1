"""manifest.json: every file of a bundle, its digest and mode, its source, and why it is believed (RELIABILITY I32)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import builder
from builder.lock.model import Lock, Pin
from builder.media import checksums
from builder.media.bundle import Entry, text_entry

PATH = "manifest.json"
SCHEMA = 1


def build(name: str, entries: Sequence[Entry], lock: Lock, lock_path: str, kickstarts: Iterable[str] = (), *,
          inputs: str = "", epoch: int | None = None) -> Entry:
    """The manifest of `entries`. `lock_path` is the copy of the lock among them; `kickstarts` are the paths that the
    injected initrd carries; `inputs` a digest of all that the bundle is made from; `epoch` its time where that is not
    the lock's.

    URLs are those at which the lock was made (DESIGN Values), so the same lock gives the same manifest whichever mirror
    was used. Raises ValueError where a pinned entry is no pin of the lock or the lock is not among the entries.
    """
    ordered = sorted(entries, key=lambda entry: entry.path)
    copy = next((entry for entry in ordered if entry.path == lock_path), None)
    if copy is None:
        raise ValueError(f"the lock {lock_path} is no file of the bundle")
    carried = sorted(kickstarts)
    table = {
        "schema": SCHEMA,
        "bundle": {"name": name, "id": bundle_id(ordered), "epoch": lock.epoch if epoch is None else epoch},
        "inputs": inputs,
        "tool": {"name": "pinboot", "version": builder.__version__},
        "release": {"family": lock.family, "version": lock.version, "arch": lock.arch, "compose": lock.compose},
        "lock": {"path": lock_path, "sha256": copy.digest.hex, "source": lock.source},
        "overrides": dict(lock.overrides),
        "files": [_file(entry, lock, carried) for entry in ordered],
    }
    return text_entry(PATH, json.dumps(table, sort_keys=True, indent=1) + "\n")


def bundle_id(entries: Iterable[Entry]) -> str:
    """Eight hex digits over path, mode and digest of every file but the two that list them, and their signature."""
    made = hashlib.sha256()
    for entry in sorted(entries, key=lambda each: each.path):
        if entry.path not in (PATH, checksums.PATH, *checksums.SIGNATURES):
            made.update(f"{entry.path}\0{entry.mode:04o}\0{entry.digest.hex}\n".encode())
    return made.hexdigest()[:8]


def _file(entry: Entry, lock: Lock, kickstarts: list[str]) -> dict[str, Any]:
    line: dict[str, Any] = {
        "path": entry.path,
        "mode": f"{entry.mode:04o}",
        "size": entry.size,
        "sha256": entry.digest.hex,
        "origin": entry.origin,
    }
    if entry.origin == "pinned":
        line["pin"] = _pin(_pin_of(entry, lock), lock)
    elif entry.origin == "injected":
        line["pin"] = _pin(lock.pin("initrd"), lock)
        line["injected"] = kickstarts
    return line


def _pin_of(entry: Entry, lock: Lock) -> Pin:
    for pin in lock.pins:
        if pin.digest == entry.digest and pin.size == entry.size:
            return pin
    raise ValueError(f"{entry.path} is said to be pinned, but no pin of the lock has its digest {entry.digest}")


def _pin(pin: Pin, lock: Lock) -> dict[str, Any]:
    told = {"role": pin.role, "url": f"{lock.source}/{pin.path}", "sha256": pin.digest.hex,
            "evidence": pin.evidence, "detail": pin.detail, "key": pin.key}
    return {key: value for key, value in told.items() if value}

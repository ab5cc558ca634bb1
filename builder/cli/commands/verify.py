"""`pinboot verify`: every byte of a bundle."""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from builder.cli import printing
from builder.cli.progress import Terminal
from builder.errors import BYTES_DIFFER, OK, UsageError
from builder.media import verify
from builder.media.signing import signature
from builder.media.signing.judged import Check, State, unchecked
from builder.media.verify import Report


def run(chosen: argparse.Namespace) -> int:
    path = Path(chosen.bundle)
    found = verify.verify(path, Terminal(quiet=chosen.quiet), _check(chosen))
    if chosen.json:
        printing.as_json({"bundle": str(path), "ok": found.ok, **_table(found)})
        return OK if found.ok else BYTES_DIFFER
    report(found, path, chosen.key)
    return OK if found.ok else BYTES_DIFFER


def _check(chosen: argparse.Namespace) -> Check:
    if chosen.key is None:
        if chosen.revoked is not None:
            raise UsageError("--revoked: says which keys no longer count, but no key is given", "give --key as well")
        return unchecked
    return signature.demanded(Path(chosen.key), now=int(time.time()),
                              revoked=None if chosen.revoked is None else Path(chosen.revoked))


def _table(found: Report) -> dict[str, Any]:
    judged = found.signature
    return {**asdict(found), "overrides": dict(found.overrides),
            "signature": {"state": judged.state.value, "text": judged.text, "key": judged.key}}


def report(found: Report, path: Path, key: str | None = None) -> None:
    """The verdict, with every changed, missing and extra file by name; `key` is the file that had the signer's key."""
    _signature(found, key)
    changed = len(found.changed) + len(found.modes)
    good = found.files - changed - len(found.missing)
    printing.out(f"manifest   {found.files} files: {good} as built, {changed} changed, {len(found.missing)} missing, "
                 f"{len(found.extra)} extra")
    for each in found.changed:
        printing.out(f"  changed  {each.path}  built {_short(each.expected)}  here {_short(each.found)}")
    for each in found.modes:
        printing.out(f"  mode     {each.path}  built {each.expected}  here {each.found}")
    for name in found.missing:
        printing.out(f"  missing  {name}")
    for name in found.extra:
        printing.out(f"  extra    {name}")
    for line in found.disagree:
        printing.out(f"  disagree {line}")
    for what, reason in found.overrides:
        for line in printing.topic("ACCEPTED", f"{what}: {reason}"):
            printing.out(line)
    if found.ok:
        printing.out(f"bundle     {path} is what was built, id {found.bundle_id}")
    elif not found.intact:
        printing.story(f"error: {path} is not what was built")
        printing.story("hint:  build it again from profile and lock; what was changed by hand belongs into the profile")
        printing.story(f"       what was changed, line by line: pinboot diff --from-lock {path}")
    else:
        printing.story(f"error: {path}: nobody who is trusted signed it")
        printing.story("hint:  take it anew from whoever built it, or sign it there: pinboot build --sign KEY")


def _signature(found: Report, key: str | None) -> None:
    judged = found.signature
    allowed = f" (allowed by {key})" if judged.state is State.GOOD else ""
    if judged.state is not State.NONE:
        for line in printing.topic("signature", f"{judged.text}{allowed}"):
            printing.out(line)


def _short(word: str) -> str:
    return f"{word[:8]}..." if len(word) == 64 else word

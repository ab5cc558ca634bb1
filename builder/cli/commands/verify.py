"""`pinboot verify`: every byte of a bundle."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from builder.cli import printing
from builder.cli.progress import Terminal
from builder.errors import BYTES_DIFFER, OK
from builder.media import verify
from builder.media.verify import Report


def run(chosen: argparse.Namespace) -> int:
    path = Path(chosen.bundle)
    found = verify.verify(path, Terminal(quiet=chosen.quiet))
    if chosen.json:
        printing.as_json({"bundle": str(path), "ok": found.ok, **asdict(found)})
        return OK if found.ok else BYTES_DIFFER
    report(found, path)
    return OK if found.ok else BYTES_DIFFER


def report(found: Report, path: Path) -> None:
    """The verdict, with every changed, missing and extra file by name."""
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
    if found.ok:
        printing.out(f"bundle     {path} is what was built, id {found.bundle_id}")
        return
    printing.story(f"error: {path} is not what was built")
    printing.story("hint:  build it again from profile and lock; what was changed by hand belongs into the profile")


def _short(word: str) -> str:
    return f"{word[:8]}..." if len(word) == 64 else word

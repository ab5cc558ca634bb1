"""`pinboot lock`: write, verify, update or relocate a lock."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from builder.cli import context, printing, profiles
from builder.cli.showing import lockfile
from builder.errors import OK, UsageError
from builder.finding import Severity
from builder.jobs import locking
from builder.jobs.locking import Locked
from builder.jobs.looking import locks


def run(chosen: argparse.Namespace) -> int:
    if chosen.allow_downgrade and not chosen.update:
        raise UsageError("--allow-downgrade goes with --update", "pinboot lock --update --allow-downgrade PROFILE")
    if chosen.relocate and chosen.update:
        raise UsageError("--relocate keeps every pin, --update takes new ones: choose one")
    made = context.make(chosen)
    path, profile, _ = profiles.owned(chosen.profile, made.progress, chosen.settings)
    locked = locking.lock(profile, made, shown=profiles.shown(locks.lock_path(profile)), update=chosen.update,
                          allow_downgrade=chosen.allow_downgrade, relocate=chosen.relocate)
    if chosen.json:
        _as_json(locked)
    else:
        report(locked, path, quiet=chosen.quiet)
    return OK


def report(locked: Locked, profile: Path, *, quiet: bool) -> None:
    shown = profiles.shown(locked.path)
    lock = locked.lock
    if locked.state == "relocated":
        printing.out(f"{shown}: address changed, no pin\n  was  {locked.changes[0].locked}\n  now  {lock.source}")
        return
    if locked.state == "same":
        printing.out(f"{shown}: as locked; {len(lock.pins)} of {len(lock.pins)} pins match\n  {locked.asked}")
        for what, reason in sorted(lock.overrides.items()):
            printing.out(f"  override: {what}: {reason}")
        if locked.asked != lock.source:
            printing.out(f"  the lock names {lock.source}\n  pinboot lock --relocate changes the address, and no pin")
        return
    if locked.changes:
        printing.out(locking.rows(locked.changes))
    else:
        for pin in lock.pins:
            name = lockfile.file_name(pin)
            printing.out(f"  {name:<22} {pin.evidence:<10} {pin.digest.short:<12} {printing.size(pin.size):>9}")
    for finding in locked.findings:
        if finding.severity is Severity.WARNING and not quiet:
            for line in printing.findings([finding], sys.stderr):
                printing.story(line)
    for what, reason in sorted(lock.overrides.items()):
        printing.out(f"  override: {what}: {reason}")
    verb = "updated" if locked.state == "updated" else "written"
    printing.out(f"{shown} {verb}: {lock.family} {lock.version}, kernel {lock.kernel.version or 'not checked'}")
    if not quiet:
        if locked.changes and _in_git(locked.path):
            printing.story(f"Undo: git checkout {shown}   Details: pinboot diff --last {shown}")
        printing.story(f"Next: pinboot build {profiles.shown(profile)}")


def _in_git(path: Path) -> bool:
    """Does the lock lie in a working tree of git? It may not be committed yet; then git says so."""
    return any((folder / ".git").exists() for folder in path.absolute().parents)


def _as_json(locked: Locked) -> None:
    printing.as_json({
        "lock": str(locked.path), "state": locked.state, "release": locked.lock.version,
        "kernel": locked.lock.kernel.version, "source": locked.lock.source,
        "pins": lockfile.pins(locked.lock),
        "absent": list(locked.lock.absent), "overrides": dict(locked.lock.overrides),
        "changes": [{"what": c.label, "locked": c.locked, "now": c.now} for c in locked.changes]})

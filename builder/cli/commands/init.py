"""`pinboot init`: a profile to start from."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from builder import names
from builder.cli import printing, profiles
from builder.errors import OK, UsageError
from builder.media.pack import atomic
from builder.profile import starters


def run(chosen: argparse.Namespace) -> int:
    if chosen.list:
        return _list(chosen)
    if not chosen.name:
        raise UsageError("init: which name?", "pinboot init web1 writes profiles/web1.toml; --list names the starters")
    starter = starters.path(chosen.preset)
    if starter is None:
        raise UsageError(f"--preset {chosen.preset}: no such starter", f"starters: {', '.join(starters.names())}")
    path = _place(chosen.name)
    if path.exists():
        raise UsageError(f"{path} is there already; it was not touched", "choose another name, or edit that one")
    path.parent.mkdir(parents=True, exist_ok=True)
    text = profiles.with_keys(starter.read_text())
    atomic.write(path, text.encode())
    if chosen.json:
        printing.as_json({"profile": str(path), "preset": chosen.preset})
        return OK
    printing.out(f"{path} written from {chosen.preset}")
    if not _has_key(text):
        printing.out("No ssh key was found in ~/.ssh: put yours into ssh_keys, or set a password hash,")
        printing.out("else nobody could log in and the build says so.")
    printing.out(f"Next: edit address, disk and key in it, then: pinboot check {path}")
    return OK


def _place(name: str) -> Path:
    path = Path(name if name.endswith(".toml") else f"{name}.toml")
    if not profiles.NAME.fullmatch(path.stem):
        raise UsageError(f"init: {names.shown(name)} is no name for a profile", "letters, digits, dot, dash")
    return path if name.endswith(".toml") or "/" in name else Path("profiles") / path


def _has_key(text: str) -> bool:
    named = re.findall(r'file:(~/\.ssh/[A-Za-z0-9_.]+)', text)
    return all(Path(name).expanduser().is_file() for name in named)


def _list(chosen: argparse.Namespace) -> int:
    rows = {name: _first_line(name) for name in starters.names()}
    if chosen.json:
        printing.as_json(rows)
        return OK
    width = max(map(len, rows))
    for name, text in rows.items():
        printing.out(f"{name:<{width}}  {text}")
    return OK


def _first_line(name: str) -> str:
    path = starters.path(name)
    return path.read_text().splitlines()[0].lstrip("# ").rstrip(".") if path else ""

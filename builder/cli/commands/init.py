"""`pinboot init`: a profile to start from."""

from __future__ import annotations

import argparse
import difflib
import os
import re
from pathlib import Path

from builder.cli import printing, sshkeys
from builder.errors import OK, UsageError
from builder.media.pack import atomic
from builder.profile import starters

DEFAULT = "centos-7-xen-netbsd"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SECRET = re.compile(r'(?m)^secret *= "file:([^"]+)"')
# What stands in a line to edit is shown as wide as this where it can be; why follows.
WIDEST = 44


def run(chosen: argparse.Namespace) -> int:
    if chosen.list or chosen.preset == "":
        return _list(chosen)
    preset = chosen.preset or DEFAULT
    starter = starters.path(preset)
    if starter is None:
        raise _unknown(preset, chosen.name)
    if not chosen.name:
        raise UsageError("init: which name?", "pinboot init web1 writes profiles/web1.toml; --list names the starters")
    path = _place(chosen.name)
    if os.path.lexists(path):
        raise UsageError(f"{path} is there already; it was not touched", "choose another name, or edit that one")
    path.parent.mkdir(parents=True, exist_ok=True)
    given = starter.read_text(encoding="utf-8")
    text = sshkeys.fitted(given)
    atomic.write(path, text.encode())
    if chosen.json:
        printing.as_json({"profile": str(path), "preset": preset, "key": sshkeys.usable(given) or None, "edit": [
            {"line": each.line, "text": each.text, "why": each.why} for each in starters.edits(text)]})
        return OK
    _report(path, preset, text)
    return OK


def _report(path: Path, preset: str, text: str) -> None:
    """A dozen lines at most: what was written, what to look at in it, and what comes next."""
    printing.out(f"{path} written from {preset}")
    printing.out("These lines of it are yours to edit:")
    found = [(each, re.sub(r" +=", " =", each.text)) for each in starters.edits(text)]
    width = max(len(shown) for _, shown in found if len(shown) <= WIDEST)
    for each, shown in found:
        printing.out(f"  {each.line:>3}  {shown:<{width}}  {each.why}")
    key = sshkeys.usable(text)
    if key:
        printing.out(f"~/.ssh/{key} is there, and may log in.")
    else:
        for line in _no_key(text):
            printing.out(line)
    for name in SECRET.findall(text):
        if not Path(name).expanduser().exists():
            printing.out(f"{name} is to be made first: the top of the profile says how.")
    printing.out(f"Next: edit it, then: pinboot check {path}")


def _no_key(text: str) -> tuple[str, ...]:
    others = sshkeys.unknown(text)
    if others:
        return (f"This release knows none of your keys ({', '.join(others)}); ssh-keygen -t rsa",
                "makes one that it knows. Else nobody could log in, and the build says so.")
    return ("No ssh key was found in ~/.ssh: ssh-keygen makes one. Or set a password instead:",
            "pinboot hash-password says how. Else nobody could log in, and the build says so.")


def _unknown(preset: str, name: str | None) -> UsageError:
    close = difflib.get_close_matches(preset, starters.names(), 1, 0.5)
    guess = f"; did you mean {close[0]}?" if close else ""
    if not name:
        return UsageError(f"--preset {preset}: no such starter{guess}",
                          "pinboot init NAME --preset STARTER; --preset alone lists the starters")
    return UsageError(f"--preset {preset}: no such starter{guess}", f"starters: {', '.join(starters.names())}")


def _place(name: str) -> Path:
    if name.endswith(".toml") or "/" in name:
        return Path(name if name.endswith(".toml") else f"{name}.toml")
    if not NAME.fullmatch(name):
        raise UsageError(f"init: {name!r} is no name for a file", "letters, digits, dot, dash")
    return Path("profiles") / f"{name}.toml"


def _list(chosen: argparse.Namespace) -> int:
    rows = {name: starters.title(path.read_text(encoding="utf-8"))
            for name in starters.names() if (path := starters.path(name))}
    if chosen.json:
        printing.as_json(rows)
        return OK
    width = max(map(len, rows))
    for name, text in rows.items():
        printing.out(f"{name:<{width}}  {text}")
    if not chosen.quiet:
        printing.story("\nTake one: pinboot init NAME --preset STARTER")
    return OK

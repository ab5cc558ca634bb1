"""`pinboot schema`: the JSON Schema of profiles."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from builder.cli import printing
from builder.cli.manual import schema
from builder.errors import OK, UsageError
from builder.media.pack import atomic


def run(chosen: argparse.Namespace) -> int:
    made = schema.text()
    if not chosen.output:
        printing.exactly(made)
        return OK
    target = Path(chosen.output)
    _ours(target)
    atomic.write(target, made.encode())
    if chosen.json:
        printing.as_json({"schema": str(target)})
        return OK
    printing.out(f"{target} written")
    if not chosen.quiet:
        printing.story("Next: say so in the first line of a profile:\n"
                       f"  #:schema {_from_profiles(target)}")
    return OK


def _ours(target: Path) -> None:
    """Raises UsageError where something else than a schema of ours is at `target`."""
    if not os.path.lexists(target):
        return
    try:
        with target.open("rb") as stream:
            head = stream.read(512)
    except OSError as reason:
        raise UsageError(f"{target}: {reason.strerror}", "name a file that is yours to write") from None
    if schema.MARK.encode() not in head:
        raise UsageError(f"{target}: is there already, and is no schema of pinboot; it was not touched",
                         "name another file, for example pinboot.schema.json")


def _from_profiles(target: Path) -> str:
    """The path as a profile names it: from ./profiles where that is where they are. taplo wants a dot in front."""
    if target.is_absolute():
        return target.as_uri()
    start = Path("profiles") if Path("profiles").is_dir() and not any(Path().glob("*.toml")) else Path()
    path = Path(os.path.relpath(target, start)).as_posix()
    return path if path.startswith(".") else f"./{path}"

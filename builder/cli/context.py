"""What the door hands to a job: the store's place, the clock, the terminal's progress, the network options."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from builder.cli.progress import Terminal
from builder.errors import UsageError
from builder.fetch.store.objects import Store
from builder.fetch.web.session import Options
from builder.jobs.context import Context


def make(chosen: argparse.Namespace, *, store: Path | None = None) -> Context:
    progress = Terminal(quiet=chosen.quiet)
    ca_file = _ca_file(getattr(chosen, "ca_file", None))
    network = Options(connect_timeout=getattr(chosen, "connect_timeout", 10.0),
                      read_timeout=getattr(chosen, "read_timeout", 30.0),
                      slow_floor=getattr(chosen, "low_speed", 1000.0), ca_file=ca_file)
    place = store or Path(getattr(chosen, "store", None) or default_store())
    opened = Store(place, progress)
    chosen.at_end.callback(opened.close)
    return Context(store=opened, progress=progress, now=int(time.time()), environment=os.environ,
                   network=network)


def default_store() -> str:
    """$XDG_CACHE_HOME/pinboot, else ~/.cache/pinboot (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return str(Path(base if base.startswith("/") else Path.home() / ".cache") / "pinboot")


def _ca_file(path: str | None) -> str | None:
    if path is not None and not Path(path).is_file():
        raise UsageError(f"--ca-file {path}: no such file", "give a file of PEM certificates")
    return path

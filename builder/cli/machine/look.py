"""What there is on this machine: programs, Python packages, the store, the terminal. Nothing is written or changed."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from builder.cli.machine.needs import Library, Tool
from builder.errors import PinbootError
from builder.fetch.store import inventory

# A program that asks a daemon for its version may wait for ever.
PATIENCE = 5
MOST_SAID = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The store's folder: is it there, may it be written (or made), what it holds, and what is free, in bytes."""

    path: Path
    there: bool
    usable: bool
    objects: int
    size: int
    free: int
    trouble: str = ""


def library(wanted: Library) -> str | None:
    """The version of a Python package that can be imported; None where it cannot."""
    try:
        if importlib.util.find_spec(wanted.module) is None:
            return None
    except (ImportError, ValueError):
        return None
    try:
        return importlib.metadata.version(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version"


def tool(wanted: Tool) -> str | None:
    """Where a program is; None where it is not."""
    found = shutil.which(wanted.command)
    if found:
        return found
    places = (path for pattern in wanted.also for path in sorted(Path("/").glob(pattern.lstrip("/"))))
    return next((str(path) for path in places if os.access(path, os.X_OK)), None)


def version(wanted: Tool, path: str) -> str:
    """What a program says of its version; empty where it does not say."""
    if not wanted.version:
        return ""
    command = [path, *wanted.version[1:]] if wanted.version[0] == wanted.command else list(wanted.version)
    try:
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError):
        return ""
    said = (done.stdout + done.stderr)[:MOST_SAID].decode("utf-8", "replace")
    found = re.search(r"(?<![\d.])\d+(?:\.\d+)+(?:p\d+)?", said)
    return found[0] if found else ""


def store(path: Path) -> Place:
    """The store at `path`, as it is."""
    there = _is_folder(path)
    nearest = next((each for each in (path, *path.absolute().parents) if os.access(each, os.F_OK)), Path("/"))
    usable = _is_folder(nearest) and os.access(nearest, os.W_OK | os.X_OK)
    try:
        kept = inventory.objects(path) if there else ()
        trouble = ""
    except PinbootError as reason:
        kept, trouble = (), reason.message
    return Place(path=path, there=there, usable=usable and not trouble, objects=len(kept),
                 size=sum(each.size for each in kept), free=shutil.disk_usage(nearest).free, trouble=trouble)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # in a folder that we may not look into


def release() -> str:
    """os-release(5); empty where there is none."""
    for name in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            with Path(name).open(encoding="utf-8", errors="replace") as stream:
                return stream.read(MOST_SAID)
        except OSError:
            continue
    return ""


def umask() -> int:
    """The mode bits that new files do not get. umask(2) can only be read by setting it."""
    found = os.umask(0o077)
    os.umask(found)
    return found

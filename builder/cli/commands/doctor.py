"""`pinboot doctor`: what is on this machine, what for, and how to get what is not."""

from __future__ import annotations

import argparse
import locale
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from builder import __version__
from builder.cli import context, printing, terminal
from builder.cli.machine import look, needs
from builder.cli.machine.needs import System
from builder.errors import MISSING, OK
from builder.finding import Finding, Severity

PYTHON = (3, 11)
# The column of a program's name.
NAME = 14
# Less is not even one release: a boot image has about 1 GB.
LITTLE = 2 * 10**9
# No clock of a machine that runs this can be before the day on which it was written.
WRITTEN = 1_767_225_600  # 2026-01-01


def run(chosen: argparse.Namespace) -> int:
    release = look.release()
    here = needs.system(platform.system(), release)
    own = [*_pinboot(release), *_libraries(), *_store(Path(chosen.store or context.default_store())), *_settings()]
    failed = any(each.severity is Severity.ERROR for each in own)
    if chosen.json:
        printing.as_json({"ok": not failed, "system": here, "findings": [printing.finding_json(each) for each in own],
                          "libraries": list(_libraries_json()), "tools": list(_tools_json())})
        return MISSING if failed else OK
    _print(own)
    printing.out("\nPrograms. pinboot runs without them; what each is for:")
    for group, title in needs.GROUPS.items():
        printing.out(f"\n{title}")
        for line in _tools(group, here):
            printing.out(line)
    printing.out(f"\n{printing.counts(own)}.")
    return MISSING if failed else OK


def _print(found: list[Finding]) -> None:
    for line in printing.findings(found):
        printing.out(line)


def _says(topic: str, text: str, severity: Severity = Severity.OK, hint: str = "",
          detail: Iterable[str] = ()) -> Finding:
    return Finding(topic=topic, severity=severity, text=text, hint=hint, detail=tuple(detail))


def _pinboot(release: str) -> Iterator[Finding]:
    system = needs.title(release) or f"{platform.system()} {platform.release()}"
    yield _says("pinboot", f"{__version__}, on {system} {platform.machine()}")
    version = platform.python_version()
    if sys.version_info < PYTHON:
        yield _says("Python", version, Severity.ERROR, hint="pinboot needs Python 3.11 or newer")
    else:
        yield _says("Python", version)


def _libraries() -> Iterator[Finding]:
    needed = [each for each in needs.libraries() if not each.extra]
    gone = [each for each in needed if look.library(each) is None]
    for each in gone:
        yield _says("libraries", f"{each.name} is not here: {each.what}", Severity.ERROR, hint=each.install)
    if not gone:
        yield _says("libraries", f"all {len(needed)} that it needs")
    for each in needs.libraries():
        if not each.extra or (each.name == "backports.zstd" and sys.version_info >= (3, 14)):
            continue
        version = look.library(each)
        if version is not None:
            yield _says("libraries", f"{each.name} {version}: {each.what}")
        else:
            severity = Severity.WARNING if each.extra == "signatures" else Severity.NOTE
            yield _says("libraries", f"{each.name} is not here: {each.what}", severity, detail=[each.install])


def _store(path: Path) -> Iterator[Finding]:
    found = look.store(path)
    held = f"{found.objects} files, {printing.size(found.size)}" if found.there else "not there yet"
    text = f"{path}: {held}; {printing.size(found.free)} free"
    if not found.usable:
        yield _says("store", found.trouble or f"{path}: cannot be written", Severity.ERROR,
                    hint="give yourself write permission there, or name another folder with --store")
    elif found.free < LITTLE:
        yield _says("store", text, Severity.WARNING, hint="a release takes 1 GB and more; make room, or use --store")
    else:
        yield _says("store", text)


def _settings() -> Iterator[Finding]:
    yield _locale()
    columns = shutil.get_terminal_size().columns
    kind = f"{columns} columns" if sys.stdout.isatty() else "standard output is no terminal"
    narrow = sys.stdout.isatty() and columns < printing.WIDTH
    yield _says("terminal", kind, Severity.NOTE if narrow else Severity.OK,
                detail=[f"pages are made for {printing.WIDTH}"] if narrow else [])
    mask = look.umask()
    if mask & 0o700:
        yield _says("umask", f"{mask:04o}", Severity.WARNING,
                    hint="you could not use folders that you make; umask 022 or 077 is usual")
    else:
        yield _says("umask", f"{mask:04o}; bundles have their own modes whatever it is")
    now = time.time()
    day = time.strftime("%Y-%m-%d", time.gmtime(now))
    if now < WRITTEN:
        yield _says("clock", f"{day}: wrong", Severity.WARNING,
                    hint="good signatures and certificates would seem to be of the future; set the clock")
    else:
        yield _says("clock", day)


def _locale() -> Finding:
    encoding = getattr(sys.stdout, "encoding", None) or "unknown"
    try:
        locale.setlocale(locale.LC_CTYPE, "")
    except locale.Error:
        wanted = next((os.environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if os.environ.get(name)), "")
        return _says("locale", f"{wanted[:40]!a} is not on this machine", Severity.NOTE,
                     detail=["pinboot goes on; letters beyond ASCII may show as \\xNN"])
    if terminal.is_utf8(sys.stdout):
        return _says("locale", encoding)
    return _says("locale", f"{encoding}: letters beyond it show as \\xNN", Severity.NOTE)


def _tools(group: str, here: System | None) -> Iterator[str]:
    for each in needs.tools():
        if each.group != group:
            continue
        path = look.tool(each)
        if path:
            yield from _row(each.name, f"{look.version(each, path) or path}: {each.what}", "ok")
        else:
            yield from _row(each.name, f"not here: {each.what}")
            yield from _row("", each.install(here))


def _row(name: str, text: str, verdict: str = "") -> Iterator[str]:
    """A program on the left, the verdict on the right of its last line."""
    lines = terminal.wrapped(text, printing.WIDTH - NAME - len(verdict) - 1)
    for number, line in enumerate(lines):
        left = f"{'' if number else name:<{NAME}}{line}"
        last = number == len(lines) - 1 and verdict
        yield f"{left:<{printing.WIDTH - len(verdict)}}{terminal.painted(verdict, sys.stdout)}" if last else left


def _libraries_json() -> Iterator[dict[str, Any]]:
    for each in needs.libraries():
        yield {"name": each.name, "what": each.what, "version": look.library(each), "required": not each.extra,
               "install": each.install}


def _tools_json() -> Iterator[dict[str, Any]]:
    for each in needs.tools():
        path = look.tool(each)
        yield {"name": each.name, "what": each.what, "path": path, "packages": dict(each.packages),
               "version": look.version(each, path) if path else None}

"""A profile as `show` prints it: its lock, every key with its value and who set it, its hosts."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from builder.cli import printing, profiles, terminal
from builder.cli.showing import lockfile, page
from builder.errors import OK
from builder.jobs import building
from builder.jobs.looking import locks
from builder.jobs.looking.locks import Beside
from builder.jobs.looking.showing import keys, machines
from builder.jobs.looking.showing.keys import Key
from builder.jobs.looking.showing.machines import Row
from builder.names import escaped
from builder.profile.file import layers
from builder.profile.file.layers import Layer
from builder.profile.values import Host, Profile

# Hosts in a terminal: what fits a screen. A pipe gets them all.
MOST = 20
KEY_WIDTH = 28


def show(chosen: argparse.Namespace, path: Path) -> int:
    profile, made_of = profiles.read(path, chosen.settings)
    beside = locks.beside(profile, profiles.shown(locks.lock_path(profile)))
    hosts = building.hosts(profile, [chosen.host]) if chosen.host else profile.hosts
    found = () if chosen.host and not chosen.json else keys.of(
        profile, layers.again(made_of, path.parent).table, datetime.fromtimestamp(time.time(), UTC).date())
    if chosen.json:
        printing.as_json_of_many({"kind": "profile", **_table(profile, path, made_of, beside, found)}, "hosts",
                                 (_machine(profile, host) for host in hosts))
        return OK
    printing.prose(escaped(f"{profiles.shown(path)}: {profile.release}, {printing.count(len(profile.hosts), 'host')}, "
                           f"outputs {', '.join(profile.outputs)}"))
    if chosen.host:
        printing.out()
        _host(profile, hosts[0])
        return OK
    page.topic("files", ", ".join(layer.name for layer in made_of))
    _lock(profile, beside)
    for line in printing.findings(profile.findings) if profile.findings else ():
        printing.out(escaped(line))
    printing.out()
    _keys(found)
    printing.out()
    _hosts(hosts)
    return OK


def _lock(profile: Profile, beside: Beside) -> None:
    lock = beside.lock
    if lock is None:
        page.topic("lock", f"none yet: pinboot lock {profiles.shown(profile.path)}")
    elif beside.reason:
        page.topic("lock", f"does not fit: {beside.reason}")
    else:
        kernel = f", kernel {lock.kernel.version}" if lock.kernel.version else ""
        page.topic("lock", f"{profiles.shown(locks.lock_path(profile))} fits: {lockfile.title(lock)}{kernel}")
    if lock:
        lockfile.overrides(lock)


def _keys(found: Sequence[Key]) -> None:
    """A line for each key that has a value; keys that nobody set and that mean nothing are left out."""
    told = [each for each in found if each.origin or each.text != "-"]
    width = min(KEY_WIDTH, max(len(each.key) for each in told) + 2)
    for each in told:
        _key(each, width)


def _key(of: Key, width: int) -> None:
    """Key, value and origin; the origin on the right of the first line, the value wrapped beneath itself."""
    origin = escaped(of.told_by)
    key = escaped(of.key)
    if len(key) >= width:
        printing.out(key)
        key = ""
    room = printing.WIDTH - width - len(origin) - 2
    lines = [escaped(line) for line in of.text.split("\n")]
    if max(len(word) for line in lines for word in line.split(" ")) > room:
        # A word that cannot be broken (an address) has a line of its own.
        printing.out(f"{key:<{width}}{origin:>{printing.WIDTH - width}}")
        key, width, room, origin = "", 2, printing.WIDTH - 2, ""
    rows = [row for line in lines for row in terminal.wrapped(line, room) or ["-"]]
    for number, row in enumerate(rows):
        left, right = (key, origin) if number == 0 else ("", "")
        printing.out(f"{left:<{width}}{row:<{room}}  {right}".rstrip())


def _host(profile: Profile, host: Host) -> None:
    found = [each for each in machines.keys(profile, host) if each.origin or each.text != "-"]
    printing.out(f"{host.name}:")
    _keys(found)


def _hosts(hosts: Sequence[Host]) -> None:
    """A table; in a terminal its first rows, and how many there are."""
    most = MOST if sys.stdout.isatty() else len(hosts)
    rows = [machines.row(host) for host in hosts[:most]]
    table = [("host", "class", "address", "mac", "disk"), *(_cells(row) for row in rows)]
    if not any(row.kind for row in rows):
        table = [(name, *rest) for name, _, *rest in table]
    for line in _columns(table, printing.WIDTH if sys.stdout.isatty() else 0):
        printing.out(line)
    if len(hosts) > most:
        printing.out(f"and {len(hosts) - most} more: --host NAME shows one, --json and a pipe have them all")


def _columns(table: Sequence[Sequence[str]], most: int) -> Iterator[str]:
    """The rows of a table; where it has more than `most` columns (0: no matter), the widest ones are cut."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    while most and sum(widths) + 2 * (len(widths) - 1) > most:
        widths[widths.index(max(widths))] -= 1
    for row in table:
        cells = (cell if len(cell) <= width else f"{cell[:max(width - 3, 1)]}..."[:width]
                 for cell, width in zip(row, widths, strict=True))
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def _cells(row: Row) -> tuple[str, ...]:
    return row.name, row.kind or "-", row.address, row.mac, row.disk


def _table(profile: Profile, path: Path, made_of: Sequence[Layer], beside: Beside,
           found: Sequence[Key]) -> dict[str, Any]:
    """For programs (docs/looking.md), without the hosts."""
    lock = beside.lock
    return {
        "path": str(path), "name": profile.name, "release": str(profile.release), "outputs": list(profile.outputs),
        "files": [layer.name for layer in made_of],
        "lock": {"path": str(locks.lock_path(profile)), "there": lock is not None, "fits": beside.usable is not None,
                 "reason": beside.reason, "release": lockfile.title(lock) if lock else None,
                 "kernel": lock.kernel.version if lock else None, "overrides": dict(lock.overrides) if lock else {}},
        "keys": {each.key: _entry(each) for each in found},
    }


def _machine(profile: Profile, host: Host) -> dict[str, Any]:
    return {"name": host.name, "mac_made": host.network.mac_made,
            "keys": {each.key: _entry(each) for each in machines.keys(profile, host)}}


def _entry(of: Key) -> dict[str, Any]:
    if of.origin is None:
        return {"value": of.value, "set_by": None}
    return {"value": of.value, "set_by": {"key": of.by, "file": Path(of.origin.file).name,
                                          "line": of.origin.line or None}}

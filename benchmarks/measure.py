"""Whole processes, interpreter start and imports included: CPU seconds (user + system) and the peak of memory."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = (sys.executable, "-m", "benchmarks.ours")
PINBOOT = (sys.executable, "-m", "builder.cli")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """`peak` in MiB, of the largest process. Linux counts from before the exec, when the process was a copy of this one
    (exec_mmap in fs/exec.c), so less than what this one holds cannot be told: None."""

    seconds: float
    peak: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A way to do the job. `before` clears up what the last run left; `target` is what ours may cost, as a multiple of
    this; `needs` are the tools without which it is left out."""

    name: str
    command: Sequence[str]
    before: Callable[[], None] = lambda: None
    target: float | None = None
    needs: Mapping[str, str] | None = None
    folder: Path | None = None

    @property
    def lacks(self) -> str:
        """The tool that is not here, with its Debian package; empty where all are."""
        return next((f"{tool} is not installed (Debian package {package})"
                     for tool, package in (self.needs or {}).items() if not shutil.which(tool)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    name: str
    cost: Cost | None = None
    target: float | None = None
    note: str = ""


def run(command: Sequence[str], folder: Path | None = None) -> Cost:
    """Raises CalledProcessError, with what it said, where it fails."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C"}
    with subprocess.Popen(command, cwd=folder or ROOT, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        said = process.stderr.read() if process.stderr else b""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command), stderr=said)
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Cost(seconds=used.ru_utime + used.ru_stime, peak=used.ru_maxrss / 1024 if used.ru_maxrss > floor else None)


def compare(contenders: Sequence[Contender], rounds: int) -> list[Row]:
    """The cheapest of `rounds` runs of each, in turns, so that a busy moment of the machine hits them all. The first is
    ours."""
    best: dict[str, Cost] = {}
    for _ in range(rounds):
        for each in contenders:
            if each.lacks:
                continue
            each.before()
            os.sync()  # what another run wrote is not written out at the cost of this one
            cost = run(each.command, each.folder)
            if each.name not in best or cost.seconds < best[each.name].seconds:
                best[each.name] = cost
    return [Row(name=each.name, cost=best.get(each.name), target=each.target, note=each.lacks) for each in contenders]

"""The command itself: its start, and a build with nothing to do."""

from __future__ import annotations

import shutil

from benchmarks import fleets
from benchmarks.measure import PINBOOT, Contender, Row, compare, run
from benchmarks.samples import Bench

BARE = Contender(name="python -c pass", command=(PINBOOT[0], "-c", "pass"), target=5)


def startup(bench: Bench) -> tuple[str, list[Row]]:
    return "start-up", compare([Contender(name="pinboot --help", command=(*PINBOOT, "--help")), BARE], 3 * bench.rounds)


def unchanged(bench: Bench) -> tuple[str, list[Row]]:
    folder = bench.folder / "unchanged"
    with fleets.locked(folder, "xen", 1):
        run(fleets.BUILD, folder)
        rows = compare([
            Contender(name="pinboot build, all as built", command=fleets.BUILD, folder=folder),
            Contender(name="python -c pass", command=BARE.command, target=10),
            Contender(name="pinboot build, from the store", command=fleets.BUILD, folder=folder,
                      before=lambda: shutil.rmtree(folder / "out"))], bench.rounds)
    return "a build with nothing to do", rows

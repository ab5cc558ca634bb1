"""`python -m benchmarks [--quick] [NAME ...]`: run the benchmarks and print their tables."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import building, fetching, fleets, packing, table
from benchmarks.measure import Row
from benchmarks.samples import Bench

JOBS: dict[str, Callable[[Bench], tuple[str, list[Row]]]] = {
    "startup": building.startup,
    "unchanged": building.unchanged,
    "hosts": fleets.hosts,
    "fleet": fleets.fleet,
    "network": fleets.network,
    "big": fetching.big,
    "many": fetching.many,
    "tar": packing.tar,
    "zst": packing.zst,
    "directory": packing.directory,
    "inject": packing.inject,
    "verify": packing.verify,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Quote the ratios of one run, never the "
                                     "seconds: they depend on the machine. Takes some minutes and 4 GB of disk.")
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"only these: {', '.join(JOBS)}")
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, one round")
    parser.add_argument("--folder", metavar="DIR", help="where to work (default: the place for temporary files)")
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.names if name not in JOBS]:
        parser.error(f"no benchmark is called {', '.join(unknown)}: {', '.join(JOBS)}")
    print(table.HEAD)
    for name in chosen.names or JOBS:
        with tempfile.TemporaryDirectory(prefix="pinboot-bench-", dir=chosen.folder) as folder:
            try:
                title, rows = JOBS[name](Bench(folder=Path(folder), quick=chosen.quick))
            except subprocess.CalledProcessError as reason:
                print(f"\n{name}: {' '.join(reason.cmd)} ended with {reason.returncode}", file=sys.stderr)
                print(reason.stderr.decode(errors="replace"), file=sys.stderr)
                return 1
            print("\n".join(table.lines(title, rows)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`make bench`: whole processes, ours beside the yardstick, in one run. CPU seconds (user + system), least of several.

Quote the ratios, never the seconds: they depend on the machine.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from builder.demo import profiles, serve, tree

RUNS = 7


def cpu(command: Sequence[str], cwd: Path | None = None) -> float:
    """CPU seconds of the cheapest of RUNS runs."""
    best = float("inf")
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return best


def main() -> None:
    pinboot = [sys.executable, "-m", "builder.cli"]
    bare = cpu([sys.executable, "-c", "pass"])
    with tempfile.TemporaryDirectory() as folder, serve.serve({profiles.CENTOS: tree.centos7()}) as mirror:
        place = Path(folder)
        (place / "centos.toml").write_text(profiles.centos(mirror))
        os.environ["XDG_CACHE_HOME"] = str(place / "cache")
        first = cpu([*pinboot, "lock", "centos.toml"], place)
        again = f"rm -rf other; exec {sys.executable} -m builder.cli build centos.toml --offline -o other"
        fresh = cpu(["sh", "-c", again], place)
        subprocess.run([*pinboot, "build", "centos.toml", "-q"], cwd=place, check=True, stdout=subprocess.DEVNULL)
        idle = cpu([*pinboot, "build", "centos.toml", "--offline"], place)
    helped = cpu([*pinboot, "--help"])
    print(f"{'job':<34}{'CPU s':>8}{'x bare':>8}{'target':>8}")
    for name, seconds, target in (
            ("python -c pass", bare, ""), ("pinboot --help", helped, "5"), ("pinboot build, nothing to do", idle, "10"),
            ("pinboot lock, as locked", first, ""), ("pinboot build, demo tree", fresh, "")):
        print(f"{name:<34}{seconds:8.3f}{seconds / bare:8.1f}{target:>8}")


if __name__ == "__main__":
    main()

"""Files to work on, and a web server for them in a process of its own, so that its CPU is not counted."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import ROOT

MIB = 1 << 20
UNIT = MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A scratch `folder`; with `quick`, sizes are a tenth and there is one round."""

    folder: Path
    quick: bool = False

    @property
    def rounds(self) -> int:
        return 1 if self.quick else 3

    def size(self, full: int) -> int:
        return full // 10 if self.quick else full


def file(path: Path, size: int, seed: str = "pinboot") -> Path:
    """A file that no compressor shortens, the same each time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        for number, at in enumerate(range(0, size, UNIT)):
            out.write(hashlib.shake_128(f"{seed} {number}".encode()).digest(min(UNIT, size - at)))
    return path


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The base URL of a loopback server for the files of `folder`."""
    with subprocess.Popen([sys.executable, "-m", "benchmarks.server", str(folder)], cwd=ROOT, text=True,
                          stdout=subprocess.PIPE) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()

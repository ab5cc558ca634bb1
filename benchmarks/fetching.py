"""Downloads over loopback: one big file, and many small ones; every byte checked."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import samples
from benchmarks.measure import OURS, Contender, Row, compare
from benchmarks.samples import MIB, Bench

BIG = 1024 * MIB
MANY, SMALL = 2000, 500_000
WORKERS = "8"
CURL = {"curl": "curl", "openssl": "openssl"}


def big(bench: Bench) -> tuple[str, list[Row]]:
    size = bench.size(BIG)
    folder = bench.folder / "big"
    listed = _list(folder, [samples.file(folder / "www/big", size)])
    with samples.served(folder / "www") as base:
        hexdigest = json.loads(listed.read_text())["big"][0]
        clear = _clearing(folder / "got")
        rows = compare([
            Contender(name="pinboot", command=(*OURS, "fetch", base, str(listed), "got/store", "1"), before=clear,
                      folder=folder),
            Contender(name="socket + sha256 + write (the limit)", before=clear, target=1.15, folder=folder,
                      command=(*OURS, "raw", base, "big", "got/big")),
            _shell("curl | tee | openssl dgst",
                   f"curl -sf {base}/big | tee got/big | openssl dgst -sha256 | grep -q {hexdigest}", clear, folder,
                   0.6),
            Contender(name="aria2c", before=clear, target=0.6, folder=folder, needs={"aria2c": "aria2"},
                      command=("aria2c", "-q", "-x1", f"--checksum=sha-256={hexdigest}", "-d", "got", f"{base}/big"))],
            bench.rounds)
    return f"one file of {size // MIB} MiB, verified", rows


def many(bench: Bench) -> tuple[str, list[Row]]:
    count = bench.size(MANY)
    folder = bench.folder / "many"
    files = [samples.file(folder / f"www/p{number:04}.rpm", SMALL, f"p{number}") for number in range(count)]
    listed = _list(folder, files)
    (folder / "SHA256SUMS").write_text("".join(
        f"SHA2-256(got/{name})= {hexdigest}\n" for name, (hexdigest, _) in json.loads(listed.read_text()).items()))
    with samples.served(folder / "www") as base:
        (folder / "curl").write_text("".join(
            f'url = "{base}/{each.name}"\noutput = "got/{each.name}"\n' for each in files))
        clear = _clearing(folder / "got")
        rows = compare([
            Contender(name=f"pinboot, {WORKERS} at once", before=clear, folder=folder,
                      command=(*OURS, "fetch", base, str(listed), "got/store", WORKERS)),
            _shell("curl --parallel 8; openssl dgst",
                   "curl -sf --parallel --parallel-max 8 -K curl && "
                   "openssl dgst -sha256 got/*.rpm | cmp - SHA256SUMS", clear, folder, 1.1),
            Contender(name="pinboot, one by one", before=clear, folder=folder,
                      command=(*OURS, "fetch", base, str(listed), "got/store", "1"))], bench.rounds)
    return f"{count:,} files of 500 kB, verified", rows


def _list(folder: Path, files: Sequence[Path]) -> Path:
    """Names, digests and sizes, as a lock would have them."""
    listed = folder / "list.json"
    table = {}
    for each in files:
        with each.open("rb") as file:
            table[each.name] = (hashlib.file_digest(file, "sha256").hexdigest(), each.stat().st_size)
    listed.write_text(json.dumps(table))
    return listed


def _clearing(got: Path) -> Callable[[], None]:
    def clear() -> None:
        shutil.rmtree(got, ignore_errors=True)
        got.mkdir()

    return clear


def _shell(name: str, script: str, before: Callable[[], None], folder: Path, target: float) -> Contender:
    return Contender(name=name, command=("sh", "-c", script), before=before, folder=folder, target=target, needs=CURL)

"""Bundles out of large verified files: a tar, a tar.zst, a directory, an initrd with kickstarts; and back: verify."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from benchmarks import samples
from benchmarks.measure import OURS, Contender, Row, compare, run
from benchmarks.samples import MIB, Bench

FILES = 10
FILE = 100 * MIB
INITRD = 90 * MIB


def tar(bench: Bench) -> tuple[str, list[Row]]:
    folder = _sources(bench, "tar")
    rows = compare([
        _pack(folder, "tar", "out.tar"),
        Contender(name="GNU tar", command=("tar", "-cf", "out.tar", "--format=ustar", "in"), folder=folder,
                  before=_removing(folder / "out.tar"), target=1.1, needs={"tar": "tar"}),
        Contender(name="GNU tar; openssl dgst", folder=folder, before=_removing(folder / "out.tar"),
                  command=("sh", "-c", "tar -cf out.tar --format=ustar in && openssl dgst -sha256 in/*"),
                  needs={"tar": "tar", "openssl": "openssl"})], bench.rounds)
    return f"a tar of {_total(bench)} MiB, verified", rows


def zst(bench: Bench) -> tuple[str, list[Row]]:
    folder = _sources(bench, "zst")
    rows = compare([
        _pack(folder, "tar.zst", "out.tar.zst"),
        Contender(name="GNU tar | zstd -3 --single-thread", folder=folder, before=_removing(folder / "out.tar.zst"),
                  command=("sh", "-c", "tar -c --format=ustar in | zstd -q -3 --single-thread -o out.tar.zst"),
                  needs={"tar": "tar", "zstd": "zstd"}),
        Contender(name="the same; openssl dgst", folder=folder, before=_removing(folder / "out.tar.zst"),
                  command=("sh", "-c", "tar -c --format=ustar in | zstd -q -3 --single-thread -o out.tar.zst && "
                           "openssl dgst -sha256 in/*"),
                  needs={"tar": "tar", "zstd": "zstd", "openssl": "openssl"})], bench.rounds)
    return f"a tar.zst of {_total(bench)} MiB, verified", rows


def directory(bench: Bench) -> tuple[str, list[Row]]:
    folder = _sources(bench, "directory")
    clear = _removing(folder / "out")
    rows = compare([
        _pack(folder, "directory", "out"),
        Contender(name="cp -r", command=("cp", "-r", "in", "out"), folder=folder, before=clear),
        Contender(name="cp -r; openssl dgst", folder=folder, before=clear, needs={"openssl": "openssl"},
                  command=("sh", "-c", "cp -r in out && openssl dgst -sha256 out/*"))], bench.rounds)
    return f"a directory of {_total(bench)} MiB, verified", rows


def inject(bench: Bench) -> tuple[str, list[Row]]:
    size = bench.size(INITRD)
    folder = bench.folder / "inject"
    initrd = samples.file(folder / "initrd.img", size)
    hexdigest = hashlib.sha256(initrd.read_bytes()).hexdigest()
    rows = compare([
        Contender(name="pinboot, 100 kickstarts", before=_removing(folder / "out"), folder=folder,
                  command=(*OURS, "inject", "initrd.img", hexdigest, "100", "out")),
        Contender(name="python -c pass", command=(OURS[0], "-c", "pass"), folder=folder),
        Contender(name="cat; openssl dgst, twice", folder=folder, before=_removing(folder / "out"),
                  command=("sh", "-c", "cat initrd.img > out && openssl dgst -sha256 initrd.img out"),
                  needs={"openssl": "openssl"})], bench.rounds)
    return f"kickstarts put into an initrd of {size // MIB} MiB", rows


def verify(bench: Bench) -> tuple[str, list[Row]]:
    folder = _sources(bench, "verify")
    for kind, target in (("directory", "out"), ("tar", "out.tar"), ("tar.zst", "out.tar.zst")):
        run((*OURS, "pack", kind, "in", "list.json", target), folder)
    rows = compare([
        Contender(name="pinboot, directory", command=(*OURS, "verify", "out"), folder=folder),
        Contender(name="openssl dgst", command=("sh", "-c", "openssl dgst -sha256 out/*"), folder=folder,
                  needs={"openssl": "openssl"}),
        Contender(name="pinboot, tar", command=(*OURS, "verify", "out.tar"), folder=folder),
        Contender(name="pinboot, tar.zst", command=(*OURS, "verify", "out.tar.zst"), folder=folder)], bench.rounds)
    return f"a bundle of {_total(bench)} MiB, verified", rows


def _total(bench: Bench) -> int:
    return FILES * bench.size(FILE) // MIB


def _sources(bench: Bench, name: str) -> Path:
    folder = bench.folder / name
    table = {}
    for number in range(FILES):
        made = samples.file(folder / f"in/file{number}", bench.size(FILE), f"file{number}")
        with made.open("rb") as file:
            table[made.name] = (hashlib.file_digest(file, "sha256").hexdigest(), made.stat().st_size)
    (folder / "list.json").write_text(json.dumps(table))
    return folder


def _pack(folder: Path, kind: str, target: str) -> Contender:
    return Contender(name="pinboot", command=(*OURS, "pack", kind, "in", "list.json", target), folder=folder,
                     before=_removing(folder / target))


def _removing(path: Path) -> Callable[[], None]:
    def remove() -> None:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    return remove

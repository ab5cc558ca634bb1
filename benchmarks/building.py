"""The command itself: its start, a build with nothing to do, and hosts by the thousand."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import PINBOOT, Contender, Row, compare, run
from benchmarks.samples import Bench
from builder.catalog.generation import EFI_LOADERS
from builder.demo import profiles, serve, tree
from builder.profile import kinds

BARE = Contender(name="python -c pass", command=(PINBOOT[0], "-c", "pass"), target=5)
FEW, MANY = 1000, 10000
HOST_TARGET = 250  # microseconds
LAYER = 2500  # hosts a file: none may be over 1 MiB
SERVED = 500
NETWORK = [word for word, kind in kinds.OUTPUTS.items() if kind == "network"]
SERVICES = """
[serve]
url = "http://10.20.0.5"
tftp = "10.20.0.5"
secret = "env:BENCH_SECRET"
[dhcp]
subnet = "10.20.0.0/16"
router = "10.20.0.1"
[network]
gateway = "10.20.0.1"
nameservers = ["10.20.0.2"]
"""
CLASSES = """
[class.small]
memory = "3800 MiB"
disk = { size = "20 GiB" }
[class.large]
memory = "16 GiB"
disk = { size = "200 GiB" }
"""


def startup(bench: Bench) -> tuple[str, list[Row]]:
    return "start-up", compare([Contender(name="pinboot --help", command=(*PINBOOT, "--help")), BARE], 3 * bench.rounds)


def unchanged(bench: Bench) -> tuple[str, list[Row]]:
    folder = bench.folder / "unchanged"
    with _locked(folder, hosts=1):
        build = (*PINBOOT, "build", "fleet.toml", "-q", "--offline")
        run(build, folder)
        rows = compare([
            Contender(name="pinboot build, all as built", command=build, folder=folder),
            Contender(name="python -c pass", command=BARE.command, target=10),
            Contender(name="pinboot build, from the store", command=build, folder=folder,
                      before=lambda: shutil.rmtree(folder / "out"))], bench.rounds)
    return "a build with nothing to do", rows


def hosts(bench: Bench) -> tuple[str, list[Row]]:
    """One round: the second run is ten times the first, and the difference is what a host costs."""
    rows: list[Row] = []
    for count in (bench.size(FEW), bench.size(MANY)):
        folder = bench.folder / f"hosts{count}"
        with _locked(folder, count):
            for target in ("out/fleet", "fleet.tar"):
                cost = run((*PINBOOT, "build", "fleet.toml", "-q", "--offline", "-o", target), folder)
                rows.append(Row(name=f"pinboot build, {count:,} hosts, {'tar' if target[-3:] == 'tar' else 'files'}",
                                cost=cost))
        shutil.rmtree(folder)
    few, few_tar, many, many_tar = (row.cost for row in rows if row.cost)
    more = bench.size(MANY) - bench.size(FEW)
    each = [(b.seconds - a.seconds) / more * 1e6 for a, b in ((few, many), (few_tar, many_tar))]
    held = ((many.peak or 0) - (few.peak or 0)) / more * 1024
    note = (f"a host: {each[0]:.0f} us with its files, {each[1]:.0f} us in a tar (target: {HOST_TARGET} us), "
            f"{held:.1f} KiB")
    last = rows.pop()
    return "hosts, planned, rendered, checked, written", [
        *rows, Row(name=last.name, cost=last.cost, note=note)]


def inventory(bench: Bench) -> tuple[str, list[Row]]:
    """The same from a CSV file whose hosts are of two classes, in a tar."""
    rows: list[Row] = []
    for count in (bench.size(FEW), bench.size(MANY)):
        folder = bench.folder / f"rows{count}"
        with _locked(folder, count, csv=True):
            cost = run((*PINBOOT, "build", "fleet.toml", "-q", "--offline", "-o", "fleet.tar"), folder)
            rows.append(Row(name=f"pinboot build, {count:,} rows of CSV, tar", cost=cost))
        shutil.rmtree(folder)
    few, many = (row.cost for row in rows if row.cost)
    more = bench.size(MANY) - bench.size(FEW)
    held = ((many.peak or 0) - (few.peak or 0)) / more * 1024
    note = f"a row: {(many.seconds - few.seconds) / more * 1e6:.0f} us (target: {HOST_TARGET} us), {held:.1f} KiB"
    return "hosts out of an inventory", [rows[0], Row(name=rows[1].name, cost=rows[1].cost, note=note)]


def network(bench: Bench) -> tuple[str, list[Row]]:
    """500 machines that boot over the network, with every loader and service: once, as users build it."""
    folder, count = bench.folder / "network", bench.size(SERVED)
    folder.mkdir(parents=True)
    files = {**tree.el9(), **{f"{tree.BASEOS}/{path}": b"MZ" * 2000 for path in EFI_LOADERS["x86_64"]}}
    with serve.serve({profiles.ROCKY: files}) as mirror:
        text = profiles.rocky(mirror)
        text = text[:text.index("[host.")].replace("storage =", f"outputs = {json.dumps(NETWORK)}\nstorage =")
        (folder / "fleet.toml").write_text(f"{text}{SERVICES}{''.join(map(_machine, range(count)))}")
        os.environ.update(XDG_CACHE_HOME=str(folder / "cache"), BENCH_SECRET="0123456789abcdef" * 3)
        try:
            run((*PINBOOT, "lock", "fleet.toml"), folder)
            rows = [Row(name=f"pinboot build, {count} hosts over the network", cost=run(
                (*PINBOOT, "build", "fleet.toml", "-q", "--offline"), folder))]
        finally:
            del os.environ["XDG_CACHE_HOME"], os.environ["BENCH_SECRET"]
    made = [path.stat().st_size for path in (folder / "out").rglob("*") if path.is_file()]
    note = f"{len(made):,} files, {sum(size for size in made if size < 100_000) / 1e6:.1f} MB of text"
    return "a fleet over the network", [Row(name=rows[0].name, cost=rows[0].cost, note=note)]


def _machine(number: int) -> str:
    high, low = divmod(number, 250)
    return (f'[host.n{number:04}]\naddress = "10.20.{high + 1}.{low + 1}/16"\ndisk = "sda"\n'
            f'mac = "b8:59:9f:00:{high:02x}:{low:02x}"\n')


@contextmanager
def _locked(folder: Path, hosts: int, *, csv: bool = False) -> Iterator[None]:
    """A profile with its lock, and everything that it needs in the store: builds need no network. With `csv` the hosts
    are rows of a CSV file instead of tables."""
    folder.mkdir(parents=True)
    with serve.serve({profiles.CENTOS: tree.centos7()}) as mirror:
        text = profiles.centos(mirror)
        text = text[:text.index("[host.")]
        if csv:
            (folder / "hosts.csv").write_text("name,class,mac,address,rack\n" + "".join(map(_row, range(hosts))))
            text = f'inventory = "hosts.csv"\n{text}{CLASSES}'
        else:
            text = f"extends = {json.dumps(_layers(folder, hosts))}\n{text}"
        (folder / "fleet.toml").write_text(text)
        before = os.environ.get("XDG_CACHE_HOME")
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        try:
            run((*PINBOOT, "lock", "fleet.toml"), folder)
            run((*PINBOOT, "build", "fleet.toml", "-q", "--host", "h00000", "-o", "first"), folder)
            yield
        finally:
            os.environ.pop("XDG_CACHE_HOME")
            if before is not None:
                os.environ["XDG_CACHE_HOME"] = before


def _layers(folder: Path, hosts: int) -> list[str]:
    """Files of host tables, by name."""
    layers = [f"hosts{start}.toml" for start in range(0, hosts, LAYER)]
    for start, name in zip(range(0, hosts, LAYER), layers, strict=True):
        (folder / name).write_text("".join(map(_host, range(start, min(hosts, start + LAYER)))))
    return layers


def _row(number: int) -> str:
    high, low = divmod(number, 250)
    return (f"h{number:05},{'large' if number % 3 else 'small'},00:16:3e:01:{high:02x}:{low:02x},"
            f"192.168.{high + 2}.{low + 2}/16,A{number % 40}\n")


def _host(number: int) -> str:
    high, low = divmod(number, 250)
    # Derived MACs have 24 bits to themselves: among ten thousand, two or three would be the same.
    return (f'[host.h{number:05}]\naddress = "192.168.{high + 2}.{low + 2}/16"\nmemory = "3800 MiB"\n'
            f'mac = "00:16:3e:01:{high:02x}:{low:02x}"\ndisk = {{ size = "20 GiB" }}\n')

"""Hosts by the thousand: each job for so many and for ten times as many; the difference is what a host costs."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import PINBOOT, Cost, Row, run
from benchmarks.samples import Bench
from builder.catalog.generation import EFI_LOADERS
from builder.demo import profiles, serve, tree
from builder.profile import kinds

FEW, MANY = 1000, 10000
TARGET = 250  # microseconds, for rendering a host with its files
SERVED = 500
NETWORK = [word for word, kind in kinds.OUTPUTS.items() if kind == "network"]
GUESTS = """
[class.small]
memory = "3800 MiB"
disk = { size = "20 GiB" }
[class.large]
memory = "16 GiB"
disk = { size = "200 GiB" }
"""
MACHINES = """
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
[class.small]
disk = "sda"
[class.large]
disk = "nvme0n1"
"""
BUILD = (*PINBOOT, "build", "fleet.toml", "-q", "--offline")
READ = ("show (reads the profile)", (*PINBOOT, "show", "fleet.toml"))


def hosts(bench: Bench) -> tuple[str, list[Row]]:
    """Guests of Xen, each with five files and a kickstart in the initrd that all share."""
    rows = _grown(bench, "xen", (READ, ("build of a tar", (*BUILD, "-o", "fleet.tar")),
                                 ("verify of the tar", (*PINBOOT, "verify", "-q", "fleet.tar"))))
    return f"guests of Xen in a CSV file (target: {TARGET} us a host, rendered)", rows


def fleet(bench: Bench) -> tuple[str, list[Row]]:
    """Machines that boot over the network by pxelinux, GRUB and iPXE, each with some twenty files."""
    rows = _grown(bench, "network", (READ, ("build of a folder", (*BUILD, "-o", "out/fleet")),
                                     ("verify", (*PINBOOT, "verify", "-q", "out/fleet")),
                                     ("build, all as built", (*BUILD, "-o", "out/fleet"))))
    return "machines that boot over the network, in a CSV file", rows


def network(bench: Bench) -> tuple[str, list[Row]]:
    """500 machines that boot over the network, with every loader and service: once, as users build it."""
    folder, count = bench.folder / "network", bench.size(SERVED)
    with locked(folder, "network", count, NETWORK):
        row = Row(name=f"pinboot build, {count} hosts over the network", cost=run(BUILD, folder))
    made = [path.stat().st_size for path in (folder / "out").rglob("*") if path.is_file()]
    note = f"{len(made):,} files, {sum(size for size in made if size < 100_000) / 1e6:.1f} MB of text"
    return "a fleet over the network", [Row(name=row.name, cost=row.cost, note=note)]


def _grown(bench: Bench, kind: str, jobs: Sequence[tuple[str, Sequence[str]]]) -> list[Row]:
    few, many = bench.size(FEW), bench.size(MANY)
    costs: dict[tuple[str, int], Cost] = {}
    for count in (few, many):
        folder = bench.folder / f"{kind}{count}"
        with locked(folder, kind, count, ["pxelinux", "grub", "ipxe", "dnsmasq"] if kind == "network" else []):
            for title, command in jobs:
                costs[title, count] = run(command, folder)
        shutil.rmtree(folder)
    rows = []
    for title, _ in jobs:
        less, more = costs[title, few], costs[title, many]
        each = (more.seconds - less.seconds) / (many - few) * 1e6
        held = ((more.peak or 0) - (less.peak or 0)) / (many - few) * 1024
        growth = more.seconds / less.seconds
        note = f"a host: {each:.0f} us, {held:.1f} KiB; {many // few} times the hosts: {growth:.1f} times the cost"
        rows += [Row(name=f"pinboot {title}, {few:,}", cost=less), Row(name=f"pinboot, {many:,}", cost=more, note=note)]
    return rows


@contextmanager
def locked(folder: Path, kind: str, count: int, outputs: Sequence[str] = ()) -> Iterator[None]:
    """A profile whose hosts are rows of a CSV file, its lock, and everything that it needs in the store: builds need no
    network."""
    folder.mkdir(parents=True)
    if kind == "network":
        files = {**tree.el9(), **{f"{tree.BASEOS}/{path}": b"MZ" * 2000 for path in EFI_LOADERS["x86_64"]}}
        served, text, tables = {profiles.ROCKY: files}, profiles.rocky, MACHINES
    else:
        served, text, tables = {profiles.CENTOS: tree.centos7()}, profiles.centos, GUESTS
    (folder / "hosts.csv").write_text("name,class,mac,address,rack\n" + "".join(_row(kind, n) for n in range(count)))
    own = {"XDG_CACHE_HOME": str(folder / "cache"), "BENCH_SECRET": "0123456789ab" * 4}
    with serve.serve(served) as mirror, _environment(**own):
        made = text(mirror)
        made = made[:made.index("[host.")]
        if outputs:
            made = f"outputs = {json.dumps(outputs)}\n{made}"
        (folder / "fleet.toml").write_text(f'inventory = "hosts.csv"\n{made}{tables}')
        run((*PINBOOT, "lock", "fleet.toml"), folder)
        run((*PINBOOT, "build", "fleet.toml", "-q", "--host", "h00000", "-o", "first"), folder)
        yield


def _row(kind: str, number: int) -> str:
    high, low = divmod(number, 250)
    # Derived MACs have 24 bits to themselves: among ten thousand, two or three would be the same.
    start, place = ("b8:59:9f:00", "10.20") if kind == "network" else ("00:16:3e:01", "192.168")
    return (f"h{number:05},{'large' if number % 3 else 'small'},{start}:{high:02x}:{low:02x},"
            f"{place}.{high + 2}.{low + 2}/16,A{number % 40}\n")


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before: Mapping[str, str | None] = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value

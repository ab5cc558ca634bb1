"""`python -m benchmarks.ours VERB ...`: one piece of the product's work as a process, to be measured from outside."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from builder.digest import Digest
from builder.lock.model import KernelFacts, Lock, Pin, Role
from builder.media.bundle import Entry, Part

EPOCH = 1604001756


def fetch(base: str, listed: str, store: str, workers: str) -> None:
    """The files that the JSON file `listed` names with their digests, into the store."""
    from builder.fetch import parallel
    from builder.fetch.source import open_source
    from builder.fetch.store.objects import Store
    from builder.progress import Silent

    source = open_source(base, store=Store(Path(store)), progress=Silent())
    wanted: dict[str, tuple[str, int]] = json.loads(Path(listed).read_text())
    jobs = [partial(source.fetch, path, kind="iso", expected=Digest("sha256", hexdigest), size=size)
            for path, (hexdigest, size) in wanted.items()]
    for outcome in parallel.fetch_all(jobs, int(workers)):
        if isinstance(outcome, Exception):
            raise outcome


def raw(base: str, path: str, target: str) -> None:
    """The limit: one socket, one buffer, one hash, one file."""
    import socket
    from urllib.parse import urlsplit

    parts = urlsplit(base)
    made, buffer = hashlib.sha256(), memoryview(bytearray(1 << 20))
    with socket.create_connection((parts.hostname or "", parts.port or 80)) as connection, \
            Path(target).open("wb", buffering=0) as out:
        connection.sendall(f"GET /{path} HTTP/1.0\r\n\r\n".encode())
        stream = connection.makefile("rb")
        while stream.readline().strip():
            continue
        while count := stream.readinto(buffer):
            made.update(buffer[:count])
            out.write(buffer[:count])


def pack(kind: str, folder: str, digests: str, target: str) -> None:
    """The files of a folder as a bundle with manifest, checksums and lock, so that `verify` has all its work to do:
    tar, tar.zst or directory."""
    from builder.lock import text
    from builder.media import checksums
    from builder.media.bundle import bundle, text_entry
    from builder.media.pack import directory, tar, zst
    from builder.media.papers import manifest

    entries = [_entry(Path(folder) / name, hexdigest, name, origin="copied")
               for name, (hexdigest, _) in json.loads(Path(digests).read_text()).items()]
    lock = _lock()
    entries.append(text_entry("bench.lock", text.write(lock), origin="copied"))
    entries.append(manifest.build("bench", entries, lock, "bench.lock", epoch=EPOCH))
    entries.append(checksums.build(entries))
    write = {"tar": tar.write, "tar.zst": zst.write, "directory": directory.write}[kind]
    write(bundle("bench", EPOCH, entries), Path(target))


def _entry(file: Path, hexdigest: str, path: str, origin: str) -> Entry:
    size = file.stat().st_size
    return Entry(path=path, mode=0o644, size=size, digest=Digest("sha256", hexdigest), origin=origin,
                 parts=(Part(size=size, open=lambda: file.open("rb")),))


def _lock() -> Lock:
    roles: dict[Role, str] = {"kernel": "images/pxeboot/vmlinuz", "initrd": "images/pxeboot/initrd.img",
                              "stage2": "LiveOS/squashfs.img", "treeinfo": ".treeinfo",
                              "repository": "repodata/repomd.xml"}
    pins = tuple(Pin(role=role, path=path, size=1, digest=Digest("sha256", f"{number:064x}"), evidence="treeinfo")
                 for number, (role, path) in enumerate(roles.items()))
    facts = KernelFacts(version="3.10.0-1160.el7.x86_64", xen_pv=True, xen_pvh=False, cmdline_size=2047, payload="gzip")
    return Lock(family="centos", version="7.9.2009", arch="x86_64", source="https://mirror.example/os", epoch=EPOCH,
                compose="", kernel=facts, pins=pins, overrides={})


def inject(original: str, hexdigest: str, hosts: str, target: str) -> None:
    """An initrd with a kickstart for each host, hashed and written."""
    from builder.media.bundle import bundle
    from builder.media.inject import injected, member
    from builder.media.pack import directory

    initrd = _entry(Path(original), hexdigest, "initrd.img", origin="pinned")
    files = {f"ks/host{number}.cfg": (b"# kickstart\n" * 250, 0o600) for number in range(int(hosts))}
    made = injected(initrd, member(files, EPOCH), path="initrd-ks.img")
    directory.write(bundle("bench", EPOCH, [made]), Path(target))


def verify(bundle: str) -> None:
    from builder.media.verify import verify as judge

    if not judge(Path(bundle)).ok:
        raise SystemExit("not what was built")


VERBS: dict[str, Callable[..., None]] = {each.__name__: each for each in (fetch, raw, pack, inject, verify)}

if __name__ == "__main__":
    VERBS[sys.argv[1]](*sys.argv[2:])

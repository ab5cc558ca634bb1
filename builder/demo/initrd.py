"""A small installer initrd in the true format: early microcode, then a compressed cpio with modules and .buildstamp."""

from __future__ import annotations

import stat
import time
from collections.abc import Mapping
from typing import Literal

from builder.demo import stored

FILE, DIRECTORY, LINK = stat.S_IFREG | 0o644, stat.S_IFDIR | 0o755, stat.S_IFLNK | 0o777
PROGRAM = stat.S_IFREG | 0o755
DRIVERS = ("block/xen-blkfront", "block/virtio_blk", "net/xen-netfront", "net/virtio_net")
WEIGHT = 300 << 10
COMPRESSORS = {"xz": stored.xz, "gzip": stored.gzip}

# What a path of the archive is: mode and content (of a link: where it points).
File = tuple[int, bytes]


def make(version: str, *, product: str, release: str, seed: str, compressor: Literal["xz", "gzip"] = "xz",
         early_microcode: bool = True, built: int = 0, drivers: tuple[str, ...] = DRIVERS,
         maker: Literal["lorax", "anaconda"] = "lorax") -> bytes:
    """An initrd with the modules of kernel `version`, built for `product` and `release` (as .buildstamp writes them).

    `built` (seconds) becomes the times of its files and the UUID of .buildstamp. `drivers` are paths below
    kernel/drivers, without .ko.xz. `maker`: anaconda's own script made those of EL6, with bare modules and another
    .buildstamp.
    """
    early = archive({"kernel/x86/microcode/GenuineIntel.bin": (FILE, stored.filler(f"microcode {seed}", 2048))}, built)
    files: dict[str, File] = {
        ".buildstamp": (FILE, STAMPS[maker](product, release, built).encode()),
        "init": (PROGRAM, b"#!/bin/sh\nexec echo 'a stand-in: it installs nothing'\n"),
        "lib": (LINK, b"usr/lib"),
        "usr/lib/stand-in": (FILE, stored.filler(f"initrd {seed} {version} {built}", WEIGHT)),
        **_modules(version, drivers, seed, ".ko.xz" if maker == "lorax" else ".ko"),
    }
    return (early if early_microcode else b"") + COMPRESSORS[compressor](archive(files, built))


def archive(files: Mapping[str, File], mtime: int = 0) -> bytes:
    """A newc cpio archive with the directories that `files` need, padded to 512 bytes."""
    parents = {path.rsplit("/", depth)[0] for path in files for depth in range(1, path.count("/") + 1)}
    everything = {**dict.fromkeys(parents, (DIRECTORY, b"")), **files}
    out = [entry(path, *everything[path], inode, mtime) for inode, path in enumerate(sorted(everything), 1)]
    joined = b"".join([*out, entry("TRAILER!!!", 0, b"")])
    return joined + bytes(-len(joined) % 512)


def entry(path: str, mode: int, content: bytes, inode: int = 0, mtime: int = 0) -> bytes:
    """One entry: Linux Documentation/driver-api/early-userspace/buffer-format.rst."""
    name = path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, 0, 0, links, mtime, len(content), 0, 0, 0, 0, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return b"".join([header, name, bytes(-(len(header) + len(name)) % 4), content, bytes(-len(content) % 4)])


def _lorax_stamp(product: str, release: str, built: int) -> str:
    """As lorax writes it (src/pylorax/buildstamp.py)."""
    uuid = time.strftime("%Y%m%d%H%M", time.gmtime(built))
    return (f"[Main]\nProduct={product}\nVersion={release}\nBugURL=https://bugs.example/\nIsFinal=True\n"
            f"UUID={uuid}.x86_64\n[Compose]\nLorax=19.7.30-1\n")


def _anaconda_stamp(product: str, release: str, built: int) -> str:
    """Before lorax: bare lines (anaconda rhel6-branch, product.py reads them by their order)."""
    return f"{time.strftime('%Y%m%d%H%M', time.gmtime(built))}.x86_64\n{product}\n{release}\nhttps://bugs.example/\n"


STAMPS = {"lorax": _lorax_stamp, "anaconda": _anaconda_stamp}


def _modules(version: str, drivers: tuple[str, ...], seed: str, suffix: str) -> dict[str, File]:
    home = f"usr/lib/modules/{version}"
    files: dict[str, File] = {}
    for driver in drivers:
        modinfo = f"vermagic={version} SMP mod_unload modversions\0".encode()
        module = b"\x7fELF\x02\x01\x01".ljust(64, b"\0") + modinfo + stored.filler(f"{driver} {seed}", 4096)
        packed = stored.xz(module) if suffix == ".ko.xz" else module
        files[f"{home}/kernel/drivers/{driver}{suffix}"] = (FILE, packed)
    files[f"{home}/modules.dep"] = (FILE, "".join(f"kernel/drivers/{d}{suffix}:\n" for d in drivers).encode())
    return files

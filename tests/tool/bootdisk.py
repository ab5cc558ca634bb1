"""A disk as an installation leaves it for pygrub: an MBR and one partition, /boot."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.tool.tools import need

START = 2048  # of the partition, in sectors
EL7 = ("ext4", "-O", "64bit,metadata_csum")  # as its mkfs.ext4 makes it


def write(path: Path, boot: Path, scratch: Path, size: int, filesystem: Sequence[str] = EL7) -> None:
    """Writes to `path` a disk whose partition of `size` bytes holds what the folder `boot` does, in `filesystem`."""
    partition = scratch / "partition"
    partition.touch()
    with partition.open("r+b") as stream:
        stream.truncate(size)
    mke2fs = need("mke2fs", "e2fsprogs")
    subprocess.run([mke2fs, "-q", "-t", *filesystem, "-d", boot, partition], check=True)
    entry = struct.pack("<B3sB3sII", 0x80, b"\0\2\0", 0x83, b"\xff\xff\xff", START, size // 512)
    head = b"\0" * 446 + entry + b"\0" * 48 + b"\x55\xaa"
    path.write_bytes(head + b"\0" * (START * 512 - len(head)) + partition.read_bytes())

"""Files put into an initrd: one more cpio archive, of which the kernel unpacks as many as it finds.

Format: Linux Documentation/driver-api/early-userspace/buffer-format.rst. Archives may follow each other with zeros
between; an uncompressed one begins at a multiple of 4, else the kernel says "broken padding" (init/initramfs.c).

The archive is appended: the image begins with the very bytes that are pinned, early microcode stays first, and it ends
in at least four zeros. Xen makes one exception. Up to 4.20 its domain builder un-gzips a PV guest's ramdisk that begins
with the gzip magic, and takes the size to expect from the last four bytes of the file (tools/libs/guest/xg_dom_core.c,
xc_dom_check_gzip, xc_dom_build_module). Behind a gzip stream those bytes are no size, and zeros do not help (they read
as 16): the builder hands on the first stream alone and our files are lost, or, before it learned to fall back to the
raw bytes, does not start the guest. So before an original that begins with gzip the archive goes first; the kernel does
not mind, and that builder leaves an image alone that begins with an uncompressed archive.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from builder.media.bundle import folders
from builder.media.entry import Entry, Part, joined, part
from builder.names import tree_path

MAGIC = b"070701"
GZIP = b"\x1f\x8b"
TRAILER = "TRAILER!!!"
HEAD = MAGIC + b"%08X" * 13
# Every number of a newc header has 32 bits (RELIABILITY L17).
LIMIT = 1 << 32
# cpio(1) pads an archive to its block size; any multiple of 4 would do.
BLOCK = 512
FILE, FOLDER = 0o100000, 0o040000


class File(NamedTuple):
    """`read` gives the content when its turn comes."""

    path: str
    mode: int
    read: Callable[[], bytes]


def member(files: Mapping[str, tuple[bytes, int]], epoch: int) -> bytes:
    """A newc archive of `files` (path to content and mode) with the directories above them, owned by root, every time
    the `epoch`; the same files are always the same bytes.

    Raises ValueError for a path that leaves the archive and for a file or time beyond the 32 bits of the format.
    """
    return b"".join(pieces((File(path, mode, itertools.repeat(data).__next__)
                            for path, (data, mode) in files.items()), epoch))


def pieces(files: Iterable[File], epoch: int) -> Iterator[bytes]:
    """As `member`, piece by piece: one file is held at a time. Raises ValueError."""
    if not 0 <= epoch < LIMIT:
        raise ValueError(f"time {epoch} does not fit a cpio archive (newc keeps 32 bits)")
    ordered = sorted(files, key=lambda file: tree_path(file.path))
    made = folders((file.path, file.mode) for file in ordered)
    length = 0
    for piece in _entries(made, ordered, epoch):
        length += len(piece)
        yield piece
    yield _padding(length, BLOCK)


def _entries(made: Mapping[str, int], files: Iterable[File], epoch: int) -> Iterator[bytes]:
    numbers = iter(range(1, LIMIT))
    for path, mode in made.items():
        yield _entry(next(numbers), path, FOLDER | mode, 2, epoch, b"")
    for file in files:
        yield _entry(next(numbers), file.path, FILE | file.mode, 1, epoch, file.read())
    yield _entry(0, TRAILER, 0, 1, 0, b"")


def _entry(number: int, path: str, mode: int, links: int, epoch: int, data: bytes) -> bytes:
    if len(data) >= LIMIT:
        raise ValueError(f"{path} has {len(data)} bytes; a cpio archive (newc) holds files below 4 GiB")
    name = path.encode() + b"\0"
    # ino, mode, uid, gid, nlink, mtime, filesize, device and special device (major, minor), namesize, check.
    fields = (number, mode, 0, 0, links, epoch, len(data), 0, 0, 0, 0, len(name), 0)
    head = HEAD % fields + name
    return head + _padding(len(head), 4) + data + _padding(len(data), 4)


def _padding(length: int, block: int) -> bytes:
    return b"\0" * (-length % block)


def injected(original: Entry, archive: Part | bytes, *, path: str, mode: int = 0o600) -> Entry:
    """The `original` initrd and `archive` as one image at `path`; neither is held.

    Private by default, because it carries the kickstarts. Raises BytesDiffer where the original is not as long as it
    says.
    """
    parts = original.parts if original.data is None else (part(original.data),)
    added = archive if isinstance(archive, Part) else part(archive)
    ordered = ((added, *parts) if _start(original).startswith(GZIP) else
               (*parts, part(_gap(original.size)), added))
    return joined(path, ordered, mode=mode, origin="injected")


def _gap(length: int) -> bytes:
    """Up to the next block, and never without a word of zeros: a legacy lz4 stream has no other end mark (Linux
    lib/decompress_unlz4.c)."""
    zeros = _padding(length, BLOCK)
    return zeros if len(zeros) >= 4 else zeros + bytes(BLOCK)


def _start(entry: Entry) -> bytes:
    chunks: Iterator[bytes] = entry.chunks(len(MAGIC))
    return next(chunks, b"")[:len(MAGIC)]

"""The texts of a bundle (directory, tar or tar.zst), read once, with nothing of them believed: verify judges."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from builder.errors import UsageError
from builder.media import found, members
from builder.probe import feed

# Of ten thousand hosts the largest text, manifest.json, has 12 MB, and all together 300 MB.
MAX_TEXT = 64 << 20
MAX_ALL = 2 << 30
# Kernels, initrds, images and EFI programs have a zero byte in their first blocks; no text of a bundle has one at all.
START = 8192


def texts(path: Path) -> Iterator[tuple[str, bytes | None]]:
    """Every regular file by its name in the bundle, with its bytes, or None where it is no text or larger than one.

    Raises NotFound, UsageError (no bundle, or more text than a bundle has), BytesDiffer (an archive that is cut or
    damaged or unpacks without end), Missing (no zstd module).
    """
    room = MAX_ALL
    with found.reading(path):
        for count, (name, pieces) in enumerate(_folder(path) if path.is_dir() else _archive(path)):
            data = _text(pieces)
            room -= len(data or b"")
            if room < 0 or count >= members.MOST_MEMBERS:
                raise UsageError(f"{path}: holds more files or more text than any bundle",
                                 f"pinboot verify {path} says what was not built")
            yield name, data


def _text(pieces: Iterable[bytes]) -> bytes | None:
    kept: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_TEXT or b"\0" in (piece[:START] if not kept else b""):
            return None
        kept.append(piece)
    data = b"".join(kept)
    return None if b"\0" in data else data


def _folder(root: Path) -> Iterator[tuple[str, Iterable[bytes]]]:
    for name, entry in found.walk(root):
        if entry.is_file(follow_symlinks=False):
            with os.fdopen(os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                yield name, feed.chunks(file)


def _archive(path: Path) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Names below the one folder of the tar; a name that stands twice or outside is none of the bundle's."""
    seen: set[str] = set()
    with path.open("rb") as file:
        for member, pieces in members.read(file, os.fstat(file.fileno()).st_size, str(path)):
            name = member.name.partition("/")[2]
            if member.kind == "file" and name and name not in seen and ".." not in member.name.split("/"):
                seen.add(name)
                yield name, pieces

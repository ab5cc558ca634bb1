"""A bundle is a value: a sorted tree of entries, small texts as bytes, large files by reference to verified bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from builder.digest import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A run of bytes of a large file: `open()` gives a fresh stream of exactly `size` bytes."""

    size: int
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a bundle. `path` is relative with forward slashes; `mode` 0o644, 0o755 or 0o600.

    Either `data` (small texts) or `parts` (a concatenation, streamed). `digest` is sha256 of the whole. `origin` says
    for the manifest where the bytes are from: `pinned`, `rendered`, `injected`, `copied`.
    """

    path: str
    mode: int
    size: int
    digest: Digest
    data: bytes | None = None
    parts: tuple[Part, ...] = ()
    origin: str = "rendered"

    def chunks(self, size: int = 1 << 20) -> Iterator[bytes]:
        """The bytes of the entry, a chunk at a time."""
        if self.data is not None:
            yield self.data
            return
        for part in self.parts:
            with part.open() as stream:
                while chunk := stream.read(size):
                    yield chunk


def text_entry(path: str, text: str | bytes, *, mode: int = 0o644, origin: str = "rendered") -> Entry:
    data = text.encode() if isinstance(text, str) else text
    digest = Digest("sha256", hashlib.sha256(data).hexdigest())
    return Entry(path=path, mode=mode, size=len(data), digest=digest, data=data, origin=origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """`entries` sorted by path, no path twice, none a directory of another; `epoch` is every file's time."""

    name: str
    epoch: int
    entries: tuple[Entry, ...]


def bundle(name: str, epoch: int, entries: Iterable[Entry]) -> Bundle:
    """Sort the entries and check the tree. Raises ValueError where two entries claim one place."""
    ordered = tuple(sorted(entries, key=lambda entry: entry.path))
    seen: set[str] = set()
    for entry in ordered:
        if entry.path in seen:
            raise ValueError(f"two files of the bundle would be {entry.path}")
        seen.add(entry.path)
    for path in seen:
        parent = path
        while "/" in parent:
            parent = parent.rpartition("/")[0]
            if parent in seen:
                raise ValueError(f"{parent} would be a file and a directory of {path}")
    return Bundle(name=name, epoch=epoch, entries=ordered)


def folders(files: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Every directory above `files` (path, mode) with its own mode, in order: 0o700 where a file of its own is private,
    else 0o755 (RELIABILITY L01)."""
    found: dict[str, int] = {}
    for path, mode in files:
        parent = path.rpartition("/")[0]
        if parent and not mode & 0o077:
            found[parent] = 0o700
        while parent:
            found.setdefault(parent, 0o755)
            parent = parent.rpartition("/")[0]
    return dict(sorted(found.items()))

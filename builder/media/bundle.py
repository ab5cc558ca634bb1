"""A bundle is a value: a sorted tree of entries, texts in a spool, large files by reference to verified bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from builder.media.entry import Entry, Part, text_entry
from builder.media.listing import listing
from builder.media.listing.listing import Listing

__all__ = ["Bundle", "Entry", "Part", "bundle", "folders", "text_entry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """`entries` sorted by path, no path twice, none a directory of another; `epoch` is every file's time."""

    name: str
    epoch: int
    entries: Listing


def bundle(name: str, epoch: int, entries: Iterable[Entry]) -> Bundle:
    """Raises ValueError where two entries claim one place."""
    made = Bundle(name=name, epoch=epoch, entries=listing.of(entries))
    for _ in made.entries.tree():
        pass
    return made


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

"""What lies in a store: its objects, and what is left over; and the way out for what nobody needs."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from builder.digest import Digest
from builder.fetch.store import folder, incoming, lockfile
from builder.fetch.store.intake import Wanted

OBJECTS = ("objects", "sha256")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Kept:
    """An object as its name has it; only `verify` knows whether the name is true."""

    digest: Digest
    size: int


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Leftover:
    """Something that is no object: `name` is its path in the store."""

    name: str
    size: int


def objects(root: Path) -> tuple[Kept, ...]:
    """Everything under a name that an object can have, in order of the names; a link or a folder there has size 0.

    Raises StoreUnusable.
    """
    with _readable(root):
        return tuple(Kept(digest=Digest("sha256", prefix + rest), size=size)
                     for prefix, _ in _entries(root, *OBJECTS) if re.fullmatch(r"[0-9a-f]{2}", prefix)
                     for rest, size in _entries(root, *OBJECTS, prefix) if re.fullmatch(r"[0-9a-f]{62}", rest))


def leftovers(root: Path, wanted: Collection[Digest]) -> tuple[Leftover, ...]:
    """Bad objects that were moved aside, files of processes that are gone, and downloads that nobody will finish: all
    but those of `wanted`. What a live process writes is among them unless the store is held alone."""
    expected = {incoming.key(Wanted(where="", cap=0, expected=each)) for each in wanted}
    with _readable(root):
        return tuple(Leftover(name=f"{place}/{name}", size=size) for place in ("bad", "partial", "tmp")
                     for name, size in _entries(root, place) if name.removesuffix(".json") not in expected)


def alone(root: Path, waiting: Callable[[], None]) -> contextlib.AbstractContextManager[None]:
    """Hold the store while no other process uses it (L16). Raises StoreUnusable."""
    return lockfile.held(root, lockfile.WHOLE, waiting=waiting)


def remove(root: Path, digest: Digest) -> None:
    """Take the object away, where it still is; whoever calls holds the store alone. Raises StoreUnusable."""
    _remove(root, (*OBJECTS, digest.hex[:2]), digest.hex[2:])
    # The folder goes with its last object; what still holds one stays.
    with contextlib.suppress(OSError), folder.opened(root, OBJECTS) as above:
        os.rmdir(digest.hex[:2], dir_fd=above)


def clear(root: Path, leftover: Leftover) -> None:
    """Take it away; whoever calls holds the store alone. Raises StoreUnusable."""
    place, _, name = leftover.name.partition("/")
    _remove(root, (place,), name)


def _remove(root: Path, place: tuple[str, ...], name: str) -> None:
    with _readable(root), contextlib.suppress(FileNotFoundError), folder.opened(root, place) as here:
        if stat.S_ISDIR(os.stat(name, dir_fd=here, follow_symlinks=False).st_mode):
            shutil.rmtree(name, dir_fd=here)
        else:
            os.unlink(name, dir_fd=here)


@contextlib.contextmanager
def _readable(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise folder.unusable(root, fault) from fault


def _entries(root: Path, *place: str) -> list[tuple[str, int]]:
    """Name and size (0 for what is no file), sorted; nothing where there is no such folder."""
    found = []
    try:
        with folder.opened(root, place) as here:
            for name in sorted(os.listdir(here)):  # noqa: PTH208 - by descriptor: no link can lead elsewhere
                with contextlib.suppress(FileNotFoundError):
                    status = os.stat(name, dir_fd=here, follow_symlinks=False)
                    found.append((name, status.st_size if stat.S_ISREG(status.st_mode) else 0))
    except FileNotFoundError:
        return []
    return found

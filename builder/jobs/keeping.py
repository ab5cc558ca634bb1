"""The jobs of `store ls`, `verify` and `gc`: which objects a lock names, which are sound, which may go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.digest import Digest
from builder.errors import UsageError
from builder.fetch.store import inventory
from builder.fetch.store.inventory import Kept, Leftover
from builder.fetch.store.objects import Store
from builder.lock import text
from builder.lock.model import Lock
from builder.progress import Meter, Progress

PLACES = ("profiles/*.lock", "*.lock")
# What a lock needs from the store; treeinfo and repomd are read anew each time, and are no objects.
CARRIED = ("kernel", "initrd", "stage2", "loader", "patch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A lock and the path that messages show for it."""

    path: str
    lock: Lock

    @property
    def digests(self) -> frozenset[Digest]:
        return frozenset(pin.digest for pin in self.lock.pins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """An object, and the paths of the locks that name it, with the path in the tree where one does."""

    kept: Kept
    locks: tuple[str, ...]
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What went (or, in a dry run, would go) and how many objects stay."""

    objects: tuple[Kept, ...]
    leftovers: tuple[Leftover, ...]
    stay: int

    @property
    def size(self) -> int:
        return sum(each.size for each in self.objects) + sum(each.size for each in self.leftovers)


def locks(paths: Sequence[str], here: Path, progress: Progress) -> tuple[Named, ...]:
    """The locks at `paths`; where none is given, those in ./profiles and in the folder `here`.

    Raises UsageError for a lock that is not there or cannot be trusted: an object that it names could be lost.
    """
    if paths:
        found = []
        for path in dict.fromkeys(paths):
            lock = text.read(here / path, path)
            if lock is None:
                raise UsageError(f"{path}: there is no such lock", "locks stand beside profiles: web1.toml, web1.lock")
            found.append(Named(path=path, lock=lock))
        return tuple(found)
    return tuple(_found(here, progress))


def _found(here: Path, progress: Progress) -> Iterable[Named]:
    for path in sorted(path for pattern in PLACES for path in here.glob(pattern)):
        shown = path.relative_to(here).as_posix()
        if _of_another_tool(path):
            progress.say(f"{shown}: is no lock of pinboot; left aside")
        elif lock := text.read(path, shown):
            yield Named(path=shown, lock=lock)


def _of_another_tool(path: Path) -> bool:
    """uv.lock, poetry.lock and their like. An empty or damaged lock of ours does not count as one of them."""
    try:
        with path.open("rb") as stream:
            start = stream.read(text.MAX_BYTES)
    except OSError:
        return False
    return bool(start.strip(b"\0 \n")) and not any(word in start for word in (b"pinboot", b"lock_version", b"<<<<<<<"))


def uses(store: Store, named: Sequence[Named]) -> tuple[Use, ...]:
    """Every object of the store, with who names it."""
    what = {pin.digest: pin.path for each in named for pin in each.lock.pins}
    return tuple(Use(kept=kept, locks=tuple(each.path for each in named if kept.digest in each.digests),
                     what=what.get(kept.digest, "")) for kept in inventory.objects(store.root))


def absent(store: Store, named: Named) -> tuple[str, ...]:
    """The paths of what the lock needs and the store has not."""
    return tuple(pin.path for pin in named.lock.pins if pin.role in CARRIED and not store.has(pin.digest))


def inspect(store: Store, progress: Progress) -> tuple[tuple[Kept, ...], tuple[Kept, ...]]:
    """All objects, hashed again, and the bad ones among them, which were moved aside."""
    store.use()
    every = inventory.objects(store.root)
    with progress.start("verifying the store", sum(each.size for each in every)) as meter:
        whole = _Into(meter, progress)
        bad = tuple(each for each in every if not store.verified(each.digest, progress=whole))
    return every, bad


def clear(store: Store, named: Sequence[Named], progress: Progress, *, dry_run: bool) -> Cleared:
    """Remove what none of these locks names, once no other process uses the store (RELIABILITY L16).

    A download that was begun and that a lock names stays, so that it can be finished.
    """
    wanted = frozenset(digest for each in named for digest in each.digests)
    if not store.root.is_dir():
        return Cleared(objects=(), leftovers=(), stay=0)
    if dry_run:
        return _unneeded(store, wanted)
    store.close()
    with inventory.alone(store.root, lambda: progress.say(f"waiting: another process uses the store {store.root}")):
        going = _unneeded(store, wanted)
        for kept in going.objects:
            inventory.remove(store.root, kept.digest)
        for leftover in going.leftovers:
            inventory.clear(store.root, leftover)
    return going


def _unneeded(store: Store, wanted: frozenset[Digest]) -> Cleared:
    every = inventory.objects(store.root)
    going = tuple(each for each in every if each.digest not in wanted)
    return Cleared(objects=going, leftovers=inventory.leftovers(store.root, wanted), stay=len(every) - len(going))


class _Into:
    """A Progress that counts everything into one meter, and tells its story by another."""

    def __init__(self, meter: Meter, progress: Progress) -> None:
        self.meter = meter
        self.progress = progress

    def start(self, what: str, total: int | None = None, unit: str = "B") -> Meter:
        return _Part(self.meter)

    def say(self, text: str) -> None:
        self.progress.say(text)


class _Part:
    def __init__(self, meter: Meter) -> None:
        self.meter = meter

    def __enter__(self) -> _Part:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def advance(self, count: int) -> None:
        self.meter.advance(count)

    def total(self, count: int) -> None:
        return None

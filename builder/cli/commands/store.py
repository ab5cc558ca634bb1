"""`pinboot store`: what the store holds, whether it is sound, what may go, and a lock's files for another machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from builder.cli import context, printing
from builder.cli.progress import Terminal
from builder.errors import BYTES_DIFFER, OK, UsageError
from builder.fetch.store.objects import Store
from builder.jobs import carrying, keeping
from builder.jobs.keeping import Cleared, Named, Use
from builder.lock import text
from builder.media.pack import atomic
from builder.progress import Progress


def run(chosen: argparse.Namespace) -> int:
    progress = Terminal(quiet=chosen.quiet)
    store = Store(Path(chosen.store or context.default_store()), progress)
    chosen.at_end.callback(store.close)
    return ACTIONS[chosen.action](chosen, store, progress)


def _list(chosen: argparse.Namespace, store: Store, progress: Progress) -> int:
    named = keeping.locks(chosen.locks, Path(), progress)
    found = keeping.uses(store, named)
    if chosen.json:
        printing.as_json({
            "store": str(store.root), "size": sum(use.kept.size for use in found),
            "objects": [{"sha256": use.kept.digest.hex, "size": use.kept.size, "path": use.what,
                         "locks": list(use.locks)} for use in found],
            "locks": [{"path": each.path, "missing": list(keeping.absent(store, each))} for each in named]})
        return OK
    for use in found:
        printing.out(_row(use))
    if found:
        printing.out()
    free = [use for use in found if not use.locks]
    printing.out(f"{store.root}: {_objects(len(found))}, {printing.size(sum(use.kept.size for use in found))}")
    printing.out(f"named by {printing.count(len(named), 'lock')}: {len(found) - len(free)}; by none: "
                 f"{len(free)}, {printing.size(sum(use.kept.size for use in free))}")
    for each in named:
        for path in keeping.absent(store, each):
            printing.out(f"  {each.path} names {path}, which is not in the store")
    return OK


def _row(use: Use) -> str:
    """As `f00dcafe...  5.3 MB  images/pxeboot/vmlinuz` and the locks on lines of their own where they do not fit."""
    left = f"{use.kept.digest.short:<12}{printing.size(use.kept.size):>9}  {use.what or 'in no lock'}"
    names = ", ".join(use.locks)
    return f"{left}\n{'':<23}{names}" if names and len(left) + len(names) > 77 else f"{left}  {names}".rstrip()


def _verify(chosen: argparse.Namespace, store: Store, progress: Progress) -> int:
    every, bad = keeping.inspect(store, progress)
    if chosen.json:
        printing.as_json({"store": str(store.root), "ok": not bad, "objects": len(every),
                          "bad": [each.digest.hex for each in bad]})
    else:
        for each in bad:
            printing.out(f"bad  {each.digest.hex}  {printing.size(each.size)}, moved to {store.root}/bad")
        printing.out(f"{store.root}: {_objects(len(every))} hashed again, {len(bad)} bad")
    if not bad:
        return OK
    printing.story("error: the store held bytes that are not what their names say")
    printing.story("hint:  look at the disk; what a lock names is fetched again when it is next needed")
    return BYTES_DIFFER


def _clear(chosen: argparse.Namespace, store: Store, progress: Progress) -> int:
    if chosen.all and chosen.locks:
        raise UsageError("--all keeps nothing, a LOCK keeps what it names: choose one")
    named = () if chosen.all else keeping.locks(chosen.locks, Path(), progress)
    if not named and not chosen.all:
        raise UsageError("no lock here: nothing says which objects are needed, so nothing was removed",
                         "name the locks: pinboot store gc LOCK...; or run it where ./profiles is;\n"
                         "--all removes everything")
    found = keeping.clear(store, named, progress, dry_run=chosen.dry_run)
    if chosen.json:
        printing.as_json({"store": str(store.root), "dry_run": chosen.dry_run, "stay": found.stay,
                          "freed": found.size, "objects": [each.digest.hex for each in found.objects],
                          "leftovers": [each.name for each in found.leftovers],
                          "locks": [each.path for each in named]})
        return OK
    _report(found, named, store, dry_run=chosen.dry_run)
    return OK


def _report(found: Cleared, named: tuple[Named, ...], store: Store, *, dry_run: bool) -> None:
    verb = "would go" if dry_run else "removed"
    for kept in found.objects:
        printing.out(f"{kept.digest.short:<12}{printing.size(kept.size):>9}  {verb}")
    for leftover in found.leftovers:
        printing.out(f"{leftover.name.partition('/')[0]:<12}{printing.size(leftover.size):>9}  {verb}, left over")
    kept_by = f"named by {', '.join(each.path for each in named)}" if named and found.stay else "kept"
    printing.out(f"{store.root}: {_objects(len(found.objects))} and {len(found.leftovers)} left over {verb}, "
                 f"{printing.size(found.size)}; {found.stay} {kept_by}")


def _export(chosen: argparse.Namespace, store: Store, progress: Progress) -> int:
    named = keeping.locks([chosen.lock], Path(), progress)[0]
    target = Path(chosen.output)
    made = carrying.export(named, store, target.absolute(), progress)
    if chosen.json:
        printing.as_json({"tar": str(target), "lock": named.path, "size": made.size,
                          "objects": [pin.digest.hex for pin in made.pins]})
        return OK
    printing.out(f"{target}: {_objects(len(made.pins))} of {named.path}, {printing.size(made.size)}")
    if not chosen.quiet:
        printing.story(f"Next: copy it to the other machine, then there: pinboot store import {target.name}")
    return OK


def _import(chosen: argparse.Namespace, store: Store, progress: Progress) -> int:
    made = carrying.take(Path(chosen.file), store, progress)
    if chosen.output:
        _write_lock(Path(chosen.output), made.lock)
    if chosen.json:
        printing.as_json({"tar": chosen.file, "lock": made.name, "new": made.new, "written": chosen.output,
                          "objects": [pin.digest.hex for pin in made.pins]})
        return OK
    printing.out(f"{store.root}: {_objects(len(made.pins))} of {made.name} verified, {made.new} of them new")
    if chosen.output:
        printing.out(f"{chosen.output} written")
    if not chosen.quiet:
        printing.story("Next: pinboot build --offline PROFILE, with that lock beside the profile")
    return OK


def _write_lock(path: Path, data: bytes) -> None:
    there = text.read(path, str(path))
    if there is not None and text.write(there).encode() != data:
        raise UsageError(f"{path}: is there, and is another lock; it was not touched", "name another file")
    atomic.write(path, data)


def _objects(count: int) -> str:
    return printing.count(count, "object")


ACTIONS = {"ls": _list, "verify": _verify, "gc": _clear, "export": _export, "import": _import}

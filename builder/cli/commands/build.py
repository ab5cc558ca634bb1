"""`pinboot build`: pack the bundle."""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path

from builder.cli import context, printing, profiles
from builder.errors import OK, UsageError
from builder.jobs import building
from builder.jobs.building import Built
from builder.jobs.context import Context
from builder.jobs.looking import locks
from builder.media.signing import signature
from builder.media.signing.signature import Signer
from builder.profile.values import Profile


def run(chosen: argparse.Namespace) -> int:
    made = context.make(chosen)
    signer = _signer(chosen, made)
    _, profile, layers = profiles.owned(chosen.profile, made.progress, chosen.settings)
    shown = profiles.shown(locks.lock_path(profile))
    if not locks.lock_path(profile).exists():
        _lock_first(chosen, made, profile, shown)
    target = Path(chosen.output) if chosen.output else Path("out") / profile.name
    built = building.build(profile, layers, made, shown=shown, hosts=tuple(chosen.host), target=target,
                           offline=chosen.offline, signer=signer)
    if chosen.json:
        printing.as_json({"bundle": str(target), "id": built.bundle_id, "size": built.size, "files": built.files,
                          "unchanged": built.unchanged, "hosts": list(built.hosts), "signature": built.signature,
                          "fetches": [{"url": each.url, "what": each.what, "protection": each.protection}
                                      for each in built.fetched]})
        return OK
    report(built, target, quiet=chosen.quiet)
    return OK


def _signer(chosen: argparse.Namespace, made: Context) -> Signer | None:
    """The key of --sign. Whoever is quiet, or has no terminal, is asked for no passphrase."""
    if chosen.sign is None:
        return None
    interactive = not chosen.quiet and sys.stdin.isatty() and sys.stderr.isatty()
    return signature.signer(Path(chosen.sign), now=made.now, interactive=interactive, ask=_ask if interactive else None)


def _ask(question: str) -> str:
    import getpass

    return getpass.getpass(question)


def _lock_first(chosen: argparse.Namespace, made: Context, profile: Profile, shown: str) -> None:
    if chosen.locked or chosen.offline:
        asked = "--locked" if chosen.locked else "--offline"
        raise UsageError(f"{shown}: there is no lock, and {asked} makes none", f"pinboot lock {profile.path}")
    from builder.cli.commands import lock  # 80 ms for all that looks at a tree, which a build seldom does
    from builder.jobs import locking

    made.progress.say(f"{shown}: there is no lock yet; locking first")
    lock.report(locking.lock(profile, made, shown=shown), profile.path, quiet=chosen.quiet)


def report(built: Built, target: Path, *, quiet: bool) -> None:
    """What was built, on stdout; what happens next, on stderr."""
    if built.unchanged:
        printing.out(f"bundle    {target}  as built, {built.files} files re-hashed, id {built.bundle_id}")
        _signature(built)
        return
    if not quiet:
        for line in built.story:
            printing.story(line)
    printing.out(f"bundle    {target}  {printing.size(built.size)}, id {built.bundle_id}  (same inputs: same id)")
    _signature(built)
    if quiet:
        return
    if built.fetched:
        printing.story("\nMachines made from this bundle will fetch by themselves:")
        for each in built.fetched:
            printing.story(f"  {each.url}")
            for line in textwrap.wrap(f"{each.what}: {each.protection}", printing.WIDTH - 4):
                printing.story(f"    {line}")
    how = "copy" if target.is_dir() else "unpack"
    printing.story(f"Next: {built.route.after(how, str(target))}")


def _signature(built: Built) -> None:
    if built.signature:
        for line in printing.topic("signature", built.signature, 10):
            printing.out(line)

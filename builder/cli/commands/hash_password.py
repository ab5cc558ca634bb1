"""`pinboot hash-password`: from a password, which nobody gets to see, to the hash that a profile takes."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from builder.catalog import load
from builder.catalog.family import Release
from builder.catalog.generation import GENERATIONS, Generation
from builder.cli import printing
from builder.errors import OK, CheckFailed, UsageError
from builder.media.pack import atomic
from builder.profile import passwords, secrets

# A pipe that never ends is no password.
MOST_READ = 64 << 10


def run(chosen: argparse.Namespace) -> int:
    if chosen.check is not None:
        _only(chosen, "--check", output=chosen.output, force=chosen.force, rounds=chosen.rounds)
        return _check(chosen)
    if chosen.release:
        raise UsageError("--release: says for whom a hash is checked", "give --check HASH as well")
    if chosen.force and not chosen.output:
        raise UsageError("--force: is for the file of -o, and there is none", "give -o FILE as well")
    target = Path(chosen.output) if chosen.output else None
    _free(target, chosen.force)
    password = _ask()
    if not chosen.quiet:
        for remark in passwords.remarks(password):
            printing.story(f"note: {remark}")
    made = passwords.make(password, rounds=chosen.rounds or passwords.ROUNDS)
    if target is None:
        _show(made, chosen)
        return OK
    _free(target, chosen.force)
    _write(target, made)
    if chosen.json:
        printing.as_json({"file": str(target), "kind": passwords.kind(made), "reference": _reference(target)})
        return OK
    printing.out(f"{target} written, readable by its owner alone")
    if not chosen.quiet:
        printing.story(f"Next: name it in the profile, below [root] or [user.NAME]{_seen_from(target)}:\n"
                       f'  password = "{_reference(target)}"')
    return OK


def _only(chosen: argparse.Namespace, option: str, **others: object) -> None:
    for name, value in others.items():
        if value:
            raise UsageError(f"--{name} makes no sense with {option}", "leave one of them out")


def _show(made: str, chosen: argparse.Namespace) -> None:
    if chosen.json:
        printing.as_json({"hash": made, "kind": passwords.kind(made)})
        return
    printing.out(made)
    if not chosen.quiet and sys.stdout.isatty():
        printing.story("Next: pinboot hash-password -o secrets/root.hash keeps it in a file of its own")


def _ask() -> str:
    password = _typed() if sys.stdin and sys.stdin.isatty() else _piped()
    reason = passwords.refusal(password)
    if reason:
        raise UsageError(f"the password {reason}", "nothing was written; choose another one")
    return password


def _typed() -> str:
    import getpass

    try:
        first = getpass.getpass("Password: ")
        # Said at once: nobody should type twice what will not be taken.
        if not passwords.refusal(first) and getpass.getpass("The same again: ") != first:
            raise UsageError("the two passwords differ", "nothing was written; again, slowly")
    except EOFError:
        raise UsageError("no password was given", "nothing was written") from None
    except UnicodeDecodeError:
        raise UsageError("the password is no text in this terminal's encoding", "set a UTF-8 locale") from None
    return first


def _piped() -> str:
    """Standard input to its end; a line end there is no part of it."""
    if sys.stdin is None:
        raise UsageError("standard input: is closed, and nothing was given", "run it in a terminal, or pipe one line")
    data = sys.stdin.buffer.read(MOST_READ + 1)
    if len(data) > MOST_READ:
        raise UsageError("standard input: more than 64 KiB; that is no password", "give one line")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise UsageError("standard input: is not UTF-8", "give the password as UTF-8 text") from None
    return text.removesuffix("\n").removesuffix("\r")


def _free(target: Path | None, force: bool) -> None:
    """Raises UsageError where something is at `target` that was not given up."""
    if target is None:
        return
    if target.is_dir():
        raise UsageError(f"{target}: is a folder", "name a file")
    if os.path.lexists(target) and not force:
        raise UsageError(f"{target}: is there already; it was not touched",
                         "--force replaces it, or name another file")


def _write(target: Path, made: str) -> None:
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as reason:
        raise UsageError(f"{target.parent}: {reason.strerror}",
                         "name a file in a folder that you may write to") from None
    atomic.write(target, f"{made}\n".encode(), 0o600)


def _reference(target: Path) -> str:
    """As a profile names it: relative paths start at the folder of the profile."""
    start = Path("profiles") if _kept_in_profiles() else Path()
    return f"file:{target if target.is_absolute() else Path(os.path.relpath(target, start)).as_posix()}"


def _seen_from(target: Path) -> str:
    return " in profiles/" if _kept_in_profiles() and not target.is_absolute() else ""


def _kept_in_profiles() -> bool:
    """Do the profiles of this folder lie in ./profiles, as `init` puts them?"""
    return Path("profiles").is_dir() and not any(Path().glob("*.toml"))


def _check(chosen: argparse.Namespace) -> int:
    text = _given(chosen.check)
    wanted = _release(chosen.release)
    generations = (wanted.generation,) if wanted else tuple(GENERATIONS.values())
    reasons = {each.name: _why_not(text, each) for each in generations}
    good = [name for name, why in reasons.items() if not why]
    if chosen.json:
        printing.as_json({"kind": passwords.kind(text) if good else "", "good": good,
                          "refused": {name: why for name, why in reasons.items() if why}})
    if not good:
        why = next(iter(reasons.values()))
        raise CheckFailed(f"--check: {why.partition('; ')[0]}",
                          "pinboot hash-password makes one that every release takes")
    if not chosen.json:
        times = "" if text.startswith("$y$") else f", {passwords.rounds(text)} rounds"
        takers = str(wanted) if wanted else "every release" if len(good) == len(reasons) else _names(good)
        printing.out(f"{passwords.kind(text)} ({text[:3]}){times}: good for {takers}")
        if not wanted and len(good) < len(reasons):
            printing.out(f"not for {_names([name for name, why in reasons.items() if why])}")
    return OK


def _release(word: str | None) -> Release | None:
    try:
        return load.release(word, "x86_64", load.families()) if word else None
    except ValueError as reason:
        raise UsageError(f"--release: {reason}", "as in a profile: rocky-9, centos-7.9.2009") from None


def _names(words: list[str]) -> str:
    return ", ".join("Fedora" if word == "fedora" else word.upper() for word in words)


def _why_not(text: str, generation: Generation) -> str:
    try:
        secrets.password_hash(text, generation)
    except ValueError as reason:
        return str(reason)
    return ""


def _given(word: str) -> str:
    """The hash itself, or what a file or standard input holds."""
    if word == "-":
        return _piped()
    if word.startswith("$"):
        return word
    named = word.startswith(("file:", "env:"))
    if not named and not os.path.lexists(word):
        # Not repeated: it may be a password.
        raise UsageError("--check: is no hash, and no file of that name is here",
                         "give a hash in single quotes, or a file that holds one")
    reference = word if named else f"file:{word}"
    try:
        return secrets.reference(reference, Path(), os.environ, private=True)
    except ValueError as reason:
        raise UsageError(f"--check: {reason}", "give a hash in single quotes, or a file that holds one") from None

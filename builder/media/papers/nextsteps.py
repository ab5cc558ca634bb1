"""NEXT-STEPS.txt: what a bundle is, what to do with it, and what its machines will fetch by themselves."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from builder.lock.model import Lock
from builder.media.bundle import Entry, text_entry
from builder.media.papers import provenance, sbom
from builder.media.papers.fetches import Fetched
from builder.profile.values import Profile

PATH = "NEXT-STEPS.txt"
WIDTH = 80
HEAD = "Machines made from this bundle will fetch by themselves"
NOTHING = "The machines fetch nothing from the network by themselves."
_PRIVATE = """\
Private: the kickstarts, and an initrd that carries them. They hold password
hashes, and passphrases where disks are encrypted; whoever can read them can try
to guess the passwords."""


def entry(profile: Profile, lock: Lock, lock_path: str, fetched: Sequence[Fetched], *, steps: Iterable[str],
          contents: Iterable[tuple[str, str]]) -> Entry:
    """The page, 80 columns but for addresses; it has no date, so the same bundle has the same page. `steps` are blocks
    of what to do, `contents` paths and what they are."""
    blocks = [
        _wrap(f"{profile.name}: installs {profile.release} on {_count(len(profile.hosts), 'machine')}."),
        _wrap(f"Made by pinboot from {lock_path} ({lock.family} {lock.version} {lock.arch}, kernel "
              f"{lock.kernel.version or 'of unknown version'})."),
        *_accepted(lock),
        "What to do", *steps,
        "What is here\n" + "\n".join(_contents(contents, lock_path)),
        _PRIVATE,
        _fetched(fetched),
    ]
    return text_entry(PATH, "\n\n".join(blocks) + "\n")


def _accepted(lock: Lock) -> Iterable[str]:
    if lock.overrides:
        yield "Accepted though less is proved than usual\n" + "\n".join(
            _wrap(f"{what}: {reason}", "  ") for what, reason in sorted(lock.overrides.items()))


def _contents(contents: Iterable[tuple[str, str]], lock_path: str) -> Iterable[str]:
    for path, words in (
        *contents,
        ("verify.sh", "is every file as built? sh verify.sh"),
        (lock_path, "what this was made from, and why it is believed"),
        ("manifest.json, SHA256SUMS", "every file with its digest"),
        ("SHA256SUMS.sig or .asc", "if it was signed: sh verify.sh --key KEY.pub"),
        (provenance.PATH, "what was made from what (in-toto, SLSA)"),
        (sbom.PATH, "what boots (CycloneDX)"),
    ):
        yield f"  {path:<29}{words}"


def _fetched(fetched: Sequence[Fetched]) -> str:
    if not fetched:
        return NOTHING
    lines = [HEAD]
    for each in fetched:
        lines.append(f"  {each.url}")
        lines.append(_wrap(f"{each.what}; {each.protection}", "    "))
    return "\n".join(lines)


def fetched(page: str) -> tuple[Fetched, ...] | None:
    """What a page says that machines fetch; None where it says nothing of it."""
    _, found, rest = page.rpartition(f"\n{HEAD}\n")
    if not found:
        return () if page.rstrip("\n").endswith(NOTHING) else None
    made: list[tuple[str, list[str]]] = []
    for line in rest.splitlines():
        if line.startswith("    ") and made:
            made[-1][1].append(line.strip())
        elif line.strip():
            made.append((line.strip(), []))
    parted = ((url, " ".join(words).partition("; ")) for url, words in made)
    return tuple(Fetched(url=url, what=what, protection=protection) for url, (what, _, protection) in parted)


def _wrap(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent,
                         break_long_words=False, break_on_hyphens=False)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

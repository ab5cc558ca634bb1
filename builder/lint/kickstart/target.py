"""The installer that a kickstart is for: a release of the catalog, or a generation by its bare name (el9)."""

from __future__ import annotations

import dataclasses
import functools
import re
from dataclasses import dataclass

from builder.catalog import load
from builder.catalog.family import Release
from builder.catalog.generation import GENERATIONS, Generation
from builder.errors import UsageError

# Sections of each installer; pykickstart's own list is the newest release's for all. anaconda release notes:
# anaconda-section-removed, certificates-import; REFERENCE 3.3; rhel6-branch of pykickstart.
OLD = frozenset({"%pre", "%post", "%traceback", "%packages"})
EL7 = OLD | {"%pre-install", "%onerror", "%addon", "%anaconda"}
EL10 = OLD | {"%pre-install", "%onerror", "%addon", "%certificate"}
SECTIONS = {"el6": OLD, "el7": EL7, "el8": EL7, "el9": EL7 | EL10, "el10": EL10, "fedora": EL10}
ALL_SECTIONS = EL7 | EL10
VERSION = re.compile(r"(?m)\A(?:[^\n]*\n){0,20}?#version=(RHEL|F)([0-9]{1,2})[ \t\r]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`word` is what --release said; `release` is None for a bare generation."""

    word: str
    label: str
    generation: Generation
    release: Release | None = None


def parse(word: str) -> Target:
    """Raises UsageError with the words that are known."""
    bare = GENERATIONS.get(word.lower())
    if bare is not None:
        return Target(word=bare.name, label=bare.name.upper() if bare.name != "fedora" else "Fedora", generation=bare)
    try:
        release = load.release(word.lower(), "x86_64", load.families())
    except ValueError as error:
        raise UsageError(f"--release {error}", f"a release such as rocky-9 or centos-7.9, or one of "
                         f"{', '.join(GENERATIONS)}") from None
    return Target(word=release.word, label=f"{release.family.title} {release.version}", release=release,
                  generation=_of_its_own(release))


def _of_its_own(release: Release) -> Generation:
    """Each Fedora has a handler of its own, as far as pykickstart knows it yet."""
    generation, own = release.generation, f"F{release.major}"
    if generation.name == "fedora" and own in _handlers():
        return dataclasses.replace(generation, handler=own)
    return generation


@functools.cache
def _handlers() -> frozenset[str]:
    from pykickstart.version import versionMap

    return frozenset(versionMap)


def guess(text: str) -> Target | None:
    """What the installer wrote on top of the kickstart that it left behind (#version=RHEL9), or None."""
    found = VERSION.search(text)
    if found is None:
        return None
    word = f"el{int(found[2])}" if found[1] == "RHEL" else f"fedora-{int(found[2])}"
    try:
        return parse(word)
    except UsageError:
        return None

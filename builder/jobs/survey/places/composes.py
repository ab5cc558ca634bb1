"""Composes: a tree that mirrors replace may have an address of its own, which stays while it is kept.

CentOS Stream keeps only its newest composes on the mirrors: an address that was pinned there is another tree, or
none, some weeks later (kubernetes-sigs/image-builder#2156).
"""

from __future__ import annotations

from builder.catalog import load
from builder.catalog.family import ComposeAddress, Release
from builder.errors import BytesDiffer, HostileInput, Missing, NotFound
from builder.fetch import limits
from builder.fetch.source import Source
from builder.finding import Finding, Severity
from builder.jobs.context import Context
from builder.jobs.survey.places import served
from builder.jobs.survey.places.reach import reach
from builder.jobs.survey.places.served import Served


def settled(found: Served, release: Release, context: Context, findings: list[Finding]) -> tuple[Source, str]:
    """The address of the compose itself, if it serves the very same treeinfo, else the one where it was found; and the
    compose's name, empty where the tree tells none. `findings` say which, and why."""
    known = release.series.compose
    there = found.source
    if known is None:
        return there, ""
    named = load.compose_of(there.url, release)
    if named:
        findings.append(_note(f"{named} is kept for about {known.days} days"))
        return there, named
    try:
        named = _named(served.hasty(context).source(there.url), known)
    except (Missing, HostileInput) as reason:
        findings.append(_note("this address moves on to the next compose", _why(reason)))
        return there, ""
    try:
        own = _own(found, named, release, context)
    except (Missing, HostileInput, BytesDiffer) as reason:
        findings.append(_note(f"{named} is at an address that moves on to the next compose", _why(reason)))
        return there, named
    findings.append(_note(f"{named} at its own address, which is immutable and kept for about {known.days} days"))
    return own, named


def _named(source: Source, known: ComposeAddress) -> str:
    folder, name = reach(source, known.id)
    data = folder.read(name, limits.CAPS["discinfo"])
    text = data.decode("ascii", "replace").strip()
    if not load.COMPOSE.fullmatch(text):
        raise HostileInput(f"{folder.url}/{name}: names no compose")
    return text


def _own(found: Served, named: str, release: Release, context: Context) -> Source:
    url = load.compose_address(release, named)
    if served.read(served.hasty(context).source(url)).data != found.data:
        raise BytesDiffer(f"{url}: serves another {found.path} than {found.source.url}")
    return context.source(url)


def _why(reason: Missing | HostileInput | BytesDiffer) -> str:
    line = reason.message.splitlines()[0]
    return f"{line} (not found)" if isinstance(reason, NotFound) and "404" not in line else line


def _note(text: str, detail: str = "") -> Finding:
    return Finding(topic="tree", severity=Severity.NOTE, text=text, detail=(detail,) if detail else ())

"""Lists of mirrors as sources of a tree: the mirrors in their order, each looked at before it is believed.

Since EL8 the repository `os` of BaseOS is the install tree, and so is that of Fedora's Everything: their lists of
mirrors are lists of trees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from builder import digest
from builder.catalog.family import Release
from builder.digest import Digest
from builder.errors import BytesDiffer, HostileInput, Missing, NotFound, PinbootError, UsageError
from builder.fetch import limits
from builder.fetch.source import Source
from builder.fetch.store.intake import Intake, Memory, Wanted
from builder.fetch.web import session
from builder.fetch.web.transfer import Transfer
from builder.finding import Finding, Severity
from builder.jobs.context import Context
from builder.jobs.survey.places import served
from builder.jobs.survey.places.served import Served
from builder.progress import SilentMeter
from builder.tree import metalink, mirrorlist

REPOMD = "repodata/repomd.xml"
MOST_FAILURES = 5
ENOUGH = 3  # the one that is taken, and two to go on with where it fails later
WIDTH = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """`kind` is mirrorlist or metalink; `digests` are those that repomd.xml may have now, `earlier` those that it had;
    a mirror list names none."""

    kind: str
    url: str
    addresses: tuple[str, ...]
    digests: tuple[Digest, ...] = ()
    earlier: tuple[Digest, ...] = ()


def address(kind: str, url: str, release: Release) -> str:
    """`url` of a list with $basearch, $arch and $releasever filled in. Raises UsageError for another variable."""
    variables = _variables(release)
    unknown = [name for name in mirrorlist.named(url) if name not in variables]
    if unknown:
        raise UsageError(f"tree.{kind}: {url} holds ${unknown[0]}, which is not known here",
                         f"write its value; known: {', '.join(f'${name}' for name in variables)}")
    return mirrorlist.filled(url, variables)


def read(kind: str, url: str, release: Release, context: Context) -> Listed:
    """Fetch the list at `url`; `kind` is mirrorlist or metalink.

    Raises NotFound, Missing, HostileInput for what is no list or names no mirror that can be asked.
    """
    variables = _variables(release)
    data = _page(url, context)
    if kind == "mirrorlist":
        return Listed(kind=kind, url=url, addresses=mirrorlist.read(data, url, variables))
    told = metalink.read(data, url, variables)
    return Listed(kind=kind, url=url, addresses=told.addresses, digests=told.digests, earlier=told.earlier)


def _variables(release: Release) -> Mapping[str, str]:
    return {"basearch": release.arch, "arch": release.arch, "releasever": release.version}


def _page(url: str, context: Context) -> bytes:
    """An address with a query is no file of a tree, so no Source has it."""
    memory = Memory()
    intake = Intake(Wanted(where=url, cap=limits.CAPS["metalink"]), memory)
    Transfer(session.shared(context.network), url, intake).run(url, context.progress, SilentMeter())
    return bytes(memory.data)


def choose(listed: Listed, context: Context, findings: list[Finding], reasons: list[PinbootError]) -> list[Served]:
    """At most ENOUGH mirrors that serve one and the same tree, in the order of the list; none after MOST_FAILURES.

    Whoever does not answer, serves no tree or another repository than the metalink names, becomes a finding and one of
    `reasons`.
    """
    alive: list[Served] = []
    failures = 0
    for address in listed.addresses:
        if len(alive) == ENOUGH or failures == MOST_FAILURES:
            break
        try:
            found = _look(listed, served.hasty(context).source(address), findings)
            _same(found, alive)
        except (Missing, HostileInput, BytesDiffer) as reason:
            failures += 1
            reasons.append(reason)
            findings.append(_failed(address, reason))
            continue
        alive.append(replace(found, source=context.source(address)))
    return alive


def _look(listed: Listed, source: Source, findings: list[Finding]) -> Served:
    found = served.read(source)
    if not listed.digests:
        return found
    data = source.read(REPOMD, limits.CAPS["repomd"])
    if any(digest.matches(data, each) for each in listed.digests):
        return found
    if any(digest.matches(data, each) for each in listed.earlier):
        findings.append(Finding(topic="tree", severity=Severity.NOTE, text=f"{source.url:<{WIDTH}} one step behind",
                                detail=("its repomd.xml is an earlier one that the metalink names too",)))
        return found
    raise BytesDiffer(f"{source.url}/{REPOMD}: not what the metalink names\n  wanted {listed.digests[0]}\n"
                      f"  found  {digest.of_bytes(data)}", "this mirror is out of step or lies: take another one")


def _same(found: Served, alive: list[Served]) -> None:
    """Mirrors that stand in for each other must serve one tree, else a later failure would mix two composes."""
    if alive and found.data != alive[0].data:
        raise BytesDiffer(f"{found.source.url}/{found.path}: another one than that of {alive[0].source.url}",
                          "the mirrors are out of step")


def _failed(address: str, reason: PinbootError) -> Finding:
    """A mirror that is silent is a note; one whose bytes are wrong is a warning."""
    verdict = "404" if isinstance(reason, NotFound) else "no answer" if isinstance(reason, Missing) else "not taken"
    severity = Severity.NOTE if isinstance(reason, Missing) else Severity.WARNING
    detail = () if isinstance(reason, NotFound) else tuple(line.strip() for line in reason.message.splitlines())
    return Finding(topic="tree", severity=severity, text=f"{address:<{WIDTH}} {verdict}", detail=detail)

"""Find the install tree: the address of the profile, else the catalog's; an ended release leads to its vault."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from builder.catalog import load
from builder.errors import Missing, NotFound, UsageError
from builder.fetch import limits
from builder.fetch.mirrors import Mirrors
from builder.fetch.source import Source
from builder.finding import Finding, Severity
from builder.jobs.context import Context
from builder.profile.values import Profile
from builder.tree import treeinfo
from builder.tree.treeinfo import Treeinfo

# The spellings that installers ask for, in their order (REFERENCE 2.1).
NAMES = (".treeinfo", "treeinfo")
WIDTH = 48
LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """`source` is where the tree is and what the lock will say; `path` the spelling of treeinfo found there; `moved`
    says that the profile's own address is dead and this is the family's vault."""

    source: Source
    path: str
    data: bytes
    treeinfo: Treeinfo
    moved: bool
    findings: tuple[Finding, ...]


def locate(profile: Profile, context: Context, *, remembered: str | None = None) -> Located:
    """The first address that serves a treeinfo. `remembered` is the lock's source, asked where the profile names none.

    Raises NotFound or Missing where no address does, with what each one said; HostileInput for a treeinfo that is none;
    UsageError where the family has no public tree and the profile names none.
    """
    context = context.of(profile.tree)
    findings: list[Finding] = []
    alive: list[tuple[Source, str, bytes]] = []
    wanted = _addresses(profile, context, remembered)
    if not wanted and not load.vaults(profile.release):
        raise UsageError(
            f"{profile.path.name}: tree.url: missing; {profile.release.family.title} has no public install tree",
            'say where yours is: tree.url = "https://...", a directory with the DVD\'s content, or tree.iso = "FILE"')
    reasons: list[Missing] = []
    for address in wanted:
        source = context.source(address)
        try:
            path, data = read_treeinfo(source)
        except Missing as reason:
            reasons.append(reason)
            findings.append(_dead(address, reason))
            continue
        alive.append((source, path, data))
        if not _has_alternates(profile):
            break
    moved = False
    if not alive:
        source, path, data = _vault(profile, context, wanted, reasons, findings)
        alive, moved = [(source, path, data)], True
    first, path, data = alive[0]
    findings.append(_found(profile, first.url, moved))
    source = first if len(alive) == 1 else Mirrors([each for each, _, _ in alive], progress=context.progress)
    return Located(source=source, path=path, data=data, treeinfo=treeinfo.read(data, f"{first.url}/{path}"),
                   moved=moved, findings=tuple(findings))


def read_treeinfo(source: Source) -> tuple[str, bytes]:
    """The treeinfo of a tree and the name it has there. Raises NotFound where there is neither spelling."""
    for name in NAMES:
        try:
            return name, source.read(name, limits.CAPS["treeinfo"])
        except NotFound:
            if name == NAMES[-1]:
                raise
    raise AssertionError("unreachable")


def _addresses(profile: Profile, context: Context, remembered: str | None) -> tuple[str, ...]:
    if profile.tree.address:
        return tuple(dict.fromkeys((profile.tree.address, *profile.tree.mirrors)))
    known = load.addresses(profile.release, context.today)
    first = (remembered,) if remembered else ()
    return tuple(dict.fromkeys((*first, *profile.tree.mirrors, *known)))


def _has_alternates(profile: Profile) -> bool:
    return bool(profile.tree.mirrors)


def _vault(profile: Profile, context: Context, tried: tuple[str, ...], reasons: list[Missing],
           findings: list[Finding]) -> tuple[Source, str, bytes]:
    """An address that answers `not found` leads to the family's vault; a network that is down does not, and neither
    does an image that holds no tree."""
    if profile.tree.iso:
        raise reasons[0]
    if any(isinstance(reason, NotFound) for reason in reasons):
        ended = load.ended(profile.release, context.today)
        if ended:
            findings.append(Finding(topic="tree", severity=Severity.NOTE, text=ended))
        named = (load.vault_for(address, profile.release) for address in tried)
        for address in dict.fromkeys((*filter(None, named), *load.vaults(profile.release))):
            if address in tried:
                continue
            source = context.source(address)
            try:
                return (source, *read_treeinfo(source))
            except Missing as reason:
                reasons.append(reason)
    raise _nowhere(profile, reasons)


def _nowhere(profile: Profile, reasons: list[Missing]) -> Missing:
    lines = "".join(f"\n  {reason.message.splitlines()[0]}" for reason in reasons)
    what = f"no install tree of {profile.release} at any address{lines}"
    if reasons and not any(isinstance(reason, NotFound) for reason in reasons):
        return Missing(what, reasons[0].hint)
    kind = NotFound if all(isinstance(reason, NotFound) for reason in reasons) else Missing
    return kind(what,
                "an install tree holds .treeinfo (BaseOS/x86_64/os on EL8 and later, os/x86_64 before); set tree.url "
                "to one that answers, or to a directory of your own")


def _dead(address: str, reason: Missing) -> Finding:
    text = f"{address:<{WIDTH}} {'404, moved' if isinstance(reason, NotFound) else 'no answer'}"
    detail = () if isinstance(reason, NotFound) else (reason.message.splitlines()[0],)
    return Finding(topic="tree", severity=Severity.NOTE, text=text, detail=detail)


def _found(profile: Profile, address: str, moved: bool) -> Finding:
    if moved:
        hint = f'set tree = {{ url = "{address}" }}' if profile.tree.url else ""
        severity = Severity.WARNING if profile.tree.url else Severity.OK
        return Finding(topic="tree", severity=severity, text=f"{address}, will not move", hint=hint)
    if address.startswith("http://") and urlsplit(address).hostname not in LOCAL:
        return Finding(topic="tree", severity=Severity.WARNING, text=address,
                       detail=("plain http: whoever is on the way can change what comes, until it is pinned",),
                       hint="take an https address where the mirror has one")
    return Finding(topic="tree", severity=Severity.OK, text=address)

"""Find the install tree: where the profile says, else where the catalog does; an ended release leads to its vault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from builder.catalog import load
from builder.errors import HostileInput, Missing, NotFound, PinbootError, UsageError
from builder.fetch.mirrors import Mirrors
from builder.fetch.source import Source
from builder.finding import Finding, Severity
from builder.jobs.context import Context
from builder.jobs.survey.places import composes, lists, served
from builder.jobs.survey.places.served import Served
from builder.profile.values import Profile
from builder.tree.treeinfo import Treeinfo

WIDTH = lists.WIDTH
LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """`source` is where the tree is and what the lock will say; `path` the spelling of treeinfo found there; `moved`
    says that the profile's own address is dead and this is the family's vault; `compose` names the compose where the
    tree tells it; `dead` are the addresses that answered that there is no tree."""

    source: Source
    path: str
    data: bytes
    treeinfo: Treeinfo
    moved: bool
    findings: tuple[Finding, ...]
    compose: str = ""
    dead: tuple[str, ...] = ()


def locate(profile: Profile, context: Context, *, remembered: str | None = None) -> Located:
    """The first address that serves a treeinfo. `remembered` is the lock's source, asked where the profile names none.

    Raises NotFound or Missing where no address does, with what each one said; HostileInput for a treeinfo that is none;
    UsageError where the family has no public tree and the profile names none.
    """
    search = _Search(profile=profile, context=context.of(profile.tree))
    search.ask(_addresses(profile, search.context, remembered))
    if not search.alive:
        search.ask_lists()
    moved = not search.alive
    if moved:
        search.ask_vault()
    return search.located(moved)


@dataclass(slots=True, kw_only=True)
class _Search:
    """`tried` are the addresses so far, `reasons` what those that serve no tree said; `listed` says that the catalog's
    list of mirrors led to the tree."""

    profile: Profile
    context: Context
    tried: list[str] = field(default_factory=list)
    alive: list[Served] = field(default_factory=list)
    reasons: list[PinbootError] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    listed: bool = False

    def ask(self, addresses: Iterable[str]) -> None:
        """The first of `addresses` that serves a tree; all of them where the profile names mirrors beside it."""
        for address in addresses:
            self.tried.append(address)
            source = self.context.source(address)
            try:
                self.alive.append(served.read(source))
            except (Missing, HostileInput) as reason:
                self._failed(address, reason)
                continue
            if not self.profile.tree.mirrors:
                return
        tree = self.profile.tree
        if not self.alive and tree.address and isinstance(self.reasons[0], HostileInput):
            raise self.reasons[0]

    def ask_lists(self) -> None:
        """The profile's own list; else, for a release that lives, the catalog's."""
        tree, release = self.profile.tree, self.profile.release
        own = [(kind, url) for kind, url in (("metalink", tree.metalink), ("mirrorlist", tree.mirrorlist)) if url]
        asks_catalog = not own and not tree.address and self.tried and not load.ended(release, self.context.today)
        for kind, written in load.mirror_lists(release) if asks_catalog else own:
            url = lists.address(kind, written, release)
            self.findings.append(Finding(topic="tree", severity=Severity.NOTE, text=f"{kind} {url}"))
            try:
                found = lists.read(kind, url, release, self.context)
            except (Missing, HostileInput) as reason:
                self.reasons.append(reason)
                self.findings.append(Finding(topic="tree", severity=Severity.NOTE, text=f"no {kind} there",
                                             detail=tuple(line.strip() for line in reason.message.splitlines())))
                continue
            self.alive = lists.choose(found, self.context, self.findings, self.reasons)
            self.listed = not own
            if self.alive:
                return

    def ask_vault(self) -> None:
        """An address that answers `not found` leads to the family's vault; a network that is down does not, and neither
        does an image that holds no tree."""
        release = self.profile.release
        if not self.reasons and not load.vaults(release):
            raise UsageError(
                f"{self.profile.path.name}: tree.url: missing; {release.family.title} has no public install tree",
                'say where yours is: tree.url = "https://...", a directory with the DVD\'s content, or '
                'tree.iso = "FILE"')
        if self.profile.tree.iso:
            raise self.reasons[0]
        if not any(isinstance(reason, NotFound) for reason in self.reasons):
            raise self._nowhere()
        ended = load.ended(release, self.context.today)
        if ended:
            self.findings.append(Finding(topic="tree", severity=Severity.NOTE, text=ended))
        named = (load.vault_for(address, release) for address in self.tried)
        for address in dict.fromkeys((*filter(None, named), *load.vaults(release))):
            if address in self.tried:
                continue
            try:
                self.alive = [served.read(self.context.source(address))]
                return
            except Missing as reason:
                self.reasons.append(reason)
        raise self._nowhere()

    def located(self, moved: bool) -> Located:
        first = self.alive[0]
        source, compose = first.source, ""
        notes: list[Finding] = []
        if not moved and self._of_catalog(first.source.url):
            source, compose = composes.settled(first, self.profile.release, self.context, notes)
        self.findings += [_found(self.profile, source.url, moved), *notes]
        whole = source
        if len(self.alive) > 1:
            others = [each.source for each in (self.alive if source is not first.source else self.alive[1:])]
            whole = Mirrors([source, *others], progress=self.context.progress)
        return Located(source=whole, path=first.path, data=first.data, treeinfo=first.treeinfo, moved=moved,
                       findings=tuple(self.findings), compose=compose, dead=tuple(self.dead))

    def _of_catalog(self, url: str) -> bool:
        """Was it the catalog that led here, and not the profile?"""
        tree, release = self.profile.tree, self.profile.release
        if tree.address or tree.mirrorlist or tree.metalink:
            return False
        known = load.addresses(release, self.context.today)
        return self.listed or url in known or bool(load.compose_of(url, release))

    def _failed(self, address: str, reason: Missing | HostileInput) -> None:
        self.reasons.append(reason)
        if isinstance(reason, NotFound):
            self.dead.append(address)
        self.findings.append(_dead(address, reason, bool(load.compose_of(address, self.profile.release))))

    def _nowhere(self) -> PinbootError:
        lines = "".join(f"\n  {_line(reason)}" for reason in self.reasons)
        what = f"no install tree of {self.profile.release} at any address{lines}"
        if self.reasons and not any(isinstance(reason, NotFound) for reason in self.reasons):
            return Missing(what, self.reasons[0].hint)
        kind = NotFound if all(isinstance(reason, NotFound) for reason in self.reasons) else Missing
        return kind(what,
                    "an install tree holds .treeinfo (BaseOS/x86_64/os on EL8 and later, os/x86_64 before); set "
                    "tree.url to one that answers, or to a directory of your own")


def _addresses(profile: Profile, context: Context, remembered: str | None) -> tuple[str, ...]:
    tree = profile.tree
    if tree.address:
        return tuple(dict.fromkeys((tree.address, *tree.mirrors)))
    first = (remembered,) if remembered else ()
    known = () if tree.mirrorlist or tree.metalink else load.addresses(profile.release, context.today)
    return tuple(dict.fromkeys((*first, *tree.mirrors, *known)))


def _line(reason: PinbootError) -> str:
    """What an address said, on one line: of bytes that are wrong, both sides too."""
    lines = [" ".join(line.split()) for line in reason.message.splitlines()]
    return lines[0] if isinstance(reason, Missing) else "; ".join(lines)


def _dead(address: str, reason: Missing | HostileInput, pruned: bool) -> Finding:
    if isinstance(reason, HostileInput):
        return Finding(topic="tree", severity=Severity.WARNING, text=f"{address:<{WIDTH}} not taken",
                       detail=tuple(line.strip() for line in reason.message.splitlines()))
    gone = "404, gone" if pruned else "404, moved"
    text = f"{address:<{WIDTH}} {gone if isinstance(reason, NotFound) else 'no answer'}"
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

"""What a tree really serves: the release, the images and what is inside them, the repositories, why each is believed.

A survey is the common half of check and lock. It stops before anything large where the release is the wrong one, and it
collects every finding instead of raising at the first.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from builder import digest
from builder.errors import CheckFailed, HostileInput, NotFound, PinbootError
from builder.fetch import limits
from builder.fetch.source import Source
from builder.finding import Finding, Severity
from builder.jobs.context import Context
from builder.jobs.survey import images, loaders, repositories, sameset
from builder.jobs.survey.places import locate
from builder.jobs.survey.places.locate import Located
from builder.jobs.survey.proofs import image, judge, keyring, package, patches, quorum
from builder.jobs.survey.proofs.ledger import Ledger
from builder.lock.compare import DAY
from builder.lock.model import KernelFacts, Lock, Pin
from builder.probe import kernel
from builder.profile.values import Profile
from builder.tree import discinfo, identify
from builder.tree.discinfo import Discinfo
from builder.trust.evidence import Evidence

LATEST = 1 << 33  # the year 2242: no lock holds a later time


@dataclass(slots=True, kw_only=True)
class Survey:
    """`lock` is what would be written, None where errors stand in the way; `stage2_size` is known even where stage2 was
    not fetched; `findings` in the order of the report."""

    located: Located
    findings: list[Finding] = field(default_factory=list)
    lock: Lock | None = None
    kernel: KernelFacts | None = None
    initrd_size: int = 0
    stage2_size: int | None = None
    version: str = ""

    @property
    def failed(self) -> bool:
        return any(f.severity is Severity.ERROR for f in self.findings)


def survey(profile: Profile, context: Context, *, fetch_stage2: bool, fresh: bool,
           remembered: str | None = None) -> Survey:
    """Look at the tree of `profile`. Only `fetch_stage2` makes a lock possible; with `fresh` every byte comes from the
    tree itself, whatever the store holds.

    Raises Missing and NotFound where there is no tree at all, and CheckFailed where it changes while it is read.
    """
    for last in (False, True):
        located = locate.locate(profile, context, remembered=remembered)
        found = _look(profile, context, located, fetch_stage2=fetch_stage2, fresh=fresh)
        if not _changed(located, found):
            return found
        if not last:
            context.progress.say(f"{located.source.url}: changed while it was read; reading it again")
    raise CheckFailed(f"{located.source.url}: the tree changes while it is read; its mirror is being synchronised",
                      "try again later, or take another mirror")


def _changed(located: Located, found: Survey) -> bool:
    """Is .treeinfo another one by now? A tree in mid-sync fails in many ways: the errors may be those of the moment."""
    try:
        return located.source.read(located.path, limits.CAPS["treeinfo"]) != located.data
    except PinbootError:
        if found.failed:
            return False  # its own errors say more
        raise


def _look(profile: Profile, context: Context, located: Located, *, fetch_stage2: bool, fresh: bool) -> Survey:
    done = Survey(located=located, findings=list(located.findings))
    disc = _discinfo(located.source)
    identity = identify.found(located.treeinfo, disc, {profile.release.family.id: profile.release.family})
    done.version = identity.known
    done.findings.extend(_age(located.treeinfo.epoch, context.now))
    done.findings.extend(identify.compare(profile.release, located.treeinfo, disc, located.source.url))
    if done.failed:
        return done
    ledger, accept = Ledger(), profile.trust.accept
    ring = keyring.find(profile, context, located.source, done.version, done.findings)
    repos, kernels = repositories.read(located, profile.release, ring, ledger, done.findings, accept=accept)
    got = images.fetch(located, ledger, done.findings, fetch_stage2=fetch_stage2, fresh=fresh, accept=accept)
    done.stage2_size = got.stage2_size
    if "kernel" not in got.pins or "initrd" not in got.pins:
        return done
    done.initrd_size = got.pins["initrd"].size
    boots = _version(context, got.pins["kernel"], profile.release.arch)
    there = package.of_version(kernels, boots, profile.release.generation.kernel_package)
    later = () if there else repositories.updates(located, profile.release, done.version, ring, done.findings)
    done.kernel = sameset.compare(
        context.store, got.pins["kernel"], got.pins["initrd"], [each.package for each in kernels],
        located.source.url, profile.release, done.findings, updates=tuple(each.package for each in later),
        identity=identity, epoch=located.treeinfo.epoch)
    there = there or package.of_version(later, boots, profile.release.generation.kernel_package)
    package.prove(got.pins["kernel"], boots, there, ring, ledger, done.findings,
                  accepted=got.pins["kernel"].path in accept)
    patched, absent = patches.read(located, done.findings)
    started = loaders.read(located, profile.release.arch, done.findings) if fetch_stage2 else ()
    pins = (*got.pins.values(), *started, *patched, *(repo.pin for repo in repos), _treeinfo_pin(located))
    image.prove(profile, context, located, done.version, pins, ring, ledger, done.findings)
    pins = _believed(profile, context, located, pins, ledger, done.findings)
    if fetch_stage2 and not done.failed and done.kernel:
        done.lock = _lock(profile, located, done, pins, ledger, absent)
    return done


def _version(context: Context, pin: Pin, arch: str) -> str:
    """What the kernel calls itself, empty where it does not tell; what else is wrong with it is said by others."""
    try:
        with context.store.open(pin.digest) as stream:
            return kernel.read(stream, pin.path, arch).version
    except HostileInput:
        return ""


def _age(epoch: int | None, now: int) -> tuple[Finding, ...]:
    """How old the compose is: a mirror that is frozen in time serves good bytes for ever (RELIABILITY I11). One from
    the future is a wrong clock or a lie (I12)."""
    if epoch is None:
        return ()
    if epoch >= LATEST:
        return (Finding(topic="tree", severity=Severity.ERROR, text=f"composed at {epoch} seconds, which is no time",
                        hint="this .treeinfo is damaged or a lie: take another mirror"),)
    days = abs(now - epoch) // DAY
    if epoch > now + 2 * DAY:
        return (Finding(topic="tree", severity=Severity.WARNING, text=f"composed {days} days in the future",
                        hint="set this machine's clock; if it is right, do not trust this mirror"),)
    ago = f"{days} day{'' if days == 1 else 's'} ago" if days and epoch < now else "today"
    day = datetime.datetime.fromtimestamp(epoch, datetime.UTC).date()
    return (Finding(topic="tree", severity=Severity.NOTE, text=f"composed {day}, {ago}"),)


def _discinfo(source: Source) -> Discinfo | None:
    """Not every tree has one; without it the point release is told by other means."""
    try:
        data = source.read(".discinfo", limits.CAPS["discinfo"])
    except NotFound:
        return None
    return discinfo.read(data, f"{source.url}/.discinfo")


def _believed(profile: Profile, context: Context, located: Located, pins: Sequence[Pin], ledger: Ledger,
              findings: list[Finding]) -> tuple[Pin, ...]:
    """The pins with the strongest evidence each can show, and what the profile's policy says to that."""
    trust, series = profile.trust, profile.release.series
    if trust.quorum:
        others = [context.source(address) for address in trust.quorum]
        quorum.ask(pins, located.source.url, others, ledger, findings, with_stage2=trust.quorum_stage2)
    best = judge.judge(pins, ledger, trust, series, findings)
    if not located.treeinfo.checksums and any(Evidence(pin.evidence) is Evidence.FIRST_USE for pin in best
                                              if pin.role in ("kernel", "initrd", "stage2")):
        findings.append(_no_checksums(located))
    return best


def _treeinfo_pin(located: Located) -> Pin:
    return Pin(role="treeinfo", path=located.path, size=len(located.data), digest=digest.of_bytes(located.data),
               evidence=Evidence.FIRST_USE.value)


def _no_checksums(located: Located) -> Finding:
    weak = ", only md5 or sha1, which do not count" if located.treeinfo.weak_checksums else ""
    return Finding(
        topic="evidence", severity=Severity.WARNING, text=f"this {located.path} lists no checksums{weak}", detail=(
            "proved: kernel, initrd and repository are of one build, and stay the bytes pinned here",
            "not proved: that these are the distribution's own bytes; only the connection vouches for that"),
        hint="name mirrors in trust.quorum that must serve the same bytes")


def _lock(profile: Profile, located: Located, done: Survey, pins: tuple[Pin, ...], ledger: Ledger,
          absent: tuple[str, ...]) -> Lock:
    assert done.kernel is not None
    return Lock(
        family=profile.release.family.id, version=done.version, arch=profile.release.arch, source=located.source.url,
        epoch=located.treeinfo.epoch or 0, compose=located.compose or located.treeinfo.timestamp, kernel=done.kernel,
        pins=pins, absent=absent,
        overrides=MappingProxyType(judge.overrides(pins, ledger, profile.trust, profile.release.series)))

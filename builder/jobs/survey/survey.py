"""What a tree really serves: the release, the images and what is inside them, the repositories, why each is believed.

A survey is the common half of check and lock. It stops before anything large where the release is the wrong one, and it
collects every finding instead of raising at the first.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from builder.errors import BytesDiffer, CheckFailed, NotFound, PinbootError, UsageError
from builder.fetch import limits, parallel
from builder.fetch.mirrors import Mirrors
from builder.fetch.source import Source
from builder.fetch.store.objects import Fetched
from builder.finding import Finding, Severity
from builder.jobs.context import Context
from builder.jobs.survey import locate, quorum, repositories, sameset
from builder.jobs.survey.locate import Located
from builder.jobs.survey.repositories import Repository
from builder.lock.compare import DAY
from builder.lock.model import KernelFacts, Lock, Pin
from builder.profile.values import Profile
from builder.tree import discinfo, identify
from builder.tree.discinfo import Discinfo
from builder.tree.treeinfo import Treeinfo
from builder.trust import evidence
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
    repos, kernels = repositories.read(located, profile.release, done.findings)
    images = _fetch_images(located, done.findings, fetch_stage2=fetch_stage2, fresh=fresh)
    done.stage2_size = images.stage2_size
    if "kernel" not in images.pins or "initrd" not in images.pins:
        return done
    done.initrd_size = images.pins["initrd"].size
    done.kernel = sameset.compare(context.store, images.pins["kernel"], images.pins["initrd"], kernels,
                                  located.source.url, profile.release, done.findings)
    pins = _believed(profile, context, located, images, repos, done.findings)
    if fetch_stage2 and not done.failed and done.kernel:
        done.lock = _lock(profile, located, done, pins)
    return done


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


@dataclass(slots=True, kw_only=True)
class _Images:
    pins: dict[str, Pin] = field(default_factory=dict)
    stage2_size: int | None = None


def _fetch_images(located: Located, findings: list[Finding], *, fetch_stage2: bool, fresh: bool) -> _Images:
    """kernel, initrd and (for a lock) stage2 into the store, all at once; every digest error is noted, in the order of
    the roles, before anyone decides."""
    images = _Images()
    wanted = image_paths(located.treeinfo)
    checksums = located.treeinfo.checksums
    jobs: list[Callable[[], Fetched | int | None]] = []
    for role, path in wanted:
        if role == "stage2" and not fetch_stage2:
            jobs.append(partial(located.source.size, path))
        else:
            jobs.append(partial(located.source.fetch, path, kind=role, expected=checksums.get(path), what=path,
                                fresh=fresh))
    located.source.store.use(create=True)  # before there are threads that would each do it
    for (role, path), got in zip(wanted, parallel.fetch_all(jobs), strict=True):
        if isinstance(got, BytesDiffer | NotFound):
            findings.append(_bad_image(path, got))
        elif isinstance(got, PinbootError):
            raise got
        elif isinstance(got, Fetched):
            images.pins[role] = _pin(located, role, path, got)
        if role == "stage2":
            images.stage2_size = got.size if isinstance(got, Fetched) else got if isinstance(got, int) else None
    return images


def _pin(located: Located, role: str, path: str, got: Fetched) -> Pin:
    expected = located.treeinfo.checksums.get(path)
    word = Evidence.TREEINFO if expected else Evidence.FIRST_USE
    return Pin(role=role, path=path, size=got.size, digest=got.digest,  # type: ignore[arg-type]
               evidence=word.value, detail=f"named in {located.path} as {expected.algorithm}" if expected else "")


def image_paths(info: Treeinfo) -> tuple[tuple[str, str], ...]:
    """(role, path) of the three images; the caller has made sure that the tree is one that boots."""
    return (("kernel", info.kernel or ""), ("initrd", info.initrd or ""), ("stage2", info.stage2 or ""))


def _bad_image(path: str, reason: PinbootError) -> Finding:
    lines = reason.message.splitlines()
    what = "is not what the tree's own checksums say" if isinstance(reason, BytesDiffer) else "is not there"
    return Finding(topic="images", severity=Severity.ERROR, text=f"{path} {what}",
                   detail=tuple(line.strip() for line in lines), hint=reason.hint or
                   "the mirror is damaged or in the middle of a synchronisation: take another one, or try later")


def _believed(profile: Profile, context: Context, located: Located, images: _Images, repos: tuple[Repository, ...],
              findings: list[Finding]) -> tuple[Pin, ...]:
    """The pins with the strongest evidence each can show, and what the profile's policy says to that."""
    pins = [*images.pins.values(), *(repo.pin for repo in repos), _treeinfo_pin(located)]
    if profile.trust.quorum:
        others = [context.source(address) for address in profile.trust.quorum]
        pins = quorum.ask(pins, located.source.url, others, findings, with_stage2=profile.trust.quorum_stage2)
    minimum, family = profile.trust.minimum, profile.release.series.minimum
    for pin in pins:
        findings.append(_evidence(pin, evidence.minimum(pin.role, minimum, family)))
    if not located.treeinfo.checksums:
        findings.append(_no_checksums(located))
    return tuple(pins)


def _treeinfo_pin(located: Located) -> Pin:
    from builder import digest

    return Pin(role="treeinfo", path=located.path, size=len(located.data), digest=digest.of_bytes(located.data),
               evidence=Evidence.FIRST_USE.value)


def _evidence(pin: Pin, least: Evidence) -> Finding:
    word = Evidence(pin.evidence)
    name = f"{pin.name} repomd" if pin.name else pin.path.rpartition("/")[2]
    text = f"{name:<16} {word.value:<10} {pin.detail or evidence.MEANING[word]}"
    if pin.role == "treeinfo" or word.reaches(least):
        return Finding(topic="evidence", severity=Severity.OK, text=text)
    return Finding(
        topic="evidence", severity=Severity.ERROR, text=f"{pin.path}: not enough evidence", expected=least.value,
        found=word.value, hint=f'accept it in this profile: trust.minimum = {{ {pin.role} = "{word.value}" }}; or name '
        "mirrors in trust.quorum that must serve the same bytes")


def _no_checksums(located: Located) -> Finding:
    weak = ", only md5 or sha1, which do not count" if located.treeinfo.weak_checksums else ""
    return Finding(
        topic="evidence", severity=Severity.WARNING, text=f"this {located.path} lists no checksums{weak}", detail=(
            "proved: kernel, initrd and repository are of one build, and stay the bytes pinned here",
            "not proved: that these are the distribution's own bytes; only the connection vouches for that"),
        hint="name mirrors in trust.quorum that must serve the same bytes")


def install_url(profile: Profile, source: str) -> str:
    """What inst.repo= says: tree.install_url, else the locked source. Raises UsageError for a tree that only this
    machine can read."""
    if profile.tree.install_url:
        return profile.tree.install_url
    if source.startswith(("http://", "https://")):
        return source
    raise UsageError(f"tree.install_url: missing, and no guest can install from {source}",
                     'serve the tree by any web server and say where: tree.install_url = "http://..."')


def mirrors(profile: Profile, source: str, context: Context) -> Source:
    """The locked source first, then what the profile names beside it."""
    others = (profile.tree.address, *profile.tree.mirrors)
    places = dict.fromkeys((source, *(each for each in others if each)))
    context = context.of(profile.tree)
    return Mirrors([context.source(place) for place in places], progress=context.progress)


def _lock(profile: Profile, located: Located, done: Survey, pins: tuple[Pin, ...]) -> Lock:
    assert done.kernel is not None
    minimum, family = profile.trust.minimum, profile.release.series.minimum
    overrides = {role: text for role in ("kernel", "initrd", "stage2", "repository")
                 if (text := evidence.override(role, minimum, family))}
    return Lock(
        family=profile.release.family.id, version=done.version, arch=profile.release.arch, source=located.source.url,
        epoch=located.treeinfo.epoch or 0, compose=located.treeinfo.timestamp, kernel=done.kernel,
        pins=pins, overrides=MappingProxyType(overrides))

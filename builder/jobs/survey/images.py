"""The images that boot: kernel, initrd and stage2 in the store, each a pin, every wrong digest told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial

from builder.digest import Digest
from builder.errors import BytesDiffer, NotFound, PinbootError
from builder.fetch import parallel
from builder.fetch.source import Source
from builder.fetch.store.objects import Fetched
from builder.finding import Finding, Severity
from builder.jobs.survey.places.locate import Located
from builder.jobs.survey.proofs.ledger import Ledger
from builder.lock.model import Pin
from builder.tree.treeinfo import Treeinfo
from builder.trust.evidence import Evidence

CHUNK = 1 << 20


@dataclass(slots=True, kw_only=True)
class Images:
    """The pins of those that came, by role; the size of stage2 in bytes is known where it was only asked for."""

    pins: dict[str, Pin] = field(default_factory=dict)
    stage2_size: int | None = None


def fetch(located: Located, ledger: Ledger, findings: list[Finding], *, fetch_stage2: bool, fresh: bool,
          accept: Collection[str]) -> Images:
    """kernel, initrd and (for a lock) stage2 into the store, all at once; every digest error is noted, in the order of
    the roles, before anyone decides. A file that the profile accepts by name is taken whatever its digest."""
    images = Images()
    wanted = paths(located.treeinfo)
    checksums = located.treeinfo.checksums
    jobs: list[Callable[[], Fetched | int | None]] = []
    for role, path in wanted:
        if role == "stage2" and not fetch_stage2:
            jobs.append(partial(located.source.size, path))
        else:
            expected = None if path in accept else checksums.get(path)
            jobs.append(partial(located.source.fetch, path, kind=role, expected=expected, what=path, fresh=fresh))
    located.source.store.use(create=True)  # before there are threads that would each do it
    for (role, path), got in zip(wanted, parallel.fetch_all(jobs), strict=True):
        if isinstance(got, BytesDiffer | NotFound):
            findings.append(_bad_image(path, got))
        elif isinstance(got, PinbootError):
            raise got
        elif isinstance(got, Fetched):
            images.pins[role] = _pin(located, role, path, got, ledger, findings)
        if role == "stage2":
            images.stage2_size = got.size if isinstance(got, Fetched) else got if isinstance(got, int) else None
    return images


def _pin(located: Located, role: str, path: str, got: Fetched, ledger: Ledger, findings: list[Finding]) -> Pin:
    expected = located.treeinfo.checksums.get(path)
    if expected and not _is(located.source, got, expected):
        reason = f"not what {located.path} names ({expected.algorithm} {expected.short})"
        ledger.accept(path, reason)
        findings.append(Finding(
            topic="images", severity=Severity.WARNING, text=f"{path} is {reason}, and accepted: trust.accept",
            detail=(f"wanted {expected}", f"found  {got.digest}")))
        expected = None
    word = Evidence.TREEINFO if expected else Evidence.FIRST_USE
    return Pin(role=role, path=path, size=got.size, digest=got.digest,  # type: ignore[arg-type]
               evidence=word.value, detail=f"named in {located.path} as {expected.algorithm}" if expected else "")


def _is(source: Source, got: Fetched, expected: Digest) -> bool:
    """Are the bytes in the store what `expected` names, of whichever algorithm?"""
    if expected.algorithm == got.digest.algorithm:
        return expected == got.digest
    made = hashlib.new(expected.algorithm)
    with source.store.open(got.digest) as stream:
        while piece := stream.read(CHUNK):
            made.update(piece)
    return made.hexdigest() == expected.hex


def paths(info: Treeinfo) -> tuple[tuple[str, str], ...]:
    """(role, path) of the three images; the caller has made sure that the tree is one that boots."""
    return (("kernel", info.kernel or ""), ("initrd", info.initrd or ""), ("stage2", info.stage2 or ""))


def _bad_image(path: str, reason: PinbootError) -> Finding:
    lines = reason.message.splitlines()
    what = "is not what the tree's own checksums say" if isinstance(reason, BytesDiffer) else "is not there"
    return Finding(topic="images", severity=Severity.ERROR, text=f"{path} {what}",
                   detail=tuple(line.strip() for line in lines), hint=reason.hint or
                   "the mirror is damaged or in the middle of a synchronisation: take another one, or try later")

"""The repositories of a tree: what treeinfo lists must be there, and the kernel packages that they hold."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from builder import digest
from builder.catalog import load
from builder.catalog.family import Release
from builder.errors import BytesDiffer, HostileInput, Missing, NotFound, PinbootError
from builder.fetch import limits, parallel
from builder.fetch.source import Source
from builder.fetch.store.objects import Fetched
from builder.finding import Finding, Severity
from builder.jobs.survey.places.locate import Located
from builder.jobs.survey.proofs import metadata
from builder.jobs.survey.proofs.keyring import Keyring
from builder.jobs.survey.proofs.ledger import Ledger, Proof
from builder.jobs.survey.proofs.metadata import REPOMD, Checked
from builder.jobs.survey.proofs.package import Listed
from builder.lock.model import Pin
from builder.probe import compression
from builder.tree import primary, repomd
from builder.tree.repomd import Record, Repomd
from builder.trust.evidence import Evidence

UNPACKED = 2 << 30  # 70,000 packages unpack to 0.5 GiB; what repomd tells never raises it
# Beside the generation's own: kernel (EL6, EL7), and Oracle's UEK, which its boot media may carry instead.
KERNELS = ("kernel", "kernel-uek", "kernel-uek-core")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """`path` is relative to the tree (empty: the tree itself), `name` the variant's."""

    name: str
    path: str
    pin: Pin
    repomd: Repomd


def read(located: Located, release: Release, ring: Keyring, ledger: Ledger, findings: list[Finding], *,
         accept: Collection[str] = ()) -> tuple[tuple[Repository, ...], tuple[Listed, ...]]:
    """Every repository of the tree and the kernels in them. What is missing or broken becomes a finding.

    Since EL8 the installer enables every variant that treeinfo lists, so each of them must answer (REFERENCE 2.1).
    """
    repos: list[Repository] = []
    kernels: list[Listed] = []
    wanted = places(located)
    jobs: list[Callable[[], _Metadata]] = [partial(_metadata, located, name, path, ring) for name, path in wanted]
    located.source.store.use(create=True)  # before there are threads that would each do it
    for (name, path), got in zip(wanted, parallel.fetch_all(jobs), strict=True):
        try:
            if isinstance(got, PinbootError):
                raise got
            kernels.extend(_kernels(got, release))
        except (NotFound, BytesDiffer, HostileInput) as reason:
            findings.append(_broken(name, f"{located.source.url}/{path}".rstrip("/"), reason))
            continue
        repos.append(got.repository)
        _told(got, ledger, findings, accepted=got.repository.pin.path in accept)
    return tuple(repos), tuple(kernels)


def updates(located: Located, release: Release, version: str, ring: Keyring,
            findings: list[Finding]) -> tuple[Listed, ...]:
    """The kernels of the release's updates, which EL6 and EL7 keep in a tree of their own: asked where the tree itself
    has not the kernel that boots. They boot nothing and are not pinned."""
    path = load.updates(release, version)
    if not path:
        return ()
    try:
        return _kernels(_metadata(located, "updates", path, ring), release)
    except (Missing, BytesDiffer, HostileInput) as reason:
        findings.append(Finding(topic="repository", severity=Severity.NOTE, text=f"updates ({path}) cannot be asked",
                                detail=(reason.message.splitlines()[0],)))
        return ()


def _told(got: _Metadata, ledger: Ledger, findings: list[Finding], *, accepted: bool) -> None:
    """What the signature of a repository's metadata is worth; a bad one is an error unless the profile takes it."""
    path, found = got.repository.pin.path, got.checked
    ledger.note(path, found.outcome)
    if found.finding is None:
        return
    if accepted and found.finding.severity is Severity.ERROR:
        findings.append(replace(found.finding, severity=Severity.WARNING))
        ledger.accept(path, found.finding.text)
    else:
        findings.append(found.finding)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metadata:
    """A repository, its source, what its signature is worth, and its primary.xml in the store."""

    repository: Repository
    source: Source
    checked: Checked
    primary: Fetched
    record: Record


def _metadata(located: Located, name: str, path: str, ring: Keyring) -> _Metadata:
    """Both files of a repository that are needed; primary must be what repomd says, packed (RELIABILITY I22)."""
    source = located.source.child(path) if path else located.source
    data = source.read(REPOMD, limits.CAPS["repomd"])
    checked = metadata.check(data, source, ring)
    repository = _repository(located, source, name, path, checked.data)
    record = repository.repomd.records.get("primary")
    where = f"{source.url}/{REPOMD}"
    if record is None:
        raise HostileInput(f"{where}: lists no primary metadata", "is this the repodata of a package repository?")
    if record.digest is None:
        raise HostileInput(f"{where}: its only digest of {record.href} is weak",
                           "md5 and sha1 do not count; take a mirror with sha256 metadata")
    got = source.fetch(record.href, kind="primary", expected=record.digest, size=record.size, what=record.href)
    return _Metadata(repository=repository, source=source, checked=checked, primary=got, record=record)


def places(located: Located) -> tuple[tuple[str, str], ...]:
    """(variant, path relative to the tree) of each repository; a tree without variants is one itself."""
    listed = [(variant.uid, "" if variant.repository in (".", "") else variant.repository)
              for variant in located.treeinfo.variants if variant.repository]
    if not listed or (all(path for _, path in listed) and located.treeinfo.variants == ()):
        return (("", ""),)
    return tuple(dict.fromkeys(listed))


def _repository(located: Located, source: Source, name: str, path: str, data: bytes) -> Repository:
    pin_path = f"{path}/{REPOMD}" if path else REPOMD
    expected = located.treeinfo.checksums.get(REPOMD) if not path else None
    got = digest.of_bytes(data)
    if expected and not digest.matches(data, expected):
        raise BytesDiffer(f"{source.url}/{REPOMD}: not what {located.path} names\n  wanted {expected}\n  found  {got}")
    word = Evidence.TREEINFO if expected else Evidence.FIRST_USE
    pin = Pin(role="repository", name=name, path=pin_path, size=len(data), digest=got, evidence=word.value,
              detail=f"named in {located.path} as {expected.algorithm}" if expected else "")
    return Repository(name=name, path=path, pin=pin, repomd=repomd.read(data, f"{source.url}/{REPOMD}"))


def _kernels(found: _Metadata, release: Release) -> tuple[Listed, ...]:
    """The kernel packages of primary.xml, which must be what repomd says unpacked too (RELIABILITY I22)."""
    wanted = {release.generation.kernel_package, *KERNELS}
    where = f"{found.source.url}/{found.record.href}"
    signed = isinstance(found.checked.outcome, Proof)
    with found.source.store.open(found.primary.digest) as stream:
        unpacked = compression.open(stream, where, cap=min(found.record.open_size or UNPACKED, UNPACKED))
        packages = primary.kernels(_as_told(unpacked, found.record, where), wanted, where)
    return tuple(Listed(package=each, source=found.source, signed=signed, repository=found.repository.name)
                 for each in packages)


def _as_told(chunks: Iterable[bytes], record: Record, where: str) -> Iterator[bytes]:
    """The chunks; at their end BytesDiffer where they are not the size and digest that repomd tells, where it does."""
    told = record.open_digest
    state, size = hashlib.new(told.algorithm if told else "sha256"), 0
    for chunk in chunks:
        state.update(chunk)
        size += len(chunk)
        yield chunk
    if record.open_size not in (None, size) or (told and state.hexdigest() != told.hex):
        raise BytesDiffer(f"{where}: unpacked it is not what {REPOMD} says\n  wanted {record.open_size} bytes, {told}\n"
                          f"  found  {size} bytes, {state.name}:{state.hexdigest()}",
                          "this repodata is not in order; take another mirror")


def _broken(name: str, url: str, reason: NotFound | BytesDiffer | HostileInput) -> Finding:
    which = f"repository {name}" if name else "repository"
    what = "is not there" if isinstance(reason, NotFound) else "cannot be used"
    return Finding(topic="repository", severity=Severity.ERROR, text=f"{which} {what}: {url}",
                   detail=tuple(line.strip() for line in reason.message.splitlines()),
                   hint=reason.hint or "the installer enables what .treeinfo lists and stops where one is missing: "
                                       "mirror it at that place too, or take another mirror")

"""The kernel's package: its signed header holds the digest of this very vmlinuz (LIBRARIES 2).

Only the header is fetched, by one Range request: tens of kilobytes to a few megabytes where the package has a hundred.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from builder.errors import BytesDiffer, HostileInput, Missing, NotFound, PinbootError
from builder.fetch.source import Source
from builder.finding import Finding, Severity
from builder.jobs.survey.proofs import metadata
from builder.jobs.survey.proofs.keyring import Keyring
from builder.jobs.survey.proofs.ledger import Attempt, Ledger, Proof
from builder.lock.model import Pin
from builder.probe import rpm
from builder.probe.rpm import RpmHeader
from builder.tree.primary import KernelPackage
from builder.trust.evidence import Evidence
from builder.trust.openpgp import verify
from builder.trust.openpgp.verify import Refused, Verified

# Of a package whose metadata do not tell where its header ends: enough for the lead and what follows.
FIRST = 4096
# Headers of kernel packages list some 4,000 to 20,000 files: 0.3 to 4 MB.
HEADER_MAX = 32 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A kernel package and the repository that lists it; `signed`: its metadata is, so its digest is believed."""

    package: KernelPackage
    source: Source
    signed: bool
    repository: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Believed:
    header: RpmHeader
    proof: Proof


def prove(kernel: Pin, version: str, listed: Sequence[Listed], ring: Keyring, ledger: Ledger,
          findings: list[Finding], *, accepted: bool) -> None:
    """Look for the package that the kernel came from and hold its signed digest against the kernel's.

    A package that is signed and holds another vmlinuz of the same version is an error: somebody changed the kernel.
    With `accepted` (trust.accept names the kernel) it is a warning, and the ledger has it.
    """
    if not listed:
        ledger.note(kernel.path, _short("the repository has no package of this kernel"))
    for each in listed:
        outcome = _believed(each, ring, findings)
        if isinstance(outcome, Attempt):
            ledger.note(kernel.path, outcome)
            continue
        inside = rpm.kernel_file(outcome.header, version)
        if inside is None:
            continue  # since EL8 the package called kernel only requires kernel-core
        path, digest = inside
        if digest.algorithm == "sha256" and digest == kernel.digest:
            ledger.note(kernel.path, outcome.proof)
            return
        if digest.algorithm != "sha256":
            ledger.note(kernel.path, _short(f"{_name(each)} tells its files by {digest.algorithm}, pins are sha256"))
            return
        ledger.note(kernel.path, _short(f"{_name(each)} holds another {path}"))
        findings.append(_another(kernel, each, path, str(digest), accepted=accepted))
        if accepted:
            ledger.accept(kernel.path, f"not the {path} of the signed {_name(each)}, {digest.short}")
        return


def _believed(each: Listed, ring: Keyring, findings: list[Finding]) -> _Believed | Attempt:
    """The header by its own signature, else by the digest of the whole package in signed metadata."""
    package = each.package
    where = f"{each.source.url}/{package.href}"
    try:
        header = rpm.read(_beginning(each, where), where)
    except (Missing, HostileInput) as reason:
        return _short(_why(each, reason))
    if package.header_range not in (None, header.span):
        return _short(f"{_name(each)}: its header is not where the metadata say")
    told = (header.name, header.epoch, header.version, header.release, header.arch)
    if told != (package.name, package.epoch, package.version, package.release, package.arch):
        return _short(f"{_name(each)} calls itself {header.name}-{header.version}-{header.release}.{header.arch}")
    if not ring.keys:
        return _by_metadata(each, ring.lacking)
    if not header.signatures:
        unread = "in a form that is not read here" if header.unread_signatures else "not signed"
        return _by_metadata(each, f"its header is {unread}")
    refused: Refused | None = None
    for signature in header.signatures:
        found = verify.detached(header.header, signature, ring.keys, ring.now, where)
        if isinstance(found, Verified):
            return _Believed(header=header, proof=metadata.proof(found, _name(each), Evidence.SIGNED_RPM))
        refused = refused or found
    assert refused is not None
    why = metadata.said(refused, where, _name(each))
    wrong = metadata.refusal(refused, why)
    if wrong:
        findings.append(wrong)
    return _by_metadata(each, why.removeprefix(f"{_name(each)}: "))


def _beginning(each: Listed, where: str) -> bytes:
    """The package as far as its header goes: in one request where the metadata tell how far that is."""
    package = each.package
    data = each.source.start(package.href, package.header_range[1] if package.header_range else FIRST)
    while len(data) < (more := rpm.needed(data, where)):
        data = each.source.start(package.href, more)
    return data


def _by_metadata(each: Listed, why: str) -> _Believed | Attempt:
    """The whole package, whose digest stands in signed metadata: for headers that cannot vouch for themselves (EL6's
    signatures are SHA-1)."""
    package = each.package
    if not each.signed or package.digest is None:
        return _short(f"{_name(each)}: {why}")
    try:
        got = each.source.fetch(package.href, kind="rpm", expected=package.digest, size=package.size, what=_name(each))
        with each.source.store.open(got.digest) as stream:
            header = rpm.read(stream.read(HEADER_MAX), f"{each.source.url}/{package.href}")
    except (Missing, HostileInput, BytesDiffer) as reason:
        return _short(_why(each, reason))
    return _Believed(header=header, proof=Proof(
        evidence=Evidence.SIGNED_RPM, detail=f"{_name(each)}, by its digest in signed metadata"))


def _name(each: Listed) -> str:
    return each.package.href.rpartition("/")[2]


def _why(each: Listed, reason: PinbootError) -> str:
    if isinstance(reason, NotFound):
        return f"{_name(each)} is not there"
    return " ".join(reason.message.replace(f"{each.source.url}/", "").split())


def _short(why: str) -> Attempt:
    return Attempt(evidence=Evidence.SIGNED_RPM, why=why)


def _another(kernel: Pin, each: Listed, path: str, digest: str, *, accepted: bool) -> Finding:
    severity = Severity.WARNING if accepted else Severity.ERROR
    return Finding(
        topic="signature", severity=severity, text=f"{kernel.path} is not the kernel of {_name(each)}",
        detail=(f"in the signed package  {path}  {digest}", f"in the tree            {kernel.digest}"),
        hint="same version, other bytes: do not boot it. Take another mirror; if you know why they differ: "
             f'trust.accept = ["{kernel.path}"]')


def of_version(listed: Iterable[Listed], version: str, told: str) -> tuple[Listed, ...]:
    """The packages of this very kernel: those called `told` (the generation's own) where there are any. Signed
    repositories come first."""
    fitting = [each for each in listed if version in (each.package.kernel_version,
                                                      f"{each.package.version}-{each.package.release}")]
    own = [each for each in fitting if each.package.name == told]
    return tuple(sorted(own or fitting, key=lambda each: not each.signed))

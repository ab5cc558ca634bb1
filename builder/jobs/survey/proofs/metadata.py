"""repomd.xml.asc: the signature over a repository's metadata, asked for in every tree."""

from __future__ import annotations

from dataclasses import dataclass

from builder.errors import Missing, NotFound
from builder.fetch import limits
from builder.fetch.source import Source
from builder.finding import Finding, Severity
from builder.jobs.survey.proofs.keyring import Keyring
from builder.jobs.survey.proofs.ledger import Attempt, Proof
from builder.trust.evidence import Evidence
from builder.trust.openpgp import verify
from builder.trust.openpgp.verify import Cause, Refused, Verified

REPOMD = "repodata/repomd.xml"
SIGNATURE = f"{REPOMD}.asc"
# What a signature that does not count says of the tree: these are of a former time or of somebody else, the rest are
# what an attacker or a damaged mirror leaves behind.
HARMLESS = {Cause.MISSING: Severity.NOTE, Cause.WEAK: Severity.NOTE, Cause.UNUSABLE: Severity.NOTE,
            Cause.UNKNOWN_KEY: Severity.WARNING, Cause.EXPIRED_KEY: Severity.WARNING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """`data` is what may be parsed: what the verifier returned, or the file as it is where nothing was proved."""

    data: bytes
    outcome: Proof | Attempt
    finding: Finding | None = None


def check(data: bytes, source: Source, ring: Keyring) -> Checked:
    """Hold repomd.xml (`data`) against its signature at `source`."""
    where = f"{source.url}/{SIGNATURE}"
    try:
        signature = source.read(SIGNATURE, limits.CAPS["signature"])
    except NotFound:
        return Checked(data=data, outcome=_short("repomd.xml.asc is not there"))
    except Missing as reason:
        return Checked(data=data, outcome=_short(f"repomd.xml.asc: {reason.message.splitlines()[0]}"))
    if not ring.keys:
        return Checked(data=data, outcome=_short(f"repomd.xml.asc is there, but {ring.lacking}"))
    found = verify.detached(data, signature, ring.keys, ring.now, where)
    if isinstance(found, Verified):
        return Checked(data=found.data, outcome=proof(found, "repomd.xml.asc"))
    told = said(found, where, "repomd.xml.asc")
    return Checked(data=data, outcome=_short(told), finding=refusal(found, told))


def proof(found: Verified, by: str, evidence: Evidence = Evidence.SIGNED) -> Proof:
    """What a good signature is worth; the detail has what the verifier has to say about how it was checked."""
    note = f"; {found.note}" if found.note else ""
    return Proof(evidence=evidence, detail=f"{by}{note}", key=found.fingerprint)


def said(found: Refused, where: str, name: str) -> str:
    """The refusal with the file's name in place of its address, which the report has above."""
    return found.text.replace(where, name, 1)


def refusal(found: Refused, told: str) -> Finding | None:
    """A line of its own for a signature that is there and does not count; `told` is its text for people."""
    severity = HARMLESS.get(found.cause, Severity.ERROR)
    if severity is Severity.NOTE:
        return None  # told beside the evidence that it would have been
    hint = ("if that key is the distribution's: trust.keys = [\"its whole fingerprint\"]"
            if found.cause is Cause.UNKNOWN_KEY else
            "take another mirror, or try again when this one is synchronised")
    return Finding(topic="signature", severity=severity, text=told, hint=hint)


def _short(why: str) -> Attempt:
    return Attempt(evidence=Evidence.SIGNED, why=why)

"""Quorum: independent mirrors serve the same bytes. Disagreement is told, mirror by mirror."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from builder import digest
from builder.errors import BytesDiffer, Missing
from builder.fetch import limits
from builder.fetch.source import Source
from builder.finding import Finding, Severity
from builder.jobs.survey.proofs.ledger import Attempt, Ledger, Proof
from builder.lock.model import Pin
from builder.trust.evidence import Evidence

TOPIC = "quorum"


def ask(pins: Sequence[Pin], source: str, others: Sequence[Source], ledger: Ledger, findings: list[Finding], *,
        with_stage2: bool) -> None:
    """A proof for each of `pins` that every mirror of `others` serves with the same bytes.

    stage2 takes part only on request: it is the largest file. A mirror on the same host as another is not independent
    and does not count. Each disagreement or silent mirror becomes an error.
    """
    independent = _independent(source, others, findings)
    if not independent:
        findings.append(Finding(topic=TOPIC, severity=Severity.ERROR, text="no independent mirror to ask",
                                hint="name at least one mirror on another host in trust.quorum"))
        return
    asked = [pin for pin in pins if pin.role != "stage2" or with_stage2]
    answers = {pin.path: [_agrees(pin, mirror, findings) for mirror in independent] for pin in asked}
    hosts = ", ".join(_host(mirror.url) for mirror in independent)
    proof = Proof(evidence=Evidence.QUORUM, detail=f"{len(independent) + 1} mirrors agree: {_host(source)}, {hosts}")
    for path, each in answers.items():
        ledger.note(path, proof if all(each) else Attempt(evidence=Evidence.QUORUM, why="a mirror does not agree"))


def _independent(source: str, others: Sequence[Source], findings: list[Finding]) -> list[Source]:
    seen = {_host(source)}
    kept = []
    for mirror in others:
        host = _host(mirror.url)
        if host in seen:
            findings.append(Finding(topic=TOPIC, severity=Severity.WARNING,
                                    text=f"{mirror.url} is on the same host as another mirror; it does not count"))
            continue
        seen.add(host)
        kept.append(mirror)
    return kept


def _host(address: str) -> str:
    return urlsplit(address).hostname or address


def _agrees(pin: Pin, mirror: Source, findings: list[Finding]) -> bool:
    try:
        if pin.role in ("treeinfo", "repository"):
            data = mirror.read(pin.path, limits.CAPS["repomd" if pin.role == "repository" else "treeinfo"])
            if digest.of_bytes(data) != pin.digest:
                raise BytesDiffer(f"found {digest.of_bytes(data).short}")
        else:
            mirror.fetch(pin.path, kind=pin.role, expected=pin.digest, size=pin.size, what=pin.path, fresh=True)
    except (BytesDiffer, Missing) as reason:
        findings.append(Finding(
            topic=TOPIC, severity=Severity.ERROR, text=f"{mirror.url} does not serve the same {pin.path}",
            detail=tuple(line.strip() for line in reason.message.splitlines()),
            hint="one of the mirrors is out of step or lies: compare them, or wait until both are synchronised"))
        return False
    return True

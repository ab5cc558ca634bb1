"""The pins with the strongest evidence that each can show, and what the profile's policy says to that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from builder.catalog.family import Series
from builder.finding import Finding, Severity
from builder.jobs.survey.proofs import keyring
from builder.jobs.survey.proofs.ledger import Ledger
from builder.lock.model import Pin
from builder.profile.values import Trust
from builder.trust import evidence
from builder.trust.evidence import Evidence

TOPIC = "evidence"
# What a person can do to prove more, strongest first; by role where it differs.
RAISES = {
    "kernel": ((Evidence.SIGNED, "trust.checksums"), (Evidence.SIGNED_RPM, "trust.key_files"),
               (Evidence.QUORUM, "trust.quorum")),
    "initrd": ((Evidence.SIGNED, "trust.checksums"), (Evidence.QUORUM, "trust.quorum")),
    "stage2": ((Evidence.SIGNED, "trust.checksums"), (Evidence.QUORUM, "trust.quorum")),
    "loader": ((Evidence.SIGNED, "trust.checksums"), (Evidence.QUORUM, "trust.quorum")),
    "patch": ((Evidence.QUORUM, "trust.quorum"),),
    "repository": ((Evidence.SIGNED, "trust.key_files"), (Evidence.QUORUM, "trust.quorum")),
}


def judge(pins: Iterable[Pin], ledger: Ledger, trust: Trust, series: Series,
          findings: list[Finding]) -> tuple[Pin, ...]:
    """Each pin at its best, with a finding each: what was reached, what was tried and why it fell short, what would
    raise it; an error where that is below the minimum of its role."""
    best = tuple(ledger.best(pin) for pin in pins)
    for pin in best:
        findings.append(_finding(pin, ledger, evidence.minimum(policy(pin.role), trust.minimum, series.minimum), trust))
    return best


def policy(role: str) -> str:
    """The role whose minimum counts: a patch to the installer is as much the installer as stage2 is."""
    return "stage2" if role == "patch" else role


def _finding(pin: Pin, ledger: Ledger, least: Evidence, trust: Trust) -> Finding:
    word = Evidence(pin.evidence)
    name = f"{pin.name} repomd" if pin.name else pin.path.rpartition("/")[2]
    told = f"key {keyring.short(pin.key)}" if pin.key else pin.detail or evidence.MEANING[word]
    text = f"{name:<16} {word.value:<10} {told}"
    lines = (*((f"  {pin.detail}",) if pin.key else ()), *_lines(pin, word, ledger))
    if pin.role == "treeinfo" or word.reaches(least):
        return Finding(topic=TOPIC, severity=Severity.OK, text=text, detail=lines)
    if pin.path in trust.accept:
        return Finding(topic=TOPIC, severity=Severity.WARNING, text=text, detail=(
            *lines, f"below the {least.value} that is wanted, and accepted: trust.accept"))
    if pin.role == "patch":
        return Finding(
            topic=TOPIC, severity=Severity.ERROR, text=f"{pin.path}: not enough evidence for a patch to the installer",
            expected=least.value, found=word.value, detail=lines,
            hint=f'who added it owns the installer; if that was you: trust.accept = ["{pin.path}"]')
    return Finding(
        topic=TOPIC, severity=Severity.ERROR, text=f"{pin.path}: not enough evidence", expected=least.value,
        found=word.value, detail=lines, hint=f'accept it in this profile: trust.minimum = {{ {policy(pin.role)} = '
        f'"{word.value}" }}; or name mirrors in trust.quorum that must serve the same bytes')


def _lines(pin: Pin, word: Evidence, ledger: Ledger) -> tuple[str, ...]:
    lines = [f"  tried {each.evidence.value}: {each.why}" for each in ledger.attempts(pin)]
    more = [f"{better.value} by {key}" for better, key in RAISES.get(pin.role, ()) if better.rank < word.rank]
    if more:
        lines.append(f"  would raise it: {', '.join(more)}")
    return tuple(lines)


def overrides(pins: Sequence[Pin], ledger: Ledger, trust: Trust, series: Series) -> dict[str, str]:
    """What the lock records of every exception: by role where the profile accepts less than the family's trees can
    show, by path where it accepts one file."""
    made = {role: text for role in ("kernel", "initrd", "stage2", "repository")
            if (text := evidence.override(role, trust.minimum, series.minimum))}
    for pin in pins:
        least = evidence.minimum(policy(pin.role), trust.minimum, series.minimum)
        reasons = list(ledger.accepted(pin.path))
        if pin.path in trust.accept and not Evidence(pin.evidence).reaches(least):
            reasons.append(f"accepted with {pin.evidence}, below {least.value}")
        if reasons:
            made[pin.path] = "; ".join(reasons)
    return made

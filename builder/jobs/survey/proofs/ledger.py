"""What proves a file, and what was tried and fell short: kept per file until the policy decides."""

from __future__ import annotations

from dataclasses import dataclass, replace

from builder.lock.model import Pin
from builder.trust.evidence import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """`detail` says by what file; `key` is the full fingerprint of the key that signed it, where one did."""

    evidence: Evidence
    detail: str
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """`evidence` was looked for; `why` says what stood in the way."""

    evidence: Evidence
    why: str


class Ledger:
    """By path in the tree. Not for several threads at once."""

    def __init__(self) -> None:
        self._proofs: dict[str, list[Proof]] = {}
        self._attempts: dict[str, list[Attempt]] = {}
        self._accepted: dict[str, list[str]] = {}

    def note(self, path: str, outcome: Proof | Attempt) -> None:
        if isinstance(outcome, Proof):
            self._proofs.setdefault(path, []).append(outcome)
        elif outcome not in self._attempts.setdefault(path, []):
            self._attempts[path].append(outcome)

    def best(self, pin: Pin) -> Pin:
        """`pin` with the strongest evidence that it has or that was found for it; of two equals the first stays."""
        for proof in self._proofs.get(pin.path, ()):
            if proof.evidence.rank < Evidence(pin.evidence).rank:
                pin = replace(pin, evidence=proof.evidence.value, detail=proof.detail, key=proof.key)
        return pin

    def attempts(self, pin: Pin) -> tuple[Attempt, ...]:
        """What would have been stronger than what the pin has, and why it is not."""
        reached = Evidence(pin.evidence).rank
        return tuple(each for each in self._attempts.get(pin.path, ()) if each.evidence.rank < reached)

    def accept(self, path: str, reason: str) -> None:
        """The profile takes this file by name in spite of `reason`."""
        self._accepted.setdefault(path, []).append(reason)

    def accepted(self, path: str) -> tuple[str, ...]:
        return tuple(self._accepted.get(path, ()))

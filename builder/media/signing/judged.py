"""What came of looking at a signature, in words that tell one cause from another."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from builder.media import checksums


class State(enum.Enum):
    """The first three are no reason to refuse; a key that was given is only content with GOOD."""

    NONE = "none"
    UNCHECKED = "unchecked"
    GOOD = "good"
    MISSING = "missing"
    BAD = "bad"
    WRONG_NAMESPACE = "wrong namespace"
    WRONG_KEY = "wrong key"
    REVOKED = "revoked"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """`text` is for people; `key` the fingerprint of the key that signed, as its tools write it, where one is known."""

    state: State
    text: str
    key: str = ""

    @property
    def ok(self) -> bool:
        return self.state in (State.NONE, State.UNCHECKED, State.GOOD)


NOTHING = Judged(state=State.NONE, text="none")
# Asks a person for a passphrase: the question, to the words that were typed.
Ask = Callable[[str], str]
# From the bytes of SHA256SUMS and the signatures that lie beside it, by file name.
Check = Callable[[bytes, Mapping[str, bytes]], Judged]


def unchecked(sums: bytes, there: Mapping[str, bytes]) -> Judged:
    """The check of who has no key: a signature that is there is told, never passed over."""
    if not there:
        return NOTHING
    return Judged(state=State.UNCHECKED, text=f"{' and '.join(sorted(there))} there, not checked (give --key)")


def missing(there: Mapping[str, bytes], wanted: str) -> Judged:
    """There is no `wanted`, and perhaps the other kind."""
    others = [name for name in checksums.SIGNATURES if name in there]
    kinds = {checksums.SSH: "an ssh key", checksums.OPENPGP: "an OpenPGP key"}
    more = "".join(f"; there is {name}, which wants {kinds[name]}" for name in others)
    return Judged(state=State.MISSING, text=f"missing: the bundle has no {wanted}{more}")

"""Signatures by OpenPGP keys: pysequoia makes them, builder.trust.openpgp judges them (RFC 9580 10.4, detached)."""

from __future__ import annotations

from pathlib import Path

from builder.errors import CheckFailed, HostileInput, UsageError
from builder.media import checksums
from builder.media.signing.judged import Ask, Judged, State
from builder.names import shown
from builder.trust.openpgp import keys
from builder.trust.openpgp.keys import Key
from builder.trust.openpgp.verify import Cause, Refused, detached

# What is neither of these was refused for its age, its digest or the key's own word.
STATES = {Cause.MISSING: State.BAD, Cause.BAD: State.BAD, Cause.UNKNOWN_KEY: State.WRONG_KEY,
          Cause.REVOKED: State.REVOKED}
GNUPG = "gpg --armor --export-secret-keys KEY writes one"


def load(data: bytes, where: str) -> tuple[Key, ...]:
    """The public keys of a file, each of which is trusted. Raises UsageError."""
    try:
        found = keys.load(data, where)
    except HostileInput as reason:
        raise UsageError(reason.message, reason.hint) from reason
    return keys.ring(found, {key.fingerprint for key in found})


def check(sums: bytes, signature: bytes, allowed: tuple[Key, ...], *, now: int) -> Judged:
    """Is `signature` one of `sums` by a key of `allowed`? Raises Missing."""
    found = detached(sums, signature, allowed, now, checksums.OPENPGP)
    if isinstance(found, Refused):
        state = STATES.get(found.cause, State.REFUSED)
        return Judged(state=state, text=f"{state.value}: {found.text}")
    key = next(key for key in allowed if key.fingerprint == found.fingerprint)
    name = f" {shown(key.user_ids[0])}" if key.user_ids else ""
    note = f"; {found.note}" if found.note else ""
    return Judged(state=State.GOOD, key=found.fingerprint,
                  text=f"ok, OpenPGP key {found.fingerprint}{name}{note}")


class Secret:
    """A secret key that signs; `public` is its other half. Raises UsageError for what is none."""

    def __init__(self, path: Path, data: bytes, ask: Ask | None) -> None:
        from pysequoia import Tsk

        self.path = path
        self.ask = ask
        try:
            self.key = Tsk.from_bytes(data)
            self.public = bytes(self.key.extract_certificate())
        except RuntimeError as reason:
            raise UsageError(f"--sign {path}: is no OpenPGP secret key: {_said(reason)}", GNUPG) from reason

    def sign(self, sums: bytes) -> bytes:
        """A detached, armored signature: it holds the time and a random salt, so it is another one each time. Raises
        CheckFailed (a passphrase that nobody can be asked for, or a wrong one; a key that may not sign)."""
        from pysequoia import SignatureMode, sign

        try:
            return sign(self.key.signer(self._passphrase()), sums, mode=SignatureMode.DETACHED)
        except RuntimeError as reason:
            raise CheckFailed(f"--sign {self.path}: cannot sign: {_said(reason)}",
                              "nothing was written; what was there before is untouched") from reason

    def _passphrase(self) -> str | None:
        """None where the key needs none."""
        try:
            self.key.signer()
        except RuntimeError as reason:
            if "encrypted" not in str(reason):
                raise
            if self.ask is None:
                raise CheckFailed(f"--sign {self.path}: has a passphrase, and there is no terminal to ask for it",
                                  "run it in a terminal, without --quiet; or sign SHA256SUMS afterwards: gpg --armor "
                                  "--detach-sign SHA256SUMS") from reason
            return self.ask(f"Passphrase of {self.path}: ")
        return None


def _said(reason: RuntimeError) -> str:
    """pysequoia's own words without the stack of its parts."""
    return str(reason).split("Stack backtrace")[0].strip()

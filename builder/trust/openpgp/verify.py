"""Signed files: is there a signature, whose is it, and which bytes does a pinned key vouch for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from builder.tree import border
from builder.trust.openpgp import cleartext, judge, keys, packets, signature
from builder.trust.openpgp.judge import Cause
from builder.trust.openpgp.keys import Key
from builder.trust.openpgp.signature import Signature

__all__ = ["Cause", "Refused", "Verified", "clear", "detached"]

MAX_BYTES = 1 << 18  # of a signature file; post-quantum signatures have 5 KB each
MAX_TEXT = 1 << 20  # of a clear-signed file: all of it is taken apart by lines
MAX_SIGNATURES = 16
SEQUOIA, BARE = "pysequoia", "pinned primary key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """`data` is all that may be parsed. `fingerprint` is the pinned primary key's, `created` the time of the signature
    in seconds since 1970; `note` says what an auditor should know (`self-signature SHA-1, not used`), or nothing.
    """

    data: bytes
    fingerprint: str
    verifier: str
    note: str
    created: int


@dataclass(frozen=True, slots=True)
class Refused:
    """`text` is a sentence that begins with the file."""

    cause: Cause
    text: str


def detached(data: bytes, signed: bytes, ring: Sequence[Key], now: int, where: str) -> Verified | Refused:
    """Does a key of `ring` (made by keys.ring: pinned ones only) vouch for `data` by the signature file `signed`?

    `now` is in seconds since 1970, `where` the name of the signature file. Raises Missing.
    """
    found = _signatures(signed, where)
    if isinstance(found, Refused):
        return found
    outcomes: list[Verified | Refused] = []
    for made in found:
        if made.kind != signature.TEXT:
            outcomes.append(_judged(made, data, data, ring, now, where))
        elif b"\r" in data:
            # A signature over text does not tell CR LF from LF: bytes that were never signed would pass.
            outcomes.append(Refused(Cause.UNUSABLE, f"{where}: a signature over text, for a file with CR line ends"))
        else:
            outcomes.append(_judged(made, data, cleartext.canonical(data), ring, now, where))
    return _best(outcomes)


def clear(data: bytes, ring: Sequence[Key], now: int, where: str) -> Verified | Refused:
    """The same for a clear-signed file. `Verified.data` is the signed text: LF line ends, without the last one.

    Text outside the signed block, or a second block, is refused. Raises Missing.
    """
    if len(data) > MAX_TEXT:
        return Refused(Cause.MISSING,
                       f"{where}: {len(data)} bytes, too long for a clear-signed text (at most {MAX_TEXT})")
    if cleartext.BEGIN not in data:
        return Refused(Cause.MISSING, f"{where}: {_instead(data, 'a clear-signed text')}")
    try:
        taken = cleartext.read(data)
    except ValueError as e:
        return Refused(Cause.BAD, f"{where}: {e}")
    found = _signatures(taken.signature, where)
    if isinstance(found, Refused):
        return found
    binary = next((made for made in found if made.kind != signature.TEXT), None)
    if binary is not None:
        return Refused(Cause.UNUSABLE, f"{where}: a signature of type {binary.kind:#04x} in a clear-signed text")
    return _best([_judged(made, taken.text, cleartext.canonical(taken.text), ring, now, where) for made in found])


def _signatures(data: bytes, where: str) -> tuple[Signature, ...] | Refused:
    """The signatures of a file, but for those that no verifier here can read."""
    if len(data) > MAX_BYTES:
        return Refused(Cause.MISSING, f"{where}: {len(data)} bytes, too long for a signature (at most {MAX_BYTES})")
    try:
        found = packets.read(data)
    except ValueError as e:
        return Refused(Cause.MISSING, f"{where}: {_instead(data, 'a signature', str(e))}")
    for packet in found:
        if packet.tag != packets.SIGNATURE:
            kind = packets.NAMES.get(packet.tag, f"a packet of type {packet.tag}")
            return Refused(Cause.MISSING, f"{where}: {kind}, where a signature is due")
    if not 0 < len(found) <= MAX_SIGNATURES:
        return Refused(Cause.MISSING, f"{where}: {len(found)} signatures (1 to {MAX_SIGNATURES} are due)")
    read: list[Signature] = []
    trouble = ""
    for packet in found:
        try:
            read.append(signature.read(packet.body))
        except ValueError as e:
            trouble = str(e)
    return tuple(read) or Refused(Cause.MISSING, f"{where}: no signature that can be read: {trouble}")


def _instead(data: bytes, what: str, trouble: str = "") -> str:
    if not data.strip():
        return f"empty, where {what} is due"
    if page := border.html(data):
        return f"{page}, where {what} is due (a login page?)"
    return f"not {what}" + (f": {trouble}" if trouble else "")


def _best(outcomes: Sequence[Verified | Refused]) -> Verified | Refused:
    """One good signature is enough; else the refusal that tells most."""
    order = list(Cause)
    return max(outcomes, key=lambda one: order.index(one.cause) if isinstance(one, Refused) else len(order))


def _judged(made: Signature, data: bytes, covered: bytes, ring: Sequence[Key], now: int,
            where: str) -> Verified | Refused:
    """One signature against every pinned key that it may be by."""
    if made.kind not in (signature.BINARY, signature.TEXT):
        return Refused(Cause.MISSING, f"{where}: a signature of type {made.kind:#04x}, which covers no data")
    outcomes: list[Verified | Refused] = []
    for key in ring:
        if not any(keys.is_by(made, name) for name in (key.fingerprint, *key.subkeys)):
            continue
        trouble = judge.judge(key, made, covered, now)
        outcomes.append(_verified(key, made, data, now) if trouble is None else
                        Refused(trouble[0], f"{where}: {trouble[1]}"))
    if outcomes:
        return _best(outcomes)
    known = ", ".join(key.fingerprint for key in ring) or "no key is at hand"
    who = f"key {made.signer}" if made.signer else "a key that it does not name"
    return Refused(Cause.UNKNOWN_KEY, f"{where}: signed by {who}, which is not pinned (pinned: {known})")


def _verified(key: Key, made: Signature, data: bytes, now: int) -> Verified:
    notes = [f"{key.reason}, not used"] if key.usable == "bare" else []
    if made.version == 3:
        notes.append("signature version 3")
    if key.expires is not None and key.expires <= now:
        notes.append(f"key expired on {judge.day(key.expires)}, after this signature")
    return Verified(data=data, fingerprint=key.fingerprint, created=made.created, note="; ".join(notes),
                    verifier=BARE if judge.needs_bare(key, made) else SEQUOIA)

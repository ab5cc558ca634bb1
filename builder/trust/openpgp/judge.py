"""One signature by one key: does it hold, and if not, which of ten things is wrong.

pysequoia decides where its policy takes the key and the signature; bare.covers where the self-signature is SHA-1 or the
signature is of version 3. pysequoia says one sentence for every failure, so causes are told apart here, before and
after it is asked.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import UTC, datetime

from builder.trust.openpgp import bare, keys, packets, signature
from builder.trust.openpgp.keys import Key
from builder.trust.openpgp.packets import Packet
from builder.trust.openpgp.signature import Signature

SKEW = 2 * 86400  # how far a mirror's or this machine's clock may be wrong, in seconds


class Cause(enum.Enum):
    """Why a signature does not count; of several signatures the last in this order is told."""

    MISSING = "no signature"
    UNKNOWN_KEY = "unknown key"
    UNUSABLE = "unusable key"
    WEAK = "weak digest"
    FUTURE = "from the future"
    EXPIRED_SIGNATURE = "expired signature"
    EXPIRED_KEY = "expired key"
    REVOKED = "revoked key"
    UNBOUND = "unbound subkey"
    BAD = "bad signature"


Trouble = tuple[Cause, str]


def judge(key: Key, made: Signature, covered: bytes, now: int) -> Trouble | None:
    """None where `key`, which must be pinned, made `made` over `covered` and was allowed to.

    `covered` is the data as the digest wants it, `now` in seconds since 1970. Raises Missing.
    """
    trouble = _before(key, made, now)
    if trouble is None:
        trouble = _bare(key, made, covered) if needs_bare(key, made) else _sequoia(key, made, covered, now)
    return trouble


def needs_bare(key: Key, made: Signature) -> bool:
    """Is this one that pysequoia's policy never takes?"""
    return key.usable == "bare" or made.version == 3


def _before(key: Key, made: Signature, now: int) -> Trouble | None:
    """What can be told without the data."""
    who = f"key {key.fingerprint}"
    if key.revoked:
        return Cause.REVOKED, f"{who} is revoked"
    if key.usable == "none":
        return Cause.UNUSABLE, f"{who} cannot be used: {key.reason}"
    if made.hash not in signature.STRONG:
        return Cause.WEAK, f"the signature covers a {made.hash_name} digest, which is weak and never counts"
    if made.created > now + SKEW:
        return Cause.FUTURE, f"the signature is from {day(made.created)}, and today is {day(now)}"
    if made.expires is not None and made.expires <= now:
        return Cause.EXPIRED_SIGNATURE, f"the signature expired on {day(made.expires)}"
    if key.expires is not None and made.created >= key.expires:
        return Cause.EXPIRED_KEY, f"{who} expired on {day(key.expires)}, before this signature of {day(made.created)}"
    if made.created < key.created:
        return Cause.BAD, f"the signature of {day(made.created)} is older than {who} of {day(key.created)}"
    return None


def _bare(key: Key, made: Signature, covered: bytes) -> Trouble | None:
    """None where the pinned primary key itself signed the data."""
    why = key.reason or f"signature version {made.version}"
    if not keys.is_by(made, key.fingerprint):
        return Cause.UNBOUND, (f"signed by the subkey {made.signer} of key {key.fingerprint}; with {why}, only what "
                               "the primary key itself signed can be checked")
    primary = key.primary()
    if primary[0] != 4 or primary[5] not in bare.RSA:
        return Cause.UNUSABLE, f"key {key.fingerprint} is {key.algorithm}; with {why}, only RSA keys can be used"
    return None if bare.covers(primary, made, covered) else _bad(key)


def _bad(key: Key) -> Trouble:
    return Cause.BAD, f"the signature by key {key.fingerprint} does not fit the data: one or the other was changed"


def _sequoia(key: Key, made: Signature, covered: bytes, now: int) -> Trouble | None:
    """None where pysequoia accepts the signature as one by `key`."""
    try:
        from pysequoia import Cert, Sig, verify
    except ImportError as e:
        raise bare.missing("pysequoia") from e
    try:
        cert = Cert.from_bytes(key.data)
        single = Sig.from_bytes(bytes(Packet(packets.SIGNATURE, made.body)))
        valid = verify(bytes=covered, store=lambda ids: [cert], signature=single).valid_sigs
    except RuntimeError:
        valid = []
    return None if key.fingerprint in {one.certificate for one in valid} else _after(key, made, covered, now)


def _after(key: Key, made: Signature, covered: bytes, now: int) -> Trouble:
    """Why pysequoia refused: the numbers do not fit, or they fit and the key was not allowed to make them."""
    part = packets.split(key.data)
    at = next(n for n, packet in enumerate(part) if _is_key(packet) and keys.is_by(made, keys.fingerprint(packet.body)))
    if not bare.covers(part[at].body, made, covered):
        return _bad(key)
    if made.created > now:
        return Cause.FUTURE, f"the signature is from {day(made.created)}, and today is {day(now)}"
    if part[at].tag == packets.PUBLIC_KEY:
        return Cause.UNUSABLE, f"key {key.fingerprint} may not sign data, by its own self-signature"
    return _subkey(key, part[at].body, part[at + 1 :], made)


def _is_key(packet: Packet) -> bool:
    return packet.tag == packets.PUBLIC_KEY or keys.is_subkey(packet)


def _subkey(key: Key, body: bytes, behind: Iterable[Packet], made: Signature) -> Trouble:
    """Why a subkey's right signature does not count. `behind` is what follows the subkey's packet."""
    who = f"subkey {keys.fingerprint(body)} of key {key.fingerprint}"
    said = [one for one in keys.signatures(behind) if keys.is_by(one, key.fingerprint)]
    if any(one.kind == signature.SUBKEY_REVOCATION for one in said):
        return Cause.REVOKED, f"{who} is revoked"
    bindings = (one for one in said if one.kind == signature.SUBKEY_BINDING)
    bound = max(bindings, key=lambda one: one.created, default=None)
    if bound and bound.key_lifetime:
        expires = int.from_bytes(body[1:5], "big") + bound.key_lifetime
        if made.created >= expires:
            return Cause.EXPIRED_KEY, f"{who} expired on {day(expires)}, before this signature of {day(made.created)}"
    return Cause.UNBOUND, f"{who} is not bound to it: no valid binding, or no signature of the subkey that agrees"


def day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"

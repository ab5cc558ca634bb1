"""OpenPGP keys: what a key file holds, and which verifier can use each key of it.

Loading proves nothing. A key counts when its whole fingerprint is pinned: `ring` is the only way from one to the other.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from builder.errors import HostileInput
from builder.tree import border
from builder.trust.openpgp import bare, packets, signature
from builder.trust.openpgp.packets import Packet
from builder.trust.openpgp.signature import Signature

MAX_BYTES = 1 << 20
MAX_NAME = 200
WHAT = "an OpenPGP public key"
FETCH = "fetch the key from the distribution's own pages, or copy it from an installed system's /etc/pki/rpm-gpg"
# RFC 9580 9.1, draft-ietf-openpgp-pqc. Those with a size say how many bits their first number has.
ALGORITHMS = {1: "RSA", 2: "RSA", 3: "RSA", 16: "Elgamal", 17: "DSA", 18: "ECDH", 19: "ECDSA", 22: "EdDSA",
              25: "X25519", 26: "X448", 27: "Ed25519", 28: "Ed448", 30: "ML-DSA-65+Ed25519", 31: "ML-DSA-87+Ed448"}
SIZED = frozenset({1, 2, 3, 16, 17})
# What stands before a key's body in its fingerprint, and how many bytes its length takes (RFC 9580 5.5.4).
FRAMES = {b"\x04": (b"\x99", 2, "sha1"), b"\x06": (b"\x9b", 4, "sha256")}
Usable = Literal["sequoia", "bare", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A primary key with what belongs to it. `fingerprint` and `subkeys` are lower-case hex of 40 or 64 digits.

    `created` and `expires` are seconds since 1970. `usable` names the verifier: `sequoia` (pysequoia's policy accepts
    the key), `bare` (only data that the primary key itself signed, by bare.covers), `none`; `reason` says why it is not
    the first. `data` is the key as bare packets.
    """

    fingerprint: str
    subkeys: tuple[str, ...]
    user_ids: tuple[str, ...]
    algorithm: str
    created: int
    expires: int | None
    revoked: bool
    usable: Usable
    reason: str
    data: bytes

    @property
    def ids(self) -> frozenset[str]:
        """The short ids of primary key and subkeys, by which old signatures name their maker."""
        return frozenset(map(key_id, (self.fingerprint, *self.subkeys)))

    def primary(self) -> bytes:
        """The body of the primary key's packet."""
        return packets.split(self.data)[0].body


def key_id(fingerprint: str) -> str:
    """The last 16 digits in version 4, the first 16 in version 6 (RFC 9580 5.5.4)."""
    return fingerprint[-16:] if len(fingerprint) == 40 else fingerprint[:16]


def ring(keys: Iterable[Key], pinned: Collection[str]) -> tuple[Key, ...]:
    """The keys whose fingerprint is in `pinned` (whole, lower-case hex), one of each, by fingerprint.

    Of several copies a revoked one counts first, then the one that more verifiers can use, then the one that ends last.
    """
    best: dict[str, Key] = {}
    for key in sorted(keys, key=_preference):
        if key.fingerprint in pinned:
            best.setdefault(key.fingerprint, key)
    return tuple(best[fingerprint] for fingerprint in sorted(best))


def _preference(key: Key) -> tuple[bool, int, float]:
    ends = float("inf") if key.expires is None else key.expires
    return not key.revoked, ("sequoia", "bare", "none").index(key.usable), -ends


def load(data: bytes, where: str) -> tuple[Key, ...]:
    """Every key of a file, armored (in one block or several) or bare. Old and weak ones load too: see `Key.usable`.

    Raises HostileInput for what is no public key (a page, a signature, a secret key), and Missing.
    """
    if len(data) > MAX_BYTES:
        raise border.refusal(where, f"too long for {WHAT}", f"{len(data)} bytes", f"at most {MAX_BYTES} bytes")
    if not data.strip():
        raise border.refusal(where, f"empty where {WHAT} is due", f"{len(data)} bytes", WHAT, FETCH)
    if page := border.html(data):
        raise border.refusal(where, f"HTML where {WHAT} is due (a login page?)", page, WHAT, border.LOGIN)
    try:
        return tuple(_key(part) for part in _parted(packets.read(data), where))
    except ValueError as e:
        raise border.refusal(where, f"not {WHAT}", str(e), WHAT, FETCH) from e


def _parted(found: Sequence[Packet], where: str) -> list[list[Packet]]:
    """One list of packets for each primary key, which is its first. Raises HostileInput and ValueError."""
    parts: list[list[Packet]] = []
    for packet in found:
        if packet.tag in (packets.SECRET_KEY, packets.SECRET_SUBKEY):
            raise HostileInput(f"{where}: a secret key, where only its public half is due",
                               "take it off that place, and export the public key alone: gpg --export --armor")
        if packet.tag == packets.PUBLIC_KEY:
            parts.append([packet])
        elif parts:
            parts[-1].append(packet)
        else:
            raise ValueError(packets.NAMES.get(packet.tag, f"a packet of type {packet.tag}"))
    # Keys of version 3 (PGP 2) lie beside newer ones in old files; their fingerprints are MD5 and never pinned.
    known = [part for part in parts if part[0].body[:1] in FRAMES]
    if not known:
        raise ValueError(f"a key of version {parts[0][0].body[:1].hex() or 'none'}" if parts else "no packets at all")
    return known


def _key(part: Sequence[Packet]) -> Key:
    """Raises ValueError for a primary key that is cut off."""
    primary = part[0].body
    name, data = fingerprint(primary), b"".join(map(bytes, part))
    mine = [made for made in signatures(part[1:]) if is_by(made, name)]
    own = max((made for made in mine if made.kind in signature.OF_THE_KEY), key=lambda made: made.created, default=None)
    complaint, expires, is_revoked = _opinion(data)
    usable, reason = _usable(primary, complaint, own)
    created = int.from_bytes(primary[1:5], "big")
    if complaint and own and own.key_lifetime:
        expires = created + own.key_lifetime
    return Key(
        fingerprint=name, algorithm=algorithm(primary), created=created, expires=expires, usable=usable, reason=reason,
        data=data, subkeys=tuple(fingerprint(packet.body) for packet in part if is_subkey(packet)),
        user_ids=tuple(_readable(packet.body) for packet in part if packet.tag == packets.USER_ID),
        # A revocation that pysequoia's policy does not look at (SHA-1, version 3) still speaks.
        revoked=is_revoked or any(made.kind == signature.KEY_REVOCATION for made in mine))


def fingerprint(body: bytes) -> str:
    """Of the body of a key packet. Raises ValueError."""
    mark, width, name = FRAMES[body[:1]]
    if not 12 <= len(body) < 1 << 8 * width:
        raise ValueError("a key that is cut off")
    made = hashlib.new(name, mark + len(body).to_bytes(width, "big") + body, usedforsecurity=False)
    return made.hexdigest()


def algorithm(body: bytes) -> str:
    """What kind of key it is, and its size where that differs: `RSA 4096`, `EdDSA`."""
    name = ALGORITHMS.get(body[5], f"algorithm {body[5]}")
    return f"{name} {bare.bits(body)}" if body[5] in SIZED and body[0] == 4 else name


def is_subkey(packet: Packet) -> bool:
    return packet.tag == packets.PUBLIC_SUBKEY and packet.body[:1] in FRAMES


def signatures(part: Iterable[Packet]) -> Iterator[Signature]:
    """The signatures up to the next subkey; one that cannot be read says nothing."""
    for packet in part:
        if packet.tag == packets.PUBLIC_SUBKEY:
            return
        if packet.tag == packets.SIGNATURE:
            with contextlib.suppress(ValueError):
                yield signature.read(packet.body)


def is_by(made: Signature, name: str) -> bool:
    """Does `made` name this fingerprint, or its short id, as its maker?"""
    return made.fingerprint == name if made.fingerprint else made.issuer == key_id(name)


def _opinion(data: bytes) -> tuple[str, int | None, bool]:
    """What pysequoia's policy has against the key, in one line (empty for nothing), when it ends, is it revoked."""
    try:
        from pysequoia import Cert
    except ImportError as e:
        raise bare.missing("pysequoia") from e
    is_revoked = False
    try:
        cert = Cert.from_bytes(data)
        is_revoked = cert.is_revoked
        expires = cert.expiration
    except RuntimeError as e:
        return trimmed(e), None, is_revoked
    return "", None if expires is None else int(expires.timestamp()), is_revoked


def trimmed(error: RuntimeError) -> str:
    """The message of pysequoia in one line, without the backtrace that it carries."""
    return " ".join(str(error).partition("Stack backtrace")[0].split())[:MAX_NAME]


def _usable(body: bytes, complaint: str, own: Signature | None) -> tuple[Usable, str]:
    kind = ALGORITHMS.get(body[5])
    if kind in ("RSA", "DSA") and body[0] == 4 and bare.bits(body) < bare.MIN_BITS:
        return "none", f"{algorithm(body)} is too weak to count (wants {bare.MIN_BITS} bits)"
    if not complaint:
        return "sequoia", ""
    if own and own.hash not in signature.STRONG:
        reason = f"self-signature {own.hash_name}"
    else:
        reason = "self-signature not accepted" if own else "no self-signature"
    if body[0] == 4 and body[5] in bare.RSA:
        return "bare", reason
    return "none", f"{algorithm(body)} with {reason} ({complaint})"


def _readable(name: bytes) -> str:
    return "".join(c if c.isprintable() else "?" for c in name[:MAX_NAME].decode("utf-8", "replace"))

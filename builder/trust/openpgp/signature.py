"""A signature packet as a value: who says to have made it, when, how, and which bytes of it the digest covers.

Version 3, 4 and 6 (RFC 4880 5.2.2, 5.2.3; RFC 9580 5.2.3). Nothing here is proved yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

BINARY, TEXT = 0x00, 0x01
SUBKEY_BINDING, KEY_REVOCATION, SUBKEY_REVOCATION = 0x18, 0x20, 0x28
OF_THE_KEY = frozenset({0x10, 0x11, 0x12, 0x13, 0x1F})  # what a key says about itself: certifications, direct key
# RFC 9580 9.5. Those of STRONG may stand under data; SHA-224 and older do not.
HASHES = {1: "MD5", 2: "SHA-1", 3: "RIPEMD-160", 8: "SHA-256", 9: "SHA-384", 10: "SHA-512", 11: "SHA-224",
          12: "SHA3-256", 14: "SHA3-512"}
STRONG = frozenset({8, 9, 10, 12, 14})
_CREATED, _EXPIRES, _KEY_EXPIRES, _ISSUER, _ISSUER_FINGERPRINT = 2, 3, 9, 16, 33
_CRITICAL = 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """`created` and `expires` in seconds since 1970; `key_lifetime` in seconds since the key was made, None for no end.

    `issuer` is a key id of 16 hex digits, `fingerprint` the issuer's whole one; empty where the packet is silent.
    `trailer` is what the digest covers behind the data, `numbers` the bytes of the signature proper.
    """

    version: int
    kind: int
    algorithm: int
    hash: int
    created: int
    expires: int | None
    key_lifetime: int | None
    issuer: str
    fingerprint: str
    trailer: bytes
    numbers: bytes
    body: bytes

    @property
    def hash_name(self) -> str:
        return HASHES.get(self.hash, f"digest algorithm {self.hash}")

    @property
    def signer(self) -> str:
        """The best name that the packet gives for its maker; empty for none."""
        return self.fingerprint or self.issuer


def read(body: bytes) -> Signature:
    """Raises ValueError for what is cut off, has no time, or is of a version that no verifier here reads."""
    version = body[0] if body else 0
    if version == 3:
        return _version3(body)
    if version in (4, 6):
        return _version4(body, 2 if version == 4 else 4)
    raise ValueError(f"a signature of version {version}")


def _version3(body: bytes) -> Signature:
    if len(body) < 20 or body[1] != 5:
        raise ValueError("a signature that is cut off")
    return Signature(version=3, kind=body[2], algorithm=body[15], hash=body[16],
                     created=int.from_bytes(body[3:7], "big"), expires=None, key_lifetime=None,
                     issuer=body[7:15].hex(), fingerprint="", trailer=body[2:7], numbers=body[19:], body=body)


def _version4(body: bytes, width: int) -> Signature:
    """`width` is the size of the two lengths: 2 in version 4, 4 in version 6."""
    hashed, at = _area(body, 4, width)
    loose, end = _area(body, at, width)
    signed, told = dict(_subpackets(hashed)), dict(_subpackets(loose))
    created, lifetime, key_lifetime = (_seconds(signed, kind) for kind in (_CREATED, _EXPIRES, _KEY_EXPIRES))
    if created is None:
        raise ValueError("a signature without its time")
    # Who made it is a hint only, so the part that the signature does not cover may tell it (RFC 9580 5.2.3.12).
    fingerprint = (signed.get(_ISSUER_FINGERPRINT) or told.get(_ISSUER_FINGERPRINT) or b"")[1:].hex()
    issuer = (signed.get(_ISSUER) or told.get(_ISSUER) or b"").hex()
    return Signature(version=body[0], kind=body[1], algorithm=body[2], hash=body[3], created=created,
                     expires=created + lifetime if lifetime else None,
                     key_lifetime=key_lifetime or None,
                     issuer=issuer, fingerprint=fingerprint,
                     trailer=body[:at] + bytes((body[0], 0xFF)) + at.to_bytes(4, "big"),
                     numbers=body[end + 2 :], body=body)


def _seconds(subpackets: Mapping[int, bytes], kind: int) -> int | None:
    """A time or a span of four bytes (RFC 4880 3.5); a span of 0 is no end (5.2.3.6). Raises ValueError."""
    content = subpackets.get(kind)
    if content is not None and len(content) != 4:
        raise ValueError("a signature with a time of another size than four bytes")
    return None if content is None else int.from_bytes(content, "big")


def _area(body: bytes, at: int, width: int) -> tuple[bytes, int]:
    """The subpackets whose length stands at `at`, and where they end."""
    start = at + width
    end = start + int.from_bytes(body[at:start], "big")
    if end > len(body):
        raise ValueError("a signature that is cut off")
    return body[start:end], end


def _subpackets(area: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and content of each (RFC 4880 5.2.3.1). Raises ValueError."""
    at = 0
    while at < len(area):
        first = area[at]
        if first < 192:
            length, at = first, at + 1
        elif first < 255:
            length, at = (first - 192 << 8) + int.from_bytes(area[at + 1 : at + 2], "big") + 192, at + 2
        else:
            length, at = int.from_bytes(area[at + 1 : at + 5], "big"), at + 5
        if length < 1 or at + length > len(area):
            raise ValueError("a signature whose subpackets are cut off")
        yield area[at] & ~_CRITICAL, area[at + 1 : at + length]
        at += length

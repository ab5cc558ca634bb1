"""The second verifier: data against the numbers of a key packet, with none of what the key says about itself.

A pinned fingerprint is all the trust that a primary key needs, so data that the primary key itself signed can be
checked where its self-signature is SHA-1 or the signature is of version 3: CentOS 6 to 8, Oracle 7, Red Hat.
"""

from __future__ import annotations

import hashlib

from builder.errors import Missing
from builder.trust.openpgp.signature import Signature

RSA, EDDSA = frozenset({1, 3}), 22  # those that sign (RFC 9580 9.1)
MIN_BITS = 2048
_HASHES = {8: "sha256", 9: "sha384", 10: "sha512"}
_ED25519 = bytes.fromhex("092b06010401da470f01")
_PREFIX = 6  # version, time and algorithm of a version 4 key (RFC 4880 5.5.2)


def covers(key: bytes, signature: Signature, data: bytes) -> bool:
    """Did the private half of `key` (the body of a version 4 key packet) sign `data`?

    `data` is as the digest wants it: CRLF line ends under a signature of type 1. RSA with PKCS 1 and Ed25519 only;
    False for all else. Whether the key may be believed is not asked here. Raises Missing.
    """
    name = _HASHES.get(signature.hash)
    if name is None or key[:1] != b"\x04" or signature.version not in (3, 4):
        return False
    digest = hashlib.new(name, data)
    digest.update(signature.trailer)
    if key[5] in RSA and signature.algorithm in RSA:
        return _rsa(key, signature, digest.digest(), name)
    if key[5] == signature.algorithm == EDDSA and key[_PREFIX:].startswith(_ED25519):
        return _ed25519(key, signature, digest.digest())
    return False


def bits(key: bytes) -> int:
    """The size of the first number of a version 4 key packet: the modulus of RSA, p of DSA and Elgamal."""
    return int.from_bytes(key[_PREFIX : _PREFIX + 2], "big")


def _rsa(key: bytes, signature: Signature, digest: bytes, name: str) -> bool:
    try:  # cryptography: 33 ms to import, and only old keys need it
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding, rsa
        from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    except ImportError as e:
        raise missing("cryptography") from e
    kinds = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
    try:
        modulus, exponent = _numbers(key[_PREFIX:], 2)
        (made,) = _numbers(signature.numbers, 1)
        public = rsa.RSAPublicNumbers(int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big")).public_key()
        public.verify(made.rjust(len(modulus), b"\0"), digest, padding.PKCS1v15(), Prehashed(kinds[name]))
    except (ValueError, InvalidSignature):
        return False
    return True


def _ed25519(key: bytes, signature: Signature, digest: bytes) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as e:
        raise missing("cryptography") from e
    try:
        (point,) = _numbers(key[_PREFIX + len(_ED25519) :], 1)
        made = b"".join(number.rjust(32, b"\0") for number in _numbers(signature.numbers, 2))
        Ed25519PublicKey.from_public_bytes(point[1:]).verify(made, digest)
    except (ValueError, InvalidSignature):
        return False
    return True


def _numbers(data: bytes, count: int) -> list[bytes]:
    """Exactly `count` multiprecision integers (RFC 4880 3.2). Raises ValueError."""
    found: list[bytes] = []
    at = 0
    for _ in range(count):
        size = (int.from_bytes(data[at : at + 2], "big") + 7) // 8
        found.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    if at != len(data):
        raise ValueError("numbers that are cut off, or bytes behind them")
    return found


def missing(library: str) -> Missing:
    return Missing(f"the library {library} is not installed, and signatures cannot be checked without it",
                   "pip install 'pinboot[signatures]'")

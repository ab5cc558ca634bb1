"""Keys and signatures of every shape that the field has or had, well made and badly made.

The private keys are made once per run: what they sign is never compared byte by byte.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import struct
from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519, padding, rsa, utils

from builder.demo import openpgp
from builder.demo.openpgp import armor, mpi, packet, subpacket
from builder.trust.openpgp import keys
from builder.trust.openpgp.keys import Key

DAY = 86400
YEAR = 365 * DAY
MADE = 1577836800  # 2020-01-01: when keys are made
WHEN = 1609459200  # 2021-01-01: when they sign
NOW = 1767225600  # 2026-01-01: when somebody looks
MD5, SHA1, SHA256, SHA512, SHA224 = 1, 2, 8, 10, 11
BINARY, TEXT, CERTIFICATION, BINDING, BACK, REVOCATION, SUBKEY_REVOCATION = 0, 1, 0x13, 0x18, 0x19, 0x20, 0x28
CERTIFY, SIGN = b"\x01", b"\x02"
_HASHES: dict[int, tuple[str, hashes.HashAlgorithm]] = {
    MD5: ("md5", hashes.MD5()), SHA1: ("sha1", hashes.SHA1()), SHA256: ("sha256", hashes.SHA256()),
    SHA512: ("sha512", hashes.SHA512()), SHA224: ("sha224", hashes.SHA224())}


def number(value: int) -> bytes:
    return mpi(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@dataclasses.dataclass(frozen=True)
class Pair:
    """A key pair: its number in RFC 9580 9.1, the public half as in a key packet, and what signs a digest."""

    algorithm: int
    public: bytes
    sign: Callable[[bytes, int], bytes]
    made: int = MADE

    @property
    def body(self) -> bytes:
        return b"\x04" + struct.pack(">IB", self.made, self.algorithm) + self.public

    @property
    def framed(self) -> bytes:
        return b"\x99" + struct.pack(">H", len(self.body)) + self.body

    @property
    def fingerprint(self) -> str:
        return hashlib.sha1(self.framed).hexdigest()


@functools.cache
def rsa_pair(bits: int = 2048, which: str = "first") -> Pair:
    private = rsa.generate_private_key(65537, bits)
    numbers = private.public_key().public_numbers()

    def sign(digest: bytes, kind: int) -> bytes:
        return mpi(private.sign(digest, padding.PKCS1v15(), utils.Prehashed(_HASHES[kind][1])))
    return Pair(1, number(numbers.n) + number(numbers.e), sign)


@functools.cache
def edwards_pair(which: str = "first") -> Pair:
    private = ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(which.encode()).digest())

    def sign(digest: bytes, kind: int) -> bytes:
        made = private.sign(digest)
        return mpi(made[:32]) + mpi(made[32:])
    return Pair(22, openpgp.CURVE + mpi(b"\x40" + private.public_key().public_bytes_raw()), sign)


@functools.cache
def dsa_pair(bits: int = 1024) -> Pair:
    private = dsa.generate_private_key(bits)
    numbers = private.public_key().public_numbers()
    group = numbers.parameter_numbers

    def sign(digest: bytes, kind: int) -> bytes:
        made = private.sign(digest, utils.Prehashed(_HASHES[kind][1]))
        return b"".join(map(number, utils.decode_dss_signature(made)))
    return Pair(17, b"".join(map(number, (group.p, group.q, group.g, numbers.y))), sign)


def signature(pair: Pair, kind: int, data: bytes, *, when: int = WHEN, hash: int = SHA256, version: int = 4,
              more: bytes = b"", issuer: bool = True) -> bytes:
    """A signature packet. `more` are subpackets beside time and issuer; `issuer` False leaves its maker unnamed."""
    if version == 3:
        trailer = struct.pack(">BI", kind, when)
        digest = hashlib.new(_HASHES[hash][0], data + trailer).digest()
        head = b"\x03\x05" + trailer + bytes.fromhex(pair.fingerprint)[-8:] + bytes((pair.algorithm, hash))
        return packet(2, head + digest[:2] + pair.sign(digest, hash))
    mark = bytes.fromhex(pair.fingerprint)
    hashed = subpacket(2, struct.pack(">I", when)) + subpacket(33, b"\x04" + mark) * issuer + more
    loose = subpacket(16, mark[-8:]) * issuer
    head = struct.pack(">BBBBH", 4, kind, pair.algorithm, hash, len(hashed)) + hashed
    digest = hashlib.new(_HASHES[hash][0], data + head + b"\x04\xff" + struct.pack(">I", len(head))).digest()
    return packet(2, head + struct.pack(">H", len(loose)) + loose + digest[:2] + pair.sign(digest, hash))


def lifetime(seconds: int) -> bytes:
    """Of a key, as a subpacket of its self-signature."""
    return subpacket(9, struct.pack(">I", seconds))


def expires(seconds: int) -> bytes:
    """Of a signature, in seconds after it was made."""
    return subpacket(3, struct.pack(">I", seconds))


def certificate(pair: Pair, *parts: bytes, hash: int = SHA256, more: bytes = b"", flags: bytes = b"\x03",
                before: Sequence[bytes] = (), when: int | None = None) -> bytes:
    """A key with one user id and its self-signature; `before` stands behind the key, `parts` at the end."""
    name = b"Test <test@example.com>"
    over = pair.framed + b"\xb4" + struct.pack(">I", len(name)) + name
    own = signature(pair, CERTIFICATION, over, when=pair.made if when is None else when, hash=hash,
                    more=subpacket(27, flags) + more)
    return b"".join((packet(6, pair.body), *before, packet(13, name), own, *parts))


def revocation(pair: Pair, *, hash: int = SHA256, by: Pair | None = None) -> bytes:
    """Of the whole key, as its owner publishes it (RFC 9580 5.2.1.11): the key was compromised."""
    return signature(by or pair, REVOCATION, pair.framed, hash=hash, more=subpacket(29, b"\x02"))


def subkey(primary: Pair, sub: Pair, *, hash: int = SHA256, back: bool = True, more: bytes = b"",
           behind: bytes = b"") -> bytes:
    """A signing subkey and its binding; `back` False leaves out its own consent (RFC 9580 5.2.1.9)."""
    over = primary.framed + sub.framed
    consent = signature(sub, BACK, over, when=MADE, hash=hash)
    embedded = packet_body(consent)
    long = b"\xff" + struct.pack(">I", len(embedded) + 1) + b"\x20" + embedded
    binding = signature(primary, BINDING, over, when=MADE, hash=hash, more=subpacket(27, SIGN) + long * back + more)
    return packet(14, sub.body) + binding + behind


def subkey_revocation(primary: Pair, sub: Pair) -> bytes:
    return signature(primary, SUBKEY_REVOCATION, primary.framed + sub.framed, more=subpacket(29, b"\x02"))


def packet_body(whole: bytes) -> bytes:
    """The body of a packet shorter than 8384 bytes with a header of the new format."""
    return whole[2:] if whole[1] < 192 else whole[3:]


def clear(pair: Pair, text: bytes, **how: int) -> bytes:
    """`text` (LF, no dash first) clear-signed."""
    lines = text.decode().split("\n")
    made = signature(pair, TEXT, openpgp.canonical(lines), **how)
    return b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + text + b"\n" + armor("SIGNATURE", made)


def ring(*files: bytes) -> tuple[Key, ...]:
    """What a profile has that pins the first key of every file."""
    loaded = [keys.load(data, "key") for data in files]
    return keys.ring([key for found in loaded for key in found], [found[0].fingerprint for found in loaded])

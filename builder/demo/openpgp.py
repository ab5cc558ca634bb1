"""The demo's signing key: an OpenPGP v4 key on Ed25519 that is made from a word, so that two runs sign the same bytes.

Nobody should trust such a key: whoever knows the word has its private half. Format: RFC 4880 (packets, armor,
clear-signed text), RFC 9580 5.2.3.3 and 5.5.5.5 (EdDSALegacy).
"""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from builder.errors import Missing

SIGNATURE, PUBLIC_KEY, USER_ID = 2, 6, 13  # packet tags, RFC 4880 4.3
BINARY, TEXT, CERTIFICATION = 0x00, 0x01, 0x13  # signature types, RFC 4880 5.2.1
EDDSA, SHA256 = 22, 8  # RFC 9580 9.1 and 9.5
CURVE = bytes.fromhex("092b06010401da470f01")  # the OID of Ed25519 behind its length, RFC 9580 9.2
CREATED, KEY_FLAGS, ISSUER, ISSUER_FINGERPRINT = 2, 27, 16, 33  # subpackets, RFC 9580 5.2.3.7
FLAGS = b"\x03"  # may certify and sign
LINE = 64


@dataclass(frozen=True, slots=True)
class Signer:
    """The key that `seed` names. `created` and every `when` are seconds since 1970; no signature is older than its key.

    Raises Missing (from every method) where cryptography is not installed.
    """

    seed: str
    _: KW_ONLY
    name: str = "pinboot demo <demo@pinboot.example>"
    created: int = 1262304000  # 2010-01-01, before any tree of the demo

    @property
    def fingerprint(self) -> str:
        """40 lower-case hex digits (RFC 4880 12.2)."""
        return hashlib.sha1(_framed(self._key()), usedforsecurity=False).hexdigest()

    def public(self) -> bytes:
        """The armored public key: key, user id, self-signature."""
        key, name = self._key(), self.name.encode()
        hashed = _framed(key) + b"\xb4" + struct.pack(">I", len(name)) + name
        binding = self._signature(CERTIFICATION, hashed, self.created, subpacket(KEY_FLAGS, FLAGS))
        return armor("PUBLIC KEY BLOCK", packet(PUBLIC_KEY, key) + packet(USER_ID, name) + binding)

    def packet(self, data: bytes, *, when: int) -> bytes:
        """A bare signature packet over `data`, as an RPM header holds it in tag 267."""
        return self._signature(BINARY, data, when)

    def detached(self, data: bytes, *, when: int) -> bytes:
        """An armored detached signature over `data`: the content of repomd.xml.asc."""
        return armor("SIGNATURE", self.packet(data, when=when))

    def clear(self, text: str, *, when: int) -> bytes:
        """`text` and its signature in one readable file (RFC 4880 7), as CentOS publishes sha256sum.txt.asc."""
        lines = text.removesuffix("\n").split("\n")
        signature = self._signature(TEXT, canonical(lines), when)
        return (b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
                + b"".join(b"- " * line.startswith("-") + line.encode() + b"\n" for line in lines)
                + armor("SIGNATURE", signature))

    def _key(self) -> bytes:
        """The body of the key packet (RFC 4880 5.5.2)."""
        point, _ = _ed25519(self.seed)
        return b"\x04" + struct.pack(">IB", self.created, EDDSA) + CURVE + mpi(b"\x40" + point)

    def _signature(self, kind: int, data: bytes, when: int, *more: bytes) -> bytes:
        """A version 4 signature packet (RFC 4880 5.2.3, 5.2.4)."""
        fingerprint = bytes.fromhex(self.fingerprint)
        hashed = b"".join((subpacket(ISSUER_FINGERPRINT, b"\x04" + fingerprint),
                           subpacket(CREATED, struct.pack(">I", when)), *more))
        head = struct.pack(">BBBBH", 4, kind, EDDSA, SHA256, len(hashed)) + hashed
        digest = hashlib.sha256(data + head + b"\x04\xff" + struct.pack(">I", len(head))).digest()
        _, sign = _ed25519(self.seed)
        made = sign(digest)
        loose = subpacket(ISSUER, fingerprint[-8:])
        return packet(SIGNATURE, head + struct.pack(">H", len(loose)) + loose + digest[:2]
                      + mpi(made[:32]) + mpi(made[32:]))


def canonical(lines: list[str]) -> bytes:
    """What a signature over text covers: CRLF between lines, no blanks at their ends, no last line end (7.1)."""
    return "\r\n".join(line.rstrip(" \t\r") for line in lines).encode()


def packet(tag: int, body: bytes) -> bytes:
    """A packet with a new-format header (RFC 4880 4.2.2)."""
    size = len(body)
    if size < 192:
        length = bytes([size])
    elif size < 8384:
        length = struct.pack(">H", size - 192 + (192 << 8))
    else:
        length = b"\xff" + struct.pack(">I", size)
    return bytes([0xC0 | tag]) + length + body


def subpacket(kind: int, content: bytes) -> bytes:
    """A signature subpacket shorter than 192 bytes (RFC 4880 5.2.3.1)."""
    return bytes([len(content) + 1, kind]) + content


def mpi(number: bytes) -> bytes:
    """A big-endian number behind its length in bits (RFC 4880 3.2)."""
    bare = number.lstrip(b"\0")
    return struct.pack(">H", int.from_bytes(bare, "big").bit_length()) + bare


def armor(kind: str, data: bytes) -> bytes:
    """ASCII armor with its checksum (RFC 4880 6.1, 6.2)."""
    text = base64.b64encode(data).decode()
    body = "".join(f"{text[at:at + LINE]}\n" for at in range(0, len(text), LINE))
    check = base64.b64encode(crc24(data).to_bytes(3, "big")).decode()
    return f"-----BEGIN PGP {kind}-----\n\n{body}={check}\n-----END PGP {kind}-----\n".encode()


def crc24(data: bytes) -> int:
    crc = 0xB704CE
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc = (crc << 1) ^ (0x1864CFB if crc & 0x800000 else 0)
    return crc


def _ed25519(seed: str) -> tuple[bytes, Callable[[bytes], bytes]]:
    """The public point of the key that `seed` names, and what signs with it."""
    try:  # 33 ms to import: only who signs pays for it
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError as e:
        raise Missing("the library cryptography is not installed", "pip install cryptography") from e
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest())
    return private.public_key().public_bytes_raw(), private.sign


def _framed(key: bytes) -> bytes:
    return b"\x99" + struct.pack(">H", len(key)) + key

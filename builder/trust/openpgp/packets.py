"""OpenPGP packets, armored or bare: framing alone, within caps (RFC 4880 4.2, 6.2; RFC 9580 4.2, 6.2).

Read here and not by a library, so that no packet is unpacked, a secret key is named as such, and both verifiers get
the same packets. The armor's checksum is not looked at, as RFC 9580 6.1 asks: fingerprint and signature say more.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

SIGNATURE, SECRET_KEY, PUBLIC_KEY, SECRET_SUBKEY, MARKER, USER_ID, PUBLIC_SUBKEY, PADDING = 2, 5, 6, 7, 10, 13, 14, 21
NAMES = {1: "an encrypted message", 3: "an encrypted message", 4: "an inline-signed message", 8: "compressed data",
         9: "an encrypted message", 11: "a literal message", 18: "an encrypted message", 20: "an encrypted message",
         SIGNATURE: "a signature", SECRET_KEY: "a secret key", SECRET_SUBKEY: "a secret key",
         PUBLIC_KEY: "a public key", USER_ID: "a user id", PUBLIC_SUBKEY: "a subkey"}
MAX_PACKETS = 2000
BEGIN, END, TAIL = b"-----BEGIN PGP ", b"-----END PGP ", b"-----"


@dataclass(frozen=True, slots=True)
class Packet:
    tag: int
    body: bytes

    def __bytes__(self) -> bytes:
        """With a header of the new format and five bytes of length: the one form that fits every body."""
        return bytes((0xC0 | self.tag, 0xFF)) + len(self.body).to_bytes(4, "big") + self.body


@dataclass(frozen=True, slots=True)
class Block:
    """An armored block: `kind` as its first line calls it (PUBLIC KEY BLOCK, SIGNATURE), and what it holds."""

    kind: str
    data: bytes


def read(data: bytes) -> tuple[Packet, ...]:
    """The packets of `data`, armored or bare. Raises ValueError with what is wrong."""
    if data[:1] >= b"\x80":  # bit 7 is set in every packet header (RFC 4880 4.2)
        return split(data)
    found = blocks(data)
    if not found:
        raise ValueError("no OpenPGP data, neither armored nor bare")
    return tuple(packet for block in found for packet in split(block.data))


def blocks(data: bytes) -> tuple[Block, ...]:
    """The armored blocks of a text, in order; text around them is left alone. Raises ValueError."""
    found: list[Block] = []
    kind, lines = b"", list[bytes]()
    for line in (raw.rstrip() for raw in data.split(b"\n")):
        if line.startswith(BEGIN) and line.endswith(TAIL):
            if kind:
                raise ValueError("an armored block that begins inside another")
            kind, lines = line[len(BEGIN) : -len(TAIL)], []
        elif kind and line == END + kind + TAIL:
            found.append(Block(kind.decode("ascii", "replace"), _decoded(lines)))
            kind = b""
        elif kind and line and b":" not in line and not line.startswith(b"="):  # no header, no checksum
            lines.append(line)
    if kind:
        raise ValueError("an armored block without its last line")
    return tuple(found)


def _decoded(lines: list[bytes]) -> bytes:
    try:
        return base64.b64decode(b"".join(lines), validate=True)
    except binascii.Error as e:
        raise ValueError("an armored block that is not base64") from e


def split(data: bytes) -> tuple[Packet, ...]:
    """Bare packets, without markers and padding, which say nothing. Raises ValueError."""
    found: list[Packet] = []
    at = 0
    while at < len(data):
        if len(found) >= MAX_PACKETS:
            raise ValueError(f"more than {MAX_PACKETS} packets")
        tag, start, size = _header(data, at)
        at = start + size
        if at > len(data):
            raise ValueError("a packet that is cut off")
        if tag not in (MARKER, PADDING):
            found.append(Packet(tag, data[start:at]))
    return tuple(found)


def _header(data: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start of the body and its size, for the packet whose header begins at `at` (RFC 4880 4.2.1, 4.2.2)."""
    first = data[at]
    if first < 0x80:
        raise ValueError("no packet header where one is due")
    if first < 0xC0:
        width = (1, 2, 4, 0)[first & 3]
        tag = first >> 2 & 0x0F
        if not width:
            raise ValueError("a packet without a length")
        return tag, at + 1 + width, _number(data, at + 1, width)
    length = _number(data, at + 1, 1)
    if length < 192:
        return first & 0x3F, at + 2, length
    if length < 224:
        return first & 0x3F, at + 3, (length - 192 << 8) + _number(data, at + 2, 1) + 192
    if length < 255:
        raise ValueError("a packet in parts")
    return first & 0x3F, at + 6, _number(data, at + 2, 4)


def _number(data: bytes, at: int, width: int) -> int:
    if at + width > len(data):
        raise ValueError("a packet that is cut off")
    return int.from_bytes(data[at : at + width], "big")

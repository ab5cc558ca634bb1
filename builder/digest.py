"""A strong digest: the name of a byte string."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

# Weak or malformed digests never count (RELIABILITY I03): exact lengths of the strong ones, nothing else.
HEX_LENGTH = {"sha256": 64, "sha384": 96, "sha512": 128}
HEX = re.compile(r"[0-9a-f]+")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """`algorithm` is sha256, sha384 or sha512; `hex` is lower-case and of exactly that algorithm's length.

    Raises ValueError (with the reason) for anything else: md5, sha1, wrong length, non-hex.
    """

    algorithm: str
    hex: str

    def __post_init__(self) -> None:
        length = HEX_LENGTH.get(self.algorithm)
        if length is None:
            raise ValueError(f"{self.algorithm!r} is no digest that counts (only {', '.join(HEX_LENGTH)})")
        if len(self.hex) != length or not HEX.fullmatch(self.hex):
            raise ValueError(f"not a {self.algorithm} digest of {length} lower-case hex digits: {self.hex[:140]!r}")

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"

    @property
    def short(self) -> str:
        return f"{self.hex[:8]}..."


def parse(text: str) -> Digest:
    """`algorithm:hex` to a Digest. Raises ValueError."""
    algorithm, colon, value = text.partition(":")
    if not colon:
        raise ValueError(f"no algorithm in digest {text[:140]!r}")
    return Digest(algorithm.lower(), value.lower())


def of_bytes(data: bytes) -> Digest:
    return Digest("sha256", hashlib.sha256(data).hexdigest())


def matches(data: bytes, expected: Digest) -> bool:
    """Are these the bytes that `expected` names?"""
    return hashlib.new(expected.algorithm, data).hexdigest() == expected.hex

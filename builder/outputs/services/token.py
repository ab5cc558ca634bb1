"""The unguessable part of a kickstart's path, made of a secret, so the same in every build (RELIABILITY V02)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path

from builder.profile import secrets
from builder.profile.secrets import Secret

# Whoever uses one secret for two purposes, or a later form of the path, gets other tokens.
DOMAIN = b"pinboot kickstart path v1"
LEAST = 32
BITS = 160
HOW_TO_MAKE = "make one with: (umask 077; openssl rand -hex 32 > FILE)"


def read(text: str, folder: Path, environment: Mapping[str, str]) -> Secret:
    """The secret behind `file:PATH` or `env:NAME`, printable ASCII, 32 characters at least.

    Raises ValueError, never echoing it: plain text, readable by others, too short, or the same few characters again
    and again, as a placeholder has them.
    """
    try:
        found = secrets.clear(text, folder, environment, least=LEAST)
    except ValueError as reason:
        raise ValueError(f"{reason}; {HOW_TO_MAKE}") from None
    # 64 random hexadecimal digits have fewer than eight different ones in about one of a million million cases.
    if len(set(found.text)) < 8:
        raise ValueError(f"has fewer than 8 different characters: that is no secret; {HOW_TO_MAKE}")
    return found


def token(secret: bytes, profile: str, host: str) -> str:
    """32 characters a-z and 2-7 (160 bits) for the kickstart of `host`: HMAC-SHA256 (RFC 2104) of the names of profile
    and host under `secret`, cut (RFC 2104 5) to a path part that every file system and loader takes.

    Raises ValueError for a secret below 32 bytes, and for names that hold a NUL, which parts them.
    """
    if len(secret) < LEAST:
        raise ValueError(f"the secret has {len(secret)} bytes; at least {LEAST}")
    if "\0" in profile or "\0" in host:
        raise ValueError("a name holds a NUL")
    message = b"\0".join((DOMAIN, profile.encode(), host.encode()))
    return base64.b32encode(hmac.digest(secret, message, hashlib.sha256)[: BITS // 8]).decode().lower()

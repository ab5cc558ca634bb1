"""The unguessable part of a kickstart's path, made of a secret, so the same in every build (RELIABILITY V02)."""

from __future__ import annotations

import base64
import hashlib
import hmac

from builder.profile.tables.serving import LEAST_SECRET

# Whoever uses one secret for two purposes, or a later form of the path, gets other tokens.
DOMAIN = b"pinboot kickstart path v1"
BITS = 160


def token(secret: bytes, profile: str, host: str) -> str:
    """32 characters a-z and 2-7 (160 bits) for the kickstart of `host`: HMAC-SHA256 (RFC 2104) of the names of profile
    and host under `secret`, cut (RFC 2104 5) to a path part that every file system and loader takes.

    Raises ValueError for a secret below 32 bytes, and for names that hold a NUL, which parts them.
    """
    if len(secret) < LEAST_SECRET:
        raise ValueError(f"the secret has {len(secret)} bytes; at least {LEAST_SECRET}")
    if "\0" in profile or "\0" in host:
        raise ValueError("a name holds a NUL")
    message = b"\0".join((DOMAIN, profile.encode(), host.encode()))
    return base64.b32encode(hmac.digest(secret, message, hashlib.sha256)[: BITS // 8]).decode().lower()

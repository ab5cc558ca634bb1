"""Which evidence is enough, whose keys count, and where proofs are."""

from __future__ import annotations

import re
from types import MappingProxyType

from builder import names
from builder.profile.file import schema
from builder.profile.tables.reading import Reading
from builder.profile.tables.sources import source
from builder.profile.values import Trust


def trust(raw: schema.Trust | None, reading: Reading) -> Trust:
    raw = raw or schema.Trust()
    minimum = raw.minimum or schema.Minimum()
    words = {role: getattr(minimum, role) for role in ("kernel", "initrd", "stage2", "repository")}
    return Trust(
        minimum=MappingProxyType({role: word for role, word in words.items() if word}),
        quorum=reading.each("trust.quorum", raw.quorum, lambda text: source(text, reading)),
        quorum_stage2=raw.quorum_stage2,
        keys=reading.each("trust.keys", raw.keys, _fingerprint),
        key_files=reading.each("trust.key_files", raw.key_files, lambda text: _proof("trust.key_files", text, reading)),
        checksums=reading.mistakes.parsed(
            "trust.checksums", lambda text: _proof("trust.checksums", text, reading), raw.checksums)
        if raw.checksums else None,
        iso=raw.iso, accept=reading.each("trust.accept", raw.accept, names.tree_path))


def _proof(key: str, text: str, reading: Reading) -> str:
    """A file that proves others: a URL, `file:` and a path of this machine, or a path in the tree."""
    if text.startswith("file:"):
        return reading.place(key, text.removeprefix("file:").removeprefix("//")).as_uri()
    if "://" in text:
        return names.url(text)
    return names.tree_path(text)


def _fingerprint(text: str) -> str:
    """A whole fingerprint (RFC 9580 5.5.4: 20 bytes of a version 4 key, 32 of a version 6 one) in lower-case hex."""
    found = re.sub(r"[ :]", "", text).removeprefix("0x").lower()
    if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", found):
        return found
    if re.fullmatch(r"[0-9a-f]{8}|[0-9a-f]{16}", found):
        raise ValueError(f"{names.shown(text)} is a key ID, which anybody can copy; write the whole fingerprint of 40 "
                         "or 64 hex digits")
    raise ValueError(f"{names.shown(text)} is no fingerprint of 40 or 64 hex digits")

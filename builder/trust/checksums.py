"""Checksum files: the digests of images beside them, as coreutils, BSD tools and Fedora write them.

Only what a signature covers should come here: a checksum file without one proves nothing against a mirror.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from builder.digest import HEX_LENGTH, Digest
from builder.names import PATH_PART, shown
from builder.tree import border

MAX_BYTES = 1 << 20
WHAT = "a checksum file"
COREUTILS = re.compile(r"\\?([0-9A-Fa-f]{32,128})(?: [ *]|\t+)(\S.*)")
BSD = re.compile(r"([A-Za-z0-9]{3,10}) ?\((.+)\) ?= ?([0-9A-Fa-f]{32,128})")
# md5sum and sha256sum lines tell no algorithm: the length of the digest does.
BY_LENGTH = {32: "md5", 40: "sha1", 56: "sha224", **{length: name for name, length in HEX_LENGTH.items()}}
# Which of several digests of one file is kept: SHA-256 is what everything else here compares by.
CHOICE = ("sha256", "sha512", "sha384")


def parse(data: bytes, where: str) -> Mapping[str, Digest]:
    """File name to digest, in the order of the file.

    Weak digests (md5, sha1) and names that no image has (with a slash, a blank, a dash first) are passed over. Raises
    HostileInput, with the line, for what is no checksum line, and for two digests of one kind for one name.
    """
    text = border.text(data, where, WHAT, MAX_BYTES)
    found: dict[str, dict[str, Digest]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.startswith("#"):
            _line(line.rstrip(), f"{where}: line {number}", found)
    kept = {name: next(by[algorithm] for algorithm in CHOICE if algorithm in by) for name, by in found.items()}
    if not kept:
        raise border.refusal(where, "no file of it has a digest that counts", "none, or md5 and sha1 alone",
                             f"lines with {' or '.join(CHOICE)} and the name of a file")
    return MappingProxyType(kept)


def _line(line: str, where: str, found: dict[str, dict[str, Digest]]) -> None:
    algorithm, name, value = _taken(line, where)
    try:
        digest = border.digest(algorithm, value)
    except ValueError as e:
        raise border.refusal(where, "no digest", shown(line), str(e)) from e
    if isinstance(digest, str) or not PATH_PART.fullmatch(name):
        return
    known = found.setdefault(name, {}).setdefault(algorithm, digest)
    if known != digest:
        raise border.refusal(where, f"a second {algorithm} digest of {shown(name)}", digest.hex, known.hex)


def _taken(line: str, where: str) -> tuple[str, str, str]:
    """Algorithm, name and hex digits of a line."""
    if plain := COREUTILS.fullmatch(line):
        return BY_LENGTH.get(len(plain[1]), f"{len(plain[1])} hex digits"), plain[2], plain[1]
    if bsd := BSD.fullmatch(line):
        return bsd[1].lower(), bsd[2], bsd[3]
    raise border.refusal(where, "no checksum line", shown(line),
                         "a digest and a name (sha256sum), or SHA256 (name) = digest")

"""The members of a tar, plain or in zstd, from a file that is read once from front to end.

Nothing is extracted and nothing is held: a few blocks of header and one piece, whatever a hostile archive claims. Long
names, pax headers and sparse files are refused, because no bundle has them: a reader of those holds what they claim.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from builder.errors import UsageError
from builder.names import shown
from builder.probe import compression, feed
from builder.probe.feed import Feed

BLOCK = tarfile.BLOCKSIZE
# Texts of ten thousand like hosts shrink to a fiftieth or so. A bomb of zstd grows ten thousand times.
LEAST_CAP, MOST_GROWTH = 1 << 30, 256
# Ten thousand hosts make some 60,000 members.
MOST_MEMBERS = 1 << 20
SPECIAL = "a special file"
KINDS = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "folder",
         tarfile.SYMTYPE: "a symbolic link", tarfile.LNKTYPE: "a hard link",
         tarfile.CHRTYPE: SPECIAL, tarfile.BLKTYPE: SPECIAL, tarfile.FIFOTYPE: SPECIAL}
NAME = tarfile.LENGTH_NAME
PLAIN_NAME = re.compile(rb"[!-~]+")
# mode, no owner, size, time, sum, kind, no link, magic, no names, no device, no prefix (POSIX pax, ustar Interchange
# Format).
BEHIND_NAME = re.compile(rb"(?P<mode>[0-7]{7})\0(?:0{7}\0){2}(?P<size>[0-7]{11})\0[0-7]{11}\0(?P<sum>[0-7]{6}\0 )"
                         rb"(?P<kind>[05])\0{100}ustar\x0000\0{64}(?:0{7}\0|\0{8}){2}\0{167}")
CURE = "unpack it, and verify the folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """`kind` is `file`, `folder`, or a word for what it is instead."""

    name: str
    kind: str
    mode: int
    size: int


def read(file: BinaryIO, size: int, where: str) -> Iterator[tuple[Member, Iterator[bytes]]]:
    """Every member with its bytes, to be read before the next member is asked for; `size` is that of the file. Large
    ones that nobody reads are stepped over where the tar is not compressed.

    Bytes behind the end of the tar come as a last member that is no file. Raises UsageError where this is no tar that a
    bundle could be, HostileInput for damage, a bomb, or an end in the middle; Missing without a zstd module.
    """
    outer = Feed(feed.chunks(file), where, feed.leaps(file, size))
    packed = compression.kind(outer.peek(compression.MAGIC_SIZE)) == "zstd"
    cap = max(LEAST_CAP, MOST_GROWTH * size)
    inner = Feed(compression.unpack(outer, cap=cap), where) if packed else outer
    if len(inner.peek(BLOCK)) < BLOCK:
        raise _no_tar(where, "it is too short")
    yield from _members(inner, where)
    inner.skip_zeros()
    if inner.peek(1) or (packed and outer.peek(1)):
        yield Member(name="bytes behind the end", kind="no member of the tar", mode=0, size=0), iter(())


def _members(source: Feed, where: str) -> Iterator[tuple[Member, Iterator[bytes]]]:
    for _ in range(MOST_MEMBERS):
        # A tar that was cut between two members ends here as well: what it lacks will be missed by name.
        if not source.peek(1) or (block := source.take(BLOCK)) == bytes(BLOCK):
            return
        member = _member(block, where)
        end = source.position + member.size
        yield member, _content(source, member.size)
        source.skip(end - source.position + -member.size % BLOCK)
    raise UsageError(f"{where}: has more than {MOST_MEMBERS} members; no bundle has", CURE)


def _member(block: bytes, where: str) -> Member:
    plain = _plain(block)
    if plain:
        return plain
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError) as reason:
        raise _no_tar(where, str(reason)) from None
    kind = KINDS.get(info.type)
    if kind is None or info.size < 0:
        raise UsageError(f"{where}: {shown(info.name)}: a bundle has no member of type {info.type!r}", CURE)
    # A folder, link or device has no bytes, whatever its size says (POSIX pax, ustar Interchange Format).
    return Member(name=info.name, kind=kind, mode=info.mode, size=info.size if kind == "file" else 0)


def _plain(block: bytes) -> Member | None:
    """The member of a header as pack/tar.py writes it, for which tarfile takes five times as long; None for any
    other."""
    name, match = block[:NAME].rstrip(b"\0"), BEHIND_NAME.fullmatch(block, NAME)
    if not match or not PLAIN_NAME.fullmatch(name):
        return None
    # The sum is taken with blanks in its own place.
    if sum(block) - sum(match["sum"]) + sum(b" " * len(match["sum"])) != int(match["sum"][:6], 8):
        return None
    if match["kind"] == tarfile.DIRTYPE:
        return Member(name=name.decode().rstrip("/"), kind="folder", mode=int(match["mode"], 8), size=0)
    return Member(name=name.decode(), kind="file", mode=int(match["mode"], 8), size=int(match["size"], 8))


def _no_tar(where: str, reason: str) -> UsageError:
    return UsageError(f"{where}: is no bundle: neither a directory nor a tar that can be read ({reason})",
                      "name a directory, .tar or .tar.zst that pinboot build wrote")


def _content(source: Feed, size: int) -> Iterator[bytes]:
    while size:
        piece = source.take(min(size, feed.CHUNK))
        size -= len(piece)
        yield piece

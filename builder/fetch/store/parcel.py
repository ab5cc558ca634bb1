"""A tar of our own making, member by member: what `store export` writes, and the only kind that `store import` reads.

Every byte of a header follows from name, size and time, and members stand one after another without gaps (POSIX pax,
ustar Interchange Format), so a reader needs no more of the format than this: links, devices, long names, sparse files
and compressed archives have no way in (RELIABILITY I28).
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from builder.errors import BytesDiffer, HostileInput
from builder.names import shown

BLOCK = tarfile.BLOCKSIZE
CHUNK = 1 << 20
# ustar writes a size as eleven octal digits.
MAX_SIZE = (1 << 33) - 1
CURE = "take a tar that pinboot store export wrote, as it was written (not compressed)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    name: str
    size: int


def head(member: Member, epoch: int) -> bytes:
    """The header of a file, 0444, owned by nobody in particular. Raises ValueError where ustar cannot hold it."""
    info = tarfile.TarInfo(member.name)
    info.mode, info.size, info.mtime = 0o444, member.size, epoch
    return info.tobuf(tarfile.USTAR_FORMAT)


def padding(size: int) -> bytes:
    """What follows the bytes of a member."""
    return bytes(-size % BLOCK)


def end(position: int) -> bytes:
    """What follows the last member, which ends at `position`."""
    return bytes(2 * BLOCK + -(position + 2 * BLOCK) % tarfile.RECORDSIZE)


def next_member(stream: BinaryIO, where: str) -> Member | None:
    """The next header, or None at the end. Raises HostileInput for anything but a plain file, BytesDiffer for an end
    in the middle."""
    block = stream.read(BLOCK)
    if block == bytes(BLOCK):
        return None
    if len(block) < BLOCK:
        raise cut(where)
    try:
        info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, ValueError) as reason:
        raise HostileInput(f"{where}: is no tar that pinboot store export wrote: {reason}", CURE) from None
    if info.type != tarfile.REGTYPE or not 0 <= info.size <= MAX_SIZE:
        raise HostileInput(f"{where}: {shown(info.name)} is no plain file", CURE)
    return Member(name=info.name, size=info.size)


def content(stream: BinaryIO, member: Member, where: str) -> Iterator[bytes]:
    """The bytes of the member whose header was just read, and then its padding. Raises BytesDiffer."""
    left = member.size
    while left:
        chunk = stream.read(min(CHUNK, left))
        if not chunk:
            raise cut(where)
        left -= len(chunk)
        yield chunk
    stream.read(-member.size % BLOCK)


def cut(where: str) -> BytesDiffer:
    return BytesDiffer(f"{where}: ends in the middle", "it was not copied whole: copy it again")

"""The entries of a newc cpio archive, read forwards and within bounds (I26).

Format: Linux Documentation/driver-api/early-userspace/buffer-format.rst; what the kernel makes of it: init/initramfs.c.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator

from builder.errors import HostileInput
from builder.names import shown
from builder.probe.feed import Feed

MAGICS = (b"070701", b"070702")  # newc, and newc with checksums
HEADER_SIZE = 110
PATH_MAX = 4096  # Linux include/uapi/linux/limits.h; the kernel skips longer names
TRAILER = b"TRAILER!!!"
_LEAD = re.compile(rb"(?:\.?/)+")
_HEX = re.compile(rb"[0-9A-Fa-f]{104}")


class Entry:
    """One file of the archive: `path` as bytes without leading `./` or `/`, its mode, the size of its content.

    Plain and slotted instead of a frozen dataclass: an initrd has thousands, and a hostile one millions. The content
    can be taken until the next entry is asked for.
    """

    __slots__ = ("_feed", "left", "mode", "path", "size")

    def __init__(self, path: bytes, mode: int, size: int, feed: Feed) -> None:
        self.path = path
        self.mode = mode
        self.size = size
        self.left = size
        self._feed = feed

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.mode)

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.mode)

    def content(self) -> bytes:
        """All of it: look at `size` first."""
        data = self._feed.take(self.left)
        self.left = 0
        return data


def entries(feed: Feed) -> Iterator[Entry]:
    """The entries up to the trailer of the one archive at which `feed` stands.

    Raises HostileInput for a broken header, a name with `..` or without end, and an archive without trailer.
    """
    while True:
        header = feed.take(HEADER_SIZE)
        if header[:6] not in MAGICS or not _HEX.fullmatch(header, 6):
            raise HostileInput(f"{feed.where}: no cpio header where one is due (found {header[:12]!r})",
                               "the initrd is damaged; fetch it again")
        size, name_size = int(header[54:62], 16), int(header[94:102], 16)
        if not 0 < name_size <= PATH_MAX:
            raise HostileInput(f"{feed.where}: a cpio entry with a name of {name_size} bytes")
        name = feed.take(name_size + (-(HEADER_SIZE + name_size) & 3))[:name_size]
        if name[-1] != 0:
            raise HostileInput(f"{feed.where}: a cpio entry whose name has no end")
        path = name.partition(b"\0")[0]
        if path == TRAILER:
            feed.skip(size + (-size & 3))
            return
        entry = Entry(_inside(path, feed.where), int(header[14:22], 16), size, feed)
        yield entry
        feed.skip(entry.left + (-size & 3))


def _inside(path: bytes, where: str) -> bytes:
    if lead := _LEAD.match(path):
        path = path[lead.end() :]
    if b".." in path and b".." in path.split(b"/"):
        raise HostileInput(f"{where}: a cpio entry that would leave the root: {shown(path.decode('utf-8', 'replace'))}")
    return path

"""The files of a bundle in the order of their paths, and the folders above them.

Memory holds a few thousand lines and the large files, which are held by reference: ten thousand hosts make two hundred
thousand files, and their texts, digests and even names would fill it.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from builder.digest import Digest
from builder.errors import BytesDiffer
from builder.media.entry import Entry
from builder.media.listing.runs import Runs
from builder.media.listing.spool import Spool

# So many texts and folders are remembered to be told once; one that comes again later is told twice, and does no harm.
REMEMBERED = 1 << 10
ELSEWHERE = "-"
TOGETHER = 1 << 9


class Line(NamedTuple):
    """A file, or a folder, which has no digest and the mode that it gets: 0o700 where a file of its own is private,
    else 0o755 (RELIABILITY L01). `at` is the position of a text in the spool. Numbers are kept as they are written:
    most who read a line write one."""

    path: str
    octal: str
    decimal: str
    sha256: str
    origin: str
    place: str

    @property
    def mode(self) -> int:
        return int(self.octal, 8)

    @property
    def size(self) -> int:
        return int(self.decimal)

    @property
    def at(self) -> int:
        return int(self.place)


def folder(path: str, octal: str) -> Line:
    return Line(path, octal, "0", "", "", ELSEWHERE)


class Listing:
    """Files are added in any order. `files` and `size` count them, `private` says whether one of them is. `given` are
    the few that were not rendered for this bundle."""

    def __init__(self, spool: Spool | None = None) -> None:
        self.spool = spool or Spool()
        self.files = 0
        self.size = 0
        self.private = False
        self._lines = Runs(self.spool)
        self.given: dict[str, Entry] = {}
        self._large: dict[str, Entry] = {}
        self._texts: dict[str, int] = {}
        self._folders: dict[str, int] = {}

    def add(self, entry: Entry) -> None:
        """Raises ValueError for a path that is no line; CheckFailed, UsageError where the spool cannot be written."""
        path, private = entry.path, not entry.mode & 0o077
        if not path or "\n" in path or "\0" in path:
            raise ValueError(f"{path!r} is no name for a file of a bundle")
        if entry.origin != "rendered":
            self.given[path] = entry
        if entry.data is None:
            self._large[path] = entry
            place: int | str = ELSEWHERE
        else:
            place = self.keep(entry.data, entry.digest.hex)
        self._lines.add(f"{path}\0{entry.mode:o} {entry.size} {entry.digest.hex} {entry.origin} {place}")
        self._above(path, private)
        self.files += 1
        self.size += entry.size
        self.private |= private

    def keep(self, data: bytes, sha256: str) -> int:
        """The position of a text in the spool, where it is set down unless it was lately."""
        at = self._texts.get(sha256)
        if at is None:
            at = self.spool.add(data)
            _remember(self._texts, sha256, at)
        return at

    def _above(self, path: str, private: bool) -> None:
        parent, mode = path.rpartition("/")[0], 0o700 if private else 0o755
        while parent and self._folders.get(parent, 0o777) > mode:
            self._lines.add(f"{parent}\0d{mode:o}")
            _remember(self._folders, parent, mode)
            parent, mode = parent.rpartition("/")[0], 0o755

    def tree(self) -> Iterator[Line]:
        """Folders and files by path, each folder before what it holds. Raises ValueError where two claim one place."""
        last = ""
        for text in self._lines:
            path, _, rest = text.partition("\0")
            if rest[0] != "d":
                if path == last:
                    raise ValueError(f"two files of the bundle would be {path}")
                yield Line._make((path, *rest.split(" ")))
                last = path
                file = True
            elif path != last:
                yield folder(path, rest[1:])
                last = path
                file = False
            elif file:
                raise ValueError(f"{path} would be a file and a directory")

    def lines(self) -> Iterator[Line]:
        """The files by path. Raises ValueError."""
        return (line for line in self.tree() if line.sha256)

    def __len__(self) -> int:
        return self.files

    def __iter__(self) -> Iterator[Entry]:
        """Raises ValueError, BytesDiffer."""
        return map(self.entry, self.lines())

    def text(self, line: Line) -> bytes:
        """The bytes of a text. Raises BytesDiffer where the disk gives back others than it was given."""
        data = self.spool.read(line.at, line.size)
        if hashlib.sha256(data).hexdigest() != line.sha256:
            raise BytesDiffer(f"{line.path}: the disk does not give back what was written to it",
                              "look at the disk, then build again")
        return data

    def large(self, line: Line) -> Entry | None:
        """The file where it is not a text in the spool."""
        return self._large[line.path] if line.place == ELSEWHERE else None

    def entry(self, line: Line) -> Entry:
        """Raises BytesDiffer."""
        return self.large(line) or Entry(path=line.path, mode=line.mode, size=line.size, origin=line.origin,
                                         digest=Digest("sha256", line.sha256), data=self.text(line))


def encoded(pieces: Iterable[str]) -> Iterator[bytes]:
    """Short pieces of a text as fewer longer ones."""
    rest = iter(pieces)
    while some := "".join(itertools.islice(rest, TOGETHER)):
        yield some.encode()


def of(entries: Iterable[Entry]) -> Listing:
    """The listing of `entries`, which may be one."""
    if isinstance(entries, Listing):
        return entries
    made = Listing()
    for entry in entries:
        made.add(entry)
    return made


def _remember(table: dict[str, int], key: str, value: int) -> None:
    if len(table) >= REMEMBERED:
        table.clear()
    table[key] = value

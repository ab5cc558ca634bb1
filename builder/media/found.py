"""The files of a bundle (directory, tar or tar.zst) as they are found: each hashed, and only what is compared kept.

Two hundred thousand files are what ten thousand machines make, so little is remembered of each.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from builder.errors import BytesDiffer, HostileInput, NotFound, UsageError
from builder.media import members
from builder.progress import Meter

# manifest.json of ten thousand machines that boot over the network has some 60 MB.
MAX_TEXT = 128 << 20
# Above it a text waits in a file without a name.
HELD = 8 << 20
CHUNK = 1 << 20


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Tells what stops the reading of the bundle at `path`. Raises NotFound, UsageError, BytesDiffer (damage)."""
    try:
        yield
    except FileNotFoundError:
        raise NotFound(f"{path}: there is no such bundle") from None
    except OSError as reason:
        raise UsageError(f"{path}: cannot be read: {reason.strerror or reason}") from reason
    except HostileInput as reason:
        raise BytesDiffer(f"{reason.message}: not what was built", "take the bundle anew") from reason


def walk(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """All that is no folder, by its name below `root`. Links are not followed; folders may lie in each other as deep as
    the file system lets them. Raises OSError."""
    waiting = [(os.fspath(root), "")]
    while waiting:
        folder, above = waiting.pop()
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, f"{above}{entry.name}/"))
            else:
                yield above + entry.name, entry


def is_lock(name: str) -> bool:
    """Whether a file of this name is the lock, a copy of the one that the bundle was made from."""
    return name.endswith(".lock") and "/" not in name


class File(NamedTuple):
    sha256: str
    mode: int


class Tree:
    """What lies in a bundle: `others` are names of what is no file, with a word for what it is instead."""

    def __init__(self) -> None:
        # Digest and mode in 34 bytes.
        self._files: dict[str, bytes] = {}
        self.others: dict[str, str] = {}
        self.texts: dict[str, IO[bytes]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._files or name in self.others

    def __iter__(self) -> Iterator[str]:
        yield from self._files
        yield from self.others

    def add(self, name: str, sha256: bytes, mode: int) -> None:
        self._files[name] = sha256 + mode.to_bytes(2, "big")

    def file(self, name: str) -> File | None:
        found = self._files.get(name)
        return None if found is None else File(found[:32].hex(), int.from_bytes(found[32:], "big"))

    def taken(self, name: str) -> File | None:
        """The file, which is then no longer in the tree."""
        found = self.file(name)
        self._files.pop(name, None)
        return found

    def text(self, name: str) -> bytes | None:
        """All of a text that was kept."""
        kept = self.texts.get(name)
        if kept is None:
            return None
        kept.seek(0)
        return kept.read()


class Reader:
    """Hashes files, and keeps the texts that `kept` names by name and size, MAX_TEXT bytes of them in all."""

    def __init__(self, meter: Meter, kept: Callable[[str, int], bool]) -> None:
        self.tree = Tree()
        self._meter = meter
        self._kept = kept
        self._room = MAX_TEXT
        self._buffer = memoryview(bytearray(CHUNK))

    def folder(self, root: Path) -> Tree:
        """Raises OSError."""
        for name, entry in walk(root):
            if entry.is_file(follow_symlinks=False):
                self._open(entry.path, name)
            else:
                self.tree.others[name] = "a symbolic link" if entry.is_symlink() else "a special file"
        return self.tree

    def _open(self, path: str, name: str) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            status = os.fstat(descriptor)
            self._file(name, status.st_size, stat.S_IMODE(status.st_mode), self._pieces(descriptor, status.st_size))
        finally:
            os.close(descriptor)

    def _pieces(self, descriptor: int, size: int) -> Iterator[memoryview]:
        while size and (count := os.readv(descriptor, [self._buffer[:size]])):
            yield self._buffer[:count]
            size -= count

    def archive(self, path: Path) -> Tree:
        """The files of a tar below its one folder. Nothing is extracted, so names in it can do no harm; a name that
        stands twice or outside of the folder is a stray member. Raises OSError, and as members.read does."""
        with path.open("rb") as file:
            for member, pieces in members.read(file, os.fstat(file.fileno()).st_size, str(path)):
                name = member.name.partition("/")[2]
                if member.kind == "folder":
                    continue
                if not name or name in self.tree or ".." in member.name.split("/"):
                    self.tree.others[f"{member.name} (outside, or twice)"] = "a stray member"
                elif member.kind == "file":
                    self._file(name, member.size, member.mode, pieces)
                else:
                    self.tree.others[name] = member.kind
        return self.tree

    def _file(self, name: str, size: int, mode: int, pieces: Iterable[bytes | memoryview]) -> None:
        text = None
        if self._kept(name, size) and size <= self._room:
            self._room -= size
            text = self.tree.texts[name] = io.BytesIO() if size <= HELD else _nameless()
        made = hashlib.sha256()
        for piece in pieces:
            made.update(piece)
            self._meter.advance(len(piece))
            if text:
                text.write(piece)
        self.tree.add(name, made.digest(), mode)


def _nameless() -> IO[bytes]:
    import tempfile  # 5 ms, so only where something is too long to be held

    return tempfile.TemporaryFile()

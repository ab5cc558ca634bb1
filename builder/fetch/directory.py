"""An install tree in a directory of this machine: a mounted DVD, an NFS share, a mirror on disk."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from builder.digest import Digest
from builder.errors import HostileInput, Missing, NotFound
from builder.fetch import limits, parallel, relative
from builder.fetch.beginning import Beginning
from builder.fetch.store import folder
from builder.fetch.store.incoming import BUFFER, Incoming
from builder.fetch.store.intake import Intake, Memory, Wanted, pieces
from builder.fetch.store.objects import Fetched, Store
from builder.progress import Progress

FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class DirectorySource:
    """The tree at `root`, an absolute directory. Links inside it are followed as far as they stay inside."""

    def __init__(self, root: Path, *, store: Store, progress: Progress) -> None:
        self.url = root.as_uri()
        self._given = root
        self._root = root.resolve()
        self.store = store
        self._progress = progress
        if not self._root.is_dir():
            raise NotFound(f"{self.url}: no such directory", "look at the path; is the medium or share mounted?")

    def read(self, path: str, cap: int) -> bytes:
        """A small text. Raises NotFound, HostileInput."""
        memory = Memory()
        intake = Intake(Wanted(where=self._at(path), cap=cap), memory)
        with self._opened(path) as descriptor:
            for piece in pieces(descriptor, memoryview(bytearray(64 << 10))):
                intake.write(piece)
        intake.check()
        return bytes(memory.data)

    def fetch(self, path: str, *, kind: str, expected: Digest | None = None, size: int | None = None,
              what: str = "", fresh: bool = False) -> Fetched:
        """The file, copied into the store and judged like any other. Raises NotFound, BytesDiffer, HostileInput."""
        url = self._at(path)
        wanted = Wanted(where=url, cap=limits.CAPS[kind], expected=expected, size=size, loose=kind in limits.LOOSE)
        told = what or path

        def pull(coming: Incoming) -> str:
            coming.intake.restart()
            with self._opened(path) as descriptor:
                self._copy(descriptor, coming.intake, told)
            return url

        return self.store.bring(wanted, told, self._progress, pull, fresh=fresh)

    def start(self, path: str, length: int, *, what: str = "") -> bytes:
        """The first bytes of a file. Raises NotFound, Missing, HostileInput."""
        beginning = Beginning(self._at(path), length)
        with self._opened(path) as descriptor:
            for piece in pieces(descriptor, memoryview(bytearray(min(BUFFER, length)))):
                beginning.write(piece)
                if not beginning.left:
                    break
        return beginning.whole()

    def size(self, path: str) -> int | None:
        """Raises NotFound."""
        with self._opened(path) as descriptor:
            return os.fstat(descriptor).st_size

    def child(self, relative_path: str) -> DirectorySource:
        """The tree of a variant: `relative_path` may climb. Raises HostileInput, NotFound."""
        found = relative.resolve(self._given.parts[1:], relative_path, self.url)
        return DirectorySource(Path("/", *found), store=self.store, progress=self._progress)

    def _at(self, path: str) -> str:
        return f"{self.url}/{relative.inside(path, self.url)}"

    def _copy(self, descriptor: int, intake: Intake, told: str) -> None:
        size = os.fstat(descriptor).st_size
        intake.wanted.refuse_too_big(size)
        with self._progress.start(told, size) as meter:
            for piece in pieces(descriptor, memoryview(bytearray(BUFFER))):
                parallel.check()
                intake.write(piece)
                meter.advance(len(piece))
        if intake.size != size:
            raise Missing(f"{intake.wanted.where}: changed while it was read", "let whatever writes there finish first")

    @contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        """The regular file at `path`: resolved first, then opened part by part without following what changed since."""
        where = self._at(path)
        try:
            inside = self._resolved(path)
            with folder.opened(self._root, inside[:-1]) as place:
                descriptor = os.open(inside[-1], FILE, dir_fd=place)
        except OSError as fault:
            raise self._unreadable(where, fault) from fault
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise NotFound(f"{where}: not a regular file")
            yield descriptor
        except OSError as fault:
            raise self._unreadable(where, fault) from fault
        finally:
            os.close(descriptor)

    def _resolved(self, path: str) -> tuple[str, ...]:
        # Path.resolve turns a loop of links into a RuntimeError before Python 3.13; realpath gives the OSError itself.
        real = Path(os.path.realpath(self._root / path, strict=True))
        if not real.is_relative_to(self._root):
            raise HostileInput(f"{self._at(path)}: a symbolic link leads out of the tree, to {real}",
                               "copy the file into the tree")
        return real.relative_to(self._root).parts

    def _unreadable(self, where: str, fault: OSError) -> Missing:
        if fault.errno in (errno.ENOENT, errno.ENOTDIR):
            return NotFound(f"{where}: no such file", "look at the path; is the medium or share mounted?")
        return Missing(f"{where}: cannot be read: {os.strerror(fault.errno or 0)}",
                       "look at the medium and the permissions")

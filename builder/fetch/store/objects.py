"""The content-addressed store: every object is named by the sha256 of its bytes, and never by anything unverified.

Layout: `objects/sha256/ab/cdef...` (0444), `tmp/`, `partial/`, `locks/`, `bad/`, and `version`. The root may be a link
that the user made; below it no link is ever followed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from builder.digest import Digest
from builder.errors import NotFound, UsageError
from builder.fetch.store import folder, incoming, lockfile
from builder.fetch.store.incoming import BUFFER, Incoming
from builder.fetch.store.intake import Wanted, pieces
from builder.names import shown
from builder.progress import Progress, Silent

FORMAT = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An object of the store: `digest` is always sha256."""

    digest: Digest
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An object of the store, and the URL that answered (the source's own where the store had it already)."""

    digest: Digest
    size: int
    url: str


class Store:
    """The store at `root`, made when the first object comes. Raises UsageError for a format of another version.

    From the first use of an object until `close`, or the end of the process, no other process removes one (L16).
    """

    def __init__(self, root: Path, progress: Progress | None = None) -> None:
        self._sharing: int | None = None
        self.root = root.absolute()
        self._progress = progress or Silent()
        self._ready = False
        self._check_version()

    def use(self, *, create: bool = False) -> None:
        """Keep other processes from removing objects from now on; with `create`, make the store where it is not."""
        if self._sharing is None:
            self._sharing = lockfile.shared(self.root, create=create, waiting=lambda: self._progress.say(
                f"waiting: another process is clearing up the store {self.root}"))

    def close(self) -> None:
        """Let others remove objects again. The value can be used on."""
        if self._sharing is not None:
            os.close(self._sharing)
            self._sharing = None

    def __del__(self) -> None:
        self.close()

    def path(self, digest: Digest) -> Path:
        """Where the object is, or would be. Raises ValueError for any digest but sha256."""
        return self.root.joinpath(*_parts(digest))

    def has(self, digest: Digest) -> bool:
        """A regular file stands under the name; `verified` says whether it is right."""
        try:
            return stat.S_ISREG(self.path(digest).lstat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def open(self, digest: Digest) -> BinaryIO:
        """The object's bytes. Raises NotFound."""
        self.use()
        try:
            return os.fdopen(self._descriptor(digest), "rb")
        except OSError as fault:
            if _absent(fault):
                raise NotFound(f"{self.path(digest)}: not in the store") from fault
            raise folder.unusable(self.root, fault) from fault

    def verified(self, digest: Digest, size: int | None = None, progress: Progress | None = None,
                 what: str = "") -> bool:
        """Hash the object again. A bad one is moved to `bad/` and said; the answer is then False, as for none."""
        progress = progress or Silent()
        self.use()
        sound = self._sound(digest, progress, what)
        if sound is False:
            with self._locked(Wanted(where=what, cap=0, expected=digest), progress, what):
                sound = self._sound_or_moved(digest, progress, what)
        return bool(sound) and self._fits(digest, size)

    def add(self, chunks: Iterable[bytes | memoryview], *, expected: Digest | None = None, size: int | None = None,
            cap: int, where: str) -> Stored:
        """Take the bytes in; `where` names them in messages. They get their name only when size and digest are right.

        Raises BytesDiffer, HostileInput (above the cap), StoreUnusable.
        """
        wanted = Wanted(where=where, cap=cap, expected=expected, size=size, loose=True)
        self._prepare()
        with incoming.temporary(self.root, wanted) as fresh:
            for chunk in chunks:
                fresh.intake.write(memoryview(chunk))
            return self._settle(fresh)

    def bring(self, wanted: Wanted, what: str, progress: Progress, pull: Callable[[Incoming], str], *,
              fresh: bool = False) -> Fetched:
        """The wanted object: from the store when it is there and right, else by `pull`, one process at a time.

        `pull` fills the intake of what it is handed (which may hold the first bytes already) and returns the URL that
        answered. With `fresh`, every byte comes by `pull`.
        """
        if fresh or wanted.expected is None:
            self._prepare()
            with incoming.temporary(self.root, wanted) as private:
                return self._pulled(private, pull)
        named = wanted.expected if wanted.expected.algorithm == "sha256" else None
        if named and self.verified(named, wanted.size, progress, what):
            return self._fetched(named, wanted.where)
        self._prepare()
        with self._locked(wanted, progress, what):
            if named and self._sound_or_moved(named, progress, what) and self._fits(named, wanted.size):
                return self._fetched(named, wanted.where)
            with incoming.partial(self.root, wanted) as begun:
                return self._pulled(begun, pull)

    def _fits(self, digest: Digest, size: int | None) -> bool:
        return size in (None, self.path(digest).stat().st_size)

    def _pulled(self, coming: Incoming, pull: Callable[[Incoming], str]) -> Fetched:
        url = pull(coming)
        stored = self._settle(coming)
        return Fetched(digest=stored.digest, size=stored.size, url=url)

    def _fetched(self, digest: Digest, url: str) -> Fetched:
        return Fetched(digest=digest, size=self.path(digest).stat().st_size, url=url)

    def _settle(self, coming: Incoming) -> Stored:
        """The one place where bytes get their final name: checked, synced, renamed, and the rename synced."""
        coming.intake.check()
        digest = coming.intake.digest()
        *place, name = _parts(digest)
        try:
            os.fchmod(coming.descriptor, 0o444)
            os.fsync(coming.descriptor)
            coming.forget()
            with folder.opened(self.root, [coming.place]) as source, \
                    folder.opened(self.root, place, create=True) as target:
                os.rename(coming.name, name, src_dir_fd=source, dst_dir_fd=target)
                coming.settled = True
                os.fsync(target)
        except OSError as fault:
            raise folder.unusable(self.root, fault) from fault
        return Stored(digest=digest, size=coming.intake.size)

    def _locked(self, wanted: Wanted, progress: Progress, what: str) -> AbstractContextManager[None]:
        def waiting() -> None:
            progress.say(f"waiting: another process is fetching {what or wanted.expected}")

        return lockfile.held(self.root, incoming.key(wanted), waiting=waiting)

    def _descriptor(self, digest: Digest) -> int:
        *place, name = _parts(digest)
        with folder.opened(self.root, place) as here:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
            descriptor = os.open(name, flags, dir_fd=here)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))  # no file of ours: as bad as a link
        return descriptor

    def _sound(self, digest: Digest, progress: Progress, what: str) -> bool | None:
        """True, False for wrong bytes (or a planted link), None where there is nothing."""
        try:
            descriptor = self._descriptor(digest)
        except OSError as fault:
            if fault.errno == errno.ELOOP:
                return False
            if _absent(fault):
                return None
            raise folder.unusable(self.root, fault) from fault
        try:
            state = hashlib.sha256()
            with progress.start(f"verifying {what or digest.short}", os.fstat(descriptor).st_size) as meter:
                for piece in pieces(descriptor, memoryview(bytearray(BUFFER))):
                    state.update(piece)
                    meter.advance(len(piece))
        except OSError as fault:
            raise folder.unusable(self.root, fault) from fault
        finally:
            os.close(descriptor)
        return state.hexdigest() == digest.hex

    def _sound_or_moved(self, digest: Digest, progress: Progress, what: str) -> bool:
        """For whoever holds the object's lock: nobody else can have replaced it in between."""
        sound = self._sound(digest, progress, what)
        if sound is False:
            self._move_aside(digest)
            progress.say(f"{self.path(digest)}: not the bytes its name says (bit rot, or somebody changed it); "
                         f"moved to {self.root / 'bad' / digest.hex}")
        return bool(sound)

    def _move_aside(self, digest: Digest) -> None:
        *place, name = _parts(digest)
        try:
            with folder.opened(self.root, place) as source, folder.opened(self.root, ["bad"], create=True) as target:
                os.rename(name, digest.hex, src_dir_fd=source, dst_dir_fd=target)
        except OSError as fault:
            raise folder.unusable(self.root, fault) from fault

    def _check_version(self) -> bool:
        """Raises UsageError for a version mark that is not ours; False where there is none yet."""
        try:
            mark = (self.root / "version").read_bytes()[:80].decode("utf-8", "replace").strip()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as fault:
            raise folder.unusable(self.root, fault) from fault
        if mark in ("", FORMAT):
            return bool(mark)
        newer = mark.isdecimal() and int(mark) > int(FORMAT)
        reason = f"is of format {mark}, made by a newer pinboot" if newer else f"has the version mark {shown(mark)}"
        raise UsageError(f"{self.root}: this store {reason}; this pinboot knows format {FORMAT}",
                         "use a newer pinboot, or name another directory as the store")

    def _prepare(self) -> None:
        """Make the store, mark it, and clear what killed processes left; once in the life of this value."""
        if self._ready:
            return
        self.use(create=True)
        try:
            incoming.sweep(self.root)
            if not self._check_version():
                self._mark()
        except OSError as fault:
            raise folder.unusable(self.root, fault) from fault
        self._ready = True

    def _mark(self) -> None:
        wanted = Wanted(where=str(self.root / "version"), cap=len(FORMAT) + 1)
        with incoming.temporary(self.root, wanted) as fresh:
            fresh.intake.write(memoryview(f"{FORMAT}\n".encode()))
            os.fchmod(fresh.descriptor, 0o644)
            os.fsync(fresh.descriptor)
            with folder.opened(self.root, []) as top, folder.opened(self.root, ["tmp"]) as tmp:
                os.rename(fresh.name, "version", src_dir_fd=tmp, dst_dir_fd=top)
                fresh.settled = True
                os.fsync(top)


def _parts(digest: Digest) -> tuple[str, str, str, str]:
    if digest.algorithm != "sha256":
        raise ValueError(f"objects are named by sha256, not {digest.algorithm}")
    return ("objects", "sha256", digest.hex[:2], digest.hex[2:])


def _absent(fault: OSError) -> bool:
    return isinstance(fault, FileNotFoundError)

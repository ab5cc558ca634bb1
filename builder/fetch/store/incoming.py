"""A file of the store that has no name yet: private and fleeting, or partial and kept so that a rerun can go on."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from builder.errors import BytesDiffer, HostileInput
from builder.fetch.store import folder
from builder.fetch.store.folder import StoreUnusable
from builder.fetch.store.intake import File, Intake, Wanted, pieces

NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
OLD = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
NOTE_CAP = 64 << 10
BUFFER = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is known of a partial file: the URL that it came from, its strong ETag or nothing, the digest to reach."""

    url: str = ""
    etag: str = ""
    expected: str = ""


class Incoming:
    """An open, unnamed file: `place` and `name` say where it lies, `intake` takes its bytes, `note` whence they are."""

    def __init__(self, root: Path, place: str, name: str, intake: Intake, descriptor: int, note: Note) -> None:
        self.root = root
        self.place = place
        self.name = name
        self.intake = intake
        self.descriptor = descriptor
        self.note = note
        self.settled = False

    def remember(self, url: str, etag: str) -> None:
        """Note where the bytes that come now are from; only a partial file outlives this process."""
        note = Note(url=url, etag=etag, expected=str(self.intake.wanted.expected or ""))
        if note == self.note:
            return
        self.note = note
        if self.place == "partial":
            _write_note(self.root, self.name, note)

    def forget(self) -> None:
        """Drop the note of a partial file that is whole: a run that is killed between here and there leaves none."""
        if self.place == "partial":
            _remove(self.root, "partial", f"{self.name}.json")


@contextmanager
def temporary(root: Path, wanted: Wanted) -> Iterator[Incoming]:
    """A file that is gone when the block ends, unless it was settled. Its flock tells `sweep` that it is in use."""
    # The name is known before the file is there: a signal may end the run right after that.
    name = f"{os.getpid()}-{secrets.token_hex(8)}"
    descriptor = -1
    try:
        try:
            with folder.opened(root, ["tmp"], create=True) as tmp:
                descriptor = _create_locked(tmp, name)
        except OSError as fault:
            raise folder.unusable(root, fault) from fault
        yield Incoming(root, "tmp", name, Intake(wanted, File(descriptor, root)), descriptor, Note())
    finally:
        _remove(root, "tmp", name)  # nothing is there once it was settled
        if descriptor >= 0:
            os.close(descriptor)


def _create_locked(tmp: int, name: str) -> int:
    while True:
        descriptor = os.open(name, NEW, 0o600, dir_fd=tmp)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)  # a sweep took it for a stale one before it was locked


def sweep(root: Path) -> None:
    """Remove the temporary files of processes that were killed: those that nobody holds locked."""
    with folder.opened(root, ["tmp"], create=True) as tmp:
        for name in os.listdir(tmp):  # noqa: PTH208 - by descriptor: no link can lead elsewhere
            # Held by its writer, another user's, gone meanwhile: none of them stands in our way.
            with contextlib.suppress(OSError):
                _remove_unlocked(tmp, name)


def _remove_unlocked(tmp: int, name: str) -> None:
    descriptor = os.open(name, OLD, dir_fd=tmp)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(name, dir_fd=tmp)
    finally:
        os.close(descriptor)


def key(wanted: Wanted) -> str:
    """The name of the lock and the partial file: by the digest to reach, so that another mirror can finish it."""
    return hashlib.sha256(str(wanted.expected).encode()).hexdigest()


@contextmanager
def partial(root: Path, wanted: Wanted) -> Iterator[Incoming]:
    """What is there of a file whose digest is known, its bytes hashed already; the caller holds the lock `key`.

    Bytes of an earlier run may be torn (they were never synced), which is why only a file with an expected digest is
    continued. The file stays for the next run, except where its bytes are wrong or the disk is full.
    """
    name = key(wanted)
    try:
        with folder.opened(root, ["partial"], create=True) as place:
            descriptor = _open_partial(place, name)
            note = _read_note(place, name)
    except OSError as fault:
        raise folder.unusable(root, fault) from fault
    found = Incoming(root, "partial", name, Intake(wanted, File(descriptor, root)), descriptor, note)
    keep = True
    try:
        _reload(found)
        yield found
    except (BytesDiffer, HostileInput, StoreUnusable):
        keep = False
        raise
    finally:
        if found.settled or not keep or not found.intake.size:
            _remove(root, "partial", name, f"{name}.json")
        os.close(descriptor)


def _open_partial(place: int, name: str) -> int:
    try:
        descriptor = os.open(name, OLD, dir_fd=place)
    except FileNotFoundError:
        return os.open(name, NEW, 0o600, dir_fd=place)
    except OSError as fault:
        if fault.errno != errno.ELOOP:
            raise
    else:
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
            return descriptor
        os.close(descriptor)
    # A planted link, or a file that has a second name elsewhere: replaced, never written through (L14).
    os.unlink(name, dir_fd=place)
    return os.open(name, NEW, 0o600, dir_fd=place)


def _reload(found: Incoming) -> None:
    intake = found.intake
    if found.note.expected != str(intake.wanted.expected):
        intake.restart()
        return
    try:
        for piece in pieces(found.descriptor, memoryview(bytearray(BUFFER))):
            intake.count(piece)
    except (BytesDiffer, HostileInput):
        intake.restart()  # longer than the file can be
    except OSError as fault:
        raise folder.unusable(found.root, fault) from fault
    if intake.size == intake.wanted.size and not intake.matches():
        intake.restart()


def _read_note(place: int, name: str) -> Note:
    """The sidecar; a torn or foreign one counts as none."""
    try:
        descriptor = os.open(f"{name}.json", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=place)
    except OSError:
        return Note()
    with os.fdopen(descriptor, "rb") as stream:
        try:
            found = json.loads(stream.read(NOTE_CAP))
            return Note(url=str(found["url"]), etag=str(found["etag"]), expected=str(found["expected"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return Note()


def _write_note(root: Path, name: str, note: Note) -> None:
    text = json.dumps({"url": note.url, "etag": note.etag, "expected": note.expected}).encode()
    try:
        with folder.opened(root, ["partial"]) as place:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{name}.json", dir_fd=place)
            descriptor = os.open(f"{name}.json", NEW, 0o600, dir_fd=place)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(text)
    except OSError as fault:
        raise folder.unusable(root, fault) from fault


def _remove(root: Path, place: str, *names: str) -> None:
    # Best effort on the way out: the error that brought us here must not be hidden by a failed clean-up.
    with contextlib.suppress(OSError), folder.opened(root, [place]) as here:
        for name in names:
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=here)

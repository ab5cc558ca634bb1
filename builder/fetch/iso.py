"""An install tree inside an ISO image: a DVD, read in place and never extracted.

pycdlib reads the directories; the bytes of files are read by our own descriptor at the places that they name. Names of
the image are only compared with the path that was asked for: no local name ever comes from them (RELIABILITY I28).
"""

from __future__ import annotations

import os
import stat
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder import names
from builder.digest import Digest
from builder.errors import HostileInput, Missing, NotFound
from builder.fetch import limits, parallel, relative
from builder.fetch.beginning import Beginning
from builder.fetch.store.incoming import BUFFER, Incoming
from builder.fetch.store.intake import Intake, Memory, Wanted
from builder.fetch.store.objects import Fetched, Store
from builder.progress import Meter, Progress, SilentMeter

# Directories of a DVD with 10,000 packages take 3 MiB; an image that needs more than this is a trap.
METADATA_CAP = 64 << 20
MOST_LEVELS = 32
ASSOCIATED = 1 << 2  # ECMA-119 9.1.6: a second file under the same name, as for the resource fork of a Macintosh
CURE = "compare the image with the checksum that its distributor publishes, and copy or download it again"
NO_REPOSITORY = ("this image carries no packages, as a boot.iso or netinstall image does: take the DVD image, or set "
                 "tree.url to an install tree in place of tree.iso")


@dataclass(frozen=True, slots=True)
class Extent:
    """A run of bytes of the image."""

    start: int
    size: int


class Image:
    """The files of the ISO at `path`: read when first asked for, then kept. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self.url = path.as_uri()
        self._path = path
        self._reading = threading.Lock()
        self._files: dict[str, tuple[Extent, ...]] | None = None

    def files(self) -> dict[str, tuple[Extent, ...]]:
        """Path to extents. Raises NotFound, Missing (unreadable), HostileInput (no such image, damaged, a trap)."""
        with self._reading:
            if self._files is None:
                descriptor = self.opened()
                with os.fdopen(descriptor, "rb") as stream:
                    self._files = _read(stream, self.url)
            return self._files

    def opened(self) -> int:
        """A descriptor of the image, which the caller closes."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError as fault:
            raise NotFound(f"{self.url}: no such file", "look at the path; is the disk or share mounted?") from fault
        except OSError as fault:
            raise _unreadable(self.url, fault) from fault
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise NotFound(f"{self.url}: not a regular file", "copy the medium into a file, or mount it")
        return descriptor

    def pieces(self, extents: tuple[Extent, ...], where: str) -> Iterator[memoryview]:
        """The bytes of a file; each piece is good only until the next one is asked for."""
        buffer = memoryview(bytearray(BUFFER))
        descriptor = self.opened()
        try:
            for extent in extents:
                done = 0
                while done < extent.size:
                    view = buffer[: min(len(buffer), extent.size - done)]
                    count = os.preadv(descriptor, [view], extent.start + done)
                    if not count:
                        raise HostileInput(f"{where}: the image ends in the middle of this file", CURE)
                    yield view[:count]
                    done += count
        except OSError as fault:
            raise _unreadable(where, fault) from fault
        finally:
            os.close(descriptor)


class IsoSource:
    """The tree in the folder `inside` of `image` (usually its root)."""

    def __init__(self, image: Image, *, store: Store, progress: Progress, inside: tuple[str, ...] = ()) -> None:
        self.url = "/".join([image.url, *inside])
        self.store = store
        self._image = image
        self._progress = progress
        self._inside = inside

    def read(self, path: str, cap: int) -> bytes:
        """A small text. Raises NotFound, Missing, HostileInput."""
        memory = Memory()
        intake = Intake(Wanted(where=self._at(path), cap=cap), memory)
        self._fill(path, intake, SilentMeter())
        intake.check()
        return bytes(memory.data)

    def fetch(self, path: str, *, kind: str, expected: Digest | None = None, size: int | None = None,
              what: str = "", fresh: bool = False) -> Fetched:
        """The file, copied into the store and judged like any other. Raises NotFound, BytesDiffer, HostileInput."""
        url, told = self._at(path), what or path
        wanted = Wanted(where=url, cap=limits.CAPS[kind], expected=expected, size=size, loose=kind in limits.LOOSE)

        def pull(coming: Incoming) -> str:
            coming.intake.restart()
            with self._progress.start(told, self.size(path)) as meter:
                self._fill(path, coming.intake, meter)
            return url

        return self.store.bring(wanted, told, self._progress, pull, fresh=fresh)

    def start(self, path: str, length: int, *, what: str = "") -> bytes:
        """The first bytes of a file. Raises NotFound, Missing, HostileInput."""
        beginning = Beginning(self._at(path), length)
        for piece in self._image.pieces(self._extents(path), self._at(path)):
            beginning.write(piece)
            if not beginning.left:
                break
        return beginning.whole()

    def size(self, path: str) -> int | None:
        """Raises NotFound."""
        return sum(extent.size for extent in self._extents(path))

    def child(self, relative_path: str) -> IsoSource:
        """The tree of a variant, in the same image. Raises HostileInput."""
        found = relative.resolve(self._inside, relative_path, self.url)
        return IsoSource(self._image, store=self.store, progress=self._progress, inside=found)

    def _at(self, path: str) -> str:
        return f"{self.url}/{relative.inside(path, self.url)}"

    def _extents(self, path: str) -> tuple[Extent, ...]:
        where = self._at(path)
        files = self._image.files()
        found = files.get("/".join([*self._inside, path]))
        if found is None:
            packages = any(name == "repomd.xml" for _, _, name in (each.rpartition("/") for each in files))
            raise NotFound(f"{where}: no such file in the image",
                           "" if packages else NO_REPOSITORY)
        return found

    def _fill(self, path: str, intake: Intake, meter: Meter) -> None:
        extents = self._extents(path)
        intake.wanted.refuse_too_big(sum(extent.size for extent in extents))
        for piece in self._image.pieces(extents, intake.wanted.where):
            parallel.check()
            intake.write(piece)
            meter.advance(len(piece))


class _Frugal:
    """The image as pycdlib sees it: reading more of it than directories can need ends the reading."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._left = METADATA_CAP
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._stream.read(self._left + 1 if size < 0 else min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise ValueError(f"its directories take more than {METADATA_CAP >> 20} MiB")
        return data


def _read(stream: Any, where: str) -> dict[str, tuple[Extent, ...]]:
    # 50 ms to import, for runs that have an image at all.
    import pycdlib
    from pycdlib.pycdlibexception import PyCdlibException

    image = pycdlib.PyCdlib()
    try:
        frugal: Any = _Frugal(stream)
        image.open_fp(frugal)
        _refuse_cut(image, stream, where)
        if image.has_rock_ridge():
            root, name = image.get_record(rr_path="/"), _rock_ridge_name
        elif image.has_joliet():
            root, name = image.get_record(joliet_path="/"), _joliet_name
        else:
            raise HostileInput(f"{where}: holds neither Rock Ridge nor Joliet names, so no file of a tree can be found",
                               "install media have them; take the image as its distributor made it")
        return _index(_files(root, name, (), image.logical_block_size, where), where)
    # pycdlib meets damage with its own exceptions and, measured, with whatever its arithmetic runs into.
    except (PyCdlibException, ValueError, LookupError, ArithmeticError, struct.error, AttributeError, TypeError,
            RecursionError, MemoryError, AssertionError) as reason:
        said = names.shown(str(reason))[:200]
        raise HostileInput(f"{where}: is no ISO 9660 image, or a damaged one: {said}", CURE) from reason
    except OSError as fault:
        if fault.errno is None or fault.errno == 22:  # EINVAL: a seek to where no file can have bytes
            raise HostileInput(f"{where}: is a damaged ISO 9660 image: {fault}", CURE) from fault
        raise _unreadable(where, fault) from fault


def _refuse_cut(image: Any, stream: Any, where: str) -> None:
    """pycdlib makes files shorter, in silence, where the image ends before them."""
    wanted, found = image.pvd.space_size * image.logical_block_size, os.fstat(stream.fileno()).st_size
    if found < wanted:
        raise HostileInput(f"{where}: the image is cut short\n  found   {found} bytes\n  wanted  {wanted} bytes", CURE)


def _index(found: Iterator[tuple[str, tuple[Extent, ...]]], where: str) -> dict[str, tuple[Extent, ...]]:
    files: dict[str, tuple[Extent, ...]] = {}
    for path, extents in found:
        if path in files:
            raise HostileInput(f"{where}: holds two files with the name {path}", CURE)
        files[path] = extents
    return files


def _files(folder: Any, name: Any, above: tuple[str, ...], block: int, where: str) -> Iterator[tuple[str, Any]]:
    """(path, extents) of every regular file that a tree can hold. Raises HostileInput for a name that leads out."""
    if len(above) > MOST_LEVELS:
        raise HostileInput(f"{where}: its folders are nested more than {MOST_LEVELS} deep", CURE)
    later = {id(record.data_continuation) for record in folder.children}  # second and further parts of files
    for record in folder.children:
        if record.is_dot() or record.is_dotdot() or id(record) in later or record.file_flags & ASSOCIATED:
            continue
        part = name(record)
        if part in ("", ".", "..") or "/" in part or "\0" in part:
            raise HostileInput(f"{where}: holds the name {names.shown(part)}, which no file can have", CURE)
        path = (*above, part)
        if record.is_dir():
            yield from _files(record, name, path, block, where)
        elif record.is_file() and not record.is_symlink() and _is_tree_path("/".join(path)):
            yield "/".join(path), tuple(_extents(record, block))


def _is_tree_path(path: str) -> bool:
    """Other names (blanks, letters beyond ASCII) are no part of a tree and cannot be asked for."""
    try:
        names.tree_path(path)
    except ValueError:
        return False
    return True


def _extents(record: Any, block: int) -> Iterator[Extent]:
    """A file of 4 GiB and more has several, each with a record of its own (ECMA-119 6.5.1, 9.1.6)."""
    while record is not None:
        yield Extent(record.extent_location() * block, record.get_data_length())
        record = record.data_continuation


def _rock_ridge_name(record: Any) -> str:
    if record.rock_ridge is None:
        return str(record.file_identifier().decode("ascii", "replace").partition(";")[0])
    return str(record.rock_ridge.name().decode("utf-8", "replace"))


def _joliet_name(record: Any) -> str:
    return str(record.file_identifier().decode("utf-16-be", "replace").partition(";")[0])


def _unreadable(where: str, fault: OSError) -> Missing:
    return Missing(f"{where}: cannot be read: {os.strerror(fault.errno or 0)}",
                   "look at the medium and the permissions")

"""Bytes on their way in: counted, capped and hashed while they pass, judged before anything is named after them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from builder.digest import Digest
from builder.errors import BytesDiffer, HostileInput, Missing
from builder.fetch.store import folder

HEAD = 512  # bytes kept to tell an HTML page by
OUT_OF_STEP = "the mirror may be in the middle of a sync, or altered; try another mirror, or this one later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to come: `where` (the URL or path that messages name), digest and size where they are known, the cap.

    `loose`: an empty file or an HTML page may rightly come (limits.Limit).
    """

    where: str
    cap: int
    expected: Digest | None = None
    size: int | None = None
    loose: bool = False

    def refuse_too_big(self, size: int) -> None:
        """Raises HostileInput where `size` bytes are more than the cap of this kind of file."""
        if size > self.cap:
            raise HostileInput(f"{self.where}: larger than a file of its kind can be (cap: {self.cap} bytes)",
                               "this is not the file that was meant; look at the address")


class Target(Protocol):
    """Where the bytes go: a file of the store, or memory."""

    def write(self, view: memoryview) -> None: ...
    def clear(self) -> None: ...


class Memory:
    """A Target in memory, for small texts."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, view: memoryview) -> None:
        self.data += view

    def clear(self) -> None:
        self.data.clear()


class File:
    """A Target that is an open file of the store at `root`, positioned at its end. Raises StoreUnusable."""

    def __init__(self, descriptor: int, root: Path) -> None:
        self.descriptor = descriptor
        self.root = root

    def write(self, view: memoryview) -> None:
        try:
            while view:
                view = view[os.write(self.descriptor, view) :]
        except OSError as fault:
            raise folder.unusable(self.root, fault) from fault

    def clear(self) -> None:
        try:
            os.ftruncate(self.descriptor, 0)
            os.lseek(self.descriptor, 0, os.SEEK_SET)
        except OSError as fault:
            raise folder.unusable(self.root, fault) from fault


class Intake:
    """Takes the bytes of one file; `size` is how many it has."""

    def __init__(self, wanted: Wanted, target: Target) -> None:
        self.wanted = wanted
        self._target = target
        self._begin()

    def _begin(self) -> None:
        # sha256 names the object, whatever algorithm the expected digest is of.
        self._hashes = {"sha256": hashlib.sha256()}
        if self.wanted.expected and self.wanted.expected.algorithm != "sha256":
            self._hashes[self.wanted.expected.algorithm] = hashlib.new(self.wanted.expected.algorithm)
        self.size = 0
        self.head = b""

    def restart(self) -> None:
        """Forget every byte."""
        self._target.clear()
        self._begin()

    def write(self, view: memoryview) -> None:
        """Raises HostileInput above the cap, BytesDiffer above the known size, or what the target raises."""
        self.count(view)
        self._target.write(view)

    def count(self, view: memoryview) -> None:
        """Hash bytes that the target has already."""
        self.wanted.refuse_too_big(self.size + len(view))
        if self.wanted.size is not None and self.size + len(view) > self.wanted.size:
            raise self._wrong_size("more")
        if len(self.head) < HEAD:
            self.head += bytes(view[: HEAD - len(self.head)])
        for state in self._hashes.values():
            state.update(view)
        self.size += len(view)

    def digest(self, algorithm: str = "sha256") -> Digest:
        return Digest(algorithm, self._hashes[algorithm].hexdigest())

    def matches(self) -> bool:
        """These are the expected bytes, all of them; False as well where no digest is expected."""
        wanted = self.wanted
        right_size = wanted.size is None or wanted.size == self.size
        return wanted.expected is not None and right_size and self.digest(wanted.expected.algorithm) == wanted.expected

    def check(self) -> None:
        """Raises BytesDiffer for a wrong size or digest, Missing where something else came in place of the file."""
        wanted = self.wanted
        if wanted.expected is None and wanted.size is None and not wanted.loose and not self.size:
            raise Missing(f"{wanted.where}: an empty file came", OUT_OF_STEP)
        if wanted.expected is None and not wanted.loose and self.is_html():
            raise Missing(f"{wanted.where}: got an HTML page where this file is due; a login page?",
                          "open the address in a browser: a captive portal or proxy may want a login")
        if wanted.size is not None and self.size != wanted.size:
            raise self._wrong_size(str(self.size))
        if wanted.expected and not self.matches():
            found = self.digest(wanted.expected.algorithm)
            raise self._differ(f"not the bytes that were asked for\n  expected  {wanted.expected}\n"
                               f"  found     {found} ({self.size} bytes)")

    def is_html(self) -> bool:
        """The bytes themselves say so; a Content-Type is no evidence (RELIABILITY N14, N15)."""
        start = self.head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return start.startswith(b"<") and (b"<html" in start or b"<!doctype html" in start)

    def _wrong_size(self, found: str) -> BytesDiffer:
        return self._differ(f"wrong size\n  expected  {self.wanted.size} bytes\n  found     {found}")

    def _differ(self, text: str) -> BytesDiffer:
        page = "\n  it is an HTML page; a login page?" if self.is_html() else ""
        return BytesDiffer(f"{self.wanted.where}: {text}{page}", OUT_OF_STEP)


def pieces(descriptor: int, buffer: memoryview) -> Iterator[memoryview]:
    """The bytes of an open file from its position on; each piece is good only until the next one is asked for."""
    while count := os.readv(descriptor, [buffer]):
        yield buffer[:count]

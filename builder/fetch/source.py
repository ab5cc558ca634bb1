"""Where a tree is fetched from: a web server, or a directory or an ISO image of this machine."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote_to_bytes

from builder import names
from builder.digest import Digest
from builder.errors import UsageError
from builder.fetch.directory import DirectorySource
from builder.fetch.iso import Image, IsoSource
from builder.fetch.store.objects import Fetched, Store
from builder.fetch.web import session
from builder.fetch.web.session import Options
from builder.fetch.web.tree import HttpSource
from builder.progress import Progress


class Source(Protocol):
    """An install tree that can be read. Paths are names.tree_path; others raise HostileInput."""

    @property
    def url(self) -> str:
        """Canonical, without a trailing slash, as users see it (file:///... for a directory or an image)."""
        ...

    @property
    def store(self) -> Store:
        """Where `fetch` puts what it brings."""
        ...

    def read(self, path: str, cap: int) -> bytes:
        """A small text in memory. Raises NotFound when absent, HostileInput above the cap, Missing."""
        ...

    def fetch(self, path: str, *, kind: str, expected: Digest | None = None, size: int | None = None,
              what: str = "", fresh: bool = False) -> Fetched:
        """Bring the file into the store, verified; `kind` is a row of limits.CAPS, `what` names it for people.

        What the store has already is not fetched again, except with `fresh`: whoever wants to know whether this very
        source serves these bytes (a quorum) must say so. Raises NotFound when absent, BytesDiffer, HostileInput above
        the cap of its kind, Missing.
        """
        ...

    def start(self, path: str, length: int, *, what: str = "") -> bytes:
        """The first `length` bytes, not kept in the store; of a web server only these are asked for.

        Raises NotFound when absent, HostileInput for more than the header of a package can have, Missing where the file
        is shorter.
        """
        ...

    def size(self, path: str) -> int | None:
        """From HEAD or stat; None when it does not tell. Raises NotFound when absent, Missing."""
        ...

    def child(self, relative_path: str) -> Source:
        """The tree of a variant, whose path may start with up to three `..`. Raises HostileInput."""
        ...


def open_source(place: str, *, store: Store, progress: Progress, options: Options | None = None) -> Source:
    """The source at `place`: an http(s) URL, or a `file:///` URL or absolute path of a directory or an ISO image.

    All sources with equal `options` share one session and its connections.

    Raises UsageError for anything else, NotFound for a path that is not there. Nothing is fetched yet.
    """
    if place.startswith("/"):
        return _local(os.fsencode(place), place, store, progress)
    if place.lower().startswith("file:"):
        return _local(_file_path(place), place, store, progress)
    try:
        url = names.url(place)
    except ValueError as reason:
        raise UsageError(f"source: {reason}", "write an http or https URL, file:///path, or an absolute path") from None
    return HttpSource(url, store=store, session=session.shared(options or Options()), progress=progress)


def _file_path(place: str) -> bytes:
    """RFC 8089 with an empty host: file:///path, percent-encoded."""
    found = re.fullmatch(r"file://(/[!-~]*)", place, re.IGNORECASE)
    if not found or re.search(r"[?#]|%(?![0-9A-Fa-f]{2})", found[1]):
        raise UsageError(f"source: {names.shown(place)} is no file URL",
                         "write file:/// and the path, with %20 for a blank, %23 for # and %3F for ?")
    return unquote_to_bytes(found[1])


def _local(raw: bytes, place: str, store: Store, progress: Progress) -> Source:
    if b"\0" in raw or b".." in raw.split(b"/"):
        raise UsageError(f"source: {names.shown(place)} holds .. or a NUL", "write the plain path")
    path = Path(os.fsdecode(re.sub(rb"/+", b"/", raw)))
    if path.is_file() or (path.suffix.lower() == ".iso" and not path.exists()):
        return IsoSource(Image(path), store=store, progress=progress)
    return DirectorySource(path, store=store, progress=progress)

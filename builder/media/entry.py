"""One file of a bundle: its place, its mode, its digest, and where its bytes are."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from builder.digest import Digest
from builder.errors import BytesDiffer

CHUNK = 1 << 20
EMPTY = Digest("sha256", hashlib.sha256().hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A run of bytes of a large file: `open()` gives a fresh stream of exactly `size` bytes."""

    size: int
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a bundle. `path` is relative with forward slashes; `mode` 0o644, 0o755 or 0o600.

    Either `data` (small texts) or `parts` (a concatenation, streamed). `digest` is sha256 of the whole. `origin` says
    for the manifest where the bytes are from: `pinned`, `rendered`, `injected`, `copied`.
    """

    path: str
    mode: int
    size: int
    digest: Digest
    data: bytes | None = None
    parts: tuple[Part, ...] = ()
    origin: str = "rendered"

    def chunks(self, size: int = CHUNK) -> Iterator[bytes]:
        """The bytes of the entry, a chunk at a time."""
        if self.data is not None:
            yield self.data
            return
        for each in self.parts:
            with each.open() as stream:
                while chunk := stream.read(size):
                    yield chunk


def part(data: bytes) -> Part:
    return Part(size=len(data), open=lambda: io.BytesIO(data))


def text_entry(path: str, text: str | bytes, *, mode: int = 0o644, origin: str = "rendered") -> Entry:
    data = text.encode() if isinstance(text, str) else text
    digest = Digest("sha256", hashlib.sha256(data).hexdigest())
    return Entry(path=path, mode=mode, size=len(data), digest=digest, data=data, origin=origin)


def long_text(path: str, parts: Iterable[Part]) -> Entry:
    """A text in parts, held only where it is short. Raises as `joined` does."""
    made = joined(path, parts)
    return made if made.size > CHUNK else text_entry(path, b"".join(made.chunks()))


def joined(path: str, parts: Iterable[Part], *, mode: int = 0o644, origin: str = "rendered") -> Entry:
    """The parts as one file, read once for its digest. Raises BytesDiffer where they are not as long as they say."""
    ordered = tuple(parts)
    wanted = sum(each.size for each in ordered)
    unread = Entry(path=path, mode=mode, size=wanted, digest=EMPTY, parts=ordered, origin=origin)
    made, found = hashlib.sha256(), 0
    for chunk in unread.chunks():
        made.update(chunk)
        found += len(chunk)
    if found != wanted:
        raise BytesDiffer(f"{path}: its parts have {found} bytes, wanted {wanted}",
                          "a file in the store changed while it was read: build again")
    return replace(unread, digest=Digest("sha256", made.hexdigest()))

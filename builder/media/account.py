"""What a bundle (directory, tar or tar.zst) says of itself: manifest, lock and page are read and believed.

No large file is read, and no byte is checked: that is what verify is for.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.errors import BytesDiffer, HostileInput, PinbootError, UsageError
from builder.lock import text as lock_text
from builder.lock.model import Lock
from builder.media import checksums, found, members
from builder.media.papers import longlist, manifest, nextsteps
from builder.media.papers.fetches import Fetched
from builder.names import shown
from builder.probe import compression

# What manifest.json and NEXT-STEPS.txt of a hundred thousand hosts would have.
MAX_TEXT = 128 << 20
MAX_SMALL = 16 << 20
TEXTS = {manifest.PATH: MAX_TEXT, nextsteps.PATH: MAX_SMALL, **dict.fromkeys(checksums.SIGNATURES, MAX_SMALL)}
CURE = "take the bundle anew, or build it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A line of the manifest; `mode` in octal digits, `evidence` and `role` of the pin that it was made from."""

    path: str
    mode: str
    size: int
    sha256: str
    origin: str
    role: str = ""
    evidence: str = ""

    @property
    def private(self) -> bool:
        return not int(self.mode, 8) & 0o077


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`form` is directory, tar or tar.zst; `release` has family, version, arch and compose; `signatures` are those that
    lie in the bundle; `fetches` what machines ask the network for by themselves, as the page tells it (None: there is
    no page that can be read). `lock` is None where the bundle's own cannot be read."""

    form: str
    name: str
    ident: str
    epoch: int
    tool: str
    release: Mapping[str, str]
    source: str
    lock_path: str
    lock: Lock | None
    overrides: Mapping[str, str]
    files: tuple[File, ...]
    signatures: tuple[str, ...]
    fetches: tuple[Fetched, ...] | None


def read(path: Path) -> Account:
    """Raises NotFound, UsageError (no bundle), BytesDiffer (no manifest that can be read), Missing (no zstd module)."""
    with found.reading(path):
        try:
            form, texts = ("directory", _folder(path)) if path.is_dir() else _archive(path)
        except HostileInput as reason:
            raise BytesDiffer(reason.message, CURE) from reason
    if manifest.PATH not in texts:
        raise UsageError(f"{path}: is no bundle (it holds no {manifest.PATH})",
                         "name a directory, .tar or .tar.zst that pinboot build wrote")
    try:
        return _account(form, texts)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as reason:
        raise BytesDiffer(f"{path}: {manifest.PATH} cannot be read: {shown(repr(reason))}", CURE) from None


def is_bundle(path: Path) -> bool:
    """A directory that holds a manifest, or a file that begins as a tar or a zstd frame does."""
    if path.is_dir():
        return (path / manifest.PATH).is_file()
    try:
        with path.open("rb") as file:
            head = file.read(members.BLOCK)
    except OSError:
        return False
    # The magic of ustar and of GNU tar (POSIX pax, ustar Interchange Format).
    return compression.kind(head) == "zstd" or head[257:262] == b"ustar"


def _account(form: str, texts: Mapping[str, bytes]) -> Account:
    reading = longlist.Reading(io.BytesIO(texts[manifest.PATH]), "files")
    files = tuple(map(_file, reading))
    table = reading.table
    if table["schema"] != manifest.SCHEMA:
        raise ValueError(f"its schema is {table['schema']!r}, this pinboot reads {manifest.SCHEMA}")
    lock_path = _plain(table["lock"]["path"])
    page = texts.get(nextsteps.PATH)
    return Account(
        form=form, name=_word(table["bundle"]["name"]), ident=_word(table["bundle"]["id"]),
        epoch=int(table["bundle"]["epoch"]), tool=f"{_word(table['tool']['name'])} {_word(table['tool']['version'])}",
        release={key: _word(table["release"][key]) for key in ("family", "version", "arch", "compose")},
        source=_word(table["lock"]["source"]), lock_path=lock_path, lock=_lock(lock_path, texts.get(lock_path)),
        overrides={_word(what): _word(reason) for what, reason in sorted(table.get("overrides", {}).items())},
        files=files,
        signatures=tuple(name for name in checksums.SIGNATURES if name in texts),
        fetches=None if page is None else nextsteps.fetched(page.decode("utf-8", "replace")))


def _file(line: Mapping[str, Any]) -> File:
    pin = line.get("pin", {})
    mode, size = _word(line["mode"]), line["size"]
    if not isinstance(size, int) or size < 0 or int(mode, 8) > 0o7777:
        raise ValueError(f"{line['path']!r}: size {size!r}, mode {mode!r}")
    # A few words stand in each of two hundred thousand lines.
    return File(path=_plain(line["path"]), mode=sys.intern(mode), size=size, sha256=_word(line["sha256"]),
                origin=sys.intern(_word(line["origin"])), role=sys.intern(_word(pin.get("role", ""))),
                evidence=sys.intern(_word(pin.get("evidence", ""))))


def _word(value: object) -> str:
    """A text that may be shown. Raises ValueError."""
    if not isinstance(value, str) or not (value.isprintable() and len(value) <= 4096):
        raise ValueError(f"{value!r:.80} is no text")
    return value


def _plain(value: object) -> str:
    """A name that a file of a bundle can have. Raises ValueError."""
    if not isinstance(value, str) or not checksums.PLAIN.fullmatch(value) or {"", ".", ".."} & set(value.split("/")):
        raise ValueError(f"{value!r:.80} is no name for a file of a bundle")
    return value


def _lock(path: str, data: bytes | None) -> Lock | None:
    try:
        return lock_text.parse(data, path) if data is not None else None
    except PinbootError:
        return None


def _folder(root: Path) -> dict[str, bytes]:
    texts: dict[str, bytes] = {}
    for name, cap in TEXTS.items():
        _take(root, name, cap, texts)
    with os.scandir(root) as entries:
        for name in sorted(entry.name for entry in entries if found.is_lock(entry.name))[:8]:
            _take(root, name, lock_text.MAX_BYTES, texts)
    return texts


def _take(root: Path, name: str, cap: int, texts: dict[str, bytes]) -> None:
    """The small file of this name, if it is one. Links are not followed. Raises OSError for one that may not be
    read."""
    try:
        with os.fdopen(os.open(root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode) and len(data := file.read(cap + 1)) <= cap:
                texts[name] = data
    except FileNotFoundError:
        return


def _archive(path: Path) -> tuple[str, dict[str, bytes]]:
    """The texts at the top of a tar, which is left when manifest and lock were met: what else is wanted stands before
    them, because members are sorted."""
    texts: dict[str, bytes] = {}
    with path.open("rb") as file:
        packed = compression.kind(file.read(compression.MAGIC_SIZE)) == "zstd"
        file.seek(0)
        for member, pieces in members.read(file, os.fstat(file.fileno()).st_size, str(path)):
            name = member.name.partition("/")[2]
            cap = lock_text.MAX_BYTES if found.is_lock(name) else TEXTS.get(name, -1)
            if member.kind == "file" and member.size <= cap and name not in texts:
                texts[name] = b"".join(pieces)
            if manifest.PATH in texts and any(map(found.is_lock, texts)):
                break
    return "tar.zst" if packed else "tar", texts

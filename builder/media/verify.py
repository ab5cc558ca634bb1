"""Is a bundle (directory, tar or tar.zst) what was built? Every byte against manifest.json, SHA256SUMS, its lock."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

from builder.errors import BytesDiffer, HostileInput, NotFound, PinbootError, UsageError
from builder.lock import text as lock_text
from builder.media import checksums, members
from builder.media.pack import stream
from builder.media.papers import manifest
from builder.media.signing.judged import NOTHING, Check, Judged, unchecked
from builder.progress import Meter, Progress, Silent

# manifest.json of ten thousand hosts has some 12 MB.
MAX_TEXT = 128 << 20
MAX_SIGNATURE = 256 << 10  # post-quantum OpenPGP signatures have 5 KB each
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A file that is there and is not as built: `expected` and `found` are digests or modes, or words for either."""

    path: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`files` were built. `changed`, `missing`, `extra` and `modes` compare with the manifest; `disagree` tells where
    manifest, SHA256SUMS and lock contradict each other. `signature` is what was made of a signature or its absence;
    `overrides` are the reasons why less than usual was accepted, by role or path, as the bundle's lock has them."""

    bundle_id: str
    files: int
    changed: tuple[Difference, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    modes: tuple[Difference, ...] = ()
    disagree: tuple[str, ...] = ()
    signature: Judged = NOTHING
    overrides: tuple[tuple[str, str], ...] = ()

    @property
    def intact(self) -> bool:
        """Every byte and mode is as built, whoever signed."""
        return not (self.changed or self.missing or self.extra or self.modes or self.disagree)

    @property
    def ok(self) -> bool:
        return self.intact and self.signature.ok


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A name in the bundle. `kind` is `file`, or a word for what it is instead."""

    kind: str
    mode: int = 0
    sha256: str = ""
    data: bytes | None = None


def verify(path: Path, progress: Progress | None = None, check: Check = unchecked) -> Report:
    """Read the bundle at `path` whole, and let `check` judge its signature. Raises NotFound, UsageError (no bundle),
    BytesDiffer (no readable manifest, an archive that is cut or damaged or unpacks without end), Missing (no zstd
    module, no ssh-keygen)."""
    try:
        with (progress or Silent()).start(f"verifying {path.name}") as meter:
            tree = _folder(path, _Reader(meter)) if path.is_dir() else _archive(path, _Reader(meter))
    except FileNotFoundError:
        raise NotFound(f"{path}: there is no such bundle") from None
    except OSError as reason:
        raise UsageError(f"{path}: cannot be read: {reason.strerror or reason}") from reason
    except HostileInput as reason:
        raise BytesDiffer(f"{reason.message}: not what was built", "take the bundle anew") from reason
    listed = tree.get(manifest.PATH)
    if listed is None or listed.data is None:
        raise UsageError(f"{path}: is no bundle (it holds no {manifest.PATH})")
    try:
        report = _compared(tree, json.loads(listed.data))
    except (ValueError, KeyError, TypeError, RecursionError) as reason:
        raise BytesDiffer(f"{path}: {manifest.PATH} cannot be read: {reason!r}", "take the bundle anew") from None
    return replace(report, signature=_signature(tree, check))


def _signature(tree: Mapping[str, _Found], check: Check) -> Judged:
    """What `check` says of the bytes that were read; a signature that is no small file counts as extra, not as one."""
    there = {name: tree[name].data for name in checksums.SIGNATURES if name in tree}
    sums = tree[checksums.PATH].data if checksums.PATH in tree else None
    return check(sums or b"", {name: data for name, data in there.items() if data is not None})


def _compared(tree: Mapping[str, _Found], table: dict[str, Any]) -> Report:
    if table["schema"] != manifest.SCHEMA:
        raise ValueError(f"its schema is {table['schema']!r}, this pinboot reads {manifest.SCHEMA}")
    built: dict[str, dict[str, Any]] = {line["path"]: line for line in table["files"]}
    if len(built) != len(table["files"]):
        raise ValueError("it names a file twice")
    changed, modes = [], []
    for path, line in built.items():
        found = tree.get(path)
        if found is None:
            continue
        if found.kind != "file":
            changed.append(Difference(path=path, expected="a file", found=found.kind))
        elif found.sha256 != line["sha256"]:
            changed.append(Difference(path=path, expected=line["sha256"], found=found.sha256))
        elif f"{found.mode:04o}" != line["mode"]:
            modes.append(Difference(path=path, expected=line["mode"], found=f"{found.mode:04o}"))
    known = {*built, manifest.PATH, checksums.PATH}
    signatures = {name for name in checksums.SIGNATURES if name in tree and tree[name].data is not None}
    overrides, disagree = _lock(tree, table)
    return Report(
        bundle_id=str(table["bundle"]["id"]), files=len(known), changed=tuple(changed), modes=tuple(modes),
        missing=tuple(sorted(known - tree.keys())), extra=tuple(sorted(tree.keys() - known - signatures)),
        disagree=(*_sums(tree, built), *disagree), overrides=overrides)


def _sums(tree: Mapping[str, _Found], built: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """SHA256SUMS must say the same as the manifest, and know the manifest itself."""
    found = tree.get(checksums.PATH)
    if found is None:
        return []  # missing, and named as such
    try:
        sums = checksums.parse(found.data or b"")
    except ValueError as reason:
        return [f"{checksums.PATH}: {reason}"]
    wanted = {path: str(line["sha256"]) for path, line in built.items()}
    wanted[manifest.PATH] = tree[manifest.PATH].sha256
    lines = []
    for path in sorted(wanted.keys() | sums.keys()):
        if path not in sums:
            lines.append(f"{path} is in {manifest.PATH} and not in {checksums.PATH}")
        elif path not in wanted:
            lines.append(f"{path} is in {checksums.PATH} and not in {manifest.PATH}")
        elif sums[path] != wanted[path]:
            lines.append(f"{path}: {checksums.PATH} says {sums[path]}, wanted {wanted[path]}")
    return lines


def _lock(tree: Mapping[str, _Found], table: dict[str, Any]) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """Every file that the manifest calls pinned or made from a pin has its digest in the bundle's own lock. The
    overrides of that lock, and what disagrees."""
    path = str(table["lock"]["path"])
    found = tree.get(path)
    if found is None or found.data is None:
        return (), [f"{path}: the lock is not in the bundle"]
    try:
        lock = lock_text.parse(found.data, path)
    except PinbootError as reason:
        return (), [reason.message]
    pins = {pin.digest.hex for pin in lock.pins}
    same = found.sha256 == table["lock"]["sha256"]
    lines = [] if same else [f"{path}: is not the lock that the bundle was made from"]
    for line in table["files"]:
        if line["origin"] in ("pinned", "injected") and line["pin"]["sha256"] not in pins:
            lines.append(f"{line['path']}: {path} has no pin {line['pin']['sha256']}")
        if line["origin"] == "pinned" and line["pin"]["sha256"] != line["sha256"]:
            lines.append(f"{line['path']}: is called pinned, with another digest than its pin")
    if table.get("overrides", {}) != dict(lock.overrides):
        lines.append(f"{path}: what it accepted below the usual is not what {manifest.PATH} says")
    return tuple(sorted(lock.overrides.items())), lines


class _Reader:
    """Hashes files. The few texts that are compared are kept, MAX_TEXT bytes of them in all."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._room = MAX_TEXT
        self.buffer = memoryview(bytearray(CHUNK))

    def file(self, name: str, size: int, mode: int, pieces: Iterable[bytes | memoryview]) -> _Found:
        kept_whole = name in (manifest.PATH, checksums.PATH) or _is_lock(name)
        small = name in checksums.SIGNATURES and size <= MAX_SIGNATURE
        keep = size <= self._room and (kept_whole or small)
        self._room -= size if keep else 0
        made, kept = hashlib.sha256(), []
        for piece in pieces:
            made.update(piece)
            self._meter.advance(len(piece))
            if keep:
                kept.append(bytes(piece))
        return _Found(kind="file", mode=mode, sha256=made.hexdigest(), data=b"".join(kept) if keep else None)


def _is_lock(name: str) -> bool:
    return name.endswith(".lock") and "/" not in name


def _folder(root: Path, reader: _Reader) -> dict[str, _Found]:
    return dict(_walk(root, "", reader))


def _walk(folder: Path, above: str, reader: _Reader) -> Iterator[tuple[str, _Found]]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        name = above + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(folder / entry.name, f"{name}/", reader)
        elif entry.is_file(follow_symlinks=False):
            with os.fdopen(os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW), "rb", buffering=0) as file:
                status = os.fstat(file.fileno())
                pieces = stream.pieces(cast(BinaryIO, file), status.st_size, reader.buffer)
                yield name, reader.file(name, status.st_size, stat.S_IMODE(status.st_mode), pieces)
        else:
            yield name, _Found(kind="a symbolic link" if entry.is_symlink() else "a special file")


def _archive(path: Path, reader: _Reader) -> dict[str, _Found]:
    """The files of a tar below its one folder. Nothing is extracted, so names in it can do no harm; a name that stands
    twice or outside of the folder is extra."""
    tree: dict[str, _Found] = {}
    with path.open("rb") as file:
        for member, pieces in members.read(file, os.fstat(file.fileno()).st_size, str(path)):
            name = member.name.partition("/")[2]
            if member.kind == "folder":
                continue
            if not name or name in tree or ".." in member.name.split("/"):
                tree[f"{member.name} (outside, or twice)"] = _Found(kind="a stray member")
            elif member.kind == "file":
                tree[name] = reader.file(name, member.size, member.mode, pieces)
            else:
                tree[name] = _Found(kind=member.kind)
    return tree

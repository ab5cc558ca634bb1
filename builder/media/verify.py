"""Is a bundle, as a directory or a tar, what was built? Every byte against manifest.json, SHA256SUMS and its lock."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from builder.errors import BytesDiffer, NotFound, PinbootError, UsageError
from builder.lock import text as lock_text
from builder.media import checksums, manifest
from builder.names import shown
from builder.progress import Meter, Progress, Silent

# manifest.json of ten thousand hosts has some 12 MB.
MAX_TEXT = 128 << 20
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
    manifest, SHA256SUMS and lock contradict each other."""

    bundle_id: str
    files: int
    changed: tuple[Difference, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    modes: tuple[Difference, ...] = ()
    disagree: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not (self.changed or self.missing or self.extra or self.modes or self.disagree)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A name in the bundle. `kind` is `file`, or a word for what it is instead."""

    kind: str
    mode: int = 0
    size: int = 0
    sha256: str = ""
    data: bytes | None = None


def verify(path: Path, progress: Progress | None = None) -> Report:
    """Read the bundle at `path` whole. Raises NotFound, UsageError (no bundle), BytesDiffer (no readable manifest)."""
    try:
        with (progress or Silent()).start(f"verifying {path.name}") as meter:
            tree = _folder(path, meter) if path.is_dir() else _archive(path, meter)
    except FileNotFoundError:
        raise NotFound(f"{path}: there is no such bundle") from None
    except OSError as reason:
        raise UsageError(f"{path}: cannot be read: {reason.strerror or reason}") from reason
    listed = tree.get(manifest.PATH)
    if listed is None or listed.data is None:
        raise UsageError(f"{path}: is no bundle (it holds no {manifest.PATH})")
    try:
        return _compared(tree, json.loads(listed.data))
    except (ValueError, KeyError, TypeError, RecursionError) as reason:
        raise BytesDiffer(f"{path}: {manifest.PATH} cannot be read: {reason!r}", "take the bundle anew") from None


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
    return Report(
        bundle_id=str(table["bundle"]["id"]), files=len(known), changed=tuple(changed), modes=tuple(modes),
        missing=tuple(sorted(known - tree.keys())), extra=tuple(sorted(tree.keys() - known)),
        disagree=(*_sums(tree, built), *_lock(tree, table)))


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


def _lock(tree: Mapping[str, _Found], table: dict[str, Any]) -> list[str]:
    """Every file that the manifest calls pinned or made from a pin has its digest in the bundle's own lock."""
    path = str(table["lock"]["path"])
    found = tree.get(path)
    if found is None or found.data is None:
        return [f"{path}: the lock is not in the bundle"]
    try:
        pins = {pin.digest.hex for pin in lock_text.parse(found.data, path).pins}
    except PinbootError as reason:
        return [reason.message]
    same = found.sha256 == table["lock"]["sha256"]
    lines = [] if same else [f"{path}: is not the lock that the bundle was made from"]
    for line in table["files"]:
        if line["origin"] in ("pinned", "injected") and line["pin"]["sha256"] not in pins:
            lines.append(f"{line['path']}: {path} has no pin {line['pin']['sha256']}")
        if line["origin"] == "pinned" and line["pin"]["sha256"] != line["sha256"]:
            lines.append(f"{line['path']}: is called pinned, with another digest than its pin")
    return lines


def _folder(root: Path, meter: Meter) -> dict[str, _Found]:
    return {path.relative_to(root).as_posix(): found for path, found in _walk(root, root, meter)}


def _walk(root: Path, folder: Path, meter: Meter) -> Iterator[tuple[Path, _Found]]:
    for path in sorted(folder.iterdir()):
        status = path.lstat()
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(root, path, meter)
        elif stat.S_ISREG(status.st_mode):
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as stream:
                keep = path.parent == root and status.st_size <= MAX_TEXT
                yield path, _read(stream, stat.S_IMODE(status.st_mode), keep, meter)
        else:
            yield path, _Found(kind="a symbolic link" if stat.S_ISLNK(status.st_mode) else "a special file")


def _read(stream: BinaryIO, mode: int, keep: bool, meter: Meter) -> _Found:
    made, size, kept = hashlib.sha256(), 0, []
    while chunk := stream.read(CHUNK):
        made.update(chunk)
        size += len(chunk)
        meter.advance(len(chunk))
        if keep:
            kept.append(chunk)
    return _Found(kind="file", mode=mode, size=size, sha256=made.hexdigest(), data=b"".join(kept) if keep else None)


def _archive(path: Path, meter: Meter) -> dict[str, _Found]:
    """The files of a tar below its one folder. Nothing is extracted, so names in it can do no harm; a name that stands
    twice or outside of the folder is extra."""
    tree: dict[str, _Found] = {}
    try:
        with tarfile.open(path, "r:") as archive:
            for info in archive:
                name = info.name.partition("/")[2]
                if info.isdir():
                    continue
                if not name or name in tree or ".." in info.name.split("/"):
                    tree[f"{info.name} (outside, or twice)"] = _Found(kind="a stray member")
                elif info.isreg():
                    stream = archive.extractfile(info)
                    if stream is None:
                        raise tarfile.ReadError(f"no data of {shown(info.name)}")
                    keep = "/" not in name and info.size <= MAX_TEXT
                    tree[name] = _read(stream, info.mode, keep, meter)  # type: ignore[arg-type]
                else:
                    tree[name] = _Found(kind="a symbolic link" if info.issym() else "a special file")
    except tarfile.TarError as reason:
        raise UsageError(f"{path}: is no bundle: neither a directory nor a tar that can be read ({reason})") from None
    return tree

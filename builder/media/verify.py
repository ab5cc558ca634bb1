"""Is a bundle (directory, tar or tar.zst) what was built? Every byte against manifest.json, SHA256SUMS, its lock."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from builder.errors import BytesDiffer, PinbootError, UsageError
from builder.lock import text as lock_text
from builder.media import checksums, found
from builder.media.found import Tree
from builder.media.papers import longlist, manifest
from builder.media.signing.judged import NOTHING, Check, Judged, unchecked
from builder.progress import Progress, Silent

MAX_SIGNATURE = 256 << 10  # post-quantum OpenPGP signatures have 5 KB each


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


def verify(path: Path, progress: Progress | None = None, check: Check = unchecked) -> Report:
    """Read the bundle at `path` whole, and let `check` judge its signature. Raises NotFound, UsageError (no bundle),
    BytesDiffer (no readable manifest, an archive that is cut or damaged or unpacks without end), Missing (no zstd
    module, no ssh-keygen)."""
    with found.reading(path):
        with (progress or Silent()).start(f"verifying {path.name}") as meter:
            reader = found.Reader(meter, _is_compared)
            tree = reader.folder(path) if path.is_dir() else reader.archive(path)
        return _verified(path, tree, check)


def _is_compared(name: str, size: int) -> bool:
    if name in checksums.SIGNATURES:
        return size <= MAX_SIGNATURE
    return name in (manifest.PATH, checksums.PATH) or found.is_lock(name)


def _verified(path: Path, tree: Tree, check: Check) -> Report:
    if manifest.PATH not in tree.texts:
        raise UsageError(f"{path}: is no bundle (it holds no {manifest.PATH})")
    signature = _signature(tree, check)
    try:
        report = _Comparison(tree).report()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as reason:
        raise BytesDiffer(f"{path}: {manifest.PATH} cannot be read: {reason!r}", "take the bundle anew") from None
    return replace(report, signature=signature)


def _signature(tree: Tree, check: Check) -> Judged:
    """What `check` says of the bytes that were read; a signature that is no small file counts as extra, not as one."""
    there = {name: data for name in checksums.SIGNATURES if (data := tree.text(name)) is not None}
    return check((tree.text(checksums.PATH) or b"") if there else b"", there)


class _Comparison:
    """One pass through manifest.json, in the order of paths, with SHA256SUMS beside it. Raises ValueError, KeyError,
    TypeError for a manifest that is none."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.files = 0
        self.changed: list[Difference] = []
        self.modes: list[Difference] = []
        self.missing: list[str] = []
        self.sums: list[str] = []
        self.pinned: list[dict[str, Any]] = []

    def report(self) -> Report:
        text = longlist.Reading(self.tree.texts[manifest.PATH], "files")
        own = self.tree.taken(manifest.PATH)
        there = self.tree.taken(checksums.PATH)
        signatures = {name for name in checksums.SIGNATURES if name in self.tree.texts}
        listed = heapq.merge(self._listed(text), [(manifest.PATH, own.sha256 if own else "")])
        if there is None:
            for _ in listed:
                pass
        else:
            self._compare_sums(listed)
        table = text.table
        if table["schema"] != manifest.SCHEMA:
            raise ValueError(f"its schema is {table['schema']!r}, this pinboot reads {manifest.SCHEMA}")
        self.missing += [name for name, file in ((manifest.PATH, own), (checksums.PATH, there)) if file is None]
        overrides, disagree = self._lock(table)
        return Report(
            bundle_id=str(table["bundle"]["id"]), files=self.files + 2, changed=tuple(self.changed),
            modes=tuple(self.modes), missing=tuple(sorted(self.missing)),
            extra=tuple(sorted(set(self.tree) - signatures)), disagree=(*self.sums, *disagree), overrides=overrides)

    def _listed(self, lines: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
        """Path and digest of each file of the manifest, once it is compared with what was found."""
        last = ""
        for line in lines:
            path, sha256 = line["path"], line["sha256"]
            if not path > last:
                raise ValueError("it names a file twice, or out of order")
            last = path
            self.files += 1
            if line["origin"] in ("pinned", "injected"):
                self.pinned.append(line)
            self._compare(path, sha256, line["mode"])
            yield path, str(sha256)

    def _compare(self, path: str, sha256: str, mode: str) -> None:
        file = self.tree.taken(path)
        if file is None:
            other = self.tree.others.pop(path, "")
            if other:
                self.changed.append(Difference(path=path, expected="a file", found=other))
            else:
                self.missing.append(path)
        elif file.sha256 != sha256:
            self.changed.append(Difference(path=path, expected=sha256, found=file.sha256))
        elif f"{file.mode:04o}" != mode:
            self.modes.append(Difference(path=path, expected=mode, found=f"{file.mode:04o}"))

    def _compare_sums(self, wanted: Iterator[tuple[str, str]]) -> None:
        """SHA256SUMS must say the same as the manifest, and know the manifest itself."""
        try:
            for path, mine, theirs in _joined(wanted, self._told()):
                if theirs is None:
                    self.sums.append(f"{path} is in {manifest.PATH} and not in {checksums.PATH}")
                elif mine is None:
                    self.sums.append(f"{path} is in {checksums.PATH} and not in {manifest.PATH}")
                elif mine != theirs:
                    self.sums.append(f"{path}: {checksums.PATH} says {theirs}, wanted {mine}")
        except _Unreadable as reason:
            self.sums = [f"{checksums.PATH}: {reason}"]
            for _ in wanted:
                pass

    def _told(self) -> Iterator[tuple[str, str]]:
        text = self.tree.texts.get(checksums.PATH)
        if text is None:
            return
        text.seek(0)
        try:
            yield from checksums.lines(text)
        except ValueError as reason:
            raise _Unreadable(reason) from None

    def _lock(self, table: Mapping[str, Any]) -> tuple[tuple[tuple[str, str], ...], list[str]]:
        """Every file that the manifest calls pinned or made from a pin has its digest in the bundle's own lock. The
        overrides of that lock, and what disagrees."""
        path = str(table["lock"]["path"])
        data = self.tree.text(path)
        if data is None:
            return (), [f"{path}: the lock is not in the bundle"]
        try:
            lock = lock_text.parse(data, path)
        except PinbootError as reason:
            return (), [reason.message]
        pins = {pin.digest.hex for pin in lock.pins}
        same = hashlib.sha256(data).hexdigest() == table["lock"]["sha256"]
        lines = [] if same else [f"{path}: is not the lock that the bundle was made from"]
        for line in self.pinned:
            if line["pin"]["sha256"] not in pins:
                lines.append(f"{line['path']}: {path} has no pin {line['pin']['sha256']}")
            if line["origin"] == "pinned" and line["pin"]["sha256"] != line["sha256"]:
                lines.append(f"{line['path']}: is called pinned, with another digest than its pin")
        if table.get("overrides", {}) != dict(lock.overrides):
            lines.append(f"{path}: what it accepted below the usual is not what {manifest.PATH} says")
        return tuple(sorted(lock.overrides.items())), lines


class _Unreadable(Exception):
    """SHA256SUMS is no list of checksums; the manifest is read on."""


def _joined(one: Iterator[tuple[str, str]],
            other: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str | None, str | None]]:
    """Two lists in the order of their keys as one: key, and the value of each side that has it."""
    left, right = next(one, None), next(other, None)
    while left or right:
        if right is None or (left and left[0] < right[0]):
            assert left is not None
            yield left[0], left[1], None
            left = next(one, None)
        elif left is None or right[0] < left[0]:
            yield right[0], None, right[1]
            right = next(other, None)
        else:
            yield left[0], left[1], right[1]
            left, right = next(one, None), next(other, None)

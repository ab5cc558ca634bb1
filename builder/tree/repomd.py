"""repodata/repomd.xml: the metadata files of a package repository, with their digests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from builder import names
from builder.digest import Digest
from builder.errors import HostileInput
from builder.names import shown
from builder.tree import border, guarded

MAX_BYTES = 16 << 20  # RELIABILITY N17
NAMESPACE = "http://linux.duke.edu/metadata/repo"
XML_BASE = "http://www.w3.org/XML/1998/namespace base"
FIELDS = frozenset({"checksum", "open-checksum", "size", "open-size"})
HINT = "this repodata is not in order; take another mirror"
TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One metadata file: `href` relative to the repository, sizes in bytes. `digest` is None where none counts, and
    `weak` says why. The `open_` ones are those of the unpacked file, None where it is not packed or not told."""

    type: str
    href: str
    digest: Digest | None
    size: int | None
    open_digest: Digest | None
    open_size: int | None
    weak: str = ""


@dataclass(frozen=True, slots=True)
class Repomd:
    """`revision` as written (mostly the seconds of its making); `records` by type: primary, filelists, group ..."""

    revision: str
    records: Mapping[str, Record]


def read(data: bytes, where: str) -> Repomd:
    """Parse the bytes of a repomd.xml; `where` names the file in messages.

    Raises HostileInput with the place, what was found and what was wanted.
    """
    if len(data) > MAX_BYTES:
        raise border.refusal(where, "too long for a repomd.xml", f"{len(data)} bytes", f"at most {MAX_BYTES} bytes")
    reader = _Reader(where)
    guarded.read((data,), where, "a repomd.xml", f"{NAMESPACE} repomd", reader)
    return Repomd(reader.revision, MappingProxyType(reader.records))


class _Reader:
    """Collects <data> elements (depth 2) and their children (depth 3)."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.revision = ""
        self.records: dict[str, Record] = {}
        self.type = ""
        self.fields: dict[str, tuple[str, str]] = {}
        self.href: str | None = None
        self.kind = ""
        self.heard: list[str] = []

    def start(self, name: str, attributes: dict[str, str], depth: int) -> None:
        self.heard.clear()
        namespace, _, local = name.rpartition(" ")
        if namespace != NAMESPACE:
            return
        if depth == 2 and local == "data":
            self.type = attributes.get("type", "")
            self.fields, self.href = {}, None
            if not TYPE.fullmatch(self.type):
                found = shown(self.type) if self.type else "nothing"
                raise border.refusal(self.where, "<data> type", found, "a word such as primary", HINT)
        elif depth == 3 and local == "location" and self.type:
            self._location(attributes)
        elif depth == 3:
            self.kind = attributes.get("type", "")

    def text(self, text: str) -> None:
        self.heard.append(text)

    def end(self, name: str, depth: int) -> None:
        namespace, _, local = name.rpartition(" ")
        value = "".join(self.heard).strip()
        self.heard.clear()
        if namespace != NAMESPACE:
            return
        if depth == 3 and self.type and local in FIELDS:
            if local in self.fields:
                raise self._refuse(f"<{local}>", "a second one", "one of each")
            self.fields[local] = (self.kind, value)
        elif depth == 2 and local == "data":
            self._record()
        elif depth == 2 and local == "revision":
            if len(value) > 200 or not value.isprintable():
                raise self._refuse("<revision>", shown(value), "a short text")
            self.revision = value

    def _location(self, attributes: Mapping[str, str]) -> None:
        if self.href is not None:
            raise self._refuse("<location>", "a second one", "one of each")
        if XML_BASE in attributes:
            raise self._refuse("<location> xml:base", shown(attributes[XML_BASE]), "files of this repository only")
        href = attributes.get("href", "")
        try:
            self.href = names.tree_path(href)
        except ValueError:
            raise self._refuse("<location> href", shown(href), "a path inside the repository: relative, plain ASCII, "
                               "no .. and no leading - or /") from None

    def _record(self) -> None:
        if self.type in self.records:
            raise self._refuse("<data>", "a second one of this type", "one file of each type: which would be read?")
        if self.href is None:
            raise self._refuse("<location>", "nothing", "the path of the file")
        found, weak = self._digest("checksum")
        unpacked, _ = self._digest("open-checksum")
        self.records[self.type] = Record(
            type=self.type, href=self.href, digest=found, size=self._number("size"), open_digest=unpacked,
            open_size=self._number("open-size"), weak=weak)
        self.type = ""

    def _digest(self, field: str) -> tuple[Digest | None, str]:
        if field not in self.fields:
            return None, "it has no digest"
        algorithm, value = self.fields[field]
        try:
            made = border.digest(algorithm, value)
        except ValueError as e:
            raise self._refuse(f"<{field}>", shown(value), f"a digest of type sha256 ({e})") from None
        return (made, "") if isinstance(made, Digest) else (None, made)

    def _number(self, field: str) -> int | None:
        if field not in self.fields:
            return None
        value = self.fields[field][1]
        if not re.fullmatch(r"[0-9]{1,15}", value):
            raise self._refuse(f"<{field}>", shown(value), "a size in bytes")
        return int(value)

    def _refuse(self, place: str, found: str, wanted: str) -> HostileInput:
        return border.refusal(self.where, f"{self.type}: {place}" if self.type else place, found, wanted, HINT)

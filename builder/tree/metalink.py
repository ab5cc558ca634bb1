"""A metalink of a repository: its mirrors, best first, and the digests that their repomd.xml may have.

Metalink 3.0 with MirrorManager's own elements, as yum and dnf read it (mirrormanager2, librepo). A mirror that is one
step behind serves the repomd.xml of before, which mm0:alternates names: that is no lie.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from builder.digest import Digest
from builder.errors import HostileInput
from builder.names import shown
from builder.tree import border, guarded, mirrorlist

MAX_BYTES = 1 << 20
NAMESPACE = "http://www.metalinker.org/"
MIRRORMANAGER = "http://fedorahosted.org/mirrormanager"
FILE = "repomd.xml"
SUFFIX = "/repodata/repomd.xml"
COUNTS = ("sha256", "sha512")
HINT = "take another metalink, or name a mirror: tree.url"
# The least and the best that a <url> can say of itself; without a word it is the last of all.
PREFERENCE = re.compile(r"0*(100|[0-9]{1,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metalink:
    """`addresses` of the repository itself, best first, at most mirrorlist.MOST; `digests` of its repomd.xml now,
    `earlier` of those before it; both are empty where the metalink names none that counts. `timestamp` in seconds."""

    addresses: tuple[str, ...]
    digests: tuple[Digest, ...]
    earlier: tuple[Digest, ...]
    timestamp: int | None


def read(data: bytes, where: str, variables: Mapping[str, str]) -> Metalink:
    """Parse the bytes of a metalink; `where` names it in messages, `variables` as in mirrorlist.read().

    Raises HostileInput with the place, what was found and what was wanted, and where no address can be used.
    """
    if len(data) > MAX_BYTES:
        raise border.refusal(where, "too long for a metalink", f"{len(data)} bytes", f"at most {MAX_BYTES} bytes")
    reader = _Reader(where, variables)
    guarded.read((data,), where, "a metalink", f"{NAMESPACE} metalink", reader)
    if not reader.seen:
        found = f"files called {', '.join(map(shown, reader.files[:3]))}" if reader.files else "no file"
        raise border.refusal(where, f"not the metalink of a repository: no {FILE}", found, FILE, HINT)
    if not reader.offers:
        raise border.refusal(where, "no mirror in the metalink", reader.reasons[0] if reader.reasons else "no address",
                             f"http or https addresses that end in {SUFFIX}", HINT)
    ranked = sorted(reader.offers, key=lambda offer: (-offer[0], not offer[1].startswith("https:")))
    return Metalink(addresses=mirrorlist.once(url for _, url in ranked), digests=tuple(reader.digests),
                    earlier=tuple(reader.earlier), timestamp=reader.timestamp)


class _Reader:
    """Collects what stands in <file name="repomd.xml">; `path` are the names of the open elements, without namespaces
    but for those of MirrorManager, which are written mm0:..."""

    def __init__(self, where: str, variables: Mapping[str, str]) -> None:
        self.where, self.variables = where, variables
        self.path: list[str] = []
        self.files: list[str] = []
        self.seen = self.inside = False
        self.offers: list[tuple[int, str]] = []
        self.reasons: list[str] = []
        self.digests: list[Digest] = []
        self.earlier: list[Digest] = []
        self.timestamp: int | None = None
        self.attributes: dict[str, str] = {}
        self.heard: list[str] = []

    def start(self, name: str, attributes: dict[str, str], depth: int) -> None:
        namespace, _, local = name.rpartition(" ")
        self.path.append({NAMESPACE: local, MIRRORMANAGER: f"mm0:{local}"}.get(namespace, ""))
        self.attributes = attributes
        self.heard.clear()
        if self.path[1:] == ["files", "file"]:
            self._file(attributes.get("name", ""))

    def text(self, text: str) -> None:
        self.heard.append(text)

    def end(self, name: str, depth: int) -> None:
        value = "".join(self.heard).strip()
        self.heard.clear()
        place = self.path[3:]
        if self.path[1:] == ["files", "file"]:
            self.inside = False
        elif self.inside and place == ["resources", "url"]:
            self._url(value)
        elif self.inside and place == ["verification", "hash"]:
            self._hash(value, self.digests)
        elif self.inside and place == ["mm0:alternates", "mm0:alternate", "verification", "hash"]:
            self._hash(value, self.earlier)
        elif self.inside and place == ["mm0:timestamp"]:
            self._timestamp(value)
        self.path.pop()

    def _file(self, name: str) -> None:
        self.files.append(name)
        self.inside = name == FILE
        if self.inside and self.seen:
            raise self._refuse(f"<file name={shown(name)}>", "a second one", "one: which would be read?")
        self.seen = self.seen or self.inside

    def _url(self, value: str) -> None:
        """An address that cannot be used is passed over: most metalinks name rsync and ftp mirrors too."""
        stated = PREFERENCE.fullmatch(self.attributes.get("preference", ""))
        try:
            if not value.endswith(SUFFIX):
                raise ValueError(f"{shown(value)} is no address of a {FILE}")
            url = mirrorlist.address(value.removesuffix(SUFFIX), self.variables)
        except ValueError as reason:
            self.reasons.append(str(reason))
            return
        self.offers.append((int(stated[1]) if stated else -1, url))

    def _hash(self, value: str, into: list[Digest]) -> None:
        algorithm = self.attributes.get("type", "").strip().lower()
        if algorithm not in COUNTS:
            return  # md5 and sha1 stand beside the others and never count (RELIABILITY I03)
        try:
            made = border.digest(algorithm, value)
        except ValueError as reason:
            raise self._refuse("<hash>", shown(value), f"a digest of type {algorithm} ({reason})") from None
        if isinstance(made, Digest) and made not in into:
            into.append(made)

    def _timestamp(self, value: str) -> None:
        if not re.fullmatch(r"[0-9]{1,12}", value):
            raise self._refuse("<mm0:timestamp>", shown(value), "seconds")
        self.timestamp = int(value)

    def _refuse(self, place: str, found: str, wanted: str) -> HostileInput:
        return border.refusal(self.where, place, found, wanted, HINT)

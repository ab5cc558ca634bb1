"""primary.xml: the kernel packages of a repository, read as a stream."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from builder import names as border_names
from builder.digest import Digest
from builder.errors import HostileInput
from builder.names import shown
from builder.tree import border, guarded

COMMON = "http://linux.duke.edu/metadata/common"
RPM = "http://linux.duke.edu/metadata/rpm"
HEADER_RANGE = f"{RPM} header-range"
PROVIDES = f"{RPM} provides"
PROVIDE = f"{RPM} entry"
XML_BASE = "http://www.w3.org/XML/1998/namespace base"
PACKAGE = f"{COMMON} package"
TEXTS = frozenset({f"{COMMON} name", f"{COMMON} arch", f"{COMMON} checksum"})
ATTRIBUTES = frozenset({f"{COMMON} version", f"{COMMON} checksum", f"{COMMON} time", f"{COMMON} size",
                        f"{COMMON} location"})
# rpm's own alphabets of version and release (rpmvercmp ignores the rest); an epoch is a small number.
WORD = re.compile(r"[A-Za-z0-9._+~^]{1,128}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
# What a kernel package provides: its `uname -r`, whole (Red Hat's kernel.spec: kernel-uname-r = %{KVERREL}).
UNAME = "kernel-uname-r"
# rpm splits a version at its last dash, so the two halves joined are the whole again.
UNAME_WORD = re.compile(r"[A-Za-z0-9._+~^-]{1,128}")
# A repository that keeps every kernel of ten years has some hundreds; the answer stays small whatever comes.
MAX_KERNELS = 10_000
MAX_TEXT = 1_000
MAX_SIZE = 8 << 30  # bytes of a package: the largest of the field are some 3 GiB


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelPackage:
    """`digest` is that of the package file, None where it is weak; `build_time` in seconds. `header_range` are the
    first byte of the signed header and the first after it (LIBRARIES 2), None where repodata does not tell. `uname` is
    what it provides as kernel-uname-r, empty where it does not (EL6 and older). `size` are the bytes of the package
    file, None where repodata does not tell."""

    name: str
    epoch: int
    version: str
    release: str
    arch: str
    href: str
    digest: Digest | None
    build_time: int
    header_range: tuple[int, int] | None
    uname: str = ""
    size: int | None = None

    @property
    def kernel_version(self) -> str:
        """What `uname -r` says of it: as it provides it itself, else as since EL6: 3.10.0-1160.el7.x86_64."""
        return self.uname or f"{self.version}-{self.release}.{self.arch}"


def kernels(chunks: Iterable[bytes], names: Collection[str], where: str) -> tuple[KernelPackage, ...]:
    """The packages of these `names`, in the file's order, from the chunks of an unpacked primary.xml.

    Memory stays flat. The caller caps and verifies the bytes. Raises HostileInput.
    """
    reader = _Reader(where, frozenset(names))
    guarded.read(chunks, where, "a primary.xml", f"{COMMON} metadata", reader)
    return tuple(reader.found.values())


class _Reader:
    """Collects the children (depth 3) of each <package> (depth 2) whose name is wanted."""

    __slots__ = ("attributes", "found", "heard", "names", "provides", "range", "skip", "texts", "uname", "where")

    def __init__(self, where: str, names: frozenset[str]) -> None:
        self.where, self.names = where, names
        self.found: dict[tuple[str, int, str, str, str], KernelPackage] = {}
        self.skip = True
        self.attributes: dict[str, dict[str, str]] = {}
        self.texts: dict[str, str] = {}
        self.range: dict[str, str] | None = None
        self.provides = False
        self.uname: dict[str, str] | None = None
        self.heard: list[str] | None = None

    def start(self, name: str, attributes: dict[str, str], depth: int) -> None:
        if depth == 2:
            self.skip = name != PACKAGE or attributes.get("type") != "rpm"
            self.attributes, self.texts, self.range, self.heard, self.uname = {}, {}, None, None, None
        elif self.skip:
            return
        elif depth == 3:
            if name in ATTRIBUTES:
                if name in self.attributes:
                    raise self._refuse(_local(name), "a second one", "one of each")
                self.attributes[name] = attributes
            self.heard = [] if name in TEXTS else None
        elif depth == 4 and name == HEADER_RANGE:
            if self.range is not None:
                raise self._refuse("header-range", "a second one", "one of each")
            self.range = attributes
        elif depth == 4:
            self.provides = name == PROVIDES
        elif depth == 5 and self.provides and name == PROVIDE and attributes.get("name") == UNAME:
            if self.uname is not None and self.uname != attributes:
                raise self._refuse(UNAME, "a second one", "one of each")
            self.uname = attributes

    def text(self, text: str) -> None:
        if self.heard is None:
            return
        self.heard.append(text)
        if len(self.heard) > MAX_TEXT or len(text) > MAX_TEXT:
            raise self._refuse("name, arch or checksum", f"more than {MAX_TEXT} characters", "short ones")

    def end(self, name: str, depth: int) -> None:
        if self.skip:
            return
        if depth == 3 and self.heard is not None:
            self._heard(name, "".join(self.heard).strip())
        elif depth == 2:
            self._package()

    def _heard(self, name: str, value: str) -> None:
        self.heard = None
        if name in self.texts:
            raise self._refuse(_local(name), "a second one", "one of each")
        self.texts[name] = value
        if name == f"{COMMON} name":
            self.skip = value not in self.names

    def _package(self) -> None:
        if f"{COMMON} name" not in self.texts:
            return
        made = self._made()
        key = (made.name, made.epoch, made.version, made.release, made.arch)
        if self.found.setdefault(key, made) != made:
            raise self._refuse("package", "it stands twice, with two files or digests", "each package once")
        if len(self.found) > MAX_KERNELS:
            raise border.refusal(self.where, "kernel packages", f"more than {MAX_KERNELS}", "a real repository")

    def _made(self) -> KernelPackage:
        version = self.attributes.get(f"{COMMON} version", {})
        return KernelPackage(
            name=self._matched("name", self.texts[f"{COMMON} name"], NAME),
            epoch=self._number("version epoch", version.get("epoch", "0")),
            version=self._matched("version ver", version.get("ver", ""), WORD),
            release=self._matched("version rel", version.get("rel", ""), WORD),
            arch=self._matched("arch", self.texts.get(f"{COMMON} arch", ""), WORD),
            href=self._href(self.attributes.get(f"{COMMON} location", {})), digest=self._digest(),
            build_time=self._number("time build", self.attributes.get(f"{COMMON} time", {}).get("build", "")),
            header_range=self._range(), uname=self._uname(), size=self._size())

    def _uname(self) -> str:
        """The version and release of kernel-uname-r, joined; a Provides without version tells nothing."""
        if self.uname is None or not self.uname.get("ver"):
            return ""
        told = "-".join(filter(None, (self.uname["ver"], self.uname.get("rel", ""))))
        return self._matched(UNAME, told, UNAME_WORD)

    def _matched(self, place: str, value: str, pattern: re.Pattern[str]) -> str:
        if not pattern.fullmatch(value):
            raise self._refuse(place, shown(value) if value else "nothing", "letters, digits and . _ + ~ ^ -")
        return value

    def _number(self, place: str, value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", value):
            raise self._refuse(place, shown(value) if value else "nothing", "a number")
        return int(value)

    def _href(self, location: dict[str, str]) -> str:
        if XML_BASE in location:
            raise self._refuse("location xml:base", shown(location[XML_BASE]), "packages of this repository only")
        href = location.get("href", "")
        try:
            if not href.endswith(".rpm"):
                raise ValueError
            return border_names.tree_path(href)
        except ValueError:
            raise self._refuse("location href", shown(href), "the path of an .rpm inside the repository: relative, "
                               "plain ASCII, no .. and no leading - or /") from None

    def _digest(self) -> Digest | None:
        algorithm = self.attributes.get(f"{COMMON} checksum", {}).get("type", "")
        value = self.texts.get(f"{COMMON} checksum", "")
        try:
            made = border.digest(algorithm, value)
        except ValueError as e:
            raise self._refuse("checksum", shown(value), f"a digest of type sha256 ({e})") from None
        return made if isinstance(made, Digest) else None

    def _size(self) -> int | None:
        told = self.attributes.get(f"{COMMON} size", {}).get("package")
        if told is None:
            return None
        size = self._number("size package", told)
        if not 0 < size <= MAX_SIZE:
            raise self._refuse("size package", str(size), f"1 to {MAX_SIZE} bytes")
        return size

    def _range(self) -> tuple[int, int] | None:
        if self.range is None:
            return None
        start = self._number("header-range start", self.range.get("start", ""))
        end = self._number("header-range end", self.range.get("end", ""))
        if start >= end:
            raise self._refuse("header-range", f"{start} to {end}", "an end after the start")
        return start, end

    def _refuse(self, place: str, found: str, wanted: str) -> HostileInput:
        package = shown(self.texts.get(f"{COMMON} name", "a package without name")).strip('"')
        return border.refusal(self.where, f"{package}: {place}", found, wanted,
                              "this repodata is not in order; take another mirror")


def _local(name: str) -> str:
    return name.rpartition(" ")[2]

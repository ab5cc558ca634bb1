""".treeinfo: what an install tree says of itself (productmd doc/treeinfo-1.2.rst; REFERENCE 2.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from builder import names
from builder.digest import Digest
from builder.names import shown
from builder.tree import border, ini
from builder.tree.ini import Ini

MAX_BYTES = 1 << 20  # RELIABILITY N17
# The deepest real ones are ../../../AppStream/x86_64/os; a compose root is never further up.
MAX_UP = 4
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
ARCH = re.compile(r"[a-z0-9_]{1,20}")
TIMESTAMP = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
FORMAT = re.compile(r"[01]\.[0-9]{1,2}")
# Where each fact stands, first one first: productmd 1.x, its 0.3 (EL6, EL7), and what lorax wrote before and beside it.
FAMILY_AT = (("release", "name"), ("product", "name"), ("general", "family"))
VERSION_AT = (("release", "version"), ("product", "version"), ("general", "version"))
ARCH_AT = (("tree", "arch"), ("general", "arch"))
TIMESTAMP_AT = (("tree", "build_timestamp"), ("general", "timestamp"))
HINT = "this file is not from a mirror in order; take another address, or ask the mirror's owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A part of the compose with packages of its own. `repository` and `packages` are relative to the tree: `.` is the
    tree itself, leading `..` climb towards the compose root (`locate`); both are empty where the file is silent."""

    uid: str
    id: str
    name: str
    type: str
    repository: str
    packages: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Treeinfo:
    """`family`, `version`, `arch` and `timestamp` as written; `timestamp` is seconds, empty where absent. `name` is for
    people. `variant` is the one that [general] calls the main one. `format` is `legacy` or `productmd 1.2`. `images`
    holds platform -> key -> path; `checksums` only digests that count, `weak_checksums` the paths with md5 or sha1.
    `outside` names boot.iso keys that point out of the tree (CentOS 6.1 and 6.3): they are never fetched."""

    family: str
    version: str
    arch: str
    timestamp: str
    name: str
    variant: str
    format: str
    platforms: tuple[str, ...]
    images: Mapping[str, Mapping[str, str]]
    stage2: str | None
    checksums: Mapping[str, Digest]
    weak_checksums: tuple[str, ...]
    variants: tuple[Variant, ...]
    outside: tuple[str, ...] = ()

    @property
    def kernel(self) -> str | None:
        """The kernel for the tree's own arch; [images-xen] is a second name for it since EL6."""
        return self.images.get(self.arch, {}).get("kernel")

    @property
    def initrd(self) -> str | None:
        return self.images.get(self.arch, {}).get("initrd")

    @property
    def epoch(self) -> int | None:
        """When the tree was composed, in whole seconds."""
        return int(self.timestamp.partition(".")[0]) if self.timestamp else None

    @property
    def repository(self) -> str:
        """Where the base packages are, relative to the tree: BaseOS, else the main variant's, else the tree itself."""
        by_uid = {v.uid: v.repository for v in self.variants if v.repository}
        return by_uid.get("BaseOS") or by_uid.get(self.variant) or "."


def read(data: bytes, where: str) -> Treeinfo:
    """Parse the bytes of a .treeinfo; `where` names the file in messages.

    Raises HostileInput, with the section and key, what was found and what was wanted.
    """
    file = ini.read(border.text(data, where, "a .treeinfo", MAX_BYTES), where)
    family = _first(file, "the name of a family", FAMILY_AT, re.compile(r".{1,200}"))
    version = _same(file, "a version such as 9.6 (no blanks)", VERSION_AT, VERSION)
    arch = _same(file, "an architecture such as x86_64", ARCH_AT, ARCH)
    stamp = _same(file, "seconds since 1970, in digits", TIMESTAMP_AT, TIMESTAMP, "")
    images, outside = _images(file)
    strong, weak = _checksums(file)
    variants = _variants(file)
    stage2 = file.get("stage2", "mainimage")
    return Treeinfo(
        family=family, version=version, arch=arch, timestamp=stamp,
        name=file.get("general", "name") or f"{family} {version}",
        variant=file.get("general", "variant") or (variants[0].uid if variants else ""),
        format=_format(file), platforms=_words(file.get("tree", "platforms") or file.get("general", "platforms") or ""),
        images=images, stage2=None if stage2 is None else _path(file, "stage2", "mainimage", stage2),
        checksums=strong, weak_checksums=weak, variants=variants, outside=outside)


def locate(tree: str, relative: str) -> str:
    """The address of a variant's `repository` (or `packages`) for the tree at `tree`, a URL or an absolute path.

    Stays on the same host; ValueError where it climbs above the root of the host.
    """
    found = re.fullmatch(r"([a-z]+://[^/]*)?(/.*)?", tree.rstrip("/"))
    if not found:
        raise ValueError(f"{shown(tree)} is neither a URL nor an absolute path")
    parts = [part for part in (found[2] or "").split("/") if part]
    for step in relative.split("/"):
        if step == ".." and not parts:
            raise ValueError(f"{shown(relative)} climbs out of {shown(tree)}")
        if step == "..":
            parts.pop()
        elif step != ".":
            parts.append(step)
    return "/".join([found[1] or "", *parts])


def _first(file: Ini, what: str, places: tuple[tuple[str, str], ...], pattern: re.Pattern[str]) -> str:
    for section, key in places:
        value = file.get(section, key)
        if value:
            if not pattern.fullmatch(value):
                raise file.refuse(section, key, shown(value), what, HINT)
            return value
    section, key = places[-1]
    there = ", ".join(f"[{name}]" for name in list(file.sections)[:8]) or "no section"
    raise file.refuse(section, key, f"nothing; the file has {there}", what,
                      "an install tree's .treeinfo names family, version and arch; is this the address of one?")


def _same(file: Ini, what: str, places: tuple[tuple[str, str], ...], pattern: re.Pattern[str],
          absent: str | None = None) -> str:
    """One fact that several sections may tell: every reader of the chain must get the same answer (I16)."""
    told = [(section, key, value) for section, key in places if (value := file.get(section, key))]
    if not told and absent is not None:
        return absent
    first = _first(file, what, places, pattern)
    for section, key, value in told:
        if value != first:
            raise file.refuse(section, key, shown(value), f"{shown(first)}, as [{told[0][0]}] {told[0][1]} says", HINT)
    return first


def _format(file: Ini) -> str:
    kind, version = file.get("header", "type"), file.get("header", "version")
    if version is None:
        return "legacy"
    if kind not in (None, "productmd.treeinfo"):
        raise file.refuse("header", "type", shown(kind or ""), '"productmd.treeinfo"', HINT)
    if not FORMAT.fullmatch(version):
        raise file.refuse("header", "version", shown(version), "a format up to 1.x, the newest that is known")
    return f"productmd {version}"


def _path(file: Ini, section: str, key: str, value: str) -> str:
    try:
        return names.tree_path(value)
    except ValueError:
        raise file.refuse(section, key, shown(value),
                          "a path inside the tree: relative, plain ASCII, no .. and no leading - or /", HINT) from None


def _images(file: Ini) -> tuple[Mapping[str, Mapping[str, str]], tuple[str, ...]]:
    images: dict[str, Mapping[str, str]] = {}
    outside: list[str] = []
    for section, pairs in file.sections.items():
        if not section.startswith("images-"):
            continue
        inside: dict[str, str] = {}
        for key, value in pairs.items():
            # CentOS 6.1 and 6.3: boot.iso = ../../isos/CentOS-6.1-x86_64-netinstall.iso. Nothing needs it.
            if key == "boot.iso" and "header" not in file.sections and re.match(r"\.\./.*\.iso$", value):
                _relative(file, section, key, value)
                outside.append(f"[{section}] {key}")
            elif value or key in ("kernel", "initrd"):  # Silverblue on ppc64le: an empty zimage
                inside[key] = _path(file, section, key, value)
        images[section.removeprefix("images-")] = MappingProxyType(inside)
    return MappingProxyType(images), tuple(outside)


def _checksums(file: Ini) -> tuple[Mapping[str, Digest], tuple[str, ...]]:
    strong: dict[str, Digest] = {}
    weak: list[str] = []
    for path, value in file.sections.get("checksums", {}).items():
        _path(file, "checksums", path, path)
        algorithm, colon, hexadecimal = value.partition(":")
        if not colon:  # productmd before 1.0 told algorithms by their length
            algorithm, hexadecimal = border.BARE.get(len(value), ""), value
        try:
            found = border.digest(algorithm, hexadecimal)
        except ValueError as e:
            raise file.refuse("checksums", path, shown(value), f"sha256: and 64 hex digits ({e})", HINT) from None
        if isinstance(found, Digest):
            strong[path] = found
        else:
            weak.append(path)
    return MappingProxyType(strong), tuple(weak)


def _variants(file: Ini) -> tuple[Variant, ...]:
    sections = {s.partition("-")[2]: s for s in file.sections if re.match(r"(variant|addon)-.", s)}
    if len(sections) < sum(1 for s in file.sections if re.match(r"(variant|addon)-.", s)):
        raise file.refuse("tree", "variants", "a variant and an addon of one name", "names of their own", HINT)
    listed = _words(file.get("tree", "variants") or "")
    for word in listed:
        if word not in sections:
            raise file.refuse("tree", "variants", shown(word), f"only variants with a section [variant-{word}]", HINT)
    order = [*listed, *(word for word in sections if word not in listed)]
    return tuple(_variant(file, sections[word], word, frozenset(sections)) for word in order)


def _variant(file: Ini, section: str, word: str, others: frozenset[str]) -> Variant:
    # RHEL 6 has [addon-X] with uid Server-X. The two addons of Scientific Linux 7.5 both say RELEASE-updates: a uid
    # that is another section's name belongs to that one.
    uid = file.get(section, "uid") or word
    uid = word if uid in others else uid
    identity = file.get(section, "id") or word
    for key, value in (("uid", uid), ("id", identity)):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", value):
            raise file.refuse(section, key, shown(value), "a word of letters, digits and dashes", HINT)
    kind = file.get(section, "type") or section.partition("-")[0]
    if kind not in ("variant", "optional", "addon"):
        raise file.refuse(section, "type", shown(kind), "variant, optional or addon", HINT)
    repository = _relative(file, section, "repository", file.get(section, "repository") or "")
    return Variant(
        uid=uid, id=identity, name=file.get(section, "name") or identity, type=kind,
        # RHEL 6 names the repodata folder itself: Server/repodata.
        repository=repository.removesuffix("/repodata"),
        packages=_relative(file, section, "packages", file.get(section, "packages") or ""))


def _relative(file: Ini, section: str, key: str, value: str) -> str:
    """A variant's place: a path inside the tree, or one that first climbs at most MAX_UP levels (I15)."""
    if value in ("", "."):
        return value
    steps = value.removesuffix("/").removeprefix("./").split("/")
    up = next((i for i, step in enumerate(steps) if step != ".."), len(steps))
    rest = "/".join(steps[up:])
    try:
        if up > MAX_UP:
            raise ValueError
        return "/".join([*[".."] * up, *([names.tree_path(rest)] if rest else [])])
    except ValueError:
        raise file.refuse(section, key, shown(value), "a relative path of plain ASCII, with .. only at its beginning "
                          f"and at most {MAX_UP} of them", HINT) from None


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())

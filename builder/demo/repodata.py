"""Repository metadata as createrepo_c writes it, for packages of which most exist only in it.

Shape: createrepo_c's primary.xml, filelists.xml, other.xml and repomd.xml; gzip and SHA-256, which all releases read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from builder.demo import stored

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
COMMON = "http://linux.duke.edu/metadata/common"
RPM = "http://linux.duke.edu/metadata/rpm"
FILELISTS = "http://linux.duke.edu/metadata/filelists"
OTHER = "http://linux.duke.edu/metadata/other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The file of a package. `header`: the first byte of its main header and the first after it; `paths` all that it
    owns; `installed` and `archive` the bytes of its files and of its unpacked payload."""

    data: bytes
    header: tuple[int, int]
    paths: tuple[str, ...]
    installed: int
    archive: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """`provides` and `requires` are bare names, or `name = version-release`; `files` the paths that primary lists.
    Without `content` the package is only listed, with sizes and a digest made up from its name."""

    name: str
    version: str
    release: str
    arch: str = "x86_64"
    summary: str = ""
    provides: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    content: Content | None = None

    @property
    def nevra(self) -> str:
        return f"{self.name}-{self.version}-{self.release}.{self.arch}"

    @property
    def href(self) -> str:
        return f"Packages/{self.nevra}.rpm"

    @property
    def source(self) -> str:
        return f"{self.name}-{self.version}-{self.release}.src.rpm"

    @property
    def offers(self) -> tuple[str, ...]:
        """All that it provides, first itself."""
        label = f"{self.version}-{self.release}"
        return (f"{self.name} = {label}", f"{self.name}(x86-64) = {label}", *self.provides)

    @property
    def identity(self) -> str:
        """The SHA-256 of the package; of one that is only listed, made from its name."""
        return hashlib.sha256(self.content.data if self.content else self.nevra.encode()).hexdigest()


def make(packages: Iterable[Package], revision: int) -> dict[str, bytes]:
    """The repodata folder, and the packages that have content: path -> bytes."""
    ordered = sorted(packages, key=lambda package: package.nevra)
    common = f'xmlns="{COMMON}" xmlns:rpm="{RPM}"'
    texts = {
        "primary": _document("metadata", common, [_primary(p, revision) for p in ordered]),
        "filelists": _document("filelists", f'xmlns="{FILELISTS}"', [_filelist(p) for p in ordered]),
        "other": _document("otherdata", f'xmlns="{OTHER}"', [_listed(p, "") for p in ordered]),
    }
    files = {package.href: package.content.data for package in ordered if package.content}
    records = []
    for kind, text in texts.items():
        packed = stored.gzip(text)
        path = f"repodata/{hashlib.sha256(packed).hexdigest()}-{kind}.xml.gz"
        files[path] = packed
        records.append(_record(kind, path, packed, text, revision))
    files["repodata/repomd.xml"] = (
        f'{HEAD}<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="{RPM}">\n'
        f"  <revision>{revision}</revision>\n{''.join(records)}</repomd>\n").encode()
    return files


def _document(root: str, spaces: str, rendered: list[str]) -> bytes:
    return f'{HEAD}<{root} {spaces} packages="{len(rendered)}">\n{"".join(rendered)}</{root}>\n'.encode()


def _record(kind: str, path: str, packed: bytes, text: bytes, revision: int) -> str:
    return f"""  <data type="{kind}">
    <checksum type="sha256">{hashlib.sha256(packed).hexdigest()}</checksum>
    <open-checksum type="sha256">{hashlib.sha256(text).hexdigest()}</open-checksum>
    <location href="{path}"/>
    <timestamp>{revision}</timestamp>
    <size>{len(packed)}</size>
    <open-size>{len(text)}</open-size>
  </data>
"""


def _primary(package: Package, built: int) -> str:
    (size, installed, archive), (start, end) = _sizes(package)
    files = "".join(f"    <file>{escape(path)}</file>\n" for path in package.files)
    return f"""<package type="rpm">
  <name>{escape(package.name)}</name>
  <arch>{package.arch}</arch>
  <version epoch="0" ver="{package.version}" rel="{package.release}"/>
  <checksum type="sha256" pkgid="YES">{package.identity}</checksum>
  <summary>{escape(package.summary)}</summary>
  <description>{escape(package.summary)}</description>
  <packager/>
  <url/>
  <time file="{built}" build="{built}"/>
  <size package="{size}" installed="{installed}" archive="{archive}"/>
  <location href="{package.href}"/>
  <format>
    <rpm:license>GPLv2+</rpm:license>
    <rpm:vendor/>
    <rpm:group>Unspecified</rpm:group>
    <rpm:buildhost>builder.example</rpm:buildhost>
    <rpm:sourcerpm>{escape(package.source)}</rpm:sourcerpm>
    <rpm:header-range start="{start}" end="{end}"/>
{_entries("provides", package.offers)}{_entries("requires", package.requires)}{files}  </format>
</package>
"""


def _sizes(package: Package) -> tuple[tuple[int, int, int], tuple[int, int]]:
    """Bytes of the package, its files, its payload unpacked; and where its header is."""
    content = package.content
    if content:
        return (len(content.data), content.installed, content.archive), content.header
    weight = int(package.identity[:5], 16)
    end = 4504 + weight % 60000 // 4 * 4
    return (end + weight, weight * 4, weight * 4 + 512), (1384, end)


def _entries(kind: str, names: tuple[str, ...]) -> str:
    if not names:
        return ""
    lines = []
    for each in names:
        name, equals, label = each.partition(" = ")
        version, _, release = label.rpartition("-")
        detail = f' flags="EQ" epoch="0" ver={quoteattr(version)} rel={quoteattr(release)}' if equals else ""
        lines.append(f"      <rpm:entry name={quoteattr(name)}{detail}/>\n")
    return f"    <rpm:{kind}>\n{''.join(lines)}    </rpm:{kind}>\n"


def _listed(package: Package, inside: str) -> str:
    return (f'<package pkgid="{package.identity}" name={quoteattr(package.name)} arch="{package.arch}">\n'
            f'  <version epoch="0" ver="{package.version}" rel="{package.release}"/>\n{inside}</package>\n')


def _filelist(package: Package) -> str:
    paths = package.content.paths if package.content else package.files
    return _listed(package, "".join(f"  <file>{escape(path)}</file>\n" for path in paths))

"""Families of distributions, and a release of one: read from the catalog's TOML, never from code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from builder.catalog.generation import GENERATIONS, Generation

# The words of `minimum`: roles with a policy of their own, evidence from strong to weak (DESIGN Evidence).
ROLES = ("kernel", "initrd", "stage2", "repository")
EVIDENCE = ("signed", "signed-rpm", "treeinfo", "quorum", "first-use")
# What a template may hold: {version} is the release as asked (9 or 9.6), {major} 9, {minor} 6, {arch} as trees spell
# it. In a vault {version} is always a point release: for a bare major version the series' `latest`.
TEMPLATE_FIELDS = ("version", "major", "minor", "arch")
# The key of a series that stands for every major version above the listed ones.
NEWER = "newer"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRelease:
    """What tells this point release apart where treeinfo says only `7`: discinfo's second line, timestamps of its
    discinfo and treeinfo (seconds, as written), the base version of its kernel package."""

    version: str
    discinfo: str = ""
    timestamps: tuple[str, ...] = ()
    kernel: str = ""

    def has_kernel(self, version: str) -> bool:
        """Is `version` (3.10.0-1160.el7.x86_64) this point release's kernel or an update of it?"""
        return bool(self.kernel) and (version == self.kernel or version.startswith(f"{self.kernel}."))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedChecksums:
    """A file with the digests of install images. `file` is a template: a path relative to the tree, which may climb, or
    an https URL. `signature` is the file beside it that signs it (empty: it is clear-signed). `iso` is the fnmatch
    pattern of the smallest image in it that boots; more than one name of it may match (9.6 and `latest`)."""

    file: str
    iso: str
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeAddress:
    """Where one compose stays while the mirrors move on. `id` is the path, relative to the tree, of the file that names
    the compose; `url` a template of its tree that holds {compose}; `days` how long it is kept there."""

    id: str
    url: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One major version of a family.

    `mirrors` and `vaults` are URL templates of the install tree (TEMPLATE_FIELDS); both are empty where no public
    server has one. `end_of_life` is an ISO date or empty. `keys` are full fingerprints in lower-case hex (40 digits, or
    64 for version 6 keys). `minimum` is the least evidence per role that this family's trees can reach.
    `repository_file` is the .repo file of the installed system that names its base repositories. `latest` is set when
    no further point release will come; `points` is then complete. `minors` is false where there are none at all.

    `key_files` are the places of the RPM-GPG-KEY-* file and `updates` that of the updates repository: templates of a
    path relative to the tree, which may climb, or an https URL. `checksums` are signed checksum files, best first.
    `mirrorlist` and `metalink` are URL templates of the family's own lists of mirrors. `compose` says where composes
    that mirrors replace are kept.
    """

    major: str
    generation: str
    mirrors: tuple[str, ...]
    vaults: tuple[str, ...] = ()
    end_of_life: str = ""
    latest: str = ""
    keys: tuple[str, ...] = ()
    points: tuple[PointRelease, ...] = ()
    minimum: Mapping[str, str]
    repository_file: str = ""
    minors: bool = True
    key_files: tuple[str, ...] = ()
    checksums: tuple[SignedChecksums, ...] = ()
    updates: str = ""
    mirrorlist: str = ""
    metalink: str = ""
    compose: ComposeAddress | None = None

    def point(self, version: str) -> PointRelease | None:
        """The point release that `version` names, in full (7.9.2009) or without its date (7.9)."""
        if "." not in version:
            return None
        return next((p for p in self.points if f"{p.version}.".startswith(f"{version}.")), None)

    def point_with_kernel(self, version: str) -> PointRelease | None:
        return next((p for p in self.points if p.has_kernel(version)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """`id` is the word in profiles (centos, centos-stream, rhel, rocky, alma, oracle, fedora); `title` for people;
    `names` what trees of it write as family or release name, exactly."""

    id: str
    title: str
    names: tuple[str, ...]
    series: Mapping[str, Series]


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What a profile asks for. `version` is 7, 7.9.2009, 9 or 9.6; `series` the row of its major version."""

    family: Family
    version: str
    arch: str
    series: Series

    @property
    def generation(self) -> Generation:
        return GENERATIONS[self.series.generation]

    @property
    def major(self) -> str:
        return self.series.major

    @property
    def word(self) -> str:
        """The release as a profile writes it: rocky-9.6."""
        return f"{self.family.id}-{self.version}"

    def __str__(self) -> str:
        return f"{self.family.title} {self.version} {self.arch}"

"""Families of distributions, and a release of one: read from the catalog's TOML, never from code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from builder.catalog.generation import GENERATIONS, Generation


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRelease:
    """What tells this point release apart where treeinfo says only `7`: discinfo's second line, timestamps of its
    discinfo and treeinfo (seconds, as written), the base version of its kernel package."""

    version: str
    discinfo: str = ""
    timestamps: tuple[str, ...] = ()
    kernel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One major version of a family: layouts hold {base}, {version}, {major} and {arch}.

    `mirrors` and `vaults` are URL templates of the install tree; `end_of_life` is an ISO date or empty. `keys` are full
    fingerprints. `minimum` is the least evidence per role that this family's trees can reach.
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

    def __str__(self) -> str:
        return f"{self.family.title} {self.version} {self.arch}"

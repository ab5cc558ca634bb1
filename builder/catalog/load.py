"""The catalog as the rest of the house asks it: families, a release by its word, the addresses of its install tree."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from builder import names
from builder.catalog import parse
from builder.catalog.family import NEWER, Family, Release, Series, SignedChecksums
from builder.errors import Missing, UsageError

BUILTIN = Path(__file__).with_name("families.toml")
MAX_BYTES = 1 << 20
# CentOS-Stream-9-20260706.0: a short name, a version, a day and a count (productmd doc/composeinfo-1.2.rst).
COMPOSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
# As trees write them, and i686 for those who think of the packages. Only x86_64 is exercised.
ARCHES = {"x86_64": "x86_64", "aarch64": "aarch64", "ppc64le": "ppc64le", "s390x": "s390x", "i386": "i386",
          "i686": "i386"}


def families(extra: Sequence[Path] = ()) -> Mapping[str, Family]:
    """The built-in families, then each file of `extra` laid over them in order.

    Raises UsageError (every mistake of a file at once) or Missing.
    """
    found = _builtin()
    for path in extra:
        found = parse.families(_read(path), str(path), found)
    return found


@functools.cache
def _builtin() -> Mapping[str, Family]:
    return parse.families(_read(BUILTIN), BUILTIN.name)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as e:
        raise Missing(f"{path}: the catalog file cannot be read: {e.strerror}") from e
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path}: more than {MAX_BYTES} bytes are no catalog file")
    try:
        return data.decode()
    except UnicodeDecodeError as e:
        raise UsageError(f"{path}: not UTF-8 at byte {e.start}; TOML is UTF-8") from e


def release(text: str, arch: str, families: Mapping[str, Family]) -> Release:
    """`centos-7.9.2009`, `centos-7.9` (the same), `rocky-9`, `fedora-42` to a Release.

    Raises ValueError with the nearest known words.
    """
    word, _, version = text.rpartition("-")
    family = families.get(word)
    if family is None:
        raise ValueError(f"{names.shown(text)} is no release of the catalog{_near(text, families)}")
    if not parse.VERSION.fullmatch(version):
        raise ValueError(f"{names.shown(text)} has no version after {word}-{_near(text, families)}")
    series = _series(family, version.partition(".")[0])
    if series is None:
        known = [major for major in family.series if major != NEWER]
        kin = [f.id for f in families.values() if f.id.startswith(f"{word}-") and version in f.series]
        more = f"; did you mean {kin[0]}-{version}?" if kin else ""
        raise ValueError(f"{family.title} {version} is not in the catalog; {word} has {_listed(known)}{more}")
    if arch not in ARCHES:
        raise ValueError(f"{names.shown(arch)} is no architecture here; known: {', '.join(ARCHES)}")
    return Release(family=family, version=_version(family, series, version), arch=ARCHES[arch], series=series)


def _series(family: Family, major: str) -> Series | None:
    found = family.series.get(major)
    newer = family.series.get(NEWER)
    if found is None and newer is not None and all(int(major) > int(m) for m in family.series if m != NEWER):
        return dataclasses.replace(newer, major=major)
    return found


def _version(family: Family, series: Series, version: str) -> str:
    """`version` in full, as the series writes its point releases; one that cannot be is refused."""
    if "." not in version:
        return version
    if not series.minors:
        raise ValueError(f"{family.title} {series.major} has no point releases; write {family.id}-{series.major}")
    point = series.point(version)
    if point is not None:
        return point.version
    if series.latest and series.points:
        known = [p.version for p in series.points]
        raise ValueError(f"{family.title} {version} was never made; {family.id} has {_listed(known)}")
    return version


def _near(text: str, families: Mapping[str, Family]) -> str:
    majors = [f"{f.id}-{major}" for f in families.values() for major in f.series if major != NEWER]
    points = [f"{f.id}-{p.version}" for f in families.values() for s in f.series.values() for p in s.points]
    found = difflib.get_close_matches(text.lower(), majors + points, 3, 0.7)
    if found:
        return f"; did you mean {' or '.join(found)}?"
    return f"; it knows {', '.join(families)}, written with a version as in rocky-9"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def addresses(release: Release, today: date | None = None) -> tuple[str, ...]:
    """Where the release's install tree is, in the order to try; none for families without public trees.

    Mirrors; vaults come first when the series' life has ended by `today`, and stand alone where no mirror is left.
    """
    mirrors = _filled(release.series.mirrors, release, release.version)
    if today is not None and ended(release, today):
        return tuple(dict.fromkeys((*vaults(release), *mirrors)))
    return mirrors or vaults(release)


def vaults(release: Release) -> tuple[str, ...]:
    """Where old point releases are kept for good; a bare major version means its last one, where that is known."""
    return _filled(release.series.vaults, release, point(release))


def vault_for(url: str, release: Release) -> str | None:
    """The vault's address for the release and arch that `url` (which answers 404) served, or None.

    The point release is the one asked for, else the one that stands in the path of `url`, else the series' last.
    """
    found = point(release)
    in_path = re.search(rf"/{re.escape(release.major)}\.[0-9]{{1,4}}(\.[0-9]{{1,4}})?(?=/)", f"{url}/")
    if "." not in release.version and in_path:
        named = in_path[0][1:]
        known = release.series.point(named)
        found = known.version if known else named
    there = _filled(release.series.vaults, release, found)
    return next((address for address in there if address != url.rstrip("/")), None)


def ended(release: Release, today: date) -> str | None:
    """`CentOS 7 reached its end of life on 2024-06-30`, once that day has passed."""
    day = release.series.end_of_life
    if not day or today <= date.fromisoformat(day):
        return None
    return f"{release.family.title} {release.major} reached its end of life on {day}"


def point(release: Release) -> str:
    """The point release that is meant: as asked, else the series' last, else empty. Where there are none, the major."""
    if "." in release.version or not release.series.minors:
        return release.version
    return release.series.latest


def mirror_lists(release: Release) -> tuple[tuple[str, str], ...]:
    """("metalink" or "mirrorlist", URL) of the family's own lists, the one with digests first.

    A list that has no {version} is of the newest point release: none for a release that names its own.
    """
    series = release.series
    both = (("metalink", series.metalink), ("mirrorlist", series.mirrorlist))
    fits = "." not in release.version or not series.minors
    return tuple((kind, filled(template, release)) for kind, template in both
                 if template and (fits or "{version}" in template))


def key_files(release: Release, version: str = "") -> tuple[str, ...]:
    """Where the family's keys are: paths relative to the tree, which may climb, and https URLs. `version` is what the
    tree turned out to be."""
    return tuple(made for each in release.series.key_files if (made := filled(each, release, version)))


def checksums(release: Release, version: str = "") -> tuple[SignedChecksums, ...]:
    """The signed checksum files, as key_files(); `iso` filled in too."""
    made = [dataclasses.replace(each, file=filled(each.file, release, version), iso=filled(each.iso, release, version))
            for each in release.series.checksums]
    return tuple(each for each in made if each.file and each.iso)


def updates(release: Release, version: str = "") -> str:
    """The path of the updates repository, as key_files(); empty where there is none."""
    return filled(release.series.updates, release, version)


def compose_address(release: Release, compose: str) -> str:
    """The tree of `compose` at the address that stays its own; empty where the family has no such addresses."""
    known = release.series.compose
    return names.url(known.url.format(**_values(release, ""), compose=compose)) if known else ""


def compose_of(url: str, release: Release) -> str:
    """The compose whose own address `url` is, else empty."""
    known = release.series.compose
    if known is None:
        return ""
    before, _, after = known.url.partition("{compose}")
    values = _values(release, "")
    found = re.fullmatch(f"{re.escape(before.format(**values))}({COMPOSE.pattern}){re.escape(after.format(**values))}",
                         url.rstrip("/"))
    return found[1] if found else ""


def filled(template: str, release: Release, version: str = "") -> str:
    """A template of the catalog for `release`, whose tree turned out to be `version`; empty where the template wants
    a point release and none is known."""
    values = _values(release, version)
    return "" if "{minor}" in template and not values["minor"] else template.format(**values)


def _values(release: Release, version: str) -> dict[str, str]:
    known = version or release.version
    minor = next((each.split(".")[1] for each in (known, point(release)) if "." in each), "")
    return {"version": known, "major": release.major, "minor": minor, "arch": release.arch}


def _filled(templates: Sequence[str], release: Release, version: str) -> tuple[str, ...]:
    return tuple(names.url(t.format(**_values(release, version))) for t in templates if version or "{version}" not in t)

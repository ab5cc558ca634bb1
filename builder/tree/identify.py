"""Which release a tree really is, and whether it is the one that was asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from builder.catalog import load
from builder.catalog.family import Family, Release, Series
from builder.finding import Finding, Severity
from builder.names import shown
from builder.tree.discinfo import Discinfo
from builder.tree.treeinfo import Treeinfo

TOPIC = "release"
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`family` is the catalog's word, empty where it knows no such tree; `title` names it for people. `version` is as
    .treeinfo writes it, `point` the point release where one is told; `how` tells by what: `7 in .treeinfo, 7.9.2009 by
    .discinfo`. `conflict` says which two files name two releases, else empty."""

    family: str
    title: str
    version: str
    point: str
    arch: str
    how: str
    conflict: str = ""

    @property
    def known(self) -> str:
        """The most exact version that is known."""
        return self.point or self.version

    def __str__(self) -> str:
        return f"{self.title} {self.known}"


def found(treeinfo: Treeinfo, discinfo: Discinfo | None, families: Mapping[str, Family]) -> Identity:
    """What the tree is by its own files and the catalog's names and timestamps."""
    family = _family(treeinfo, families)
    version = treeinfo.version
    series = family.series.get(version.partition(".")[0]) if family else None
    signs = _signs(treeinfo, discinfo, series)
    told = [f"{version} in .treeinfo"]
    point = ""
    if signs:
        point, by = signs[0]
        if signs[0] != (version, ".treeinfo"):
            told.append(f"{point} by {by}")
    other = next((sign for sign in signs if not agree(sign[0], point)), None)
    return Identity(family=family.id if family else "", title=family.title if family else treeinfo.family,
                    version=version, point=point, arch=treeinfo.arch, how=", ".join(told),
                    conflict=f"{point} by {by}, but {other[0]} by {other[1]}" if other else "")


def _family(treeinfo: Treeinfo, families: Mapping[str, Family]) -> Family | None:
    # Scientific Linux 6.9 wrote `Scientific Linux-6.9`.
    bare = treeinfo.family.removesuffix(f"-{treeinfo.version}")
    return next((f for f in families.values() if treeinfo.family in f.names or bare in f.names), None)


def _signs(treeinfo: Treeinfo, discinfo: Discinfo | None, series: Series | None) -> list[tuple[str, str]]:
    """(point release, file that tells it), the most direct first."""
    signs = []
    if "." in treeinfo.version:
        known = series.point(treeinfo.version) if series else None
        signs.append((known.version if known else treeinfo.version, ".treeinfo"))
    if discinfo is not None:
        described = _described(discinfo, treeinfo.version, series)
        if described:
            signs.append((described, ".discinfo"))
        signs.append((_stamped(discinfo.timestamp, series), "the timestamp of .discinfo"))
    signs.append((_stamped(treeinfo.timestamp, series), "the timestamp of .treeinfo"))
    return [sign for sign in signs if sign[0]]


def _described(discinfo: Discinfo, version: str, series: Series | None) -> str:
    """The point release on the second line of .discinfo: by the catalog, else a number that makes `version` exact."""
    for point in series.points if series else ():
        if point.discinfo and point.discinfo == discinfo.description:
            return point.version
    numbers = NUMBER.findall(discinfo.description)
    last = numbers[-1] if numbers else ""
    if "." not in last or last.partition(".")[0] != version.partition(".")[0]:
        return ""
    known = series.point(last) if series else None
    return known.version if known else last


def _stamped(timestamp: str, series: Series | None) -> str:
    points = series.points if series and timestamp else ()
    return next((point.version for point in points if timestamp in point.timestamps), "")


def compare(release: Release, treeinfo: Treeinfo, discinfo: Discinfo | None, where: str,
            families: Mapping[str, Family] | None = None) -> tuple[Finding, ...]:
    """Is the tree at `where` what `release` asks for? One finding for the release, more where arch or variant differ.

    `families` names what was found instead; the built-in ones where None.
    """
    known = {**(load.families() if families is None else families), release.family.id: release.family}
    identity = found(treeinfo, discinfo, known)
    findings = [_release(release, identity, where, known)]
    if identity.conflict:
        findings.append(Finding(
            topic=TOPIC, severity=Severity.ERROR, text=f"two releases in one tree: {identity.conflict}",
            expected=release.version, found=identity.conflict, hint=_elsewhere(release, where)))
    findings.extend(_arch(release, treeinfo, discinfo, where))
    findings.extend(_variant(release, treeinfo, where))
    return tuple(findings)


def _release(release: Release, identity: Identity, where: str, families: Mapping[str, Family]) -> Finding:
    wanted = f"{release.family.title} {release.version}"
    same_family = identity.family == release.family.id
    if not same_family or not agree(release.version, identity.known):
        text = f"the tree at {where} is {identity}, not {release.version if same_family else wanted}"
        if not identity.family:
            text = f"the tree at {where} calls itself {shown(str(identity))}, which the catalog does not know"
        return Finding(topic=TOPIC, severity=Severity.ERROR, text=text, expected=wanted, found=str(identity),
                       hint=_set_or_point(release, identity, where, families))
    text = f"wanted {release.version}, found {identity.how}"
    if _begins(identity.known, release.version):
        return Finding(topic=TOPIC, severity=Severity.OK, text=text, expected=release.version, found=identity.known)
    return Finding(
        topic=TOPIC, severity=Severity.WARNING, expected=release.version, found=identity.known,
        text=f"{text}; this tree cannot tell its point release",
        hint="the kernel's version tells it (same set); an address that names the point release will not move")


def _begins(exact: str, general: str) -> bool:
    """9.6 begins with 9 and with 9.6, but neither with 9.60 nor with 1."""
    return f"{exact}.".startswith(f"{general}.")


def agree(one: str, other: str) -> bool:
    """Can both be said of one release, one of them perhaps more exactly?"""
    return _begins(one, other) or _begins(other, one)


def _set_or_point(release: Release, identity: Identity, where: str, families: Mapping[str, Family]) -> str:
    """`set release = "rocky-9.5", or point tree.url at ...`: the first half only where a profile could say so."""
    elsewhere = _elsewhere(release, where)
    family = families.get(identity.family)
    if family is None:
        return f"{elsewhere}; a family of your own goes into a catalog file"
    version = identity.known
    major = version.partition(".")[0]
    if family.id != release.family.id and "." not in release.version:
        version = major
    for word in (f"{family.id}-{version}", f"{family.id}-{major}"):
        try:
            load.release(word, release.arch, families)
        except ValueError:
            continue
        return f'set release = "{word}", or {elsewhere}'
    return elsewhere


def _elsewhere(release: Release, where: str) -> str:
    other = next((a for a in (*load.addresses(release), *load.vaults(release)) if a != where.rstrip("/")), "")
    wanted = f"{release.family.title} {release.version} {release.arch}"
    return f"point tree.url at a tree of {wanted}{f', such as {other}' if other else ''}"


def _arch(release: Release, treeinfo: Treeinfo, discinfo: Discinfo | None, where: str) -> list[Finding]:
    made: list[Finding] = []
    if treeinfo.arch != release.arch:
        switch = f'set arch = "{treeinfo.arch}", or ' if treeinfo.arch in load.ARCHES else ""
        made.append(Finding(
            topic=TOPIC, severity=Severity.ERROR, expected=release.arch, found=treeinfo.arch,
            text=f"the tree at {where} is for {treeinfo.arch}, not {release.arch}",
            hint=f"{switch}{_elsewhere(release, where)}"))
    if discinfo is not None and discinfo.arch != treeinfo.arch:
        made.append(Finding(
            topic=TOPIC, severity=Severity.ERROR, expected=treeinfo.arch, found=discinfo.arch,
            text=f"two architectures in one tree: {treeinfo.arch} by .treeinfo, {discinfo.arch} by .discinfo",
            hint=_elsewhere(release, where)))
    return made


def _variant(release: Release, treeinfo: Treeinfo, where: str) -> list[Finding]:
    """A tree of packages only (optional, AppStream, HighAvailability, source) has nothing to boot."""
    missing = [word for word, path in (("kernel", treeinfo.kernel), ("initrd", treeinfo.initrd)) if path is None]
    if not missing:
        return []
    name = treeinfo.variant or "this tree"
    there = ", ".join(f"[images-{platform}]" for platform in treeinfo.images) or "no [images-...]"
    return [Finding(
        topic=TOPIC, severity=Severity.ERROR, expected=f"kernel and initrd in [images-{treeinfo.arch}]", found=there,
        text=f"the tree at {where} ({name}) cannot boot: its .treeinfo names no {' and no '.join(missing)}",
        hint=_base_tree(release, treeinfo, where))]


def _base_tree(release: Release, treeinfo: Treeinfo, where: str) -> str:
    """Where the bootable tree of this compose is: the part of the address that is a variant's name gives it away."""
    base = "BaseOS" if release.generation.packager == "dnf" else ""
    for name in dict.fromkeys((treeinfo.variant, *(v.uid for v in treeinfo.variants))):
        if name and base and name != base and f"/{name}/" in f"{where}/":
            return f"point tree.url at the base tree: {f'{where}/'.replace(f'/{name}/', f'/{base}/').rstrip('/')}"
    return _elsewhere(release, where)

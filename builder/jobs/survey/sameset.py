"""Same build, or no build: the versions inside kernel, initrd and repository, held against each other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from builder.catalog import load
from builder.catalog.family import Release
from builder.errors import HostileInput
from builder.fetch.store.objects import Store
from builder.finding import Finding, Severity
from builder.jobs.survey import buildstamp
from builder.lock.model import KernelFacts, Pin
from builder.probe import initrd, kernel, xen
from builder.probe.initrd import InitrdFacts
from builder.probe.kernel import KernelImage
from builder.tree.identify import Identity
from builder.tree.primary import KernelPackage

TOPIC = "same set"
ARCHES = ("x86_64", "aarch64", "ppc64le", "s390x", "i686", "i386")
X86 = ("x86_64", "i386")
NO_DISKS = "The installer would start, then find no disk and network modules."
ONE_BUILD = "The installed system gets that one; the installer itself is one build."


def compare(store: Store, kernel_pin: Pin, ramdisk: Pin, packages: Iterable[KernelPackage], url: str, release: Release,
            findings: list[Finding], *, updates: Iterable[KernelPackage] = (), identity: Identity | None = None,
            epoch: int | None = None) -> KernelFacts | None:
    """Probe both images and judge the set. None where the bytes are not what they should be; findings say why.

    `updates` are the kernels of the updates repository. With `identity` the .buildstamp of the initrd is held against
    what the tree says it is; `epoch` is when that was composed.
    """
    try:
        image, facts, inside = _probe(store, kernel_pin, ramdisk, url, release.arch)
    except HostileInput as reason:
        findings.append(Finding(topic=TOPIC, severity=Severity.ERROR, text=reason.message, hint=reason.hint))
        return None
    findings.append(judge(image, inside, tuple(packages), kernel_pin.path, ramdisk.path, release, tuple(updates)))
    if identity:
        families = {**load.families(), release.family.id: release.family}
        findings.extend(buildstamp.compare(inside.buildstamp, identity, ramdisk.path, epoch, families))
    return facts


def _probe(store: Store, kernel_pin: Pin, ramdisk: Pin, url: str,
           arch: str) -> tuple[KernelImage, KernelFacts, InitrdFacts]:
    with store.open(kernel_pin.digest) as stream:
        image = kernel.read(stream, f"{url}/{kernel_pin.path}", arch)
        ability = xen.ability(stream, f"{url}/{kernel_pin.path}") if arch in X86 else None
    with store.open(ramdisk.digest) as stream:
        inside = initrd.scan(stream, f"{url}/{ramdisk.path}", want={"version", "buildstamp", "drivers"})
    drivers = tuple(sorted(initrd.XEN_DRIVERS & inside.modules))
    facts = KernelFacts(version=image.version, xen_pv=bool(ability and ability.pv),
                        xen_pvh=bool(ability and ability.pvh), payload=image.payload, cmdline_size=image.cmdline_size,
                        initrd_xen_drivers=drivers,
                        buildstamp=buildstamp.words(inside.buildstamp) if inside.buildstamp else "")
    return image, facts, inside


@dataclass(frozen=True, slots=True, kw_only=True)
class _Set:
    """The sides to be compared. `version` is the kernel's, or the initrd's where that of the kernel was not checked;
    `base` and `updates` are what `uname -r` would say of each repository's kernels."""

    version: str
    base: tuple[str, ...]
    updates: tuple[str, ...]
    rows: tuple[str, ...]


def judge(image: KernelImage, inside: InitrdFacts, packages: tuple[KernelPackage, ...], kernel_path: str,
          initrd_path: str, release: Release, updates: tuple[KernelPackage, ...] = ()) -> Finding:
    """One finding: all sides agree, or which one does not, with the cure."""
    sides = _sides(image, inside, packages, updates, kernel_path, initrd_path, release)
    if len(inside.kernel_versions) != 1 or inside.kernel_versions[0] != sides.version:
        newest = inside.kernel_versions[-1] if inside.kernel_versions else sides.version
        return _two_builds(sides, newest, release)
    if sides.version in sides.base:
        return _one_build(image, inside, sides.version, kernel_path)
    if not sides.base:
        return _only_in_updates(sides) or Finding(
            topic=TOPIC, severity=Severity.ERROR, text="no kernel package in the repository", detail=sides.rows,
            hint="tree.url must be the tree with the base packages (BaseOS/x86_64/os, os/x86_64)")
    kin = [each for each in sides.base if _series(each) == _series(sides.version)]
    if not kin:
        return _two_builds(sides, _newest(sides.base), release)
    other = "a newer one" if all(_order(each) > _order(sides.version) for each in kin) else "an older one"
    return Finding(topic=TOPIC, severity=Severity.WARNING, expected=sides.version, found=_newest(kin),
                   text=f"the repository has another kernel of the release, {other}", detail=(*sides.rows, ONE_BUILD))


def _sides(image: KernelImage, inside: InitrdFacts, packages: tuple[KernelPackage, ...],
           updates: tuple[KernelPackage, ...], kernel_path: str, initrd_path: str, release: Release) -> _Set:
    version = image.version or next(iter(inside.kernel_versions), "")
    base, newer = ({of_package(p, version): None for p in each} for each in (packages, updates))
    rows = [(kernel_path, image.version or f"not checked: {image.unchecked}"),
            *((initrd_path, v) for v in inside.kernel_versions or ("no kernel modules",)),
            ("kernel in repodata", version if version in base else _newest(base))]
    if updates:
        rows.append(("kernel in updates", version if version in newer else _newest(newer)))
    width, side = (max(len(row[column]) for row in rows) for column in (0, 1))
    return _Set(version=version, base=tuple(base), updates=tuple(newer),
                rows=tuple(f"{name:<{width}}  {told:<{side}}{_named(told, release)}".rstrip() for name, told in rows))


def _one_build(image: KernelImage, inside: InitrdFacts, version: str, kernel_path: str) -> Finding:
    stamp = inside.buildstamp
    told = f", .buildstamp {stamp.product} {stamp.version}".rstrip() if stamp else ""
    built = buildstamp.built(stamp) if stamp else None
    detail = (f"initrd.img  {version}{told}", f"kernel RPM  {version}",
              *((f"built       {built:%Y-%m-%d}, by the UUID of .buildstamp",) if built else ()))
    if image.version:
        return Finding(topic=TOPIC, severity=Severity.OK, text=f"vmlinuz     {version}", detail=detail)
    return Finding(topic=TOPIC, severity=Severity.WARNING, text=f"{kernel_path}: not checked: {image.unchecked}",
                   detail=(*detail, "Initrd and repository are of one build; whether the kernel is too was not seen."))


def _only_in_updates(sides: _Set) -> Finding | None:
    """The repository itself has no kernel at all, but its updates have the one that boots, or a newer one."""
    kin = [each for each in sides.updates if _series(each) == _series(sides.version)]
    if not kin:
        return None
    exact = sides.version in kin
    what = f"exactly {sides.version}" if exact else f"not {sides.version} but {_newest(kin)}"
    return Finding(
        topic=TOPIC, severity=Severity.WARNING, expected=sides.version, found=sides.version if exact else _newest(kin),
        text=f"no kernel package in the repository; the updates have {what}", detail=sides.rows,
        hint="the installation fails without the updates repository: name it in a kickstart of your own (repo "
             "--name=updates --baseurl=...)")


def _two_builds(sides: _Set, newer: str, release: Release) -> Finding:
    return Finding(topic=TOPIC, severity=Severity.ERROR, text="two builds in one tree", detail=(*sides.rows, NO_DISKS),
                   hint=_cure(newer, release))


def of_package(package: KernelPackage, like: str) -> str:
    """What `uname -r` of this package's kernel says; before EL6 it had no architecture at its end."""
    if package.uname or like.rpartition(".")[2] in ARCHES:
        return package.kernel_version
    return f"{package.version}-{package.release}"


def _series(version: str) -> str:
    """`3.10.0-1160` of 3.10.0-1160.45.1.el7.x86_64: EL keeps this part through all updates of a point release."""
    match = re.match(r"[0-9.]+-[0-9]+", version)
    return match[0] if match else version


def _order(version: str) -> list[int]:
    """The numbers before the distribution's tag: 1160.45.1.el7 is newer than 1160.el7, and 45 is no match for 7."""
    return [int(n) for n in re.findall(r"[0-9]+", re.split(r"\.[A-Za-z]", version, maxsplit=1)[0])]


def _newest(versions: Iterable[str]) -> str:
    return max(versions, key=lambda v: (_order(v), v), default="none")


def point_of(version: str, release: Release) -> str:
    """The point release whose kernel this is, by the catalog, or empty."""
    found = release.series.point_with_kernel(version)
    return found.version if found else ""


def _named(version: str, release: Release) -> str:
    point = point_of(version, release)
    return f"    {release.family.title} {point}" if point else ""


def _cure(newer: str, release: Release) -> str:
    point = point_of(newer, release)
    first = "this mirror serves files of two builds (new packages and old images/, or the reverse)."
    address = _vault(point, release) if point else ""
    if address:
        return f'{first} Take a whole release:\n  tree = {{ url = "{address}" }}'
    return f"{first} Take another mirror, or try again when it is synchronised."


def _vault(point: str, release: Release) -> str:
    return next(iter(load.vaults(replace(release, version=point))), "")

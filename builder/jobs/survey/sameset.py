"""Same build, or no build: the versions inside kernel, initrd and repository, held against each other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from builder.catalog import load
from builder.catalog.family import Release
from builder.errors import HostileInput
from builder.fetch.store.objects import Store
from builder.finding import Finding, Severity
from builder.lock.model import KernelFacts, Pin
from builder.probe import bzimage, initrd, xen
from builder.probe.initrd import InitrdFacts
from builder.tree.primary import KernelPackage

TOPIC = "same set"
ARCHES = ("x86_64", "aarch64", "ppc64le", "s390x", "i686", "i386")


def compare(store: Store, kernel: Pin, ramdisk: Pin, packages: Iterable[KernelPackage], url: str, release: Release,
            findings: list[Finding]) -> KernelFacts | None:
    """Probe both images and judge the set. None where the bytes are not what they should be; findings say why."""
    try:
        facts, inside = _probe(store, kernel, ramdisk, url)
    except HostileInput as reason:
        findings.append(Finding(topic=TOPIC, severity=Severity.ERROR, text=reason.message, hint=reason.hint))
        return None
    findings.append(judge(facts.version, inside, tuple(packages), kernel.path, ramdisk.path, release))
    return facts


def _probe(store: Store, kernel: Pin, ramdisk: Pin, url: str) -> tuple[KernelFacts, InitrdFacts]:
    with store.open(kernel.digest) as stream:
        header = bzimage.read(stream, f"{url}/{kernel.path}")
        ability = xen.ability(stream, f"{url}/{kernel.path}")
    with store.open(ramdisk.digest) as stream:
        inside = initrd.scan(stream, f"{url}/{ramdisk.path}", want={"version", "buildstamp", "drivers"})
    drivers = tuple(sorted(initrd.XEN_DRIVERS & inside.modules))
    facts = KernelFacts(version=header.version, xen_pv=ability.pv, xen_pvh=ability.pvh, payload=ability.payload,
                        cmdline_size=header.cmdline_size, initrd_xen_drivers=drivers)
    return facts, inside


def judge(version: str, inside: InitrdFacts, packages: tuple[KernelPackage, ...], kernel_path: str,
          initrd_path: str, release: Release) -> Finding:
    """One finding: all three sides agree, or which one does not, with the cure."""
    found = sorted({of_package(p, version) for p in packages})
    sides = [(kernel_path, version), *((initrd_path, v) for v in inside.kernel_versions or ("no kernel modules",)),
             ("kernel in repodata", _newest(found) if version not in found else version)]
    width = max(len(name) for name, _ in sides)
    lines = [f"{name:<{width}}  {side}{_named(side, release)}" for name, side in sides]
    if inside.kernel_versions != (version,):  # two builds, or the modules of two
        return Finding(topic=TOPIC, severity=Severity.ERROR, text="two builds in one tree",
                       detail=(*lines, "The installer would start, then find no disk and network modules."),
                       hint=_cure(inside.kernel_versions[-1] if inside.kernel_versions else version, release))
    if version in found:
        stamp = f", .buildstamp {inside.buildstamp.product} {inside.buildstamp.version}" if inside.buildstamp else ""
        return Finding(topic=TOPIC, severity=Severity.OK, text=f"vmlinuz     {version}",
                       detail=(f"initrd.img  {version}{stamp}", f"kernel RPM  {version}"))
    if not found:
        return Finding(topic=TOPIC, severity=Severity.ERROR, text="no kernel package in the repository",
                       detail=(*lines[:2], f"{'kernel in repodata':<{width}}  none"),
                       hint="tree.url must be the tree with the base packages (BaseOS/x86_64/os, os/x86_64)")
    if any(_series(each) == _series(version) for each in found):
        return Finding(topic=TOPIC, severity=Severity.WARNING, text="the repository has another kernel of the release",
                       detail=(*lines, "The installed system gets that one; the installer itself is one build."))
    return Finding(topic=TOPIC, severity=Severity.ERROR, text="two builds in one tree",
                   detail=(*lines, "The installer would start, then find no disk and network modules."),
                   hint=_cure(_newest(found), release))


def of_package(package: KernelPackage, like: str) -> str:
    """What `uname -r` of this package's kernel says; before EL6 it had no architecture at its end."""
    if package.uname or like.rpartition(".")[2] in ARCHES:
        return package.kernel_version
    return f"{package.version}-{package.release}"


def _series(version: str) -> str:
    """`3.10.0-1160` of 3.10.0-1160.45.1.el7.x86_64: EL keeps this part through all updates of a point release."""
    match = re.match(r"[0-9.]+-[0-9]+", version)
    return match[0] if match else version


def _newest(versions: list[str]) -> str:
    return max(versions, key=lambda v: [int(n) for n in re.findall(r"[0-9]+", v)], default="none")


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

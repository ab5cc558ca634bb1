"""What stands in the way of a guest: its architecture, the kernel's compression, the level of its processor."""

from __future__ import annotations

from typing import Any

import pytest

from builder.catalog import load
from builder.finding import Finding, Severity
from builder.jobs.planning import Boot, Planner
from builder.jobs.routes import choose
from builder.lock.model import KernelFacts
from builder.outputs import dom0
from builder.profile.values import Profile, Xen
from tests.unit.samples import changed, profile

DRIVERS = ("xen-blkfront", "xen-netfront")


def facts(**changes: Any) -> KernelFacts:
    values: dict[str, Any] = {
        "version": "3.10.0-1160.el7.x86_64", "xen_pv": True, "xen_pvh": False, "cmdline_size": 2047, "payload": "gzip",
        "initrd_xen_drivers": DRIVERS, **changes}
    return KernelFacts(**values)


def planner(made: Profile, kernel: KernelFacts) -> Planner:
    way = choose.route(made, kernel, stage2="images/install.img", version=made.release.version)
    return Planner(made, Boot(kernel=kernel, initrd_size=50 << 20, stage2_size=None,
                              install_url="http://mirror.example/os"), way)


def about(topic: str, made: Profile, kernel: KernelFacts) -> list[Finding]:
    return [f for f in planner(made, kernel).about() if f.topic == topic]


def pv(row: str = "linux", run: Any = "pygrub", **changes: Any) -> list[Finding]:
    return about("xen", profile(xen=Xen(dom0=row, run=run)), facts(**changes))


def test_a_gzip_kernel_with_its_drivers_is_fine() -> None:
    (found,) = pv()
    assert (found.severity, found.text) == (
        Severity.OK, 'PV yes, Xen PVH no; type = "pv"; netfront and blkfront in initrd')


@pytest.mark.parametrize("missing", DRIVERS)
def test_an_initrd_without_a_xen_driver_is_a_warning_that_names_it(missing: str) -> None:
    (found,) = pv(initrd_xen_drivers=tuple(d for d in DRIVERS if d != missing))
    assert (found.severity, found.text) == (Severity.WARNING,
                                            f'PV yes, Xen PVH no; type = "pv"; initrd without {missing}')


LZ4 = "the kernel is lz4-compressed; xl reads lz4 with code of its own in older Xen, in newer one only where built with " \
      "liblz4"


@pytest.mark.parametrize(("row", "payload", "severity", "text"), [
    ("linux", "zstd", Severity.WARNING, "the kernel is zstd-compressed; xl reads zstd since Xen 4.15, where built with "
                                        "libzstd (Debian's since 12 is)"),
    ("netbsd", "zstd", Severity.WARNING, "the kernel is zstd-compressed; xl reads zstd since xentools415 of pkgsrc"),
    ("linux", "lz4", Severity.WARNING, LZ4),
    ("netbsd", "lz4", Severity.WARNING, LZ4),
    ("linux", "bzip2", Severity.WARNING, "the kernel is bzip2-compressed; xl reads bzip2 only where built with libbz2 "
                                         "(Debian's is not)"),
    ("linux", "lzo", Severity.WARNING, "the kernel is lzo-compressed; xl reads lzo only where built with liblzo2 "
                                       "(Debian's is not)"),
    ("netbsd", "lzo", Severity.ERROR, "the kernel is lzo-compressed, and no xl of a netbsd dom0 reads that"),
    ("linux", "none", Severity.ERROR, "the kernel is not compressed, and no xl of a linux dom0 reads that"),
    ("netbsd", "none", Severity.ERROR, "the kernel is not compressed, and no xl of a netbsd dom0 reads that"),
])
def test_a_pv_kernel_that_the_toolstack_may_not_unpack_is_told_with_the_cure(row: str, payload: str,
                                                                            severity: Severity, text: str) -> None:
    _, found = pv(row, payload=payload)
    assert (found.severity, found.text) == (severity, text)
    assert found.hint == ('xen.run = "disk" makes an HVM guest, whose firmware unpacks nothing; or update the Xen tools '
                          "of dom0")


@pytest.mark.parametrize("row", sorted(dom0.ROWS))
@pytest.mark.parametrize("payload", ["gzip", "xz", "lzma", ""])
def test_what_every_toolstack_unpacks_is_no_finding(row: str, payload: str) -> None:
    assert len(pv(row, payload=payload)) == 1


@pytest.mark.parametrize("payload", ["zstd", "lz4", "bzip2", "lzma"])
def test_pvgrub_reads_less_than_xl(payload: str) -> None:
    _, found = pv(run="pvgrub", payload=payload)
    assert (found.severity, found.text) == (
        Severity.WARNING, f"the kernel is {payload}-compressed, and the GRUB of pvgrub reads only gzip, xz, lzo")


@pytest.mark.parametrize("payload", ["zstd", "lz4", "none"])
def test_an_hvm_guest_is_unpacked_by_nobody_outside(payload: str) -> None:
    assert len(about("xen", profile("rocky-9.6", xen=Xen(run="disk")), facts(xen_pv=False, payload=payload))) == 1


@pytest.mark.parametrize(("release", "level"), [("rocky-9.6", 2), ("alma-10.0", 3), ("centos-stream-10", 3)])
def test_the_level_of_the_processor_is_a_line_of_its_own(release: str, level: int) -> None:
    (found,) = about("cpu", profile(release, xen=Xen(run="disk")), facts(xen_pv=False))
    assert (found.severity, found.text) == (Severity.NOTE, f"needs x86-64-v{level}; up.sh checks it on dom0")


@pytest.mark.parametrize("release", ["centos-6.10", "centos-7.9.2009", "alma-8.10", "fedora-42"])
def test_a_level_that_every_processor_has_is_not_told(release: str) -> None:
    assert about("cpu", profile(release, xen=Xen(run="disk")), facts(xen_pv=False)) == []


@pytest.mark.parametrize("arch", ["aarch64", "s390x", "ppc64le", "i386"])
def test_guests_of_another_architecture_are_refused_and_nothing_else_is_said(arch: str) -> None:
    release = load.release("rocky-9.6", arch, load.families())
    foreign = changed(profile(xen=Xen(run="disk")), release=release)
    assert planner(foreign, facts(xen_pv=False)).about() == (Finding(
        topic="xen", severity=Severity.ERROR, expected="x86_64", found=arch,
        text=f"output xen makes x86_64 guests only, and this profile is for {arch}",
        hint='set arch = "x86_64"; a tree of another architecture can be checked and locked, but not built'),)

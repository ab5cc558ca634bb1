"""Same build: what kernel, initrd and repositories say, and which finding that makes; .buildstamp against the tree."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import digest
from builder.catalog import load
from builder.demo import initrd as made
from builder.demo import kernel as x86
from builder.fetch.store.objects import Store
from builder.finding import Finding, Severity
from builder.jobs.survey import buildstamp, sameset
from builder.lock.model import KernelFacts, Pin
from builder.probe.initrd import Buildstamp, InitrdFacts
from builder.probe.kernel import KernelImage
from builder.tree.identify import Identity
from builder.tree.primary import KernelPackage

FAMILIES = load.families()
VMLINUZ, INITRD = "images/pxeboot/vmlinuz", "images/pxeboot/initrd.img"
EL7, EL7_NEWER, EL7_BEFORE = ("3.10.0-1160.el7.x86_64", "3.10.0-1160.45.1.el7.x86_64", "3.10.0-957.el7.x86_64")
COMPOSED = 1603729576  # 2020-10-26 16:26 UTC, CentOS 7.9.2009's own .treeinfo
STAMP = Buildstamp(product="CentOS", version="7", uuid="202010261626.x86_64")


def package(version: str, name: str = "kernel") -> KernelPackage:
    number, _, rest = version.partition("-")
    release, _, arch = rest.rpartition(".")
    return KernelPackage(name=name, epoch=0, version=number, release=release, arch=arch, href="Packages/k.rpm",
                         digest=None, build_time=0, header_range=None)


def image(version: str, unchecked: str = "") -> KernelImage:
    return KernelImage(form="bzImage", version=version, payload="gzip", unchecked=unchecked)


def inside(*versions: str, stamp: Buildstamp | None = STAMP) -> InitrdFacts:
    return InitrdFacts(kernel_versions=versions, buildstamp=stamp, modules=frozenset(), early_microcode=False,
                       members=("xz",), complete=True)


def judge(kernel: KernelImage, initrd: InitrdFacts, base: tuple[str, ...], updates: tuple[str, ...] = (),
          release: str = "centos-7.9.2009", arch: str = "x86_64") -> Finding:
    wanted = load.release(release, arch, FAMILIES)
    return sameset.judge(kernel, initrd, tuple(map(package, base)), VMLINUZ, INITRD, wanted,
                         tuple(map(package, updates)))


def test_one_build_is_one_line_with_all_sides() -> None:
    found = judge(image(EL7), inside(EL7), (EL7, EL7_NEWER))
    assert (found.severity, found.text) == (Severity.OK, f"vmlinuz     {EL7}")
    assert found.detail == (f"initrd.img  {EL7}, .buildstamp CentOS 7", f"kernel RPM  {EL7}",
                            "built       2020-10-26, by the UUID of .buildstamp")


def test_an_initrd_without_buildstamp_is_one_build_all_the_same() -> None:
    found = judge(image(EL7), inside(EL7, stamp=None), (EL7,))
    assert (found.severity, found.detail) == (Severity.OK, (f"initrd.img  {EL7}", f"kernel RPM  {EL7}"))


def test_only_a_newer_kernel_package_is_a_warning_that_names_both() -> None:
    found = judge(image(EL7), inside(EL7), (EL7_NEWER,))
    assert (found.severity, found.expected, found.found) == (Severity.WARNING, EL7, EL7_NEWER)
    assert found.text == "the repository has another kernel of the release, a newer one"
    assert found.detail == (
        f"images/pxeboot/vmlinuz     {EL7}         CentOS 7.9.2009",
        f"images/pxeboot/initrd.img  {EL7}         CentOS 7.9.2009",
        f"kernel in repodata         {EL7_NEWER}    CentOS 7.9.2009", "The installed system gets that one; the installer itself is one build.")


def test_only_an_older_kernel_package_is_a_warning_and_the_updates_are_told() -> None:
    found = judge(image(EL7_NEWER), inside(EL7_NEWER), (EL7,), (EL7_NEWER,))
    assert found.severity is Severity.WARNING
    assert found.text == "the repository has another kernel of the release, an older one"
    assert f"kernel in updates          {EL7_NEWER}    CentOS 7.9.2009" in found.detail


@pytest.mark.parametrize(("kernel", "newer"), [
    ("3.10.0-1160.el7.x86_64", "3.10.0-1160.6.1.el7.x86_64"), ("3.10.0-1160.6.1.el7.x86_64", EL7_NEWER),
    ("5.14.0-570.el9.x86_64", "5.14.0-570.17.1.el9_6.x86_64"),
    ("5.14.0-570.17.1.el9_6.x86_64", "5.14.0-570.100.1.el9_6.x86_64"),
    ("5.15.0-101.103.2.1.el9uek.x86_64", "5.15.0-101.104.1.el9uek.x86_64"),
])
def test_newer_goes_by_the_numbers_before_the_distribution_tag(kernel: str, newer: str) -> None:
    assert judge(image(kernel), inside(kernel), (newer,), release="centos-7").text.endswith("a newer one")
    assert judge(image(newer), inside(newer), (kernel,), release="centos-7").text.endswith("an older one")


def test_a_kernel_package_of_another_series_is_two_builds_with_the_cure() -> None:
    found = judge(image(EL7), inside(EL7), (EL7_BEFORE,), (EL7,))
    assert (found.severity, found.text) == (Severity.ERROR, "two builds in one tree")
    assert f"kernel in repodata         {EL7_BEFORE}     CentOS 7.6.1810" in found.detail
    assert found.detail[-1] == "The installer would start, then find no disk and network modules."
    assert found.hint == ("this mirror serves files of two builds (new packages and old images/, or the reverse). Take a "
                          'whole release:\n  tree = { url = "https://vault.centos.org/7.6.1810/os/x86_64" }')


@pytest.mark.parametrize(("versions", "row"), [
    ((EL7_BEFORE,), f"images/pxeboot/initrd.img  {EL7_BEFORE}     CentOS 7.6.1810"),
    ((), "images/pxeboot/initrd.img  no kernel modules"),
    ((EL7, EL7_BEFORE), f"images/pxeboot/initrd.img  {EL7_BEFORE}     CentOS 7.6.1810"),
])
def test_an_initrd_of_another_build_of_two_or_of_none_is_an_error(versions: tuple[str, ...], row: str) -> None:
    found = judge(image(EL7), inside(*versions), (EL7,))
    assert (found.severity, found.text) == (Severity.ERROR, "two builds in one tree")
    assert row in found.detail


@pytest.mark.parametrize(("updates", "text", "found"), [
    ((EL7, EL7_NEWER), f"no kernel package in the repository; the updates have exactly {EL7}", EL7),
    ((EL7_NEWER,), f"no kernel package in the repository; the updates have not {EL7} but {EL7_NEWER}", EL7_NEWER),
])
def test_a_kernel_package_only_in_the_updates_is_a_warning_that_says_which(updates: tuple[str, ...], text: str,
                                                                          found: str) -> None:
    told = judge(image(EL7), inside(EL7), (), updates)
    assert (told.severity, told.text, told.expected, told.found) == (Severity.WARNING, text, EL7, found)
    assert "kernel in repodata         none" in told.detail
    assert told.hint == ("the installation fails without the updates repository: name it in a kickstart of your own "
                         "(repo --name=updates --baseurl=...)")


@pytest.mark.parametrize("updates", [(), (EL7_BEFORE,)])
def test_no_kernel_package_anywhere_is_an_error_with_the_cure(updates: tuple[str, ...]) -> None:
    found = judge(image(EL7), inside(EL7), (), updates)
    assert (found.severity, found.text) == (Severity.ERROR, "no kernel package in the repository")
    assert found.detail[2] == "kernel in repodata         none"
    assert found.detail[3:] == tuple(f"kernel in updates          {each:<{len(EL7)}}    CentOS 7.6.1810" for each in updates)
    assert found.hint == "tree.url must be the tree with the base packages (BaseOS/x86_64/os, os/x86_64)"


ARM = "5.14.0-570.17.1.el9_6.aarch64"
UNCHECKED = image("", "it holds no banner `Linux version`")


def test_a_kernel_that_was_not_checked_is_a_warning_and_the_others_are_compared() -> None:
    stamp = Buildstamp(product="Rocky Linux", version="9.6", uuid="")
    found = judge(UNCHECKED, inside(ARM, stamp=stamp), (ARM,), release="rocky-9.6", arch="aarch64")
    assert found.severity is Severity.WARNING
    assert found.text == "images/pxeboot/vmlinuz: not checked: it holds no banner `Linux version`"
    assert found.detail == (f"initrd.img  {ARM}, .buildstamp Rocky Linux 9.6", f"kernel RPM  {ARM}",
                            "Initrd and repository are of one build; whether the kernel is too was not seen.")


def test_a_kernel_that_was_not_checked_does_not_hide_two_builds() -> None:
    found = judge(UNCHECKED, inside(ARM), ("5.14.0-503.el9.aarch64",), release="rocky-9.6", arch="aarch64")
    assert (found.severity, found.text) == (Severity.ERROR, "two builds in one tree")
    assert found.detail[0] == "images/pxeboot/vmlinuz     not checked: it holds no banner `Linux version`"
    both = judge(UNCHECKED, inside(ARM, "5.14.0-503.el9.aarch64"), (ARM,), release="rocky-9.6", arch="aarch64")
    assert both.text == "two builds in one tree"


VERSIONS = st.lists(st.sampled_from([EL7, EL7_NEWER, EL7_BEFORE]), max_size=3, unique=True).map(tuple)


@given(st.sampled_from(["", EL7, EL7_NEWER]), VERSIONS, VERSIONS, VERSIONS)
def test_ok_means_that_all_sides_are_one_build(version: str, modules: tuple[str, ...], base: tuple[str, ...],
                                               updates: tuple[str, ...]) -> None:
    found = judge(image(version, "" if version else "x"), inside(*modules), base, updates)
    assert (found.severity is Severity.OK) == (modules == (version,) and version in base)
    if len(modules) != 1 or not (base or updates):
        assert found.severity is Severity.ERROR
    assert found.text


# .buildstamp against the tree

def identity(family: str = "centos", version: str = "7", point: str = "7.9.2009", arch: str = "x86_64") -> Identity:
    return Identity(family=family, title=FAMILIES[family].title, version=version, point=point, arch=arch, how="")


def stamped(product: str, version: str, uuid: str = "", tree: Identity | None = None,
            epoch: int | None = None) -> tuple[Finding, ...]:
    return buildstamp.compare(Buildstamp(product=product, version=version, uuid=uuid), tree or identity(), INITRD,
                              epoch, FAMILIES)


ROCKY, STREAM = identity("rocky", "9.6", "9.6"), identity("centos-stream", "9", "")


@pytest.mark.parametrize(("product", "version", "tree"), [
    ("CentOS", "7", identity()), ("CentOS Linux", "7", identity()), ("CentOS Linux", "7.9.2009", identity()),
    ("centos linux", "7.9", identity()), ("CentOS Linux", "8", identity(version="8", point="")),
    ("CentOS", "6.10", identity(version="6.10", point="6.10")), ("CentOS Stream", "9", STREAM),
    ("Rocky Linux", "9.6", ROCKY), ("Rocky Linux", "9", ROCKY), ("AlmaLinux", "9.6", identity("alma", "9.6", "9.6")),
    ("Red Hat Enterprise Linux", "9.6", identity("rhel", "9.6", "9.6")),
    ("Red Hat Enterprise Linux", "7.9", identity("rhel", "7.9", "7.9")),
    ("Oracle Linux", "8.5.0", identity("oracle", "8.5.0", "8.5")), ("Oracle Linux Server", "9.3", identity("oracle", "9.3", "9.3")),
    ("Scientific Linux", "7.5", identity("scientific", "7.5", "7.5")), ("Fedora", "44", identity("fedora", "44", "")),
    ("Fedora", "rawhide", identity("fedora", "Rawhide", "")), ("CentOS", "", identity()), ("", "7", identity()),
])
def test_a_stamp_that_agrees_with_the_tree_says_nothing(product: str, version: str, tree: Identity) -> None:
    assert stamped(product, version, "202010261626.x86_64", tree, COMPOSED) == ()


@pytest.mark.parametrize(("product", "version", "tree", "text"), [
    ("Rocky Linux", "9.5", ROCKY, "two releases in one tree: images/pxeboot/initrd.img was built for Rocky Linux 9.5, "
                                  "the tree is Rocky Linux 9.6"),
    ("CentOS", "7.5.1804", identity(), "two releases in one tree: images/pxeboot/initrd.img was built for CentOS "
                                       "7.5.1804, the tree is CentOS 7.9.2009"),
    ("CentOS Stream", "10", STREAM, "two releases in one tree: images/pxeboot/initrd.img was built for CentOS Stream "
                                    "10, the tree is CentOS Stream 9"),
    ("AlmaLinux", "9.6", ROCKY, "two products in one tree: images/pxeboot/initrd.img was built for AlmaLinux 9.6, the "
                                "tree is Rocky Linux 9.6"),
    ("", "9.60", ROCKY, "two releases in one tree: images/pxeboot/initrd.img was built for 9.60, the tree is Rocky "
                        "Linux 9.6"),
])
def test_another_product_or_release_in_the_stamp_is_refused_with_both_sides(product: str, version: str, tree: Identity,
                                                                           text: str) -> None:
    (found,) = stamped(product, version, tree=tree)
    assert (found.topic, found.severity, found.text) == ("same set", Severity.ERROR, text)
    assert found.expected == str(tree)
    assert found.hint == "this mirror mixes files of two trees: take another one, or try again when it is synchronised"


def test_another_architecture_in_the_stamp_is_refused() -> None:
    (found,) = stamped("CentOS", "7", "202010261626.aarch64")
    assert found.text == ("two architectures in one tree: images/pxeboot/initrd.img was built for aarch64, the tree is "
                          "x86_64")
    assert stamped("CentOS", "6.10", "201806291608.i386", identity(version="6.10", point="6.10", arch="i386")) == ()


@pytest.mark.parametrize(("product", "version", "tree", "text"), [
    ("Circle Linux", "7", identity(), 'images/pxeboot/initrd.img calls its product "Circle Linux", a name that the '
                                      "catalog does not know"),
    ("CentOS Linux", "9", STREAM, "images/pxeboot/initrd.img was built as CentOS Linux 9, the tree is CentOS Stream 9"),
    ("Rocky Linux", "9.6-Beta", ROCKY, 'images/pxeboot/initrd.img calls its version "9.6-Beta", the tree is 9.6'),
])
def test_a_spelling_that_nobody_knows_is_a_warning(product: str, version: str, tree: Identity, text: str) -> None:
    (found,) = stamped(product, version, tree=tree)
    assert (found.severity, found.text) == (Severity.WARNING, text)


@pytest.mark.parametrize("stamp", [None, Buildstamp(product="", version="", uuid="x")])
def test_an_initrd_that_does_not_name_its_product_is_a_note(stamp: Buildstamp | None) -> None:
    (found,) = buildstamp.compare(stamp, identity(), INITRD, COMPOSED, FAMILIES)
    assert found.severity is Severity.NOTE
    assert found.text == ("images/pxeboot/initrd.img: no .buildstamp that names its product; not compared with the "
                          "tree")


@pytest.mark.parametrize(("uuid", "text"), [
    ("201908011200.x86_64", "images/pxeboot/initrd.img was built on 2019-08-01, 452 days before the tree was composed"),
    ("202101011200.x86_64", "images/pxeboot/initrd.img was built on 2021-01-01, 66 days after the tree was composed"),
])
def test_an_initrd_of_another_season_is_a_note(uuid: str, text: str) -> None:
    (found,) = stamped("CentOS", "7", uuid, epoch=COMPOSED)
    assert (found.severity, found.text) == (Severity.NOTE, text)


@pytest.mark.parametrize(("uuid", "epoch"), [
    ("202010261626.x86_64", COMPOSED), ("202011201626.x86_64", COMPOSED), ("201908011200.x86_64", None),
    ("209913451200.x86_64", COMPOSED), ("0b1d3a", COMPOSED), ("", COMPOSED),
])
def test_a_date_near_the_compose_or_that_is_none_says_nothing(uuid: str, epoch: int | None) -> None:
    assert stamped("CentOS", "7", uuid, epoch=epoch) == ()


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=30), st.none() | st.integers(0, 1 << 33))
def test_no_stamp_ends_in_a_traceback(product: str, version: str, uuid: str, epoch: int | None) -> None:
    for found in stamped(product, version, uuid, epoch=epoch):
        assert found.text and found.topic == "same set"


# compare: the images in the store

def pinned(store: Store, data: bytes, path: str) -> Pin:
    store.add([data], cap=len(data), where=path)
    return Pin(role="kernel", path=path, size=len(data), digest=digest.of_bytes(data), evidence="first-use")


def compared(folder: Path, kernel: bytes, ramdisk: bytes, *, arch: str = "x86_64", base: tuple[str, ...] = (EL7,),
             tree: Identity | None = None) -> tuple[KernelFacts | None, list[Finding]]:
    store = Store(folder / "store")
    store.use(create=True)
    findings: list[Finding] = []
    facts = sameset.compare(
        store, pinned(store, kernel, VMLINUZ), pinned(store, ramdisk, INITRD), map(package, base),
        "http://mirror.example/os", load.release("centos-7.9.2009", arch, FAMILIES), findings, identity=tree,
        epoch=COMPOSED)
    return facts, findings


RAMDISK = made.make(EL7, product="CentOS", release="7", seed="t", built=COMPOSED)


def test_the_facts_of_a_good_pair_are_what_its_bytes_say(tmp_path: Path) -> None:
    facts, findings = compared(tmp_path, x86.make(EL7, xen="pv", seed="t"), RAMDISK, tree=identity())
    assert [f.severity for f in findings] == [Severity.OK]
    assert facts == KernelFacts(
        version=EL7, xen_pv=True, xen_pvh=False, cmdline_size=2047, payload="gzip",
        initrd_xen_drivers=("xen-blkfront", "xen-netfront"), buildstamp="CentOS 7 202010261626.x86_64")


def test_the_stamp_is_compared_only_with_a_tree_that_is_given(tmp_path: Path) -> None:
    ramdisk = made.make(EL7, product="Rocky Linux", release="9.6", seed="t", built=COMPOSED)
    kernel = x86.make(EL7, xen="pv", seed="t")
    assert [f.severity for f in compared(tmp_path, kernel, ramdisk)[1]] == [Severity.OK]
    texts = [f.text.partition(":")[0] for f in compared(tmp_path, kernel, ramdisk, tree=identity())[1]]
    assert texts == [f"vmlinuz     {EL7}", "two products in one tree", "two releases in one tree"]


def test_an_aarch64_pair_has_no_xen_notes_to_read(tmp_path: Path) -> None:
    version = "4.18.0-348.el7.aarch64"
    image = bytes(0x38) + b"ARM\x64" + bytes(100) + f"Linux version {version} (x@y)\0".encode()
    ramdisk = made.make(version, product="CentOS", release="7", seed="t")
    facts, findings = compared(tmp_path, image, ramdisk, arch="aarch64", base=(version,))
    assert [f.severity for f in findings] == [Severity.OK]
    assert facts is not None
    assert (facts.version, facts.xen_pv, facts.xen_pvh, facts.payload, facts.cmdline_size) == (version, False, False,
                                                                                               "none", 0)


@pytest.mark.parametrize(("kernel", "ramdisk", "text"), [
    (b"<html>", RAMDISK, "http://mirror.example/os/images/pxeboot/vmlinuz: no x86 kernel but a web page"),
    (x86.make(EL7, xen="pv", seed="t"), b"<html>", "http://mirror.example/os/images/pxeboot/initrd.img: no initrd but a"),
], ids=["kernel", "initrd"])
def test_bytes_that_are_something_else_are_an_error_and_there_are_no_facts(tmp_path: Path, kernel: bytes,
                                                                          ramdisk: bytes, text: str) -> None:
    facts, (found,) = compared(tmp_path, kernel, ramdisk, tree=identity())
    assert facts is None and found.severity is Severity.ERROR
    assert found.text.startswith(text) and found.hint

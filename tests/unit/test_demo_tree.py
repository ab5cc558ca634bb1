from __future__ import annotations

import configparser
import gzip
import hashlib
import io
import lzma
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from builder.demo import tree
from builder.probe import bzimage, initrd, xen
from builder.probe.initrd import InitrdFacts
from tests.corpus import corpus

EL7, EL9 = "3.10.0-1160.el7.x86_64", "5.14.0-570.17.1.el9_6.x86_64"
SPACE = {"r": "http://linux.duke.edu/metadata/repo", "c": "http://linux.duke.edu/metadata/common",
         "rpm": "http://linux.duke.edu/metadata/rpm"}
TREES = {"centos7": tree.centos7(), "el9": tree.el9()}
HOMES = [("centos7", ""), ("el9", f"{tree.BASEOS}/"), ("el9", f"{tree.APPSTREAM}/")]


def kernel_of(files: tree.Tree, home: str = "") -> str:
    return bzimage.read(io.BytesIO(files[home + tree.KERNEL]), "vmlinuz").version


def initrd_of(files: tree.Tree, home: str = "") -> InitrdFacts:
    return initrd.scan(io.BytesIO(files[home + tree.INITRD]), "initrd.img", stop_early=False)


def primary_of(files: tree.Tree, home: str = "") -> ElementTree.Element:
    (path,) = (path for path in files if path.startswith(f"{home}repodata/") and path.endswith("-primary.xml.gz"))
    return ElementTree.fromstring(gzip.decompress(files[path]))


def nevras(files: tree.Tree, home: str = "") -> set[str]:
    found = set()
    for package in primary_of(files, home).findall("c:package", SPACE):
        version = package.find("c:version", SPACE)
        assert version is not None
        found.add(f"{package.findtext('c:name', '', SPACE)}-{version.get('ver')}-{version.get('rel')}."
                  f"{package.findtext('c:arch', '', SPACE)}")
    return found


def settings(text: bytes) -> dict[str, dict[str, str]]:
    reader = configparser.RawConfigParser(interpolation=None)
    reader.optionxform = str  # type: ignore[assignment,method-assign]
    reader.read_string(text.decode())
    return {name: dict(reader[name]) for name in reader.sections()}


def test_centos_7_writes_the_treeinfo_of_the_real_tree() -> None:
    real = (corpus() / "treeinfo/snipeit_iso/centos7.5.treeinfo").read_bytes()
    assert tree.centos7("7.5.1804")[".treeinfo"] == real
    assert TREES["centos7"][".treeinfo"] == real.replace(b"1525379658.57", b"1603729576.26")


def test_centos_7_writes_the_discinfo_of_the_real_tree() -> None:
    assert tree.centos7("7.5.1804")[".discinfo"] == (corpus() / "discinfo/snipeit_iso/centos7.5.discinfo").read_bytes()
    assert TREES["centos7"][".discinfo"] == b"1603728831.612616\n7.9\nx86_64\n"


def test_centos_6_writes_the_treeinfo_of_the_real_tree() -> None:
    real = (corpus() / "treeinfo/osinfo-db/centos__centos6.10__x86_64.treeinfo").read_bytes()
    assert settings(tree.el6()[".treeinfo"]) == settings(real)
    assert "checksums" not in settings(real)


RHEL, ORACLE, STREAM = "Red Hat Enterprise Linux", "Oracle Linux", "CentOS Stream"
REAL = [
    (tree.el9("Rocky Linux", "9.0", composed=1656986875), "rocky__rocky9__x86_64"),
    (tree.el9("AlmaLinux", "9.0", composed=1653490634), "almalinux__almalinux9__x86_64"),
    (tree.el9(STREAM, "9", composed=1635262597), "centos__centos-stream9__x86_64"),
    (tree.el9(RHEL, "9.6", composed=1744848945), "rhel__rhel9.6__x86_64"),
    (tree.el9(ORACLE, "9.3", composed=1699923783), "ol__ol9.3__x86_64"),
    (tree.el8("Rocky Linux", "8.6", composed=1652648642), "rocky__rocky8__x86_64"),
    (tree.el8("AlmaLinux", "8.6", composed=1652291763), "almalinux__almalinux8__x86_64"),
    (tree.el8(RHEL, "8.10", composed=1716363706), "rhel__rhel8.10__x86_64"),
    (tree.el8(ORACLE, "8.7", composed=1668202848), "ol__ol8.7__x86_64"),
    (tree.el10("Rocky Linux", "10.0", composed=1748204137), "rocky__rocky10__x86_64"),
    (tree.el10("AlmaLinux", "10.0", composed=1748158849), "almalinux__almalinux10__x86_64"),
    (tree.el10(STREAM, "10", composed=1728999809), "centos__centos-stream10__x86_64"),
    (tree.el10(RHEL, "10.0", composed=1744312719), "rhel__rhel10.0__x86_64"),
    (tree.fedora("39", composed=1698800197), "fedora__fedora39__everything-netinst__x86_64"),
    (tree.el7(RHEL, "7.6", composed=1539194952), "rhel__rhel7.6__server__x86_64"),
    (tree.el7(ORACLE, "7.7", composed=1565395736), "ol__ol7.7__x86_64"),
]
# What real trees say differently among themselves, or of parts that a small tree has not: the DVD (no boot.iso, its
# number), upgrade.img, addons.
IGNORED = {"media", "addon-Server-HighAvailability", "addon-Server-ResilientStorage"}
EXTRA = {"boot.iso", "images/boot.iso", "upgrade", "images/pxeboot/upgrade.img", "addons",
         "addons/HighAvailability/repodata/repomd.xml", "addons/ResilientStorage/repodata/repomd.xml"}


def comparable(text: bytes) -> dict[str, dict[str, str]]:
    found = {name: {key: value.strip().removesuffix(".08").rstrip("/") for key, value in keys.items() if key not in EXTRA}
             for name, keys in settings(text).items() if name not in IGNORED}
    found["checksums"] = dict.fromkeys(found["checksums"], "")
    for section in ("general", "tree"):
        found[section].pop("variants")
    return found


@pytest.mark.parametrize(("files", "file"), REAL, ids=[file for _, file in REAL])
def test_a_tree_says_what_the_real_treeinfo_says_but_for_the_digests(files: tree.Tree, file: str) -> None:
    real = (corpus() / f"treeinfo/osinfo-db/{file}.treeinfo").read_bytes()
    ours = files[f"{tree.BASEOS}/.treeinfo" if f"{tree.BASEOS}/.treeinfo" in files else ".treeinfo"]
    assert comparable(ours) == comparable(real)


@pytest.mark.parametrize(("files", "home", "version", "pv"), [
    (tree.el6(), "", "2.6.32-754.el6.x86_64", True), (tree.el8(), f"{tree.BASEOS}/", "4.18.0-553.el8_10.x86_64", False),
    (tree.el10(), f"{tree.BASEOS}/", "6.12.0-55.9.1.el10_0.x86_64", False),
    (tree.el8("Oracle Linux"), "", "4.18.0-553.el8_10.x86_64", False), (tree.fedora("44"), "", "6.14.0-63.fc42.x86_64", True),
    (tree.el7(), "", "3.10.0-1160.el7.x86_64", True),
])
def test_every_generation_is_one_build_with_the_notes_of_its_kernels(files: tree.Tree, home: str, version: str,
                                                                    pv: bool) -> None:
    assert kernel_of(files, home) == version
    assert initrd_of(files, home).kernel_versions == (version,)
    place = "BaseOS/" if f"{home}repodata/repomd.xml" not in files else home
    assert {f"kernel-{version}", f"kernel-core-{version}"} & nevras(files, place)
    found = xen.ability(io.BytesIO(files[home + tree.KERNEL]), "vmlinuz")
    assert (found.pv, found.pvh) == (pv, False)


def test_the_initrd_of_el6_is_gzip_with_bare_modules_and_the_older_buildstamp() -> None:
    files = tree.el6()
    facts = initrd_of(files)
    assert files[tree.INITRD].startswith(b"\x1f\x8b") and facts.members == ("gzip",)
    assert facts.buildstamp == initrd.Buildstamp(product="CentOS", version="6.10", uuid="201806291608.x86_64")
    assert {"xen-blkfront", "xen-netfront"} <= initrd.scan(
        io.BytesIO(files[tree.INITRD]), "initrd.img", want={"drivers"}).modules


def test_the_checksums_of_el9_are_those_of_its_files() -> None:
    listed = settings(TREES["el9"][f"{tree.BASEOS}/.treeinfo"])["checksums"]
    assert listed == {path.removeprefix(f"{tree.BASEOS}/"): f"sha256:{hashlib.sha256(data).hexdigest()}"
                      for path, data in TREES["el9"].items() if "/images/" in path}


def test_an_unchanged_tree_is_one_build_throughout() -> None:
    assert kernel_of(TREES["centos7"]) == EL7
    assert initrd_of(TREES["centos7"]).kernel_versions == (EL7,)
    assert f"kernel-{EL7}" in nevras(TREES["centos7"])
    home = f"{tree.BASEOS}/"
    assert kernel_of(TREES["el9"], home) == EL9
    assert initrd_of(TREES["el9"], home).kernel_versions == (EL9,)
    assert f"kernel-core-{EL9}" in nevras(TREES["el9"], home)


def test_the_initrd_names_the_product_and_the_time_of_the_compose() -> None:
    stamp = initrd_of(TREES["centos7"]).buildstamp
    assert stamp == initrd.Buildstamp(product="CentOS", version="7", uuid="202010261626.x86_64")
    stamp = initrd_of(tree.el9("AlmaLinux"), f"{tree.BASEOS}/").buildstamp
    assert stamp is not None
    assert (stamp.product, stamp.version) == ("AlmaLinux", "9.6")


def test_el7_starts_as_pv_and_el9_does_not() -> None:
    assert xen.ability(io.BytesIO(TREES["centos7"][tree.KERNEL]), "vmlinuz").pv
    found = xen.ability(io.BytesIO(TREES["el9"][f"{tree.BASEOS}/{tree.KERNEL}"]), "vmlinuz")
    assert (found.pv, found.pvh) == (False, False)


@pytest.mark.parametrize(("name", "home"), HOMES)
def test_repomd_names_its_files_with_their_true_digests_and_sizes(name: str, home: str) -> None:
    files = TREES[name]
    records = ElementTree.fromstring(files[f"{home}repodata/repomd.xml"]).findall("r:data", SPACE)
    assert [record.get("type") for record in records] == ["primary", "filelists", "other"]
    for record in records:
        location = record.find("r:location", SPACE)
        assert location is not None
        packed = files[home + location.get("href", "")]
        text = gzip.decompress(packed)
        fields = ("checksum", "open-checksum", "size", "open-size")
        assert [record.findtext(f"r:{field}", "", SPACE) for field in fields] == [
            hashlib.sha256(packed).hexdigest(), hashlib.sha256(text).hexdigest(), str(len(packed)), str(len(text))]
        packages = ElementTree.fromstring(text)
        assert len(packages) == int(packages.get("packages", "0")) > 0


@pytest.mark.parametrize(("name", "home"), HOMES)
def test_what_packages_require_is_provided_in_the_same_release(name: str, home: str) -> None:
    homes = [home] if home != f"{tree.APPSTREAM}/" else [home, f"{tree.BASEOS}/"]
    provided = {(entry.get("name"), entry.get("ver")) for each in homes
                for entry in primary_of(TREES[name], each).iterfind(".//rpm:provides/rpm:entry", SPACE)}
    required = {(entry.get("name"), entry.get("ver"))
                for entry in primary_of(TREES[name], home).iterfind(".//rpm:requires/rpm:entry", SPACE)}
    assert required <= provided


def test_each_part_can_come_from_another_build() -> None:
    mixed = tree.centos7(initrd_kernel="3.10.0-957.el7.x86_64", package_kernel="3.10.0-1062.el7.x86_64")
    assert kernel_of(mixed) == EL7
    assert initrd_of(mixed).kernel_versions == ("3.10.0-957.el7.x86_64",)
    assert "kernel-3.10.0-1062.el7.x86_64" in nevras(mixed)


def test_another_compose_has_other_times_and_other_images() -> None:
    newer = tree.el9(composed=1760000000)
    changed = {path for path in newer if newer[path] != TREES["el9"].get(path)}
    assert {f"{tree.BASEOS}/{path}" for path in (".treeinfo", ".discinfo", tree.INITRD, "images/install.img",
                                                "repodata/repomd.xml")} <= changed
    assert f"{tree.BASEOS}/{tree.KERNEL}" not in changed


def test_tampering_changes_the_bytes_and_not_the_size() -> None:
    image = TREES["centos7"][tree.INITRD]
    changed = tree.tampered(image)
    assert len(changed) == len(image)
    assert sum(a != b for a, b in zip(image, changed, strict=True)) == 1


def test_the_bytes_are_the_same_on_every_machine() -> None:
    # Golden files hold digests of these trees: a change here is a change of all of them.
    def digest(files: tree.Tree) -> str:
        listed = "".join(f"{hashlib.sha256(files[path]).hexdigest()}  {path}\n" for path in sorted(files))
        return hashlib.sha256(listed.encode()).hexdigest()

    assert digest(tree.centos7()) == "4e729cbdb40784da2b2e9af3ebb58e60089105d4babb8d5ce3ab42b3202ee985"
    assert digest(tree.el9()) == "c1bf60778aa7ce812d389133c4aa2a0d9722290f122afefe4d5ea01ce978aeaa"


def test_a_tree_is_small_enough_to_be_made_for_every_test() -> None:
    assert sum(map(len, TREES["centos7"].values())) < 2 << 20
    assert sum(map(len, TREES["el9"].values())) < 2 << 20


def test_the_modules_in_the_initrd_are_xz_files() -> None:
    image = TREES["centos7"][tree.INITRD]
    inside = lzma.decompress(image[image.index(b"\xfd7zXZ\x00") :])
    module = inside[inside.index(b"\xfd7zXZ\x00") :]
    assert re.match(rb"\x7fELF.*vermagic=3\.10\.0-1160\.el7\.x86_64 SMP",
                    lzma.LZMADecompressor().decompress(module), re.DOTALL)


def test_a_tree_is_written_below_its_folder(tmp_path: Path) -> None:
    tree.write(TREES["el9"], tmp_path)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in written} == TREES["el9"]


def test_a_path_out_of_the_folder_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is no path inside a tree"):
        tree.write({"../x": b""}, tmp_path)

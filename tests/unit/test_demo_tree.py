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


@pytest.mark.parametrize(("family", "file", "version", "composed"), [
    ("Rocky Linux", "rocky__rocky9__x86_64", "9.0", 1656986875),
    ("AlmaLinux", "almalinux__almalinux9__x86_64", "9.0", 1653490634),
    ("CentOS Stream", "centos__centos-stream9__x86_64", "9", 1635262597),
])
def test_el9_writes_what_the_real_treeinfo_says_but_for_the_digests(family: str, file: str, version: str,
                                                                    composed: int) -> None:
    real = settings((corpus() / f"treeinfo/osinfo-db/{file}.treeinfo").read_bytes())
    ours = settings(tree.el9(family, version, composed=composed)[f"{tree.BASEOS}/.treeinfo"])
    assert ours.pop("checksums").keys() == real.pop("checksums").keys()
    for each in (ours, real):  # real trees differ among themselves in these
        each["general"].pop("variants")
        each["tree"].pop("variants")
        each["variant-AppStream"]["repository"] = each["variant-AppStream"]["repository"].rstrip("/")
    assert ours == real


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

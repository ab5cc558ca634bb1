"""Every real .treeinfo, .discinfo, repomd.xml and primary.xml of the corpus, against independent readers."""

from __future__ import annotations

import configparser
import csv
import gzip
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from builder.catalog import load
from builder.errors import HostileInput
from builder.tree import discinfo, identify, primary, repomd, treeinfo
from tests.corpus import corpus

FAMILIES = load.families()
REPO = "{http://linux.duke.edu/metadata/repo}"
COMMON = "{http://linux.duke.edu/metadata/common}"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"

# What is refused, and why. None is a tree of our families.
REFUSED_TREES = {
    "osinfo-db/sle__sle15sp4__s390x.treeinfo": '[release] version\n  found   "15 SP4"',
    "osinfo-db/sle__sle15sp4__x86_64.treeinfo": '[release] version\n  found   "15 SP4"',
}
REFUSED_REPOMDS = {
    "createrepo_c/modified_repo_files/missing_type-repomd.xml": "<data> type\n  found   nothing",
    "hawkey/repos/yum/repodata/repomd.xml": 'filelists: <location> xml:base\n  found   "disagree"',
}
REFUSED_PRIMARIES = {
    "createrepo_c/modified_repo_files/repo_01_ampersand-primary.xml": "super_kernel: location href",
    "dnf5/repos-repomd/repomd-repo1/repodata/primary.xml": "unresolvable: location xml:base",
    "dnf5/repos-repomd/repomd-repo1-gpg/repodata/primary.xml": "unresolvable: location xml:base",
    "hawkey/repos/yum/repodata/f1ab2aa6c0e5881b9365f83a951e6696812ebfaaf56fee310c3f080c8849a1b4-primary.xml.gz":
        "mystery-devel: location xml:base",
    "libdnf/hawkey/yum/repodata/f1ab2aa6c0e5881b9365f83a951e6696812ebfaaf56fee310c3f080c8849a1b4-primary.xml.gz":
        "mystery-devel: location xml:base",
}


def files(folder: str, pattern: str) -> dict[str, Path]:
    root = corpus() / folder
    return {str(path.relative_to(root)): path for path in sorted(root.rglob(pattern))}


def plain(path: Path) -> dict[str, Any]:
    """An independent reading: the standard library's parser, and productmd's rules as its documentation tells them."""
    ini = configparser.RawConfigParser(interpolation=None)
    ini.optionxform = str  # type: ignore[assignment,method-assign]
    ini.read_string(path.read_text())

    def first(*places: tuple[str, str]) -> str:
        return next((ini[s][k] for s, k in places if ini.has_section(s) and ini[s].get(k)), "")

    arch = first(("general", "arch"), ("tree", "arch"))
    variants = {}
    for section in ini.sections():
        kind, _, word = section.partition("-")
        if kind in ("variant", "addon") and word:
            place = re.sub(r"/repodata$", "", ini[section].get("repository", "").rstrip("/"))
            variants[word] = re.sub(r"^\./", "", place)
    return {
        "family": first(("release", "name"), ("product", "name"), ("general", "family")),
        "version": first(("general", "version"), ("release", "version")), "arch": arch,
        "timestamp": first(("general", "timestamp"), ("tree", "build_timestamp")),
        "kernel": ini.get(f"images-{arch}", "kernel", fallback=None),
        "initrd": ini.get(f"images-{arch}", "initrd", fallback=None),
        "stage2": ini.get("stage2", "mainimage", fallback=None),
        "platforms": sorted(s.removeprefix("images-") for s in ini.sections() if s.startswith("images-")),
        "checksums": dict(ini["checksums"]) if ini.has_section("checksums") else {},
        "variants": variants,
    }


def ours(tree: treeinfo.Treeinfo, path: Path) -> dict[str, Any]:
    """What treeinfo.read made of it, in the shape of `plain`. Variants go by the name of their section."""
    sections = re.findall(r"^\[(?:variant|addon)-(.+)\]", path.read_text(), re.MULTILINE)
    by_word = {word: v.repository for v in tree.variants for word in sections if word in (v.uid, v.id)}
    return {
        "family": tree.family, "version": tree.version, "arch": tree.arch, "timestamp": tree.timestamp,
        "kernel": tree.kernel, "initrd": tree.initrd, "stage2": tree.stage2, "platforms": sorted(tree.images),
        "checksums": {path: str(digest) for path, digest in tree.checksums.items()}, "variants": by_word,
    }


def test_every_treeinfo_reads_as_an_independent_reader_has_it() -> None:
    refused = {}
    for name, path in files("treeinfo", "*.treeinfo").items():
        try:
            tree = treeinfo.read(path.read_bytes(), name)
        except HostileInput as e:
            refused[name] = e.message
            continue
        assert ours(tree, path) == plain(path), name
        assert tree.weak_checksums == (), name
    assert set(refused) == set(REFUSED_TREES)
    assert all(REFUSED_TREES[name] in message for name, message in refused.items())


def test_the_only_images_outside_their_tree_are_the_netinstall_isos_of_centos_6_1_and_6_3() -> None:
    outside = {name: tree.outside for name, tree in trees().items() if tree.outside}
    assert outside == {
        "osinfo-db/centos__centos6.1__i686.treeinfo": ("[images-i386] boot.iso",),
        "osinfo-db/centos__centos6.1__x86_64.treeinfo": ("[images-x86_64] boot.iso",),
        "osinfo-db/centos__centos6.3__x86_64.treeinfo": ("[images-x86_64] boot.iso",),
    }


def trees() -> dict[str, treeinfo.Treeinfo]:
    return {name: treeinfo.read(path.read_bytes(), name) for name, path in files("treeinfo", "*.treeinfo").items()
            if name not in REFUSED_TREES}


# How the collections call the releases in INDEX.tsv -> family of the catalog.
CALLED = {
    "centos": "centos", "CentOS ": "centos", "centos-": "centos", "centos-stream": "centos-stream", "rhel": "rhel",
    "rhel-": "rhel", "RHEL": "rhel", "RHEL-": "rhel", "fakerhel": "rhel", "rocky": "rocky", "almalinux": "alma",
    "ol": "oracle", "scientificlinux": "scientific", "centos-sl": "scientific", "fedora": "fedora",
    "fedora-": "fedora", "F-": "fedora", "silverblue": "fedora", "Fedora-": "fedora",
}
# Not of our families, or test data under a made-up name.
OTHERS = {"opensuse", "sle", "circle", "almalinux-kitten"}
# Fedora's, under a name that does not say so.
UNNAMED = {"anaconda/tree_info_fedora.treeinfo", "productmd/multivariants_treeinfo.treeinfo"}
WORDS = {"fedora-eln": "ELN", "fedora-rawhide": "Rawhide", "Fedora-rawhide": "rawhide"}


def called(release: str) -> tuple[str, str] | None:
    """(family, version) that INDEX.tsv says, None where it names none of ours."""
    if release in WORDS:
        return "fedora", WORDS[release]
    found = re.match(r"([A-Za-z -]+?)(\d+(?:\.\d+)*)", release)
    if not found or found[1] in OTHERS:
        return None
    return CALLED[found[1]], found[2]


def index(kind: str) -> dict[str, str]:
    with (corpus() / "INDEX.tsv").open() as table:
        return {row["file"].partition("/")[2]: row["release"] for row in csv.DictReader(table, delimiter="\t")
                if row["kind"] == kind}


def test_every_tree_is_identified_as_what_its_collection_calls_it() -> None:
    releases = index("treeinfo")
    checked = 0
    for name, tree in trees().items():
        told = called(releases[name])
        found = identify.found(tree, None, FAMILIES)
        if told is None:
            assert found.family == ("fedora" if name in UNNAMED else ""), name
            continue
        family, version = told
        assert found.family == family, name
        if family == "scientific" and version.startswith("5."):
            version = version.replace(".", "")  # its trees wrote 511 for 5.11
        # Trees may tell less than the collection (CentOS `7` for 7.5.1804) or more (Rocky `9.0` for 9).
        agrees = f"{found.known}.".startswith(f"{version}.") or f"{version}.".startswith(f"{found.version}.")
        assert agrees or found.version == f"{version}_Alpha", name
        checked += 1
    assert checked >= 265


def test_the_medium_of_centos_7_5_is_identified_to_the_point_release() -> None:
    tree = trees()["snipeit_iso/centos7.5.treeinfo"]
    disc = discinfo.read(files("discinfo", "*.discinfo")["snipeit_iso/centos7.5.discinfo"].read_bytes(), "x")
    assert identify.found(tree, disc, FAMILIES).point == "7.5.1804"
    assert identify.found(tree, None, FAMILIES).point == "7.5.1804"


def test_every_bootable_x86_64_tree_of_a_series_reaches_the_evidence_that_the_catalog_asks_for() -> None:
    checked = set()
    for name, tree in trees().items():
        found = identify.found(tree, None, FAMILIES)
        series = FAMILIES[found.family].series.get(tree.version.partition(".")[0]) if found.family else None
        if series is None or tree.arch != "x86_64" or not tree.kernel:
            continue
        paths = {"kernel": tree.kernel, "initrd": tree.initrd, "stage2": tree.stage2,
                 "repository": "repodata/repomd.xml"}
        for role, path in paths.items():
            if series.minimum[role] == "treeinfo":
                assert path in tree.checksums, (name, role)
        checked.add((found.family, series.major))
    assert len(checked) >= 18


def test_variants_of_rhel_6_and_scientific_7_keep_uids_of_their_own() -> None:
    rhel = trees()["osinfo-db/rhel__rhel6.10__server__x86_64.treeinfo"]
    assert [(v.uid, v.repository) for v in rhel.variants] == [
        ("Server", "Server"), ("Server-HighAvailability", "HighAvailability"), ("Server-LoadBalancer", "LoadBalancer"),
        ("Server-ResilientStorage", "ResilientStorage"), ("Server-ScalableFileSystem", "ScalableFileSystem")]
    scientific = trees()["osinfo-db/scientificlinux__scientificlinux7.5__x86_64.treeinfo"]
    assert [(v.uid, v.repository) for v in scientific.variants] == [
        ("RELEASE", "."), ("RELEASE-updates", "../updates/security"), ("RELEASE-fastbugs", "../updates/fastbugs")]


def test_every_discinfo_reads_line_by_line() -> None:
    found = files("discinfo", "*.discinfo")
    assert len(found) == 32
    for name, path in found.items():
        lines = path.read_text().splitlines()
        disc = discinfo.read(path.read_bytes(), name)
        assert (disc.timestamp, disc.description, disc.arch) == (lines[0], lines[1].strip('"'), lines[2]), name
        numbered = len(lines) > 3 and lines[3] != "ALL"
        assert disc.discs == (tuple(int(n) for n in lines[3].split(",")) if numbered else ()), name


def test_every_repomd_reads_as_elementtree_has_it() -> None:
    refused = {}
    found = files("repodata", "*repomd.xml") | files("repodata", "repomd.xml_bad")
    for name, path in found.items():
        try:
            read = repomd.read(path.read_bytes(), name)
        except HostileInput as e:
            refused[name] = e.message
            continue
        root = ET.parse(path).getroot()
        expected = {}
        for data in root.iter(f"{REPO}data"):
            checksum = data.find(f"{REPO}checksum")
            digest = f"{checksum.get('type')}:{checksum.text}" if checksum is not None else ""
            size = data.findtext(f"{REPO}size")
            location = data.find(f"{REPO}location")
            assert location is not None
            expected[data.get("type")] = (location.get("href"), digest if digest.startswith("sha256:") else None,
                                          int(size) if size else None)
        assert {r.type: (r.href, str(r.digest) if r.digest else None, r.size)
                for r in read.records.values()} == expected, name
        assert all(bool(r.weak) == (r.digest is None) for r in read.records.values()), name
        assert read.revision == root.findtext(f"{REPO}revision", "").strip(), name
    assert len(found) == 32
    assert set(refused) == set(REFUSED_REPOMDS)
    assert all(REFUSED_REPOMDS[name] in message for name, message in refused.items())


def test_signatures_and_keys_beside_a_repomd_are_no_repomd() -> None:
    for name, path in (files("repodata", "repomd.xml*.asc") | files("repodata", "repomd.xml*.key")).items():
        with pytest.raises(HostileInput, match="is not XML"):
            repomd.read(path.read_bytes(), name)


def test_every_primary_reads_as_elementtree_has_it() -> None:
    refused = {}
    found = files("repodata", "*primary.xml.gz") | files("repodata", "*primary.xml")
    for name, path in found.items():
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        packages = ET.fromstring(data).findall(f"{COMMON}package")
        expected = [(p.findtext(f"{COMMON}name"), *_version(p), p.findtext(f"{COMMON}arch"), _href(p))
                    for p in packages]
        try:
            read = primary.kernels((data[i : i + 65536] for i in range(0, len(data), 65536)),
                                   {str(e[0]) for e in expected}, name)
        except HostileInput as e:
            refused[name] = e.message
            continue
        assert [(k.name, k.epoch, k.version, k.release, k.arch, k.href) for k in read] == expected, name
    assert len(found) == 26
    assert set(refused) == set(REFUSED_PRIMARIES)
    assert all(REFUSED_PRIMARIES[name] in message for name, message in refused.items())


def _version(package: ET.Element) -> tuple[int, str | None, str | None]:
    version = package.find(f"{COMMON}version")
    assert version is not None
    return int(version.get("epoch", "0")), version.get("ver"), version.get("rel")


def _href(package: ET.Element) -> str | None:
    location = package.find(f"{COMMON}location")
    return location.get("href") if location is not None else None


def test_the_kernels_of_centos_stream_9_are_found_with_their_header_ranges() -> None:
    (name,) = (n for n in files("repodata", "*primary.xml.gz") if n.startswith("osbuild-images/"))
    with gzip.open(corpus() / "repodata" / name) as stream:
        found = primary.kernels(iter(lambda: stream.read(1 << 16), b""), ("kernel", "kernel-core"), name)
    assert [(k.name, k.kernel_version, k.header_range) for k in found] == [
        ("kernel", "5.14.0-55.el9.x86_64", (1464, 359665)), ("kernel-core", "5.14.0-55.el9.x86_64", (446152, 2089369))]

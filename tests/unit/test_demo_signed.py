"""The demo's signed trees: what our own readers and verifiers find in them."""

from __future__ import annotations

import dataclasses
import fnmatch
import gzip
import hashlib
import posixpath
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import requests
from backports import zstd

from builder.catalog import load
from builder.demo import disc, packages, profiles, repodata, rpm, serve, stored, tree
from builder.demo.openpgp import Signer
from builder.digest import of_bytes
from builder.fetch.iso import Image
from builder.probe import rpm as probe
from builder.trust.openpgp import keys, verify
from builder.trust.openpgp.verify import Cause, Refused, Verified

SIGNER = Signer("a key for tests")
NOW = 1790000000
COMMON = "{http://linux.duke.edu/metadata/common}"
RANGE = "{http://linux.duke.edu/metadata/rpm}header-range"
EL7, EL8, EL9 = "3.10.0-1160.el7.x86_64", "4.18.0-553.el8_10.x86_64", "5.14.0-570.17.1.el9_6.x86_64"
BASE = f"{tree.BASEOS}/"
# Family, version, generation, what goes before the paths of the tree, its kernel, its kernel package.
SHAPES: list[tuple[str, str, Any, str, str, str]] = [
    ("CentOS", "6.10", tree.el6, "", "2.6.32-754.el6.x86_64", "kernel"),
    ("CentOS", "7.9.2009", tree.centos7, "", EL7, "kernel"),
    ("Rocky Linux", "8.10", tree.el8, BASE, EL8, "kernel-core"),
    ("Rocky Linux", "9.6", tree.el9, BASE, EL9, "kernel-core"),
    ("Fedora", "42", tree.fedora, "", "6.14.0-63.fc42.x86_64", "kernel-core"),
]
NAMES = [f"{family} {version}" for family, version, *_ in SHAPES]
TREES: dict[str, tree.Tree] = {name: row[2](signer=SIGNER) for name, row in zip(NAMES, SHAPES, strict=True)}
ROWS = [(TREES[name], home, kernel, package)
        for name, (_, _, _, home, kernel, package) in zip(NAMES, SHAPES, strict=True)]
CENTOS7, ROCKY9 = TREES["CentOS 7.9.2009"], TREES["Rocky Linux 9.6"]


def ring(signer: Signer = SIGNER) -> tuple[keys.Key, ...]:
    return keys.ring(keys.load(signer.public(), "KEY"), [signer.fingerprint])


def packaged(files: tree.Tree, home: str, name: str) -> tuple[str, bytes]:
    (path,) = [path for path in files if path.startswith(f"{home}Packages/{name}-") and path.endswith(".rpm")]
    return path, files[path]


@pytest.mark.parametrize(("files", "home", "kernel", "package"), ROWS, ids=NAMES)
def test_the_signed_header_of_the_kernel_package_names_the_kernel_of_the_tree(
        files: tree.Tree, home: str, kernel: str, package: str) -> None:
    path, data = packaged(files, home, package)
    header = probe.read(data, path)
    assert f"{header.name}-{header.version}-{header.release}.{header.arch}" == f"{package}-{kernel}"
    place = f"/boot/vmlinuz-{kernel}" if package == "kernel" else f"/lib/modules/{kernel}/vmlinuz"
    assert header.files[place] == of_bytes(files[home + tree.KERNEL])
    assert len(header.signatures) == 1
    found = verify.detached(header.header, header.signatures[0], ring(), NOW, path)
    assert isinstance(found, Verified) and found.fingerprint == SIGNER.fingerprint


@pytest.mark.parametrize(("files", "home", "kernel", "package"), ROWS, ids=NAMES)
def test_what_a_kernel_package_only_owns_in_boot_has_no_digest(files: tree.Tree, home: str, kernel: str,
                                                              package: str) -> None:
    found = probe.read(packaged(files, home, package)[1], package).files
    in_boot = {path for path in found if path.startswith("/boot/")}
    assert in_boot == ({f"/boot/{name}-{kernel}" for name in ("System.map", "config", "vmlinuz")}
                       if package == "kernel" else set())


@pytest.mark.parametrize(("files", "home", "kernel", "package"), ROWS, ids=NAMES)
def test_primary_tells_digest_size_and_header_of_the_real_package(files: tree.Tree, home: str, kernel: str,
                                                                 package: str) -> None:
    path, data = packaged(files, home, package)
    (primary,) = [each for each in files if each.startswith(f"{home}repodata/") and each.endswith("-primary.xml.gz")]
    listed = ElementTree.fromstring(gzip.decompress(files[primary]))
    (told,) = [each for each in listed if each.findtext(f"{COMMON}name") == package]
    location, size, span = told.find(f"{COMMON}location"), told.find(f"{COMMON}size"), told.find(f".//{RANGE}")
    assert location is not None and size is not None and span is not None
    assert told.findtext(f"{COMMON}checksum") == hashlib.sha256(data).hexdigest()
    assert (home + location.get("href", ""), size.get("package")) == (path, str(len(data)))
    assert (int(span.get("start", "")), int(span.get("end", ""))) == probe.read(data, path).span


def test_filelists_name_the_files_of_the_real_package() -> None:
    (path,) = [each for each in CENTOS7 if each.endswith("-filelists.xml.gz")]
    text = gzip.decompress(CENTOS7[path]).decode()
    assert f"<file>/boot/vmlinuz-{EL7}</file>" in text and f"<file>/boot/initramfs-{EL7}.img</file>" in text


def test_the_package_of_another_build_holds_the_kernel_of_that_build() -> None:
    older = "3.10.0-862.el7.x86_64"
    mixed = tree.centos7(package_kernel=older, signer=SIGNER)
    header = probe.read(packaged(mixed, "", "kernel")[1], "kernel.rpm")
    own = tree.centos7(kernel=older)[tree.KERNEL]
    assert header.files[f"/boot/vmlinuz-{older}"] == of_bytes(own)
    assert own != mixed[tree.KERNEL] == CENTOS7[tree.KERNEL]


@pytest.mark.parametrize(("files", "homes"), [
    (CENTOS7, [""]), (TREES["CentOS 6.10"], [""]), (ROCKY9, [BASE, f"{tree.APPSTREAM}/"]),
    (tree.el9("CentOS Stream", "9", signer=SIGNER), [BASE, f"{tree.APPSTREAM}/"]),
], ids=["CentOS 7", "CentOS 6", "Rocky Linux 9", "CentOS Stream 9"])
def test_each_repository_has_a_signature_of_its_repomd(files: tree.Tree, homes: list[str]) -> None:
    signed = [path.removesuffix("repodata/repomd.xml.asc") for path in files if path.endswith("repomd.xml.asc")]
    assert sorted(signed) == sorted(homes)
    for home in homes:
        path = f"{home}repodata/repomd.xml"
        found = verify.detached(files[path], files[f"{path}.asc"], ring(), NOW, path)
        assert isinstance(found, Verified)


@pytest.mark.parametrize("files", [TREES["Fedora 42"], tree.el9("Red Hat Enterprise Linux", signer=SIGNER),
                                   tree.el8("Oracle Linux", signer=SIGNER)],
                         ids=["Fedora", "Red Hat Enterprise Linux", "Oracle Linux"])
def test_families_that_do_not_sign_their_metadata_have_only_the_signed_package(files: tree.Tree) -> None:
    assert not [path for path in files if path.endswith(".asc")]
    assert [path for path in files if path.endswith(".rpm")]


@pytest.mark.parametrize(("name", "places"), [
    ("CentOS 6.10", ["RPM-GPG-KEY-CentOS-6"]), ("CentOS 7.9.2009", ["RPM-GPG-KEY-CentOS-7"]), ("Fedora 42", []),
    ("Rocky Linux 8.10", [f"{tree.APPSTREAM}/RPM-GPG-KEY-rockyofficial", f"{BASE}RPM-GPG-KEY-rockyofficial"]),
    ("Rocky Linux 9.6", [f"{tree.APPSTREAM}/RPM-GPG-KEY-Rocky-9", f"{BASE}RPM-GPG-KEY-Rocky-9"]),
])
def test_the_key_lies_where_the_family_puts_it(name: str, places: list[str]) -> None:
    found = {path: data for path, data in TREES[name].items() if "RPM-GPG-KEY" in path}
    assert sorted(found) == places
    assert set(found.values()) <= {SIGNER.public()}


def test_the_signature_of_another_key_is_told_from_ours() -> None:
    other = tree.centos7(signer=Signer("somebody else"))
    path = "repodata/repomd.xml"
    found = verify.detached(other[path], other[f"{path}.asc"], ring(), NOW, path)
    assert isinstance(found, Refused) and found.cause is Cause.UNKNOWN_KEY


def test_a_signed_tree_differs_only_in_what_is_signed() -> None:
    for files, plain, home in ((CENTOS7, tree.centos7(), ""), (ROCKY9, tree.el9(), BASE)):
        changed = {path for path in plain if files.get(path) != plain[path]}
        assert all(path.startswith(f"{home}repodata/") for path in changed)
        assert files[f"{home}.treeinfo"] == plain[f"{home}.treeinfo"]


def test_signed_trees_are_the_same_on_every_machine() -> None:
    # As for the bare trees (test_demo_tree.py): golden files may hold digests of these.
    def digest(files: tree.Tree) -> str:
        listed = "".join(f"{hashlib.sha256(files[path]).hexdigest()}  {path}\n" for path in sorted(files))
        return hashlib.sha256(listed.encode()).hexdigest()

    assert digest(CENTOS7) == "3ded5f872345c9456c36210f51a9f83a29858f652ff00dad3039946fc6090142"
    assert digest(ROCKY9) == "3e974399f02fe0b2c0ebea161fdf47a568042715ed727af32d082fa91a76ce3b"
    assert digest(tree.isos(CENTOS7, "CentOS", "7.9.2009", SIGNER)) == "4a1d5c33028a8942c4a09b05128f49e47be92c1f7c5a9a80f073c47d0e1d26f8"


def test_a_signed_tree_is_small_enough_to_be_made_for_every_test() -> None:
    for files in TREES.values():
        assert sum(map(len, files.values())) < 2 << 20


IMAGES = [
    ("CentOS", "6.10", tree.el6, "CentOS-6.10-x86_64-netinstall.iso", "sha256sum.txt.asc", ""),
    ("CentOS", "7.9.2009", tree.centos7, "CentOS-7-x86_64-NetInstall-2009.iso", "sha256sum.txt.asc", ""),
    ("Rocky Linux", "8.10", tree.el8, "Rocky-8.10-x86_64-boot.iso", "CHECKSUM", "CHECKSUM.sig"),
    ("Rocky Linux", "10.0", tree.el10, "Rocky-10.0-x86_64-boot.iso", "CHECKSUM", "CHECKSUM.asc"),
    ("AlmaLinux", "9.6", lambda: tree.el9("AlmaLinux"), "AlmaLinux-9.6-x86_64-boot.iso", "CHECKSUM", ""),
    ("Fedora", "42", tree.fedora, "Fedora-Everything-netinst-x86_64-42-1.1.iso",
     "Fedora-Everything-42-1.1-x86_64-CHECKSUM", ""),
]


def text_of(files: tree.Tree, listed: str, signature: str) -> str:
    found = (verify.detached(files[listed], files[signature], ring(), NOW, listed) if signature else
             verify.clear(files[listed], ring(), NOW, listed))
    assert isinstance(found, Verified)
    return found.data.decode()


@pytest.mark.parametrize(("family", "version", "make", "image", "listed", "signature"), IMAGES,
                         ids=[f"{family} {version}" for family, version, *_ in IMAGES])
def test_the_signed_list_names_the_boot_image_in_the_style_of_the_family(
        family: str, version: str, make: Any, image: str, listed: str, signature: str) -> None:
    files = tree.isos(make(), family, version, SIGNER)
    assert set(files) == {image, listed, signature} - {""}
    digest, size = hashlib.sha256(files[image]).hexdigest(), len(files[image])
    wanted = (f"{digest}  {image}\n" if family == "CentOS" else
              f"# {image}: {size} bytes\nSHA256 ({image}) = {digest}\n")
    assert wanted.removesuffix("\n") in text_of(files, listed, signature)


def test_the_list_of_rocky_9_is_not_signed() -> None:
    assert set(tree.isos(ROCKY9, "Rocky Linux", "9.6", SIGNER)) == {"CHECKSUM", "Rocky-9.6-x86_64-boot.iso"}


def test_a_family_without_images_beside_its_trees_is_refused() -> None:
    with pytest.raises(KeyError, match="Oracle Linux has no images beside its trees"):
        tree.isos(tree.el8("Oracle Linux"), "Oracle Linux", "8.10", SIGNER)


WORDS = {"CentOS": "centos", "Rocky Linux": "rocky", "AlmaLinux": "alma", "Fedora": "fedora"}


@pytest.mark.parametrize(("family", "version", "make", "image", "listed", "signature"), IMAGES,
                         ids=[f"{family} {version}" for family, version, *_ in IMAGES])
def test_the_catalog_finds_what_the_demo_publishes(family: str, version: str, make: Any, image: str, listed: str,
                                                  signature: str) -> None:
    release = load.release(f"{WORDS[family]}-{version}", "x86_64", load.families())
    found = [(posixpath.basename(each.file), each.signature) for each in load.checksums(release)
             if fnmatch.fnmatchcase(image, each.iso)]
    assert (listed, signature) in found
    in_catalog = {posixpath.basename(place) for place in load.key_files(release)}
    assert set(tree.keys(family, version, SIGNER)) <= in_catalog


@pytest.mark.parametrize(("files", "family", "version", "home"), [
    (CENTOS7, "CentOS", "7.9.2009", ""), (tree.el10(), "Rocky Linux", "10.0", BASE)], ids=["EL7", "EL10"])
def test_the_boot_image_holds_the_images_of_the_tree(files: tree.Tree, family: str, version: str, home: str,
                                                    tmp_path: Path) -> None:
    made = tree.isos(files, family, version, SIGNER)
    (name,) = [path for path in made if path.endswith(".iso")]
    (tmp_path / name).write_bytes(made[name])
    image = Image(tmp_path / name)
    read = {path: b"".join(map(bytes, image.pieces(extents, path))) for path, extents in image.files().items()}
    stage2 = "images/install.img" if home else "LiveOS/squashfs.img"
    assert read == {path: files[home + path] for path in (".discinfo", ".treeinfo", tree.KERNEL, tree.INITRD, stage2)}


def test_trees_images_and_keys_are_served_where_mirrors_have_them() -> None:
    trees = {profiles.CENTOS: CENTOS7, profiles.CENTOS_ISOS: tree.isos(CENTOS7, "CentOS", "7.9.2009", SIGNER),
             profiles.ROCKY: ROCKY9, profiles.ROCKY_ISOS: tree.isos(ROCKY9, "Rocky Linux", "9.6", SIGNER),
             profiles.ROCKY_KEYS: tree.keys("Rocky Linux", "9.6", SIGNER)}
    with serve.serve(trees) as mirror:
        base = {"centos": f"{mirror}/{profiles.CENTOS}/", "rocky": f"{mirror}/{profiles.ROCKY}/{tree.BASEOS}/"}
        for name, place in (("centos", "../../isos/x86_64/sha256sum.txt.asc"), ("centos", "RPM-GPG-KEY-CentOS-7"),
                            ("rocky", "../../../isos/x86_64/CHECKSUM"), ("rocky", "../../../../RPM-GPG-KEY-Rocky-9"),
                            ("rocky", "RPM-GPG-KEY-Rocky-9")):
            assert requests.get(requests.compat.urljoin(base[name], place), timeout=5).status_code == 200, place


@pytest.mark.parametrize("write", [profiles.centos, profiles.rocky])
def test_a_profile_trusts_the_key_that_it_is_given_and_is_else_as_it_was(write: Any) -> None:
    plain, trusting = (tomllib.loads(write("http://mirror.example", *key)) for key in ((), (SIGNER.fingerprint,)))
    assert trusting.pop("trust") == {"keys": [SIGNER.fingerprint]}
    assert trusting == plain
    assert "trust" not in write("http://mirror.example")


LONG = "a-name-that-is-long-enough-to-cross-the-borders-of-sectors"


def test_an_image_holds_every_file_under_its_own_name(tmp_path: Path) -> None:
    files = {"empty": b"", "x": b"1" * 2048, "y": b"2" * 2049, ".treeinfo": b"t", "a/b/c/d/Deep.tar.gz": b"3",
             **{f"many/{number:03}-{LONG}": b"%d" % number for number in range(99)},
             **{f"folders/{number}/one": b"" for number in range(40)}}
    (tmp_path / "x.iso").write_bytes(disc.make(files, "LABEL", 1700000000))
    image = Image(tmp_path / "x.iso")
    read = {path: b"".join(map(bytes, image.pieces(extents, path))) for path, extents in image.files().items()}
    assert read == files


def test_names_that_a_disc_cannot_tell_apart_are_refused() -> None:
    with pytest.raises(ValueError, match=r"a/b_c: another name of its folder has the same identifier"):
        disc.make({"a/b-c": b"", "a/b_c": b""}, "LABEL", 0)


def test_more_folders_than_the_path_table_has_room_for_are_refused() -> None:
    with pytest.raises(ValueError, match="too many folders for an image of the demo"):
        disc.make({f"{number:04}/x": b"" for number in range(500)}, "LABEL", 0)


@pytest.mark.parametrize("size", [0, 1, 131071, 131072, 131073, 300000])
def test_a_zstd_frame_of_raw_blocks_is_read_back(size: int) -> None:
    data = stored.filler("zstd", size)
    assert zstd.decompress(stored.zstd(data)) == data


def test_a_package_without_content_is_listed_under_a_digest_of_its_name() -> None:
    (package,) = packages.repositories("el7", EL7)["Server"][-1:]
    signed = rpm.carry(package, {"/boot/vmlinuz": rpm.File(content=b"kernel")}, rpm.FORMS["el7"], 0, SIGNER)
    assert signed.content and package.identity == hashlib.sha256(f"kernel-{EL7}".encode()).hexdigest()
    assert signed.identity == hashlib.sha256(signed.content.data).hexdigest()
    assert dataclasses.replace(signed, content=None) == package
    assert set(repodata.make([signed], 0)) - set(repodata.make([package], 0)) >= {f"Packages/kernel-{EL7}.rpm"}

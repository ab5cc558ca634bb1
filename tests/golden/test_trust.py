"""Signatures in whole commands: what check shows, what the lock and the bundle keep, and the other ways to a proof."""

import hashlib
import json
import sys
from pathlib import Path

import pytest

from builder.demo import disc, tree
from builder.demo.openpgp import Signer
from tests.golden.bench import MIRROR, pinboot
from tests.golden.conftest import CENTOS, ROCKY

SIGNER, OTHER = Signer("the distribution"), Signer("somebody else")
ISOS = f"{MIRROR}/centos/7/isos/x86_64"
SHORT = f"...{SIGNER.fingerprint[-8:]}"
ISO = "CentOS-7-x86_64-NetInstall-2009.iso"


class Half(Signer):
    """Signs metadata well and packages with a key that nobody pinned, as if headers could not vouch for themselves."""

    def packet(self, data, *, when):
        return OTHER.packet(data, when=when)

    def detached(self, data, *, when):
        return SIGNER.detached(data, when=when)


def trust(profile, lines):
    path = Path(f"{profile}.toml")
    path.write_text(f"{path.read_text()}[trust]\n{lines}\n")


@pytest.fixture
def signed(work, mirror):
    """CentOS 7 and Rocky 9 as their families sign them; the profiles pin the key."""
    centos = tree.centos7(signer=SIGNER)
    mirror.trees = {CENTOS: centos, ISOS: tree.isos(centos, "CentOS", "7.9.2009", SIGNER),
                    ROCKY: tree.el9(signer=SIGNER), f"{MIRROR}": {}}
    return mirror


def pins(name):
    ran = pinboot("lock", f"{name}.toml", "--json")
    assert ran.code == 0, ran.err
    return {pin["path"].rpartition("/")[2]: pin for pin in json.loads(ran.out)["pins"]}


def test_check_shows_what_proves_each_file_within_80_columns(signed):
    trust("centos", f'keys = ["{SIGNER.fingerprint}"]')
    ran = pinboot("check", "centos.toml")
    assert ran.code == 0
    assert f"keys       {SHORT} EdDSA" in ran.out
    assert f"evidence   vmlinuz          signed     key {SHORT}" in ran.out
    assert f"in {ISO}, by sha256sum.txt.asc" in ran.out
    assert f"repomd.xml       signed     key {SHORT}" in ran.out
    assert "this .treeinfo lists no checksums" not in ran.out
    assert f"evidence: fetching {ISO}, 1 MB, to prove initrd and stage2; trust.iso = false does without" in ran.err
    assert max(map(len, ran.out.splitlines())) <= 80


def test_the_boot_image_is_fetched_once(signed):
    trust("centos", f'keys = ["{SIGNER.fingerprint}"]')
    assert pinboot("check", "centos.toml").code == 0
    signed.asked.clear()
    assert "fetching" not in pinboot("lock", "centos.toml").err
    assert not [url for url in signed.asked if url.endswith(".iso")]


def test_manifest_and_provenance_name_the_key_that_signed(signed):
    trust("centos", f'keys = ["{SIGNER.fingerprint}"]')
    assert pinboot("build", "centos.toml").code == 0
    table = json.loads(Path("out/centos/manifest.json").read_text())
    kernel = next(line for line in table["files"] if line["path"] == "boot/vmlinuz")
    assert kernel["pin"]["evidence"] == "signed" and kernel["pin"]["key"] == SIGNER.fingerprint
    assert SIGNER.fingerprint in Path("out/centos/provenance.intoto.json").read_text()


def test_json_of_check_has_what_was_tried_for_every_file(signed):
    trust("rocky", f'keys = ["{SIGNER.fingerprint}"]\nkey_files = ["file:distribution.asc"]')
    Path("distribution.asc").write_bytes(SIGNER.public())
    found = json.loads(pinboot("check", "rocky.toml", "--json").out)["findings"]
    about = [f for f in found if f["topic"] == "evidence" and "initrd.img" in f["text"]]
    assert any("tried signed" in line for line in about[0]["detail"])
    assert any("would raise it: signed by trust.checksums" in line for line in about[0]["detail"])


@pytest.mark.parametrize("place", ["file:distribution.asc", "keys/distribution.asc", f"{ROCKY}/distribution.asc"])
def test_a_key_comes_from_a_file_the_tree_or_an_address(signed, place):
    trust("rocky", f'keys = ["{SIGNER.fingerprint}"]\nkey_files = ["{place}"]')
    Path("distribution.asc").write_bytes(SIGNER.public())
    signed.trees[ROCKY] |= {"BaseOS/x86_64/os/keys/distribution.asc": SIGNER.public(), "distribution.asc": SIGNER.public()}
    assert pins("rocky")["vmlinuz"]["evidence"] == "signed-rpm"


def test_without_the_library_signatures_are_not_checked_and_check_says_so(signed, monkeypatch):
    monkeypatch.setitem(sys.modules, "pysequoia", None)
    trust("centos", f'keys = ["{SIGNER.fingerprint}"]')
    ran = pinboot("check", "centos.toml")
    assert ran.code == 0 and "the library pysequoia is not installed" in ran.out and "pinboot[signatures]" in ran.out
    assert pins("centos")["repomd.xml"]["evidence"] == "first-use"


def test_a_short_key_id_is_refused_with_the_reason(work, mirror):
    trust("centos", 'keys = ["F4A80EB5"]')
    ran = pinboot("check", "centos.toml")
    assert ran.code == 2 and "is a key ID, which anybody can copy" in ran.err


@pytest.mark.parametrize("clear", [True, False])
def test_a_checksum_file_of_the_users_own_is_believed_by_its_signature(signed, clear):
    image = signed.trees[ISOS][ISO]
    text = f"SHA512 ({ISO}) = {hashlib.sha512(image).hexdigest()}\n"
    Path("sums").mkdir()
    if clear:
        Path("sums/CHECKSUM").write_bytes(SIGNER.clear(text, when=1603729576))
    else:
        Path("sums/CHECKSUM").write_text(text)
        Path("sums/CHECKSUM.sig").write_bytes(SIGNER.detached(text.encode(), when=1603729576))
    Path(f"sums/{ISO}").write_bytes(image)
    del signed.trees[ISOS]
    trust("centos", f'keys = ["{SIGNER.fingerprint}"]\nchecksums = "file:sums/CHECKSUM"')
    found = pins("centos")
    assert found["initrd.img"]["evidence"] == found["squashfs.img"]["evidence"] == "signed"
    assert found["initrd.img"]["detail"] == f"in {ISO}, by CHECKSUM"


def test_a_medium_that_a_signed_list_names_proves_everything_in_it(signed):
    content = {**signed.trees[CENTOS]}
    Path("dvd.iso").write_bytes(disc.make(content, "CentOS 7 x86_64", 1603729576))
    digest = hashlib.sha256(Path("dvd.iso").read_bytes()).hexdigest()
    Path("sums.asc").write_bytes(SIGNER.clear(f"{digest}  CentOS-7-x86_64-DVD-2009.iso\n", when=1603729576))
    text = Path("centos.toml").read_text().replace(f'url = "{CENTOS}"', f'iso = "dvd.iso"\ninstall_url = "{CENTOS}"')
    Path("centos.toml").write_text(text)
    trust("centos", f'keys = ["{SIGNER.fingerprint}"]\nchecksums = "file:sums.asc"')
    assert {pin["evidence"] for pin in pins("centos").values()} == {"signed"}


def test_a_medium_that_no_signed_list_names_proves_nothing_by_it(signed):
    Path("dvd.iso").write_bytes(disc.make(dict(signed.trees[CENTOS]), "CentOS 7 x86_64", 1603729577))
    Path("sums.asc").write_bytes(SIGNER.clear(f"{'0' * 64}  CentOS-7-x86_64-DVD-2009.iso\n", when=1603729576))
    text = Path("centos.toml").read_text().replace(f'url = "{CENTOS}"', f'iso = "dvd.iso"\ninstall_url = "{CENTOS}"')
    Path("centos.toml").write_text(text)
    trust("centos", f'keys = ["{SIGNER.fingerprint}"]\nchecksums = "file:sums.asc"')
    assert pins("centos")["initrd.img"]["evidence"] == "first-use"
    assert "dvd.iso is none of the images in sums.asc" in pinboot("check", "centos.toml").out


def test_a_package_that_cannot_vouch_for_itself_is_believed_through_signed_metadata(signed):
    signed.trees[CENTOS] = tree.centos7(signer=Half("the distribution"))
    del signed.trees[ISOS]
    trust("centos", f'keys = ["{SIGNER.fingerprint}"]')
    kernel = pins("centos")["vmlinuz"]
    assert kernel["evidence"] == "signed-rpm"
    assert kernel["detail"] == "kernel-3.10.0-1160.el7.x86_64.rpm, by its digest in signed metadata"


def test_without_signed_metadata_such_a_package_proves_nothing(signed):
    signed.trees[CENTOS] = tree.centos7(signer=Half("the distribution"))
    del signed.trees[ISOS], signed.trees[CENTOS]["repodata/repomd.xml.asc"]
    trust("centos", f'keys = ["{SIGNER.fingerprint}"]')
    assert pins("centos")["vmlinuz"]["evidence"] == "first-use"


def test_a_kernel_that_only_the_updates_have_is_found_there(signed):
    later = "3.10.0-1160.119.1.el7.x86_64"
    both = tree.centos7(signer=SIGNER, kernel=later)
    signed.trees[CENTOS] = tree.centos7(signer=SIGNER, kernel=later, package_kernel="3.10.0-1160.el7.x86_64")
    signed.trees[f"{MIRROR}/centos/7/updates/x86_64"] = {
        path: data for path, data in both.items() if path.startswith(("repodata/", "Packages/"))}
    trust("centos", f'keys = ["{SIGNER.fingerprint}"]\niso = false')
    ran = pinboot("check", "centos.toml")
    assert ran.code == 0 and "updates" in ran.out
    assert pins("centos")["vmlinuz"]["evidence"] == "signed-rpm"


def test_what_was_accepted_is_told_by_lock_build_verify_and_the_bundle(signed):
    initrd = "BaseOS/x86_64/os/images/pxeboot/initrd.img"
    other = tree.el9(seed="other")
    signed.trees[ROCKY] = {**signed.trees[ROCKY], initrd: other[initrd]}
    trust("rocky", 'accept = ["images/pxeboot/initrd.img"]')
    ran = pinboot("lock", "rocky.toml")
    assert ran.code == 0 and "override: images/pxeboot/initrd.img: not what .treeinfo names" in ran.out
    ran = pinboot("build", "rocky.toml")
    assert ran.code == 0 and "images/pxeboot/initrd.img" in ran.err + ran.out
    assert "not what .treeinfo names" in Path("out/rocky/NEXT-STEPS.txt").read_text().replace("\n", " ").replace("  ", " ")
    assert "not what .treeinfo names" in pinboot("verify", "out/rocky").out.replace("\n", " ")
    assert "images/pxeboot/initrd.img" in json.loads(Path("out/rocky/manifest.json").read_text())["overrides"]


def test_a_patch_to_the_installer_is_pinned_and_told_where_the_bundle_tells_what_is_fetched(signed):
    signed.trees[CENTOS]["images/product.img"] = b"\x1f\x8b a patch"
    trust("centos", f'keys = ["{SIGNER.fingerprint}"]')
    assert "patches    images/product.img: the installer lays this over itself, as" in pinboot("check", "centos.toml").out
    assert pinboot("build", "centos.toml").code == 0
    assert "images/product.img\n    a patch to the installer, if it is there; pinned here" in Path(
        "out/centos/NEXT-STEPS.txt").read_text()

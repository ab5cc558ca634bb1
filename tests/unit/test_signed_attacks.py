"""Attacks on signatures, each in a line or three, on a mirror in memory whose tree is signed as its family signs it.

What a signature proves must be earned by it alone: every kind of evidence has the test that earns it and those that must
not.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from builder.demo import disc, tree
from builder.demo.openpgp import Signer
from builder.errors import CheckFailed, OutsideChanged
from builder.finding import Severity
from builder.lock.model import PATCHES
from tests.unit.victims import COMPOSED, DAY, HTML, INITRD, KERNEL, NOW, REPOMD, Signed

ASC = f"{REPOMD}.asc"
SUMS, ISO = "sha256sum.txt.asc", "CentOS-7-x86_64-NetInstall-2009.iso"
OTHER = Signer("somebody else")


@pytest.fixture
def centos(tmp_path: Path) -> Signed:
    return Signed("centos", tmp_path)


@pytest.fixture
def rocky(tmp_path: Path) -> Signed:
    return Signed("rocky", tmp_path)


@pytest.fixture(params=["centos", "rocky"])
def victim(request: pytest.FixtureRequest, tmp_path: Path) -> Signed:
    return Signed(request.param, tmp_path)


def package(victim: Signed) -> str:
    """The name of the kernel's package on the server."""
    return next(name for name in victim.mirror.files if name.endswith(".rpm"))


def told(victim: Signed) -> str:
    """Everything that check says."""
    return "\n".join("\n".join((f.text, *f.detail)) for f in victim.checks())


# What each kind of evidence takes


def test_a_signed_boot_image_proves_kernel_initrd_and_stage2(centos: Signed) -> None:
    assert centos.evidence() == {"vmlinuz": "signed", "initrd.img": "signed", "squashfs.img": "signed",
                                 "repomd.xml": "signed", ".treeinfo": "first-use"}


def test_the_signed_package_proves_the_kernel_and_nothing_else(rocky: Signed) -> None:
    assert rocky.evidence() == {"vmlinuz": "signed-rpm", "initrd.img": "treeinfo", "install.img": "treeinfo",
                                "repomd.xml": "signed", ".treeinfo": "first-use"}


def test_the_lock_names_the_key_in_full_and_the_file_that_it_signed(centos: Signed) -> None:
    pin = centos.locks().lock.pin("initrd")
    assert (pin.key, pin.detail) == (centos.signer.fingerprint, f"in {ISO}, by {SUMS}")


def test_without_the_image_the_package_proves_the_kernel_alone(tmp_path: Path) -> None:
    victim = Signed("centos", tmp_path, "iso = false")
    assert victim.evidence() == {"vmlinuz": "signed-rpm", "initrd.img": "first-use", "squashfs.img": "first-use",
                                 "repomd.xml": "signed", ".treeinfo": "first-use"}
    assert "is not fetched: trust.iso = false" in told(victim)


def test_only_the_header_of_the_package_is_asked_for(rocky: Signed, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    kind = type(rocky.mirror)
    start = kind.start
    monkeypatch.setattr(kind, "start", lambda self, path, length, **more: asked.append(length) or start(self, path, length, **more))
    rocky.locks()
    assert len(asked) == 1 and asked[0] < len(rocky.mirror.files[package(rocky)])  # type: ignore[arg-type]


def test_a_tree_without_keys_and_signatures_proves_less_and_says_why(centos: Signed) -> None:
    for name in [each for each in centos.mirror.files if each.endswith((".asc", ".rpm")) or "KEY" in each]:
        del centos.mirror.files[name]
    assert set(centos.evidence().values()) == {"first-use"}
    assert "repomd.xml.asc is not there" in told(centos) and "sha256sum.txt.asc is not there" in told(centos)


# Wrong key


def test_a_mirror_that_signs_with_its_own_key_proves_nothing(victim: Signed) -> None:
    victim.serves(victim.compose(OTHER))
    assert not {"signed", "signed-rpm"} & set(victim.evidence().values())
    assert f"holds ...{OTHER.fingerprint[-8:]}, none of them pinned" in told(victim)


def test_the_right_key_beside_signatures_of_another_proves_nothing(victim: Signed) -> None:
    keys = {name: data for name, data in victim.mirror.files.items() if "KEY" in name}
    victim.serves({**victim.compose(OTHER), **keys})
    assert not {"signed", "signed-rpm"} & set(victim.evidence().values())
    assert any(f.severity is Severity.WARNING and f.topic == "signature" for f in victim.checks())


def test_a_key_that_only_ends_in_the_same_digits_is_not_the_key(centos: Signed) -> None:
    trust = replace(centos.profile.trust, keys=("f" * 24 + centos.signer.fingerprint[-16:],))
    centos.profile = replace(centos.profile, trust=trust)
    assert set(centos.evidence().values()) == {"first-use"}


# Stripped signature


@pytest.mark.parametrize("how", ["asc", "key", "all"])
def test_a_signature_that_was_there_when_locked_and_is_gone_is_refused(victim: Signed, how: str) -> None:
    victim.locks()
    victim.serves(victim.composed(COMPOSED[victim.family] + DAY))
    for name in [each for each in victim.mirror.files if (each.endswith(".asc") and how != "key") or
                 ("KEY" in each and how != "asc")]:
        del victim.mirror.files[name]
    victim.refuses(CheckFailed, "proves less than when it was locked", update=True)


def test_a_profile_that_accepts_less_may_lose_the_signature(tmp_path: Path) -> None:
    victim = Signed("rocky", tmp_path, 'minimum = { repository = "first-use" }')
    victim.locks()
    victim.serves(victim.composed(COMPOSED["rocky"] + DAY))
    for name in [each for each in victim.mirror.files if each.endswith(".asc")]:
        del victim.mirror.files[name]
    assert victim.locks(update=True).state == "updated"


def test_a_minimum_of_signed_refuses_a_stripped_tree_at_the_first_lock(tmp_path: Path) -> None:
    victim = Signed("centos", tmp_path, 'minimum = { initrd = "signed" }')
    del victim.mirror.files[victim.isos(SUMS)]
    victim.refuses(CheckFailed, "images/pxeboot/initrd.img: not enough evidence")


# Arbitrary bytes


@pytest.mark.parametrize("data", [b"", HTML, b"\x00" * 3000, b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n"])
def test_arbitrary_bytes_are_no_signature(victim: Signed, data: bytes) -> None:
    for name in [each for each in victim.mirror.files if each.endswith(".asc")]:
        victim.mirror.files[name] = data
    words = victim.evidence()
    assert words["repomd.xml"] == "first-use" and words["initrd.img"] in ("first-use", "treeinfo")


def test_metadata_that_are_not_what_was_signed_are_refused(victim: Signed) -> None:
    data = victim.of(REPOMD, victim.mirror.files)
    assert isinstance(data, bytes)
    victim.puts(REPOMD, data.replace(b"</repomd>", b"<!-- again --></repomd>"))
    victim.refuses(CheckFailed, "does not fit the data")


def test_a_checksum_file_that_was_changed_is_refused(centos: Signed) -> None:
    data = centos.mirror.files[centos.isos(SUMS)]
    assert isinstance(data, bytes)
    centos.mirror.files[centos.isos(SUMS)] = data.replace(b"NetInstall-2009", b"NetInstall-2010")
    centos.refuses(CheckFailed, "does not fit the data")


def test_a_boot_image_that_is_not_what_was_signed_proves_nothing(centos: Signed) -> None:
    data = centos.mirror.files[centos.isos(ISO)]
    assert isinstance(data, bytes)
    centos.mirror.files[centos.isos(ISO)] = tree.tampered(data)
    assert centos.evidence()["initrd.img"] == "first-use"
    assert "not the bytes that were asked for" in told(centos)


@pytest.mark.parametrize("where", [0.1, 0.5, 0.99])
def test_a_package_header_with_one_bit_changed_proves_nothing(rocky: Signed, where: float) -> None:
    name = package(rocky)
    data = bytearray(rocky.mirror.files[name])  # type: ignore[arg-type]
    data[int(2000 * where)] ^= 1
    rocky.mirror.files[name] = bytes(data)
    try:
        assert rocky.evidence()["vmlinuz"] != "signed-rpm"
    except CheckFailed as refused:
        assert "does not fit the data" in refused.message


# Mix and match


def test_another_kernel_of_the_same_version_is_not_the_one_in_the_signed_package(centos: Signed) -> None:
    data = centos.of(KERNEL, centos.compose(seed="evil"))
    centos.puts(KERNEL, data)
    centos.refuses(CheckFailed, "images/pxeboot/vmlinuz is not the kernel of kernel-3.10.0-1160.el7.x86_64.rpm")


def test_an_initrd_that_is_not_the_one_in_the_signed_image_is_told(centos: Signed) -> None:
    centos.puts(INITRD, centos.of(INITRD, centos.compose(seed="evil")))
    assert centos.evidence()["initrd.img"] == "first-use"
    assert f"images/pxeboot/initrd.img is not the one in {ISO}" in told(centos)


def test_another_genuinely_signed_kernel_package_does_not_vouch(rocky: Signed) -> None:
    other = rocky.compose(kernel="5.14.0-611.5.1.el9_7.x86_64")
    rocky.mirror.files[package(rocky)] = next(data for name, data in other.items() if name.endswith(".rpm"))
    assert rocky.evidence()["vmlinuz"] == "treeinfo"
    assert "tried signed-rpm" in told(rocky)


def test_signed_metadata_of_another_compose_do_not_fit_the_images(centos: Signed) -> None:
    other = centos.compose(kernel="3.10.0-862.el7.x86_64")
    centos.mirror.files |= {name: data for name, data in other.items() if "repodata" in name or name.endswith(".rpm")}
    centos.refuses(CheckFailed, "two builds in one tree")


def test_an_image_of_another_compose_does_not_vouch(centos: Signed) -> None:
    other = centos.compose(seed="other")
    centos.mirror.files |= {name: data for name, data in other.items() if "/isos/" in name}
    assert centos.evidence()["initrd.img"] == "first-use"


# Rollback, freeze, mid-sync


def test_an_older_compose_is_refused_though_its_signatures_are_good(victim: Signed) -> None:
    victim.locks()
    victim.serves(victim.composed(COMPOSED[victim.family] - 100 * DAY))
    victim.refuses(OutsideChanged, "older", update=True)


def test_good_signatures_do_not_hide_the_age_of_a_frozen_mirror(victim: Signed) -> None:
    found = [f.text for f in victim.checks(COMPOSED[victim.family] + 4000 * DAY)]
    assert any("4000 days ago" in text for text in found)


def test_a_signature_that_is_a_sync_behind_its_file_is_refused(rocky: Signed) -> None:
    newer = rocky.composed(COMPOSED["rocky"] + DAY)
    rocky.puts(ASC, rocky.of(ASC, newer))
    rocky.refuses(CheckFailed, "does not fit the data")


def test_a_signature_from_the_future_is_refused(victim: Signed) -> None:
    past = COMPOSED[victim.family] - 400 * DAY
    assert any("and today is" in f.text and f.severity is Severity.ERROR for f in victim.checks(past))


# What a profile accepts by name is loud, and stays written down


def test_a_signature_accepted_by_name_is_a_warning_and_recorded(tmp_path: Path) -> None:
    victim = Signed("rocky", tmp_path, f'accept = ["{REPOMD}"]')
    data = victim.of(REPOMD, victim.mirror.files)
    assert isinstance(data, bytes)
    victim.puts(REPOMD, data.replace(b"</repomd>", b"<!-- again --></repomd>"))
    victim.puts(".treeinfo", victim.text().replace(hashlib.sha256(data).hexdigest(), "0" * 64).encode())
    lock = victim.locks().lock
    assert "does not fit the data" in lock.overrides[REPOMD]


def test_a_kernel_accepted_by_name_is_recorded_with_the_digest_that_was_signed(tmp_path: Path) -> None:
    victim = Signed("centos", tmp_path, f'accept = ["{KERNEL}"]')
    victim.puts(KERNEL, victim.of(KERNEL, victim.compose(seed="evil")))
    assert "kernel-3.10.0-1160.el7.x86_64.rpm" in victim.locks().lock.overrides[KERNEL]


def test_a_wrong_checksum_accepted_by_name_is_recorded(tmp_path: Path) -> None:
    victim = Signed("rocky", tmp_path, 'accept = ["images/pxeboot/initrd.img"]')
    data = victim.of(INITRD, victim.mirror.files)
    assert isinstance(data, bytes)
    victim.puts(".treeinfo", victim.text().replace(hashlib.sha256(data).hexdigest(), "0" * 64).encode())
    lock = victim.locks().lock
    assert lock.pin("initrd").evidence == "first-use"
    assert "not what .treeinfo names" in lock.overrides[INITRD] and "below treeinfo" in lock.overrides[INITRD]


# Files that the installer takes by itself


def test_files_that_the_installer_would_take_are_pinned_as_absent(victim: Signed) -> None:
    assert victim.locks().lock.absent == PATCHES


@pytest.mark.parametrize("path", PATCHES)
def test_a_patch_that_appears_after_the_lock_is_drift(centos: Signed, path: str) -> None:
    centos.locks()
    centos.puts(path, b"\x1f\x8bevil" * 100)
    centos.refuses(OutsideChanged, "not there")


@pytest.mark.parametrize("path", PATCHES)
def test_a_patch_for_which_nothing_vouches_is_refused_where_stage2_wants_more(rocky: Signed, path: str) -> None:
    rocky.puts(path, b"\x1f\x8bevil" * 100)
    rocky.refuses(CheckFailed, f"{path}: not enough evidence")


def test_a_patch_that_is_there_is_pinned_and_told(centos: Signed) -> None:
    centos.puts(PATCHES[0], disc.make({"anaconda.py": b"pass"}, label="UPDATES", made=NOW))
    lock = centos.locks().lock
    assert lock.of_role("patch")[0].path == PATCHES[0] and lock.absent == PATCHES[1:]
    centos.puts(PATCHES[0], b"other bytes of a patch")
    centos.refuses(OutsideChanged, "updates.img")

"""Attacks on the tree, each in a line or three: a mirror in memory tells lies, and nothing wrong is ever pinned.

The way of python-tuf's repository simulator: the mirror is a value that a test bends, the job is the real one.
"""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.demo import tree
from builder.digest import of_bytes
from builder.errors import BytesDiffer, CheckFailed, HostileInput, Missing, OutsideChanged, PinbootError
from builder.fetch import limits
from builder.finding import Severity
from tests.unit.victims import COMPOSED, DAY, HTML, INITRD, KERNEL, REPOMD, STAGE2, Victim


@pytest.fixture(params=["centos", "rocky"])
def victim(request: pytest.FixtureRequest, tmp_path: Path) -> Victim:
    return Victim(request.param, tmp_path)


@pytest.fixture
def centos(tmp_path: Path) -> Victim:
    return Victim("centos", tmp_path)


@pytest.fixture
def rocky(tmp_path: Path) -> Victim:
    return Victim("rocky", tmp_path)


def without_end(block: bytes = bytes(1 << 16)) -> Iterator[bytes]:
    while True:
        yield block


def test_the_honest_mirror_is_believed(victim: Victim) -> None:
    assert victim.locks().state == "written"
    assert victim.locks().state == "same"


# Arbitrary bytes


@pytest.mark.parametrize("path", [KERNEL, INITRD])
@pytest.mark.parametrize("data", [b"\x7fELF" * 5000, bytes(100_000), HTML, b"x", b""], ids=["elf", "zeros", "html", "x", "empty"])
def test_arbitrary_bytes_are_no_image(victim: Victim, path: str, data: bytes) -> None:
    victim.puts(path, data)
    with pytest.raises(PinbootError) as caught:
        victim.locks()
    assert isinstance(caught.value, BytesDiffer if victim.family == "rocky" else CheckFailed | Missing)
    assert not victim.lock_path.exists()


def test_one_bit_of_an_image_that_was_pinned_is_found(centos: Victim) -> None:
    centos.locks()
    data = centos.of(KERNEL, centos.mirror.files)
    assert isinstance(data, bytes)
    centos.puts(KERNEL, tree.tampered(data))
    centos.refuses(CheckFailed, "damaged gzip data")


@pytest.mark.parametrize("path", [".treeinfo", REPOMD])
def test_arbitrary_bytes_are_no_metadata(victim: Victim, path: str) -> None:
    victim.puts(path, b"\x00\x01\x02 arbitrary")
    with pytest.raises(CheckFailed):
        victim.locks()
    assert not victim.lock_path.exists()


# Mix and match


def test_the_kernel_of_one_build_and_the_initrd_of_another(victim: Victim) -> None:
    victim.serves(victim.compose(initrd_kernel="3.10.0-862.el7.x86_64" if victim.family == "centos" else "5.14.0-427.13.1.el9_4.x86_64"))
    victim.refuses(CheckFailed, "two builds in one tree")


def test_the_images_of_one_build_and_the_packages_of_another(centos: Victim) -> None:
    centos.serves(centos.compose(package_kernel="3.10.0-862.el7.x86_64"))
    centos.refuses(CheckFailed, "two builds in one tree")


def test_the_images_of_another_compose_under_this_treeinfo(rocky: Victim) -> None:
    rocky.puts(KERNEL, rocky.of(KERNEL, rocky.compose(seed="other")))
    rocky.refuses(BytesDiffer, "vmlinuz is not what the tree's own checksums say")


# Rollback, freeze, fast-forward


@pytest.mark.parametrize("update", [False, True])
def test_an_older_compose_never_takes_the_place_of_a_newer_one(victim: Victim, update: bool) -> None:
    victim.locks()
    victim.serves(victim.composed(COMPOSED[victim.family] - 100 * DAY))
    victim.refuses(OutsideChanged, "older", update=update)


def test_a_mirror_that_stays_the_same_for_ever_gives_itself_away_by_its_age(victim: Victim) -> None:
    ages = [next(f for f in victim.checks(COMPOSED[victim.family] + days * DAY) if "composed" in f.text)
            for days in (0, 1, 4000)]
    assert [f.text.partition(", ")[2] for f in ages] == ["today", "1 day ago", "4000 days ago"]
    assert {f.severity for f in ages} <= {Severity.OK, Severity.NOTE}


def test_a_compose_of_2099_is_warned_of_and_never_becomes_a_floor(victim: Victim) -> None:
    victim.serves(victim.composed(4070908800))
    about = [f for f in victim.checks() if "in the future" in f.text]
    assert about[0].severity is Severity.WARNING
    assert about[0].hint
    victim.locks()
    victim.serves(victim.compose())
    assert victim.locks(update=True).state == "updated"


@pytest.mark.parametrize("when", [1 << 33, 253402300800, 999999999999])
def test_a_time_that_no_lock_can_hold_is_refused_before_one_is_written(victim: Victim, when: int) -> None:
    victim.puts(".treeinfo", re.sub(r"timestamp = [0-9.]+", f"timestamp = {when}", victim.text()).encode())
    victim.refuses(CheckFailed, "which is no time")


# Data without end


@pytest.mark.parametrize("path", [".treeinfo", ".discinfo", REPOMD, KERNEL, INITRD, "primary"])
def test_data_without_end_stops_at_the_cap_of_its_kind_in_little_memory(centos: Victim, path: str,
                                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("kernel", "initrd"):
        monkeypatch.setitem(limits.CAPS, kind, 24 << 20)
    real = next(name for name in centos.mirror.files if name.endswith("primary.xml.gz"))
    centos.puts(real if path == "primary" else path, without_end())
    tracemalloc.start()
    with pytest.raises(CheckFailed):
        centos.locks()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20
    assert not centos.lock_path.exists()
    assert not list(centos.store.root.glob("tmp/*"))


# A mirror in the middle of a synchronisation


def test_a_new_treeinfo_over_old_images(rocky: Victim) -> None:
    rocky.puts(".treeinfo", rocky.of(".treeinfo", rocky.composed(COMPOSED["rocky"] + DAY, seed="new")))
    rocky.refuses(BytesDiffer, "is not what the tree's own checksums say")


def test_old_images_and_treeinfo_over_new_packages(rocky: Victim) -> None:
    newer = rocky.compose(package_kernel="5.14.0-611.5.1.el9_7.x86_64")
    for name in newer:
        if "/repodata/" in name:
            rocky.mirror.files[name] = newer[name]
    rocky.refuses(CheckFailed, "two builds in one tree")


def test_a_tree_that_changes_with_every_look_is_given_up(victim: Victim) -> None:
    victim.mirror.plan = [victim.composed(COMPOSED[victim.family] + n * DAY, seed=str(n)) for n in range(1, 9)]
    victim.refuses(CheckFailed, "the tree changes while it is read")


def test_a_tree_that_changes_once_while_it_is_read_is_read_again(victim: Victim) -> None:
    victim.mirror.plan = [victim.composed(COMPOSED[victim.family] + DAY, seed="new")]
    assert victim.locks().lock.epoch == COMPOSED[victim.family] + DAY


# Digests


@pytest.mark.parametrize("worse", ["sha256:" + "0" * 63, "sha256:" + "0" * 65, "sha256:", "sha999:" + "0" * 64,
                                   "sha256:" + "g" * 64, "sha1:" + "0" * 64, "../" * 30])
def test_a_digest_that_is_none_is_refused(rocky: Victim, worse: str) -> None:
    good = str(of_bytes(rocky.of(KERNEL, rocky.mirror.files)))  # type: ignore[arg-type]
    rocky.puts(".treeinfo", rocky.text().replace(good, worse).encode())
    rocky.refuses(HostileInput, ".treeinfo")


def test_weak_digests_count_as_none(rocky: Victim) -> None:
    lines = [f"{line.partition(' = ')[0]} = md5:{'0' * 32}" if " = sha256:" in line else line
             for line in rocky.text().splitlines()]
    rocky.puts(".treeinfo", "\n".join(lines).encode())
    rocky.refuses(CheckFailed, "not enough evidence")


@pytest.mark.parametrize("weak", [f'<checksum type="md5">{"0" * 32}<', f'<checksum type="sha">{"0" * 40}<'])
def test_a_weak_digest_of_primary_is_refused(victim: Victim, weak: str) -> None:
    data = victim.of(REPOMD, victim.mirror.files)
    assert isinstance(data, bytes)
    first, middle, last = data.decode().partition('<checksum type="sha256">')
    victim.puts(REPOMD, f"{first}{weak}{last[last.index('<') + 1:]}".encode())
    assert middle
    victim.refuses(CheckFailed, "weak")


# One file of the set swapped


@pytest.mark.parametrize("path", ["stage2", REPOMD, INITRD, KERNEL])
def test_a_file_of_another_compose_is_found_out(victim: Victim, path: str) -> None:
    victim.locks()
    path = STAGE2[victim.family] if path == "stage2" else path
    other = victim.composed(COMPOSED[victim.family], seed="other")
    if path == REPOMD:
        other = {**victim.compose(), f"{'/'.join([*victim.folder, ''])}{REPOMD}": _again(victim)}
    victim.puts(path, victim.of(path, other))
    drift = victim.family == "centos" or path == REPOMD
    victim.refuses(OutsideChanged if drift else BytesDiffer, "locked" if drift else "is not what")


def _again(victim: Victim) -> bytes:
    """The same repository, its index written anew."""
    data = victim.of(REPOMD, victim.mirror.files)
    assert isinstance(data, bytes)
    return data.replace(b"</repomd>", b"<!-- again --></repomd>")


def test_a_repomd_whose_primary_is_another_one_is_refused(victim: Victim) -> None:
    name = next(name for name in victim.mirror.files if name.endswith("primary.xml.gz") and "AppStream" not in name)
    data = victim.mirror.files[name]
    assert isinstance(data, bytes)
    victim.mirror.files[name] = tree.tampered(data)
    victim.refuses(CheckFailed, "not the bytes that were asked for")


# A login page


def test_html_everywhere_is_named_and_pins_nothing(victim: Victim) -> None:
    victim.serves(dict.fromkeys(victim.mirror.files, HTML))
    victim.refuses(Missing, "got an HTML page")


def test_html_in_place_of_what_was_locked_changes_no_lock(victim: Victim) -> None:
    victim.locks()
    victim.serves(dict.fromkeys(victim.mirror.files, HTML))
    victim.refuses(Missing, "got an HTML page")


# Names that lead astray (I14, I15)


@pytest.mark.parametrize("path", ["../../../../etc/passwd", "/etc/passwd", "http://evil.example/k", "images\\k", "-rf", "a\tb/..", "%2e%2e/x"])
@pytest.mark.parametrize("key", ["kernel", "initrd", "mainimage"])
def test_a_path_of_treeinfo_that_leads_out_is_refused(victim: Victim, path: str, key: str) -> None:
    lines = [f"{key} = {path}" if line.startswith(f"{key} =") else line for line in victim.text().splitlines()]
    victim.puts(".treeinfo", "\n".join(lines).encode())
    victim.refuses(HostileInput, ".treeinfo")


@pytest.mark.parametrize("path", ["../../../../../AppStream", "https://evil.example/AppStream", "/AppStream", "..\\x"])
def test_a_repository_that_leads_out_of_the_compose_is_refused(rocky: Victim, path: str) -> None:
    rocky.puts(".treeinfo", rocky.text().replace("repository = ../../../AppStream/x86_64/os", f"repository = {path}").encode())
    rocky.refuses(HostileInput, "")

"""identify: which release a tree is, and what a user reads when it is another one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from builder.catalog import load
from builder.catalog.family import Release
from builder.finding import Finding, Severity
from builder.tree import identify, treeinfo
from builder.tree.discinfo import Discinfo
from builder.tree.treeinfo import Treeinfo

FAMILIES = load.families()
WHERE = "https://mirror.example/os"


def legacy(version: str, timestamp: str, family: str = "CentOS", arch: str = "x86_64", images: bool = True) -> Treeinfo:
    boot = f"[images-{arch}]\nkernel = images/pxeboot/vmlinuz\ninitrd = images/pxeboot/initrd.img\n" if images else ""
    text = f"[general]\nfamily = {family}\ntimestamp = {timestamp}\nversion = {version}\narch = {arch}\n{boot}"
    return treeinfo.read(text.encode(), WHERE)


def release(word: str, arch: str = "x86_64") -> Release:
    return load.release(word, arch, FAMILIES)


def compare(word: str, tree: Treeinfo, disc: Discinfo | None = None, where: str = WHERE) -> tuple[Finding, ...]:
    return identify.compare(release(word), tree, disc, where, FAMILIES)


DISC_79 = Discinfo("1603728831.612616", "7.9", "x86_64")
TREE_79 = legacy("7", "1603729576.26")


def test_centos_7_9_is_told_by_discinfo() -> None:
    found = identify.found(TREE_79, DISC_79, FAMILIES)
    assert (found.family, found.version, found.point, found.arch) == ("centos", "7", "7.9.2009", "x86_64")
    assert found.how == "7 in .treeinfo, 7.9.2009 by .discinfo"
    assert str(found) == "CentOS 7.9.2009"


@pytest.mark.parametrize(("timestamp", "point"), [
    ("1404489568.06", "7.0.1406"), ("1504618609.47", "7.4.1708"), ("1525379658.57", "7.5.1804"),
    ("1543162874.22", "7.6.1810"), ("1587405659.3", "7.8.2003"), ("1603729576.26", "7.9.2009")])
def test_centos_7_without_discinfo_is_told_by_known_timestamps(timestamp: str, point: str) -> None:
    found = identify.found(legacy("7", timestamp), None, FAMILIES)
    assert (found.point, found.how) == (point, f"7 in .treeinfo, {point} by the timestamp of .treeinfo")


def test_centos_7_2_wrote_the_day_of_its_build_into_discinfo() -> None:
    found = identify.found(legacy("7", "1449700000"), Discinfo("1449699925.561114", "151209", "x86_64"), FAMILIES)
    assert found.point == "7.2.1511"


def test_a_point_release_of_discinfo_that_the_catalog_lacks_is_taken_as_written() -> None:
    found = identify.found(legacy("9", "1", "AlmaLinux"), Discinfo("1", "AlmaLinux 9.12", "x86_64"), FAMILIES)
    assert (found.point, found.how) == ("9.12", "9 in .treeinfo, 9.12 by .discinfo")


def test_a_number_of_discinfo_that_is_no_version_of_the_tree_says_nothing() -> None:
    found = identify.found(legacy("42", "1", "Fedora"), Discinfo("1", "Fedora 42", "x86_64"), FAMILIES)
    assert (found.point, found.known, found.how) == ("", "42", "42 in .treeinfo")


def test_scientific_linux_6_9_carries_its_version_in_the_family_name() -> None:
    assert identify.found(legacy("6.9", "1", "Scientific Linux-6.9"), None, FAMILIES).family == "scientific"


def test_the_wanted_point_release_found_by_discinfo_is_one_line_with_both_sides() -> None:
    (found,) = compare("centos-7.9", TREE_79, DISC_79)
    assert (found.topic, found.severity) == ("release", Severity.OK)
    assert found.text == "wanted 7.9.2009, found 7 in .treeinfo, 7.9.2009 by .discinfo"
    assert (found.expected, found.found) == ("7.9.2009", "7.9.2009")


def test_a_wanted_major_version_accepts_each_of_its_point_releases() -> None:
    (found,) = compare("rhel-9", legacy("9.6", "1", "Red Hat Enterprise Linux"))
    assert (found.severity, found.text) == (Severity.OK, "wanted 9, found 9.6 in .treeinfo")


def test_oracle_8_5_is_written_8_5_0() -> None:
    assert compare("oracle-8.5", legacy("8.5.0", "1", "Oracle Linux"))[0].severity is Severity.OK


def test_another_point_release_is_refused_with_the_cure() -> None:
    (found,) = compare("rocky-9.6", legacy("9.5", "1", "Rocky Linux"))
    assert found.severity is Severity.ERROR
    assert found.text == "the tree at https://mirror.example/os is Rocky Linux 9.5, not 9.6"
    assert (found.expected, found.found) == ("Rocky Linux 9.6", "Rocky Linux 9.5")
    assert found.hint == ('set release = "rocky-9.5", or point tree.url at a tree of Rocky Linux 9.6 x86_64, such as '
                          "https://download.rockylinux.org/pub/rocky/9.6/BaseOS/x86_64/os")


def test_9_60_is_not_a_part_of_9_6() -> None:
    assert compare("rhel-9.6", legacy("9.60", "1", "Red Hat Enterprise Linux"))[0].severity is Severity.ERROR


def test_a_tree_that_cannot_tell_its_point_release_is_a_warning_that_says_so() -> None:
    (found,) = compare("alma-9.6", legacy("9", "1747000000", "AlmaLinux"))
    assert found.severity is Severity.WARNING
    assert found.text == "wanted 9.6, found 9 in .treeinfo; this tree cannot tell its point release"
    assert "same set" in found.hint


def test_stream_9_where_stream_10_is_wanted_names_both_and_the_cure() -> None:
    (found,) = compare("centos-stream-10", legacy("9", "1", "CentOS Stream"), where="https://mirror.example/9/os")
    assert found.text == "the tree at https://mirror.example/9/os is CentOS Stream 9, not 10"
    assert found.hint.startswith('set release = "centos-stream-9", or point tree.url at a tree of CentOS Stream 10')


def test_another_family_is_named_in_full() -> None:
    (found,) = compare("rocky-9", legacy("9", "1", "CentOS Stream"))
    assert found.text == "the tree at https://mirror.example/os is CentOS Stream 9, not Rocky Linux 9"
    assert found.hint.startswith('set release = "centos-stream-9", or point tree.url at')


def test_a_family_that_nobody_knows_is_quoted_and_the_catalog_named() -> None:
    (found,) = compare("alma-10", legacy("10", "1", "AlmaLinux Kitten"))
    assert found.text == ('the tree at https://mirror.example/os calls itself "AlmaLinux Kitten 10", '
                          "which the catalog does not know")
    assert found.hint.endswith("a family of your own goes into a catalog file")


def test_rawhide_is_no_release_that_a_profile_could_ask_for_instead() -> None:
    (found,) = compare("fedora-42", legacy("Rawhide", "1", "Fedora"))
    assert found.hint.startswith("point tree.url at a tree of Fedora 42 x86_64")


def test_images_of_one_point_release_beside_the_discinfo_of_another_are_two_releases() -> None:
    ok, conflict = compare("centos-7", legacy("7", "1525379658.57"), DISC_79)
    assert (ok.severity, conflict.severity) == (Severity.OK, Severity.ERROR)
    assert conflict.text == ("two releases in one tree: 7.9.2009 by .discinfo, "
                             "but 7.5.1804 by the timestamp of .treeinfo")


def test_a_version_beside_a_more_exact_one_is_no_conflict() -> None:
    tree = legacy("8.5.0", "1", "Oracle Linux")
    assert identify.found(tree, Discinfo("1", "Oracle Linux 8.5", "x86_64"), FAMILIES).conflict == ""


def test_another_architecture_is_refused() -> None:
    ok, found = compare("rhel-9", legacy("9.6", "1", "Red Hat Enterprise Linux", "aarch64"))
    assert (ok.severity, found.severity) == (Severity.OK, Severity.ERROR)
    assert found.text == "the tree at https://mirror.example/os is for aarch64, not x86_64"
    assert found.hint.startswith('set arch = "aarch64", or point tree.url at')


def test_discinfo_of_another_architecture_is_refused() -> None:
    found = compare("centos-7", TREE_79, Discinfo("1603728831.612616", "7.9", "aarch64"))[-1]
    assert found.text == "two architectures in one tree: x86_64 by .treeinfo, aarch64 by .discinfo"


def test_a_tree_of_packages_only_cannot_boot_and_the_base_tree_is_named() -> None:
    text = (b"[release]\nname = CentOS Stream\nversion = 9\n[header]\ntype = productmd.treeinfo\nversion = 1.2\n"
            b"[tree]\narch = x86_64\nvariants = AppStream\n"
            b"[variant-AppStream]\nid = AppStream\nuid = AppStream\ntype = variant\nrepository = .\n")
    where = "https://mirror.example/9-stream/AppStream/x86_64/os"
    ok, found = compare("centos-stream-9", treeinfo.read(text, where), where=where)
    assert (ok.severity, found.severity) == (Severity.OK, Severity.ERROR)
    assert found.text == f"the tree at {where} (AppStream) cannot boot: its .treeinfo names no kernel and no initrd"
    assert (found.expected, found.found) == ("kernel and initrd in [images-x86_64]", "no [images-...]")
    assert found.hint == "point tree.url at the base tree: https://mirror.example/9-stream/BaseOS/x86_64/os"


def test_the_optional_tree_of_el7_cannot_boot_either() -> None:
    found = compare("centos-7", legacy("7", "1603729576.26", images=False))[-1]
    assert found.hint == ("point tree.url at a tree of CentOS 7 x86_64, such as "
                          "https://vault.centos.org/7.9.2009/os/x86_64")


def test_a_family_of_the_users_own_catalog_is_known_by_its_names(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('[circle]\ntitle = "Circle Linux"\nnames = ["Circle"]\n[circle.series.8]\ngeneration = "el8"\n')
    families = load.families([mine])
    wanted = load.release("circle-8", "x86_64", families)
    (found,) = identify.compare(wanted, legacy("8.4", "1", "Circle"), None, WHERE)
    assert (found.severity, load.addresses(wanted, date(2026, 1, 1))) == (Severity.OK, ())

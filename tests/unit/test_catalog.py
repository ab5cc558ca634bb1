"""The catalog: families, the grammar of releases, addresses, and mistakes in a catalog file of one's own."""

from __future__ import annotations

import base64
import csv
import fnmatch
import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import names
from builder.catalog import family, fields, load
from builder.catalog.family import Release
from builder.errors import USAGE, Missing, UsageError
from builder.lock.model import ROLES
from builder.trust.evidence import Evidence
from tests.corpus import corpus

FAMILIES = load.families()
TODAY = date(2026, 11, 24)


def release(word: str, arch: str = "x86_64") -> Release:
    return load.release(word, arch, FAMILIES)


def test_the_built_in_families_are_the_eight_of_the_design() -> None:
    assert {f.id: list(f.series) for f in FAMILIES.values()} == {
        "centos": ["6", "7", "8"], "centos-stream": ["8", "9", "10"], "rhel": ["6", "7", "8", "9", "10"],
        "rocky": ["8", "9", "10"], "alma": ["8", "9", "10"], "oracle": ["6", "7", "8", "9", "10"],
        "scientific": ["6", "7"], "fedora": ["40", "41", "42", "43", "44", "newer"]}


def test_its_words_for_roles_and_evidence_are_those_of_locks_and_policies() -> None:
    assert [e.value for e in Evidence] == list(family.EVIDENCE)
    assert set(family.ROLES) == set(ROLES) - {"treeinfo", "patch", "loader"}


@pytest.mark.parametrize(("word", "version", "title"), [
    ("centos-7", "7", "CentOS 7 x86_64"),
    ("centos-7.9.2009", "7.9.2009", "CentOS 7.9.2009 x86_64"),
    ("centos-7.9", "7.9.2009", "CentOS 7.9.2009 x86_64"),
    ("centos-6.10", "6.10", "CentOS 6.10 x86_64"),
    ("centos-6.1", "6.1", "CentOS 6.1 x86_64"),
    ("centos-stream-9", "9", "CentOS Stream 9 x86_64"),
    ("rocky-9", "9", "Rocky Linux 9 x86_64"),
    ("rhel-9.6", "9.6", "Red Hat Enterprise Linux 9.6 x86_64"),
    ("alma-9.12", "9.12", "AlmaLinux 9.12 x86_64"),
    ("fedora-42", "42", "Fedora 42 x86_64"),
    ("fedora-51", "51", "Fedora 51 x86_64"),
])
def test_a_release_is_read_by_its_word(word: str, version: str, title: str) -> None:
    found = release(word)
    assert (found.version, str(found), found.major) == (version, title, version.partition(".")[0])
    assert release(found.word) == found


def test_i686_is_another_spelling_of_i386() -> None:
    assert release("centos-6", "i686").arch == "i386"


@pytest.mark.parametrize(("word", "arch", "told"), [
    ("centos7", "x86_64", "did you mean centos-7"),
    ("Rocky-9", "x86_64", "did you mean rocky-9"),
    ("rockey-9", "x86_64", "did you mean rocky-9"),
    ("almalinux-9", "x86_64", "did you mean alma-9?"),
    ("centos-9", "x86_64", "CentOS 9 is not in the catalog; centos has 6, 7 and 8; did you mean centos-stream-9?"),
    ("centos-7.10", "x86_64", "CentOS 7.10 was never made; centos has 7.0.1406, "),
    ("centos-7.9.2010", "x86_64", "was never made"),
    ("centos-stream-9.1", "x86_64", "CentOS Stream 9 has no point releases; write centos-stream-9"),
    ("fedora-20", "x86_64", "fedora has 40, 41, 42, 43 and 44"),
    ("ubuntu-22", "x86_64", "it knows centos, centos-stream, rhel, rocky, alma, oracle, scientific, fedora"),
    ("rocky", "x86_64", "no release of the catalog"),
    ("rocky-", "x86_64", "has no version after rocky-"),
    ("rocky-nine", "x86_64", "has no version after rocky-"),
    ("rocky-9\n", "x86_64", "has no version after rocky-"),
    ("rocky-\uff19", "x86_64", "has no version after rocky-"),
    ("rocky-9", "amd64", '"amd64" is no architecture here; known: x86_64, aarch64, ppc64le, s390x, i386, i686'),
])
def test_a_word_that_is_no_release_is_refused_with_the_nearest_ones(word: str, arch: str, told: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        release(word, arch)
    assert told in str(caught.value)


@given(st.text(max_size=30))
def test_any_text_is_a_release_or_a_printable_reason(text: str) -> None:
    try:
        assert load.release(text, "x86_64", FAMILIES).word
    except ValueError as reason:
        assert str(reason).isprintable()


def test_a_bare_centos_7_lives_in_the_vault_as_its_last_point_release() -> None:
    assert load.addresses(release("centos-7"))[0] == "https://vault.centos.org/7.9.2009/os/x86_64"
    assert load.vaults(release("centos-7.5"))[0] == "https://vault.centos.org/7.5.1804/os/x86_64"
    assert load.vaults(release("centos-8"))[0] == "https://vault.centos.org/8.5.2111/BaseOS/x86_64/os"


def test_a_living_release_has_mirrors_in_order() -> None:
    assert load.addresses(release("rocky-9.6"), TODAY) == (
        "https://download.rockylinux.org/pub/rocky/9.6/BaseOS/x86_64/os",
        "https://dl.rockylinux.org/pub/rocky/9.6/BaseOS/x86_64/os")


def test_the_vault_comes_first_once_the_life_of_a_series_has_ended() -> None:
    mirror = "https://dl.fedoraproject.org/pub/fedora/linux/releases/40/Everything/x86_64/os"
    vault = "https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/40/Everything/x86_64/os"
    assert load.addresses(release("fedora-40"), date(2025, 5, 13)) == (mirror,)
    assert load.addresses(release("fedora-40"), date(2025, 5, 14)) == (vault, mirror)


def test_the_end_of_life_is_told_with_its_day_and_only_after_it() -> None:
    assert load.ended(release("centos-7.9"), date(2024, 7, 1)) == "CentOS 7 reached its end of life on 2024-06-30"
    assert load.ended(release("centos-7.9"), date(2024, 6, 30)) is None
    assert load.ended(release("centos-stream-8"), TODAY) == "CentOS Stream 8 reached its end of life on 2024-05-31"
    assert load.ended(release("alma-8"), TODAY) is None


def test_a_bare_major_version_without_a_last_point_release_has_no_vault() -> None:
    assert load.vaults(release("rocky-9")) == ()
    assert load.vaults(release("rocky-9.4")) == ("https://dl.rockylinux.org/vault/rocky/9.4/BaseOS/x86_64/os",)


def test_red_hat_and_oracle_have_no_public_trees() -> None:
    assert load.addresses(release("rhel-9.6"), TODAY) == () == load.addresses(release("oracle-8"), TODAY)


@pytest.mark.parametrize(("url", "word", "vault"), [
    ("http://ftp.example/centos/7/os/x86_64", "centos-7", "https://vault.centos.org/7.9.2009/os/x86_64"),
    ("http://ftp.example/centos/7.6.1810/os/x86_64/", "centos-7", "https://vault.centos.org/7.6.1810/os/x86_64"),
    ("http://ftp.example/rocky/9.4/BaseOS/x86_64/os", "rocky-9",
     "https://dl.rockylinux.org/vault/rocky/9.4/BaseOS/x86_64/os"),
    ("https://repo.almalinux.org/almalinux/9.5/BaseOS/x86_64/os", "alma-9.5",
     "https://vault.almalinux.org/9.5/BaseOS/x86_64/os"),
    ("https://vault.centos.org/7.9.2009/os/x86_64", "centos-7.9",
     "https://archive.kernel.org/centos-vault/7.9.2009/os/x86_64"),
    ("http://ftp.example/rocky/9/BaseOS/x86_64/os", "rocky-9", None),
    ("https://mirror.stream.centos.org/9-stream/BaseOS/x86_64/os", "centos-stream-9", None),
])
def test_the_vault_of_a_dead_address_keeps_its_point_release(url: str, word: str, vault: str | None) -> None:
    assert load.vault_for(url, release(word)) == vault


def test_every_address_of_the_catalog_is_canonical() -> None:
    for found in FAMILIES.values():
        for series in found.series.values():
            for template in (*series.mirrors, *series.vaults):
                made = template.format(**fields.SAMPLE)
                assert names.url(made) == made


# osinfo-db keeps CentOS 8 by a path of the vault that follows its last point release; the catalog names it in full.
OTHERWISE = {"https://vault.centos.org/centos/8/BaseOS/x86_64/os": "https://vault.centos.org/8.5.2111/BaseOS/x86_64/os"}
OSINFO = {"centos": "centos", "centos-stream": "centos-stream", "fedora": "fedora", "rocky": "rocky",
          "almalinux": "alma", "scientificlinux": "scientific"}


def test_the_trees_that_osinfo_db_knows_are_among_the_addresses() -> None:
    rows = csv.DictReader((corpus() / "mirror-layout" / "osinfo-tree-urls.tsv").open(), delimiter="\t")
    checked = set()
    for row in rows:
        word = re.fullmatch(r"([a-z-]+?)-?([0-9.]+)", row["osinfo_id"])
        if not word or word[1] not in OSINFO or row["arch"] != "x86_64" or not row["url"] or "/Server/" in row["url"]:
            continue
        family_id, version = OSINFO[word[1]], {"centos7.0": "7", "centos8": "8"}.get(row["osinfo_id"], word[2])
        if version.partition(".")[0] not in FAMILIES[family_id].series:
            continue
        known = release(f"{family_id}-{version}")
        url = row["url"].rstrip("/")
        there = {re.sub("^https?", "", a) for a in (*load.addresses(known), *load.vaults(known))}
        assert re.sub("^https?", "", OTHERWISE.get(url, url)) in there, row["osinfo_id"]
        checked.add(row["osinfo_id"])
    assert len(checked) >= 40


# What a mirror list, key or checksum file is called by other hands, with the release whose row must name it.
SEEN = [
    ("centos-7.9", "../../isos/x86_64/sha256sum.txt.asc", "CentOS-7-x86_64-NetInstall-2009.iso"),
    ("rocky-10", "../../../isos/x86_64/CHECKSUM", "Rocky-10.2-x86_64-boot.iso"),
    ("rocky-8", "../../../isos/x86_64/CHECKSUM", "Rocky-8.10-x86_64-boot.iso"),
    ("alma-9", "../../../isos/x86_64/CHECKSUM", "AlmaLinux-9.8-x86_64-boot.iso"),
    ("alma-10", "../../../isos/x86_64/CHECKSUM", "AlmaLinux-10.2-x86_64-boot.iso"),
    ("centos-8", "../../../isos/x86_64/CHECKSUM.asc", "CentOS-8.5.2111-x86_64-boot.iso"),
    ("centos-stream-8", "../../../isos/x86_64/CHECKSUM", "CentOS-Stream-8-20240527.0-x86_64-boot.iso"),
    ("oracle-9.6", "https://linux.oracle.com/security/gpg/checksum/OracleLinux-R9-U6-Server-x86_64.checksum",
     "OracleLinux-R9-U6-x86_64-boot.iso"),
]


@pytest.mark.parametrize(("word", "file", "iso"), SEEN)
def test_the_image_that_real_templates_download_is_in_the_checksum_file_of_its_series(
        word: str, file: str, iso: str) -> None:
    text = (corpus() / "checksums" / "iso-url-checksum-from-packer.tsv").read_text()
    text += (corpus() / "checksums" / "centos_792009_x8664" / "sha256sum.txt.asc").read_text()
    assert iso in text
    first = load.checksums(release(word))[0]
    assert first.file == file and fnmatch.fnmatchcase(iso, first.iso)
    assert not fnmatch.fnmatchcase(iso.replace("boot", "dvd").replace("NetInstall", "DVD"), first.iso)


def test_a_template_that_wants_a_point_release_waits_until_the_tree_tells_it() -> None:
    assert load.checksums(release("oracle-9")) == ()
    assert load.checksums(release("oracle-9"), "9.6") == load.checksums(release("oracle-9.6"))
    assert load.filled("R{major}-U{minor}", release("centos-7")) == "R7-U9"


def test_keys_and_updates_lie_where_real_trees_have_them() -> None:
    assert load.key_files(release("centos-7.9")) == ("RPM-GPG-KEY-CentOS-7",)
    assert load.key_files(release("rocky-9"))[1] == "https://download.rockylinux.org/pub/rocky/RPM-GPG-KEY-Rocky-9"
    assert load.updates(release("centos-6")) == "../../updates/x86_64"
    assert load.updates(release("rocky-9")) == ""


def test_a_list_of_mirrors_is_asked_for_the_release_and_never_for_another_point_release(tmp_path: Path) -> None:
    assert load.mirror_lists(release("centos-stream-9")) == (
        ("metalink", "https://mirrors.centos.org/metalink?repo=centos-baseos-9-stream&arch=x86_64"),)
    assert load.mirror_lists(release("alma-9.6", "aarch64")) == (
        ("mirrorlist", "https://mirrors.almalinux.org/mirrorlist/9.6/baseos"),)
    path = mine(tmp_path, '[rocky.series.9]\ngeneration = "el9"\nmirrorlist = "https://m.example/{major}?a={arch}"\n')
    families = load.families([path])
    assert load.mirror_lists(load.release("rocky-9", "x86_64", families)) == (
        ("mirrorlist", "https://m.example/9?a=x86_64"),)
    assert load.mirror_lists(load.release("rocky-9.4", "x86_64", families)) == ()


def test_a_compose_of_stream_has_an_address_of_its_own_which_names_it() -> None:
    stream, compose = release("centos-stream-10"), "CentOS-Stream-10-20260202.0"
    url = load.compose_address(stream, compose)
    assert url == f"https://composes.stream.centos.org/stream-10/production/{compose}/compose/BaseOS/x86_64/os"
    assert load.compose_of(url, stream) == compose
    assert load.compose_of(load.addresses(stream)[0], stream) == ""
    assert load.compose_of(url, release("rocky-10")) == "" == load.compose_address(release("rocky-10"), compose)


def test_every_place_of_the_catalog_is_a_path_or_an_https_address() -> None:
    for found in FAMILIES.values():
        for series in found.series.values():
            for template in (*series.key_files, series.updates, *(each.file for each in series.checksums)):
                made = template.format(**fields.SAMPLE)
                if made.startswith("https:"):
                    assert names.url(made) == made
                elif made:
                    assert names.tree_path(re.sub(r"^(\.\./)+", "", made))


VENDORS = {"centos": "centos", "centos-stream": "centos", "rhel": "redhat", "rocky": "rocky", "alma": "alma",
           "oracle": "oraclelinux", "scientific": "scientific-linux", "fedora": "fedora"}


def version_6(path: Path) -> str:
    """The fingerprint of the version 6 key of a file, which GnuPG 2.2 cannot read (RFC 9580 5.5.4.3)."""
    for block in re.findall(r"-----BEGIN[^-]*-----\n(.*?)-----END", path.read_text(), re.DOTALL):
        lines = [line for line in block.split("\n\n", 1)[-1].splitlines() if not line.startswith("=")]
        data = base64.b64decode("".join(lines))
        # An old packet header has its length in 1 or 2 bytes; a new one, of a length below 8384, in 2 (RFC 9580 4.2).
        start = 3 if data[0] & 0x40 or data[0] & 3 == 1 else 2
        size = ((data[1] - 192) << 8) + data[2] + 192 if data[0] & 0x40 else int.from_bytes(data[1:start], "big")
        key = data[start : start + size]
        if key[0] == 6:
            return hashlib.sha256(b"\x9b" + len(key).to_bytes(4, "big") + key).hexdigest()
    raise AssertionError("no version 6 key")


def test_every_key_of_the_catalog_is_a_published_key_of_its_vendor() -> None:
    rows = list(csv.DictReader((corpus() / "gpg-keys" / "FINGERPRINTS.tsv").open(), delimiter="\t"))
    published = {(row["file"].partition("/")[0], (row["fingerprint"] or "").lower()) for row in rows}
    weak = {(row["fingerprint"] or "").lower() for row in rows if row["algo"] == "DSA"}
    published.add(("redhat", version_6(corpus() / "gpg-keys" / "redhat" / "RPM-GPG-KEY-redhat10-release")))
    for found in FAMILIES.values():
        for series in found.series.values():
            for key in series.keys:
                assert (VENDORS[found.id], key) in published and key not in weak


def test_every_series_but_scientific_6_has_a_key() -> None:
    keyless = {f"{f.id}-{s.major}" for f in FAMILIES.values() for s in f.series.values() if not s.keys}
    assert keyless == {"scientific-6"}


@pytest.mark.parametrize(("word", "kernel", "point"), [
    ("centos-7", "3.10.0-1160.el7.x86_64", "7.9.2009"),
    ("centos-7", "3.10.0-1160.119.1.el7.x86_64", "7.9.2009"),
    ("centos-7", "3.10.0-116.el7.x86_64", None),
    ("centos-8", "4.18.0-305.3.1.el8.x86_64", "8.4.2105"),
    ("rocky-9", "5.14.0-570.17.1.el9_6.x86_64", "9.6"),
    ("centos-6", "2.6.32-131.0.15.el6.x86_64", "6.1"),
])
def test_a_kernel_tells_the_point_release(word: str, kernel: str, point: str | None) -> None:
    found = release(word).series.point_with_kernel(kernel)
    assert (found.version if found else None) == point


def test_loading_the_module_does_not_load_the_toml_reader() -> None:
    code = "import sys; import builder.catalog.load; print('tomllib' in sys.modules, 'requests' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def mine(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def test_a_file_of_ones_own_adds_a_family(tmp_path: Path) -> None:
    path = mine(tmp_path, """
[lab]
title = "Lab Linux"
names = ["Lab Linux"]
[lab.series.9]
generation = "el9"
mirrors = ["https://repo.lab.example/{version}/BaseOS/{arch}/os/"]
end_of_life = 2032-05-31
keys = ["21CB 256A E16F C54C 6E65  2949 702D 426D 350D 275D"]
minimum = { kernel = "signed-rpm" }
""")
    found = load.release("lab-9.1", "x86_64", load.families([path]))
    assert load.addresses(found) == ("https://repo.lab.example/9.1/BaseOS/x86_64/os",)
    assert found.series.keys == ("21cb256ae16fc54c6e652949702d426d350d275d",)
    assert (found.series.end_of_life, found.generation.name) == ("2032-05-31", "el9")
    assert dict(found.series.minimum) == {
        "kernel": "signed-rpm", "initrd": "first-use", "stage2": "first-use", "repository": "first-use"}


def test_a_file_of_ones_own_replaces_one_series_and_leaves_the_others(tmp_path: Path) -> None:
    path = mine(tmp_path, """
[rocky]
names = ["Rocky Linux (lab)"]
[rocky.series.9]
generation = "el9"
mirrors = ["http://mirror.lan/rocky/{version}/BaseOS/{arch}/os"]
""")
    families = load.families([path])
    found = load.release("rocky-9", "x86_64", families)
    assert load.addresses(found) == ("http://mirror.lan/rocky/9/BaseOS/x86_64/os",)
    assert families["rocky"].names == ("Rocky Linux", "Rocky Linux (lab)")
    assert families["rocky"].series["8"] == FAMILIES["rocky"].series["8"]
    assert families["alma"] is FAMILIES["alma"]


def test_a_file_of_ones_own_names_keys_checksums_lists_and_composes(tmp_path: Path) -> None:
    path = mine(tmp_path, """
[rocky.series.9]
generation = "el9"
key_files = ["../../../../RPM-GPG-KEY-Lab", "https://keys.lab.example/{major}.asc"]
updates = "../updates"
mirrorlist = "http://lists.lab.example/?repo=BaseOS-{version}&arch={arch}"
metalink = "https://lists.lab.example/metalink"
checksums = [{ file = "../iso/SHA256SUMS", signature = "SHA256SUMS.asc", iso = "Lab-{major}*-boot.iso" }]
compose = { id = "../COMPOSE", url = "https://lab.example/{compose}/{arch}/", days = 7 }
""")
    found = load.release("rocky-9", "x86_64", load.families([path]))
    assert load.key_files(found) == ("../../../../RPM-GPG-KEY-Lab", "https://keys.lab.example/9.asc")
    assert load.checksums(found) == (
        family.SignedChecksums(file="../iso/SHA256SUMS", signature="SHA256SUMS.asc", iso="Lab-9*-boot.iso"),)
    assert load.updates(found) == "../updates"
    assert load.mirror_lists(found) == (
        ("metalink", "https://lists.lab.example/metalink"),
        ("mirrorlist", "http://lists.lab.example/?repo=BaseOS-9&arch=x86_64"))
    assert load.compose_address(found, "Lab-9-1") == "https://lab.example/Lab-9-1/x86_64"


@pytest.mark.parametrize(("line", "told"), [
    ('key_files = ["http://keys.example/key"]', 'key_files[0]: "http://keys.example/key" is no https URL'),
    ('key_files = ["https://keys.example//key"]', "key_files[0]: "),
    ('key_files = ["../.."]', 'key_files[0]: "../.." is no file or folder'),
    (f'key_files = ["{"../" * 9}key"]', "at most 8 steps above the tree"),
    ('key_files = ["a/../../key"]', 'key_files[0]: "a/../../key" is no path inside a tree'),
    ('key_files = ["/etc/passwd"]', "is no path inside a tree"),
    ('updates = "../{compose}"', "updates: {compose} is no field of a template; known: version, major, minor, arch"),
    ('mirrorlist = "ftp://lists.example/"', "mirrorlist: "),
    ('metalink = "https://lists.example/?a=(b)"', "metalink: "),
    ('checksums = { file = "x" }', "checksums: wants a list of tables, found a table"),
    ('checksums = [{ file = "x" }]', "checksums[0].iso: is missing"),
    ('checksums = [{ file = "x", iso = "a.iso", sig = "y" }]', "checksums[0].sig: unknown key"),
    ('checksums = [{ file = "x", iso = "a.iso", signature = "../y" }]', "checksums[0].signature: "),
    ('checksums = [{ file = "x", iso = "dvd" }]', "is no pattern of an image's name, such as Rocky-{version}-*-boot.iso"),
    ('compose = "x"', 'compose: wants a table, found "x"'),
    ('compose = { id = "x", url = "https://a.example/os", days = 7 }', "does not say where {compose} stands"),
    ('compose = { id = "x", url = "https://a.example/{compose}", days = 0 }', "compose.days: wants a number of days"),
    ('compose = { id = "x", url = "https://a.example/{compose}", days = true }', "found true or false"),
    ('compose = { url = "https://a.example/{compose}", days = 3 }', "compose.id: is missing"),
])
def test_a_mistake_in_places_lists_and_composes_is_named(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        load.families([mine(tmp_path, f'[rocky.series.9]\ngeneration = "el9"\n{line}\n')])
    assert f"rocky.series.9.{told}" in caught.value.message or told in caught.value.message
    assert "1 mistake in the catalog file" in caught.value.message


def test_every_mistake_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    path = mine(tmp_path, """
[Lab]
title = "Lab"
names = ["Lab"]
[rocky]
nmaes = []
[rocky.series.nine]
generation = "el9"
[rocky.series.9]
generation = "el19"
mirors = []
mirrors = ["https://x.example/{release}/os", "ftp://x.example/os", 5]
end_of_life = "soon"
keys = ["350D275D"]
minimum = { kernel = "sigend", initramfs = "signed" }
points = [{ version = "nine", timestamps = [1.5] }]
minors = "no"
[alma]
names = ["Rocky Linux"]
[none]
""")
    with pytest.raises(UsageError) as caught:
        load.families([path])
    lines = caught.value.message.splitlines()
    assert lines[0] == f"{path}: 20 mistakes in the catalog file"
    assert [line.strip() for line in lines[1:]] == [
        'Lab: "Lab" is no family word (lower-case letters, digits, parts joined by -)',
        "Lab.series: is missing",
        "rocky.nmaes: unknown key; did you mean names?",
        "rocky.series.nine: \"nine\" is no major version and not 'newer'",
        "rocky.series.9.mirors: unknown key; did you mean mirrors?",
        'rocky.series.9.generation: "el19" is not known; did you mean el9?',
        "rocky.series.9.mirrors[0]: {release} is no field of a template; known: version, major, minor, arch",
        'rocky.series.9.mirrors[1]: "ftp://x.example/os": ftp is not fetched; most mirrors serve the same tree by '
        "https",
        "rocky.series.9.mirrors[2]: wants one line of text in quotes, found 5",
        'rocky.series.9.end_of_life: wants a day such as 2024-06-30, found "soon"',
        'rocky.series.9.keys[0]: "350d275d" is no full fingerprint (40 hex digits, 64 for a version 6 key)',
        'rocky.series.9.minors: wants true or false, found "no"',
        'rocky.series.9.points[0].version: "nine" is not a version such as 7.9.2009',
        "rocky.series.9.points[0].timestamps[0]: wants one line of text in quotes, found 1.5",
        "rocky.series.9.minimum.initramfs: unknown key; did you mean initrd?",
        'rocky.series.9.minimum.kernel: "sigend" is not known; did you mean signed?',
        "none.title: is missing",
        "none.names: is missing",
        "none.series: is missing",
        'alma.names: "Rocky Linux" is a name of rocky already',
    ]
    assert caught.value.exit_code == USAGE
    assert caught.value.hint == "the shape of a catalog file is that of families.toml in the package"


def test_a_latest_that_is_none_of_the_points_is_a_mistake(tmp_path: Path) -> None:
    path = mine(tmp_path, '[rocky.series.8]\ngeneration = "el8"\nlatest = "8.11"\npoints = [{ version = "8.10" }]\n')
    with pytest.raises(UsageError, match=r'rocky.series.8.latest: "8.11" is none of its points'):
        load.families([path])


def test_a_file_that_is_no_toml_names_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"mine\.toml: not TOML: .*line 1"):
        load.families([mine(tmp_path, "rocky = nine\n")])


def test_a_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Missing, match=r"none\.toml: the catalog file cannot be read: No such file"):
        load.families([tmp_path / "none.toml"])


def test_a_release_of_a_newer_series_keeps_its_own_major_version() -> None:
    found = release("fedora-45")
    assert found.series == replace(FAMILIES["fedora"].series["newer"], major="45")

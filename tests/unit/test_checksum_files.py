"""checksums.parse: the files that stand beside images, in the hand of coreutils, BSD tools and Fedora."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.digest import Digest
from builder.errors import HostileInput
from builder.trust import checksums
from builder.trust.openpgp import cleartext
from tests.corpus import corpus

A, B = "a" * 64, "b" * 64
WHERE = "https://mirror.example/isos/CHECKSUM"


def parse(text: str) -> dict[str, str]:
    return {name: str(digest) for name, digest in checksums.parse(text.encode(), WHERE).items()}


def refusal(text: str) -> str:
    with pytest.raises(HostileInput) as caught:
        parse(text)
    assert caught.value.message.startswith(f"{WHERE}: ")
    return caught.value.message.removeprefix(f"{WHERE}: ")


def real() -> dict[str, Digest]:
    signed = (corpus() / "checksums/centos_792009_x8664/sha256sum.txt.asc").read_bytes()
    return dict(checksums.parse(cleartext.read(signed).text, WHERE))


def test_the_real_file_of_centos_7_9_names_four_images() -> None:
    assert list(real()) == [f"CentOS-7-x86_64-{kind}-2009.iso" for kind in ("Everything", "NetInstall", "Minimal", "DVD")]
    assert str(real()["CentOS-7-x86_64-NetInstall-2009.iso"]) == (
        "sha256:b79079ad71cc3c5ceb3561fff348a1b67ee37f71f4cddfec09480d4589c191d6")


def test_twelve_of_thirteen_public_build_files_pin_what_the_signed_file_says_and_one_does_not() -> None:
    with (corpus() / "checksums/iso-url-checksum-from-packer.tsv").open(newline="") as table:
        rows = [(row["url"].rsplit("/", 1)[-1], row["checksum"]) for row in csv.DictReader(table, delimiter="\t")]
    agree = [str(real()[name]) == value for name, value in rows if name in real()]
    assert (agree.count(True), agree.count(False)) == (12, 1)


@pytest.mark.parametrize("text", [
    f"{A}  x.iso\n",
    f"{A} *x.iso",
    f"{A}\tx.iso\n",
    f"{A.upper()}  x.iso\r\n",
    f"SHA256 (x.iso) = {A}\n",
    f"SHA256(x.iso)= {A}\n",
    f"# x.iso: 1288896512 bytes\nSHA256 (x.iso) = {A}\n",
    f"\n# sha256sum\n\n{A}  x.iso  \n",
    f"{A}  x.iso\n{A}  x.iso\n",
])
def test_every_hand_is_read(text: str) -> None:
    assert parse(text) == {"x.iso": f"sha256:{A}"}


def test_of_two_kinds_of_digest_sha256_is_kept_and_else_the_stronger() -> None:
    both = f"SHA512 (x.iso) = {A}{A}\nSHA256 (x.iso) = {B}\nSHA512 (y.iso) = {A}{A}\nSHA384 (y.iso) = {'c' * 96}\n"
    assert parse(both) == {"x.iso": f"sha256:{B}", "y.iso": f"sha512:{A}{A}"}
    assert parse(f"{A}{A}  x.iso\n") == {"x.iso": f"sha512:{A}{A}"}


def test_weak_digests_are_passed_over() -> None:
    weak = f"{'d' * 32}  x.iso\n{'d' * 40}  x.iso\nMD5 (x.iso) = {'d' * 32}\nSHA1 (y.iso) = {'d' * 40}\n"
    assert parse(weak + f"{A}  x.iso\n") == {"x.iso": f"sha256:{A}"}
    assert refusal(weak) == ("no file of it has a digest that counts\n  found   none, or md5 and sha1 alone\n"
                             "  wanted  lines with sha256 or sha512 or sha384 and the name of a file")


@pytest.mark.parametrize("name", ["../x.iso", "/x.iso", "images/x.iso", "-x.iso", ".x.iso", "a b.iso", "x\\y.iso", "ř.iso"])
def test_names_that_no_image_has_are_passed_over(name: str) -> None:
    assert parse(f"{B}  {name}\n{A}  x.iso\nSHA256 ({name}) = {B}\n") == {"x.iso": f"sha256:{A}"}


@pytest.mark.parametrize(("text", "told"), [
    ("", "empty where a checksum file is due"),
    ("<html><title>Login</title></html>", 'an HTML page with the title "Login"'),
    (f"{A}  x\x1b[2J.iso\n", "line 1 holds a control character"),
    (f"{A}  x.iso\n{B}  x.iso\n", f'line 2: a second sha256 digest of "x.iso"\n  found   {B}\n  wanted  {A}'),
    (f"{A}  x.iso\nSHA256 (x.iso) = {B}\n", 'line 2: a second sha256 digest of "x.iso"'),
    ("x.iso\n", 'line 1: no checksum line\n  found   "x.iso"\n  wanted  a digest and a name'),
    (f"{A}x.iso\n", "line 1: no checksum line"),
    (f"{A} x.iso\n", "line 1: no checksum line"),
    (f"{A}\n", "line 1: no checksum line"),
    (f"{A[:-1]}  x.iso\n", '"63 hex digits" is no digest algorithm that is known'),
    (f"SHA256 (x.iso) = {A[:-1]}\n", "line 1: no digest"),
    (f"CRC32 (x.iso) = {A}\n", '"crc32" is no digest algorithm that is known'),
    ("# " + "x" * (1 << 20), "at most 1048576 bytes"),
])
def test_what_is_no_checksum_file_is_refused_with_its_line(text: str, told: str) -> None:
    assert told in refusal(text)


@given(st.binary(max_size=200) | st.text("aA0 *()=\n#xSHA256", max_size=200).map(str.encode))
def test_any_bytes_are_checksums_or_hostile_and_nothing_else(data: bytes) -> None:
    try:
        assert checksums.parse(data, WHERE)
    except HostileInput as refused:
        assert refused.message.startswith(WHERE)

"""treeinfo.read on what mirrors really serve, and on what a hostile one might."""

from __future__ import annotations

import configparser
import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.errors import HostileInput
from builder.tree import ini, treeinfo

WHERE = "https://mirror.example/9/os/.treeinfo"
SUM = "sha256:" + "5b" * 32

# CentOS 7.5.1804, as its medium has it.
CENTOS7 = b"""[general]
name = CentOS-7
family = CentOS
timestamp = 1525379658.57
variant =\x20
version = 7
packagedir =\x20
arch = x86_64

[stage2]
mainimage = LiveOS/squashfs.img

[images-x86_64]
kernel = images/pxeboot/vmlinuz
initrd = images/pxeboot/initrd.img
boot.iso = images/boot.iso

[images-xen]
kernel = images/pxeboot/vmlinuz
initrd = images/pxeboot/initrd.img
"""

# Rocky Linux 9.0, shortened.
ROCKY9 = f"""[checksums]
images/install.img = {SUM}
images/pxeboot/initrd.img = {SUM}
images/pxeboot/vmlinuz = {SUM}

[general]
; WARNING.0 = This section provides compatibility with pre-productmd treeinfos.
arch = x86_64
family = Rocky Linux
name = Rocky Linux 9.0
packagedir = Packages
platforms = x86_64,xen
repository = .
timestamp = 1656986875
variant = BaseOS
variants = AppStream,BaseOS
version = 9.0

[header]
type = productmd.treeinfo
version = 1.2

[images-x86_64]
initrd = images/pxeboot/initrd.img
kernel = images/pxeboot/vmlinuz

[release]
name = Rocky Linux
short = Rocky
version = 9.0

[stage2]
mainimage = images/install.img

[tree]
arch = x86_64
build_timestamp = 1656986875
platforms = x86_64,xen
variants = AppStream,BaseOS

[variant-AppStream]
id = AppStream
name = AppStream
packages = ../../../AppStream/x86_64/os/Packages
repository = ../../../AppStream/x86_64/os/
type = variant
uid = AppStream

[variant-BaseOS]
id = BaseOS
name = BaseOS
packages = Packages
repository = .
type = variant
uid = BaseOS
""".encode()


def test_a_legacy_tree_tells_kernel_initrd_stage2_and_no_checksums() -> None:
    tree = treeinfo.read(CENTOS7, WHERE)
    assert (tree.format, tree.family, tree.version, tree.arch) == ("legacy", "CentOS", "7", "x86_64")
    assert (tree.kernel, tree.initrd) == ("images/pxeboot/vmlinuz", "images/pxeboot/initrd.img")
    assert (tree.stage2, dict(tree.checksums), tree.variants) == ("LiveOS/squashfs.img", {}, ())
    assert (tree.timestamp, tree.epoch) == ("1525379658.57", 1525379658)
    assert tree.repository == "."


def test_a_productmd_tree_tells_variants_with_places_relative_to_the_tree() -> None:
    tree = treeinfo.read(ROCKY9, WHERE)
    assert tree.format == "productmd 1.2"
    assert [(v.uid, v.repository, v.packages) for v in tree.variants] == [
        ("AppStream", "../../../AppStream/x86_64/os", "../../../AppStream/x86_64/os/Packages"),
        ("BaseOS", ".", "Packages")]
    assert tree.platforms == ("x86_64", "xen")
    assert str(tree.checksums["images/install.img"]) == SUM
    assert (tree.variant, tree.repository) == ("BaseOS", ".")


def test_the_base_repository_of_an_oracle_dvd_is_its_baseos_folder() -> None:
    dvd = ROCKY9.replace(b"repository = .\ntype", b"repository = BaseOS\ntype")
    assert treeinfo.read(dvd.replace(b"variant = BaseOS", b"variant = AppStream"), WHERE).repository == "BaseOS"


def test_crlf_line_ends_read_like_lf() -> None:
    assert treeinfo.read(ROCKY9.replace(b"\n", b"\r\n"), WHERE) == treeinfo.read(ROCKY9, WHERE)


def test_md5_and_sha1_checksums_never_count_and_are_named() -> None:
    weak = ROCKY9.replace(SUM.encode(), b"sha1:" + b"5b" * 20, 1).replace(SUM.encode(), b"md5:" + b"5b" * 16, 1)
    tree = treeinfo.read(weak, WHERE)
    assert tree.weak_checksums == ("images/install.img", "images/pxeboot/initrd.img")
    assert list(tree.checksums) == ["images/pxeboot/vmlinuz"]


def test_a_bare_checksum_of_64_digits_is_sha256_as_before_productmd_1() -> None:
    tree = treeinfo.read(ROCKY9.replace(SUM.encode(), b"5b" * 32, 1), WHERE)
    assert str(tree.checksums["images/install.img"]) == SUM


def test_the_netinstall_iso_outside_a_legacy_tree_is_named_and_left_out() -> None:
    old = CENTOS7.replace(b"images/boot.iso", b"../../isos/CentOS-6.1-x86_64-netinstall.iso")
    tree = treeinfo.read(old, WHERE)
    assert tree.outside == ("[images-x86_64] boot.iso",)
    assert "boot.iso" not in tree.images["x86_64"]


def test_an_empty_image_is_no_image_but_an_empty_kernel_is_refused() -> None:
    assert "zimage" not in treeinfo.read(CENTOS7.replace(b"boot.iso = images/boot.iso", b"zimage ="),
                                         WHERE).images["x86_64"]
    with pytest.raises(HostileInput, match=r"\[images-x86_64\] kernel"):
        treeinfo.read(CENTOS7.replace(b"kernel = images/pxeboot/vmlinuz", b"kernel =", 1), WHERE)


def test_a_refusal_names_file_section_key_found_wanted_and_the_cure() -> None:
    with pytest.raises(HostileInput) as caught:
        treeinfo.read(CENTOS7.replace(b"images/pxeboot/vmlinuz", b"../../../etc/passwd", 1), WHERE)
    assert caught.value.message == (
        f'{WHERE}: [images-x86_64] kernel\n  found   "../../../etc/passwd"\n'
        "  wanted  a path inside the tree: relative, plain ASCII, no .. and no leading - or /")
    assert caught.value.hint == treeinfo.HINT


def test_a_login_page_is_named_as_such_with_its_title() -> None:
    page = b"\n<!DOCTYPE html>\n<html><head><title>Hotel\n  Wi-Fi</title></head></html>"
    with pytest.raises(HostileInput) as caught:
        treeinfo.read(page, WHERE)
    assert "HTML where a .treeinfo is due (a login page?)" in caught.value.message
    assert 'found   an HTML page with the title "Hotel Wi-Fi"' in caught.value.message
    assert caught.value.hint.startswith("open the address in a browser")


def changed(old: bytes, new: bytes, base: bytes = ROCKY9) -> bytes:
    assert old in base
    return base.replace(old, new, 1)


KERNEL = b"kernel = images/pxeboot/vmlinuz"
STAGE2 = b"mainimage = images/install.img"
STRONG = SUM.encode()
APPSTREAM = b"repository = ../../../AppStream/x86_64/os/"
HOSTILE = {
    "kernel up and out": (changed(KERNEL, b"kernel = ../../../../etc/passwd"), "[images-x86_64] kernel"),
    "kernel absolute": (changed(KERNEL, b"kernel = /etc/passwd"), "[images-x86_64] kernel"),
    "kernel of another host": (changed(KERNEL, b"kernel = http://evil.example/vmlinuz"), "[images-x86_64] kernel"),
    "kernel without scheme": (changed(KERNEL, b"kernel = //evil.example/vmlinuz"), "[images-x86_64] kernel"),
    "kernel encoded": (changed(KERNEL, b"kernel = images/%2e%2e/%2e%2e/vmlinuz"), "[images-x86_64] kernel"),
    "kernel with backslash": (changed(KERNEL, b"kernel = images\\vmlinuz"), "[images-x86_64] kernel"),
    "kernel as option": (changed(KERNEL, b"kernel = -rf"), "[images-x86_64] kernel"),
    "kernel with dot": (changed(KERNEL, b"kernel = ./images/vmlinuz"), "[images-x86_64] kernel"),
    "kernel with double slash": (changed(KERNEL, b"kernel = images//vmlinuz"), "[images-x86_64] kernel"),
    "kernel with shell": (changed(KERNEL, b"kernel = images/$(id)"), "[images-x86_64] kernel"),
    "kernel with blank": (changed(KERNEL, b"kernel = images/vm linuz"), "[images-x86_64] kernel"),
    "kernel in full width": (changed(KERNEL, "kernel = images/vmlinu\uff5a".encode()), "[images-x86_64] kernel"),
    "kernel too long": (changed(KERNEL, b"kernel = " + b"a" * 300), "[images-x86_64] kernel"),
    "kernel with NUL": (changed(KERNEL, b"kernel = images/vmlinuz\x00.txt"), "binary data"),
    "kernel with escape": (changed(KERNEL, b"kernel = images/\x1b[2Jvmlinuz"), "control character"),
    "kernel with bidi": (changed(KERNEL, "kernel = images/\u202ezunilmv".encode()), "control character"),
    "boot.iso outside in productmd": (changed(KERNEL, KERNEL + b"\nboot.iso = ../../isos/x.iso"), "boot.iso"),
    "boot.iso too far out": (changed(b"boot.iso = images/boot.iso", b"boot.iso = ../../../../../x.iso", CENTOS7),
                             "at most 4"),
    "boot.iso no iso": (changed(b"boot.iso = images/boot.iso", b"boot.iso = ../../../etc/passwd", CENTOS7), "boot.iso"),
    "stage2 out": (changed(STAGE2, b"mainimage = ../install.img"), "[stage2] mainimage"),
    "stage2 empty": (changed(STAGE2, b"mainimage ="), "[stage2] mainimage"),
    "checksum path out": (changed(b"images/install.img =", b"../install.img ="), "[checksums]"),
    "checksum path absolute": (changed(b"images/install.img =", b"/install.img ="), "a key of plain ASCII"),
    "checksum path with colon": (changed(b"images/install.img =", b"http://x/y ="), "a key of plain ASCII"),
    "checksum short": (changed(STRONG, b"sha256:00"), "sha256"),
    "checksum long": (changed(STRONG, STRONG + b"5b"), "64"),
    "checksum empty": (changed(STRONG, b"sha256:"), "sha256"),
    "checksum not hex": (changed(STRONG, b"sha256:" + b"zz" * 32), "hex"),
    "checksum crc32": (changed(STRONG, b"crc32:5b5b5b5b"), "crc32"),
    "checksum shake": (changed(STRONG, b"shake_256:" + b"5b" * 32), "shake_256"),
    "checksum weak and wrong": (changed(STRONG, b"md5:5b"), "32 hex digits"),
    "repository absolute": (changed(APPSTREAM, b"repository = /srv"), "[variant-AppStream] repository"),
    "repository elsewhere": (changed(APPSTREAM, b"repository = https://evil.example/x"), "[variant-AppStream]"),
    "repository too far up": (changed(APPSTREAM, b"repository = ../../../../../AppStream"), "at most 4"),
    "repository up in the middle": (changed(APPSTREAM, b"repository = AppStream/../../../x"), "only at its beginning"),
    "packages elsewhere": (changed(b"packages = Packages", b"packages = file:///etc"), "[variant-BaseOS] packages"),
    "variant without section": (changed(b"variants = AppStream,BaseOS\n\n[variant", b"variants = Gone\n\n[variant"),
                                "[variant-Gone]"),
    "variant of a strange type": (changed(b"type = variant", b"type = payload"), "variant, optional or addon"),
    "variant uid with slash": (changed(b"uid = AppStream", b"uid = ../x"), "[variant-AppStream] uid"),
    "two kernels": (changed(KERNEL, KERNEL + b"\nkernel = images/other"), "a second time"),
    "kernels by case": (changed(KERNEL, KERNEL + b"\nKernel = images/other"), "case does not tell keys apart"),
    "two sections": (ROCKY9 + b"[stage2]\nmainimage = x\n", "[stage2]"),
    "sections by case": (ROCKY9 + b"[Stage2]\nmainimage = x\n", "[Stage2]"),
    "default section": (ROCKY9 + b"[DEFAULT]\nkernel = x\n", "no such section"),
    "key before sections": (b"kernel = x\n" + ROCKY9, "before the first key"),
    "key without value": (ROCKY9 + b"images/x\n", "key = value"),
    "colon for equals": (ROCKY9 + b"packages: x\n", "key = value"),
    "indented line": (changed(KERNEL, KERNEL + b"\n  /../x"), "an indented line"),
    "comment after value": (changed(KERNEL, KERNEL + b" ; or not"), "no comment after a value"),
    "text after section": (changed(b"[stage2]", b"[stage2] x"), "nothing after it"),
    "carriage return inside": (changed(KERNEL, KERNEL + b"\rkernel = x"), "carriage return"),
    "two versions": (changed(b"short = Rocky\nversion = 9.0", b"short = Rocky\nversion = 9.1"), "[general] version"),
    "two archs": (changed(b"arch = x86_64\nbuild", b"arch = aarch64\nbuild"), "[general] arch"),
    "two timestamps": (changed(b"build_timestamp = 1656986875", b"build_timestamp = 1"), "[general] timestamp"),
    "no family": (changed(b"family = CentOS\n", b"", CENTOS7), "[general] family"),
    "no version": (changed(b"version = 7\n", b"", CENTOS7), "[general] version"),
    "no arch": (changed(b"arch = x86_64\n", b"", CENTOS7), "[general] arch"),
    "arch in capitals": (changed(b"arch = x86_64\n", b"arch = X86/64\n", CENTOS7), "[general] arch"),
    "timestamp in words": (changed(b"1525379658.57", b"yesterday", CENTOS7), "[general] timestamp"),
    "timestamp in full width": (changed(b"1525379658.57", "\uff11\uff12".encode(), CENTOS7), "[general] timestamp"),
    "a later format": (changed(b"version = 1.2", b"version = 2.0"), "[header] version"),
    "another format": (changed(b"productmd.treeinfo", b"productmd.discinfo"), "[header] type"),
    "byte order mark": (b"\xef\xbb\xbf" + ROCKY9, "byte order mark"),
    "UTF-16": (ROCKY9.decode().encode("utf-16"), "UTF-16"),
    "UTF-16 without mark": (ROCKY9.decode().encode("utf-16-le"), "binary data"),
    "latin-1": (ROCKY9.replace(b"Rocky Linux", b"Rock\xe9 Linux"), "not UTF-8"),
    "gzip": (gzip.compress(ROCKY9), "gzip"),
    "empty": (b"", "empty"),
    "blank": (b"\n \n", "empty"),
    "HTML": (b"<html><body>404</body></html>", "an HTML page"),
    "XML": (b"<?xml version='1.0'?><treeinfo/>", "before the first key"),
    "60,000 sections": (b"".join(b"[s%d]\n" % i for i in range(60_000)), "at most 512"),
    "100,000 keys": (b"[checksums]\n" + b"".join(b"k%d=\n" % i for i in range(100_000)), "at most 10000"),
    "one endless line": (b"[general]\nname = " + b"a" * 500_000, "500007 characters"),
    "larger than the limit": (ROCKY9 + b"#" * (1 << 20), "1048576 bytes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_treeinfo_is_refused_with_its_place(name: str) -> None:
    data, told = HOSTILE[name]
    with pytest.raises(HostileInput) as caught:
        treeinfo.read(data, WHERE)
    message = caught.value.message
    assert message.startswith(f"{WHERE}: ") and "\n  found   " in message and "\n  wanted  " in message
    assert told in message
    assert message.replace("\n", "").isprintable()


@pytest.mark.parametrize(("tree", "relative", "there"), [
    ("https://m.example/9/BaseOS/x86_64/os", ".", "https://m.example/9/BaseOS/x86_64/os"),
    ("https://m.example/9/BaseOS/x86_64/os/", "../../../AppStream/x86_64/os", "https://m.example/9/AppStream/x86_64/os"),
    ("file:///srv/tree", "Server", "file:///srv/tree/Server"),
    ("/srv/9/os", "../updates", "/srv/9/updates"),
])
def test_a_repository_is_located_on_the_host_of_its_tree(tree: str, relative: str, there: str) -> None:
    assert treeinfo.locate(tree, relative) == there


def test_a_repository_above_the_root_of_the_host_is_refused() -> None:
    with pytest.raises(ValueError, match="climbs out of"):
        treeinfo.locate("https://m.example/os", "../../AppStream")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_treeinfo_or_hostile_and_nothing_else(data: bytes) -> None:
    with pytest.raises(HostileInput):
        treeinfo.read(data, WHERE)


@given(st.integers(0, len(ROCKY9) - 1), st.binary(max_size=4))
@settings(max_examples=300)
def test_a_damaged_treeinfo_reads_or_is_refused_and_never_fails_otherwise(at: int, noise: bytes) -> None:
    try:
        tree = treeinfo.read(ROCKY9[:at] + noise + ROCKY9[at + len(noise):], WHERE)
    except HostileInput:
        return
    assert all(".." not in path.split("/") for pairs in tree.images.values() for path in pairs.values())


LINES = st.sampled_from([
    "[general]", "[stage2]", "[images-x86_64]", "[General]", "[DEFAULT]", "[a] b", "", "# note", "; note", " # note",
    "kernel = a/b", "kernel= c", "kernel : d", "Kernel = e", "initrd = f = g", "a/b = sha256:00", "c:d = e",
    "name = x ; y", "name = x;y", "  indented", "\tkernel = z", "family = CentOS Linux ", "variant =", "bare", "= x",
    "rem = x", "[x", "]"])


@given(st.lists(LINES, max_size=12))
@settings(max_examples=500)
def test_what_is_accepted_reads_the_same_in_the_standard_librarys_parser(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        mine = ini.read(text, WHERE)
    except HostileInput:
        return
    theirs = configparser.RawConfigParser(interpolation=None)
    theirs.optionxform = str  # type: ignore[assignment,method-assign]
    theirs.read_string(text)
    assert {name: dict(pairs) for name, pairs in mine.sections.items()} == {
        name: dict(theirs[name]) for name in theirs.sections()}

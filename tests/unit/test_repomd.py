"""repomd.read: what a repository lists, and the ways in which a mirror could lie about it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.errors import HostileInput
from builder.tree import repomd

WHERE = "https://mirror.example/os/repodata/repomd.xml"
A, B = "5a" * 32, "b8" * 32
GOOD = f"""<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
  <revision>1355393568</revision>
  <tags><distro cpeid="cpe:/o:fedoraproject:fedora:17">r</distro></tags>
  <data type="primary">
    <checksum type="sha256">{A}</checksum>
    <open-checksum type="sha256">{B}</open-checksum>
    <location href="repodata/{A}-primary.xml.gz"/>
    <timestamp>1355393567.5</timestamp>
    <size>956</size>
    <open-size>3411</open-size>
  </data>
  <data type="group">
    <checksum type="sha">{"5a" * 20}</checksum>
    <location href="repodata/comps.xml"/>
  </data>
</repomd>
""".encode()


def test_a_record_has_path_sizes_and_both_digests() -> None:
    record = repomd.read(GOOD, WHERE).records["primary"]
    assert record.href == f"repodata/{A}-primary.xml.gz"
    assert (str(record.digest), str(record.open_digest)) == (f"sha256:{A}", f"sha256:{B}")
    assert (record.size, record.open_size, record.weak) == (956, 3411, "")


def test_a_record_with_sha1_has_no_digest_and_says_why() -> None:
    record = repomd.read(GOOD, WHERE).records["group"]
    assert (record.digest, record.weak) == (None, "sha1 is weak and never counts")
    assert (record.size, record.open_digest, record.open_size) == (None, None, None)


def test_a_record_without_checksum_says_so() -> None:
    data = GOOD.replace(f'<checksum type="sha256">{A}</checksum>'.encode(), b"")
    record = repomd.read(data, WHERE).records["primary"]
    assert (record.digest, record.weak) == (None, "it has no digest")


def test_revision_is_kept_as_written() -> None:
    assert repomd.read(GOOD, WHERE).revision == "1355393568"


def changed(old: str, new: str) -> bytes:
    assert old.encode() in GOOD
    return GOOD.replace(old.encode(), new.encode(), 1)


HREF = f"repodata/{A}-primary.xml.gz"
ROOT = '<repomd xmlns="http://linux.duke.edu/metadata/repo"'
BOMB = '<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'
HOSTILE = {
    "path up and out": (changed(HREF, "../../etc/passwd"), "primary: <location> href"),
    "path absolute": (changed(HREF, "/etc/passwd"), "primary: <location> href"),
    "path of another host": (changed(HREF, "http://evil.example/x"), "primary: <location> href"),
    "path encoded": (changed(HREF, "repodata/%2e%2e/x"), "primary: <location> href"),
    "path with newline": (changed(HREF, "repodata/x&#10;y"), "primary: <location> href"),
    "no path": (changed(f'<location href="{HREF}"/>', ""), "primary: <location>"),
    "two paths": (changed("<location href", '<location href="x"/><location href'), "a second one"),
    "xml:base": (changed("<location href", '<location xml:base="http://evil.example/" href'), "xml:base"),
    "two primaries": (changed('type="group"', 'type="primary"'), "a second one of this type"),
    "no type": (changed(' type="group"', ""), "<data> type"),
    "a type with a slash": (changed('type="group"', 'type="../group"'), "<data> type"),
    "size in words": (changed("<size>956<", "<size>many<"), "<size>"),
    "negative size": (changed("<size>956<", "<size>-1<"), "<size>"),
    "two sizes": (changed("<size>956<", "<size>1</size><size>956<"), "a second one"),
    "short digest": (changed(A, "5a5a"), "sha256"),
    "unknown digest": (changed('type="sha256"', 'type="crc32"'), "crc32"),
    "no algorithm": (changed('checksum type="sha256"', "checksum"), "no digest algorithm"),
    "doctype": (changed(ROOT, '<!DOCTYPE repomd SYSTEM "file:///etc/passwd">' + ROOT), "a document type"),
    "entity bomb": (changed(ROOT, BOMB + ROOT), "a document type"),
    "other root": (changed(ROOT, '<metadata xmlns="http://linux.duke.edu/metadata/repo"').replace(
        b"</repomd>", b"</metadata>"), "a root element <metadata>"),
    "other namespace": (changed("metadata/repo", "metadata/other"), "http://linux.duke.edu/metadata/repo"),
    "HTML": (b"<!DOCTYPE html><html><title>Sign in</title>", 'an HTML page with the title "Sign in"'),
    "HTML without doctype": (b"<html><body></body></html>", "a login page?"),
    "cut off": (GOOD[:700], "not XML"),
    "empty": (b"", "empty"),
    **{f"encoding {name}": (changed('"UTF-8"', f'"{name}"'), "the encoding")
       for name in ("UTF-A", "zlib", "idna", "punycode", "utf-7", "undefined", "cp037")},
    "binary": (b"\x1f\x8b\x08\x00", "not XML"),
    "65 levels": (changed("<tags>", "<x>" * 70 + "</x>" * 70 + "<tags>"), "at most 64"),
    "attribute flood": (changed("<tags>", "<tags " + " ".join(f'a{i}=""' for i in range(65)) + ">"), "65 attributes"),
    "one endless tag": (changed("<tags>", f'<tags a="{"x" * (2 << 20)}">'), "in one tag"),
    "larger than the limit": (GOOD + b" " * (16 << 20), "16777216 bytes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_repomd_is_refused_with_its_place(name: str) -> None:
    data, told = HOSTILE[name]
    with pytest.raises(HostileInput) as caught:
        repomd.read(data, WHERE)
    message = caught.value.message
    assert message.startswith(f"{WHERE}: ") and "\n  found   " in message and "\n  wanted  " in message
    assert told in message
    assert message.replace("\n", "").isprintable()


@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=4))
@settings(max_examples=300)
def test_a_damaged_repomd_reads_or_is_refused_and_never_fails_otherwise(at: int, noise: bytes) -> None:
    try:
        read = repomd.read(GOOD[:at] + noise + GOOD[at + len(noise):], WHERE)
    except HostileInput:
        return
    assert all(".." not in record.href.split("/") for record in read.records.values())

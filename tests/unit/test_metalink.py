"""metalink.read: the mirrors of a repository and the digests of its repomd.xml, and how a metalink could mislead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import HostileInput
from builder.tree import metalink
from builder.tree.metalink import Metalink
from tests.corpus import corpus

WHERE = "https://mirrors.example/metalink"
KNOWN = {"basearch": "x86_64", "releasever": "9"}
NOW, NOW512, BEFORE, WEAK = "5a" * 32, "5b" * 64, "b8" * 32, "5a" * 20
# In the shape of MirrorManager's templates (mirrormanager2, metalink.xml).
GOOD = f"""<?xml version="1.0" encoding="utf-8"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" type="dynamic"
 xmlns:mm0="http://fedorahosted.org/mirrormanager">
 <files>
  <file name="repomd.xml">
   <mm0:timestamp>1619174877</mm0:timestamp>
   <size>6285</size>
   <verification>
    <hash type="sha1">{WEAK}</hash>
    <hash type="sha256">{NOW}</hash>
    <hash type="sha512">{NOW512}</hash>
   </verification>
   <mm0:alternates>
    <mm0:alternate>
     <mm0:timestamp>1619000000</mm0:timestamp>
     <size>6280</size>
     <verification><hash type="md5">{"5a" * 16}</hash><hash type="sha256">{BEFORE}</hash></verification>
    </mm0:alternate>
   </mm0:alternates>
   <resources maxconnections="1">
    <url protocol="http" preference="97">http://c.example/9/os/repodata/repomd.xml</url>
    <url protocol="rsync" preference="100">rsync://a.example/9/os/repodata/repomd.xml</url>
    <url protocol="http" preference="100">http://a.example/9/os/repodata/repomd.xml</url>
    <url protocol="https" preference="98">https://b.example/9/os/repodata/repomd.xml</url>
    <url protocol="https" preference="90">https://a.example/9/os/repodata/repomd.xml</url>
   </resources>
  </file>
 </files>
</metalink>
"""


def read(text: str | bytes) -> Metalink:
    return metalink.read(text if isinstance(text, bytes) else text.encode(), WHERE, KNOWN)


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_addresses_are_those_of_the_repository_by_preference() -> None:
    assert read(GOOD).addresses == ("https://a.example/9/os", "https://b.example/9/os", "http://c.example/9/os")


def test_of_equal_preference_https_comes_first() -> None:
    assert read(changed('"97">http://c', '"98">http://c')).addresses[1:] == (
        "https://b.example/9/os", "http://c.example/9/os")


def test_digests_that_count_are_kept_now_and_before_and_the_weak_ones_are_not() -> None:
    found = read(GOOD)
    assert [str(each) for each in found.digests] == [f"sha256:{NOW}", f"sha512:{NOW512}"]
    assert [str(each) for each in found.earlier] == [f"sha256:{BEFORE}"]
    assert found.timestamp == 1619174877


def test_a_metalink_with_weak_digests_alone_has_none() -> None:
    text = changed(f'<hash type="sha256">{NOW}</hash>', "").replace(f'<hash type="sha512">{NOW512}</hash>', "")
    assert read(text).digests == ()


def test_other_files_of_a_metalink_are_not_looked_at() -> None:
    other = f"""<file name="primary.xml"><verification><hash type="sha256">{"00" * 32}</hash></verification>
    <resources><url preference="100">https://evil.example/repodata/repomd.xml</url></resources></file>"""
    assert read(changed('<file name="repomd.xml">', f'{other}<file name="repomd.xml">')) == read(GOOD)


def test_elements_of_another_namespace_are_not_looked_at() -> None:
    other = f'<x:hash xmlns:x="http://other.example/" type="sha256">{"00" * 32}</x:hash>'
    assert read(changed("<verification>", f"<verification>{other}")) == read(GOOD)


def test_an_address_without_a_preference_that_can_be_read_comes_last() -> None:
    for word in ('preference="foobar"', 'preference="-5"', 'preference="101"', ""):
        assert read(changed('protocol="https" preference="98"', word)).addresses[-1] == "https://b.example/9/os"


@pytest.mark.parametrize(("old", "new", "told"), [
    ('name="repomd.xml"', 'name="foo.file"', 'found   files called "foo.file"'),
    ("</file>", '</file><file name="repomd.xml"></file>', "wanted  one: which would be read?"),
    (NOW, NOW[:-1], "not a sha256 digest of 64"),
    ("1619174877", "yesterday", 'found   "yesterday"'),
    ("<files>", "<!DOCTYPE x>\n<files>", "line 4 is not XML"),
    ("<metalink", '<!DOCTYPE metalink [<!ENTITY a "b">]>\n<metalink', "a document type"),
    ("http://www.metalinker.org/", "urn:ietf:params:xml:ns:metalink", "not a metalink"),
    ("</metalink>", "", "is not XML"),
])
def test_a_metalink_that_is_not_in_order_is_refused_with_place_and_both_sides(old: str, new: str, told: str) -> None:
    with pytest.raises(HostileInput) as caught:
        read(changed(old, new))
    assert told in caught.value.message and caught.value.message.startswith(WHERE)


def test_a_metalink_without_an_address_that_can_be_used_is_refused_with_the_first_reason() -> None:
    with pytest.raises(HostileInput) as caught:
        read(GOOD.replace("http://", "ftp://").replace("https://", "ftp://").replace(
            "ftp://www.metalinker.org/", "http://www.metalinker.org/"))
    assert "no mirror in the metalink" in caught.value.message and "tree.url" in caught.value.hint


def test_a_login_page_and_an_endless_metalink_are_named() -> None:
    with pytest.raises(HostileInput, match="HTML where a metalink is due"):
        read("<html><title>Hotel</title></html>")
    with pytest.raises(HostileInput, match="too long for a metalink"):
        read(b" " * (metalink.MAX_BYTES + 1))


REFUSED = {
    "static__metalink__badfilename.xml": 'files called "foo.file"',
    "static__metalink__varsub.xml": "holds $version, which is not known here",
    "test_data__metalinks__metalink_bad_01": '<mm0:timestamp>\n  found   "foo"',
    "test_data__metalinks__metalink_bad_02": "no mirror in the metalink",
}


def test_every_metalink_of_the_corpus_is_read_or_refused_for_a_reason() -> None:
    read_ones: dict[str, Metalink] = {}
    for path in sorted(p for p in (corpus() / "metalink").rglob("*") if p.is_file()):
        data = path.read_bytes().replace(b"{PORT_PLACEHOLDER}", b"44444")
        if path.name in REFUSED:
            with pytest.raises(HostileInput) as caught:
                read(data)
            assert REFUSED[path.name] in caught.value.message
        else:
            read_ones[path.name] = read(data)
    assert len(read_ones) == 9
    assert read_ones["static__metalink__badfirsthost.xml"].addresses == ("http://127.0.0.1:44444/yum/static/01",)
    fedora = read_ones["metalink"]
    assert len(fedora.addresses) == 20 and fedora.timestamp == 1619174877
    assert fedora.digests[0].hex == "4e48e3e6131dd6956141407656318bde5ff226fa07164a015968133feaa154df"
    assert fedora.addresses[1] == "https://ftp.plusline.net/fedora/linux/releases/34/Everything/x86_64/os"


def test_a_variable_of_an_address_is_filled_in() -> None:
    text = changed("https://b.example/9/", "https://b.example/$releasever/")
    assert read(text).addresses == read(GOOD).addresses


@given(st.binary(max_size=300))
def test_any_bytes_are_a_metalink_or_a_refusal(data: bytes) -> None:
    try:
        assert read(data).addresses
    except HostileInput as reason:
        assert reason.message.startswith(WHERE)

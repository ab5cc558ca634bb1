"""mirrorlist.read: the mirrors of a list in their order, and what is no list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import HostileInput
from builder.tree import mirrorlist
from tests.corpus import corpus

WHERE = "https://mirrors.example/mirrorlist"
KNOWN = {"basearch": "x86_64", "releasever": "9"}


def read(text: str | bytes) -> tuple[str, ...]:
    return mirrorlist.read(text if isinstance(text, bytes) else text.encode(), WHERE, KNOWN)


def test_addresses_come_in_the_order_of_the_list_without_comments_and_slashes() -> None:
    assert read("# a list\n\nhttps://b.example/9/os/\r\n  http://a.example/9/os\n#http://no.example/\n") == (
        "https://b.example/9/os", "http://a.example/9/os")


def test_the_architecture_that_almalinux_leaves_open_is_filled_in() -> None:
    assert read("https://a.example/almalinux/$releasever/BaseOS/${basearch}/os/\n") == (
        "https://a.example/almalinux/9/BaseOS/x86_64/os",)


def test_a_mirror_stands_once_and_by_https_where_it_has_it() -> None:
    assert read("http://a.example/os\nhttp://b.example/os\nhttps://a.example/os/\nhttp://b.example/os/\n") == (
        "https://a.example/os", "http://b.example/os")


def test_two_ports_of_one_host_are_two_mirrors() -> None:
    assert len(read("http://a.example:8080/os\nhttp://a.example/os\n")) == 2


@pytest.mark.parametrize("line", ["rsync://a.example/os", "ftp://a.example/os", "http://a.example/$stream/os",
                                  "http://user:word@a.example/os", "xxx://127.0.0.1", "//a.example/os", "/srv/tree",
                                  "http://256.0.0.1/os", "http://a.example/os?x=1", "http://a.example/../os"])
def test_a_line_that_is_no_address_of_ours_is_passed_over(line: str) -> None:
    assert read(f"{line}\nhttps://b.example/os\n") == ("https://b.example/os",)


def test_twenty_mirrors_are_enough() -> None:
    many = [f"https://m{number}.example/os" for number in range(500)]
    assert read("\n".join(many)) == tuple(many[: mirrorlist.MOST])


@pytest.mark.parametrize(("data", "told"), [
    (b"", "empty where a list of mirrors is due"),
    (b"<html><head><title>Log in</title></head></html>", 'an HTML page with the title "Log in"'),
    (b"# Bad Request\n# Repo invalid-9 not found\n", 'only comments: "# Bad Request"'),
    (b"ftp://a.example/os\n", "ftp is not fetched"),
    (b"http://a.example/$stream/os\n", "holds $stream, which is not known here"),
    (b'<?xml version="1.0"?><metalink/>', "if it is a metalink, write it as tree.metalink"),
    (b"\x1f\x8b\x08", "gzip data"),
    (b"https://a.example/os\0\n", "binary data"),
    (b"https://a.example/\xff\n", "not UTF-8"),
    (b"#" * (mirrorlist.MAX_BYTES + 1), "too long for a list of mirrors"),
])
def test_what_names_no_mirror_is_refused_with_its_reason(data: bytes, told: str) -> None:
    with pytest.raises(HostileInput) as caught:
        read(data)
    assert told in f"{caught.value.message} {caught.value.hint}" and WHERE in caught.value.message


def test_every_list_of_the_corpus_is_read() -> None:
    found = {path.name: read(path.read_bytes().replace(b"{PORT_PLACEHOLDER}", b"44444"))
             for path in (corpus() / "mirrorlist").rglob("*") if path.is_file()}
    assert {name: len(each) for name, each in found.items()} == {
        "tests__test_data__mirrorlist": 1, "static__mirrorlist__good_01": 1, "static__mirrorlist__good_02": 1,
        "static__mirrorlist__firsturlhascorruptedfiles": 2, "test_data__repo_yum_02__mirrorlist": 1,
        "test_data__repo_yum_03__mirrorlist": 1, "data__mirrorlist__one404": 2}
    assert found["static__mirrorlist__firsturlhascorruptedfiles"][1] == "http://127.0.0.1:44444/yum/static/01"


@given(st.binary(max_size=200))
def test_any_bytes_are_addresses_or_a_refusal(data: bytes) -> None:
    try:
        assert all(url.startswith(("http://", "https://")) for url in read(data))
    except HostileInput as reason:
        assert reason.message.startswith(WHERE)

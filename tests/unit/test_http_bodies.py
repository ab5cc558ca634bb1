"""Lengths, codings and caps of bodies (N02, N04, N05, N16, N17)."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from builder.digest import Digest, of_bytes
from builder.errors import BytesDiffer, HostileInput, Missing, PinbootError
from tests.unit.faulty import Ask, chunked, endless, head, paused, raw, whole
from tests.unit.fetching import AT, BODY, DIGEST, OTHER, PATH, Bench


@pytest.mark.parametrize("length", [1, 5, len(BODY) - 1])
def test_a_content_length_that_is_too_small_gives_no_short_file(bench: Bench, length: int) -> None:
    bench.server.serve(AT, whole(BODY, extra={"Content-Length": length}, ranges=False))
    with pytest.raises(BytesDiffer):
        bench.fetch(size=len(BODY))
    assert bench.objects() == []


def test_a_content_length_that_is_too_big_does_not_hang_where_the_size_is_known(bench: Bench) -> None:
    bench.server.serve(AT, paused(BODY + b"junk", len(BODY), threading.Event()))
    begun = time.monotonic()
    assert bench.fetch(size=len(BODY)) == BODY
    assert time.monotonic() - begun < 1


def test_a_content_length_that_is_too_big_is_settled_by_the_digest_where_the_size_is_not(bench: Bench) -> None:
    bench.server.serve(AT, whole(BODY, extra={"Content-Length": len(BODY) + 5}, ranges=False))
    assert bench.fetch(read_timeout=0.3) == BODY
    assert bench.pauses == []
    with pytest.raises(Missing, match="does not answer in time"):
        bench.source(read_timeout=0.3, tries=2).fetch(PATH, kind="kernel", fresh=True)


@pytest.mark.parametrize("lengths", ["{0}, {0}", "{0}\r\nContent-Length: {0}"])
def test_a_content_length_that_is_doubled_but_agrees_works(bench: Bench, lengths: str) -> None:
    told = f"HTTP/1.1 200 OK\r\nContent-Length: {lengths.format(len(BODY))}\r\n\r\n"
    bench.server.serve(AT, raw(told.encode() + BODY))
    assert bench.fetch(expected=None) == BODY


def test_content_lengths_that_contradict_each_other_are_an_error(bench: Bench) -> None:
    bench.server.serve(AT, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde"))
    with pytest.raises(Missing, match="Content-Length"):
        bench.fetch(expected=None)


def test_junk_after_the_file_does_not_reach_the_next_answer(bench: Bench) -> None:
    def junk(ask: Ask, connection: Any) -> bool:
        smuggled = head(200, {"Content-Length": 3}) + b"bad"
        connection.sendall(head(200, {"Content-Length": len(BODY)}) + BODY + smuggled)
        return True

    bench.server.serve(AT, junk)
    bench.server.serve("/9/images/pxeboot/initrd.img", whole(OTHER))
    assert bench.fetch() == BODY
    assert bench.fetch("images/pxeboot/initrd.img", kind="initrd", expected=of_bytes(OTHER)) == OTHER


@pytest.mark.parametrize("end", [b"", b"zz\r\n", b"100\r\nshort", b"0", b"-5\r\n"])
def test_a_broken_chunked_body_gives_no_file(bench: Bench, end: bytes) -> None:
    bench.server.serve(AT, chunked([BODY[:5000]], end=end))
    with pytest.raises(PinbootError):
        bench.fetch(size=len(BODY))
    with pytest.raises(Missing):
        bench.source().fetch(PATH, kind="kernel", fresh=True)
    assert bench.objects() == []


def test_a_chunked_body_that_ends_early_but_well_formed_is_of_the_wrong_size(bench: Bench) -> None:
    bench.server.serve(AT, chunked([BODY[:5000]]))
    with pytest.raises(BytesDiffer, match=f"expected  {len(BODY)} bytes\n  found     5000"):
        bench.fetch(size=len(BODY))


def test_the_whole_chunks_before_a_cut_are_kept(bench: Bench) -> None:
    bench.server.serve(AT, chunked([BODY[:5000], BODY[5000:6000]], end=b"1000\r\nabc"), whole(BODY))
    assert bench.fetch() == BODY
    assert bench.ranges() == ["", "bytes=6000-"]


@pytest.mark.parametrize(("start", "flood", "said"), [
    (b"5;", b"a" * 60_000, "got more than 65536 bytes when reading chunk size"),
    (b"0\r\n", b"X: y\r\n" * 9000, "far more bytes came than the file can have"),
    (b"", b"1;" + b"a" * 9000 + b"\r\nx\r\n", "far more bytes came than the file can have"),
])
def test_chunk_extensions_and_trailers_without_end_are_stopped(bench: Bench, start: bytes, flood: bytes, said: str) -> None:
    first = head(200, {"Transfer-Encoding": "chunked"}) + b"5\r\nabcde\r\n"
    bench.server.serve("/9/.treeinfo", endless(first + start, flood))
    with pytest.raises(Missing, match=said):
        bench.source(tries=1).read(".treeinfo", 10_000)


def test_an_empty_file_is_refused_where_nothing_else_tells(bench: Bench) -> None:
    bench.server.serve(AT, whole(b""))
    with pytest.raises(Missing, match="an empty file came"):
        bench.fetch(expected=None)


def test_wrong_bytes_are_an_error_at_once_with_both_digests(bench: Bench) -> None:
    bench.server.serve(AT, whole(OTHER))
    with pytest.raises(BytesDiffer) as caught:
        bench.fetch()
    assert caught.value.message == (f"{bench.server.url}{AT}: not the bytes that were asked for\n  expected  {DIGEST}\n"
                                    f"  found     {of_bytes(OTHER)} ({len(OTHER)} bytes)")
    assert len(bench.server.log) == 1
    assert not [path for path in bench.store.root.rglob("*") if path.is_file() and path.stat().st_size > 1000]


@pytest.mark.parametrize("coding", ["gzip", "br", "x-gzip", "gzip, identity", "deflate"])
@pytest.mark.parametrize("expected", [DIGEST, None])
def test_a_coded_body_is_refused(bench: Bench, coding: str, expected: Digest | None) -> None:
    bench.server.serve(AT, whole(BODY, extra={"Content-Encoding": coding}))
    with pytest.raises(Missing, match="the body is coded") as caught:
        bench.fetch(expected=expected)
    assert "proxy" in caught.value.hint
    assert len(bench.server.log) == 1


def test_a_coding_of_the_transfer_is_refused(bench: Bench) -> None:
    bench.server.serve(AT, raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
    with pytest.raises(Missing, match="the body is coded"):
        bench.fetch()


def test_a_stored_gz_file_that_is_labelled_gzip_is_the_file_its_digest_says(bench: Bench) -> None:
    path = "repodata/primary.xml.gz"
    bench.server.serve(f"/9/{path}", whole(BODY, extra={"Content-Encoding": "x-gzip"}))
    assert bench.fetch(path, kind="primary") == BODY
    with pytest.raises(Missing, match="the body is coded"):
        bench.source().fetch(path, kind="primary", fresh=True)


def test_a_length_beyond_the_cap_is_refused_before_a_byte_is_read(bench: Bench) -> None:
    bench.server.serve(AT, raw(head(200, {"Content-Length": 1 << 50})))
    with pytest.raises(HostileInput, match="cap: 268435456 bytes"):
        bench.fetch(expected=None)


def test_a_body_without_end_stops_at_the_cap(bench: Bench) -> None:
    bench.server.serve("/9/.discinfo", endless(b"HTTP/1.1 200 OK\r\n\r\n", bytes(10_000)))
    with pytest.raises(HostileInput, match="cap: 65536 bytes"):
        bench.fetch(".discinfo", kind="discinfo", expected=None)
    with pytest.raises(HostileInput, match="cap: 65536 bytes"):
        bench.source().read(".discinfo", 65536)


def test_a_known_size_above_the_cap_is_refused_unasked(bench: Bench) -> None:
    with pytest.raises(HostileInput):
        bench.fetch(size=1 << 40)
    assert bench.server.log == []


@pytest.mark.parametrize(("first", "block", "said"), [
    (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, "the head of the answer is over 256 KiB"),
    (b"HTTP/1.1 200 OK\r\n", b"X-Header: y\r\n" * 90, "got more than 100 headers"),
    (b"HTTP/1.1 200 OK\r\n", b"a" * 60_000, "got more than 65536 bytes when reading header line"),
])
def test_a_head_without_end_is_stopped(bench: Bench, first: bytes, block: bytes, said: str) -> None:
    bench.server.serve(AT, endless(first, block))
    with pytest.raises(Missing, match=said):
        bench.fetch(tries=2, read_timeout=30)

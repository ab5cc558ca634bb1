"""Files over HTTP from a server that breaks every promise: the right bytes, or one clear error."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.digest import Digest, of_bytes
from builder.errors import BytesDiffer, HostileInput, Missing, NotFound, PinbootError, UsageError
from builder.fetch.mirrors import Mirrors
from builder.fetch.source import Source, open_source
from builder.fetch.store.objects import Store
from builder.fetch.web import headers
from builder.fetch.web.session import Options
from builder.progress import Meter, Silent, SilentMeter
from tests.corpus import ROOT, corpus
from tests.tool.tools import need
from tests.unit.faulty import (
    Ask,
    Faulty,
    chunked,
    cut,
    endless,
    head,
    paused,
    raw,
    redirect,
    silent,
    stalled,
    status,
    trickle,
    whole,
)

BODY = hashlib.shake_256(b"a kernel").digest(300_000)
DIGEST = of_bytes(BODY)
OTHER = hashlib.shake_256(b"another kernel").digest(len(BODY))
PATH = "images/pxeboot/vmlinuz"
AT = f"/9/{PATH}"
PORTAL = b"\n<!DOCTYPE html>\n<html><head><title>Hotel Wi-Fi</title></head><body>Please log in</body></html>"


class Told(Silent):
    """Keeps what was said and how far each meter came."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.advanced: list[int] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    def start(self, what: str, total: int | None = None, unit: str = "B") -> Meter:
        told = self

        class Counting(SilentMeter):
            def advance(self, count: int) -> None:
                told.advanced.append(count)

        return Counting()


class Bench:
    """A server, a store and a source over them whose pauses are noted and not slept."""

    def __init__(self, server: Faulty, store: Store) -> None:
        self.server = server
        self.store = store
        self.told = Told()
        self.pauses: list[float] = []

    def source(self, tree: str = "/9", **options: Any) -> Source:
        quick: dict[str, Any] = {"connect_timeout": 2.0, "read_timeout": 2.0, "pause": self.pauses.append}
        return open_source(self.server.url + tree, store=self.store, progress=self.told,
                           options=Options(**quick | options))

    def fetch(self, path: str = PATH, *, expected: Digest | None = DIGEST, size: int | None = None,
              kind: str = "kernel", **options: Any) -> bytes:
        fetched = self.source(**options).fetch(path, kind=kind, expected=expected, size=size)
        with self.store.open(fetched.digest) as stream:
            return stream.read()

    def objects(self) -> list[str]:
        return [path.name for path in self.store.root.glob("objects/sha256/*/*")]

    def ranges(self) -> list[str]:
        return [ask.headers.get("range", "") for ask in self.server.asked(AT)]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server() -> Iterator[Faulty]:
    with Faulty() as running:
        yield running


@pytest.fixture
def bench(server: Faulty, tmp_path: Path) -> Bench:
    return Bench(server, Store(tmp_path / "store"))


# What works


def test_a_file_is_fetched_once_and_then_comes_from_the_store(bench: Bench) -> None:
    bench.server.serve(AT, whole(BODY))
    assert bench.fetch(size=len(BODY)) == BODY
    assert bench.fetch(size=len(BODY)) == BODY
    assert len(bench.server.log) == 1


def test_a_fresh_fetch_asks_the_server_even_where_the_store_has_the_bytes(bench: Bench) -> None:
    bench.server.serve(AT, whole(BODY), whole(OTHER))
    assert bench.fetch() == BODY
    with pytest.raises(BytesDiffer):
        bench.source().fetch(PATH, kind="kernel", expected=DIGEST, fresh=True)
    assert bench.store.verified(DIGEST, len(BODY), bench.told)


def test_a_damaged_object_is_fetched_again(bench: Bench) -> None:
    bench.server.serve(AT, whole(BODY))
    bench.fetch()
    bench.store.path(DIGEST).chmod(0o644)
    bench.store.path(DIGEST).write_bytes(OTHER)
    assert bench.fetch() == BODY
    assert "moved to" in bench.told.lines[0]


def test_what_fetched_says_is_the_digest_the_size_and_the_url_that_answered(bench: Bench) -> None:
    bench.server.serve(AT, redirect("/pool/vmlinuz"))
    url = bench.server.serve("/pool/vmlinuz", whole(BODY))
    fetched = bench.source().fetch(PATH, kind="kernel")
    assert (fetched.digest, fetched.size, fetched.url) == (DIGEST, len(BODY), url)


def test_the_meter_counts_every_byte_once_even_over_a_restart(bench: Bench) -> None:
    bench.server.serve(AT, cut(BODY, 200_000, ranges=False), whole(BODY, ranges=False))
    bench.fetch()
    assert sum(bench.told.advanced) == len(BODY)


def test_requests_ask_for_identity_and_carry_no_secret_of_netrc(bench: Bench, tmp_path: Path,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login admin password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    bench.server.serve(AT, whole(BODY, extra={"Set-Cookie": "session=1; Path=/"}))
    bench.fetch()
    bench.source().fetch(PATH, kind="kernel", fresh=True)
    assert [set(ask.headers) for ask in bench.server.log] == [{"host", "user-agent", "accept", "accept-encoding"}] * 2
    assert bench.server.log[0].headers["accept-encoding"] == "identity"


def test_many_files_use_one_connection(bench: Bench) -> None:
    ports = set()

    def note(ask: Ask, connection: Any) -> bool:
        ports.add(connection.getpeername()[1])
        return whole(BODY)(ask, connection)

    for number in range(5):
        bench.server.serve(f"/9/Packages/{number}.rpm", note)
        bench.fetch(f"Packages/{number}.rpm", kind="rpm", expected=None)
    bench.server.serve("/9/.treeinfo", note)
    bench.source("/9").read(".treeinfo", 1 << 20)
    bench.source("/9").size(".treeinfo")
    with pytest.raises(NotFound):
        bench.source("/9").read("nothing", 1 << 20)
    bench.source("/9").read(".treeinfo", 1 << 20)
    assert len(ports) == 1


@pytest.mark.parametrize("digest_known", [True, False])
def test_chunked_bodies_and_bodies_without_a_length_work(bench: Bench, digest_known: bool) -> None:
    expected = DIGEST if digest_known else None
    bench.server.serve(AT, chunked([BODY[:7], BODY[7:100_000], BODY[100_000:]]))
    bench.server.serve(f"{AT}.2", raw(b"HTTP/1.1 200 OK\r\n\r\n" + BODY))
    assert bench.fetch(expected=expected) == BODY
    assert bench.source().fetch(f"{PATH}.2", kind="kernel", expected=expected, fresh=True).digest == DIGEST


@pytest.mark.parametrize("kind", ["text/html", "application/x-troff-man", "", "x" * 2000])
def test_an_odd_content_type_is_no_evidence(bench: Bench, kind: str) -> None:
    bench.server.serve(AT, whole(BODY, extra={"Content-Type": kind}))
    assert bench.fetch(expected=None) == BODY


def test_a_content_disposition_names_nothing(bench: Bench) -> None:
    bench.server.serve(AT, whole(BODY, extra={"Content-Disposition": 'attachment; filename="../../evil"'}))
    bench.fetch()
    assert bench.objects() == [DIGEST.hex[2:]]
    assert not list(bench.store.root.parent.rglob("evil"))


def test_a_real_treeinfo_is_read_as_it_is(bench: Bench) -> None:
    data = next(iter(sorted(corpus().glob("treeinfo/**/*.treeinfo")))).read_bytes()
    bench.server.serve("/9/.treeinfo", whole(data))
    assert bench.source().read(".treeinfo", 1 << 20) == data


def test_a_size_is_told_by_head(bench: Bench) -> None:
    bench.server.serve(AT, whole(BODY))
    assert bench.source().size(PATH) == len(BODY)
    assert bench.server.log[0].method == "HEAD"


@pytest.mark.parametrize("behaviour", [status(405), chunked([]), whole(BODY, extra={"Content-Encoding": "gzip"})])
def test_a_head_that_does_not_tell_is_no_size(bench: Bench, behaviour: Any) -> None:
    bench.server.serve(AT, behaviour)
    assert bench.source().size(PATH) is None


# Cuts, resumes (N01-N03, N10-N12)


@pytest.mark.parametrize("after", [0, 1, len(BODY) // 2, len(BODY) - 1])
@pytest.mark.parametrize("reset", [True, False])
def test_a_cut_is_resumed_where_it_happened(bench: Bench, after: int, reset: bool) -> None:
    bench.server.serve(AT, cut(BODY, after, etag='"v1"', reset=reset), whole(BODY, etag='"v1"'))
    assert bench.fetch(expected=None) == BODY
    first, second = bench.server.asked(AT)
    assert "range" not in first.headers
    if after:
        assert (second.headers["range"], second.headers["if-range"]) == (f"bytes={after}-", '"v1"')


def test_a_server_that_never_finishes_is_given_up_after_a_bounded_count(bench: Bench) -> None:
    bench.server.serve(AT, cut(BODY, 1000))
    with pytest.raises(Missing) as caught:
        bench.fetch()
    left = len(BODY) - 4000
    assert caught.value.message == (f"{bench.server.url}{AT}: the answer broke off after 1000 of {left} bytes"
                                    " (tried 5 times)")
    assert bench.ranges() == ["", "bytes=1000-", "bytes=2000-", "bytes=3000-", "bytes=4000-"]
    assert len(bench.pauses) == 4
    assert bench.objects() == []


def test_the_next_run_goes_on_where_the_last_one_gave_up(bench: Bench) -> None:
    bench.server.serve(AT, cut(BODY, 1000))
    with pytest.raises(Missing):
        bench.fetch(tries=1)
    bench.server.serve(AT, whole(BODY))
    assert bench.fetch() == BODY
    assert bench.ranges() == ["", "bytes=1000-"]


def test_progress_of_a_mebibyte_makes_patience_anew(bench: Bench) -> None:
    long = BODY * 30
    bench.server.serve(AT, *[cut(long, 1_100_000)] * 8, whole(long))
    assert bench.fetch(expected=of_bytes(long), tries=2) == long


def test_a_server_without_validators_still_resumes_when_a_digest_is_known(bench: Bench) -> None:
    bench.server.serve(AT, cut(BODY, 1000), whole(BODY))
    assert bench.fetch() == BODY
    assert bench.ranges() == ["", "bytes=1000-"]
    assert "if-range" not in bench.server.log[1].headers


@pytest.mark.parametrize("etag", ["", 'W/"weak"', "unquoted", '"a"b"'])
def test_without_a_digest_and_a_strong_etag_a_cut_file_is_begun_anew(bench: Bench, etag: str) -> None:
    bench.server.serve(AT, cut(BODY, 1000, etag=etag), whole(OTHER, etag=etag))
    assert bench.fetch(expected=None) == OTHER
    assert bench.ranges() == ["", ""]


@pytest.mark.parametrize("expected", [None, of_bytes(OTHER)])
def test_a_file_that_was_replaced_between_the_halves_is_begun_anew(bench: Bench, expected: Digest | None) -> None:
    bench.server.serve(AT, cut(BODY, 1000, etag='"v1"'), whole(OTHER, etag='"v2"'))
    assert bench.fetch(expected=expected) == OTHER


def test_a_replaced_file_behind_no_etag_is_noticed_by_its_digest_and_begun_anew_once(bench: Bench) -> None:
    bench.server.serve(AT, cut(OTHER, 1000), whole(BODY))
    assert bench.fetch() == BODY
    assert bench.ranges() == ["", "bytes=1000-", ""]


def test_a_file_that_stays_wrong_after_the_new_beginning_is_an_error(bench: Bench) -> None:
    bench.server.serve(AT, cut(OTHER, 1000), whole(OTHER))
    with pytest.raises(BytesDiffer):
        bench.fetch()
    assert bench.ranges() == ["", "bytes=1000-", ""]
    assert not list(bench.store.root.glob("partial/*"))


def test_etags_that_change_with_every_answer_do_not_stop_the_build(bench: Bench) -> None:
    row = [cut(BODY, 100_000, etag=f'"{number}"') for number in range(3)]
    bench.server.serve(AT, *row, whole(BODY, etag='"last"'))
    assert bench.fetch() == BODY
    assert bench.ranges() == ["", "bytes=100000-", "bytes=100000-", "bytes=200000-"]


def test_200_in_place_of_206_is_taken_from_its_start(bench: Bench) -> None:
    bench.server.serve(AT, cut(BODY, 1000, etag='"v1"', ranges=False), whole(BODY, etag='"v1"', ranges=False))
    assert bench.fetch() == BODY
    assert bench.ranges() == ["", "bytes=1000-"]


def test_416_begins_anew(bench: Bench) -> None:
    bench.server.serve(AT, cut(BODY, 1000), status(416), whole(BODY))
    assert bench.fetch() == BODY
    assert bench.ranges() == ["", "bytes=1000-", ""]


def wrong_206(told: str, body: bytes) -> Any:
    return raw(head(206, {"Content-Range": told, "Content-Length": len(body)}) + body)


@pytest.mark.parametrize("answer", [
    wrong_206(f"bytes 0-{len(BODY) - 1}/{len(BODY)}", BODY),
    wrong_206(f"bytes 999-{len(BODY) - 1}/{len(BODY)}", BODY[999:]),
    wrong_206(f"bytes 1000-1999/{len(BODY)}", BODY[1000:2000]),
    wrong_206("bytes 1000-1999/2000", BODY[1000:2000]),
    wrong_206(f"bytes 1000-{len(BODY) - 1}/{len(BODY) + 5}", BODY[1000:]),
    raw(head(206, {"Content-Range": f"bytes 999-{len(BODY) - 1}/{len(BODY)}"}) + BODY[999:]),
    wrong_206(f"bytes 1000-{len(BODY)}/{len(BODY) + 1}", BODY[1000:] + b"x"),
    wrong_206("bytes 1000-1999/*", BODY[1000:2000]),
    wrong_206(f"bytes 1000-{len(BODY) - 1}/{len(BODY)}", BODY[1000:-1]),
    wrong_206("nonsense", BODY[1000:]),
    raw(head(206, {"Content-Length": len(BODY) - 1001}) + BODY[1001:]),
    raw(head(206, {"Content-Type": "multipart/byteranges; boundary=x", "Content-Length": 3}) + b"--x"),
])
@pytest.mark.parametrize("expected", [DIGEST, None])
def test_a_206_of_another_range_is_never_appended(bench: Bench, answer: Any, expected: Digest | None) -> None:
    bench.server.serve(AT, cut(BODY, 1000, etag='"v1"'), answer, whole(BODY, etag='"v1"'))
    assert bench.fetch(expected=expected) == BODY
    assert bench.ranges() == ["", "bytes=1000-", ""]


def test_a_206_of_shifted_bytes_is_found_by_the_digest(bench: Bench) -> None:
    bench.server.serve(AT, cut(BODY, 1000), wrong_206(f"bytes 1000-{len(BODY) - 1}/*", BODY[1001:] + b"x"), whole(BODY))
    assert bench.fetch() == BODY
    assert bench.ranges() == ["", "bytes=1000-", ""]


def test_a_206_that_nobody_asked_for_is_refused(bench: Bench) -> None:
    bench.server.serve(AT, wrong_206(f"bytes 0-{len(BODY) - 1}/{len(BODY)}", BODY))
    with pytest.raises(Missing, match="another range"):
        bench.fetch()


def test_a_partial_file_torn_by_a_power_cut_is_begun_anew(bench: Bench) -> None:
    bench.server.serve(AT, cut(BODY, 100_000))
    with pytest.raises(Missing):
        bench.fetch(tries=1)
    partial, = (path for path in bench.store.root.glob("partial/*") if path.suffix != ".json")
    partial.write_bytes(BODY[:50_000] + bytes(50_000))
    bench.server.serve(AT, whole(BODY))
    assert bench.fetch() == BODY
    assert bench.ranges() == ["", "bytes=100000-", ""]


@pytest.mark.parametrize("nonsense", [
    b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 \r\n\r\n", b"HTTP/1.1 200 OK\r\nbroken",
    b"HTTP/1.1 200 OK\r\nDate: x\r\n", b"\x00" * 5000, b"HTTP/9.9 200 OK\r\n\r\n", b"<html>",
    b"HTTP/1.1 99999 \r\n\r\n",
])
def test_nonsense_before_the_head_is_tried_again_and_then_named_on_one_line(bench: Bench, nonsense: bytes) -> None:
    bench.server.serve(AT, raw(nonsense), whole(BODY))
    assert bench.fetch() == BODY
    bench.server.serve(AT, raw(nonsense))
    with pytest.raises(Missing) as caught:
        bench.source().fetch(PATH, kind="kernel", fresh=True)
    assert caught.value.message.startswith(f"{bench.server.url}{AT}: ")
    assert "tried 5 times" in caught.value.message
    assert caught.value.message.isprintable()


# Lengths, codings, caps (N02, N04, N05, N16, N17)


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


# Time (N06-N08)


@pytest.mark.parametrize("after", [0, 1000])
def test_a_stall_ends_by_the_read_timeout_and_is_resumed(bench: Bench, after: int) -> None:
    release = threading.Event()
    bench.server.serve(AT, stalled(BODY, after, release), whole(BODY))
    assert bench.fetch(read_timeout=0.2) == BODY
    release.set()
    assert bench.ranges() == ["", f"bytes={after}-" if after else ""]


def test_silence_before_the_head_is_named(bench: Bench) -> None:
    release = threading.Event()
    bench.server.serve(AT, silent(release))
    with pytest.raises(Missing, match=r":[0-9]+ does not answer in time: nothing came for 0\.2 s \(tried 2 times\)"):
        bench.fetch(read_timeout=0.2, tries=2)
    release.set()


def test_a_head_that_trickles_in_is_ended_by_a_deadline_for_the_whole(bench: Bench) -> None:
    bench.server.serve(AT, trickle(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1000, 0.02))
    begun = time.monotonic()
    with pytest.raises(Missing, match=r"the head of the answer took over 0\.2 s"):
        bench.fetch(read_timeout=0.2, tries=1)
    assert time.monotonic() - begun < 2


def test_a_body_that_trickles_in_is_ended_by_the_low_speed_floor(bench: Bench) -> None:
    bench.server.serve(AT, trickle(head(200, {"Content-Length": len(BODY)}) + BODY, 0.005))
    with pytest.raises(Missing, match=r"under 1000 bytes a second for 0\.3 s"):
        bench.fetch(read_timeout=2, slow_window=0.3, tries=1)


def test_a_body_above_the_floor_may_take_its_time(bench: Bench) -> None:
    bench.server.serve(AT, chunked([BODY]), whole(BODY))
    assert bench.fetch(slow_window=0.0, slow_floor=1.0) == BODY


def test_overload_is_waited_out_as_long_as_the_server_asks(bench: Bench) -> None:
    now = {"Date": "Tue, 07 Jul 2026 10:00:00 GMT"}
    bench.server.serve(AT, status(503, {"Retry-After": "7"}), status(429, {"Retry-After": "100000"}),
                       status(503, now | {"Retry-After": "Tue, 07 Jul 2026 10:00:30 GMT"}), status(500), whole(BODY))
    assert bench.fetch() == BODY
    assert bench.pauses[:3] == [7.0, 60.0, 30.0]
    assert 2.0 <= bench.pauses[3] <= 4.0
    assert bench.told.lines[0] == f"{PATH}: the server answered 503 Whatever; trying again in 7.0 s (2 of 5)"


def test_new_tries_for_a_small_text_are_said_too(bench: Bench) -> None:
    bench.server.serve("/9/.treeinfo", status(503, {"Retry-After": "7"}), whole(b"[general]"))
    assert bench.source().read(".treeinfo", 100) == b"[general]"
    assert bench.told.lines == [".treeinfo: the server answered 503 Whatever; trying again in 7.0 s (2 of 5)"]
    assert bench.told.advanced == []


def test_overload_without_end_is_an_error_with_the_code(bench: Bench) -> None:
    bench.server.serve(AT, status(502))
    with pytest.raises(Missing, match=r"the server answered 502 Whatever \(tried 5 times\)"):
        bench.fetch()
    assert [round(pause, 1) for pause in bench.pauses] == sorted(round(pause, 1) for pause in bench.pauses)


# Answers that are final (N09, N14)


@pytest.mark.parametrize("code", [403, 404, 410])
def test_absence_is_final_at_once_and_names_code_and_url(bench: Bench, code: int) -> None:
    bench.server.serve(AT, status(code, body=b"<html>not here</html>"))
    for ask in (bench.fetch, lambda: bench.source().read(PATH, 100), lambda: bench.source().size(PATH)):
        with pytest.raises(NotFound) as caught:
            ask()
        assert caught.value.message == f"{bench.server.url}{AT}: the server answered {code} Whatever"
    assert len(bench.server.log) == 3


@pytest.mark.parametrize("code", [201, 204, 205, 300, 304, 400, 401, 407, 418, 451])
def test_other_answers_are_final_and_no_file(bench: Bench, code: int) -> None:
    bench.server.serve(AT, status(code))
    with pytest.raises(Missing, match=f"the server answered {code}") as caught:
        bench.fetch()
    assert not isinstance(caught.value, NotFound)
    assert len(bench.server.log) == 1


def test_an_html_page_in_place_of_a_file_is_named(bench: Bench) -> None:
    bench.server.serve(AT, whole(PORTAL))
    bench.server.serve("/9/.treeinfo", whole(PORTAL, extra={"Content-Type": "text/plain"}))
    with pytest.raises(Missing, match="got an HTML page where this file is due; a login page"):
        bench.source().read(".treeinfo", 1 << 20)
    with pytest.raises(Missing, match="got an HTML page"):
        bench.fetch(expected=None)
    with pytest.raises(BytesDiffer, match="it is an HTML page; a login page"):
        bench.fetch()
    assert bench.objects() == []


# Redirects (N18-N22)


def test_five_redirects_are_followed_and_six_are_not(bench: Bench) -> None:
    for number, code in enumerate((301, 302, 303, 307, 308, 302)):
        bench.server.serve(f"/hop/{number}", redirect(f"/hop/{number + 1}", code))
    bench.server.serve("/hop/6", whole(BODY))
    assert bench.source("/hop").fetch("1", kind="kernel", expected=DIGEST).size == len(BODY)
    with pytest.raises(Missing, match="more than 5 redirects"):
        bench.source("/hop").fetch("0", kind="kernel", fresh=True)


def test_a_redirect_to_another_host_works_and_carries_the_range_but_no_cookie(bench: Bench) -> None:
    with Faulty() as other:
        target = other.serve("/pool/vmlinuz", cut(BODY, 1000, etag='"v1"'), whole(BODY, etag='"v1"'))
        bench.server.serve(AT, status(302, {"Location": target, "Set-Cookie": "a=b"}))
        assert bench.fetch(expected=None) == BODY
        assert other.log[1].headers["range"] == "bytes=1000-"
        assert not [ask for ask in other.log + bench.server.log if "cookie" in ask.headers]


@pytest.mark.parametrize("location", [
    "file:///etc/passwd", "ftp://mirror.example/x", "http:///x", "//", "javascript:alert(1)", "http:x", "http://a b/",
    "http://user:secret@127.0.0.1/", "http://host\\@127.0.0.1/", "http://x/é", "http://127.0.0.1:99999/", "http://-bad-/",
    "/ok\r\n /evil", "",
])
def test_a_redirect_to_no_plain_http_place_is_refused(bench: Bench, location: str) -> None:
    bench.server.serve(AT, redirect(location))
    with pytest.raises(PinbootError) as caught:
        bench.fetch()
    if location:
        assert isinstance(caught.value, HostileInput)
        assert caught.value.message.startswith(f"{bench.server.url}{AT}: the server redirects to")
    assert caught.value.message.isprintable()
    assert "secret" not in caught.value.message
    assert len(bench.server.log) == (1 if location else len(bench.server.log))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run([need("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=pinboot test", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


def tls_server(certificate: tuple[Path, Path]) -> Faulty:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return Faulty(tls=context)


def test_tls_is_checked_and_a_private_authority_is_taken_by_option(certificate: tuple[Path, Path],
                                                                   tmp_path: Path) -> None:
    with tls_server(certificate) as server:
        bench = Bench(server, Store(tmp_path / "store"))
        server.serve(AT, cut(BODY, 1000), whole(BODY))
        with pytest.raises(Missing) as caught:
            bench.fetch()
        assert caught.value.message == (f"{server.url}{AT}: TLS: the certificate of 127.0.0.1 is refused: "
                                        "self-signed certificate")
        assert "clock" in caught.value.hint
        assert "--ca-file" in caught.value.hint
        assert bench.fetch(ca_file=str(certificate[0])) == BODY


def test_a_certificate_for_another_name_is_refused(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    with tls_server(certificate) as server:
        source = open_source(f"https://localhost:{server.port}/9", store=Store(tmp_path), progress=Silent(),
                             options=Options(ca_file=str(certificate[0]), pause=lambda seconds: None))
        with pytest.raises(Missing, match="the certificate of localhost is refused: Hostname mismatch"):
            source.read(".treeinfo", 100)


def test_a_redirect_from_https_to_http_is_refused(certificate: tuple[Path, Path], bench: Bench, tmp_path: Path) -> None:
    with tls_server(certificate) as secure:
        secure.serve(AT, redirect(bench.server.serve(AT, whole(BODY))))
        with pytest.raises(HostileInput, match="from https to plain http"):
            Bench(secure, Store(tmp_path / "other")).fetch(ca_file=str(certificate[0]))
    assert bench.server.log == []


def test_a_ca_file_that_is_not_there_is_a_usage_error(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such CA file"):
        bench.source(ca_file=str(tmp_path / "none.pem"))


# Hosts and proxies (N24, N25)


@pytest.mark.parametrize(("code", "said", "tries"), [
    (socket.EAI_NONAME, "Name or service not known", ""),
    (socket.EAI_AGAIN, "Temporary failure in name resolution", " (tried 5 times)"),
])
def test_a_name_that_does_not_resolve_is_named_and_only_a_passing_failure_tried_again(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, said: str, tries: str) -> None:
    def resolver(*asked: object) -> None:
        raise socket.gaierror(code, said)

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    source = open_source("http://mirror.example/9", store=Store(tmp_path), progress=Silent(),
                         options=Options(pause=lambda seconds: None))
    with pytest.raises(Missing) as caught:
        source.read(".treeinfo", 100)
    assert caught.value.message == ("http://mirror.example/9/.treeinfo: the host name mirror.example does not resolve: "
                                    f"{said}{tries}")
    assert "DNS" in caught.value.hint


def test_the_next_address_of_a_host_is_tried_where_the_first_is_dead(bench: Bench,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    with Faulty() as gone:
        pass
    real = socket.getaddrinfo("127.0.0.1", bench.server.port, type=socket.SOCK_STREAM)
    dead = socket.getaddrinfo("127.0.0.1", gone.port, type=socket.SOCK_STREAM)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked: dead + real)
    bench.server.serve("/9/.treeinfo", whole(b"[general]"))
    source = open_source("http://mirror.example/9", store=bench.store, progress=Silent(), options=Options(tries=1))
    assert source.read(".treeinfo", 100) == b"[general]"


def test_a_refused_connection_is_tried_again_and_names_host_and_port(tmp_path: Path) -> None:
    pauses: list[float] = []
    with Faulty() as gone:
        pass
    source = open_source(gone.url, store=Store(tmp_path), progress=Silent(), options=Options(pause=pauses.append))
    with pytest.raises(Missing, match=f"127.0.0.1:{gone.port} refuses the connection"):
        source.read(".treeinfo", 100)
    assert len(pauses) == 4


def test_the_proxy_of_the_environment_is_used_and_no_proxy_is_obeyed(bench: Bench, monkeypatch: pytest.MonkeyPatch,
                                                                     tmp_path: Path) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:hunter2@127.0.0.1:{bench.server.port}")
    monkeypatch.setenv("no_proxy", "inside.example,127.0.0.1")
    url = "http://mirror.example/9/.treeinfo"
    bench.server.serve(url, whole(b"[general]"), status(407))
    bench.server.serve("/9/.treeinfo", whole(b"[direct]"))
    options = Options(pause=lambda seconds: None, connect_timeout=3)
    source = open_source("http://mirror.example/9", store=Store(tmp_path), progress=Silent(), options=options)
    assert source.read(".treeinfo", 100) == b"[general]"
    assert bench.server.log[0].headers["proxy-authorization"].startswith("Basic ")
    assert bench.source(connect_timeout=3).read(".treeinfo", 100) == b"[direct]"
    with pytest.raises(Missing, match="407 Whatever: the proxy wants a password"):
        source.read(".treeinfo", 100)


def test_a_proxy_that_refuses_the_tunnel_is_named_without_its_password(bench: Bench, monkeypatch: pytest.MonkeyPatch,
                                                                       tmp_path: Path) -> None:
    monkeypatch.setenv("https_proxy", f"http://user:hunter2@127.0.0.1:{bench.server.port}")
    bench.server.serve("mirror.example:443", status(407))
    options = Options(pause=lambda seconds: None, connect_timeout=4)
    source = open_source("https://mirror.example/9", store=Store(tmp_path), progress=Silent(), options=options)
    with pytest.raises(Missing, match=r"the proxy does not serve: .*407") as caught:
        source.read(".treeinfo", 100)
    assert "hunter2" not in caught.value.message
    assert len(bench.server.log) == 1


# Mirrors (N13, N27)


def mirrors(bench: Bench, *servers: Faulty) -> Mirrors:
    options = Options(connect_timeout=2, read_timeout=2, tries=2, pause=bench.pauses.append)
    return Mirrors([open_source(f"{server.url}/9", store=bench.store, progress=bench.told, options=options)
                    for server in servers], progress=bench.told)


def test_the_next_mirror_is_asked_where_one_gives_wrong_bytes_and_it_is_said_which(bench: Bench) -> None:
    with Faulty() as good:
        bench.server.serve(AT, whole(OTHER))
        good.serve(AT, whole(BODY))
        pool = mirrors(bench, bench.server, good)
        assert pool.fetch(PATH, kind="kernel", expected=DIGEST).url == good.url + AT
        bad = f"{bench.server.url}/9"
        assert bench.told.lines == [f"mirror {bad}: {bad}/{PATH}: not the bytes that were asked for; "
                                    f"expected {DIGEST}; found {of_bytes(OTHER)} ({len(OTHER)} bytes); "
                                    f"trying {good.url}/9"]
        assert [url for url, _ in pool.failures] == [f"{bench.server.url}/9"]


def test_a_mirror_that_failed_is_asked_last_from_then_on(bench: Bench) -> None:
    with Faulty() as good:
        bench.server.serve("/9/.treeinfo", status(503))
        good.serve("/9/.treeinfo", whole(b"[general]"))
        pool = mirrors(bench, bench.server, good)
        assert pool.read(".treeinfo", 100) == b"[general]"
        assert pool.child(".").read(".treeinfo", 100) == b"[general]"
        assert len(bench.server.log) == 2
        assert pool.url == f"{bench.server.url}/9"


def test_a_mirror_goes_on_with_the_bytes_that_another_one_gave(bench: Bench) -> None:
    with Faulty() as good:
        bench.server.serve(AT, cut(BODY, 1000, etag='"theirs"'), status(404))
        good.serve(AT, whole(BODY, etag='"ours"'))
        assert mirrors(bench, bench.server, good).fetch(PATH, kind="kernel", expected=DIGEST).digest == DIGEST
        assert good.log[0].headers["range"] == "bytes=1000-"
        assert "if-range" not in good.log[0].headers


def test_when_all_mirrors_fail_one_error_lists_the_reason_of_each(bench: Bench) -> None:
    with Faulty() as second:
        bench.server.serve(AT, status(503))
        with pytest.raises(Missing) as caught:
            mirrors(bench, bench.server, second).fetch(PATH, kind="kernel", expected=DIGEST)
        assert caught.value.message == (f"{PATH}: none of 2 mirrors gave it\n"
                                        f"  {bench.server.url}/9: the server answered 503 Whatever (tried 2 times)\n"
                                        f"  {second.url}/9: the server answered 404 Whatever")
        assert not isinstance(caught.value, NotFound)


def test_the_error_of_all_mirrors_keeps_its_kind(bench: Bench) -> None:
    with Faulty() as second:
        pool = mirrors(bench, bench.server, second)
        with pytest.raises(NotFound):
            pool.read(".treeinfo", 100)
        bench.server.serve(AT, whole(OTHER))
        second.serve(AT, whole(OTHER))
        with pytest.raises(BytesDiffer):
            pool.fetch(PATH, kind="kernel", expected=DIGEST)
        second.serve(AT, status(503))
        with pytest.raises(BytesDiffer):
            pool.fetch(PATH, kind="kernel", expected=DIGEST)


# Processes: killed, and two at once (L08, L10)

CHILD = """
import sys
from pathlib import Path
from builder.digest import parse
from builder.fetch.web.session import Options
from builder.fetch.source import open_source
from builder.fetch.store.objects import Store
from builder.progress import Silent

class Told(Silent):
    def say(self, text):
        print(text, flush=True)

url, root, digest = sys.argv[1:]
expected = parse(digest) if digest else None
source = open_source(url, store=Store(Path(root)), progress=Told(), options=Options())
print(source.fetch("images/pxeboot/vmlinuz", kind="kernel", expected=expected).digest)
"""


def child(bench: Bench, expected: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, f"{bench.server.url}/9", str(bench.store.root), expected]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)})


def wait_until(true: Any) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("expected", [str(DIGEST), ""])
def test_after_kill_9_in_mid_fetch_a_plain_rerun_completes(bench: Bench, expected: str) -> None:
    long = BODY * 10
    release = threading.Event()
    bench.server.serve(AT, paused(long, 2_500_000, release))
    digest = str(of_bytes(long)) if expected else ""
    process = child(bench, digest)
    place = "partial" if expected else "tmp"
    wait_until(lambda: any(path.stat().st_size >= 1 << 20 for path in bench.store.root.glob(f"{place}/*")))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    release.set()
    assert bench.objects() == []
    bench.server.serve(AT, whole(long))
    rerun = child(bench, digest)
    assert rerun.communicate()[0] == f"{of_bytes(long)}\n"
    assert bench.objects() == [of_bytes(long).hex[2:]]
    assert not list(bench.store.root.glob("tmp/*")) and not list(bench.store.root.glob("partial/*"))
    assert bool(bench.server.log[-1].headers.get("range")) is bool(expected)


def test_two_processes_that_fetch_one_object_both_succeed_and_one_waits(bench: Bench) -> None:
    release = threading.Event()
    bench.server.serve(AT, paused(BODY, 1000, release))
    first = child(bench, str(DIGEST))
    wait_until(lambda: bench.server.log)
    second = child(bench, str(DIGEST))
    assert second.stdout
    assert second.stdout.readline() == f"waiting: another process is fetching {PATH}\n"
    release.set()
    assert first.communicate()[0] == f"{DIGEST}\n"
    assert second.communicate()[0] == f"{DIGEST}\n"
    assert len(bench.server.log) == 1


def test_importing_the_room_does_not_load_the_http_libraries() -> None:
    script = (f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
              "import builder.fetch.source, builder.fetch.mirrors\n"
              "print(sorted({'requests', 'urllib3', 'http.client', 'ssl', 'email'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-I", "-c", script], text=True, capture_output=True, check=True)
    assert done.stdout == "[]\n"


# Headers


@given(st.integers(0, 10**17), st.integers(0, 10**17), st.one_of(st.none(), st.integers(0, 10**18 - 1)))
def test_a_content_range_is_read_back_or_makes_no_sense(start: int, length: int, total: int | None) -> None:
    end = start + length
    found = headers.content_range(f"bytes {start}-{end}/{'*' if total is None else total}")
    if total is not None and end >= total:
        assert found is None
    else:
        assert found
        assert (found.start, found.end, found.total) == (start, end, total)


@given(st.one_of(st.text(max_size=40), st.from_regex(r"\A ?bytes[ =]-?[0-9]*-[0-9]*/[0-9*]*\s?\Z")))
def test_whatever_a_content_range_holds_it_is_a_range_in_order_or_none(text: str) -> None:
    found = headers.content_range(text)
    if found:
        assert 0 <= found.start <= found.end
        assert found.total is None or found.end < found.total
        rest = "*" if found.total is None else str(found.total)
        plain = f"bytes {found.start}-{found.end}/{rest}"
        assert [int(n) if n.isdecimal() else n for n in text[6:].replace("/", "-").split("-")] == [
            int(n) if n.isdecimal() else n for n in plain[6:].replace("/", "-").split("-")]


@given(st.text(max_size=60))
def test_a_redirect_leads_to_a_plain_http_url_or_is_refused(location: str) -> None:
    try:
        target = headers.redirect("https://mirror.example/9/os/.treeinfo", location)
    except ValueError:
        return
    assert target.startswith("https://")
    assert target.isascii() and target.isprintable() and " " not in target and "@" not in target.split("/")[2]


@pytest.mark.parametrize(("text", "date", "seconds"), [
    ("120", "", 120.0), ("0", "", 0.0), ("-1", "", None), ("soon", "", None), ("", "", None),
    ("Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:00 GMT", 59.0),
    ("Fri, 31 Dec 1999 23:59:59 GMT", "", None),
    ("Fri, 31 Dec 1999 23:59:59 GMT", "Sat, 01 Jan 2000 00:00:09 GMT", 0.0),
])
def test_retry_after_is_seconds_or_a_date_against_the_answers_own(text: str, date: str, seconds: float | None) -> None:
    assert headers.retry_after(text, date) == seconds


@pytest.mark.parametrize(("text", "length"), [
    ("5", 5), ("5, 5", 5), ("5, 6", None), ("-5", None), ("5x", None), ("", None), ("+5", None), ("9" * 30, None),
    ("٥", None),
])
def test_a_content_length_is_one_plain_number(text: str, length: int | None) -> None:
    assert headers.content_length(text) == length

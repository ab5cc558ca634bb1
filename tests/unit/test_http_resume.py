"""Cuts and resumes (N01-N03, N10-N12): the right bytes, or one clear error."""

from __future__ import annotations

from typing import Any

import pytest

from builder.digest import Digest, of_bytes
from builder.errors import BytesDiffer, Missing
from tests.unit.faulty import cut, head, raw, status, whole
from tests.unit.fetching import AT, BODY, DIGEST, OTHER, PATH, Bench


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

"""Stalls, trickles and overload (N06-N08)."""

from __future__ import annotations

import threading
import time

import pytest

from builder.errors import Missing
from tests.unit.faulty import chunked, head, silent, stalled, status, trickle, whole
from tests.unit.fetching import AT, BODY, PATH, Bench


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

"""Several downloads at once: the results of one after the other, and an end when it is called."""

from __future__ import annotations

import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from builder.errors import BytesDiffer, Missing, PinbootError
from builder.fetch import parallel
from builder.fetch.store.objects import Store
from tests.unit.faulty import Faulty, cut, stalled, status, whole
from tests.unit.fetching import AT, BODY, DIGEST, OTHER, PATH, Bench


def test_results_come_in_the_order_of_the_jobs_whatever_their_speed() -> None:
    def job(number: int) -> int:
        time.sleep(0.02 * (5 - number))
        return number

    assert parallel.fetch_all([partial(job, number) for number in range(5)]) == [0, 1, 2, 3, 4]
    assert parallel.fetch_all([]) == []
    assert parallel.fetch_all([partial(job, 4)]) == [4]


def test_jobs_run_at_once_and_never_more_than_there_are_workers() -> None:
    running, most, guard = 0, 0, threading.Lock()

    def job() -> None:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with guard:
            running -= 1

    parallel.fetch_all([job] * 7, workers=3)
    assert most == 3


def test_the_errors_of_all_jobs_come_back_in_their_order() -> None:
    def fails(text: str, seconds: float) -> None:
        time.sleep(seconds)
        raise Missing(text)

    jobs: list[Any] = [partial(fails, "first", 0.1), lambda: "fine", partial(fails, "last", 0)]
    first, second, last = parallel.fetch_all(jobs)
    assert isinstance(first, PinbootError)
    assert isinstance(last, PinbootError)
    assert (first.message, second, last.message) == ("first", "fine", "last")


def test_a_mistake_of_the_program_is_raised_and_stops_the_others() -> None:
    def endless() -> None:
        while True:
            parallel.pause(0.01)

    def wrong() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        parallel.fetch_all([endless, endless, wrong])
    assert not [t for t in threading.enumerate() if t.name.endswith("(_work)") and t.is_alive()]


def test_several_files_of_one_server_are_fetched_at_once(bench: Bench) -> None:
    source, together = bench.source(), threading.Barrier(3, timeout=5)

    def meet(body: bytes) -> Any:
        def behave(ask: Any, connection: Any) -> bool:
            together.wait()
            return whole(body)(ask, connection)

        return behave

    for number in range(3):
        bench.server.serve(f"/9/{number}", meet(BODY + bytes([number])))
    got = parallel.fetch_all([partial(source.fetch, str(number), kind="kernel") for number in range(3)])
    assert [each.size for each in got if not isinstance(each, PinbootError)] == [len(BODY) + 1] * 3
    assert sorted(bench.objects()) == sorted(each.digest.hex[2:] for each in got if not isinstance(each, PinbootError))


@pytest.mark.parametrize("expected", [DIGEST, None])
def test_two_files_of_the_same_bytes_are_one_object(bench: Bench, expected: Any) -> None:
    for name in ("a", "b", "c"):
        bench.server.serve(f"/9/{name}", whole(BODY))
    source = bench.source()
    got = parallel.fetch_all([partial(source.fetch, name, kind="kernel", expected=expected) for name in "abc"])
    assert [each.digest for each in got if not isinstance(each, PinbootError)] == [DIGEST] * 3
    assert bench.objects() == [DIGEST.hex[2:]]


def test_faults_of_one_file_do_not_touch_the_others(bench: Bench) -> None:
    bench.server.serve("/9/cut", cut(BODY, 1000), whole(BODY))
    bench.server.serve("/9/wrong", whole(OTHER))
    bench.server.serve("/9/busy", status(503))
    bench.server.serve("/9/good", whole(BODY))
    source = bench.source(tries=2)
    cut_one, wrong, busy, good = parallel.fetch_all(
        [partial(source.fetch, name, kind="kernel", expected=DIGEST, fresh=True)
         for name in ("cut", "wrong", "busy", "good")])
    assert not isinstance(cut_one, PinbootError)
    assert not isinstance(good, PinbootError)
    assert isinstance(wrong, BytesDiffer)
    assert isinstance(busy, Missing)


class Interrupted(BaseException):
    """Stands for Ctrl-C, which reaches the main thread alone."""


@pytest.mark.parametrize("after", [0, 1000])
def test_an_interruption_ends_stalled_downloads_at_once_and_their_temporary_files_go(tmp_path: Path, after: int) -> None:
    release = threading.Event()
    with Faulty() as server:
        bench = Bench(server, Store(tmp_path / "store"))
        source = bench.source(read_timeout=30.0)
        for name in ("a", "b", "c"):
            server.serve(f"/9/{name}", stalled(BODY, after, release))

        def interrupt() -> None:
            while len(server.log) < 3:
                time.sleep(0.01)
            time.sleep(0.1)
            raise Interrupted

        begun = time.monotonic()
        with pytest.raises(Interrupted):
            parallel.fetch_all([*(partial(source.fetch, name, kind="kernel") for name in "abc"), interrupt])
        assert time.monotonic() - begun < 2
        release.set()
    assert not list((tmp_path / "store/tmp").iterdir())
    assert bench.objects() == []


def test_an_interruption_cuts_the_pause_before_a_new_try_short(tmp_path: Path) -> None:
    with Faulty() as server:
        bench = Bench(server, Store(tmp_path / "store"))
        server.serve(AT, status(503, {"Retry-After": "50"}))
        source = bench.source(pause=parallel.pause)

        def interrupt() -> None:
            while not bench.told.lines:
                time.sleep(0.01)
            raise Interrupted

        begun = time.monotonic()
        with pytest.raises(Interrupted):
            parallel.fetch_all([partial(source.fetch, PATH, kind="kernel"), interrupt])
        assert time.monotonic() - begun < 2
    assert not list((tmp_path / "store/tmp").iterdir())

"""The first bytes of a file (Source.start): one range, exactly it, and never the whole of a package (N01-N27)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builder.errors import HostileInput, Missing, NotFound, PinbootError
from builder.fetch import limits
from builder.fetch.mirrors import Mirrors
from builder.fetch.source import Source, open_source
from builder.fetch.store.objects import Store
from builder.progress import Silent
from tests.unit.faulty import (
    Ask,
    Behaviour,
    Faulty,
    chunked,
    cut,
    endless,
    head,
    raw,
    redirect,
    silent,
    stalled,
    status,
    trickle,
    whole,
)
from tests.unit.fetching import AT, BODY, OTHER, PATH, PORTAL, Bench
from tests.unit.test_iso_source import make_iso

LENGTH = 5000
FIRST = BODY[:LENGTH]
RANGE = f"bytes=0-{LENGTH - 1}"
TOLD = f"bytes 0-{LENGTH - 1}/{len(BODY)}"
CAP = limits.CAPS["header"]


def start(bench: Bench, length: int = LENGTH, **options: Any) -> bytes:
    return bench.source(**options).start(PATH, length)


def part(told: str = TOLD, body: bytes = FIRST) -> Behaviour:
    """A 206 that says `told` of `body`."""
    return raw(head(206, {"Content-Range": told, "Content-Length": len(body)}) + body)


def ranged(body: bytes) -> Behaviour:
    """An honest server that knows ranges with an end."""

    def behave(ask: Ask, connection: Any) -> bool:
        first, last = (int(number) for number in ask.headers["range"].removeprefix("bytes=").split("-"))
        some = body[first : last + 1]
        told = f"bytes {first}-{first + len(some) - 1}/{len(body)}"
        connection.sendall(head(206, {"Content-Range": told, "Content-Length": len(some)}) + some)
        return True

    return behave


def test_one_range_is_asked_for_and_nothing_is_kept_in_the_store(bench: Bench) -> None:
    bench.server.serve(AT, ranged(BODY))
    assert start(bench) == FIRST
    ask, = bench.server.asked(AT)
    assert (ask.method, ask.headers["range"], ask.headers["accept-encoding"]) == ("GET", RANGE, "identity")
    assert not any(path.is_file() for path in bench.store.root.rglob("*"))


def test_progress_is_told_once_for_every_byte(bench: Bench) -> None:
    bench.server.serve(AT, cut(BODY, 1000, ranges=False), ranged(BODY))
    assert start(bench) == FIRST
    assert sum(bench.told.advanced) == LENGTH
    assert bench.told.lines[0].startswith(f"{PATH}: the answer broke off after 1000 of {len(BODY)} bytes; trying again")


def test_the_whole_file_may_be_wanted(bench: Bench) -> None:
    bench.server.serve(AT, ranged(BODY), whole(BODY, ranges=False))
    assert start(bench, len(BODY)) == BODY
    assert start(bench, len(BODY)) == BODY
    assert bench.pauses == []


def test_a_server_without_ranges_sends_the_whole_file_and_is_cut_off_after_the_first_bytes(bench: Bench) -> None:
    sent = []

    def behave(ask: Ask, connection: Any) -> bool:
        connection.sendall(head(200, {"Content-Length": 100 << 20}))
        for _ in range(100):
            connection.sendall(bytes(1 << 20))
            sent.append(1)
        return True

    bench.server.serve(AT, behave)
    assert start(bench) == bytes(LENGTH)
    bench.server.serve("/9/.treeinfo", whole(b"[general]"))
    assert bench.source().read(".treeinfo", 100) == b"[general]"
    assert len(sent) < 60 and bench.pauses == []


def test_an_endless_body_ends_where_enough_has_come(bench: Bench) -> None:
    bench.server.serve(AT, endless(head(200, {}), bytes(1 << 16)))
    assert start(bench) == bytes(LENGTH)


def test_a_206_in_chunks_is_taken(bench: Bench) -> None:
    def behave(ask: Ask, connection: Any) -> bool:
        connection.sendall(head(206, {"Content-Range": TOLD, "Transfer-Encoding": "chunked"}))
        connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (LENGTH, FIRST))
        return True

    bench.server.serve(AT, behave)
    assert start(bench) == FIRST


def test_a_206_without_the_total_is_taken(bench: Bench) -> None:
    bench.server.serve(AT, part(f"bytes 0-{LENGTH - 1}/*"))
    assert start(bench) == FIRST


@pytest.mark.parametrize("answer", [
    part(f"bytes 1-{LENGTH}/{len(BODY)}"),
    part(f"bytes 0-{LENGTH - 2}/{len(BODY)}", BODY[: LENGTH - 1]),
    part(f"bytes 0-{LENGTH}/{len(BODY)}", BODY[: LENGTH + 1]),
    part(f"bytes 0-{len(BODY) - 1}/{len(BODY)}", BODY),
    part(f"bytes 0-{LENGTH - 2}/*", BODY[: LENGTH - 1]),
    part(f"bytes 0-{LENGTH - 1}/{LENGTH - 1}"),
    part(TOLD, BODY[: LENGTH + 5]),
    part(TOLD, BODY[: LENGTH - 5]),
    part(f"bytes {len(BODY) - LENGTH}-{len(BODY) - 1}/{len(BODY)}", BODY[-LENGTH:]),
    part("items 0-4999/300000"),
    part("nonsense"),
    raw(head(206, {"Content-Length": LENGTH}) + FIRST),
    raw(head(206, {"Content-Type": "multipart/byteranges; boundary=x", "Content-Length": 3}) + b"--x"),
])
def test_a_206_of_another_range_is_tried_again_and_then_refused(bench: Bench, answer: Behaviour) -> None:
    bench.server.serve(AT, answer, ranged(BODY))
    assert start(bench) == FIRST
    bench.server.serve(AT, answer)
    with pytest.raises(Missing) as caught:
        start(bench)
    assert caught.value.message == (f"{bench.server.url}{AT}: the server gave another range than bytes 0 to {LENGTH - 1}"
                                    " (tried 5 times)")
    assert caught.value.hint == "use another mirror"


SHORT = BODY[:3000]


@pytest.mark.parametrize("answer", [
    ranged(SHORT), whole(SHORT, ranges=False), chunked([SHORT]), raw(head(200, {}) + SHORT),
    part(f"bytes 0-{len(SHORT) - 1}/{len(SHORT)}", SHORT),
], ids=["206", "200", "chunked", "until the end", "206 that ends with the file"])
def test_a_file_that_is_shorter_than_wanted_is_missing(bench: Bench, answer: Behaviour) -> None:
    bench.server.serve(AT, answer)
    with pytest.raises(Missing) as caught:
        start(bench)
    assert caught.value.message == (f"{bench.server.url}{AT}: the file is too short\n  expected  {LENGTH} bytes or more\n"
                                    f"  found     {len(SHORT)}")
    assert "in the middle of a sync" in caught.value.hint
    assert len(bench.server.log) == 1


def test_416_is_an_error_and_not_tried_again(bench: Bench) -> None:
    bench.server.serve(AT, status(416, {"Content-Range": "bytes */0"}))
    with pytest.raises(Missing) as caught:
        start(bench)
    assert caught.value.message == (f"{bench.server.url}{AT}: the server has no bytes 0 to {LENGTH - 1} of it: the file "
                                    "there is empty, or another one")
    assert len(bench.server.log) == 1


def test_an_empty_file_is_missing(bench: Bench) -> None:
    bench.server.serve(AT, whole(b""))
    with pytest.raises(Missing, match="an empty file came"):
        start(bench)


@pytest.mark.parametrize("page", [PORTAL, PORTAL + bytes(2 * LENGTH)])
def test_a_login_page_is_told_from_a_package(bench: Bench, page: bytes) -> None:
    bench.server.serve(AT, whole(page, ranges=False))
    with pytest.raises(Missing, match="got an HTML page where this file is due"):
        start(bench)


@pytest.mark.parametrize("after", [0, 1, LENGTH - 1])
@pytest.mark.parametrize("reset", [True, False])
def test_a_cut_is_tried_again_from_the_first_byte(bench: Bench, after: int, reset: bool) -> None:
    bench.server.serve(AT, cut(OTHER, after, reset=reset, ranges=False), ranged(BODY))
    assert start(bench) == FIRST
    assert [ask.headers["range"] for ask in bench.server.log] == [RANGE, RANGE]


def test_a_cut_in_the_range_is_tried_again_from_the_first_byte(bench: Bench) -> None:
    bench.server.serve(AT, raw(head(206, {"Content-Range": TOLD, "Content-Length": LENGTH}) + OTHER[:1000]), ranged(BODY))
    assert start(bench) == FIRST
    assert bench.told.lines[0].startswith(f"{PATH}: the answer broke off after 1000 of {LENGTH} bytes; trying again")


@pytest.mark.parametrize("end", [b"", b"zz\r\n", b"100\r\nshort"])
def test_a_broken_chunked_body_is_tried_again(bench: Bench, end: bytes) -> None:
    bench.server.serve(AT, chunked([OTHER[:100]], end=end), ranged(BODY))
    assert start(bench) == FIRST


def test_a_server_that_always_cuts_is_given_up_after_a_bounded_count(bench: Bench) -> None:
    bench.server.serve(AT, cut(BODY, 1000, ranges=False))
    with pytest.raises(Missing, match=f"broke off after 1000 of {len(BODY)} bytes .tried 5 times"):
        start(bench)
    assert len(bench.pauses) == 4


def test_a_busy_server_is_asked_again_when_it_says(bench: Bench) -> None:
    bench.server.serve(AT, status(503, {"Retry-After": 7}), ranged(BODY))
    assert start(bench) == FIRST
    assert bench.pauses == [7.0]


@pytest.mark.parametrize("code", [404, 403, 410])
def test_an_absent_file_is_not_asked_for_again(bench: Bench, code: int) -> None:
    bench.server.serve(AT, status(code))
    with pytest.raises(NotFound, match=f"the server answered {code}"):
        start(bench)
    assert len(bench.server.log) == 1


def test_204_is_no_file(bench: Bench) -> None:
    bench.server.serve(AT, raw(head(204, {})))
    with pytest.raises(Missing, match="204 Whatever, which is not a file"):
        start(bench)


@pytest.mark.parametrize("code", [200, 206])
def test_a_coded_body_is_refused(bench: Bench, code: int) -> None:
    fields: dict[str, str | int] = {"Content-Encoding": "gzip", "Content-Length": LENGTH, "Content-Range": TOLD}
    bench.server.serve(AT, raw(head(code, fields) + FIRST))
    with pytest.raises(Missing, match=r"the body is coded \(gzip\)"):
        start(bench)


def test_a_redirect_keeps_the_range(bench: Bench) -> None:
    with Faulty() as other:
        bench.server.serve(AT, redirect(f"{other.url}/mirror/vmlinuz"))
        other.serve("/mirror/vmlinuz", ranged(BODY))
        assert start(bench) == FIRST
        assert other.log[0].headers["range"] == RANGE


@pytest.mark.parametrize(("target", "kind", "told"), [
    ("file:///etc/passwd", HostileInput, "the server redirects to"), ("/9/images/pxeboot/vmlinuz", Missing, "redirects")])
def test_a_redirect_to_nowhere_is_refused(bench: Bench, target: str, kind: type[PinbootError], told: str) -> None:
    bench.server.serve(AT, redirect(target))
    with pytest.raises(kind, match=told):
        start(bench)


@pytest.mark.parametrize("answer", [silent, lambda release: stalled(BODY, 1000, release)], ids=["silent", "stalled"])
def test_a_server_that_stalls_is_asked_again(bench: Bench, answer: Callable[[threading.Event], Behaviour]) -> None:
    release = threading.Event()
    bench.server.serve(AT, answer(release), ranged(BODY))
    assert start(bench, read_timeout=0.3) == FIRST
    release.set()


def test_a_trickle_is_too_slow(bench: Bench) -> None:
    bench.server.serve(AT, trickle(head(200, {"Content-Length": LENGTH}) + FIRST, 0.02))
    begun = time.monotonic()
    with pytest.raises(Missing, match="does not answer in time"):
        start(bench, slow_window=0.4, tries=1)
    assert time.monotonic() - begun < 4


@pytest.mark.parametrize("length", [0, -1, CAP + 1, 1 << 40])
def test_a_length_that_no_header_has_is_refused_before_any_request(bench: Bench, length: int) -> None:
    with pytest.raises(HostileInput) as caught:
        start(bench, length)
    assert caught.value.message == (f"{bench.server.url}{AT}: its first {length} bytes are wanted; the header of a "
                                    f"package has 1 to {CAP}")
    assert "take another mirror" in caught.value.hint
    assert bench.server.log == []


def test_a_path_that_leads_out_is_refused(bench: Bench) -> None:
    with pytest.raises(HostileInput):
        bench.source().start("../vmlinuz", LENGTH)


def pool(bench: Bench, *servers: Faulty) -> Mirrors:
    return Mirrors([Bench(server, bench.store).source(tries=1) for server in servers], progress=bench.told)


def test_the_next_mirror_is_asked_where_one_has_no_such_range(bench: Bench) -> None:
    with Faulty() as good:
        bench.server.serve(AT, part("bytes 1-2/3"))
        good.serve(AT, ranged(BODY))
        mirrors = pool(bench, bench.server, good)
        assert mirrors.start(PATH, LENGTH) == FIRST
        assert bench.told.lines == [f"mirror {bench.server.url}/9: {bench.server.url}{AT}: the server gave another range "
                                    f"than bytes 0 to {LENGTH - 1}; trying {good.url}/9"]


def test_the_next_mirror_is_asked_where_one_has_a_shorter_file(bench: Bench) -> None:
    with Faulty() as good:
        bench.server.serve(AT, ranged(SHORT))
        good.serve(AT, ranged(BODY))
        assert pool(bench, bench.server, good).start(PATH, LENGTH) == FIRST


def test_no_mirror_is_blamed_for_a_length_that_no_header_has(bench: Bench) -> None:
    with Faulty() as second:
        mirrors = pool(bench, bench.server, second)
        with pytest.raises(HostileInput, match="the header of a package has"):
            mirrors.start(PATH, CAP + 1)
        assert mirrors.failures == ()


@pytest.fixture(params=["directory", "image"])
def local(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    files = {PATH: BODY, "empty": b"", "page.html": PORTAL}
    if request.param == "image":
        place = make_iso(files, tmp_path / "dvd.iso")
    else:
        place = tmp_path / "tree"
        for path, data in files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(data)
    return open_source(str(place), store=Store(tmp_path / "store"), progress=Silent())


@pytest.mark.parametrize("length", [1, 4095, LENGTH, len(BODY)])
def test_a_directory_and_an_image_give_the_first_bytes(local: Source, length: int) -> None:
    assert local.start(PATH, length) == BODY[:length]


def test_a_directory_and_an_image_say_where_a_file_is_too_short(local: Source) -> None:
    with pytest.raises(Missing) as caught:
        local.start(PATH, len(BODY) + 1)
    assert caught.value.message == (f"{local.url}/{PATH}: the file is too short\n  expected  {len(BODY) + 1} bytes or "
                                    f"more\n  found     {len(BODY)}")


@pytest.mark.parametrize(("path", "kind", "told"), [
    ("nothing", NotFound, "no such file"), ("empty", Missing, "an empty file came"), ("page.html", Missing, "HTML page"),
    ("../tree/page.html", HostileInput, r"\.\.")])
def test_a_directory_and_an_image_refuse_what_is_no_package(local: Source, path: str, kind: type[PinbootError],
                                                            told: str) -> None:
    with pytest.raises(kind, match=told):
        local.start(path, LENGTH)


def test_a_directory_and_an_image_refuse_a_length_that_no_header_has(local: Source) -> None:
    with pytest.raises(HostileInput, match=f"the header of a package has 1 to {CAP}"):
        local.start(PATH, CAP + 1)

"""Several mirrors of one tree (N13, N27)."""

from __future__ import annotations

import pytest

from builder.digest import of_bytes
from builder.errors import BytesDiffer, Missing, NotFound
from builder.fetch.mirrors import Mirrors
from builder.fetch.source import open_source
from builder.fetch.web.session import Options
from tests.unit.faulty import Faulty, cut, status, whole
from tests.unit.fetching import AT, BODY, DIGEST, OTHER, PATH, Bench


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

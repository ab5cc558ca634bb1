"""Files over HTTP when all goes well: fetched once, counted once, asked for plainly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from builder.errors import BytesDiffer, NotFound
from tests.corpus import corpus
from tests.unit.faulty import Ask, chunked, cut, raw, redirect, status, whole
from tests.unit.fetching import AT, BODY, DIGEST, OTHER, PATH, Bench


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

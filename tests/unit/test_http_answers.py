"""Answers that are final, and redirects (N09, N14, N18-N23)."""

from __future__ import annotations

import pytest

from builder.errors import BytesDiffer, HostileInput, Missing, NotFound, PinbootError
from tests.unit.faulty import Faulty, cut, redirect, status, whole
from tests.unit.fetching import AT, BODY, DIGEST, PATH, PORTAL, Bench


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

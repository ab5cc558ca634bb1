"""Host names, addresses and proxies (N24, N25)."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.errors import Missing, NotFound
from builder.fetch.mirrors import Mirrors
from builder.fetch.source import open_source
from builder.fetch.store.objects import Store
from builder.fetch.web.session import Options
from builder.progress import Silent
from tests.unit.faulty import Faulty, cut, redirect, status, whole
from tests.unit.fetching import AT, BODY, DIGEST, PATH, Bench


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


@pytest.mark.parametrize(("code", "tries"), [(403, 1), (501, 1), (503, 5)])
def test_a_tunnel_that_the_proxy_will_never_make_is_asked_for_once(bench: Bench, monkeypatch: pytest.MonkeyPatch,
                                                                    tmp_path: Path, code: int, tries: int) -> None:
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{bench.server.port}")
    bench.server.serve("mirror.example:443", *[status(code)] * 5)
    source = open_source("https://mirror.example/9", store=Store(tmp_path), progress=Silent(),
                         options=Options(pause=lambda seconds: None, connect_timeout=4))
    with pytest.raises(Missing, match=f"the proxy does not serve: .*{code}"):
        source.read(".treeinfo", 100)
    assert len(bench.server.log) == tries


@pytest.fixture
def six() -> Iterator[Faulty]:
    try:
        running = Faulty(host="::1")
    except OSError as reason:
        pytest.skip(f"no IPv6 on loopback: {reason}")
    with running:
        yield running


def test_an_address_of_ipv6_is_fetched_from_redirected_to_and_shown_in_brackets(bench: Bench, six: Faulty) -> None:
    bench.server.serve(AT, redirect(six.serve("/pool/vmlinuz", cut(BODY, 1000), whole(BODY))))
    assert bench.source().fetch(PATH, kind="kernel", expected=DIGEST).url == f"http://[::1]:{six.port}/pool/vmlinuz"
    assert six.log[0].headers["host"] == f"[::1]:{six.port}"
    six.serve("/9/.treeinfo", whole(b"[general]"))
    source = open_source(f"http://[0:0::1]:{six.port}/9", store=bench.store, progress=Silent(),
                         options=Options(pause=lambda seconds: None))
    assert source.url == f"http://[::1]:{six.port}/9"
    assert source.read(".treeinfo", 100) == b"[general]"
    assert source.child("../AppStream").url == f"http://[::1]:{six.port}/AppStream"
    with pytest.raises(NotFound, match=rf"http://\[::1\]:{six.port}/9/none: the server answered 404"):
        source.read("none", 100)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "socks5h://user:hunter2@127.0.0.1:1080", "http://",
                                   "gopher://127.0.0.1:70"])
def test_a_proxy_that_cannot_be_used_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    if proxy.startswith("socks") and importlib.util.find_spec("socks"):
        pytest.skip("pysocks is installed here, so SOCKS works")
    monkeypatch.setenv("all_proxy", proxy)
    source = open_source("http://mirror.example/9", store=Store(tmp_path), progress=Silent(), options=Options())
    with pytest.raises(Missing, match="the proxy of the environment cannot be used: ") as caught:
        source.read(".treeinfo", 100)
    assert "hunter2" not in caught.value.message
    assert "tried" not in caught.value.message
    assert "pysocks" in caught.value.hint


def test_a_proxy_that_cuts_answers_short_gives_no_short_file(bench: Bench, monkeypatch: pytest.MonkeyPatch,
                                                            tmp_path: Path) -> None:
    monkeypatch.setenv("http_proxy", bench.server.url)
    url = f"http://mirror.example{AT}"
    bench.server.serve(url, cut(BODY, 1000), whole(BODY))
    source = open_source("http://mirror.example/9", store=Store(tmp_path), progress=Silent(),
                         options=Options(pause=lambda seconds: None))
    assert source.fetch(PATH, kind="kernel", expected=DIGEST).size == len(BODY)
    assert [ask.headers.get("range", "") for ask in bench.server.asked(url)] == ["", "bytes=1000-"]


def test_every_download_path_goes_through_the_proxy(bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("http_proxy", bench.server.url)
    place = "http://mirror.example/9"
    for path in ("images/pxeboot/vmlinuz", ".treeinfo", "AppStream/repodata/repomd.xml"):
        bench.server.serve(f"{place}/{path}", whole(BODY))
    source = open_source(place, store=Store(tmp_path), progress=Silent(), options=Options(tries=1))
    source.fetch(PATH, kind="kernel")
    source.size(PATH)
    source.read(".treeinfo", 1 << 20)
    source.child("AppStream").fetch("repodata/repomd.xml", kind="repomd")
    Mirrors([source], progress=Silent()).read(".treeinfo", 1 << 20)
    assert [ask.method for ask in bench.server.log] == ["GET", "HEAD", "GET", "GET", "GET"]
    assert all(ask.target.startswith("http://mirror.example/9/") for ask in bench.server.log)

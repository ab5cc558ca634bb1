from __future__ import annotations

import hashlib
import http.client
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from builder.demo.serve import serve

DATA = bytes(range(256)) * 40
ETAG = f'"{hashlib.sha256(DATA).hexdigest()}"'
TREES: dict[str, dict[str, bytes]] = {"7/os": {"images/vmlinuz": DATA, ".treeinfo": b"[general]\n", "empty": b""}}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with serve(TREES) as url:
        yield url


def get(base: str, path: str, **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(f"{base}/{path}", headers=named, timeout=5)


def test_a_file_comes_whole_with_its_digest_as_etag(base: str) -> None:
    answer = get(base, "7/os/images/vmlinuz")
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["ETag"] == ETAG
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(("asked", "start", "stop"), [
    ("bytes=100-199", 100, 200), ("bytes=10000-", 10000, 10240), ("bytes=-40", 10200, 10240), ("bytes=0-", 0, 10240),
    ("bytes=10239-99999", 10239, 10240), ("bytes=-99999", 0, 10240),
])
def test_a_part_comes_with_its_place(base: str, asked: str, start: int, stop: int) -> None:
    answer = get(base, "7/os/images/vmlinuz", Range=asked, If_Range=ETAG)
    assert (answer.status_code, answer.content) == (206, DATA[start:stop])
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/10240"


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=99999-100000", "bytes=-0"])
def test_a_part_outside_the_file_is_refused_with_its_size(base: str, asked: str) -> None:
    answer = get(base, "7/os/images/vmlinuz", Range=asked)
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */10240")


@pytest.mark.parametrize("asked", ["bytes=5-2", "lines=1-2", "bytes=1-2,5-6", "bytes=a-b"])
def test_a_range_that_is_not_understood_brings_the_whole_file(base: str, asked: str) -> None:
    answer = get(base, "7/os/images/vmlinuz", Range=asked)
    assert (answer.status_code, answer.content) == (200, DATA)


def test_a_part_of_another_version_brings_the_whole_file(base: str) -> None:
    answer = get(base, "7/os/images/vmlinuz", Range="bytes=100-", If_Range='"older"')
    assert (answer.status_code, answer.content) == (200, DATA)


def test_head_tells_the_size_and_sends_nothing(base: str) -> None:
    answer = requests.head(f"{base}/7/os/images/vmlinuz", headers={"Range": "bytes=0-9"}, timeout=5)
    assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, "10240", b"")


def test_an_empty_file_is_a_file(base: str) -> None:
    answer = get(base, "7/os/empty")
    assert (answer.status_code, answer.headers["Content-Length"]) == (200, "0")


@pytest.mark.parametrize("path", [
    "", "7/os", "7/os/", "7/os/images/", "7/os/images", "7/os/nothing", "images/vmlinuz", "7/osimages/vmlinuz",
    "7/os/images/vmlinuz?x=1", "7/os/x/../images/vmlinuz", "7/os/%2e%2e/os/images/vmlinuz", "..%2f..%2fetc/passwd",
])
def test_only_the_names_of_the_map_are_served(base: str, path: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=5)
    connection.putrequest("GET", f"/{path}", skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", "mirror.example")
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (404, b"")
    connection.close()


def test_an_escaped_name_is_the_same_name(base: str) -> None:
    assert get(base, "7/os/%2etreeinfo").content == b"[general]\n"


def test_one_connection_serves_many_requests_even_after_a_miss(base: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=5)
    connection.connect()
    used = connection.sock
    for path, status in (("/7/os/.treeinfo", 200), ("/nothing", 404), ("/7/os/images/vmlinuz", 200)):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    assert connection.sock is used
    connection.close()


@pytest.mark.parametrize("request_line", ["POST /7/os/.treeinfo HTTP/1.1", "DELETE / HTTP/1.1", "GET", "\x16\x03\x01",
                                          "GET / HTTP/9.9", f"GET /{'a' * 70000} HTTP/1.1"])
def test_other_requests_are_refused_without_repeating_them(base: str, request_line: str) -> None:
    address = urlsplit(base)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(request_line.encode("latin-1") + b"\r\nX-Mark: mark\r\n\r\n")
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert b" 200 " not in answer
    assert not any(word in answer for word in (b"mark", b"treeinfo", b"aaaa", b"Traceback", b"<html"))


def test_a_change_of_a_tree_shows_at_once() -> None:
    tree = {".treeinfo": b"before"}
    with serve({"": tree}) as base:
        before = get(base, ".treeinfo")
        tree[".treeinfo"] = b"after"
        after = get(base, ".treeinfo")
    assert (before.content, after.content) == (b"before", b"after")
    assert before.headers["ETag"] != after.headers["ETag"]


def test_answers_hold_neither_clock_nor_program(base: str) -> None:
    assert {"Date", "Server", "Last-Modified"}.isdisjoint(get(base, "7/os/.treeinfo").headers)


def test_a_folder_is_served_by_the_names_it_had_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "os").mkdir()
    (tmp_path / "os" / ".treeinfo").write_bytes(b"[general]\n")
    (tmp_path / "link").symlink_to("/etc/passwd")
    with serve(tmp_path) as base:
        (tmp_path / "later").write_bytes(b"x")
        assert get(base, "os/.treeinfo").content == b"[general]\n"
        assert [get(base, path).status_code for path in ("link", "later", "os", "os/")] == [404] * 4


def test_after_the_end_not_even_open_connections_are_served() -> None:
    with requests.Session() as session:
        with serve(TREES) as base:
            assert session.get(f"{base}/7/os/.treeinfo", timeout=5).status_code == 200
        with pytest.raises(requests.ConnectionError):
            session.get(f"{base}/7/os/.treeinfo", timeout=5)

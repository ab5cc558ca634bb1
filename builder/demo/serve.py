"""A web server on loopback for a fixed set of files: what a mirror does for a client, and nothing more.

No folders, no listing, nothing of a request in an answer; Range and strong ETags, so that a download can be resumed
(RFC 9110, sections 13 and 14).
"""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

# The content of a name, asked anew with each request: a caller may change a tree between two.
Lookup = Callable[[str], bytes | None]
IDLE_SECONDS = 30
_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))")


@contextmanager
def serve(trees: Mapping[str, Mapping[str, bytes]] | Path) -> Iterator[str]:
    """Serve trees by their prefix (`centos/7/os/x86_64`; empty: the root), or the files of a folder; yields the base
    URL without trailing slash.

    Only 127.0.0.1 is listened on. Changes of the mappings show at once; a folder's names are fixed at the start.
    """
    lookup = _in_folder(trees) if isinstance(trees, Path) else _in_trees(trees)
    server = _Server(lookup)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        server.hang_up()
        thread.join()


def _in_trees(trees: Mapping[str, Mapping[str, bytes]]) -> Lookup:
    def find(name: str) -> bytes | None:
        for prefix, tree in trees.items():
            inside = name.removeprefix(f"{prefix}/") if prefix else name
            if (inside != name or not prefix) and inside in tree:
                return tree[inside]
        return None

    return find


def _in_folder(folder: Path) -> Lookup:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")
             if path.is_file() and not path.is_symlink()}

    def find(name: str) -> bytes | None:
        return files[name].read_bytes() if name in files else None

    return find


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def hang_up(self) -> None:
        """End the connections that clients keep alive: they would be answered after the end."""
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one write

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        data = self.server.lookup(unquote(self.path).removeprefix("/"))
        if data is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        etag = f'"{hashlib.sha256(data).hexdigest()}"'
        asked = self._asked(etag, len(data))
        part = range(len(data)) if asked is None else asked
        if asked is not None and not asked:
            self._head(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, 0, {"Content-Range": f"bytes */{len(data)}"})
            return
        headers = {"Accept-Ranges": "bytes", "ETag": etag}
        if asked:
            headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(data)}"
        self._head(HTTPStatus.PARTIAL_CONTENT if asked else HTTPStatus.OK, len(part), headers)
        if with_body:
            self.wfile.write(memoryview(data)[part.start : part.stop])

    def _asked(self, etag: str, size: int) -> range | None:
        """The part asked for (empty: outside the file), or None: no Range, one not understood, or of another file."""
        found = _RANGE.fullmatch(self.headers.get("Range", ""))
        if not found or self.command != "GET" or self.headers.get("If-Range", etag) != etag:
            return None
        first, last, tail = (None if text is None else int(text) for text in found.groups())
        if first is None:
            return range(size - min(tail or 0, size), size)
        if last is not None and last < first:
            return None
        return range(first, size if last is None else min(last + 1, size))

    def _head(self, status: HTTPStatus, size: int, headers: Mapping[str, str]) -> None:
        self.send_response_only(status)  # not send_response(): that adds the clock and the name of the server
        for name, value in {"Content-Type": "application/octet-stream", "Content-Length": str(size), **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """The bare status: the inherited page repeats the request."""
        self.close_connection = self.close_connection or code != HTTPStatus.NOT_FOUND
        self._head(HTTPStatus(code), 0, {"Connection": "close"} if self.close_connection else {})

    def log_message(self, format: str, *args: object) -> None:
        """Silence: the demo's own story is on stderr."""

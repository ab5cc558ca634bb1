"""A loopback HTTP server that misbehaves on order.

A path is given a row of behaviours: the n-th request gets the n-th, the last one stays. A behaviour gets the request
and the open socket and says whether the connection may be used again. `log` holds every request as it came.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request; header names are lower-case."""

    method: str
    target: str
    headers: Mapping[str, str]


Behaviour = Callable[[Ask, socket.socket], bool]


class Faulty:
    def __init__(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self._tls = tls
        self._routes: dict[str, list[Behaviour]] = {}
        self._guard = threading.Lock()
        self._open: set[socket.socket] = set()
        self.log: list[Ask] = []
        self._listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port: int = self._listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{shown}:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._guard:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def serve(self, path: str, *behaviours: Behaviour) -> str:
        """Set what `path` does from now on; the URL of it."""
        with self._guard:
            self._routes[path] = list(behaviours)
        return self.url + path

    def asked(self, path: str) -> list[Ask]:
        with self._guard:
            return [ask for ask in self.log if ask.target == path]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with self._guard:
                self._open.add(connection)
            try:
                while (ask := read_ask(connection)) and self._behaviour(ask)(ask, connection):
                    pass
            finally:
                with self._guard:
                    self._open.discard(connection)
                connection.close()

    def _behaviour(self, ask: Ask) -> Behaviour:
        with self._guard:
            self.log.append(ask)
            row = self._routes.get(ask.target)
            if not row:
                return status(404)
            return row.pop(0) if len(row) > 1 else row[0]


def read_ask(connection: socket.socket) -> Ask | None:
    head = b""
    while b"\r\n\r\n" not in head:
        more = connection.recv(4096)
        if not more:
            return None
        head += more
    first, *lines = head.decode("latin-1").partition("\r\n\r\n")[0].split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    return Ask(method=method, target=target, headers={name.lower(): value.strip() for name, _, value in pairs})


def head(code: int, fields: Mapping[str, str | int], reason: str = "Whatever") -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {code} {reason}\r\n{lines}\r\n".encode("latin-1")


def answer(ask: Ask, body: bytes, etag: str = "", extra: Mapping[str, str | int] | None = None,
           ranges: bool = True) -> tuple[bytes, bytes]:
    """Head and body as an honest server would give them (RFC 9110 14: Range, If-Range)."""
    fields: dict[str, str | int] = {"Content-Type": "application/octet-stream"}
    if etag:
        fields["ETag"] = etag
    asked = re.fullmatch(r"bytes=([0-9]+)-", ask.headers.get("range", ""))
    fresh = ask.headers.get("if-range", etag) == etag
    if not (ranges and asked and fresh):
        return head(200, fields | {"Content-Length": len(body)} | dict(extra or {})), body
    start = int(asked[1])
    if start >= len(body):
        return head(416, {"Content-Range": f"bytes */{len(body)}", "Content-Length": 0}), b""
    part = body[start:]
    fields |= {"Content-Length": len(part), "Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
    return head(206, fields | dict(extra or {})), part


def whole(body: bytes, etag: str = "", extra: Mapping[str, str | int] | None = None, ranges: bool = True) -> Behaviour:
    """Everything right, but for what `extra` headers say."""

    def behave(ask: Ask, connection: socket.socket) -> bool:
        first, payload = answer(ask, body, etag, extra, ranges)
        connection.sendall(first + (b"" if ask.method == "HEAD" else payload))
        return True

    return behave


def cut(body: bytes, after: int, etag: str = "", ranges: bool = True, reset: bool = False,
        extra: Mapping[str, str | int] | None = None) -> Behaviour:
    """Promise all of it, send `after` bytes of what was asked, then close the connection (or reset it)."""

    def behave(ask: Ask, connection: socket.socket) -> bool:
        first, payload = answer(ask, body, etag, extra, ranges)
        connection.sendall(first + payload[:after])
        if reset:
            time.sleep(0.05)  # a reset throws away what the other side has not read yet
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return behave


def stalled(body: bytes, after: int, release: threading.Event, etag: str = "") -> Behaviour:
    """Send `after` bytes, then nothing until `release` is set."""

    def behave(ask: Ask, connection: socket.socket) -> bool:
        first, payload = answer(ask, body, etag)
        connection.sendall(first + payload[:after])
        release.wait(20)
        return False

    return behave


def silent(release: threading.Event) -> Behaviour:
    """Not a byte until `release` is set."""

    def behave(ask: Ask, connection: socket.socket) -> bool:
        release.wait(20)
        return False

    return behave


def paused(body: bytes, after: int, release: threading.Event) -> Behaviour:
    """Send `after` bytes, and the rest when `release` is set."""

    def behave(ask: Ask, connection: socket.socket) -> bool:
        first, payload = answer(ask, body)
        connection.sendall(first + payload[:after])
        release.wait(20)
        connection.sendall(payload[after:])
        return True

    return behave


def trickle(data: bytes, pause: float) -> Behaviour:
    """One byte at a time, head and all."""

    def behave(ask: Ask, connection: socket.socket) -> bool:
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(pause)
        return False

    return behave


def status(code: int, extra: Mapping[str, str | int] | None = None, body: bytes = b"") -> Behaviour:
    def behave(ask: Ask, connection: socket.socket) -> bool:
        payload = b"" if ask.method == "HEAD" else body
        connection.sendall(head(code, {"Content-Length": len(body)} | dict(extra or {})) + payload)
        return True

    return behave


def redirect(location: str, code: int = 302) -> Behaviour:
    return status(code, {"Location": location})


def raw(data: bytes) -> Behaviour:
    """These very bytes, then the end of the connection."""

    def behave(ask: Ask, connection: socket.socket) -> bool:
        connection.sendall(data)
        return False

    return behave


def endless(first: bytes, block: bytes) -> Behaviour:
    """`first`, then `block` again and again until the other side has had enough."""

    def behave(ask: Ask, connection: socket.socket) -> bool:
        connection.sendall(first)
        while True:
            connection.sendall(block)

    return behave


def chunked(pieces: Iterable[bytes], end: bytes = b"0\r\n\r\n") -> Behaviour:
    """A chunked body (RFC 9112 7.1) with `end` after the pieces."""
    coded = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)

    def behave(ask: Ask, connection: socket.socket) -> bool:
        connection.sendall(head(200, {"Transfer-Encoding": "chunked"}) + coded + end)
        return end == b"0\r\n\r\n"

    return behave

"""One HTTP session for all sources of a run: pooled connections, redirects followed by hand, nothing kept or sent on.

Requests go straight to the adapter of requests. Its Session would read ~/.netrc, keep cookies, follow redirects on its
own and may leak one host's secrets to the next (RELIABILITY N21: CVE-2018-18074, CVE-2024-47081); none of it is here.
"""

from __future__ import annotations

import functools
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from builder import __version__
from builder.errors import HostileInput, UsageError
from builder.fetch import parallel
from builder.fetch.web import fault, headers, wire
from builder.fetch.web.fault import Fault
from builder.fetch.web.patience import Terms

BUFFER = 1 << 20
DRAIN = 64 << 10  # the body of a redirect or an error is read up to here to keep its connection
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 5
BROKE_OFF = "the answer broke off in the middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client certificate (PEM, with its key in `key`) that is shown to `origin` alone: https://host[:port]."""

    origin: str
    certificate: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Times in seconds. `slow_floor` bytes a second over `slow_window` seconds is the least speed that is borne.

    `ca_file` takes the place of the usual certificate authorities. `pause` and `clock` are for tests.
    """

    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    slow_floor: float = 1000.0
    slow_window: float = 30.0
    tries: int = 5
    longest_wait: float = 60.0
    ca_file: str | None = None
    client: Client | None = None
    pause: Callable[[float], None] = parallel.pause
    clock: Callable[[], float] = time.monotonic

    @property
    def terms(self) -> Terms:
        return Terms(tries=self.tries, longest_wait=self.longest_wait, pause=self.pause)


class Answer:
    """An answer whose head has come; `url` is where it came from after all redirects."""

    def __init__(self, response: Any, url: str) -> None:
        self.url = url
        self.status: int = response.status_code
        self.reason: str = response.reason or ""
        self._raw = response.raw
        # http.client's own response, made by wire: urllib3's readinto makes a new bytes object for every read.
        self._body = response.raw._original_response
        self._cut: Fault | None = None

    def header(self, name: str) -> str:
        return str(self._raw.headers.get(name, ""))

    @property
    def chunked(self) -> bool:
        return bool(self._body.chunked)

    @property
    def length(self) -> int | None:
        """Bytes of the body, where the head tells it usably."""
        return None if self.chunked else headers.content_length(self.header("content-length"))

    def refusal(self) -> Fault:
        """The Fault of a status that brings no file."""
        after = headers.retry_after(self.header("retry-after"), self.header("date"))
        return fault.of_status(self.status, self.reason, after)

    def coded(self, path: str = "") -> str:
        """See headers.coded."""
        return headers.coded(self.header("content-encoding"), self.header("transfer-encoding"), path)

    def refuse_coded(self, path: str = "") -> None:
        """Raises Fault where the body is not the plain bytes of the file."""
        coding = self.coded(path)
        if coding:
            raise Fault(f"the body is coded ({coding[:40]}) although the plain file was asked for",
                        hint="use another mirror; a proxy in between may be the one that codes", final=True)

    def allow(self, size: int) -> None:
        self._body.paced.allow(size)

    def readinto(self, view: memoryview) -> int:
        """Fill `view` with bytes as they are on the wire, undecoded; 0 at the end, which `fault` may explain."""
        import http.client

        if self._cut:
            return 0
        try:
            return int(self._body.readinto(view))
        except http.client.IncompleteRead as cut:
            # Broken off in a chunk; the whole chunks before it are in `view` already.
            self._cut = Fault(BROKE_OFF)
            return len(cut.partial)
        except (http.client.HTTPException, OSError, ValueError) as problem:
            self._cut = fault.of_exception(problem, self.url)
            return 0

    @property
    def fault(self) -> Fault | None:
        """Why the body ended before its time, where the connection said so."""
        broken = self._body.paced.fault
        if broken:
            return fault.of_exception(broken, self.url)
        if self.chunked and self._body.paced.ended:
            return Fault(BROKE_OFF)  # http.client takes a size line cut down to "0" for the last chunk
        return self._cut

    def cut(self, came: int) -> Fault | None:
        """The Fault of a body that ended after `came` bytes, where the connection or the head says it is not whole."""
        if self.fault or self.length is None or came >= self.length:
            return self.fault
        return Fault(f"the answer broke off after {came} of {self.length} bytes")

    def finish(self, drain: memoryview | None = None) -> None:
        """Give the connection back to the pool if the whole body was read, else close it."""
        if drain and not self._body.isclosed():
            self.allow(len(drain))
            self.readinto(drain)
        if self._body.isclosed() and not self.fault:
            self._raw.release_conn()
        else:
            self._raw.close()
            self._raw.release_conn()


class Session:
    """Makes its connections when they are first wanted; safe to share between threads."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self._adapter: Any = None
        self._proxies: dict[str, dict[str, str]] = {}
        self._starting = threading.Lock()
        self._local = threading.local()
        ca_file = self.options.ca_file
        if ca_file and not Path(ca_file).exists():
            raise UsageError(f"{ca_file}: no such CA file", "name a PEM file with the certificate of your authority")
        if self.options.client:
            _try_client(self.options.client)

    def buffer(self) -> memoryview:
        """This thread's buffer: a fresh one for every file would fault in all its pages again (PERFORMANCE)."""
        if not hasattr(self._local, "buffer"):
            self._local.buffer = memoryview(bytearray(BUFFER))
        return memoryview(self._local.buffer)

    @contextmanager
    def exchange(self, method: str, url: str, extra: Mapping[str, str]) -> Iterator[Answer]:
        """One request and its answer, after at most five redirects. Raises Fault."""
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._send(method, url, extra)
            if answer.status not in REDIRECTS:
                try:
                    yield answer
                finally:
                    answer.finish(self.buffer()[:DRAIN] if method == "HEAD" or answer.status >= 300 else None)
                return
            answer.finish(self.buffer()[:DRAIN])
            url = _next(answer, url)
        raise Fault(f"more than {MOST_REDIRECTS} redirects", hint=fault.ADDRESS_HINT, final=True)

    def close(self) -> None:
        if self._adapter:
            self._adapter.close()

    def _send(self, method: str, url: str, extra: Mapping[str, str]) -> Answer:
        # Lazily, for start-up time: see wire.adapter.
        from requests import Request, RequestException
        from urllib3.exceptions import HTTPError

        own = {"User-Agent": f"pinboot/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}
        timeout = (self.options.connect_timeout, self.options.read_timeout)
        verify = self.options.ca_file or True
        parallel.check()
        try:
            request = Request(method, url, headers={**own, **extra}).prepare()
            response = self._connected().send(request, stream=True, timeout=timeout, verify=verify,
                                              cert=self._certificate_for(url), proxies=self._proxies_for(url))
        except (RequestException, HTTPError, OSError) as problem:
            raise fault.of_exception(problem, url) from problem
        return Answer(response, url)

    def _connected(self) -> Any:
        with self._starting:
            if self._adapter is None:
                pace = wire.Pace(patience=self.options.read_timeout, floor=self.options.slow_floor,
                                 window=self.options.slow_window, clock=self.options.clock)
                self._adapter = wire.adapter(pace)
            return self._adapter

    def _certificate_for(self, url: str) -> tuple[str, str] | None:
        """Asked anew for every hop: a redirect to another host, port or scheme gets none (RELIABILITY N21)."""
        client = self.options.client
        return (client.certificate, client.key) if client and origin(url) == client.origin else None

    def _proxies_for(self, url: str) -> dict[str, str]:
        """The proxies of the environment (http_proxy, https_proxy, all_proxy, no_proxy), as requests reads them."""
        from requests.utils import get_environ_proxies

        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.netloc}"
        if place not in self._proxies:
            self._proxies[place] = get_environ_proxies(url)
        return self._proxies[place]


def origin(url: str) -> str:
    """Scheme, host and port of a URL (RFC 6454), written alike for one origin."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def _try_client(client: Client) -> None:
    """Raises UsageError where certificate and key cannot be used: before any request, and not five times."""
    import ssl  # 10 ms, for whoever has such a certificate

    def locked() -> str:
        raise UsageError(f"tree.client_key: {client.key} is locked with a pass phrase, and nobody is there to type it",
                         "openssl pkey -in KEY -out OPEN-KEY writes it without one; then chmod 600")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(client.certificate, client.key, password=locked)
    except ssl.SSLError as reason:
        # Keys of another kind than the certificate's are told as "no certificate assigned".
        pair = re.search("MISMATCH|NO_CERTIFICATE_ASSIGNED", str(reason))
        what = "are no pair" if pair else "are no PEM certificate and key"
        raise UsageError(f"tree.client_cert: {client.certificate} and {client.key} {what}",
                         "the certificate must be the one that was issued for this key") from reason
    except OSError as reason:
        raise UsageError(f"tree.client_cert: {client.certificate} or {client.key} cannot be read: {reason.strerror}") \
            from reason


def _next(answer: Answer, url: str) -> str:
    try:
        return headers.redirect(url, answer.header("location"))
    except ValueError as reason:
        raise Fault(f"the server redirects {reason}", final=True, kind=HostileInput,
                    hint=fault.ADDRESS_HINT) from reason


@functools.lru_cache(maxsize=8)
def shared(options: Options) -> Session:
    """The one session of these options in this process: its pool is worth more the more sources use it."""
    return Session(options)

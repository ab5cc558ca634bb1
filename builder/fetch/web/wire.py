"""Reading sockets at a pace: a deadline and a cap for the whole head of an answer, a low-speed floor for its body.

A read timeout alone does not end a slow-loris (RELIABILITY N07): every byte that trickles in starts it anew. So the
reader below http.client counts the seconds spent waiting and what they brought.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from builder.fetch import parallel

# http.client takes 100 header lines of 64 KiB, and 1xx answers without end; no real head is over 16 KiB.
HEAD_CAP = 256 << 10
# Raw bytes for a body: a chunk of one byte costs six on the wire (RFC 9112 7.1); trailers without end stop here.
FRAMING, FRAMING_SPARE = 8, 1 << 20
POOL = 16  # connections kept per host: the mirror job uses eight


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`patience` is how many seconds a silence or a whole head may last; fewer than `floor` bytes a second over
    `window` seconds is too slow."""

    patience: float
    floor: float
    window: float
    clock: Callable[[], float]


class PacedReader(io.RawIOBase):
    """A socket's raw stream under a Pace.

    In the head a fault is raised. In the body it is kept in `fault` and the stream ends: bytes that came in the same
    read before it are then not lost, and a resume asks only for what is really missing.
    """

    def __init__(self, raw: io.RawIOBase, pace: Pace) -> None:
        self._raw = raw
        self._pace = pace
        self._in_body = False
        self._waited = 0.0
        self._came = 0
        self._budget: int | None = None
        self.fault: OSError | None = None
        self.ended = False  # the other side has closed

    def begin_body(self) -> None:
        self._in_body, self._waited, self._came = True, 0.0, 0

    def allow(self, size: int) -> None:
        """At most `size` bytes of body are wanted: bounds what is read for them."""
        self._budget = size * FRAMING + FRAMING_SPARE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.fault:
            return 0
        clock = self._pace.clock
        start = clock()
        try:
            count = self._raw.readinto(buffer) or 0
        except TimeoutError:
            return self._stop(TimeoutError(f"nothing came for {self._pace.patience:g} s"))
        except OSError as fault:
            return self._stop(fault)
        self._waited += clock() - start
        self._came += count
        self.ended = not count
        wrong = self._bad_body(count) if self._in_body else self._bad_head()
        if wrong:
            self._stop(wrong)
        return count

    def _bad_head(self) -> OSError | None:
        if self._came > HEAD_CAP:
            return OSError(f"the head of the answer is over {HEAD_CAP >> 10} KiB")
        if self._waited > self._pace.patience:
            return TimeoutError(f"the head of the answer took over {self._pace.patience:g} s")
        if self.ended and self._came:
            return ConnectionError("the head of the answer broke off")  # http.client takes a cut head for a whole one
        return None

    def _bad_body(self, count: int) -> OSError | None:
        if self._budget is not None:
            self._budget -= count
            if self._budget < 0:
                return OSError("far more bytes came than the file can have")
        if self._waited < self._pace.window:
            return None
        if self._came < self._pace.floor * self._waited:
            return TimeoutError(f"under {self._pace.floor:g} bytes a second for {self._pace.window:g} s")
        self._waited, self._came = 0.0, 0
        return None

    def _stop(self, fault: OSError) -> int:
        if not self._in_body:
            raise fault
        self.fault = fault
        return 0

    def close(self) -> None:
        self._raw.close()
        super().close()


def adapter(pace: Pace) -> Any:
    """A requests HTTPAdapter whose connections read at `pace`.

    requests and urllib3 cost 100 ms to import, so they are imported here: a run without network never pays for them.
    """
    import http.client

    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    class Response(http.client.HTTPResponse):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            parallel.watch(args[0])
            stream: Any = self.fp
            self.paced = PacedReader(stream.detach(), pace)
            self.fp = io.BufferedReader(self.paced)

        def begin(self) -> None:
            super().begin()
            self.paced.begin_body()

    class Plain(HTTPConnection):
        response_class = Response

    class Secure(HTTPSConnection):
        response_class = Response

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    pools = {"http": PlainPool, "https": SecurePool}

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, **options)
            self.poolmanager.pool_classes_by_scheme = pools

        def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
            manager = super().proxy_manager_for(*args, **options)
            manager.pool_classes_by_scheme = pools
            return manager

    return Adapter(pool_connections=POOL, pool_maxsize=POOL)

"""One file over HTTP: tried until it is whole and right, continued where safe, given up after a bounded count."""

from __future__ import annotations

from collections.abc import Callable

from builder.errors import BytesDiffer
from builder.fetch import parallel
from builder.fetch.store.intake import Intake
from builder.fetch.web import headers
from builder.fetch.web.fault import Fault
from builder.fetch.web.patience import Patience
from builder.fetch.web.session import Answer, Session
from builder.progress import Meter, Progress

Remember = Callable[[str, str], None]


class Transfer:
    """Fills `intake` from `url`; its first bytes may be there already, from `etag`'s version or from who knows where.

    Only with an expected digest are bytes of unknown origin continued: it judges the whole (RELIABILITY N11, N12).
    """

    def __init__(self, session: Session, url: str, intake: Intake, *, etag: str = "",
                 remember: Remember | None = None) -> None:
        self._session = session
        self._url = url
        self._intake = intake
        self._etag = etag
        self._remember = remember
        self._continued = intake.size > 0  # the bytes are not all of one answer
        self._second_chance = True
        self._total = intake.wanted.size  # or what the first answer announced

    def run(self, what: str, progress: Progress, meter: Meter) -> str:
        """The URL that answered; `what` is the file's name in what is said of new tries. Raises PinbootError."""
        patience = Patience(self._session.options.terms, self._url, what, progress, self._intake.size)
        gauge = Gauge(meter)
        while True:
            try:
                answered = self._attempt(gauge)
                self._intake.check()
                return answered
            except Fault as problem:
                if self._intake.matches():  # the digest decides, whatever the connection said (N04)
                    return self._url
                patience.endure(problem, self._intake.size)
            except BytesDiffer:
                # A continued file may have been put together from two versions: once, from the start (N11).
                if not (self._continued and self._second_chance):
                    raise
                self._second_chance = False
                self._restart()

    def _attempt(self, gauge: Gauge) -> str:
        if self._intake.size and not (self._intake.wanted.expected or self._etag):
            self._restart()
        if self._intake.matches():
            return self._url
        start = self._intake.size
        gauge.reach(start)
        with self._session.exchange("GET", self._url, self._asked(start)) as answer:
            self._begin(answer, start)
            self._receive(answer, gauge)
            return answer.url

    def _asked(self, start: int) -> dict[str, str]:
        if not start:
            return {}
        return {"Range": f"bytes={start}-"} | ({"If-Range": self._etag} if self._etag else {})

    def _begin(self, answer: Answer, start: int) -> None:
        """Bring the intake to where the answer's body begins. Raises Fault where it is no such body."""
        if answer.status == 416 and start:
            self._restart()
            raise Fault("the server has no such range; the file there is another one or shorter")
        if answer.status == 206:
            self._check_range(answer, start)
            self._continued = True
        elif answer.status != 200:
            raise answer.refusal()
        elif start:
            self._restart()
        answer.refuse_coded(self._url if self._intake.wanted.expected else "")
        if answer.status == 200:
            # A pool of mirrors may give every answer another tag: after one refusal the digest alone judges (N11).
            flapping = start and self._etag and self._intake.wanted.expected
            self._etag = "" if flapping else headers.strong_etag(answer.header("etag"))
            if self._remember:
                self._remember(self._url, self._etag)

    def _check_range(self, answer: Answer, start: int) -> None:
        """Never append blindly: the range must start where we stand and go to the end of the file (N10)."""
        told = headers.content_range(answer.header("content-range"))
        total = self._total or (told.total if told else None)
        right = start and told and told.start == start and told.end + 1 == total and told.total in (None, total)
        length = headers.content_length(answer.header("content-length"))
        if right and told and length in (None, told.end + 1 - start):
            return
        self._restart()
        raise Fault(f"the server gave another range than bytes {start} to the end", hint="use another mirror")

    def _receive(self, answer: Answer, gauge: Gauge) -> None:
        intake, wanted = self._intake, self._intake.wanted
        start = intake.size
        length = answer.length
        if length is not None and wanted.size is None:
            self._total = start + length
            gauge.total(self._total)
            wanted.refuse_too_big(self._total)
        # With a digest, bytes after the known size are not read: an overlong Content-Length then cannot hang us (N04).
        stop = wanted.size if wanted.expected and wanted.size is not None else wanted.cap + 1
        answer.allow(stop - start)
        buffer = self._session.buffer()
        while intake.size < stop and (count := answer.readinto(buffer[: stop - intake.size])):
            parallel.check()
            intake.write(buffer[:count])
            gauge.reach(intake.size)
        parallel.check()
        if intake.size < stop:
            self._refuse_cut(answer, intake.size - start)

    def _refuse_cut(self, answer: Answer, came: int) -> None:
        if cut := answer.cut(came):
            raise cut
        size = self._intake.wanted.size
        if answer.length is None and not answer.chunked and size is not None and self._intake.size < size:
            raise Fault(f"the answer ended after {self._intake.size} of {size} bytes")

    def _restart(self) -> None:
        self._intake.restart()
        self._continued = False
        self._total = self._intake.wanted.size


class Gauge:
    """Tells a Meter how far a file has come; after a restart it stands still until the old mark is reached."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._mark = 0

    def total(self, size: int) -> None:
        self._meter.total(size)

    def reach(self, size: int) -> None:
        if size > self._mark:
            self._meter.advance(size - self._mark)
            self._mark = size

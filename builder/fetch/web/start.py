"""The first bytes of one file over HTTP: asked for as a range, or cut off where the whole file comes (RFC 9110 14)."""

from __future__ import annotations

from builder.fetch import parallel
from builder.fetch.beginning import Beginning
from builder.fetch.web import headers
from builder.fetch.web.fault import Fault
from builder.fetch.web.patience import Patience
from builder.fetch.web.session import Answer, Session
from builder.fetch.web.transfer import Gauge
from builder.progress import Meter, Progress


def bring(session: Session, url: str, beginning: Beginning, what: str, progress: Progress, meter: Meter) -> bytes:
    """The bytes that `beginning` wants, from its first one again at each new try. Raises PinbootError."""
    patience = Patience(session.options.terms, url, what, progress)
    gauge = Gauge(meter)
    while True:
        try:
            beginning.restart()
            with session.exchange("GET", url, {"Range": f"bytes=0-{beginning.length - 1}"}) as answer:
                _check_head(answer, beginning.length)
                _receive(session, answer, beginning, gauge)
            return beginning.whole()
        except Fault as problem:
            patience.endure(problem)


def _check_head(answer: Answer, length: int) -> None:
    """Raises Fault where no body follows that begins where the file does."""
    if answer.status == 416:
        raise Fault(f"the server has no bytes 0 to {length - 1} of it: the file there is empty, or another one",
                    hint="use another mirror", final=True)
    if answer.status == 206:
        _check_range(answer, length)
    elif answer.status != 200:
        raise answer.refusal()
    answer.refuse_coded()


def _check_range(answer: Answer, length: int) -> None:
    """From the first byte to the last one wanted, or to the end of a shorter file (N10; RFC 9110 14.1.2)."""
    told = headers.content_range(answer.header("content-range"))
    if told and told.start == 0 and headers.content_length(answer.header("content-length")) in (None, told.end + 1):
        shorter = told.end + 1 < length and told.end + 1 == told.total
        if shorter or told.end + 1 == length:
            return
    raise Fault(f"the server gave another range than bytes 0 to {length - 1}", hint="use another mirror")


def _receive(session: Session, answer: Answer, beginning: Beginning, gauge: Gauge) -> None:
    """What the server sends beyond the wanted bytes is left to it: its connection is then closed."""
    answer.allow(beginning.length)
    buffer = session.buffer()
    while beginning.left and (count := answer.readinto(buffer[: beginning.left])):
        parallel.check()
        beginning.write(buffer[:count])
        gauge.reach(beginning.came)
    parallel.check()
    if beginning.left and (cut := answer.cut(beginning.came)):
        raise cut

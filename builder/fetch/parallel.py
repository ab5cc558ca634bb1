"""Several downloads at once: results in the order they were asked for, and an end within a second when it is called.

A worker that waits for a server cannot be reached by a signal: only the main thread gets those. So whoever ends the
work shuts down the connections that workers wait on; each then cleans up behind itself, as after any failure.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from builder.errors import PinbootError

T = TypeVar("T")
WORKERS = 4
# What workers get to remove their temporary files once their connections are gone.
GRACE = 1.0


class Stopped(BaseException):
    """Ends a worker whose work nobody waits for any more; never leaves this module's threads."""


class Stop:
    """Whether workers shall end, and the connections that they wait on now."""

    def __init__(self) -> None:
        self._called = threading.Event()
        self._guard = threading.Lock()
        self._sockets: weakref.WeakSet[Any] = weakref.WeakSet()

    def watch(self, connection: Any) -> None:
        with self._guard:
            self._sockets.add(connection)
        if self._called.is_set():
            _shut(connection)

    def call(self) -> None:
        self._called.set()
        with self._guard:
            connections = list(self._sockets)
        for connection in connections:
            _shut(connection)

    def check(self) -> None:
        if self._called.is_set():
            raise Stopped

    def wait(self, seconds: float) -> None:
        if self._called.wait(seconds):
            raise Stopped


_worker = threading.local()


def _current() -> Stop | None:
    stop: Stop | None = getattr(_worker, "stop", None)
    return stop


def watch(connection: Any) -> None:
    """Called before a worker waits on a connection; in any other thread it does nothing."""
    stop = _current()
    if stop:
        stop.watch(connection)


def check() -> None:
    """Called between two steps of long work: ends a worker that shall stop."""
    stop = _current()
    if stop:
        stop.check()


def pause(seconds: float) -> None:
    """time.sleep that a worker's end cuts short."""
    stop = _current()
    if stop:
        stop.wait(seconds)
    else:
        time.sleep(seconds)


def fetch_all(jobs: Sequence[Callable[[], T]], workers: int = WORKERS) -> list[T | PinbootError]:
    """What each job returned, or the error of those that a user can cure, in the order of `jobs`.

    Any other exception of a job, and one that interrupts the waiting (Ctrl-C), stops all jobs and is raised.
    """
    if len(jobs) < 2 or workers < 2:
        return [_outcome(job) for job in jobs]
    stop = Stop()
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(jobs)):
        waiting.put(number)
    done: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
    # Daemons: a worker that cannot be stopped (in connect, or at a lock) does not keep the process alive.
    threads = [threading.Thread(target=_work, args=(jobs, waiting, done, stop), daemon=True)
               for _ in range(min(workers, len(jobs)))]
    outcomes: dict[int, Any] = {}
    try:
        for thread in threads:
            thread.start()
        while len(outcomes) < len(jobs):
            number, outcome = done.get()
            if isinstance(outcome, BaseException) and not isinstance(outcome, PinbootError):
                raise outcome
            outcomes[number] = outcome
    except BaseException:
        stop.call()
        deadline = time.monotonic() + GRACE
        for thread in threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        raise
    return [outcomes[number] for number in range(len(jobs))]


def _outcome(job: Callable[[], T]) -> T | PinbootError:
    try:
        return job()
    except PinbootError as error:
        return error


def _work(jobs: Sequence[Callable[[], T]], waiting: queue.SimpleQueue[int], done: queue.SimpleQueue[Any],
          stop: Stop) -> None:
    _worker.stop = stop
    while True:
        try:
            number = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            stop.check()
            done.put((number, _outcome(jobs[number])))
        except Stopped:
            return
        except BaseException as problem:  # noqa: BLE001 - handed to whoever waits, which raises it
            done.put((number, problem))
            return


def _shut(connection: Any) -> None:
    import socket  # for runs that have connections at all

    # It may be closed already, or its TLS be in the middle of something.
    with contextlib.suppress(OSError, ValueError):
        connection.shutdown(socket.SHUT_RDWR)

"""Processes that fetch: killed, two at once, and how light they start (L08, L10)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from builder.digest import of_bytes
from tests.corpus import ROOT
from tests.unit.faulty import paused, whole
from tests.unit.fetching import AT, BODY, DIGEST, PATH, Bench

CHILD = """
import sys
from pathlib import Path
from builder.digest import parse
from builder.fetch.web.session import Options
from builder.fetch.source import open_source
from builder.fetch.store.objects import Store
from builder.progress import Silent

class Told(Silent):
    def say(self, text):
        print(text, flush=True)

url, root, digest = sys.argv[1:]
expected = parse(digest) if digest else None
source = open_source(url, store=Store(Path(root)), progress=Told(), options=Options())
print(source.fetch("images/pxeboot/vmlinuz", kind="kernel", expected=expected).digest)
"""


def child(bench: Bench, expected: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, f"{bench.server.url}/9", str(bench.store.root), expected]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)})


def wait_until(true: Any) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("expected", [str(DIGEST), ""])
def test_after_kill_9_in_mid_fetch_a_plain_rerun_completes(bench: Bench, expected: str) -> None:
    long = BODY * 10
    release = threading.Event()
    bench.server.serve(AT, paused(long, 2_500_000, release))
    digest = str(of_bytes(long)) if expected else ""
    process = child(bench, digest)
    place = "partial" if expected else "tmp"
    wait_until(lambda: any(path.stat().st_size >= 1 << 20 for path in bench.store.root.glob(f"{place}/*")))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    release.set()
    assert bench.objects() == []
    bench.server.serve(AT, whole(long))
    rerun = child(bench, digest)
    assert rerun.communicate()[0] == f"{of_bytes(long)}\n"
    assert bench.objects() == [of_bytes(long).hex[2:]]
    assert not list(bench.store.root.glob("tmp/*")) and not list(bench.store.root.glob("partial/*"))
    assert bool(bench.server.log[-1].headers.get("range")) is bool(expected)


def test_two_processes_that_fetch_one_object_both_succeed_and_one_waits(bench: Bench) -> None:
    release = threading.Event()
    bench.server.serve(AT, paused(BODY, 1000, release))
    first = child(bench, str(DIGEST))
    wait_until(lambda: bench.server.log)
    second = child(bench, str(DIGEST))
    assert second.stdout
    assert second.stdout.readline() == f"waiting: another process is fetching {PATH}\n"
    release.set()
    assert first.communicate()[0] == f"{DIGEST}\n"
    assert second.communicate()[0] == f"{DIGEST}\n"
    assert len(bench.server.log) == 1


def test_importing_the_room_does_not_load_the_http_libraries() -> None:
    script = (f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
              "import builder.fetch.source, builder.fetch.mirrors\n"
              "print(sorted({'requests', 'urllib3', 'http.client', 'ssl', 'email'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-I", "-c", script], text=True, capture_output=True, check=True)
    assert done.stdout == "[]\n"

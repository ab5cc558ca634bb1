"""The job as its user runs it: a mirror and a web server on loopback, and the command itself in a folder."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.corpus import ROOT


def public_key() -> str:
    """An ssh-ed25519 key in form (RFC 8709): the type, then 32 bytes, each with its length before it."""
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (b"ssh-ed25519", hashlib.sha256(b"key").digest()))
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} test"


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """The port at which `folder` is served on loopback; what comes into it later is served as well."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def pinboot(folder: Path, *words: str) -> None:
    """Run the command in `folder`, with a cache of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache"), "NO_COLOR": "1"}
    done = subprocess.run([sys.executable, "-m", "builder.cli", *words], cwd=folder, env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0, f"pinboot {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"

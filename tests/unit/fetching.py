"""What tests of fetching share: a file, a server that misbehaves, a store, and a source over them."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path
from typing import Any

from builder.digest import Digest, of_bytes
from builder.fetch.source import Source, open_source
from builder.fetch.store.objects import Store
from builder.fetch.web.session import Options
from builder.progress import Meter, Silent, SilentMeter
from tests.unit.faulty import Faulty

BODY = hashlib.shake_256(b"a kernel").digest(300_000)
DIGEST = of_bytes(BODY)
OTHER = hashlib.shake_256(b"another kernel").digest(len(BODY))
PATH = "images/pxeboot/vmlinuz"
AT = f"/9/{PATH}"
PORTAL = b"\n<!DOCTYPE html>\n<html><head><title>Hotel Wi-Fi</title></head><body>Please log in</body></html>"


class Told(Silent):
    """Keeps what was said and how far each meter came."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.advanced: list[int] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    def start(self, what: str, total: int | None = None, unit: str = "B") -> Meter:
        told = self

        class Counting(SilentMeter):
            def advance(self, count: int) -> None:
                told.advanced.append(count)

        return Counting()


class Bench:
    """A server, a store and a source over them whose pauses are noted and not slept."""

    def __init__(self, server: Faulty, store: Store) -> None:
        self.server = server
        self.store = store
        self.told = Told()
        self.pauses: list[float] = []

    def source(self, tree: str = "/9", **options: Any) -> Source:
        quick: dict[str, Any] = {"connect_timeout": 2.0, "read_timeout": 2.0, "pause": self.pauses.append}
        return open_source(self.server.url + tree, store=self.store, progress=self.told,
                           options=Options(**quick | options))

    def fetch(self, path: str = PATH, *, expected: Digest | None = DIGEST, size: int | None = None,
              kind: str = "kernel", **options: Any) -> bytes:
        fetched = self.source(**options).fetch(path, kind=kind, expected=expected, size=size)
        with self.store.open(fetched.digest) as stream:
            return stream.read()

    def objects(self) -> list[str]:
        return [path.name for path in self.store.root.glob("objects/sha256/*/*")]

    def ranges(self) -> list[str]:
        return [ask.headers.get("range", "") for ask in self.server.asked(AT)]


def tls_server(certificate: tuple[Path, Path]) -> Faulty:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return Faulty(tls=context)

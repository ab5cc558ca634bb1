"""Whole commands on demo mirrors that have stable names: a loopback server stands in as the proxy of all http."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from builder.cli.main import main
from builder.demo import serve
from builder.fetch.web import session

MIRROR = "http://mirror.example"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def pinboot(*arguments: str | Path) -> Ran:
    """Run one command in this process, in the current folder, and keep what it says."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(a) for a in arguments])
    return Ran(code, out.getvalue(), err.getvalue())


class Mirror:
    """`trees` by URL, as http://mirror.example/centos/7/os/x86_64; every other address is not found. `asked` are the
    URLs that were asked for, in order. `base` is the server's own address."""

    def __init__(self, trees: Mapping[str, Mapping[str, bytes]]) -> None:
        self.trees = dict(trees)
        self.asked: list[str] = []
        self.base = ""
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Mirror:
        session.shared.cache_clear()
        self.base = self._stack.enter_context(serve.serve(_Everything(self)))
        for name in ("http_proxy", "https_proxy", "no_proxy"):
            self._stack.callback(_restore, name, os.environ.get(name))
            os.environ[name] = "" if name == "no_proxy" else self.base
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._stack.close()

    def find(self, url: str) -> bytes | None:
        self.asked.append(url)
        for prefix, tree in self.trees.items():
            if url.startswith(f"{prefix}/") and url[len(prefix) + 1 :] in tree:
                return tree[url[len(prefix) + 1 :]]
        return None


class _Everything(dict):
    """One tree at the root of the server whose files are looked up when they are asked for."""

    def __init__(self, mirror: Mirror) -> None:
        super().__init__({"": _Files(mirror)})


class _Files(dict):
    def __init__(self, mirror: Mirror) -> None:
        super().__init__()
        self.mirror = mirror

    def __contains__(self, name: object) -> bool:
        return self.mirror.find(str(name)) is not None

    def __getitem__(self, name: str) -> bytes:
        found = self.mirror.find(name)
        self.mirror.asked.pop()
        assert found is not None
        return found


def _restore(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value

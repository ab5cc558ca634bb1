"""Which mirrors of a list are taken: those that are silent cost two tries, not five, and are named."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from builder.demo import tree
from builder.errors import PinbootError
from builder.fetch.store.objects import Store
from builder.fetch.web.session import Options
from builder.finding import Finding, Severity
from builder.jobs.context import Context
from builder.jobs.survey.places import lists
from builder.jobs.survey.places.lists import Listed
from builder.progress import Silent
from tests.unit import faulty


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def dead() -> str:
    """An address on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/9"


def test_a_silent_mirror_is_asked_twice_and_noted_and_the_next_one_has_all_its_tries(tmp_path: Path) -> None:
    pauses: list[float] = []
    context = Context(store=Store(tmp_path / "store"), progress=Silent(), now=0, environment={},
                      network=Options(pause=pauses.append, connect_timeout=2.0, read_timeout=2.0))
    findings: list[Finding] = []
    reasons: list[PinbootError] = []
    first = dead()
    with faulty.Faulty() as server:
        for path, data in tree.centos7().items():
            server.serve(f"/9/{path}", faulty.whole(data))
        listed = Listed(kind="mirrorlist", url="http://lists.example/", addresses=(first, f"{server.url}/9"))
        found = lists.choose(listed, context, findings, reasons)
    assert [each.source.url for each in found] == [f"{server.url}/9"]
    assert len(pauses) == 1 and len(reasons) == 1
    assert findings[0].severity is Severity.NOTE and findings[0].text.split() == [first, "no", "answer"]

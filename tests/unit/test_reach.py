"""Files beside a tree: above it, as far as our own catalog climbs, or at an address of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.errors import HostileInput, NotFound
from builder.fetch.source import Source, open_source
from builder.fetch.store.objects import Store
from builder.fetch.web.session import Options
from builder.jobs.context import Context
from builder.jobs.survey.places.reach import at, reach
from builder.progress import Silent

TREE = "https://mirror.example/pub/rocky/9/BaseOS/x86_64/os"


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(store=Store(tmp_path / "store"), progress=Silent(), now=0, environment={}, network=Options())


@pytest.mark.parametrize(("path", "folder", "name"), [
    ("RPM-GPG-KEY-CentOS-7", TREE, "RPM-GPG-KEY-CentOS-7"),
    ("repodata/repomd.xml", f"{TREE}/repodata", "repomd.xml"),
    ("../../../COMPOSE_ID", "https://mirror.example/pub/rocky/9", "COMPOSE_ID"),
    ("../../../../RPM-GPG-KEY-Rocky-9", "https://mirror.example/pub/rocky", "RPM-GPG-KEY-Rocky-9"),
    ("../../../isos/x86_64/CHECKSUM", "https://mirror.example/pub/rocky/9/isos/x86_64", "CHECKSUM"),
    ("../../../../../../key", "https://mirror.example", "key"),
    ("../../../..", "https://mirror.example/pub/rocky/9", ".."),
])
def test_a_path_of_the_catalog_is_a_folder_and_a_name(context: Context, path: str, folder: str, name: str) -> None:
    found, last = reach(context.source(TREE), path)
    assert (found.url, last) == (folder, name)


def test_above_the_root_of_a_server_there_is_nothing(context: Context) -> None:
    with pytest.raises(NotFound, match="nothing lies so far above it: ../../../../../../../key"):
        reach(context.source(TREE), "../../../../../../../key")


def test_a_name_that_climbs_is_refused_when_it_is_read(context: Context) -> None:
    folder, name = reach(context.source(TREE), "../..")
    with pytest.raises(HostileInput):
        folder.read(name, 10)


def test_a_directory_is_climbed_too(context: Context, tmp_path: Path) -> None:
    tree = tmp_path / "9/BaseOS/x86_64/os"
    tree.mkdir(parents=True)
    (tmp_path / "KEY").write_text("a key")
    source: Source = open_source(str(tree), store=context.store, progress=context.progress)
    folder, name = at("../../../../KEY", source, context)
    assert folder.read(name, 100) == b"a key"


def test_an_address_of_its_own_is_opened_on_its_own(context: Context, tmp_path: Path) -> None:
    folder, name = at("https://keys.example/a/KEY", context.source(TREE), context)
    assert (folder.url, name) == ("https://keys.example/a", "KEY")
    (tmp_path / "KEY").write_text("a key")
    folder, name = at(f"file://{tmp_path}/KEY", context.source(TREE), context)
    assert folder.read(name, 100) == b"a key"

"""Sources: what an address may look like, directories of this machine, and where variants lie."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import names
from builder.digest import Digest, of_bytes
from builder.errors import BytesDiffer, HostileInput, Missing, NotFound, UsageError
from builder.fetch import relative
from builder.fetch.mirrors import Mirrors
from builder.fetch.source import Source, open_source
from builder.fetch.store.folder import StoreUnusable
from builder.fetch.store.objects import Store
from builder.progress import Silent
from tests.corpus import corpus

KERNEL = b"\x4d\x5a kernel" * 5000
PATH = "images/pxeboot/vmlinuz"
STREAM = "https://mirror.example/9-stream/BaseOS/x86_64/os"


def source(place: str | Path, store: Path) -> Source:
    return open_source(str(place), store=Store(store), progress=Silent())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "compose/BaseOS/x86_64/os"
    (root / "images/pxeboot").mkdir(parents=True)
    (root / PATH).write_bytes(KERNEL)
    (root / ".treeinfo").write_text("[general]\nfamily = CentOS Stream\n")
    return root


def asks(opened: Source, path: str) -> list[Callable[[], object]]:
    """Every way to ask for a file."""
    return [lambda: opened.read(path, 100), lambda: opened.size(path), lambda: opened.fetch(path, kind="file")]


# Addresses


@pytest.mark.parametrize(("text", "url"), [
    ("https://Mirror.Example:443//9-stream/BaseOS/x86_64/os/", STREAM),
    ("http://[2001:DB8::1]:8080/tree/", "http://[2001:db8::1]:8080/tree"),
    ("http://192.0.2.1", "http://192.0.2.1"),
])
def test_an_http_address_is_shown_in_its_canonical_form(tmp_path: Path, text: str, url: str) -> None:
    assert source(text, tmp_path).url == url


@pytest.mark.parametrize("text", [
    "mirror.example/9", "tree", "./tree", "", "ftp://mirror.example/9", "https://u:p@mirror.example/",
    "nfs:server:/tree", "https://mirror.example/9?x=1", "https://mirror.example/../x", "file://host/tree", "file:tree",
    "file:/tree", "file:///tree?x", "file:///tree#x", "file:///a b", "file:///a%2", "file:///a%00b", "file:///a/../b",
    "file:///a/%2e%2e/b", "/a/../b", "/a\0b",
])
def test_an_address_that_is_neither_url_nor_absolute_directory_is_a_usage_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        source(text, tmp_path)
    assert caught.value.message.startswith("source: ")
    assert caught.value.message.isprintable()
    assert caught.value.hint


def test_a_directory_is_named_by_its_file_url_whatever_its_name_holds(tmp_path: Path) -> None:
    place = tmp_path / "Größe #1 100%"
    place.mkdir()
    (place / ".treeinfo").write_text("[general]\n")
    shown = source(place, tmp_path / "store").url
    assert shown == f"file://{tmp_path}/Gr%C3%B6%C3%9Fe%20%231%20100%25"
    assert source(shown, tmp_path / "store").read(".treeinfo", 100) == b"[general]\n"
    assert source(f"{place}//", tmp_path / "store").url == shown


def test_a_directory_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in ("none", "pipe"):
        with pytest.raises(NotFound, match=f"file://{tmp_path}/{place}: no such directory") as caught:
            source(tmp_path / place, tmp_path / "store")
        assert "mounted" in caught.value.hint


def test_a_file_in_place_of_a_directory_must_be_an_iso_image(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("tree")
    with pytest.raises(HostileInput, match=f"file://{tmp_path}/file: is no ISO 9660 image"):
        source(tmp_path / "file", tmp_path / "store").read(".treeinfo", 100)


# Directories


def test_a_file_of_a_directory_is_copied_into_the_store_and_verified(tree: Path, tmp_path: Path) -> None:
    opened = source(tree, tmp_path / "store")
    fetched = opened.fetch(PATH, kind="kernel", expected=of_bytes(KERNEL), size=len(KERNEL))
    assert (fetched.digest, fetched.size, fetched.url) == (of_bytes(KERNEL), len(KERNEL), f"file://{tree}/{PATH}")
    with opened.store.open(fetched.digest) as stream:
        assert stream.read() == KERNEL
    assert opened.size(PATH) == len(KERNEL)
    assert opened.fetch(PATH, kind="kernel").digest == of_bytes(KERNEL)


def test_wrong_bytes_of_a_directory_are_refused_like_those_of_a_server(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(BytesDiffer, match=f"file://{tree}/{PATH}: not the bytes that were asked for"):
        source(tree, tmp_path / "store").fetch(PATH, kind="kernel", expected=Digest("sha512", "0" * 128))
    with pytest.raises(BytesDiffer, match="wrong size"):
        source(tree, tmp_path / "store").fetch(PATH, kind="kernel", size=5)
    assert not list((tmp_path / "store/objects").rglob("*"))


def test_a_fresh_fetch_reads_the_directory_even_where_the_store_has_the_bytes(tree: Path, tmp_path: Path) -> None:
    opened = source(tree, tmp_path / "store")
    opened.fetch(PATH, kind="kernel")
    (tree / PATH).write_bytes(b"changed")
    assert opened.fetch(PATH, kind="kernel", expected=of_bytes(KERNEL)).digest == of_bytes(KERNEL)
    with pytest.raises(BytesDiffer):
        opened.fetch(PATH, kind="kernel", expected=of_bytes(KERNEL), fresh=True)


def test_caps_hold_for_directories(tree: Path, tmp_path: Path) -> None:
    (tree / ".discinfo").write_bytes(bytes(70_000))
    opened = source(tree, tmp_path / "store")
    with pytest.raises(HostileInput, match="cap: 65536 bytes"):
        opened.fetch(".discinfo", kind="discinfo")
    with pytest.raises(HostileInput, match="cap: 100 bytes"):
        opened.read(".discinfo", 100)


def test_an_absent_file_is_not_found_and_so_is_a_directory_in_its_place(tree: Path, tmp_path: Path) -> None:
    opened = source(tree, tmp_path / "store")
    (tree / "images/link").symlink_to("nowhere")
    for path in (".discinfo", "images/pxeboot", ".treeinfo/deeper", "images/link"):
        for ask in asks(opened, path):
            with pytest.raises(NotFound, match=f"file://{tree}/{path}: "):
                ask()


def test_a_link_inside_the_tree_is_followed_and_one_that_leads_out_is_not(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("root:x:0:0")
    (tree / "images/same").symlink_to("pxeboot/vmlinuz")
    (tree / "images/out").symlink_to(tmp_path / "secret")
    (tree / "images/outdir").symlink_to("../..")
    opened = source(tree, tmp_path / "store")
    assert opened.size("images/same") == len(KERNEL)
    for path in ("images/out", "images/outdir/os/.treeinfo"):
        if path.endswith(".treeinfo"):
            assert opened.read(path, 100).startswith(b"[general]")  # out and in again: still the tree
            continue
        with pytest.raises(HostileInput, match="a symbolic link leads out of the tree"):
            opened.read(path, 100)
    with pytest.raises(HostileInput, match="a symbolic link leads out of the tree"):
        opened.fetch("images/out", kind="file")


def test_a_tree_that_is_itself_a_link_is_read_where_it_leads(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "mounted").symlink_to(tree)
    opened = source(tmp_path / "mounted", tmp_path / "store")
    assert opened.size(PATH) == len(KERNEL)
    assert opened.url == f"file://{tmp_path}/mounted"


def test_a_pipe_in_the_tree_does_not_hang(tree: Path, tmp_path: Path) -> None:
    os.mkfifo(tree / "images/pipe")
    with pytest.raises(NotFound, match="not a regular file"):
        source(tree, tmp_path / "store").fetch("images/pipe", kind="file")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a//b", "", "a/../b", "http://x/y", "-x", "a\\b", "a\0b",
                                  "a\nb", "é"])
@pytest.mark.parametrize("kind", ["directory", "server"])
def test_a_path_that_is_none_of_a_tree_is_refused_unasked(tree: Path, tmp_path: Path, path: str, kind: str) -> None:
    opened = source(tree if kind == "directory" else "http://127.0.0.1:1/9", tmp_path / "store")
    for ask in asks(opened, path):
        with pytest.raises(HostileInput, match="is no path inside a tree"):
            ask()


# Variants


@pytest.mark.parametrize(("relative_path", "url"), [
    (".", STREAM),
    ("AppStream", f"{STREAM}/AppStream"),
    ("addons/HighAvailability/", f"{STREAM}/addons/HighAvailability"),
    ("../../../AppStream/x86_64/os/", "https://mirror.example/9-stream/AppStream/x86_64/os"),
    ("../../appstream/x86_64/", "https://mirror.example/9-stream/BaseOS/appstream/x86_64"),
    ("../../..", "https://mirror.example/9-stream"),
])
def test_a_variant_lies_where_its_path_leads_on_the_same_server(tmp_path: Path, relative_path: str, url: str) -> None:
    assert source(STREAM, tmp_path).child(relative_path).url == url


@pytest.mark.parametrize("relative_path", ["../../../../x", "/etc", "https://evil.example/x", "//evil.example/x",
                                           "..\\x", "a/../../b", "a b", "%2e%2e/x", "../x?y", "a//b", "-x", ""])
def test_a_variant_that_leads_out_of_the_compose_is_refused(tree: Path, tmp_path: Path, relative_path: str) -> None:
    for place in (STREAM, tree):
        with pytest.raises(HostileInput):
            source(place, tmp_path / "store").child(relative_path)


def test_a_variant_of_a_short_address_cannot_climb_above_the_server(tmp_path: Path) -> None:
    with pytest.raises(HostileInput, match="leads out of the compose"):
        source("https://mirror.example/os", tmp_path).child("../../AppStream")


def test_an_escaped_part_of_the_address_stays_as_it_is_in_its_variants(tmp_path: Path) -> None:
    opened = source("https://mirror.example/my%20trees/9/os", tmp_path)
    assert opened.child("../AppStream").url == "https://mirror.example/my%20trees/9/AppStream"


def test_a_variant_of_a_directory_is_the_directory_beside_it(tree: Path, tmp_path: Path) -> None:
    beside = tmp_path / "compose/AppStream/x86_64/os"
    beside.mkdir(parents=True)
    (beside / ".treeinfo").write_text("[variant]\n")
    child = source(tree, tmp_path / "store").child("../../../AppStream/x86_64/os")
    assert child.url == f"file://{beside}"
    assert child.read(".treeinfo", 100) == b"[variant]\n"
    with pytest.raises(NotFound):
        source(tree, tmp_path / "store").child("../../../CRB/x86_64/os")


def test_every_repository_of_every_real_treeinfo_is_reached(tmp_path: Path) -> None:
    seen = set()
    for file in corpus().rglob("*"):
        if "treeinfo" in file.name and file.is_file():
            seen |= {line.partition("=")[2].strip() for line in file.read_text("utf-8", "replace").splitlines()
                     if line.replace(" ", "").startswith("repository=")}
    assert {part for path in seen for part in path.split("/")} >= {"..", "AppStream"}
    opened = source(STREAM, tmp_path)
    for path in seen - {""}:
        assert opened.child(path).url.startswith("https://mirror.example/9-stream")


@given(st.lists(st.sampled_from(["..", ".", "a", "b-1", "", "-x"]), max_size=8).map("/".join))
def test_a_resolved_variant_holds_no_dots_and_never_climbs_more_than_three_steps(text: str) -> None:
    base = ("9", "BaseOS", "x86_64", "os")
    try:
        found = relative.resolve(base, text, "tree")
    except HostileInput:
        return
    assert found[:1] == base[:1]
    assert not found or names.tree_path("/".join(found))


# Mirrors of both kinds


def test_a_directory_can_stand_in_for_a_dead_server(tree: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    gone = open_source(f"file://{tmp_path}", store=store, progress=Silent())
    pool = Mirrors([gone, open_source(str(tree), store=store, progress=Silent())], progress=Silent())
    assert pool.read(".treeinfo", 100).startswith(b"[general]")
    assert pool.size(PATH) == len(KERNEL)
    assert pool.failures[0] == (f"file://{tmp_path}", f"file://{tmp_path}/.treeinfo: no such file")


def test_trouble_with_our_own_store_asks_no_other_mirror(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("no directory")
    store = Store(tmp_path / "store")
    pool = Mirrors([open_source(str(tree), store=store, progress=Silent())] * 2, progress=Silent())
    with pytest.raises(StoreUnusable):
        pool.fetch(PATH, kind="kernel")
    assert pool.failures == ()


def test_no_mirror_at_all_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        Mirrors([], progress=Silent())


def test_a_file_that_may_not_be_read_is_missing_with_the_reason(tree: Path, tmp_path: Path) -> None:
    (tree / "images/loop").symlink_to("loop")
    with pytest.raises(Missing) as caught:
        source(tree, tmp_path / "store").read("images/loop", 100)
    assert caught.value.message.startswith(f"file://{tree}/images/loop: ")

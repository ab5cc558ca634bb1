"""What a bundle says of itself, read from texts that may be hostile, and nothing of it that could do harm believed."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import BytesDiffer, NotFound, PinbootError, UsageError
from builder.media import account, members
from builder.media.papers import nextsteps
from builder.media.papers.fetches import Fetched
from builder.probe import feed
from tests.unit.hostile import HOSTILE

BUILT = Path(__file__).parents[1] / "golden/cases/centos-7-fleet/expected"
MANIFEST = json.loads((BUILT / "manifest.json").read_text())


def bundle(folder: Path, **changes: Any) -> Path:
    """A bundle as small as can be, its manifest with `changes` in it."""
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({**MANIFEST, **changes}))
    return folder


def test_all_is_told_as_the_papers_have_it() -> None:
    found = account.read(BUILT)
    assert (found.form, found.name, found.ident) == ("directory", "centos-7-fleet", MANIFEST["bundle"]["id"])
    assert [file.path for file in found.files] == [line["path"] for line in MANIFEST["files"]]
    assert found.lock is not None and found.lock.kernel.version == "3.10.0-1160.el7.x86_64"
    assert found.fetches is not None and found.fetches[0].url == "http://mirror.example/centos/7/os/x86_64/.treeinfo"
    assert [file.path for file in found.files if file.private][:1] == ["boot/initrd-ks.img"]


def test_a_bundle_without_page_and_lock_says_that_it_has_none(tmp_path: Path) -> None:
    found = account.read(bundle(tmp_path / "b"))
    assert found.lock is None and found.fetches is None and found.signatures == ()


FILE = MANIFEST["files"][0]


@pytest.mark.parametrize("changes", [
    {"schema": 2}, {"schema": None}, {"bundle": {}}, {"bundle": []}, {"files": {}}, {"files": [1]}, {"files": None},
    {"lock": {"path": "../../etc/passwd", "source": "x"}}, {"lock": {"path": "a b", "source": "x"}},
    {"tool": {"name": "x", "version": 1}}, {"release": {"family": "a\x1b[2J", "version": "", "arch": "", "compose": ""}},
    {"overrides": {"kernel": "line\nbreak"}}, {"overrides": []}, {"overrides": 7},
    *({"files": [{**FILE, **change}]} for change in (
        {"path": "/etc/passwd\x00"}, {"path": "a\nb"}, {"path": ["x"]}, {"size": -1}, {"size": "12"}, {"size": 1.5}, {"mode": "0999"},
        {"mode": "77777777777"}, {"mode": 420}, {"sha256": None}, {"origin": "\u202e"}, {"pin": 1}, {"pin": {"role": 1}})),
], ids=str)
def test_a_manifest_of_another_shape_is_refused_and_not_followed(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(BytesDiffer, match=r"manifest.json cannot be read: ") as raised:
        account.read(bundle(tmp_path / "b", **changes))
    assert "\x1b" not in raised.value.message and "\n" not in raised.value.message


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"schema": 1}'])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(data)
    with pytest.raises(BytesDiffer):
        account.read(tmp_path)


@given(st.recursive(st.none() | st.integers() | st.text() | st.sampled_from(HOSTILE),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(MANIFEST)), inner, max_size=3)))
def test_nothing_that_json_can_hold_is_a_traceback(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    folder = bundle(tmp_path_factory.getbasetemp() / "any", **(value if isinstance(value, dict) else {"files": value}))
    try:
        account.read(folder)
    except PinbootError as refused:
        assert refused.message.isprintable()


def test_links_and_special_files_are_not_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes((BUILT / "manifest.json").read_bytes())
    (tmp_path / "a").mkdir()
    (tmp_path / "a/manifest.json").symlink_to(outside)
    with pytest.raises(UsageError):
        account.read(tmp_path / "a")
    (tmp_path / "b").mkdir()
    os.mkfifo(tmp_path / "b/manifest.json")
    with pytest.raises(UsageError, match=r"is no bundle \(it holds no manifest.json\)"):
        account.read(tmp_path / "b")


def test_what_is_not_there_or_may_not_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no such bundle"):
        account.read(tmp_path / "none")
    (tmp_path / "plain").write_text("x")
    with pytest.raises(UsageError, match="is no bundle: neither a directory nor a tar"):
        account.read(tmp_path / "plain")


def tarred(path: Path, names: list[tuple[str, bytes]]) -> Path:
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in names:
            info = tarfile.TarInfo(f"b/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def test_a_tar_is_read_up_to_its_manifest_and_lock(tmp_path: Path) -> None:
    texts = [(name, (BUILT / name).read_bytes()) for name in ("NEXT-STEPS.txt", "centos-7-fleet.lock", "manifest.json")]
    whole = tarred(tmp_path / "b.tar", [*texts, ("up.sh", b"x" * 5000)])
    assert account.read(whole).lock == account.read(BUILT).lock
    cut = tmp_path / "cut.tar"
    cut.write_bytes(whole.read_bytes().partition(b"xxx")[0])
    assert account.read(cut).fetches == account.read(BUILT).fetches
    (tmp_path / "early.tar").write_bytes(whole.read_bytes()[:1000])
    with pytest.raises(BytesDiffer, match="ends too early"):
        account.read(tmp_path / "early.tar")


def test_the_first_of_two_members_of_one_name_counts(tmp_path: Path) -> None:
    texts = [(name, (BUILT / name).read_bytes()) for name in ("manifest.json", "manifest.json", "centos-7-fleet.lock")]
    texts[1] = ("manifest.json", b"{}")
    assert account.read(tarred(tmp_path / "b.tar", texts)).name == "centos-7-fleet"


@pytest.mark.parametrize("size", [0, 1, 511, feed.CHUNK - 512, feed.CHUNK, 3 * feed.CHUNK + 7])
def test_stepping_over_a_member_loses_no_place_and_finds_the_cut(tmp_path: Path, size: int) -> None:
    path = tarred(tmp_path / "b.tar", [("large", bytes(size)), ("small", b"here")])
    with path.open("rb") as file:
        found = {member.name: b"" if member.name == "b/large" else b"".join(pieces)
                 for member, pieces in members.read(file, path.stat().st_size, "b.tar")}
    assert found == {"b/large": b"", "b/small": b"here"}
    if size > feed.CHUNK:
        path.write_bytes(path.read_bytes()[: 512 + size - 100])
        with path.open("rb") as file, pytest.raises(PinbootError, match="ends too early"):
            list(members.read(file, path.stat().st_size, "b.tar"))


WORDS = st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=30), min_size=1, max_size=30)
SAID = st.builds(lambda url, what, protection: Fetched(url=f"https://{url[0]}/x", what=" ".join(what), protection="; ".join(protection)),
                 WORDS, WORDS, WORDS)


@given(st.lists(SAID, max_size=4))
def test_what_a_page_says_of_fetches_is_read_back_as_it_was_written(told: list[Fetched]) -> None:
    assert nextsteps.fetched(f"A page.\n\n{nextsteps._fetched(told)}\n") == tuple(told)


def test_a_page_that_says_nothing_of_fetches_is_no_page_without_any() -> None:
    assert nextsteps.fetched("A page.\n") is None
    assert nextsteps.fetched(f"A page.\n\n{nextsteps.NOTHING}\n") == ()

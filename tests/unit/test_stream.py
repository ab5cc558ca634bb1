"""Bytes on their way into a file are the judged ones, however they get there."""

import hashlib
import io
import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.digest import Digest
from builder.errors import BytesDiffer
from builder.media.bundle import Entry, Part, text_entry
from builder.media.pack import stream
from tests.machines import large
from tests.tool.tools import need

BIG = hashlib.shake_256(b"kernel").digest(stream.CHUNK * 2) + b"odd"


def entry(*pieces):
    data = b"".join(pieces)
    return Entry(path="x", mode=0o644, size=len(data), digest=Digest("sha256", hashlib.sha256(data).hexdigest()),
                 parts=tuple(Part(size=len(p), open=lambda p=p: io.BytesIO(p)) for p in pieces))


@given(st.lists(st.binary(max_size=50), max_size=4))
def test_parts_follow_each_other(pieces):
    out = bytearray()
    stream.copy(entry(*pieces), out.extend)
    assert bytes(out) == b"".join(pieces)


def test_a_text_is_handed_over_whole():
    out = []
    stream.copy(text_entry("a", "text"), lambda piece: out.append(bytes(piece)))
    assert out == [b"text"]


def test_a_source_longer_than_its_part_gives_the_part_alone(tmp_path):
    (tmp_path / "source").write_bytes(BIG + b"more")
    out = bytearray()
    stream.copy(large("x", BIG, file=tmp_path / "source"), out.extend)
    assert out == BIG


@pytest.mark.parametrize("now", [BIG[:-1], b"", BIG[:-1] + b"?"], ids=["short", "empty", "other"])
def test_a_source_that_changed_is_told_with_what_was_found(tmp_path, now):
    (tmp_path / "source").write_bytes(now)
    with (tmp_path / "target").open("x+b") as target, pytest.raises(BytesDiffer) as told:
        stream.write(large("boot/vmlinuz", BIG, file=tmp_path / "source"), target.fileno())
    found = hashlib.sha256(now).hexdigest()
    assert told.value.message == (
        "boot/vmlinuz: what was written is not what was to be written\n"
        f"  wanted {hashlib.sha256(BIG).hexdigest()} ({len(BIG)} bytes)\n  found  {found} ({len(now)} bytes)")
    assert "build again" in told.value.hint


@pytest.mark.parametrize("tail", [b"", b"appended"])
def test_a_file_by_reference_and_what_follows_it_are_written(tmp_path, tail):
    written(tmp_path, tail)


def written(folder, tail):
    (folder / "source").write_bytes(BIG)
    parts = (*large("x", BIG, file=folder / "source").parts, *(entry(tail).parts if tail else ()))
    whole = Entry(path="x", mode=0o644, size=len(BIG + tail), parts=parts,
                  digest=Digest("sha256", hashlib.sha256(BIG + tail).hexdigest()))
    with (folder / "target").open("x+b") as target:
        stream.write(whole, target.fileno())
    assert (folder / "target").read_bytes() == BIG + tail


@pytest.fixture(params=["btrfs", "xfs"])
def sharing(request, tmp_path):
    """A mounted file system that can share blocks between files."""
    maker = need(f"mkfs.{request.param}", {"btrfs": "btrfs-progs", "xfs": "xfsprogs"}[request.param])
    image, place = tmp_path / "image", tmp_path / "mounted"
    place.mkdir()
    with image.open("wb") as made:
        made.truncate(320 << 20)
    subprocess.run([maker, image], check=True, capture_output=True)
    if subprocess.run(["mount", "-o", "loop", image, place], capture_output=True).returncode:
        pytest.skip("this user cannot mount an image here")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.tool
@pytest.mark.parametrize("tail", [b"", b"appended"])
def test_blocks_are_shared_where_the_file_system_can(sharing, tail):
    written(sharing, tail)
    os.sync()
    told = subprocess.run([need("filefrag", "e2fsprogs"), "-v", sharing / "target"], capture_output=True, text=True,
                          check=True).stdout
    assert "shared" in told


@pytest.mark.tool
def test_a_shared_file_is_judged_all_the_same(sharing):
    (sharing / "source").write_bytes(BIG[:-1] + b"?")
    with (sharing / "target").open("x+b") as target, pytest.raises(BytesDiffer):
        stream.write(large("boot/vmlinuz", BIG, file=sharing / "source"), target.fileno())

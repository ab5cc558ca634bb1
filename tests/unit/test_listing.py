"""What a bundle holds while it is made: in order however it comes, on the disk where it is much, and then nameless."""

import errno
import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import BytesDiffer, CheckFailed, UsageError
from builder.media.bundle import bundle, folders, text_entry
from builder.media.listing import listing, runs, spool
from builder.media.listing.listing import Listing
from builder.media.listing.spool import Spool
from builder.media.papers import longlist
from tests.machines import EPOCH, large

PATHS = st.from_regex(r"[a-c.-]{1,3}(/[a-c.-]{1,3}){0,3}", fullmatch=True)


@pytest.fixture
def small(monkeypatch):
    """No memory to speak of: everything goes to the disk at once."""
    monkeypatch.setattr(spool, "ROOM", 0)
    monkeypatch.setattr(spool, "FLUSH", 10)
    monkeypatch.setattr(runs, "HELD", 3)
    monkeypatch.setattr(runs, "CHUNK", 7)


def told(files):
    return [(line.path, oct(line.mode), line.size, line.origin) for line in files.tree()]


@given(st.dictionaries(PATHS, st.tuples(st.text("xy", max_size=3), st.sampled_from([0o644, 0o600])), max_size=12), st.randoms())
def test_files_and_folders_come_by_path_however_they_were_added(wanted, order):
    names = [name for name in wanted if not any(other.startswith(f"{name}/") for other in wanted)]
    order.shuffle(names)
    made = listing.of(text_entry(name, wanted[name][0], mode=wanted[name][1]) for name in names)
    above = folders((name, wanted[name][1]) for name in names)
    files = {name: (oct(wanted[name][1]), len(wanted[name][0]), "rendered") for name in names}
    assert told(made) == sorted((path, *found) for path, found in
                                (files | {path: (oct(mode), 0, "") for path, mode in above.items()}).items())
    assert {entry.path: entry.data.decode() for entry in made} == {name: wanted[name][0] for name in names}
    assert (len(made), made.size) == (len(names), sum(len(wanted[name][0]) for name in names))
    assert made.private is any(wanted[name][1] == 0o600 for name in names)


def test_on_the_disk_it_is_the_same_and_the_file_has_no_name_and_is_private(tmp_path, small):
    entries = [text_entry(f"hosts/h{number % 7}/f{number}", f"text {number % 5}" * number,
                          mode=0o600 if number % 4 else 0o644) for number in range(50)]
    entries.append(large("boot/vmlinuz", bytes(5000)))
    with spool.beside(tmp_path / "deep/web.tar") as held:
        made = Listing(held)
        for entry in entries:
            made.add(entry)
        assert told(made) == told(listing.of(entries[::-1])) and list(made) == sorted(entries, key=lambda e: e.path)
        assert list((tmp_path / "deep").iterdir()) == []
        status = os.fstat(held._file)
        assert (stat.S_IMODE(status.st_mode), status.st_nlink) == (0o600, 0) and status.st_size > 1000


def test_while_it_is_little_no_file_is_made(tmp_path):
    with spool.beside(tmp_path / "deep/web") as held:
        Listing(held).add(text_entry("a", "x" * 1000))
        assert not list(tmp_path.iterdir())


def test_a_text_that_comes_again_is_kept_once():
    made = listing.of(text_entry(f"{number}/boot.ipxe", "exit 1\n") for number in range(20))
    assert made.spool.size == 7 and made.size == 140


@pytest.mark.parametrize(("paths", "said"), [
    (("a/b", "x", "a/b"), "two files of the bundle would be a/b"),
    (("a", "a/b"), "a would be a file and a directory"), (("a/b/c", "a-b", "a/b"), "a/b would be a file and a directory")])
def test_two_files_that_claim_one_place_are_refused(paths, said):
    with pytest.raises(ValueError, match=said):
        bundle("web", EPOCH, [text_entry(path, path) for path in paths])


@pytest.mark.parametrize("path", ["", "a\nb", "a\0b"])
def test_a_path_that_is_no_line_is_refused(path):
    with pytest.raises(ValueError, match="is no name for a file of a bundle"):
        listing.of([text_entry(path, "x")])


def test_a_full_disk_is_told_with_the_target(tmp_path, small):
    full = Spool(tmp_path / "web.tar", lambda: os.open("/dev/full", os.O_RDWR))
    with pytest.raises(CheckFailed, match=r"web\.tar: cannot be written: No space left on device"):
        full.add(b"x" * 100)


def test_a_folder_that_may_not_be_written_to_is_told_with_the_target(tmp_path, small):
    (tmp_path / "file").write_text("")
    with spool.beside(tmp_path / "file/web") as held, pytest.raises(UsageError, match="file/web: cannot be written: "):
        held.add(b"x" * 100)


def test_other_bytes_than_were_set_down_are_noticed(tmp_path, small):
    with spool.beside(tmp_path / "web") as held:
        made = Listing(held)
        made.add(text_entry("a", "x" * 100))
        os.pwrite(held._file, b"y", 50)
        with pytest.raises(BytesDiffer, match="a: the disk does not give back what was written to it"):
            list(made)
        os.ftruncate(held._file, 0)
        with pytest.raises(CheckFailed, match="cannot be read back"):
            list(made)


def test_an_error_while_reading_is_told(tmp_path, small, monkeypatch):
    def broken(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with spool.beside(tmp_path / "web") as held:
        held.add(b"x" * 100)
        monkeypatch.setattr(os, "pread", broken)
        with pytest.raises(CheckFailed, match="Input/output error"):
            held.read(0, 10)


@given(st.lists(st.binary(max_size=30), max_size=8), st.integers(0, 20), st.integers(1, 20))
def test_a_part_reads_what_was_taken(pieces, before, size):
    held = Spool()
    held.add(bytes(before))
    part = held.take(pieces)
    held.add(b"more")
    with part.open() as stream:
        assert b"".join(iter(lambda: stream.read(size), b"")) == b"".join(pieces)


@given(st.dictionaries(st.text(max_size=3), st.recursive(st.text(max_size=3) | st.integers(), st.lists, max_leaves=4), max_size=3),
       st.text("ab:0\n\" ", max_size=4), st.lists(st.dictionaries(st.text(max_size=2), st.text(max_size=2), max_size=2), max_size=3))
def test_a_long_list_is_written_as_json_writes_it(table, key, values):
    name = "files" + key.replace('"', "").replace("\n", "")
    head, tail = longlist.frame(table, name)
    made = head + "".join(longlist.items(map(longlist.item, values))) + tail
    assert made == json.dumps({**table, name: values}, sort_keys=True, indent=1) + "\n"

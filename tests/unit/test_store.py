"""The store: nothing wrong ever bears a final name, whatever happens in between."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from builder.digest import Digest, of_bytes
from builder.errors import BytesDiffer, HostileInput, NotFound, UsageError
from builder.fetch.store import incoming, inventory, lockfile
from builder.fetch.store.folder import StoreUnusable
from builder.fetch.store.incoming import Incoming
from builder.fetch.store.intake import Wanted
from builder.fetch.store.objects import Store
from builder.progress import Silent
from tests.corpus import ROOT

KERNEL = b"\x4d\x5a kernel" * 5000
WHERE = "https://mirror.example/9/images/pxeboot/vmlinuz"


class Told(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def files(root: Path, *, of: str = "") -> list[str]:
    """What lies in the store, but for locks and the version mark."""
    found = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_symlink() or path.is_file())
    return sorted(name for name in found if name.startswith(of) and not name.startswith(("locks/", "version")))


def test_an_added_object_is_named_by_its_sha256_and_read_only(tmp_path: Path) -> None:
    store, right = Store(tmp_path / "store"), of_bytes(KERNEL)
    stored = store.add([KERNEL[:100], KERNEL[100:]], expected=right, size=len(KERNEL), cap=1 << 20, where=WHERE)
    assert stored.digest == right
    assert store.path(right) == tmp_path / "store/objects/sha256" / right.hex[:2] / right.hex[2:]
    assert store.path(stored.digest).stat().st_mode & 0o777 == 0o444
    with store.open(stored.digest) as stream:
        assert stream.read() == KERNEL
    assert files(tmp_path / "store") == [f"objects/sha256/{stored.digest.hex[:2]}/{stored.digest.hex[2:]}"]


def test_an_object_expected_by_sha512_is_checked_by_it_and_named_by_sha256(tmp_path: Path) -> None:
    store = Store(tmp_path)
    expected = Digest("sha512", hashlib.sha512(KERNEL).hexdigest())
    assert store.add([KERNEL], expected=expected, cap=1 << 20, where=WHERE).digest == of_bytes(KERNEL)
    with pytest.raises(BytesDiffer):
        store.add([KERNEL + b"x"], expected=expected, cap=1 << 20, where=WHERE)


def test_wrong_bytes_get_no_name_and_the_error_holds_both_digests(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(BytesDiffer) as caught:
        store.add([KERNEL[:-1] + b"?"], expected=of_bytes(KERNEL), size=len(KERNEL), cap=1 << 20, where=WHERE)
    assert caught.value.message.splitlines() == [
        f"{WHERE}: not the bytes that were asked for",
        f"  expected  {of_bytes(KERNEL)}",
        f"  found     {of_bytes(KERNEL[:-1] + b'?')} ({len(KERNEL)} bytes)",
    ]
    assert "another mirror" in caught.value.hint
    assert files(tmp_path) == []


@pytest.mark.parametrize("body", [KERNEL[:-1], KERNEL + b"x", b""])
def test_a_wrong_size_is_refused_even_without_a_digest(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(BytesDiffer, match=f"wrong size\n  expected  {len(KERNEL)} bytes"):
        Store(tmp_path).add([body], size=len(KERNEL), cap=1 << 20, where=WHERE)
    assert files(tmp_path) == []


def test_an_endless_stream_stops_at_the_cap(tmp_path: Path) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(1000)

    with pytest.raises(HostileInput, match="cap: 10000 bytes"):
        Store(tmp_path).add(endless(), cap=10_000, where=WHERE)
    assert files(tmp_path) == []


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupted() -> Iterator[bytes]:
        yield KERNEL
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path).add(interrupted(), cap=1 << 20, where=WHERE)
    assert files(tmp_path) == []


def test_a_file_that_the_system_will_not_let_grow_is_one_clear_error(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add([b"first"], cap=10, where=WHERE)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))  # a real refusal by the kernel, as a full disk is
    try:
        with pytest.raises(StoreUnusable) as caught:
            store.add([KERNEL], cap=1 << 20, where=WHERE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.message == f"{tmp_path}: the store cannot be used: File too large"
    assert caught.value.exit_code == 5
    assert files(tmp_path, of="tmp/") == []


def test_a_store_that_may_not_be_written_is_one_clear_error(tmp_path: Path) -> None:
    script = ("import os, sys; from pathlib import Path; from builder.fetch.store.objects import Store\n"
              "place = Path(sys.argv[1])\n"
              "os.chdir(place)\n"  # opened while we may; then down to a user who may not write there
              "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
              "try: Store(Path('/proc/self/cwd')).add([b'x'], cap=9, where='x')\n"
              "except Exception as error: print(type(error).__name__, error.message, error.hint, sep='|')\n")
    (tmp_path / "store").mkdir()
    (tmp_path / "store").chmod(0o555)
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "store"], cwd=ROOT, text=True, capture_output=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"})
    kind, message, hint = done.stdout.strip().split("|")
    assert kind == "StoreUnusable", done
    assert message.endswith("the store cannot be used: Permission denied")
    assert hint.startswith("give yourself write permission there")


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_store_where_a_file_stands_is_one_clear_error(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(StoreUnusable, match=r"the store cannot be used: (File exists|Not a directory)"):
        Store(tmp_path / "file" / below).add([b"x"], cap=9, where=WHERE)


def test_a_store_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("2\n")
    with pytest.raises(UsageError) as caught:
        Store(tmp_path)
    assert caught.value.message == (f"{tmp_path}: this store is of format 2, made by a newer pinboot; "
                                    "this pinboot knows format 1")
    assert caught.value.hint == "use a newer pinboot, or name another directory as the store"


def test_a_version_mark_that_is_no_number_is_refused_and_a_torn_one_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("hello\x1b[31m\n")
    with pytest.raises(UsageError, match=r'the version mark "hello\\x1b\[31m"'):
        Store(tmp_path)
    (tmp_path / "version").write_text("")
    Store(tmp_path).add([b"x"], cap=9, where=WHERE)
    assert (tmp_path / "version").read_text() == "1\n"


def test_bit_rot_is_found_moved_aside_and_said(tmp_path: Path) -> None:
    store, told = Store(tmp_path), Told()
    digest = store.add([KERNEL], cap=1 << 20, where=WHERE).digest
    assert store.verified(digest, len(KERNEL), told)
    store.path(digest).chmod(0o644)
    with store.path(digest).open("r+b") as stream:
        stream.write(b"rot")
    assert not store.verified(digest, len(KERNEL), told)
    assert told.lines == [f"{store.path(digest)}: not the bytes its name says (bit rot, or somebody changed it); "
                          f"moved to {tmp_path / 'bad' / digest.hex}"]
    assert not store.has(digest)
    assert store.add([KERNEL], cap=1 << 20, where=WHERE).digest == digest
    assert store.verified(digest, len(KERNEL), told)


def test_a_wrong_size_in_the_question_does_not_move_a_good_object_aside(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = store.add([KERNEL], cap=1 << 20, where=WHERE).digest
    assert not store.verified(digest, 3, Silent())
    assert store.verified(digest, len(KERNEL), Silent())


def test_an_object_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    store = Store(tmp_path / "none")
    assert not store.has(of_bytes(b""))
    assert not store.verified(of_bytes(b""), 0, Silent())
    with pytest.raises(NotFound, match="not in the store"):
        store.open(of_bytes(b""))
    assert not (tmp_path / "none").exists()


def test_a_link_planted_at_an_objects_name_is_neither_read_nor_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(KERNEL)
    store, told = Store(tmp_path / "store"), Told()
    digest = store.add([b"other"], cap=9, where=WHERE).digest
    store.path(digest).unlink()
    store.path(digest).symlink_to(outside)
    assert not store.has(digest)
    with pytest.raises(StoreUnusable, match="Too many levels of symbolic links"):
        store.open(digest)
    assert not store.verified(digest, None, told)
    assert "moved to" in told.lines[0]
    store.path(digest).symlink_to(outside)
    assert store.add([b"other"], cap=9, where=WHERE).digest == digest
    assert not store.path(digest).is_symlink()
    assert outside.read_bytes() == KERNEL


def test_a_link_planted_as_a_folder_of_the_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    store = Store(tmp_path / "store")
    digest = of_bytes(KERNEL)
    store.path(digest).parent.parent.mkdir(parents=True)
    store.path(digest).parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreUnusable):
        store.add([KERNEL], cap=1 << 20, where=WHERE)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert files(tmp_path / "store", of="tmp/") == []


def test_a_store_reached_over_a_link_of_the_users_works(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    digest = Store(tmp_path / "link").add([KERNEL], cap=1 << 20, where=WHERE).digest
    assert Store(tmp_path / "real").verified(digest, len(KERNEL), Silent())


def test_temporary_files_of_killed_processes_are_swept_and_those_in_use_stay(tmp_path: Path) -> None:
    script = ("import os, sys; from pathlib import Path; from builder.fetch.store.objects import Store\n"
              "def chunks():\n    yield b'half'\n    os.kill(os.getpid(), 9)\n"
              "Store(Path(sys.argv[1])).add(chunks(), cap=99, where='x')\n")
    killed = subprocess.run([sys.executable, "-c", script, tmp_path], env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert killed.returncode == -signal.SIGKILL
    assert len(files(tmp_path, of="tmp/")) == 1
    with incoming.temporary(tmp_path, Wanted(where="x", cap=9)) as used:
        Store(tmp_path).add([b"x"], cap=9, where=WHERE)
        assert files(tmp_path, of="tmp/") == [f"tmp/{used.name}"]
    assert files(tmp_path, of="tmp/") == []


def test_whoever_waits_for_a_lock_says_so_and_gets_it_in_the_end(tmp_path: Path) -> None:
    said, order = threading.Event(), []

    def second() -> None:
        with lockfile.held(tmp_path, "one", waiting=said.set):
            order.append("second")

    with lockfile.held(tmp_path, "one", waiting=said.set):
        assert not said.is_set()
        thread = threading.Thread(target=second)
        thread.start()
        assert said.wait(5)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]
    assert (tmp_path / "locks/one").exists()


def test_the_object_is_looked_for_again_when_the_lock_is_held(tmp_path: Path) -> None:
    store, told = Store(tmp_path), Told()
    wanted = Wanted(where=WHERE, cap=1 << 20, expected=of_bytes(KERNEL))

    def never(coming: Incoming) -> str:
        raise AssertionError("fetched although another process had brought it")

    def wait_for_other() -> None:
        store.bring(wanted, "vmlinuz", told, never)

    store.add([b"prepared"], cap=9, where=WHERE)
    with lockfile.held(tmp_path, incoming.key(wanted), waiting=lambda: None):
        waiter = threading.Thread(target=wait_for_other)
        waiter.start()
        while not told.lines:
            waiter.join(0.01)
        store.add([KERNEL], cap=1 << 20, where=WHERE)
    waiter.join(5)
    assert told.lines == ["waiting: another process is fetching vmlinuz"]
    assert files(tmp_path, of="partial/") == []


def partial_of(store: Store, body: bytes, *, keep: int) -> Wanted:
    """A partial file of `body` as a broken connection leaves it."""
    wanted = Wanted(where=WHERE, cap=1 << 20, expected=of_bytes(body))

    def broken(coming: Incoming) -> str:
        coming.remember(WHERE, '"v1"')
        coming.intake.write(memoryview(body[:keep]))
        raise NotFound("cut")

    with pytest.raises(NotFound):
        store.bring(wanted, "vmlinuz", Silent(), broken)
    return wanted


def finish(seen: list[int], body: bytes = KERNEL) -> Callable[[Incoming], str]:
    def pull(coming: Incoming) -> str:
        seen.append(coming.intake.size)
        coming.intake.write(memoryview(body[coming.intake.size :]))
        return coming.note.url

    return pull


def test_a_partial_file_is_handed_to_the_next_run_with_its_note(tmp_path: Path) -> None:
    wanted = partial_of(Store(tmp_path), KERNEL, keep=1234)
    assert len(files(tmp_path, of="partial/")) == 2
    seen: list[int] = []
    fetched = Store(tmp_path).bring(wanted, "vmlinuz", Silent(), finish(seen))
    assert (seen, fetched.url, fetched.digest) == ([1234], WHERE, of_bytes(KERNEL))
    assert files(tmp_path, of="partial/") == []


@pytest.mark.parametrize("note", [b"", b'{"url": "htt', b"[1, 2]", b'{"url":"u","etag":"","expected":"sha256:0"}',
                                  b"\xff", b"[" * 60_000])
def test_a_partial_file_with_a_torn_or_foreign_note_is_begun_anew(tmp_path: Path, note: bytes) -> None:
    wanted = partial_of(Store(tmp_path), KERNEL, keep=1234)
    (tmp_path / f"partial/{incoming.key(wanted)}.json").write_bytes(note)
    seen: list[int] = []
    Store(tmp_path).bring(wanted, "vmlinuz", Silent(), finish(seen))
    assert seen == [0]


def test_a_partial_file_longer_than_the_file_can_be_is_begun_anew(tmp_path: Path) -> None:
    wanted = partial_of(Store(tmp_path), KERNEL, keep=1234)
    with (tmp_path / f"partial/{incoming.key(wanted)}").open("ab") as stream:
        stream.write(bytes(1 << 20))
    seen: list[int] = []
    Store(tmp_path).bring(wanted, "vmlinuz", Silent(), finish(seen))
    assert seen == [0]


def test_a_link_planted_as_a_partial_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")

    def gone(coming: Incoming) -> str:
        raise NotFound("gone")

    wanted = partial_of(Store(tmp_path / "store"), KERNEL, keep=1234)
    place = tmp_path / f"store/partial/{incoming.key(wanted)}"
    for plant in (place.symlink_to, place.hardlink_to):
        place.unlink(missing_ok=True)
        plant(victim)
        with pytest.raises(NotFound):
            Store(tmp_path / "store").bring(wanted, "vmlinuz", Silent(), gone)
        assert victim.read_bytes() == b"precious"


def test_a_read_only_store_still_gives_what_it_has(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = store.add([KERNEL], cap=1 << 20, where=WHERE).digest
    for folder in ("partial", "tmp"):
        place = tmp_path / folder
        if place.exists():
            place.rmdir()
        place.write_text("no folder can be made here")  # as good as read-only, and holds for root too
    fetched = Store(tmp_path).bring(Wanted(where=WHERE, cap=1 << 20, expected=digest), "vmlinuz", Silent(), finish([]))
    assert fetched.digest == digest


def test_a_store_in_use_is_shared_and_is_free_again_when_it_is_closed(tmp_path: Path) -> None:
    one, other = Store(tmp_path), Store(tmp_path)
    digest = one.add([KERNEL], cap=1 << 20, where=WHERE).digest
    assert other.verified(digest)
    for store in (one, other):
        assert not alone_now(tmp_path)
        store.close()
    assert alone_now(tmp_path)
    assert one.verified(digest) and not alone_now(tmp_path)
    one.close()


def alone_now(root: Path) -> bool:
    """Could a collection begin without waiting?"""
    class Busy(Exception):
        pass

    def waiting() -> None:
        raise Busy

    try:
        with inventory.alone(root, waiting):
            return True
    except Busy:
        return False


def test_a_store_that_is_not_there_is_not_made_by_a_look_at_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.use()
    assert not store.verified(of_bytes(KERNEL))
    assert inventory.objects(store.root) == () and inventory.leftovers(store.root, ()) == ()
    assert not (tmp_path / "store").exists()


def test_the_inventory_lists_objects_and_leftovers_and_removes_them_one_by_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first, second = (store.add([data], cap=1 << 20, where=WHERE).digest for data in (KERNEL, b"second"))
    (tmp_path / "objects/sha256/zz").mkdir()
    (tmp_path / "objects/sha256/README").write_text("no object")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / first.hex).write_bytes(b"bad")
    assert {(kept.digest, kept.size) for kept in inventory.objects(tmp_path)} == {(first, len(KERNEL)), (second, 6)}
    [left] = inventory.leftovers(tmp_path, [first])
    assert (left.name, left.size) == (f"bad/{first.hex}", 3)
    inventory.clear(tmp_path, left)
    inventory.remove(tmp_path, first)
    inventory.remove(tmp_path, first)
    assert [kept.digest for kept in inventory.objects(tmp_path)] == [second]
    assert not inventory.leftovers(tmp_path, [])


def test_a_partial_file_of_a_wanted_digest_is_no_leftover(tmp_path: Path) -> None:
    wanted = of_bytes(KERNEL)
    (tmp_path / "partial").mkdir()
    for digest in (wanted, of_bytes(b"other")):
        name = incoming.key(Wanted(where="", cap=0, expected=digest))
        for ending in ("", ".json"):
            (tmp_path / "partial" / f"{name}{ending}").write_bytes(b"x")
    other = incoming.key(Wanted(where="", cap=0, expected=of_bytes(b"other")))
    assert [left.name for left in inventory.leftovers(tmp_path, [wanted])] == [f"partial/{other}", f"partial/{other}.json"]

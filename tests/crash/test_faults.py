"""A disk without room, folders without permission, links where folders are due, company, torn leftovers."""

import fcntl
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from builder.demo import tree
from builder.digest import of_bytes
from builder.fetch.store import incoming
from builder.fetch.store.intake import Wanted
from builder.lock import text
from tests.crash.bench import (
    BUILD,
    CHANGED,
    EXPORT,
    IMPORT,
    LOCK,
    OLDER,
    UPDATE,
    Scene,
    environment,
    snapshot,
    sound_store,
    start,
    temporary,
)

KERNEL = of_bytes(OLDER[tree.KERNEL])


def named(stage_or_folder, digest=KERNEL):
    return stage_or_folder / "store/objects/sha256" / digest.hex[:2] / digest.hex[2:]


def refused(ran, *said):
    """An error with a hint, and no traceback."""
    assert ran.code in (1, 2, 4, 5), ran
    assert ran.err.count("error: ") == 1 and "hint: " in ran.err and "Traceback" not in ran.err, ran.err
    for word in said:
        assert word in ran.err, ran.err


@pytest.fixture
def stage(stages):
    return stages


# No room

@pytest.fixture
def disk(place):
    """Make a small file system at a path, and later a large one of it."""
    mounted = []

    def mount(where, kib):
        where.mkdir(exist_ok=True)
        how = f"size={kib}k" if where not in mounted else f"remount,size={kib}k"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", how, "tmpfs", where], capture_output=True)
        if done.returncode:
            pytest.skip("mounting a small file system takes root")
        mounted.append(where)

    yield mount
    for where in dict.fromkeys(mounted):
        subprocess.run(["umount", where], check=True)


@pytest.mark.parametrize("name", ["lock", "build of a new bundle, fetching", "build over an older bundle", "store import",
                                  "build of a large bundle", "build of a tar over an older one",
                                  "store export over an older one"])
def test_a_full_disk_is_told_with_its_path_and_the_rerun_with_room_completes(stage, disk, name):
    made = stage(name)
    shutil.rmtree(made.work)
    used = sum(4096 + (-(-p.stat().st_size // 4096)) * 4096 for p in made.template.rglob("*")) >> 10
    failed = 0
    for more in (16, 200, 500, 900):
        disk(made.work, used + more)
        shutil.copytree(made.template, made.work, dirs_exist_ok=True)
        ran = made.children.run(made.work, *made.scene.argv)
        made.holds()
        if ran.code:
            failed += 1
            refused(ran, "No space left on device", str(made.work))
            assert not temporary(made.work)
        disk(made.work, 64 << 10)
        made.completes()
        for path in list(made.work.iterdir()):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert failed


def test_a_bundle_is_the_same_when_its_texts_go_through_a_file(stage):
    small, large = stage("build over an older bundle"), stage("build of a large bundle")
    assert large.after == small.after and large.whole.calls > small.whole.calls + 5


@pytest.mark.parametrize("name", ["lock", "build of a new bundle, fetching", "store import"])
def test_a_limit_on_file_sizes_is_told_and_the_rerun_without_it_completes(stage, name):
    made = stage(name)
    for limit in (5000, 100_000, 300_000):
        made.reset()
        ran = made.children.run(made.work, *made.scene.argv, fsize=limit)
        made.holds()
        refused(ran, "File too large", str(made.work))
        assert not temporary(made.work)
        made.completes()


@pytest.mark.parametrize("argv", [["store", "ls"], ["store", "ls", "--json"], ["verify", "out/web"], ["init", "--list"]])
def test_results_that_go_to_a_full_disk_are_an_error_and_no_traceback(stage, argv):
    made = stage("build over an older bundle")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "builder.cli", *argv], cwd=made.template, stdout=full, text=True,
                              stderr=subprocess.PIPE, env={**os.environ, **environment()})
    assert done.returncode == 1 and "Traceback" not in done.stderr and "ignored" not in done.stderr
    assert done.stderr.startswith("error: standard output: cannot be written: No space left on device\nhint: ")


# No permission. Root has none either once it dropped its capabilities.

def closed(folder):
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o555)


def opened(folder):
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)


def test_a_store_that_may_only_be_read_still_serves_a_build(stage):
    made = stage(Scene((*BUILD, "--offline"), (LOCK,)))
    closed(made.work / "store")
    made.children.good(made.work, *made.scene.argv, plain=True)
    assert made.children.good(made.work, "store", "verify", "--store", "store", plain=True).out.endswith(" 0 bad\n")
    opened(made.work / "store")
    assert snapshot(made.work) == made.after


def test_a_store_on_a_file_system_that_is_mounted_read_only_still_serves_a_build(stage, disk):
    made = stage(Scene((*BUILD, "--offline"), (LOCK,)))
    disk(made.work / "ro", 8 << 10)
    shutil.copytree(made.template / "store", made.work / "ro/store")
    shutil.rmtree(made.work / "ro/store/locks")  # of an older pinboot: no lock for the whole store was made yet
    subprocess.run(["mount", "-o", "remount,ro", made.work / "ro"], check=True)
    made.children.good(made.work, "build", "web.toml", "--offline", "--store", "ro/store")
    refused(made.children.run(made.work, *LOCK[:2], "--store", "ro/store", "--update"), "Read-only file system", "ro/store")


@pytest.mark.parametrize(("name", "folder"), [
    ("lock", ""), ("lock --update", "store"), ("build of a new bundle, fetching", ""), ("build over an older bundle", "out"),
    ("store import", ""), ("store export over an older one", ""), ("store gc", "store")])
def test_a_folder_that_may_not_be_written_is_told_and_nothing_is_changed(stage, name, folder):
    made = stage(name)
    closed(made.work / folder)
    ran = made.children.run(made.work, *made.scene.argv, plain=True)
    refused(ran, "Permission denied", str(made.work))
    opened(made.work / folder)
    assert {k: v[2] for k, v in snapshot(made.work).items() if v[2]} == {k: v[2] for k, v in made.before.items() if v[2]}
    made.completes()


# Links

@pytest.mark.parametrize("name", ["store", "out"])
def test_a_user_s_own_link_to_another_disk_is_followed(stage, place, name):
    made = stage(Scene(BUILD, (LOCK, BUILD), profile=CHANGED))
    (made.work / name).rename(place / "elsewhere")
    (made.work / name).symlink_to(place / "elsewhere")
    made.children.good(made.work, *BUILD)
    (made.work / name).unlink()
    (place / "elsewhere").rename(made.work / name)
    assert snapshot(made.work) == made.after


@pytest.mark.parametrize("name", ["objects", "objects/sha256", "tmp", "partial", "locks"])
def test_a_link_inside_the_store_is_refused_and_nothing_is_written_through_it(stage, place, name):
    made = stage("build of a new bundle, fetching")
    trap, link = place / "trap", made.work / "store" / name
    trap.mkdir()
    link.parent.mkdir(parents=True)
    link.symlink_to(trap)
    refused(made.children.run(made.work, *BUILD), "symbolic link", name.rpartition("/")[2])
    assert not list(trap.iterdir())
    link.unlink()
    made.completes()


def test_a_link_at_the_bundle_s_name_is_refused_and_what_it_leads_to_stays(stage, place):
    made = stage("build of a new bundle, fetching")
    (place / "trap").mkdir()
    (made.work / "out").mkdir()
    (made.work / "out/web").symlink_to(place / "trap")
    refused(made.children.run(made.work, *BUILD), "out/web: is a symbolic link")
    assert not list((place / "trap").iterdir())


def test_a_link_at_the_lock_s_name_is_replaced_and_not_written_through(stage, place):
    made = stage("lock --update")
    (made.work / "web.lock").rename(place / "elsewhere.lock")
    before = (place / "elsewhere.lock").read_bytes()
    (made.work / "web.lock").symlink_to(place / "elsewhere.lock")
    made.children.good(made.work, *UPDATE)
    assert not (made.work / "web.lock").is_symlink() and (place / "elsewhere.lock").read_bytes() == before


# Company

@pytest.mark.parametrize("name", ["lock", "lock --update", "build of a new bundle, fetching", "build over an older bundle",
                                  "build of a tar over an older one", "store import"])
def test_three_at_once_all_succeed_with_the_right_bytes(stage, name):
    made = stage(name)
    running = [start(made.work, *made.scene.argv) for _ in range(3)]
    for process in running:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0 and "Traceback" not in said, said
    assert snapshot(made.work) == made.after


def test_builds_and_collections_at_once_never_take_an_object_from_each_other(stage):
    made = stage("build of a new bundle, fetching")
    (made.work / "elsewhere").mkdir()
    (made.work / "web.lock").rename(made.work / "elsewhere/web.lock")  # so that gc finds no lock and keeps nothing
    (made.work / "elsewhere/web.toml").write_text((made.work / "web.toml").read_text())
    ends = []

    def build(number):
        for turn in range(2):
            process = start(made.work, "build", "elsewhere/web.toml", "--store", "store", "-o", f"out/{number}-{turn}")
            ends.append((process.communicate(timeout=60)[1], process.returncode))

    threads = [threading.Thread(target=build, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    swept = 0
    while any(thread.is_alive() for thread in threads):
        made.children.good(made.work, "store", "gc", "--all", "--store", "store")
        swept += 1
    for thread in threads:
        thread.join()
    assert swept > 2 and [code for _, code in ends] == [0] * 4, ends
    sound_store(made.work / "store")


# Torn leftovers of other days

def test_an_empty_object_is_moved_aside_and_fetched_again(stage):
    made = stage("build over an older bundle")
    named(made.work).chmod(0o644)
    named(made.work).write_bytes(b"")
    ran = made.children.good(made.work, *BUILD)
    assert "not the bytes its name says" in ran.err
    assert {k: v for k, v in snapshot(made.work).items() if "/bad/" not in k} == made.after


@pytest.mark.parametrize("data", [OLDER[tree.KERNEL][:100_000], b"x" * 100_000, b"", OLDER[tree.KERNEL],
                                  OLDER[tree.KERNEL] + b"x", bytes(len(OLDER[tree.KERNEL]))],
                         ids=["half", "other bytes", "empty", "whole", "longer", "zeros"])
@pytest.mark.parametrize("note", [True, False, b"", b"{", b"[]", b"\xff" * 100],
                         ids=["good note", "no note", "empty note", "torn note", "list", "binary"])
def test_a_partial_file_of_any_state_never_spoils_a_build(stage, data, note):
    made = stage("build of a new bundle, fetching")
    name = incoming.key(Wanted(where="", cap=0, expected=KERNEL))
    (made.work / "store/partial").mkdir(parents=True)
    (made.work / "store/partial" / name).write_bytes(data)
    if note is True:
        note = b'{"url": "http://mirror.example/x", "etag": "\\"old\\"", "expected": "%s"}' % str(KERNEL).encode()
    if note is not False:
        (made.work / f"store/partial/{name}.json").write_bytes(note)
    made.completes()


@pytest.mark.parametrize("mark", [b"", b"\0" * 2, b"\n"])
def test_an_empty_version_mark_is_written_again(stage, mark):
    made = stage("lock --update")
    (made.work / "store/version").write_bytes(mark)
    ran = made.children.run(made.work, *UPDATE)
    if mark.strip(b"\n"):
        refused(ran, "version mark")
    else:
        assert ran.code == 0 and snapshot(made.work) == made.after


@pytest.mark.parametrize("mark", [b"2\n", b"garbage\xff\n" * 1000], ids=["newer", "garbage"])
def test_a_store_of_another_format_is_refused_and_left_as_it_is(stage, mark):
    made = stage("lock --update")
    (made.work / "store/version").write_bytes(mark)
    before = snapshot(made.work)
    for argv in (UPDATE, BUILD, IMPORT, EXPORT, ("store", "gc", "--all", "--store", "store"),
                 ("store", "verify", "--store", "store"), ("store", "ls", "--store", "store")):
        refused(made.children.run(made.work, *argv), "store", "format")
    assert snapshot(made.work) == before


@pytest.mark.parametrize("data", [b"", b"\0" * 500, b"lock_version = 1\n"], ids=["empty", "zeros", "cut"])
def test_a_torn_lock_is_an_error_that_names_its_cure(stage, data):
    made = stage("lock --update")
    (made.work / "web.lock").write_bytes(data)
    for argv in (LOCK, UPDATE, BUILD):
        refused(made.children.run(made.work, *argv), "web.lock", "remove it and make it anew with")
    assert (made.work / "web.lock").read_bytes() == data
    (made.work / "web.lock").unlink()
    made.children.good(made.work, *LOCK)
    assert snapshot(made.work)["web.lock"] == made.after["web.lock"]


def test_files_of_dead_processes_go_and_those_of_the_living_stay(stage):
    made = stage("lock --update")
    for folder in ("store/tmp", "out"):
        (made.work / folder).mkdir(exist_ok=True)
    dead = [made.work / "store/tmp/1-dead", made.work / ".web.lock.partial-dead"]
    living = [made.work / "store/tmp/1-living", made.work / ".web.lock.partial-living"]
    for path in (*dead, *living):
        path.write_bytes(b"half")
    held = [os.open(path, os.O_RDWR) for path in living]
    for descriptor in held:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    made.children.good(made.work, *UPDATE)
    assert not any(path.exists() for path in dead) and all(path.exists() for path in living)
    for descriptor in held:
        os.close(descriptor)
    made.children.good(made.work, *LOCK)  # which writes no lock, and clears up all the same
    assert not any(path.exists() for path in living)
    assert text.read(made.work / "web.lock", "").pins

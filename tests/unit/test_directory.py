"""A bundle as a directory: exact, at once or not at all, and never in the place of something else."""

import contextlib
import ctypes
import errno
import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from builder.errors import BytesDiffer, CheckFailed, UsageError
from builder.media.bundle import Entry, bundle, folders, text_entry
from builder.media.pack import directory, place
from tests.corpus import ROOT
from tests.machines import EPOCH, large

KERNEL = bytes(range(256)) * 9000


def made(text="first", kernel=None):
    return bundle("web", EPOCH, [
        text_entry("manifest.json", "{}\n"), text_entry("up.sh", "#!/bin/sh\n", mode=0o755),
        text_entry("hosts/web1/web1.cfg", text), text_entry("hosts/web1/ks.cfg", "rootpw", mode=0o600),
        kernel or large("boot/vmlinuz", KERNEL)])


def tree(root):
    found = {}
    for path in sorted([root, *root.rglob("*")]):
        status = path.lstat()
        found[path.relative_to(root).as_posix()] = (
            oct(stat.S_IMODE(status.st_mode)), status.st_mtime, path.read_bytes() if path.is_file() else None)
    return found


def test_bytes_modes_and_times_are_those_of_the_bundle(tmp_path):
    directory.write(made(), tmp_path / "web")
    assert tree(tmp_path / "web") == {
        ".": ("0o755", EPOCH, None), "boot": ("0o755", EPOCH, None), "boot/vmlinuz": ("0o644", EPOCH, KERNEL),
        "hosts": ("0o755", EPOCH, None), "hosts/web1": ("0o700", EPOCH, None),
        "hosts/web1/ks.cfg": ("0o600", EPOCH, b"rootpw"), "hosts/web1/web1.cfg": ("0o644", EPOCH, b"first"),
        "manifest.json": ("0o644", EPOCH, b"{}\n"), "up.sh": ("0o755", EPOCH, b"#!/bin/sh\n")}
    assert [path.name for path in tmp_path.iterdir()] == ["web"]


DRIVER = """
import os, sys
from pathlib import Path
os.umask(int(sys.argv[2], 8))
from builder.media.pack import directory, tar
from builder.media.bundle import bundle, text_entry
from tests.machines import EPOCH, large
names = list({"a", "b", "c", "ks", "web1", "web2", "x", "y"})
entries = [text_entry("manifest.json", "{}")]
entries += [text_entry(f"hosts/{name}/{name}.cfg", name, mode=0o600 if name > "k" else 0o644) for name in names]
entries += [large("boot/vmlinuz", bytes(100000))]
made = bundle("web", EPOCH, entries)
directory.write(made, Path(sys.argv[1]) / "web")
tar.write(made, Path(sys.argv[1]) / "web.tar")
"""


def test_the_same_bundle_is_the_same_tree_and_tar_whatever_the_surroundings(tmp_path):
    results = []
    for index, (umask, surroundings) in enumerate((
            ("022", {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0"}),
            ("077", {"TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}),
            ("000", {"TZ": "America/St_Johns", "LC_ALL": "cs_CZ.UTF-8", "PYTHONHASHSEED": "4242"}))):
        folder = tmp_path / str(index)
        folder.mkdir()
        subprocess.run([sys.executable, "-c", DRIVER, folder, umask], check=True, cwd=ROOT,
                       env={**os.environ, **surroundings, "PYTHONPATH": str(ROOT)})
        results.append((tree(folder / "web"), (folder / "web.tar").read_bytes()))
    assert results[0] == results[1] == results[2]


def test_an_older_bundle_is_replaced_whole(tmp_path):
    target = tmp_path / "web"
    directory.write(made("first"), target)
    (target / "stale").write_text("left by hand")
    directory.write(made("second"), target)
    assert (target / "hosts/web1/web1.cfg").read_text() == "second" and not (target / "stale").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["web"]


def test_an_older_bundle_is_replaced_where_names_cannot_be_swapped_in_one_step(tmp_path, monkeypatch):
    target = tmp_path / "web"
    directory.write(made("first"), target)
    monkeypatch.setattr(place, "RENAME_EXCHANGE", 1 << 20)  # the kernel answers EINVAL
    directory.write(made("second"), target)
    assert (target / "hosts/web1/web1.cfg").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["web"]


def test_an_empty_directory_may_become_a_bundle(tmp_path):
    (tmp_path / "web").mkdir()
    directory.write(made(), tmp_path / "web")
    assert (tmp_path / "web" / "up.sh").exists()


@pytest.mark.parametrize(("make", "message"), [
    (lambda path: (path.mkdir(), (path / "thesis.tex").write_text("x")), "is there, and is no bundle"),
    (lambda path: path.write_text("x"), "is there, and is no directory"),
    (lambda path: (path.mkdir(), (path / "manifest.json").symlink_to("/etc/passwd")), "is there, and is no bundle"),
])
def test_something_else_is_never_replaced(tmp_path, make, message):
    target = tmp_path / "web"
    make(target)
    before = tree(target) if target.is_dir() else target.read_bytes()
    with pytest.raises(UsageError, match=message):
        directory.write(made(), target)
    assert (tree(target) if target.is_dir() else target.read_bytes()) == before


def test_a_symbolic_link_is_not_followed(tmp_path):
    directory.write(made("first"), tmp_path / "real")
    (tmp_path / "web").symlink_to("real")
    with pytest.raises(UsageError, match="is a symbolic link"):
        directory.write(made("second"), tmp_path / "web")
    assert (tmp_path / "real/hosts/web1/web1.cfg").read_text() == "first"


def test_a_source_whose_bytes_changed_leaves_the_old_bundle_and_no_remains(tmp_path):
    target = tmp_path / "web"
    directory.write(made("first"), target)
    before = tree(target)
    promised = large("boot/vmlinuz", KERNEL)
    other = large("boot/vmlinuz", KERNEL[:-1] + b"!").parts
    lying = Entry(path="boot/vmlinuz", mode=0o644, size=promised.size, digest=promised.digest, parts=other)
    with pytest.raises(BytesDiffer, match="boot/vmlinuz: what was written is not what was to be written"):
        directory.write(made("second", lying), target)
    assert tree(target) == before and [path.name for path in tmp_path.iterdir()] == ["web"]


@pytest.mark.parametrize("length", [0, 1, len(KERNEL) - 1])
def test_a_source_that_is_too_short_is_noticed(tmp_path, length):
    promised = large("boot/vmlinuz", KERNEL)
    file = tmp_path / "object"
    file.write_bytes(KERNEL[:length])
    part = large("boot/vmlinuz", KERNEL, file=file).parts
    lying = Entry(path="boot/vmlinuz", mode=0o644, size=promised.size, digest=promised.digest, parts=part)
    with pytest.raises(BytesDiffer):
        directory.write(made(kernel=lying), tmp_path / "web")
    assert not (tmp_path / "web").exists()


def test_an_object_of_the_store_is_copied_and_never_linked(tmp_path):
    file = tmp_path / "object"
    file.write_bytes(KERNEL)
    file.chmod(0o444)
    directory.write(made(kernel=large("boot/vmlinuz", KERNEL, file=file)), tmp_path / "web")
    copy = tmp_path / "web/boot/vmlinuz"
    assert copy.read_bytes() == KERNEL and copy.stat().st_nlink == 1 and copy.stat().st_ino != file.stat().st_ino
    assert stat.S_IMODE(file.stat().st_mode) == 0o444 and file.stat().st_mtime != EPOCH


def test_a_private_file_is_private_from_birth(tmp_path, monkeypatch):
    born = []
    real = os.open

    def noted(path, flags, mode=0o777, **more):
        descriptor = real(path, flags, mode, **more)
        if flags & os.O_CREAT:
            born.append((Path(path).name, stat.S_IMODE(os.fstat(descriptor).st_mode), bool(flags & os.O_EXCL)))
        return descriptor

    monkeypatch.setattr(os, "open", noted)
    old = os.umask(0)
    try:
        directory.write(made(), tmp_path / "web")
    finally:
        os.umask(old)
    assert len(born) == 5 and all(mode == 0o600 and exclusive for _, mode, exclusive in born)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "syncfs"), reason="no syncfs here")
def test_a_full_disk_is_one_clear_line_and_the_old_bundle_stays(tmp_path, monkeypatch):
    target = tmp_path / "web"
    directory.write(made("first"), target)
    before = tree(target)

    def full(descriptor, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(CheckFailed, match="cannot be written: No space left on device") as caught:
        directory.write(made("second"), target)
    assert caught.value.hint.startswith("what was at that name before is untouched")
    assert "\n" not in caught.value.message
    monkeypatch.undo()
    assert tree(target) == before and [path.name for path in tmp_path.iterdir()] == ["web"]


@pytest.mark.parametrize("target", ["nosuch/web", "file/web"])
def test_a_place_that_cannot_hold_it_is_refused(tmp_path, target):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        directory.write(made(), tmp_path / target)


def test_what_a_killed_run_left_is_removed_and_what_a_live_one_holds_is_kept(tmp_path):
    dead, live = tmp_path / ".web.partial-dead", tmp_path / ".web.partial-live"
    other = tmp_path / ".other.partial-x"
    for folder in (dead, live, other):
        folder.mkdir()
        (folder / "half").write_text("x")
    holder = os.open(live, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    try:
        directory.write(made(), tmp_path / "web")
    finally:
        os.close(holder)
    assert not dead.exists() and (live / "half").exists() and (other / "half").exists()


def test_an_interrupted_run_leaves_nothing(tmp_path):
    class Interrupting:
        def start(self, *_):
            return contextlib.nullcontext(self)

        def advance(self, _):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        directory.write(made(), tmp_path / "web", Interrupting())
    assert list(tmp_path.iterdir()) == []


def test_two_runs_to_one_place_both_succeed(tmp_path):
    code = ("import sys\nfrom pathlib import Path\nfrom tests.unit.test_directory import directory, made\n"
            "for _ in range(15): directory.write(made(sys.argv[2]), Path(sys.argv[1]))\n")
    runs = [subprocess.Popen([sys.executable, "-c", code, tmp_path / "web", text], cwd=ROOT) for text in ("one", "two")]
    assert [run.wait() for run in runs] == [0, 0]
    assert (tmp_path / "web/hosts/web1/web1.cfg").read_text() in ("one", "two")
    assert [path.name for path in tmp_path.iterdir()] == ["web"]


def test_the_folders_of_a_bundle_are_private_only_where_a_private_file_lies():
    assert folders([("a/b/c", 0o644), ("a/d/e", 0o600), ("f", 0o600)]) == {"a": 0o755, "a/b": 0o755, "a/d": 0o700}

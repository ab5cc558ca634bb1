"""`pinboot store`: what is there, is it sound, what may go, and a lock's files carried to another machine."""

import fcntl
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from builder.lock import text
from tests.golden.bench import pinboot

CACHE = Path("../cache/pinboot")
ACTIONS = ("ls", "verify", "gc", "export", "import")


@pytest.fixture
def locked(work, mirror):
    """Both profiles are locked, and the store holds what they name (and the package lists, which no lock names)."""
    for name in ("centos", "rocky"):
        assert pinboot("lock", f"{name}.toml").code == 0
    return work


def objects(store=CACHE):
    return {path.parent.name + path.name: path for path in sorted(store.glob("objects/sha256/*/*"))}


def pins(name, *roles):
    return {pin.digest.hex: pin for pin in text.read(Path(name), name).pins if not roles or pin.role in roles}


def carried(name):
    return pins(name, "kernel", "initrd", "stage2")


def spoil(path, data=b"rotten"):
    path.chmod(0o644)
    path.write_bytes(data)


@pytest.mark.parametrize("action", [*ACTIONS, ""])
def test_the_help_of_every_action_fits_80_columns(action):
    done = subprocess.run([sys.executable, "-m", "builder.cli", "store", *action.split(), "--help"], text=True,
                          capture_output=True, env={"COLUMNS": "80", "PATH": "/bin"}, cwd=Path(__file__).parents[2])
    assert done.returncode == 0 and max(map(len, done.stdout.splitlines())) <= 80
    assert all(name in done.stdout for name in ([] if action else ACTIONS))


@pytest.mark.parametrize(("arguments", "said"), [
    ([], "ACTION"), (["frob"], "frob"), (["export", "centos.lock"], "--output"), (["gc", "--all", "x.lock"], "choose one"),
    (["ls", "nope.lock"], "there is no such lock"), (["import", "nope.tar"], "there is no such file")])
def test_a_wrong_command_line_is_told_with_a_hint(work, arguments, said):
    ran = pinboot("store", *arguments)
    assert ran.code in (2, 5) and said in ran.err and "Traceback" not in ran.err


def test_ls_shows_size_path_and_locks_of_every_object(locked):
    ran = pinboot("store", "ls")
    assert ran.code == 0
    assert ran.out.count("images/pxeboot/vmlinuz  centos.lock") == 1
    assert ran.out.count("in no lock") == len(objects()) - 6
    assert f"{len(objects())} objects, 1.9 MB" in ran.out and "named by 2 locks: 6; by none: " in ran.out
    assert max(map(len, [line for line in ran.out.splitlines() if "/cache/" not in line])) <= 80


def test_ls_with_a_named_lock_counts_only_that_one_and_tells_what_it_misses(locked):
    [kernel] = pins("centos.lock", "kernel")
    objects()[kernel].unlink()
    ran = pinboot("store", "ls", "centos.lock")
    assert "named by 1 lock: 2; " in ran.out
    assert "centos.lock names images/pxeboot/vmlinuz, which is not in the store" in ran.out


def test_ls_as_json(locked):
    told = json.loads(pinboot("store", "--json", "ls").out)
    assert told == json.loads(pinboot("store", "ls", "--json").out)
    assert {each["sha256"] for each in told["objects"]} == set(objects())
    assert {each["sha256"] for each in told["objects"] if "rocky.lock" in each["locks"]} == set(carried("rocky.lock"))
    assert told["locks"] == [{"missing": [], "path": "centos.lock"}, {"missing": [], "path": "rocky.lock"}]


def test_a_store_that_is_not_there_is_empty_and_is_not_made(work):
    for arguments in (["ls"], ["verify"], ["gc", "--all"]):
        ran = pinboot("store", *arguments)
        assert ran.code == 0 and "0 objects" in ran.out
    assert not CACHE.exists()


def test_locks_of_other_tools_are_left_aside_and_a_damaged_one_of_ours_is_an_error(locked):
    Path("uv.lock").write_text('version = 1\n[[package]]\nname = "x"\n')
    ran = pinboot("store", "ls")
    assert ran.code == 0 and "uv.lock: is no lock of pinboot; left aside" in ran.err and "named by 2 locks" in ran.out
    Path("torn.lock").write_bytes(b"")
    before = objects()
    ran = pinboot("store", "gc")
    assert ran.code == 2 and "torn.lock" in ran.err and objects() == before


def test_verify_names_a_bad_object_moves_it_aside_and_ends_with_4(locked):
    assert pinboot("store", "verify").code == 0
    [initrd] = pins("rocky.lock", "initrd")
    spoil(objects()[initrd])
    ran = pinboot("store", "verify")
    assert ran.code == 4 and f"bad  {initrd}" in ran.out and "1 bad" in ran.out and "hint:" in ran.err
    assert initrd not in objects() and (CACHE / "bad" / initrd).read_bytes() == b"rotten"
    again = pinboot("store", "verify", "--json")
    assert again.code == 0 and json.loads(again.out)["bad"] == []
    assert pinboot("build", "rocky.toml").code == 0 and initrd in objects()


def test_verify_catches_an_empty_object_and_a_link_under_an_object_s_name(locked, tmp_path):
    [kernel], [initrd] = pins("rocky.lock", "kernel"), pins("rocky.lock", "initrd")
    spoil(objects()[kernel], b"")
    shutil.copy(objects()[initrd], tmp_path / "elsewhere")
    objects()[initrd].unlink()
    (CACHE / "objects/sha256" / initrd[:2] / initrd[2:]).symlink_to(tmp_path / "elsewhere")
    ran = pinboot("store", "verify", "--json")
    assert ran.code == 4 and set(json.loads(ran.out)["bad"]) == {kernel, initrd}


def test_gc_keeps_what_the_locks_name_and_nothing_else(locked):
    for name in ("bad/" + "0" * 64, "partial/abc", "partial/abc.json", "tmp/1-aa"):
        (CACHE / name).parent.mkdir(exist_ok=True)
        (CACHE / name).write_bytes(b"left")
    before, named = set(objects()), set(carried("centos.lock")) | set(carried("rocky.lock"))
    dry = pinboot("store", "gc", "--dry-run")
    assert dry.code == 0 and "would go" in dry.out and set(objects()) == before
    ran = pinboot("store", "gc", "--json")
    told = json.loads(ran.out)
    assert ran.code == 0 and set(objects()) == named and set(told["objects"]) == before - named
    assert told["stay"] == 6 and len(told["leftovers"]) == 4
    assert not [p for p in CACHE.rglob("*") if p.is_file() and p.parts[-2] in ("bad", "partial", "tmp")]
    assert not [p for p in CACHE.glob("objects/sha256/*") if not list(p.iterdir())]
    again = pinboot("store", "gc")
    assert again.code == 0 and "0 objects and 0 left over removed, 0 bytes" in again.out
    assert pinboot("build", "--offline", "rocky.toml").code == 0


def test_gc_with_a_named_lock_keeps_only_what_that_one_names(locked):
    assert pinboot("store", "gc", "rocky.lock").code == 0
    assert set(objects()) == set(carried("rocky.lock"))


def test_gc_without_any_lock_refuses_unless_told_all(locked):
    for path in Path().glob("*.lock"):
        path.unlink()
    before = set(objects())
    ran = pinboot("store", "gc")
    assert ran.code == 2 and "no lock here" in ran.err and "--all removes everything" in ran.err
    assert set(objects()) == before
    assert pinboot("store", "gc", "--all").code == 0 and not objects()


def test_gc_waits_for_whoever_uses_the_store_and_says_so(locked):
    lock = (CACHE / "locks/store").open()
    fcntl.flock(lock, fcntl.LOCK_SH)
    before = set(objects())
    process = subprocess.Popen([sys.executable, "-m", "builder.cli", "store", "gc", "--all"], text=True,
                               stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    assert "waiting: another process uses the store" in process.stderr.readline()
    time.sleep(0.2)
    assert process.poll() is None and set(objects()) == before
    lock.close()
    assert process.wait(10) == 0 and not objects()
    process.communicate()


def test_a_build_waits_for_a_gc_that_is_at_work_and_says_so(locked):
    lock = (CACHE / "locks/store").open("r+")
    fcntl.flock(lock, fcntl.LOCK_EX)
    process = subprocess.Popen([sys.executable, "-m", "builder.cli", "build", "centos.toml"], text=True,
                               stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    assert "waiting: another process is clearing up the store" in process.stderr.readline()
    assert process.poll() is None
    lock.close()
    assert process.wait(20) == 0
    process.communicate()


def test_a_lock_goes_to_another_store_in_one_tar_and_builds_there_offline(locked, mirror):
    ran = pinboot("store", "export", "rocky.lock", "-o", "a.tar")
    assert ran.code == 0 and "a.tar: 3 objects of rocky.lock" in ran.out and "store import a.tar" in ran.err
    assert pinboot("store", "export", "rocky.lock", "-o", "b.tar").code == 0
    assert Path("a.tar").read_bytes() == Path("b.tar").read_bytes()
    assert pinboot("build", "rocky.toml", "-o", "here").code == 0
    shutil.move("rocky.lock", "was.lock")
    mirror.trees.clear()
    ran = pinboot("store", "import", "a.tar", "--store", "far", "-o", "rocky.lock")
    assert ran.code == 0 and "3 objects of rocky.lock verified, 3 of them new" in ran.out
    assert Path("rocky.lock").read_bytes() == Path("was.lock").read_bytes()
    assert set(objects(Path("far"))) == set(carried("rocky.lock"))
    again = pinboot("store", "import", "a.tar", "--store", "far", "-o", "rocky.lock")
    assert again.code == 0 and "0 of them new" in again.out
    asked = len(mirror.asked)
    assert pinboot("build", "--offline", "rocky.toml", "--store", "far", "-o", "there").code == 0
    assert len(mirror.asked) == asked
    files = [p.relative_to("here") for p in Path("here").rglob("*") if p.is_file()]
    assert files and all(Path("here", p).read_bytes() == Path("there", p).read_bytes() for p in files)


def test_the_tar_is_plain_to_tar_and_carries_no_owner_and_no_clock(locked):
    assert pinboot("store", "export", "rocky.lock", "-o", "a.tar").code == 0
    epoch = text.read(Path("rocky.lock"), "").epoch
    with tarfile.open("a.tar") as archive:
        members = archive.getmembers()
        names = [m.name for m in members]
        assert names[:2] == ["pinboot-store/index.json", "pinboot-store/rocky.lock"] and names[2:] == sorted(names[2:])
        assert {(m.mode, m.uid, m.gid, m.uname, m.mtime, m.type) for m in members} == {
            (0o444, 0, 0, "", epoch, tarfile.REGTYPE)}
        assert archive.extractfile(names[1]).read() == Path("rocky.lock").read_bytes()


def test_an_export_names_everything_that_is_missing_or_damaged_and_writes_nothing(locked):
    [kernel], [stage2] = pins("rocky.lock", "kernel"), pins("rocky.lock", "stage2")
    objects()[kernel].unlink()
    spoil(objects()[stage2])
    Path("a.tar").write_text("older")
    ran = pinboot("store", "export", "rocky.lock", "-o", "a.tar")
    assert ran.code == 5 and "images/pxeboot/vmlinuz" in ran.err and "images/install.img" in ran.err
    assert "initrd.img" not in ran.err and "hint:" in ran.err
    assert Path("a.tar").read_text() == "older" and not list(Path().glob(".a.tar*"))


@pytest.mark.parametrize("name", ["centos.toml", "profiles", "link"])
def test_an_export_replaces_nothing_but_an_older_tar(locked, name):
    Path("profiles").mkdir()
    Path("link").symlink_to("centos.toml")
    before = Path("centos.toml").read_bytes()
    ran = pinboot("store", "export", "rocky.lock", "-o", name)
    assert ran.code == 2 and "is there, and is no tar" in ran.err and "hint:" in ran.err
    assert Path("centos.toml").read_bytes() == before and Path("link").is_symlink()


def test_an_import_touches_no_other_lock(locked):
    assert pinboot("store", "export", "rocky.lock", "-o", "a.tar").code == 0
    before = Path("centos.lock").read_bytes()
    ran = pinboot("store", "import", "a.tar", "-o", "centos.lock")
    assert ran.code == 2 and "is another lock; it was not touched" in ran.err
    assert Path("centos.lock").read_bytes() == before


# Hostile tars: each is the good one with one thing changed, and nothing of it may get a name outside the store or in it.

def members(path):
    with tarfile.open(path) as archive:
        return [(m, archive.extractfile(m).read()) for m in archive.getmembers()]


def pack(path, parts, kind=tarfile.USTAR_FORMAT):
    with tarfile.open(path, "w", format=kind) as archive:
        for info, data in parts:
            info.size = len(data) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(data))


def _climbs(parts):
    parts[2][0].name = "pinboot-store/../../escaped"


def _absolute(parts):
    parts[2][0].name = "/tmp/escaped"


def _symbolic(parts):
    parts[2][0].type, parts[2][0].linkname = tarfile.SYMTYPE, "/etc/passwd"


def _hard(parts):
    parts[3][0].type, parts[3][0].linkname = tarfile.LNKTYPE, parts[2][0].name


def _device(parts):
    parts[2][0].type, parts[2][0].devmajor = tarfile.CHRTYPE, 1


def _folder(parts):
    parts[2][0].type = tarfile.DIRTYPE


def _fifo(parts):
    parts[2][0].type = tarfile.FIFOTYPE


def _other_bytes(parts):
    parts[2] = (parts[2][0], bytes(len(parts[2][1])))


def _longer(parts):
    parts[2] = (parts[2][0], parts[2][1] + b"x")


def _swapped(parts):
    parts[2], parts[3] = parts[3], parts[2]


def _lacking(parts):
    del parts[4]


def _more(parts):
    info = tarfile.TarInfo("pinboot-store/objects/sha256/00/" + "0" * 62)
    parts.append((info, b"more"))


def _no_index(parts):
    del parts[0]


def _lock_without_index(parts):
    parts[1] = (parts[1][0], parts[1][1].replace(b"[[pin]]\nrole = \"kernel\"", b"[[pin]]\nrole = \"stage2\"", 1))


def _index_of_other_things(parts):
    parts[0] = (parts[0][0], parts[0][1].replace(b'"size": ', b'"size": 1'))


def _index_is_no_json(parts):
    parts[0] = (parts[0][0], b"[" * 100_000)


def _lock_name_climbs(parts):
    parts[0] = (parts[0][0], parts[0][1].replace(b"rocky.lock", b"../x.lock"))


def _newer(parts):
    parts[0] = (parts[0][0], parts[0][1].replace(b'"format": 1', b'"format": 2'))


def _huge_index(parts):
    parts[0] = (parts[0][0], parts[0][1] + b" " * (2 << 20))


CHANGES = (_climbs, _absolute, _symbolic, _hard, _device, _folder, _fifo, _other_bytes, _longer, _swapped, _lacking,
           _more, _no_index, _lock_without_index, _index_of_other_things, _index_is_no_json, _lock_name_climbs, _newer,
           _huge_index)


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.__name__.strip("_").replace("_", " "))
def test_a_hostile_tar_is_refused_and_nothing_wrong_gets_a_name(locked, change):
    assert pinboot("store", "export", "rocky.lock", "-o", "a.tar").code == 0
    parts = members("a.tar")
    change(parts)
    pack("b.tar", parts)
    before = sorted(p for p in Path("..").rglob("*"))
    ran = pinboot("store", "import", "b.tar", "--store", "far")
    assert ran.code in (1, 2, 4), (ran.code, ran.err)
    assert ran.err.startswith("error: b.tar") and "hint:" in ran.err and "Traceback" not in ran.err
    assert sorted(p for p in Path("..").rglob("*") if "far" not in p.parts) == before
    assert not Path("/tmp/escaped").exists()
    for name, path in objects(Path("far")).items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == name
    assert not [p for p in Path("far").rglob("*") if p.is_file() and p.parts[-2] in ("tmp", "partial", "bad")]


@pytest.mark.parametrize("kind", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_and_extended_headers_have_no_way_in(locked, kind):
    assert pinboot("store", "export", "rocky.lock", "-o", "a.tar").code == 0
    parts = members("a.tar")
    parts[2][0].name = "pinboot-store/" + "x" * 300
    pack("b.tar", parts, kind)
    ran = pinboot("store", "import", "b.tar", "--store", "far")
    assert ran.code == 1 and "error: b.tar" in ran.err and not objects(Path("far"))


def test_a_tar_that_lies_about_a_size_or_is_cut_anywhere_is_refused(locked):
    assert pinboot("store", "export", "rocky.lock", "-o", "a.tar").code == 0
    whole = Path("a.tar").read_bytes()
    for length in (0, 100, 512, 700, 1024, 2000, 5000, len(whole) // 2, len(whole) - 20_000):
        Path("b.tar").write_bytes(whole[:length])
        ran = pinboot("store", "import", "b.tar", "--store", "far")
        assert ran.code == 4 and "ends in the middle" in ran.err, (length, ran)
    assert pinboot("store", "import", "a.tar", "--store", "far").code == 0


@pytest.mark.parametrize("data", [b"PK\x03\x04" + bytes(600), bytes(10_240), b"\x1f\x8b" + bytes(1000), b"\xff" * 2048])
def test_what_is_no_tar_of_ours_is_refused_in_one_line(work, data):
    Path("b.tar").write_bytes(data)
    ran = pinboot("store", "import", "b.tar", "--store", "far")
    assert ran.code == 1 and "is no tar that pinboot store export wrote" in ran.err and "hint:" in ran.err


def test_an_import_is_refused_even_where_the_store_has_the_objects_already(locked):
    assert pinboot("store", "export", "rocky.lock", "-o", "a.tar").code == 0
    parts = members("a.tar")
    _other_bytes(parts)
    pack("b.tar", parts)
    ran = pinboot("store", "import", "b.tar")
    assert ran.code == 4 and "not the bytes that its name says" in ran.err
    assert pinboot("store", "verify").code == 0

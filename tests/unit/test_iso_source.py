"""An ISO image as a source: DVDs in the shapes of EL7 and EL9, and images that lie."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pycdlib
import pytest

from builder.demo import tree
from builder.digest import Digest, of_bytes
from builder.errors import BytesDiffer, HostileInput, Missing, NotFound
from builder.fetch import iso as iso_room
from builder.fetch.source import Source, open_source
from builder.fetch.store.objects import Store
from builder.progress import Silent

KERNEL = tree.KERNEL


def make_iso(files: Mapping[str, bytes], target: Path, **form: Any) -> Path:
    """An image with `files`, made by pycdlib; `form` says which names it has (Rock Ridge unless told otherwise)."""
    form = form or {"rock_ridge": "1.09"}
    image = pycdlib.PyCdlib()
    image.new(interchange_level=3, **form)
    made: dict[tuple[str, ...], str] = {(): ""}

    def extra(name: str, path: str) -> dict[str, str]:
        return ({"rr_name": name} if "rock_ridge" in form else {}) | (
            {"joliet_path": f"/{path}"} if "joliet" in form and len(name) <= 64 else {})

    for number, (path, data) in enumerate(sorted(files.items())):
        *folders, name = path.split("/")
        for depth in range(1, len(folders) + 1):
            above = tuple(folders[:depth])
            if above not in made:
                made[above] = f"{made[above[:-1]]}/D{len(made)}"
                image.add_directory(made[above], **extra(above[-1], "/".join(above)))
        image.add_fp(io.BytesIO(data), len(data), f"{made[tuple(folders)]}/F{number}.;1", **extra(name, path))
    image.write(str(target))
    image.close()
    return target


def dvd9(files: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """The demo's EL9 as its DVD has it: .treeinfo and images at the root, BaseOS and AppStream beside them."""
    base, app = f"{tree.BASEOS}/", f"{tree.APPSTREAM}/"
    made: dict[str, bytes] = {}
    for path, data in (files or tree.el9()).items():
        if path.startswith(app):
            made[f"AppStream/{path.removeprefix(app)}"] = data
        else:
            inside = path.removeprefix(base)
            made[f"BaseOS/{inside}" if inside.startswith(("repodata/", "Packages/")) else inside] = data
    text = made[".treeinfo"].decode().replace("../../../AppStream/x86_64/os", "AppStream")
    made[".treeinfo"] = text.replace("packages = Packages", "packages = BaseOS/Packages").replace(
        "repository = .\ntype", "repository = BaseOS\ntype").encode()
    return made


def source(path: Path, tmp_path: Path) -> Source:
    return open_source(str(path), store=Store(tmp_path / "store"), progress=Silent())


@pytest.fixture(scope="module")
def el7(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_iso(tree.centos7(), tmp_path_factory.mktemp("iso") / "CentOS-7-x86_64-DVD.iso")


@pytest.mark.parametrize("form", [{"rock_ridge": "1.09"}, {"rock_ridge": "1.12"}, {"joliet": 3},
                                  {"rock_ridge": "1.09", "joliet": 3}], ids=str)
def test_every_file_of_an_image_is_read_by_its_long_name(tmp_path: Path, form: dict[str, Any]) -> None:
    # Joliet has room for 64 letters; the names of repodata are longer, and real media have Rock Ridge.
    files = {path: data for path, data in tree.centos7().items() if "rock_ridge" in form or "repodata/" not in path}
    opened = source(make_iso(files, tmp_path / "dvd.iso", **form), tmp_path)
    for path, data in files.items():
        assert opened.size(path) == len(data)
        fetched = opened.fetch(path, kind="image", expected=of_bytes(data), size=len(data))
        assert fetched.url == f"file://{tmp_path}/dvd.iso/{path}"
    assert opened.read(".treeinfo", 1 << 20) == files[".treeinfo"]
    assert opened.url == f"file://{tmp_path}/dvd.iso"


def test_the_variants_of_a_dvd_lie_inside_it(tmp_path: Path) -> None:
    files = dvd9()
    opened = source(make_iso(files, tmp_path / "dvd.iso"), tmp_path)
    app = opened.child("AppStream")
    assert app.url == f"file://{tmp_path}/dvd.iso/AppStream"
    assert app.read("repodata/repomd.xml", 1 << 20) == files["AppStream/repodata/repomd.xml"]
    assert app.child("../BaseOS").size("repodata/repomd.xml") == len(files["BaseOS/repodata/repomd.xml"])
    assert opened.child(".").size(".treeinfo") == len(files[".treeinfo"])
    for path in ("../x", "../../../x", "/etc"):
        with pytest.raises(HostileInput):
            opened.child(path)


def test_the_address_of_a_lock_leads_to_the_image_again(el7: Path, tmp_path: Path) -> None:
    shown = source(el7, tmp_path).url
    assert source(Path(shown.removeprefix("file://")), tmp_path).url == shown
    assert open_source(shown, store=Store(tmp_path / "store"), progress=Silent()).size(KERNEL)


def test_bytes_of_an_image_are_judged_like_any_other(el7: Path, tmp_path: Path) -> None:
    opened = source(el7, tmp_path)
    with pytest.raises(BytesDiffer, match=f"{KERNEL}: not the bytes that were asked for"):
        opened.fetch(KERNEL, kind="kernel", expected=Digest("sha256", "0" * 64))
    with pytest.raises(BytesDiffer, match="wrong size"):
        opened.fetch(KERNEL, kind="kernel", size=5)
    with pytest.raises(HostileInput, match="cap: 10 bytes"):
        opened.read(".treeinfo", 10)
    assert not list((tmp_path / "store/objects").rglob("*"))


def test_an_absent_file_is_not_found_and_a_path_that_is_none_is_refused(el7: Path, tmp_path: Path) -> None:
    opened = source(el7, tmp_path)
    for path in ("images/none", "images", "IMAGES/PXEBOOT/VMLINUZ"):
        with pytest.raises(NotFound, match=f"{path}: no such file in the image"):
            opened.size(path)
    for path in ("../etc/passwd", "/etc/passwd", "a\0b"):
        with pytest.raises(HostileInput, match="is no path inside a tree"):
            opened.read(path, 100)


def test_an_image_without_packages_says_what_is_wanted_instead(tmp_path: Path) -> None:
    files = {path: data for path, data in tree.centos7().items() if not path.startswith("repodata/")}
    with pytest.raises(NotFound) as caught:
        source(make_iso(files, tmp_path / "boot.iso"), tmp_path).read("repodata/repomd.xml", 100)
    assert "boot.iso" in caught.value.hint
    assert "DVD" in caught.value.hint


def test_an_image_that_is_gone_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"dvd\.iso: no such file") as caught:
        source(tmp_path / "dvd.iso", tmp_path).read(".treeinfo", 100)
    assert "mounted" in caught.value.hint


def test_a_file_in_several_parts_is_read_whole_and_in_order(tmp_path: Path) -> None:
    """As for files of 4 GiB and more: a record for each part, all but the last flagged (ECMA-119 9.1.6)."""
    parts = {"part1": b"a" * 3000, "part2": b"b" * 5000, "part3": b"c" * 7}
    data = make_iso(parts | {"other": b"x"}, tmp_path / "x.iso").read_bytes()
    for number in (1, 2, 3):
        ident, at = b"F%d.;1" % number, data.index(b"\x05F%d.;1" % number)
        flags = at - 7
        assert data[flags] == 0
        data = data[:flags] + bytes([0x80 if number < 3 else 0]) + data[flags + 1 :]
        data = data.replace(ident, b"F1.;1").replace(b"part%d" % number, b"whole")
    (tmp_path / "x.iso").write_bytes(data)
    opened = source(tmp_path / "x.iso", tmp_path)
    assert opened.read("whole", 1 << 20) == b"".join(parts.values())
    assert opened.size("whole") == 8007


# Hostile images


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    good = make_iso({"kernel-1": b"good", "kernel-2": b"evil"}, tmp_path / "good.iso")
    bad = patched(good, tmp_path / "bad.iso", (b"kernel-2", b"kernel-1"))
    with pytest.raises(HostileInput, match="two files with the name kernel-1"):
        source(bad, tmp_path).read("kernel-1", 100)


def patched(path: Path, target: Path, *changes: tuple[bytes, bytes]) -> Path:
    data = path.read_bytes()
    for old, new in changes:
        assert old in data
        assert len(old) == len(new)
        data = data.replace(old, new)
    target.write_bytes(data)
    return target


@pytest.mark.parametrize("name", [b"../../evil1", b"/etc/passwd", b"a\0bcdefghij", b".\0\0\0\0\0\0\0\0\0\0"])
def test_a_name_that_would_lead_out_is_refused(tmp_path: Path, name: bytes) -> None:
    good = make_iso({"a-long-name": b"x", ".treeinfo": b"[general]"}, tmp_path / "good.iso")
    bad = patched(good, tmp_path / "bad.iso", (b"a-long-name", name))
    with pytest.raises(HostileInput, match="which no file can have"):
        source(bad, tmp_path).read(".treeinfo", 100)
    assert not (tmp_path.parent / "evil1").exists()


def test_names_that_no_tree_has_are_left_alone(tmp_path: Path) -> None:
    files = {"a b.txt": b"1", "Größe": b"2", ".treeinfo": b"[general]"}
    opened = source(make_iso(files, tmp_path / "x.iso"), tmp_path)
    assert opened.read(".treeinfo", 100) == b"[general]"
    with pytest.raises(HostileInput, match="is no path inside a tree"):
        opened.read("a b.txt", 100)


def test_names_that_are_no_text_are_no_traceback(tmp_path: Path) -> None:
    good = make_iso({"a-long-name": b"x", ".treeinfo": b"[general]"}, tmp_path / "good.iso")
    bad = patched(good, tmp_path / "bad.iso", (b"a-long-name", b"\xff\xfe\x80-\xc3\x28-nam\xe9"[:11]))
    assert source(bad, tmp_path).read(".treeinfo", 100) == b"[general]"


def test_without_long_names_there_is_no_tree(tmp_path: Path) -> None:
    image = pycdlib.PyCdlib()
    image.new()
    image.add_fp(io.BytesIO(b"x"), 1, "/TREEINFO.;1")
    image.write(str(tmp_path / "x.iso"))
    with pytest.raises(HostileInput, match="neither Rock Ridge nor Joliet"):
        source(tmp_path / "x.iso", tmp_path).read(".treeinfo", 100)


@pytest.mark.parametrize("data", [b"", b"not an image", bytes(100_000), b"<html>login</html>" * 5000, b"CD001" * 20_000],
                         ids=["empty", "text", "zeros", "html", "magic"])
def test_what_is_no_image_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.iso").write_bytes(data)
    with pytest.raises(HostileInput, match=r"x\.iso: is no ISO 9660 image, or a damaged one: ") as caught:
        source(tmp_path / "x.iso", tmp_path).read(".treeinfo", 100)
    assert "checksum" in caught.value.hint
    assert caught.value.message.isprintable()


def test_an_image_cut_anywhere_is_refused(el7: Path, tmp_path: Path) -> None:
    data, files = el7.read_bytes(), tree.centos7()
    for size in sorted({*range(0, len(data), len(data) // 37), 32 << 10, 34 << 10, 40 << 10, len(data) - 2048}):
        (tmp_path / "cut.iso").write_bytes(data[:size])
        opened = source(tmp_path / "cut.iso", tmp_path)
        for path in (".treeinfo", KERNEL, "images/efiboot.img"):
            with pytest.raises(HostileInput):
                opened.fetch(path, kind="image", fresh=True)
    assert source(el7, tmp_path).fetch(KERNEL, kind="image").digest == of_bytes(files[KERNEL])


def test_bits_flipped_in_the_directories_are_never_a_traceback(tmp_path: Path) -> None:
    files = {f"images/file-{number}": bytes([number]) * 10 for number in range(5)} | {".treeinfo": b"[general]"}
    data = make_iso(files, tmp_path / "good.iso", rock_ridge="1.09", joliet=3).read_bytes()
    refused = 0
    for at in range(16 * 2048, min(len(data), 36 * 2048), 97):
        for value in (0, 0xFF, data[at] ^ 0x80):
            (tmp_path / "bad.iso").write_bytes(data[:at] + bytes([value]) + data[at + 1 :])
            try:
                source(tmp_path / "bad.iso", tmp_path).read("images/file-3", 100)
            except (HostileInput, Missing) as reason:
                refused += 1
                assert reason.message
    assert refused


def test_a_folder_that_holds_itself_ends(tmp_path: Path) -> None:
    path = make_iso({"a/b/file": b"x", ".treeinfo": b"[general]"}, tmp_path / "good.iso")
    image = pycdlib.PyCdlib()
    image.open(str(path))
    root, inner = (image.get_record(rr_path=place).extent_location() for place in ("/", "/a/b"))
    image.close()
    old, new = (struct.pack("<L", place) + struct.pack(">L", place) for place in (inner, root))
    bad = patched(path, tmp_path / "bad.iso", (old, new))
    try:
        source(bad, tmp_path).read("a/b/file", 100)
    except (HostileInput, NotFound) as refused:
        assert refused.message


def test_a_file_that_claims_to_be_huge_ends_with_the_image(tmp_path: Path) -> None:
    path = make_iso({".discinfo": b"x" * 777}, tmp_path / "good.iso")
    old = struct.pack("<L", 777) + struct.pack(">L", 777)
    bad = patched(path, tmp_path / "bad.iso", (old, struct.pack("<L", 1 << 31) + struct.pack(">L", 1 << 31)))
    opened = source(bad, tmp_path)
    assert (opened.size(".discinfo") or 0) <= path.stat().st_size
    with pytest.raises(HostileInput, match="cap: 777 bytes"):
        opened.read(".discinfo", 777)


def test_directories_without_end_stop_at_a_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_iso({f"file-{number}": b"" for number in range(2000)}, tmp_path / "x.iso")
    monkeypatch.setattr(iso_room, "METADATA_CAP", 100_000)
    with pytest.raises(HostileInput, match="its directories take more than"):
        source(path, tmp_path).read("file-1", 100)


def test_an_image_that_may_not_be_read_is_missing(tmp_path: Path) -> None:
    (tmp_path / "x.iso").write_bytes(b"")
    (tmp_path / "x.iso").chmod(0)
    # Root reads everything: the folder is entered while we may, then down to a user who may not read the file.
    script = ("import os, sys; from pathlib import Path; from builder.errors import Missing\n"
              "from builder.fetch.source import open_source; from builder.fetch.store.objects import Store\n"
              "from builder.progress import Silent; import builder.fetch.iso, pycdlib, traceback\n"
              "os.chdir(sys.argv[1])\n"
              "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
              "try: open_source('/proc/self/cwd/x.iso', store=Store(Path('/proc/self/cwd/s')), progress=Silent())"
              ".read('.treeinfo', 100)\n"
              "except Missing as error: print(error.message)\n")
    done = subprocess.run([sys.executable, "-c", script, tmp_path], text=True, capture_output=True)
    assert done.stdout.endswith("Permission denied\n"), done

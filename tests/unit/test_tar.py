"""A bundle as a tar: ustar, deterministic, private where it holds something private."""

import os
import stat
import subprocess
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.digest import Digest
from builder.errors import BytesDiffer, UsageError
from builder.media import members
from builder.media.bundle import Entry, bundle, text_entry
from builder.media.pack import tar
from tests.machines import EPOCH, large
from tests.tool.tools import need

KERNEL = bytes(range(256)) * 500 + b"odd"


def made(*more):
    return bundle("web", EPOCH, [text_entry("manifest.json", "{}\n"), text_entry("up.sh", "#!/bin/sh\n", mode=0o755),
                                 text_entry("hosts/web1/ks.cfg", "rootpw", mode=0o600),
                                 large("boot/vmlinuz", KERNEL), *more])


def test_every_member_is_nobody_s_at_the_epoch_and_folders_come_first(tmp_path):
    tar.write(made(), tmp_path / "web.tar")
    with tarfile.open(tmp_path / "web.tar", "r:") as archive:
        members = archive.getmembers()
        assert [(m.name, oct(m.mode), m.isdir()) for m in members] == [
            ("web", "0o755", True), ("web/boot", "0o755", True), ("web/boot/vmlinuz", "0o644", False),
            ("web/hosts", "0o755", True), ("web/hosts/web1", "0o700", True), ("web/hosts/web1/ks.cfg", "0o600", False),
            ("web/manifest.json", "0o644", False), ("web/up.sh", "0o755", False)]
        assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in members} == {(0, 0, "", "", EPOCH)}
        assert archive.extractfile("web/boot/vmlinuz").read() == KERNEL
        assert not archive.pax_headers


def test_gnu_tar_unpacks_what_the_directory_would_be(tmp_path):
    tar.write(made(), tmp_path / "web.tar")
    subprocess.run([need("tar", "tar"), "-xpf", "web.tar"], cwd=tmp_path, check=True)
    assert (tmp_path / "web/boot/vmlinuz").read_bytes() == KERNEL
    assert stat.S_IMODE((tmp_path / "web/hosts/web1/ks.cfg").stat().st_mode) == 0o600
    assert (tmp_path / "web/up.sh").stat().st_mtime == EPOCH
    assert (tmp_path / "web.tar").stat().st_size % 10240 == 0


@given(st.text("abc/é", min_size=1, max_size=130).map(lambda t: t.strip("/")).filter(bool), st.sampled_from([0o600, 0o755]),
       st.integers(0, (1 << 33) - 1), st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE]), st.integers(0, 1 << 32))
def test_a_header_is_the_one_that_python_s_tarfile_writes(name, mode, size, kind, epoch):
    info = tarfile.TarInfo(name)
    info.mode, info.size, info.type, info.mtime = mode, size, kind, epoch
    try:
        wanted = info.tobuf(tarfile.USTAR_FORMAT)
    except ValueError:
        with pytest.raises(ValueError):
            tar.header(name, mode, size, kind, epoch)
    else:
        assert tar.header(name, mode, size, kind, epoch) == wanted


@given(st.text("ab/.", min_size=1, max_size=99), st.sampled_from([0o600, 0o7755]), st.integers(0, (1 << 33) - 1),
       st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE]), st.integers(0, 511), st.binary(max_size=3), st.booleans())
def test_a_header_is_read_as_tarfile_reads_it(name, mode, size, kind, at, other, mended):
    block = bytearray(tar.header(name, mode, size, kind, EPOCH))
    block[at:at + len(other)] = other[:512 - at]
    if mended:
        block[148:156] = b"        "
        block[148:155] = b"%06o\0" % sum(block)
    read = members._plain(bytes(block))
    if not other:
        assert read
    if read:
        wanted = tarfile.TarInfo.frombuf(bytes(block), "utf-8", "surrogateescape")
        assert (read.name, read.mode) == (wanted.name, wanted.mode)
        assert (read.kind, read.size) == (("folder", 0) if wanted.isdir() else ("file", wanted.size))


@pytest.mark.parametrize(("mode", "wanted"), [(0o600, 0o600), (0o644, 0o644)])
def test_the_file_is_private_where_something_in_it_is(tmp_path, mode, wanted):
    old = os.umask(0)
    try:
        tar.write(bundle("web", EPOCH, [text_entry("a", "x", mode=mode)]), tmp_path / "web.tar")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "web.tar").stat().st_mode) == wanted


def test_a_long_path_is_split_and_a_longer_one_refused_before_work_starts(tmp_path):
    long = f"{'d' * 90}/{'e' * 90}"
    tar.write(made(text_entry(long, "x")), tmp_path / "web.tar")
    with tarfile.open(tmp_path / "web.tar") as archive:
        assert archive.getmember(f"web/{long}").size == 1
    with pytest.raises(UsageError, match=r"a tar file \(ustar\) cannot hold it: name is too long"):
        tar.write(made(text_entry("f" * 101, "x")), tmp_path / "other.tar")
    assert not (tmp_path / "other.tar").exists()


def test_a_file_of_eight_gib_is_refused_by_the_name_of_the_limit(tmp_path):
    huge = Entry(path="big", mode=0o644, size=1 << 33, digest=Digest("sha256", "0" * 64))
    with pytest.raises(UsageError, match=r"a tar file \(ustar\) holds files below 8 GiB"):
        tar.write(made(huge), tmp_path / "web.tar")


def test_an_older_tar_is_replaced_and_anything_else_is_not(tmp_path):
    target = tmp_path / "web.tar"
    tar.write(made(text_entry("old", "x")), target)
    tar.write(made(), target)
    with tarfile.open(target) as archive:
        assert "web/old" not in archive.getnames()
    (tmp_path / "thesis").write_text("years of work" * 100)
    (tmp_path / "link").symlink_to("web.tar")
    for name in ("thesis", "link"):
        with pytest.raises(UsageError, match="is there, and is no tar file"):
            tar.write(made(), tmp_path / name)
    assert (tmp_path / "thesis").read_text() == "years of work" * 100


def test_a_source_whose_bytes_changed_leaves_the_old_tar_and_no_remains(tmp_path):
    target = tmp_path / "web.tar"
    tar.write(made(), target)
    before = target.read_bytes()
    lying = Entry(path="x", mode=0o644, size=3, digest=Digest("sha256", "0" * 64), parts=large("x", b"abc").parts)
    with pytest.raises(BytesDiffer):
        tar.write(made(lying), target)
    assert target.read_bytes() == before and [path.name for path in tmp_path.iterdir()] == ["web.tar"]

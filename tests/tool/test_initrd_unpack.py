"""Other people's unpackers find our files in an injected initrd, and Xen's domain builder leaves it as it is."""

import gzip
import lzma
import os
import subprocess
import sys
import zlib

import pytest

from builder.media import inject
from tests.machines import EPOCH, large
from tests.tool.debian import unpacked
from tests.tool.libxlutil import PACKAGES
from tests.tool.tools import need

pytestmark = pytest.mark.tool

KICKSTARTS = {"ks/web1.cfg": (b"text\nreboot\n", 0o600), "ks/web2.cfg": (b"# nothing\n", 0o600)}


@pytest.fixture
def main(tmp_path):
    """What a distribution ships: files packed by GNU cpio and gzip."""
    tree = tmp_path / "tree"
    (tree / "usr" / "lib").mkdir(parents=True)
    (tree / "init").write_text("#!/bin/sh\n")
    (tree / "usr" / "lib" / "os-release").write_text("ID=centos\n")
    packed = subprocess.run([need("cpio", "cpio"), "--quiet", "-o", "-H", "newc"], cwd=tree, check=True,
                            input=b".\ninit\nusr\nusr/lib\nusr/lib/os-release\n", capture_output=True)
    return gzip.compress(packed.stdout, mtime=0)


@pytest.fixture
def early():
    return inject.member({"kernel/x86/microcode/GenuineIntel.bin": (b"\1" * 999, 0o644)}, EPOCH)


def write(tmp_path, original):
    made = inject.injected(large("boot/initrd.img", original), inject.member(KICKSTARTS, EPOCH), path="initrd")
    path = tmp_path / "initrd.img"
    path.write_bytes(b"".join(made.chunks()))
    return path


def listed(data):
    done = subprocess.run([need("cpio", "cpio"), "--quiet", "-it"], input=data, check=True, capture_output=True)
    assert done.stderr == b""
    return done.stdout.decode().split()


def unpacked_like_the_kernel(data):
    """init/initramfs.c: zeros between archives are skipped, an uncompressed one begins at a multiple of 4, whatever
    else is a compressed stream, of which the archives inside are unpacked the same way."""
    files, at = {}, 0
    while at < len(data):
        if data[at] == 0:
            at += 1
        elif data[at:at + 5] == b"07070":
            assert at % 4 == 0, "broken padding"
            at = one_archive(data, at, files)
        else:
            stream = zlib.decompressobj(wbits=31) if data[at] == 0x1F else lzma.LZMADecompressor()
            files |= unpacked_like_the_kernel(stream.decompress(data[at:]))
            at = len(data) - len(stream.unused_data)
    return files


def one_archive(data, at, files):
    while True:
        size, length = (int(data[at + offset:at + offset + 8], 16) for offset in (54, 94))
        name = data[at + 110:at + 110 + length - 1].decode()
        start = at + 110 + length
        start += -start % 4
        at = start + size
        at += -at % 4
        if name == "TRAILER!!!":
            return at
        files[name] = data[start:start + size]


def test_a_kernel_finds_both_sets_of_files_whatever_the_original_begins_with(tmp_path, main, early):
    packed = lzma.compress(gzip.decompress(main), check=lzma.CHECK_CRC32)
    for original in (main, early + main, main + b"\0\0\0", early + main + b"\0", packed, early + packed):
        files = unpacked_like_the_kernel(write(tmp_path, original).read_bytes())
        assert files["ks/web1.cfg"] == b"text\nreboot\n" and files["ks/web2.cfg"] == b"# nothing\n"
        assert files["init"] == b"#!/bin/sh\n" and files["usr/lib/os-release"] == b"ID=centos\n"
        assert ("kernel/x86/microcode/GenuineIntel.bin" in files) == original.startswith(early)


def test_cpio_lists_and_unpacks_our_archive_with_its_modes(tmp_path):
    archive = inject.member(KICKSTARTS, EPOCH)
    assert listed(archive) == ["ks", "ks/web1.cfg", "ks/web2.cfg"]
    subprocess.run([need("cpio", "cpio"), "--quiet", "-idm"], input=archive, check=True, cwd=tmp_path)
    status = (tmp_path / "ks" / "web1.cfg").stat()
    assert (tmp_path / "ks" / "web1.cfg").read_bytes() == b"text\nreboot\n"
    assert (status.st_mode & 0o7777, int(status.st_mtime)) == (0o600, EPOCH)
    assert (tmp_path / "ks").stat().st_mode & 0o7777 == 0o700


def test_bsdtar_reads_our_archive_as_newc(tmp_path):
    path = tmp_path / "ks.cpio"
    path.write_bytes(inject.member(KICKSTARTS, EPOCH))
    shown = subprocess.run([need("bsdtar", "libarchive-tools"), "-tvf", path], check=True, capture_output=True,
                           text=True, env={**os.environ, "TZ": "UTC", "LC_ALL": "C"})
    lines = [line.split() for line in shown.stdout.splitlines()]
    assert [(line[0], line[2], line[3], line[-1]) for line in lines] == [
        ("drwx------", "0", "0", "ks"), ("-rw-------", "0", "0", "ks/web1.cfg"),
        ("-rw-------", "0", "0", "ks/web2.cfg")]


def test_dracut_s_skipcpio_finds_the_compressed_original_behind_our_archive(tmp_path, main):
    skipcpio = need("/usr/lib/dracut/skipcpio", "dracut-core")
    rest = subprocess.run([skipcpio, write(tmp_path, main)], check=True, capture_output=True).stdout
    assert rest == main
    assert "usr/lib/os-release" in listed(gzip.decompress(rest))


def test_dracut_s_skipcpio_still_finds_early_microcode_first(tmp_path, main, early):
    skipcpio = need("/usr/lib/dracut/skipcpio", "dracut-core")
    path = write(tmp_path, early + main)
    assert listed(path.read_bytes())[-1] == "kernel/x86/microcode/GenuineIntel.bin"
    assert subprocess.run([skipcpio, path], check=True, capture_output=True).stdout.startswith(main)


CHECK = """
import ctypes, sys
ctypes.CDLL("libxentoollog.so.1", mode=ctypes.RTLD_GLOBAL)
guest = ctypes.CDLL("libxenguest.so.4.17")
guest.xc_dom_check_gzip.restype = ctypes.c_size_t
data = open(sys.argv[1], "rb").read()
print(guest.xc_dom_check_gzip(None, data, ctypes.c_size_t(len(data))))
"""


def unzipped_by_xen(path):
    """The size to which Xen's domain builder would un-gzip this ramdisk; 0: it hands the bytes on as they are."""
    folders = {str(library.parent) for package in PACKAGES for library in unpacked(package).rglob("*.so.*")}
    done = subprocess.run([sys.executable, "-c", CHECK, path], capture_output=True, text=True, check=True,
                          env={**os.environ, "LD_LIBRARY_PATH": ":".join(sorted(folders))})
    return int(done.stdout)


def test_xen_does_not_unzip_an_injected_initrd_where_it_would_unzip_an_appended_one(tmp_path, main, early):
    appended = tmp_path / "appended"
    appended.write_bytes(main + b"\0" * (-len(main) % 4) + inject.member(KICKSTARTS, EPOCH))
    assert unzipped_by_xen(appended) > 0
    packed = lzma.compress(gzip.decompress(main), check=lzma.CHECK_CRC32)
    for original in (main, early + main, packed, early + packed):
        assert unzipped_by_xen(write(tmp_path, original)) == 0

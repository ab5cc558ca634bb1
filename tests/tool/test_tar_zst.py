"""What others make of a tar.zst."""

import subprocess

import pytest

from builder.media.pack import directory, tar, zst
from tests.tool.tools import need
from tests.unit.test_verify import built

pytestmark = pytest.mark.tool


@pytest.fixture
def place(tmp_path):
    for write, name in ((tar.write, "web.tar"), (zst.write, "web.tar.zst")):
        write(built(), tmp_path / name)
    return tmp_path


def test_zstd_finds_it_whole_and_unpacks_the_plain_tar(place):
    tool = need("zstd", "zstd")
    subprocess.run([tool, "-q", "-t", "web.tar.zst"], cwd=place, check=True)
    subprocess.run([tool, "-q", "-d", "web.tar.zst", "-o", "again.tar"], cwd=place, check=True)
    assert (place / "again.tar").read_bytes() == (place / "web.tar").read_bytes()


def test_gnu_tar_lists_and_unpacks_it(place):
    need("zstd", "zstd")
    tool = need("tar", "tar")
    listed = [subprocess.run([tool, *way, "-tvf", name], cwd=place, check=True, capture_output=True, text=True).stdout
              for way, name in ((["--zstd"], "web.tar.zst"), ([], "web.tar"))]
    assert listed[0] == listed[1] and "web/boot/initrd-ks.img" in listed[0]
    subprocess.run([tool, "--zstd", "-xpf", "web.tar.zst"], cwd=place, check=True)
    directory.write(built(), place / "other")
    subprocess.run(["diff", "-r", "web", "other"], cwd=place, check=True)


def test_bsdtar_lists_it(place):
    tool = need("bsdtar", "libarchive-tools")
    listed = [subprocess.run([tool, "-tvf", name], cwd=place, check=True, capture_output=True, text=True).stdout
              for name in ("web.tar.zst", "web.tar")]
    assert listed[0] == listed[1] and listed[0]

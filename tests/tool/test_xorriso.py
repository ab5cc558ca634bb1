"""Images made by xorriso, as lorax makes install media, read as sources."""

import shutil
import subprocess

import pytest

from builder.demo import tree
from builder.digest import of_bytes
from builder.fetch.source import open_source
from builder.fetch.store.objects import Store
from builder.progress import Silent
from tests.tool.tools import need
from tests.unit.test_iso_source import dvd9

pytestmark = pytest.mark.tool


@pytest.mark.parametrize("options", [
    ["-R", "-J"], ["-R", "-J", "-joliet-long"], ["-R", "-iso-level", "3"],
    ["-R", "-J", "-partition_offset", "16", "-append_partition", "2", "0xef", "efi.img", "-appended_part_as_gpt"],
], ids=" ".join)
@pytest.mark.parametrize("shape", ["el7", "el9"])
def test_every_file_of_an_image_by_xorriso_is_read(tmp_path, options, shape):
    files = tree.centos7() if shape == "el7" else dvd9()
    tree.write(files, tmp_path / "dvd")
    (tmp_path / "efi.img").write_bytes(files["images/efiboot.img"] + bytes(1 << 20))
    subprocess.run([need("xorriso", "xorriso"), "-as", "mkisofs", "-V", "DVD", *options, "-o", "dvd.iso", "dvd"],
                   cwd=tmp_path, check=True, capture_output=True)
    shutil.rmtree(tmp_path / "dvd")
    source = open_source(str(tmp_path / "dvd.iso"), store=Store(tmp_path / "store"), progress=Silent())
    for path, data in files.items():
        assert source.fetch(path, kind="image", expected=of_bytes(data), size=len(data)).size == len(data)

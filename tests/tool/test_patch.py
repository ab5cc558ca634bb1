"""The patch of `pinboot ks diff` is applied by patch(1), and makes what --write writes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from builder.lint.kickstart import target
from builder.lint.kickstart.changes import compare, patch
from builder.lint.kickstart.text import letters
from tests.corpus import corpus
from tests.tool.tools import need

pytestmark = pytest.mark.tool
OLD = ("kickstart/boxcutter/centos7.ks", "kickstart/oz/RHEL6.auto", "kickstart/veewee/CentOS-6.3-x86_64-reallyminimal.ks",
       "kickstart/veewee/scientificlinux-6.1-i386-netboot.ks", "kickstart/almalinux-cloud-images/almalinux-9.gcp-aarch64.ks")


def applied(text: str, folder: Path) -> tuple[str, str]:
    """(what patch(1) makes of the file, what compare made)."""
    made = compare.compare(letters.read(text.encode(), "my.ks"), target.parse("el6"), target.parse("el9"), "my.ks")
    (folder / "my.ks").write_bytes(text.encode())
    subprocess.run([need("patch", "patch"), "-p1", "--binary", "--silent"], cwd=folder, check=True,
                   input=patch.unified(text, made.text, "my.ks").encode())
    return (folder / "my.ks").read_bytes().decode(), made.text


@pytest.mark.parametrize("name", OLD)
def test_patch_makes_of_a_kickstart_of_the_field_what_we_make(name: str, tmp_path: Path) -> None:
    text = (corpus() / name).read_text()
    patched, made = applied(text, tmp_path)
    assert patched == made != text


@pytest.mark.parametrize("text", ["install", "install\n", "text\ninstall\n%post\necho", "skipx\r\ninstall\r\n",
                                  "# a\x0cb\ninstall\n# \u2028\n", "%packages --nobase\n@core"])
def test_patch_applies_where_line_ends_are_odd_or_missing(text: str, tmp_path: Path) -> None:
    patched, made = applied(text, tmp_path)
    assert patched == made != text

"""The real pygrub takes the kernel out of an EL7-shaped disk, and up.sh keeps what it gave."""

import sys

import pytest

from tests.tool import bootdisk, libxlutil
from tests.tool.debian import unpacked
from tests.tool.tools import need
from tests.unit.test_up_sh import Dom0

pytestmark = pytest.mark.tool

SIZE = 32 << 20
MENU = """\
set default=0
menuentry 'CentOS Linux (3.10.0-1160.el7.x86_64) 7 (Core)' --class centos {
	linux16 /vmlinuz-3.10.0-1160.el7.x86_64 root=UUID=0a-1b ro console=hvc0 quoted="b c"
	initrd16 /initramfs-3.10.0-1160.el7.x86_64.img
}
"""
# pygrub's modules are built for the Python of its own Debian release.
PYGRUB = """#!/bin/sh
XEN_FSIMAGE_FSDIR={lib}/xenfsimage LD_LIBRARY_PATH={lib} PYTHONPATH={xen}/lib/python \\
exec {python} {xen}/bin/pygrub "$@"
"""


def disk(path, folder):
    """One ext4 partition, made as the installer makes /boot."""
    boot = folder / "boot"
    (boot / "grub2").mkdir(parents=True)
    (boot / "grub2" / "grub.cfg").write_text(MENU)
    (boot / "vmlinuz-3.10.0-1160.el7.x86_64").write_bytes(b"kernel" * 5000)
    (boot / "initramfs-3.10.0-1160.el7.x86_64.img").write_bytes(b"initramfs" * 5000)
    path.parent.mkdir()
    bootdisk.write(path, boot, folder, SIZE)


def test_up_sh_keeps_the_kernel_and_the_parameters_that_pygrub_finds(tmp_path):
    xen = unpacked("xen-utils-4.17") / "usr" / "lib" / "xen-4.17"
    library = unpacked("libxenmisc4.17") / "usr" / "lib" / "xen-4.17" / "lib" / "x86_64-linux-gnu"
    python = need(f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}", "python3")
    dom0 = Dom0(tmp_path, run="kept-kernel", dom0="netbsd", mib=None)
    dom0.fake("ifconfig", "#!/bin/sh\n")
    dom0.fake("pygrub", PYGRUB.format(lib=library, xen=xen, python=python))
    disk(dom0.disk, tmp_path / "made")
    done = dom0.up("--keep", "web1")
    assert done.returncode == 0, done.stderr
    kept = tmp_path / "disks" / "web1.kept"
    assert (kept / "vmlinuz").read_bytes() == b"kernel" * 5000
    assert (kept / "initramfs.img").read_bytes() == b"initramfs" * 5000
    (parsed,) = libxlutil.parse([(kept / "web1.cfg").read_bytes()])
    assert parsed.clean and parsed.values["cmdline"] == 'root=UUID=0a-1b ro console=hvc0 quoted="b c"'
    assert parsed.values["kernel"] == f"{kept}/vmlinuz" and "bootloader" not in parsed.values


def test_up_sh_says_what_pygrub_needs_where_it_finds_no_kernel(tmp_path):
    dom0 = Dom0(tmp_path, run="kept-kernel", dom0="netbsd", mib=None)
    dom0.fake("ifconfig", "#!/bin/sh\n")
    dom0.fake("pygrub", "#!/bin/sh\necho 'RuntimeError: Unable to find partition containing kernel' >&2\nexit 1\n")
    dom0.disk.parent.mkdir()
    dom0.disk.write_bytes(b"x")
    done = dom0.up("--keep", "web1")
    assert done.returncode == 1 and "its /boot must be ext4 on a plain partition" in done.stderr

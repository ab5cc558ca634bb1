"""What a PV guest's kickstart leaves on its disk, before the real pygrub."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from builder.boot.kickstart import render
from builder.boot.line.cmdline import Machine
from builder.profile.values import Xen
from tests.tool import bootdisk
from tests.tool.debian import unpacked
from tests.tool.test_pygrub import PYGRUB, SIZE
from tests.tool.tools import need
from tests.unit import samples

pytestmark = pytest.mark.tool

VERSION = "3.10.0-1160.el7.x86_64"


def body(release: str, machine: Machine, log: str) -> str:
    profile = samples.profile(release, xen=Xen(run="pvgrub"), root=samples.Root(ssh_keys=(samples.KEY,)))
    text = render.render(profile, profile.hosts[0], install_url="http://192.0.2.5/tree", machine=machine)
    found = re.search(rf"(?ms)^%post[^\n]*pinboot-{log}\.log[^\n]*\n(.*?)^%end$", text)
    assert found, text
    return found[1]


def installed(folder: Path, script: str, filesystem: str, *options: str) -> Path:
    """An image whose first partition is the /boot that `script` leaves behind on an installed system."""
    root = folder / "root"
    for name in ("boot", "etc/default"):
        (root / name).mkdir(parents=True)
    (root / "etc/default/grub").write_text('GRUB_CMDLINE_LINUX="console=hvc0"\n')
    (root / "etc/fstab").write_text("UUID=0a-1b / xfs defaults 0 0\n")
    (root / f"boot/vmlinuz-{VERSION}").write_bytes(b"kernel" * 5000)
    (root / f"boot/initramfs-{VERSION}.img").write_bytes(b"initramfs" * 5000)
    subprocess.run(["sh", "-c", re.sub(r"(?<![\w/])/(boot|etc)\b", rf"{root}/\1", script)], check=True)
    image = folder / "guest.img"
    bootdisk.write(image, root / "boot", folder, SIZE, (filesystem, *options))
    return image


def pygrub(folder: Path, image: Path) -> subprocess.CompletedProcess[str]:
    xen = unpacked("xen-utils-4.17") / "usr" / "lib" / "xen-4.17"
    library = unpacked("libxenmisc4.17") / "usr" / "lib" / "xen-4.17" / "lib" / "x86_64-linux-gnu"
    python = need(f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}", "python3")
    tool = folder / "pygrub"
    tool.write_text(PYGRUB.format(lib=library, xen=xen, python=python))
    tool.chmod(0o755)
    return subprocess.run([tool, "--quiet", "--output-format=simple0", f"--output-directory={folder}", image],
                          capture_output=True, text=True)


@pytest.mark.parametrize(("release", "machine"), [("centos-7.9.2009", "xen-pv"), ("fedora-44", "xen-pvh")])
def test_pygrub_starts_what_the_menu_for_pvgrub_names(release: str, machine: Machine, tmp_path: Path) -> None:
    """pygrub looks for /grub/grub.cfg first (XEN 1), so it judges the menu that pvgrub and GRUB as a PVH guest read."""
    image = installed(tmp_path, body(release, machine, "pvgrub"), "ext4", "-O", "64bit,metadata_csum")
    done = pygrub(tmp_path, image)
    assert done.returncode == 0, done.stderr
    said = dict(part.split(" ", 1) for part in done.stdout.split("\0") if " " in part)
    assert said["args"] == "root=UUID=0a-1b ro console=hvc0"
    assert Path(said["kernel"]).read_bytes() == b"kernel" * 5000
    assert Path(said["ramdisk"]).read_bytes() == b"initramfs" * 5000


def test_the_menu_is_what_grub_understands(tmp_path: Path) -> None:
    image = installed(tmp_path, body("fedora-44", "xen-pvh", "pvgrub"), "ext4")
    assert image.exists()
    check = need("grub-script-check", "grub-common")
    subprocess.run([check, tmp_path / "root/boot/grub/grub.cfg"], check=True)


def test_a_hook_makes_the_menu_again_for_each_new_kernel(tmp_path: Path) -> None:
    installed(tmp_path, body("fedora-44", "xen-pvh", "pvgrub"), "ext4")
    hook = tmp_path / "root/etc/kernel/install.d/95-pinboot-pvgrub.install"
    newer = "6.14.0-63.fc44.x86_64"
    for name in (f"vmlinuz-{newer}", f"initramfs-{newer}.img"):
        (tmp_path / "root/boot" / name).touch()
    subprocess.run([hook, "add", newer, f"/lib/modules/{newer}"], check=True)
    menu = (tmp_path / "root/boot/grub/grub.cfg").read_text()
    assert menu.index(f"menuentry '{newer}'") < menu.index(f"menuentry '{VERSION}'")

"""Debian's real kernels, unpacked from their packages into a cache: no root, nothing installed on the host."""

from __future__ import annotations

import fcntl
import functools
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Literal, NoReturn

import pytest

from tests.tool.tools import need

# cloud: 26 MB, PV and PVH, virtio and Xen drivers; full: 70 MB, also dom0 and e1000.
Flavour = Literal["cloud-amd64", "amd64"]


def cache() -> Path:
    """Where downloads are kept between runs: PINBOOT_TOOL_CACHE, else below the system's temporary folder."""
    folder = Path(os.environ.get("PINBOOT_TOOL_CACHE", Path(tempfile.gettempdir()) / "pinboot-tools"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@functools.cache
def kernel_package(flavour: Flavour = "cloud-amd64") -> Path:
    """The unpacked package of Debian's current kernel: boot/vmlinuz-VERSION and lib/modules/VERSION, with modules.dep.

    linux-image-FLAVOUR is an empty package: what it depends on is the versioned one.
    """
    need("apt-get", "apt")
    shown = subprocess.run(["apt-cache", "show", "--no-all-versions", f"linux-image-{flavour}"],
                           capture_output=True, text=True, check=True)
    depends = re.search(rf"^Depends:.*?\b(linux-image-[0-9][^ ]*-{flavour})\b", shown.stdout, re.MULTILINE)
    assert depends, f"apt-cache show linux-image-{flavour} names no versioned kernel: {shown.stdout!r}"
    return unpacked(depends[1])


def unpacked(package: str) -> Path:
    """A Debian package downloaded once and unpacked with dpkg -x; safe for several runs at a time."""
    folder = cache() / "deb"
    target = folder / "u" / package
    target.parent.mkdir(parents=True, exist_ok=True)
    with (folder / f"{package}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            need("apt-get", "apt")
            need("dpkg", "dpkg")
            got = subprocess.run(["apt-get", "download", "-q", package], cwd=folder, capture_output=True, text=True)
            if got.returncode:
                _unavailable(f"apt-get download {package}: {got.stderr.strip()}")
            (deb,) = folder.glob(f"{package}_*.deb")
            half = target.with_name(f"{package}.half")
            subprocess.run(["dpkg", "-x", deb, half], check=True)
            half.rename(target)
        for modules in (target / "lib" / "modules").glob("*"):
            if not (modules / "modules.dep").exists():  # made at installation, so not in the package
                subprocess.run([need("depmod", "kmod"), "-b", target, modules.name], check=True)
    return target


def _unavailable(reason: str) -> NoReturn:
    """No network, no such package: as a missing tool, a skip here and a failure with PINBOOT_REQUIRE_TOOLS=1."""
    if os.environ.get("PINBOOT_REQUIRE_TOOLS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def version(flavour: Flavour = "cloud-amd64") -> str:
    """`uname -r` of the kernel."""
    return kernel_package(flavour).name.removeprefix("linux-image-")


def vmlinuz(flavour: Flavour = "cloud-amd64") -> Path:
    return kernel_package(flavour) / "boot" / f"vmlinuz-{version(flavour)}"

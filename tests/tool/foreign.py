"""Debian's kernels for other machines, out of their packages: apt with lists of its own, nothing changed on the host."""

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

from tests.tool import debian
from tests.tool.tools import need

Arch = Literal["aarch64", "ppc64le", "s390x"]
DEBIAN = {"aarch64": "arm64", "ppc64le": "ppc64el", "s390x": "s390x"}
MIRROR = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@functools.cache
def kernel(arch: Arch, flavour: str) -> Path:
    """boot/vmlin?-VERSION of the current linux-image-FLAVOUR of bookworm; only that file is kept in the cache."""
    folder = debian.cache() / "foreign"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = sorted(folder.glob(f"vmlinu?-*-{flavour}"))
        return found[-1] if found else _fetched(arch, flavour, folder)


def _fetched(arch: Arch, flavour: str, folder: Path) -> Path:
    need("apt-get", "apt")
    need("dpkg-deb", "dpkg")
    need(KEYRING, "debian-archive-keyring")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        place = Path(scratch)
        options = _options(DEBIAN[arch], place)
        _run(["apt-get", *options, "-q", "update"], place)
        shown = _run(["apt-cache", *options, "show", "--no-all-versions", f"linux-image-{flavour}:{DEBIAN[arch]}"], place)
        depends = re.search(rf"^Depends:.*?\b(linux-image-[0-9][^ ]*-{flavour})\b", shown, re.MULTILINE)
        assert depends, f"linux-image-{flavour} names no versioned kernel: {shown!r}"
        _run(["apt-get", *options, "-q", "download", f"{depends[1]}:{DEBIAN[arch]}"], place)
        (package,) = place.glob("*.deb")
        _run(["dpkg-deb", "-x", str(package), str(place / "u")], place)
        (image,) = (place / "u" / "boot").glob("vmlin*")
        return image.rename(folder / image.name)


def _options(arch: str, place: Path) -> list[str]:
    (place / "state/lists/partial").mkdir(parents=True)
    (place / "cache/archives/partial").mkdir(parents=True)
    (place / "sources.list").write_text(f"deb [arch={arch} signed-by={KEYRING}] {MIRROR} bookworm main\n")
    settings = {
        "Dir::State": place / "state", "Dir::Cache": place / "cache", "Dir::Etc::SourceList": place / "sources.list",
        "Dir::Etc::SourceParts": "-", "APT::Architecture": arch, "APT::Architectures": arch, "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
    }
    return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]


def _run(command: list[str], place: Path) -> str:
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    if done.returncode:
        _unavailable(f"{' '.join(command[-3:])}: {done.stderr.strip()}")
    return done.stdout


def _unavailable(reason: str) -> NoReturn:
    """No network, no such package: as a missing tool, a skip here and a failure with PINBOOT_REQUIRE_TOOLS=1."""
    if os.environ.get("PINBOOT_REQUIRE_TOOLS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)

"""A pinboot of its own for whole processes: its catalog trusts the demo's key, its network is the demo's trees."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from builder.catalog.generation import EFI_LOADERS
from builder.cli.options.parse import COMMANDS
from builder.demo import disc, profiles, stored, tree
from builder.demo.openpgp import Signer
from tests.golden.internet import Internet
from tests.unit.test_iso_source import dvd9

ROOT = Path(__file__).resolve().parents[2]
SIGNER = Signer("pinboot demo")
CENTOS, ROCKY, ALMA = ("https://vault.centos.org/7.9.2009", "https://download.rockylinux.org/pub/rocky",
                       "https://repo.almalinux.org/almalinux")
STARTER = """\
import os, sys
sys.path.insert(0, {site!r})
sys.argv[0] = "pinboot"
if {fetching!r}.count(next((word for word in sys.argv[1:] if not word.startswith("-")), "")):
    sys.argv += ["--ca-file", {authority!r}]
from builder.cli.main import entry
entry()
"""


def trees() -> dict[str, dict[str, bytes]]:
    """What the catalog's mirrors of CentOS 7.9, Rocky Linux and AlmaLinux serve, by URL, signed by SIGNER."""
    centos, rocky, rocky10, alma = (tree.centos7(signer=SIGNER), tree.el9(signer=SIGNER), tree.el10(signer=SIGNER),
                                    {**tree.el9("AlmaLinux", signer=SIGNER), **loaders()})
    served = {f"{CENTOS}/os/x86_64": centos, f"{CENTOS}/isos/x86_64": tree.isos(centos, "CentOS", "7.9.2009", SIGNER),
              ROCKY: {**tree.keys("Rocky Linux", "9.6", SIGNER), **tree.keys("Rocky Linux", "10.0", SIGNER)},
              ALMA: tree.keys("AlmaLinux", "9.6", SIGNER)}
    for version in ("9", "9.6"):
        served[f"{ROCKY}/{version}"] = rocky
        served[f"{ALMA}/{version}"] = alma
        served[f"{ALMA}/{version}/isos/x86_64"] = tree.isos(alma, "AlmaLinux", "9.6", SIGNER)
    for version in ("10", "10.0"):
        served[f"{ROCKY}/{version}"] = rocky10
        served[f"{ROCKY}/{version}/isos/x86_64"] = tree.isos(rocky10, "Rocky Linux", "10.0", SIGNER)
    # Longest first, as the folders of a mirror lie within each other.
    return dict(sorted(served.items(), key=lambda each: -len(each[0])))


def _moved(net: Internet, folder: Path) -> None:
    """Rocky Linux 9 got another kernel: the same paths, newer bytes."""
    newer = "5.14.0-570.25.1.el9_6.x86_64"
    for version in ("9", "9.6"):
        net.trees[f"{ROCKY}/{version}"] = tree.el9(kernel=newer, composed=1752000000, signer=SIGNER)


def _mixed(net: Internet, folder: Path) -> None:
    """A mirror of CentOS 7 took new packages and kept old images."""
    net.trees["http://mirror.example/centos/7/os/x86_64"] = tree.centos7(
        kernel="3.10.0-862.el7.x86_64", initrd_kernel="3.10.0-862.el7.x86_64", package_kernel="3.10.0-1160.el7.x86_64",
        signer=SIGNER)


def _tampered(net: Internet, folder: Path) -> None:
    """One bit of the initrd on Rocky's mirror is another."""
    for version in ("9", "9.6"):
        served = net.trees[f"{ROCKY}/{version}"]
        path = f"{tree.BASEOS}/{tree.INITRD}"
        net.trees[f"{ROCKY}/{version}"] = {**served, path: tree.tampered(served[path])}


def _added(net: Internet, folder: Path) -> None:
    """A patch to the installer lies in Rocky's tree, where there was none."""
    for version in ("9", "9.6"):
        net.trees[f"{ROCKY}/{version}"] = {**net.trees[f"{ROCKY}/{version}"], f"{tree.BASEOS}/images/updates.img": b"a patch"}


def _older(net: Internet, folder: Path) -> None:
    """Rocky's mirror serves a tree from before, well signed."""
    for version in ("9", "9.6"):
        net.trees[f"{ROCKY}/{version}"] = tree.el9(composed=1740000000, signer=SIGNER)


def _as_before(net: Internet, folder: Path) -> None:
    net.trees.clear()
    net.trees.update(trees())


def _dvd(net: Internet, folder: Path) -> None:
    """A DVD of Rocky Linux 9.6 was carried here, with the key that signs it."""
    (folder / "RPM-GPG-KEY-Rocky-9").write_bytes(SIGNER.public())
    (folder / "Rocky-9.6-x86_64-dvd.iso").write_bytes(
        disc.make(dvd9(tree.el9(signer=SIGNER)), "Rocky-9-6-x86_64-dvd", 1748459316))


def _gone(net: Internet, folder: Path) -> None:
    """No mirror answers any more."""
    net.trees.clear()


# What may happen between two blocks of a page.
EVENTS: Mapping[str, Callable[[Internet, Path], None]] = {
    "the mirror moves on": _moved, "a mirror is mixed": _mixed, "the mirror is tampered with": _tampered,
    "the network is gone": _gone,
    "a patch appears": _added, "the mirror is rolled back": _older, "the mirror is as before": _as_before,
    "a dvd is here": _dvd,
}


def loaders() -> dict[str, bytes]:
    """What shim and GRUB of a tree are to pinboot: files at their places."""
    return {f"{tree.BASEOS}/{place}": stored.filler(place, 3000) for place in EFI_LOADERS["x86_64"]}


def install(folder: Path, authority: Path) -> Path:
    """A folder with a `pinboot` for PATH: this checkout's code with the catalog's keys replaced by SIGNER's."""
    site, binaries = folder / "site", folder / "bin"
    shutil.copytree(ROOT / "builder", site / "builder", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "profiles", site / "profiles", ignore=shutil.ignore_patterns("*.lock"))
    catalog = site / "builder/catalog/families.toml"
    text, replaced = re.subn(r'(?m)^(keys += )\[.*?\]', rf'\1["{SIGNER.fingerprint}"]', catalog.read_text(), flags=re.DOTALL)
    assert replaced > 20
    catalog.write_text(text)
    binaries.mkdir()
    command = binaries / "pinboot"
    fetching = [name for name, _, fetches, _ in COMMANDS if fetches]
    command.write_text(f"#!{sys.executable}\n" + STARTER.format(site=str(site), fetching=fetching, authority=str(authority)))
    command.chmod(0o755)
    return binaries


def environment(home: Path, binaries: Path, proxy: str, **more: str) -> Mapping[str, str]:
    """The environment of somebody who has an ssh key, and whose network is `proxy`."""
    keys = home / ".ssh"
    keys.mkdir(parents=True, exist_ok=True)
    (keys / "id_ed25519.pub").write_text(f"{profiles.public_key()}\n")
    return {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}", "HOME": str(home), "TERM": "xterm", "LANG": "C.UTF-8",
            "http_proxy": proxy, "https_proxy": proxy, "no_proxy": "", "PYTHONDONTWRITEBYTECODE": "", **more}

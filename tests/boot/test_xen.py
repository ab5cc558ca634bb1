"""A bundle on real Xen: up.sh installs a PV guest from our own configuration, and the guest says what it was given."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from builder.demo import profiles
from tests.boot import xenlab
from tests.corpus import ROOT
from tests.tool import standin

pytestmark = pytest.mark.boot

GATEWAY = "10.77.0.1"  # dom0's bridge
ADDRESS = "10.77.0.77"
MAC = "00:16:3e:12:34:77"
HOSTNAME = "web1.example.org"
PLACE = "/var/lib/xen/pinboot/web"
PROFILE = """
release = "centos-7"
root = {{ ssh_keys = ["{key}"] }}

[tree]
url = "{tree}"
install_url = "http://{gateway}/{path}"

[trust.minimum]
kernel = "treeinfo"
initrd = "treeinfo"
stage2 = "treeinfo"
repository = "first-use"

[network]
gateway = "{gateway}"
nameservers = ["{gateway}"]

[xen]
path = "{place}"

[host.web1]
hostname = "{hostname}"
address = "{address}/24"
mac = "{mac}"
memory = "800 MiB"
disk = {{ name = "xvda", size = "20 GiB" }}
"""


def pinboot(folder: Path, *words: str) -> None:
    """Run the command in `folder`, with a cache of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache"), "NO_COLOR": "1"}
    done = subprocess.run([sys.executable, "-m", "builder.cli", *words], cwd=folder, env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0, f"pinboot {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"


def telling(tree: standin.Facts) -> None:
    """Give the installer of the tree the hooks that a PV guest needs to report: one more cpio behind its initrd."""
    hooks = {"cmdline/95-xen.sh": "guest-cmdline.sh", "initqueue/online/10-xen.sh": "guest-online.sh"}
    root = tree.root.parent / "hooks"
    for place, script in hooks.items():
        file = root / "usr/lib/dracut/hooks" / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((xenlab.SCRIPTS / script).read_bytes())
        file.chmod(0o755)
    initrd, treeinfo = tree.tree / standin.INITRD, tree.tree / ".treeinfo"
    image = initrd.read_bytes()
    initrd.write_bytes(image + bytes(-len(image) % 4) + xenlab.archive(root))  # cpio begins at a multiple of 4
    treeinfo.write_text(treeinfo.read_text().replace(tree.sha256[standin.INITRD],
                                                     hashlib.sha256(initrd.read_bytes()).hexdigest()))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> xenlab.Run:
    folder = tmp_path_factory.mktemp("xen")
    lab = folder / "lab"
    tree = standin.tree(lab / "mirror", shape="el7")
    telling(tree)
    (folder / "web.toml").write_text(PROFILE.format(
        key=profiles.public_key(), tree=tree.tree, path=tree.path, gateway=GATEWAY, place=PLACE, hostname=HOSTNAME,
        address=ADDRESS, mac=MAC))
    pinboot(folder, "lock", "web.toml")
    pinboot(folder, "build", "web.toml", "-o", str(lab / "bundle"))
    (lab / "lab.conf").write_text(f"name=web1 path={PLACE} address={GATEWAY} disk=/var/lib/xen/images/web1.img\n")
    return xenlab.run(lab, xenlab.SCRIPTS / "install.sh")


def test_x(installed):
    print(installed.tails())
    print(sorted(p.name for p in installed.lab.iterdir()))
    assert 0

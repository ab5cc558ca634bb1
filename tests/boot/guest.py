"""The initrd of the stand-in tree: made by the real dracut, so that the distribution's own code reads the command line.

EL7 reads ip= in dracut's network-legacy scripts, EL9 in NetworkManager's nm-initrd-generator (REFERENCE 1.4); Debian
packages both. The scripts in hooks/ add what the installer's own dracut module would: they ask for the network, fetch
.treeinfo and stage2, and then tell on the second serial port what the guest really has.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Literal

from tests.tool import debian
from tests.tool.tools import need

Network = Literal["network-legacy", "network-manager"]

HOOKS = Path(__file__).parent / "hooks"
PLACES = {
    "cmdline.sh": "usr/lib/dracut/hooks/cmdline/90-standin.sh",
    "emergency.sh": "usr/lib/dracut/hooks/emergency/90-standin.sh",
    "standinroot.sh": "usr/sbin/standinroot",
}
# dracut's network-manager module needs dbus, which needs systemd; EL7's scripts run without.
MODULES = {
    "network-legacy": "base udev-rules kernel-modules network network-legacy",
    "network-manager": "base systemd systemd-initrd dracut-systemd dbus dbus-daemon udev-rules kernel-modules network "
    "network-manager",
}
TOOLS = (
    ("dracut", "dracut-core"),
    ("/usr/lib/dracut/modules.d/40network/module-setup.sh", "dracut-network"),
    ("cpio", "cpio"),
    ("busybox", "busybox-static"),
    ("ip", "iproute2"),
    ("/lib/systemd/systemd-udevd", "udev"),
)
NETWORK_TOOLS = {
    "network-legacy": (("dhclient", "isc-dhcp-client"), ("arping", "iputils-arping"), ("pgrep", "procps")),
    "network-manager": (
        ("/usr/lib/NetworkManager/nm-initrd-generator", "network-manager"),
        ("dbus-daemon", "dbus"),
        ("busctl", "systemd"),
    ),
}
DRIVERS = "virtio_net virtio_pci virtio_blk xen-netfront xen-blkfront squashfs loop"


def initrd(target: Path, network: Network, buildstamp: str) -> None:
    """Write the initrd for Debian's cloud kernel to `target`, with `buildstamp` as its .buildstamp; kept in the tool
    cache, for dracut takes 10-15 s."""
    for command, package in (*TOOLS, *NETWORK_TOOLS[network]):
        need(command, package)
    kept = debian.cache() / f"initrd-{network}-{_identity(network, buildstamp)}.img"
    if not kept.is_file():
        with tempfile.TemporaryDirectory(dir=debian.cache()) as scratch:
            _dracut(Path(scratch), network, buildstamp).rename(kept)
    shutil.copyfile(kept, target)


def _identity(network: Network, buildstamp: str) -> str:
    """Names everything that the initrd is made from: this file, the hooks, the versions of the packages."""
    packages = sorted({package for _, package in (*TOOLS, *NETWORK_TOOLS[network])})
    versions = subprocess.run(["dpkg-query", "-W", *packages], capture_output=True, check=True).stdout
    made_from = (debian.version().encode(), buildstamp.encode(), versions, Path(__file__).read_bytes(),
                 *(path.read_bytes() for path in sorted(HOOKS.iterdir())))
    return hashlib.sha256(b"\0".join(made_from)).hexdigest()[:16]


def _dracut(scratch: Path, network: Network, buildstamp: str) -> Path:
    extra, no_configuration, made = scratch / "extra", scratch / "dracut.conf.d", scratch / "initrd.img"
    no_configuration.mkdir()
    for name, place in PLACES.items():
        file = extra / place
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HOOKS / name, file)
        file.chmod(0o755)
    (extra / ".buildstamp").write_text(buildstamp)
    modules = debian.kernel_package() / "lib" / "modules" / debian.version()
    command = [
        "dracut", "--no-hostonly", "--no-hostonly-cmdline", "--no-early-microcode", "--gzip",
        "--conf", "/dev/null", "--confdir", str(no_configuration),  # the host's own stays out
        "--kver", debian.version(), "--kmoddir", str(modules), "--modules", MODULES[network], "--drivers", DRIVERS,
        "--include", str(extra), "/", "--include", need("busybox", "busybox-static"), "/usr/bin/busybox", str(made)]
    done = subprocess.run(command, capture_output=True, text=True)
    # dracut exits 0 where it left a module out; the list of what went in stands on stderr.
    left_out = set(MODULES[network].split()) - set(re.findall(r"Including module: (\S+)", done.stderr))
    assert done.returncode == 0 and not left_out, f"{' '.join(command)}: left out {left_out}\n{done.stderr}"
    made.chmod(0o644)
    return made

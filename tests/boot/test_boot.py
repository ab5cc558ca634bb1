"""A bundle boots: what `pinboot lock` and `pinboot build` made gives the guest the address, name, kickstart and source
that the profile asked for, as read by the distribution's own network code."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.boot import qemu
from tests.boot.job import pinboot, public_key, served
from tests.tool import standin

pytestmark = pytest.mark.boot

ADDRESS = "10.0.2.77"  # not what slirp's DHCP would give
MAC = "52:54:00:12:34:77"
HOSTNAME = "web1.example.org"
PROFILE = """
release = "{release}"
root = {{ ssh_keys = ["{key}"] }}

[tree]
url = "http://127.0.0.1:{port}/{path}"
install_url = "http://{host}:{port}/{path}"

[trust.minimum]
kernel = "treeinfo"
initrd = "treeinfo"
stage2 = "treeinfo"
repository = "first-use"

[network]
gateway = "{host}"
nameservers = ["{dns}"]

[host.web1]
hostname = "{hostname}"
address = "{address}/24"
mac = "{mac}"
disk = {{ name = "xvda", size = "20 GiB" }}
console = "ttyS0"
"""


@pytest.mark.parametrize(("shape", "release", "card"), [
    ("el7", "centos-7", "ifname={device}:52:54:00:12:34:77"),
    ("el9", "rocky-9.6", ":52-54-00-12-34-77:none"),
])
def test_a_guest_booted_from_the_bundle_has_what_the_profile_asked_for(
    shape: standin.Shape, release: str, card: str, tmp_path: Path
) -> None:
    tree = standin.tree(tmp_path / "mirror", shape=shape)
    with served(tree.root) as port:
        profile = PROFILE.format(release=release, key=public_key(), port=port, path=tree.path, host=qemu.HOST,
                                 dns=qemu.DNS, hostname=HOSTNAME, address=ADDRESS, mac=MAC)
        (tmp_path / "web.toml").write_text(profile)
        pinboot(tmp_path, "lock", "web.toml")
        pinboot(tmp_path, "build", "web.toml")
        bundle = tmp_path / "out" / "web"
        command_line = (bundle / "hosts" / "web1" / "cmdline").read_text().splitlines()[-1]
        report = qemu.boot(bundle / "boot" / "vmlinuz", bundle / "boot" / "initrd-ks.img", command_line,
                           mac=MAC, scratch=tmp_path)

    kickstart = hashlib.sha256((bundle / "hosts" / "web1" / "ks.cfg").read_bytes()).hexdigest()
    device, *_ = report.one("address").split()
    assert card.format(device=device) in command_line
    assert report.lines == (
        ("kernel", tree.kernel),
        ("cmdline", command_line),
        ("hostname", HOSTNAME),
        ("address", f"{device} {MAC} {ADDRESS}/24"),
        ("gateway", f"{device} {qemu.HOST}"),
        ("nameserver", qemu.DNS),
        ("kickstart", f"/ks/web1.cfg {kickstart}"),
        ("source", f"http://{qemu.HOST}:{port}/{tree.path}"),
        ("stage2", f"{tree.stage2} {tree.sha256[tree.stage2]}"),
        ("end", "ok"),
    ), report.tail()


def test_an_address_that_networkmanager_refuses_shows_as_the_one_from_dhcp(tmp_path: Path) -> None:
    tree = standin.tree(tmp_path / "mirror", shape="el9")
    with served(tree.root) as port:
        address = f"10.0.2.300::{qemu.HOST}:255.255.255.0:{HOSTNAME}:{MAC.replace(':', '-')}:none"
        command_line = (f"console=ttyS0 ip={address} inst.repo=http://{qemu.HOST}:{port}/{tree.path} "
                        "inst.ks=file:/absent")
        report = qemu.boot(tree.tree / standin.KERNEL, tree.tree / standin.INITRD, command_line, mac=MAC,
                           scratch=tmp_path)
    assert f"{MAC} {qemu.DHCP}/24" in report.one("address"), report.tail()
    assert report.one("hostname") != HOSTNAME
    assert report.one("kickstart") == "/absent not-there"

"""Whole configurations of the servers, as files. `PINBOOT_BLESS=1` writes them anew for a person to read."""

import ipaddress
from pathlib import Path

import pytest

from builder.outputs.services import deploy, dnsmasq, kea, nginx
from builder.outputs.services.dhcp import Loaders
from tests.golden import expected
from tests.unit.serving import boot, dhcp, served

FOLDER = Path(__file__).parent / "services"
FLEET = (
    boot("c0001", 1, macs=("b8:59:9f:00:01:01", "b8:59:9f:00:01:02"), firmware="uefi"),
    boot("c0002.rack.example.com", 2, firmware="uefi"),
    boot("l0001", 9, folder="centos-7.9.2009-x86_64", firmware="bios"),
    boot("a0001", 17, folder="alma-9.6-aarch64", arch="aarch64"),
)
POOL = (ipaddress.ip_address("10.20.200.1"), ipaddress.ip_address("10.20.200.99"))
POINTERS = [deploy.Pointer(host=name, path=path, install="#!ipxe\n# installs\n", local=f"#!ipxe\n# {name}{deploy.MARK}\nexit 1\n")
            for name, path in (("c0001", "http/mac/b8-59-9f-00-01-01/boot.ipxe"), ("c0001", "http/mac/b8-59-9f-00-01-02/boot.ipxe"),
                               ("l0001", "tftp/bios/pxelinux.cfg/01-52-54-00-00-00-09"))]
CASES = {
    "fleet": lambda: [dnsmasq.config(FLEET, served(), dhcp(interface="eth1", tftp_root="/srv/pinboot/tftp")),
                      kea.config(FLEET, served(), dhcp(interface="eth1")), nginx.site(served(), "/srv/pinboot/http"),
                      deploy.script("5f2c91ab", [(pointer.host, pointer.path) for pointer in POINTERS]),
                      *(text for pointer in POINTERS for text in deploy.texts(pointer))],
    "proxy": lambda: [dnsmasq.config(FLEET, served(), dhcp(mode="proxy"))],
    "pool": lambda: [each.config([boot(addresses=())], served(), dhcp(pool=POOL, router=None, dns=())) for each in (dnsmasq, kea)],
    "ipxe-first": lambda: [each.config(FLEET[:1], served(), dhcp(), Loaders(
        bios="ipxe/undionly.kpxe", x64="ipxe/snponly.efi")) for each in (dnsmasq, kea)],
    "http-only": lambda: [*(each.config(FLEET[:2], served(tftp=""), dhcp()) for each in (dnsmasq, kea)),
                          nginx.site(served(root="https://boot.example.com/os", tftp=""), "/srv/pinboot/http",
                                     certificate="/etc/ssl/boot.pem", key="/etc/ssl/private/boot.key")],
}


@pytest.mark.parametrize("case", CASES)
def test_the_servers_are_told_what_was_expected(case):
    expected.same_files(FOLDER / case, {file.path: file.text for file in CASES[case]()})


def test_every_expected_folder_is_of_a_case():
    assert {path.name for path in FOLDER.iterdir()} == set(CASES)

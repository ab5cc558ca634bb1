"""Every file of the boot loaders for small fleets. `PINBOOT_BLESS=1` writes them anew for a person to read."""

import dataclasses
import ipaddress
from pathlib import Path

import pytest

from builder.outputs.boot import Boot, Served
from builder.outputs.loaders import files
from tests.golden import expected
from tests.unit.loaderboots import SERVED, WEB, boot

FOLDER = Path(__file__).parent / "loaders"


def address(text):
    return ipaddress.ip_address(text)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    boots: tuple[Boot, ...]
    served: Served
    installed: tuple[str, ...] = ()


OLD = "inst.repo=http://vault.example/7.9.2009/os/x86_64"
CASES = {
    # A BIOS machine with two cards, one of either firmware with a second initrd, a UEFI one with two addresses that has been
    # installed.
    "fleet": Case(served=SERVED, installed=("c0003",), boots=(
        boot("el7", name="c0001", title="CentOS 7.9.2009 x86_64", macs=("52:54:00:00:00:01", "52:54:00:00:01:01"),
             addresses=(address("192.0.2.21"),), folder="centos-7.9.2009-x86_64", firmware="bios", arguments=(
                 OLD, "inst.ks=http://192.0.2.5/b/5f2c91ab/ks/0a1b2c3d/ks.cfg", "ifname=net0:52:54:00:00:00:01",
                 "ip=192.0.2.21::192.0.2.1:255.255.255.0:c0001:net0:none", "nameserver=192.0.2.53", "console=ttyS0,115200n8")),
        boot("el9", name="c0002", macs=("52:54:00:00:00:02",), addresses=(), initrds=("initrd.img", "guard.cpio"), arguments=(
            "inst.repo=http://192.0.2.5/rocky/9", "inst.ks=http://192.0.2.5/ks?host=c0002&v=1", "ip=dhcp")),
        boot("el10", name="c0003", title="AlmaLinux 10.0 x86_64", macs=("52:54:00:00:00:03",), firmware="uefi",
             addresses=(address("192.0.2.23"), address("2001:db8::23")), folder="almalinux-10.0-x86_64", arguments=(
                 "inst.repo=http://[2001:db8::5]/alma/10", "inst.ks=http://[2001:db8::5]/ks/c0003.cfg",
                 "ip=[2001:db8::23]::[2001:db8::1]:64:c0003:enp1s0:none", "nameserver=[2001:db8::53]")))),
    # No TFTP: UEFI HTTP boot and iPXE, from a port and a folder of a web server.
    "web": Case(served=WEB, boots=(
        boot("fedora", name="arm1", title="Fedora 42 aarch64", macs=("52:54:00:00:00:04",), folder="fedora-42-aarch64",
             arch="aarch64", firmware="uefi", arguments=("inst.repo=http://boot.example:8080/fedora/42", "ip=dhcp")),)),
    "el6": Case(served=SERVED, boots=(
        boot("el6", name="old1", title="CentOS 6.10 x86_64", macs=("52:54:00:00:00:05",), folder="centos-6.10-x86_64",
             addresses=(address("198.51.100.250"),), arguments=(
                 "repo=http://vault.example/6.10/os/x86_64", "ks=http://192.0.2.5/ks/old1.cfg",
                 "ksdevice=52:54:00:00:00:05", "ip=dhcp", "noipv6")),)),
}


def made(case):
    """Every file of the bundle by its path; of a host that was installed, the pointers to its local disk."""
    states = {of.name: "local" if of.name in case.installed else "install" for of in case.boots}
    rendered = [*files.menus(case.boots, case.served)]
    for of in case.boots:
        rendered += [*files.immutable(of, case.served), *files.pointers(of, case.served, states[of.name])]
    assert {file.mode for file in rendered} == {0o644}
    return {file.path: file.text for file in rendered}


@pytest.mark.parametrize("name", CASES)
def test_the_files_of_a_fleet_are_what_was_expected(name):
    expected.same_files(FOLDER / name, made(CASES[name]))


def test_every_expected_folder_is_of_a_case():
    assert {path.name for path in FOLDER.iterdir()} == set(CASES)

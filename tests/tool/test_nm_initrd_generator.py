"""What NetworkManager's own generator makes of our arguments, since EL8.3: its keyfile must say what was meant.

Its warnings are not enough as a judge: most misread arguments pass without one (BOOTLAB).
"""

from __future__ import annotations

import subprocess
from configparser import RawConfigParser, SectionProxy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from builder.boot.line import dialects, network
from builder.catalog.generation import GENERATIONS
from builder.errors import UsageError
from builder.profile.values import Network
from tests.tool.tools import need
from tests.unit import plans, samples

pytestmark = pytest.mark.tool

EL9 = GENERATIONS["el9"]
NEW = [name for name, generation in GENERATIONS.items() if generation.network == "nm"]


@pytest.fixture(scope="module")
def generator() -> str:
    return need("/usr/lib/NetworkManager/nm-initrd-generator", "network-manager")


class Made:
    """The connections, the host name and the messages that one run gave."""

    def __init__(self, generator: str, folder: Path, tokens: tuple[str, ...]) -> None:
        places = {option: folder / name for option, name in (("-c", "connections"), ("-i", "data"), ("-r", "run"))}
        words = [word for option, place in places.items() for word in (option, str(place))]
        done = subprocess.run([generator, *words, "-d", str(folder / "no-sysfs"), "--", *tokens],
                              capture_output=True, text=True, check=True)
        self.messages = done.stderr
        self.files = [self._read(path) for path in sorted(places["-c"].glob("*.nmconnection"))]
        name = places["-i"] / "hostname"
        self.hostname = name.read_text().strip() if name.exists() else ""

    @staticmethod
    def _read(path: Path) -> RawConfigParser:
        file = RawConfigParser(delimiters=("=",))
        file.read(path)
        return file


def addresses(section: SectionProxy) -> list[str]:
    """Addresses with their gateways, as `address1=` and so on give them."""
    return [section[key] for key in sorted(section) if key.startswith("address")]


def servers(section: SectionProxy) -> list[str]:
    return [server for server in section.get("dns", "").split(";") if server]


def check(made: Made, plan: Network, hostname: str, *, renamed: bool = False) -> None:
    """`renamed`: the card was given its name by ifname=, which udev does before NetworkManager sees it."""
    assert made.messages == ""
    assert len(made.files) == 1
    file = made.files[0]
    assert made.hostname == hostname
    ethernet, connection = file["ethernet"], file["connection"]
    by_name = dialects.RENAMED if renamed and plan.mac else "" if plan.mac else plan.interface or ""
    assert ethernet.get("mac-address", "").lower() == ("" if renamed else plan.mac or "")
    assert connection.get("interface-name", "") == by_name
    assert ethernet.get("mtu", "") == (str(plan.mtu) if plan.mtu else "")
    for version in (4, 6):
        section = file[f"ipv{version}"]
        mine = [address for address in plan.addresses if address.version == version]
        gateways = [str(gateway) for gateway in plan.gateways if gateway.version == version]
        assert addresses(section) == [",".join([str(address), *gateways]) for address in mine]
        asks = plan.method == "dhcp" or (plan.method != "static" and version == 6)
        assert section["method"] == ("manual" if mine else "auto" if asks else "disabled")
        wanted = [str(server) for server in plan.nameservers if server.version == version and (mine or asks)]
        assert servers(section) == wanted


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans.networks(), hostname=plans.HOSTNAMES)
def test_any_card_is_set_up_as_it_was_meant(
        generator: str, tmp_path_factory: pytest.TempPathFactory, plan: Network, hostname: str) -> None:
    tokens = network.arguments(plan, hostname, EL9)
    check(Made(generator, tmp_path_factory.mktemp("nm"), tokens), plan, hostname)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans.networks(), hostname=plans.HOSTNAMES)
def test_any_card_of_el8_is_set_up_as_it_was_meant_since_it_has_networkmanager(
        generator: str, tmp_path_factory: pytest.TempPathFactory, plan: Network, hostname: str) -> None:
    """Until 8.2 dracut's module reads the same line: test_dracut_legacy."""
    try:
        tokens = network.arguments(plan, hostname, GENERATIONS["el8"])
    except UsageError:
        assert len(plan.addresses) == 2
        return
    check(Made(generator, tmp_path_factory.mktemp("nm"), tokens), plan, hostname, renamed=True)


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize("plan", [
    samples.network(),
    samples.network(mac=samples.MAC, interface=None, mtu=9000),
    samples.network(addresses=("2001:db8::10/64",), gateways=("2001:db8::1",), nameservers=("2001:db8::53",)),
    samples.network(addresses=("2001:db8::10/64",), gateways=("fe80::1",), nameservers=("2001:db8::53",)),
    samples.network(addresses=("192.0.2.10/24", "2001:db8::10/64"), gateways=("192.0.2.1", "2001:db8::1")),
    samples.network(addresses=("192.0.2.10/24", "2001:db8::10/64"), gateways=("2001:db8::1",),
                    nameservers=("2001:db8::53", "192.0.2.53")),
    samples.dhcp(mtu=1400),
    samples.dhcp(interface=None),
    samples.dhcp(mac=samples.MAC, nameservers=("192.0.2.53",)),
    samples.dhcp("auto6"),
    samples.dhcp("dhcp6", interface=None, mac=samples.MAC),
])
def test_the_cards_of_the_reference_are_set_up_as_they_were_meant(
        generator: str, tmp_path: Path, plan: Network, name: str) -> None:
    tokens = network.arguments(plan, "h1.example.com", GENERATIONS[name])
    check(Made(generator, tmp_path, tokens), plan, "h1.example.com")


@pytest.mark.parametrize("argument", ["rd.route=198.51.100.0/24:192.0.2.254:enp1s0"])
def test_a_route_of_the_user_joins_the_card(generator: str, tmp_path: Path, argument: str) -> None:
    made = Made(generator, tmp_path, (*network.arguments(samples.network(), "h1", EL9), argument))
    assert made.files[0]["ipv4"]["route1"] == "198.51.100.0/24,192.0.2.254"


def test_without_a_card_a_static_address_would_go_to_any_card_which_is_why_it_is_refused(
        generator: str, tmp_path: Path) -> None:
    made = Made(generator, tmp_path, ("ip=192.0.2.10::192.0.2.1:255.255.255.0:h1::none",))
    connection = made.files[0]["connection"]
    assert made.messages == ""
    assert "interface-name" not in connection
    assert "mac-address" not in made.files[0]["ethernet"]
    assert connection["multi-connect"] == "1"

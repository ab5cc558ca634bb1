"""What NetworkManager's own generator makes of our arguments, since EL8.3: its connections must be the plan's links, no
less and no more, each with what was meant.

Its warnings are not enough as a judge: most misread arguments pass without one (BOOTLAB).
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from configparser import RawConfigParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.boot.line import forms, network
from builder.catalog.generation import GENERATIONS
from builder.errors import UsageError
from builder.profile.network.plan import Link, NetworkPlan
from tests.tool.tools import need
from tests.unit import plans, samples

pytestmark = pytest.mark.tool

EL8, EL9 = GENERATIONS["el8"], GENERATIONS["el9"]
NEW = [name for name, generation in GENERATIONS.items() if generation.network == "nm"]
Facts = dict[str, object]


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
        self.messages = done.stdout + done.stderr  # errors of a connection go to the one, of an argument to the other
        self.files = [self._read(path) for path in sorted(places["-c"].glob("*.nmconnection"))]
        name = places["-i"] / "hostname"
        self.hostname = name.read_text().strip() if name.exists() else ""

    @staticmethod
    def _read(path: Path) -> RawConfigParser:
        file = RawConfigParser(delimiters=("=",))
        file.read(path)
        return file

    def links(self) -> dict[str, Facts]:
        """What each connection says, by the name or MAC of its device."""
        masters = {file["connection"]["uuid"]: device(file) for file in self.files}
        found = [(device(file), facts(file, masters)) for file in self.files]
        assert len(dict(found)) == len(found), "two connections for one device"
        return dict(found)


def device(file: RawConfigParser) -> str:
    mac = file["ethernet"].get("mac-address", "") if "ethernet" in file else ""
    return mac.lower() or file["connection"].get("interface-name", "")


def facts(file: RawConfigParser, masters: Mapping[str, str]) -> Facts:
    connection = file["connection"]
    ethernet = dict(file["ethernet"]) if file.has_section("ethernet") else {}
    found: Facts = {
        "type": connection["type"], "mtu": ethernet.get("mtu", ""),
        "port of": masters.get(connection.get("master", ""), connection.get("master", "")),
        "port type": connection.get("slave-type", ""),
        "vlan": (file["vlan"]["id"], file["vlan"]["parent"]) if "vlan" in file else None,
        "bond": dict(file["bond"]) if "bond" in file else None,
        "stp": file["bridge"]["stp"] if "bridge" in file else None,
    }
    for version in (4, 6):
        name = f"ipv{version}"
        section = dict(file[name]) if file.has_section(name) else {"method": "disabled"}
        found[f"ipv{version}"] = {
            "method": section["method"],
            "addresses": [section[key] for key in sorted(section) if key.startswith("address")],
            "routes": sorted(section[key] for key in section if key.startswith("route")),
            "dns": [server for server in section.get("dns", "").split(";") if server],
            "required": section.get("may-fail", "") == "false",
            "ignores dns of dhcp": section.get("ignore-auto-dns", "") == "true" and section["method"] == "auto",
        }
    return found


def meant(plan: NetworkPlan, *, every: bool) -> dict[str, Facts]:
    """What the connections must say. `every`: each card by MAC was given a name by ifname=, which udev does before
    NetworkManager sees it; else only those that others stand on."""
    names = forms.renamed(plan, every=every)
    called = {link.key: names.get(link.key) or link.mac or link.name for link in plan.links}
    above = {port: link for link in plan.links for port in link.ports}
    return {called[link.key]: _meant(link, plan, called, above) for link in plan.links}


def _meant(link: Link, plan: NetworkPlan, called: Mapping[str, str], above: Mapping[str, Link]) -> Facts:
    master = above.get(link.key)
    bond = {name: called[value] if name == "primary" else value for name, value in link.options}
    found: Facts = {
        "type": {"card": "ethernet"}.get(link.kind, link.kind), "mtu": str(link.mtu or ""),
        "port of": called[master.key] if master else "", "port type": master.kind if master else "",
        "vlan": (str(link.vlan), called[link.parent]) if link.kind == "vlan" else None,
        "bond": bond if link.kind == "bond" else None, "stp": "false" if link.kind == "bridge" else None,
    }
    for version in (4, 6):
        mine = [address for address in link.addresses if address.version == version]
        gateways = [str(gateway) for gateway in link.gateways if gateway.version == version]
        asks = version in link.versions and not mine
        servers = [str(server) for server in plan.nameservers if server.version == version]
        found[f"ipv{version}"] = {
            "method": "manual" if mine else "auto" if asks else "disabled",
            "addresses": [",".join([str(address), *gateways]) for address in mine],
            "routes": sorted(f"{route.to},{route.via}" for route in link.routes if route.to.version == version),
            "dns": servers if version in link.versions else [],
            # An address that is not there fails the connection; IPv6 beside IPv4 by DHCP may be absent.
            "required": bool(mine) or (asks and not (version == 6 and link.method == "dhcp")),
            "ignores dns of dhcp": asks and not plan.peer_dns,
        }
    return found


def check(made: Made, plan: NetworkPlan, hostname: str, *, every: bool = False) -> None:
    # dracut's own module, which EL8 before 8.3 has, reads the runner there; see legacy.py.
    assert [line for line in made.messages.splitlines() if "Ignoring extra: 'roundrobin'" not in line] == []
    assert made.links() == meant(plan, every=every)
    assert made.hostname == hostname


ANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ANY
@given(plan=plans.networks() | plans.several(), hostname=plans.HOSTNAMES)
def test_any_plan_is_set_up_as_it_was_meant(
        generator: str, tmp_path_factory: pytest.TempPathFactory, plan: NetworkPlan, hostname: str) -> None:
    tokens = network.arguments(plan, hostname, EL9)
    check(Made(generator, tmp_path_factory.mktemp("nm"), tokens), plan, hostname)


@ANY
@given(plan=plans.networks().filter(lambda plan: len(plan.addresses) < 2) | plans.several("el8"), hostname=plans.HOSTNAMES)
def test_any_plan_of_el8_is_set_up_as_it_was_meant_since_it_has_networkmanager(
        generator: str, tmp_path_factory: pytest.TempPathFactory, plan: NetworkPlan, hostname: str) -> None:
    """Until 8.2 dracut's module reads the same line: test_dracut_legacy."""
    tokens = network.arguments(plan, hostname, EL8)
    check(Made(generator, tmp_path_factory.mktemp("nm"), tokens), plan, hostname, every=True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans.several(), data=st.data())
def test_without_any_one_of_its_arguments_a_plan_would_not_be_what_was_meant(
        generator: str, tmp_path_factory: pytest.TempPathFactory, plan: NetworkPlan, data: st.DataObject) -> None:
    """The other direction: no argument is there for nothing, so the judge sees each of them."""
    tokens = network.arguments(plan, "h1.example.com", EL9)
    # Renaming is udev's; which device waits for the boot is not in what is compared.
    seen = [token for token in tokens if not token.startswith(("ifname=", "bootdev="))]
    left_out = data.draw(st.sampled_from(seen))
    made = Made(generator, tmp_path_factory.mktemp("nm"), tuple(token for token in tokens if token != left_out))
    if left_out == "rd.peerdns=0" and not any(link.method != "static" or link.slaac for link in plan.links
                                              if link.method != "none"):
        return  # nobody asks DHCP
    assert (made.links(), made.hostname) != (meant(plan, every=False), "h1.example.com")


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize("plan", [
    samples.network(),
    samples.network(mac=samples.MAC, interface=None, mtu=9000),
    samples.network(addresses=("2001:db8::10/64",), gateways=("2001:db8::1",), nameservers=("2001:db8::53",)),
    samples.network(addresses=("2001:db8::10/64",), gateways=("fe80::1",), nameservers=("2001:db8::53",)),
    samples.network(addresses=("192.0.2.10/24", "2001:db8::10/64"), gateways=("192.0.2.1", "2001:db8::1")),
    samples.network(addresses=("192.0.2.10/24", "2001:db8::10/64"), gateways=("2001:db8::1",),
                    nameservers=("2001:db8::53", "192.0.2.53")),
    samples.network(slaac=True, nameservers=("2001:db8::53", "192.0.2.53")),
    samples.dhcp(mtu=1400),
    samples.dhcp(interface=None),
    samples.dhcp(mac=samples.MAC, nameservers=("192.0.2.53",)),
    samples.dhcp("auto6"),
    samples.dhcp("dhcp6", interface=None, mac=samples.MAC),
])
def test_the_cards_of_the_reference_are_set_up_as_they_were_meant(
        generator: str, tmp_path: Path, plan: NetworkPlan, name: str) -> None:
    tokens = network.arguments(plan, "h1.example.com", GENERATIONS[name])
    check(Made(generator, tmp_path, tokens), plan, "h1.example.com")


@pytest.mark.parametrize("name", NEW)
def test_jumbo_frames_of_a_vlan_reach_the_card_below_it(generator: str, tmp_path: Path, name: str) -> None:
    plan = samples.plan(samples.link(name="eno1", mtu=9000), samples.link(
        kind="vlan", name="eno1.20", parent="eno1", vlan=20, method="dhcp", mtu=9000))
    check(Made(generator, tmp_path, network.arguments(plan, "h1", GENERATIONS[name])), plan, "h1")


def test_the_card_of_the_boot_loader_is_the_one_that_bootif_names(generator: str, tmp_path: Path) -> None:
    tokens = network.arguments(samples.network(interface="bootif", nameservers=()), "h1", EL9)
    made = Made(generator, tmp_path, ("BOOTIF=01-52-54-00-12-34-56", *tokens))
    assert list(made.links()) == [samples.MAC]
    assert made.links()[samples.MAC]["ipv4"]["addresses"] == ["192.0.2.10/24,192.0.2.1"]  # type: ignore[index]


def test_the_literal_bootif_would_be_an_interface_of_that_name_which_is_why_it_is_never_said(
        generator: str, tmp_path: Path) -> None:
    assert list(Made(generator, tmp_path, ("ip=bootif:dhcp",)).links()) == ["bootif"]


def test_a_runner_of_a_team_is_not_read_which_is_why_it_is_refused(generator: str, tmp_path: Path) -> None:
    team = samples.link(kind="team", name="team0", ports=("eno1",), options=(("runner", "lacp"),), method="dhcp")
    with pytest.raises(UsageError, match="do not read the runner of a team"):
        network.arguments(samples.plan(samples.link(name="eno1"), team), "h1", EL9)
    assert "Ignoring extra: 'lacp'" in Made(generator, tmp_path, ("team=team0:eno1:lacp", "ip=team0:dhcp")).messages


def test_a_vlan_on_a_mac_with_dashes_gets_lost_which_is_why_its_card_is_named(generator: str, tmp_path: Path) -> None:
    made = Made(generator, tmp_path, ("vlan=vlan20:52-54-00-12-34-56", "ip=vlan20:dhcp"))
    assert "is neither an UUID nor an interface name" in made.messages
    assert "vlan20" not in made.links()


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

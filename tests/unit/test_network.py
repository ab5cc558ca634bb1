"""Boot arguments of a card and the kickstart line that agrees with them."""

from __future__ import annotations

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.boot.kickstart import network as kickstart
from builder.boot.line import network
from builder.catalog import load
from builder.catalog.generation import GENERATIONS
from builder.errors import UsageError
from builder.finding import Severity
from builder.names import SAFE_TOKEN
from builder.profile.network.plan import Link, NetworkPlan
from tests.unit import plans, samples

EL7, EL9 = GENERATIONS["el7"], GENERATIONS["el9"]
URL = "http://192.0.2.5/el9"


def words(card: NetworkPlan, release: str = "rocky-9.6") -> list[str]:
    line, = kickstart.lines(card, "h1", load.release(release, "x86_64", load.families()))
    return list(line)


@pytest.mark.parametrize("name", ["el6", "el7", "el8", "el9", "el10", "fedora"])
@given(plan=plans.networks(), hostname=plans.HOSTNAMES)
def test_every_argument_is_safe_for_every_parser_or_the_plan_is_refused(
        name: str, plan: NetworkPlan, hostname: str) -> None:
    try:
        tokens = network.arguments(plan, hostname, GENERATIONS[name])
    except UsageError as error:
        assert error.hint
        return
    assert tokens
    assert all(SAFE_TOKEN.fullmatch(token) for token in tokens)


@pytest.mark.parametrize(("name", "dialect"), [
    ("el7", "el7"), ("el8", "el8"), ("el9", "nm"), ("fedora", "nm")])
@given(data=st.data(), hostname=plans.HOSTNAMES)
def test_every_argument_of_several_interfaces_is_safe_and_the_default_route_comes_first(
        name: str, dialect: str, data: st.DataObject, hostname: str) -> None:
    plan = data.draw(plans.several(dialect))
    tokens = network.arguments(plan, hostname, GENERATIONS[name])
    assert all(SAFE_TOKEN.fullmatch(token) for token in tokens)
    addresses = [token for token in tokens if token.startswith("ip=")]
    assert hostname in addresses[0].split(":")


def vlan(name: str, parent: str, number: int, **changes: object) -> Link:
    return samples.link(**{"kind": "vlan", "name": name, "parent": parent, "vlan": number, "method": "dhcp", **changes})


def master(kind: str, *ports: str, **changes: object) -> Link:
    return samples.link(**{"kind": kind, "name": f"{kind}0", "ports": ports, "method": "dhcp", **changes})


ENO1, ETH0 = samples.link(name="eno1"), samples.link(name="eth0")
LACP, ROBIN = (("runner", "lacp"),), (("runner", "roundrobin"),)


@pytest.mark.parametrize(("names", "links", "said", "cure"), [
    ("el6", (ETH0, master("bridge", "eth0")), "the EL6 installer knows no bridge", "make the bridge in a post script"),
    ("el6", (ETH0, master("team", "eth0", options=ROBIN)), "the EL6 installer knows no team", "in a post script"),
    ("el6", (ETH0, vlan("vlan20", "eth0", 20)), "the EL6 installer calls this VLAN eth0.20", "call it eth0.20"),
    ("el6", (samples.link(mac=samples.MAC), master("bond", samples.MAC, options=(("mode", "802.3ad"),))),
     "takes ports by name", 'ports = ["eth0", "eth1"]'),
    ("el6 el7 el8", (ETH0, vlan("eth0.2", "eth0", 2, method="none"), vlan("eth0.2.3", "eth0.2", 3)),
     "makes no VLAN inside a VLAN", "install through eth0.2"),
    ("el7 el8", (ENO1, vlan("lan20", "eno1", 20)), "finds the id of a VLAN in names such as vlan20 and eno1.20",
     "call it vlan20"),
    ("el7 el8", (samples.link(name="eno1", mtu=9000), vlan("eno1.20", "eno1", 20, mtu=9000)),
     "sets no MTU on a card without an address", "put the VLAN on a bond"),
    ("el7", (ENO1, master("bond", "eno1", method="none", options=(("mode", "802.3ad"),)), master("bridge", "bond0")),
     "joins only cards to a bridge", "install through the bond"),
    ("el8 el9 fedora", (ENO1, master("team", "eno1", options=LACP)), "read the runner of a team", "use a bond"),
    ("el10", (ENO1, master("team", "eno1", options=ROBIN)), "the EL10 installer knows no teams", "use a bond"),
])
def test_what_a_dialect_cannot_say_is_refused_with_what_to_do_instead(
        names: str, links: tuple[Link, ...], said: str, cure: str) -> None:
    for name in names.split():
        with pytest.raises(UsageError, match=re.escape(said)) as caught:
            network.arguments(samples.plan(*links), "h1", GENERATIONS[name])
        assert cure in caught.value.hint
        assert "EL" in caught.value.message


def test_all_that_a_dialect_cannot_say_is_told_at_once() -> None:
    plan = samples.plan(samples.link(name="eno1", mtu=9000), vlan("lan20", "eno1", 20, mtu=9000))
    with pytest.raises(UsageError) as caught:
        network.arguments(plan, "h1", EL7)
    assert [line.partition(":")[0].strip() for line in caught.value.message.splitlines()] == [
        "the EL7 installer cannot set up this network", "eno1", "lan20"]


def test_a_team_of_el7_runs_as_it_was_meant() -> None:
    plan = samples.plan(ENO1, master("team", "eno1", options=LACP))
    assert network.arguments(plan, "", EL7) == ("team=team0:eno1:lacp", "ip=team0:dhcp")


def test_cards_by_mac_get_names_where_others_stand_on_them_and_none_that_is_in_use() -> None:
    first, second = samples.link(mac=samples.MAC), samples.link(name="net0")
    plan = samples.plan(first, second, master("bond", samples.MAC, "net0", options=(("mode", "active-backup"), (
        "primary", samples.MAC))))
    assert network.arguments(plan, "", EL9) == (
        f"ifname=net1:{samples.MAC}", "bond=bond0:net1,net0:mode=active-backup,primary=net1", "ip=bond0:dhcp")


def test_with_several_addresses_the_boot_takes_the_one_with_the_gateway() -> None:
    plan = samples.plan(samples.link(name="eno1", method="dhcp"), samples.link(
        name="eno2", addresses=("192.0.2.10/24",), gateways=("192.0.2.1",)))
    expected = ("ip=192.0.2.10::192.0.2.1:255.255.255.0:h1:eno2:none", "ip=eno1:dhcp", "bootdev=eno2")
    assert network.arguments(plan, "h1", EL7) == network.arguments(plan, "h1", EL9) == expected


@pytest.mark.parametrize("name", ["el7", "el8", "el9", "el10", "fedora"])
def test_the_card_of_the_boot_loader_is_left_to_bootif(name: str) -> None:
    assert network.arguments(samples.dhcp(interface="bootif"), "", GENERATIONS[name]) == ("ip=dhcp",)


def test_the_loader_of_el6_has_its_own_word_for_it() -> None:
    assert network.arguments(samples.dhcp(interface="bootif"), "", GENERATIONS["el6"])[0] == "ksdevice=bootif"


def test_a_tree_behind_a_route_is_in_reach() -> None:
    card = samples.link(name="eno1", addresses=("192.0.2.10/24",), routes=samples.routes(("198.51.100.0/24", "192.0.2.254")))
    assert network.reach(samples.host(network=samples.plan(card)), "http://198.51.100.5/el9") == ()


def test_a_second_default_route_by_dhcp_is_found() -> None:
    plan = samples.plan(samples.link(name="eno1", addresses=("192.0.2.10/24",), gateways=("192.0.2.1",)),
                        samples.link(name="eno2", method="dhcp"), nameservers=("192.0.2.53",))
    found, = network.reach(samples.host(network=plan), URL)
    assert found.severity is Severity.WARNING
    assert found.text == ("h1: the installer takes a default route from eno2 too, beside the gateway; the installed system "
                          "does not")


@pytest.mark.parametrize("generation", GENERATIONS.values(), ids=lambda g: g.name)
def test_a_static_address_without_a_card_is_refused_because_any_card_could_get_it(generation: object) -> None:
    with pytest.raises(UsageError, match="a static address needs to know its card") as caught:
        network.arguments(samples.network(interface=None), "h1", generation)  # type: ignore[arg-type]
    assert "set mac" in caught.value.hint


def test_dhcp_without_a_card_asks_on_every_card() -> None:
    assert network.arguments(samples.dhcp(interface=None), "", EL9) == ("ip=dhcp",)
    assert network.arguments(samples.dhcp(interface=None), "h1", EL9) == ("ip=::::h1::dhcp",)


def test_the_mac_wins_over_the_interface_name_because_names_differ_between_kernels() -> None:
    card = samples.dhcp(mac=samples.MAC, interface="eth0")
    assert network.arguments(card, "", EL9) == ("ip=52-54-00-12-34-56:dhcp",)
    assert network.arguments(card, "", EL7) == ("ifname=net0:52:54:00:12:34:56", "ip=net0:dhcp")


def test_el8_gets_the_form_that_dracut_and_networkmanager_read_alike() -> None:
    card = samples.network(mac=samples.MAC, interface=None)
    assert network.arguments(card, "h1", GENERATIONS["el8"]) == network.arguments(card, "h1", EL7)


def test_an_ipv6_name_server_has_brackets_only_where_networkmanager_reads_it() -> None:
    card = samples.network(addresses=("2001:db8::10/64",), gateways=(), nameservers=("2001:db8::53",))
    assert "nameserver=[2001:db8::53]" in network.arguments(card, "h1", EL9)
    assert "nameserver=2001:db8::53" in network.arguments(card, "h1", EL7)


def test_a_static_card_without_gateway_leaves_the_field_empty() -> None:
    assert network.arguments(samples.network(gateways=(), nameservers=()), "h1", EL9) == (
        "ip=192.0.2.10:::255.255.255.0:h1:enp1s0:none",)


def test_el6_takes_no_static_ipv6_address() -> None:
    with pytest.raises(UsageError, match="EL6 installer takes no IPv6 gateway"):
        network.arguments(samples.network(addresses=("2001:db8::10/64",), nameservers=()), "h1", GENERATIONS["el6"])


def test_the_kickstart_line_says_what_the_boot_arguments_say() -> None:
    assert words(samples.network(mac=samples.MAC, mtu=9000)) == [
        "network", "--bootproto=static", "--ip=192.0.2.10", "--netmask=255.255.255.0", "--gateway=192.0.2.1",
        "--noipv6", "--device=52:54:00:12:34:56", "--bindto=mac", "--nameserver=192.0.2.53,192.0.2.54",
        "--hostname=h1", "--mtu=9000", "--activate", "--onboot=yes"]


def test_a_dual_stack_card_has_both_families_in_its_kickstart_line() -> None:
    card = samples.network(addresses=("192.0.2.10/24", "2001:db8::10/64"), gateways=("192.0.2.1", "2001:db8::1"))
    said = words(card)
    assert {"--ipv6=2001:db8::10/64", "--ipv6gateway=2001:db8::1", "--gateway=192.0.2.1"} <= set(said)
    assert not {"--noipv4", "--noipv6"} & set(said)


@pytest.mark.parametrize(("method", "said"), [("dhcp6", "--ipv6=dhcp"), ("auto6", "--ipv6=auto")])
def test_ipv6_only_methods_switch_ipv4_off(method: str, said: str) -> None:
    assert words(samples.dhcp(method))[1:3] == ["--noipv4", said]


def test_any_card_is_link_in_the_kickstart() -> None:
    assert "--device=link" in words(samples.dhcp(interface=None))


@pytest.mark.parametrize(("release", "bound"), [("centos-7.4.1708", False), ("centos-7.6.1810", True),
                                                ("centos-7", True), ("centos-6.10", False), ("rocky-8", True)])
def test_the_card_is_bound_to_its_mac_where_the_point_release_knows_the_option(release: str, bound: bool) -> None:
    assert ("--bindto=mac" in words(samples.network(mac=samples.MAC), release)) is bound


def test_a_tree_by_name_without_name_server_is_found_unreachable() -> None:
    lonely = samples.host(network=samples.network(nameservers=()))
    found, = network.reach(lonely, "https://vault.centos.org/7.9.2009/os/x86_64")
    assert found.severity is Severity.ERROR
    assert found.text == ("h1: no name server, but https://vault.centos.org/7.9.2009/os/x86_64 is named by host name")
    assert "network.nameservers" in found.hint


@pytest.mark.parametrize(("gateways", "url", "text"), [
    ((), "http://198.51.100.5/el9", "outside 192.0.2.0/24"),
    (("192.0.2.1",), "http://[2001:db8::5]/el9", "no IPv6 address"),
])
def test_a_tree_out_of_reach_is_found(gateways: tuple[str, ...], url: str, text: str) -> None:
    found, = network.reach(samples.host(network=samples.network(gateways=gateways)), url)
    assert text in found.text


@pytest.mark.parametrize("card", [samples.network(), samples.network(gateways=(), nameservers=()), samples.dhcp()])
def test_a_tree_in_reach_is_no_finding(card: NetworkPlan) -> None:
    assert network.reach(samples.host(network=card), URL) == ()


@given(st.ip_addresses(v=4), st.integers(1, 32))
def test_every_mask_is_contiguous_because_it_comes_from_a_prefix_length(address: ipaddress.IPv4Address, n: int) -> None:
    card = samples.network(addresses=(f"{address}/{n}",), gateways=(), nameservers=())
    mask = network.arguments(card, "h1", EL9)[0].split(":")[3]
    assert bin(int(ipaddress.ip_address(mask))) == "0b" + "1" * n + "0" * (32 - n)


def test_only_name_servers_that_the_card_can_ask_are_named() -> None:
    card = samples.network(nameservers=("2001:db8::53", "192.0.2.53"))
    assert network.arguments(card, "h1", EL9)[1:] == ("nameserver=192.0.2.53",)
    assert "--nameserver=192.0.2.53" in words(card)


def test_name_servers_of_the_other_ip_version_alone_are_refused() -> None:
    with pytest.raises(UsageError, match="none that a card with only IPv4 can ask"):
        network.arguments(samples.network(nameservers=("2001:db8::53",)), "h1", EL9)

"""Boot arguments of a card and the kickstart line that agrees with them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.boot.line import network
from builder.catalog import load
from builder.catalog.generation import GENERATIONS
from builder.errors import UsageError
from builder.finding import Severity
from builder.names import SAFE_TOKEN
from builder.profile.values import Network
from tests.unit import plans, samples

EL7, EL9 = GENERATIONS["el7"], GENERATIONS["el9"]
URL = "http://192.0.2.5/el9"


def words(card: Network, release: str = "rocky-9.6") -> list[str]:
    return list(network.kickstart_words(card, "h1", load.release(release, "x86_64", load.families())))


@pytest.mark.parametrize("name", ["el6", "el7", "el8", "el9", "el10", "fedora"])
@given(plan=plans.networks(), hostname=plans.HOSTNAMES)
def test_every_argument_is_safe_for_every_parser_or_the_plan_is_refused(
        name: str, plan: Network, hostname: str) -> None:
    try:
        tokens = network.arguments(plan, hostname, GENERATIONS[name])
    except UsageError as error:
        assert error.hint
        return
    assert tokens
    assert all(SAFE_TOKEN.fullmatch(token) for token in tokens)


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
def test_a_tree_in_reach_is_no_finding(card: Network) -> None:
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

"""The network lines of a kickstart say what the plan says, to the parser of every release; and the script says the rest."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.boot.kickstart import network, quoting
from builder.boot.line import forms
from builder.boot.line import network as boot
from builder.boot.review.cards import Card
from builder.boot.review.parsed import parse_back
from builder.catalog import load
from builder.catalog.family import Release
from builder.errors import UsageError
from builder.profile.network.plan import Link, NetworkPlan
from tests.corpus import corpus
from tests.unit import plans, samples

RELEASES = {"centos-7.9.2009": "el7", "rocky-8": "el8", "rocky-9.6": "nm", "rocky-10": "nm", "fedora-42": "nm"}


def release(name: str) -> Release:
    return load.release(name, "x86_64", load.families())


def said(plan: NetworkPlan, name: str, hostname: str = "h1") -> list[str]:
    return [str(quoting.words(line)) for line in network.lines(plan, hostname, release(name))]


def read(plan: NetworkPlan, name: str, hostname: str = "h1") -> tuple[Card, ...]:
    """What the release's own parser finds in the lines; it has nothing to complain of."""
    found = parse_back("\n".join(said(plan, name, hostname)), release(name).generation, name)
    assert found.warnings == ()
    return found.cards


def bond(*ports: str, **changes: object) -> Link:
    return samples.link(**{"kind": "bond", "name": "bond0", "ports": ports, "options": (("mode", "802.3ad"),), **changes})


def cards(*names: str) -> tuple[Link, ...]:
    return tuple(samples.link(**({"mac": name} if ":" in name else {"name": name})) for name in names)


def addresses(card: Card) -> dict[str, object]:
    v4 = [f"{card.ip}/{card.netmask}"] if card.bootproto == "static" else []
    v6 = [card.ipv6] if "/" in card.ipv6 else []
    automatic = {(True, "", False): "dhcp", (False, "auto", False): "auto6", (False, "dhcp", False): "dhcp6"}
    method = "static" if v4 or v6 else automatic.get((card.bootproto == "dhcp", card.ipv6, card.no_ipv6), "none")
    return {"method": method, "addresses": v4 + v6, "slaac": bool(v4) and card.ipv6 == "auto",
            "gateways": [g for g in (card.gateway, card.ipv6_gateway) if g], "mtu": card.mtu}


def meant(link: Link) -> dict[str, object]:
    return {"method": link.method, "addresses": [a.with_netmask if a.version == 4 else str(a) for a in link.addresses],
            "slaac": link.slaac, "gateways": [str(g) for g in link.gateways], "mtu": str(link.mtu or "")}


def name_of(card: Card, plan: NetworkPlan) -> str:
    if card.vlan:
        return card.interface_name or f"{card.device}.{card.vlan}"
    named = {"link": ""}.get(card.device, card.device)
    return next((link.key for link in plan.links if named in (link.mac, link.name)), named)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), name=st.sampled_from(sorted(RELEASES)), hostname=plans.HOSTNAMES)
def test_any_plan_is_read_by_the_installers_parser_as_it_was_meant(
        data: st.DataObject, name: str, hostname: str) -> None:
    plan = data.draw(plans.networks() | plans.several(RELEASES[name]).filter(
        lambda plan: name != "rocky-10" or all(link.kind != "team" for link in plan.links)))
    found = read(plan, name, hostname)
    called = forms.renamed(plan, every=RELEASES[name] != "nm")
    ports = {port for link in plan.links for port in link.ports}
    assert [card.hostname for card in found if card.hostname] == [hostname]
    assert sorted(server for card in found for server in card.nameservers) == sorted(str(s) for s in plan.nameservers)
    expected = {link.name if link.kind == "vlan" else link.key: link for link in plan.links
                if link.kind != "card" or link.method != "none"}
    assert {name_of(card, plan) for card in found} == set(expected)
    for card in found:
        link = expected[name_of(card, plan)]
        if link.key not in ports:
            assert addresses(card) == meant(link)
        below = ",".join(called.get(port, port) for port in link.ports)
        assert (card.bond_ports, card.team_ports, card.bridge_ports) == tuple(
            below if link.kind == kind else "" for kind in ("bond", "team", "bridge"))
        assert (card.vlan, card.device if card.vlan else "") == (
            str(link.vlan or ""), called.get(link.parent, link.parent) if link.kind == "vlan" else "")
        if link.kind == "team":
            assert json.loads(card.team_config) == {"runner": {"name": dict(link.options)["runner"]}}
        assert card.onboot and card.activate


@settings(max_examples=40, deadline=None)
@given(data=st.data(), hostname=plans.HOSTNAMES)
def test_any_card_of_el6_is_read_as_it_was_meant(data: st.DataObject, hostname: str) -> None:
    plan = data.draw(plans.networks().filter(lambda plan: all(a.version == 4 for a in plan.addresses)))
    card, = read(plan, "centos-6.10", hostname)
    assert addresses(card) == meant(plan.links[0])


FIELD = [
    ("test_network_static", samples.network(
        addresses=("10.0.2.15/24",), gateways=("10.0.2.254",), nameservers=("10.0.2.10",), interface="ens3")),
    ("test_network_bond", samples.plan(*cards("enp4s0", "enp7s0"), bond(
        "enp4s0", "enp7s0", options=(("mode", "active-backup"), ("primary", "enp4s0")), mtu=1500, method="dhcp"))),
]


@pytest.mark.parametrize(("name", "plan"), FIELD)
def test_what_anaconda_makes_of_such_a_line_at_boot_is_what_we_say_at_boot(name: str, plan: NetworkPlan) -> None:
    """anaconda's own tests of dracut/parse-kickstart: the line, and the boot arguments that it makes of it."""
    cases = json.loads((corpus() / "cmdline/anaconda-parse-kickstart.share.json").read_text())["tests"]
    case = next(case for case in cases if case["test"] == name)
    line, = parse_back("\n".join(case["kickstart"]), release("rocky-9.6").generation, name).cards
    ours, = read(plan, "rocky-9.6", "")
    fields = ("bootproto", "device", "ip", "netmask", "gateway", "nameservers", "bond_ports", "bond_options", "mtu")
    assert [getattr(ours, field) for field in fields] == [getattr(line, field) for field in fields]
    theirs = case["asserts"][0].split('"')[1].split()
    assert {token.rstrip(":") for token in theirs if not token.startswith("bootdev=")} == set(
        boot.arguments(plan, "", release("rocky-9.6").generation))


def test_two_lines_for_one_card_are_still_a_mistake() -> None:
    text = "network --device=eno1 --bootproto=dhcp\nnetwork --device=eno1 --bootproto=dhcp --mtu=1400\n"
    assert parse_back(text, release("rocky-9.6").generation, "x.ks").warnings == (
        "A network device with the name eno1 has already been defined.",)


def test_a_bond_of_el6_and_the_vlan_on_it_are_one_line() -> None:
    plan = samples.plan(*cards("eth0", "eth1"), bond("eth0", "eth1"), samples.link(
        kind="vlan", name="bond0.20", parent="bond0", vlan=20, addresses=("192.0.2.10/24",)))
    assert said(plan, "centos-6.10") == [
        "network --bootproto=static --ip=192.0.2.10 --netmask=255.255.255.0 --noipv6 --device=bond0 "
        "--bondslaves=eth0,eth1 --bondopts=mode=802.3ad --vlanid=20 --hostname=h1 --activate --onboot=yes"]
    assert read(plan, "centos-6.10")[0].vlan == "20"


def test_the_loader_of_el6_gets_the_line_of_its_own_device_first() -> None:
    plan = samples.plan(samples.link(name="eth0", addresses=("192.0.2.10/24",)), samples.link(
        name="eth1", addresses=("192.0.3.10/24",), gateways=("192.0.3.1",)))
    first, second = read(plan, "centos-6.10")
    assert (first.device, first.activate) == ("eth1", True)
    assert (second.device, second.activate) == ("eth0", False)


def test_a_bond_by_mac_is_bound_to_macs_and_the_boot_names_its_ports() -> None:
    plan = samples.plan(*cards("52:54:00:00:00:01", "52:54:00:00:00:02"),
                        bond("52:54:00:00:00:01", "52:54:00:00:00:02", method="dhcp"))
    for name in RELEASES:
        assert "--device=bond0 --bindto=mac --bondslaves=net0,net1" in said(plan, name)[0]


def test_the_card_of_the_boot_loader_is_bound_to_its_mac_in_the_installed_system() -> None:
    assert "--device=bootif --bindto=mac" in said(samples.dhcp(interface="bootif"), "rocky-9.6")[0]


def test_ports_by_mac_are_refused_where_the_installed_system_could_not_find_them() -> None:
    plan = samples.plan(*cards("52:54:00:00:00:01"), bond("52:54:00:00:00:01", method="dhcp"))
    with pytest.raises(UsageError, match=r"ports by MAC \(52:54:00:00:00:01\) are for EL7\.5 and later") as caught:
        said(plan, "centos-7.4.1708")
    assert "by name" in caught.value.hint


def test_a_name_of_a_vlan_that_the_installer_would_not_choose_is_said() -> None:
    plan = samples.plan(*cards("eno1"), samples.link(kind="vlan", name="vlan20", parent="eno1", vlan=20, method="dhcp"))
    assert "--device=eno1 --vlanid=20 --interfacename=vlan20" in said(plan, "rocky-9.6")[0]


def test_a_bridge_runs_without_stp_as_in_the_installer_unless_it_is_asked_for() -> None:
    bridge = samples.link(kind="bridge", name="br0", ports=("eno1",), options=(("stp", "no"),), method="dhcp")
    assert "--bridgeslaves=eno1 --bridgeopts=stp=no" in said(samples.plan(*cards("eno1"), bridge), "rocky-9.6")[0]


def test_the_default_route_is_that_of_the_gateway() -> None:
    plan = samples.plan(samples.link(name="eno1", addresses=("192.0.2.10/24",), gateways=("192.0.2.1",)),
                        samples.link(name="eno2", method="dhcp"))
    assert [card.no_default_route for card in read(plan, "rocky-9.6")] == [False, True]


def test_an_ip_version_that_is_switched_off_has_no_search_domains() -> None:
    line, = said(samples.network(search=("example.com",)), "rocky-10")
    assert "--ipv4-dns-search=example.com" in line
    assert "--ipv6-dns-search" not in line


def test_every_interface_that_asks_dhcp_is_told_to_ignore_its_name_servers() -> None:
    plan = samples.plan(samples.link(name="eno1", method="dhcp"), samples.link(name="eno2", method="auto6"), samples.link(
        name="eno3", addresses=("192.0.2.10/24",)), peer_dns=False)
    assert [card.ignore_dhcp_dns for card in read(plan, "fedora-42")] == [True, True, False]


@pytest.mark.parametrize("name", ["rocky-10", "fedora-42"])
def test_search_domains_have_words_where_every_release_knows_them(name: str) -> None:
    plan = samples.dhcp(search=("example.com", "lan.example.com"), peer_dns=False)
    card, = read(plan, name)
    assert (card.search, card.ignore_dhcp_dns) == (("example.com", "lan.example.com"), True)
    assert network.sections(samples.host(network=plan), release(name)) == ()


def test_el10_has_no_teams() -> None:
    team = samples.link(kind="team", name="team0", ports=("eno1",), options=(("runner", "roundrobin"),), method="dhcp")
    with pytest.raises(UsageError, match="team0: the EL10 installer knows no teams") as caught:
        said(samples.plan(*cards("eno1"), team), "rocky-10")
    assert "use a bond" in caught.value.hint


@pytest.mark.parametrize("name", ["centos-6.10", *RELEASES])
def test_one_card_without_routes_needs_no_script(name: str) -> None:
    assert network.sections(samples.host(network=samples.network(mac=samples.MAC)), release(name)) == ()


# The script of EL7 and EL8

IFCFG = {
    "ifcfg-net0": 'HWADDR="52:54:00:12:34:56"\nONBOOT=yes\nDOMAIN="old.example"\n',
    "ifcfg-bond0.20": "DEVICE=bond0.20\nVLAN=yes\nPEERDNS=yes\n",
    "ifcfg-lo": "DEVICE=lo\n",
}


def run(plan: NetworkPlan, name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The script, with the files of the installed system below `folder`."""
    section, = network.sections(samples.host(network=plan), release(name))
    body = section.split("\n", 1)[1].removesuffix("%end\n").replace("/etc/", f"{folder}/")
    return subprocess.run(["sh", "-c", body], capture_output=True, text=True)


@pytest.fixture
def scripts_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sysconfig" / "network-scripts"
    folder.mkdir(parents=True)
    for name, text in IFCFG.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("name", ["centos-7.9.2009", "rocky-8"])
def test_routes_and_search_domains_stand_beside_the_file_of_their_device(
        name: str, scripts_folder: Path, tmp_path: Path) -> None:
    routes = samples.routes(("198.51.100.0/24", "192.0.2.254"), ("203.0.113.0/24", "192.0.2.253"))
    card = samples.link(mac=samples.MAC, addresses=("192.0.2.10/24",), routes=routes)
    done = run(samples.plan(card, search=("example.com", "lan.example.com")), name, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (scripts_folder / "route-net0").read_text() == (
        "198.51.100.0/24 via 192.0.2.254\n203.0.113.0/24 via 192.0.2.253\n")
    assert (scripts_folder / "ifcfg-net0").read_text() == (
        'HWADDR="52:54:00:12:34:56"\nONBOOT=yes\nDOMAIN="example.com lan.example.com"\n')


def test_name_servers_of_dhcp_are_switched_off_and_a_card_under_a_vlan_keeps_its_name(
        scripts_folder: Path, tmp_path: Path) -> None:
    plan = samples.plan(samples.link(mac=samples.MAC), samples.link(
        kind="vlan", name="bond0.20", parent=samples.MAC, vlan=20, method="dhcp"), peer_dns=False)
    assert run(plan, "centos-7.9.2009", tmp_path).returncode == 0
    assert (scripts_folder / "ifcfg-bond0.20").read_text() == (
        'DEVICE=bond0.20\nVLAN=yes\nPEERDNS="no"\nIPV6_PEERDNS="no"\n')
    assert (tmp_path / "systemd/network/10-pinboot-net0.link").read_text() == (
        "[Match]\nMACAddress=52:54:00:12:34:56\n[Link]\nName=net0\n")


@pytest.mark.parametrize("name", ["centos-7.9.2009", "rocky-9.6"])
def test_without_the_device_the_installation_stops_instead_of_losing_a_route(
        name: str, scripts_folder: Path, tmp_path: Path) -> None:
    routes = samples.routes(("198.51.100.0/24", "192.0.2.254"))
    plan = samples.plan(samples.link(name="eno9", addresses=("192.0.2.10/24",), routes=routes))
    assert run(plan, name, tmp_path).returncode != 0

"""Tables of interfaces in a profile: what a plan is made of, and every mistake in them."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from builder.errors import UsageError
from builder.profile import resolve
from builder.profile.network.plan import NetworkPlan
from tests.unit import samples
from tests.unit.samples import HASH

HEAD = f"""\
release = "rocky-9.6"
outputs = []
root = {{ password = "{HASH}" }}
disk = "sda"
"""
BOND = """\
[interface.bond0]
ports = ["eno1", "eno2"]
bond = { mode = "802.3ad", miimon = 100 }
"""
# The profile of a database server with LUKS, a bond and a VLAN, as far as its network goes.
DATABASE = f"""{BOND}
[interface."bond0.120"]
mtu = 9000
gateway = "10.120.0.1"
nameservers = ["10.120.0.2"]
[host.db1]
addresses = {{ "bond0.120" = ["10.120.0.11/24", "2001:db8:120::11/64"] }}
"""


def read(folder: Path, text: str, head: str = HEAD) -> dict[str, NetworkPlan]:
    path = folder / "net.toml"
    path.write_text(head + textwrap.dedent(text))
    return {host.name: host.network for host in resolve.read(path, path.name, {})[0].hosts}


def mistakes(folder: Path, text: str, head: str = HEAD) -> str:
    with pytest.raises(UsageError) as caught:
        read(folder, text, head)
    return caught.value.message


def test_a_bond_with_a_vlan_is_four_links_each_after_what_it_stands_on(tmp_path: Path) -> None:
    plan = read(tmp_path, DATABASE)["db1"]
    assert [(link.kind, link.key, link.method) for link in plan.links] == [
        ("card", "eno1", "none"), ("card", "eno2", "none"), ("bond", "bond0", "none"), ("vlan", "bond0.120", "static")]
    vlan = plan.boot
    assert (vlan.parent, vlan.vlan) == ("bond0", 120)
    assert [str(a) for a in vlan.addresses] == ["10.120.0.11/24", "2001:db8:120::11/64"]
    assert [str(g) for g in vlan.gateways] == ["10.120.0.1"]
    assert [str(s) for s in plan.nameservers] == ["10.120.0.2"]
    assert plan.link("bond0").options == (("mode", "802.3ad"), ("miimon", "100"))


def test_large_packets_of_a_vlan_need_large_packets_below_it(tmp_path: Path) -> None:
    assert read(tmp_path, DATABASE)["db1"].link("bond0").mtu == 9000


def test_the_short_form_is_the_plan_of_one_card(tmp_path: Path) -> None:
    plan = read(tmp_path, """\
        [network]
        gateway = "192.0.2.1"
        search = ["example.com"]
        [host.web1]
        address = ["192.0.2.10/24", "auto6"]
        mac = "52-54-00-12-34-56"
        routes = [{ to = "198.51.100.0/24", via = "192.0.2.254" }]
        peer_dns = false
        """)["web1"]
    card, = plan.links
    assert (card.kind, card.mac, card.method, card.slaac) == ("card", "52:54:00:12:34:56", "static", True)
    assert [str(route.to) for route in card.routes] == ["198.51.100.0/24"]
    assert (plan.search, plan.peer_dns) == (("example.com",), False)


def test_a_table_of_the_host_overrides_that_of_the_profile_key_by_key(tmp_path: Path) -> None:
    plans = read(tmp_path, BOND + """\
        [host.a]
        [host.b.interface.bond0]
        bond = { mode = "active-backup", primary = "eno2" }
        mtu = 1400
        """)
    assert plans["a"].link("bond0").options[0] == ("mode", "802.3ad")
    assert plans["b"].link("bond0").options == (("mode", "active-backup"), ("primary", "eno2"))
    assert (plans["b"].link("bond0").ports, plans["b"].link("bond0").mtu) == (("eno1", "eno2"), 1400)


def test_what_nothing_stands_on_asks_dhcp_and_what_carries_others_asks_nothing(tmp_path: Path) -> None:
    plan = read(tmp_path, BOND + """\
        [interface.vlan7]
        parent = "bond0"
        [interface.eno3]
        [host.a]
        """)["a"]
    assert {link.key: link.method for link in plan.links} == {
        "eno1": "none", "eno2": "none", "bond0": "none", "vlan7": "dhcp", "eno3": "dhcp"}


def test_a_port_by_mac_is_the_card_whose_table_has_that_mac(tmp_path: Path) -> None:
    plan = read(tmp_path, """\
        [interface.lan]
        mac = "52:54:00:12:34:56"
        [interface.bond0]
        ports = ["52-54-00-12-34-56", "52:54:00:12:34:57"]
        bond = { mode = "active-backup", primary = "52:54:00:12:34:56" }
        [host.a]
        """)["a"]
    assert plan.link("bond0").ports == ("lan", "52:54:00:12:34:57")
    assert dict(plan.link("bond0").options)["primary"] == "lan"
    assert plan.link("52:54:00:12:34:57").name == ""


def test_the_gateway_of_all_hosts_goes_to_the_interface_in_whose_network_it_is(tmp_path: Path) -> None:
    plan = read(tmp_path, """\
        [network]
        gateway = ["10.2.0.1", "2001:db8::1"]
        [interface.eno1]
        [interface.eno2]
        [host.a]
        addresses = { eno1 = "10.1.0.5/24", eno2 = "10.2.0.5/24" }
        """)["a"]
    assert plan.boot.key == "eno2"
    assert plan.links[0].gateways == ()


def test_every_card_of_a_xen_guest_gets_a_mac_of_its_own(tmp_path: Path) -> None:
    text = '[interface.eth0]\n[interface.eth1]\naddress = "none"\nmac = "00:16:3e:00:00:01"\n[host.a]\n[host.b.interface.eth1]\n' \
        'mac = "00:16:3e:00:00:02"\n'
    head = HEAD.replace("outputs = []\n", "").replace('disk = "sda"', 'disk = { size = "8 GiB" }')
    plans = read(tmp_path, text, head)
    macs = [card.mac for plan in plans.values() for card in plan.cards]
    assert len(set(macs)) == 4
    assert [card.mac_made for card in plans["a"].cards] == [True, False]


def test_hosts_are_told_apart_on_each_interface(tmp_path: Path) -> None:
    said = mistakes(tmp_path, """\
        [interface.eno1]
        mac = "52:54:00:12:34:56"
        address = "192.0.2.10/24"
        [host.a]
        [host.b]
        """)
    assert "192.0.2.10 belongs to a" in said
    assert "52:54:00:12:34:56 belongs to a" in said


@pytest.mark.parametrize(("table", "reason"), [
    ('[interface.lan]\nports = ["eno1"]', "ports of what? add bond"),
    ("[interface.bond0]", "bond0 is no name of a card; what is it? add ports and bond, bridge or team"),
    ("[interface.bond0]\nbond = {}", 'a bond without ports; write ports = ["eno1"]'),
    ('[interface.x0]\nports = ["eno1"]\nbond = {}\nteam = {}', "bond and team at once"),
    ('[interface.bond0]\nports = ["eno1", "eno1"]\nbond = {}', "eno1 stands there twice"),
    (BOND + '[interface.br0]\nports = ["eno1"]\nbridge = {}', "eno1 is a port of bond0 already"),
    (BOND + '[interface."eno1.5"]', "eno1 is a port of bond0; put the VLAN on bond0"),
    (BOND + '[interface.eno1]\naddress = "192.0.2.10/24"', "a port of bond0 has no address of its own"),
    (BOND + '[interface.eno1]\nmtu = 9000', "the MTU belongs to bond0"),
    ('[interface.br0]\nports = ["br1"]\nbridge = {}\n[interface.br1]\nports = ["eno1"]\nbridge = {}',
     "br1 is a bridge; the ports of a bridge are cards or bonds"),
    ('[interface.bond0]\nports = ["eno1.5"]\nbond = {}\n[interface."eno1.5"]', "eno1.5 is a vlan; the ports of a bond are cards"),
    ('[interface.bond0]\nports = ["team0"]\nbond = {}\n[interface.team0]\nports = ["bond0"]\nteam = {}',
     "stands on itself: bond0 -> team0 -> bond0"),
    ('[interface."bond0.5"]', "bond0 is no name of a card, and there is no table [interface.bond0]"),
    ("[interface.vlan20]", "a VLAN on what?"),
    ('[interface.mgmt]\nparent = "eno1"', "the name of a VLAN ends in its id, as in vlan20"),
    ('[interface.mgmt]\nparent = "eno1"\nvlan = 20', "ends in its id, as in vlan20 and eno1.20"),
    ('[interface."eno1.4095"]', "4095 is no VLAN id (1 to 4094)"),
    ('[interface.vlan0]\nparent = "eno1"', "0 is no VLAN id"),
    ('[interface."averylongname.20"]', "is no interface name (at most 15"),
    ('[interface.dhcp]', '"dhcp" means something else to the installer'),
    ('[interface.bootif]', "bootif is for a host with one card"),
    ('[interface.bond0]\nports = ["link"]\nbond = {}', '"link" means something else to the installer'),
    ('[interface.bond0]\nports = ["eno1"]\nbond = { mode = "lacp" }', '"lacp" is no mode of a bond'),
    ('[interface.bond0]\nports = ["eno1"]\nbond = { speed = 1 }', "is no option of a bond that all installers know"),
    ('[interface.bond0]\nports = ["eno1"]\nbond = { miimon = 100, arp_interval = 5, arp_ip_target = "192.0.2.1" }',
     "two ways to watch a link"),
    ('[interface.bond0]\nports = ["eno1"]\nbond = { arp_interval = 5 }', "go together"),
    ('[interface.bond0]\nports = ["eno1"]\nbond = { arp_interval = 5, arp_ip_target = "192.0.2.1,192.0.2.2" }',
     "is no IP address"),
    ('[interface.bond0]\nports = ["eno1"]\nbond = { mode = "active-backup", primary = "eno2" }', "primary eno2 is none of its ports"),
    ('[interface.bond0]\nports = ["eno1"]\nbond = { primary = "eno1" }', "balance-rr knows no primary port"),
    ('[interface.bond0]\nports = ["eno1"]\nbond = { fail_over_mac = "a:b" }', "is no single word"),
    ('[interface.bond0]\nports = ["eno1"]\nbond = {}\nmac = "52:54:00:12:34:56"', "says which card it is, and bond0 is a bond"),
    ('[interface.br0]\nports = ["eno1"]\nbridge = { stp = 1 }', "wants true or false"),
    ('[interface.br0]\nports = ["eno1"]\nbridge = { speed = 1 }', "is no option of a bridge"),
    ('[interface.br0]\nports = ["eno1"]\nbridge = {}\nmtu = 9000', "a bridge of cards keeps an MTU of 1500"),
    ('[interface.team0]\nports = ["eno1"]\nteam = { runner = "fast" }', "a team has a runner"),
    ('[interface.eno1]\nmtu = 1500\n[interface."eno1.20"]\nmtu = 9000', "9000 is more than the 1500 of eno1 below it"),
    ('[interface.eno1]\naddress = "192.0.2.10/24"\ngateway = "192.0.2.1"\n'
     '[interface.eno2]\naddress = "192.0.3.10/24"\ngateway = "192.0.3.1"', "eno1 and eno2 have an IPv4 gateway"),
    ('[interface.eno1]\naddress = "192.0.2.10/24"\n[network]\ngateway = "192.0.9.1"', "192.0.9.1 is in no network of host.a"),
    ('[interface.eno1]\npeer_dns = false\n[interface.eno2]\npeer_dns = true', "the installer knows one word for all"),
    ('[interface.eno1]\nroutes = [{ to = "198.51.100.0/24" }]', "a route is { to = "),
    ('[interface.eno1]\nroutes = [{ to = "198.51.100.7/24", via = "192.0.2.1" }]', "is a host in 198.51.100.0/24"),
    ('[interface.eno1]\nroutes = [{ to = "0.0.0.0/0", via = "192.0.2.1" }]', "the default route is gateway"),
    ('[interface.eno1]\nroutes = [{ to = "198.51.100.0/24", via = "2001:db8::1" }]', "are of two IP versions"),
    ('[interface.eno1]\naddress = "192.0.2.10/24"\nroutes = [{ to = "198.51.100.0/24", via = "192.0.9.1" }]',
     "192.0.9.1 is in no network of this interface"),
    ('[interface.eno1]\naddress = "192.0.2.10/24"\nroutes = [{ to = "2001:db8::/32", via = "fe80::1" }]',
     "and this interface has no such address"),
    ('[interface.eno1]\nroutes = [{ to = "198.51.100.0/24", via = "192.0.2.1" }, { to = "198.51.100.0/24", via = "192.0.2.2" }]',
     "a second route to 198.51.100.0/24"),
    ('[interface.eno1]\nport = ["eno2"]', "unknown key; did you mean ports?"),
])
def test_a_mistake_in_a_table_is_told_with_its_cure(tmp_path: Path, table: str, reason: str) -> None:
    assert reason in mistakes(tmp_path, f"{table}\n[host.a]\n")


@pytest.mark.parametrize(("line", "reason"), [
    ('address = "192.0.2.10/24"', 'this one has interface tables: addresses = { "bond0" = ... }'),
    ('mac = "52:54:00:12:34:56"', "put it into one of them"),
    ('interface = "eno1"', "names the card of a host with one"),
    ('addresses = { bond1 = "192.0.2.10/24" }', "no table of that name; there are bond0"),
])
def test_the_short_form_and_tables_do_not_mix(tmp_path: Path, line: str, reason: str) -> None:
    assert reason in mistakes(tmp_path, f"{BOND}[host.a]\n{line}\n")


@pytest.mark.parametrize(("line", "reason"), [
    ('addresses = { eno1 = "192.0.2.10/24" }', 'no table [interface."eno1"]; a host with one card has address'),
    ('interface = "dhcp"', '"dhcp" means something else to the installer'),
    ('interface = "bootif"\nmac = "52:54:00:12:34:56"', "both say which card it is"),
    ('address = ["2001:db8::1/64", "auto6"]', "two IPv6 addresses"),
])
def test_a_mistake_of_the_short_form_is_told(tmp_path: Path, line: str, reason: str) -> None:
    assert reason in mistakes(tmp_path, f"[host.a]\n{line}\n")


def test_a_xen_guest_has_no_boot_loader_that_says_bootif(tmp_path: Path) -> None:
    head = HEAD.replace("outputs = []\n", "").replace('disk = "sda"', 'disk = { size = "8 GiB" }')
    assert "a guest has no such loader" in mistakes(tmp_path, '[host.a]\ninterface = "bootif"\n', head)


def test_a_mistake_names_the_line_of_the_table_that_says_it(tmp_path: Path) -> None:
    said = mistakes(tmp_path, f"{BOND}mtu = 99\n[host.a]\n[host.b.interface.bond0]\nmtu = 98\n")
    assert "line 8   interface.bond0.mtu" in said
    assert "line 11  host.b.interface.bond0.mtu" in said


def test_a_plan_that_stands_on_nothing_cannot_be_made() -> None:
    bond = samples.link(kind="bond", name="bond0", ports=("eno1",), method="dhcp")
    with pytest.raises(ValueError, match="bond0: stands on eno1, which is not before it"):
        samples.plan(bond, samples.link(name="eno1"))
    with pytest.raises(ValueError, match="no link has an address"):
        samples.plan(samples.link(name="eno1"))

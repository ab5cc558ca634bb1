"""Hypothesis strategies for the network of a host: any plan that a profile can hold."""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import Any

from hypothesis import strategies as st

from builder import names
from builder.profile.network.plan import Link, NetworkPlan, Route

HOSTNAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]([a-z0-9-]{0,8}[a-z0-9])?){0,2}", fullmatch=True)
# As systemd names Ethernet cards; a name such as `dhcp` would be a method in the short form of ip=.
INTERFACES = st.from_regex(r"eth[0-9]|en[opsx][0-9a-f]{1,6}(s[0-9]{1,2})?|enX[0-9]|net[0-9]", fullmatch=True)
MACS = st.binary(min_size=5, max_size=5).map(lambda b: "52:" + ":".join(f"{x:02x}" for x in b))
METHODS = ("static", "dhcp", "dhcp6", "auto6")
MTUS = st.none() | st.integers(1280, 9216)


def _valid(text: str) -> bool:
    try:
        names.interface_address(text)
    except ValueError:
        return False
    return True


def _address(version: int, network: str, least: int, most: int) -> st.SearchStrategy[str]:
    hosts = st.ip_addresses(v=version, network=network)
    return st.builds("{}/{}".format, hosts, st.integers(least, most)).filter(_valid)


V4 = _address(4, "10.0.0.0/8", 9, 30)
V6 = _address(6, "2001:db8::/32", 33, 126)
SERVERS = {4: st.ip_addresses(v=4, network="172.16.0.0/12"), 6: st.ip_addresses(v=6, network="2001:db8::/32")}
ROUTED = {4: st.sampled_from(["198.51.100.0/24", "203.0.113.0/24"]), 6: st.sampled_from(["2001:db8:ffff::/48", "fd00::/8"])}
OPTIONS = st.sampled_from([
    (("mode", "802.3ad"), ("miimon", "100")), (("mode", "active-backup"), ("primary", "*"), ("miimon", "100")),
    (("mode", "balance-rr"),), (("mode", "802.3ad"), ("xmit_hash_policy", "layer3+4"), ("lacp_rate", "fast")),
    (("mode", "balance-xor"), ("arp_interval", "500"), ("arp_ip_target", "192.0.2.1")),
])


@st.composite
def networks(draw: st.DrawFn, methods: tuple[str, ...] = METHODS) -> NetworkPlan:
    """One card, in the short form of a profile."""
    method: Any = draw(st.sampled_from(methods))
    addresses = []
    if method == "static":
        kinds = draw(st.sampled_from([(V4,), (V6,), (V4, V6)]))
        addresses = [ipaddress.ip_interface(draw(kind)) for kind in kinds]
    gateways = [_other(address) for address in addresses if draw(st.booleans())]
    versions = {address.version for address in addresses} or ({4} if method == "dhcp" else {6})
    servers = st.one_of(*(SERVERS[version] for version in versions))
    mac = draw(st.none() | MACS)
    interface = draw(INTERFACES if method == "static" and not mac else st.none() | INTERFACES)
    card = Link(method=method, addresses=tuple(addresses), gateways=tuple(gateways), mac=mac, name=interface or "",
                mtu=draw(MTUS))
    return NetworkPlan(links=(card,), nameservers=tuple(draw(st.lists(servers, max_size=3, unique=True))))


def _other(address: names.Interface) -> names.Address:
    """Another host of the same network."""
    first = address.network.network_address + 1
    return first if first != address.ip else first + 1


@st.composite
def several(draw: st.DrawFn, dialect: str = "nm") -> NetworkPlan:
    """Up to five cards, and bonds, a team, a bridge and VLANs on them, in what `dialect` can say: `nm`, `el8` (common
    part of NetworkManager and dracut), `el7` (dracut's own module)."""
    ids = draw(st.lists(st.tuples(INTERFACES, st.none() | MACS), min_size=2, max_size=5, unique_by=(
        lambda pair: pair[0], lambda pair: pair[1] or pair[0])))
    links = [Link(name="" if mac and draw(st.booleans()) else name, mac=mac) for name, mac in ids]
    free = list(links)
    for kind in draw(st.lists(st.sampled_from(["bond", "bond", "bridge", "team"]), max_size=2)):
        if kind == "bridge" and dialect == "el7":
            free_for = [link for link in free if link.kind == "card"]
        else:
            free_for = [link for link in free if link.kind == "card" or (kind == "bridge" and link.kind == "bond")]
        if not free_for:
            continue
        ports = draw(st.lists(st.sampled_from(free_for), min_size=1, max_size=2, unique=True))
        made = draw(_master(kind, ports, f"{kind[:4]}{len(links)}", dialect))
        free = [link for link in free if link not in ports] + [made]
        links.append(made)
    for number in draw(st.lists(st.integers(1, 4094), max_size=2, unique=True)):
        parents = [link for link in free if link.kind != "vlan" or dialect == "nm"]
        parent = draw(st.sampled_from(parents))
        name = draw(st.sampled_from([f"vlan{number}", f"{parent.key[:9]}.{number}", f"lan{number}"]))
        if ":" in name or (dialect != "nm" and (name.startswith("lan") or name.count(".") > 1)):
            name = f"vlan{number}"
        made = Link(kind="vlan", name=name, parent=parent.key, vlan=number)
        links.append(made)
        free.append(made)
    return draw(_addressed(links, dialect))


@st.composite
def _master(draw: st.DrawFn, kind: Any, ports: list[Link], name: str, dialect: str) -> Link:
    options = {"bridge": (("stp", "no"),), "team": (("runner", "roundrobin"),)}.get(kind)
    if options is None:
        options = tuple((word, ports[0].key if value == "*" else value) for word, value in draw(OPTIONS))
    elif kind == "team" and dialect == "el7":
        options = (("runner", draw(st.sampled_from(["roundrobin", "activebackup", "lacp"]))),)
    mtu = draw(st.none() | st.integers(1280, 1500)) if kind == "bond" else None
    return Link(kind=kind, name=name, ports=tuple(port.key for port in ports), options=options, mtu=mtu)


@st.composite
def _addressed(draw: st.DrawFn, links: list[Link], dialect: str) -> NetworkPlan:
    """Addresses on what is no port; the default route of each IP version on one of them at most."""
    ports = {port for link in links for port in link.ports}
    parents = {link.parent for link in links if link.kind == "vlan"}
    made = []
    taken: set[int] = set()
    for link in links:
        busy = link.key in ports or (link.key in parents and draw(st.booleans()))
        made.append(link if busy else _with_address(draw, link, taken, dialect))
    if all(link.method == "none" for link in made):
        last = made.index(next(link for link in reversed(made) if link.key not in ports))
        made[last] = dataclasses.replace(made[last], method="dhcp")
    versions = {version for link in made for version in link.versions}
    servers = st.one_of(*(SERVERS[version] for version in sorted(versions)))
    return NetworkPlan(links=tuple(made), nameservers=tuple(draw(st.lists(servers, max_size=3, unique=True))),
                       peer_dns=draw(st.booleans()))


def _with_address(draw: st.DrawFn, link: Link, taken: set[int], dialect: str) -> Link:
    method: Any = draw(st.sampled_from(METHODS))
    addresses: list[names.Interface] = []
    slaac = False
    if method == "static":
        both = [(V4,), (V6,), (V4, V6)] if dialect == "nm" else [(V4,), (V6,)]
        addresses = [ipaddress.ip_interface(draw(kind)) for kind in draw(st.sampled_from(both))]
        slaac = dialect == "nm" and len(addresses) == 1 and addresses[0].version == 4 and draw(st.booleans())
    gateways = []
    for address in addresses:
        if address.version not in taken and draw(st.booleans()):
            taken.add(address.version)
            gateways.append(_other(address))
    routes = [Route(to=ipaddress.ip_network(draw(ROUTED[address.version])), via=_other(address)) for address in addresses
              if draw(st.booleans())]
    mtu = link.mtu if link.kind == "bond" else draw(st.none() | st.integers(1280, 1500))
    return dataclasses.replace(link, method=method, addresses=tuple(addresses), slaac=slaac, gateways=tuple(gateways),
                               routes=tuple(routes), mtu=mtu)

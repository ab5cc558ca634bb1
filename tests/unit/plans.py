"""Hypothesis strategies for the card of a host: any plan that a profile can hold."""

from __future__ import annotations

import ipaddress
from typing import Any

from hypothesis import strategies as st

from builder import names
from builder.profile.values import Network

HOSTNAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]([a-z0-9-]{0,8}[a-z0-9])?){0,2}", fullmatch=True)
# As systemd names Ethernet cards; a name such as `dhcp` would be a method in the short form of ip=.
INTERFACES = st.from_regex(r"eth[0-9]|en[opsx][0-9a-f]{1,6}(s[0-9]{1,2})?|net[0-9]", fullmatch=True)
MACS = st.binary(min_size=5, max_size=5).map(lambda b: "52:" + ":".join(f"{x:02x}" for x in b))


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


@st.composite
def networks(draw: st.DrawFn, methods: tuple[str, ...] = ("static", "dhcp", "dhcp6", "auto6")) -> Network:
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
    return Network(method=method, addresses=tuple(addresses), gateways=tuple(gateways),
                   nameservers=tuple(draw(st.lists(servers, max_size=3, unique=True))), mac=mac, interface=interface,
                   mtu=draw(st.none() | st.integers(1280, 9216)))


def _other(address: names.Interface) -> names.Address:
    """Another host of the same network."""
    first = address.network.network_address + 1
    return first if first != address.ip else first + 1

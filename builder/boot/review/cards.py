"""The `network` lines of a kickstart as values, as pykickstart's handler of a release reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One `network` line: the device that it names or makes, of which `*_ports` are the ports and `vlan` the id of a
    VLAN on `device`, and its addresses. `bootproto` is empty where the line switches IPv4 off."""

    bootproto: str
    device: str = ""
    bindto: str = ""
    bond_ports: str = ""
    bond_options: str = ""
    team_ports: str = ""
    team_config: str = ""
    bridge_ports: str = ""
    bridge_options: str = ""
    vlan: str = ""
    interface_name: str = ""
    ip: str = ""
    netmask: str = ""
    gateway: str = ""
    ipv6: str = ""
    ipv6_gateway: str = ""
    no_ipv6: bool = False
    no_default_route: bool = False
    nameservers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    ignore_dhcp_dns: bool = False
    hostname: str = ""
    mtu: str = ""
    activate: bool = False
    onboot: bool = True

    @property
    def versions(self) -> tuple[int, ...]:
        """IP versions that the line leaves switched on."""
        return (*((4,) if self.bootproto else ()), *(() if self.no_ipv6 else (6,)))


DEFINED_TWICE = re.compile(r"A network device with the name (\S+) has already been defined\.")
# Fields of a Card whose texts are taken as they are, with pykickstart's name for each.
CARD_TEXTS = {
    "device": "device", "bindto": "bindto", "bond_ports": "bondslaves", "bond_options": "bondopts",
    "team_config": "teamconfig", "bridge_ports": "bridgeslaves", "bridge_options": "bridgeopts", "vlan": "vlanid",
    "interface_name": "interfacename", "ip": "ip", "netmask": "netmask", "gateway": "gateway", "ipv6": "ipv6",
    "ipv6_gateway": "ipv6gateway", "hostname": "hostname", "mtu": "mtu",
}


def read(handler: Any) -> tuple[Card, ...]:
    """The `network` lines that a pykickstart handler has read."""
    return tuple(_card(data) for data in handler.network.network)


def false_alarm(warning: str, cards: tuple[Card, ...]) -> bool:
    """pykickstart takes a VLAN for a second line of what it stands on (network.py, FC3_NetworkData.__eq__)."""
    found = DEFINED_TWICE.fullmatch(warning)
    same = [(card.vlan, card.interface_name) for card in cards if found and card.device == found[1]]
    return len(same) > 1 and len(set(same)) == len(same)


def _card(data: Any) -> Card:
    texts = {field: str(getattr(data, name, None) or "") for field, name in CARD_TEXTS.items()}
    team = ",".join(port for port, _ in getattr(data, "teamslaves", None) or ())
    search = dict.fromkeys([*_commas(data, "ipv4_dns_search"), *_commas(data, "ipv6_dns_search")])
    on = (*(() if data.noipv4 else (4,)), *(() if data.noipv6 else (6,)))
    ignored = [getattr(data, f"ipv{version}_ignore_auto_dns", False) for version in on]
    return Card(bootproto="" if data.noipv4 else data.bootProto, team_ports=team, no_ipv6=bool(data.noipv6),
                no_default_route=bool(getattr(data, "nodefroute", False)), nameservers=_commas(data, "nameserver"),
                search=tuple(search), ignore_dhcp_dns=bool(on) and all(ignored),
                activate=bool(getattr(data, "activate", False)),
                onboot=bool(data.onboot), **texts)


def _commas(data: Any, field: str) -> tuple[str, ...]:
    words = (word.strip() for word in (getattr(data, field, None) or "").split(","))
    return tuple(word for word in words if word)

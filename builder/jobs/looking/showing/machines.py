"""The hosts of a profile, resolved: every key of one with who set it, and a row of a table for each of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from builder.jobs.looking.showing import words
from builder.jobs.looking.showing.keys import Key
from builder.profile.network.plan import Link
from builder.profile.values import Host, Origin, Profile

# Keys that a host takes from a table of the profile where it says nothing itself.
ABOVE = {"gateway": "network.gateway", "nameservers": "network.nameservers", "search": "network.search",
         "peer_dns": "network.peer_dns", "mtu": "network.mtu"}
OWN = ("hostname", "address", "mac", "packages", "bridge", "facts", "addresses", "routes", "class")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What tells a host from others."""

    name: str
    kind: str
    address: str
    mac: str
    disk: str


def row(host: Host) -> Row:
    net = host.network
    address = ", ".join(str(each) for each in net.addresses) or words.METHODS.get(net.boot.method, net.boot.method)
    return Row(name=host.name, kind=_class(host), address=address, mac=net.mac or "-", disk=host.disk.name)


def keys(profile: Profile, host: Host) -> tuple[Key, ...]:
    """Every key of one host. What pinboot made (a MAC) says so in its text."""
    net = host.network
    found: list[tuple[str, Any, str]] = [
        ("class", _class(host) or None, ""),
        ("hostname", host.hostname, ""),
        ("mac", net.mac, f"{net.mac} (made from profile and host name)" if net.mac_made else ""),
        ("address", [str(each) for each in net.addresses] or net.boot.method,
         "" if net.addresses else words.METHODS[net.boot.method]),
        ("gateway", [str(each) for each in net.gateways], ""),
        ("nameservers", [str(each) for each in net.nameservers], ""),
        ("search", list(net.search), ""),
        ("interface", [_link(each) for each in net.links], "; ".join(words.network(net))),
        ("memory", host.memory, f"{host.memory} MiB"),
        ("vcpus", host.vcpus, ""),
        ("disk", {"name": host.disk.name, "size": host.disk.size, "file": host.disk.file,
                  "others": list(host.disk.others), "rule": bool(host.disk.order)}, words.disk(host.disk)),
        ("storage", _storage(host), words.storage(host.storage)),
        ("console", host.console, ""),
        ("firmware", host.firmware or None, "" if host.firmware else "either"),
        ("kernel_arguments", list(host.kernel_arguments), ""),
        ("packages", list(host.packages), ""),
        ("bridge", host.bridge, ""),
        *((f"facts.{name}", value, "") for name, value in host.facts.items()),
    ]
    return tuple(Key(key=key, value=value, text=text or words.of(value), origin=who(profile, host, key))
                 for key, value, text in found)


def who(profile: Profile, host: Host, key: str) -> Origin | None:
    """Who set a key of a host: its own table or row, its class, else the profile for all; None where nobody did."""
    above = () if key.partition(".")[0] in OWN else (ABOVE.get(key, key),)
    places: Sequence[str] = (f"host.{host.name}.{key}", *above)
    return next((found for each in places if (found := profile.origins.get(each))), None)


def _class(host: Host) -> str:
    return ""


def _link(link: Link) -> dict[str, Any]:
    return {"kind": link.kind, "name": link.name, "mac": link.mac, "mac_made": link.mac_made, "method": link.method,
            "addresses": [str(each) for each in link.addresses], "slaac": link.slaac,
            "gateways": [str(each) for each in link.gateways],
            "routes": [{"to": str(each.to), "via": str(each.via)} for each in link.routes], "mtu": link.mtu,
            "ports": list(link.ports), "parent": link.parent, "vlan": link.vlan, "options": dict(link.options)}


def _storage(host: Host) -> dict[str, Any]:
    found = host.storage
    return {"layout": found.layout, "swap": found.swap, "lines": list(found.lines),
            "volumes": {each.mount: each.size for each in found.volumes},
            "encrypt": {"tang": found.encrypt.tang} if found.encrypt else None}

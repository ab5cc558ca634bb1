"""The hosts of a profile, resolved: every key of one with who set it, and a row of a table for each of many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from builder.jobs.looking.showing import words
from builder.jobs.looking.showing.keys import Key
from builder.profile.network.plan import Link
from builder.profile.values import Host, Profile


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
    return Row(name=host.name, kind=host.class_name, address=address, mac=net.mac or "-",
               disk=", ".join(host.disk.names))


def keys(profile: Profile, host: Host) -> tuple[Key, ...]:
    """Every key of one host. What pinboot made (a MAC) says so in its text."""
    net = host.network
    found: list[tuple[str, Any, str]] = [
        ("class", host.class_name or None, ""),
        ("hostname", host.hostname, ""),
        ("mac", net.mac, f"{net.mac} (made from profile and host name)" if net.mac_made else ""),
        ("address", [str(each) for each in net.addresses] or net.boot.method,
         "" if net.addresses else words.METHODS[net.boot.method]),
        ("gateway", [str(each) for each in net.gateways], ""),
        ("nameservers", [str(each) for each in net.nameservers], ""),
        ("search", list(net.search), ""),
        ("interface", [_link(each) for each in net.links], "\n".join(words.network(net))),
        ("memory", host.memory, words.size(host.memory << 20)),
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
    return tuple(_key(profile, host, key, value, text) for key, value, text in found)


def _key(profile: Profile, host: Host, key: str, value: Any, text: str) -> Key:
    by, origin = next((said for each in _places(host, key) if (said := profile.said(host, each))), None) or next(
        (said for each in (*_places(host, key)[1:], key) if (said := profile.set_by(host, each))), ("", None))
    return Key(key=key, value=value, text=text or words.of(value), origin=origin, by=by)


def _places(host: Host, key: str) -> tuple[str, ...]:
    """Where a host, its class or the profile may say `key`: of a host with several links in the table of the one that
    has the default route, or whose card is the first."""
    net = host.network
    if key == "address":
        return key, "addresses", f"addresses.{net.boot.name}", f"interface.{net.boot.name}.address"
    if key in ("gateway", "mac"):
        return key, f"interface.{(net.boot if key == 'gateway' else net.cards[0]).name}.{key}"
    return (key,)


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

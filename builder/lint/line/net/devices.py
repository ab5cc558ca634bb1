"""bond=, vlan=, bridge=, team=, ifname=, BOOTIF=, rd.route= and rd.ethtool=, by the backend that reads them.

REFERENCE 1.6; dracut modules.d/35network-legacy/parse-*.sh, 40network/net-lib.sh; NetworkManager nmi-cmdline-reader.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from builder.boot.line.legacy import VLAN_NAME
from builder.finding import Finding
from builder.lint.line.net import fields, legacy
from builder.lint.line.net.bonding import bond_options
from builder.lint.line.net.nm import Fields
from builder.lint.line.rules import error, warning
from builder.lint.line.targets import Target
from builder.names import shown

KERNEL_NAME = re.compile(r"eth[0-9]{1,4}")
# A MAC, and the type of hardware in front of it: any (dracut's fix_bootif), or 00 and 01 (NetworkManager).
ANY_TYPE = re.compile(r"(?:[0-9A-Fa-f]{2}[:-])?[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")
BOOTIF = re.compile(r"(?:0[01][:-])?[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")

ON, OFF = ("1", "yes", "true", "on"), ("0", "no", "false", "off")


def vlan(value: str, target: Target) -> Iterator[Finding]:
    """vlan=NAME:PARENT."""
    parts = value.split(":")
    if len(parts) != 2 or not all(parts):
        stops = target.backend == "legacy" and len(parts) != 2
        lost = "dracut stops the boot" if stops else "no VLAN comes of it"
        colons = ": the colons of a MAC end the field" if fields.MAC_COLONS.search(value) else ""
        yield error("vlan", f"{lost}{colons}", "write vlan=NAME:PARENT, as in vlan=eth0.20:eth0")
        return
    name, parent = parts
    digits = re.search(r"[0-9]+$", name)
    tag = fields.number(digits[0]) if digits else None
    if tag is None or tag > 4094:
        yield error("vlan", f"{shown(name)} does not end in a VLAN id (0 to 4094)", f"write {parent}.20 or vlan20")
    elif target.backend == "legacy" and not VLAN_NAME.fullmatch(name):
        yield error("vlan", f"dracut finds no id in {shown(name)}",
                    f"write vlan{tag} or {parent}.{tag}")
    if fields.is_mac(parent):
        yield error("vlan", f"{shown(parent)} is a MAC: the VLAN gets no parent", "name the card with ifname=net0:MAC")
    else:
        yield from _named(parent, "vlan")
    yield from _named(name, "vlan")


def bond(value: str, target: Target) -> Iterator[Finding]:
    """bond=NAME[:PORTS[:OPTIONS[:MTU]]]."""
    parts = value.split(":") if target.backend == "legacy" else _parts(value, 5)
    name, ports, options, mtu, *more = (*parts, "", "", "", "")[:max(len(parts), 4)]
    if any(more) or (more and target.backend == "legacy"):
        lost = "dracut stops the boot" if target.backend == "legacy" else "NetworkManager ignores the rest"
        colons = ": the colons of a MAC end the field" if fields.MAC_COLONS.search(value) else ""
        if "[" in value:
            colons = ": before 1.54 it reads no brackets inside options" if target.backend == "nm" else ""
        yield error("bond", f"more than four parts: {lost}{colons}", "write bond=NAME:PORTS:OPTIONS:MTU")
        return
    yield from _named(name or "bond0", "bond")
    yield from _ports(ports, "bond", target)
    yield from bond_options(options, target)
    if mtu and not fields.is_mtu(mtu):
        yield error("bond", f"{shown(mtu)} is no MTU", "the fourth part is the MTU; options are joined by commas")


def bridge(value: str, target: Target) -> Iterator[Finding]:
    """bridge=NAME:PORTS."""
    parts = value.split(":")
    form = "write bridge=NAME:PORT,PORT"
    if len(parts) != 2 and target.backend == "legacy":
        yield error("bridge", "a bridge has a name and ports, no less and no more: dracut stops the boot", form)
        return
    if len(parts) > 2:
        yield error("bridge", f"NetworkManager ignores {shown(':'.join(parts[2:]))}", form)
        return
    name, ports = (*parts, "")[:2]
    if not ports:
        yield warning("bridge", "no ports: eth0 is taken", form)
    yield from _named(name or "br0", "bridge")
    yield from _ports(ports, "bridge", target)


def team(value: str, target: Target) -> Iterator[Finding]:
    """team=NAME[:PORTS[:RUNNER]]; NetworkManager runs all of them as roundrobin (REFERENCE 1.6)."""
    parts = value.split(":")
    runner = parts[2] if len(parts) > 2 else ""
    if target.backend == "nm" and runner not in ("", "roundrobin"):
        yield error("team-runner", f"NetworkManager reads no runner, and runs the team as roundrobin, not {runner}",
                    "use bond=NAME:PORTS:mode=active-backup,miimon=100")
    if target.backend == "legacy" and len(parts) > 3:
        yield error("bond", "more than three parts: dracut stops the boot", "write team=NAME:PORTS:RUNNER")


def ifname(value: str, target: Target) -> Iterator[Finding]:
    """ifname=NAME:MAC; udev renames the card, NetworkManager has no part in it."""
    name, _, mac = value.partition(":")
    if not fields.is_mac(mac) or "-" in mac:
        yield error("ifname", f"{shown(mac)} is no MAC with colons: dracut stops the boot",
                    "write ifname=net0:00:16:3e:12:34:56")
    if KERNEL_NAME.fullmatch(name):
        yield warning("ifname", f"the kernel gives the name {name} to a card itself, perhaps to another one",
                      "take a name such as net0")
    yield from _named(name, "ifname")


def bootif(value: str, target: Target) -> Iterator[Finding]:
    """BOOTIF=01-MAC, as pxelinux adds it."""
    if not (BOOTIF if target.backend == "nm" else ANY_TYPE).fullmatch(value):
        lost = "NetworkManager drops the connection" if target.backend == "nm" else "no card is found by it"
        yield error("bootif-form", f"{shown(value)} holds no MAC: {lost}", "write BOOTIF=01-00-16-3e-12-34-56")


def route(value: str, target: Target) -> Iterator[Finding]:
    """rd.route=NETWORK[/LENGTH]:GATEWAY[:INTERFACE]."""
    parts = legacy.split(value) if target.backend == "legacy" else _parts(value, 3)
    network, gateway, device = (*parts, "", "")[:3]
    bare, slash, length = network.partition("/")
    router = fields.address(gateway)
    is_default = not network and router is not None and target.backend == "nm"
    found = router if is_default else fields.address(bare)
    example = "[2001:db8::/48]:[fe80::1]:eth0" if "::" in value and "[" not in value else "192.0.2.0/24:192.0.2.1:eth0"
    form = f"write rd.route={example}"
    if found is None or (slash and fields.prefix(length, found.version) is None):
        yield error("route", f"{shown(network)} is no network", form)
        return
    if gateway and (router is None or router.version != found.version):
        yield error("route", f"{shown(gateway)} is no gateway of IPv{found.version}", form)
    if target.backend == "legacy" and not 2 <= len(parts) <= 3:
        yield error("route", "dracut reads two or three parts, and drops this", form)
    device = device.partition(":")[0]
    if device and not fields.is_mac(device):
        yield from _named(device, "route")


def ethtool(value: str, target: Target) -> Iterator[Finding]:
    """rd.ethtool=INTERFACE[:AUTONEG[:SPEED]], which NetworkManager alone has (reader_parse_ethtool)."""
    device, autoneg, speed, *more = (*_parts(value, 4), "", "", "")
    said = "write rd.ethtool=eth0:off:100"
    if not device:
        yield error("ethtool", "no interface: NetworkManager ignores it", said)
    elif not fields.is_mac(device):
        yield from _named(device, "ethtool")
    if autoneg and autoneg.lower() not in (*ON, *OFF):
        yield error("ethtool", f"{shown(autoneg)} is neither on nor off: NetworkManager ignores it", said)
    mbits = fields.number(speed or "0")
    if mbits is None or mbits >= 1 << 32:
        yield error("ethtool", f"{shown(speed)} is no speed in Mbit/s: NetworkManager ignores it", said)
    elif autoneg.lower() in OFF and not mbits:
        yield warning("ethtool", "without a speed NetworkManager leaves autonegotiation on", said)
    if any(more):
        yield error("ethtool", "more than three parts: NetworkManager ignores the rest", said)


def ports(value: str) -> list[str]:
    """Of the value of a bond=, bridge= or team=, as NetworkManager takes them."""
    second = [*_parts(value, 3), ""][1]
    return second.split(",") if second else ["eth0"]


def _parts(value: str, most: int) -> list[str]:
    """Up to `most` fields as NetworkManager's get_word() cuts them; the last is all that is left."""
    words = Fields(value)
    found: list[str] = []
    while len(found) < most - 1:
        found.append(words.next())
        if words.ended:
            return found
    return [*found, words.rest]


def _named(name: str, rule: str) -> Iterator[Finding]:
    if not fields.is_interface(name):
        yield error(rule, f"{shown(name)} can be no interface",
                    "a name has 1 to 15 letters, without slash, colon or blank")


def _ports(text: str, rule: str, target: Target) -> Iterator[Finding]:
    """The ports; none at all stands for eth0 (and eth1). NetworkManager finds a card by its MAC with dashes too."""
    for port in filter(None, text.split(",")):
        by_mac = fields.is_mac(port)
        if (by_mac and target.backend == "legacy") or not (by_mac or fields.is_interface(port)):
            yield error(rule, f"{shown(port)} is no name of a port",
                        "name cards with ifname=net0:MAC; ports are joined by commas")


# What reads each word.
READERS: dict[str, Callable[[str, Target], Iterator[Finding]]] = {
    "vlan": vlan, "bond": bond, "bridge": bridge, "team": team, "ifname": ifname, "BOOTIF": bootif, "rd.route": route,
    "rd.ethtool": ethtool,
}

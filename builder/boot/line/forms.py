"""The forms of boot arguments that dracut's own module and NetworkManager share: which name a device has while the
installer runs, and ip= of one link (REFERENCE 1.5)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from builder.errors import UsageError
from builder.names import Address, Interface
from builder.profile.network.plan import Link, NetworkPlan
from builder.profile.network.stacking import BOOTIF

Arguments = tuple[str, ...]


def renamed(plan: NetworkPlan, *, every: bool) -> Mapping[str, str]:
    """Key of each card chosen by MAC that needs a name, to the name that ifname= gives it: all of them (`every`), or
    those on which other links stand, because bond=, vlan= and the kickstart take names alone.

    Not eth0: the kernel gives that out itself (dracut.cmdline(7)).
    """
    used = {link.name for link in plan.links if not link.mac}
    free = (f"net{number}" for number in range(len(plan.links) * 2) if f"net{number}" not in used)
    return {link.key: next(free) for link in plan.cards if link.mac and (every or plan.carries(link))}


def ifnames(plan: NetworkPlan, names: Mapping[str, str]) -> Arguments:
    return tuple(f"ifname={names[link.key]}:{link.mac}" for link in plan.cards if link.key in names)


def device(link: Link, names: Mapping[str, str]) -> str:
    """What ip=, bond= and vlan= call a link; empty: any card, or the one that BOOTIF= names beside ip=."""
    return names.get(link.key, "" if link.name == BOOTIF else link.name)


def configured(plan: NetworkPlan) -> tuple[Link, ...]:
    """The links with an address, that of the default route first: dracut takes the first for the boot (bootdev)."""
    boot = plan.boot
    return (boot, *(link for link in plan.links if link.method != "none" and link != boot))


def gateway_of(link: Link, version: int) -> Address | None:
    return next((gateway for gateway in link.gateways if gateway.version == version), None)


def servers_of(plan: NetworkPlan) -> tuple[Address, ...]:
    """Name servers of the IP versions that the host will have; NetworkManager drops the others without a word.

    Raises UsageError where that leaves none of those that were asked for.
    """
    versions = {version for link in plan.links for version in link.versions}
    found = tuple(server for server in plan.nameservers if server.version in versions)
    if plan.nameservers and not found:
        raise UsageError(f"name servers {', '.join(str(server) for server in plan.nameservers)}: none that a card "
                         f"with only IPv{versions.pop()} can ask", "give a name server of that version")
    return found


def bracketed(address: object) -> str:
    """An address or a network where colons separate fields: IPv6 in brackets."""
    text = str(address)
    return f"[{text}]" if ":" in text else text


def ip(link: Link, card: str, hostname: str) -> Arguments:
    """ip= of one link, one for each IP version of its addresses; `hostname` "": say none."""
    mtu = f":{link.mtu}" if link.mtu else ""
    if link.method == "static":
        extra = (f"ip={card}:auto6",) if link.slaac else ()
        return (*(_static(address, link, card, hostname) + mtu for address in link.addresses), *extra)
    if hostname:
        return (f"ip=::::{hostname}:{card}:{link.method}{mtu}",)
    if card or mtu:
        return (f"ip={card}:{link.method}{mtu}",)
    return (f"ip={link.method}",)


def _static(address: Interface, link: Link, card: str, hostname: str) -> str:
    """ADDRESS::GATEWAY:MASK:HOST:CARD:none. A mask is dotted for IPv4 (the only form that EL7 documents)."""
    gateway = gateway_of(link, address.version)
    mask = address.network.netmask if isinstance(address, ipaddress.IPv4Interface) else address.network.prefixlen
    return f"ip={bracketed(address.ip)}::{bracketed(gateway) if gateway else ''}:{mask}:{hostname}:{card}:none"


def bond(link: Link, names: Mapping[str, str], plan: NetworkPlan) -> str:
    """bond=NAME:PORTS:OPTIONS[:MTU]. Options are what dracut writes to sysfs and NetworkManager takes as they are."""
    mtu = f":{link.mtu}" if link.mtu else ""
    return f"bond={link.name}:{ports(link, names, plan)}:{bond_options(link, names, plan)}{mtu}"


def bond_options(link: Link, names: Mapping[str, str], plan: NetworkPlan) -> str:
    """NAME=VALUE joined by commas; the primary port by the name that it has while the installer runs."""
    return ",".join(f"{name}={device(plan.link(value), names) if name == 'primary' else value}"
                    for name, value in link.options)


def ports(link: Link, names: Mapping[str, str], plan: NetworkPlan) -> str:
    return ",".join(device(plan.link(port), names) for port in link.ports)


def virtual(plan: NetworkPlan, names: Mapping[str, str], runner: str) -> Arguments:
    """bond=, team=, bridge= and vlan=; `runner` stands before the runner of a team (a colon; empty: say none)."""
    made = []
    for link in plan.links:
        if link.kind == "bond":
            made.append(bond(link, names, plan))
        elif link.kind == "team":
            said = runner + dict(link.options)["runner"] if runner else ""
            made.append(f"team={link.name}:{ports(link, names, plan)}{said}")
        elif link.kind == "bridge":
            made.append(f"bridge={link.name}:{ports(link, names, plan)}")
        elif link.kind == "vlan":
            made.append(f"vlan={link.name}:{device(plan.link(link.parent), names)}")
    return tuple(made)


def routes(plan: NetworkPlan, called: Mapping[str, str]) -> Arguments:
    """rd.route=NETWORK:GATEWAY:DEVICE (REFERENCE 1.6); `called` is what each link is called here."""
    return tuple(
        ":".join(part for part in (f"rd.route={bracketed(route.to)}", bracketed(route.via), called[link.key]) if part)
        for link in plan.links for route in link.routes)


def machine(plan: NetworkPlan, servers: Arguments) -> Arguments:
    """What holds for all links: name servers, and whether those of DHCP count."""
    return (*(f"nameserver={server}" for server in servers), *(() if plan.peer_dns else ("rd.peerdns=0",)))

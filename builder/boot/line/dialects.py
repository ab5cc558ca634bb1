"""How each network backend of the installer is told about the one card of a host: boot arguments per dialect.

Every function takes the card and the host name ("": say none) and returns parameters in order. The forms are those
which every parser of the dialect reads alike (REFERENCE 1.5, 1.6).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from builder.errors import UsageError
from builder.names import Address, Interface
from builder.profile.values import Network

Arguments = tuple[str, ...]
# The name that ifname= gives to a card chosen by MAC. Not eth0: the kernel gives that out itself (dracut.cmdline(7)).
RENAMED = "net0"


def loader(network: Network, hostname: str) -> Arguments:
    """EL6: anaconda's own loader (REFERENCE 1.6, A6 command-line.txt)."""
    card = f"ksdevice={network.mac or network.interface or 'link'}"
    options = [f"hostname={hostname}"] if hostname else []
    if network.mtu:
        options.append(f"mtu={network.mtu}")
    if servers := servers_of(network):
        options.insert(0, "dns=" + ",".join(str(server) for server in servers))
    if network.method == "dhcp":
        return (card, "ip=dhcp", *options, "noipv6")
    if network.method in ("dhcp6", "auto6"):
        return (card, "noipv4", f"ipv6={'dhcp' if network.method == 'dhcp6' else 'auto'}", *options)
    if any(address.version == 6 for address in network.addresses):
        raise UsageError("the EL6 installer takes no IPv6 gateway on its command line, so no static IPv6 address",
                         'give the host an IPv4 address, or address = "auto6"')
    address = network.addresses[0]
    gateway = [f"gateway={found}"] if (found := gateway_of(network, 4)) else []
    return (card, f"ip={address.ip}", f"netmask={address.network.netmask}", *gateway, *options, "noipv6")


def dracut(network: Network, hostname: str) -> Arguments:
    """EL7: dracut's own network module. A card is named, never given by MAC; two ip= for one card kill the boot
    ("Duplication configurations", parse-ip-opts.sh), and nameserver= goes to resolv.conf as it is (ifup.sh), so an IPv6
    server stands without brackets."""
    if len(network.addresses) > 1:
        raise UsageError("the EL7 installer takes one address per card at boot: two ip= for one card stop it",
                         "keep the IPv4 address here and add the IPv6 address in a post script")
    servers = tuple(f"nameserver={server}" for server in servers_of(network))
    if network.mac:
        return (f"ifname={RENAMED}:{network.mac}", *_ip(network, RENAMED, hostname), *servers)
    return (*_ip(network, network.interface or "", hostname), *servers)


def dracut_or_nm(network: Network, hostname: str) -> Arguments:
    """EL8: dracut's module before 8.3, NetworkManager since (REFERENCE 1.4); EL7's form is what both read alike."""
    return dracut(network, hostname)


def nm(network: Network, hostname: str) -> Arguments:
    """EL9 and later: nm-initrd-generator. A MAC with dashes stands in the interface field (nmi-cmdline-reader.c)."""
    card = network.mac.replace(":", "-") if network.mac else network.interface or ""
    servers = tuple(f"nameserver={bracketed(server)}" for server in servers_of(network))
    return (*_ip(network, card, hostname), *servers)


DIALECTS: dict[str, Callable[[Network, str], Arguments]] = {
    "loader": loader,
    "dracut": dracut,
    "dracut-or-nm": dracut_or_nm,
    "nm": nm,
}


def gateway_of(network: Network, version: int) -> Address | None:
    return next((gateway for gateway in network.gateways if gateway.version == version), None)


def servers_of(network: Network) -> tuple[Address, ...]:
    """Name servers of the IP versions that the card will have; NetworkManager drops the others without a word.

    Raises UsageError where that leaves none of those that were asked for.
    """
    versions = {address.version for address in network.addresses} or ({4, 6} if network.method == "dhcp" else {6})
    found = tuple(server for server in network.nameservers if server.version in versions)
    if network.nameservers and not found:
        raise UsageError(f"name servers {', '.join(str(server) for server in network.nameservers)}: none that a card "
                         f"with only IPv{versions.pop()} can ask", "give a name server of that version")
    return found


def bracketed(address: Address) -> str:
    """An address where colons separate fields: IPv6 in brackets."""
    return f"[{address}]" if address.version == 6 else str(address)


def _ip(network: Network, card: str, hostname: str) -> Arguments:
    mtu = f":{network.mtu}" if network.mtu else ""
    if network.method == "static":
        return tuple(_static(address, network, card, hostname) + mtu for address in network.addresses)
    if hostname:
        return (f"ip=::::{hostname}:{card}:{network.method}{mtu}",)
    if card or mtu:
        return (f"ip={card}:{network.method}{mtu}",)
    return (f"ip={network.method}",)


def _static(address: Interface, network: Network, card: str, hostname: str) -> str:
    """ADDRESS::GATEWAY:MASK:HOST:CARD:none. A mask is dotted for IPv4 (the only form that EL7 documents)."""
    gateway = gateway_of(network, address.version)
    mask = address.network.netmask if isinstance(address, ipaddress.IPv4Interface) else address.network.prefixlen
    return f"ip={bracketed(address.ip)}::{bracketed(gateway) if gateway else ''}:{mask}:{hostname}:{card}:none"

"""The network of a host during and after the installation: boot arguments and the kickstart line that agrees with them.

The first `network` line of a kickstart is ignored at boot when ip= stands on the command line (anaconda,
dracut/parse-kickstart), and sets up the installed system later: both must say the same.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from builder.boot import points
from builder.boot.line.dialects import DIALECTS, gateway_of, servers_of
from builder.catalog.family import Release
from builder.catalog.generation import Generation
from builder.errors import UsageError
from builder.finding import Finding, Severity
from builder.names import safe_token
from builder.profile.values import Host, Network


def arguments(network: Network, hostname: str, generation: Generation) -> tuple[str, ...]:
    """Boot arguments in the dialect of `generation`; an empty `hostname` leaves the name out.

    Raises UsageError for what the dialect cannot say, or would say differently from one machine to the next.
    """
    _card_is_known(network)
    return tuple(safe_token(token) for token in DIALECTS[generation.network](network, hostname))


def _card_is_known(network: Network) -> None:
    """A static address without a card goes to whichever card comes up first: nm-initrd-generator makes a connection for
    any card that is used once (multi-connect=1), EL7's ifup.sh tries each card in turn."""
    if network.method == "static" and not (network.mac or network.interface):
        raise UsageError(f"{', '.join(str(a) for a in network.addresses)}: a static address needs to know its card; "
                         "with several cards the first to come up would get it",
                         "set mac (best, it is the same under every kernel) or interface")


def kickstart_words(network: Network, hostname: str, release: Release) -> tuple[str, ...]:
    """The `network` command as words, for one card."""
    said = ["network", *_method(network), f"--device={network.mac or network.interface or 'link'}"]
    if network.mac and release.generation.network != "loader" and points.knows("--bindto", release):
        # The installed system may give the card another name than the installer does (EL7: eth0 after net0), so the
        # connection is bound to the MAC: 802-3-ethernet.mac-address without interface-name (anaconda network.py).
        # Before EL7.5 ifname= alone does that: dracut writes HWADDR beside DEVICE (write-ifcfg.sh).
        said.append("--bindto=mac")
    if servers := servers_of(network):
        said.append("--nameserver=" + ",".join(str(server) for server in servers))
    if hostname:
        said.append(f"--hostname={hostname}")
    if network.mtu:
        said.append(f"--mtu={network.mtu}")
    return (*said, "--activate", "--onboot=yes")


def _method(network: Network) -> list[str]:
    if network.method == "dhcp":
        return ["--bootproto=dhcp"]
    if network.method in ("dhcp6", "auto6"):
        return ["--noipv4", f"--ipv6={'dhcp' if network.method == 'dhcp6' else 'auto'}"]
    said = []
    for address in network.addresses:
        gateway = gateway_of(network, address.version)
        if isinstance(address, ipaddress.IPv4Interface):
            said += ["--bootproto=static", f"--ip={address.ip}", f"--netmask={address.network.netmask}"]
            said += [f"--gateway={gateway}"] if gateway else []
        else:
            said += [f"--ipv6={address}"] + ([f"--ipv6gateway={gateway}"] if gateway else [])
    # NetworkManager's ip= with one family switches the other off (REFERENCE 1.5); the installed system does the same.
    versions = {address.version for address in network.addresses}
    return said + (["--noipv6"] if versions == {4} else ["--noipv4"] if versions == {6} else [])


def reach(host: Host, install_url: str) -> tuple[Finding, ...]:
    """Whether a host with a static address can get at the install tree at all, as far as its settings tell."""
    network = host.network
    if network.method != "static":
        return ()
    name = urlsplit(install_url).hostname or ""
    try:
        server = ipaddress.ip_address(name)
    except ValueError:
        if network.nameservers:
            return ()
        return (_unreachable(host, f"no name server, but {install_url} is named by host name",
                             "set network.nameservers, or give the tree by address"),)
    same = [address for address in network.addresses if address.version == server.version]
    if not same:
        return (_unreachable(host, f"no IPv{server.version} address, but {install_url} is an IPv{server.version} "
                             "address", "give the host an address of that version, or the tree by name"),)
    if any(server in address.network for address in same) or gateway_of(network, server.version):
        return ()
    return (_unreachable(host, f"no gateway, but {install_url} is outside {same[0].network}", "set network.gateway"),)


def _unreachable(host: Host, text: str, hint: str) -> Finding:
    return Finding(topic="network", severity=Severity.ERROR, text=f"{host.name}: {text}", hint=hint)

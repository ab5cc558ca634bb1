"""The network of a host while it is installed: boot arguments in the dialect of its generation, and whether the install
tree can be reached through it. The kickstart lines that agree with them are in kickstart/network."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from builder.boot.line.dialects import DIALECTS
from builder.catalog.generation import Generation
from builder.errors import UsageError
from builder.finding import Finding, Severity
from builder.names import safe_token
from builder.profile.network.plan import NetworkPlan
from builder.profile.values import Host


def arguments(plan: NetworkPlan, hostname: str, generation: Generation) -> tuple[str, ...]:
    """Boot arguments in the dialect of `generation`; an empty `hostname` leaves the name out.

    Raises UsageError for what the dialect cannot say, or would say differently from one machine to the next.
    """
    _card_is_known(plan)
    return tuple(safe_token(token) for token in DIALECTS[generation.name](plan, hostname))


def _card_is_known(plan: NetworkPlan) -> None:
    """A static address without a card goes to whichever card comes up first: nm-initrd-generator makes a connection for
    any card that is used once (multi-connect=1), EL7's ifup.sh tries each card in turn."""
    for link in plan.links:
        if link.method == "static" and not link.key:
            raise UsageError(f"{', '.join(str(a) for a in link.addresses)}: a static address needs to know its card; "
                             "with several cards the first to come up would get it",
                             "set mac (best, it is the same under every kernel) or interface")


def reach(host: Host, install_url: str) -> tuple[Finding, ...]:
    """Whether a host with static addresses alone can get at the install tree at all, as far as its settings tell; and
    whether DHCP may bring a second default route."""
    plan = host.network
    if plan.gateways:
        others = [link.key for link in plan.links if link.method in ("dhcp", "auto6", "dhcp6") and not link.gateways]
        if others:
            return (Finding(
                topic="network", severity=Severity.WARNING,
                text=f"{host.name}: the installer takes a default route from {' and '.join(others)} too, beside the "
                     "gateway; the installed system does not",
                hint='give it a fixed address, or address = "none"'),)
    if any(link.slaac or link.method not in ("static", "none") for link in plan.links):
        return ()
    name = urlsplit(install_url).hostname or ""
    try:
        server = ipaddress.ip_address(name)
    except ValueError:
        if plan.nameservers:
            return ()
        return (_unreachable(host, f"no name server, but {install_url} is named by host name",
                             "set network.nameservers, or give the tree by address"),)
    same = [address for address in plan.addresses if address.version == server.version]
    if not same:
        return (_unreachable(host, f"no IPv{server.version} address, but {install_url} is an IPv{server.version} "
                             "address", "give the host an address of that version, or the tree by name"),)
    routed = any(server in route.to for link in plan.links for route in link.routes)
    if routed or any(server in address.network for address in same) or any(
            gateway.version == server.version for gateway in plan.gateways):
        return ()
    return (_unreachable(host, f"no gateway, but {install_url} is outside {same[0].network}", "set network.gateway"),)


def _unreachable(host: Host, text: str, hint: str) -> Finding:
    return Finding(topic="network", severity=Severity.ERROR, text=f"{host.name}: {text}", hint=hint)

"""dracut's own network module: EL7, and EL8 before 8.3 (REFERENCE 1.4). For EL8 it is the common part with
NetworkManager, which took its place there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from builder.boot.line import forms
from builder.boot.line.forms import Arguments
from builder.errors import UsageError, several
from builder.profile.network.plan import Link, NetworkPlan

# Names of VLANs from which ifup.sh (get_vid) finds the id.
VLAN_NAME = re.compile(r"vlan[0-9]+|[^.]+\.[0-9]+")


def el7(plan: NetworkPlan, hostname: str) -> Arguments:
    return _arguments(plan, hostname, "EL7")


def el8(plan: NetworkPlan, hostname: str) -> Arguments:
    return _arguments(plan, hostname, "EL8")


def _arguments(plan: NetworkPlan, hostname: str, release: str) -> Arguments:
    """A card is named, never given by MAC; nameserver= goes to resolv.conf as it is (ifup.sh), so an IPv6 server stands
    without brackets. Raises UsageError with all that the dialect cannot say."""
    plan = _single(plan)
    mistakes = [mistake for link in plan.links for mistake in _unsaid(link, plan, release)]
    if len(mistakes) == 1:
        raise UsageError(*mistakes[0])
    if mistakes:
        raise several(f"the {release} installer cannot set up this network",
                      [f"{text}: {hint}" for text, hint in mistakes], "or install a later release")
    names = forms.renamed(plan, every=True)
    called = {link.key: forms.device(link, names) for link in plan.links}
    configured = forms.configured(plan)
    boot = configured[0]
    addresses = [token for link in configured
                 for token in forms.ip(link, called[link.key], hostname if link is boot else "")]
    # With several ip= the first would be taken for the boot, and a warning given (parse-ip-opts.sh).
    first = (f"bootdev={called[boot.key]}",) if len(addresses) > 1 else ()
    return (*forms.ifnames(plan, names), *forms.virtual(plan, names, ":"), *addresses, *first,
            *forms.routes(plan, called), *forms.machine(plan, tuple(str(s) for s in forms.servers_of(plan))))


def _single(plan: NetworkPlan) -> NetworkPlan:
    """The plan with one address on each link: two ip= for one card stop the boot ("Duplication configurations",
    parse-ip-opts.sh). Of IPv4 and IPv6 the installer comes up on IPv4; the kickstart has both, and the installed system
    gets both."""
    return replace(plan, links=tuple(_on_one_version(link) for link in plan.links))


def _on_one_version(link: Link) -> Link:
    if len(link.addresses) + link.slaac < 2:
        return link
    version = min(address.version for address in link.addresses)
    return replace(link, slaac=False, addresses=tuple(a for a in link.addresses if a.version == version),
                   gateways=tuple(g for g in link.gateways if g.version == version),
                   routes=tuple(r for r in link.routes if r.to.version == version))


def _unsaid(link: Link, plan: NetworkPlan, release: str) -> Iterator[tuple[str, str]]:
    """What of a link has no form, and what to do instead."""
    if link.kind == "vlan":
        if plan.link(link.parent).kind == "vlan":
            yield (f"{link.name}: the {release} installer makes no VLAN inside a VLAN",
                   f"install through {link.parent}, and add {link.name} in a post script")
        elif not VLAN_NAME.fullmatch(link.name):
            yield (f"{link.name}: the {release} installer finds the id of a VLAN in names such as vlan{link.vlan} and "
                   f"{link.parent}.{link.vlan} alone", f"call it vlan{link.vlan}")
    if link.mtu and link.method == "none" and link.kind != "bond":
        yield (f"{link.key}: the {release} installer sets no MTU on a {link.kind} without an address",
               "keep an MTU of 1500 below the VLAN, or put the VLAN on a bond")
    if link.kind == "bridge" and release == "EL7" and any(plan.link(port).kind != "card" for port in link.ports):
        yield (f"{link.name}: the EL7 installer joins only cards to a bridge",
               "install through the bond, and add the bridge in a post script")
    if link.kind == "team" and release == "EL8" and dict(link.options)["runner"] != "roundrobin":
        yield (f"{link.name}: the NetworkManager of the EL8 installer does not read the runner of a team, and runs it "
               "as roundrobin", 'use a bond: bond = { mode = "active-backup", miimon = 100 }')

"""NetworkManager's nm-initrd-generator: EL9 and later, Fedora (REFERENCE 1.4). Its reader is nmi-cmdline-reader.c."""

from __future__ import annotations

from builder.boot.line import forms
from builder.boot.line.forms import Arguments
from builder.errors import UsageError
from builder.profile.network.plan import Link, NetworkPlan

BOND = 'use a bond: bond = { mode = "active-backup", miimon = 100 }'


def el10(plan: NetworkPlan, hostname: str) -> Arguments:
    no_team(plan)
    return arguments(plan, hostname)


def no_team(plan: NetworkPlan) -> None:
    """Raises UsageError for a team: the NetworkManager of EL10 knows none any more."""
    for link in plan.links:
        if link.kind == "team":
            raise UsageError(f"{link.name}: the EL10 installer knows no teams; they were removed from it", BOND)


def arguments(plan: NetworkPlan, hostname: str) -> Arguments:
    """A card chosen by MAC stands in ip= by its MAC with dashes, which is the same under every kernel; one that other
    links stand on gets a name, for bond= and vlan= read nothing else alike."""
    for link in plan.links:
        _check(link)
    names = forms.renamed(plan, every=False)
    called = {link.key: link.mac.replace(":", "-") if link.mac and link.key not in names else forms.device(link, names)
              for link in plan.links}
    # A link that only carries others has no address, which NetworkManager knows by itself; its MTU must be said.
    silent = [f"ip={called[link.key]}:none:{link.mtu}" for link in plan.links
              if link.mtu and link.method == "none" and link.kind != "bond"]
    configured = forms.configured(plan)
    boot = configured[0]
    addresses = [token for link in configured
                 for token in forms.ip(link, called[link.key], hostname if link is boot else "")]
    several = len(configured) > 1 and called[boot.key]
    return (*forms.ifnames(plan, names), *forms.virtual(plan, names, ""), *addresses, *silent,
            *([f"bootdev={called[boot.key]}"] if several else ()), *forms.routes(plan, called),
            *forms.machine(plan, tuple(forms.bracketed(server) for server in forms.servers_of(plan))))


def _check(link: Link) -> None:
    if link.kind == "team" and dict(link.options)["runner"] != "roundrobin":
        raise UsageError(f"{link.name}: the installers of EL9 and Fedora do not read the runner of a team at boot, and "
                         "run it as roundrobin", BOND)

"""EL6: anaconda's own loader (REFERENCE 1.6, A6 command-line.txt). It sets up one device; the kickstart has others."""

from __future__ import annotations

from builder.boot.line import forms
from builder.boot.line.forms import Arguments
from builder.errors import UsageError
from builder.profile.network.plan import Link, NetworkPlan

SCRIPT = "write it in a post script, to /etc/sysconfig/network-scripts"


def arguments(plan: NetworkPlan, hostname: str) -> Arguments:
    """ksdevice= with the words of the one device. Raises UsageError for what the loader has no word for."""
    link = plan.boot
    check(plan)
    options = [f"hostname={hostname}"] if hostname else []
    if link.mtu:
        options.append(f"mtu={link.mtu}")
    if servers := forms.servers_of(plan):
        options.insert(0, "dns=" + ",".join(str(server) for server in servers))
    card = _device(link, plan)
    if link.method == "dhcp":
        return (*card, "ip=dhcp", *options, "noipv6")
    if link.method in ("dhcp6", "auto6"):
        return (*card, "noipv4", f"ipv6={'dhcp' if link.method == 'dhcp6' else 'auto'}", *options)
    if link.slaac or any(address.version == 6 for address in link.addresses):
        raise UsageError("the EL6 installer takes no IPv6 gateway on its command line, so no static IPv6 address",
                         'give the host an IPv4 address, or address = "auto6"')
    address = link.addresses[0]
    gateway = [f"gateway={found}"] if (found := forms.gateway_of(link, 4)) else []
    return (*card, f"ip={address.ip}", f"netmask={address.network.netmask}", *gateway, *options, "noipv6")


def check(plan: NetworkPlan) -> None:
    """Raises UsageError for devices that anaconda of EL6 does not know, or does not name as the plan does."""
    for link in plan.links:
        if link.kind in ("bridge", "team"):
            raise UsageError(f"{link.name}: the EL6 installer knows no {link.kind}; only bonds and VLANs",
                             f"install on one of its ports, and make the {link.kind} in a post script")
        if link.routes:
            raise UsageError(f"{link.key}: the EL6 installer has no word for a route", SCRIPT)
        if link.kind == "vlan":
            _vlan(link, plan)
        for port in link.ports:
            if not plan.link(port).name:
                raise UsageError(f"{link.name}: the EL6 installer takes ports by name, and {port} is a MAC",
                                 'ports = ["eth0", "eth1"]; it names cards eth0, eth1 and so on')
    for word, said in (("search", plan.search), ("peer_dns", not plan.peer_dns)):
        if said:
            raise UsageError(f"{word}: the EL6 installer has no word for it", SCRIPT)


def _vlan(link: Link, plan: NetworkPlan) -> None:
    parent = plan.link(link.parent)
    if parent.kind == "vlan":
        raise UsageError(f"{link.name}: the EL6 installer makes no VLAN inside a VLAN",
                         f"install through {link.parent}, and add {link.name} in a post script")
    if parent.name and link.name != f"{parent.name}.{link.vlan}":
        raise UsageError(f"{link.name}: the EL6 installer calls this VLAN {parent.name}.{link.vlan}",
                         f"call it {parent.name}.{link.vlan}")


def _device(link: Link, plan: NetworkPlan) -> Arguments:
    if link.kind == "vlan":
        return (*_device(plan.link(link.parent), plan), f"vlanid={link.vlan}")
    if link.kind == "bond":
        ports = ",".join(plan.link(port).name for port in link.ports)
        options = ",".join(f"{name}={plan.link(value).name if name == 'primary' else value}"
                           for name, value in link.options)
        return (f"bond={link.name}:{ports}:{options}", f"ksdevice={link.name}")
    return (f"ksdevice={link.mac or link.name or 'link'}",)

"""The network of the installed system: `network` commands that agree with the boot arguments, and a script for what the
command has no word for.

The first `network` line is ignored at boot when ip= stands on the command line (anaconda, dracut/parse-kickstart), and
sets up the installed system later: both must say the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from builder.boot import points
from builder.boot.kickstart import scripts, template
from builder.boot.kickstart.quoting import Ready
from builder.boot.line import forms, loader, nm
from builder.boot.review.cards import Card
from builder.catalog.family import Release
from builder.errors import UsageError
from builder.profile.network.plan import Link, NetworkPlan
from builder.profile.network.stacking import BOOTIF
from builder.profile.values import Host

Line = tuple[str, ...]
# Installers that know --ipv4-dns-search and its sisters in each of their releases: rhinstaller/anaconda pull request
# 4519 came with Fedora 39 and in the middle of EL9's life; an older installer stops at a word that it does not know.
DNS_WORDS = ("el10", "fedora")


def lines(plan: NetworkPlan, hostname: str, release: Release) -> tuple[Line, ...]:
    """The `network` commands as words, each device after those that it stands on.

    Raises UsageError for a device that the installer of this release does not set up by kickstart.
    """
    return tuple(_words(card) for card in cards(plan, hostname, release))


def cards(plan: NetworkPlan, hostname: str, release: Release) -> tuple[Card, ...]:
    """What the commands shall say, as a value that parsing them back gives again."""
    old = release.generation.network == "loader"
    if old:
        loader.check(plan)
    if release.generation.name == "el10":
        nm.no_team(plan)
    names = {} if old else forms.renamed(plan, every=release.generation.network != "nm")
    # The loader of EL6 takes the first line for its own device (loader/net.c, setKickstartNetwork).
    ordered = sorted(plan.links, key=lambda link: link != plan.boot) if old else plan.links
    return tuple(_card(link, plan, hostname, release, names) for link in ordered if _has_line(link, plan, old))


def _has_line(link: Link, plan: NetworkPlan, old: bool) -> bool:
    """Ports are named by what they are ports of; a card that only carries a VLAN has nothing to say but its MTU. EL6
    makes a bond and the VLAN on it with one line."""
    if link.method != "none":
        return True
    above = [each for each in plan.links if link.key in each.ports or (each.kind == "vlan" and each.parent == link.key)]
    if old and link.kind == "bond" and len(above) == 1 and above[0].kind == "vlan":
        return False
    return link.kind != "card" or (link.mtu is not None and not any(link.key in each.ports for each in above))


def _card(link: Link, plan: NetworkPlan, hostname: str, release: Release, names: Mapping[str, str]) -> Card:
    generation = release.generation
    v4 = next((a for a in link.addresses if a.version == 4), None)
    v6 = next((a for a in link.addresses if a.version == 6), None)
    other = any(each.gateways for each in plan.links) and not link.gateways
    boot = plan.boot
    is_boot = link == boot
    own_servers = _servers(link, plan, boot)
    words = generation.name in DNS_WORDS
    automatic = link.method in ("dhcp", "dhcp6", "auto6") or link.slaac
    return Card(
        **_device(link, plan, release, names),
        # A port or parent of a VLAN is without addresses of both kinds.
        bootproto="static" if v4 else "dhcp" if link.method == "dhcp" else "",
        ip=str(v4.ip) if v4 else "", netmask=str(v4.network.netmask) if v4 else "",
        gateway=str(forms.gateway_of(link, 4) or ""),
        # NetworkManager's ip= with one family switches the other off (REFERENCE 1.5); so does the installed system.
        ipv6=str(v6) if v6 else {"auto6": "auto", "dhcp6": "dhcp"}.get("auto6" if link.slaac else link.method, ""),
        ipv6_gateway=str(forms.gateway_of(link, 6) or ""), no_ipv6=6 not in link.versions,
        no_default_route=automatic and other,
        nameservers=tuple(str(s) for s in forms.servers_of(plan) if s in own_servers),
        hostname=hostname if is_boot else "", mtu=str(link.mtu or ""),
        search=plan.search if words and is_boot else (), ignore_dhcp_dns=words and automatic and not plan.peer_dns,
        activate=generation.network != "loader" or is_boot or len(plan.links) == 1, onboot=True)


def _servers(link: Link, plan: NetworkPlan, boot: Link) -> tuple[object, ...]:
    """The name servers of the whole machine, each version on the first link that has it: on one without it, it would
    make the connection invalid (ipv6.dns with method disabled)."""
    first = {version: next((each for each in (boot, *plan.links) if version in each.versions), None)
             for version in (4, 6)}
    return tuple(server for server in plan.nameservers if first[server.version] == link)


def _device(link: Link, plan: NetworkPlan, release: Release, names: Mapping[str, str]) -> dict[str, str]:
    """--device and the words of its kind."""
    if link.kind == "card":
        found = {"device": link.mac or link.name or "link"}
        return {**found, "bindto": "mac"} if _binds(link, plan, release) else found
    if link.kind == "vlan":
        return _vlan(link, plan, release, names)
    if release.generation.network == "loader":
        ports = ",".join(plan.link(port).name for port in link.ports)
        names = {port: plan.link(port).name for port in link.ports}
    else:
        ports = forms.ports(link, names, plan)
    found = {"device": link.name, f"{link.kind}_ports": ports}
    if link.kind == "team":
        found["team_config"] = json.dumps({"runner": {"name": dict(link.options)["runner"]}})
    elif link.kind == "bond":
        found["bond_options"] = forms.bond_options(link, names, plan)
    else:
        found["bridge_options"] = ",".join(f"{name}={value}" for name, value in link.options)
    return {**found, "bindto": "mac"} if _binds(link, plan, release) else found


def _vlan(link: Link, plan: NetworkPlan, release: Release, names: Mapping[str, str]) -> dict[str, str]:
    parent = plan.link(link.parent)
    if release.generation.network == "loader":
        below = _device(parent, plan, release, names) if parent.kind == "bond" and parent.method == "none" else {
            "device": parent.mac or parent.name}
        return {**below, "vlan": str(link.vlan)}
    device = forms.device(parent, names)
    own = {} if link.name == f"{device}.{link.vlan}" else {"interface_name": link.name}
    return {"device": device, "vlan": str(link.vlan), **own}


def _binds(link: Link, plan: NetworkPlan, release: Release) -> bool:
    """Whether the connection of a card, or those of the ports, are bound to MACs.

    The installed system may give a card another name than the installer does (EL7: eth0 after net0), so they are bound:
    802-3-ethernet.mac-address without interface-name (anaconda network.py). Before EL7.5 ifname= alone does that for a
    card: dracut writes HWADDR beside DEVICE (write-ifcfg.sh).
    """
    known_by_mac = link.name == BOOTIF or any(each.mac for each in (link, *plan.under(link)))
    if release.generation.network == "loader" or not known_by_mac:
        return False
    by_port = [port for port in link.ports if plan.link(port).kind == "card" and plan.link(port).mac]
    if points.knows("--bindto", release):
        return link.kind == "card" or bool(by_port)
    if by_port:
        raise UsageError(f"{link.name}: ports by MAC ({', '.join(by_port)}) are for EL7.5 and later; the installed "
                         "system would look for the names that they have in this installer",
                         f"give the ports of {link.name} by name, or install a later EL7")
    return False


# pykickstart's word for each text of a Card, in the order in which they are written.
TEXTS = (
    ("gateway", "--gateway"), ("ipv6", "--ipv6"), ("ipv6_gateway", "--ipv6gateway"),
)
DEVICE_TEXTS = (
    ("device", "--device"), ("bindto", "--bindto"), ("bond_ports", "--bondslaves"), ("bond_options", "--bondopts"),
    ("team_ports", "--teamslaves"), ("team_config", "--teamconfig"), ("bridge_ports", "--bridgeslaves"),
    ("bridge_options", "--bridgeopts"), ("vlan", "--vlanid"), ("interface_name", "--interfacename"),
)


def _words(card: Card) -> Line:
    said = ["network", *([f"--bootproto={card.bootproto}"] if card.bootproto else [])]
    said += [f"--ip={card.ip}", f"--netmask={card.netmask}"] if card.bootproto == "static" else []
    said += ["--noipv4"] if not card.bootproto and "/" not in card.ipv6 else []
    said += [f"{word}={value}" for field, word in TEXTS if (value := getattr(card, field))]
    said += ["--noipv4"] if not card.bootproto and "/" in card.ipv6 else []
    said += ["--noipv6"] if card.no_ipv6 else []
    said += [f"{word}={value}" for field, word in DEVICE_TEXTS if (value := getattr(card, field))]
    said += ["--nameserver=" + ",".join(card.nameservers)] if card.nameservers else []
    # NetworkManager refuses a connection with search domains of an IP version that is switched off.
    for version in card.versions:
        said += [f"--ipv{version}-dns-search=" + ",".join(card.search)] if card.search else []
        said += [f"--ipv{version}-ignore-auto-dns"] if card.ignore_dhcp_dns else []
    said += [f"--hostname={card.hostname}"] if card.hostname else []
    said += [f"--mtu={card.mtu}"] if card.mtu else []
    said += ["--nodefroute"] if card.no_default_route else []
    return (*said, *(["--activate"] if card.activate else []), "--onboot=yes")


# What the command has no word for

# The groups of keys that all of this comes from, as the comment above it names them.
KEYS = ("@address", "@gateway|network.gateway", "@nameservers|network.nameservers", "@mac", "@interface",
        "@mtu|network.mtu", "@hostname", "interface", "@addresses", "@routes", "@search|network.search",
        "@peer_dns|network.peer_dns")


def sections(host: Host, release: Release) -> tuple[Ready, ...]:
    """A %post section for routes; for search domains and DHCP's name servers where the command has no word; and for the
    name of a card by MAC that carries a VLAN, which EL9 and later keep by themselves (10-anaconda-ifname-*.link)."""
    plan, generation = host.network, release.generation
    if generation.network == "loader":
        return ()
    boot = plan.boot
    words = generation.name in DNS_WORDS
    names = forms.renamed(plan, every=generation.network != "nm")
    kept = [(names[link.key], link.mac) for link in plan.cards if link.key in names and generation.network != "nm"
            and any(each.kind == "vlan" and each.parent == link.key for each in plan.links)]
    changes = [(_known_by(link, names, generation.network == "nm"), {
        "routes": link.routes,
        "search": plan.search if link == boot and not words else (),
        "ignore_dhcp_dns": (link.slaac or link.method != "static") and not plan.peer_dns and not words,
        "versions": sorted(link.versions),
    }) for link in plan.links if link.method != "none"]
    changes = [(found, change) for found, change in changes
               if change["routes"] or change["search"] or change["ignore_dhcp_dns"]]
    if not changes and not kept:
        return ()
    name = "post-network-nm.sh.j2" if generation.network == "nm" else "post-network-ifcfg.sh.j2"
    body = template.shell(name)(changes=changes, kept=kept)
    return (scripts.section(body.rstrip("\n"), "network"),)


def _known_by(link: Link, names: Mapping[str, str], keyfile: bool) -> tuple[str, str]:
    """The line by which the connection of a link is known, and the one that may stand in its place: a MAC, a name."""
    mac, name, title = ("mac-address", "interface-name", "id") if keyfile else ("HWADDR", "DEVICE", "NAME")
    if link.kind == "card" and link.mac:
        known = f"{mac}={link.mac}"
        return known, f"{name}={names[link.key]}" if link.key in names else known
    return f"{name}={link.name}", f"{title}={link.name}"

"""How the interfaces of a host stand on each other: bonds, bridges and teams on their ports, VLANs on their parents.

Rules are those of the kernel and of anaconda, which joins cards alone to a bond or team, cards and bonds to a bridge
(pyanaconda/modules/network/nm_client.py, create_connections_from_ksdata).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from builder import names
from builder.names import shown
from builder.profile.file.mistakes import Mistakes
from builder.profile.network.plan import Link

Kind = Literal["card", "bond", "vlan", "bridge", "team"]
MASTERS: tuple[Kind, ...] = ("bond", "bridge", "team")
# What may be a port of what.
PORTS: dict[Kind, tuple[Kind, ...]] = {"bond": ("card",), "team": ("card",), "bridge": ("card", "bond")}
# Words that a parser of ip= or --device= takes for something else than the name of an interface.
RESERVED = frozenset({
    "lo", "all", "default", "link", "ibft", "dhcp", "dhcp6", "auto", "auto6", "either6", "link6", "single-dhcp", "on",
    "any", "none", "off", "fw", "both", "bootp", "rarp",
})
BOOTIF = "bootif"
# A name that nobody gives to a card, so a typing mistake where no table has it.
VIRTUAL = re.compile(r"(bond|br|bridge|team|vlan)[0-9]+")
MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")
# Options that the bonding driver, NetworkManager and anaconda all take (Documentation/networking/bonding.rst,
# libnm nm-setting-bond.c); a value is one word without the separators of bond=.
BOND = frozenset({
    "mode", "miimon", "updelay", "downdelay", "arp_interval", "arp_ip_target", "arp_validate", "primary",
    "primary_reselect", "fail_over_mac", "use_carrier", "ad_select", "xmit_hash_policy", "resend_igmp", "lacp_rate",
    "num_grat_arp", "num_unsol_na", "all_slaves_active", "min_links", "packets_per_slave", "tlb_dynamic_lb",
    "lp_interval", "arp_all_targets",
})
BRIDGE = frozenset({"stp", "priority", "forward-delay", "hello-time", "max-age", "ageing-time", "multicast-snooping"})
RUNNERS = ("roundrobin", "activebackup", "loadbalance", "broadcast", "lacp")  # teamd.conf(5)
VALUE = re.compile(r"[A-Za-z0-9.+_-]{1,64}")


@dataclass(slots=True, kw_only=True)
class Draft:
    """One interface while a plan is made of it: `where` is the key of its table, `used_by` and `port_of` what stands
    on it."""

    name: str
    where: str
    kind: Kind = "card"
    mac: str | None = None
    mtu: int | None = None
    mtu_key: str = ""
    ports: tuple[str, ...] = ()
    parent: str = ""
    vlan: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    used_by: str = field(default="", compare=False)
    port_of: str = field(default="", compare=False)

    @property
    def key(self) -> str:
        return self.name or self.mac or ""

    @property
    def under(self) -> tuple[str, ...]:
        return (*self.ports, *((self.parent,) if self.kind == "vlan" else ()))


def replaced(link: Link, **changes: Any) -> Link:
    return dataclasses.replace(link, **changes)


# One interface


def draft(name: str, where: str, said: Mapping[str, Any], key: Callable[[str], str], mistakes: Mistakes) -> Draft:
    """The draft of the table `where`: `said` are its values (None: not said), `key` the place of each."""
    mistakes.parsed(where, interface, name)
    if name == BOOTIF:
        mistakes.add(where, 'bootif is for a host with one card: interface = "bootif" in its own table')
    masters = [kind for kind in MASTERS if said[kind] is not None]
    vlan = said["vlan"] is not None or said["parent"] is not None or re.fullmatch(r".+\.[0-9]+|vlan[0-9]+", name)
    kinds = [*masters, *(["vlan"] if vlan else [])]
    if len(kinds) > 1:
        mistakes.add(where, f"{' and '.join(kinds)} at once; an interface is one of them")
    kind: Kind = kinds[0] if kinds else "card"  # type: ignore[assignment]
    if kind == "card" and VIRTUAL.fullmatch(name):
        mistakes.add(where, f"{name} is no name of a card; what is it? add ports and bond, bridge or team")
    made = Draft(name=name, where=where, kind=kind, mtu=said["mtu"], mtu_key=key("mtu"))
    if said["mac"] is not None:
        if kind == "card":
            made.mac = mistakes.parsed(key("mac"), names.mac, said["mac"])
        else:
            mistakes.add(key("mac"), f"says which card it is, and {name} is a {kind}; leave it out")
    if kind == "vlan":
        _vlan(made, said, key, mistakes)
    if kind in MASTERS:
        made.options = OPTIONS[kind](key(kind), said[kind], mistakes)
    made.ports = _ports(made, said["ports"], key("ports"), mistakes)
    return made


def _ports(made: Draft, said: Sequence[str] | None, key: str, mistakes: Mistakes) -> tuple[str, ...]:
    if made.kind not in MASTERS:
        if said is not None:
            mistakes.add(key, 'ports of what? add bond = { mode = "802.3ad" }, bridge = {} or team = {}')
        return ()
    if not said:
        mistakes.add(key if said is not None else made.where, f"a {made.kind} without ports; write ports = [\"eno1\"]")
        return ()
    found = [parsed for text in said if (parsed := mistakes.parsed(key, _card, text))]
    for port in found:
        if found.count(port) > 1:
            mistakes.add(key, f"{port} stands there twice")
    return tuple(dict.fromkeys(found))


def interface(text: str) -> str:
    """The name of an interface that the installer's own words leave free."""
    if text in RESERVED:
        raise ValueError(f"{shown(text)} means something else to the installer; choose another name")
    return names.interface(text)


def _card(text: str) -> str:
    """A card, or another interface, as ports and parent name it: by name, or by MAC in its canonical form."""
    return names.mac(text) if ":" in text or text.count("-") == 5 else interface(text)


def _vlan(made: Draft, said: Mapping[str, Any], key: Callable[[str], str], mistakes: Mistakes) -> None:
    """Parent and id, from the name where they are not said; installers take the id from the end of the name alone."""
    base, _, _ = made.name.rpartition(".")
    if said["parent"] is not None:
        made.parent = mistakes.parsed(key("parent"), _card, said["parent"]) or ""
    elif base:
        made.parent = base
    else:
        mistakes.add(made.where, 'a VLAN on what? write parent = "eno1", or call it eno1.20')
    digits = re.search(r"[0-9]+$", made.name)
    number = said["vlan"] if said["vlan"] is not None else int(digits[0]) if digits else None
    if number is None or not digits or int(digits[0]) != number:
        mistakes.add(made.where, f"the name of a VLAN ends in its id, as in vlan{number or 20} and "
                                 f"{made.parent or 'eno1'}.{number or 20}: installers take it from there")
    elif not 1 <= number <= 4094:  # IEEE 802.1Q 9.6: 0 is no VLAN, 4095 is reserved
        mistakes.add(key("vlan") if said["vlan"] is not None else made.where, f"{number} is no VLAN id (1 to 4094)")
    else:
        made.vlan = number


def _bond(key: str, said: Mapping[str, Any], mistakes: Mistakes) -> tuple[tuple[str, str], ...]:
    options = {name: str(int(value)) if isinstance(value, bool) else str(value) for name, value in said.items()}
    mode = options.get("mode", "balance-rr")
    if mode.isdigit() and int(mode) < len(MODES):
        mode = MODES[int(mode)]
    options = {"mode": mode, **{name: value for name, value in options.items() if name != "mode"}}
    if mode not in MODES:
        mistakes.add(f"{key}.mode", f"{shown(mode)} is no mode of a bond: {', '.join(MODES)}")
    for name, value in options.items():
        if name not in BOND:
            mistakes.add(f"{key}.{name}", f"is no option of a bond that all installers know: {', '.join(sorted(BOND))}")
        elif name == "arp_ip_target":
            mistakes.parsed(f"{key}.{name}", names.address, value)
        elif not (VALUE.fullmatch(value) or (name == "primary" and mistakes.parsed(f"{key}.{name}", _card, value))):
            mistakes.add(f"{key}.{name}", f"{shown(value)} is no single word; bond= has no place for more")
    if "miimon" in options and "arp_interval" in options:
        mistakes.add(f"{key}.arp_interval", "miimon and arp_interval are two ways to watch a link; choose one")
    if ("arp_interval" in options) != ("arp_ip_target" in options):
        mistakes.add(key, "arp_interval and arp_ip_target go together")
    if "primary" in options and mode not in ("active-backup", "balance-tlb", "balance-alb"):
        mistakes.add(f"{key}.primary", f"{mode} knows no primary port")
    return tuple(options.items())


def _bridge(key: str, said: Mapping[str, Any], mistakes: Mistakes) -> tuple[tuple[str, str], ...]:
    options: dict[str, str] = {"stp": "no"}
    for word, value in said.items():
        name = word.replace("_", "-")
        flag = name in ("stp", "multicast-snooping")
        if name not in BRIDGE:
            mistakes.add(f"{key}.{word}", f"is no option of a bridge; there are {', '.join(sorted(BRIDGE))}")
        elif (type(value) is not bool) if flag else (type(value) is not int):
            mistakes.add(f"{key}.{word}", f"wants {'true or false' if flag else 'a whole number'}")
        else:
            options[name] = ("yes" if value else "no") if flag else str(value)
    return tuple(options.items())


def _team(key: str, said: Mapping[str, Any], mistakes: Mistakes) -> tuple[tuple[str, str], ...]:
    runner = said.get("runner", "roundrobin")
    if runner not in RUNNERS or set(said) - {"runner"}:
        mistakes.add(key, f"a team has a runner: {', '.join(RUNNERS)}; the rest is teamd's own configuration")
    return (("runner", str(runner)),)


OPTIONS: dict[Kind, Callable[[str, Mapping[str, Any], Mistakes], tuple[tuple[str, str], ...]]] = {
    "bond": _bond, "bridge": _bridge, "team": _team,
}


# All of a host


def stack(drafts: Sequence[Draft], mistakes: Mistakes) -> tuple[Draft, ...]:
    """The drafts and the cards that only ports and parents name, each after what it stands on."""
    known = {each.key: each for each in drafts}
    by_mac = {each.mac: each for each in drafts if each.mac}
    for each in drafts:
        each.ports = tuple(by_mac[port].key if port in by_mac else port for port in each.ports)
        each.parent = by_mac[each.parent].key if each.parent in by_mac else each.parent
        each.options = tuple((name, by_mac[value].key if name == "primary" and value in by_mac else value)
                             for name, value in each.options)
        for key in each.under:
            if key not in known:
                known[key] = _implied(key, each, mistakes)
    ordered = _ordered(known, mistakes)
    for each in ordered:
        _relations(each, known, mistakes)
    for each in reversed(ordered):
        _mtu(each, known, mistakes)
    return tuple(ordered)


def _implied(key: str, above: Draft, mistakes: Mistakes) -> Draft:
    """A card without a table of its own."""
    if ":" in key:
        return Draft(name="", mac=key, where=above.where)
    if VIRTUAL.fullmatch(key):
        mistakes.add(above.where, f'{key} is no name of a card, and there is no table [interface.{key}]')
    return Draft(name=key, where=above.where)


def _ordered(known: Mapping[str, Draft], mistakes: Mistakes) -> list[Draft]:
    """Depth first; a circle is a mistake, and cut where it closes."""
    done: dict[str, Draft] = {}

    def visit(key: str, path: tuple[str, ...]) -> None:
        if key in path:
            round_ = " -> ".join((*path[path.index(key):], key))
            mistakes.add(known[key].where, f"stands on itself: {round_}")
        elif key not in done:
            for below in known[key].under:
                visit(below, (*path, key))
            done.setdefault(key, known[key])

    for key in known:
        visit(key, ())
    return list(done.values())


def _relations(each: Draft, known: Mapping[str, Draft], mistakes: Mistakes) -> None:
    for port in each.ports:
        below = known[port]
        if below.port_of:
            mistakes.add(each.where, f"{port} is a port of {below.port_of} already")
        elif below.kind not in PORTS[each.kind]:
            wanted = " or ".join(f"{kind}s" for kind in PORTS[each.kind])
            mistakes.add(each.where, f"{port} is a {below.kind}; the ports of a {each.kind} are {wanted}, no installer "
                                     "sets up others")
        elif below.used_by:
            mistakes.add(each.where, f"{port} carries {below.used_by} already; put that on {each.name}")
        below.port_of = below.used_by = each.name
    if each.kind == "vlan" and each.parent in known:
        below = known[each.parent]
        if below.port_of:
            mistakes.add(each.where, f"{each.parent} is a port of {below.port_of}; put the VLAN on {below.port_of}")
        below.used_by = below.used_by or each.name
    primary = dict(each.options).get("primary")
    if primary and primary not in each.ports:
        mistakes.add(each.where, f"primary {primary} is none of its ports")


def _mtu(each: Draft, known: Mapping[str, Draft], mistakes: Mistakes) -> None:
    """A VLAN sends no larger packets than its parent can; a bond sets its ports, a bridge does not."""
    if each.port_of and each.kind == "card" and each.mtu is not None:
        mistakes.add(each.mtu_key, f"the MTU belongs to {each.port_of}, which sets its ports")
    if each.mtu is None:
        return
    if each.kind == "bridge" and each.mtu > 1500 and any(known[port].kind == "card" for port in each.ports):
        mistakes.add(each.mtu_key, "a bridge of cards keeps an MTU of 1500 at most: the kickstart has no word for the "
                                   "MTU of its ports; set it in a post script, or put the card into a bond")
    for key in each.under if each.kind in ("vlan", "bridge") else ():
        below = known[key]
        if below.kind == "card" and each.kind == "bridge":
            continue
        if below.mtu is None and each.mtu > 1500:
            below.mtu, below.mtu_key = each.mtu, each.mtu_key
        elif (below.mtu or 1500) < each.mtu:
            mistakes.add(each.mtu_key, f"{each.mtu} is more than the {below.mtu or 1500} of {key} below it")

"""From the network keys of a profile to the plan of a host: one card in the short form, or tables of interfaces.

What is said of one interface is checked here; how interfaces stand on each other, in stacking.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from builder import names
from builder.names import Address
from builder.profile import kinds
from builder.profile.file import schema
from builder.profile.file.mistakes import Mistakes
from builder.profile.network import stacking
from builder.profile.network.addresses import WORDS, Addresses
from builder.profile.network.plan import Link, NetworkPlan
from builder.profile.network.stacking import BOOTIF, Draft
from builder.profile.taken import Taken

# A guest's card needs a MAC before the guest is made; other machines bring theirs.
MAKERS = {"xen": names.xen_mac, "kvm": names.kvm_mac}
# What stands for a plan while the mistakes of a profile are gathered.
NO_PLAN = NetworkPlan(links=(Link(method="dhcp"),))


class Networks:
    """One object per profile: it shares with Hosts what is taken, to find duplicates across hosts."""

    def __init__(self, raw: schema.Profile, seed: str, taken: Taken, mistakes: Mistakes) -> None:
        self.raw = raw
        self.general = raw.network or schema.Network()
        self.kind = kinds.kind(raw.outputs)
        self.seed = seed
        self.taken = taken
        self.mistakes = mistakes
        self.parse = Addresses(taken, mistakes)
        self.given = {_canonical(mac) for mac in _macs(raw)} if self.kind in MAKERS else frozenset()

    def of(self, name: str, key: str, table: schema.Host) -> NetworkPlan:
        """The plan of host `name`, whose table is `key`; where mistakes were noted, some plan that is valid."""
        before = self.mistakes.count
        own = table.interface if isinstance(table.interface, dict) else {}
        links = self._several(name, key, table, own) if own or self.raw.interface else self._one(name, key, table)
        plan = {
            "nameservers": self._nameservers(key, table, own), "search": self._search(key, table, own),
            "peer_dns": self._peer_dns(key, table, own),
        }
        if self.mistakes.count > before or not links:
            return NO_PLAN
        return NetworkPlan(links=links, **plan)  # type: ignore[arg-type]

    # One card

    def _one(self, name: str, key: str, table: schema.Host) -> tuple[Link, ...]:
        word = table.interface if isinstance(table.interface, str) else None
        interface = self.mistakes.parsed(f"{key}.interface", stacking.interface, word) if word else None
        for said in table.addresses:
            self.mistakes.add(f"{key}.addresses",
                              f'no table [interface."{said}"]; a host with one card has address')
        method, addresses, slaac = self.parse.addresses(name, f"{key}.address", table.address, "dhcp")
        mac, made = self._mac(name, f"{key}.mac", table.mac, (name,))
        if interface == BOOTIF:
            self._bootif(f"{key}.interface", mac)
        own = table.gateway is not None
        gateway, where = (table.gateway, f"{key}.gateway") if own else (self.general.gateway, "network.gateway")
        mtu, mtu_key = (table.mtu, f"{key}.mtu") if table.mtu is not None else (self.general.mtu, "network.mtu")
        return (Link(
            name=interface or "", mac=mac, mac_made=made, method=method, addresses=addresses, slaac=slaac,
            gateways=self.parse.gateways(where, f"{key}.address", gateway or (), addresses, own),
            routes=self.parse.routes(f"{key}.routes", table.routes, method, addresses, slaac),
            mtu=self.parse.mtu(mtu_key, mtu)),)

    def _bootif(self, key: str, mac: str | None) -> None:
        """BOOTIF= comes from pxelinux (IPAPPEND 2), GRUB or iPXE; a hypervisor that starts a kernel says none."""
        if self.kind in MAKERS:
            self.mistakes.add(key, "bootif is the card that a network boot loader used; a guest has no such loader "
                                   "here")
        elif mac:
            self.mistakes.add(key, "bootif and mac both say which card it is; leave one out")

    def _mac(self, name: str, key: str, text: str | None, words: tuple[str, ...]) -> tuple[str | None, bool]:
        """The MAC of a card, and whether it was made: a guest's vif needs one."""
        made = text is None and self.kind in MAKERS
        mac = self._made_mac(words) if made else None
        if text is not None:
            mac = self.mistakes.parsed(key, names.mac, text)
        if mac:
            self.taken.claim("MAC", mac, key, name)
        return mac, made

    def _made_mac(self, words: tuple[str, ...]) -> str:
        """A MAC from the profile's and the host's name; where another host has it (24 bits are few for a large fleet),
        the next one made from the same words."""
        seed = [self.seed, *words]
        while (mac := MAKERS[self.kind or "xen"](*seed)) in self.given or ("MAC", mac) in self.taken:
            seed.append("again")
        return mac

    # Several interfaces

    def _several(self, name: str, key: str, table: schema.Host,
                 own: Mapping[str, schema.Interface]) -> tuple[Link, ...]:
        tables = {each.name: each for each in self._tables(key, own)}
        self._not_short(key, table, next(iter(tables)))
        for word in table.addresses:
            if word not in tables:
                self.mistakes.add(f"{key}.addresses.{word}", f"no table of that name; there are {', '.join(tables)}")
        drafts = stacking.stack([_draft(each, self.mistakes) for each in tables.values()], self.mistakes)
        links = [self._link(name, key, table, tables.get(draft.name), draft) for draft in drafts]
        return self._with_default_route(key, table, links)

    def _not_short(self, key: str, table: schema.Host, first: str) -> None:
        """Keys that speak of the one card of a host say nothing where there are several interfaces."""
        for field in ("mac", "mtu", "address", "routes"):
            if getattr(table, field) is not None:
                cure = f'addresses = {{ "{first}" = ... }}' if field == "address" else "put it into one of them"
                self.mistakes.add(f"{key}.{field}",
                                  f"is of a host with one card; this one has interface tables: {cure}")
        if isinstance(table.interface, str):
            self.mistakes.add(f"{key}.interface", "names the card of a host with one; this one has interface tables")

    def _tables(self, key: str, own: Mapping[str, schema.Interface]) -> list[_Table]:
        general = self.raw.interface
        return [_Table(word, key, own.get(word), general.get(word)) for word in {**general, **own}]

    def _link(self, name: str, key: str, host: schema.Host, table: _Table | None, draft: Draft) -> Link:
        said = host.addresses.get(draft.name) if table else None
        raw, where = (said, f"{key}.addresses.{draft.name}") if said is not None else (
            table.value("address") if table else (None, draft.where))
        used = draft.used_by != ""
        method, addresses, slaac = self.parse.addresses(
            name, where, raw, "none" if used else "dhcp", {**WORDS, "none": "none"})
        if draft.port_of and method != "none":
            self.mistakes.add(where, f"a port of {draft.port_of} has no address of its own; give it to {draft.port_of}")
        mac, made = draft.mac, False
        if draft.kind == "card":
            mac, made = self._mac(name, table.key("mac") if table else draft.where, draft.mac, (name, draft.name))
        gateway, gateway_key = table.value("gateway") if table else ((), "")
        routes, routes_key = table.value("routes") if table else ((), "")
        return Link(
            kind=draft.kind, name=draft.name, mac=mac, mac_made=made, method=method, addresses=addresses, slaac=slaac,
            gateways=self.parse.gateways(gateway_key, where, gateway or (), addresses, True) if gateway else (),
            routes=self.parse.routes(routes_key, routes, method, addresses, slaac),
            mtu=self.parse.mtu(draft.mtu_key, draft.mtu),
            ports=draft.ports, parent=draft.parent, vlan=draft.vlan, options=draft.options)

    def _with_default_route(self, key: str, host: schema.Host, links: list[Link]) -> tuple[Link, ...]:
        """The links, with the gateway of the host or of [network] where no interface has one of its own."""
        for version in (4, 6):
            having = [link.key for link in links if any(g.version == version for g in link.gateways)]
            if len(having) > 1:
                self.mistakes.add(key, f"{' and '.join(having)} have an IPv{version} gateway; a machine has one "
                                       "default route")
        raw, where = (host.gateway, f"{key}.gateway") if host.gateway is not None else (
            self.general.gateway, "network.gateway")
        if not raw or any(link.gateways for link in links):
            if host.gateway is not None and any(link.gateways for link in links):
                self.mistakes.add(where, "an interface has a gateway already; a machine has one default route")
            return tuple(links)
        found = []
        for gateway in self.parse.each(where, (raw,) if isinstance(raw, str) else raw):
            at = next((n for n, link in enumerate(links) if any(gateway in a.network for a in link.addresses)), None)
            if at is None:
                if any(a.version == gateway.version for link in links for a in link.addresses):
                    self.mistakes.add(where, f"{gateway} is in no network of {key}")
                continue
            found.append((at, gateway))
        made = list(links)
        for at, gateway in found:
            checked = self.parse.gateways(where, f"{key}.addresses", (str(gateway),), made[at].addresses, True)
            made[at] = stacking.replaced(made[at], gateways=(*made[at].gateways, *checked))
        return tuple(made)

    # The whole machine

    def _nameservers(self, key: str, table: schema.Host, own: Mapping[str, schema.Interface]) -> tuple[Address, ...]:
        return tuple(dict.fromkeys(
            address for where, entries in self._machine("nameservers", key, table, own)
            for address in self.parse.each(where, entries)))

    def _search(self, key: str, table: schema.Host, own: Mapping[str, schema.Interface]) -> tuple[str, ...]:
        parsed = (self.mistakes.parsed(where, names.hostname, entry)
                  for where, entries in self._machine("search", key, table, own) for entry in entries)
        return tuple(dict.fromkeys(domain for domain in parsed if domain))

    def _peer_dns(self, key: str, table: schema.Host, own: Mapping[str, schema.Interface]) -> bool:
        """rd.peerdns=0 holds for all interfaces (dracut.cmdline(7)), so it is one word for the machine."""
        said = dict(self._machine("peer_dns", key, table, own))
        if len(set(said.values())) > 1:
            self.mistakes.add(next(reversed(said)), "one interface takes the name servers of DHCP and another does "
                                                    "not; the installer knows one word for all of them")
        return False not in said.values()

    def _machine(self, field: str, key: str, table: schema.Host,
                 own: Mapping[str, schema.Interface]) -> list[tuple[str, Any]]:
        """Who says `field`, with its key: the host, else interfaces, else [network]."""
        if (value := getattr(table, field)) is not None:
            return [(f"{key}.{field}", value)]
        said = [(each.value(field)[1], each.value(field)[0]) for each in self._tables(key, own)]
        said = [(where, value) for where, value in said if value is not None]
        general = getattr(self.general, field)
        return said or ([(f"network.{field}", general)] if general is not None else [])


class _Table:
    """One interface of a host: what the host's own table says, else what the profile's says."""

    def __init__(self, name: str, host: str, own: schema.Interface | None, general: schema.Interface | None) -> None:
        self.name = name
        self.own = own
        self.own_key = f"{host}.interface.{name}"
        self.general = general
        self.where = self.own_key if own else f"interface.{name}"

    def value(self, field: str) -> tuple[Any, str]:
        for table, key in ((self.own, self.own_key), (self.general, f"interface.{self.name}")):
            if table is not None and getattr(table, field) is not None:
                return getattr(table, field), f"{key}.{field}"
        return None, f"{self.where}.{field}"

    def key(self, field: str) -> str:
        return self.value(field)[1]


def _draft(table: _Table, mistakes: Mistakes) -> Draft:
    """The device of a table: what it is and what it stands on."""
    fields = ("mac", "ports", "parent", "vlan", "mtu", "bond", "bridge", "team")
    said = {field: table.value(field)[0] for field in fields}
    return stacking.draft(table.name, table.where, said, table.key, mistakes)


def _macs(raw: schema.Profile) -> list[str]:
    """Every MAC that the profile names."""
    tables = [*raw.interface.values(), *(t for h in raw.host.values() if isinstance(h.interface, dict)
                                         for t in h.interface.values())]
    found = [host.mac for host in raw.host.values()] + [table.mac for table in tables]
    ports = [port for table in tables for port in table.ports or () if re.search(r"[:-]", port)]
    return [mac for mac in (*found, *ports) if mac]


def _canonical(mac: str) -> str:
    """One spelling of a MAC; what is none stays as it is, and is refused where it stands."""
    try:
        return names.mac(mac)
    except ValueError:
        return mac

"""Addresses, gateways, routes and MTU of one interface of a host, each checked against the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from builder import names
from builder.names import Address, Interface
from builder.profile.file.mistakes import Mistakes
from builder.profile.network.plan import Link, Route
from builder.profile.taken import Taken

Method = Literal["static", "dhcp", "dhcp6", "auto6", "none"]
WORDS: dict[str, Method] = {"dhcp": "dhcp", "dhcp6": "dhcp6", "auto6": "auto6"}


class Addresses:
    """One per profile: `taken` finds an address that two hosts have."""

    def __init__(self, taken: Taken, mistakes: Mistakes) -> None:
        self.taken = taken
        self.mistakes = mistakes

    def addresses(self, name: str, key: str, raw: str | tuple[str, ...] | None, default: Method,
                  words: Mapping[str, Method] = WORDS) -> tuple[Method, tuple[Interface, ...], bool]:
        """Method, static addresses, and whether `auto6` stands beside an IPv4 address."""
        raw = raw if raw is not None else default
        if isinstance(raw, str) and raw in ({**words, default: default}):
            return {**words, default: default}[raw], (), False
        entries = (raw,) if isinstance(raw, str) else raw
        if not entries:
            self.mistakes.add(key, "an empty list; write an address with prefix length, or dhcp, dhcp6, auto6")
        slaac = len(entries) > 1 and "auto6" in entries
        found = []
        for entry in entries:
            if slaac and entry == "auto6":
                continue
            parsed = self.mistakes.parsed(key, names.interface_address, entry)
            if parsed and self.taken.claim("address", str(parsed.ip), key, name):
                found.append(parsed)
        for version in (4, 6):
            if sum(a.version == version for a in found) + (slaac and version == 6) > 1:
                self.mistakes.add(key, f"two IPv{version} addresses; one card gets one of each version")
        return "static", tuple(sorted(found, key=lambda a: a.version)), slaac

    def gateways(self, key: str, address_key: str, raw: str | tuple[str, ...], addresses: tuple[Interface, ...],
                 own: bool) -> tuple[Address, ...]:
        entries = (raw,) if isinstance(raw, str) else raw
        found: list[Address] = []
        for gateway in self.each(key, entries):
            reachable = [a for a in addresses if a.version == gateway.version]
            if not reachable:
                if own and addresses:
                    self.mistakes.add(key, f"{gateway} serves IPv{gateway.version}, but {address_key} has no such "
                                           "address")
                continue
            if not any(gateway in a.network for a in reachable) and not gateway.is_link_local:
                self.mistakes.add(key, f"{gateway} is not in the network of {address_key} ({reachable[0].network})")
            elif any(gateway == a.ip for a in reachable):
                self.mistakes.add(key, f"{gateway} is the host's own address")
            elif any(g.version == gateway.version for g in found):
                self.mistakes.add(key, f"two IPv{gateway.version} gateways; one is used")
            else:
                found.append(gateway)
        return tuple(sorted(found, key=lambda g: g.version))

    def each(self, key: str, entries: tuple[str, ...]) -> tuple[Address, ...]:
        parsed = (self.mistakes.parsed(key, names.address, entry) for entry in entries)
        return tuple(dict.fromkeys(a for a in parsed if a is not None))

    def routes(self, key: str, raw: tuple[Mapping[str, str], ...] | None, method: Method,
               addresses: tuple[Interface, ...], slaac: bool) -> tuple[Route, ...]:
        versions = Link(method=method, addresses=addresses, slaac=slaac).versions
        found: list[Route] = []
        for number, entry in enumerate(raw or ()):
            where = f"{key}[{number}]"
            if set(entry) != {"to", "via"}:
                self.mistakes.add(where, 'a route is { to = "198.51.100.0/24", via = "192.0.2.254" }')
                continue
            to = self.mistakes.parsed(where, names.subnet, entry["to"])
            via = self.mistakes.parsed(where, names.address, entry["via"])
            if to is None or via is None:
                continue
            if to.version != via.version:
                self.mistakes.add(where, f"{to} and {via} are of two IP versions")
            elif to.version not in versions:
                self.mistakes.add(where, f"{to} is IPv{to.version}, and this interface has no such address")
            elif any(a.version == via.version for a in addresses) and not via.is_link_local and not any(
                    via in a.network for a in addresses):
                self.mistakes.add(where, f"{via} is in no network of this interface, so nothing can be sent to it")
            elif any(route.to == to for route in found):
                self.mistakes.add(where, f"a second route to {to}")
            else:
                found.append(Route(to=to, via=via))
        return tuple(found)

    def mtu(self, key: str, value: int | None) -> int | None:
        if value is not None and not 576 <= value <= 9216:  # 576: the least that every IPv4 host must take (RFC 791)
            self.mistakes.add(key, f"{value} is no usable MTU (576 to 9216)")
            return None
        return value

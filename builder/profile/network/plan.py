"""The network of a host: links that stand on links. A plan that exists is valid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from builder.names import Address, Interface, Subnet


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The network `to` is behind `via`, a neighbour of the link that has the route."""

    to: Subnet
    via: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One network device of a host.

    A card is known by its `mac`, else by its `name`; with neither it is whichever answers, and the name `bootif` is the
    card that the boot loader used. `ports` and `parent` are keys of other links. `method` static has addresses (IPv4
    and IPv6 with prefix length, with `slaac` an IPv6 address by router advertisement as well), the others have none;
    `none` asks for nothing. `gateways` holds at most one address of each IP version. `options` are those of a bond or
    bridge, or the runner of a team, in order. `mac_made` says that pinboot chose the MAC.
    """

    kind: Literal["card", "bond", "vlan", "bridge", "team"] = "card"
    name: str = ""
    mac: str | None = None
    mac_made: bool = False
    method: Literal["static", "dhcp", "dhcp6", "auto6", "none"] = "none"
    addresses: tuple[Interface, ...] = ()
    slaac: bool = False
    gateways: tuple[Address, ...] = ()
    routes: tuple[Route, ...] = ()
    mtu: int | None = None
    ports: tuple[str, ...] = ()
    parent: str = ""
    vlan: int | None = None
    options: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """What `ports` and `parent` of other links call this one."""
        return self.name or self.mac or ""

    @property
    def versions(self) -> frozenset[int]:
        """IP versions that the link will have."""
        if self.method == "dhcp":
            return frozenset({4, 6})
        found = {address.version for address in self.addresses}
        return frozenset(found | ({6} if self.slaac or self.method in ("dhcp6", "auto6") else set()))


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPlan:
    """The network of a host while it is installed and afterwards: links in an order in which each stands on links
    before it, name servers and search domains of the whole machine, and whether those that DHCP names count
    (`peer_dns`).

    Raises ValueError for a link that stands on one that is not before it, two links with one key, or no address at all.
    """

    links: tuple[Link, ...]
    nameservers: tuple[Address, ...] = ()
    search: tuple[str, ...] = ()
    peer_dns: bool = True

    def __post_init__(self) -> None:
        before: set[str] = set()
        for link in self.links:
            missing = {*link.ports, *([link.parent] if link.kind == "vlan" else [])} - before
            if missing or link.key in before:
                raise ValueError(f"{link.key}: stands on {', '.join(sorted(missing)) or 'itself'}, which is not before "
                                 "it")
            before.add(link.key)
        if all(link.method == "none" for link in self.links):
            raise ValueError("no link has an address")

    @property
    def boot(self) -> Link:
        """The link with the default route, through which the installer fetches its tree."""
        with_address = [link for link in self.links if link.method != "none"]
        return min(with_address, key=lambda link: min((g.version for g in link.gateways), default=9))

    @property
    def cards(self) -> tuple[Link, ...]:
        return tuple(link for link in self.links if link.kind == "card")

    @property
    def mac(self) -> str | None:
        """The MAC of the first card, which is the one that a boot loader or a guest's first vif has."""
        return self.cards[0].mac

    @property
    def mac_made(self) -> bool:
        return self.cards[0].mac_made

    @property
    def addresses(self) -> tuple[Interface, ...]:
        return tuple(address for link in self.links for address in link.addresses)

    @property
    def gateways(self) -> tuple[Address, ...]:
        return tuple(gateway for link in self.links for gateway in link.gateways)

    def link(self, key: str) -> Link:
        return next(link for link in self.links if link.key == key)

    def under(self, link: Link) -> tuple[Link, ...]:
        """The links that `link` stands on directly."""
        return tuple(self.link(key) for key in (*link.ports, *([link.parent] if link.kind == "vlan" else [])))

    def carries(self, link: Link) -> bool:
        """Whether other links stand on `link`."""
        return any(link.key in (*above.ports, above.parent) for above in self.links if above.kind != "card")

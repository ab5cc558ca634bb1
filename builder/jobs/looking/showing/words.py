"""Values of a profile in the words of a person: the network of a host, its disk, how the disk is divided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from builder.profile.network.plan import Link, NetworkPlan
from builder.profile.values import Disk, Storage

METHODS = {"dhcp": "DHCP", "dhcp6": "DHCPv6", "auto6": "IPv6 by router advertisement", "none": "no address"}
KEY_END = 12


def of(value: Any) -> str:
    """A value of TOML in a line; nothing is a dash, and of a public ssh key only its end is told."""
    if value is None or value in ("", [], {}):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(of(each) for each in value)
    if isinstance(value, Mapping):
        return " ".join(f"{name} {of(each)}" for name, each in value.items())
    return ssh_key(value) if isinstance(value, str) else str(value)


def ssh_key(text: str) -> str:
    kind, _, rest = text.partition(" ")
    body, _, comment = rest.partition(" ")
    if not kind.startswith(("ssh-", "ecdsa-", "sk-")) or len(body) < 40:
        return text
    return f"{kind} ...{body[-KEY_END:]} {comment}".rstrip()


def size(count: int) -> str:
    """Bytes as a profile writes them."""
    for unit, power in (("TiB", 40), ("GiB", 30), ("MiB", 20)):
        if count >> power and not count % (1 << power):
            return f"{count >> power} {unit}"
    return f"{count} bytes"


def network(plan: NetworkPlan) -> Iterator[str]:
    """A line for each link, those below first."""
    for link in plan.links:
        about = [*_addresses(link), *(f"gateway {each}" for each in link.gateways),
                 *(f"to {route.to} by {route.via}" for route in link.routes),
                 *([f"MTU {link.mtu}"] if link.mtu else [])]
        yield f"{_link(link)}: {', '.join(about)}"


def _link(link: Link) -> str:
    options = f" ({', '.join(f'{name} {value}' for name, value in link.options)})" if link.options else ""
    if link.kind == "vlan":
        return f"{link.name}, VLAN {link.vlan} on {link.parent}"
    if link.kind != "card":
        return f"{link.name}, {link.kind} of {' and '.join(link.ports)}{options}"
    name = link.name if link.name and link.name != "bootif" else ""
    made = " (made)" if link.mac_made else ""
    known = f"card {link.mac}{made}" if link.mac else "" if name else (
        "the card that booted" if link.name else "whichever card answers")
    return f"{name}, {known}" if name and known else name or known


def _addresses(link: Link) -> list[str]:
    if link.method != "static":
        return [METHODS[link.method]]
    return [*(str(each) for each in link.addresses), *([METHODS["auto6"]] if link.slaac else [])]


def disk(found: Disk) -> str:
    if found.order:
        return f"the {found.name} disk, chosen when the machine starts"
    parts = [" and ".join(found.names), *([size(found.size)] if found.size else []),
             *([found.file] if found.file else [])]
    return ", ".join(parts)


def storage(found: Storage) -> str:
    if found.lines:
        return f"{len(found.lines)} line{'' if len(found.lines) == 1 else 's'} of your own"
    volumes = [f"{each.mount} {'the rest' if each.size is None else size(each.size << 20)}" for each in found.volumes]
    swap = [f"swap {size(found.swap << 20)}"] if found.swap else ["no swap"]
    parts = [found.layout, *volumes, *swap]
    if found.encrypt:
        parts.append(f"encrypted, opened by tang at {found.encrypt.tang}" if found.encrypt.tang
                     else "encrypted, its passphrase typed at each start")
    return "; ".join(parts)

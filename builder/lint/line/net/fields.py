"""Parts of network arguments: addresses, masks, names of interfaces and hosts, MAC addresses."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from builder import names
from builder.finding import Finding
from builder.names import Address

MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){19}")
MAC_COLONS = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")
# A group of IPv6 in front of a colon: what is left of an address without brackets.
GROUP = re.compile(r"[0-9A-Fa-f]{1,4}")
HOST_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ip:
    """What one ip= comes to. `versions` are those of IP that are on; `dropped` means that nothing of it is used."""

    address: Address | None = None
    device: str = ""
    method: str = ""
    versions: frozenset[int] = frozenset()
    dropped: bool = False
    findings: tuple[Finding, ...] = field(default=())


def address(text: str) -> Address | None:
    try:
        return names.address(text)
    except ValueError:
        return None


def prefix(text: str, version: int) -> int | None:
    """A netmask in dots or as a length; None for one that is neither, with gaps or too long."""
    if version == 4 and "." in text:
        found = address(text)
        if found is None or found.version != 4:
            return None
        bits = f"{int(found):032b}"
        return bits.count("1") if "01" not in bits else None
    if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) > (32 if version == 4 else 128):
        return None
    return int(text)


def number(text: str) -> int | None:
    """A number in ASCII digits; None for anything else, and for more than ten digits, which no field here takes."""
    return int(text[-10:]) if re.fullmatch(r"0*[0-9]{1,10}", text) else None


def is_mtu(text: str) -> bool:
    found = number(text)
    return found is not None and 68 <= found <= 65535


def is_interface(text: str) -> bool:
    """dev_valid_name() of the kernel: 1 to 15 bytes, no blank, slash or colon, neither . nor .. alone."""
    return (0 < len(text.encode(errors="replace")) < 16 and text not in (".", "..") and not re.search(r"[\s/:]", text))


def is_mac(text: str) -> bool:
    return bool(MAC.fullmatch(text))


def is_hostname(text: str) -> bool:
    """hostname_is_valid() of systemd, which NetworkManager asks: labels of letters, digits and dashes, 64 in all."""
    return 0 < len(text) <= 64 and all(HOST_LABEL.fullmatch(label) for label in text.split("."))


def is_far(gateway: Address, own: Address, length: int) -> bool:
    """Whether `gateway` is outside of the network of `own`; link-local ones never are."""
    if gateway.version != own.version or gateway.is_link_local:
        return False
    return gateway not in ipaddress.ip_network(f"{own}/{length}", strict=False)


def looks_bare(value: str) -> bool:
    """Whether `value` looks like IPv6 without brackets: hexadecimal groups and a double colon where an address stands.

    `::` alone separates empty fields; a group of letters or four digits beside it does not.
    """
    first, _, rest = value.partition(":")
    second = rest.partition(":")[0]
    return bool(GROUP.fullmatch(first) and (GROUP.fullmatch(second) or not second) and "::" in value
                and len(first) > 2 and address(first) is None)

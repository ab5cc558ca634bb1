"""`network` lines: addresses that are none, and names that name no card."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from builder.boot import points
from builder.finding import Finding
from builder.lint.kickstart.case import Case
from builder.lint.kickstart.checks.letters import MARKUP
from builder.lint.kickstart.rules import found
from builder.lint.kickstart.text.outline import Command
from builder.names import Address

DASHED_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}")
NO_VALUE = frozenset({"", "auto", "dhcp"})


def check(case: Case) -> Iterator[Finding]:
    for command in case.outline.named("network"):
        yield from _addresses(command)
        yield from _names(command)
        yield from _static(command)
    yield from _too_new(case)


def _names(command: Command) -> Iterator[Finding]:
    for device in command.values("--device"):
        if DASHED_MAC.fullmatch(device):
            # Five colons make it an address, all else is the name of a card (anaconda dracut/parse-kickstart, is_mac).
            yield found("mac-with-dashes", command.line, f"--device={device}: with dashes this is the name of a card, "
                        "and none has it", f"--device={device.replace('-', ':').lower()}")


def _addresses(command: Command) -> Iterator[Finding]:
    for option, version in (("--ip", 4), ("--gateway", 4), ("--nameserver", 0), ("--ipv6gateway", 6)):
        for value in command.values(option):
            for word in value.split(",") if option == "--nameserver" else [value]:
                if word.strip() not in NO_VALUE and not MARKUP.search(word) and _address(word.strip(), version) is None:
                    yield found("network-address", command.line, f"{option}={word}: no {_kind(version)} address")
    for value in command.values("--ipv6"):
        if value not in NO_VALUE and not MARKUP.search(value) and _address(value.partition("/")[0], 6) is None:
            yield found("network-address", command.line, f"--ipv6={value}: no IPv6 address",
                        "auto, dhcp, or ADDRESS/PREFIX")
    for value in command.values("--netmask"):
        if value and not MARKUP.search(value) and _network("192.0.2.0", value) is None:
            yield found("network-address", command.line, f"--netmask={value}: no netmask", "255.255.255.0")


def _kind(version: int) -> str:
    return f"IPv{version}" if version else "IP"


def _address(text: str, version: int) -> Address | None:
    try:
        found_address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return found_address if version in (0, found_address.version) else None


def _network(address: str, mask: str) -> ipaddress.IPv4Network | None:
    if not re.fullmatch(r"[0-9.]{1,15}", mask) or mask.count(".") != 3:
        return None
    try:
        return ipaddress.IPv4Network(f"{address}/{mask}", strict=False)
    except ValueError:
        return None


def _static(command: Command) -> Iterator[Finding]:
    protocol = command.values("--bootproto")[-1:] or ["dhcp"]
    address, mask = command.values("--ip")[-1:], command.values("--netmask")[-1:]
    if protocol == ["static"] and not command.has("--noipv4", "--ipv6") and not (address and mask):
        missing = " and ".join(option for option, value in (("--ip", address), ("--netmask", mask)) if not value)
        yield found("static-incomplete", command.line, f"--bootproto=static without {missing}: no address comes of it",
                    f"{missing.split()[0]}=...")
    if protocol != ["static"] or not (address and mask):
        return
    network = _network(address[0], mask[0])
    for value in command.values("--gateway"):
        gateway = _address(value, 4)
        if network is not None and gateway is not None and gateway not in network and network.prefixlen < 31:
            yield found("gateway-outside", command.line, f"--gateway={value} is not in {network}: it cannot be reached")


def _too_new(case: Case) -> Iterator[Finding]:
    """Words that came in the middle of EL7's life: pykickstart knows its end only (boot/points)."""
    release = case.target.release
    if release is None:
        return
    for command in case.outline.named("network", "reqpart"):
        for word in ("--bindto", "reqpart"):
            named = command.name == word or command.has(word)
            if named and not points.knows(word, release):
                yield found("too-new", command.line, f"{word} came with EL7.{points.SINCE[word]}: {case.target.label} "
                            "stops at it")

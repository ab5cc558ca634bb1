"""ip= as dracut's own network module reads it: EL7, and EL8 before 8.3 (dracut modules.d/40network/net-lib.sh
ip_to_var, 35network-legacy/parse-ip-opts.sh; REFERENCE 1.5). What it does not understand stops the boot (die)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder.finding import Finding
from builder.lint.line.line import Line
from builder.lint.line.net import fields
from builder.lint.line.net.fields import Ip
from builder.lint.line.rules import error, note, warning
from builder.lint.line.targets import Target
from builder.names import Address, shown

LONG = "ip=ADDRESS::GATEWAY:255.255.255.0:HOST:INTERFACE:none"
SHORT = frozenset({"dhcp", "on", "any", "dhcp6", "auto6"})
STATIC = frozenset({"none", "off"})
ASKING = SHORT - {"auto6"}
# What parse-ip-opts.sh lets pass beside none and off; either6 since dracut 049 (EL8), link6 and single-dhcp with 057.
METHODS = {"el7": SHORT | {"ibft"}, "el8": SHORT | {"ibft", "either6"}}
VERSIONS = {"dhcp6": (6,), "auto6": (6,), "either6": (6,), "none": (), "off": ()}
BRACKETED = re.compile(r"\[([^\]]*:[^\]]*:[^\]]*)\](?::|$)")


def split(value: str) -> list[str]:
    """Fields between colons; a whole field in brackets may hold some."""
    found = []
    rest = f"{value}:"
    while rest:
        bracketed = BRACKETED.match(rest)
        if bracketed:
            found.append(bracketed[1])
            rest = rest[bracketed.end():]
        else:
            one, _, rest = rest.partition(":")
            found.append(one)
    return found


def read(value: str, line: Line, target: Target) -> Ip:
    """One ip=, whose value is not empty."""
    parts = split(value)
    known = METHODS[target.generation.name]
    if len(parts) == 1:
        return _alone(parts[0], known, line)
    if parts[1] in (SHORT | ({"either6"} & known)) or (target.name == "el7" and _all(parts[1], SHORT)):
        return _short(parts)
    if parts[0] and fields.address(parts[0].partition("/")[0]) is None:
        return Ip(dropped=True, findings=(_no_address(value, parts, known),))
    return _long(parts, known)


def _all(method: str, known: frozenset[str]) -> bool:
    return "," in method and set(method.split(",")) <= known


def _versions(method: str) -> frozenset[int]:
    return frozenset(version for one in method.split(",") for version in VERSIONS.get(one, (4,)))


def _stops(text: str) -> str:
    return f"dracut stops the boot: {text}"


def _alone(word: str, known: frozenset[str], line: Line) -> Ip:
    """ip=METHOD, or ip=ADDRESS with netmask= and gateway= as EL6 has it."""
    if word in known or (known >= SHORT and _all(word, known)):
        return Ip(method=word, versions=_versions(word))
    own = fields.address(word)
    if own and own.version == 4:
        found = [note("static-ip", "ip= with netmask= and gateway= is the old form", f"use {LONG}")]
        if not line.value("netmask"):
            found = [error("ip-no-mask", _stops("it works out no netmask by itself"), f"use {LONG}")]
        device = line.value("ksdevice")
        return Ip(address=own, device="" if device in ("link", "ibft", "bootif") else device, method="none",
                  versions=frozenset((4,)), findings=tuple(found))
    if word in STATIC:
        finding = error("ip-method", _stops(f"{word} needs an address"), f"use {LONG}")
    else:
        finding = error("ip-method", _stops(f"{shown(word)} is no method"), f"known are {', '.join(sorted(known))}")
    return Ip(dropped=True, findings=(finding,))


def _short(parts: list[str]) -> Ip:
    """ip=INTERFACE:METHOD[:MTU][:MAC]."""
    device, method, mtu, *mac = (*parts, "", "")[:max(len(parts), 3)]
    found = [*_device(device), *_mtu(mtu), *_mac(":".join(mac).strip(":"))]
    return Ip(device=device, method=method, versions=_versions(method), findings=tuple(found))


def _no_address(value: str, parts: list[str], known: frozenset[str]) -> Finding:
    if fields.MAC_COLONS.match(value) or fields.is_mac(parts[0]):
        return error("ip-device-mac", "dracut takes a MAC for no interface",
                     "name it with ifname=net0:MAC, and write net0 here")
    if value.startswith("[") and "]/" in value:
        return error("ip-prefix", "dracut reads no length behind the brackets", "write it as the fourth field")
    if fields.looks_bare(value):
        return error("ip-brackets", _stops(f"{shown(parts[0])} is no address"),
                     "write IPv6 addresses in brackets: [2001:db8::1]")
    if parts[1] and not parts[1][0].isdigit() and fields.is_interface(parts[0]):
        return error("ip-method", _stops(f"{shown(parts[1])} is no method of ip=INTERFACE:METHOD"),
                     f"known are {', '.join(sorted(known - {'ibft'}))}")
    return error("ip-address", f"{shown(parts[0])} is no address", f"use {LONG}, or ip=INTERFACE:dhcp")


def _long(parts: list[str], known: frozenset[str]) -> Ip:
    """ip=ADDRESS:SERVER:GATEWAY:MASK:HOST:INTERFACE:METHOD[:...]."""
    text, _, gateway, mask, _, device, method, *behind = (*parts, *("",) * 7)[:max(len(parts), 7)]
    bare, slash, length = text.partition("/")
    own = fields.address(bare)
    found = [*_method(method, own, mask, known, bool(slash)), *_device(device)]
    if slash:
        lost = f"it does not cut {shown(text)} at the slash"
        stops = not mask and bool(set(method.split(",")) & STATIC)
        found.append(error("ip-prefix", _stops(f"{lost}, and has no netmask") if stops else f"dracut: {lost}",
                           f"write the netmask as the fourth field: {_mask_for(own, length)}"))
    if own and mask:
        found += _mask(mask, own, gateway)
    if gateway:
        router = fields.address(gateway)
        if router is None or (own and router.version != own.version):
            found.append(error("ip-gateway", f"{shown(gateway)} is no address of a gateway here",
                               "write the router's address, of the same version as the address"))
    found += _behind(behind)
    versions = frozenset((own.version,)) if own else _versions(method or "dhcp")
    return Ip(address=own, device=device, method=method or "dhcp", versions=versions, findings=tuple(found))


def _mask_for(own: Address | None, length: str) -> str:
    if own is None or own.version == 6:
        return length or "64"
    given = fields.number(length)
    bits = given if given is not None and given <= 32 else 24
    return ".".join(str(((0xFFFFFFFF << (32 - bits)) >> shift) & 255) for shift in (24, 16, 8, 0))


def _method(method: str, own: Address | None, mask: str, known: frozenset[str], slash: bool) -> Iterator[Finding]:
    if not method:
        if own:
            yield error("ip-no-method", _stops("without a method it asks DHCP, and will not with an address"),
                        "write none as the seventh field")
        return
    for one in method.split(","):
        if one in STATIC:
            if own is None:
                yield error("ip-method", _stops(f"{one} needs an address"), f"use {LONG}")
            elif not mask and not slash:
                yield error("ip-no-mask", _stops("it works out no netmask by itself"), "write it as the fourth field")
        elif one not in known:
            yield error("ip-method", _stops(f"{shown(one)} is no method"),
                        f"known are none, {', '.join(sorted(known))}")
        elif own and one in ASKING:
            yield error("ip-mixed", _stops(f"an address and {one} do not go together"), "write none")


def _mask(mask: str, own: Address, gateway: str) -> Iterator[Finding]:
    bits = fields.prefix(mask, own.version)
    if not bits:
        yield error("ip-mask", f"{shown(mask)} is no netmask of IPv{own.version}",
                    "write 255.255.255.0 or 24" if own.version == 4 else "write 64")
        return
    router = fields.address(gateway)
    if router and fields.is_far(router, own, bits):
        yield warning("ip-far-gateway", f"the gateway {router} is not in the network of {own}/{bits}",
                      "check the netmask and the gateway")


def _device(device: str) -> Iterator[Finding]:
    if not device:
        return
    if device == "bootif":
        yield error("ip-bootif", "dracut waits for an interface of the name bootif",
                    "leave the interface out: BOOTIF= is used by itself")
    elif fields.is_mac(device):
        yield error("ip-device-mac", "dracut takes a MAC for the name of an interface, and waits for it",
                    "name it with ifname=net0:MAC, and write net0 here")
    elif not fields.is_interface(device):
        yield error("ip-device", f"{shown(device)} can be no interface",
                    "a name has 15 letters at most, without slash, colon or blank")


def _behind(behind: list[str]) -> Iterator[Finding]:
    """MTU and MAC, or two name servers."""
    first, *rest = (*behind, "")
    if fields.address(first):
        if rest and rest[0] and not fields.address(rest[0]):
            yield error("ip-dns", f"{shown(rest[0])} is no address of a name server", "write an address")
        return
    yield from _mtu(first)
    yield from _mac(":".join(rest).strip(":"))


def _mtu(text: str) -> Iterator[Finding]:
    if text and not fields.is_mtu(text):
        yield error("ip-mtu", f"{shown(text)} is no MTU and no name server",
                    "write a number such as 9000, IPv6 addresses in brackets")


def _mac(text: str) -> Iterator[Finding]:
    if text and not fields.is_mac(text):
        yield error("ip-mac", f"{shown(text)} is no MAC address", "write six bytes, with dashes or colons")

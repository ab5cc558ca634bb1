"""ip= as nm-initrd-generator reads it (NetworkManager src/nm-initrd-generator/nmi-cmdline-reader.c; REFERENCE 1.5)."""

from __future__ import annotations

from collections.abc import Iterator

from builder.finding import Finding
from builder.lint.line.net import fields
from builder.lint.line.net.fields import Ip
from builder.lint.line.rules import error, note, warning
from builder.names import Address, shown

METHODS = {"none": "none", "off": "none", "dhcp": "dhcp", "single-dhcp": "dhcp", "dhcp6": "dhcp6", "auto6": "dhcp6",
           "link6": "link6", "local6": "link6", "auto": "auto", "on": "auto", "any": "auto", "ibft": "ibft",
           "fw": "ibft"}
# Which IP versions a method turns on where no address says so.
VERSIONS = {"none": (), "dhcp": (4, 6), "dhcp6": (6,), "link6": (6,), "auto": (4, 6), "ibft": (4, 6)}
LONG = "ip=ADDRESS::GATEWAY:MASK:HOST:INTERFACE:none"
ANY = "known are dhcp, dhcp6, auto6, link6, auto, none and ibft"


class Fields:
    """get_word() over one value: fields between colons; a bracket in front of a field hides the colons up to its end.
    What is left behind the last field that was asked for is `rest`."""

    def __init__(self, value: str) -> None:
        self.rest = value
        self.ended = False

    def next(self) -> str:
        text = self.rest
        if text.startswith("[") and "]" in text:
            inner, _, behind = text[1:].partition("]")
            tail, colon, self.rest = behind.partition(":")
            self.ended = not colon
            return inner + tail
        found, colon, self.rest = text.removeprefix("[").partition(":")
        self.ended = not colon
        return found


def method(word: str) -> str | None:
    """The method that `word` stands for; None where it stands for none."""
    if not word:
        return "auto"
    if "," not in word:
        return METHODS.get(word) if word != "local6" else None
    parts = {METHODS.get(part.strip()) for part in word.split(",") if part.strip()}
    if None in parts:
        return None
    if "auto" in parts:
        parts -= {"dhcp", "dhcp6", "link6"}
    elif "dhcp6" in parts:
        parts -= {"link6"}
    if len(parts) == 1:
        return parts.pop()
    return "auto" if parts in ({"dhcp", "dhcp6"}, {"dhcp", "link6"}) else None


def read(value: str) -> Ip:
    """One ip=, whose value is not empty."""
    words = Fields(value)
    first = words.next()
    if words.ended or not words.rest:
        return _alone(first)
    second = words.next()
    short = method(second) if second else None
    if short:
        return _short(first, short, words)
    return _long(value, first, second, words)


def _alone(word: str) -> Ip:
    """ip=METHOD."""
    found = method(word)
    if found:
        return Ip(method=found, versions=frozenset(VERSIONS[found]))
    if fields.address(word.partition("/")[0]):
        finding = error("ip-form", f"NetworkManager takes {shown(word)} for no method, and asks DHCP instead",
                        f"use {LONG}")
    else:
        finding = error("ip-method", f"{shown(word)} is no method; NetworkManager asks DHCP instead", ANY)
    return Ip(method="auto", versions=frozenset((4, 6)), findings=(finding,))


def _short(device: str, found: str, words: Fields) -> Ip:
    """ip=INTERFACE:METHOD[:MTU[:MAC] | :DNS[:DNS]]."""
    versions = frozenset(VERSIONS[found])
    findings = (*_device(device), *_behind(words, versions - _silent(found, None)))
    return Ip(device=device, method=found, versions=versions, findings=findings)


def _long(value: str, first: str, peer: str, words: Fields) -> Ip:
    """ip=ADDRESS:PEER:GATEWAY:MASK:HOST:INTERFACE:METHOD[:...]."""
    own, length = _address(first)
    if first and own is None:
        return Ip(dropped=True, findings=(_no_address(value, first, peer),))
    gateway, mask, host, device, word = (words.next() for _ in range(5))
    found = method(word)
    versions = frozenset((own.version,) if own else ()) | frozenset(VERSIONS[found or "auto"])
    findings = [*_method(word, found, own), *_device(device)]
    if peer:
        findings.append(warning("ip-peer", f"NetworkManager ignores the second field, {shown(peer)}", "leave it empty"))
    if own:
        findings += _mask(mask, length, own, gateway)
    elif mask:
        findings.append(warning("ip-mask", f"a netmask without an address: {shown(mask)} is dropped", "leave it out"))
    findings += _gateway(gateway, own, versions)
    if host and not fields.is_hostname(host):
        findings.append(warning("ip-hostname", f"{shown(host)} is no host name to NetworkManager: the machine gets "
                                "none from here", "letters, digits, dashes and dots, 64 at most"))
    findings += _behind(words, versions - _silent(found, own))
    return Ip(address=own, device=device, method=found or "auto", versions=versions, findings=tuple(findings))


def _no_address(value: str, first: str, second: str) -> Finding:
    lost = "NetworkManager drops this ip="
    if fields.MAC_COLONS.match(value):
        return error("ip-device-mac", f"{lost}: the colons of a MAC end the field",
                     f"write {value[:17].replace(':', '-')}{value[17:]}, with dashes")
    if fields.looks_bare(value):
        return error("ip-brackets", f"{lost}: {shown(first)} is no address",
                     "write IPv6 addresses in brackets: [2001:db8::1]")
    if fields.is_interface(first) and second and not second[0].isdigit():
        return error("ip-method", f"{lost}: {shown(second)} is no method", ANY)
    return error("ip-address", f"{lost}: {shown(first)} is no address", f"use {LONG}, or ip=INTERFACE:dhcp")


def _address(text: str) -> tuple[Address | None, int | None]:
    """An address and the length behind its slash; NetworkManager takes both in one field."""
    bare, slash, length = text.partition("/")
    found = fields.address(bare)
    if found is None or not slash:
        return found, None
    bits = fields.prefix(length, found.version) if length.isdigit() else None
    return (None, None) if bits is None else (found, bits)


def _method(word: str, found: str | None, own: Address | None) -> Iterator[Finding]:
    if found is None:
        also = " as well" if own else ""
        yield error("ip-method", f"{shown(word)} is no method; NetworkManager asks DHCP{also}", ANY)
    elif not word and own:
        other = 6 if own.version == 4 else 4
        yield note("ip-no-method", "without a method NetworkManager sets the address, and configures "
                   f"IPv{other} by itself", "write none as the seventh field")
    elif own and own.version == 6 and found == "link6":
        yield error("ip-mixed", "NetworkManager drops the whole connection: link6 goes with no address", "write none")
    elif own and found == "dhcp" and own.version == 4:
        yield warning("ip-mixed", "NetworkManager sets the address and asks DHCP for another",
                      "write none, or leave the address out")


def _mask(mask: str, length: int | None, own: Address, gateway: str) -> Iterator[Finding]:
    bits = fields.prefix(mask, own.version) if mask else length
    if mask and bits is None:
        taken = "/32" if "." in mask and fields.address(mask) else "its default"
        yield error("ip-mask", f"{shown(mask)} is no netmask of IPv{own.version}; NetworkManager takes {taken}",
                    "write 255.255.255.0 or 24" if own.version == 4 else "write 64")
        return
    if bits is None:
        taken = "one by the class of the address" if own.version == 4 else "64"
        yield warning("ip-no-mask", f"no netmask: NetworkManager takes {taken}", "write it as the fourth field")
        return
    if bits == 0:
        yield error("ip-mask", "a netmask of no bits makes the whole Internet neighbours", "write 255.255.255.0 or 24")
        return
    router = fields.address(gateway)
    if router and fields.is_far(router, own, bits):
        yield warning("ip-far-gateway", f"the gateway {router} is not in the network of {own}/{bits}",
                      "check the netmask and the gateway")


def _gateway(gateway: str, own: Address | None, versions: frozenset[int]) -> Iterator[Finding]:
    if not gateway:
        return
    found = fields.address(gateway)
    if found is None:
        yield error("ip-gateway", f"{shown(gateway)} is no address: there is no gateway", "write the router's address")
    elif own is None or found.version != own.version:
        lost = "NetworkManager drops the whole connection" if found.version not in versions or own else (
            "NetworkManager takes no gateway without an address")
        yield error("ip-gateway", f"the gateway {found} is IPv{found.version}, and there is no such address: {lost}",
                    f"give a second ip= for IPv{found.version}" if own else "leave the gateway out: DHCP gives one")


def _device(device: str) -> Iterator[Finding]:
    if not device or fields.is_mac(device):
        return
    if device == "bootif":
        yield error("ip-bootif", "NetworkManager waits for an interface of the name bootif",
                    "leave the interface out: BOOTIF= is used by itself")
    elif not fields.is_interface(device):
        yield error("ip-device", f"{shown(device)} can be no interface: NetworkManager drops it, and any card fits",
                    "a name has 15 letters at most, without slash, colon or blank")


def _silent(found: str | None, own: Address | None) -> frozenset[int]:
    """IP versions that are on and take no name server: link-local addresses alone."""
    return frozenset((6,)) if found == "link6" and (own is None or own.version == 4) else frozenset()


def _behind(words: Fields, versions: frozenset[int]) -> Iterator[Finding]:
    """MTU and MAC, or two name servers: the fields behind the method."""
    if words.ended or not words.rest:
        return
    first = words.next()
    server = fields.address(first)
    if server:
        yield from _servers(server, words, versions)
        return
    if first and not fields.is_mtu(first):
        yield error("ip-mtu", f"{shown(first)} is no MTU and no name server" + _unbracketed(first, words),
                    "write a number such as 9000, IPv6 addresses in brackets")
        return
    if not words.ended and words.rest and not fields.is_mac(words.rest):
        brackets = _unbracketed(first, words)
        yield error("ip-mac", f"{shown(words.rest)} is no MAC address{brackets}: NetworkManager drops the connection",
                    "write six bytes, with dashes or colons; IPv6 addresses in brackets")


def _unbracketed(first: str, words: Fields) -> str:
    return ", but IPv6 without brackets" if fields.address(f"{first}:{words.rest}") else ""


def _servers(server: Address, words: Fields, versions: frozenset[int]) -> Iterator[Finding]:
    found = [server]
    if not words.ended and words.rest:
        text = words.next()
        second = fields.address(text)
        if second:
            found.append(second)
        elif text:
            yield error("ip-dns", f"{shown(text)} is no address of a name server: it is dropped", "write an address")
        if not words.ended and words.rest:
            yield warning("ip-extra", f"NetworkManager ignores {shown(words.rest)} behind the name servers",
                          "give more of them by nameserver=")
    for each in found:
        if each.version not in versions:
            yield error("ip-dns", f"IPv{each.version} is off here: with the name server {each} NetworkManager drops "
                        "the whole connection", f"give it as nameserver={each}")

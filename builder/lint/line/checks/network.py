"""ip= and all that goes with it, as the backend of the target reads it (REFERENCE 1.5, 1.6)."""

from __future__ import annotations

from collections.abc import Iterator

from builder.finding import Finding
from builder.lint.line import line as lines
from builder.lint.line.line import Line, Placed
from builder.lint.line.net import devices, fields, ksdevice, legacy, loader, nm
from builder.lint.line.net.fields import Ip
from builder.lint.line.rules import error, warning
from builder.lint.line.targets import Target
from builder.lint.line.tokens import Word
from builder.lint.line.words import known
from builder.names import shown

# With the name that NetworkManager gives one without a name.
HOLDERS = {"bond": "bond0", "bridge": "br0", "team": "team0"}
VIRTUAL = (*HOLDERS, "vlan")
Read = list[tuple[int, Ip]]


def check(line: Line, target: Target) -> Iterator[Placed]:
    found = ips(line, target)
    for place, ip in found:
        yield from ((place, each) for each in ip.findings)
    yield from _together(line, target, found)
    for place, word in enumerate(line.words):
        if _judged(word, target):
            yield from ((place, each) for each in _word(word, target))
        elif word.value == "":
            yield from ((place, each) for each in _empty(word, target, found))
    yield from _unused(line, target, found)
    yield from _bootif(line, target, found)


def ips(line: Line, target: Target) -> Read:
    """Every ip= that has a value, read."""
    return [(place, read(word, line, target)) for place, word in line.all("ip") if _judged(word, target)]


def read(word: Word, line: Line, target: Target) -> Ip:
    if target.backend == "loader":
        return loader.read(word.argument, line)
    return nm.read(word.argument) if target.backend == "nm" else legacy.read(word.argument, line, target)


def _judged(word: Word, target: Target) -> bool:
    """Whether the value is known and has no quotes, which are judged elsewhere."""
    row = known.read(word.name, target)
    return bool(row and row.kind == "network" and word.argument and not lines.is_open(word)
                and word.text.partition("=")[2] == word.argument)


def _word(word: Word, target: Target) -> Iterator[Finding]:
    """One word beside ip=."""
    if word.name in ("nameserver", "dns"):
        yield from _name_servers(word, target)
    elif word.name in devices.READERS and target.backend != "loader":
        yield from devices.READERS[word.name](word.argument, target)
    elif word.name == "BOOTIF":
        yield from devices.bootif(word.argument, target)


def _empty(word: Word, target: Target, found: Read) -> Iterator[Finding]:
    """What an empty value breaks."""
    if word.name == "vlan" and target.backend == "nm":
        yield error("vlan", "NetworkManager's generator crashes on it (seen with 1.42): no network", "leave it out")
    elif word.name == "BOOTIF" and target.backend == "nm" and not any(ip.device for _, ip in found):
        yield error("bootif-form", "it holds no MAC: NetworkManager drops the connection", "leave it out")


def _name_servers(word: Word, target: Target) -> Iterator[Finding]:
    value = word.argument
    servers = value.split(",")
    if target.backend == "loader" or len(servers) == 1:
        for server in servers:
            bare = server.strip("[]")
            if fields.address(bare) is None:
                yield error("nameserver", f"{shown(server)} is no address of a name server", "write an address")
            elif bare != server and target.backend == "legacy":
                yield error("nameserver-brackets", "dracut writes the brackets into resolv.conf", f"write {bare}")
        return
    lost = "NetworkManager drops it" if target.backend == "nm" else "dracut writes it into resolv.conf as one server"
    yield error("nameserver-list", f"a list: {lost}",
                "write " + " ".join(f"nameserver={each}" for each in servers if each))


def _together(line: Line, target: Target, found: Read) -> Iterator[Placed]:
    """What several ip= make of each other, and an address without a card."""
    seen: set[str] = set()
    count = sum(ip.method != "ibft" for _, ip in found)
    boot = ksdevice.value(line, "bootdev", target)
    for place, ip in found:
        if ip.dropped or ip.method == "ibft":
            continue
        if not ip.device and ip.address and not _has_bootif(line, target) and not boot and target.backend != "loader":
            yield place, warning("ip-any-device", f"no interface: the first card that comes up gets {ip.address}",
                                 "name one as the sixth field" if target.backend == "legacy" else
                                 "name one as the sixth field, or write its MAC there, with dashes")
        if target.backend != "legacy":
            continue
        if ip.device and ip.device in seen:
            yield place, error("ip-same-device", f"dracut stops the boot: a second ip= for {ip.device}",
                               "give one; the kickstart can have both addresses")
        seen.add(ip.device)
        if count > 1 and not ip.device and ip.address is None and ip.method not in ("auto6", "link6", "either6"):
            yield place, error("several-ip", "dracut stops the boot: one of several ip= has no interface",
                               "write ip=INTERFACE:dhcp")
    if target.backend == "legacy" and count > 1 and not boot and not _has_bootif(line, target):
        first = next((ip.device for _, ip in found if ip.device), "")
        if first:
            yield found[0][0], warning("several-ip", f"several ip= without bootdev=: dracut takes {first}",
                                       f"add bootdev={first}")


def _has_bootif(line: Line, target: Target) -> bool:
    switch = line.last("rd.bootif")
    return bool(ksdevice.value(line, "BOOTIF", target)) and not (switch and switch.off)


def _unused(line: Line, target: Target, found: Read) -> Iterator[Placed]:
    """Name servers of an IP version that NetworkManager has off on every connection: it drops them without a word."""
    if target.backend != "nm" or not found or _has_bootif(line, target) or any(line.has(name) for name in VIRTUAL):
        return
    on = {version for _, ip in found for version in ip.versions}
    if any(ip.dropped or ip.method == "ibft" for _, ip in found) or ksdevice.value(line, "bootdev", target) not in {
            "", *(ip.device for _, ip in found)}:
        return
    for place, word in line.all("nameserver"):
        server = fields.address(word.argument.strip("[]"))
        if server and server.version not in on:
            yield place, warning("nameserver-unused", f"IPv{server.version} is off on every interface here: "
                                 "NetworkManager drops it in silence", "give a server of the other IP version")


def _bootif(line: Line, target: Target, found: Read) -> Iterator[Placed]:
    card = beside(line, target, found)
    if card:
        places = [place for place, _ in line.all("BOOTIF")] or [place for place, _ in line.all("ksdevice")]
        yield places[-1], warning("bootif-second", f"NetworkManager brings up this card by DHCP, and {card} beside it",
                                  "add rd.bootif=0" if line.has(*VIRTUAL) else
                                  "leave the interface out of ip=, or add rd.bootif=0")


def beside(line: Line, target: Target, found: Read | None = None) -> str:
    """The card beside which NetworkManager makes a connection of its own for that of BOOTIF=: the first one that it has
    a connection for, where that is named and another (nmi-cmdline-reader.c, bootif_connection). Empty: it makes none.
    """
    if target.backend != "nm" or not _has_bootif(line, target):
        return ""
    mac = ksdevice.value(line, "BOOTIF", target)
    is_any = bool(lines.PLACEHOLDER.search(mac))
    if not is_any and not devices.BOOTIF.fullmatch(mac):
        return ""
    first = next(_cards(line, ips(line, target) if found is None else found), "")
    same = fields.is_mac(first) if is_any else _dashed(first) == _dashed(mac[-17:])
    return "" if same or lines.PLACEHOLDER.search(first) else first


def _cards(line: Line, found: Read) -> Iterator[str]:
    """Names of the cards for which NetworkManager makes connections, in their order; empty: any card. Parents of VLANs
    come last."""
    virtual = {word.argument.partition(":")[0] or HOLDERS.get(word.name, ":") for _, word in line.all(*VIRTUAL)}
    read = dict(found)
    for place, word in line.all("ip", *HOLDERS):
        ip = read.get(place)
        if ip and not ip.dropped and ip.device not in virtual:
            yield ip.device
        elif word.name in HOLDERS:
            yield from (port for port in devices.ports(word.argument) if port not in virtual)
    parents = (word.argument.partition(":")[2] for _, word in line.all("vlan"))
    yield from (parent for parent in parents if parent and parent not in virtual)


def _dashed(mac: str) -> str:
    return mac.lower().replace(":", "-")

"""dnsmasq.conf: addresses and first files for the machines of a bundle, alone or beside another DHCP server.

What dnsmasq 2.90 answers to each kind of client was tried; dnsmasq(8) has the grammar.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from builder.errors import UsageError
from builder.names import shown
from builder.outputs.boot import Boot, Served
from builder.outputs.rendered import Rendered
from builder.outputs.services import dhcp as plan
from builder.outputs.services.dhcp import Dhcp, Group, Loaders

PATH = "dhcp/dnsmasq.conf"
# dnsmasq's own limits are 1000 leases and 50 TFTP transfers at a time (dnsmasq(8)); a rack that starts needs more.
LEASES = TFTP_MAX = 1000


def config(boots: Sequence[Boot], served: Served, dhcp: Dhcp, loaders: Loaders | None = None) -> Rendered:
    """dnsmasq.conf. Raises UsageError, naming host and field."""
    made = plan.groups(boots, served, dhcp, loaders or Loaders())
    try:
        lines = [*_head(boots, dhcp), *_machines(made, dhcp), "", *_files(made, served, dhcp)]
    except ValueError as reason:
        raise UsageError(f"dnsmasq.conf: {reason}") from None
    return Rendered(PATH, "\n".join(lines) + "\n")


def quote(text: str) -> str:
    """`text` as one value, always in double quotes: inside them commas, blanks and # are plain, and no word is a
    keyword or a lease time, as the host names `ignore` and `12h` would be without (tried with 2.90).

    Raises ValueError for what is no printable ASCII: a line end would begin another option, and a firmware's screen
    shows nothing else.
    """
    if not text.isascii() or not text.isprintable():
        raise ValueError(f"{shown(text)} holds more than printable ASCII")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _head(boots: Sequence[Boot], dhcp: Dhcp) -> Iterable[str]:
    yield "# Made by pinboot: change the profile and build again, not this file. Try it: dnsmasq --test -C FILE"
    yield "# No DNS here, only DHCP" + (" and TFTP." if dhcp.tftp_root else ".")
    yield "port=0"
    yield "log-dhcp"
    if dhcp.interface:
        yield f"interface={quote(dhcp.interface)}"
        yield "bind-interfaces"
    if dhcp.tftp_root:
        yield "enable-tftp"
        yield f"tftp-root={quote(dhcp.tftp_root)}"
        yield f"tftp-max={TFTP_MAX}"
    net, mask = dhcp.subnet.network_address, dhcp.subnet.netmask
    yield ""
    if dhcp.mode == "proxy":
        yield "# Beside the DHCP server that gives the addresses; only to machines that are named here."
        yield f"dhcp-range={net},proxy,{mask}"
        yield "dhcp-ignore=tag:!known"
        return
    yield "# The only DHCP server of this network."
    yield "dhcp-authoritative"
    # Boot file names stay where the oldest firmware looks for them (dnsmasq(8)).
    yield "dhcp-no-override"
    # A firmware, iPXE and the installer name themselves differently, and are one machine with one address.
    yield "dhcp-ignore-clid"
    pool = 0
    if dhcp.pool:
        first, last = dhcp.pool
        pool = int(last) - int(first) + 1
        yield f"dhcp-range={first},{last},{mask},{dhcp.lease}"
    else:
        yield f"dhcp-range={net},static,{mask},{dhcp.lease}"
        yield "dhcp-ignore=tag:!known"
    yield f"dhcp-lease-max={max(LEASES, len(boots) + pool)}"
    # Options that are not named get values that dnsmasq makes up: itself as router and name server.
    yield f"dhcp-option=option:router{',' if dhcp.router else ''}{dhcp.router or ''}"
    yield "dhcp-option=" + ",".join(("option:dns-server", *map(str, dhcp.dns)))


def _machines(made: Iterable[Group], dhcp: Dhcp) -> Iterable[str]:
    for group in made:
        yield ""
        yield f"# {group.title}"
        for boot in group.boots:
            words = [*boot.macs, f"set:{group.name}"]
            if dhcp.mode == "authoritative":
                own = plan.address(boot)
                words += [*([str(own)] if own else []), quote(boot.name)]
            yield f"dhcp-host={','.join(words)}"


def _files(made: Sequence[Group], served: Served, dhcp: Dhcp) -> Iterable[str]:
    # iPXE sends its own features in option 175 (REFERENCE 4.5); nothing else does.
    yield "dhcp-match=set:ipxe,175"
    if dhcp.mode == "proxy":
        yield from _proxy(made, served)
        return
    kinds = {kind for group in made for kind, _ in group.files}
    for kind in plan.KINDS:
        if kind in kinds:
            yield from (f"dhcp-match=set:{kind.name},option:client-arch,{number}" for number in kind.types)
    for group in made:
        for kind, file in group.files:
            tags = f"tag:{group.name},tag:{kind.name}" + (",tag:!ipxe" if group.script else "")
            if kind.http:
                # UEFI takes a URL only from a server that calls itself HTTPClient (REFERENCE 4.4).
                yield f"dhcp-option-force={tags},option:vendor-class,HTTPClient"
                yield f"dhcp-boot={tags},{quote(file)}"
            else:
                yield f"dhcp-boot={tags},{quote(file)},,{plan.next_server(served)}"
        if group.script:
            yield f"dhcp-boot=tag:{group.name},tag:ipxe,{quote(group.script)}"


def _proxy(made: Iterable[Group], served: Served) -> Iterable[str]:
    """HTTP clients are left out: dnsmasq, as a proxy, answers PXEClient alone (tried)."""
    for group in made:
        for kind, file in group.files:
            if not kind.http:
                # Numbers and not the names of dnsmasq, which differ between its versions for 7 and 9.
                yield from (f"pxe-service=tag:{group.name}{',tag:!ipxe' if group.script else ''},{number},"
                            f"{quote(group.title)},{quote(file)},{plan.next_server(served)}" for number in kind.types)
                if group.script:
                    yield from (f"pxe-service=tag:{group.name},tag:ipxe,{number},{quote(group.title)},"
                                f"{quote(group.script)}" for number in kind.types)

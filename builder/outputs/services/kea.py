"""kea-dhcp4's configuration: the same answers as dnsmasq.conf, as classes and reservations (Kea ARM 8.3, 14)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from builder.errors import UsageError
from builder.outputs.boot import Boot, Served
from builder.outputs.rendered import Rendered
from builder.outputs.services import dhcp as plan
from builder.outputs.services.dhcp import Dhcp, Group, Kind, Loaders

PATH = "dhcp/kea-dhcp4.json"


def config(boots: Sequence[Boot], served: Served, dhcp: Dhcp, loaders: Loaders | None = None) -> Rendered:
    """kea-dhcp4.json. Strings are quoted by JSON alone. Raises UsageError, naming host and field."""
    if dhcp.mode == "proxy":
        raise UsageError("dhcp.mode: Kea has no proxy mode", 'use dnsmasq beside another DHCP server, or set '
                         'mode = "authoritative"')
    made = plan.groups(boots, served, dhcp, loaders or Loaders())
    settings = {
        "interfaces-config": {"interfaces": [dhcp.interface or "*"]},
        "lease-database": {"type": "memfile"},
        "valid-lifetime": dhcp.lease,
        "authoritative": True,
        # A firmware, iPXE and the installer name themselves differently, and are one machine with one address.
        "match-client-id": False,
        "host-reservation-identifiers": ["hw-address"],
        # A machine that may ask by any of its cards has one address for all (Kea ARM 8.3.12).
        "ip-reservations-unique": all(len(boot.macs) == 1 for boot in boots),
        "client-classes": list(_classes(made, served)),
        "subnet4": [_subnet(made, dhcp)],
    }
    return Rendered(PATH, json.dumps({"Dhcp4": settings}, indent=2) + "\n")


def _classes(made: Sequence[Group], served: Served) -> Iterable[dict[str, Any]]:
    yield {"name": "ipxe", "test": "option[175].exists"}
    yield from ({"name": group.name, "user-context": {"comment": group.title}} for group in made)
    for group in made:
        for kind, file in group.files:
            yield _class(group, kind, file, served)
        if group.script:
            # KNOWN puts a class off until the reservation, which names the group, has been found (Kea ARM 14.1).
            yield {"name": f"{group.name}-ipxe", "boot-file-name": group.script,
                   "test": f"member('KNOWN') and member('{group.name}') and member('ipxe')"}


def _class(group: Group, kind: Kind, file: str, served: Served) -> dict[str, Any]:
    types = " or ".join(f"option[93].hex == 0x{number:04x}" for number in kind.types)
    ipxe = " and not member('ipxe')" if group.script else ""
    made: dict[str, Any] = {
        "name": f"{group.name}-{kind.name}",
        "test": f"member('KNOWN') and member('{group.name}'){ipxe} and ({types})",
        "boot-file-name": file,
    }
    if kind.http:
        # UEFI takes a URL only from a server that calls itself HTTPClient (REFERENCE 4.4).
        return {**made, "option-data": [{"name": "vendor-class-identifier", "data": "HTTPClient", "always-send": True}]}
    return {**made, "next-server": str(plan.next_server(served))}


def _subnet(made: Sequence[Group], dhcp: Dhcp) -> dict[str, Any]:
    options = []
    if dhcp.router:
        options.append({"name": "routers", "data": str(dhcp.router)})
    if dhcp.dns:
        options.append({"name": "domain-name-servers", "data": ", ".join(map(str, dhcp.dns))})
    return {
        "id": 1,
        "subnet": str(dhcp.subnet),
        "pools": [{"pool": f"{dhcp.pool[0]} - {dhcp.pool[1]}"}] if dhcp.pool else [],
        "option-data": options,
        "reservations": [each for group in made for boot in group.boots for each in _reservations(group, boot)],
    }


def _reservations(group: Group, boot: Boot) -> Iterable[dict[str, Any]]:
    own = plan.address(boot)
    for mac in boot.macs:
        yield {"hw-address": mac, **({"ip-address": str(own)} if own else {}), "hostname": boot.name,
               "client-classes": [group.name]}

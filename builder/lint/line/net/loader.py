"""ip= as EL6's own loader reads it (anaconda rhel6-branch loader/loader.c parseCmdLineIp; REFERENCE 1.6)."""

from __future__ import annotations

from builder.lint.line.line import Line
from builder.lint.line.net import fields
from builder.lint.line.net.fields import Ip
from builder.lint.line.rules import error, warning
from builder.names import shown

FORM = "use ip=ADDRESS netmask=MASK gateway=ROUTER dns=SERVER ksdevice=eth0, or ip=dhcp ksdevice=eth0"


def read(value: str, line: Line) -> Ip:
    """One ip=, whose value is not empty. pxelinux' own form, address:server:gateway:netmask, is read as well."""
    if value == "dhcp":
        return Ip(method="dhcp", versions=frozenset((4,)))
    parts = value.split(":")
    whole = len(parts) > 3
    mask, gateway = (parts[3], parts[2]) if whole else (line.value("netmask"), line.value("gateway"))
    own = fields.address(parts[0])
    if len(parts) not in (1, 4) or own is None or own.version != 4:
        finding = error("ip-form", f"EL6 knows no ip={_cut(value)}", FORM)
        return Ip(dropped=True, findings=(finding,))
    found = []
    bits = fields.prefix(mask, 4) if "." in mask else None
    if not mask:
        found.append(error("ip-no-mask", "no netmask=: the installer stops and asks", FORM))
    elif not bits:
        found.append(error("ip-mask", f"{shown(mask)} is no netmask", "write it in dots: 255.255.255.0"))
    router = fields.address(gateway)
    if gateway and (router is None or router.version != 4):
        found.append(error("ip-gateway", f"{shown(gateway)} is no address of a gateway", "write the router's address"))
    elif router and bits and fields.is_far(router, own, bits):
        found.append(warning("ip-far-gateway", f"the gateway {router} is not in the network of {own}/{bits}",
                             "check netmask= and gateway="))
    return Ip(address=own, method="none", versions=frozenset((4,)), findings=tuple(found))


def _cut(value: str) -> str:
    return value if len(value) <= 40 else f"{value[:37]}..."

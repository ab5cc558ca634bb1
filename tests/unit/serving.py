"""Machines and their place on the servers, for tests of what serves a bundle."""

from __future__ import annotations

import ipaddress
from typing import Any

from builder.catalog.generation import GENERATIONS
from builder.outputs.boot import Boot, Served
from builder.outputs.services.dhcp import Dhcp


def boot(name: str = "web1", number: int = 1, **changes: Any) -> Boot:
    """The `number`-th machine: its MAC ends in it, and so does its address."""
    values: dict[str, Any] = {
        "name": name, "title": "Rocky Linux 9.6", "macs": (f"52:54:00:00:00:{number:02x}",),
        "addresses": (ipaddress.ip_address(f"10.20.1.{number}"),), "folder": "rocky-9.6-x86_64", "kernel": "vmlinuz",
        "initrds": ("initrd.img",), "arguments": ("quiet",), "generation": GENERATIONS["el9"], "arch": "x86_64"}
    return Boot(**{**values, **changes})


def served(identity: str = "5f2c91ab", root: str = "http://10.20.0.5", tftp: str = "10.20.0.5") -> Served:
    return Served(http=f"{root}/b/{identity}", root=root, tftp=tftp)


def dhcp(**changes: Any) -> Dhcp:
    values: dict[str, Any] = {"subnet": ipaddress.IPv4Network("10.20.0.0/16"), "router": ipaddress.ip_address("10.20.0.1"),
                              "dns": (ipaddress.ip_address("10.20.0.2"), ipaddress.ip_address("10.20.0.3"))}
    return Dhcp(**{**values, **changes})

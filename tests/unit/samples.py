"""Profiles and hosts as values, made by hand, for tests that start behind the profile file."""

from __future__ import annotations

import dataclasses
import ipaddress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from builder.catalog import load
from builder.profile.network.plan import Link, NetworkPlan, Route
from builder.profile.values import (
    Disk,
    Firewall,
    Host,
    Origin,
    Profile,
    Root,
    Services,
    Storage,
    TextFile,
    TreeSource,
    Trust,
    User,
    Xen,
)

HASH = "$6$saltsalt$" + "a" * 86
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1cn5SCZnaHGZrrTzCLuyXKBMSTTWb4ZaeUCVGlzuhX ops@example"
RSA = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDD ops@example"
MAC = "52:54:00:12:34:56"


def link(**changes: Any) -> Link:
    """A link; texts among `changes` become addresses."""
    values: dict[str, Any] = dict(changes)
    values["addresses"] = tuple(ipaddress.ip_interface(a) for a in values.get("addresses", ()))
    values["gateways"] = tuple(ipaddress.ip_address(a) for a in values.get("gateways", ()))
    if values["addresses"]:
        values.setdefault("method", "static")
    return Link(**values)


def routes(*pairs: tuple[str, str]) -> tuple[Route, ...]:
    return tuple(Route(to=ipaddress.ip_network(to), via=ipaddress.ip_address(via)) for to, via in pairs)


def plan(*links: Link, nameservers: tuple[str, ...] = (), **changes: Any) -> NetworkPlan:
    return NetworkPlan(links=links, nameservers=tuple(ipaddress.ip_address(a) for a in nameservers), **changes)


def network(**changes: Any) -> NetworkPlan:
    """The card of REFERENCE 7: 192.0.2.10/24 on enp1s0, with gateway and two name servers."""
    values: dict[str, Any] = {
        "method": "static", "addresses": ("192.0.2.10/24",), "gateways": ("192.0.2.1",),
        "nameservers": ("192.0.2.53", "192.0.2.54"), "interface": "enp1s0", **changes,
    }
    machine = {key: values.pop(key) for key in ("nameservers", "search", "peer_dns") if key in values}
    return plan(link(name=values.pop("interface") or "", **values), **machine)


def dhcp(method: str = "dhcp", **changes: Any) -> NetworkPlan:
    return network(**{"method": method, "addresses": (), "gateways": (), "nameservers": (), **changes})


def host(**changes: Any) -> Host:
    values: dict[str, Any] = {
        "name": "h1", "hostname": "h1.example.com", "network": network(), "memory": 3800, "vcpus": 1,
        "disk": Disk(name="xvda", size=20 << 30, file="/srv/h1.img"), "storage": Storage(layout="plain"), **changes,
    }
    return Host(**values)


def user(name: str = "admin", **changes: Any) -> User:
    return User(**{"name": name, "groups": ("wheel",), "ssh_keys": (KEY,), **changes})


def profile(release: str = "centos-7.9.2009", **changes: Any) -> Profile:
    """A complete profile; `changes` replace whole values. Without `hosts` it has the one of host()."""
    values: dict[str, Any] = {
        "name": "web", "path": Path("/nowhere/web.toml"), "release": load.release(release, "x86_64", load.families()),
        "outputs": ("xen",), "tree": TreeSource(), "trust": Trust(), "xen": Xen(run="pygrub"),
        "root": Root(password_hash=HASH), "users": (), "language": "cs_CZ.UTF-8", "keyboard": "us",
        "timezone": "Europe/Prague", "ntp": (), "packages": (), "weak_dependencies": True, "services": Services(),
        "firewall": Firewall(), "selinux": "enforcing", "finish": "reboot", "post": (), "kickstart": None,
        "template": None, "hosts": (host(),), "origins": MappingProxyType({"timezone": Origin("web.toml", 4)}),
        **changes,
    }
    return Profile(**values)


def changed(value: Any, **changes: Any) -> Any:
    return dataclasses.replace(value, **changes)


def text_file(path: str, text: str) -> TextFile:
    return TextFile(path=path, text=text)

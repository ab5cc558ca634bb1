"""What surrounds the machines of a profile, as values: the host of KVM guests, the web and TFTP server, DHCP."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass, field
from typing import Literal

from builder.profile.secrets import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Kvm:
    """`path` is where the bundle will live on the host of the guests, `disks` where their images are; `network` is one
    of libvirt's, `bridge` takes its place; `display` gives a screen beside the serial console."""

    path: str = "/var/lib/pinboot"
    disks: str = "/var/lib/libvirt/images"
    network: str = "default"
    bridge: str = ""
    display: bool = False


@dataclass(frozen=True, slots=True)
class LoaderFile:
    """A boot loader of this machine that goes along: its path below the TFTP root, its bytes."""

    path: str
    data: bytes = field(repr=False)
    digest: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hashlib.sha256(self.data).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Serve:
    """`url` is where http/ of the bundle is served, `tftp` the TFTP server (empty: none), `folder` what holds http/ and
    tftp/ on that server. Kickstarts lie at paths made from `secret`; `loaders` go along."""

    url: str
    secret: Secret
    tftp: str = ""
    folder: str = "/srv/pinboot"
    loaders: tuple[LoaderFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dhcp:
    """The network in which machines ask; `pool` is the first and the last address for machines without one of their
    own, `lease` in seconds."""

    subnet: ipaddress.IPv4Network
    router: ipaddress.IPv4Address | None = None
    nameservers: tuple[ipaddress.IPv4Address, ...] = ()
    mode: Literal["authoritative", "proxy"] = "authoritative"
    interface: str = ""
    pool: tuple[ipaddress.IPv4Address, ipaddress.IPv4Address] | None = None
    lease: int = 3600

"""The profiles of the demo: an article's CentOS 7 guest on NetBSD, and a Rocky 9 guest on Linux."""

from __future__ import annotations

import base64
import hashlib
from typing import Literal

from builder.demo import stored

CENTOS = "centos/7/os/x86_64"
CENTOS_ISOS = "centos/7/isos/x86_64"
ROCKY = "rocky/9.6"
ROCKY_ISOS = f"{ROCKY}/isos/x86_64"
ROCKY_KEYS = "rocky"
# The demo's mirror is gone when the demo ends: what a guest would install from is a real address.
CENTOS_INSTALL = "https://vault.centos.org/7.9.2009/os/x86_64"
ROCKY_INSTALL = "https://dl.rockylinux.org/vault/rocky/9.6/BaseOS/x86_64/os"


def public_key(kind: Literal["ssh-ed25519", "ssh-rsa"] = "ssh-ed25519") -> str:
    """A public key of the right form (RFC 4253, 6.6; RFC 8709, 4) that opens nothing: nobody has its private half."""
    point = hashlib.sha256(b"pinboot demo").digest()
    modulus = b"\0\xc3" + stored.filler("pinboot demo", 255)
    fields = (point,) if kind == "ssh-ed25519" else (b"\x01\0\x01", modulus)
    blob = b"".join(len(field).to_bytes(4, "big") + field for field in (kind.encode(), *fields))
    return f"{kind} {base64.b64encode(blob).decode()} demo"


def centos(mirror: str, key: str = "") -> str:
    """`key` is the fingerprint that this profile trusts in place of CentOS' own."""
    return f"""\
# CentOS 7 as a Xen PV guest on a NetBSD dom0
release  = "centos-7.9.2009"
timezone = "Europe/Prague"
root     = {{ ssh_keys = ["{public_key()}"] }}

[tree]
url         = "{mirror}/{CENTOS}"
install_url = "{CENTOS_INSTALL}"
{_trust(key)}
[xen]
dom0   = "netbsd"
path   = "/var/xen/pinboot"
bridge = "bridge0"
run    = "pygrub"

[network]
gateway     = "192.168.1.1"
nameservers = ["8.8.8.8"]

[host.centos]
address = "192.168.1.222/24"
mac     = "00:16:3e:03:9c:56"
memory  = "3800 MiB"
disk    = {{ size = "20 GiB", file = "/var/xen/centos.img" }}
"""


def rocky(mirror: str, key: str = "") -> str:
    """`key` as in centos()."""
    return f"""\
# Rocky Linux 9 as a Xen HVM guest on a Linux dom0
release = "rocky-9"
storage = "lvm"

[user.admin]
groups   = ["wheel"]
ssh_keys = ["{public_key()}"]

[tree]
url         = "{mirror}/{ROCKY}/BaseOS/x86_64/os"
install_url = "{ROCKY_INSTALL}"
{_trust(key)}
[host.rocky]
memory = "4 GiB"
disk   = {{ size = "20 GiB" }}
"""


def _trust(key: str) -> str:
    return f'\n[trust]\nkeys = ["{key}"]\n' if key else ""

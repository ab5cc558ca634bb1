"""Profiles, locks and small bundles for tests of outputs and media: real values, made by the rooms above them."""

import hashlib
import io
from types import MappingProxyType

from builder.digest import Digest
from builder.lock.model import KernelFacts, Lock, Pin
from builder.media.bundle import Entry, Part
from builder.profile import resolve

HASH = "$6$saltsalt$" + "a" * 86
EPOCH = 1604001756


def profile(folder, release="centos-7.9.2009", xen="", hosts="", name="web"):
    """A profile that was read from a file; `xen` are lines of its [xen] table, `hosts` further host tables."""
    path = folder / f"{name}.toml"
    path.write_text(f'''
release = "{release}"
outputs = ["xen"]
root = {{ password = "file:root.hash" }}

[xen]
{xen}

[network]
gateway = "192.168.1.1"
nameservers = ["8.8.8.8"]

[host.web1]
address = "192.168.1.22/24"
mac = "00:16:3e:03:9c:56"
memory = "3800 MiB"
disk = {{ size = "20 GiB" }}
{hosts}
''')
    secret = folder / "root.hash"
    secret.write_text(HASH + "\n")
    secret.chmod(0o600)
    return resolve.read(path, path.name, {})[0]


def facts(pv=True):
    return KernelFacts(version="3.10.0-1160.el7.x86_64", xen_pv=pv, xen_pvh=False, cmdline_size=2047, payload="gzip")


def lock(kernel, initrd):
    """A lock whose kernel and initrd pins are these bytes."""
    pins = [Pin(role=role, path=path, size=len(data), digest=Digest("sha256", hashlib.sha256(data).hexdigest()),
                evidence="treeinfo", detail=".treeinfo [checksums]")
            for role, path, data in (("kernel", "images/pxeboot/vmlinuz", kernel),
                                     ("initrd", "images/pxeboot/initrd.img", initrd),
                                     ("stage2", "LiveOS/squashfs.img", b"stage2"),
                                     ("treeinfo", ".treeinfo", b"treeinfo"),
                                     ("repository", "repodata/repomd.xml", b"repomd"))]
    return Lock(family="centos", version="7.9.2009", arch="x86_64", source="https://vault.example/7.9.2009/os/x86_64",
                epoch=EPOCH, compose="", kernel=facts(), pins=tuple(pins), overrides=MappingProxyType({}))


def large(path, data, mode=0o644, origin="pinned", file=None):
    """An entry by reference: to `file`, which holds `data`, or to memory."""
    opener = (lambda: file.open("rb")) if file else (lambda: io.BytesIO(data))
    return Entry(path=path, mode=mode, size=len(data), digest=Digest("sha256", hashlib.sha256(data).hexdigest()),
                 parts=(Part(size=len(data), open=opener),), origin=origin)

"""Small install trees in the shape of real ones: CentOS 7 without checksums; Rocky, AlmaLinux, CentOS Stream 9 with.

A tree maps paths to bytes. Every part can be taken from another build, so that a test or the demo can show a mix.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from builder import names
from builder.demo import images, packages, repodata
from builder.demo.initrd import make as make_initrd
from builder.demo.kernel import make as make_kernel

Tree = dict[str, bytes]
KERNEL = "images/pxeboot/vmlinuz"
INITRD = "images/pxeboot/initrd.img"
BASEOS = "BaseOS/x86_64/os"
APPSTREAM = "AppStream/x86_64/os"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point release of CentOS 7: its kernel, and the times in .treeinfo, .discinfo and repomd of its real tree."""

    number: str
    kernel: str
    treeinfo: str
    discinfo: str
    revision: int


CENTOS7 = {
    "7.5.1804": Point(number="7.5", kernel="3.10.0-862.el7.x86_64", treeinfo="1525379658.57",
                      discinfo="1525379451.112078", revision=1525379658),  # revision: not known, so treeinfo's time
    "7.9.2009": Point(number="7.9", kernel="3.10.0-1160.el7.x86_64", treeinfo="1603729576.26",
                      discinfo="1603728831.612616", revision=1604001756),
}
# The short name, and whether .treeinfo tells the point release: AlmaLinux 9 and CentOS Stream 9 write only `9`.
EL9_FAMILIES = {"Rocky Linux": ("Rocky", True), "AlmaLinux": ("AlmaLinux", False),
                "CentOS Stream": ("CentOS-Stream", False)}


def centos7(point: str = "7.9.2009", *, kernel: str = "", initrd_kernel: str = "", package_kernel: str = "",
            treeinfo: str = "", discinfo: str = "", seed: str = "demo") -> Tree:
    """A CentOS 7 tree.

    `kernel` is the version inside vmlinuz, and of the modules in the initrd and of the kernel package unless
    `initrd_kernel` or `package_kernel` name another build. `treeinfo` and `discinfo` are the times of another compose,
    `seed` changes all filler.
    """
    row = CENTOS7[point]
    version, composed = kernel or row.kernel, treeinfo or row.treeinfo
    built = int(float(composed))
    revision = built if treeinfo else row.revision
    return {
        ".discinfo": f"{discinfo or row.discinfo}\n{row.number}\nx86_64\n".encode(),
        ".treeinfo": _CENTOS7_TREEINFO.format(timestamp=composed).encode(),
        KERNEL: make_kernel(version, xen="pv", seed=seed),
        INITRD: make_initrd(initrd_kernel or version, product="CentOS", release="7", seed=seed, built=built),
        "LiveOS/squashfs.img": images.squashfs(f"{seed} {composed}", built),
        "images/boot.iso": images.iso("CentOS 7 x86_64", seed),
        "images/efiboot.img": images.efi(seed),
        **repodata.make(packages.el7(package_kernel or version, point), revision),
    }


def el9(family: str = "Rocky Linux", version: str = "9.6", *, kernel: str = "5.14.0-570.17.1.el9_6.x86_64",
        initrd_kernel: str = "", package_kernel: str = "", composed: int = 1748459316, seed: str = "demo") -> Tree:
    """The trees of BaseOS (bootable) and AppStream of an EL9, below their usual folders; parameters as centos7()."""
    short, tells_point = EL9_FAMILIES[family]
    told = version if tells_point else version.partition(".")[0]
    files = {
        ".discinfo": f"{composed}.612616\n{version}\nx86_64\n".encode(),
        KERNEL: make_kernel(kernel, xen="none", seed=seed),
        INITRD: make_initrd(initrd_kernel or kernel, product=family, release=version, seed=seed, built=composed),
        "images/install.img": images.squashfs(f"{seed} {composed}", composed),
        "images/boot.iso": images.iso(f"{short}-9-x86_64", seed),
        "images/efiboot.img": images.efi(seed),
    }
    checksums = "".join(f"{path} = sha256:{hashlib.sha256(files[path]).hexdigest()}\n"
                        for path in sorted(files) if path.startswith("images/"))
    files[".treeinfo"] = _EL9_TREEINFO.format(
        checksums=checksums, family=family, short=short, version=told, timestamp=composed).encode()
    files.update(repodata.make(packages.el9_baseos(package_kernel or kernel), composed))
    addition = repodata.make(packages.el9_appstream(), composed)
    return {**{f"{BASEOS}/{path}": data for path, data in files.items()},
            **{f"{APPSTREAM}/{path}": data for path, data in addition.items()}}


def tampered(data: bytes) -> bytes:
    """The same file with one bit changed, in its middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def write(tree: Mapping[str, bytes], folder: Path) -> None:
    """Write a tree below `folder`. Raises ValueError for a path that no tree may hold."""
    for path, data in tree.items():
        target = folder / names.tree_path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


# As lorax alone writes it (lorax src/pylorax/treeinfo.py): no header, no checksums, no point release.
_CENTOS7_TREEINFO = """\
[general]
name = CentOS-7
family = CentOS
timestamp = {timestamp}
variant = 
version = 7
packagedir = 
arch = x86_64

[stage2]
mainimage = LiveOS/squashfs.img

[images-x86_64]
kernel = images/pxeboot/vmlinuz
initrd = images/pxeboot/initrd.img
boot.iso = images/boot.iso

[images-xen]
kernel = images/pxeboot/vmlinuz
initrd = images/pxeboot/initrd.img

"""  # noqa: W291  (real trees have blanks behind `variant =`)

# As productmd writes it (productmd doc/treeinfo-1.2.rst). Trees of 9 name images in [checksums], not repomd.xml.
_EL9_TREEINFO = """\
[checksums]
{checksums}
[general]
; WARNING.0 = This section provides compatibility with pre-productmd treeinfos.
; WARNING.1 = Read productmd documentation for details about new format.
arch = x86_64
family = {family}
name = {family} {version}
packagedir = Packages
platforms = x86_64,xen
repository = .
timestamp = {timestamp}
variant = BaseOS
variants = AppStream,BaseOS
version = {version}

[header]
type = productmd.treeinfo
version = 1.2

[images-x86_64]
boot.iso = images/boot.iso
efiboot.img = images/efiboot.img
initrd = images/pxeboot/initrd.img
kernel = images/pxeboot/vmlinuz

[images-xen]
initrd = images/pxeboot/initrd.img
kernel = images/pxeboot/vmlinuz

[release]
name = {family}
short = {short}
version = {version}

[stage2]
mainimage = images/install.img

[tree]
arch = x86_64
build_timestamp = {timestamp}
platforms = x86_64,xen
variants = AppStream,BaseOS

[variant-AppStream]
id = AppStream
name = AppStream
packages = ../../../AppStream/x86_64/os/Packages
repository = ../../../AppStream/x86_64/os
type = variant
uid = AppStream

[variant-BaseOS]
id = BaseOS
name = BaseOS
packages = Packages
repository = .
type = variant
uid = BaseOS

"""

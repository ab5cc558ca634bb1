"""Small install trees in the shape of real ones: every generation, every family that has trees of it.

A tree maps paths to bytes. Every part can be taken from another build, so that a test or the demo can show a mix. With
a `signer` it is a signed tree: as its family publishes it, with the key, signed metadata and a real kernel package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict, Unpack

from builder import names
from builder.demo import images, packages, repodata, signing, treeinfo
from builder.demo.initrd import make as make_initrd
from builder.demo.kernel import make as make_kernel
from builder.demo.openpgp import Signer

Tree = dict[str, bytes]
KERNEL = treeinfo.KERNEL
INITRD = treeinfo.INITRD
BASEOS = "BaseOS/x86_64/os"
APPSTREAM = "AppStream/x86_64/os"
# How much of its version .treeinfo tells: 9; 9.6; 9.6.0; all that it was called by.
Tells = Literal["major", "point", "patch", "whole"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the trees of one generation have in common. `version`, `kernel` and `composed` are those of a real release;
    `xen` says which notes its kernel has (builder/demo/kernel.py), `further` the images beside those that boot."""

    version: str
    kernel: str
    composed: int
    stage2: str
    xen: Literal["pv", "bare", "none", "all"]
    further: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """How a family writes its trees of one generation: its short name, its layout and what it tells of the version.
    `repomd` says that [checksums] name repodata/repomd.xml too."""

    short: str
    layout: str
    tells: Tells
    repomd: bool = False


class Build(TypedDict, total=False):
    """What of a tree is of another build; as the keywords of centos7(). `composed`: seconds."""

    kernel: str
    initrd_kernel: str
    package_kernel: str
    composed: int
    seed: str
    signer: Signer | None


EFI, ELTORITO = ("images/boot.iso", "images/efiboot.img"), ("images/boot.iso", "images/eltorito.img")
SHAPES: Mapping[str, Shape] = {
    "el7": Shape(version="7.9", kernel="3.10.0-1160.el7.x86_64", composed=1600000000, stage2="LiveOS/squashfs.img",
                 xen="pv", further=("images/boot.iso",)),
    "el8": Shape(version="8.10", kernel="4.18.0-553.el8_10.x86_64", composed=1716363706, stage2="images/install.img",
                 xen="bare", further=EFI),
    "el9": Shape(version="9.6", kernel="5.14.0-570.17.1.el9_6.x86_64", composed=1748459316,
                 stage2="images/install.img", xen="none", further=EFI),
    "el10": Shape(version="10.0", kernel="6.12.0-55.9.1.el10_0.x86_64", composed=1744312719,
                  stage2="images/install.img", xen="none", further=ELTORITO),
    # Fedora can be a dom0, so its kernel has the PV entry; this is the one that Fedora 42 came with.
    "fedora": Shape(version="42", kernel="6.14.0-63.fc42.x86_64", composed=1744226000, stage2="images/install.img",
                    xen="all", further=ELTORITO),
}
# Spelled as the trees do. No tree of Oracle Linux 10 was read: it is taken to be like 9.
FAMILIES: Mapping[str, Mapping[str, Kin]] = {
    "el7": {"Red Hat Enterprise Linux": Kin(short="RHEL", layout="server", tells="point"),
            "Oracle Linux": Kin(short="OL", layout="server", tells="point", repomd=True)},
    "el8": {"Rocky Linux": Kin(short="Rocky", layout="split", tells="major"),
            "AlmaLinux": Kin(short="AlmaLinux", layout="split", tells="major"),
            "Red Hat Enterprise Linux": Kin(short="RHEL", layout="boot", tells="point"),
            "Oracle Linux": Kin(short="OL", layout="disc", tells="patch")},
    "el9": {"Rocky Linux": Kin(short="Rocky", layout="split", tells="point"),
            "AlmaLinux": Kin(short="AlmaLinux", layout="split", tells="major"),
            "CentOS Stream": Kin(short="CentOS-Stream", layout="split", tells="major"),
            "Red Hat Enterprise Linux": Kin(short="RHEL", layout="boot", tells="point"),
            "Oracle Linux": Kin(short="OL", layout="disc", tells="patch")},
    "el10": {"Rocky Linux": Kin(short="Rocky", layout="split", tells="point"),
             "AlmaLinux": Kin(short="AlmaLinux", layout="split", tells="major"),
             "CentOS Stream": Kin(short="CentOS-Stream", layout="split", tells="major"),
             "Red Hat Enterprise Linux": Kin(short="RHEL", layout="boot", tells="point"),
             "Oracle Linux": Kin(short="OL", layout="disc", tells="patch")},
    "fedora": {"Fedora": Kin(short="Fedora", layout="everything", tells="whole")},
}


def el6(version: str = "6.10", *, kernel: str = "2.6.32-754.el6.x86_64", initrd_kernel: str = "",
        package_kernel: str = "", composed: str = "1530288526.06", seed: str = "demo",
        signer: Signer | None = None) -> Tree:
    """A CentOS 6 tree, without checksums; parameters as centos7(). Its initrd is gzip, which decides where kickstarts
    go (builder/media/inject.py)."""
    built, packaged = int(float(composed)), package_kernel or kernel
    seal = _seal("el6", "CentOS", version, packaged, seed, signer)
    return {
        ".treeinfo": treeinfo.el6("CentOS", version, composed),
        KERNEL: make_kernel(kernel, xen="pv", seed=seed),
        INITRD: make_initrd(initrd_kernel or kernel, product="CentOS", release=version, seed=seed, built=built,
                            compressor="gzip", early_microcode=False, maker="anaconda"),
        "images/install.img": images.squashfs(f"{seed} {composed}", built),
        "images/boot.iso": images.iso("CentOS", seed),
        **_repository(packages.el6(packaged, version), built, seal),
        **_keys(seal),
    }


def centos7(point: str = "7.9.2009", *, kernel: str = "", initrd_kernel: str = "", package_kernel: str = "",
            treeinfo: str = "", discinfo: str = "", seed: str = "demo", signer: Signer | None = None) -> Tree:
    """A CentOS 7 tree.

    `kernel` is the version inside vmlinuz, and of the modules in the initrd and of the kernel package unless
    `initrd_kernel` or `package_kernel` name another build. `treeinfo` and `discinfo` are the times of another compose,
    `seed` changes all filler.
    """
    row = CENTOS7[point]
    version, composed = kernel or row.kernel, treeinfo or row.treeinfo
    built = int(float(composed))
    revision = built if treeinfo else row.revision
    seal = _seal("el7", "CentOS", point, package_kernel or version, seed, signer)
    return {
        ".discinfo": f"{discinfo or row.discinfo}\n{row.number}\nx86_64\n".encode(),
        ".treeinfo": _lorax(composed),
        KERNEL: make_kernel(version, xen="pv", seed=seed),
        INITRD: make_initrd(initrd_kernel or version, product="CentOS", release="7", seed=seed, built=built),
        "LiveOS/squashfs.img": images.squashfs(f"{seed} {composed}", built),
        "images/boot.iso": images.iso("CentOS 7 x86_64", seed),
        "images/efiboot.img": images.efi(seed),
        **_repository(packages.el7(package_kernel or version, point), revision, seal),
        **_keys(seal),
    }


_lorax = treeinfo.lorax


def el7(family: str = "Oracle Linux", version: str = "", **build: Unpack[Build]) -> Tree:
    """RHEL 7 or Oracle Linux 7, with checksums."""
    return _compose("el7", family, version, **build)


def el8(family: str = "Rocky Linux", version: str = "", **build: Unpack[Build]) -> Tree:
    return _compose("el8", family, version, **build)


def el9(family: str = "Rocky Linux", version: str = "", **build: Unpack[Build]) -> Tree:
    """A tree of EL9: for the families that split them, BaseOS (bootable) and AppStream below their usual folders."""
    return _compose("el9", family, version, **build)


def el10(family: str = "Rocky Linux", version: str = "", **build: Unpack[Build]) -> Tree:
    return _compose("el10", family, version, **build)


def fedora(version: str = "", **build: Unpack[Build]) -> Tree:
    """The tree of Fedora's Everything; its kernel is that of Fedora 42 whatever the version."""
    return _compose("fedora", "Fedora", version, **build)


def _compose(generation: str, family: str, version: str = "", *, kernel: str = "", initrd_kernel: str = "",
             package_kernel: str = "", composed: int | None = None, seed: str = "demo",
             signer: Signer | None = None) -> Tree:
    shape, kin = SHAPES[generation], FAMILIES[generation][family]
    version, kernel = version or shape.version, kernel or shape.kernel
    made = shape.composed if composed is None else composed
    major = version.partition(".")[0]
    files = {
        ".discinfo": f"{made}.612616\n{version}\nx86_64\n".encode(),
        KERNEL: make_kernel(kernel, xen=shape.xen, seed=seed),
        INITRD: make_initrd(initrd_kernel or kernel, product=family, release=version, seed=seed, built=made),
        shape.stage2: images.squashfs(f"{seed} {made}", made),
        **{path: images.further(path, f"{kin.short}-{major}-x86_64", seed) for path in shape.further},
    }
    named = set(files) - {".discinfo"}
    repositories = packages.repositories(generation, package_kernel or kernel)
    seal = _seal(generation, family, version, package_kernel or kernel, seed, signer)
    above: Tree = {}
    for name, place in treeinfo.LAYOUTS[kin.layout]:
        inside = _repository(repositories[name], made, seal)
        if place.startswith("../"):
            above |= {f"{name}/x86_64/os/{path}": data for path, data in (inside | _keys(seal)).items()}
        else:
            files |= {path if place == "." else f"{place}/{path}": data for path, data in inside.items()}
    if kin.repomd:
        named.add("repodata/repomd.xml")
    files[".treeinfo"] = treeinfo.productmd(treeinfo.Text(
        family=family, short=kin.short, version=_told(version, kin.tells), timestamp=str(made), stage2=shape.stage2,
        layout=kin.layout, images=shape.further,
        checksums={path: hashlib.sha256(files[path]).hexdigest() for path in sorted(named)}))
    files |= _keys(seal)
    if not above:
        return files
    return {**{f"BaseOS/x86_64/os/{path}": data for path, data in files.items()}, **above}


def _seal(generation: str, family: str, version: str, kernel: str, seed: str, signer: Signer | None
          ) -> signing.Seal | None:
    """What the kernel package holds is the kernel of its own build, whatever lies in images/pxeboot."""
    if signer is None:
        return None
    xen = SHAPES[generation].xen if generation in SHAPES else "pv"
    return signing.Seal(family=family, version=version, generation=generation, signer=signer,
                        vmlinuz=make_kernel(kernel, xen=xen, seed=seed))


def _repository(listed: Iterable[repodata.Package], built: int, seal: signing.Seal | None) -> Tree:
    return seal.repository(listed, built) if seal else repodata.make(listed, built)


def _keys(seal: signing.Seal | None) -> Tree:
    return signing.keys(seal.family, seal.version, seal.signer) if seal else {}


def keys(family: str, version: str, signer: Signer) -> Tree:
    """The key file as it lies in the trees of a family and once more at the top of its mirrors (rocky/, almalinux/)."""
    return signing.keys(family, version, signer)


def isos(files: Mapping[str, bytes], family: str, version: str, signer: Signer) -> Tree:
    """The folder with the images of a release, by paths inside it: the boot image, made from the parts of the tree
    `files`, and the list that names it, signed where the family signs it.

    On mirrors it is ../../isos/x86_64 of a CentOS tree, isos/x86_64 beside BaseOS of Rocky and AlmaLinux, ../iso of a
    Fedora tree. `version` is 7.9.2009, 9.6, 42. Raises KeyError for a family without images beside its trees.
    """
    home = f"{BASEOS}/" if f"{BASEOS}/.treeinfo" in files else ""
    inside = {path.removeprefix(home): data for path, data in files.items() if path.startswith(home)}
    return signing.images(inside, family, version, signer)


def _told(version: str, tells: Tells) -> str:
    return {"major": version.partition(".")[0], "point": version, "patch": f"{version}.0", "whole": version}[tells]


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

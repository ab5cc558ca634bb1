"""The .treeinfo of a demo tree, in the three forms of the field: EL6's, lorax' own (CentOS 7), productmd's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

KERNEL = "images/pxeboot/vmlinuz"
INITRD = "images/pxeboot/initrd.img"
# Variants by name, each with the place of its repository as treeinfo says it; the first is the one of [general].
LAYOUTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "server": (("Server", "."),),  # RHEL and Oracle 7
    "boot": (("BaseOS", "."),),  # RHEL since 8: AppStream is a tree of its own that this one does not name
    "split": (("BaseOS", "."), ("AppStream", "../../../AppStream/x86_64/os")),  # Rocky, AlmaLinux, CentOS Stream
    "disc": (("AppStream", "AppStream"), ("BaseOS", "BaseOS")),  # Oracle since 8: the tree is the DVD
    "everything": (("Everything", "."),),  # Fedora
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a .treeinfo says. `images` are further files of [images-x86_64], `checksums` SHA-256 by path."""

    family: str
    short: str
    version: str
    timestamp: str
    stage2: str
    layout: str
    images: tuple[str, ...]
    checksums: Mapping[str, str]


def el6(family: str, version: str, timestamp: str) -> bytes:
    """As CentOS 6 trees have it (anaconda rhel6-branch, scripts/mk-images): no header, no checksums."""
    return f"""\
[general]
version = {version}
arch = x86_64
family = {family}
packagedir = 
timestamp = {timestamp}
discnum = 1
variant = 
totaldiscs = 1

[images-x86_64]
kernel = {KERNEL}
initrd = {INITRD}
boot.iso = images/boot.iso
[images-xen]
kernel = {KERNEL}
initrd = {INITRD}

[stage2]
mainimage = images/install.img
""".encode()  # noqa: W291  (real trees have blanks behind `variant =`)


def lorax(timestamp: str) -> bytes:
    """As lorax alone writes it for CentOS 7 (lorax src/pylorax/treeinfo.py): no header, checksums or point release."""
    return f"""\
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
kernel = {KERNEL}
initrd = {INITRD}
boot.iso = images/boot.iso

[images-xen]
kernel = {KERNEL}
initrd = {INITRD}

""".encode()  # noqa: W291


def productmd(text: Text) -> bytes:
    """As productmd writes it (productmd doc/treeinfo-1.2.rst): sections and keys in order of their names."""
    variants = LAYOUTS[text.layout]
    listed = ",".join(sorted(name for name, _ in variants))
    main, place = variants[0]
    boot = {"initrd": INITRD, "kernel": KERNEL}
    sections: dict[str, dict[str, str]] = {
        "checksums": {path: f"sha256:{digest}" for path, digest in text.checksums.items()},
        "general": {
            "arch": "x86_64", "family": text.family, "name": f"{text.family} {text.version}",
            "packagedir": _packages(place), "platforms": "x86_64,xen", "repository": place,
            "timestamp": text.timestamp, "variant": main, "variants": listed, "version": text.version},
        "header": {"type": "productmd.treeinfo", "version": "1.2"},
        "images-x86_64": {**boot, **{path.rpartition("/")[2]: path for path in text.images}},
        "images-xen": boot,
        "release": {"name": text.family, "short": text.short, "version": text.version},
        "stage2": {"mainimage": text.stage2},
        "tree": {"arch": "x86_64", "build_timestamp": text.timestamp, "platforms": "x86_64,xen", "variants": listed},
        **{f"variant-{name}": {"id": name, "name": name, "packages": _packages(where), "repository": where,
                               "type": "variant", "uid": name} for name, where in variants},
    }
    return "".join(_section(name, sections[name]) for name in sorted(sections)).encode()


def _packages(place: str) -> str:
    return "Packages" if place == "." else f"{place}/Packages"


def _section(name: str, keys: Mapping[str, str]) -> str:
    warning = _WARNING if name == "general" else ""
    return f"[{name}]\n{warning}{''.join(f'{key} = {keys[key]}{chr(10)}' for key in sorted(keys))}\n"


_WARNING = """\
; WARNING.0 = This section provides compatibility with pre-productmd treeinfos.
; WARNING.1 = Read productmd documentation for details about new format.
"""

"""Which kind of machine each output is for: a guest of Xen, a guest of KVM, or a machine that boots over the network.

One profile makes one kind: disks and cards have other names, and the kickstart lies at another place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

Kind = Literal["xen", "kvm", "network"]
OUTPUTS: Mapping[str, Kind] = {
    "xen": "xen",
    "libvirt": "kvm", "qemu": "kvm", "virt-install": "kvm", "packer": "kvm",
    "pxelinux": "network", "grub": "network", "ipxe": "network", "http-boot": "network",
    "dnsmasq": "network", "kea": "network", "nginx": "network",
}
# What a guest's first disk is called by the installer; other machines have names of their own.
DISKS: Mapping[Kind, str] = {"xen": "xvda", "kvm": "vda"}


def kinds(outputs: Iterable[str]) -> tuple[Kind, ...]:
    """The kinds among these outputs, each once, in order; of words that are none, none."""
    return tuple(dict.fromkeys(OUTPUTS[word] for word in outputs if word in OUTPUTS))


def kind(outputs: Iterable[str]) -> Kind | None:
    """The one kind of a profile; None where it names no output (or, until that is told, two kinds)."""
    found = kinds(outputs)
    return found[0] if len(found) == 1 else None

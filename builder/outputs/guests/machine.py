"""A machine as a guest of KVM: what libvirt, QEMU and virt-install are told alike, whatever their grammar."""

from __future__ import annotations

import posixpath
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from builder.errors import UsageError
from builder.names import shown
from builder.outputs.boot import Boot

DiskFormat = Literal["raw", "qcow2"]

# Virtio 1.0, the only kind that a PCI Express slot of q35 offers, came with the 7.2 kernel (osinfo-db: rhel-6.0.xml,
# "q35 works, but has known deficiencies with virtio"; rhel-7.2.xml adds 1af4:1041 to 1af4:1045). On the i440FX of `pc`
# the same devices are transitional, which every kernel since 6.0 drives.
MACHINES: Mapping[str, Literal["pc", "q35"]] = MappingProxyType({"el6": "pc", "el7": "pc"})
# What an x86-64 level needs beyond the one below (x86-64 psABI, Micro-architecture levels), in the words that libvirt's
# cpu_map and QEMU share; lzcnt is called abm, and osxsave is the guest's own doing once it has xsave.
LEVELS: Mapping[int, tuple[str, ...]] = MappingProxyType({
    2: ("cx16", "lahf_lm", "popcnt", "sse4.1", "sse4.2", "ssse3"),
    3: ("abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"),
})
# A UUID of its own for every name and card, so that the installed machine is the one that was installed (RFC 9562 5.5).
NAMESPACE = uuid.UUID("fe022265-df34-5495-b3d4-fa0e79de1b3e")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """`bundle` is the absolute folder of the bundle on the host. `network` names a network of libvirt, for a machine
    without a bridge. `display` gives a screen, seen by VNC on the host alone, beside the serial console.

    Raises UsageError, naming the host and the field, for what no guest can be made of.
    """

    boot: Boot
    bundle: str
    network: str = "default"
    display: bool = False

    def __post_init__(self) -> None:
        boot = self.boot
        if boot.arch != "x86_64":
            raise refused(boot, "arch", f"{shown(boot.arch)}: machine types and processors of guests are x86_64 here")
        if not (self.bundle.startswith("/") and self.bundle.isprintable()) or posixpath.normpath(
                self.bundle) != self.bundle or self.bundle.startswith("//"):
            raise refused(boot, "bundle", f"{shown(self.bundle)} is no absolute path of a folder on the host",
                          "write it from / on, with no . or .. part, slash at the end or control character")
        if not self.network.strip() or not self.network.isprintable() or "/" in self.network:
            raise refused(boot, "network", f"{shown(self.network)} is no name of a network")
        if len(boot.initrds) != 1:
            raise refused(boot, "initrds", f"{', '.join(boot.initrds)}: a hypervisor loads one initrd",
                          "give the initrd that holds the kickstarts (boot/initrd-ks.img)")
        if not boot.macs:
            raise refused(boot, "macs", "the guest has none, and each start would get another card",
                          "set a MAC: the installed system knows its card by it")
        if not boot.disk:
            raise refused(boot, "disk", "the guest has no disk", "set an image or a device of the host: /srv/web1.img")

    @property
    def kernel(self) -> str:
        return f"{self.bundle.rstrip('/')}/{self.boot.folder}/{self.boot.kernel}"

    @property
    def initrd(self) -> str:
        return f"{self.bundle.rstrip('/')}/{self.boot.folder}/{self.boot.initrds[0]}"

    @property
    def cmdline(self) -> str:
        return " ".join(self.boot.arguments)

    @property
    def machine(self) -> Literal["pc", "q35"]:
        return MACHINES.get(self.boot.generation.name, "q35")

    @property
    def uefi(self) -> bool:
        """UEFI only where it was asked for: SeaBIOS is part of every QEMU, OVMF a package of its own."""
        return self.boot.firmware == "uefi"

    @property
    def disk_is_device(self) -> bool:
        return self.boot.disk.startswith("/dev/")

    @property
    def disk_format(self) -> DiskFormat:
        return "qcow2" if self.boot.disk.endswith(".qcow2") and not self.disk_is_device else "raw"

    @property
    def uuid(self) -> str:
        return str(uuid.uuid5(NAMESPACE, f"{self.boot.name} {self.boot.macs[0]}"))

    def features(self, above: int = 1) -> tuple[str, ...]:
        """The processor's features that the release needs and level `above` has not."""
        return tuple(f for level, found in LEVELS.items() if above < level <= self.boot.generation.cpu for f in found)

    def file(self, suffix: str) -> str:
        """Where a file of this guest belongs in the bundle."""
        return f"hosts/{self.boot.name}/{suffix}"


def refused(boot: Boot, field: str, reason: str, hint: str = "") -> UsageError:
    return UsageError(f"host.{boot.name}: {field}: {reason}", hint)

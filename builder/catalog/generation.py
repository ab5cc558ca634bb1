"""What EL6 to EL10 and Fedora do differently, a row each (REFERENCE 1.9, 2.2, 3.2, 3.3, 3.8; XEN 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MIB = 1 << 20
# What a tree's own media start by UEFI, by arch: shim, GRUB, MokManager (REFERENCE 4.4, lorax efi.tmpl).
EFI_LOADERS = {
    "x86_64": ("EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/grubx64.efi", "EFI/BOOT/mmx64.efi"),
    "aarch64": ("EFI/BOOT/BOOTAA64.EFI", "EFI/BOOT/grubaa64.efi", "EFI/BOOT/mmaa64.efi"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One row. Lengths are in bytes, memory in MiB.

    `handler` is pykickstart's version word; `prefix` stands before installer options; `network` is the dialect that
    reads ip=; `cmdline_max` is the kernel's or loader's own limit; `stage2` the place where the installer looks when
    treeinfo is silent; `xen` the xl type of its stock kernel; `memory` what the installer needs beside initrd and
    stage2; `boot_menu` what the installed boot loader reads; `cpu` the x86-64 level of its packages (0: not told).
    """

    name: str
    handler: str
    prefix: str
    network: Literal["loader", "dracut", "dracut-or-nm", "nm"]
    cmdline_max: int
    stage2: str
    xen: Literal["pv", "hvm"]
    kernel_package: str
    packager: Literal["yum", "dnf", "dnf5"]
    environment: str
    languages_flag: str
    weak_flag: str
    ntp: Literal["", "timezone", "timesource"]
    auth: str
    ssh_key: Literal["command", "post"]
    root_lock: bool
    allow_root_ssh: bool
    yescrypt: bool
    reqpart: bool
    keyboard_layouts: bool
    eula: bool
    noninteractive: str
    boot_filesystem: str
    boot_menu: Literal["grub.conf", "grub.cfg", "bls"]
    memory: int
    cpu: int

    def option(self, name: str) -> str:
        """An installer option in this generation's spelling: `repo` is repo= on EL6, inst.repo= since EL7."""
        return f"{self.prefix}{name}"


# memory: Red Hat's minimum for a network installation less the images; EL7 1024 MiB is enough for text mode with stage2
# in RAM, EL8.5+ asks for 3 GB in all (netbootxyz/netboot.xyz#866, xcat-core#7098).
# noninteractive: `cmdline` mode exits instead of asking where something is missing (EL6, EL7); EL8+ has
# `text --non-interactive` (REFERENCE 3.2).
_EL6 = Generation(
    name="el6", handler="RHEL6", prefix="", network="loader", cmdline_max=1023, stage2="images/install.img", xen="pv",
    kernel_package="kernel", packager="yum", environment="", languages_flag="--instLangs", weak_flag="", ntp="",
    auth="authconfig --enableshadow --passalgo=sha512", ssh_key="post", root_lock=False, allow_root_ssh=False,
    yescrypt=False, reqpart=False, keyboard_layouts=False, eula=False, noninteractive="cmdline",
    boot_filesystem="ext4", boot_menu="grub.conf", memory=512, cpu=1)
_EL7 = Generation(
    name="el7", handler="RHEL7", prefix="inst.", network="dracut", cmdline_max=2047, stage2="LiveOS/squashfs.img",
    xen="pv", kernel_package="kernel", packager="yum", environment="minimal", languages_flag="--instLangs",
    weak_flag="", ntp="timezone", auth="authconfig --enableshadow --passalgo=sha512", ssh_key="post", root_lock=True,
    allow_root_ssh=False, yescrypt=False, reqpart=True, keyboard_layouts=True, eula=True, noninteractive="cmdline",
    boot_filesystem="xfs", boot_menu="grub.cfg", memory=768, cpu=1)
_EL8 = Generation(
    name="el8", handler="RHEL8", prefix="inst.", network="dracut-or-nm", cmdline_max=2047, stage2="images/install.img",
    xen="hvm", kernel_package="kernel-core", packager="dnf", environment="minimal-environment",
    languages_flag="--instLangs", weak_flag="--excludeWeakdeps", ntp="timezone", auth="authselect select sssd",
    ssh_key="command", root_lock=True, allow_root_ssh=False, yescrypt=False, reqpart=True, keyboard_layouts=True,
    eula=True, noninteractive="text --non-interactive", boot_filesystem="xfs", boot_menu="bls", memory=1024, cpu=1)
_EL9 = Generation(
    name="el9", handler="RHEL9", prefix="inst.", network="nm", cmdline_max=2047, stage2="images/install.img",
    xen="hvm", kernel_package="kernel-core", packager="dnf", environment="minimal-environment",
    languages_flag="--inst-langs", weak_flag="--exclude-weakdeps", ntp="timesource", auth="", ssh_key="command",
    root_lock=True, allow_root_ssh=True, yescrypt=True, reqpart=True, keyboard_layouts=True, eula=True,
    noninteractive="text --non-interactive", boot_filesystem="xfs", boot_menu="bls", memory=1024, cpu=2)
_EL10 = Generation(
    name="el10", handler="RHEL10", prefix="inst.", network="nm", cmdline_max=2047, stage2="images/install.img",
    xen="hvm", kernel_package="kernel-core", packager="dnf", environment="minimal-environment",
    languages_flag="--inst-langs", weak_flag="--exclude-weakdeps", ntp="timesource", auth="", ssh_key="command",
    root_lock=True, allow_root_ssh=True, yescrypt=True, reqpart=True, keyboard_layouts=True, eula=True,
    noninteractive="text --non-interactive", boot_filesystem="xfs", boot_menu="bls", memory=1024, cpu=3)
_FEDORA = Generation(
    name="fedora", handler="F45", prefix="inst.", network="nm", cmdline_max=2047, stage2="images/install.img",
    xen="hvm", kernel_package="kernel-core", packager="dnf5", environment="minimal-environment",
    languages_flag="--inst-langs", weak_flag="--exclude-weakdeps", ntp="timesource", auth="", ssh_key="command",
    root_lock=True, allow_root_ssh=True, yescrypt=True, reqpart=True, keyboard_layouts=True, eula=False,
    noninteractive="text --non-interactive", boot_filesystem="ext4", boot_menu="bls", memory=1024, cpu=1)

GENERATIONS = {g.name: g for g in (_EL6, _EL7, _EL8, _EL9, _EL10, _FEDORA)}

"""What a Linux and a NetBSD dom0 do differently, a row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Dom0:
    """One row. The `sh_` fields are commands of a POSIX shell for up.sh.

    `path` is searched beside PATH for xl; `package` says what brings it. `device_model` is set in the configuration of
    an HVM guest where the default one cannot boot a kernel directly. `pvgrub` and `pvhgrub` are the images of GRUB for
    PV and PVH guests, or empty. `pygrubs` are places of pygrub, shell patterns. `sh_disk` makes the file $new of $mib
    MiB; `sh_bridge` is true where $bridge is there; `sh_flags` prints the processor's feature words; `levels` are the
    words that an x86-64 level needs, in this system's spelling (x86-64 psABI, Micro-architecture levels). `unpacks` are
    the compressions that libxenguest unpacks for PV guests: kind -> what that depends on, empty where every build can;
    what is not named, no build can.
    """

    name: Literal["linux", "netbsd"]
    path: str
    package: str
    device_model: str
    pvgrub: str
    pvhgrub: str
    no_pvgrub: str
    pygrubs: str
    bridge_hint: str
    sh_disk: str
    sh_bridge: str
    sh_flags: str
    levels: Mapping[int, str]
    unpacks: Mapping[str, str]


# Xen tools/libs/guest/xg_dom_bzimageloader.c: gzip always, the others where configure found their library. A bzImage
# that is not compressed has no reader there at all. zstd: CHANGELOG.md, 4.15.0; lz4 was Xen's own code for long.
_LZ4 = "xl reads lz4 with code of its own in older Xen, in newer one only where built with liblz4"
LINUX = Dom0(
    name="linux",
    path="/usr/sbin:/sbin:/usr/local/sbin",
    package="the Xen tools (Debian: xen-system-amd64, Alpine: xen, Fedora: xen-runtime)",
    device_model="",
    # Debian's grub-xen-host; firmware="pvgrub64" means a file that Debian does not ship (XEN 1).
    pvgrub="/usr/lib/grub-xen/grub-x86_64-xen.bin",
    pvhgrub="/usr/lib/grub-xen/grub-i386-xen_pvh.bin",
    no_pvgrub="",
    # Debian keeps it under the version; /usr/libexec/xen/bin is LIBEXEC_BIN of an upstream build.
    pygrubs="/usr/lib/xen-*/bin/pygrub /usr/libexec/xen/bin/pygrub /usr/lib/xen/bin/pygrub /usr/bin/pygrub",
    bridge_hint="make it first, for example: ip link add name $bridge type bridge; ip link set $bridge up",
    # Sparse: blocks are taken as the guest writes.
    sh_disk='truncate -s "${mib}M" -- "$new"',
    sh_bridge='[ -e "/sys/class/net/$bridge" ]',
    sh_flags="sed -n '/^flags/{s/^[^:]*://p;q;}' /proc/cpuinfo",
    # Names of arch/x86/include/asm/cpufeatures.h as /proc/cpuinfo prints them; lzcnt shows as abm.
    levels=MappingProxyType({
        2: "cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3",
        3: "cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3 abm avx avx2 bmi1 bmi2 f16c fma movbe"}),
    # Debian's libxenguest 4.17 links liblzma and libzstd, and neither libbz2 nor liblzo2.
    unpacks=MappingProxyType({
        "gzip": "", "xz": "", "lzma": "", "lz4": _LZ4,
        "zstd": "xl reads zstd since Xen 4.15, where built with libzstd (Debian's since 12 is)",
        "bzip2": "xl reads bzip2 only where built with libbz2 (Debian's is not)",
        "lzo": "xl reads lzo only where built with liblzo2 (Debian's is not)"}),
)
NETBSD = Dom0(
    name="netbsd",
    path="/usr/pkg/sbin:/usr/pkg/bin:/usr/sbin:/sbin",
    package="xenkernel and xentools of the same version from pkgsrc (pkgin install xentools418)",
    # NetBSD's default is qemu-xen-traditional (xen tools/libs/light/libxl_netbsd.c), but a kernel is booted directly
    # only by qemu-xen with seabios (xl.cfg(5), Direct Kernel Boot); xentools ships both parts.
    device_model="qemu-xen",
    pvgrub="",
    pvhgrub="",
    # pkgsrc sysutils/xentools411 to xentools418, PLIST: libexec/xen/boot holds hvmloader and xen-shim, no pv-grub.
    no_pvgrub="the xentools of pkgsrc hold no pvgrub image",
    pygrubs="/usr/pkg/bin/pygrub /usr/pkg/libexec/xen/bin/pygrub",
    bridge_hint="make it first: ifconfig $bridge create up; brconfig $bridge add YOUR-CARD",
    # Every block is written: vnd(4) reads a file with holes by a slower way (sys/dev/vnd.c, VNF_USE_VN_RDWR), and a
    # full disk shows now instead of in the guest. 1048576 and not 1m, because that suffix is not POSIX.
    sh_disk='dd if=/dev/zero of="$new" bs=1048576 count="$mib" 2>/dev/null',
    sh_bridge='ifconfig "$bridge" >/dev/null 2>&1',
    # Only the lines of the features: those of the xsave areas name AVX too, on processors that have none.
    sh_flags="cpuctl identify 0 2>/dev/null | sed -n 's/^cpu0: features//p' | tr '<>,' '   '",
    # Names of sys/arch/x86/include/specialreg.h as cpuctl(8) prints them.
    levels=MappingProxyType({
        2: "CX16 LAHF POPCNT SSE41 SSE42 SSSE3",
        3: "CX16 LAHF POPCNT SSE41 SSE42 SSSE3 LZCNT AVX AVX2 BMI1 BMI2 F16C FMA MOVBE"}),
    # liblzma and libbz2 are in the base system; pkgsrc sysutils/xentools415 to xentools420 add zstd (xentools411 and
    # xentools413 do not), none adds lzo.
    unpacks=MappingProxyType({
        "gzip": "", "xz": "", "lzma": "", "bzip2": "", "lz4": _LZ4,
        "zstd": "xl reads zstd since xentools415 of pkgsrc"}),
)
ROWS = {row.name: row for row in (LINUX, NETBSD)}

"""Where the files of the network boot loaders lie below the two roots, `tftp/` and `http/` of a bundle.

What holds the bundle id lies at the same place below both roots and never changes; what does not is a pointer or a
menu, and only those are replaced. The loaders themselves are copied from the install tree, one folder per release.
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from builder.boot.line import options
from builder.errors import UsageError
from builder.names import Address
from builder.outputs.boot import Boot, Served

Root = Literal["tftp", "http"]
# install: the machine's own file starts the installer; local: it has been installed, and starts from its own disk.
State = Literal["install", "local"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Efi:
    """Names of the UEFI loaders of one architecture (UEFI 2.10, 3.5.1.1: the fallback name; REFERENCE 4.4)."""

    fallback: str
    shim: str
    grub: str
    keys: str


EFI = {
    "x86_64": Efi(fallback="BOOTX64.EFI", shim="shimx64.efi", grub="grubx64.efi", keys="mmx64.efi"),
    "aarch64": Efi(fallback="BOOTAA64.EFI", shim="shimaa64.efi", grub="grubaa64.efi", keys="mmaa64.efi"),
}
# The folder of the fallback loader, in a tree as below a root.
FALLBACK = "EFI/BOOT"
# Where GRUB looks for grub.cfg when it was not loaded from the folder of a release: the fallback path; Debian's signed
# grubnetx64.efi (built with the prefix /grub); what grub2-mknetdir of EL and grub-mknetdir of others make for a BIOS.
GRUB_FOLDERS = (FALLBACK, "grub", "boot/grub2", "boot/grub")
# pxelinux.0 and ldlinux.c32 lie here, and pxelinux.cfg/ beside them (pxelinux.txt, Current directory).
PXELINUX_FOLDER = "bios"
PXELINUX_ARCHES = ("x86_64", "i386")


class Copy(NamedTuple):
    """A loader that the bundle takes from the install tree: a path in the tree, and the one in the bundle."""

    source: str
    path: str


def roots(served: Served) -> tuple[Root, ...]:
    return ("tftp", "http") if served.tftp else ("http",)


def within(served: Served, *parts: str) -> str:
    """A path below either root that holds the bundle id, so it never changes."""
    return "/".join(part for part in (served.place, *parts) if part)


def host_file(boot: Boot, served: Served, name: str) -> str:
    """The path of the host's own file below either root."""
    return within(served, "hosts", boot.name, name)


def boot_files(boot: Boot, served: Served) -> tuple[str, tuple[str, ...]]:
    """The paths of the kernel and of the initrds below either root."""
    return within(served, boot.folder, boot.kernel), tuple(within(served, boot.folder, name) for name in boot.initrds)


def dashed(mac: str) -> str:
    return mac.replace(":", "-")


def bootif(boot: Boot) -> str:
    """BOOTIF= of the installing card as pxelinux writes it, or nothing where no card is known or a profile gives it;
    and where NetworkManager would ask DHCP on that card though a bond, a VLAN or an ip= has it (REFERENCE 1.6)."""
    if not boot.macs or any(options.key(each) == "BOOTIF" for each in boot.arguments):
        return ""
    card = f"BOOTIF=01-{dashed(boot.macs[0])}"
    return "" if _is_beside(" ".join((*boot.arguments, card)), boot.generation.name) else card


@functools.lru_cache(maxsize=1)
def _is_beside(text: str, generation: str) -> bool:
    """Each loader asks for each host."""
    # 25 ms, which a build with nothing to do need not pay.
    from builder.lint.line import targets
    from builder.lint.line.checks import network
    from builder.lint.line.line import Line

    line = Line.of(text)
    return any(network.beside(line, target) for target in targets.of(generation))


def address_name(address: Address) -> str:
    """The name of a file by address: IPv4 as eight upper-case hexadecimal digits (pxelinux.txt, Configuration); IPv6,
    which only GRUB of Red Hat knows, as eight groups without leading zeros, joined by dashes (its net/net.c)."""
    if isinstance(address, ipaddress.IPv4Address):
        return f"{int(address):08X}"
    return "-".join(f"{int(group, 16):x}" for group in address.exploded.split(":"))


def arguments(boot: Boot, output: str) -> tuple[str, ...]:
    """The kernel's arguments. Raises UsageError for initrd=, which a loader sets itself: syslinux loads what the last
    one names (syslinux.cfg.txt, APPEND), and the kernel looks for its file (iPXE efi_file.c)."""
    for argument in boot.arguments:
        if options.key(argument) in ("initrd", "BOOT_IMAGE"):
            raise UsageError(f"host.{boot.name}: {output}: arguments: {argument} would replace what the loader says "
                             "itself", "take it out of kernel_arguments")
    return boot.arguments


def carried(host: str, output: str, field: str, quote: Callable[[str], str], text: str) -> str:
    """`text` in the grammar of `output`. Raises UsageError naming host and field where the grammar cannot carry it."""
    try:
        return quote(text)
    except ValueError as reason:
        raise UsageError(f"host.{host}: {output}: {field}: {reason}") from None


def copies(boot: Boot, served: Served, *, fallback: bool = False) -> tuple[Copy, ...]:
    """The UEFI loaders of the boot's release: shim, GRUB beside it, and shim's key manager, in the folder of the
    release below each root; with `fallback` also at EFI/BOOT, where only one release can lie.

    A kernel is signed by the key inside of its own distribution's shim, so the three always come from one tree
    (REFERENCE 4.4). Nothing for BIOS machines, EL6 (GRUB legacy) and architectures that are not in EFI.
    """
    row = EFI.get(boot.arch)
    if row is None or boot.firmware == "bios" or boot.generation.name == "el6":
        return ()
    found = []
    for root in roots(served):
        places = [boot.folder, FALLBACK] if fallback else [boot.folder]
        for place in places:
            shim = row.fallback if place == FALLBACK else row.shim
            # Old shims ask for grubx64.efi by that name beside themselves (rhboot/shim#300).
            found += [Copy(f"{FALLBACK}/{source}", f"{root}/{place}/{name}") for source, name in (
                (row.fallback, shim), (row.grub, row.grub), (row.keys, row.keys))]
    return tuple(found)

"""Boot loaders as Debian packages them, taken out of the packages; nothing is installed on the host."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.tool import debian
from tests.tool.tools import need

# A GRUB that has all that our files ask for. regexp, search and chain are what the menu and the local disk need.
MODULES = ("normal", "configfile", "efinet", "tftp", "linux", "linuxefi", "echo", "sleep", "test", "regexp", "search",
           "search_fs_file", "chain", "boot", "minicmd", "reboot", "fat", "part_msdos")


def pxelinux(folder: Path) -> None:
    """pxelinux.0 and the module that it cannot do without."""
    for package, path in (("pxelinux", "usr/lib/PXELINUX/pxelinux.0"),
                          ("syslinux-common", "usr/lib/syslinux/modules/bios/ldlinux.c32")):
        shutil.copy(debian.unpacked(package) / path, folder)


def shim(target: Path) -> None:
    shutil.copy(debian.unpacked("shim-signed") / "usr/lib/shim/shimx64.efi.signed", target)


def signed_grub(target: Path) -> None:
    """Debian's GRUB for network boots. Its own configuration lies inside and goes to /grub/grub.cfg of the server."""
    signed = "usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed"
    shutil.copy(debian.unpacked("grub-efi-amd64-signed") / signed, target)


def plain_grub(target: Path, scratch: Path, first: str = "") -> None:
    """GRUB made of Debian's modules as Red Hat makes its own: no prefix, so it looks for grub.cfg-01-MAC and so on in
    the folder that it came from. `first` are commands that it runs before."""
    config = scratch / f"{target.name}.cfg"
    config.write_text(first or "true\n")
    modules = debian.unpacked("grub-efi-amd64-bin") / "usr/lib/grub/x86_64-efi"
    subprocess.run([need("grub-mkimage", "grub-common"), "-O", "x86_64-efi", "-d", modules, "-p", "", "-c", config,
                    "-o", target, "true", "halt", *MODULES], check=True)

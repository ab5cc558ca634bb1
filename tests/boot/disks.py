"""Disks that say on the console that the firmware started from them, and stop: no kernel is needed to see it."""

from __future__ import annotations

from pathlib import Path

from tests.boot import loaders

SAID = "started from the local disk"
# The BIOS loads it at 0000:7c00 and jumps there.
BOOT_SECTOR = bytes.fromhex(
    "31c0"    # xor ax, ax
    "8ed8"    # mov ds, ax
    "fc"      # cld
    "be167c"  # mov si, message
    "ac"      # next: lodsb
    "84c0"    # test al, al
    "7406"    # jz stop
    "b40e"    # mov ah, 0eh
    "cd10"    # int 10h: write a character
    "ebf5"    # jmp next
    "f4"      # stop: hlt
    "ebfd"    # jmp stop
)


def bios(folder: Path) -> str:
    """The drive for QEMU: one sector of code, 1 MiB in all."""
    file = folder / "disk.img"
    file.write_bytes((BOOT_SECTOR + SAID.encode()).ljust(510, b"\0") + b"\x55\xaa" + bytes((1 << 20) - 512))
    return str(file)


def uefi(folder: Path, loader: str) -> str:
    """The drive for QEMU: an EFI partition that it makes from a folder, with a loader at that path alone."""
    place = folder / "disk" / loader
    place.parent.mkdir(parents=True)
    loaders.plain_grub(place, folder, f'echo "{SAID}"\nhalt\n')
    return f"fat:rw:{folder / 'disk'}"

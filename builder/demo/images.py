"""The other images of an install tree, each with a true beginning and filler behind it: stage2, boot ISO, EFI image."""

from __future__ import annotations

import struct

from builder.demo import stored

SQUASHFS_SIZE = 256 << 10
SECTOR = 2048


def squashfs(seed: str, made: int) -> bytes:
    """A squashfs 4.0 superblock (Linux fs/squashfs/squashfs_fs.h) that claims xz; nothing can be mounted from it."""
    block_log = 17
    tables = (SQUASHFS_SIZE - 8,) * 6
    superblock = struct.pack(
        "<4sIIIIHHHHHHQQ6Q", b"hsqs", 1, made, 1 << block_log, 0, 4, block_log, 0, 1, 4, 0, 0, SQUASHFS_SIZE, *tables)
    return superblock + stored.filler(f"stage2 {seed}", SQUASHFS_SIZE - len(superblock))


def iso(label: str, seed: str) -> bytes:
    """An ISO 9660 volume with a primary descriptor (ECMA-119, 8.4) of its own label and size, and no files."""
    sectors = 32
    both = struct.pack("<I", sectors) + struct.pack(">I", sectors)
    descriptor = struct.pack("<B5sBx32s32s8x8s", 1, b"CD001", 1, b" " * 32, label.encode()[:32].ljust(32), both)
    end = struct.pack("<B5sB", 255, b"CD001", 1)
    head = bytes(16 * SECTOR) + descriptor.ljust(SECTOR, b"\0") + end.ljust(SECTOR, b"\0")
    return head + stored.filler(f"iso {seed}", sectors * SECTOR - len(head))


def efi(seed: str) -> bytes:
    """A FAT boot sector by its marks alone (jump, name, 55AA)."""
    sector = (b"\xeb\x3c\x90mkfs.fat".ljust(0x36, b"\0") + b"FAT12   ").ljust(510, b"\0") + b"\x55\xaa"
    return sector + stored.filler(f"efi {seed}", 16 << 10)


def eltorito(seed: str) -> bytes:
    """GRUB's boot image for a disc, by the jump at its beginning alone (EL10, Fedora: no isolinux any more)."""
    return b"\xeb\x52\x90" + stored.filler(f"eltorito {seed}", (16 << 10) - 3)


def further(path: str, label: str, seed: str) -> bytes:
    """One of the images that no installation over the network needs, by its path in the tree."""
    if path.endswith(".iso"):
        return iso(label, seed)
    return eltorito(seed) if path.endswith("eltorito.img") else efi(seed)

"""Whether a boot loader in dom0 can read what a kickstart makes: it is tried out only when the guest starts (XEN 1)."""

from __future__ import annotations

from builder.boot.review.parsed import Mount, ParsedKickstart
from builder.catalog.generation import Generation

EXT = ("ext2", "ext3", "ext4")
NEVER = "the guest would install and never start"
CURE = "part /boot --fstype=ext4 --size=1024, a partition of its own"


def obstacle(read: ParsedKickstart, generation: Generation, run: str) -> str:
    """Why `run` (pygrub or pvgrub, or GRUB as a PVH guest) would not find a kernel, or an empty string."""
    if read.automatic:
        if generation.boot_filesystem in EXT:
            return ""
        return f"autopart makes /boot {generation.boot_filesystem}, and {run} reads ext4 only"
    boot = _mount(read, "/boot") or _mount(read, "/")
    if boot is None:
        return ""
    found = boot.filesystem or generation.boot_filesystem
    if boot.encrypted:
        return f"{boot.point} is encrypted, and {run} has no passphrase"
    if boot.command != "part":
        return f"{boot.point} is on {'LVM' if boot.command == 'logvol' else 'RAID'}, which {run} cannot read"
    return "" if found in EXT else f"{boot.point} is {found}, and {run} reads ext4 only"


def _mount(read: ParsedKickstart, point: str) -> Mount | None:
    return next((mount for mount in read.mounts if mount.point == point), None)

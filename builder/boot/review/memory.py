"""How much memory an installer needs, so that a machine with too little is not found out at the black console."""

from __future__ import annotations

from builder.catalog.generation import MIB, Generation
from builder.finding import Finding, Severity
from builder.profile.values import Host

# An xz initrd of an installer unpacks to two to three times its size.
UNPACKED = 3
STEP = 50


def needed(generation: Generation, initrd_size: int, stage2_size: int) -> int:
    """MiB, rounded up to 50; sizes in bytes as pinned.

    A network installation keeps stage2 whole in memory: dracut fetches it into the initramfs and mounts it from there
    (anaconda dracut/anaconda-lib.sh, anaconda_net_root). Two needs, of which the larger counts:

    - running: what the installer itself takes (the generation's row), stage2, and the initrd twice: as it was loaded,
      and at least as much again of what was unpacked;
    - unpacking: the initramfs is a tmpfs, which holds at most half of the memory (Linux mm/shmem.c,
      shmem_default_max_blocks), and must take the unpacked initrd and stage2 together.
    """
    initrd, stage2 = initrd_size / MIB, stage2_size / MIB
    running = generation.memory + stage2 + 2 * initrd
    unpacking = 2 * (UNPACKED * initrd + stage2)
    return -int(-max(running, unpacking) // STEP) * STEP


def check(host: Host, generation: Generation, initrd_size: int, stage2_size: int) -> Finding:
    """One finding of topic `memory`."""
    wanted = needed(generation, initrd_size, stage2_size)
    text = f"{host.memory} MiB; the installer needs about {wanted} MiB here"
    if host.memory >= wanted:
        return Finding(topic="memory", severity=Severity.OK, text=text)
    return Finding(
        topic="memory", severity=Severity.ERROR, text=f"{host.name}: {text}", expected=f"{wanted} MiB",
        found=f"{host.memory} MiB", hint=f'memory = "{wanted} MiB" for the installation; less may do afterwards',
        detail=(f"stage2 of {-(-stage2_size // MIB)} MiB lies in memory as a whole, beside what the initrd of "
                f"{-(-initrd_size // MIB)} MiB unpacks to and the installer",))

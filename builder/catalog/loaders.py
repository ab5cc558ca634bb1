"""Boot loaders of releases that are known to fail over a network, with the cure: a row each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`version` is a point release of generation `generation` (8.3 covers 8.3.2011); `at_root`: GRUB must lie in the
    root of the TFTP server too."""

    generation: str
    version: str
    text: str
    cure: str
    at_root: bool = False


FAULTS = (
    # rhboot/shim#300: the second stage is looked for in the root, whatever folder shim itself came from.
    Fault(generation="el8", version="8.3", at_root=True,
          text="the shim of EL8.3 asks the root of the TFTP server for grubx64.efi",
          cure="it lies there too, so only one release can be served; better take 8.4 or later"),
)


def faults(generation: str, version: str) -> tuple[Fault, ...]:
    """What is known of the loaders of this release."""
    return tuple(row for row in FAULTS if row.generation == generation and f"{version}.".startswith(f"{row.version}."))

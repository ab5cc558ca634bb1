"""Every file of every network boot loader: what is immutable, what points to it, and the menus.

Put them in place in this order: the immutable files, then menus, then pointers; so nothing ever points at what is not
there.
"""

from __future__ import annotations

from collections.abc import Sequence

from builder.errors import UsageError
from builder.outputs.boot import Boot, Served
from builder.outputs.loaders import grub, ipxe, pxelinux
from builder.outputs.loaders.layout import State
from builder.outputs.rendered import Rendered


def immutable(boot: Boot, served: Served) -> tuple[Rendered, ...]:
    """The host's own files, in folders that hold the bundle id. Raises UsageError naming host and field."""
    old = (pxelinux.host(boot, served),) if pxelinux.serves(boot, served) else ()
    return (*old, *grub.host(boot, served), ipxe.host(boot, served))


def pointers(boot: Boot, served: Served, state: State = "install") -> tuple[Rendered, ...]:
    """All that the loaders ask for by the host's cards and addresses: for `install` it leads to the immutable files,
    for `local`, after the installation, to the machine's own disk.

    Raises UsageError for a host without a card: no loader could find it.
    """
    if not boot.macs:
        raise UsageError(f"host.{boot.name}: loaders: macs: a boot loader finds a machine by its MAC address, and "
                         "none is known",
                         "give the host a mac")
    old = pxelinux.pointers(boot, served, state) if pxelinux.serves(boot, served) else ()
    return (*old, *grub.pointers(boot, served, state), *ipxe.pointers(boot, served, state))


def menus(boots: Sequence[Boot], served: Served) -> tuple[Rendered, ...]:
    """What a machine gets that has no pointer: its local disk, or what a person chooses. Raises UsageError, also for
    two hosts that one pointer would serve."""
    _check_apart(boots)
    old = tuple(boot for boot in boots if pxelinux.serves(boot, served))
    default = (pxelinux.menu(old, served),) if served.tftp else ()
    return (*default, *grub.menus(boots, served), *ipxe.menus(boots, served))


def _check_apart(boots: Sequence[Boot]) -> None:
    seen: dict[str, str] = {}
    for boot in boots:
        for field, word in (("name", boot.name), *(("macs", mac) for mac in boot.macs),
                            *(("addresses", str(address)) for address in boot.addresses)):
            if word in seen:
                raise UsageError(f"host.{boot.name}: loaders: {field}: {word} is that of host.{seen[word]} too",
                                 "a loader finds a machine by it, so each has its own")
            seen[word] = boot.name

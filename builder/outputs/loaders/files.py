"""Every file of every network boot loader: what is immutable, what points to it, and the menus.

Put them in place in this order: the immutable files, then menus, then pointers; so nothing ever points at what is not
there. `outputs` of a profile say which loaders are meant; all of them where they are not given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from builder.errors import UsageError
from builder.outputs.boot import Boot, Served
from builder.outputs.loaders import grub, ipxe, layout, pxelinux
from builder.outputs.loaders.layout import State
from builder.outputs.rendered import Rendered

# The outputs that are boot loaders. HTTP boot starts GRUB, whose files it shares.
GRUB = frozenset({"grub", "http-boot"})
LOADERS = GRUB | {"pxelinux", "ipxe"}


def immutable(boot: Boot, served: Served, outputs: frozenset[str] = LOADERS) -> tuple[Rendered, ...]:
    """The host's own files, in folders that hold the bundle id. Raises UsageError naming host and field."""
    return (*((pxelinux.host(boot, served),) if _has_pxelinux(boot, served, outputs) else ()),
            *(grub.host(boot, served) if GRUB & outputs else ()),
            *((ipxe.host(boot, served),) if "ipxe" in outputs else ()))


def pointers(boot: Boot, served: Served, state: State = "install",
             outputs: frozenset[str] = LOADERS) -> tuple[Rendered, ...]:
    """All that the loaders ask for by the host's cards and addresses: for `install` it leads to the immutable files,
    for `local`, after the installation, to the machine's own disk.

    Raises UsageError for a host without a card: no loader could find it.
    """
    if not boot.macs and LOADERS & outputs:
        raise UsageError(f"host.{boot.name}: loaders: macs: a boot loader finds a machine by its MAC address, and "
                         "none is known",
                         "give the host a mac")
    return (*(pxelinux.pointers(boot, served, state) if _has_pxelinux(boot, served, outputs) else ()),
            *(grub.pointers(boot, served, state) if GRUB & outputs else ()),
            *(ipxe.pointers(boot, served, state) if "ipxe" in outputs else ()))


def places(boot: Boot, served: Served, outputs: frozenset[str] = LOADERS) -> tuple[str, ...]:
    """The paths of `pointers`."""
    return (*(pxelinux.places(boot) if _has_pxelinux(boot, served, outputs) else ()),
            *(place for root in layout.roots(served) for place in grub.places(boot, root) if GRUB & outputs),
            *(ipxe.places(boot) if "ipxe" in outputs else ()))


def menus(boots: Sequence[Boot], served: Served, outputs: frozenset[str] = LOADERS) -> Iterator[Rendered]:
    """What a machine gets that has no pointer: its local disk, or what a person chooses. Raises UsageError, also for
    two hosts that one pointer would serve. Each is made when it is asked for: there are megabytes of them."""
    _check_apart(boots)
    return _menus(boots, served, outputs)


def _menus(boots: Sequence[Boot], served: Served, outputs: frozenset[str]) -> Iterator[Rendered]:
    if served.tftp and "pxelinux" in outputs:
        yield pxelinux.menu(tuple(boot for boot in boots if pxelinux.serves(boot, served)), served)
    if GRUB & outputs:
        yield from grub.menus(boots, served)
    if "ipxe" in outputs:
        yield from ipxe.menus(boots, served)


def _has_pxelinux(boot: Boot, served: Served, outputs: frozenset[str]) -> bool:
    return "pxelinux" in outputs and pxelinux.serves(boot, served)


def _check_apart(boots: Sequence[Boot]) -> None:
    seen: dict[str, str] = {}
    for boot in boots:
        for field, word in (("name", boot.name), *(("macs", mac) for mac in boot.macs),
                            *(("addresses", str(address)) for address in boot.addresses)):
            if word in seen:
                raise UsageError(f"host.{boot.name}: loaders: {field}: {word} is that of host.{seen[word]} too",
                                 "a loader finds a machine by it, so each has its own")
            seen[word] = boot.name

"""A lock as `show` prints it: what is pinned, why it is believed, and what was accepted with less."""

from __future__ import annotations

from typing import Any

from builder.cli import printing
from builder.cli.showing import page
from builder.lock.model import Lock, Pin
from builder.names import escaped


def report(lock: Lock, shown: str) -> None:
    printing.prose(escaped(f"{shown}: {title(lock)}"))
    page.topic("compose", page.compose(lock.compose, lock.epoch))
    page.topic("source", lock.source)
    page.topic("kernel", *_kernel(lock))
    overrides(lock)
    printing.out()
    for pin in lock.pins:
        page.topic(pin.role, *_pin(pin))
    if lock.absent:
        page.topic("absent", f"{', '.join(lock.absent)}: the tree had none; the installer would take one that comes")


def title(lock: Lock) -> str:
    return page.release(lock.family, lock.version, lock.arch)


def overrides(lock: Lock) -> None:
    """What was taken though less is proved than usual: nobody shall overlook it."""
    for what, reason in sorted(lock.overrides.items()):
        page.topic(page.LOUD, f"{what}: {reason}")


def _kernel(lock: Lock) -> list[str]:
    kernel = lock.kernel
    able = f"Xen: PV {_yes(kernel.xen_pv)}, PVH {_yes(kernel.xen_pvh)}"
    packed = f"; {kernel.payload}-compressed" if kernel.payload not in ("", "none") else ""
    room = f"; takes {kernel.cmdline_size} bytes of arguments" if kernel.cmdline_size else ""
    drivers = ", ".join(kernel.initrd_xen_drivers) or "none"
    stamp = f"; its build: {kernel.buildstamp}" if kernel.buildstamp else ""
    return [kernel.version or "its version is not told", f"{able}{packed}{room}",
            f"Xen drivers of the initrd: {drivers}{stamp}"]


def _pin(pin: Pin) -> list[str]:
    name = f" ({pin.name})" if pin.name else ""
    signed = f", {page.key(pin.key)}" if pin.key else ""
    facts = f"{printing.size(pin.size)}, sha256 {pin.digest.short}, {pin.evidence}{signed}"
    return [f"{pin.path}{name}", facts, *([pin.detail] if pin.detail else [])]


def file_name(pin: Pin) -> str:
    """What a pin is called in a row of a table."""
    return f"{pin.name} repomd.xml" if pin.name else pin.path.rpartition("/")[2]


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def table(lock: Lock) -> dict[str, Any]:
    """The same for programs (docs/looking.md)."""
    kernel = lock.kernel
    return {
        "release": {"family": lock.family, "version": lock.version, "arch": lock.arch, "title": title(lock)},
        "compose": lock.compose, "epoch": lock.epoch, "date": page.day(lock.epoch), "source": lock.source,
        "kernel": {"version": kernel.version, "xen_pv": kernel.xen_pv, "xen_pvh": kernel.xen_pvh,
                   "payload": kernel.payload, "cmdline_size": kernel.cmdline_size,
                   "initrd_xen_drivers": list(kernel.initrd_xen_drivers), "buildstamp": kernel.buildstamp},
        "pins": pins(lock), "absent": list(lock.absent), "overrides": dict(lock.overrides),
    }


def pins(lock: Lock) -> list[dict[str, Any]]:
    """What programs get to know of each pin."""
    return [{"role": pin.role, "name": pin.name, "path": pin.path, "size": pin.size, "digest": str(pin.digest),
             "evidence": pin.evidence, "detail": pin.detail, "key": pin.key} for pin in lock.pins]

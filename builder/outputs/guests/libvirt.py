"""Two domains of libvirt a host: NAME.xml starts the guest from its disk, NAME-install.xml installs it.

Built as a tree and never as text (RELIABILITY J07); elements as in libvirt's "Domain XML format".
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from builder.names import shown
from builder.outputs.guests.machine import Guest
from builder.outputs.rendered import Rendered

# Every processor of level 2 has what libvirt calls Nehalem and no more is in that model: no vendor, no tuning.
# Haswell-noTSX is no such floor for level 3: it wants pcid and invpcid, which EPYC has only since its third generation
# (libvirt src/cpu_map), so the features are named one by one.
FLOOR = "Nehalem"


def run_config(guest: Guest) -> str:
    return guest.file(f"{guest.boot.name}.xml")


def install_config(guest: Guest) -> str:
    return guest.file(f"{guest.boot.name}-install.xml")


def configs(guest: Guest) -> tuple[Rendered, Rendered]:
    """The run and the install domain; they differ in what starts, and in what a reboot means."""
    return (Rendered(run_config(guest), text(_domain(guest, install=False))),
            Rendered(install_config(guest), text(_domain(guest, install=True))))


def checked(text: str) -> str:
    """`text` as an attribute or element may hold it; ElementTree escapes what XML gives a meaning.

    Raises ValueError for what is not printable: most controls are no characters of XML 1.0 (2.2), and a reader turns
    the others into blanks in an attribute (3.3.3).
    """
    if not text.isprintable():
        raise ValueError(f"{shown(text)} holds a control character, which libvirt's XML cannot carry")
    return text


def _add(parent: ET.Element, tag: str, text: str = "", /, **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, tag, {key: checked(value) for key, value in attributes.items()})
    made.text = checked(text) or None
    return made


def text(tree: ET.Element) -> str:
    """The tree as ElementTree itself indents and writes it, which takes four times as long: it looks for namespaces."""
    return "\n".join(_lines(tree, "")) + "\n"


def _lines(element: ET.Element, blanks: str) -> Iterator[str]:
    words = "".join(f' {key}="{_attribute(value)}"' for key, value in element.items())
    start = f"{blanks}<{element.tag}{words}"
    if len(element):
        yield f"{start}>"
        for child in element:
            yield from _lines(child, f"{blanks}  ")
        yield f"{blanks}</{element.tag}>"
    else:
        yield f"{start}>{_escaped(element.text)}</{element.tag}>" if element.text else f"{start} />"


def _attribute(text: str) -> str:
    return _escaped(text).replace('"', "&quot;")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _domain(guest: Guest, *, install: bool) -> ET.Element:
    boot = guest.boot
    domain = ET.Element("domain", {"type": "kvm"})
    _add(domain, "name", boot.name)
    _add(domain, "uuid", guest.uuid)
    _add(domain, "title", boot.title)
    _add(domain, "description", f"Made by pinboot. Installs: ERASES {boot.disk}." if install else
         "Made by pinboot. Starts what is installed; erases nothing.")
    _add(domain, "memory", str(boot.memory), unit="MiB")
    _add(domain, "vcpu", str(boot.vcpus))
    _add_start(domain, guest, install=install)
    features = _add(domain, "features")
    _add(features, "acpi")
    _add(features, "apic")
    _add_cpu(domain, guest)
    _add_clock(domain)
    # A reboot ends the installer: with `restart` the same kernel would install again, for ever.
    _add(domain, "on_poweroff", "destroy")
    _add(domain, "on_reboot", "destroy" if install else "restart")
    _add(domain, "on_crash", "destroy" if install else "restart")
    _add_devices(_add(domain, "devices"), guest)
    return domain


def _add_start(domain: ET.Element, guest: Guest, *, install: bool) -> None:
    start = _add(domain, "os", **({"firmware": "efi"} if guest.uefi else {}))
    _add(start, "type", "hvm", arch="x86_64", machine=guest.machine)
    if guest.uefi:
        # A kernel from outside comes without shim, so firmware with the usual keys would refuse it.
        _add(_add(start, "firmware"), "feature", name="secure-boot", enabled="no")
    if install:
        _add(start, "kernel", guest.kernel)
        _add(start, "initrd", guest.initrd)
        _add(start, "cmdline", guest.cmdline)
    else:
        _add(start, "boot", dev="hd")


def _add_cpu(domain: ET.Element, guest: Guest) -> None:
    """What the host has, and at least the level of the release.

    With match='minimum' libvirt refuses to start the guest where the host is below, and names what is missing;
    host-passthrough would start it and let the first program die. Above the floor it gives what host-model gives.
    """
    if guest.boot.generation.cpu < 2:
        _add(domain, "cpu", mode="host-model")
        return
    cpu = _add(domain, "cpu", mode="custom", match="minimum", check="partial")
    _add(cpu, "model", FLOOR, fallback="forbid")
    for feature in guest.features(above=2):
        _add(cpu, "feature", policy="require", name=feature)


def _add_clock(domain: ET.Element) -> None:
    """The timers that virt-install gives a Linux guest (virtinst guest.py)."""
    clock = _add(domain, "clock", offset="utc")
    _add(clock, "timer", name="rtc", tickpolicy="catchup")
    _add(clock, "timer", name="pit", tickpolicy="delay")
    _add(clock, "timer", name="hpet", present="no")


def _add_devices(devices: ET.Element, guest: Guest) -> None:
    boot = guest.boot
    disk = _add(devices, "disk", type="block" if guest.disk_is_device else "file", device="disk")
    _add(disk, "driver", name="qemu", type=guest.disk_format, discard="unmap")
    _add(disk, "source", **{"dev" if guest.disk_is_device else "file": boot.disk})
    _add(disk, "target", dev="vda", bus="virtio")
    for mac in boot.macs:
        card = _add(devices, "interface", type="bridge" if boot.bridge else "network")
        _add(card, "mac", address=mac)
        _add(card, "source", **({"bridge": boot.bridge} if boot.bridge else {"network": guest.network}))
        _add(card, "model", type="virtio")
    _add(devices, "serial", type="pty")
    _add(devices, "console", type="pty")
    if guest.display:
        _add(devices, "graphics", type="vnc", port="-1", autoport="yes", listen="127.0.0.1")
        _add(_add(devices, "video"), "model", type="vga")
    _add(_add(devices, "rng", model="virtio"), "backend", "/dev/urandom", model="random")

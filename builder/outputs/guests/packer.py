"""Variables for Packer: what its QEMU builder needs to install this host, under the builder's own option names.

The values only; the template is the user's, with one in docs/guests.md to start from. Not tried with Packer itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from builder.catalog.generation import MIB
from builder.digest import Digest
from builder.names import shown
from builder.outputs.guests.machine import Guest, refused
from builder.outputs.guests.qemu import cpu
from builder.outputs.rendered import Rendered


def variables(guest: Guest, *, iso: tuple[str, Digest] | None = None) -> Rendered:
    """`packer.auto.pkrvars.json` of a host; `iso` is URL and digest of the release's boot image, where one is known.

    Names that are options of the builder are spelled as there (packer-plugin-qemu, builder/qemu/config.go); kernel,
    initrd, cmdline and cpu go into its qemuargs. Raises UsageError for a value that Packer would take for a template,
    or a disk that is no whole MiB.
    """
    boot = guest.boot
    values: dict[str, str | int | bool] = {
        "vm_name": boot.name,
        "memory": boot.memory,
        "cpus": boot.vcpus,
        "cpu": cpu(guest),
        "machine_type": guest.machine,
        "efi_boot": guest.uefi,
        "disk_interface": "virtio",
        "format": guest.disk_format,
        "net_device": "virtio-net",
        "kernel": guest.kernel,
        "initrd": guest.initrd,
        "cmdline": guest.cmdline,
    }
    if boot.bridge:
        values["net_bridge"] = boot.bridge
    if boot.disk_size is not None:
        if boot.disk_size % MIB:
            raise refused(boot, "disk_size", f"{boot.disk_size} bytes are no whole MiB", "write the size in MiB or GiB")
        values["disk_size"] = f"{boot.disk_size // MIB}M"
    if iso:
        values |= {"iso_url": iso[0], "iso_checksum": str(iso[1])}
    for name, value in values.items():
        if isinstance(value, str):
            try:
                checked(value)
            except ValueError as reason:
                raise refused(boot, name, str(reason)) from None
    return Rendered(guest.file("packer.auto.pkrvars.json"), _text(values))


def checked(text: str) -> str:
    """`text` as a value of a variable file, and then of an option of a builder.

    JSON carries everything, and `${` means nothing there (hcl2template/types.variables.go takes the values without
    a context). But the options are Go templates (config.go, qemuargs), with no way to write `{{` itself: ValueError.
    """
    if not text.isprintable():
        raise ValueError(f"{shown(text)} holds a control character")
    if "{{" in text:
        raise ValueError(f"{shown(text)} holds {{{{, with which Packer begins a template")
    return text


def _text(values: Mapping[str, str | int | bool]) -> str:
    return json.dumps(dict(values), indent=2, sort_keys=True, ensure_ascii=False) + "\n"

"""How Xen can start a kernel: PV, PVH or neither, and why (the rules of Xen's own loader, XEN.md 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from builder.probe import bzimage, compression, xen_notes
from builder.probe.bzimage import KernelHeader
from builder.probe.feed import chunks
from builder.probe.xen_notes import XenNotes

# A vmlinux has 30-70 MB; nothing is held, so the cap only ends what never ends.
UNPACKED_MAX = 512 << 20
SIZE_WORD = 4  # Linux scripts/Makefile.lib size_append: every payload but gzip ends with its unpacked size
NO_NOTES = "no Xen notes in the kernel (CONFIG_XEN is off)"


@dataclass(frozen=True, slots=True, kw_only=True)
class XenAbility:
    """`pv` and `pvh` say whether xl can start the kernel as type="pv" or "pvh"; the reasons are for people.

    HVM is possible with every kernel and so not told. `payload` is the kernel's compression (`none`: not compressed;
    empty: the boot header is too old to tell).
    """

    pv: bool
    pvh: bool
    payload: str
    reason_pv: str
    reason_pvh: str
    notes: XenNotes | None


def ability(stream: BinaryIO, where: str) -> XenAbility:
    """Read a kernel (a seekable stream) and judge it. Raises HostileInput, or Missing for its decompressor."""
    header = bzimage.read(stream, where)
    if not header.payload_length:
        reason = f"boot protocol {header.protocol[0]}.{header.protocol[1]:02}; Xen's loader needs 2.08"
        return XenAbility(pv=False, pvh=False, payload="", reason_pv=reason, reason_pvh=reason, notes=None)
    kind = payload_kind(stream, header)
    notes = xen_notes.read(lambda: _vmlinux(stream, where, header, kind), where)
    reason_pv, reason_pvh = why_not_pv(notes), why_not_pvh(notes)
    return XenAbility(pv=not reason_pv, pvh=not reason_pvh, payload=kind or "none", notes=notes,
                      reason_pv=reason_pv or "Xen notes of a PV kernel", reason_pvh=reason_pvh or "PVH entry and code")


def payload_kind(stream: BinaryIO, header: KernelHeader) -> str:
    """The payload's compression; empty where it is a plain ELF file or unknown."""
    stream.seek(header.payload_start)
    return compression.kind(stream.read(compression.MAGIC_SIZE))


def _vmlinux(stream: BinaryIO, where: str, header: KernelHeader, kind: str) -> Iterator[bytes]:
    stream.seek(header.payload_start)
    size = header.payload_length if kind == "gzip" else header.payload_length - SIZE_WORD
    return compression.open(stream, where, cap=UNPACKED_MAX, size=size) if kind else chunks(stream, size)


def why_not_pv(notes: XenNotes) -> str:
    """Empty, or what Xen's loader misses (libelf-dominfo.c elf_xen_note_check, elf_xen_addr_calc_check).

    HYPERCALL_PAGE is not asked for: Linux dropped it and still boots.
    """
    texts, numbers = notes.texts, notes.numbers
    if not notes.source:
        return NO_NOTES
    if not texts.get("LOADER", "").startswith("generic") and not texts.get("GUEST_OS", "").startswith("linux"):
        return "neither a LOADER note `generic` nor a GUEST_OS note `linux`"
    if not texts.get("XEN_VERSION", "").startswith("xen-3.0"):
        return "no XEN_VERSION note `xen-3.0`"
    if "VIRT_BASE" not in numbers:
        return "no VIRT_BASE note"
    # Without the note the loader takes the ELF entry, which is a physical address in Linux: below VIRT_BASE.
    if numbers.get("ENTRY", notes.entry) < numbers["VIRT_BASE"]:
        return "no ENTRY note (CONFIG_XEN_PV is off)"
    pae = texts.get("PAE_MODE", "")
    if notes.bits == 32 and not pae.startswith(("yes", "bimodal")):
        return "a 32-bit kernel without PAE, which no Xen starts any more"
    return ""


def why_not_pvh(notes: XenNotes) -> str:
    """Empty, or what is missing. A PHYS32_ENTRY note alone is no proof: KVM's CONFIG_PVH makes it too, and such a
    kernel dies in xen_pvh_init() under Xen."""
    if not notes.source:
        return NO_NOTES
    if "PHYS32_ENTRY" not in notes.numbers:
        return "no PHYS32_ENTRY note (CONFIG_PVH is off)"
    if not notes.pvh_code:
        return "a PHYS32_ENTRY note but no Xen PVH code (CONFIG_XEN_PVH is off; it dies at once under Xen)"
    return ""

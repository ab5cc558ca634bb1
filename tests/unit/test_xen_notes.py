from __future__ import annotations

import bz2
import io
import lzma
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.demo import kernel, stored
from builder.errors import HostileInput
from builder.probe import xen, xen_notes
from builder.probe.xen import XenAbility
from tests.unit.packers import by_text, legacy_lz4, xz, zstd

MIB = 1 << 20
EL7, EL9 = "3.10.0-1160.el7.x86_64", "5.14.0-570.17.1.el9_6.x86_64"
PV = kernel.NOTES["pv"]
NAMES = {name: number for number, name in {**xen_notes.NUMBERS, **xen_notes.TEXTS}.items()}


def ability(image: bytes) -> XenAbility:
    return xen.ability(io.BytesIO(image), "vmlinuz")


def image(notes: Iterable[kernel.Note], *, banner: str = "6.1.0 (x)", extra: bytes = b"") -> bytes:
    return kernel.bzimage(banner, stored.gzip(kernel.vmlinux(banner, notes, seed="t") + extra))


def without(name: str, notes: Iterable[kernel.Note] = PV) -> tuple[kernel.Note, ...]:
    return tuple(note for note in notes if note[0] != NAMES[name])


def listed(notes: Iterable[kernel.Note]) -> bytes:
    return b"".join(struct.pack("<III", 4, len(content), number) + b"Xen\0" + content + bytes(-len(content) % 4)
                    for number, content in notes)


def elf(bits: int, *, segment: bytes = b"", section: bytes = b"", guest: bytes = b"", entry: int = 0x1000000,
        machine: int = 0) -> bytes:
    """An ELF file with its notes in a segment, in a section, or as the string of __xen_guest; tables at the end."""
    head_size, names = (52, b"\0.notes\0__xen_guest\0.shstrtab\0") if bits == 32 else (
        64, b"\0.notes\0__xen_guest\0.shstrtab\0")
    at = 0x1000
    body = {"segment": segment, "section": section, "guest": guest, "names": names}
    place: dict[str, tuple[int, int]] = {}
    for name, content in body.items():
        place[name] = (at, len(content))
        at += len(content) + -len(content) % 16
    phoff = at
    if bits == 32:
        program = struct.pack("<8I", 4, place["segment"][0], 0, 0, *place["segment"][1:] * 2, 0, 4)
        rows = [struct.pack("<10I", name, kind, 0, 0, *place[which], 0, 0, 4, 0) for name, kind, which in (
            (1, 7 if section else 1, "section"), (8, 1, "guest"), (20, 3, "names"))]
    else:
        program = struct.pack("<IIQQQQQQ", 4, 0, place["segment"][0], 0, 0, *place["segment"][1:] * 2, 4)
        rows = [struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, *place[which], 0, 0, 4, 0) for name, kind, which in (
            (1, 7 if section else 1, "section"), (8, 1, "guest"), (20, 3, "names"))]
    layout = "<HHIIIIIHHHHHH" if bits == 32 else "<HHIQQQIHHHHHH"
    header = b"\x7fELF" + bytes([bits // 32, 1, 1]) + bytes(9) + struct.pack(
        layout, 2, machine or (3 if bits == 32 else 62), 1, entry, phoff if segment else 0, phoff + len(program), 0,
        head_size, len(program), 1 if segment else 0, len(rows[0]), len(rows), 2)
    contents = b"".join(content + bytes(-len(content) % 16) for content in body.values())
    return header.ljust(0x1000, b"\0") + contents + program + b"".join(rows)


def test_an_el7_kernel_is_pv_and_not_pvh() -> None:
    found = ability(kernel.make(EL7, xen="pv", seed="t"))
    assert (found.pv, found.pvh, found.payload) == (True, False, "gzip")
    assert found.reason_pvh == "no PHYS32_ENTRY note (CONFIG_PVH is off)"
    assert found.notes is not None
    assert found.notes.source == "segment"
    assert found.notes.texts == {
        "GUEST_OS": "linux", "GUEST_VERSION": "2.6", "XEN_VERSION": "xen-3.0", "LOADER": "generic", "PAE_MODE": "yes",
        "FEATURES": "!writable_page_tables|pae_pgdir_above_4gb"}
    assert found.notes.numbers["VIRT_BASE"] == 0xFFFFFFFF80000000


def test_an_el9_kernel_is_neither_for_its_pvh_entry_is_kvms() -> None:
    found = ability(kernel.make(EL9, xen="none", seed="t"))
    assert (found.pv, found.pvh) == (False, False)
    assert found.reason_pv == "no ENTRY note (CONFIG_XEN_PV is off)"
    assert "no Xen PVH code" in found.reason_pvh


def test_an_el8_kernel_has_xen_notes_but_no_entry_at_all() -> None:
    found = ability(image(kernel.XEN_NOTES))
    assert (found.pv, found.pvh) == (False, False)
    assert found.reason_pvh == "no PHYS32_ENTRY note (CONFIG_PVH is off)"


def test_a_kernel_without_xen_says_so() -> None:
    found = ability(image(()))
    assert (found.pv, found.pvh, found.reason_pv, found.reason_pvh) == (False, False, xen.NO_NOTES, xen.NO_NOTES)


def test_pvh_needs_the_entry_and_xens_own_start_code() -> None:
    found = ability(image((*PV, kernel.PHYS32_ENTRY), extra=b"Xen PVH\0"))
    assert (found.pv, found.pvh) == (True, True)
    assert not ability(image(PV, extra=b"Xen PVH\0")).pvh


@pytest.mark.parametrize("size", [1, 3, 6, 7, 8, 1000])
def test_the_mark_of_pvh_is_found_across_the_seams_of_the_pieces(size: int) -> None:
    whole = elf(64, segment=listed((*PV, kernel.PHYS32_ENTRY))) + b"....Xen PVH"
    notes = xen_notes.read(lambda: (whole[at : at + size] for at in range(0, len(whole), size)), "vmlinux")
    assert notes.pvh_code


@pytest.mark.parametrize(("missing", "reason"), [
    ("XEN_VERSION", "no XEN_VERSION note `xen-3.0`"),
    ("VIRT_BASE", "no VIRT_BASE note"),
    ("ENTRY", "no ENTRY note (CONFIG_XEN_PV is off)"),
])
def test_each_note_that_pv_needs_is_missed_by_name(missing: str, reason: str) -> None:
    found = ability(image(without(missing)))
    assert (found.pv, found.reason_pv) == (False, reason)


@pytest.mark.parametrize("spare", ["HYPERCALL_PAGE", "GUEST_OS", "LOADER", "FEATURES", "PAE_MODE"])
def test_pv_does_not_need_the_others(spare: str) -> None:
    assert ability(image(without(spare))).pv


def test_pv_needs_a_generic_loader_or_linux() -> None:
    found = ability(image(without("LOADER", without("GUEST_OS"))))
    assert found.reason_pv == "neither a LOADER note `generic` nor a GUEST_OS note `linux`"


def test_another_xen_version_is_not_pv() -> None:
    assert not ability(image((*without("XEN_VERSION"), (5, b"xen-2.0\0")))).pv


@pytest.mark.parametrize(("pae", "pv"), [(b"yes\0", True), (b"yes[extended-cr3]\0", True), (b"bimodal\0", True),
                                         (b"no\0", False), (b"", False)])
def test_a_32_bit_kernel_needs_pae(pae: bytes, pv: bool) -> None:
    notes = ((6, b"linux\0"), (5, b"xen-3.0\0"), (3, struct.pack("<I", 0xC0000000)), (1, struct.pack("<I", 0xC1000000)),
             (9, pae))
    found = ability(kernel.bzimage("4.0 (x)", stored.gzip(elf(32, segment=listed(notes)))))
    assert found.pv is pv
    assert found.notes is not None
    assert found.notes.bits == 32


@pytest.mark.parametrize("bits", [32, 64])
def test_notes_in_a_section_count_where_no_segment_has_any(bits: int) -> None:
    word = "<I" if bits == 32 else "<Q"
    notes = ((6, b"linux\0"), (5, b"xen-3.0\0"), (9, b"yes\0"), (3, struct.pack(word, 0xC0000000)),
             (1, struct.pack(word, 0xC1000000)))
    found = ability(kernel.bzimage("4.0 (x)", stored.gzip(elf(bits, section=listed(notes)))))
    assert found.pv
    assert found.notes is not None
    assert found.notes.source == "section"


def test_the_guest_string_of_old_kernels_counts_last() -> None:
    guest = b"GUEST_OS=linux,GUEST_VER=2.6,XEN_VER=xen-3.0,VIRT_BASE=0xC0000000,LOADER=generic,PAE=yes,FEATURES=\0"
    found = ability(kernel.bzimage("2.6.18 (x)", stored.gzip(elf(32, guest=guest, entry=0xC0100000))))
    assert found.pv
    assert found.notes is not None
    assert found.notes.source == "guest-string"


def test_notes_of_others_are_passed_over() -> None:
    gnu = struct.pack("<III", 4, 20, 3) + b"GNU\0" + bytes(20)
    found = xen_notes.read(lambda: [elf(64, segment=gnu + listed(PV))], "vmlinux")
    assert found.texts["GUEST_OS"] == "linux"
    assert "VIRT_BASE" in found.numbers


@pytest.mark.parametrize(("kind", "pack"), [
    ("bzip2", bz2.compress), ("xz", xz), ("lzma", lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE)),
    ("zstd", zstd.compress), ("lz4", legacy_lz4), ("none", bytes),
])
def test_every_payload_ends_before_its_size_word(kind: str, pack: Callable[[bytes], bytes]) -> None:
    vmlinux = kernel.vmlinux("6.1.0", (*PV, kernel.PHYS32_ENTRY), seed="t")  # the PVH entry makes it read to the end
    found = ability(kernel.bzimage("6.1.0 (x)", pack(vmlinux) + struct.pack("<I", len(vmlinux))))
    assert (found.pv, found.pvh, found.payload) == (True, False, kind)


def test_a_boot_protocol_before_2_08_cannot_be_started() -> None:
    found = ability(kernel.bzimage("2.6.18 (x)", b"x" * 100, protocol=(2, 7)))
    assert (found.pv, found.pvh, found.payload) == (False, False, "")
    assert found.reason_pv == "boot protocol 2.07; Xen's loader needs 2.08"


def broken_header(at: int, layout: str, *values: int) -> bytes:
    whole = bytearray(elf(64, segment=listed(PV)))
    struct.pack_into(f"<{layout}", whole, at, *values)
    return bytes(whole)


@pytest.mark.parametrize(("vmlinux", "reason"), [
    (b"not an ELF file at all".ljust(200), "no little-endian ELF file (begins 6e 6f 74"),
    (b"\x7fELF\x02\x02" + bytes(200), "no little-endian ELF file"),
    (elf(64, segment=listed(PV), machine=183), "an ELF file for machine 183, not for x86"),
    (broken_header(0x38, "H", 0xFFFF), "an impossible ELF table (65535 entries"),
    (broken_header(0x36, "H", 8), "an impossible ELF table (1 entries of 8 bytes)"),
    (broken_header(0x36, "H", 0xFFFF), "an impossible ELF table"),
    (broken_header(0x20, "Q", 1 << 62), "ends too early"),
    (elf(64, segment=struct.pack("<III", 4, 0xFFFFFFF0, 1) + b"Xen\0"), "a note of its payload reaches beyond"),
    (elf(64, segment=bytes(300_000)), "300000 bytes of notes in 1 places"),
    (elf(32, guest=b"VIRT_BASE=zero\0"), "__xen_guest of its payload holds 'zero' where a number is due"),
    (b"\x7fELF\x02\x01", "ends too early"),
], ids=by_text)
def test_a_payload_that_breaks_its_own_bounds_is_refused(vmlinux: bytes, reason: str) -> None:
    with pytest.raises(HostileInput) as caught:
        ability(kernel.bzimage("6.1.0 (x)", stored.gzip(vmlinux)))
    assert caught.value.message.startswith("vmlinuz: ")
    assert reason in caught.value.message


def padded(size: int) -> bytes:
    """A kernel whose PVH entry makes the probe read on to its end, `size` zero bytes away."""
    vmlinux = kernel.vmlinux("6.1.0", (*PV, kernel.PHYS32_ENTRY), seed="t")
    return kernel.bzimage("6.1.0 (x)", zlib.compress(vmlinux + bytes(size), 1, wbits=31))


def test_a_large_kernel_is_read_in_pieces() -> None:
    large = padded(64 * MIB)
    tracemalloc.start()
    try:
        assert not ability(large).pvh
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()


def test_a_kernel_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xen, "UNPACKED_MAX", 8 * MIB)
    with pytest.raises(HostileInput, match="unpacks to more than 8 MiB"):
        ability(padded(16 * MIB))


@settings(max_examples=60)
@given(st.integers(0, 0x1400), st.binary(min_size=1, max_size=16))
def test_damage_ends_in_a_verdict_or_in_a_clear_error(at: int, junk: bytes) -> None:
    whole = elf(64, segment=listed(PV), section=listed(PV))
    damaged = whole[:at] + junk + whole[at + len(junk) :]
    try:
        notes = xen_notes.read(lambda: [damaged], "vmlinux")
    except HostileInput:
        return
    assert xen.why_not_pv(notes) or notes.numbers["VIRT_BASE"] <= notes.numbers.get("ENTRY", notes.entry)

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.demo import initrd, kernel
from builder.errors import HostileInput
from builder.probe import bzimage
from tests.unit.packers import by_text

EL7 = "3.10.0-1160.el7.x86_64"
KERNEL = kernel.make(EL7, xen="pv", seed="test")


def read(data: bytes) -> bzimage.KernelHeader:
    return bzimage.read(io.BytesIO(data), "vmlinuz")


def with_field(at: int, layout: str, value: int, data: bytes = KERNEL) -> bytes:
    changed = bytearray(data)
    struct.pack_into(f"<{layout}", changed, at, value)
    return bytes(changed)


def test_a_kernel_tells_its_version_its_limits_and_its_payload() -> None:
    header = read(KERNEL)
    assert header.version == EL7
    assert header.banner == f"{EL7} (mockbuild@builder.example) #1 SMP"
    assert (header.protocol, header.cmdline_size, header.relocatable) == ((2, 12), 2047, True)
    assert header.size == len(KERNEL)
    payload = KERNEL[header.payload_start : header.payload_start + header.payload_length]
    assert zlib.decompress(payload, wbits=31).startswith(b"\x7fELF")


def test_only_the_head_of_the_file_is_read() -> None:
    class Counting(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            Counting.taken += len(data)
            return data

    bzimage.read(Counting(KERNEL), "vmlinuz")
    assert Counting.taken < 2048


def test_the_checksum_of_the_boot_protocol_covers_the_made_kernel() -> None:
    assert zlib.crc32(KERNEL) == 0xFFFFFFFF  # remainder zero, before zlib's last inversion


def test_the_command_line_limit_is_not_told_before_protocol_2_06() -> None:
    assert read(with_field(0x206, "B", 5)).cmdline_size == 0


def test_the_payload_is_not_told_before_protocol_2_08() -> None:
    header = read(with_field(0x206, "B", 7))
    assert (header.protocol, header.payload_start, header.payload_length) == ((2, 7), 0, 0)


def test_no_setup_sectors_means_four() -> None:
    moved = with_field(0x20E, "H", 0x600 - 0x200, with_field(0x1F1, "B", 0))
    assert read(moved[:0x600] + b"4.0 (x)\0" + moved[0x608:]).setup_sects == 4


@pytest.mark.parametrize(("data", "name"), [
    (b"", "an empty file"),
    (b"<!DOCTYPE html><html><head><title>Log in</title>", "a web page (a login page"),
    (b"\n\n  <html>", "a web page"),
    (initrd.make(EL7, product="CentOS", release="7", seed=""), "a cpio archive: an initrd?"),
    (zlib.compress(b"x" * 9000, wbits=31), "gzip-compressed data: an initrd, or an aarch64 kernel?"),
    (b"\xfd7zXZ\x00" + bytes(100), "xz-compressed data"),
    (b"hsqs" + bytes(100), "a squashfs file system"),
    (b"\xed\xab\xee\xdb" + bytes(100), "an RPM package"),
    (b"\x7fELF\x02\x01\x01" + bytes(2000), "an ELF file"),
    (b"MZ\x40\xfa".ljust(0x38, b"\0") + b"ARM\x64" + bytes(2000), "an aarch64 kernel (Image)"),
    (b"MZ\x00\x00zimg" + bytes(2000), "an EFI zboot image"),
    (bytes(0x10008) + b"S390EP" + bytes(2000), "an s390x kernel"),
    (b"\x01\x02\x03\x04" * 1000, "something unknown (begins 01 02 03 04"),
    (KERNEL[:500], "something unknown"),
], ids=by_text)
def test_what_is_no_kernel_is_named_as_what_it_is(data: bytes, name: str) -> None:
    with pytest.raises(HostileInput) as caught:
        read(data)
    assert caught.value.message.startswith("vmlinuz: no x86 kernel but ")
    assert name in caught.value.message
    assert caught.value.hint == "take images/pxeboot/vmlinuz of an x86_64 install tree"


@pytest.mark.parametrize(("data", "reason"), [
    (KERNEL[:0x210], "cut off in its header"),
    (KERNEL[:5000], "speaks of 14336 bytes of setup code, the file has 5000"),
    (KERNEL[:-100], "its payload would be"),
    (with_field(0x24C, "I", 0xFFFFFFFF), "its payload would be 4294967295 bytes"),
    (with_field(0x248, "I", 0xFFFFFFFF), "at 4294981631"),
    (with_field(0x24C, "I", 0), "its payload would be 0 bytes"),
    (with_field(0x20E, "H", 0), "does not tell its version"),
    (with_field(0x20E, "H", 0xFFFF), "outside its 14336 bytes of setup code"),
    (KERNEL.replace(b"3.10.0-1160", b"\x1b[31m-1160x", 1), r'its version string is no version: "\x1b'),
    (KERNEL.replace(EL7.encode(), b"x" + EL7.encode()[1:], 1), "is no version"),
    (with_field(0x20E, "H", 14336 - 4 - 0x200)[:14332] + b"4.18" + KERNEL[14336:], "is no version"),
], ids=by_text)
def test_a_broken_header_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(HostileInput) as caught:
        read(data)
    assert reason in caught.value.message


@given(st.integers(0, kernel.SETUP_SIZE), st.binary(min_size=1, max_size=64), st.none() | st.integers(0, len(KERNEL)))
def test_damage_ends_in_a_clear_error_or_a_header_within_the_file(at: int, junk: bytes, cut: int | None) -> None:
    damaged = (KERNEL[:at] + junk + KERNEL[at + len(junk) :])[:cut]
    try:
        header = read(damaged)
    except HostileInput:
        return
    assert header.payload_start + header.payload_length <= len(damaged)
    assert header.banner.isprintable()

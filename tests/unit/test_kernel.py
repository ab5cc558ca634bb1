"""Kernels of every architecture: which format tells its version, and what is said where none does."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.demo import initrd as made
from builder.demo import kernel as x86
from builder.errors import HostileInput
from builder.probe import compression, kernel, xen
from builder.probe.kernel import NO_BANNER, KernelImage
from tests.unit.packers import PACKERS, by_text, gzip

MIB = 1 << 20
ARM, POWER, Z = "6.12.0-55.9.1.el10_0.aarch64", "5.14.0-570.17.1.el9_6.ppc64le", "5.14.0-570.17.1.el9_6.s390x"
BUILDER = "mockbuild@builder.example"


def read(data: bytes, arch: str) -> KernelImage:
    return kernel.read(io.BytesIO(data), "vmlinuz", arch)


def banner(version: str) -> bytes:
    return f"Linux version {version} ({BUILDER}) (gcc 14.2.1) #1 SMP PREEMPT_DYNAMIC\n\0".encode()


def arm(version: str = ARM, *, before: int = 200_000) -> bytes:
    """An Image: an EFI stub's "MZ", and the mark at 56 (Linux Documentation/arch/arm64/booting.rst)."""
    head = struct.pack("<2sHIQQQQQQ4sI", b"MZ", 0x40FA, 0, 0, 1 << 20, 10, 0, 0, 0, b"ARM\x64", 64)
    return head + bytes(before) + banner(version) + bytes(50_000)


def zboot(payload: bytes, kind: str, *, offset: int = 0x1000, size: int | None = None) -> bytes:
    """Linux drivers/firmware/efi/libstub/zboot-header.S; what the payload does not count follows it."""
    head = struct.pack("<4s4sIIII24s", b"MZ\0\0", b"zimg", offset, len(payload) if size is None else size, 0, 0,
                       kind.encode())
    return head.ljust(0x38, b"\0") + struct.pack("<II", 0x818223CD, 64) + bytes(0x1000 - 64) + payload + bytes(512)


def power(version: str = POWER, *, order: str = "<", machine: int = 21) -> bytes:
    head = b"\x7fELF\x02" + (b"\x01" if order == "<" else b"\x02") + b"\x01" + bytes(9)
    return head + struct.pack(f"{order}HHI", 2, machine, 1) + bytes(300_000) + banner(version) + bytes(1000)


def mainframe(version: str = Z, *, at: int = 0x182B0) -> bytes:
    """Linux arch/s390/include/asm/setup.h: the entry point's mark, and struct parmarea with an address at 0x10428."""
    image = bytearray(0x20000)
    image[0x10008:0x1000E] = b"S390EP"
    struct.pack_into(">Q", image, 0x10428, at)
    text = f"{version} ({BUILDER}) #1 SMP".encode() + b"\0"
    image[0x182B0 : 0x182B0 + len(text)] = text
    return bytes(image)


def test_an_x86_kernel_is_read_by_its_header() -> None:
    data = x86.make("3.10.0-1160.el7.x86_64", xen="pv", seed="t")
    assert read(data, "x86_64") == read(data, "i386") == KernelImage(
        form="bzImage", version="3.10.0-1160.el7.x86_64", payload="gzip", cmdline_size=2047)


def test_an_x86_kernel_before_boot_protocol_2_08_does_not_tell_its_payload() -> None:
    assert read(x86.bzimage("2.6.18-398.el5 (x)", b"x" * 100, protocol=(2, 7)), "i386").payload == ""


def test_an_aarch64_image_tells_its_version_in_its_banner() -> None:
    assert read(arm(), "aarch64") == KernelImage(form="Image", version=ARM, payload="none")


@pytest.mark.parametrize("kind", PACKERS)
def test_a_compressed_aarch64_image_is_unpacked_to_its_banner(kind: str) -> None:
    assert read(PACKERS[kind](arm()), "aarch64") == KernelImage(form="compressed Image", version=ARM, payload=kind)


@pytest.mark.parametrize("kind", PACKERS)
def test_an_efi_zboot_image_is_unpacked_at_its_payload_and_not_beyond(kind: str) -> None:
    data = zboot(PACKERS[kind](arm()), kind)
    assert read(data, "aarch64") == KernelImage(form="EFI zboot image", version=ARM, payload=kind)


@pytest.mark.parametrize(("order", "machine"), [("<", 21), (">", 21), (">", 20)])
def test_a_vmlinux_of_ppc64_tells_its_version_in_its_banner(order: str, machine: int) -> None:
    assert read(power(order=order, machine=machine), "ppc64le") == KernelImage(form="ELF", version=POWER,
                                                                               payload="none")


def test_an_s390x_image_points_at_its_version() -> None:
    assert read(mainframe(), "s390x") == KernelImage(form="s390 image", version=Z, payload="")


@pytest.mark.parametrize(("data", "arch", "why"), [
    (arm(version="%s"), "aarch64", NO_BANNER),
    (gzip(arm(version="%s")), "aarch64", NO_BANNER),
    (power(version="x"), "ppc64le", NO_BANNER),
    (zboot(b"\x89LZO\x00\r\n\x1a\n" + bytes(20), "lzo"), "aarch64", "lzo compression cannot be read here"),
    (mainframe(at=0), "s390x", "its parameter area tells no version, as that of older kernels"),
    (mainframe(at=1 << 40), "s390x", "its parameter area tells no version, as that of older kernels"),
    (mainframe(at=0x100), "s390x", "its parameter area tells no version, as that of older kernels"),
    (mainframe()[:0x10010], "s390x", "its parameter area tells no version, as that of older kernels"),
    (b"anything", "riscv64", "no format of riscv64 is known here"),
], ids=by_text)
def test_a_version_that_the_format_does_not_tell_is_not_checked_and_no_error(data: bytes, arch: str, why: str) -> None:
    image = read(data, arch)
    assert (image.version, image.unchecked) == ("", why)


@pytest.mark.parametrize(("data", "arch", "what"), [
    (b"", "aarch64", "no aarch64 kernel but an empty file"),
    (x86.make("5.14.0", xen="none", seed="t"), "aarch64", "no aarch64 kernel but an x86 kernel (bzImage)"),
    (power(), "aarch64", "no aarch64 kernel but an ELF file (a kernel of ppc64le"),
    (mainframe(), "aarch64", "no aarch64 kernel but an s390x kernel"),
    (b"<!DOCTYPE html><html>", "aarch64", "no aarch64 kernel but a web page"),
    (gzip(made.entry("init", made.FILE, b"x")), "aarch64",
     "no aarch64 kernel but gzip-compressed data of something else (an initrd?)"),
    (zboot(gzip(b"another machine's vmlinux" * 9), "gzip"), "aarch64", "gzip-compressed data of something else"),
    (zboot(b"unknown", "zip"), "aarch64", "no aarch64 kernel but an EFI zboot image"),
    (arm(), "ppc64le", "no ppc64le kernel but an aarch64 kernel (Image)"),
    (power(machine=62), "ppc64le", "no ppc64le kernel but an ELF file for machine 62"),
    (b"\x7fELF\x02", "ppc64le", "no ppc64le kernel but an ELF file"),
    (arm(), "s390x", "no s390x kernel but an aarch64 kernel (Image)"),
    (power(), "s390x", "no s390x kernel but an ELF file"),
], ids=by_text)
def test_the_kernel_of_another_machine_is_refused_as_what_it_is(data: bytes, arch: str, what: str) -> None:
    with pytest.raises(HostileInput) as caught:
        read(data, arch)
    assert caught.value.message.startswith("vmlinuz: ")
    assert what in caught.value.message
    assert caught.value.hint == f"take the kernel that .treeinfo names in an install tree for {arch}"


@pytest.mark.parametrize(("change", "message"), [
    ({"size": 0}, "vmlinuz: its payload would be 0 bytes at 4096"),
    ({"offset": 0xFFFFFFF0}, "bytes at 4294967280, the file has"),
    ({"size": 0xFFFFFFFF}, "vmlinuz: its payload would be 4294967295 bytes at 4096"),
])
def test_a_zboot_payload_outside_the_file_is_refused(change: dict[str, int], message: str) -> None:
    with pytest.raises(HostileInput) as caught:
        read(zboot(gzip(arm()), "gzip", **change), "aarch64")
    assert message in caught.value.message
    assert caught.value.hint == "the kernel is truncated or damaged; fetch it again"


def test_a_truncated_compressed_image_is_refused() -> None:
    whole = gzip(b"".join(arm(before=0)[:64] + bytes([n % 251 for n in range(70_000)]) for _ in range(2)))
    with pytest.raises(HostileInput, match="vmlinuz: ends in the middle of its gzip data"):
        read(whole[:-200], "aarch64")


@pytest.mark.parametrize("step", [1, 2, 13, 14, 79, 80, 81, 1000])
def test_the_banner_is_found_across_the_seams_of_the_pieces(step: int) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(step if size is None or size < 0 else min(step, size))

    assert kernel.read(Slow(arm(before=500)), "vmlinuz", "aarch64").version == ARM


def test_a_version_of_64_characters_is_found_and_a_longer_word_is_none() -> None:
    longest = "6.1." + "x" * 60
    assert read(arm(version=longest), "aarch64").version == longest
    assert read(arm(version=longest + "x"), "aarch64").version == ""


def test_a_large_image_is_read_in_pieces() -> None:
    packed = gzip(arm(version="%s", before=64 * MIB))
    tracemalloc.start()
    try:
        assert read(packed, "aarch64").unchecked == NO_BANNER
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("pack", [gzip, lambda data: zboot(gzip(data), "gzip")], ids=["compressed", "zboot"])
def test_an_image_that_never_ends_is_stopped(pack: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xen, "UNPACKED_MAX", 8 * MIB)
    with pytest.raises(HostileInput, match="unpacks to more than 8 MiB"):
        read(pack(arm(version="%s", before=16 * MIB)), "aarch64")


SAMPLES = {
    "x86_64": x86.make("6.1.0", xen="all", seed="t"), "aarch64": zboot(gzip(arm(before=2000)), "gzip"),
    "ppc64le": power(), "s390x": mainframe(),
}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.sampled_from(sorted(SAMPLES)), st.integers(0, 0x2000) | st.integers(
    0x10000, 0x18400), st.binary(min_size=1, max_size=64), st.none() | st.integers(0, 0x20000))
def test_damage_ends_in_a_clear_error_or_in_a_version(kind: str, arch: str, at: int, junk: bytes,
                                                      cut: int | None) -> None:
    whole = SAMPLES[kind]
    damaged = (whole[:at] + junk + whole[at + len(junk) :])[:cut]
    try:
        image = read(damaged, arch)
    except HostileInput as error:
        assert error.message.startswith("vmlinuz: ")
        return
    assert bool(image.version) != bool(image.unchecked)
    assert image.version == "" or kernel.RELEASE.fullmatch(image.version)


@given(st.binary(max_size=4000).map(lambda b: b"MZ\0\0zimg" + b), st.sampled_from(sorted(SAMPLES)))
def test_any_bytes_end_in_a_clear_error_or_in_a_version(data: bytes, arch: str) -> None:
    try:
        image = read(data, arch)
    except HostileInput as error:
        assert error.message.startswith("vmlinuz: ")
        return
    assert image.unchecked or image.version


def test_banners_that_almost_are_one_cost_linear_time() -> None:
    almost = banner("9" * 65) * (16 * MIB // 130)
    start = time.process_time()
    assert read(arm(before=0)[:64] + almost, "aarch64").unchecked == NO_BANNER
    assert time.process_time() - start < 5


def test_every_packer_of_these_tests_is_one_that_the_probe_knows() -> None:
    assert {name for name, _ in compression.MAGIC} - {"lzo"} == set(PACKERS)

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.demo import initrd as made
from builder.demo import kernel as made_kernel
from builder.demo import tree
from builder.errors import HostileInput
from builder.outputs import dom0
from builder.probe import bzimage, compression, initrd, kernel, xen
from builder.probe.feed import chunks
from tests.tool import debian, foreign
from tests.tool.debian import Flavour
from tests.tool.tools import need

pytestmark = pytest.mark.tool

# Name in the facts, command, Debian package.
PACKERS = {
    "gzip": (["gzip", "-nc"], "gzip"), "xz": (["xz", "-c", "--check=crc32", "-0"], "xz-utils"),
    "lzma": (["xz", "-c", "--format=lzma", "-0"], "xz-utils"), "bzip2": (["bzip2", "-1c"], "bzip2"),
    "zstd": (["zstd", "-qc"], "zstd"), "lz4": (["lz4", "-lc"], "lz4"),
}


def run(command: list[str | Path], data: bytes | None = None) -> bytes:
    program, *arguments = command
    return subprocess.run([str(program), *arguments], input=data, check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """dracut's initrd for Debian's cloud kernel, not compressed; kept in the tool cache."""
    home, version = debian.kernel_package(), debian.version()
    kept = debian.cache() / f"initrd-base-{version}.cpio"
    if not kept.is_file():
        half = kept.with_suffix(f".{os.getpid()}")
        run([need("dracut", "dracut-core"), "-q", "--no-hostonly", "--no-compress", "--reproducible",
             "--conf", "/dev/null", "--confdir", tmp_path_factory.mktemp("dracut.conf.d"), "--modules", "base",
             "--add-drivers", "xen-netfront xen-blkfront virtio_net", "--kmoddir", home / "lib/modules" / version,
             half, version])
        half.rename(kept)
    return kept.read_bytes()


@pytest.mark.parametrize("flavour", ["cloud-amd64", "amd64"])
def test_the_version_of_a_real_kernel_is_the_one_that_file_tells(flavour: Flavour) -> None:
    path = debian.vmlinuz(flavour)
    with path.open("rb") as stream:
        header = bzimage.read(stream, path.name)
    told = run([need("file", "file"), "-b", path]).decode()
    assert header.version == debian.version(flavour)
    assert f"version {header.banner}," in told
    assert header.cmdline_size == 2047


@pytest.mark.parametrize(("flavour", "payload", "unpacker"), [("cloud-amd64", "lz4", "lz4"), ("amd64", "xz", "xz")])
def test_the_notes_of_a_real_kernel_are_those_that_readelf_shows(flavour: Flavour, payload: str, unpacker: str,
                                                                  tmp_path: Path) -> None:
    path = debian.vmlinuz(flavour)
    with path.open("rb") as stream:
        header = bzimage.read(stream, path.name)
        found = xen.ability(stream, path.name)
        stream.seek(header.payload_start)
        packed = stream.read(header.payload_length - xen.SIZE_WORD)
    (tmp_path / "vmlinux").write_bytes(run([need(unpacker, "lz4" if unpacker == "lz4" else "xz-utils"), "-dc"], packed))
    shown = run([need("readelf", "binutils"), "-nW", tmp_path / "vmlinux"]).decode()
    assert (found.payload, found.pv, found.pvh) == (payload, True, True)
    assert found.notes is not None
    for text in found.notes.texts.values():
        assert text.encode().hex(" ") in shown
    for name in ("ENTRY", "VIRT_BASE", "PHYS32_ENTRY"):
        assert f"description data: {found.notes.numbers[name].to_bytes(8, 'little').hex(' ')}" in shown


def listing(data: bytes) -> set[str]:
    return set(run([need("cpio", "cpio"), "-t", "--quiet"], data).decode().split("\n"))


@pytest.mark.parametrize("kind", PACKERS)
def test_a_real_initrd_tells_what_cpio_lists(kind: str, plain: bytes) -> None:
    command, package = PACKERS[kind]
    early = made.archive({"kernel/x86/microcode/GenuineIntel.bin": (made.FILE, b"x" * 100)})
    packed = early + run([need(command[0], package), *command[1:]], plain)
    facts = initrd.scan(io.BytesIO(packed), "initrd.img", stop_early=False)
    names = listing(plain)
    versions = {found[1] for name in names if (found := re.match(r"(?:usr/)?lib/modules/([^/]+)$", name))}
    drivers = {found[1] for name in names if (found := re.search(r"/(xen-(?:blk|net)front)\.ko$", name))}
    assert set(facts.kernel_versions) == versions == {debian.version()}
    assert facts.modules == drivers == initrd.XEN_DRIVERS
    assert (facts.members, facts.early_microcode, facts.complete) == (("cpio", kind), True, True)


@pytest.mark.parametrize("kind", ["gzip", "xz", "zstd"])
def test_the_version_is_known_long_before_the_end_of_a_real_initrd(kind: str, plain: bytes) -> None:
    command, package = PACKERS[kind]
    packed = run([need(command[0], package), *command[1:]], plain)
    stream = io.BytesIO(packed)
    assert initrd.scan(stream, "initrd.img").kernel_versions == (debian.version(),)
    assert stream.tell() < len(packed)


@pytest.mark.parametrize("compressor", ["xz", "gzip"])
def test_lsinitrd_reads_the_demos_initrd_as_we_do(compressor: str, tmp_path: Path) -> None:
    version = "3.10.0-1160.el7.x86_64"
    image = tmp_path / "initrd.img"
    image.write_bytes(made.make(version, product="CentOS", release="7", seed="t",
                                compressor=compressor))  # type: ignore[arg-type]
    shown = run([need("lsinitrd", "dracut-core"), image]).decode()
    assert "Early CPIO image" in shown
    assert "kernel/x86/microcode/GenuineIntel.bin" in shown
    assert f"usr/lib/modules/{version}/kernel/drivers/net/xen-netfront.ko.xz" in shown
    stamp = run(["lsinitrd", "-f", ".buildstamp", image]).decode()
    assert "Product=CentOS\nVersion=7\n" in stamp


def test_file_and_readelf_read_the_demos_kernel_as_we_do(tmp_path: Path) -> None:
    image = made_kernel.make("3.10.0-1160.el7.x86_64", xen="pv", seed="t")
    (tmp_path / "vmlinuz").write_bytes(image)
    told = run([need("file", "file"), "-b", tmp_path / "vmlinuz"]).decode()
    assert told.startswith("Linux kernel x86 boot executable bzImage, version 3.10.0-1160.el7.x86_64 (mockbuild@")
    header = bzimage.read(io.BytesIO(image), "vmlinuz")
    payload = chunks(io.BytesIO(image[header.payload_start :]), header.payload_length)
    (tmp_path / "vmlinux").write_bytes(run([need("gzip", "gzip"), "-dc"], b"".join(payload)))
    shown = run([need("readelf", "binutils"), "-hlnW", tmp_path / "vmlinux"]).decode()
    assert "warning" not in shown.lower()
    assert "Advanced Micro Devices X86-64" in shown
    assert shown.count("  Xen   ") == len(made_kernel.NOTES["pv"])


def test_file_knows_the_images_of_the_demos_trees(tmp_path: Path) -> None:
    tree.write(tree.centos7(), tmp_path)
    known: dict[str, Callable[[str], bool]] = {
        "LiveOS/squashfs.img": lambda told: told.startswith("Squashfs filesystem, little endian, version 4.0, xz"),
        "images/boot.iso": lambda told: told.startswith("ISO 9660 CD-ROM filesystem data 'CentOS 7 x86_64'"),
        "images/efiboot.img": lambda told: "boot sector" in told,
    }
    for path, fits in known.items():
        told = run([need("file", "file"), "-b", tmp_path / path]).decode()
        assert fits(told), told


def test_xz_accepts_the_demos_stored_modules() -> None:
    image = tree.centos7()[tree.INITRD]
    inside = b"".join(compression.open(io.BytesIO(image[image.index(b"\xfd7zXZ") :]), "initrd.img", cap=1 << 24))
    begin = inside.index(b"\xfd7zXZ")
    run([need("xz", "xz-utils"), "-t"], inside[begin : inside.index(b"070701", begin)].rstrip(b"\0"))


# The architecture as trees spell it, and what `file` calls the kernel.
FOREIGN = {
    "aarch64": ("cloud-arm64", "Linux kernel ARM64 boot executable Image, little-endian"), "s390x": ("s390x", "Linux S390"),
    "ppc64le": ("powerpc64le", "ELF 64-bit LSB executable, 64-bit PowerPC"),
}


@pytest.mark.parametrize("arch", FOREIGN)
def test_the_version_of_a_real_kernel_of_another_architecture_is_that_of_its_package(arch: foreign.Arch) -> None:
    flavour, told = FOREIGN[arch]
    path = foreign.kernel(arch, flavour)
    assert run([need("file", "file"), "-b", path]).decode().startswith(told)
    with path.open("rb") as stream:
        image = kernel.read(stream, path.name, arch)
    assert (image.version, image.unchecked) == (path.name.partition("-")[2], "")
    assert image.version.endswith(f"-{flavour}")


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("zboot", [False, True])
def test_a_real_aarch64_kernel_is_read_through_every_compression(kind: str, zboot: bool) -> None:
    path = foreign.kernel("aarch64", "cloud-arm64")
    command, package = PACKERS[kind]
    packed = run([need(command[0], package), *command[1:]], path.read_bytes())
    if zboot:  # Linux drivers/firmware/efi/libstub/zboot-header.S
        head = struct.pack("<4s4sII8x24s", b"MZ\0\0", b"zimg", 0x1000, len(packed), kind.encode())
        packed = head.ljust(0x1000, b"\0") + packed + bytes(512)
    image = kernel.read(io.BytesIO(packed), "vmlinuz", "aarch64")
    assert (image.version, image.payload) == (path.name.partition("-")[2], kind)
    assert image.form == ("EFI zboot image" if zboot else "compressed Image")


@pytest.mark.parametrize(("arch", "asked"), [(one, two) for one in FOREIGN for two in (*FOREIGN, "x86_64") if one != two])
def test_a_real_kernel_is_refused_where_another_architecture_is_wanted(arch: foreign.Arch, asked: str) -> None:
    with foreign.kernel(arch, FOREIGN[arch][0]).open("rb") as stream, pytest.raises(HostileInput) as caught:
        kernel.read(stream, "vmlinuz", asked)
    assert re.match(r"vmlinuz: no \w+ kernel but an ", caught.value.message)


def test_debian_s_libxenguest_unpacks_what_the_row_of_a_linux_dom0_says() -> None:
    (library, *_) = sorted(debian.unpacked("libxenmisc4.17").rglob("libxenguest.so.*"))
    needed = run([need("readelf", "binutils"), "-dW", library]).decode()
    strings = library.read_bytes()
    linked = {kind: soname in needed for kind, soname in (("xz", "liblzma"), ("zstd", "libzstd"), ("lzo", "liblzo2"),
                                                           ("bzip2", "libbz2"))}
    unread = {kind: word + b" decompress support unavailable" in strings for kind, word in (
        ("xz", b"XZ"), ("zstd", b"ZSTD"), ("lzo", b"LZO1x"), ("bzip2", b"BZIP2"))}
    assert linked == {kind: not cannot for kind, cannot in unread.items()}
    assert linked == {kind: "(Debian's is not)" not in dom0.LINUX.unpacks[kind] for kind in linked}

"""The kernel of any architecture: which version it is, as far as its format tells.

Only x86 and newer s390x images tell it in their header. The others hold it in the banner of the unpacked kernel (Linux
init/version.c, linux_banner), which is looked for in a stream: nothing is held, and nothing is guessed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import BinaryIO

from builder.errors import HostileInput
from builder.probe import bzimage, compression, magic, xen
from builder.probe.bzimage import BANNER_MAX, RELEASE
from builder.probe.feed import Feed, chunks

ARM_MARK_AT, ARM_MARK = 0x38, b"ARM\x64"  # Linux Documentation/arch/arm64/booting.rst, "Call the kernel image"
# Linux drivers/firmware/efi/libstub/zboot-header.S: "MZ", "zimg" at 4, then offset and size of the payload.
ZBOOT_MARK_AT, ZBOOT_MARK = 4, b"zimg"
EM_PPC, EM_PPC64 = 20, 21
# Linux arch/s390/include/asm/setup.h, struct parmarea: kernel_version is an address, and images load at 0.
S390_VERSION_AT = 0x10428
# UTS_RELEASE and "(" as include/linux/uts.h and scripts/mkcompile_h put them behind each other; bounded, so linear.
BANNER = re.compile(rb"Linux version ([0-9][A-Za-z0-9._+~-]{0,63}) \(")
BANNER_SPAN = len(b"Linux version ") + 64 + len(b" (")
NO_BANNER = "it holds no banner `Linux version`"


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelImage:
    """`version` is what `uname -r` will say; where it is empty, `unchecked` says why the format does not tell it.

    `form` names the format, `payload` the compression of the kernel in it (`none`: not compressed; empty: not told).
    `cmdline_size` is the longest command line in bytes without NUL (0: not told, as everywhere but on x86).
    """

    form: str
    version: str
    payload: str
    cmdline_size: int = 0
    unchecked: str = ""


def read(stream: BinaryIO, where: str, arch: str) -> KernelImage:
    """Read a kernel for `arch` (as trees spell it) from a seekable stream; `where` names it in messages.

    Raises HostileInput for what is no kernel of that architecture (named as what it is), for damage and for bombs,
    Missing for a decompressor that is not installed.
    """
    reader = READERS.get(arch)
    if reader is None:
        return KernelImage(form="", version="", payload="", unchecked=f"no format of {arch} is known here")
    return reader(stream, where)


def _x86(stream: BinaryIO, where: str) -> KernelImage:
    header = bzimage.read(stream, where)
    payload = (xen.payload_kind(stream, header) or "none") if header.payload_length else ""
    return KernelImage(form="bzImage", version=header.version, payload=payload, cmdline_size=header.cmdline_size)


def _aarch64(stream: BinaryIO, where: str) -> KernelImage:
    """An Image, one in a compressed file (EL8: Image.gz), or one in an EFI program that unpacks itself (zboot)."""
    size = stream.seek(0, io.SEEK_END)
    head = magic.read_at(stream, 0, magic.HEAD_SIZE)
    if head[ARM_MARK_AT:].startswith(ARM_MARK):
        stream.seek(0)
        return _told("Image", "none", _banner(chunks(stream, xen.UNPACKED_MAX)))
    start, length, form = 0, size, "compressed Image"
    if head.startswith(b"MZ") and head[ZBOOT_MARK_AT:].startswith(ZBOOT_MARK):
        start, length = (int.from_bytes(head[at : at + 4], "little") for at in (8, 12))
        form = "EFI zboot image"
        if length == 0 or start + length > size:
            raise HostileInput(f"{where}: its payload would be {length} bytes at {start}, the file has {size}",
                               "the kernel is truncated or damaged; fetch it again")
    kind = compression.kind(magic.read_at(stream, start, compression.MAGIC_SIZE))
    if not kind:
        raise _other(stream, where, "aarch64")
    if kind == "lzo":  # lzop's format has no decoder in Python
        return KernelImage(form=form, version="", payload=kind, unchecked="lzo compression cannot be read here")
    stream.seek(start)
    inner = Feed(compression.open(stream, where, cap=xen.UNPACKED_MAX, size=length), where)
    if inner.peek(ARM_MARK_AT + len(ARM_MARK))[ARM_MARK_AT:] != ARM_MARK:
        raise HostileInput(f"{where}: no aarch64 kernel but {kind}-compressed data of something else (an initrd?)",
                           _take("aarch64"))
    return _told(form, kind, _banner(iter(inner.chunk, b"")))


def _powerpc(stream: BinaryIO, where: str) -> KernelImage:
    """A vmlinux, an ELF file of either byte order; a zImage is one too, but packs its kernel where no format says."""
    head = magic.read_at(stream, 0, 20)
    if not head.startswith(b"\x7fELF") or len(head) < 20:
        raise _other(stream, where, "ppc64le")
    machine = int.from_bytes(head[18:20], "big" if head[5] == 2 else "little")  # e_ident[EI_DATA], e_machine
    if machine not in (EM_PPC, EM_PPC64):
        raise HostileInput(f"{where}: no ppc64le kernel but an ELF file for machine {machine}", _take("ppc64le"))
    stream.seek(0)
    return _told("ELF", "none", _banner(chunks(stream, xen.UNPACKED_MAX)))


def _s390(stream: BinaryIO, where: str) -> KernelImage:
    """An image with a parameter area. Older kernels have zeros where newer ones point at their version."""
    if not magic.is_s390(stream):
        raise _other(stream, where, "s390x")
    at = int.from_bytes(magic.read_at(stream, S390_VERSION_AT, 8), "big")
    size = stream.seek(0, io.SEEK_END)
    told = magic.read_at(stream, at, BANNER_MAX) if 0 < at < size else b""
    text, nul, _ = told.partition(b"\0")
    version = text.decode("ascii", "replace").partition(" ")[0]
    if not nul or not RELEASE.fullmatch(version):
        return KernelImage(form="s390 image", version="", payload="",
                           unchecked="its parameter area tells no version, as that of older kernels")
    return KernelImage(form="s390 image", version=version, payload="")


READERS: Mapping[str, Callable[[BinaryIO, str], KernelImage]] = MappingProxyType({
    "x86_64": _x86, "i386": _x86, "aarch64": _aarch64, "ppc64le": _powerpc, "s390x": _s390})


def _banner(pieces: Iterable[bytes]) -> str:
    """The version in the first banner, across the seams of the pieces; empty where there is none."""
    tail = b""
    for piece in pieces:
        window = tail + piece
        if found := BANNER.search(window):
            return found[1].decode("ascii")
        tail = window[-BANNER_SPAN:]
    return ""


def _told(form: str, payload: str, version: str) -> KernelImage:
    return KernelImage(form=form, version=version, payload=payload, unchecked="" if version else NO_BANNER)


def _other(stream: BinaryIO, where: str, arch: str) -> HostileInput:
    return HostileInput(f"{where}: no {arch} kernel but {magic.what(stream)}", _take(arch))


def _take(arch: str) -> str:
    return f"take the kernel that .treeinfo names in an install tree for {arch}"

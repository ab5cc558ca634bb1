"""The setup header of an x86 Linux kernel (bzImage): version, command line limit, where the payload lies.

Offsets and meanings: Linux Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header".
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

from builder.errors import HostileInput
from builder.names import shown
from builder.probe import compression

HEADER_SIZE = 0x260
BANNER_MAX = 512
# Linux include/uapi/linux/utsname.h: a release has at most 64 characters.
RELEASE = re.compile(r"[0-9][A-Za-z0-9._+~-]{0,63}")
NOT_CHECKED = "not checked: this format does not tell its version"
FETCH_AGAIN = "take images/pxeboot/vmlinuz of an x86_64 install tree"
# What else turns up under the name of a kernel, by how it begins: a test on the first bytes, and its name for people.
IMPOSTORS = (
    (0, b"\x7fELF", f"an ELF file (a kernel of another machine, or an unpacked vmlinux; {NOT_CHECKED})"),
    (0x38, b"ARM\x64", f"an aarch64 Image ({NOT_CHECKED})"),
    (4, b"zimg", f"an EFI zboot image, as aarch64 kernels are ({NOT_CHECKED})"),
    (0, b"0707", "a cpio archive: an initrd?"),
    (0, b"hsqs", "a squashfs file system: a stage2?"),
    (0, b"\xed\xab\xee\xdb", "an RPM package"),
)
# Linux arch/s390/boot/head.S: the parameter area at 0x10400 and this mark at 0x10008 of the image.
S390_MARK_AT, S390_MARK = 0x10008, b"S390EP"


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelHeader:
    """`version` is the first word of `banner` (the string that `uname -r` will print); `protocol` of the boot header.

    `cmdline_size` is the longest command line in bytes without its NUL (0: not told, before protocol 2.06).
    `payload_start` is the offset of the compressed kernel in the file and `payload_length` its size in bytes (both 0
    before protocol 2.08); `setup_sects` counts sectors of 512 bytes behind the boot sector.
    """

    version: str
    banner: str
    protocol: tuple[int, int]
    cmdline_size: int
    setup_sects: int
    payload_start: int
    payload_length: int
    relocatable: bool
    size: int


def read(stream: BinaryIO, where: str) -> KernelHeader:
    """Read the header of a kernel from a seekable stream; `where` names it in messages.

    Raises HostileInput for anything that is no bzImage (named as what it is, where that is known) and for offsets
    that lie outside the file.
    """
    size = stream.seek(0, io.SEEK_END)
    head = _read_at(stream, 0, HEADER_SIZE)
    if head[0x1FE:0x200] != b"\x55\xaa" or head[0x202:0x206] != b"HdrS":
        raise HostileInput(f"{where}: no x86 kernel but {_what(stream, head)}", FETCH_AGAIN)
    if len(head) < HEADER_SIZE:
        raise HostileInput(f"{where}: a kernel cut off in its header, after {len(head)} bytes", FETCH_AGAIN)
    minor, major = head[0x206], head[0x207]
    protocol = (major, minor)
    setup_sects = head[0x1F1] or 4
    setup_end = (setup_sects + 1) * 512
    if setup_end > size:
        raise HostileInput(f"{where}: its header speaks of {setup_end} bytes of setup code, the file has {size}",
                           FETCH_AGAIN)
    banner = _banner(stream, where, head, setup_end)
    start, length = _payload(where, head, protocol, setup_end, size)
    return KernelHeader(
        version=banner.split(" ", 1)[0], banner=banner, protocol=protocol, setup_sects=setup_sects, size=size,
        cmdline_size=_u32(head, 0x238) if protocol >= (2, 6) else 0, payload_start=start, payload_length=length,
        relocatable=protocol >= (2, 5) and head[0x234] != 0)


def _banner(stream: BinaryIO, where: str, head: bytes, setup_end: int) -> str:
    pointer = int.from_bytes(head[0x20E:0x210], "little")
    at = pointer + 0x200
    if pointer == 0:
        raise HostileInput(f"{where}: a kernel that does not tell its version", FETCH_AGAIN)
    if at >= setup_end:
        raise HostileInput(f"{where}: its version string would lie at byte {at}, outside its {setup_end} bytes of "
                           "setup code", FETCH_AGAIN)
    text, nul, _ = _read_at(stream, at, min(BANNER_MAX, setup_end - at)).partition(b"\0")
    banner = text.decode("ascii", "replace")
    if not nul or not banner.isprintable() or not RELEASE.fullmatch(banner.split(" ", 1)[0]):
        raise HostileInput(f"{where}: its version string is no version: {shown(banner)}", FETCH_AGAIN)
    return banner


def _payload(where: str, head: bytes, protocol: tuple[int, int], setup_end: int, size: int) -> tuple[int, int]:
    if protocol < (2, 8):
        return 0, 0
    offset, length = _u32(head, 0x248), _u32(head, 0x24C)
    if length == 0 or setup_end + offset + length > size:
        raise HostileInput(f"{where}: its payload would be {length} bytes at {setup_end + offset}, the file has {size}",
                           "the kernel is truncated or damaged; fetch it again")
    return setup_end + offset, length


def _what(stream: BinaryIO, head: bytes) -> str:
    """A name for something that is no kernel."""
    if not head:
        return "an empty file"
    start = head[:64].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml", b"<head")):
        return "a web page (a login page of the network?)"
    for at, magic, name in IMPOSTORS:
        if head[at:].startswith(magic):
            return name
    if packed := compression.kind(head):
        return f"{packed}-compressed data: an initrd, or an aarch64 kernel?"
    if _read_at(stream, S390_MARK_AT, len(S390_MARK)) == S390_MARK:
        return f"an s390x kernel ({NOT_CHECKED})"
    return f"something unknown (begins {head[:8].hex(' ')})"


def _u32(data: bytes, at: int) -> int:
    found: int = struct.unpack_from("<I", data, at)[0]
    return found


def _read_at(stream: BinaryIO, at: int, size: int) -> bytes:
    stream.seek(at)
    pieces: list[bytes] = []
    while size > 0 and (piece := stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)

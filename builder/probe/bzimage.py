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
from builder.probe import magic

HEADER_SIZE = 0x260
BANNER_MAX = 512
# Linux include/uapi/linux/utsname.h: a release has at most 64 characters.
RELEASE = re.compile(r"[0-9][A-Za-z0-9._+~-]{0,63}")
FETCH_AGAIN = "take images/pxeboot/vmlinuz of an x86_64 install tree"


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
    head = magic.read_at(stream, 0, HEADER_SIZE)
    if not magic.is_bzimage(head):
        raise HostileInput(f"{where}: no x86 kernel but {magic.what(stream)}", FETCH_AGAIN)
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
    text, nul, _ = magic.read_at(stream, at, min(BANNER_MAX, setup_end - at)).partition(b"\0")
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


def _u32(data: bytes, at: int) -> int:
    found: int = struct.unpack_from("<I", data, at)[0]
    return found

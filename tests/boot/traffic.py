"""What a machine asked for by TFTP and HTTP, read from a capture of its network card.

The capture is libpcap's own format in the byte order of this machine, as QEMU's filter-dump writes it (pcap-savefile(5)):
a header of 24 bytes, then packets, each with 16 bytes before it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

# Enough of every packet for the longest name that our loaders ask for; the files themselves stay out of the capture.
KEPT = 512
IPV4 = 0x0800
TCP, UDP = 6, 17
TFTP = 69
READ_REQUEST = 1  # RFC 1350, section 5


def asked(capture: bytes) -> tuple[str, ...]:
    """`tftp NAME` and `http PATH`, in order, each once: firmware asks for a size first, and for the file then."""
    return tuple(dict.fromkeys(name for packet in _packets(capture) for name in _name(packet)))


def _packets(capture: bytes) -> Iterator[bytes]:
    at = 24
    while at + 16 <= len(capture):
        _, _, kept, _ = struct.unpack_from("=4I", capture, at)
        yield capture[at + 16 : at + 16 + kept]
        at += 16 + kept


def _name(frame: bytes) -> Iterator[str]:
    if len(frame) < 34 or int.from_bytes(frame[12:14], "big") != IPV4:
        return
    start = 14 + (frame[14] & 15) * 4
    protocol, segment = frame[23], frame[start:]
    if protocol == UDP and segment[2:4] == TFTP.to_bytes(2, "big") and segment[8:10] == READ_REQUEST.to_bytes(2, "big"):
        name, *_ = segment[10:].split(b"\0")
        yield f"tftp {name.decode(errors='replace')}"
    if protocol == TCP and len(segment) > 20:
        words = segment[(segment[12] >> 4) * 4 :].split(b" ", 2)
        if words[0] in (b"GET", b"HEAD") and len(words) == 3:
            yield f"http {words[1].decode(errors='replace')}"

"""A DHCP server in a network of its own, asked by a client that says what firmware says (RFC 2131, 2132, 4578).

The network is a namespace of the kernel with one cable: nothing outside hears it, and no root is needed where users
may have namespaces.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tool.tools import need

SERVER_END, CLIENT_END = "lab0", "lab1"
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
# Where a PXE boot server listens beside the DHCP server (PXE 2.1, 2.2.3), and the address that a client has by then.
BOOT_SERVER, LEASED = 4011, "10.20.200.1"
COOKIE = b"\x63\x82\x53\x63"
FIRST, TRIES = 0x10000, 20


@dataclass(frozen=True)
class Client:
    """What a machine tells of itself: option 93, option 60, and option 175 if iPXE asks. With `boot_server` it has an
    address by then and sends a DHCPREQUEST there instead of a DHCPDISCOVER to everybody; with `item` it chose that one
    of the boot menu (PXE 2.1, 2.3: option 43, suboption 71)."""

    mac: str
    arch: int | None = None
    vendor: str = ""
    ipxe: bool = False
    boot_server: bool = False
    item: int | None = None


@dataclass(frozen=True)
class Offer:
    """`address` is yiaddr, `server` siaddr (next-server); `file` the boot file's name, from its field or option 67."""

    address: str
    server: str
    file: str
    options: Mapping[int, bytes]


def menu(offer: Offer) -> dict[int, str]:
    """Item and text of each line of the boot menu (PXE 2.1, 2.3: option 43, suboption 9)."""
    found, data, at = {}, offer.options[43], 0
    while data[at] != 255:
        value = data[at + 2: at + 2 + data[at + 1]]
        while data[at] == 9 and value:
            found[int.from_bytes(value[:2], "big")] = value[3: 3 + value[2]].decode()
            value = value[3 + value[2]:]
        at += 2 + data[at + 1]
    return found


def is_root() -> bool:
    return os.geteuid() == 0


def pxe(mac: str, arch: int, *, ipxe: bool = False, boot_server: bool = False, item: int | None = None) -> Client:
    return Client(mac, arch, f"PXEClient:Arch:{arch:05d}:UNDI:003016", ipxe, boot_server, item)


def http(mac: str, arch: int) -> Client:
    return Client(mac, arch, f"HTTPClient:Arch:{arch:05d}:UNDI:003016")


def ask(server: Sequence[str], clients: Iterable[Client], address: str = "10.20.0.5/16") -> list[Offer | None]:
    """Start `server` at one end of the cable, with `address` there, and ask as each client at the other end; None
    where no answer came. Skips where this user may have no namespace of the network, or fails as tools.need does."""
    tried = [need("unshare", "util-linux"), "--map-root-user", "--net", "true"]
    if subprocess.run(tried, capture_output=True).returncode:
        reason = "this user may have no network of its own (unshare --map-root-user --net)"
        if os.environ.get("PINBOOT_REQUIRE_TOOLS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    need("ip", "iproute2")
    told = {"server": list(server), "address": address, "clients": [vars(client) for client in clients]}
    done = subprocess.run([*tried[:-1], sys.executable, "-m", "tests.tool.dhcp"], input=json.dumps(told), text=True,
                          capture_output=True, timeout=240, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stdout + done.stderr
    return [_parse(base64.b64decode(packet)) if packet else None for packet in json.loads(done.stdout)]


def _question(client: Client, number: int, server: str) -> bytes:
    """A whole Ethernet frame that asks for an answer by broadcast; of a boot server, for one to LEASED."""
    mac = bytes.fromhex(client.mac.replace(":", ""))
    source, flags, kind = (socket.inet_aton(LEASED), 0, REQUEST) if client.boot_server else (bytes(4), 0x8000, DISCOVER)
    bootp = struct.pack("!BBBBIHH4s12x", 1, 1, 6, 0, number, 0, flags, source) + mac + bytes(10 + 64 + 128) + COOKIE
    options = [(53, bytes([kind])), (55, bytes([1, 3, 6, 12, 15, 43, 54, 60, 66, 67]))]
    if client.vendor:
        options += [(60, client.vendor.encode()), (94, b"\x01\x03\x10"), (97, bytes(17))]
    if client.arch is not None:
        options.append((93, client.arch.to_bytes(2, "big")))
    if client.item is not None:
        options.append((43, bytes([71, 4]) + client.item.to_bytes(2, "big") + b"\0\0\xff"))
    if client.ipxe:
        options += [(77, b"iPXE"), (175, b"\xb1\x05\x01\x1a\xf4\x10\x00")]
    body = bootp + b"".join(bytes([code, len(value)]) + value for code, value in options) + b"\xff"
    body += bytes(max(0, 300 - len(body)))
    udp = struct.pack("!HHHH", 68, BOOT_SERVER if client.boot_server else 67, 8 + len(body), 0) + body
    target = socket.inet_aton(server) if client.boot_server else b"\xff" * 4
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number & 0xFFFF, 0, 64, 17, 0, source, target)
    ip = ip[:10] + _checksum(ip).to_bytes(2, "big") + ip[12:]
    return b"\xff" * 6 + mac + b"\x08\x00" + ip + udp


def _checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def _answer(frame: bytes, number: int) -> bytes:
    """The BOOTP part of an answer to `number`, else nothing."""
    if len(frame) < 290 or frame[12:14] != b"\x08\x00" or frame[23] != 17:
        return b""
    body = frame[14 + (frame[14] & 15) * 4 + 8:]
    return body if body[:1] == b"\x02" and body[4:8] == number.to_bytes(4, "big") else b""


def _parse(bootp: bytes) -> Offer:
    options: dict[int, bytes] = {}
    at = 240
    while at < len(bootp) and bootp[at] != 255:
        if bootp[at] == 0:
            at += 1
            continue
        length = bootp[at + 1]
        options[bootp[at]] = options.get(bootp[at], b"") + bootp[at + 2: at + 2 + length]
        at += 2 + length
    assert options[53] in (bytes([OFFER]), bytes([ACK]))
    named = bootp[108:236].split(b"\0")[0] or options.get(67, b"").rstrip(b"\0")
    return Offer(socket.inet_ntoa(bootp[16:20]), socket.inet_ntoa(bootp[20:24]), named.decode(), options)


def _inside() -> None:
    """The other half of `ask`, in the namespace."""
    told = json.load(sys.stdin)
    for words in (f"link add {SERVER_END} type veth peer name {CLIENT_END}", f"link set {SERVER_END} up",
                  f"link set {CLIENT_END} up", "link set lo up", f"address add {told['address']} dev {SERVER_END}",
                  f"neighbour add {LEASED} lladdr b8:59:9f:ff:ff:ff dev {SERVER_END}"):
        subprocess.run(["ip", *words.split()], check=True)
    cable = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    cable.bind((CLIENT_END, 0))
    server = subprocess.Popen(told["server"], stdout=sys.stderr, stderr=sys.stderr, stdin=subprocess.DEVNULL)
    try:
        packets = [_asked(cable, _question(Client(**client), FIRST + at, told["address"].split("/")[0]), FIRST + at, server)
                   for at, client in enumerate(told["clients"])]
        if server.poll() is not None:
            sys.exit(f"the server ended by itself, exit code {server.returncode}")
    finally:
        server.terminate()
        server.wait(20)
    json.dump([base64.b64encode(packet).decode() for packet in packets], sys.stdout)


def _asked(cable: socket.socket, question: bytes, number: int, server: subprocess.Popen[bytes]) -> bytes:
    # The first client is asked for until the server has come up; a server that is up answers at once, or never.
    for _ in range(TRIES if number == FIRST else 1):
        if server.poll() is not None:
            return b""
        cable.send(question)
        end = time.monotonic() + 1
        while (left := end - time.monotonic()) > 0:
            cable.settimeout(left)
            try:
                found = _answer(cable.recv(4096), number)
            except TimeoutError:
                break
            if found:
                return found
    return b""


if __name__ == "__main__":
    _inside()

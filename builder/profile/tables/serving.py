"""Where a bundle lives and how it reaches its machines: the host of guests, the web and TFTP server, DHCP."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path

from builder import names
from builder.names import shown
from builder.profile import secrets
from builder.profile.file import schema
from builder.profile.file.mistakes import Mistakes
from builder.profile.hosting import Dhcp, Kvm, LoaderFile, Serve
from builder.profile.secrets import Secret
from builder.profile.tables.reading import Reading

MAX_LOADER = 16 << 20  # ipxe with all drivers has 1 MiB, a GRUB with its modules 4
# A kickstart's path is made from it: as many characters as 160 random bits have hexadecimal digits, and some.
LEAST_SECRET = 32
HOW_TO_MAKE = "make one with: (umask 077; openssl rand -hex 32 > FILE)"


def kvm(raw: schema.Kvm | None, mistakes: Mistakes) -> Kvm:
    raw, default = raw or schema.Kvm(), Kvm()
    if raw.bridge and raw.network:
        mistakes.add("kvm.bridge", "bridge and network both say where the guests' cards are; leave one out")
    return Kvm(
        path=mistakes.parsed("kvm.path", names.absolute_path, raw.path or default.path) or default.path,
        disks=mistakes.parsed("kvm.disks", names.absolute_path, raw.disks or default.disks) or default.disks,
        network=raw.network or default.network,
        bridge=(mistakes.parsed("kvm.bridge", names.interface, raw.bridge) or "") if raw.bridge else "",
        display=raw.display)


def serve(raw: schema.Serve | None, needed: bool, reading: Reading) -> Serve | None:
    """`needed`: an output boots machines over the network."""
    mistakes = reading.mistakes
    if raw is None:
        if needed:
            mistakes.add("serve", 'missing; where will the bundle be served? serve = { url = "http://10.0.0.5", '
                                  'secret = "file:secrets/serve" }')
        return None
    url = mistakes.parsed("serve.url", names.url, raw.url) if raw.url else None
    if not raw.url:
        mistakes.add("serve.url", 'missing; where will http/ of the bundle be served? url = "http://10.0.0.5"')
    return Serve(
        url=url or "http://invalid.example", tftp=mistakes.parsed("serve.tftp", _machine, raw.tftp) or ""
        if raw.tftp else "", folder=mistakes.parsed("serve.folder", names.absolute_path, raw.folder) or raw.folder,
        secret=_secret(raw, reading), loaders=tuple(
            found for path, text in sorted(raw.loaders.items()) if (found := _loader(path, text, reading))))


def _secret(raw: schema.Serve, reading: Reading) -> Secret:
    nothing = Secret("x" * LEAST_SECRET)
    if not raw.secret:
        reading.mistakes.add("serve.secret", f'missing; kickstarts are served at paths made from it: secret = '
                                     f'"file:secrets/serve"; {HOW_TO_MAKE}')
        return nothing
    folder = reading.folder("serve.secret")
    return reading.mistakes.parsed(
        "serve.secret", lambda word: path_secret(word, folder, reading.environment), raw.secret) or nothing


def path_secret(text: str, folder: Path, environment: Mapping[str, str]) -> Secret:
    """The secret behind `file:PATH` or `env:NAME`, printable ASCII, 32 characters at least.

    Raises ValueError, never echoing it: plain text, readable by others, too short, or the same few characters again
    and again, as a placeholder has them.
    """
    try:
        found = secrets.clear(text, folder, environment, least=LEAST_SECRET)
    except ValueError as reason:
        raise ValueError(f"{reason}; {HOW_TO_MAKE}") from None
    # 64 random hexadecimal digits have fewer than eight different ones in about one of a million million cases.
    if len(set(found.text)) < 8:
        raise ValueError(f"has fewer than 8 different characters: that is no secret; {HOW_TO_MAKE}")
    return found


def _loader(path: str, text: str, reading: Reading) -> LoaderFile | None:
    key, mistakes = f"serve.loaders.{path}", reading.mistakes
    if mistakes.parsed(key, names.tree_path, path) is None:
        return None
    try:
        with reading.place("serve.loaders", text.removeprefix("file:")).open("rb") as stream:
            data = stream.read(MAX_LOADER + 1)
    except (OSError, ValueError) as reason:
        mistakes.add(key, f"{text}: {getattr(reason, 'strerror', None) or reason}")
        return None
    if not data or len(data) > MAX_LOADER:
        mistakes.add(key, f"{text}: empty, or larger than 16 MiB; that is no boot loader")
        return None
    return LoaderFile(path=path, data=data)


def dhcp(raw: schema.Dhcp | None, needed: bool, mistakes: Mistakes) -> Dhcp | None:
    """`needed`: an output configures a DHCP server."""
    if raw is None:
        if needed:
            mistakes.add("dhcp", 'missing; which network do the machines ask in? dhcp = { subnet = "10.20.0.0/16" }')
        return None
    subnet = mistakes.parsed("dhcp.subnet", ipaddress.IPv4Network, raw.subnet) if raw.subnet else None
    if not raw.subnet:
        mistakes.add("dhcp.subnet", 'missing; subnet = "10.20.0.0/16"')
    router = mistakes.parsed("dhcp.router", ipaddress.IPv4Address, raw.router) if raw.router else None
    dns = [mistakes.parsed("dhcp.nameservers", ipaddress.IPv4Address, text) for text in raw.nameservers]
    pool = [mistakes.parsed("dhcp.range", ipaddress.IPv4Address, text) for text in raw.range]
    if raw.range and len(raw.range) != 2:
        mistakes.add("dhcp.range", f"{len(raw.range)} addresses; the first and the last one")
        pool = []
    return Dhcp(subnet=subnet or ipaddress.IPv4Network("192.0.2.0/24"), router=router, mode=raw.mode,
                nameservers=tuple(each for each in dns if each), lease=raw.lease,
                interface=(mistakes.parsed("dhcp.interface", names.interface, raw.interface) or "")
                if raw.interface else "",
                pool=(pool[0], pool[1]) if len(pool) == 2 and pool[0] and pool[1] else None)


def _machine(text: str) -> str:
    """An address or a host name."""
    for read in (names.address, names.hostname):
        try:
            return str(read(text))
        except ValueError:
            continue
    raise ValueError(f"{shown(text)} is no address and no host name")

"""What a DHCP server must tell each machine: its address, and the first file for the kind of firmware that asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal, NamedTuple

from builder import names
from builder.errors import UsageError
from builder.names import shown
from builder.outputs.boot import Boot, Served

# RFC 2131 2: the field of the boot file's name has 128 bytes, the last of which is zero.
MAX_FILE = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Dhcp:
    """The network in which machines ask. `lease` is in seconds.

    `authoritative` is the only DHCP server there and gives addresses; `proxy` only adds the boot file to the answers of
    another server. `pool` is the first and the last address for machines that have none of their own. `interface` may
    be empty: all. `tftp_root` is a folder on the DHCP server that it shall serve by TFTP itself; empty where
    something else does. Raises ValueError.
    """

    subnet: IPv4Network
    router: IPv4Address | None = None
    dns: tuple[IPv4Address, ...] = ()
    mode: Literal["authoritative", "proxy"] = "authoritative"
    interface: str = ""
    pool: tuple[IPv4Address, IPv4Address] | None = None
    lease: int = 3600
    tftp_root: str = ""

    def __post_init__(self) -> None:
        if self.interface:
            names.interface(self.interface)
        if self.tftp_root:
            names.absolute_path(self.tftp_root)
        if self.router and self.router not in self.subnet:
            raise ValueError(f"router: {self.router} is not in {self.subnet}")
        if self.pool and not (self.pool[0] in self.subnet and self.pool[1] in self.subnet
                              and self.pool[0] <= self.pool[1]):
            raise ValueError(f"pool: {self.pool[0]} to {self.pool[1]} is no range of {self.subnet}")
        # RFC 2131 3.3: 32 bits, all ones mean for ever. dnsmasq knows nothing below two minutes (dnsmasq(8)).
        if not 120 <= self.lease < 0xFFFFFFFF:
            raise ValueError(f"lease: {self.lease} seconds; at least 120")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaders:
    """The first file of each kind of firmware, by TFTP below its root, by HTTP below the root of the pointers; empty:
    that kind gets none. `{folder}` is the folder of the machine's release: shim, GRUB and kernel are of one vendor
    (REFERENCE 4.4), so each release has its own. `ipxe` is the script for whoever is iPXE already.

    Raises ValueError.
    """

    bios: str = "bios/pxelinux.0"
    ia32: str = ""
    x64: str = "{folder}/shimx64.efi"
    arm64: str = "{folder}/shimaa64.efi"
    ipxe: str = "boot.ipxe"

    def __post_init__(self) -> None:
        for key in self.__dataclass_fields__:
            path = getattr(self, key)
            if path and not all(part == "{folder}" or names.PATH_PART.fullmatch(part) for part in path.split("/")):
                raise ValueError(f"{key}: {shown(path)} is no path below the root of a server")
            # dnsmasq adds the layer of PXE, .0, to a name without a dot (dnsmasq(8), --pxe-service).
            if path and "." not in path.rpartition("/")[2]:
                raise ValueError(f"{key}: {shown(path)} has no suffix; a boot server would add .0")


class Kind(NamedTuple):
    """Firmware as option 93 tells it. `loader` is the key of Loaders."""

    name: str
    types: tuple[int, ...]
    loader: str
    http: bool
    arch: str


# Option 93: RFC 4578 2.1 with IANA's "Processor Architecture Types". x64 sends 7 or 9 (REFERENCE 4.5).
KINDS = (
    Kind("bios", (0,), "bios", False, "x86_64"),
    Kind("ia32", (6,), "ia32", False, "x86_64"),
    Kind("x64", (7, 9), "x64", False, "x86_64"),
    Kind("arm64", (11,), "arm64", False, "aarch64"),
    Kind("ia32-http", (15,), "ia32", True, "x86_64"),
    Kind("x64-http", (16,), "x64", True, "x86_64"),
    Kind("arm64-http", (19,), "arm64", True, "aarch64"),
)


class Group(NamedTuple):
    """Machines that are given the same files. `files` are those of each kind; a URL where the kind is an HTTP client,
    a path below the TFTP root for the others. `script` is the URL for iPXE, or empty."""

    name: str
    title: str
    files: tuple[tuple[Kind, str], ...]
    script: str
    boots: tuple[Boot, ...]


def groups(boots: Sequence[Boot], served: Served, dhcp: Dhcp, loaders: Loaders) -> tuple[Group, ...]:
    """The machines by what they are given, in the order of the names of their folders.

    Without a TFTP server only HTTP clients and iPXE get a file.

    Raises UsageError, naming host and field: no MAC, an address twice or outside of the network or none at all, a TFTP
    server that has only a name, a file name that is too long.
    """
    _check(boots, dhcp)
    kinds = {(boot.folder, boot.arch, boot.firmware) for boot in boots}
    made = []
    for number, key in enumerate(sorted(kinds), 1):
        folder, arch, firmware = key
        files = tuple(_files(key, served, loaders))
        if any(not kind.http for kind, _ in files):
            next_server(served)
        members = tuple(boot for boot in boots if (boot.folder, boot.arch, boot.firmware) == key)
        words = {"any": "any firmware", "bios": "BIOS", "uefi": "UEFI"}[firmware]
        script = f"{served.root}/{loaders.ipxe}" if loaders.ipxe else ""
        if not files and not script:
            raise UsageError(f"host.{members[0].name}.firmware: there is no loader for {arch} with {words}",
                             "name one in the outputs of the profile")
        for file in (script, *(file for _, file in files)):
            if len(file) > MAX_FILE:
                raise UsageError(f"host.{members[0].name}: {shown(file)} has {len(file)} bytes, and DHCP carries file "
                                 f"names of at most {MAX_FILE}", "serve the bundle at a shorter URL")
        made.append(Group(f"g{number}", f"{folder}, {arch}, {words}", files, script, members))
    return tuple(made)


def address(boot: Boot) -> IPv4Address | None:
    """The machine's own IPv4 address, if it has one."""
    return next((each for each in boot.addresses if isinstance(each, IPv4Address)), None)


def next_server(served: Served) -> IPv4Address:
    """Raises UsageError: the header of a DHCP answer carries an IPv4 address and no name (RFC 2131 2, siaddr)."""
    try:
        found = names.address(served.tftp)
    except ValueError:
        found = None
    if not isinstance(found, IPv4Address):
        raise UsageError(f"serve.tftp: {shown(served.tftp)} is no IPv4 address, and a DHCP answer carries nothing else",
                         "write the address of the TFTP server")
    return found


def _files(key: tuple[str, str, str], served: Served, loaders: Loaders) -> Iterable[tuple[Kind, str]]:
    folder, arch, firmware = key
    for kind in KINDS:
        path = getattr(loaders, kind.loader).replace("{folder}", folder)
        fits = firmware == "any" or (firmware == "bios") == (kind.loader == "bios")
        if path and fits and kind.arch == arch and (kind.http or served.tftp):
            yield kind, f"{served.root}/{path}" if kind.http else path


def _check(boots: Sequence[Boot], dhcp: Dhcp) -> None:
    macs: dict[str, str] = {}
    taken: dict[IPv4Address, str] = {}
    for boot in boots:
        if not boot.macs:
            raise UsageError(f"host.{boot.name}.mac: a DHCP server knows machines by their MAC address",
                             f'[host.{boot.name}] mac = "..."')
        for mac in boot.macs:
            if macs.setdefault(mac, boot.name) != boot.name:
                raise UsageError(f"host.{boot.name}.mac: {mac} is that of host {macs[mac]} too")
        own = address(boot)
        if own is not None and taken.setdefault(own, boot.name) != boot.name:
            raise UsageError(f"host.{boot.name}.address: {own} is that of host {taken[own]} too")
        if dhcp.mode == "authoritative":
            _check_address(boot, own, dhcp)


def _check_address(boot: Boot, own: IPv4Address | None, dhcp: Dhcp) -> None:
    if own is None and dhcp.pool is None:
        raise UsageError(f"host.{boot.name}.address: no IPv4 address, and the DHCP server has no pool to take one from",
                         "give the host an address, or the network a pool")
    edges = (dhcp.subnet.network_address, dhcp.subnet.broadcast_address) if dhcp.subnet.prefixlen < 31 else ()
    if own is not None and (own not in dhcp.subnet or own in edges):
        raise UsageError(f"host.{boot.name}.address: {own} is no address for a host in {dhcp.subnet}",
                         "one DHCP configuration serves one network: build the others from profiles of their own")

"""From host tables to hosts: names and addresses in canonical form, defaults filled in, duplicates found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from builder import names
from builder.catalog.generation import MIB, Generation
from builder.names import Address, Interface
from builder.profile.file import schema
from builder.profile.file.mistakes import Mistakes
from builder.profile.values import Disk, Host, Network, Storage, Xen

# Memory where a host says none, in MiB: EL6 and EL7 install in 2 GiB, later ones want 3 (netbootxyz/netboot.xyz#866).
DEFAULT_MEMORY = {"el6": 2048, "el7": 2048}
WORDS = {"dhcp": "dhcp", "dhcp6": "dhcp6", "auto6": "auto6"}
# A user's own text becomes part of a shell assignment and a template variable.
FACT = re.compile(r"[a-z_][a-z0-9_]{0,63}")
PACKAGE = re.compile(r"-?@?\^?[A-Za-z0-9._+*?:/-]+")  # REFERENCE 3.5


class Hosts:
    """Turns raw host tables into values. One object per profile: it remembers what is taken, to find duplicates."""

    def __init__(self, raw: schema.Profile, generation: Generation, xen: Xen, seed: str, mistakes: Mistakes) -> None:
        self.raw = raw
        self.generation = generation
        self.xen = xen
        self.seed = seed
        self.mistakes = mistakes
        self.taken: dict[tuple[str, str], tuple[str, str]] = {}
        self.given = {_canonical(table.mac) for table in raw.host.values() if table.mac}

    def all(self) -> tuple[Host, ...]:
        hosts = []
        for word, table in self.raw.host.items():
            key = f"host.{word}"
            name = self.mistakes.parsed(key, names.hostname, word)
            if name and self._take("name", name, key, name):
                hosts.append(self._host(name, key, table))
        if not self.raw.host:
            self.mistakes.add("host", "no host; add a table [host.NAME] with its address and disk")
        return tuple(hosts)

    def _take(self, kind: str, value: str, key: str, owner: str) -> bool:
        """Claim `value` for `owner`; a second claim is a mistake that names the first."""
        first = self.taken.setdefault((kind, value), (owner, key))
        if first == (owner, key):
            return True
        origin = self.mistakes.origins.get(first[1])
        where = f" (line {origin.line})" if origin and origin.line else ""
        self.mistakes.add(key, f"{value} belongs to {first[0]}{where}")
        return False

    def _host(self, name: str, key: str, table: schema.Host) -> Host:
        hostname = self.mistakes.parsed(f"{key}.hostname", names.hostname, table.hostname) if table.hostname else name
        arguments = table.kernel_arguments if table.kernel_arguments is not None else self.raw.kernel_arguments or ()
        return Host(
            name=name,
            hostname=hostname or name,
            network=self._network(name, key, table),
            memory=self._memory(key, table),
            vcpus=self._vcpus(key, table),
            disk=self._disk(name, key, table),
            storage=self._storage(key, table),
            console=self._console(key, table),
            kernel_arguments=self._tokens(f"{key}.kernel_arguments", arguments),
            packages=packages(self.mistakes, f"{key}.packages", table.packages),
            bridge=self.mistakes.parsed(f"{key}.bridge", names.interface, table.bridge) if table.bridge else None,
            facts=self._facts(f"{key}.facts", table.facts),
        )

    def _network(self, name: str, key: str, table: schema.Host) -> Network:
        method, addresses = self._addresses(name, key, table)
        made = table.mac is None and "xen" in self.raw.outputs
        mac = self._made_mac(name) if made else None
        if table.mac is not None:
            mac = self.mistakes.parsed(f"{key}.mac", names.mac, table.mac)
        if mac:
            self._take("MAC", mac, f"{key}.mac", name)
        interface = table.interface
        general = self.raw.network or schema.Network()
        own = table.gateway is not None
        gateway_key = f"{key}.gateway" if own else "network.gateway"
        gateway = table.gateway if table.gateway is not None else general.gateway
        servers = table.nameservers if table.nameservers is not None else general.nameservers
        servers_key = f"{key}.nameservers" if table.nameservers is not None else "network.nameservers"
        return Network(
            method=method,  # type: ignore[arg-type]
            addresses=addresses,
            gateways=self._gateways(gateway_key, f"{key}.address", gateway, addresses, own),
            nameservers=self._address_list(servers_key, servers),
            mac=mac,
            mac_made=made,
            interface=self.mistakes.parsed(f"{key}.interface", names.interface, interface) if interface else None,
            mtu=self._mtu(key, table, general),
        )

    def _made_mac(self, name: str) -> str:
        """A MAC from the profile's and the host's name; where another host has it (24 bits are few for a large fleet),
        the next one made from the same words."""
        words = [self.seed, name]
        while (mac := names.xen_mac(*words)) in self.given or ("MAC", mac) in self.taken:
            words.append("again")
        return mac

    def _addresses(self, name: str, key: str, table: schema.Host) -> tuple[str, tuple[Interface, ...]]:
        where = f"{key}.address"
        raw = table.address if table.address is not None else "dhcp"
        if isinstance(raw, str) and raw in WORDS:
            return WORDS[raw], ()
        entries = (raw,) if isinstance(raw, str) else raw
        if not entries:
            self.mistakes.add(where, "an empty list; write an address with prefix length, or dhcp, dhcp6, auto6")
        found = []
        for entry in entries:
            parsed = self.mistakes.parsed(where, names.interface_address, entry)
            if parsed and self._take("address", str(parsed.ip), where, name):
                found.append(parsed)
        for version in (4, 6):
            if sum(a.version == version for a in found) > 1:
                self.mistakes.add(where, f"two IPv{version} addresses; one card gets one of each version")
        return "static", tuple(sorted(found, key=lambda a: a.version))

    def _gateways(self, key: str, address_key: str, raw: str | tuple[str, ...], addresses: tuple[Interface, ...],
                  own: bool) -> tuple[Address, ...]:
        entries = (raw,) if isinstance(raw, str) else raw
        found: list[Address] = []
        for gateway in self._address_list(key, entries):
            reachable = [a for a in addresses if a.version == gateway.version]
            if not reachable:
                if own and addresses:
                    self.mistakes.add(key, f"{gateway} serves IPv{gateway.version}, but {address_key} has no such "
                                           "address")
                continue
            if not any(gateway in a.network for a in reachable) and not gateway.is_link_local:
                self.mistakes.add(key, f"{gateway} is not in the network of {address_key} ({reachable[0].network})")
            elif any(gateway == a.ip for a in reachable):
                self.mistakes.add(key, f"{gateway} is the host's own address")
            elif any(g.version == gateway.version for g in found):
                self.mistakes.add(key, f"two IPv{gateway.version} gateways; one is used")
            else:
                found.append(gateway)
        return tuple(sorted(found, key=lambda g: g.version))

    def _address_list(self, key: str, entries: tuple[str, ...]) -> tuple[Address, ...]:
        parsed = (self.mistakes.parsed(key, names.address, entry) for entry in entries)
        return tuple(dict.fromkeys(a for a in parsed if a is not None))

    def _mtu(self, key: str, table: schema.Host, general: schema.Network) -> int | None:
        value, where = (table.mtu, f"{key}.mtu") if table.mtu is not None else (general.mtu, "network.mtu")
        if value is not None and not 576 <= value <= 9216:  # 576: the least that every IPv4 host must take (RFC 791)
            self.mistakes.add(where, f"{value} is no usable MTU (576 to 9216)")
            return None
        return value

    def _memory(self, key: str, table: schema.Host) -> int:
        text, where = (table.memory, f"{key}.memory") if table.memory else (self.raw.memory, "memory")
        if text is None:
            return DEFAULT_MEMORY.get(self.generation.name, 3072)
        parsed = self.mistakes.parsed(where, names.size, text)
        if parsed is not None and parsed % MIB:
            self.mistakes.add(where, f'"{text}" is no whole number of MiB')
        return (parsed or MIB) // MIB

    def _vcpus(self, key: str, table: schema.Host) -> int:
        value, where = (table.vcpus, f"{key}.vcpus") if table.vcpus is not None else (self.raw.vcpus, "vcpus")
        if value is not None and not 1 <= value <= 128:
            self.mistakes.add(where, f"{value} is no number of CPUs (1 to 128)")
        return value if value is not None else 1

    def _disk(self, name: str, key: str, table: schema.Host) -> Disk:
        raw, where = (table.disk, f"{key}.disk") if table.disk is not None else (self.raw.disk, "disk")
        xen = "xen" in self.raw.outputs
        if raw is None:
            self.mistakes.add(f"{key}.disk", 'missing; which disk may be erased? disk = { size = "20 GiB" }')
            return Disk(name="xvda")
        table_disk = schema.Disk(name=raw) if isinstance(raw, str) else raw
        if not xen and not table_disk.name:
            self.mistakes.add(where, "missing name; which disk of the machine may be erased (vda, sda, by-id/...)?")
        if xen and not table_disk.size and not table_disk.file:
            self.mistakes.add(where, 'missing size; how large shall the disk be? disk = { size = "20 GiB" }')
        size = self.mistakes.parsed(where, names.size, table_disk.size) if table_disk.size else None
        if size is not None and size < 4 << 30:
            self.mistakes.add(where, f'"{table_disk.size}" is too small for an installation (at least 4 GiB)')
        name_in_guest = self.mistakes.parsed(where, names.device, table_disk.name or "xvda") or "xvda"
        file = table_disk.file or (f"{self.xen.disks}/{name}.img" if xen else None)
        file = self.mistakes.parsed(where, names.absolute_path, file) if file else None
        if file:
            self._take("disk", file, where if table.disk is not None else f"{key}.disk", name)
        return Disk(name=name_in_guest, size=size, file=file)

    def _storage(self, key: str, table: schema.Host) -> Storage:
        raw, where = (table.storage, f"{key}.storage") if table.storage is not None else (self.raw.storage, "storage")
        if isinstance(raw, str) and raw not in ("plain", "lvm"):
            self.mistakes.add(where, f'{names.shown(raw)} is no layout; wants "plain" or "lvm"')
        if raw is None or isinstance(raw, str):
            return Storage(layout="lvm" if raw == "lvm" else "plain")
        swap = 1024
        if raw.swap == "0":
            swap = 0
        elif raw.swap is not None:
            swap = (self.mistakes.parsed(f"{where}.swap", names.size, raw.swap) or MIB) // MIB
        return Storage(layout=raw.layout, swap=swap)

    def _console(self, key: str, table: schema.Host) -> str | None:
        text, where = (table.console, f"{key}.console") if table.console else (self.raw.console, "console")
        if text is None:
            return None
        if not re.fullmatch(r"tty[A-Z]{0,3}[0-9]{1,2}(,[0-9]{3,6}[neo]?[78]?r?)?|hvc[0-9]", text):
            self.mistakes.add(where, f"{names.shown(text)} is no console (ttyS0,115200n8, tty0, hvc0)")
        return text

    def _tokens(self, key: str, entries: tuple[str, ...]) -> tuple[str, ...]:
        parsed = (self.mistakes.parsed(key, names.safe_token, entry) for entry in entries)
        return tuple(token for token in parsed if token is not None)

    def _facts(self, key: str, raw: Mapping[str, str | int | bool]) -> Mapping[str, str]:
        for name, value in raw.items():
            if not FACT.fullmatch(name):
                self.mistakes.add(f"{key}.{name}", "is no fact name (a-z, 0-9 and _, a letter first)")
            elif isinstance(value, str) and not value.isprintable():
                self.mistakes.add(f"{key}.{name}", f"{names.shown(value)} holds control characters")
        return MappingProxyType({n: str(v).lower() if isinstance(v, bool) else str(v) for n, v in sorted(raw.items())})


def _canonical(mac: str) -> str:
    """One spelling of a MAC; what is none stays as it is, and is refused where it stands."""
    try:
        return names.mac(mac)
    except ValueError:
        return mac


def packages(mistakes: Mistakes, key: str, entries: tuple[str, ...]) -> tuple[str, ...]:
    """Package lines of a kickstart: names, globs, @groups, @^environments, -exclusions."""
    for entry in entries:
        if not PACKAGE.fullmatch(entry):
            mistakes.add(key, f"{names.shown(entry)} is no package, @group, @^environment or -exclusion")
    return tuple(dict.fromkeys(e for e in entries if PACKAGE.fullmatch(e)))



"""From host tables to hosts: names and addresses in canonical form, defaults filled in, duplicates found."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from builder import names
from builder.catalog.generation import MIB, Generation
from builder.profile import kinds, storage
from builder.profile.file import schema
from builder.profile.file.mistakes import Mistakes
from builder.profile.network.tables import Networks
from builder.profile.secrets import Secret
from builder.profile.taken import Taken
from builder.profile.values import Disk, Host, Rhsm, Storage

# Memory where a host says none, in MiB: EL6 and EL7 install in 2 GiB, later ones want 3 (netbootxyz/netboot.xyz#866).
DEFAULT_MEMORY = {"el6": 2048, "el7": 2048}
# A user's own text becomes part of a shell assignment and a template variable.
FACT = re.compile(r"[a-z_][a-z0-9_]{0,63}")
# REFERENCE 3.5; a lone dash excludes nothing.
PACKAGE = re.compile(r"-?@?\^?[A-Za-z0-9._+*?:/][A-Za-z0-9._+*?:/-]*")


class Hosts:
    """Turns raw host tables into values. One object per profile: it remembers what is taken, to find duplicates."""

    def __init__(self, raw: schema.Profile, generation: Generation, disks: Mapping[str, str], seed: str,
                 mistakes: Mistakes, rhsm: Rhsm | None, passphrase: Callable[[str, str], Secret | None]) -> None:
        """`disks` is where the images of each kind of guest lie; `passphrase` reads the reference that was found under
        a key."""
        self.raw = raw
        self.generation = generation
        self.kind = kinds.kind(raw.outputs)
        self.images = disks.get(self.kind or "", "")
        self.mistakes = mistakes
        self.rhsm = rhsm
        self.passphrase = passphrase
        self.general_storage: Storage | None = None
        self.told: set[tuple[str, str]] = set()
        self.taken = Taken(mistakes)
        self.networks = Networks(raw, seed, self.taken, mistakes)

    def all(self) -> tuple[Host, ...]:
        hosts = []
        for word, table in self.raw.host.items():
            key = f"host.{word}"
            name = self.mistakes.parsed(key, names.hostname, word)
            if name and self.taken.claim("name", name, key, name):
                hosts.append(self._host(name, key, table))
        if not self.raw.host:
            self.mistakes.add("host", "no host; add a table [host.NAME] with its address and disk, or an inventory")
        return tuple(hosts)

    def _host(self, name: str, key: str, table: schema.Host) -> Host:
        hostname = self.mistakes.parsed(f"{key}.hostname", names.hostname, table.hostname) if table.hostname else name
        arguments = table.kernel_arguments if table.kernel_arguments is not None else self.raw.kernel_arguments or ()
        host = Host(
            name=name,
            hostname=hostname or name,
            network=self.networks.of(name, key, table),
            memory=self._memory(key, table),
            vcpus=self._vcpus(key, table),
            disk=self._disk(name, key, table),
            storage=self._storage(key, table),
            console=self._console(key, table),
            firmware=table.firmware or self.raw.firmware or "",
            kernel_arguments=self._tokens(f"{key}.kernel_arguments", arguments),
            packages=packages(self.mistakes, f"{key}.packages", table.packages),
            bridge=self.mistakes.parsed(f"{key}.bridge", names.interface, table.bridge) if table.bridge else None,
            facts=self._facts(f"{key}.facts", table.facts),
            rhsm=self.rhsm,
            table=key.removeprefix("host."),
            class_name=table.class_ or "",
        )
        self._agree(key, table, host)
        return host

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
        if raw is None:
            if table.class_ is None or table.class_ in self.raw.class_:  # else the class would have said it
                self.mistakes.add(f"{key}.disk", 'missing; which disk may be erased? disk = { size = "20 GiB" }')
            return Disk(name="xvda")
        found = storage.disk(raw, where, self.mistakes, guest=kinds.DISKS.get(self.kind, "") if self.kind else "",
                             image=f"{self.images}/{name}.img")
        if found.file:
            self.taken.claim("disk", found.file, where if table.disk is not None else f"{key}.disk", name)
        return found

    def _storage(self, key: str, table: schema.Host) -> Storage:
        if table.storage is not None:
            return storage.storage(table.storage, f"{key}.storage", self.mistakes, self.passphrase)
        if self.general_storage is None:
            self.general_storage = storage.storage(self.raw.storage, "storage", self.mistakes, self.passphrase)
        return self.general_storage

    def _agree(self, key: str, table: schema.Host, host: Host) -> None:
        """Disk, storage and firmware may come from different tables; only together they can be judged."""
        if host.firmware == "uefi" and self.kind == "xen":
            self.mistakes.add(f"{key}.firmware" if table.firmware else "firmware",
                              "guests of Xen start without firmware (PV) or by BIOS (HVM) here")
        for word, reason in storage.conflicts(host.disk, host.storage, host.firmware, self.generation):
            own = getattr(table, word.partition(".")[0]) is not None
            said = (f"{key}.{word}" if own else word, reason)
            if said not in self.told:
                self.told.add(said)
                self.mistakes.add(*said)

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


def packages(mistakes: Mistakes, key: str, entries: tuple[str, ...]) -> tuple[str, ...]:
    """Package lines of a kickstart: names, globs, @groups, @^environments, -exclusions."""
    for entry in entries:
        if not PACKAGE.fullmatch(entry):
            mistakes.add(key, f"{names.shown(entry)} is no package, @group, @^environment or -exclusion")
    return tuple(dict.fromkeys(e for e in entries if PACKAGE.fullmatch(e)))



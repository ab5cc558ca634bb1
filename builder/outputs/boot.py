"""What every loader and hypervisor is told: one machine's installation, and where its bundle is served."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from builder import names
from builder.boot.line.cmdline import CommandLine
from builder.catalog.generation import Generation
from builder.names import Address, shown

Firmware = Literal["bios", "uefi", "any"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """One machine's installation as a loader or hypervisor needs it. Raises ValueError for fields that no output can
    carry.

    `macs` are canonical, the installing card first, and `addresses` are those of that card; both may be empty.
    `kernel` and `initrds` lie in `folder`, one folder per release below every root. `memory` is in MiB, `disk_size` in
    bytes; `disk` (an absolute path) and `bridge` are empty where the output decides.
    """

    name: str
    title: str
    macs: tuple[str, ...]
    addresses: tuple[Address, ...]
    folder: str
    kernel: str
    initrds: tuple[str, ...]
    arguments: tuple[str, ...]
    generation: Generation
    arch: str
    firmware: Firmware = "any"
    memory: int = 2048
    vcpus: int = 1
    disk: str = ""
    disk_size: int | None = None
    bridge: str = ""

    def __post_init__(self) -> None:
        if names.hostname(self.name) != self.name:
            raise ValueError(f"name: {shown(self.name)} is not in lower case")
        if not self.title.strip() or not self.title.isprintable() or len(self.title) > 80:
            raise ValueError(f"title: {shown(self.title)} is empty, longer than 80 characters or not printable")
        self._check_cards()
        for key, text in (("folder", self.folder), ("kernel", self.kernel), *(("initrds", i) for i in self.initrds)):
            _check_part(key, text)
        if not self.initrds or len(set(self.initrds)) != len(self.initrds):
            raise ValueError("initrds: one at least, and none twice")
        try:
            CommandLine(self.arguments)
        except ValueError as reason:
            raise ValueError(f"arguments: {reason}") from None
        if not re.fullmatch(r"[a-z0-9_]{2,16}", self.arch):
            raise ValueError(f"arch: {shown(self.arch)} is no architecture (x86_64, aarch64)")
        self._check_guest()

    def _check_cards(self) -> None:
        for mac in self.macs:
            if names.mac(mac) != mac:
                raise ValueError(f"macs: {shown(mac)} is not in the canonical form aa:bb:cc:dd:ee:ff")
        if len(set(self.macs)) != len(self.macs):
            raise ValueError("macs: one is there twice")

    def _check_guest(self) -> None:
        for key, number in (("memory", self.memory), ("vcpus", self.vcpus), ("disk_size", self.disk_size)):
            if number is not None and number < 1:
                raise ValueError(f"{key}: {number} is no size of a machine")
        if self.disk:
            names.absolute_path(self.disk)
        if self.bridge:
            names.interface(self.bridge)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Where the bundle is served: `http` the URL of the immutable part (http://10.0.0.5/b/5f2c91ab), `root` that of
    the pointers (http://10.0.0.5), above `http` or the same; `tftp` an address or name, empty for none.

    Raises ValueError.
    """

    http: str
    root: str
    tftp: str = ""

    def __post_init__(self) -> None:
        for key, text in (("http", self.http), ("root", self.root)):
            if names.url(text) != text:
                raise ValueError(f"{key}: {shown(text)} is not in the canonical form {names.url(text)}")
        if self.http != self.root and not self.http.startswith(f"{self.root}/"):
            raise ValueError(f"http: {shown(self.http)} does not lie below root, {shown(self.root)}")
        for part in self.place.split("/") if self.place else ():
            _check_part("http", part)
        if self.tftp and not _is_machine(self.tftp):
            raise ValueError(f"tftp: {shown(self.tftp)} is no address and no host name")

    @property
    def place(self) -> str:
        """The immutable part below each root, `b/5f2c91ab`: the same by TFTP and by HTTP; empty where it is a root."""
        return self.http[len(self.root) + 1:]


def _check_part(key: str, text: str) -> None:
    if not names.PATH_PART.fullmatch(text) or len(text) > 100:
        raise ValueError(f"{key}: {shown(text)} is no plain part of a path (letters, digits, . _ + -, at most 100)")


def _is_machine(text: str) -> bool:
    for read in (names.address, names.hostname):
        try:
            if str(read(text)) == text:
                return True
        except ValueError:
            continue
    return False

"""What pinboot and its scripts can use: rows of tools.toml, and how each system installs a package."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

FILE = Path(__file__).parent / "tools.toml"
System = Literal["debian", "el", "netbsd", "alpine"]
# How a package is installed, and how the system is called in a list.
INSTALL: Mapping[System, tuple[str, str]] = {
    "debian": ("apt install", "Debian"), "el": ("dnf install", "EL"), "netbsd": ("pkgin install", "NetBSD"),
    "alpine": ("apk add", "Alpine"),
}
# ID and ID_LIKE of os-release(5).
KIN: Mapping[str, System] = {"debian": "debian", "ubuntu": "debian", "rhel": "el", "fedora": "el", "centos": "el",
                             "alpine": "alpine"}
GROUPS = {"pinboot": "pinboot itself", "xen": "guests of Xen, in dom0", "kvm": "guests of KVM, on their host",
          "network": "machines that boot over the network, on their server"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A Python package. `extra` is empty where pinboot does not work without it."""

    name: str
    module: str
    what: str
    extra: str = ""

    @property
    def install(self) -> str:
        """The command that brings it."""
        return f"pip install {self.extra}" if self.extra == self.name else f"pip install 'pinboot[{self.extra}]'" \
            if self.extra else f"pip install {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program. `also` are other places of it, with * in them; `version` is what to run for its version (empty:
    nothing); `packages` have it, by system: an empty name is the base system."""

    name: str
    command: str
    what: str
    group: str
    also: tuple[str, ...] = ()
    version: tuple[str, ...] = ()
    packages: Mapping[System, str]

    def install(self, here: System | None) -> str:
        """Where to get it: the command of this system first, then the packages of the others."""
        others = "; ".join(f"{INSTALL[each][1]}: {self._package(each)}" for each in INSTALL if each != here)
        if here is None:
            return others
        package = self.packages.get(here)
        first = f"{INSTALL[here][0]} {package}" if package else f"no package of {INSTALL[here][1]} has it"
        return f"{first} ({others})"

    def _package(self, system: System) -> str:
        package = self.packages.get(system)
        return "none" if package is None else package or "base system"


@functools.cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def libraries() -> tuple[Library, ...]:
    """Python packages, those that are needed first."""
    return tuple(Library(name=name, module=row["module"], what=row["what"], extra=row.get("extra", ""))
                 for name, row in _rows()["library"].items())


def tools() -> tuple[Tool, ...]:
    """Programs, by what they are for."""
    return tuple(Tool(name=name, command=row.get("command", name), what=row["what"], group=row["group"],
                      also=tuple(row.get("also", ())), version=tuple(row.get("version", ())),
                      packages={system: row[system] for system in INSTALL if system in row})
                 for name, row in _rows()["tool"].items())


def system(kernel: str, release: str) -> System | None:
    """Whose packages this machine has, by uname's name of the kernel and the text of os-release(5); None: unknown."""
    if kernel == "NetBSD":
        return "netbsd"
    words = re.findall(r"(?m)^ID(?:_LIKE)?=[\"']?([a-z0-9._ -]*)", release)
    return next((KIN[word] for line in words for word in line.split() if word in KIN), None)


def title(release: str) -> str:
    """How the system calls itself in os-release(5); empty where it does not."""
    found = re.search(r"(?m)^PRETTY_NAME=[\"']?([^\"'\n]{1,80})", release)
    return found[1].strip() if found else ""

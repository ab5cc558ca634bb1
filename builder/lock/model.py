"""A lock as values: the release, the compose, the pins with their evidence, the repositories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from builder.digest import Digest

# What the installer fetches and lays over itself where the tree has it (REFERENCE 1.3, parse-anaconda-repo.sh): a
# mirror that adds one owns the installer, so a lock says of each that it is these bytes or is not there.
PATCHES = ("images/updates.img", "images/product.img")
# A pin's place in the set (DESIGN Evidence): policy is set per role.
ROLES = ("kernel", "initrd", "stage2", "loader", "patch", "treeinfo", "repository")
Role = Literal["kernel", "initrd", "stage2", "loader", "patch", "treeinfo", "repository"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One file of the tree: `path` relative to the source, `size` in bytes, `digest` always sha256.

    `evidence` says why it is believed (signed, signed-rpm, treeinfo, quorum, first-use), `detail` by what, `key` the
    full fingerprint of the key that signed, where one did. A repository pin is its repodata/repomd.xml and carries the
    `name` of the variant (empty: the tree itself). A patch is a file of PATCHES, a loader
    one that UEFI firmware starts: shim and GRUB of the same tree.
    """

    role: Role
    path: str
    size: int
    digest: Digest
    evidence: str
    detail: str = ""
    name: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelFacts:
    """What the bytes of the pinned kernel and initrd say: its version, Xen abilities from the ELF notes, the
    command line limit of its setup header (bytes without NUL; 0: not told), and the Xen drivers in the initrd.
    `version` is empty where the kernel's format does not tell it; `buildstamp` is what the initrd says of its build:
    product, version and UUID."""

    version: str
    xen_pv: bool
    xen_pvh: bool
    cmdline_size: int
    payload: str
    initrd_xen_drivers: tuple[str, ...] = ()
    buildstamp: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """`family`, `version` (with point release where it is known), `arch` name the release that the tree serves;
    `source` is where the pins were taken; `epoch` the compose time in seconds and the one time in all output;
    `compose` a name for it where the tree tells one; `overrides` holds role or path -> reason for what was accepted
    below the family's default. `absent` are paths that the installer asks for and that were not there."""

    family: str
    version: str
    arch: str
    source: str
    epoch: int
    compose: str
    kernel: KernelFacts
    pins: tuple[Pin, ...]
    overrides: Mapping[str, str]
    absent: tuple[str, ...] = ()

    def pin(self, role: Role) -> Pin:
        return next(p for p in self.pins if p.role == role)

    def of_role(self, role: Role) -> tuple[Pin, ...]:
        return tuple(p for p in self.pins if p.role == role)

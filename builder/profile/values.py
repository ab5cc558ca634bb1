"""A profile and its hosts, resolved once from all layers; a value that exists is valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from builder.catalog.family import Release
from builder.finding import Finding
from builder.profile.hosting import Dhcp, Kvm, Serve
from builder.profile.network.plan import NetworkPlan
from builder.profile.secrets import Secret

# Keys of a host that stand in [network] for all of them, and those that no host has from the profile.
OF_NETWORK = frozenset({"gateway", "nameservers", "search", "peer_dns", "mtu"})
OF_HOST = frozenset({"class", "hostname", "address", "addresses", "mac", "routes", "packages", "bridge", "facts"})


@dataclass(frozen=True, slots=True)
class Origin:
    """The file and the line (1-based; 0: not known) that set a key."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file} line {self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """`password_hash` is what /etc/shadow gets ($5$, $6$, $y$) or None; without one root is locked."""

    password_hash: str | None = None
    ssh_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    name: str
    groups: tuple[str, ...] = ()
    gecos: str = ""
    shell: str = ""
    password_hash: str | None = None
    ssh_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The disk that the installation may touch: `name` in the guest (xvda, sda, by-id/...), `size` in bytes, `file` in
    dom0 where a hypervisor provides it; `others` are the further disks of a mirror (raid1).

    A rule has no name before the machine runs: then `name` is the rule as written (smallest nvme), `order` how one is
    chosen among several and `kind` which are looked at (empty: all)."""

    name: str
    size: int | None = None
    file: str | None = None
    others: tuple[str, ...] = ()
    order: Literal["", "smallest", "largest", "first"] = ""
    kind: Literal["", "nvme", "sata", "virtio", "scsi"] = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A file system: `size` in MiB, or None for all that is left."""

    mount: str
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """LUKS. `tang` is the URL of the server that unlocks the machine (empty: the passphrase is typed at each boot),
    `thumbprint` that of its signing key."""

    passphrase: Secret
    tang: str = ""
    thumbprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """`swap` in MiB (0: none). Without `volumes` the root file system takes the disk. `lines` are kickstart commands of
    the user in place of the layout; @disk@ in them is the host's disk."""

    layout: Literal["plain", "lvm", "lvm-thin", "raid1"] = "plain"
    swap: int = 1024
    volumes: tuple[Volume, ...] = ()
    encrypt: Encryption | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhsm:
    """How a RHEL machine registers itself."""

    organization: Secret
    activation_key: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Addon:
    """A section of a module of the installer: `%addon NAME options`, and the lines in it."""

    name: str
    options: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    enabled: bool = True
    services: tuple[str, ...] = ("ssh",)
    ports: tuple[str, ...] = ()  # "8080:tcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    enabled: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """A user's file, read when the profile was resolved: `path` as written in the profile, `text` its content."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """`hostname` may be dotted, `name` is the key of the table and the file name; memory in MiB. `firmware` is empty
    where one kickstart shall do for both; `rhsm` is the profile's. `table` is the name as the profile spells it, and
    `class_name` the class that the host picked: who set a key is found by them, and they change no byte (repr)."""

    name: str
    hostname: str
    network: NetworkPlan
    memory: int
    vcpus: int
    disk: Disk
    storage: Storage
    console: str | None = None
    firmware: Literal["", "bios", "uefi"] = ""
    kernel_arguments: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    bridge: str | None = None
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rhsm: Rhsm | None = None
    table: str = field(default="", repr=False)
    class_name: str = field(default="", repr=False)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What the kickstart of this host holds in clear because the installer has to read it."""
        encrypt = (self.storage.encrypt.passphrase,) if self.storage.encrypt else ()
        return (*encrypt, *((self.rhsm.organization, self.rhsm.activation_key) if self.rhsm else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Xen:
    """`path` is where the bundle will live in dom0; `run` how the installed system starts (empty: as its type of guest
    usually does, which only the pinned kernel tells)."""

    dom0: Literal["linux", "netbsd"] = "linux"
    path: str = "/var/lib/xen/pinboot"
    disks: str = "/var/lib/xen/images"
    bridge: str = "xenbr0"
    run: Literal["", "pygrub", "pvgrub", "pvh-grub", "kept-kernel", "disk"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeSource:
    """`url` (None: the catalog's mirrors), more `mirrors`, and what inst.repo= shall say (None: the locked source).

    `url` is an http(s) URL, a file: URL or an absolute directory; `iso`, an absolute path, stands in its place, and so
    do `mirrorlist` and `metalink`, URLs of a list of mirrors. The client certificate and its key are shown to the host
    of `url` alone. Where these three files lie on this machine changes no byte of a bundle, so they are no part of what
    a build is known by (repr)."""

    url: str | None = None
    mirrors: tuple[str, ...] = ()
    install_url: str | None = None
    iso: str | None = field(default=None, repr=False)
    mirrorlist: str | None = None
    metalink: str | None = None
    client_cert: str | None = field(default=None, repr=False)
    client_key: str | None = field(default=None, repr=False)

    @property
    def address(self) -> str | None:
        """Where the profile itself says the tree is."""
        return self.url or self.iso


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Least evidence accepted per role (kernel, initrd, stage2, repository; None: the family's default), the mirrors
    that must agree for a quorum, and whether stage2 takes part in it.

    `keys` are full fingerprints (lower-case hex) trusted beside the catalog's; `key_files` where keys are found and
    `checksums` a signed checksum file: each an http(s) URL, a file: URL, or a path in the tree. `iso`: may a boot image
    be fetched to prove initrd and stage2? `accept` names files of the tree that are taken whatever .treeinfo says of
    them. How bytes were proved changes none of them, so these are no part of what a build is known by (repr)."""

    minimum: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    quorum: tuple[str, ...] = ()
    quorum_stage2: bool = False
    keys: tuple[str, ...] = field(default=(), repr=False)
    key_files: tuple[str, ...] = field(default=(), repr=False)
    checksums: str | None = field(default=None, repr=False)
    iso: bool = field(default=True, repr=False)
    accept: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything a build needs to know from the user. `origins` maps a dotted key path to who set it; `findings` are
    what was noticed while the files were read.

    `installed_repos` empty: the vault where the release has left its mirrors, else what the release brings."""

    name: str
    path: Path
    release: Release
    outputs: tuple[str, ...]
    tree: TreeSource
    trust: Trust
    xen: Xen
    root: Root
    users: tuple[User, ...]
    language: str
    keyboard: str
    timezone: str
    ntp: tuple[str, ...]
    packages: tuple[str, ...]
    weak_dependencies: bool
    services: Services
    firewall: Firewall
    selinux: Literal["enforcing", "permissive", "disabled"]
    finish: Literal["reboot", "poweroff"]
    post: tuple[TextFile, ...]
    kickstart: TextFile | None
    template: TextFile | None
    hosts: tuple[Host, ...]
    origins: Mapping[str, Origin]
    pre: tuple[TextFile, ...] = ()
    onerror: tuple[TextFile, ...] = ()
    addons: tuple[Addon, ...] = ()
    kvm: Kvm = field(default_factory=Kvm)
    serve: Serve | None = None
    dhcp: Dhcp | None = None
    installed_repos: Literal["", "keep", "vault", "mirror"] = ""
    findings: tuple[Finding, ...] = field(default=(), repr=False)

    def said(self, host: Host, key: str) -> tuple[str, Origin] | None:
        """Who set `key` of a host in its own table, in its row of an inventory, or in its class: the whole key, and
        where it stands."""
        for table in (f"host.{host.table or host.name}", f"class.{host.class_name}"):
            found = self.origins.get(f"{table}.{key}")
            if found:
                return f"{table}.{key}", found
        return None

    def set_by(self, host: Host, key: str) -> tuple[str, Origin] | None:
        """The same, and where neither host nor class says it, who set it for all; None where nobody did."""
        found = self.said(host, key)
        first = key.partition(".")[0]
        above = f"network.{key}" if first in OF_NETWORK else key
        if found or first in OF_HOST:
            return found
        for_all = self.origins.get(above)
        return (above, for_all) if for_all else None

    def origin(self, key: str) -> str:
        """Who set `key`, for a message: file and line, or `default`."""
        found = self.origins.get(key)
        return str(found) if found else "default"

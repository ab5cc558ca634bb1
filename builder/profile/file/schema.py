"""The shape of a profile file: tables, keys and their types, before any value is understood."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Texts = tuple[str, ...]
TextOrTexts = str | tuple[str, ...]
Options = dict[str, str | int | bool]
Routes = tuple[dict[str, str], ...]
EvidenceWord = Literal["signed", "signed-rpm", "treeinfo", "quorum", "first-use"]


# The words of kinds.OUTPUTS.
Output = Literal["xen", "libvirt", "qemu", "virt-install", "packer", "pxelinux", "grub", "ipxe", "http-boot", "dnsmasq",
                 "kea", "nginx"]


class Table(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A TOML table of a profile."""


class Root(Table):
    password: str | None = None
    ssh_keys: Texts = ()


class User(Table):
    groups: Texts = ()
    gecos: str = ""
    shell: str = ""
    password: str | None = None
    ssh_keys: Texts = ()


class Tree(Table):
    url: str | None = None
    iso: str | None = None
    mirrors: Texts = ()
    install_url: str | None = None
    mirrorlist: str | None = None
    metalink: str | None = None
    client_cert: str | None = None
    client_key: str | None = None


class Minimum(Table):
    kernel: EvidenceWord | None = None
    initrd: EvidenceWord | None = None
    stage2: EvidenceWord | None = None
    repository: EvidenceWord | None = None


class Trust(Table):
    minimum: Minimum | None = None
    quorum: Texts = ()
    quorum_stage2: bool = False
    keys: Texts = ()
    key_files: Texts = ()
    checksums: str | None = None
    iso: bool = True
    accept: Texts = ()


class Xen(Table):
    dom0: Literal["linux", "netbsd"] = "linux"
    path: str | None = None
    disks: str | None = None
    bridge: str | None = None
    run: Literal["pygrub", "pvgrub", "pvh-grub", "kept-kernel", "disk"] | None = None


class Network(Table):
    gateway: TextOrTexts = ()
    nameservers: Texts | None = None
    search: Texts | None = None
    peer_dns: bool | None = None
    mtu: int | None = None


class Interface(Table):
    mac: str | None = None
    ports: Texts | None = None
    bond: Options | None = None
    bridge: Options | None = None
    team: Options | None = None
    parent: str | None = None
    vlan: int | None = None
    address: TextOrTexts | None = None
    gateway: TextOrTexts | None = None
    routes: Routes | None = None
    nameservers: Texts | None = None
    search: Texts | None = None
    peer_dns: bool | None = None
    mtu: int | None = None


class Encrypt(Table):
    passphrase: str | None = None
    tang: str | None = None
    thumbprint: str | None = None


class Storage(Table):
    layout: Literal["plain", "lvm", "lvm-thin", "raid1"] = "plain"
    swap: str | None = None
    encrypt: Encrypt | None = None
    volumes: dict[str, str] = {}
    lines: Texts = ()


class Disk(Table):
    name: TextOrTexts | None = None
    size: str | None = None
    file: str | None = None


class Rhsm(Table):
    organization: str | None = None
    activation_key: str | None = None


class Addon(Table):
    options: Texts = ()
    lines: Texts = ()


class Firewall(Table):
    enabled: bool = True
    services: Texts = ("ssh",)
    ports: Texts = ()


class Services(Table):
    enabled: Texts = ()
    disabled: Texts = ()


class Class(Table):
    """What hosts of one kind share: the keys of a host but those that say which machine it is."""

    gateway: TextOrTexts | None = None
    routes: Routes | None = None
    nameservers: Texts | None = None
    search: Texts | None = None
    peer_dns: bool | None = None
    interface: str | dict[str, Interface] | None = None
    mtu: int | None = None
    memory: str | None = None
    vcpus: int | None = None
    disk: str | Texts | Disk | None = None
    storage: str | Storage | None = None
    console: str | None = None
    firmware: Literal["bios", "uefi"] | None = None
    kernel_arguments: Texts | None = None
    packages: Texts = ()
    bridge: str | None = None
    facts: dict[str, str | int | bool] = {}


class Host(Class):
    class_: str | None = msgspec.field(default=None, name="class")
    hostname: str | None = None
    address: TextOrTexts | None = None
    addresses: dict[str, TextOrTexts] = {}
    mac: str | None = None


class Kvm(Table):
    path: str | None = None
    disks: str | None = None
    network: str | None = None
    bridge: str | None = None
    display: bool = False


class Serve(Table):
    url: str | None = None
    tftp: str | None = None
    folder: str = "/srv/pinboot"
    secret: str | None = None
    loaders: dict[str, str] = {}


class Dhcp(Table):
    subnet: str | None = None
    router: str | None = None
    nameservers: Texts = ()
    mode: Literal["authoritative", "proxy"] = "authoritative"
    interface: str | None = None
    range: Texts = ()
    lease: Annotated[int, msgspec.Meta(ge=120, le=4294967294)] = 3600


class Profile(Table):
    extends: Texts = ()
    catalog: Texts = ()
    inventory: TextOrTexts = ()
    release: str | None = None
    arch: str = "x86_64"
    outputs: tuple[Output, ...] = ("xen",)
    language: str = "en_US.UTF-8"
    keyboard: str = "us"
    timezone: str = "Etc/UTC"
    ntp: Texts = ()
    root: Root | None = None
    user: dict[str, User] = {}
    tree: Tree | None = None
    trust: Trust | None = None
    xen: Xen | None = None
    kvm: Kvm | None = None
    serve: Serve | None = None
    dhcp: Dhcp | None = None
    network: Network | None = None
    interface: dict[str, Interface] = {}
    memory: str | None = None
    vcpus: int | None = None
    disk: str | Texts | Disk | None = None
    storage: str | Storage | None = None
    console: str | None = None
    firmware: Literal["bios", "uefi"] | None = None
    kernel_arguments: Texts | None = None
    packages: Texts = ()
    weak_dependencies: bool = True
    services: Services | None = None
    firewall: Firewall | None = None
    selinux: Literal["enforcing", "permissive", "disabled"] = "enforcing"
    finish: Literal["reboot", "poweroff"] = "reboot"
    pre: Texts = ()
    post: Texts = ()
    onerror: Texts = ()
    addon: dict[str, Addon] = {}
    rhsm: Rhsm | None = None
    installed_repos: Literal["keep", "vault", "mirror"] | None = None
    kickstart: str | None = None
    template: str | None = None
    class_: dict[str, Class] = msgspec.field(default_factory=dict, name="class")
    host: dict[str, Host] = {}

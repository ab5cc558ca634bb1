"""A bundle boots machines over the network: what `pinboot lock`, `pinboot build` and its own deploy.sh put in place leads
firmware and loaders to the kernel, with the command line, kickstart and stage2 of the bundle; and a machine that shall not
be installed starts from its own disk."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.boot import disks, loaders, qemu
from tests.boot.job import pinboot, public_key, served
from tests.boot.netboot import Firmware, Milestone, NetBoot, Transcript
from tests.tool import standin

pytestmark = pytest.mark.boot

ADDRESS = "10.0.2.77"  # not what slirp's DHCP would give
MAC = "52:54:00:12:34:77"
STRANGER = "52:54:00:12:34:99"
CARD = MAC.replace(":", "-")
HOSTNAME = "web1.example.org"
PROFILE = """
release = "{release}"
outputs = ["pxelinux", "grub", "ipxe"]
root = {{ ssh_keys = ["{key}"] }}

[tree]
url = "http://127.0.0.1:{port}/{path}"
install_url = "http://{host}:{port}/{path}"

[trust.minimum]
kernel = "treeinfo"
initrd = "treeinfo"
stage2 = "treeinfo"
repository = "first-use"

[serve]
url = "http://{host}:{http}"
tftp = "{host}"
secret = "file:secret"

[serve.loaders]
"bios/pxelinux.0" = "pxelinux.0"
"bios/ldlinux.c32" = "ldlinux.c32"
"debian/shimx64.efi" = "shim.efi"
"debian/grubx64.efi" = "grub.efi"

[network]
gateway = "{host}"
nameservers = ["{dns}"]

[host.web1]
hostname = "{hostname}"
address = "{address}/24"
mac = "{mac}"
disk = {{ name = "vda", size = "20 GiB" }}
console = "ttyS0"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What is served, and the bundle that it came from; `folder` is that of the release, `data` the one that never
    changes, both below the roots; `url` is where machines find `http`."""

    tree: standin.Facts
    bundle: Path
    http: Path
    tftp: Path
    url: str
    folder: str
    data: str

    @property
    def arguments(self) -> str:
        return (self.bundle / "private/hosts/web1/cmdline").read_text().splitlines()[-1]

    @property
    def kickstart(self) -> str:
        return next(word.removeprefix(f"inst.ks={self.url}/") for word in self.arguments.split()
                    if word.startswith("inst.ks="))

    def deploy(self, *words: str) -> None:
        command = ["sh", f"{self.bundle}/deploy.sh", "--http", str(self.http), "--tftp", str(self.tftp), *words]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def found(self, transcript: Transcript) -> list[str]:
        """What the machine asked for and got; loaders also ask for much that is nowhere."""
        roots = {"tftp": self.tftp, "http": self.http}
        names = [name.split(" ", 1) for name in transcript.asked]
        return [f"{root} {path.lstrip('/')}" for root, path in names if (roots[root] / path.lstrip("/")).is_file()]


@contextmanager
def site(folder: Path, shape: standin.Shape, release: str) -> Iterator[Site]:
    tree = standin.tree(folder / "mirror", shape=shape)
    http, tftp = folder / "srv/http", folder / "srv/tftp"
    for each in (http, tftp, efi := tree.tree / "EFI/BOOT"):
        each.mkdir(parents=True)
    loaders.shim(efi / "BOOTX64.EFI")
    loaders.plain_grub(efi / "grubx64.efi", folder)
    loaders.pxelinux(folder)
    loaders.shim(folder / "shim.efi")
    loaders.signed_grub(folder / "grub.efi")
    (folder / "secret").write_text(hashlib.sha256(b"secret").hexdigest())
    (folder / "secret").chmod(0o600)
    with served(tree.root) as mirror, served(http) as port:
        (folder / "web.toml").write_text(PROFILE.format(
            release=release, key=public_key(), port=mirror, path=tree.path, host=qemu.HOST, dns=qemu.DNS, http=port,
            hostname=HOSTNAME, address=ADDRESS, mac=MAC))
        pinboot(folder, "lock", "web.toml")
        pinboot(folder, "build", "web.toml")
        bundle = folder / "out/web"
        (kernel,) = (bundle / "http/b").glob("*/*/vmlinuz")
        made = Site(tree=tree, bundle=bundle, http=http, tftp=tftp, url=f"http://{qemu.HOST}:{port}",
                    folder=kernel.parent.name, data=f"b/{kernel.parent.parent.name}")
        made.deploy()
        yield made


@pytest.fixture(scope="module")
def el7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("el7"), "el7", "centos-7") as made:
        yield made


@pytest.fixture(scope="module")
def el9(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("el9"), "el9", "rocky-9.6") as made:
        yield made


def run(machine: NetBoot, scratch: Path) -> Transcript:
    transcript = machine.run(scratch)
    assert transcript.missed is None, transcript.story()
    return transcript


def install(site: Site, firmware: Firmware, bootfile: str, *milestones: Milestone, ipxe: bool,
            scratch: Path) -> Transcript:
    """Boot web1 until its initrd has told all; `milestones` are those before the kernel."""
    return run(NetBoot(firmware=firmware, bootfile=bootfile, mac=MAC, tftp=site.tftp, ipxe=ipxe, milestones=(
        *milestones,
        Milestone(name="the kernel runs", text="Linux version", seconds=120),
        Milestone(name="the initrd has a network", text="kernel=", seconds=150, stream="report"),
        Milestone(name="the initrd is done", text="\nend=", seconds=30, stream="report"))), scratch)


def is_the_bundles(site: Site, transcript: Transcript, command_line: str) -> None:
    """The guest has what the profile asked for, and got it from the bundle."""
    report = transcript.report
    device, *_ = report.one("address").split()
    kickstart = hashlib.sha256((site.bundle / "http" / site.kickstart).read_bytes()).hexdigest()
    assert report.lines == (
        ("kernel", site.tree.kernel),
        ("cmdline", command_line),
        ("hostname", HOSTNAME),
        ("address", f"{device} {MAC} {ADDRESS}/24"),
        ("gateway", f"{device} {qemu.HOST}"),
        ("nameserver", qemu.DNS),
        ("kickstart", f"{site.url}/{site.kickstart} {kickstart}"),
        ("source", f"{site.url}/{site.data}/{site.folder}"),
        ("stage2", f"{site.tree.stage2} {site.tree.sha256[site.tree.stage2]}"),
        ("end", "ok"),
    ), transcript.story()


def by_the_initrd(site: Site) -> list[str]:
    return [f"http {site.kickstart}", f"http {site.data}/{site.folder}/.treeinfo",
            f"http {site.data}/{site.folder}/{site.tree.stage2}"]


def test_a_bios_comes_by_pxelinux_and_its_file_by_mac_to_the_installation(el7: Site, tmp_path: Path) -> None:
    transcript = install(
        el7, "bios", "bios/pxelinux.0",
        Milestone(name="pxelinux runs", text="PXELINUX", seconds=60),
        Milestone(name="it has the host's file", text="web1: installs CentOS 7", seconds=30),
        ipxe=True, scratch=tmp_path)
    data = f"{el7.data}/{el7.folder}"
    is_the_bundles(el7, transcript, f"BOOT_IMAGE=::{data}/vmlinuz {el7.arguments} initrd=::{data}/initrd.img "
                                    f"BOOTIF=01-{CARD}")
    assert el7.found(transcript) == [
        "tftp bios/pxelinux.0", "tftp bios/ldlinux.c32", f"tftp bios/pxelinux.cfg/01-{CARD}",
        f"tftp {el7.data}/hosts/web1/pxelinux.cfg", f"tftp {data}/vmlinuz", f"tftp {data}/initrd.img",
        *by_the_initrd(el7)]


@pytest.mark.parametrize(("firmware", "image"), [("bios", ""), ("uefi", "vmlinuz ")])
def test_ipxe_comes_by_http_and_its_pointer_by_mac_to_the_installation(
    firmware: Firmware, image: str, el9: Site, tmp_path: Path
) -> None:
    transcript = install(
        el9, firmware, f"{el9.url}/boot.ipxe",
        Milestone(name="iPXE has an address", text=f"Filename: {el9.url}/boot.ipxe", seconds=90),
        Milestone(name="it has the host's script", text="pinboot: web1: installs Rocky Linux 9.6", seconds=30),
        ipxe=True, scratch=tmp_path)
    is_the_bundles(el9, transcript, f"{image}initrd=initrd.img {el9.arguments} BOOTIF=01-{CARD}")
    data = f"{el9.data}/{el9.folder}"
    assert el9.found(transcript) == [
        "http boot.ipxe", f"http mac/{CARD}/boot.ipxe", f"http {el9.data}/hosts/web1/boot.ipxe", f"http {data}/vmlinuz",
        f"http {data}/initrd.img", *by_the_initrd(el9)]


def test_uefi_comes_by_the_trees_shim_and_grub_and_its_file_by_mac_to_the_installation(el9: Site, tmp_path: Path) -> None:
    transcript = install(
        el9, "uefi", f"{el9.folder}/shimx64.efi",
        Milestone(name="shim runs", text=f"{el9.folder}/shimx64.efi", seconds=90),
        Milestone(name="GRUB has the host's file", text="web1: install Rocky Linux 9.6", seconds=60),
        ipxe=False, scratch=tmp_path)
    data = f"{el9.data}/{el9.folder}"
    is_the_bundles(el9, transcript, f"BOOT_IMAGE=/{data}/vmlinuz {el9.arguments} BOOTIF=01-{CARD}")
    assert el9.found(transcript) == [
        f"tftp {el9.folder}/shimx64.efi", f"tftp {el9.folder}/grubx64.efi", f"tftp {el9.folder}/grub.cfg-01-{CARD}",
        f"tftp {el9.data}/hosts/web1/grub.cfg", f"tftp {data}/vmlinuz", f"tftp {data}/initrd.img", *by_the_initrd(el9)]


def test_secure_boot_comes_by_a_signed_grub_and_the_menu_to_the_kernel(el9: Site, tmp_path: Path) -> None:
    """Shim and kernel carry their vendor's signatures untouched, and Debian's GRUB looks for one file alone,
    /grub/grub.cfg: the menu, which sends it on by its MAC."""
    transcript = run(NetBoot(
        firmware="secure", bootfile="debian/shimx64.efi", mac=MAC, tftp=el9.tftp, ipxe=False, milestones=(
            Milestone(name="GRUB starts the host's entry", text="Booting `web1: install Rocky Linux 9.6", seconds=120),
            Milestone(name="the kernel has its command line", text=f"Command line: BOOT_IMAGE=/{el9.data}/", seconds=120),
            Milestone(name="it was checked", text="secureboot: Secure boot enabled", seconds=30))), tmp_path)
    data = f"{el9.data}/{el9.folder}"
    assert el9.found(transcript) == [
        "tftp debian/shimx64.efi", "tftp debian/grubx64.efi", "tftp grub/grub.cfg", f"tftp mac/{CARD}/grub.cfg",
        f"tftp {el9.data}/hosts/web1/grub.cfg", f"tftp {data}/vmlinuz", f"tftp {data}/initrd.img"]


# What DHCP names, and whether it is iPXE that asks.
WAYS: dict[str, tuple[Firmware, str, bool]] = {
    "pxelinux": ("bios", "bios/pxelinux.0", True),
    "ipxe": ("bios", "{url}/boot.ipxe", True),
    "grub": ("uefi", "{folder}/shimx64.efi", False),
}


def own_disk(site: Site, way: str, mac: str, scratch: Path) -> Transcript:
    """Boot a machine from the network that has to end at its disk, and not by any file of ours that installs."""
    firmware, bootfile, ipxe = WAYS[way]
    disk = disks.bios(scratch) if firmware == "bios" else disks.uefi(scratch, "EFI/rocky/shimx64.efi")
    transcript = run(NetBoot(
        firmware=firmware, bootfile=bootfile.format(url=site.url, folder=site.folder), mac=mac, tftp=site.tftp,
        ipxe=ipxe, disk=disk, milestones=(Milestone(name="its disk", text=disks.SAID, seconds=120),)), scratch)
    assert not any("/hosts/" in name for name in transcript.asked), transcript.story()
    return transcript


@pytest.fixture
def retired(el9: Site) -> Iterator[Site]:
    el9.deploy("--retire", "web1")
    yield el9
    el9.deploy("--arm", "web1")


@pytest.mark.parametrize(("way", "pointer"), [
    ("pxelinux", f"tftp bios/pxelinux.cfg/01-{CARD}"),
    ("ipxe", f"http mac/{CARD}/boot.ipxe"),
    ("grub", f"tftp rocky-9.6-x86_64/grub.cfg-01-{CARD}"),
])
def test_a_machine_that_was_retired_starts_from_its_own_disk(
    way: str, pointer: str, retired: Site, tmp_path: Path
) -> None:
    transcript = own_disk(retired, way, MAC, tmp_path)
    assert retired.found(transcript)[-1] == pointer, transcript.story()


def test_ipxe_gives_a_retired_machine_back_to_uefi_with_an_error(retired: Site, tmp_path: Path) -> None:
    """Then firmware goes on with its next entry; the disk, after all that the card has, would take minutes here."""
    transcript = run(NetBoot(
        firmware="uefi", bootfile=f"{retired.url}/boot.ipxe", mac=MAC, tftp=retired.tftp, milestones=(
            Milestone(name="the pointer", text=f"mac/{CARD}/boot.ipxe... ok", seconds=90),
            Milestone(name="iPXE ends", text="Could not boot image", seconds=30),
            Milestone(name="firmware goes on", text="BdsDxe: failed to load", seconds=30))), tmp_path)
    assert retired.found(transcript) == ["http boot.ipxe", f"http mac/{CARD}/boot.ipxe"]


@pytest.mark.parametrize(("way", "menu"), [
    ("pxelinux", "tftp bios/pxelinux.cfg/default"),
    ("ipxe", "http boot.ipxe"),
    ("grub", "tftp rocky-9.6-x86_64/grub.cfg"),
])
def test_a_machine_that_nobody_named_starts_from_its_own_disk(way: str, menu: str, el9: Site, tmp_path: Path) -> None:
    transcript = own_disk(el9, way, STRANGER, tmp_path)
    assert el9.found(transcript)[-1] == menu, transcript.story()

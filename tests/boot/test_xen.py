"""A bundle on real Xen: its up.sh installs a PV guest and starts it, and both say what they were given.

One boot of dom0 serves all the tests. The installer is the stand-in's, with two hooks more; the disk that it writes has
what an installation of EL7 leaves for pygrub: an ext4 /boot with a grub2/grub.cfg.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from builder.outputs import xen
from tests.boot import guest, xenlab
from tests.boot.job import pinboot, public_key
from tests.tool import bootdisk, debian, standin
from tests.tool.tools import need

pytestmark = pytest.mark.boot

GATEWAY = "10.77.0.1"  # dom0, on its bridge
ADDRESS = "10.77.0.77"
MAC = "00:16:3e:12:34:77"
HOSTNAME = "web1.example.org"
MEMORY, DISK = 800, 20  # MiB, GiB
PLACE = "/var/lib/xen/pinboot/web"
IMAGE = "/var/lib/xen/images/web1.img"
PROFILE = """
release = "centos-7"
root = {{ ssh_keys = ["{key}"] }}

[tree]
url = "{tree}"
install_url = "http://{gateway}/{path}"

[trust.minimum]
kernel = "treeinfo"
initrd = "treeinfo"
stage2 = "treeinfo"
repository = "first-use"

[network]
gateway = "{gateway}"
nameservers = ["{gateway}"]

[xen]
path = "{place}"

[host.web1]
hostname = "{hostname}"
address = "{address}/24"
mac = "{mac}"
memory = "{memory} MiB"
disk = {{ size = "{disk} GiB" }}
kernel_arguments = ["fill=x{fill}"]
"""
INSTALLED = "root=UUID=0a-1b ro console=hvc0 crashkernel=auto rhgb"
MENU = f"""\
set default=0
set timeout=1
menuentry 'CentOS Linux (6.1.0) 7 (Core)' --class centos {{
	linux16 /vmlinuz-6.1.0 {INSTALLED}
	initrd16 /initramfs-6.1.0.img
}}
"""
SIZE = 20 << 20  # of the partition, in bytes


def telling(tree: standin.Facts, scratch: Path) -> None:
    """Put the hooks of a PV guest into the tree's initrd, as one more cpio; and its installer reboots when it is done,
    as real ones do."""
    hooks = guest.PLACES["cmdline.sh"].partition("/cmdline/")[0]
    root_script = (guest.HOOKS / "standinroot.sh").read_text()
    assert root_script.endswith("\necho o > /proc/sysrq-trigger\n")
    scripts = {
        f"{hooks}/cmdline/95-xen.sh": (xenlab.SCRIPTS / "guest-cmdline.sh").read_text(),
        f"{hooks}/initqueue/online/10-xen.sh": (xenlab.SCRIPTS / "guest-online.sh").read_text(),
        guest.PLACES["standinroot.sh"]: root_script.removesuffix("echo o > /proc/sysrq-trigger\n")
        + "sleep 1\necho b > /proc/sysrq-trigger\n",
    }
    initrd, treeinfo = tree.tree / standin.INITRD, tree.tree / ".treeinfo"
    image = initrd.read_bytes()
    image += bytes(-len(image) % 4) + xenlab.archive(scripts_in(scratch, scripts))
    initrd.write_bytes(image)
    treeinfo.write_text(treeinfo.read_text().replace(tree.sha256[standin.INITRD], hashlib.sha256(image).hexdigest()))


def scripts_in(root: Path, scripts: dict[str, str]) -> Path:
    for name, text in scripts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
        (root / name).chmod(0o755)
    return root


def installed_disk(path: Path, scratch: Path) -> None:
    """One ext4 partition with kernel, initramfs and boot menu."""
    system = scripts_in(scratch / "system", {"init": (xenlab.SCRIPTS / "installed-init.sh").read_text()})
    (system / "bin").mkdir()
    (system / "bin" / "busybox").write_bytes(Path(need("busybox", "busybox-static")).read_bytes())
    (system / "bin" / "busybox").chmod(0o755)
    boot = scripts_in(scratch / "boot", {"grub2/grub.cfg": MENU})
    (boot / "vmlinuz-6.1.0").write_bytes(debian.vmlinuz().read_bytes())
    (boot / "initramfs-6.1.0.img").write_bytes(xenlab.archive(system))
    bootdisk.write(path, boot, scratch, SIZE)


def bundle(folder: Path, target: Path, tree: standin.Facts) -> None:
    """The bundle of a guest whose command line is as long as Xen hands on to a PV guest."""
    fill = ""
    for _ in range(2):
        (folder / "web.toml").write_text(PROFILE.format(
            key=public_key(), tree=tree.tree, path=tree.path, gateway=GATEWAY, place=PLACE, hostname=HOSTNAME,
            address=ADDRESS, mac=MAC, memory=MEMORY, disk=DISK, fill=fill))
        pinboot(folder, "lock", "web.toml")
        pinboot(folder, "build", "web.toml", "--output", str(target))
        fill = "x" * (xen.MAX_CMDLINE["pv"] - len(command_line(target)))


def command_line(bundle: Path) -> str:
    return (bundle / "hosts" / "web1" / "cmdline").read_text().splitlines()[-1]


class Installed:
    """What came of it: dom0's files, the bundle, and the report of both guests."""

    def __init__(self, run: xenlab.Run, tree: standin.Facts) -> None:
        self.run = run
        self.tree = tree
        self.host = run.lab / "bundle" / "hosts" / "web1"
        self.console = run.text("guest-web1.log").replace("\r", "")
        self.report: list[tuple[str, str]] = re.findall(r"^([a-z][a-z0-9]*)=(.*)$", self.console, re.MULTILINE)

    def one(self, key: str) -> str:
        values = [value for name, value in self.report if name == key]
        assert len(values) == 1, f"{key} was reported {len(values)} times: {self.report}\n{self.run.tails()}"
        return values[0]

    def seen(self) -> Any:
        """The configuration as the toolstack understood it."""
        found = json.loads(self.run.text("installing.json"))
        assert len(found) == 1, f"xl list -l saw no guest\n{self.run.tails()}"
        return found[0]["config"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("xen")
    lab = folder / "lab"
    tree = standin.tree(lab / "mirror", shape="el7")
    telling(tree, folder / "hooks")
    installed_disk(tree.tree / "images" / "installed.img", folder)
    bundle(folder, lab / "bundle", tree)
    return Installed(xenlab.run(lab, xenlab.SCRIPTS / "install.sh", "web1", PLACE, GATEWAY), tree)


def test_up_sh_verifies_makes_the_disk_installs_and_starts(installed: Installed) -> None:
    files = len((installed.run.lab / "bundle" / "SHA256SUMS").read_text().splitlines())
    assert installed.run.text("up.log") == (
        f"ok: {files} files as built\n"
        f"web1            disk {IMAGE}: made, {DISK << 10} MiB\n"
        "web1            installing; xl console web1 shows it\n"
        "web1            installer ended by itself (reason code 1)\n"
        "web1            runs; xl console web1\n"), installed.run.tails()
    assert installed.run.text("up.code") == "0\n"


def test_the_installer_is_a_pv_guest(installed: Installed) -> None:
    assert installed.one("guest") == "PV"
    installer = installed.console.partition("guest=")[0]
    assert "Hypervisor detected: Xen PV\n" in installer  # the kernel's own word (arch/x86/kernel/cpu/hypervisor.c)


def test_the_longest_command_line_reaches_the_guest_byte_for_byte(installed: Installed) -> None:
    wanted = command_line(installed.run.lab / "bundle")
    assert len(wanted) == xen.MAX_CMDLINE["pv"] == 1023
    assert installed.one("cmdline") == wanted, installed.run.tails()


def test_the_guest_has_the_kickstart_of_its_host(installed: Installed) -> None:
    kickstart = hashlib.sha256((installed.host / "ks.cfg").read_bytes()).hexdigest()
    assert installed.one("kickstart") == f"/ks/web1.cfg {kickstart}"


def test_the_guest_has_the_network_and_the_source_that_the_profile_asked_for(installed: Installed) -> None:
    device, *_ = installed.one("address").split()
    assert installed.one("address") == f"{device} {MAC} {ADDRESS}/24"
    assert installed.one("hostname") == HOSTNAME
    assert installed.one("gateway") == f"{device} {GATEWAY}"
    assert installed.one("source") == f"http://{GATEWAY}/{installed.tree.path}"
    assert installed.one("end") == "ok"


def test_xl_understands_the_configuration_as_it_was_meant(installed: Installed) -> None:
    seen = installed.seen()
    machine = seen["b_info"]
    assert seen["c_info"]["type"] == "pv" and seen["c_info"]["name"] == "web1"
    assert (machine["max_memkb"], machine["max_vcpus"]) == (MEMORY << 10, 1)
    assert (machine["kernel"], machine["ramdisk"]) == (f"{PLACE}/boot/vmlinuz", f"{PLACE}/boot/initrd-ks.img")
    assert [(disk["pdev_path"], disk["vdev"], disk["format"]) for disk in seen["disks"]] == [(IMAGE, "xvda", "raw")]
    assert [(card["mac"], card["bridge"]) for card in seen["nics"]] == [(MAC, "xenbr0")]
    assert installed.one("disk") == f"xvda {(DISK << 30) // 512}"


def test_the_reboot_of_the_installer_ends_it(installed: Installed) -> None:
    assert "(reason code 1)" in installed.run.text("up.log"), installed.run.tails()  # SHUTDOWN_reboot
    assert installed.console.count("Linux version") == 2  # the installer once, and what it installed


def test_pygrub_starts_the_installed_system_with_the_parameters_of_its_boot_menu(installed: Installed) -> None:
    assert installed.one("installed") == f"PV {INSTALLED}"


def test_the_installed_system_is_gone_when_it_switches_off(installed: Installed) -> None:
    names = [domain["config"]["c_info"]["name"] for domain in json.loads(installed.run.text("after.json"))]
    assert names == ["Domain-0"], installed.run.tails()

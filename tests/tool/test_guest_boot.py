"""A kernel starts under what we wrote for QEMU and for libvirt, finds its disk, card and command line, and its reboot ends
the installation."""

import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from builder.media.inject import member
from builder.outputs.guests import libvirt, qemu
from tests.tool import debian
from tests.tool.test_guest_tools import Driver, real
from tests.tool.tools import need
from tests.unit import guests

pytestmark = pytest.mark.boot

# In the order in which each finds what it stands on (modules.dep, from its end); virtio_pci brings old and new devices.
MODULES = ("net/core/failover", "drivers/net/net_failover", "drivers/virtio/virtio_ring", "drivers/virtio/virtio",
           "drivers/virtio/virtio_pci_modern_dev", "drivers/virtio/virtio_pci_legacy_dev", "drivers/virtio/virtio_pci",
           "drivers/net/virtio_net", "drivers/block/virtio_blk", "drivers/char/hw_random/virtio-rng")
INIT = """#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /sys
$b mount -t proc p /proc
$b mount -t sysfs s /sys
for m in {modules}; do $b insmod /m/$m.ko; done
$b sleep 1
echo "told cmdline=$($b cat /proc/cmdline)"
echo "told sectors=$($b cat /sys/block/vda/size)"
for a in /sys/class/net/e*/address; do echo "told mac=$($b cat $a)"; done
echo "told rng=$($b cat /sys/class/misc/hw_random/rng_current)"
echo "told uuid=$($b cat /sys/class/dmi/id/product_uuid)"
echo "told firmware=$([ -e /sys/firmware/efi ] && echo uefi || echo bios)"
echo "told flags=$($b grep -m1 ^flags /proc/cpuinfo)"
$b reboot -f
"""


def boot_files(folder):
    """Debian's kernel and an initrd of busybox that tells what it sees and reboots."""
    modules = next((debian.kernel_package() / "lib/modules").iterdir()) / "kernel"
    files = {"init": (INIT.format(modules=" ".join(Path(each).name for each in MODULES)).encode(), 0o755),
             "bin/busybox": (Path(need("/bin/busybox", "busybox-static")).read_bytes(), 0o755)}
    files |= {f"m/{Path(each).name}.ko": ((modules / f"{each}.ko").read_bytes(), 0o644) for each in MODULES}
    (folder / "vmlinuz").write_bytes(debian.vmlinuz().read_bytes())
    (folder / "initrd-ks.img").write_bytes(member(files, 0))


def told(console, guest, sectors):
    found = re.findall(r"told (\w+)=(.*?)\r?$", console, re.MULTILINE)
    assert found, console[-3000:]
    flags = dict(found).pop("flags").split()
    cmdline = dict(found)["cmdline"]
    # OVMF's own loader of kernels names the initrd as well (OvmfPkg GenericQemuLoadImageLib).
    assert cmdline.removesuffix(" initrd=initrd") == " ".join(guests.ARGUMENTS)
    assert [value for key, value in found if key == "mac"] == list(guest.boot.macs)
    assert dict(found)["sectors"] == str(sectors) and dict(found)["rng"].startswith("virtio_rng")
    assert dict(found)["uuid"] == guest.uuid and dict(found)["firmware"] == ("uefi" if guest.uefi else "bios")
    in_linux = {feature.replace(".", "_") for feature in guest.features()} - {"xsave"}
    assert in_linux <= set(flags)


@pytest.mark.parametrize("case", ["el7-bios-bridge", "el8-uefi-qcow2", "el9-two-cards", "el10-uefi-device"])
def test_qemu_installs_and_ends_at_the_reboot(tmp_path, case):
    host, guest = real(tmp_path, case)
    boot_files(host.bundle / "boot")
    done = host.run(qemu.install_script(guest))
    assert done.returncode == 0, done.stderr
    told(done.stdout, guest, 131072)


@pytest.mark.parametrize("case", ["el7-bios-bridge", "el8-uefi-qcow2", "el9-two-cards"])
def test_libvirt_installs_and_ends_at_the_reboot(case):
    tool = need("virt-qemu-run", "libvirt-daemon-driver-qemu")
    with tempfile.TemporaryDirectory(prefix="pinboot-libvirt-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        driver = Driver(folder)
        disk, log = folder / "home/web1.img", folder / "home/console"
        (folder / "bundle/boot").mkdir(parents=True)
        boot_files(folder / "bundle/boot")
        guest = guests.guest(**{**guests.CASES[case], "disk": str(disk), "bundle": f"{folder}/bundle", "memory": 256})
        disk.write_bytes(b"")
        os.truncate(disk, 64 << 20)
        disk.chmod(0o666)
        # A pty is for people, and a bridge for root.
        text = libvirt.configs(guest)[1].text.replace('<console type="pty" />', "").replace(
            '<serial type="pty" />', f'<serial type="file"><source path="{log}" /></serial>')
        text = re.sub(r'<interface type="(bridge|network)">', '<interface type="user">', text)
        text = re.sub(r"<source (bridge|network)=.*? />", "", text)
        who = {"user": driver.user.pw_uid, "group": driver.user.pw_gid, "extra_groups": []} if driver.user else {}
        life = folder / "root/log/qemu/web1.log"
        runner = subprocess.Popen([tool, "-r", folder / "root", driver.file(text)], stdout=subprocess.PIPE, text=True,
                                  stderr=subprocess.STDOUT, env={**os.environ, "HOME": str(folder / "home")}, cwd=folder, **who)
        try:
            deadline = time.monotonic() + 180
            # It does not see by itself that a domain that was never defined is gone.
            while not (life.exists() and "shutting down, reason=" in life.read_text()):
                assert runner.poll() is None and time.monotonic() < deadline, log.exists() and log.read_text(errors="replace")
                time.sleep(0.2)
        finally:
            runner.terminate()
            said, _ = runner.communicate(timeout=60)
        told(log.read_text(errors="replace"), guest, 131072)
        assert life.read_text().count("starting up libvirt version") == 1, said

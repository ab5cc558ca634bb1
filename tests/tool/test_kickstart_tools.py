"""Generated kickstarts and their scripts before the real judges: ksvalidator, the shells of the installers, shellcheck."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.boot.kickstart import disks, render, repositories
from builder.boot.line.cmdline import Machine
from builder.boot.review.reading import EXPECTED_WARNING
from builder.profile.secrets import Secret
from builder.profile.values import Addon, Disk, Host, Rhsm, Storage, Xen
from tests.tool.tools import need
from tests.unit import presets, samples

pytestmark = pytest.mark.tool

SHELLS = ("dash", "bash", "busybox")
SECTION = re.compile(r"(?ms)^%(?:pre|post|onerror)([^\n]*)\n(.*?)^%end$")


def command(shell: str) -> list[str]:
    """busybox is the shell of EL6's first installers, bash of later ones; dash knows nothing but POSIX."""
    package = {"busybox": "busybox-static"}.get(shell, shell)
    return [need(shell, package), "sh"] if shell == "busybox" else [need(shell, package)]


def made(release: str, host: Host, machine: Machine = "pc", **changes: object) -> str:
    key = samples.RSA if release.startswith("centos-6") else samples.KEY
    profile = samples.profile(release, hosts=(host,), root=samples.Root(ssh_keys=(key, key + "2")), **changes)
    return render.render(profile, host, install_url="http://192.0.2.5/tree", machine=machine)


def everything() -> Iterator[tuple[str, str, str]]:
    """(release, what, kickstart) of every shape that has a script in it."""
    for release, preset in presets.TAKEN:
        profile = presets.profile(release, preset)
        yield release, preset, render.render(profile, profile.hosts[0], install_url="http://192.0.2.5/t", machine="pc")
    rhsm = Rhsm(organization=Secret("1234567"), activation_key=Secret("web servers"))
    yield "rhel-7.9", "rhsm", made("rhel-7.9", samples.host(rhsm=rhsm), "xen-hvm")
    yield "rhel-9.6", "rhsm", made("rhel-9.6", samples.host(rhsm=rhsm), "xen-hvm")
    for release, run in (("centos-6.10", "pygrub"), ("centos-7.9.2009", "pvgrub")):
        yield release, run, made(release, samples.host(), "xen-pv", xen=Xen(run=run))
    yield "fedora-44", "pvh", made("fedora-44", samples.host(), "xen-pvh", xen=Xen(run="pvgrub"))
    yield "rocky-9.6", "mirror", made("rocky-9.6", samples.host(), installed_repos="mirror", addons=(
        Addon(name="com_redhat_kdump", options=("--enable", "--reserve-mb=auto")),))


@pytest.fixture(scope="module")
def kickstarts() -> list[tuple[str, str, str]]:
    return list(everything())


def test_ksvalidator_takes_every_kickstart_of_every_release(kickstarts: list[tuple[str, str, str]],
                                                             tmp_path: Path) -> None:
    tool = shutil.which("ksvalidator", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert tool, "pykickstart is a dependency of pinboot and brings ksvalidator"
    for release, what, text in kickstarts:
        file = tmp_path / f"{release}-{what}.ks"
        # The include is made on the machine; ksvalidator would look for it here.
        file.write_text(disks.expanded(text))
        handler = samples.profile(release).release.generation.handler
        done = subprocess.run([sys.executable, tool, "-v", handler, file], capture_output=True, text=True)
        # A warning ends with 1 as well, and this one is meant: each disk of a mirror has its own biosboot.
        assert done.returncode == 0 or done.stderr.strip() == EXPECTED_WARNING, (release, what, done.stdout, done.stderr)


def test_shellcheck_finds_nothing_in_any_section(kickstarts: list[tuple[str, str, str]], tmp_path: Path) -> None:
    tool = need("shellcheck", "shellcheck")
    bodies = {found[2] for _, _, text in kickstarts for found in SECTION.finditer(text)}
    assert len(bodies) >= 15
    for number, body in enumerate(sorted(bodies)):
        (tmp_path / f"{number}.sh").write_text(f"#!/bin/sh\n{body}")
    # SC2016: $basearch is for yum and not for the shell.
    done = subprocess.run([tool, "--shell=sh", "--severity=info", "--exclude=SC2016", *sorted(tmp_path.glob("*.sh"))],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


# The disk that a rule chooses


class Bench:
    """A machine's /sys/block, /proc/mounts and /tmp under a folder of ours."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("sys/block", "proc", "tmp", "dev"):
            (folder / name).mkdir(parents=True)
        (folder / "proc/mounts").write_text("rootfs / rootfs rw 0 0\n/dev/loop1 /run/install/repo squashfs ro 0 0\n")

    def disk(self, name: str, place: str, gib: int, **flags: int) -> None:
        """A disk at a place below /sys/devices, as the kernel shows it."""
        at = self.folder / "sys/devices" / place / "block" / name
        at.mkdir(parents=True)
        for file, value in {"size": gib << 21, "removable": 0, "ro": 0, **flags}.items():
            (at / file).write_text(f"{value}\n")
        (self.folder / "sys/block" / name).symlink_to(os.path.relpath(at, self.folder / "sys/block"))

    def run(self, shell: str, rule: str, release: str = "rocky-9.6",
            storage: Storage | None = None) -> subprocess.CompletedProcess[str]:
        order, _, kind = rule.partition(" ")
        host = samples.host(disk=Disk(name=rule, order=order, kind=kind), storage=storage or Storage())  # type: ignore[arg-type]
        (body,) = [found[2] for found in SECTION.finditer(made(release, host)) if "pre-disk" in found[1]]
        local = re.sub(r"(?<![\w.])/(sys|proc/mounts|tmp|dev/console)\b", rf"{self.folder}/\1", body)
        return subprocess.run([*command(shell), "-c", local], capture_output=True, text=True)

    def chosen(self) -> str:
        return (self.folder / "tmp/pinboot-disk").read_text().strip()


@pytest.fixture
def machine(tmp_path: Path) -> Bench:
    """Two NVMe disks, two on SATA, a RAID controller's, a stick, a card reader, an optical drive and an iSCSI disk."""
    found = Bench(tmp_path)
    found.disk("nvme0n1", "pci0000:00/0000:00:1d.0/0000:02:00.0/nvme/nvme0", 1800)
    found.disk("nvme1n1", "pci0000:00/0000:00:1d.4/0000:03:00.0/nvme/nvme1", 240)
    found.disk("sda", "pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0", 4000)
    found.disk("sdb", "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0", 4000)
    found.disk("sdc", "pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/host6/target6:0:0/6:0:0:0", 16)
    found.disk("sdd", "pci0000:16/0000:16:02.0/host7/target7:2:0/7:2:0:0", 900)
    found.disk("sde", "platform/host9/session1/target9:0:0/9:0:0:1", 100)
    found.disk("sdf", "pci0000:00/0000:00:1a.0/host10/target10:0:0/10:0:0:0", 30, removable=1)
    found.disk("vda", "pci0000:00/0000:00:05.0/virtio2", 20)
    found.disk("vdb", "pci0000:00/0000:00:06.0/virtio3", 2)
    found.disk("sr0", "pci0000:00/0000:00:17.0/ata3/host2/target2:0:0/2:0:0:0", 4)
    found.disk("loop1", "virtual", 1)
    return found


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("rule", "name"), [
    ("smallest nvme", "nvme1n1"), ("largest nvme", "nvme0n1"), ("first nvme", "nvme0n1"), ("first sata", "sdb"),
    ("largest scsi", "sdd"), ("first virtio", "vda"), ("smallest", "vda"),
])
def test_a_rule_chooses_what_it_says(machine: Bench, shell: str, rule: str, name: str) -> None:
    done = machine.run(shell, rule)
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.chosen() == name
    assert f"pinboot: chosen by the rule {rule}: {name}\n" in done.stdout
    lines = (machine.folder / "tmp/pinboot-disk.ks").read_text().splitlines()
    assert lines[0] == f"ignoredisk --only-use={name}"
    assert f"part /boot --fstype=xfs --size=1024 --ondisk={name}" in lines
    assert lines[-1] == f"bootloader --location=mbr --boot-drive={name}"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_log_says_of_every_disk_why_it_was_not_taken(machine: Bench, shell: str) -> None:
    said = machine.run(shell, "smallest nvme").stdout
    for line in ("nvme0n1, 1843200 MiB, nvme at ", "sda, 4096000 MiB: not taken, it is sata",
                 "sdc, 16384 MiB: not taken, it is on USB", "sde, 102400 MiB: not taken, it is on the network",
                 "sdf, 30720 MiB: not taken, it is removable", "vdb, 2048 MiB: not taken, it is virtio"):
        assert f"pinboot: {line}" in said, said
    assert "sr0" not in said and "loop1" not in said


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("rule", "reason"), [
    ("largest sata", "the largest is not one disk: sda and sdb are of one size; name the disk by-id"),
])
def test_two_disks_that_fit_alike_stop_the_installation(machine: Bench, shell: str, rule: str, reason: str) -> None:
    done = machine.run(shell, rule)
    assert done.returncode == 1
    assert done.stdout.endswith(f"pinboot: {reason}\npinboot: the installation ends here; nothing was erased\n")
    assert not (machine.folder / "tmp/pinboot-disk.ks").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_machine_without_a_fitting_disk_is_left_alone(tmp_path: Path, shell: str) -> None:
    machine = Bench(tmp_path)
    machine.disk("sdc", "pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/host6/target6:0:0/6:0:0:0", 500)
    machine.disk("vda", "pci0000:00/0000:00:05.0/virtio2", 4)
    done = machine.run(shell, "first")
    assert done.returncode == 1
    assert "vda, 4096 MiB: not taken, the layout takes 5120 MiB" in done.stdout
    assert "no disk fits the rule first" in done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_the_disk_that_the_installer_runs_from_is_never_taken(machine: Bench, shell: str) -> None:
    (machine.folder / "proc/mounts").write_text("/dev/nvme1n1p2 /run/install/isodir iso9660 ro 0 0\n")
    done = machine.run(shell, "smallest nvme")
    assert machine.chosen() == "nvme0n1"
    assert "nvme1n1, 245760 MiB: not taken, the installer runs from it" in done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_sda_is_not_in_use_because_sdaa_is(tmp_path: Path, shell: str) -> None:
    machine = Bench(tmp_path)
    machine.disk("sda", "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0", 100)
    (tmp_path / "proc/mounts").write_text("/dev/sdaa1 /run/install/repo iso9660 ro 0 0\n")
    assert machine.run(shell, "first sata").returncode == 0


@pytest.mark.parametrize("shell", SHELLS)
def test_an_nvme_disk_with_several_paths_is_judged_by_its_controller(tmp_path: Path, shell: str) -> None:
    """EL9 shows such a disk below a subsystem, which says nothing of where it is (drivers/nvme/host/multipath.c)."""
    machine = Bench(tmp_path)
    subsystem = tmp_path / "sys/devices/virtual/nvme-subsystem"
    for number, controller in ((0, "pci0000:00/0000:00:1d.0/0000:02:00.0/nvme/nvme0"), (1, "virtual/nvme-fabrics/ctl/nvme1")):
        head = subsystem / f"nvme-subsys{number}" / f"nvme{number}n1"
        head.mkdir(parents=True)
        for file, value in {"size": (500 - number) << 21, "removable": 0, "ro": 0}.items():
            (head / file).write_text(f"{value}\n")
        (tmp_path / "sys/devices" / controller).mkdir(parents=True)
        (subsystem / f"nvme-subsys{number}" / f"nvme{number}").symlink_to(tmp_path / "sys/devices" / controller)
        (tmp_path / "sys/block" / f"nvme{number}n1").symlink_to(head)
    done = machine.run(shell, "smallest nvme")
    assert machine.chosen() == "nvme0n1", done.stdout
    assert "nvme1n1, 510976 MiB: not taken, it is on the network" in done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_a_passphrase_comes_through_the_script_as_it_is_and_unreadable_for_others(machine: Bench, shell: str) -> None:
    machine.run(shell, "smallest nvme", storage=Storage(layout="lvm", encrypt=presets.LUKS))
    file = machine.folder / "tmp/pinboot-disk.ks"
    assert '--passphrase="correct \\"horse\\" #1 $battery"' in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


# Sections that end in the installed system


def section(text: str, log: str) -> str:
    (body,) = [found[2] for found in SECTION.finditer(text) if f"pinboot-{log}.log" in found[1]]
    return body


@pytest.mark.parametrize("shell", SHELLS)
def test_logs_and_secrets_are_carried_over_and_the_kickstart_is_not_kept(tmp_path: Path, shell: str) -> None:
    text = made("rocky-9.6", samples.host(storage=Storage(layout="lvm", encrypt=presets.TANG), disk=Disk(name="sda")),
                pre=(samples.text_file("p.sh", "true\n"),))
    for folder in ("run/install", "tmp", "proc", "new/root"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "run/install/ks.cfg").write_text(text)
    (tmp_path / "tmp/pinboot-pre-1.log").write_text("told\n")
    (tmp_path / "proc/cmdline").write_text("quiet *\n")
    local = re.sub(r"(?<![\w.}\"])/(run|tmp|proc)\b", rf"{tmp_path}/\1", section(text, "carry"))
    done = subprocess.run([*command(shell), "-c", local], capture_output=True, text=True,
                          env={**os.environ, "ANA_INSTALL_PATH": f"{tmp_path}/new"})
    assert done.returncode == 0, done.stderr
    root = tmp_path / "new/root"
    assert (root / "pinboot-pre-1.log").read_text() == "told\n"
    assert (root / ".pinboot-luks").read_text() == presets.PASSPHRASE
    assert {p.stat().st_mode & 0o777 for p in root.iterdir()} == {0o600}
    assert not (tmp_path / "run/install/ks.cfg").exists()
    assert (tmp_path / "tmp/NOSAVE_INPUT_KS").exists()


EFIBOOTMGR = """#!/bin/sh
if [ "$1" = -v ]; then cat <<'END'
BootCurrent: 0003
Timeout: 1 seconds
BootOrder: 0003,0000,0007,0001
Boot0000* UiApp	FvVol(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)/FvFile(462caa21-7614-4503-836e-8ab6f4662331)
Boot0001* Old Linux	HD(1,GPT,11111111-2222-3333-4444-555555555555,0x800,0x12c000)/File(\\EFI\\old\\shimx64.efi)
Boot0003* UEFI PXEv4 (MAC:525400123456)	PciRoot(0x0)/Pci(0x3,0x0)/MAC(525400123456,1)/IPv4(0.0.0.0,0,0)
Boot0007* Rocky Linux	HD(1,GPT,AAAAAAAA-bbbb-4ccc-8ddd-eeeeeeeeeeee,0x800,0x12c000)/File(\\EFI\\rocky\\shimx64.efi)
Boot000A* Rocky Linux	HD(1,GPT,99999999-bbbb-4ccc-8ddd-eeeeeeeeeeee,0x800,0x12c000)/File(\\EFI\\rocky\\shimx64.efi)
END
else echo "$@" > order; fi
"""


def boot_order(tmp_path: Path, shell: str, blkid: str, mounts: str, halves: tuple[str, ...] = ()) -> str:
    text = made("rocky-9.6", samples.host(disk=Disk(name="sda"), firmware="uefi"))
    for folder in ("sys/firmware/efi", "proc", "bin", *(f"sys/class/block/md127/slaves/{half}" for half in halves)):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "proc/mounts").write_text(mounts)
    for name, script in (("efibootmgr", EFIBOOTMGR), ("blkid", blkid)):
        (tmp_path / "bin" / name).write_text(script)
        (tmp_path / "bin" / name).chmod(0o755)
    local = re.sub(r"(?<![\w.])/(sys|proc)\b", rf"{tmp_path}/\1", section(text, "bootorder"))
    done = subprocess.run([*command(shell), "-c", local], capture_output=True, text=True, cwd=tmp_path,
                          env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stdout + done.stderr
    return (tmp_path / "order").read_text().strip()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_installed_disk_comes_first_in_the_boot_order(tmp_path: Path, shell: str) -> None:
    assert boot_order(tmp_path, shell, "#!/bin/sh\necho aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee\n",
                      "/dev/sda1 /boot/efi vfat rw 0 0\n") == "-o 0007,0003,0000,0001"


@pytest.mark.parametrize("shell", SHELLS)
def test_both_halves_of_a_mirrored_esp_come_first(tmp_path: Path, shell: str) -> None:
    blkid = ('#!/bin/sh\ncase "$*" in *sda1) echo aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee ;; '
             '*) echo 99999999-bbbb-4ccc-8ddd-eeeeeeeeeeee ;; esac\n')
    assert boot_order(tmp_path, shell, blkid, "/dev/md127 /boot/efi vfat rw 0 0\n", ("sda1", "sdb1")) == \
        "-o 0007,000A,0003,0000,0001"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_blkid_without_partuuids_leaves_it_to_the_path_of_the_loader(tmp_path: Path, shell: str) -> None:
    assert boot_order(tmp_path, shell, "#!/bin/sh\nexit 2\n", "/dev/sda1 /boot/efi vfat rw 0 0\n").startswith("-o 0001,0007")


@pytest.mark.parametrize("shell", SHELLS)
def test_on_bios_the_boot_order_is_not_asked_for(tmp_path: Path, shell: str) -> None:
    body = section(made("rocky-9.6", samples.host(disk=Disk(name="sda"))), "bootorder")
    local = body.replace("/sys/", f"{tmp_path}/sys/")
    assert subprocess.run([*command(shell), "-c", local], env={"PATH": "/nowhere"}).returncode == 0


@pytest.mark.parametrize("shell", SHELLS)
def test_other_repositories_are_switched_off_and_their_key_is_kept(tmp_path: Path, shell: str) -> None:
    text = made("rocky-9.6", samples.host(), installed_repos="mirror")
    (tmp_path / "rocky.repo").write_text("[baseos]\nname=x\nenabled=1\ngpgcheck=1\n"
                                         "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-9\n\n[crb]\nenabled = 0\n[plain]\n")
    local = section(text, "repositories").replace("/etc/yum.repos.d", str(tmp_path))
    subprocess.run([*command(shell), "-c", local], check=True)
    assert (tmp_path / "rocky.repo").read_text() == (
        "[baseos]\nenabled=0\nname=x\ngpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-9\n\n"
        "[crb]\nenabled=0\n[plain]\nenabled=0\n")
    made_file = (tmp_path / repositories.FILE).read_text()
    assert made_file.count("gpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-9\n") == made_file.count("[") == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_rhsm_on_el7_keeps_the_key_off_every_command_line(tmp_path: Path, shell: str) -> None:
    rhsm = Rhsm(organization=Secret("1234567"), activation_key=Secret("it's a key"))
    text = made("rhel-7.9", samples.host(rhsm=rhsm), "xen-hvm")
    assert "it's a key" not in section(text, "rhsm")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/.pinboot-organization").write_text("1234567")
    (tmp_path / "root/.pinboot-activation-key").write_text("it's a key")
    program = tmp_path / "subscription-manager"
    program.write_text("import sys\nif __name__ == '__main__':\n"
                       "    open('said', 'w').write(repr(sys.argv[1:]) + open('/proc/self/cmdline').read())\n")
    (tmp_path / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (tmp_path / "python").chmod(0o755)
    local = section(text, "rhsm").replace("/root/", f"{tmp_path}/root/").replace("/usr/sbin/subscription-manager",
                                                                               str(program))
    subprocess.run([*command(shell), "-c", local], check=True, cwd=tmp_path,
                   env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    said, _, line = (tmp_path / "said").read_text().partition("]")
    assert said + "]" == repr(["register", "--org=1234567", "--activationkey=it's a key"])
    assert "key" not in line.replace("activation", "") or "it's" not in line
    assert not list((tmp_path / "root").iterdir())


@pytest.mark.parametrize("shell", SHELLS)
def test_every_luks_device_is_bound_with_the_passphrase_on_standard_input(tmp_path: Path, shell: str) -> None:
    text = made("rocky-9.6", samples.host(storage=Storage(layout="lvm", encrypt=presets.TANG), disk=Disk(name="sda")))
    for folder in ("root", "etc", "bin", "lib/modules/5.14.0-1.el9.x86_64", "boot"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "root/.pinboot-luks").write_text(presets.PASSPHRASE)
    (tmp_path / "etc/crypttab").write_text("# by anaconda\n\nluks-1 UUID=1111-22 none discard\nluks-2 /dev/md/pv00 none\n")
    (tmp_path / "boot/vmlinuz-5.14.0-1.el9.x86_64").touch()
    for name, script in (("clevis", 'echo "$@" >> bound; cat >> given; echo >> given'), ("dracut", 'echo "$@" >> made')):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    local = re.sub(r"(?<![\w.])/(root|etc|lib|boot|usr)/", rf"{tmp_path}/\1/", section(text, "clevis"))
    done = subprocess.run([*command(shell), "-c", local], capture_output=True, text=True, cwd=tmp_path,
                          env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stderr
    config = f'tang {{"url":"http://10.0.0.9","thp":"{presets.THUMBPRINT}"}}'
    assert (tmp_path / "bound").read_text().splitlines() == [
        f"luks bind -y -k - -d /dev/disk/by-uuid/1111-22 {config}", f"luks bind -y -k - -d /dev/md/pv00 {config}"]
    assert (tmp_path / "given").read_text() == f"{presets.PASSPHRASE}\n" * 2
    assert (tmp_path / "made").read_text() == (
        f"-f {tmp_path}/boot/initramfs-5.14.0-1.el9.x86_64.img 5.14.0-1.el9.x86_64\n")
    assert not (tmp_path / "root/.pinboot-luks").exists()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("release", "machine", "left", "said"), [
    ("centos-6.10", "xen-pv", "etc/init/pinboot-hvc0.conf", "\nexec /sbin/agetty /dev/hvc0 38400 vt100-nav\n"),
    ("centos-7.9.2009", "xen-pv", "enabled", "enable serial-getty@hvc0.service\n"),
    ("fedora-44", "xen-pvh", "menu", "GRUB_ENABLE_BLSCFG=false\n"),
])
def test_a_guest_without_firmware_can_be_logged_in_to_and_started(tmp_path: Path, shell: str, release: str,
                                                                 machine: Machine, left: str, said: str) -> None:
    for folder in ("etc/dracut.conf.d", "etc/init", "etc/default", "bin", "lib/modules/1", "boot"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/securetty").write_text("console\n")
    (tmp_path / "etc/default/grub").write_text("GRUB_ENABLE_BLSCFG=true\n")
    (tmp_path / "boot/vmlinuz-1").touch()
    for name, script in (("dracut", 'echo "$@" > made'), ("systemctl", 'echo "$@" > enabled'),
                         ("grub2-mkconfig", "cat etc/default/grub > menu")):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    body = section(made(release, samples.host(), machine, xen=Xen(run="pygrub")), "xen")
    local = re.sub(r"(?<![\w.])/(etc|lib|boot)/", rf"{tmp_path}/\1/", body)
    for _ in range(2):
        subprocess.run([*command(shell), "-c", local], check=True, cwd=tmp_path, env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"})
    assert (tmp_path / "etc/dracut.conf.d/pinboot-xen.conf").read_text() == 'add_drivers+=" xen-blkfront xen-netfront "\n'
    assert (tmp_path / "etc/securetty").read_text() == "console\nhvc0\n"
    assert (tmp_path / "made").read_text().endswith("initramfs-1.img 1\n")
    assert said in (tmp_path / left).read_text()

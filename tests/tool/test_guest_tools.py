"""Guests as the tools of the host see them: libvirt's schema, libvirt's own QEMU driver, QEMU itself, virt-install.

No service runs: the driver is loaded by virsh itself (libvirt, drvqemu, "Embedded driver"), as an ordinary user.
"""

import json
import os
import pwd
import re
import shlex
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from builder.demo import kernel
from builder.errors import UsageError
from builder.outputs.guests import libvirt, qemu, virtinstall
from tests.tool.tools import need
from tests.unit import guests
from tests.unit.hostile import HOSTILE, ODD

pytestmark = pytest.mark.tool

NASTY = "/srv/it's a, $(bundle) `of` \"mine\" \\ & <b>žluť</b>,,initrd=x;y"
END = "end-of-one-command"
DRIVER = "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so"
VIRT_MANAGER = "/usr/share/virt-manager/virtinst/cli.py"


class Driver:
    """libvirt's QEMU driver in a folder of its own. Software emulation, for KVM is not everywhere: `kvm` of a domain
    becomes `qemu`, and nothing else of it changes."""

    def __init__(self, folder):
        need("virsh", "libvirt-clients")
        need(DRIVER, "libvirt-daemon-driver-qemu")
        need("qemu-system-x86_64", "qemu-system-x86")
        self.folder = folder
        # Consoles in files are written by QEMU itself, not by libvirt's virtlogd.
        (folder / "root" / "etc").mkdir(parents=True)
        (folder / "root" / "etc" / "qemu.conf").write_text('stdio_handler = "file"\n')
        (folder / "home").mkdir()
        self.user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        for name in ("root", "root/etc", "home"):
            if self.user:
                os.chown(folder / name, self.user.pw_uid, self.user.pw_gid)

    def virsh(self, *words):
        who = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        return subprocess.run(["virsh", "-q", "-c", f"qemu:///embed?root={self.folder}/root", *words], text=True, timeout=120,
                              capture_output=True, env={**os.environ, "HOME": str(self.folder / "home"), "LC_ALL": "C.UTF-8"},
                              cwd=self.folder, **who)

    def file(self, text, name="domain.xml"):
        path = self.folder / name
        path.write_text(text.replace('<domain type="kvm">', '<domain type="qemu">', 1), encoding="utf-8")
        path.chmod(0o644)
        return path

    def arguments(self, *texts):
        """The command of QEMU that libvirt would run for each domain; all in one virsh, which asks QEMU only once.

        Without cards: for these libvirt makes a tap device even now, which takes root.
        """
        done = self.virsh(";".join(
            f"domxml-to-native qemu-argv --xml {self.file(without_cards(text), f'{number}.xml')}; echo {END}"
            for number, text in enumerate(texts)))
        assert done.returncode == 0, done.stderr
        return [shlex.split(each) for each in done.stdout.split(END)[:-1]]

    def kept(self, text):
        """The domain as libvirt keeps it once it is defined."""
        done = self.virsh(f"define {self.file(text)}; dumpxml --inactive web1; undefine web1 --nvram")
        assert done.returncode == 0, done.stderr
        return done.stdout[done.stdout.index("<domain"):done.stdout.index("</domain>")] + "</domain>"


def without_cards(text):
    return re.sub(r"\s*<interface.*?</interface>", "", text, flags=re.DOTALL)


@pytest.fixture(scope="module")
def driver():
    # Not tmp_path, whose parents are closed to other users.
    with tempfile.TemporaryDirectory(prefix="pinboot-libvirt-") as folder:
        Path(folder).chmod(0o755)
        yield Driver(Path(folder))


def after(arguments, option):
    return [arguments[at + 1] for at, word in enumerate(arguments) if word == option]


@pytest.mark.parametrize("case", guests.CASES)
def test_every_domain_fits_libvirt_s_schema(tmp_path, case):
    need("xmllint", "libxml2-utils")
    for file in libvirt.configs(guests.guest(**guests.CASES[case], bundle=NASTY)):
        path = tmp_path / Path(file.path).name
        path.write_text(file.text, encoding="utf-8")
        done = subprocess.run([need("virt-xml-validate", "libvirt-clients"), path, "domain"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_schema_refuses_a_word_that_libvirt_does_not_know(tmp_path):
    need("xmllint", "libxml2-utils")
    path = tmp_path / "a.xml"
    path.write_text(libvirt.configs(guests.guest())[0].text.replace("<on_reboot>restart<", "<on_reboot>again<"))
    done = subprocess.run([need("virt-xml-validate", "libvirt-clients"), path, "domain"], capture_output=True)
    assert done.returncode != 0


@pytest.mark.parametrize("case", guests.CASES)
def test_libvirt_starts_what_was_meant(driver, case):
    need("/usr/share/OVMF/OVMF_CODE_4M.fd", "ovmf")
    guest = guests.guest(**guests.CASES[case], bundle=NASTY)
    run, install = driver.arguments(*(file.text for file in libvirt.configs(guest)))
    assert after(install, "-kernel") == [f"{NASTY}/boot/vmlinuz"]
    assert after(install, "-initrd") == [f"{NASTY}/boot/initrd-ks.img"]
    assert after(install, "-append") == [" ".join(guests.ARGUMENTS)]
    assert not {"-kernel", "-initrd", "-append"} & set(run)
    for made in (run, install):
        assert after(made, "-machine")[0].startswith("pc-q35-" if guest.machine == "q35" else "pc-i440fx-")
        assert after(made, "-uuid") == [guest.uuid] and after(made, "-m") == ["2048"]
        assert after(made, "-smp")[0].split(",")[0] == str(guest.boot.vcpus)
        devices = [json.loads(each) for each in after(made, "-device") if each.startswith("{")]
        assert [each["driver"] for each in devices if "blk" in each["driver"]] == ["virtio-blk-pci"]
        assert ("virtio-rng-pci" in [each["driver"] for each in devices]) and ("-vnc" in made) is guest.display
        blocks = [json.loads(each) for each in after(made, "-blockdev")]
        disks = [each for each in blocks if each.get("filename") == guest.boot.disk]
        assert [each["driver"] for each in disks] == ["host_device" if guest.disk_is_device else "file"]
        assert [each["driver"] for each in blocks if each["node-name"] == "libvirt-1-format"] == [guest.disk_format]
        firmware = [each["filename"] for each in blocks if "OVMF" in each.get("filename", "")]
        assert firmware == (["/usr/share/OVMF/OVMF_CODE_4M.fd"] if guest.uefi else [])


def test_libvirt_reads_every_hostile_folder_and_odd_parameter_as_it_was_meant(driver):
    made, wanted = [], []
    for text in HOSTILE:
        try:
            guest = guests.guest(bundle=f"/srv/{text}", arguments=("quiet",))
        except UsageError:
            continue
        made.append(libvirt.configs(guest)[1])
        wanted.append((f"/srv/{text}/boot/vmlinuz", "quiet"))
    for odd in ODD:
        made.append(libvirt.configs(guests.guest(arguments=(odd,)))[1])
        wanted.append(("/srv/pinboot/boot/vmlinuz", odd))
    found = driver.arguments(*(file.text for file in made))
    assert [(after(each, "-kernel")[0], after(each, "-append")[0]) for each in found] == wanted
    assert len(wanted) > 300


@pytest.mark.parametrize("generation", ["el9", "el10"])
def test_libvirt_gives_more_than_the_level_and_refuses_a_host_below_it(driver, generation):
    text = libvirt.configs(guests.guest(generation))[0].text
    (made,) = driver.arguments(text)
    assert not after(made, "-cpu")[0].startswith("Nehalem")  # the host's own model: the floor is only a floor
    # What QEMU's software processor lacks stands for a host that is too old.
    old = text.replace("</cpu>", '<feature policy="require" name="avx512f"/></cpu>')
    done = driver.virsh("domxml-to-native", "qemu-argv", "--xml", str(driver.file(without_cards(old))))
    assert done.returncode != 0 and "Host CPU does not provide required features: avx512f" in done.stderr


@pytest.mark.parametrize("case", guests.CASES)
def test_libvirt_keeps_every_word_of_a_domain(driver, case):
    """It adds defaults and places on the bus; of what we say it changes the unit of memory and the alias of a machine."""
    for file in libvirt.configs(guests.guest(**guests.CASES[case], bundle=NASTY)):
        kept = guests.values(driver.kept(file.text))
        for path, text, attributes in guests.values(file.text):
            if path in ("/domain", "/domain/memory", "/domain/os/type", "/domain/console"):
                continue
            # A port that libvirt chooses at the start is not kept as -1.
            wanted = {key: value for key, value in attributes.items() if (path, key) != ("/domain/devices/graphics", "port")}
            assert [each for each in kept if each[:2] == (path, text) and wanted.items() <= each[2].items()], (path, text, wanted)
        assert ("/domain/memory", str(2048 * 1024), {"unit": "KiB"}) in kept


class Qemu:
    """A QEMU that a script started and that waits before the first instruction, asked through QMP."""

    def __init__(self, host, rendered, *more, **environment):
        self.path = host.folder / "qmp"
        script = host.bundle / rendered.path
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(rendered.text)
        self.process = subprocess.Popen(
            ["dash", script, "-S", "-qmp", f"unix:{self.path},server=on,wait=off", *more], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **environment})

    def __enter__(self):
        deadline = time.monotonic() + 60
        self.socket = socket.socket(socket.AF_UNIX)
        while self.socket.connect_ex(str(self.path)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                pytest.fail(f"QEMU does not answer: {self.process.communicate()[0]}")
            time.sleep(0.05)
        self.file = self.socket.makefile("rw", encoding="utf-8")
        self.file.readline()
        self.ask("qmp_capabilities")
        return self

    def ask(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            said = json.loads(self.file.readline())
            assert "error" not in said, said
            if "return" in said:
                return said["return"]

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()
        self.process.kill()
        self.process.communicate()


def real(folder, case, **changes):
    """A host on which QEMU and qemu-img are the real ones, and the guest of a case on it."""
    need("qemu-system-x86_64", "qemu-system-x86")
    need("qemu-img", "qemu-utils")
    need("/usr/share/OVMF/OVMF_CODE_4M.fd", "ovmf")
    host = guests.Host(folder, bundle="it's a, $(bundle) `of` \"mine\" \\ žluť")
    for tool in ("qemu-system-x86_64", "qemu-img"):
        (host.tools / tool).unlink()
    (host.bundle / "boot/vmlinuz").write_bytes(kernel.make("5.14.0-570.el9.x86_64", xen="none", seed="guests"))
    wanted = {**guests.CASES[case], "bundle": str(host.bundle), **changes}
    suffix = ".qcow2" if "qcow2" in case else ".img"
    host.disk = folder / f"web1{suffix}"
    # A bridge needs a helper that is root, a device one that is there.
    return host, guests.guest(**{**wanted, "bridge": "", "disk": str(host.disk), "disk_size": 64 << 20, "memory": 256})


@pytest.mark.parametrize("case", guests.CASES)
def test_qemu_has_what_was_meant(tmp_path, case):
    host, guest = real(tmp_path, case)
    with Qemu(host, qemu.install_script(guest)) as made:
        assert made.ask("query-name") == {"name": "web1"} and made.ask("query-uuid") == {"UUID": guest.uuid}
        kind = made.ask("qom-get", path="/machine", property="type")
        assert kind.startswith("pc-q35-" if guest.machine == "q35" else "pc-i440fx-")
        assert made.ask("qom-get", path="/machine", property="kernel") == guest.kernel
        assert made.ask("qom-get", path="/machine", property="initrd") == guest.initrd
        assert made.ask("qom-get", path="/machine", property="append") == " ".join(guests.ARGUMENTS)
        assert len(made.ask("query-cpus-fast")) == guest.boot.vcpus
        assert made.ask("query-memory-size-summary")["base-memory"] == 256 << 20
        cards = [each["main-mac"] for each in made.ask("query-rx-filter")]
        assert sorted(cards) == sorted(guest.boot.macs)
        files = {each["inserted"]["file"]: each["inserted"]["drv"] for each in made.ask("query-block") if "inserted" in each}
        assert files.pop(str(host.disk)) == guest.disk_format
        assert sorted(files) == sorted(["/usr/share/OVMF/OVMF_CODE_4M.fd", qemu.nvram(guest)] if guest.uefi else [])
    info = json.loads(subprocess.run(["qemu-img", "info", "--output=json", host.disk], capture_output=True, check=True).stdout)
    assert (info["format"], info["virtual-size"]) == (guest.disk_format, 64 << 20)
    assert host.disk.stat().st_mode & 0o077 == 0
    with Qemu(host, qemu.run_script(guest)) as made:
        assert made.ask("qom-get", path="/machine", property="kernel") == ""
        assert made.ask("query-uuid") == {"UUID": guest.uuid}


def test_the_caller_s_options_win(tmp_path):
    host, guest = real(tmp_path, "el9-two-cards")
    with Qemu(host, qemu.install_script(guest), "-m", "300M", "-append", "it's, mine") as made:
        assert made.ask("qom-get", path="/machine", property="append") == "it's, mine"
        assert made.ask("query-memory-size-summary")["base-memory"] == 300 << 20


def test_a_comma_in_a_value_is_one_value_for_qemu(tmp_path):
    need("qemu-system-x86_64", "qemu-system-x86")
    path = tmp_path / "a,b,,c=d.img"
    path.write_bytes(bytes(1 << 20))
    host = guests.Host(tmp_path)
    host.disk.write_bytes(bytes(512))
    (host.tools / "qemu-system-x86_64").unlink()
    drive = f"if=none,id=x,format=raw,file={qemu.option(str(path))}"
    with Qemu(host, qemu.run_script(host.guest()), "-drive", drive) as made:
        assert str(path) in [each["inserted"]["file"] for each in made.ask("query-block") if "inserted" in each]


def test_qemu_knows_every_feature_and_does_not_start_without_one():
    tool = need("qemu-system-x86_64", "qemu-system-x86")
    words = [tool, "-machine", "none", "-S", "-display", "none", "-cpu"]
    known = subprocess.run([*words[:1], "-cpu", "help"], capture_output=True, text=True).stdout.split("CPUID flags:")[1].split()
    assert {f.replace("_", "-") for f in guests.guest("el10").features()} <= set(known)
    done = subprocess.run([tool, "-machine", "q35", "-accel", "tcg", "-S", "-display", "none", "-cpu",
                           qemu.cpu(guests.guest("el10")) + ",+avx512f"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "TCG doesn't support requested feature: CPUID.07H:EBX.avx512f" in done.stderr


def domains(folder, driver, guest, host):
    """What virt-install would give to libvirt: the domain that installs and the one that stays.

    libvirt's test driver has no x86_64 and the embedded one no storage, so virt-install gets the capabilities of the
    second through the first (virtinst uri.py).
    """
    for name, words in (("caps", ["capabilities"]), ("domcaps", ["domcapabilities", "--virttype", "qemu", "--machine", guest.machine])):
        done = driver.virsh(*words)
        assert done.returncode == 0, done.stderr
        (folder / f"{name}.xml").write_text(done.stdout)
    uri = f"__virtinst_test__test:///default,caps={folder}/caps.xml,domcaps={folder}/domcaps.xml,fakeuri=qemu:///system"
    (host.tools / "virt-install").unlink()
    done = host.run(virtinstall.install_script(guest), "--connect", uri, "--print-xml", "--dry-run",
                    HOME=str(folder), XDG_CACHE_HOME=str(folder / "cache"), LC_ALL="C.UTF-8")
    assert done.returncode == 0, done.stderr
    return [text + "</domain>" for text in done.stdout.split("</domain>")[:-1]]


def elements(text, *paths):
    """Every element below these with its attributes; of kernel and initrd virt-install names its own copies."""
    found = {}
    for path in paths:
        for top in ElementTree.fromstring(text).findall(path):
            found.setdefault(path, []).append([(each.tag, (each.text or "").strip(), each.attrib) for each in top.iter()
                                               if each.tag not in ("kernel", "initrd")])
    return found


def summary(text):
    """What the two write in another order or unit: memory in KiB, cards, screens."""
    domain = ElementTree.fromstring(text)
    memory = domain.find("memory")
    return (int(memory.text) * {"KiB": 1, "MiB": 1024}[memory.get("unit", "KiB")],
            [{(each.tag, *sorted(each.attrib.items())) for each in card.iter()} for card in domain.iter("interface")],
            [each.get("listen") for each in domain.iter("graphics")],
            [each.get("type") for each in domain.iterfind("devices/video/model")])


SAME = ("name", "uuid", "title", "vcpu", "os", "features", "cpu", "clock", "devices/disk", "devices/serial", "devices/console",
        "devices/rng")


@pytest.mark.parametrize("case", [case for case in guests.CASES if "device" not in case])
def test_virt_install_makes_the_domains_that_we_write(tmp_path, driver, case):
    need("virt-install", "virtinst")
    host = guests.Host(tmp_path, bundle="it's a, \"bundle\" \\ žluť")
    guest = host.guest(**{**guests.CASES[case], "disk": str(tmp_path / Path(guests.CASES[case].get("disk", "a.img")).name),
                          "network": "default"})
    install, run = domains(tmp_path, driver, guest, host)
    ours_run, ours_install = (file.text for file in libvirt.configs(guest))
    for theirs, ours in ((install, ours_install), (run, ours_run)):
        assert elements(theirs, *SAME) == elements(ours, *SAME)
        assert summary(theirs) == summary(ours)
    assert ElementTree.fromstring(install).findtext("on_reboot") == "destroy"
    assert ElementTree.fromstring(install).findtext("os/cmdline") == " ".join(guests.ARGUMENTS)
    assert ElementTree.fromstring(install).findtext("os/kernel").endswith("-vmlinuz")  # its own copy
    assert ElementTree.fromstring(run).find("os/kernel") is None


def test_virt_install_s_parser_reads_every_value_as_it_was_meant():
    need(VIRT_MANAGER, "virtinst")
    texts = [text for text in HOSTILE if text and text.isprintable()]
    given = [{"kernel": text, "initrd": f"/{text}", "kernel_args": odd} for text, odd in zip(
        texts, [*ODD, *texts][:len(texts)], strict=True)]
    options = [",".join(f"{key}={virtinstall.value(text)}" for key, text in each.items()) for each in given]
    code = ("import json, sys; sys.path.insert(0, '/usr/share/virt-manager')\n"
            "from virtinst import cli\n"
            "def read(option):\n"
            "    found = cli.parse_install(option)\n"
            "    return {key: getattr(found, key) for key in ('kernel', 'initrd', 'kernel_args')}\n"
            "print(json.dumps([read(each) for each in json.load(sys.stdin)]))\n")
    done = subprocess.run([need("/usr/bin/python3", "python3"), "-c", code], input=json.dumps(options), text=True,
                          capture_output=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == given and len(given) > 200

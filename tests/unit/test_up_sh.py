"""up.sh for real, in every shell that is here, with an xl that notes what it is asked and lies as the test says."""

import dataclasses
import os
import stat
import subprocess

import pytest

from builder.media import checksums
from builder.media.bundle import bundle, text_entry
from builder.media.pack import directory
from builder.outputs import dom0 as dom0_rows
from builder.outputs import shell as words
from builder.outputs import up, xen
from tests.machines import EPOCH, profile
from tests.tool.tools import need

SHELLS = {"dash": ["dash"], "bash": ["bash"], "ksh": ["ksh"], "mksh": ["mksh"], "busybox": ["busybox", "sh"]}
# What xl 4.17 prints in the foreground (XEN 1).
ENDED = "Parsing config from x\nDomain 7 has shut down, reason code {code} 0x{code}\nDone. Exiting now\n"
XL = """#!/bin/sh
state={state}
echo "$*" >>"$state/calls"
case $1 in
list) [ -e "$state/running-$2" ] ;;
create)
	for config; do :; done
	target=$(sed -n 's/^disk = .*target=\\(.*\\)" ]/\\1/p' "$config")
	[ -e "$target" ] && echo "saw $(wc -c <"$target") bytes" >>"$state/calls"
	if [ "$2" = -F ]; then
		cat "$state/said" >&2
		exit "$(cat "$state/code")"
	fi
	touch "$state/running-$(basename "$config" .cfg)"
	;;
esac
"""
TWO = '''
[host.web2]
address = "192.168.1.23/24"
disk = { size = "8 GiB" }
'''


class Dom0:
    """A dom0 in a folder: the bundle, the disks, and a PATH whose xl is the test's."""

    def __init__(self, folder, *, dom0="linux", run="pygrub", hosts="", mib=20480, release="centos-7.9.2009",
                 bridge="lo", image="web1.img"):
        self.folder, self.state, self.tools = folder, folder / "state", folder / "bin"
        for each in (self.state, self.tools, folder / "tmp"):
            each.mkdir()
        self.disk = folder / "disks" / image
        made = profile(folder, release, f'dom0 = "{dom0}"\nrun = "{run}"\npath = "{folder}/pinboot"\n'
                       f'disks = "{folder}/disks"\nbridge = "{bridge}"', hosts)
        first = dataclasses.replace(made.hosts[0], disk=dataclasses.replace(
            made.hosts[0].disk, size=None if mib is None else mib << 20, file=str(self.disk)))
        self.profile = dataclasses.replace(made, hosts=(first, *made.hosts[1:]))
        self.fake("xl", XL.format(state=self.state))
        self.answer(ENDED.format(code=1))
        self.write()

    def write(self):
        kind = "hvm" if self.profile.xen.run == "disk" else "pv"
        files = [up.script(self.profile), *(file for host in self.profile.hosts for file in xen.configs(
            host, self.profile, kind=kind, cmdline="console=hvc0"))]
        entries = [text_entry(file.path, file.text, mode=file.mode) for file in files]
        entries += [checksums.script(), text_entry("boot/vmlinuz", b"kernel"),
                    text_entry("boot/initrd-ks.img", b"initrd", mode=0o600)]
        directory_of = self.folder / "pinboot"
        directory.write(bundle("web", EPOCH, [*entries, text_entry("manifest.json", "{}"), checksums.build(
            [*entries, text_entry("manifest.json", "{}")])]), directory_of)

    def fake(self, name, text):
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)

    def answer(self, said, code=0):
        (self.state / "said").write_text(said)
        (self.state / "code").write_text(str(code))

    def up(self, *arguments, shell="dash"):
        environment = {**os.environ, "PATH": f"{self.tools}:{os.environ['PATH']}", "TMPDIR": str(self.folder / "tmp")}
        return subprocess.run([*SHELLS[shell], f"{self.folder}/pinboot/up.sh", *arguments], env=environment, text=True,
                              capture_output=True, cwd=self.folder, stdin=subprocess.DEVNULL, timeout=60)

    @property
    def calls(self):
        path = self.state / "calls"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def created(self):
        return [call.replace(f"{self.folder}/pinboot/hosts/", "") for call in self.calls if "create" in call]


@pytest.fixture
def dom0(tmp_path):
    return Dom0(tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_it_makes_the_disk_installs_and_starts_the_guest_in_that_order(tmp_path, shell):
    need(SHELLS[shell][0], shell)
    dom0 = Dom0(tmp_path)
    done = dom0.up("web1", shell=shell)
    assert done.returncode == 0, done.stderr
    assert dom0.calls == [
        "info", "list web1", "list web1",
        f"create -F {tmp_path}/pinboot/hosts/web1/web1-install.cfg", "saw 21474836480 bytes", "list web1",
        f"create {tmp_path}/pinboot/hosts/web1/web1.cfg", "saw 21474836480 bytes"]
    assert "installer ended by itself (reason code 1)" in done.stdout and "runs; xl console web1" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("shell", SHELLS)
def test_an_existing_disk_is_refused_and_stays_as_it_was_in_every_shell(tmp_path, shell):
    need(SHELLS[shell][0], shell)
    dom0 = Dom0(tmp_path)
    dom0.disk.parent.mkdir()
    dom0.disk.write_bytes(b"a year of work")
    done = dom0.up("web1", shell=shell)
    assert done.returncode == 1
    assert done.stderr == (f"error: web1: {dom0.disk} exists, and installing ERASES it\n"
                           "hint:  if that is meant: sh up.sh --erase web1\n")
    assert dom0.disk.read_bytes() == b"a year of work" and dom0.created == []


def test_a_new_disk_is_private_and_sparse_on_linux(dom0):
    assert dom0.up("web1").returncode == 0
    status = dom0.disk.stat()
    assert stat.S_IMODE(status.st_mode) == 0o600 and status.st_size == 20 << 30 and status.st_blocks == 0


def test_a_new_disk_is_written_whole_on_netbsd(tmp_path):
    dom0 = Dom0(tmp_path, dom0="netbsd", mib=3)
    dom0.fake("ifconfig", '#!/bin/sh\n[ "$1" = lo ]\n')
    done = dom0.up("web1")
    assert done.returncode == 0, done.stderr
    assert dom0.disk.stat().st_size == 3 << 20 and dom0.disk.stat().st_blocks * 512 >= 3 << 20


def test_erase_uses_the_disk_that_is_there(dom0):
    dom0.disk.parent.mkdir()
    dom0.disk.touch()
    os.truncate(dom0.disk, 20 << 30)
    before = dom0.disk.stat().st_ino
    done = dom0.up("--erase", "web1")
    assert done.returncode == 0 and "will be erased" in done.stdout
    assert dom0.disk.stat().st_ino == before and len(dom0.created) == 2


def test_a_disk_of_another_size_is_refused_even_with_erase(dom0):
    dom0.disk.parent.mkdir()
    dom0.disk.write_bytes(b"other")
    done = dom0.up("--erase", "web1")
    assert done.returncode == 1 and "has 5 bytes, the profile says 21474836480" in done.stderr
    assert dom0.disk.read_bytes() == b"other" and dom0.created == []


@pytest.mark.parametrize("kind", ["folder", "dangling link"])
def test_what_is_no_disk_is_refused(dom0, kind):
    dom0.disk.parent.mkdir()
    if kind == "folder":
        dom0.disk.mkdir()
    else:
        dom0.disk.symlink_to("nowhere")
    done = dom0.up("--erase", "web1")
    assert done.returncode == 1 and "is neither a file nor a block device" in done.stderr and dom0.created == []


def test_a_disk_without_a_size_must_be_there(tmp_path):
    dom0 = Dom0(tmp_path, mib=None)
    done = dom0.up("web1")
    assert done.returncode == 5 and "the profile gives no size to make it" in done.stderr and dom0.created == []


def test_a_tampered_bundle_stops_before_anything_is_touched(dom0):
    config = dom0.folder / "pinboot" / "hosts" / "web1" / "web1.cfg"
    config.write_text(config.read_text().replace("memory = 3800", "memory = 8000"))
    done = dom0.up("web1")
    assert done.returncode == 4
    assert "changed  hosts/web1/web1.cfg" in done.stderr and "nothing was touched" in done.stderr
    assert dom0.calls == [] and not dom0.disk.parent.exists()


def test_a_bundle_in_another_place_than_its_files_say_is_refused(dom0):
    (dom0.folder / "pinboot").rename(dom0.folder / "elsewhere")
    (dom0.folder / "pinboot").mkdir()
    done = subprocess.run(["dash", dom0.folder / "elsewhere" / "up.sh", "web1"], text=True, capture_output=True)
    assert done.returncode == 1 and f"this bundle is in {dom0.folder}/elsewhere" in done.stderr


def test_a_running_guest_is_left_alone(dom0):
    (dom0.state / "running-web1").touch()
    done = dom0.up("--erase", "web1")
    assert done.returncode == 1
    assert done.stderr == "error: web1 is running\nhint:  xl shutdown -w web1\n" and dom0.created == []


def test_a_missing_bridge_is_named_with_its_cure(tmp_path):
    dom0 = Dom0(tmp_path, bridge="nosuchbr0")
    done = dom0.up("web1")
    assert done.returncode == 5 and "there is no bridge nosuchbr0" in done.stderr
    assert "ip link add name nosuchbr0 type bridge" in done.stderr and not dom0.disk.exists()


def test_a_dom0_without_a_hypervisor_is_told_so(dom0):
    dom0.fake("xl", "#!/bin/sh\nexit 1\n")
    done = dom0.up("web1")
    assert done.returncode == 5 and "xl cannot talk to the hypervisor" in done.stderr


@pytest.mark.parametrize(("said", "code", "why"), [
    ("libxl: error: no loader found: Invalid kernel\n", 3, "xl could not start the guest, or it was destroyed"),
    (ENDED.format(code=3), 0, "the installer's kernel crashed"),
    ("Domain 7 has been destroyed.\n", 0, "xl could not start the guest, or it was destroyed"),
    (ENDED.format(code=4), 0, "the guest ended with reason code 4"),
])
def test_an_installation_that_failed_starts_nothing_and_shows_what_xl_said(dom0, said, code, why):
    dom0.answer(said, code)
    done = dom0.up("web1")
    assert done.returncode == 1 and f"web1: not installed: {why} (xl exit code {code})" in done.stderr
    assert f"  {said.splitlines()[-1]}\n" in done.stderr and "sh up.sh --erase --console web1" in done.stderr
    assert len([call for call in dom0.created if "create" in call]) == 1


def test_poweroff_ends_an_installation_as_well_as_reboot(dom0):
    dom0.answer(ENDED.format(code=0))
    assert dom0.up("web1").returncode == 0


def test_the_console_is_shown_when_asked_for(dom0):
    assert dom0.up("--console", "web1").returncode == 0
    assert dom0.created[0] == "create -F -c web1/web1-install.cfg"


def test_hosts_are_installed_one_after_the_other_each_once(tmp_path):
    dom0 = Dom0(tmp_path, hosts=TWO)
    assert dom0.up("web2", "web1", "web2").returncode == 0
    assert dom0.created == ["create -F web2/web2-install.cfg", "create web2/web2.cfg",
                            "create -F web1/web1-install.cfg", "create web1/web1.cfg"]


def test_a_host_that_cannot_be_installed_stops_all_before_the_first_is_touched(tmp_path):
    dom0 = Dom0(tmp_path, hosts=TWO)
    dom0.disk.parent.mkdir()
    dom0.disk.touch()
    done = dom0.up("web2", "web1")
    assert done.returncode == 1 and dom0.created == [] and not (tmp_path / "disks" / "web2.img").exists()


@pytest.mark.parametrize(("arguments", "message"), [
    ((), "error: which host?\nhint:  sh up.sh NAME, with NAME of: web1\n"),
    (("web9",), "error: this bundle has no host web9\nhint:  it has: web1\n"),
    (("--force", "web1"), "error: unknown option --force\n"),
    (("--keep", "web1"), "error: web1: xen.run is pygrub, so no kernel is kept\n"),
    (("*",), "error: this bundle has no host *\n"),
])
def test_a_wrong_command_line_is_told_with_what_would_be_right(dom0, arguments, message):
    done = dom0.up(*arguments)
    assert done.returncode == 2 and message in done.stderr and dom0.created == []


def test_a_disk_that_cannot_be_made_leaves_nothing_behind(dom0):
    dom0.fake("truncate", "#!/bin/sh\n: >\"$4\"\nexit 1\n")
    done = dom0.up("web1")
    assert done.returncode == 1 and "cannot make" in done.stderr and "is there room?" in done.stderr
    assert list(dom0.disk.parent.iterdir()) == [] and dom0.created == []


def test_nothing_temporary_is_left(dom0):
    dom0.up("web1")
    assert list((dom0.folder / "tmp").iterdir()) == []


def test_odd_but_legal_characters_in_a_path_stay_what_they_are(tmp_path):
    dom0 = Dom0(tmp_path, image="a%s=b~c@d+e:f.img")
    assert dom0.up("web1").returncode == 0
    assert dom0.disk.stat().st_size == 20 << 30


PYGRUB = """#!/bin/sh
echo "pygrub $*" >>{state}/calls
for word; do case $word in --output-directory=*) out=${{word#*=}} ;; esac; done
echo installed-kernel >"$out/boot_kernel.x"
echo installed-initramfs >"$out/boot_ramdisk.y"
printf '%s\\n' "kernel $out/boot_kernel.x" "ramdisk $out/boot_ramdisk.y" 'args {args}' ''
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_a_kept_kernel_is_taken_from_the_guest_s_disk_and_started_with_its_own_parameters(tmp_path, shell):
    need(SHELLS[shell][0], shell)
    dom0 = Dom0(tmp_path, run="kept-kernel", dom0="netbsd", mib=1)
    dom0.fake("ifconfig", "#!/bin/sh\n")
    dom0.fake("pygrub", PYGRUB.format(state=dom0.state, args='root=/dev/xvda2 ro a="b c" d\\e'))
    done = dom0.up("web1", shell=shell)
    assert done.returncode == 0, done.stderr
    kept = tmp_path / "disks" / "web1.kept"
    assert (kept / "vmlinuz").read_text() == "installed-kernel\n"
    assert (kept / "initramfs.img").read_text() == "installed-initramfs\n"
    built = (tmp_path / "pinboot" / "hosts" / "web1" / "web1.cfg").read_text()
    assert (kept / "web1.cfg").read_text() == built + 'cmdline = "root=/dev/xvda2 ro a=\\"b c\\" d\\\\e"\n'
    order = [call.split()[0] for call in dom0.calls if not call.startswith(("saw", "list", "info"))]
    assert order == ["create", "pygrub", "create"] and f"create {kept}/web1.cfg" in dom0.calls


def test_keep_takes_a_new_kernel_and_starts_nothing(tmp_path):
    dom0 = Dom0(tmp_path, run="kept-kernel", dom0="netbsd", mib=1)
    dom0.fake("ifconfig", "#!/bin/sh\n")
    dom0.fake("pygrub", PYGRUB.format(state=dom0.state, args="root=/dev/xvda2"))
    dom0.disk.parent.mkdir()
    dom0.disk.write_bytes(b"x")
    done = dom0.up("--keep", "web1")
    assert done.returncode == 0, done.stderr
    assert dom0.created == [] and dom0.disk.read_bytes() == b"x"
    assert (tmp_path / "disks" / "web1.kept" / "vmlinuz").exists()


@pytest.mark.parametrize("args", ["a" * 1024, "caf\u00e9", "bell\a"])
def test_boot_parameters_that_xen_cannot_hand_on_are_refused(tmp_path, args):
    dom0 = Dom0(tmp_path, run="kept-kernel", dom0="netbsd", mib=1)
    dom0.fake("ifconfig", "#!/bin/sh\n")
    dom0.fake("pygrub", PYGRUB.format(state=dom0.state, args=args))
    done = dom0.up("web1")
    assert done.returncode == 1 and "longer than 1023 bytes, or not plain ASCII" in done.stderr
    assert len(dom0.created) == 1


# What cpuctl(8) of NetBSD prints: a QEMU guest of the Broadwell model, NetBSD 10's own guest under KVM, a Xeon of 2008.
BROADWELL = """\
cpu0: highest basic info 0000000d
cpu0: Running on hypervisor: QEMU(TCG)
cpu0: "Intel Core Processor (Broadwell)"
cpu0: family 0x6 model 0x3d stepping 0x2 (id 0x306d2)
cpu0: features 0x78bfbfd<FPU,DE,PSE,TSC,MSR,PAE,MCE,CX8,APIC,SEP,MTRR,PGE,MCA>
cpu0: features 0x78bfbfd<CMOV,PAT,PSE36,CLFLUSH,MMX,FXSR,SSE,SSE2>
cpu0: features1 0xced82203<SSE3,PCLMULQDQ,SSSE3,CX16,SSE41,SSE42,MOVBE,POPCNT>
cpu0: features1 0xced82203<AES,XSAVE,OSXSAVE,RDRAND,RAZ>
cpu0: features2 0x28100800<SYSCALL/SYSRET,XD,RDTSCP,EM64T>
cpu0: features3 0x21<LAHF,LZCNT>
cpu0: features5 0x180389<FSGSBASE,BMI1,SMEP,BMI2,ERMS,ADX,SMAP>
cpu0: xsave features 0x7<x87,SSE,AVX>
cpu0: I-cache 32KB 64B/line 8-way, D-cache 32KB 64B/line 8-way
cpu0: Power Management features: 0
"""
KVM = """\
cpu0: Running on hypervisor: KVM
cpu0: "QEMU Virtual CPU version 2.5+"
cpu0: features 0x78bfbfd<FPU,DE,PSE,TSC,MSR,PAE,MCE,CX8,APIC,SEP,MTRR,PGE,MCA>
cpu0: features 0x78bfbfd<CMOV,PAT,PSE36,CLFSH,MMX,FXSR,SSE,SSE2>
cpu0: features1 0x82b82201<SSE3,SSSE3,CX16,SSE41,SSE42,X2APIC,POPCNT,AES,RAZ>
cpu0: features2 0x20100800<SYSCALL/SYSRET,XD,EM64T>
cpu0: features3 0x1<LAHF>
"""
X5460 = """\
cpu0: "Intel(R) Xeon(R) CPU           X5460  @ 3.16GHz"
cpu0: features 0xbfebfbff<FPU,VME,DE,PSE,TSC,MSR,PAE,MCE,CX8,APIC,SEP,MTRR,PGE>
cpu0: features 0xbfebfbff<SS,HTT,TM,SBF>
cpu0: features1 0xce3bd<SSE3,DTES64,MONITOR,DS-CPL,VMX,EST,TM2,SSSE3,CX16,xTPR>
cpu0: features1 0xce3bd<PDCM,DCA,SSE41>
cpu0: features2 0x20100800<SYSCALL/SYSRET,XD,EM64T>
cpu0: features3 0x1<LAHF>
"""
# /proc/cpuinfo of Linux: the same Xeon, and a Zen 3 (two processors; the second is not asked).
CPUINFO_X5460 = (
    "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) CPU           X5460  @ 3.16GHz\nflags\t\t: fpu vme de pse tsc msr pae "
    "mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush dts acpi mmx fxsr sse sse2 ss ht tm pbe syscall nx lm "
    "constant_tsc arch_perfmon pebs bts rep_good nopl pni dtes64 monitor ds_cpl vmx est tm2 ssse3 cx16 xtpr pdcm dca "
    "sse4_1 lahf_lm tpr_shadow\nvmx flags\t: vnmi flexpriority\nbugs\t\t: cpu_meltdown\n\n")
CPUINFO_ZEN3 = (
    "processor\t: 0\nflags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr "
    "sse sse2 ht syscall nx mmxext fxsr_opt pdpe1gb rdtscp lm constant_tsc rep_good nopl cpuid pni pclmulqdq ssse3 fma "
    "cx16 pcid sse4_1 sse4_2 x2apic movbe popcnt aes xsave avx f16c rdrand hypervisor lahf_lm cmp_legacy abm sse4a "
    "misalignsse 3dnowprefetch bmi1 avx2 smep bmi2 erms\nbugs\t\t: sysret_ss_attrs\n\nprocessor\t: 1\nflags\t\t: fpu\n\n")
# alma-10: x86-64-v3; rocky-9.6: x86-64-v2.
PROCESSORS = [
    ("netbsd", BROADWELL, "rocky-9.6", ""), ("netbsd", KVM, "rocky-9.6", ""),
    ("netbsd", X5460, "rocky-9.6", "POPCNT SSE42"), ("netbsd", BROADWELL, "alma-10.0", "AVX AVX2 F16C FMA"),
    ("linux", CPUINFO_ZEN3, "rocky-9.6", ""), ("linux", CPUINFO_ZEN3, "alma-10.0", ""),
    ("linux", CPUINFO_X5460, "rocky-9.6", "popcnt sse4_2"),
    ("linux", CPUINFO_X5460, "alma-10.0", "popcnt sse4_2 abm avx avx2 bmi1 bmi2 f16c fma movbe"),
]


def machine(folder, monkeypatch, row, processor, release):
    """A dom0 with this processor: cpuctl prints it, or the row of Linux reads it from a file in place of /proc/cpuinfo."""
    if row == "linux":
        (folder / "cpuinfo").write_text(processor)
        flags = dom0_rows.LINUX.sh_flags.replace("/proc/cpuinfo", str(folder / "cpuinfo"))
        monkeypatch.setitem(dom0_rows.ROWS, "linux", dataclasses.replace(dom0_rows.LINUX, sh_flags=flags))
        return Dom0(folder, release=release, run="disk")
    made = Dom0(folder, release=release, run="disk", dom0="netbsd", mib=1)
    (folder / "identified").write_text(processor)
    made.fake("ifconfig", "#!/bin/sh\n")
    made.fake("cpuctl", f"#!/bin/sh\n[ \"$*\" = 'identify 0' ] && cat {folder}/identified\n")
    return made


@pytest.mark.parametrize(("row", "processor", "release", "missing"), PROCESSORS)
def test_a_processor_below_the_level_of_the_release_is_refused(tmp_path, monkeypatch, row, processor, release, missing):
    dom0 = machine(tmp_path, monkeypatch, row, processor, release)
    done = dom0.up("web1")
    if not missing:
        assert done.returncode == 0 and done.stderr == "" and len(dom0.created) == 2
        return
    level, title = (2, "Rocky Linux 9.6") if release == "rocky-9.6" else (3, "AlmaLinux 10.0")
    assert done.returncode == 1 and dom0.created == []
    assert done.stderr == (f"error: {title} x86_64 needs x86-64-v{level}, and this processor does not show {missing}\n"
                           "hint:  use another machine, or --any-cpu where dom0 hides what guests will see\n")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("row", "processor"), [("netbsd", X5460), ("linux", CPUINFO_X5460)])
def test_every_shell_reads_the_processor_and_any_cpu_makes_it_a_warning(tmp_path, monkeypatch, row, processor, shell):
    need(SHELLS[shell][0], shell)
    done = machine(tmp_path, monkeypatch, row, processor, "rocky-9.6").up("--any-cpu", "web1", shell=shell)
    missing = "POPCNT SSE42" if row == "netbsd" else "popcnt sse4_2"
    assert done.returncode == 0 and done.stderr == f"warning: this processor does not show {missing}\n"


def test_a_release_of_the_first_level_asks_for_no_processor(tmp_path, monkeypatch):
    dom0 = machine(tmp_path, monkeypatch, "linux", "", "alma-8.10")
    assert dom0.up("web1").returncode == 0


def test_a_processor_that_tells_nothing_is_a_warning(tmp_path):
    dom0 = Dom0(tmp_path, release="rocky-9.6", run="disk", dom0="netbsd", mib=1)
    dom0.fake("ifconfig", "#!/bin/sh\n")
    dom0.fake("cpuctl", "#!/bin/sh\nexit 1\n")
    done = dom0.up("web1")
    assert done.returncode == 0 and "cannot tell whether this processor reaches x86-64-v2" in done.stderr


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("dom0", ["linux", "netbsd"])
def test_every_shell_reads_the_script(tmp_path, shell, dom0):
    need(SHELLS[shell][0], shell)
    script = tmp_path / "up.sh"
    script.write_text(up.script(profile(tmp_path, xen=f'dom0 = "{dom0}"', hosts=TWO)).text)
    assert subprocess.run([*SHELLS[shell], "-n", script]).returncode == 0


@pytest.mark.parametrize("dom0", ["linux", "netbsd"])
def test_shellcheck_finds_nothing(tmp_path, dom0):
    script = tmp_path / "up.sh"
    script.write_text(up.script(profile(tmp_path, "rocky-9.6", xen=f'dom0 = "{dom0}"')).text)
    assert subprocess.run([need("shellcheck", "shellcheck"), "-s", "sh", script], capture_output=True,
                          text=True).stdout == ""


@pytest.mark.parametrize("shell", SHELLS)
def test_a_quoted_word_is_one_word_and_nothing_in_it_is_special(shell):
    texts = ["", " ", "it's", "''", "$(id)", "`id`", "$HOME", "a;b", "a\\", '"', "*", "~", "-n", "%s", "!x", "ž 日"]
    script = "printf '%s\\n' " + " ".join(words.quote(text) for text in texts)
    done = subprocess.run([need(SHELLS[shell][0], shell), *SHELLS[shell][1:], "-c", script], capture_output=True,
                          check=True)
    assert done.stdout.decode().split("\n") == [*texts, ""]


@pytest.mark.parametrize("text", ["a\nb", "a\0b", "\x1b[2J", "\x7f"])
def test_a_word_with_a_control_character_is_refused(text):
    with pytest.raises(ValueError, match="holds a control character"):
        words.quote(text)


def test_only_a_variable_can_be_assigned():
    assert words.assignment("disk", "/a'b") == "disk='/a'\\''b'"
    with pytest.raises(ValueError, match="is no shell variable"):
        words.assignment("a b", "c")

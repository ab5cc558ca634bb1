"""The two configurations of a host, for PV and HVM, Linux and NetBSD, and every way to run."""

import dataclasses
import re

import pytest

from builder.boot.kickstart import render
from builder.catalog.generation import GENERATIONS
from builder.errors import UsageError
from builder.outputs import dom0, xen
from builder.profile.values import Xen
from tests.machines import facts, profile
from tests.unit import samples

CMDLINE = "inst.repo=https://vault.example/7.9.2009/os/x86_64 inst.ks=file:/ks/web1.cfg console=hvc0"


def settings(text):
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split(" = ", 1) for line in lines)


def rendered(of, kind, cmdline=CMDLINE):
    run, install = xen.configs(of.hosts[0], of, kind=kind, cmdline=cmdline)
    return settings(run.text), settings(install.text)


def test_the_safe_file_has_the_plain_name(tmp_path):
    of = profile(tmp_path)
    assert [(file.path, file.mode) for file in xen.configs(of.hosts[0], of, kind="pv", cmdline=CMDLINE)] == [
        ("hosts/web1/web1.cfg", 0o644), ("hosts/web1/web1-install.cfg", 0o644)]


def test_a_pv_install_boots_the_bundle_and_ends_at_reboot(tmp_path):
    _, install = rendered(profile(tmp_path), "pv")
    assert install == {
        "name": '"web1"', "type": '"pv"', "memory": "3800", "vcpus": "1",
        "disk": '[ "format=raw,vdev=xvda,access=rw,target=/var/lib/xen/images/web1.img" ]',
        "vif": '[ "mac=00:16:3e:03:9c:56,bridge=xenbr0" ]',
        "kernel": '"/var/lib/xen/pinboot/boot/vmlinuz"', "ramdisk": '"/var/lib/xen/pinboot/boot/initrd-ks.img"',
        "cmdline": f'"{CMDLINE}"', "on_poweroff": '"destroy"', "on_reboot": '"destroy"', "on_crash": '"destroy"'}


def test_a_pv_run_loads_its_kernel_with_pygrub_and_restarts(tmp_path):
    run, install = rendered(profile(tmp_path), "pv")
    assert run["bootloader"] == '"pygrub"' and run["on_reboot"] == '"restart"'
    assert not {"kernel", "ramdisk", "cmdline"} & run.keys()
    shared = ("name", "type", "memory", "vcpus", "disk", "vif")
    assert {key: run[key] for key in shared} == {key: install[key] for key in shared}


def test_a_pv_guest_never_gets_a_key_that_its_type_ignores_or_that_keeps_it_from_starting(tmp_path):
    for values in rendered(profile(tmp_path), "pv"):
        assert not {"vnc", "vfb", "sdl", "opengl", "stdvga", "acpi", "apic", "usbdevice", "xen_platform_pci", "serial",
                    "boot", "extra", "root", "builder", "device_model_version", "firmware"} & values.keys()


def test_an_hvm_guest_has_a_serial_line_no_display_and_boots_its_disk(tmp_path):
    run, install = rendered(profile(tmp_path, "rocky-9.6"), "hvm")
    assert (run["type"], run["boot"], run["serial"], run["vnc"]) == ('"hvm"', '"c"', '"pty"', "0")
    assert not {"kernel", "ramdisk", "cmdline", "bootloader"} & run.keys()
    assert install["kernel"] == '"/var/lib/xen/pinboot/boot/vmlinuz"' and "boot" not in install


def test_pvgrub_is_the_image_of_the_linux_dom0_and_nothing_else_is_loaded(tmp_path):
    run, _ = rendered(profile(tmp_path, xen='run = "pvgrub"'), "pv")
    assert run["kernel"] == '"/usr/lib/grub-xen/grub-x86_64-xen.bin"'
    assert not {"bootloader", "firmware", "ramdisk"} & run.keys()


def test_a_kept_kernel_lies_outside_of_the_bundle_and_the_file_says_how_it_gets_there(tmp_path):
    of = profile(tmp_path, xen='run = "kept-kernel"')
    text = xen.configs(of.hosts[0], of, kind="pv", cmdline=CMDLINE)[0].text
    assert settings(text)["kernel"] == '"/var/lib/xen/images/web1.kept/vmlinuz"'
    assert "cmdline" not in settings(text) and "up.sh --keep web1" in text


def test_a_netbsd_dom0_names_the_device_model_that_boots_a_kernel(tmp_path):
    of = profile(tmp_path, "rocky-9.6", xen='dom0 = "netbsd"')
    _, install = rendered(of, "hvm")
    assert install["device_model_version"] == '"qemu-xen"'
    assert install["vif"] == '[ "mac=00:16:3e:03:9c:56,bridge=bridge0" ]'
    assert install["kernel"] == '"/var/xen/pinboot/boot/vmlinuz"'


def test_the_article_s_guest_is_what_the_article_meant(tmp_path):
    of = profile(tmp_path, xen='dom0 = "netbsd"\npath = "/var/xen/boot"', name="centos", hosts='''
[host.centos]
address = "192.168.1.222/24"
mac = "00:16:3e:03:9c:57"
disk = { size = "20 GiB", file = "/var/xen/centos.img" }
bridge = "bridge1"
''')
    run, _ = xen.configs(of.hosts[1], of, kind="pv", cmdline=CMDLINE)
    assert '[ "format=raw,vdev=xvda,access=rw,target=/var/xen/centos.img" ]' in run.text
    assert '[ "mac=00:16:3e:03:9c:57,bridge=bridge1" ]' in run.text


def test_the_install_file_says_first_what_it_erases(tmp_path):
    of = profile(tmp_path)
    run, install = xen.configs(of.hosts[0], of, kind="pv", cmdline=CMDLINE)
    assert install.text.splitlines()[0] == (
        "# web1: installs CentOS 7.9.2009 x86_64. ERASES /var/lib/xen/images/web1.img.")
    assert run.text.splitlines()[0] == "# web1: starts the installed CentOS 7.9.2009 x86_64. Erases nothing."
    assert "xl create -c /var/lib/xen/pinboot/hosts/web1/web1-install.cfg" in install.text


@pytest.mark.parametrize(("release", "xen_lines", "kind", "message"), [
    ("rocky-9.6", 'run = "pygrub"', "hvm", "pygrub starts PV guests only, and this kernel starts as HVM"),
    ("rocky-9.6", 'run = "pvgrub"', "hvm", "pvgrub starts PV guests only"),
    ("rocky-9.6", 'run = "kept-kernel"', "hvm", "kept-kernel starts PV guests only"),
    ("centos-7.9.2009", 'run = "disk"', "pv", "a PV guest has no firmware that could read its disk"),
    ("centos-7.9.2009", 'dom0 = "netbsd"\nrun = "pvgrub"', "pv", "the xentools of pkgsrc hold no pvgrub image"),
])
def test_a_way_to_run_that_cannot_work_is_refused_by_its_key(tmp_path, release, xen_lines, kind, message):
    of = profile(tmp_path, release, xen_lines)
    with pytest.raises(UsageError, match=message) as caught:
        rendered(of, kind)
    assert re.match(r"\S*web.toml line \d+: xen\.run = ", caught.value.message)
    assert caught.value.hint.startswith("set xen.run = ")


def test_a_pv_command_line_of_1023_bytes_fits_and_one_more_is_refused(tmp_path):
    of = profile(tmp_path)
    assert rendered(of, "pv", "a" * 1023)[1]["cmdline"] == f'"{"a" * 1023}"'
    with pytest.raises(UsageError, match="has 1024 bytes, and Xen hands at most 1023 to a guest of type pv"):
        rendered(of, "pv", "a" * 1024)


def test_a_disk_that_no_xen_guest_has_is_refused(tmp_path):
    of = profile(tmp_path, hosts='''
[host.web2]
address = "192.168.1.23/24"
disk = { name = "vda", size = "20 GiB" }
''')
    with pytest.raises(UsageError, match=r'host\.web2: xl\.cfg: disk "vda": the first disk of a Xen guest is xvda'):
        xen.configs(of.hosts[1], of, kind="pv", cmdline=CMDLINE)


def test_a_host_without_a_mac_has_the_same_one_in_both_files_and_every_build(tmp_path):
    of = profile(tmp_path)
    card, = of.hosts[0].network.links
    network = dataclasses.replace(of.hosts[0].network, links=(dataclasses.replace(card, mac=None),))
    host = dataclasses.replace(of.hosts[0], network=network)
    files = [file for _ in range(2) for file in xen.configs(host, of, kind="pv", cmdline=CMDLINE)]
    assert len({settings(file.text)["vif"] for file in files}) == 1
    assert settings(files[0].text)["vif"].startswith('[ "mac=00:16:3e:')


@pytest.mark.parametrize(("generation", "pv", "run", "kind"), [
    ("el6", True, None, "pv"), ("el7", True, None, "pv"), ("el8", False, None, "hvm"), ("el9", False, None, "hvm"),
    ("el7", False, None, "hvm"), ("el9", True, None, "hvm"), ("el9", True, "disk", "hvm"), ("el7", True, "disk", "hvm"),
    ("fedora", True, "", "hvm"), ("fedora", True, "kept-kernel", "hvm"), ("el10", False, "", "hvm"),
    ("el7", True, "pygrub", "pv"), ("el9", False, "pygrub", "hvm"),
])
def test_the_notes_in_the_kernel_and_the_way_to_run_decide_the_type(generation, pv, run, kind):
    assert xen.choose_type(GENERATIONS[generation], facts(pv), run)[0] == kind


def test_a_type_that_differs_from_the_generation_is_explained():
    assert xen.choose_type(GENERATIONS["el7"], facts(False))[1] == (
        "kernel 3.10.0-1160.el7.x86_64 has no ELF notes of a PV guest, though this release usually has them")
    assert xen.choose_type(GENERATIONS["fedora"], facts(True), "pygrub")[1].endswith(
        "could start as PV, but no PV loader reads the boot menu (BLS) of what it installs")


def test_every_dom0_has_its_row_and_its_words_for_every_level():
    assert set(dom0.ROWS) == {"linux", "netbsd"}
    assert all({g.cpu for g in GENERATIONS.values()} - {0, 1} <= row.levels.keys() for row in dom0.ROWS.values())


def test_a_guest_with_two_cards_has_two_of_them_on_its_bridge():
    host = samples.host(network=samples.plan(
        samples.link(name="eth0", mac="00:16:3e:00:00:01", method="dhcp"), samples.link(name="eth1", method="dhcp")))
    of = samples.profile("rocky-9.6", hosts=(host,), xen=Xen(run="disk"))
    for config in xen.configs(host, xen.settled(of, facts()), kind="hvm", cmdline="ip=dhcp"):
        macs = re.findall(r"mac=([0-9a-f:]{17}),bridge=xenbr0", config.text)
        assert len(macs) == 2 and macs[0] == "00:16:3e:00:00:01" and macs[1].startswith("00:16:3e")


def test_a_pvh_guest_installs_and_then_starts_by_grub_as_a_pvh_guest():
    of = samples.profile("fedora-44", xen=Xen(run="pvh-grub"))
    able = dataclasses.replace(facts(), xen_pv=False, xen_pvh=True)
    assert xen.choose_type(of.release.generation, able, "pvh-grub")[0] == "pvh"
    run, install = xen.configs(of.hosts[0], of, kind="pvh", cmdline=CMDLINE)
    assert settings(install.text)["type"] == settings(run.text)["type"] == '"pvh"'
    assert settings(run.text)["kernel"] == '"/usr/lib/grub-xen/grub-i386-xen_pvh.bin"'
    assert "bootloader" not in settings(run.text) and "serial" not in settings(install.text)
    written = render.render(of, of.hosts[0], install_url="http://192.0.2.5/f", machine="xen-pvh")
    assert "part /boot --fstype=ext4" in written and "95-pinboot-pvgrub.install" in written and "hvc0" in written


@pytest.mark.parametrize(("able", "dom", "said"), [
    ({"xen_pvh": False}, "linux", "pvh-grub starts Xen PVH guests only, and this kernel cannot be one"),
    ({"xen_pvh": True}, "netbsd", "its Xen tools hold no GRUB for PVH guests"),
])
def test_a_pvh_guest_that_could_not_start_is_refused(able, dom, said):
    of = samples.profile("fedora-44", xen=Xen(run="pvh-grub", dom0=dom))
    kind = xen.choose_type(of.release.generation, dataclasses.replace(facts(pv=False), **able), "pvh-grub")[0]
    with pytest.raises(UsageError) as refused:
        xen.configs(of.hosts[0], of, kind=kind, cmdline=CMDLINE)
    assert said in refused.value.message and 'xen.run = "disk"' in refused.value.hint


def test_a_toolstack_unpacks_the_kernel_of_a_pvh_guest_too():
    assert xen.unpacking(dataclasses.replace(facts(), payload="zstd"), "pvh", "pvh-grub", dom0.LINUX)
    assert xen.unpacking(dataclasses.replace(facts(), payload="zstd"), "hvm", "disk", dom0.LINUX) is None

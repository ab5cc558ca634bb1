"""qemu-install.sh and qemu-run.sh in every shell that is here, with a QEMU that only takes notes."""

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import UsageError
from builder.outputs.guests import qemu
from tests.tool.tools import need
from tests.unit import guests
from tests.unit.hostile import HOSTILE, ODD

LEVEL_2 = "+cx16,+lahf-lm,+popcnt,+sse4.1,+sse4.2,+ssse3"
LEVEL_3 = "+abm,+avx,+avx2,+bmi1,+bmi2,+f16c,+fma,+movbe,+xsave"


@pytest.fixture
def host(tmp_path):
    return guests.Host(tmp_path)


def started(host, rendered, *arguments, **more):
    """What QEMU was called with, as one list."""
    done = host.run(rendered, *arguments, **more)
    assert done.returncode == 0, done.stderr
    (call,) = host.calls("qemu-system-x86_64")
    return call


def expected(host, start, cpu=f"max,enforce,{LEVEL_2}", accel="tcg"):
    return ["-name", "guest=web1", "-uuid", host.guest().uuid, "-machine", "q35", "-accel", accel, "-cpu", cpu,
            "-m", "2048M", "-smp", "1", "-rtc", "base=utc", "-nodefaults", *start,
            "-drive", f"if=virtio,format=raw,discard=unmap,file={host.disk}", "-netdev", "user,id=net0",
            "-device", f"virtio-net-pci,netdev=net0,mac={guests.MAC}", "-device", "virtio-rng-pci", "-display", "none",
            "-serial", "mon:stdio"]


def without_accelerator(call):
    """The machine that runs the tests decides about KVM."""
    at = call.index("-accel")
    assert call[at + 1] in ("kvm", "tcg")
    return [*call[:at + 1], "tcg", *call[at + 2:]]


@pytest.mark.parametrize("shell", guests.SHELLS)
def test_every_shell_starts_the_installer_with_the_same_words(tmp_path, shell):
    need(guests.SHELLS[shell][0], shell)
    host = guests.Host(tmp_path, bundle="it's a, $(bundle) `of` \"mine\" \\ žluť")
    call = started(host, qemu.install_script(host.guest()), "-m", "4 G", "-append", "it's", shell=shell)
    boot = ["-kernel", f"{host.bundle}/boot/vmlinuz", "-initrd", f"{host.bundle}/boot/initrd-ks.img",
            "-append", " ".join(guests.ARGUMENTS), "-no-reboot"]
    assert without_accelerator(call) == [*expected(host, boot), "-m", "4 G", "-append", "it's"]


@pytest.mark.parametrize("shell", guests.SHELLS)
def test_every_shell_starts_the_installed_machine_from_its_disk(tmp_path, shell):
    need(guests.SHELLS[shell][0], shell)
    host = guests.Host(tmp_path)
    host.disk.write_bytes(b"installed")
    assert without_accelerator(started(host, qemu.run_script(host.guest()), shell=shell)) == expected(host, [])
    assert host.disk.read_bytes() == b"installed"


@pytest.mark.parametrize("shell", guests.SHELLS)
def test_a_disk_that_is_there_is_refused_in_every_shell(tmp_path, shell):
    need(guests.SHELLS[shell][0], shell)
    host = guests.Host(tmp_path)
    host.disk.write_bytes(b"somebody's")
    done = host.run(qemu.install_script(host.guest()), shell=shell)
    assert done.returncode == 1 and not host.calls("qemu-system-x86_64") and not host.calls("qemu-img")
    assert f"error: {host.disk} is there already, and would be erased" in done.stderr
    assert f"hint:  if that is meant, say so first: sh {host.bundle}/hosts/web1/qemu-install.sh --erase" in done.stderr
    assert host.disk.read_bytes() == b"somebody's"


def test_erase_is_for_the_first_word_and_not_for_qemu(host):
    host.disk.write_bytes(b"old")
    call = started(host, qemu.install_script(host.guest()), "--erase", "-S")
    assert call[-2:] == ["mon:stdio", "-S"] and "--erase" not in call and not host.calls("qemu-img")
    done = host.run(qemu.install_script(host.guest()), "-S", "--erase")
    assert done.returncode == 1


@pytest.mark.parametrize(("name", "format"), [("web1.img", "raw"), ("web1.qcow2", "qcow2")])
def test_a_disk_that_is_not_there_is_made_in_its_format_and_size(host, name, format):
    host.disk = host.folder / name
    call = started(host, qemu.install_script(host.guest()))
    assert host.calls("qemu-img") == [["create", "-q", "-f", format, "--", str(host.disk), str(20 << 30)]]
    assert f"if=virtio,format={format},discard=unmap,file={host.disk}" in call


def test_a_device_is_never_made_and_must_be_one(host):
    done = host.run(qemu.install_script(host.guest(disk="/dev/pinboot-no-such-device", disk_size=None)))
    assert done.returncode == 5 and "error: /dev/pinboot-no-such-device is no block device" in done.stderr
    text = qemu.install_script(host.guest(disk="/dev/null")).text
    assert "qemu-img" not in text and "format=raw,discard=unmap,file=/dev/null" in text
    done = host.run(qemu.install_script(host.guest(disk="/dev/null")))
    assert done.returncode == 1 and "/dev/null is there already, and would be erased" in done.stderr


@pytest.mark.parametrize(("break_it", "message"), [
    (lambda host: (host.bundle / "boot/initrd-ks.img").unlink(), "initrd-ks.img is not there, or not for you to read"),
    (lambda host: (host.bundle / "boot/vmlinuz").unlink(), "vmlinuz is not there, or not for you to read"),
    (lambda host: host.tool("qemu-img", "#!/bin/sh\nexit 1\n"), "web1.img cannot be made"),
])
def test_what_is_missing_is_named_before_anything_is_made(host, break_it, message):
    break_it(host)
    done = host.run(qemu.install_script(host.guest()))
    assert done.returncode == 5 and message in done.stderr and "hint:  " in done.stderr
    assert not host.disk.exists() and not host.calls("qemu-system-x86_64")


def test_a_disk_without_a_size_is_not_guessed(host):
    done = host.run(qemu.install_script(host.guest(disk_size=None)))
    assert done.returncode == 5 and "make it, or set the size of the disk in the profile" in done.stderr


def test_a_machine_without_a_disk_was_never_installed(host):
    done = host.run(qemu.run_script(host.guest()))
    assert done.returncode == 5 and f"{host.disk} is not there" in done.stderr and "qemu-install.sh" in done.stderr


def test_uefi_starts_with_fresh_variables_once_and_keeps_them_afterwards(host):
    code, variables = host.folder / "code.fd", host.folder / "vars.fd"
    code.write_bytes(b"code")
    variables.write_bytes(b"fresh")
    kept = host.folder / "web1.img.nvram"
    firmware = {"OVMF_CODE": str(code), "OVMF_VARS": str(variables)}
    guest = host.guest(firmware="uefi")
    call = started(host, qemu.install_script(guest), **firmware)
    assert kept.read_bytes() == b"fresh"
    assert [f"if=pflash,unit=0,format=raw,readonly=on,file={code}",
            f"if=pflash,unit=1,format=raw,file={kept}"] == [word for word in call if "pflash" in word]
    kept.write_bytes(b"a boot entry")
    assert host.run(qemu.run_script(guest), **firmware).returncode == 0
    assert kept.read_bytes() == b"a boot entry"
    assert host.run(qemu.install_script(guest), "--erase", **firmware).returncode == 0
    assert kept.read_bytes() == b"fresh"


def test_uefi_without_firmware_says_what_to_install_and_makes_no_disk(host):
    done = host.run(qemu.install_script(host.guest(firmware="uefi")), OVMF_CODE="/no/such", OVMF_VARS="/no/such")
    assert done.returncode == 5 and "no UEFI firmware is here" in done.stderr and not host.disk.exists()
    assert "install ovmf (Fedora: edk2-ovmf), or set OVMF_CODE and OVMF_VARS" in done.stderr


def test_a_comma_in_the_name_of_the_firmware_is_refused_because_qemu_would_split_it(host):
    (host.folder / "a,b").write_bytes(b"")
    done = host.run(qemu.install_script(host.guest(firmware="uefi")), OVMF_CODE=str(host.folder / "a,b"),
                    OVMF_VARS=str(host.folder / "a,b"))
    assert done.returncode == 5 and "QEMU would split the name at its comma" in done.stderr


def test_variables_of_a_device_lie_beside_the_bundle():
    assert qemu.nvram(guests.guest(disk="/dev/vg0/web1", bundle="/srv/pinboot")) == "/srv/web1.nvram"


@pytest.mark.parametrize(("generation", "cpu"), [
    ("el6", "max"), ("el7", "max"), ("el8", "max"), ("fedora", "max"), ("el9", f"max,enforce,{LEVEL_2}"),
    ("el10", f"max,enforce,{LEVEL_2},{LEVEL_3}")])
def test_the_level_of_the_release_is_the_least_that_the_processor_may_be(generation, cpu):
    assert qemu.cpu(guests.guest(generation)) == cpu


def test_every_card_is_there_on_its_bridge(host):
    macs = (guests.MAC, "52:54:00:12:34:57")
    call = started(host, qemu.install_script(host.guest(macs=macs, bridge="br0")))
    assert [word for word in call if word.startswith(("bridge,", "virtio-net"))] == [
        "bridge,br=br0,id=net0", f"virtio-net-pci,netdev=net0,mac={macs[0]}",
        "bridge,br=br0,id=net1", f"virtio-net-pci,netdev=net1,mac={macs[1]}"]


def test_a_screen_is_seen_on_the_host_alone(host):
    call = started(host, qemu.install_script(host.guest(display=True)))
    assert call[-6:] == ["-device", "VGA", "-display", "vnc=127.0.0.1:0,to=99", "-serial", "mon:stdio"]


@given(st.lists(st.text(st.characters(exclude_categories=("C", "Z")) | st.just(","), min_size=1, max_size=20), min_size=1))
def test_a_value_of_an_option_never_ends_early(texts):
    """QemuOpts ends a value at a comma that is not followed by another (util/qemu-option.c, get_opt_value)."""
    joined, found, value, at = ",".join(f"k={qemu.option(text)}" for text in texts), [], "", 0
    while at < len(joined):
        if joined[at] == "," and joined[at + 1:at + 2] == ",":
            value, at = value + ",", at + 2
        elif joined[at] == ",":
            found, value, at = [*found, value], "", at + 1
        else:
            value, at = value + joined[at], at + 1
    assert [*found, value] == [f"k={text}" for text in texts]


def test_a_control_character_is_refused_in_an_option():
    with pytest.raises(ValueError, match="holds a control character, which no option of QEMU should carry"):
        qemu.option("a\nb")


def test_no_bundle_becomes_another_word_or_command(tmp_path):
    """Each hostile folder is refused, or kernel and initrd lie in it and nothing else happens."""
    host, passed = guests.Host(tmp_path), 0
    for text in HOSTILE:
        try:
            guest = host.guest(bundle=f"{tmp_path}/h/{text}")
        except UsageError as reason:
            assert "bundle" in reason.message
            continue
        plain = qemu.install_script(host.guest(bundle=f"{tmp_path}/h/mark")).text.splitlines()
        made = qemu.install_script(guest).text.splitlines()
        assert len(made) == len(plain)
        for line, was in zip(made, plain, strict=True):
            if line != was:
                assert shlex.split(line) == [was.replace("'", "").replace("mark", text)], text
        passed += 1
    assert passed > 100


def test_shells_take_hostile_folders_for_what_they_are(tmp_path):
    host = guests.Host(tmp_path)
    lines, wanted = [], []
    for text in HOSTILE:
        try:
            guest = host.guest(bundle=f"/srv/{text}")
        except UsageError:
            continue
        lines += [line for line in qemu.install_script(guest).text.splitlines() if line.startswith("kernel=")]
        lines.append("printf '%s\\n' \"$kernel\"")
        wanted.append(f"/srv/{text}/boot/vmlinuz")
    for shell, command in guests.SHELLS.items():
        need(command[0], shell)
        said = subprocess.run([*command, "-c", "\n".join(lines)], capture_output=True, text=True, check=True,
                              stdin=subprocess.DEVNULL, cwd=tmp_path)
        assert said.stdout.splitlines() == wanted and said.stderr == "", shell
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "bundle"]


def test_every_parameter_that_installers_take_is_one_word_of_the_command_line(tmp_path):
    host = guests.Host(tmp_path)
    host.disk.write_bytes(b"")
    scripts = [qemu.install_script(host.guest(arguments=(odd,))) for odd in ODD]
    lines = [line.strip().removesuffix(" \\") for script in scripts for line in script.text.splitlines() if "-append" in line]
    said = subprocess.run(["dash", "-c", "\n".join(f"printf '%s\\n' {line}" for line in lines)], capture_output=True,
                          text=True, check=True)
    assert said.stdout.splitlines() == [word for odd in ODD for word in ("-append", odd)]


@pytest.mark.parametrize("case", guests.CASES)
def test_shellcheck_has_nothing_to_say(case):
    guest = guests.guest(**guests.CASES[case], bundle="/srv/it's, \"here\"")
    for file in (qemu.install_script(guest), qemu.run_script(guest)):
        done = subprocess.run([need("shellcheck", "shellcheck"), "-s", "sh", "-"], input=file.text, text=True,
                              capture_output=True)
        assert (done.returncode, done.stdout) == (0, ""), file.path


def test_the_scripts_have_names_that_say_what_they_do_and_may_be_run():
    made = [qemu.install_script(guests.guest()), qemu.run_script(guests.guest())]
    assert [(file.path, file.mode) for file in made] == [
        ("hosts/web1/qemu-install.sh", 0o755), ("hosts/web1/qemu-run.sh", 0o755)]
    assert made[0].text.splitlines()[1] == "# web1: installs Rocky Linux 9.6 x86_64. ERASES /srv/vm/web1.img."
    assert made[1].text.splitlines()[1] == "# web1: starts the installed Rocky Linux 9.6 x86_64. Erases nothing."

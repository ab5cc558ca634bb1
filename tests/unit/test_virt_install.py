"""virt-install.sh in every shell that is here, with a virt-install that only takes notes."""

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import UsageError
from builder.outputs.guests import virtinstall
from tests.tool.tools import need
from tests.unit import guests
from tests.unit.hostile import HOSTILE, ODD


@pytest.fixture
def host(tmp_path):
    return guests.Host(tmp_path)


def split(option):
    """An option as virt-install 4 splits it (virtinst cli.py, parse_optstr_tuples): shlex, with a comma for a blank."""
    words = shlex.shlex(option, posix=True)
    words.commenters, words.whitespace, words.whitespace_split = "", ",", True
    return [tuple(word.split("=", 1)) for word in words]


def called(host, guest, *arguments, **more):
    done = host.run(virtinstall.install_script(guest), *arguments, **more)
    assert done.returncode == 0, done.stderr
    (call,) = host.calls("virt-install")
    return call


def option(call, name):
    return [call[at + 1] for at, word in enumerate(call) if word == f"--{name}"]


@pytest.mark.parametrize("shell", guests.SHELLS)
def test_every_shell_calls_virt_install_with_the_same_words(tmp_path, shell):
    need(guests.SHELLS[shell][0], shell)
    host = guests.Host(tmp_path, bundle="it's a, $(bundle) `of` \"mine\" \\ žluť")
    guest = host.guest()
    call = called(host, guest, "--connect", "qemu+ssh://a b/system", shell=shell)
    install = option(call, "install")[0]
    assert split(install) == [
        ("kernel", f"{host.bundle}/boot/vmlinuz"), ("initrd", f"{host.bundle}/boot/initrd-ks.img"),
        ("kernel_args", " ".join(guests.ARGUMENTS)), ("kernel_args_overwrite", "yes")]
    assert call == [
        "--name", "web1", "--uuid", guest.uuid, "--metadata", "title=Rocky Linux 9.6 x86_64,description=Made by pinboot.",
        "--osinfo", "detect=on,require=off", "--arch", "x86_64", "--machine", "q35", "--memory", "2048", "--vcpus", "1",
        "--cpu", "Nehalem,mode=custom,match=minimum,check=partial,model.fallback=forbid", "--install", install,
        "--disk", f"path={host.disk},format=raw,bus=virtio,driver.discard=unmap,size=20",
        "--network", f"network=default,model=virtio,mac={guests.MAC}", "--serial", "pty", "--console", "pty",
        "--graphics", "none", "--rng", "/dev/urandom", "--noautoconsole", "--wait=-1", "--connect", "qemu+ssh://a b/system"]


def test_kernel_and_initrd_are_for_the_installation_alone(host):
    call = called(host, host.guest())
    assert option(call, "install") and not option(call, "boot")


def test_a_plain_value_is_written_plainly(host):
    assert option(called(host, host.guest()), "install")[0].startswith(f"kernel={host.bundle}/boot/vmlinuz,initrd=")


def test_a_disk_that_is_there_is_refused_and_erase_is_not_handed_on(host):
    host.disk.write_bytes(b"somebody's")
    done = host.run(virtinstall.install_script(host.guest()))
    assert done.returncode == 1 and "is there already, and would be erased" in done.stderr
    assert not host.calls("virt-install") and host.disk.read_bytes() == b"somebody's"
    assert called(host, host.guest(), "--erase", "--noreboot")[-2:] == ["--wait=-1", "--noreboot"]


def test_a_bundle_that_is_not_there_is_named(host):
    done = host.run(virtinstall.install_script(host.guest(bundle="/no/such/bundle")))
    assert done.returncode == 5 and "error: /no/such/bundle/boot/vmlinuz is not there" in done.stderr
    assert "hint:  copy the whole bundle to /no/such/bundle" in done.stderr


@pytest.mark.parametrize(("size", "written"), [
    (20 << 30, ",size=20"), (1536 << 20, ",size=1.5"), (1 << 20, ",size=0.0009765625"), (None, "")])
def test_the_size_is_in_gib(host, size, written):
    assert option(called(host, host.guest(disk_size=size)), "disk")[0].endswith(f"driver.discard=unmap{written}")


def test_a_size_comes_back_to_the_byte():
    for size in (1, 512, 10**9, 20 * 10**9, (1 << 40) - 512, 123456789 << 20):
        line = next(line for line in virtinstall.install_script(guests.guest(disk_size=size)).text.splitlines() if "--disk" in line)
        found = dict(split(shlex.split(line.removesuffix("\\"))[1]))["size"]
        assert int(float(found) * 1024**3) == size


def test_a_device_has_no_size():
    assert "size=" not in virtinstall.install_script(guests.guest(disk="/dev/vg0/web1")).text


@pytest.mark.parametrize(("generation", "cpu"), [
    ("el7", "host-model"),
    ("el10", "Nehalem,mode=custom,match=minimum,check=partial,model.fallback=forbid,require=abm,require=avx,require=avx2,"
             "require=bmi1,require=bmi2,require=f16c,require=fma,require=movbe,require=xsave")])
def test_the_processor_is_that_of_the_domain(host, generation, cpu):
    assert option(called(host, host.guest(generation)), "cpu") == [cpu]


def test_uefi_is_without_secure_boot(host):
    assert option(called(host, host.guest(firmware="uefi")), "boot") == [
        "firmware=efi,firmware.feature0.name=secure-boot,firmware.feature0.enabled=no"]


def test_every_card_is_there_on_its_bridge(host):
    macs = (guests.MAC, "52:54:00:12:34:57")
    assert option(called(host, host.guest(macs=macs, bridge="br0")), "network") == [
        f"bridge=br0,model=virtio,mac={mac}" for mac in macs]


def test_a_screen_is_seen_on_the_host_alone(host):
    call = called(host, host.guest(display=True))
    assert option(call, "graphics") == ["vnc,listen=127.0.0.1"] and option(call, "video") == ["vga"]


@pytest.mark.parametrize(("text", "written"), [
    ("/srv/web1.img", "/srv/web1.img"), ("a b", "a b"), ("a,b", '"a,b"'), ("it's", '"it\'s"'), ('a"b', '"a\\"b"'),
    ("a\\b", '"a\\\\b"'), ("a=b", "a=b"), ("", '""'), ("#a", "#a"), ("žluť", "žluť")])
def test_a_value_stands_in_quotes_where_a_comma_quote_or_backslash_is_in_it(text, written):
    assert virtinstall.value(text) == written


def test_a_control_character_is_refused():
    with pytest.raises(ValueError, match="holds a control character, which no option of virt-install should carry"):
        virtinstall.value("a\nb")


@given(st.lists(st.text(st.characters(exclude_categories=("C", "Z")) | st.sampled_from(" ,'\"\\="), max_size=20), min_size=1))
def test_any_values_come_back_from_one_option(texts):
    assert split(",".join(f"k={virtinstall.value(text)}" for text in texts)) == [("k", text) for text in texts]


def test_two_commas_are_none_for_virt_install():
    assert split("path=/a,,b") == [("path", "/a"), ("b",)]


FIELDS = {
    "bundle": (lambda text: guests.guest(bundle=f"/srv/{text}"), "--install"),
    "network": (lambda text: guests.guest(network=text), "--network"),
    "title": (lambda text: guests.guest(title=text), "--metadata"),
    "argument": (lambda text: guests.guest(arguments=("quiet", text)), "--install"),
    "disk": (lambda text: guests.guest(disk=f"/srv/{text}"), "--disk"),
    "bridge": (lambda text: guests.guest(bridge=text or "-"), "--network"),
    "name": (lambda text: guests.guest(name=text), "--name"),
}


@pytest.mark.parametrize("field", FIELDS)
def test_no_value_becomes_another_option_or_command(field):
    make, name = FIELDS[field]
    passed, lines, wanted = 0, [], []
    plain = [line for line in virtinstall.install_script(make("mark")).text.splitlines() if line.startswith(f"\t{name} ")]
    for text in HOSTILE:
        try:
            script = virtinstall.install_script(make(text)).text
        except (ValueError, UsageError) as reason:
            assert str(reason)
            continue
        passed += 1
        (line,) = (line for line in script.splitlines() if line.startswith(f"\t{name} "))
        lines.append(f"printf '%s\\n' {line.strip().removesuffix(' ' + chr(92))}")
        (was,) = plain
        wanted.append([tuple(part.replace("mark", text) for part in pair)
                       for pair in split(shlex.split(was.removesuffix("\\"))[1])])
    said = subprocess.run(["dash", "-c", "\n".join(lines)], capture_output=True, text=True, check=True,
                          stdin=subprocess.DEVNULL).stdout.splitlines()
    assert said[::2] == [name] * passed
    assert [split(each) for each in said[1::2]] == wanted
    assert passed > (100 if field in ("title", "bundle", "network") else 0)


def test_every_parameter_that_installers_take_comes_back():
    for odd in ODD:
        script = virtinstall.install_script(guests.guest(arguments=("quiet", odd))).text
        (line,) = (line for line in script.splitlines() if line.startswith("\t--install "))
        assert dict(split(shlex.split(line.removesuffix("\\"))[1]))["kernel_args"] == f"quiet {odd}", odd


@pytest.mark.parametrize("case", guests.CASES)
def test_shellcheck_has_nothing_to_say(case):
    file = virtinstall.install_script(guests.guest(**guests.CASES[case], bundle="/srv/it's, \"here\""))
    done = subprocess.run([need("shellcheck", "shellcheck"), "-s", "sh", "-"], input=file.text, text=True,
                          capture_output=True)
    assert (done.returncode, done.stdout) == (0, "")
    assert (file.path, file.mode) == ("hosts/web1/virt-install.sh", 0o755)

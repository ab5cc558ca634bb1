"""Variables for Packer: their names, their types, and what Packer would take for something else."""

import json

import pytest

from builder.digest import Digest
from builder.errors import UsageError
from builder.outputs.guests import packer
from tests.unit import guests
from tests.unit.hostile import HOSTILE, ODD

# Options of the QEMU builder (packer-plugin-qemu, builder/qemu/config.hcl2spec.go) that a template takes from us.
OPTIONS = {"vm_name": str, "memory": int, "cpus": int, "machine_type": str, "efi_boot": bool, "disk_interface": str,
           "format": str, "net_device": str, "net_bridge": str, "disk_size": str, "iso_url": str, "iso_checksum": str}
QEMUARGS = {"kernel": str, "initrd": str, "cmdline": str, "cpu": str}
ISO = ("https://mirror.example/Rocky-9.6-x86_64-boot.iso", Digest("sha256", "ab" * 32))


def read(guest, **more):
    return json.loads(packer.variables(guest, **more).text)


def test_everything_that_the_builder_needs_is_there_and_nothing_else():
    assert read(guests.guest(bridge="br0"), iso=ISO) == {
        "vm_name": "web1", "memory": 2048, "cpus": 1, "cpu": "max,enforce,+cx16,+lahf-lm,+popcnt,+sse4.1,+sse4.2,+ssse3",
        "machine_type": "q35", "efi_boot": False, "disk_interface": "virtio", "disk_size": "20480M", "format": "raw",
        "net_device": "virtio-net", "net_bridge": "br0", "kernel": "/srv/pinboot/boot/vmlinuz",
        "initrd": "/srv/pinboot/boot/initrd-ks.img", "cmdline": " ".join(guests.ARGUMENTS),
        "iso_url": "https://mirror.example/Rocky-9.6-x86_64-boot.iso", "iso_checksum": "sha256:" + "ab" * 32}


@pytest.mark.parametrize("case", guests.CASES)
def test_every_name_is_an_option_of_the_builder_or_goes_into_its_qemuargs(case):
    for name, value in read(guests.guest(**guests.CASES[case]), iso=ISO).items():
        assert type(value) is (OPTIONS | QEMUARGS)[name]


def test_the_file_has_a_name_that_packer_loads_by_itself():
    file = packer.variables(guests.guest())
    assert (file.path, file.mode) == ("hosts/web1/packer.auto.pkrvars.json", 0o644)


def test_what_is_not_known_is_left_out():
    assert not {"iso_url", "iso_checksum", "disk_size", "net_bridge"} & set(read(guests.guest(disk_size=None)))


def test_a_disk_of_half_a_mib_is_refused():
    with pytest.raises(UsageError, match=r"host\.web1: disk_size: 1500000 bytes are no whole MiB"):
        packer.variables(guests.guest(disk_size=1500000))


def test_what_packer_would_take_for_a_template_is_refused():
    with pytest.raises(UsageError) as caught:
        packer.variables(guests.guest(bundle="/srv/{{.Name}}"))
    assert caught.value.message == ('host.web1: kernel: "/srv/{{.Name}}/boot/vmlinuz" holds {{, with which Packer begins a '
                                    "template")


def test_a_control_character_is_refused():
    with pytest.raises(ValueError, match="holds a control character"):
        packer.checked("a\nb")


@pytest.mark.parametrize("field", ["bundle", "argument", "iso_url"])
def test_no_value_becomes_another_variable(field):
    passed = 0
    for text in HOSTILE:
        try:
            if field == "iso_url":
                found = read(guests.guest(), iso=(text, ISO[1]))
                assert found["iso_url"] == text
            elif field == "bundle":
                found = read(guests.guest(bundle=f"/srv/{text}"))
                assert found["kernel"] == f"/srv/{text}/boot/vmlinuz"
            else:
                found = read(guests.guest(arguments=("quiet", text)))
                assert found["cmdline"] == f"quiet {text}"
        except (ValueError, UsageError) as reason:
            assert str(reason)
            continue
        assert set(found) - {"iso_url", "iso_checksum"} == set(read(guests.guest()))
        passed += 1
    assert passed > (0 if field == "argument" else 100)


def test_every_parameter_that_installers_take_comes_back():
    for odd in ODD:
        assert read(guests.guest(arguments=("quiet", odd)))["cmdline"] == f"quiet {odd}"

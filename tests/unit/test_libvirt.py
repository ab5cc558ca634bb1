"""libvirt's domains: what they say for every kind of guest, and that no value becomes an element."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import UsageError
from builder.outputs.guests import libvirt
from tests.unit import guests
from tests.unit.hostile import HOSTILE, ODD

START = ("/domain/os", "/domain/on_", "/domain/description")


def texts(guest):
    return [file.text for file in libvirt.configs(guest)]


def found(text, path):
    return [(value, attributes) for where, value, attributes in guests.values(text) if where == f"/domain/{path}"]


def test_the_safe_file_has_the_plain_name():
    assert [(file.path, file.mode) for file in libvirt.configs(guests.guest())] == [
        ("hosts/web1/web1.xml", 0o644), ("hosts/web1/web1-install.xml", 0o644)]


def test_the_install_domain_boots_the_bundle_and_ends_at_the_reboot():
    run, install = texts(guests.guest())
    assert found(install, "os/kernel") == [("/srv/pinboot/boot/vmlinuz", {})]
    assert found(install, "os/initrd") == [("/srv/pinboot/boot/initrd-ks.img", {})]
    assert found(install, "os/cmdline") == [(" ".join(guests.ARGUMENTS), {})]
    assert found(install, "on_reboot") == [("destroy", {})] and not found(install, "os/boot")
    assert found(run, "os/boot") == [("", {"dev": "hd"})] and found(run, "on_reboot") == [("restart", {})]
    assert not found(run, "os/kernel") and not found(run, "os/cmdline")


@pytest.mark.parametrize("case", guests.CASES)
def test_the_two_domains_are_one_machine(case):
    run, install = ([each for each in guests.values(text) if not each[0].startswith(START)]
                    for text in texts(guests.guest(**guests.CASES[case])))
    assert run == install


def test_the_install_domain_says_what_it_erases_and_the_other_that_it_does_not():
    run, install = texts(guests.guest())
    assert found(install, "description")[0][0] == "Made by pinboot. Installs: ERASES /srv/vm/web1.img."
    assert found(run, "description")[0][0] == "Made by pinboot. Starts what is installed; erases nothing."


@pytest.mark.parametrize(("generation", "machine"), [
    ("el6", "pc"), ("el7", "pc"), ("el8", "q35"), ("el9", "q35"), ("el10", "q35"), ("fedora", "q35")])
def test_q35_is_for_releases_whose_first_kernel_drives_virtio_1(generation, machine):
    for text in texts(guests.guest(generation)):
        assert found(text, "os/type") == [("hvm", {"arch": "x86_64", "machine": machine})]


@pytest.mark.parametrize(("generation", "floor", "features"), [
    ("el6", None, ""), ("el7", None, ""), ("el8", None, ""), ("fedora", None, ""), ("el9", "Nehalem", ""),
    ("el10", "Nehalem", "abm avx avx2 bmi1 bmi2 f16c fma movbe xsave")])
def test_the_level_of_the_release_is_the_least_that_the_processor_may_be(generation, floor, features):
    text = texts(guests.guest(generation))[1]
    if floor is None:
        assert found(text, "cpu") == [("", {"mode": "host-model"})]
        return
    assert found(text, "cpu") == [("", {"mode": "custom", "match": "minimum", "check": "partial"})]
    assert found(text, "cpu/model") == [(floor, {"fallback": "forbid"})]
    assert found(text, "cpu/feature") == [("", {"policy": "require", "name": name}) for name in features.split()]


@pytest.mark.parametrize(("disk", "kind", "format", "source"), [
    ("/srv/web1.img", "file", "raw", "file"), ("/srv/web1.qcow2", "file", "qcow2", "file"),
    ("/dev/vg0/web1", "block", "raw", "dev"), ("/dev/vg0/odd.qcow2", "block", "raw", "dev")])
def test_a_disk_is_an_image_or_a_device(disk, kind, format, source):
    text = texts(guests.guest(disk=disk))[0]
    assert found(text, "devices/disk") == [("", {"type": kind, "device": "disk"})]
    assert found(text, "devices/disk/driver") == [("", {"name": "qemu", "type": format, "discard": "unmap"})]
    assert found(text, "devices/disk/source") == [("", {source: disk})]
    assert found(text, "devices/disk/target") == [("", {"dev": "vda", "bus": "virtio"})]


def test_every_card_is_there_on_the_bridge_or_on_a_network_of_libvirt():
    macs = (guests.MAC, "52:54:00:12:34:57")
    text = texts(guests.guest(macs=macs, bridge="br0"))[0]
    assert found(text, "devices/interface/mac") == [("", {"address": mac}) for mac in macs]
    assert found(text, "devices/interface/source") == [("", {"bridge": "br0"})] * 2
    text = texts(guests.guest(network="lab"))[0]
    assert found(text, "devices/interface") == [("", {"type": "network"})]
    assert found(text, "devices/interface/source") == [("", {"network": "lab"})]


def test_uefi_is_chosen_by_libvirt_and_without_secure_boot():
    for text in texts(guests.guest(firmware="uefi")):
        assert found(text, "os") == [("", {"firmware": "efi"})]
        assert found(text, "os/firmware/feature") == [("", {"name": "secure-boot", "enabled": "no"})]
    for firmware in ("bios", "any"):
        assert found(texts(guests.guest(firmware=firmware))[0], "os") == [("", {})]


def test_a_screen_is_seen_on_the_host_alone_and_there_is_none_unless_asked_for():
    text = texts(guests.guest(display=True))[0]
    assert found(text, "devices/graphics") == [
        ("", {"type": "vnc", "port": "-1", "autoport": "yes", "listen": "127.0.0.1"})]
    assert found(text, "devices/video/model") == [("", {"type": "vga"})]
    text = texts(guests.guest())[0]
    assert not found(text, "devices/graphics") and not found(text, "devices/video")
    assert found(text, "devices/serial") == found(text, "devices/console") == [("", {"type": "pty"})]


def test_a_machine_keeps_its_uuid_over_builds_and_shares_it_with_none():
    first, again = (found(texts(guests.guest(title=title))[0], "uuid") for title in ("a", "b"))
    others = [found(texts(guests.guest(**changes))[0], "uuid") for changes in (
        {"name": "web2"}, {"macs": ("52:54:00:12:34:57",)})]
    assert first == again and first not in others and others[0] != others[1]


FIELDS = {
    "title": lambda text: guests.guest(title=text),
    "bundle": lambda text: guests.guest(bundle=f"/srv/{text}"),
    "network": lambda text: guests.guest(network=text),
    "name": lambda text: guests.guest(name=text),
    "kernel": lambda text: guests.guest(kernel=text),
    "disk": lambda text: guests.guest(disk=f"/srv/{text}"),
    "bridge": lambda text: guests.guest(bridge=text),
    "argument": lambda text: guests.guest(arguments=("quiet", text)),
    "folder": lambda text: guests.guest(folder=text),
    "initrd": lambda text: guests.guest(initrds=(text,)),
}
FREE = ("title", "bundle", "network")


@pytest.mark.parametrize("field", FIELDS)
def test_no_value_changes_the_structure_of_a_domain(field):
    """Each is refused with a reason, or read back as itself in its own places and nowhere else."""
    passed = 0
    for text in filter(None, HOSTILE):  # an empty bridge or network is none, and says so
        try:
            guest, plain = FIELDS[field](text), FIELDS[field]("mark")
        except (ValueError, UsageError) as reason:
            assert str(reason)
            continue
        passed += 1
        for made, expected in zip(texts(guest), texts(plain), strict=True):
            wanted = guests.substituted(guests.values(expected), "mark", text)
            # The UUID is made of the name.
            assert [each for each in guests.values(made) if field != "name" or each[0] != "/domain/uuid"] == [
                each for each in wanted if field != "name" or each[0] != "/domain/uuid"], text
    assert passed > (100 if field in FREE else 0)


def test_every_parameter_that_installers_take_comes_back():
    for odd in ODD:
        assert found(texts(guests.guest(arguments=("quiet", odd)))[1], "os/cmdline") == [(f"quiet {odd}", {})], odd


@pytest.mark.parametrize("text", ["a\nb", "\0", "a\tb", "\x7f", "\x1b", "\u2028", "\ud800", "\ufffe"])
def test_what_xml_cannot_carry_is_refused(text):
    with pytest.raises(ValueError, match="holds a control character, which libvirt's XML cannot carry"):
        libvirt.checked(text)


@pytest.mark.parametrize(("changes", "message", "hint"), [
    ({"bundle": "srv/pinboot"}, 'host.web1: bundle: "srv/pinboot" is no absolute path of a folder on the host',
     "write it from / on"),
    ({"bundle": "/srv/../etc"}, 'host.web1: bundle: "/srv/../etc" is no absolute path', "no . or .. part"),
    ({"bundle": "/srv/pinboot/"}, 'host.web1: bundle: "/srv/pinboot/" is no absolute path', "slash at the end"),
    ({"bundle": "//srv"}, 'host.web1: bundle: "//srv" is no absolute path', "write it from / on"),
    ({"bundle": "/srv/a\nb"}, 'host.web1: bundle: "/srv/a\\nb" is no absolute path', "control character"),
    ({"network": " "}, 'host.web1: network: " " is no name of a network', ""),
    ({"network": "a\nb"}, 'host.web1: network: "a\\nb" is no name of a network', ""),
    ({"initrds": ("initrd.img", "web1.img")}, "host.web1: initrds: initrd.img, web1.img: a hypervisor loads one initrd",
     "give the initrd that holds the kickstarts"),
    ({"macs": ()}, "host.web1: macs: the guest has none", "set a MAC"),
    ({"disk": ""}, "host.web1: disk: the guest has no disk", "set an image or a device"),
    ({"arch": "aarch64"}, 'host.web1: arch: "aarch64": machine types and processors of guests are x86_64 here', ""),
])
def test_what_no_guest_can_be_made_of_is_refused_by_host_and_field(changes, message, hint):
    with pytest.raises(UsageError) as caught:
        guests.guest(**changes)
    assert caught.value.message.startswith(message) and hint in caught.value.hint


WORDS = st.text("ab<>&\"' é", max_size=4)


@st.composite
def trees(draw, depth=2):
    made = ET.Element(draw(st.sampled_from(["name", "os", "disk"])),
                      draw(st.dictionaries(st.sampled_from(["type", "dev"]), WORDS, max_size=2)))
    made.text = draw(WORDS) or None
    if depth and draw(st.booleans()):
        made.text = None
        made.extend(draw(st.lists(trees(depth=depth - 1), max_size=2)))
    return made


@given(trees())
def test_a_tree_is_written_as_elementtree_writes_it(tree):
    made = libvirt.text(tree)
    ET.indent(tree)
    assert made == ET.tostring(tree, encoding="unicode") + "\n"

"""pxelinux: names, the two forms of a pointer, limits, and that no value leaves its line."""

import ipaddress

import pytest
from hypothesis import given

from builder.errors import UsageError
from builder.outputs.loaders import pxelinux
from tests.corpus import corpus
from tests.unit import loaderfiles
from tests.unit.hostile import HOSTILE, ODD
from tests.unit.loaderboots import FIELDS, KS, LINES, MAC, REPO, SECOND, SERVED, WEB, boot, holds


def read(file):
    return loaderfiles.pxelinux(file.text)


def label(of, name="install"):
    return dict(read(pxelinux.host(of, SERVED))[1][name])


def structure(of):
    files = (pxelinux.host(of, SERVED), *pxelinux.pointers(of, SERVED), *pxelinux.pointers(of, SERVED, "local"),
             pxelinux.menu((of,), SERVED))
    return [(file.path, read(file)) for file in files]


def test_a_machine_is_found_by_its_cards_and_its_ipv4_address():
    # REFERENCE 7, vector 30.
    of = boot(macs=(MAC, SECOND), addresses=(ipaddress.ip_address("192.0.2.10"), ipaddress.ip_address("2001:db8::10")))
    assert [file.path for file in pxelinux.pointers(of, SERVED)] == [
        "tftp/bios/pxelinux.cfg/01-52-54-00-12-34-56", "tftp/bios/pxelinux.cfg/01-52-54-00-12-34-57",
        "tftp/bios/pxelinux.cfg/C000020A"]


def test_kernel_and_initrds_come_from_the_immutable_folder_whatever_folder_pxelinux_is_in():
    of = boot(initrds=("initrd.img", "web1.img"))
    assert label(of)["LINUX"] == "::b/5f2c91ab/rocky-9.6-x86_64/vmlinuz"
    assert label(of)["INITRD"] == ("::b/5f2c91ab/rocky-9.6-x86_64/initrd.img,::b/5f2c91ab/rocky-9.6-x86_64/web1.img")


def test_a_kickstart_url_with_a_query_is_unchanged_and_not_quoted():
    # REFERENCE 7, vector 29.
    assert label(boot())["APPEND"] == f"{REPO} {KS}"


def test_only_the_card_is_added_by_pxelinux_and_never_an_address():
    assert label(boot())["IPAPPEND"] == "2"


def test_a_card_that_the_profile_names_is_not_added_again():
    assert "IPAPPEND" not in label(boot(arguments=(REPO, "BOOTIF=01-52-54-00-12-34-99")))


@pytest.mark.parametrize("words", [
    ("bond=bond0:net0,net1:mode=802.3ad", "ip=bond0:dhcp"), ("vlan=vlan20:net0", "ip=vlan20:dhcp"), ("bridge=br0:net0",),
    ("ip=enp1s0:dhcp",),
])
def test_no_card_is_added_where_networkmanager_would_bring_it_up_twice(words):
    for generation in ("el8", "el9", "el10", "fedora"):
        assert "IPAPPEND" not in label(boot(generation, arguments=(REPO, *words)))
    assert label(boot("el7", arguments=(REPO, *words)))["IPAPPEND"] == "2"


@pytest.mark.parametrize("words", [("ip=dhcp",), ("ip=::::web1::dhcp",), ("ip=52-54-00-12-34-56:dhcp",), ()])
def test_the_card_is_added_where_an_address_is_for_any_or_for_that_card(words):
    assert label(boot(arguments=(REPO, *words)))["IPAPPEND"] == "2"


def test_the_installing_file_asks_and_installs_after_five_seconds():
    top, labels = read(pxelinux.host(boot(), SERVED))
    assert ("DEFAULT", "install") in top and ("TIMEOUT", "50") in top and ("PROMPT", "1") in top
    assert labels["local"] == [("LOCALBOOT", "0")]


def test_a_pointer_is_a_line_that_includes_the_immutable_file():
    for file in pxelinux.pointers(boot(), SERVED):
        assert read(file) == ([("INCLUDE", "::b/5f2c91ab/hosts/web1/pxelinux.cfg")], {})
    assert pxelinux.host(boot(), SERVED).path == "tftp/b/5f2c91ab/hosts/web1/pxelinux.cfg"


def test_after_the_installation_the_same_names_start_the_local_disk():
    before, after = pxelinux.pointers(boot(), SERVED), pxelinux.pointers(boot(), SERVED, "local")
    assert [file.path for file in before] == [file.path for file in after]
    for file in after:
        assert read(file) == ([("DEFAULT", "local"), ("PROMPT", "0")], {"local": [("LOCALBOOT", "0")]})


def test_the_default_file_starts_the_local_disk_unless_a_label_is_typed():
    top, labels = read(pxelinux.menu((boot(), boot(name="web2")), SERVED))
    assert ("DEFAULT", "local") in top and ("ONTIMEOUT", "local") in top and ("IMPLICIT", "0") in top
    assert dict(top)["TIMEOUT"] == "100" and dict(top)["TOTALTIMEOUT"] == "3000"
    assert labels == {
        "local": [("LOCALBOOT", "0")],
        "web1-install": [("CONFIG", "::b/5f2c91ab/hosts/web1/pxelinux.cfg")],
        "web2-install": [("CONFIG", "::b/5f2c91ab/hosts/web2/pxelinux.cfg")]}


def test_a_long_menu_lists_its_labels_only_on_the_key_tab():
    many = tuple(boot(name=f"web{n}") for n in range(pxelinux.LISTED + 1))
    assert sum(keyword == "SAY" for keyword, _ in read(pxelinux.menu(many, SERVED))[0]) == 2
    assert len(read(pxelinux.menu(many, SERVED))[1]) == len(many) + 1


@pytest.mark.parametrize(("changes", "served"), [
    ({"firmware": "uefi"}, SERVED), ({"arch": "aarch64"}, SERVED), ({}, WEB)])
def test_pxelinux_is_for_pcs_with_a_bios_and_a_tftp_server(changes, served):
    assert not pxelinux.serves(boot(**changes), served) and pxelinux.serves(boot(), SERVED)


def added(of):
    return len(f"BOOT_IMAGE=::b/5f2c91ab/{of.folder}/vmlinuz initrd=::b/5f2c91ab/{of.folder}/initrd.img "
               "BOOTIF=01-00-00-00-00-00-00 ")


@pytest.mark.parametrize(("generation", "size", "who"), [
    ("el9", 2047, r"pxelinux takes 2047|the kernel \(COMMAND_LINE_SIZE\) takes 2047"),
    ("el6", 1023, "the EL6 installer's loader takes 1023"),  # REFERENCE 7, vector 33
])
def test_the_line_with_all_that_pxelinux_adds_has_a_limit(generation, size, who):
    room = size - added(boot())
    assert pxelinux.host(boot(generation, arguments=("a" * room,)), SERVED)
    with pytest.raises(UsageError, match=who) as caught:
        pxelinux.host(boot(generation, arguments=("a" * (room + 1),)), SERVED)
    assert caught.value.message.startswith(
        f"host.web1: pxelinux: arguments: the command line has {size + 1} bytes, {added(boot())} of them added")


def test_a_path_is_not_longer_than_pxelinux_takes():
    of = boot(folder="a" * 90, kernel="b" * 30)
    with pytest.raises(UsageError, match=r"host\.web1: pxelinux: kernel: the path .* has 132 characters; pxelinux takes 127"):
        pxelinux.host(of, SERVED)


def test_an_initrd_that_the_profile_names_is_refused():
    with pytest.raises(UsageError, match=r"host\.web1: pxelinux: arguments: initrd=other\.img would replace what the "
                                         r"loader says itself") as caught:
        pxelinux.host(boot(arguments=(REPO, "initrd=other.img")), SERVED)
    assert caught.value.hint == "take it out of kernel_arguments"


@pytest.mark.parametrize(("text", "reason"), [
    ("a\nb", "is not printable ASCII, and pxelinux has no way to write it"),
    ("žluť", "is not printable ASCII"), ("a\tb", "is not printable ASCII"),
    (" a", "has a blank at an end, which pxelinux drops"), ("a ", "has a blank at an end"), ("", "is empty"),
    ("-", "a lone dash"),
])
def test_what_a_line_cannot_hold_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        pxelinux.quote(text)


def test_a_title_that_pxelinux_cannot_show_names_host_and_field():
    with pytest.raises(UsageError, match=r'host\.web1: pxelinux: title: "Rocky Linüx" is not printable ASCII'):
        pxelinux.host(boot(title="Rocky Linüx"), SERVED)


@pytest.mark.parametrize("field", FIELDS)
def test_no_hostile_string_leaves_its_field(field):
    assert [text for text in HOSTILE if not holds(structure, field, text)] == []


def test_every_hostile_string_is_refused_or_the_rest_of_one_line():
    for text in HOSTILE:
        try:
            line = pxelinux.quote(text)
        except ValueError:
            continue
        assert loaderfiles.pxelinux(f"LABEL a\n  APPEND {line}\n  INITRD b\n") == (
            [], {"a": [("APPEND", text), ("INITRD", "b")]}), text


@pytest.mark.parametrize("text", ODD)
def test_an_odd_parameter_passes_unchanged(text):
    assert label(boot(arguments=("quiet", text)))["APPEND"] == f"quiet {text}"


@given(LINES)
def test_any_legal_line_reads_back_as_it_was(line):
    assert label(boot(arguments=tuple(line)))["APPEND"].split(" ") == line


def test_the_reader_of_these_tests_reads_what_others_wrote():
    foreman = corpus() / "pxe-other" / "foreman-rendered" / "PXELinux__PXELinux_global_default.host4dhcp.snap.txt"
    top, labels = loaderfiles.pxelinux(foreman.read_text())
    assert dict(top) == {"UI": "menu.c32", "MENU": "TITLE Booting unknown host (ESC to stop)", "TIMEOUT": "200",
                         "ONTIMEOUT": "local", "DEFAULT": "local"}
    assert labels["local"] == [("MENU", "LABEL Default local boot"), ("LOCALBOOT", "0")]
    assert dict(labels["discovery"])["IPAPPEND"] == "2" and len(labels) == 7
    lorax = corpus() / "pxe" / "lorax" / "tests__mkksiso__data__isolinux.cfg.result"
    _, labels = loaderfiles.pxelinux(lorax.read_text())
    assert list(labels) == ["linux", "check", "basic", "rescue", "local", "returntomain"]
    assert dict(labels["basic"])["APPEND"].startswith("initrd=initrd.img inst.stage2=hd:LABEL=Fedora-mkksiso")

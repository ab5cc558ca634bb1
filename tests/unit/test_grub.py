"""GRUB: names, commands of each firmware, the two forms of a pointer, and that no value leaves its word."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import UsageError
from builder.outputs.boot import Served
from builder.outputs.loaders import grub
from tests.corpus import corpus
from tests.unit import loaderfiles
from tests.unit.hostile import HOSTILE, ODD
from tests.unit.loaderboots import FIELDS, KS, LINES, MAC, REPO, SECOND, SERVED, WEB, boot, holds

CARD = "BOOTIF=01-52-54-00-12-34-56"
PLAIN = Served(http="http://192.0.2.5", root="http://192.0.2.5", tftp="192.0.2.5")


def structure(of):
    files = (*grub.host(of, SERVED), *grub.pointers(of, SERVED), *grub.pointers(of, SERVED, "local"),
             *grub.menus((of,), SERVED))
    return [(file.path, loaderfiles.grub(file.text)) for file in files]


def entries(file):
    """{title: statements} of the menu entries."""
    found = [s for s in loaderfiles.grub(file.text) if s[:2] == ("command", "menuentry")]
    return {title: body for _, _, title, body in found}


def install(of, served=SERVED, root="tftp"):
    file = next(file for file in grub.host(of, served) if file.path.startswith(root))
    return next(iter(entries(file).values()))


def line(of):
    """The words of the kernel's line on a BIOS."""
    ((_, *words), _) = install(of)
    return words


def commands(statements):
    """Every command of a script, however deep."""
    for statement in statements:
        if isinstance(statement, tuple) and statement and statement[0] == "command":
            yield statement[1]
        if isinstance(statement, tuple):
            yield from commands(statement)


def test_a_machine_is_found_by_every_name_that_a_grub_asks_for():
    # REFERENCE 7, vector 31; the address as eight digits, and IPv6 as Red Hat's net/net.c writes it.
    of = boot(macs=(MAC, SECOND), addresses=(ipaddress.ip_address("192.0.2.10"), ipaddress.ip_address("2001:db8::10")))
    assert [file.path for file in grub.pointers(of, SERVED)] == [
        "tftp/mac/52-54-00-12-34-56/grub.cfg", "tftp/mac/52-54-00-12-34-57/grub.cfg",
        "tftp/rocky-9.6-x86_64/grub.cfg-01-52-54-00-12-34-56", "tftp/rocky-9.6-x86_64/grub.cfg-52-54-00-12-34-56",
        "tftp/rocky-9.6-x86_64/grub.cfg-01-52-54-00-12-34-57", "tftp/rocky-9.6-x86_64/grub.cfg-52-54-00-12-34-57",
        "tftp/rocky-9.6-x86_64/grub.cfg-C000020A", "tftp/rocky-9.6-x86_64/grub.cfg-2001-db8-0-0-0-0-0-10",
        "http/mac/52-54-00-12-34-56/grub.cfg", "http/mac/52-54-00-12-34-57/grub.cfg"]


def test_a_uefi_machine_of_el_gets_the_commands_of_red_hat_s_grub():
    # REFERENCE 7, vector 27.
    of = boot(folder="el9", firmware="uefi", macs=())
    text = grub.host(of, PLAIN)[0].text
    assert ("\tlinuxefi /el9/vmlinuz inst.repo=http://192.0.2.5/el9 'inst.ks=http://192.0.2.5/ks?a=1&b=2'\n"
            "\tinitrdefi /el9/initrd.img\n") in text


@pytest.mark.parametrize(("generation", "changes", "kernel", "initrd"), [
    ("el7", {"firmware": "uefi"}, "linuxefi", "initrdefi"), ("el8", {"firmware": "uefi"}, "linuxefi", "initrdefi"),
    ("el10", {"firmware": "uefi"}, "linuxefi", "initrdefi"), ("fedora", {"firmware": "uefi"}, "linux", "initrd"),
    ("el9", {"firmware": "bios"}, "linux", "initrd"), ("el9", {"firmware": "uefi", "arch": "aarch64"}, "linux", "initrd"),
    ("fedora", {"firmware": "any"}, "linux", "initrd"), ("el6", {"firmware": "any"}, "linux", "initrd"),
])
def test_one_firmware_needs_no_choice(generation, changes, kernel, initrd):
    (_, first, *_), (_, second, *_) = install(boot(generation, **changes))
    assert (first, second) == (kernel, initrd)


def test_a_file_for_bios_and_uefi_asks_grub_which_one_it_is():
    ((kind, test, efi, bios),) = install(boot("el8"))
    assert (kind, test) == ("if", (("command", "[", "\0grub_platform", "=", "efi", "]"),))
    assert [words[1] for words in efi] == ["linuxefi", "initrdefi"]
    assert [words[1] for words in bios] == ["linux", "initrd"]
    assert [words[2:] for words in efi] == [words[2:] for words in bios]


def test_several_initrds_are_words_of_one_command():
    _, initrd = install(boot(firmware="bios", initrds=("initrd.img", "web1.img")))
    assert initrd == ("command", "initrd", "/b/5f2c91ab/rocky-9.6-x86_64/initrd.img", "/b/5f2c91ab/rocky-9.6-x86_64/web1.img")


def test_by_http_a_path_names_its_server():
    kernel, _ = install(boot(firmware="bios"), WEB, "http")
    assert kernel == ("command", "linux", "(http,boot.example:8080)/pin/b/5f2c91ab/rocky-9.6-x86_64/vmlinuz", REPO, KS, CARD)


def test_by_tftp_a_path_is_on_the_server_that_grub_came_from():
    assert line(boot(firmware="bios")) == ["linux", "/b/5f2c91ab/rocky-9.6-x86_64/vmlinuz", REPO, KS, CARD]


def test_without_a_tftp_server_nothing_lies_below_its_root():
    files = (*grub.host(boot(), WEB), *grub.pointers(boot(), WEB), *grub.menus((boot(),), WEB))
    assert {file.path.split("/")[0] for file in files} == {"http"}


def test_the_installing_file_installs_after_five_seconds_and_offers_the_disk():
    file = grub.host(boot(), SERVED)[0]
    assert list(entries(file)) == ["web1: install Rocky Linux 9.6 x86_64 (ERASES its disk)", "Start from the local disk"]
    assert "set timeout=5\nset default=0\n" in file.text
    assert entries(file)["Start from the local disk"] == (("command", "local_disk"),)


def test_a_pointer_goes_to_the_immutable_file_and_then_to_the_local_disk():
    for file in grub.pointers(boot(), SERVED):
        device = "(http,192.0.2.5)" if file.path.startswith("http") else ""
        found = list(loaderfiles.grub(file.text))
        assert found[0][:2] == ("function", "local_disk")
        assert found[1] == ("command", "configfile", f"{device}/b/5f2c91ab/hosts/web1/grub.cfg")
        assert [words[1] for words in found[2:]] == ["echo", "sleep", "local_disk"]


def test_after_the_installation_the_same_names_start_the_local_disk():
    before, after = grub.pointers(boot(), SERVED), grub.pointers(boot(), SERVED, "local")
    assert [file.path for file in before] == [file.path for file in after]
    for file in after:
        found = loaderfiles.grub(file.text)
        assert found[1:] == (("command", "local_disk"),)
        assert not {"linux", "linuxefi", "initrd", "configfile"} & set(commands(found))


def test_the_local_disk_is_left_to_the_firmware_and_looked_for_only_where_grub_cannot_report_failure():
    function = loaderfiles.grub(grub.pointers(boot(), SERVED, "local")[0].text)[0]
    choice, leave = function[2]
    assert choice[1] == (("command", "[", "\0grub_platform", "=", "efi", "-a", "-z", "\0fw_path", "]"),)
    assert leave == ("command", "exit", "1")
    assert choice[2][0][2][-1] == "/EFI/BOOT/BOOTX64.EFI"


def test_on_an_architecture_without_uefi_names_the_local_disk_is_the_firmware_s():
    function = loaderfiles.grub(grub.pointers(boot(arch="ppc64le"), SERVED, "local")[0].text)[0]
    assert function == ("function", "local_disk", (("command", "exit", "1"),))


def test_every_folder_in_which_a_grub_may_stand_has_the_menu():
    files = grub.menus((boot(), boot("el7", name="db1", folder="centos-7.9-x86_64")), SERVED)
    folders = ["rocky-9.6-x86_64", "centos-7.9-x86_64", "EFI/BOOT", "grub", "boot/grub2", "boot/grub"]
    assert [file.path for file in files] == [f"{root}/{folder}/grub.cfg" for root in ("tftp", "http") for folder in folders]
    assert len({file.text for file in files}) == 2


def test_the_menu_goes_to_the_machine_s_pointer_and_else_starts_the_local_disk():
    file = grub.menus((boot(),), WEB)[0]
    found = loaderfiles.grub(file.text)
    own = "/".join(("(http,boot.example:8080)/pin/mac", "-".join(f"\0m{n}" for n in range(1, 7)), "grub.cfg"))
    assert ("command", "configfile", own) in found
    assert list(entries(file)) == ["Start from the local disk", "web1: install Rocky Linux 9.6 x86_64 (ERASES its disk)"]
    assert "set default=0\n" in file.text and "linux" not in set(commands(found))


@pytest.mark.parametrize(("text", "written"), [
    ("plain", "plain"),
    ("inst.repo=http://192.0.2.5/el9", "inst.repo=http://192.0.2.5/el9"),
    ("inst.ks=http://192.0.2.5/ks?a=1&b=2", "'inst.ks=http://192.0.2.5/ks?a=1&b=2'"),
    ("ip=[2001:db8::10]::[2001:db8::1]:64:h1:enp1s0:none", "'ip=[2001:db8::10]::[2001:db8::1]:64:h1:enp1s0:none'"),
    ("#a", "'#a'"), ("", "''"), ("it's", "'it'\\''s'"), ("a b", "'a b'"), ("$a", "'$a'"), ("žluť", "'žluť'"),
    # REFERENCE 7, vector 40: Red Hat's GRUB hands \xHH to the kernel as it is.
    (r"inst.stage2=hd:LABEL=CentOS\x207\x20x86_64", r"'inst.stage2=hd:LABEL=CentOS\x207\x20x86_64'"),
])
def test_a_word_is_bare_where_nothing_in_it_is_special_and_else_in_single_quotes(text, written):
    assert grub.quote(text) == written


@pytest.mark.parametrize("text", ["a\nb", "a\r", "\0", "tab\there", "\x7f", "\x1b[31m", "\u2028", "\ud800"])
def test_what_a_word_cannot_hold_is_refused(text):
    with pytest.raises(ValueError, match=r"holds a control character, which no word of grub\.cfg may"):
        grub.quote(text)


def test_a_title_that_grub_cannot_carry_names_host_and_field():
    of = boot()
    object.__setattr__(of, "title", "Rocky\nLinux")
    with pytest.raises(UsageError, match=r"host\.web1: grub: title: .* holds a control character"):
        grub.host(of, SERVED)


def test_a_line_of_1023_bytes_is_all_that_el6_takes():
    fixed = len(f"BOOT_IMAGE=(http,192.0.2.5)/b/5f2c91ab/rocky-9.6-x86_64/vmlinuz  {CARD}")
    assert grub.host(boot("el6", arguments=("a" * (1023 - fixed),)), SERVED)
    with pytest.raises(UsageError, match=r"host\.web1: grub: arguments: the command line has 1024 bytes, .* the EL6 "
                                         r"installer's loader takes 1023"):
        grub.host(boot("el6", arguments=("a" * (1024 - fixed),)), SERVED)


def test_an_initrd_that_the_profile_names_is_refused():
    with pytest.raises(UsageError, match=r"host\.web1: grub: arguments: initrd=/evil would replace"):
        grub.host(boot(arguments=(REPO, "initrd=/evil")), SERVED)


@given(st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" ")))
def test_a_quoted_word_is_read_as_the_same_word(text):
    assert loaderfiles.grub_words(f"a {grub.quote(text)} b")[1].text == text


@pytest.mark.parametrize("field", FIELDS)
def test_no_hostile_string_leaves_its_field(field):
    assert [text for text in HOSTILE if not holds(structure, field, text)] == []


def test_every_hostile_string_is_refused_or_one_word():
    for text in HOSTILE:
        try:
            word = grub.quote(text)
        except ValueError:
            continue
        assert loaderfiles.grub(f"menuentry {word} {{\n\tlinux /k {word} quiet\n}}\n") == (
            ("command", "menuentry", text, (("command", "linux", "/k", text, "quiet"),)),), text


@pytest.mark.parametrize("text", ODD)
def test_an_odd_parameter_passes_unchanged(text):
    assert line(boot(firmware="bios", arguments=("quiet", text), macs=()))[2:] == ["quiet", text]


@given(LINES)
def test_any_legal_line_reads_back_as_it_was(words):
    assert line(boot(firmware="bios", macs=(), arguments=tuple(words)))[2:] == words


def test_the_reader_of_these_tests_reads_what_others_wrote():
    snap = corpus() / "pxe" / "foreman-rendered" / "PXEGrub2__Kickstart_default_PXEGrub2.host4dhcp.snap.txt"
    *_, entry = loaderfiles.grub(snap.read_text())
    assert entry[2] == "Kickstart default PXEGrub2"
    assert entry[3][0][1:3] == ("linux", "boot/centos-mirror-nrm0GtSX1ZC5-vmlinuz")
    lorax = corpus() / "pxe" / "lorax" / "share__templates.d__99-generic__config_files__x86__grub2-efi.cfg"
    assert [s[1] for s in loaderfiles.grub(lorax.read_text()) if s[0] == "command" and len(s) > 3][-2:] == [
        "menuentry", "submenu"]

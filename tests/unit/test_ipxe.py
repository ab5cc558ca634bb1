"""iPXE: the script of a host, its pointers, the menu, and that no value leaves its word."""

import pytest
from hypothesis import given

from builder.errors import UsageError
from builder.outputs.loaders import files, ipxe, layout
from tests.corpus import corpus
from tests.unit import loaderfiles
from tests.unit.hostile import HOSTILE, ODD
from tests.unit.loaderboots import FIELDS, KS, LINES, MAC, REPO, SECOND, SERVED, WEB, boot, holds

CARD = "BOOTIF=01-52-54-00-12-34-56"


def structure(of):
    made = (ipxe.host(of, SERVED), *ipxe.pointers(of, SERVED), *ipxe.pointers(of, SERVED, "local"),
            *ipxe.menus((of,), SERVED))
    return [(file.path, [(label, shown(line)) for label, line in loaderfiles.ipxe(file.text)]) for file in made]


def shown(line):
    """The commands of a line; those that show text hold it as one word, a blank between its own."""
    return tuple(loaderfiles.Command((" ".join(c.words),), c.then) if c.words[:1] in (("echo",), ("item",)) else c for c in line)


def commands(file):
    return [command.words for _, line in loaderfiles.ipxe(file.text) for command in line]


def kernel(of, served=SERVED):
    return next(words for words in commands(ipxe.host(of, served)) if words[0] == "kernel")


def test_every_initrd_is_loaded_by_its_name_and_named_on_the_line():
    # Without the arguments the kernels of EL7 and EL8 find none under UEFI (REFERENCE 4.3).
    of = boot("el7", initrds=("initrd.img", "web1.img"))
    place = "http://192.0.2.5/b/5f2c91ab/rocky-9.6-x86_64"
    assert kernel(of) == ("kernel", f"{place}/vmlinuz", "initrd=initrd.img", "initrd=web1.img", REPO, KS, CARD)
    assert [words for words in commands(ipxe.host(of, SERVED)) if words[0] == "initrd"] == [
        ("initrd", "--name", "initrd.img", f"{place}/initrd.img"), ("initrd", "--name", "web1.img", f"{place}/web1.img")]


def test_the_card_is_the_installing_one_and_a_profile_may_name_it_itself():
    assert kernel(boot(macs=(SECOND, MAC)))[-1] == "BOOTIF=01-52-54-00-12-34-57"
    assert kernel(boot(arguments=(REPO, "BOOTIF=01-52-54-00-12-34-99")))[-1] == "BOOTIF=01-52-54-00-12-34-99"
    assert kernel(boot(macs=()))[-1] == KS


def test_every_step_that_fails_says_so_and_is_tried_again_before_the_local_disk():
    lines = loaderfiles.ipxe(ipxe.host(boot(), SERVED).text)
    for label, line in lines:
        if line and line[0].words[0] in ("kernel", "initrd", "boot"):
            assert [command.words for command in line[1:]] == [("goto", "failed")] and line[0].then == "||", label
    targets = {words[1] for words in commands(ipxe.host(boot(), SERVED)) if words[0] == "goto"}
    assert targets == {"failed", "load", "end"} == {label for label, _ in lines if label}
    assert commands(ipxe.host(boot(), SERVED))[-1] == ("exit", "1")


def test_a_pointer_of_each_card_replaces_itself_by_the_immutable_script():
    made = ipxe.pointers(boot(macs=(MAC, SECOND)), SERVED)
    assert [file.path for file in made] == ["http/mac/52-54-00-12-34-56/boot.ipxe", "http/mac/52-54-00-12-34-57/boot.ipxe"]
    for file in made:
        assert commands(file)[0] == ("chain", "--replace", "http://192.0.2.5/b/5f2c91ab/hosts/web1/boot.ipxe")
    assert ipxe.host(boot(), SERVED).path == "http/b/5f2c91ab/hosts/web1/boot.ipxe"


def test_after_the_installation_the_same_names_leave_with_an_error_so_that_uefi_goes_on():
    before, after = ipxe.pointers(boot(), SERVED), ipxe.pointers(boot(), SERVED, "local")
    assert [file.path for file in before] == [file.path for file in after]
    assert [commands(file) for file in after] == [[("exit", "1")]]


def test_the_menu_goes_to_the_machine_s_pointer_and_else_starts_the_local_disk():
    file = ipxe.menus((boot(), boot(name="web2")), WEB)[0]
    said = commands(file)
    assert said[0] == ("chain", "--replace", "http://boot.example:8080/pin/mac/${netX/mac:hexhyp}/boot.ipxe")
    assert ("choose", "--default", "local", "--timeout", "10000", "target") in said
    assert [words[1] for words in said if words[0] == "item"] == ["local", "web1-install", "web2-install"]
    labels = [label for label, _ in loaderfiles.ipxe(file.text) if label]
    assert labels == ["choose", "local", "web1-install", "web2-install"]
    assert ("chain", "--replace", "http://boot.example:8080/pin/b/5f2c91ab/hosts/web2/boot.ipxe") in said
    assert not {"kernel", "initrd", "boot"} & {words[0] for words in said}


def test_an_ipxe_that_was_sent_by_tftp_goes_to_the_menu():
    assert [file.path for file in ipxe.menus((boot(),), SERVED)] == ["http/boot.ipxe", "tftp/boot.ipxe"]
    assert commands(ipxe.menus((boot(),), SERVED)[1])[0] == ("chain", "--replace", "http://192.0.2.5/boot.ipxe")


@pytest.mark.parametrize(("text", "reason"), [
    ("ks=${net0/mac}", r"holds \$\{, which iPXE always expands"), ("${", "which iPXE always expands"),
    ("||", "is an operator or a comment to iPXE"), ("&&", "is an operator"), (";", "is an operator"),
    ("#top", "is an operator or a comment"), ("a\\", "ends with a backslash, which joins the next line"),
    ("a  b", "has a blank at an end or two in a row, which iPXE drops"), ("", "is empty"), (" a", "has a blank"),
    ("a\nb", "is not printable ASCII"), ("ž", "is not printable ASCII, and iPXE has no way to write it"),
])
def test_what_a_word_cannot_hold_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        ipxe.quote(text)


@pytest.mark.parametrize("argument", ["#top", "&&"])
def test_a_parameter_that_other_loaders_take_names_host_and_field(argument):
    with pytest.raises(UsageError, match=r'host\.web1: ipxe: arguments: "\S+" is an operator or a comment to iPXE'):
        ipxe.host(boot(arguments=(REPO, argument)), SERVED)


def test_a_title_that_ipxe_would_expand_names_host_and_field():
    with pytest.raises(UsageError, match=r'host\.web1: ipxe: title: "Rocky \$\{a\}" holds \$\{'):
        ipxe.menus((boot(title="Rocky ${a}"),), SERVED)


def test_an_initrd_that_the_profile_names_is_refused():
    with pytest.raises(UsageError, match=r"host\.web1: ipxe: arguments: initrd=evil\.img would replace"):
        ipxe.host(boot(arguments=(REPO, "initrd=evil.img")), SERVED)


def test_a_line_of_2047_bytes_is_all_that_the_kernel_takes():
    fixed = len(f"initrd=initrd.img  {CARD}")
    assert ipxe.host(boot(arguments=("a" * (2047 - fixed),), firmware="bios"), SERVED)
    with pytest.raises(UsageError, match=r"host\.web1: ipxe: arguments: the command line has 2048 bytes; the kernel "):
        ipxe.host(boot(arguments=("a" * (2048 - fixed),), firmware="bios"), SERVED)


def test_under_uefi_the_kernel_s_name_stands_in_front_and_counts():
    fixed = len(f"vmlinuz initrd=initrd.img  {CARD}")
    for firmware in ("uefi", "any"):
        assert ipxe.host(boot(arguments=("a" * (2047 - fixed),), firmware=firmware), SERVED)
        with pytest.raises(UsageError, match="the command line has 2048 bytes"):
            ipxe.host(boot(arguments=("a" * (2048 - fixed),), firmware=firmware), SERVED)


@pytest.mark.parametrize("field", FIELDS)
def test_no_hostile_string_leaves_its_field(field):
    assert [text for text in HOSTILE if not holds(structure, field, text)] == []


def test_every_hostile_string_is_refused_or_words_of_one_command():
    for text in HOSTILE:
        try:
            words = ipxe.quote(text)
        except ValueError:
            continue
        read = loaderfiles.ipxe(f"#!ipxe\necho a {words}\nexit 1\n")
        assert read == [("", (loaderfiles.Command(("echo", "a", *text.split(" "))),)),
                        ("", (loaderfiles.Command(("exit", "1")),))], text
        assert "${" not in words


@pytest.mark.parametrize("text", [text for text in ODD if text != "&&"])
def test_an_odd_parameter_passes_unchanged(text):
    assert kernel(boot(arguments=("quiet", text), macs=()))[3:] == ("quiet", text)


@given(LINES.filter(lambda line: "&&" not in line))
def test_any_legal_line_reads_back_as_it_was(line):
    assert kernel(boot(macs=(), arguments=tuple(line)))[3:] == tuple(line)


def test_the_reader_of_these_tests_reads_what_others_wrote():
    foreman = corpus() / "pxe-other" / "foreman-rendered" / "iPXE__iPXE_global_default.host4dhcp.snap.txt"
    lines = loaderfiles.ipxe(foreman.read_text())
    assert [label for label, _ in lines if label][:4] == ["start", "cancel", "shell", "failed"]
    assert ("", (loaderfiles.Command(("boot",), "||"), loaderfiles.Command(("goto", "failed")))) in lines


def test_a_host_without_a_card_has_no_pointer_and_is_told_so():
    with pytest.raises(UsageError, match=r"host\.web1: loaders: macs: a boot loader finds a machine by its MAC address, and "
                                         r"none is known") as caught:
        files.pointers(boot(macs=()), SERVED)
    assert caught.value.hint == "give the host a mac"


@pytest.mark.parametrize(("changes", "said"), [
    ({"name": "web1", "macs": (SECOND,), "addresses": ()}, "name: web1"),
    ({"name": "web2", "addresses": ()}, "macs: 52:54:00:12:34:56"),
    ({"name": "web2", "macs": (SECOND,)}, "addresses: 192.0.2.10"),
])
def test_two_hosts_that_one_pointer_would_serve_are_refused(changes, said):
    with pytest.raises(UsageError, match=rf"loaders: {said} is that of host\.web1 too"):
        files.menus((boot(), boot(**changes)), SERVED)


def test_no_file_has_the_path_of_another_and_only_the_immutable_ones_hold_the_bundle_id():
    of = boot(macs=(MAC, SECOND))
    fixed = [file.path for file in files.immutable(of, SERVED)]
    moving = [file.path for file in (*files.pointers(of, SERVED), *files.menus((of,), SERVED))]
    assert len({*fixed, *moving}) == len(fixed) + len(moving)
    assert all("/b/5f2c91ab/" in path for path in fixed) and not any("5f2c91ab" in path for path in moving)


def test_shim_and_grub_of_a_release_lie_side_by_side_below_each_root_and_one_release_at_the_fallback_path():
    assert layout.copies(boot(), SERVED)[:3] == (
        ("EFI/BOOT/BOOTX64.EFI", "tftp/rocky-9.6-x86_64/shimx64.efi"),
        ("EFI/BOOT/grubx64.efi", "tftp/rocky-9.6-x86_64/grubx64.efi"),
        ("EFI/BOOT/mmx64.efi", "tftp/rocky-9.6-x86_64/mmx64.efi"))
    assert [copy.path for copy in layout.copies(boot(arch="aarch64"), WEB, fallback=True)] == [
        "http/rocky-9.6-x86_64/shimaa64.efi", "http/rocky-9.6-x86_64/grubaa64.efi", "http/rocky-9.6-x86_64/mmaa64.efi",
        "http/EFI/BOOT/BOOTAA64.EFI", "http/EFI/BOOT/grubaa64.efi", "http/EFI/BOOT/mmaa64.efi"]


@pytest.mark.parametrize(("generation", "changes"), [("el9", {"firmware": "bios"}), ("el6", {}), ("el9", {"arch": "ppc64le"})])
def test_a_machine_without_uefi_loaders_gets_none(generation, changes):
    assert layout.copies(boot(generation, **changes), SERVED) == ()

"""Files of loaders: which kind they are, and the command lines that come out of them."""

from __future__ import annotations

import pytest

from builder.lint.line import targets
from builder.lint.media import judged, kind
from builder.lint.media.entry import Entry
from builder.lint.media.pxelinux import CARD

PXELINUX = """\
DEFAULT menu.c32
APPEND from=everywhere
SYSAPPEND 2

LABEL web
  MENU LABEL ^Web server
  KERNEL images/vmlinuz first=1
  INITRD images/initrd.img
  APPEND inst.ks=http://10.0.0.5/ks   quiet
  TEXT HELP
  KERNEL not this one
  ENDTEXT
label plain
\tkernel\timages/vmlinuz
label none
 linux images/vmlinuz
 append -
 ipappend 0x1
LABEL disk
  LOCALBOOT 0
LABEL menu
  COM32 chain.c32
  APPEND hd0
LABEL memtest
  KERNEL memtest86+.bin
"""
GRUB = r"""
set timeout=5
set base="inst.repo=http://10.0.0.5/tree quiet"
set twice=1
set twice=2
menuentry 'Install one' --class fedora {
    # linux /vmlinuz commented=out
    linux /vmlinuz $base inst.stage2=hd:LABEL=A\x20B \
        x\ y='c d' ${twice} "e=$base"
    initrd /initrd.img
}
submenu "More" { menuentry 'Two' { linuxefi /vmlinuz a=1; initrdefi /i; } }
if [ "$x" = y ]; then linux16 /vmlinuz z=1
fi
"""
IPXE = """\
#!ipxe
set base http://10.0.0.5
set ipparam ip=dhcp
:start
isset ${x} && goto start ||
kernel --name vmlinuz ${base}/vmlinuz initrd=initrd.img ${ipparam} \\
  inst.repo=${base}/tree BOOTIF=01-${netX/mac:hexhyp} || goto failed
initrd ${base}/initrd.img
imgargs vmlinuz more=1 # a comment
:failed
"""
XL = """\
name = "web1"
type = 'hvm' # not pv
memory = 2048
extra = "console=hvc0"
extra += " quiet"
root = "/dev/xvda1"
disk = [ 'format=raw,vdev=xvda,access=rw,target=/a', ]
"""
LIBVIRT = """<?xml version="1.0"?>
<domain type="{kind}"><name>web1</name><os><type machine="{machine}">hvm</type><kernel>/v</kernel><initrd>/i</initrd>
<cmdline>inst.ks=http://10.0.0.5/ks?a=1&amp;b=2 quiet</cmdline></os><devices><os/></devices></domain>
"""


def entries(text: str, medium: str) -> list[Entry]:
    return list(kind.READERS[medium](text).entries)


def told(text: str, medium: str) -> list[tuple[str, int, str, str]]:
    return [(each.title, each.line, each.kernel, each.text) for each in entries(text, medium)]


def test_pxelinux_takes_a_label_s_own_append_and_puts_the_initrd_behind() -> None:
    assert told(PXELINUX, "pxelinux") == [
        ("Web server", 5, "images/vmlinuz", "first=1 inst.ks=http://10.0.0.5/ks   quiet initrd=images/initrd.img "
         f"{CARD}"), ("plain", 13, "images/vmlinuz", f"from=everywhere {CARD}"), ("none", 15, "images/vmlinuz", "")]
    assert [each.adds_ip for each in entries(PXELINUX, "pxelinux")] == [False, False, True]


def test_isolinux_has_no_card_to_tell_of() -> None:
    assert [text.replace(f" {CARD}", "") for *_, text in told(PXELINUX, "pxelinux")] == [
        text for *_, text in told(PXELINUX, "isolinux")]
    assert not any(each.adds_ip for each in entries(PXELINUX, "isolinux"))


def rules(text: str) -> set[str]:
    (entry,) = entries(text, "pxelinux")
    return {each.finding.rule for each in judged.verdict(entry, targets.of("el9")).judged}


def test_the_card_that_pxelinux_adds_counts_among_the_words() -> None:
    text = "label a\n kernel k\n append ip=192.0.2.9::192.0.2.1:255.255.255.0:web1:{}:none\n{}"
    assert rules(text.format("", "")) == {"ip-any-device"}
    assert rules(text.format("", "ipappend 2\n")) == set()
    assert rules(text.format("ens3", "ipappend 2\n")) == {"bootif-second"}


def test_grub_s_words_are_cut_unquoted_and_quoted_anew_as_grub_does() -> None:
    assert told(GRUB, "grub") == [
        ("Install one", 8, "/vmlinuz", r'inst.repo=http://10.0.0.5/tree quiet inst.stage2=hd:LABEL=A\x20B "x y=c d" '
         '${twice} "e=inst.repo=http://10.0.0.5/tree quiet"'),
        ("Two", 12, "/vmlinuz", "a=1"), ("", 13, "/vmlinuz", "z=1")]


def test_ipxe_s_lines_are_joined_cut_at_operators_and_filled_in() -> None:
    assert told(IPXE, "ipxe") == [
        ("start", 6, "${base}/vmlinuz", "initrd=initrd.img ip=dhcp inst.repo=http://10.0.0.5/tree "
                                        "BOOTIF=01-${netX/mac:hexhyp}"),
        ("start", 9, "vmlinuz", "more=1")]


def test_xl_joins_root_and_extra_unless_there_is_a_cmdline() -> None:
    (entry,) = entries(XL, "xl")
    assert (entry.title, entry.line, entry.text, entry.medium) == (
        "web1", 6, "root=/dev/xvda1 console=hvc0 quiet", "xen-hvm")
    (entry,) = entries(f'{XL}cmdline = "whole"\n', "xl")
    assert entry.text == "whole"


@pytest.mark.parametrize(("line", "medium"), [
    ('type = "pvh"', "xen-pvh"), ('type = "p"', "xen-pv"), ('type = ""', "xen-hvm"), ('builder = "hvm"', "xen-hvm"),
    ('builder = "generic"', "xen-pv"), ("", "xen-pv"),
])
def test_the_type_of_an_xl_guest_decides_whose_limit_holds(line: str, medium: str) -> None:
    (entry,) = entries(f'{line}\nextra = "quiet"\n', "xl")
    assert entry.medium == medium


@pytest.mark.parametrize(("kind_", "machine", "medium"), [
    ("kvm", "q35", "libvirt"), ("xen", "xenpv", "xen-pv"), ("xen", "xenpvh", "xen-pvh"), ("xen", "xenfv", "xen-hvm")])
def test_a_domain_of_libvirt_has_its_line_in_os(kind_: str, machine: str, medium: str) -> None:
    (entry,) = entries(LIBVIRT.format(kind=kind_, machine=machine), "libvirt")
    assert (entry.title, entry.kernel, entry.text, entry.medium) == (
        "web1", "/v", "inst.ks=http://10.0.0.5/ks?a=1&b=2 quiet", medium)


def test_a_boot_loader_entry_joins_its_options() -> None:
    text = "title Rocky\nlinux /vmlinuz-5.14\noptions root=UUID=1\n# options no\noptions quiet\n"
    assert told(text, "bls") == [("Rocky", 3, "/vmlinuz-5.14", "root=UUID=1 quiet")]


def test_grub_legacy_hands_over_the_rest_of_the_line() -> None:
    text = "default=0\ntitle CentOS (2.6.32)\n\troot (hd0,0)\n\tkernel /vmlinuz ro root=LABEL=/ quiet\n\tinitrd /i\n"
    assert told(text, "grub-legacy") == [("CentOS (2.6.32)", 4, "/vmlinuz", "ro root=LABEL=/ quiet")]


@pytest.mark.parametrize(("text", "lines"), [
    ("quiet a=b\n", ["quiet a=b"]), ("# one\nks=a text\n\nks=b text\n", ["ks=a text", "ks=b text"]),
    ("a=1\nquiet\n\na=1 quiet\n", ["a=1 quiet"]), ("a=1\nquiet\n", ["a=1 quiet"]), ("\n#x\n", []),
])
def test_lines_alone_are_one_each_or_one_parameter_each(text: str, lines: list[str]) -> None:
    assert [each.text for each in entries(text, "line")] == lines


@pytest.mark.parametrize(("name", "text", "found"), [
    ("pxelinux.cfg/default", PXELINUX, "pxelinux"), ("isolinux/isolinux.cfg", PXELINUX, "isolinux"), ("x", GRUB, "grub"),
    ("grub.cfg", "linux /vmlinuz root=/dev/sda1\n", "grub"), ("boot.ipxe", IPXE, "ipxe"), ("web1", XL, "xl"),
    ("web1", 'kernel = "/v"\nextra = "quiet"\n', "xl"), ("web1.xml", LIBVIRT, "libvirt"),
    ("/boot/loader/entries/1.conf", "title x\nversion 1\noptions a\n", "bls"), ("1.conf", "linux /v\noptions a=1\n", "bls"),
    ("menu.lst", "title x\nkernel /v ro\n", "grub-legacy"), ("cmdline", "anything at all", "line"),
    ("cmdline", "inst.ks=a\nquiet\n", "line"), ("README", "some\nwords of prose\n", ""), ("empty", "", ""),
    ("Makefile", "all:\n\tcc x.c\n", ""), ("up.sh", "#!/bin/sh\nname='web1'\nroot=/srv quiet\n", ""),
    ("profile.toml", '[host.web1]\nname = "web1"\nmemory = 2048\n', ""), ("x.lock", '[[package]]\nname = "kernel"\n', ""),
    ("ks.cfg", "label x\ntext\n%packages\n%end\n", ""), ("x.json", '{"a": "b c"}\n', ""), ("a", '{{ root }} a=b\n', "line"),
    ("40_custom", "#!/bin/sh\nexec tail -n +3 $0\nmenuentry x {\n linux /v a=1\n}\n", "grub"),
])
def test_a_file_s_kind_is_found_by_its_name_and_content(name: str, text: str, found: str) -> None:
    assert kind.of(name, text) == found

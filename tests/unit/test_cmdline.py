"""The command line of an installation: what is in it, what is refused, and how long it may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.boot.line import cmdline, options
from builder.boot.line.cmdline import CommandLine
from builder.catalog.generation import GENERATIONS
from builder.errors import UsageError
from builder.profile.values import Host
from tests.unit import samples

EL7, EL9 = GENERATIONS["el7"], GENERATIONS["el9"]


def compose(machine: cmdline.Machine = "xen-pv", generation: str = "el7", host: Host | None = None,
            url: str = "https://vault.centos.org/7.9.2009/os/x86_64", extra: tuple[str, ...] = ()) -> CommandLine:
    return cmdline.compose(host or samples.host(), GENERATIONS[generation], install_url=url,
                           kickstart_location="file:/ks/h1.cfg", machine=machine, extra=extra)


def test_a_line_is_source_kickstart_network_console_then_the_users_arguments_then_ours() -> None:
    host = samples.host(network=samples.dhcp(), kernel_arguments=("net.ifnames=0",))
    assert compose(host=host, extra=("inst.waitfornet=60",)).text() == (
        "inst.repo=https://vault.centos.org/7.9.2009/os/x86_64 inst.ks=file:/ks/h1.cfg "
        "ip=::::h1.example.com:enp1s0:dhcp console=hvc0 net.ifnames=0 inst.waitfornet=60")


@pytest.mark.parametrize(("machine", "console", "expected"), [
    ("xen-pv", None, ["hvc0"]),
    ("xen-pvh", None, ["hvc0"]),
    ("xen-hvm", None, ["tty0", "ttyS0,115200n8"]),
    ("kvm", None, ["tty0", "ttyS0,115200n8"]),
    ("pc", None, []),
    ("pc", "ttyS1,115200n8", ["tty0", "ttyS1,115200n8"]),
    ("xen-hvm", "hvc0", ["hvc0"]),
    ("kvm", "tty0", ["tty0"]),
    ("xen-pv", "tty0", ["tty0"]),
])
def test_the_machine_decides_the_consoles_and_the_last_has_the_screen(
        machine: cmdline.Machine, console: str | None, expected: list[str]) -> None:
    assert list(cmdline.consoles(machine, console)) == [f"console={name}" for name in expected]


@pytest.mark.parametrize("parameter", ["a b", "a'b", 'a"b', "a\\b", "a$b", "a;b", "--", "", "a\nb", "a|b", "\u00e9"])
def test_a_parameter_that_parsers_read_differently_is_no_command_line(parameter: str) -> None:
    with pytest.raises(ValueError, match="no kernel parameter that all installers read alike"):
        CommandLine((parameter,))


@pytest.mark.parametrize("name", ["inst.ks", "inst.repo", "ks", "repo"])
def test_a_second_source_or_kickstart_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"a second {name}="):
        CommandLine((f"{name}=http://192.0.2.5/a", f"{name}=http://192.0.2.5/b"))


def test_a_users_old_style_ks_is_the_second_kickstart_and_says_so() -> None:
    with pytest.raises(UsageError, match=r"host\.h1\.kernel_arguments: a second inst\.ks="):
        compose(host=samples.host(kernel_arguments=("ks=http://192.0.2.5/mine",)))


def test_every_bad_argument_of_a_host_is_told_at_once() -> None:
    host = samples.host(kernel_arguments=("inst.vnc", "ip=dhcp", "vlan=mgmt:eth0", "net.ifnames=0"))
    with pytest.raises(UsageError) as caught:
        compose(generation="el10", host=host)
    assert caught.value.message.splitlines() == [
        "host.h1.kernel_arguments: the EL10 installer cannot take these",
        "  inst.vnc: removed; use inst.rdp inst.rdp.username=... inst.rdp.password=...",
        "  ip: the profile makes the network arguments: set address, gateway, nameservers, mac or interface of the "
        "host",
        '  vlan: "mgmt" does not end in a VLAN id (0 to 4094), as vlan20 and eth0.20 do']


@pytest.mark.parametrize("url", ["http://192.0.2.5/el7;x", "http://192.0.2.5/el 7", "http://192.0.2.5/$x"])
def test_a_tree_whose_address_is_no_safe_parameter_is_refused_by_host(url: str) -> None:
    with pytest.raises(UsageError, match=r"host\.h1: ") as caught:
        compose(url=url)
    assert "%XX" in caught.value.hint


@pytest.mark.parametrize("generation", ["el7", "el8", "el9", "el10", "fedora"])
@given(name=st.sampled_from(sorted(options.PREFIXED)))
def test_no_unprefixed_installer_option_ever_reaches_el7_or_later(generation: str, name: str) -> None:
    try:
        found = options.translate(f"{name}=x", GENERATIONS[generation])
    except ValueError:
        return  # removed in this generation
    assert all(option.startswith("inst.") for option in found)


@pytest.mark.parametrize("argument", ["selinux=0", "fips=1", "nousb", "rd.live.check", "quiet", "console=tty1",
                                      "modprobe.blacklist=nouveau", "inst.sshd", "ipv6.disable=1"])
@pytest.mark.parametrize("generation", [EL7, EL9], ids=["el7", "el9"])
def test_a_legal_argument_passes_unchanged(argument: str, generation: object) -> None:
    assert options.translate(argument, generation) == (argument,)  # type: ignore[arg-type]


@pytest.mark.parametrize(("argument", "generation", "advice"), [
    ("askmethod", "el7", "tree.url"),
    ("noipv6", "el9", "ipv6.disable=1"),
    ("inst.loglevel=debug", "el9", "the log is always complete"),
    ("loglevel=debug", "el9", "the log is always complete"),
    ("gpt", "el10", "inst.disklabel=gpt"),
    ("hostname=x", "el7", "set hostname in the host's table"),
    ("ksdevice=eth0", "el7", "the profile makes the network arguments"),
])
def test_a_removed_option_is_refused_with_what_to_use(argument: str, generation: str, advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        options.translate(argument, GENERATIONS[generation])


@pytest.mark.parametrize("value", ["", "ns1.example.com", "192.0.2.53,", "192.0.2.300"])
def test_a_name_server_that_is_no_address_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="is no address of a name server"):
        options.translate(f"nameserver={value}", EL9)


def test_the_installed_system_keeps_only_arguments_that_are_not_the_installers() -> None:
    assert options.installed(("net.ifnames=0", "inst.sshd", "vnc", "rd.route=198.51.100.0/24:192.0.2.254", "audit=0")) \
        == ("net.ifnames=0", "audit=0")


@pytest.mark.parametrize(("generation", "medium", "header", "size", "who"), [
    ("el7", "xen-pv", 2047, 1023, "MAX_GUEST_CMDLINE"),
    ("el7", "xen-hvm", 2047, 2047, "kernel"),
    ("el9", "xen-hvm", 0, 2047, "kernel"),
    ("el9", "xen-hvm", 255, 255, "setup header"),
    ("el6", "xen-hvm", 2047, 1023, "EL6 installer"),
    ("el9", "pxelinux", 2047, 2047, ""),
])
def test_the_smallest_limit_counts(generation: str, medium: str, header: int, size: int, who: str) -> None:
    bound = cmdline.limit(GENERATIONS[generation], medium, header)
    assert bound.size == size
    assert who in bound.who


def test_a_line_that_is_too_long_names_limit_length_and_the_longest_parameters() -> None:
    line = CommandLine(("inst.repo=http://192.0.2.5/" + "a" * 900, "quiet", "x=" + "b" * 150))
    with pytest.raises(UsageError) as caught:
        cmdline.fit(line, cmdline.limit(EL7, "xen-pv"), "host.h1")
    first, longest, *_ = caught.value.message.splitlines()
    assert first == (f"host.h1: the command line has {len(line.text())} bytes; "
                     "Xen for a PV guest (MAX_GUEST_CMDLINE) takes 1023 and drops the rest")
    assert longest.strip().startswith("927 bytes  inst.repo=http://192.0.2.5/aaa")
    assert "shorten" in caught.value.hint


def test_a_network_that_is_too_large_for_a_pv_guest_is_refused_with_its_longest_words() -> None:
    pairs = [(f"198.51.{number}.0/24", "192.0.2.254") for number in range(30)]
    card = samples.link(name="enp1s0", addresses=("192.0.2.10/24",), routes=samples.routes(*pairs))
    line = compose(host=samples.host(network=samples.plan(card)))
    with pytest.raises(UsageError, match=r"MAX_GUEST_CMDLINE\) takes 1023 and drops the rest"):
        cmdline.fit(line, cmdline.limit(EL7, "xen-pv"), "host.h1")
    cmdline.fit(line, cmdline.limit(EL9, "xen-hvm"), "host.h1")


def test_what_a_loader_adds_counts_against_the_limit() -> None:
    line = CommandLine(("a" * 2040,))
    cmdline.fit(line, cmdline.limit(EL9, "xen-hvm"), "h1")
    with pytest.raises(UsageError, match="of them added by the loader"):
        cmdline.fit(line, cmdline.limit(EL9, "pxelinux"), "h1")


def test_the_value_of_a_parameter_is_that_of_the_last_one() -> None:
    line = CommandLine(("console=tty0", "console=hvc0", "quiet"))
    assert line.value("console") == "hvc0"
    assert line.value("quiet") == ""
    assert line.value("inst.repo") is None

"""The test vectors of REFERENCE 7 that concern command lines and kickstarts, each under its number.

Parameters are compared as sets of tokens, with the order of repeated keys checked apart, as the reference asks.
Vectors 27 to 31 and 40 belong to boot files of loaders.
"""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from builder import names
from builder.boot.kickstart import quoting
from builder.boot.kickstart import render as kickstart
from builder.boot.line import cmdline, network, options
from builder.boot.review import unattended as validate
from builder.boot.review import unsaid
from builder.catalog.generation import GENERATIONS
from builder.errors import UsageError
from builder.finding import Severity
from builder.profile.network.plan import NetworkPlan
from builder.profile.values import User
from tests.unit import samples

V6: dict[str, Any] = {"addresses": ("2001:db8::10/64",), "gateways": ("2001:db8::1",), "nameservers": ("2001:db8::53",)}
DUAL: dict[str, Any] = {"addresses": ("192.0.2.10/24", "2001:db8::10/64"), "gateways": ("192.0.2.1", "2001:db8::1"),
                        "nameservers": ()}
STATIC = "ip=192.0.2.10::192.0.2.1:255.255.255.0:h1.example.com:enp1s0:none"
DNS = " nameserver=192.0.2.53 nameserver=192.0.2.54"
RELEASES = {"el6": "centos-6.10", "el7": "centos-7.9.2009", "el8": "rocky-8", "el9": "rocky-9.6", "el10": "rocky-10",
            "fedora": "fedora-42"}


def line(name: str, **changes: Any) -> cmdline.CommandLine:
    return cmdline.compose(
        samples.host(**changes), GENERATIONS[name], install_url=f"http://192.0.2.5/{name}",
        kickstart_location="http://192.0.2.5/ks/h1.cfg", machine="pc")


def lines(name: str, **changes: Any) -> list[str]:
    profile = samples.profile(RELEASES[name], **changes)
    text = kickstart.render(profile, profile.hosts[0], install_url=f"http://192.0.2.5/{name}", machine="pc")
    return text.splitlines()


@pytest.mark.parametrize(("number", "name", "expected"), [
    (1, "el9", f"inst.repo=http://192.0.2.5/el9 inst.ks=http://192.0.2.5/ks/h1.cfg {STATIC}{DNS}"),
    (2, "el10", f"inst.repo=http://192.0.2.5/el10 inst.ks=http://192.0.2.5/ks/h1.cfg {STATIC}{DNS}"),
    (2, "fedora", f"inst.repo=http://192.0.2.5/fedora inst.ks=http://192.0.2.5/ks/h1.cfg {STATIC}{DNS}"),
    (3, "el7", f"inst.repo=http://192.0.2.5/el7 inst.ks=http://192.0.2.5/ks/h1.cfg {STATIC}{DNS}"),
    (3, "el8", f"inst.repo=http://192.0.2.5/el8 inst.ks=http://192.0.2.5/ks/h1.cfg {STATIC}{DNS}"),
])
def test_static_address_from_a_tree(number: int, name: str, expected: str) -> None:
    assert line(name).text().split() == expected.split()


def test_vector_4_static_address_on_el6() -> None:
    card = samples.network(mac=samples.MAC, interface="eth0")
    assert sorted(line("el6", network=card).parameters) == sorted([
        "repo=http://192.0.2.5/el6", "ks=http://192.0.2.5/ks/h1.cfg", "ksdevice=52:54:00:12:34:56", "ip=192.0.2.10",
        "netmask=255.255.255.0", "gateway=192.0.2.1", "dns=192.0.2.53,192.0.2.54", "hostname=h1.example.com", "noipv6"])


# Vectors that the reference gives for EL9 hold for everything that NetworkManager reads, and for EL8 where dracut's own
# module reads the same.
NM = ("el9", "el10", "fedora")
CASES = [
    (5, "el8", samples.dhcp(), "", "ip=enp1s0:dhcp"),
    *((6, name, samples.dhcp(interface=None), "", "ip=dhcp") for name in ("el7", "el8", *NM)),
    *((7, name, samples.dhcp(), "h1.example.com", "ip=::::h1.example.com:enp1s0:dhcp") for name in ("el8", *NM)),
    *((8, name, samples.dhcp(mtu=1400), "", "ip=enp1s0:dhcp:1400") for name in ("el8", *NM)),
    *((9, name, samples.network(mtu=9000, nameservers=()), "h1.example.com", f"{STATIC}:9000")
      for name in ("el7", "el8", "el9", "el10", "fedora")),
    *((10, name, samples.network(**V6), "h1.example.com",
       "ip=[2001:db8::10]::[2001:db8::1]:64:h1.example.com:enp1s0:none nameserver=[2001:db8::53]") for name in NM),
    # dracut's own module writes nameserver= to resolv.conf as it stands, and NetworkManager takes it bare as well.
    (10, "el8", samples.network(**V6), "h1.example.com",
     "ip=[2001:db8::10]::[2001:db8::1]:64:h1.example.com:enp1s0:none nameserver=2001:db8::53"),
    *((11, name, samples.network(**DUAL), "h1.example.com",
       f"{STATIC} ip=[2001:db8::10]::[2001:db8::1]:64:h1.example.com:enp1s0:none") for name in NM),
    *((13, name, samples.dhcp("auto6"), "", "ip=enp1s0:auto6") for name in ("el8", *NM)),
    *((14, name, samples.network(mac=samples.MAC, nameservers=()), "h1.example.com",
       "ip=192.0.2.10::192.0.2.1:255.255.255.0:h1.example.com:52-54-00-12-34-56:none") for name in NM),
    *((15, name, samples.network(mac=samples.MAC, nameservers=()), "h1.example.com",
       "ifname=net0:52:54:00:12:34:56 ip=192.0.2.10::192.0.2.1:255.255.255.0:h1.example.com:net0:none")
      for name in ("el7", "el8")),
    # EL6 has no vectors of its own but 4: anaconda's loader in the words of its command-line.txt (REFERENCE 1.6).
    (5, "el6", samples.dhcp(interface="eth0"), "", "ksdevice=eth0 ip=dhcp noipv6"),
    (6, "el6", samples.dhcp(interface=None), "", "ksdevice=link ip=dhcp noipv6"),
    (7, "el6", samples.dhcp(mac=samples.MAC), "h1.example.com",
     "ksdevice=52:54:00:12:34:56 ip=dhcp hostname=h1.example.com noipv6"),
    (8, "el6", samples.dhcp(interface="eth0", mtu=1400), "", "ksdevice=eth0 ip=dhcp mtu=1400 noipv6"),
    (13, "el6", samples.dhcp("auto6", interface="eth0"), "", "ksdevice=eth0 noipv4 ipv6=auto"),
]


@pytest.mark.parametrize("changes", [V6, DUAL])
def test_vectors_10_and_11_a_static_ipv6_address_is_more_than_the_loader_of_el6_can_take(
        changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"^host\.h1: the EL6 installer takes no IPv6 gateway"):
        line("el6", network=samples.network(**changes))


@pytest.mark.parametrize(("number", "name", "card", "hostname", "expected"), CASES,
                         ids=[f"vector-{case[0]}-{case[1]}" for case in CASES])
def test_network_arguments(number: int, name: str, card: NetworkPlan, hostname: str, expected: str) -> None:
    assert list(network.arguments(card, hostname, GENERATIONS[name])) == expected.split()


@pytest.mark.parametrize("name", ["el7", "el8"])
def test_vector_12_dual_stack_static_would_stop_dracut_and_boots_on_ipv4_alone(name: str) -> None:
    told = line(name, network=samples.network(**DUAL)).parameters
    assert [word for word in told if word.startswith("ip=")] == [
        "ip=192.0.2.10::192.0.2.1:255.255.255.0:h1.example.com:enp1s0:none"]
    assert not any(":" in word for word in told if word.startswith("nameserver="))


def bond(options: str, **changes: Any) -> tuple[Any, ...]:
    """bond0 over ens3 and ens4."""
    pairs = tuple(tuple(option.split("=")) for option in options.split(","))
    return (samples.link(name="ens3"), samples.link(name="ens4"), samples.link(
        kind="bond", name="bond0", ports=("ens3", "ens4"), options=pairs, **changes))


# The mask of vector 17 stands dotted, as in vectors 1 to 15: the form that EL7 documents, and the same to NetworkManager.
VLAN = samples.link(kind="vlan", name="bond0.20", parent="bond0", vlan=20, addresses=("192.0.2.10/24",))
ROUTE = samples.link(name="enp1s0", addresses=("192.0.2.10/24",), gateways=("192.0.2.1",),
                     routes=samples.routes(("198.51.100.0/24", "192.0.2.254")))
DEVICES = [
    *((16, name, samples.plan(*bond("mode=802.3ad,miimon=100", method="dhcp")),
       "bond=bond0:ens3,ens4:mode=802.3ad,miimon=100 ip=bond0:dhcp") for name in ("el7", "el8", *NM)),
    (16, "el6", samples.plan(*bond("mode=802.3ad,miimon=100", method="dhcp")),
     "bond=bond0:ens3,ens4:mode=802.3ad,miimon=100 ksdevice=bond0 ip=dhcp noipv6"),
    *((17, name, samples.plan(*bond("mode=802.3ad"), VLAN),
       "bond=bond0:ens3,ens4:mode=802.3ad vlan=bond0.20:bond0 ip=192.0.2.10:::255.255.255.0::bond0.20:none")
      for name in ("el7", "el8", *NM)),
    (17, "el6", samples.plan(*bond("mode=802.3ad"), VLAN),
     "bond=bond0:ens3,ens4:mode=802.3ad ksdevice=bond0 vlanid=20 ip=192.0.2.10 netmask=255.255.255.0 noipv6"),
    *((19, name, samples.plan(ROUTE), f"{STATIC.replace(':h1.example.com:', '::')} "
       "rd.route=198.51.100.0/24:192.0.2.254:enp1s0") for name in ("el7", "el8", *NM)),
    *((20, name, samples.dhcp(nameservers=("192.0.2.53",), peer_dns=False),
       "ip=enp1s0:dhcp rd.peerdns=0 nameserver=192.0.2.53") for name in ("el7", "el8", *NM)),
]


@pytest.mark.parametrize(("number", "name", "plan", "expected"), DEVICES,
                         ids=[f"vector-{case[0]}-{case[1]}" for case in DEVICES])
def test_devices_routes_and_name_servers(number: int, name: str, plan: NetworkPlan, expected: str) -> None:
    assert sorted(network.arguments(plan, "", GENERATIONS[name])) == sorted(expected.split())


@pytest.mark.parametrize(("number", "plan"), [
    (19, samples.plan(ROUTE)), (20, samples.dhcp(nameservers=("192.0.2.53",), peer_dns=False))])
def test_vectors_19_and_20_have_no_words_on_el6_and_say_so(number: int, plan: NetworkPlan) -> None:
    with pytest.raises(UsageError, match="the EL6 installer has no word for") as caught:
        network.arguments(plan, "", GENERATIONS["el6"])
    assert "/etc/sysconfig/network-scripts" in caught.value.hint


@pytest.mark.parametrize(("number", "argument", "name", "expected"), [
    (16, "bond=bond0:ens3,ens4:mode=802.3ad,miimon=100", "el9", ("bond=bond0:ens3,ens4:mode=802.3ad,miimon=100",)),
    (17, "vlan=bond0.20:bond0", "el9", ("vlan=bond0.20:bond0",)),
    (19, "rd.route=198.51.100.0/24:192.0.2.254:enp1s0", "el9", ("rd.route=198.51.100.0/24:192.0.2.254:enp1s0",)),
    (20, "rd.peerdns=0", "el9", ("rd.peerdns=0",)),
    (21, "nameserver=192.0.2.53,192.0.2.54", "el9", ("nameserver=192.0.2.53", "nameserver=192.0.2.54")),
    (20, "rd.peerdns=0", "el10", ("rd.peerdns=0",)),
    *((21, "dns=192.0.2.53,192.0.2.54", name, ("nameserver=192.0.2.53", "nameserver=192.0.2.54"))
      for name in ("el7", "el8", *NM)),
    (21, "nameserver=192.0.2.53,192.0.2.54", "el6", ("dns=192.0.2.53,192.0.2.54",)),
    *((24, "noverifyssl", name, ("inst.noverifyssl",)) for name in ("el7", "el8", "el10", "fedora")),
    (24, "noverifyssl", "el9", ("inst.noverifyssl",)),
    (24, "inst.noverifyssl", "el6", ("noverifyssl",)),
    (25, "vnc", "el9", ("inst.vnc",)),
    (25, "vncpassword=s3cret", "el9", ("inst.vncpassword=s3cret",)),
    (26, "ks=http://192.0.2.5/ks", "el9", ("inst.ks=http://192.0.2.5/ks",)),
    *((26, "ks=http://192.0.2.5/ks", name, ("inst.ks=http://192.0.2.5/ks",)) for name in ("el7", "el8", "el10", "fedora")),
    (25, "inst.vnc", "el6", ("vnc",)),
    (25, "vnc", "el8", ("inst.vnc",)),
    (26, "inst.ks=http://192.0.2.5/ks", "el6", ("ks=http://192.0.2.5/ks",)),
])
def test_a_users_argument_is_spelled_as_the_installer_reads_it(
        number: int, argument: str, name: str, expected: tuple[str, ...]) -> None:
    assert options.translate(argument, GENERATIONS[name]) == expected


@pytest.mark.parametrize("argument", ["vlan=mgmt:enp1s0", "vlan=vlan5000:enp1s0"])
@pytest.mark.parametrize("name", GENERATIONS)
def test_vector_18_a_vlan_without_a_valid_id_in_its_name_is_refused(argument: str, name: str) -> None:
    with pytest.raises(ValueError, match="does not end in a VLAN id"):
        options.translate(argument, GENERATIONS[name])


def test_vector_22_a_mask_with_holes_is_refused_before_it_becomes_a_network() -> None:
    with pytest.raises(ValueError, match="is no prefix length"):
        names.interface_address("192.0.2.10/255.255.0.255")


def test_vector_23_the_serial_console_comes_last_and_has_the_installers_screen() -> None:
    found = cmdline.compose(samples.host(kernel_arguments=("text",)), GENERATIONS["el8"],
                            install_url="http://192.0.2.5/el8", kickstart_location="file:/ks/h1.cfg", machine="kvm")
    assert [p for p in found.parameters if p.startswith("console=")] == ["console=tty0", "console=ttyS0,115200n8"]
    assert "inst.text" in found.parameters


@pytest.mark.parametrize("argument", ["vnc", "inst.vncpassword=s3cret"])
@pytest.mark.parametrize("name", ["el10", "fedora"])
def test_vector_25_vnc_is_refused_with_rdp_where_it_was_removed(name: str, argument: str) -> None:
    with pytest.raises(ValueError, match=r"inst\.rdp inst\.rdp\.username=\.\.\. inst\.rdp\.password=\.\.\."):
        options.translate(argument, GENERATIONS[name])


@pytest.mark.parametrize(("number", "name", "medium", "most"), [
    (32, "el7", "xen-pv", 1023),
    (33, "el6", "pxelinux", 1023),
    (33, "el6", "xen-pv", 1023),
    (33, "el6", "xen-hvm", 1023),
    *((32, name, "xen-hvm", 2047) for name in ("el8", "el10", "fedora")),
])
def test_the_last_byte_that_fits_is_taken_and_the_next_refused(number: int, name: str, medium: str, most: int) -> None:
    bound = cmdline.limit(GENERATIONS[name], medium)
    room = most - (len(bound.adds) + 1 if bound.adds else 0)
    cmdline.fit(cmdline.CommandLine(("a" * room,)), bound, "h1")
    with pytest.raises(UsageError, match=f"has {most + 1} bytes") as caught:
        cmdline.fit(cmdline.CommandLine(("a" * (room + 1),)), bound, "h1")
    assert f"takes {most}" in caught.value.message


def test_vector_34_a_password_with_hash_quote_and_backslash() -> None:
    assert quoting.words(["rootpw", "--plaintext", 'a#b "c\\']) == 'rootpw --plaintext "a#b \\"c\\\\"'
    assert shlex.split('rootpw --plaintext "a#b \\"c\\\\"', comments=True)[-1] == 'a#b "c\\'


@pytest.mark.parametrize("name", GENERATIONS)
def test_vector_35_a_line_end_in_gecos_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"user\.admin\.gecos"):
        lines(name, users=(User(name="admin", gecos="x\nrootpw --plaintext x"),))


@pytest.mark.parametrize(("name", "expected"), [
    ("el6", ["timezone --utc Europe/Prague"]),
    ("el7", ["timezone Europe/Prague --utc --ntpservers=192.0.2.123"]),
    ("el8", ["timezone Europe/Prague --utc --ntpservers=192.0.2.123"]),
    ("el9", ["timezone Europe/Prague --utc", "timesource --ntp-server=192.0.2.123"]),
    ("el10", ["timezone Europe/Prague --utc", "timesource --ntp-server=192.0.2.123"]),
    ("fedora", ["timezone Europe/Prague --utc", "timesource --ntp-server=192.0.2.123"]),
])
def test_vector_36_time_zone_and_servers(name: str, expected: list[str]) -> None:
    found = lines(name, ntp=("192.0.2.123",))
    assert [text for text in found if text.startswith("time")] == expected


def test_vector_36_what_el6_cannot_say_is_told() -> None:
    (found,) = unsaid.check(samples.profile("centos-6.10", ntp=("192.0.2.123",)))
    assert found.severity is Severity.WARNING
    assert found.text == "ntp is left out: the EL6 installer has no word for time servers"
    assert "/etc/ntp.conf" in found.hint
    assert unsaid.check(samples.profile("centos-7.9.2009", ntp=("192.0.2.123",))) == ()
    assert unsaid.check(samples.profile("centos-6.10")) == ()
    own = samples.text_file("my.ks", "text\n")
    assert unsaid.check(samples.profile("centos-6.10", ntp=("192.0.2.123",), kickstart=own)) == ()


@pytest.mark.parametrize(("name", "header", "first"), [
    ("el7", "%packages --instLangs=en_US", "@^minimal"),
    ("el8", "%packages --excludeWeakdeps --instLangs=en_US", "@^minimal-environment"),
    *((name, "%packages --exclude-weakdeps --inst-langs=en_US", "@^minimal-environment") for name in NM),
    ("el6", "%packages --instLangs=en_US", "@core"),  # yum knows no weak dependencies, EL6 no environments
])
def test_vector_37_a_minimal_installation_without_weak_dependencies(name: str, header: str, first: str) -> None:
    found = lines(name, language="en_US.UTF-8", weak_dependencies=False)
    start = found.index(header)
    body = found[start + 1:found.index("%end")]
    assert [text for text in body if not text.startswith("#")] == [first]


def test_vector_38_a_key_of_root_by_command_where_there_is_one_else_by_script() -> None:
    root = samples.profile().root
    keyed = samples.changed(root, ssh_keys=(samples.KEY,))
    for name in ("el8", *NM):
        assert f'sshkey --username=root "{samples.KEY}"' in lines(name, root=keyed)
    for name, key in (("el6", samples.RSA), ("el7", samples.KEY)):
        found = lines(name, root=samples.changed(root, ssh_keys=(key,)))
        assert not any(text.startswith("sshkey") for text in found)
        assert f"printf '%s\\n' '{key}' >> \"$home/.ssh/authorized_keys\"" in found


def test_vector_39_a_mirror_list_alone_needs_a_tree_on_the_command_line() -> None:
    text = "\n".join(lines("el9")).replace("url --url=http://192.0.2.5/el9", "url --mirrorlist=http://192.0.2.5/list")
    generation = GENERATIONS["el9"]
    errors = [f.text for f in validate.check(text, generation, samples.host(), where="my.ks")
              if f.severity is Severity.ERROR]
    assert len(errors) == 1
    assert "inst.repo=None" in errors[0]
    booted = cmdline.CommandLine(("inst.stage2=http://192.0.2.5/el9",))
    assert all(f.severity is not Severity.ERROR for f in validate.check(
        text, generation, samples.host(), where="my.ks", command_line=booted))

"""dnsmasq.conf: what is in it for whom, and what is refused; dnsmasq itself is asked in tests/tool/test_service_tools.py."""

import ipaddress

import pytest

from builder.errors import UsageError
from builder.outputs.services import dhcp as plan
from builder.outputs.services import dnsmasq
from builder.outputs.services.dhcp import Loaders
from tests.unit.hostile import HOSTILE, ODD
from tests.unit.serving import boot, dhcp, served


def lines(*boots, **changes):
    made = dnsmasq.config(boots or (boot(),), served(), dhcp(**changes))
    assert made.path == "dhcp/dnsmasq.conf" and made.mode == 0o644 and made.text.endswith("\n")
    return [line for line in made.text.splitlines() if line and not line.startswith("#")]


def test_each_machine_has_its_own_address_and_the_files_of_its_release():
    made = lines(boot("c0001", 1), boot("l0001", 2, folder="centos-7.9.2009-x86_64", firmware="bios"))
    assert 'dhcp-host=52:54:00:00:00:01,set:g2,10.20.1.1,"c0001"' in made
    assert 'dhcp-host=52:54:00:00:00:02,set:g1,10.20.1.2,"l0001"' in made
    assert 'dhcp-boot=tag:g2,tag:x64,tag:!ipxe,"rocky-9.6-x86_64/shimx64.efi",,10.20.0.5' in made
    assert 'dhcp-boot=tag:g1,tag:bios,tag:!ipxe,"bios/pxelinux.0",,10.20.0.5' in made
    assert not any(line.startswith("dhcp-boot=tag:g1,tag:x64") for line in made)


def test_all_cards_of_a_machine_share_its_address():
    macs = ("52:54:00:00:00:01", "52:54:00:00:00:02")
    assert 'dhcp-host=52:54:00:00:00:01,52:54:00:00:00:02,set:g1,10.20.1.1,"web1"' in lines(boot(macs=macs))


def test_only_machines_that_are_named_are_answered_where_there_is_no_pool():
    made = lines()
    assert "dhcp-range=10.20.0.0,static,255.255.0.0,3600" in made and "dhcp-ignore=tag:!known" in made


def test_a_pool_serves_everybody_but_only_machines_that_are_named_boot():
    first, last = ipaddress.ip_address("10.20.200.1"), ipaddress.ip_address("10.20.255.0")
    made = lines(boot(addresses=()), pool=(first, last))
    assert "dhcp-range=10.20.200.1,10.20.255.0,255.255.0.0,3600" in made and "dhcp-ignore=tag:!known" not in made
    assert 'dhcp-host=52:54:00:00:00:01,set:g1,"web1"' in made
    assert all("tag:g1," in line for line in made if line.startswith("dhcp-boot="))
    assert "dhcp-lease-max=14081" in made


def test_three_thousand_machines_have_leases_at_once():
    boots = [boot(f"c{n:04}", macs=(f"52:54:00:00:{n >> 8:02x}:{n & 255:02x}",),
                  addresses=(ipaddress.ip_address("10.20.1.0") + n,)) for n in range(1, 3001)]
    assert "dhcp-lease-max=3000" in lines(*boots)


def test_router_and_name_servers_that_are_not_told_are_told_to_be_none():
    made = lines(router=None, dns=())
    assert "dhcp-option=option:router" in made and "dhcp-option=option:dns-server" in made
    assert "dhcp-option=option:dns-server,10.20.0.2,10.20.0.3" in lines()


def test_a_tftp_server_is_started_only_when_asked_for():
    assert not any("tftp" in line for line in lines())
    assert {'tftp-root="/srv/pinboot/tftp"', "enable-tftp", "tftp-max=1000"} <= set(lines(tftp_root="/srv/pinboot/tftp"))


def test_an_http_client_gets_a_url_and_the_word_that_it_waits_for():
    made = lines()
    assert "dhcp-match=set:x64-http,option:client-arch,16" in made
    assert "dhcp-option-force=tag:g1,tag:x64-http,tag:!ipxe,option:vendor-class,HTTPClient" in made
    assert 'dhcp-boot=tag:g1,tag:x64-http,tag:!ipxe,"http://10.20.0.5/rocky-9.6-x86_64/shimx64.efi"' in made


def test_without_an_ipxe_script_ipxe_is_treated_as_the_firmware_that_it_is():
    made = dnsmasq.config([boot()], served(), dhcp(), Loaders(ipxe="")).text
    assert ",tag:!ipxe" not in made and "tag:ipxe" not in made
    assert 'dhcp-boot=tag:g1,tag:bios,"bios/pxelinux.0",,10.20.0.5\n' in made


def test_ipxe_may_come_first_and_fetch_its_script_itself():
    loaders = Loaders(bios="ipxe/undionly.kpxe", x64="ipxe/snponly.efi")
    made = dnsmasq.config([boot()], served(), dhcp(), loaders).text
    assert 'dhcp-boot=tag:g1,tag:bios,tag:!ipxe,"ipxe/undionly.kpxe",,10.20.0.5\n' in made
    assert 'dhcp-boot=tag:g1,tag:ipxe,"http://10.20.0.5/boot.ipxe"\n' in made


def test_a_proxy_gives_no_addresses_and_no_options():
    made = lines(mode="proxy")
    assert "dhcp-range=10.20.0.0,proxy,255.255.0.0" in made and "dhcp-host=52:54:00:00:00:01,set:g1" in made
    assert not any(line.startswith(("dhcp-authoritative", "dhcp-option", "dhcp-boot", "dhcp-lease")) for line in made)
    assert ('pxe-service=tag:g1,tag:!ipxe,7,"rocky-9.6-x86_64, x86_64, any firmware","rocky-9.6-x86_64/shimx64.efi",'
            '10.20.0.5') in made


def test_a_machine_without_an_ipv4_address_needs_a_pool_only_where_addresses_are_given():
    six = boot(addresses=(ipaddress.ip_address("2001:db8::1"),))
    with pytest.raises(UsageError, match=r"^host\.web1\.address: no IPv4 address, and the DHCP server has no pool"):
        lines(six)
    assert "dhcp-host=52:54:00:00:00:01,set:g1" in lines(six, mode="proxy")


@pytest.mark.parametrize("address", ["10.21.0.1", "192.0.2.1", "10.20.0.0", "10.20.255.255"])
def test_an_address_outside_of_the_network_is_refused(address):
    with pytest.raises(UsageError, match=rf"^host\.web1\.address: {address} is no address for a host in 10\.20\.0\.0/16"):
        lines(boot(addresses=(ipaddress.ip_address(address),)))


@pytest.mark.parametrize(("changes", "message"), [
    ({"macs": ()}, r"host\.web2\.mac: a DHCP server knows machines by their MAC address"),
    ({"macs": ("52:54:00:00:00:01",)}, r"host\.web2\.mac: 52:54:00:00:00:01 is that of host web1 too"),
    ({"addresses": (ipaddress.ip_address("10.20.1.1"),)}, r"host\.web2\.address: 10\.20\.1\.1 is that of host web1 too"),
    ({"arch": "ppc64le", "folder": "x"}, None),
])
def test_a_machine_that_cannot_be_told_apart_or_served_is_named(changes, message):
    second = boot("web2", 2, **changes)
    if message is None:
        with pytest.raises(UsageError, match=r"^host\.web2\.firmware: there is no loader for ppc64le with any firmware"):
            dnsmasq.config([boot(), second], served(), dhcp(), Loaders(ipxe=""))
        return
    with pytest.raises(UsageError, match=f"^{message}"):
        lines(boot(), second)


@pytest.mark.parametrize("tftp", ["tftp.example.com", "2001:db8::5"])
def test_a_tftp_server_must_have_an_ipv4_address(tftp):
    with pytest.raises(UsageError, match=rf'^serve\.tftp: "{tftp}" is no IPv4 address') as refused:
        dnsmasq.config([boot()], served(tftp=tftp), dhcp())
    assert refused.value.hint == "write the address of the TFTP server"


def test_without_a_tftp_server_http_clients_and_ipxe_alone_get_files():
    made = dnsmasq.config([boot()], served(tftp=""), dhcp()).text.splitlines()
    assert [line for line in made if line.startswith("dhcp-boot")] == [
        'dhcp-boot=tag:g1,tag:x64-http,tag:!ipxe,"http://10.20.0.5/rocky-9.6-x86_64/shimx64.efi"',
        'dhcp-boot=tag:g1,tag:ipxe,"http://10.20.0.5/boot.ipxe"']


def test_a_bios_machine_with_neither_tftp_nor_ipxe_has_no_way_to_start():
    with pytest.raises(UsageError, match=r"^host\.web1\.firmware: there is no loader for x86_64 with BIOS"):
        dnsmasq.config([boot(firmware="bios")], served(tftp=""), dhcp(), Loaders(ipxe=""))


def test_a_file_name_that_dhcp_cannot_carry_is_refused():
    root = f"http://10.20.0.5/{'d' * 100}"
    with pytest.raises(UsageError, match=r"^host\.web1: .* has 1[0-9]+ bytes, and DHCP carries file names of at most 127"):
        dnsmasq.config([boot()], served(root=root), dhcp())


@pytest.mark.parametrize(("changes", "message"), [
    ({"router": ipaddress.ip_address("10.21.0.1")}, "router: 10.21.0.1 is not in 10.20.0.0/16"),
    ({"interface": "eth0,eth1"}, '"eth0,eth1" is no interface name'),
    ({"interface": "eth0\nport=53"}, "is no interface name"),
    ({"tftp_root": "srv"}, '"srv" is no plain absolute path'),
    ({"lease": 60}, "lease: 60 seconds; at least 120"),
    ({"lease": 1 << 32}, "lease: 4294967296 seconds"),
    ({"pool": (ipaddress.ip_address("10.20.2.0"), ipaddress.ip_address("10.20.1.0"))}, "is no range of 10.20.0.0/16"),
    ({"pool": (ipaddress.ip_address("10.20.2.0"), ipaddress.ip_address("10.30.1.0"))}, "is no range of 10.20.0.0/16"),
])
def test_a_network_that_no_server_can_serve_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        dhcp(**changes)


@pytest.mark.parametrize(("changes", "message"), [
    ({"bios": "bios/pxelinux"}, '"bios/pxelinux" has no suffix; a boot server would add .0'),
    ({"x64": "../shimx64.efi"}, "is no path below the root of a server"),
    ({"x64": "{name}/shimx64.efi"}, "is no path below the root of a server"),
    ({"ipxe": "/boot.ipxe"}, "is no path below the root of a server"),
    ({"ipxe": 'boot".ipxe'}, "is no path below the root of a server"),
])
def test_a_loader_that_no_server_can_name_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Loaders(**changes)


def settings(text):
    """Option and values of each line, as dnsmasq reads them: in double quotes a backslash hides the next character and
    a comma is plain (its option.c, read_file and split_chr)."""
    found = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, _, rest = line.partition("=")
        words, word, quoted, at = [], "", False, 0
        while at < len(rest):
            if rest[at] == "\\" and quoted:
                at += 1
                word += rest[at]
            elif rest[at] == '"':
                quoted = not quoted
            elif rest[at] == "," and not quoted:
                words.append(word)
                word = ""
            else:
                assert quoted or rest[at] not in " #"
                word += rest[at]
            at += 1
        assert not quoted
        found.append((name, *words, word))
    return found


ORDINARY = settings(dnsmasq.config([boot()], served(), dhcp(interface="eth1", tftp_root="/srv/tftp")).text)
# How each text gets in, and the word of ORDINARY that it stands for; whole lines stay as many as they were.
FIELDS = {
    "name": ("web1", lambda text: ([boot(text)], served(), dhcp(interface="eth1", tftp_root="/srv/tftp"))),
    "title": (None, lambda text: ([boot(title=text)], served(), dhcp(interface="eth1", tftp_root="/srv/tftp"))),
    "folder": ("rocky-9.6-x86_64", lambda text: ([boot(folder=text)], served(), dhcp(interface="eth1", tftp_root="/srv/tftp"))),
    "argument": (None, lambda text: ([boot(arguments=(text,))], served(), dhcp(interface="eth1", tftp_root="/srv/tftp"))),
    "interface": ("eth1", lambda text: ([boot()], served(), dhcp(interface=text, tftp_root="/srv/tftp"))),
    "tftp_root": ("/srv/tftp", lambda text: ([boot()], served(), dhcp(interface="eth1", tftp_root=text))),
    "root": ("http://10.20.0.5", lambda text: ([boot()], served(root=text), dhcp(interface="eth1", tftp_root="/srv/tftp"))),
    "mac": ("52:54:00:00:00:01", lambda text: ([boot(macs=(text,))], served(), dhcp(interface="eth1", tftp_root="/srv/tftp"))),
}
LEGAL = ("ignore", "infinite", "12h", "2d", "60m", "deadbeef", "a", "c0001.rack.example.com", "3com", "tag", "set", "id", "net",
         "proxy", "static", "/srv/a%b@c:d", "/a~b/c+d=e", "/-", "enX0", "eth0.100", "br-lan", "http://10.20.0.5:8080",
         "https://boot.example.com/a%20b", "http://[2001:db8::5]/x", "52:54:00:ab:cd:ef", "x" * 63)


@pytest.mark.parametrize("field", FIELDS)
def test_a_hostile_or_odd_word_is_refused_or_read_back_as_itself_and_nothing_else(field):
    stands, make = FIELDS[field]
    passed = 0
    for text in (*HOSTILE, *ODD, *LEGAL):
        try:
            made = dnsmasq.config(*make(text)).text
        except (ValueError, UsageError):
            continue
        passed += 1
        expected = ORDINARY if stands is None else [
            tuple(word.replace(stands, text) for word in line) for line in ORDINARY]
        if (field == "interface" and not text) or (field == "tftp_root" and not text):
            continue
        assert settings(made) == expected, text
    assert passed >= (1 if field == "mac" else 3)


@pytest.mark.parametrize("text", [text for text in HOSTILE if not (text.isascii() and text.isprintable())])
def test_what_is_no_printable_ascii_is_refused(text):
    with pytest.raises(ValueError, match="holds more than printable ASCII"):
        dnsmasq.quote(text)


@pytest.mark.parametrize("text", [text for text in (*HOSTILE, *ODD) if text.isascii() and text.isprintable()])
def test_any_printable_word_is_one_value(text):
    assert settings(f"a={dnsmasq.quote(text)},b") == [("a", text, "b")]


def test_groups_are_named_in_the_order_of_their_folders_whatever_the_order_of_the_machines():
    boots = [boot("b", 1, folder="z-1"), boot("a", 2, folder="a-1"), boot("c", 3, folder="a-1", firmware="uefi")]
    made = plan.groups(boots, served(), dhcp(), Loaders())
    assert [(group.name, group.title) for group in made] == [
        ("g1", "a-1, x86_64, any firmware"), ("g2", "a-1, x86_64, UEFI"), ("g3", "z-1, x86_64, any firmware")]
    assert [group[:4] for group in plan.groups(boots[::-1], served(), dhcp(), Loaders())] == [group[:4] for group in made]

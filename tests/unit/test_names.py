"""Names from outside in one canonical form, or refused with a reason."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import names


@pytest.mark.parametrize("spelling", ["00:16:3e:03:9c:56", "00-16-3E-03-9C-56", "0016.3e03.9c56", "00163E039C56"])
def test_every_spelling_of_a_mac_is_one_mac(spelling):
    assert names.mac(spelling) == "00:16:3e:03:9c:56"


@pytest.mark.parametrize("bad", ["00:16:3e:9c:03", "01:00:5e:00:00:01", "00:00:00:00:00:00", "00:16:3e:03:9c:5g",
                                 "00:16:3e:03:9c:56\n", "00:16:3e:03:9c:56,bridge=x", "0:16:3e:03:9c:56", ""])
def test_what_is_no_mac_of_a_card_is_refused(bad):
    with pytest.raises(ValueError):
        names.mac(bad)


def test_a_short_mac_tells_how_many_bytes_it_has():
    with pytest.raises(ValueError, match="5 bytes, wants 6"):
        names.mac("00:16:3e:9c:03")


def test_a_made_mac_is_the_same_every_time_and_of_xens_own_range():
    first = names.xen_mac("web", "web1")
    assert first == names.xen_mac("web", "web1") == names.mac(first)
    assert first.startswith("00:16:3e:") and int(first[9:11], 16) < 0x80
    assert first != names.xen_mac("web", "web2") != names.xen_mac("we", "bweb2")


@pytest.mark.parametrize("bad", ["host\n", "-a", "a-", "a..b", "a_b", "ho st", "ünï", "a" * 65, "10.0.0.1", "1234", "",
                                 "a.b.c-", "host;reboot", "$(id)"])
def test_what_is_no_host_name_is_refused(bad):
    with pytest.raises(ValueError):
        names.hostname(bad)


def test_a_host_name_is_lower_cased():
    assert names.hostname("Web1.Example.COM") == "web1.example.com"


@pytest.mark.parametrize("bad", ["192.168.1.300", "010.0.0.1", "1.2.3", "fe80::1%eth0", "１.2.3.4", "1.2.3.4\n", "::g"])
def test_what_is_no_address_is_refused(bad):
    with pytest.raises(ValueError):
        names.address(bad)


@pytest.mark.parametrize("bad", ["192.0.2.1", "192.0.2.0/24", "192.0.2.255/24", "192.0.2.1/33", "192.0.2.1/0",
                                 "192.0.2.1/255.255.255.0", "224.0.0.1/24", "127.0.0.1/8", "192.0.2.1/24/24"])
def test_what_is_no_address_of_a_host_is_refused(bad):
    with pytest.raises(ValueError):
        names.interface_address(bad)


@pytest.mark.parametrize(("given_url", "canonical"), [
    ("HTTP://Mirror.Example:80/centos//7/os/x86_64/", "http://mirror.example/centos/7/os/x86_64"),
    ("https://mirror.example:443", "https://mirror.example"),
    ("https://[2001:DB8::1]:8443/tree", "https://[2001:db8::1]:8443/tree"),
    ("http://192.0.2.5/el%209", "http://192.0.2.5/el%209"),
])
def test_a_url_has_one_spelling(given_url, canonical):
    assert names.url(given_url) == canonical


@pytest.mark.parametrize("bad", [
    "ftp://mirror/x", "file:///etc", "http://user:pw@mirror/x", "http://mirror/x?y=1", "http://mirror/x#y", "mirror/x",
    "http://mirror/a b", "http://mirror/a'b", "http://mirror\\@evil/x", "http://mirror/$(id)", "http:///x",
    "http://mirror/a/../b", "http://mirror:99999/", "http://mirror/x\n", "javascript:alert(1)"])
def test_what_is_no_plain_url_is_refused(bad):
    with pytest.raises(ValueError):
        names.url(bad)


@pytest.mark.parametrize("bad", ["../etc/passwd", "/etc/passwd", "a/../b", "-rf", "a//b", "a/", "", "http://x/y", "a\\b",
                                 "a\0b", "ä", "a/" * 130 + "b", ".ssh/id", "./a", "a b"])
def test_what_is_no_path_in_a_tree_is_refused(bad):
    with pytest.raises(ValueError):
        names.tree_path(bad)


@pytest.mark.parametrize("good", ["images/pxeboot/vmlinuz", ".treeinfo", "repodata/0a1b-primary.xml.gz",
                                  "Packages/k/kernel-3.10.0-1160.el7.x86_64.rpm", "Packages/l/libstdc++-4.8.rpm"])
def test_real_paths_of_trees_are_taken_as_they_are(good):
    assert names.tree_path(good) == good


@pytest.mark.parametrize(("text", "count"), [("20 GiB", 20 << 30), ("3800 MiB", 3800 << 20), ("1TiB", 1 << 40)])
def test_sizes_are_binary(text, count):
    assert names.size(text) == count


@pytest.mark.parametrize("bad", ["20", "20 GB", "20G", "-1 GiB", "1.5 GiB", "0 GiB", "20  GiB"])
def test_what_leaves_room_for_a_guess_is_no_size(bad):
    with pytest.raises(ValueError):
        names.size(bad)


@given(st.text())
def test_a_name_in_a_message_never_carries_control_characters(text):
    shown = names.shown(text)
    assert shown.isprintable() and shown[0] == shown[-1] == '"' and len(shown) < 1000


@given(st.text(max_size=60))
def test_whatever_passes_is_canonical_already(text):
    for parse in (names.hostname, names.mac, names.url, names.tree_path, names.device, names.interface):
        try:
            once = parse(text)
        except ValueError:
            continue
        assert parse(once) == once


@given(st.ip_addresses())
def test_every_address_reads_back_as_itself(address):
    assert names.address(str(address)) == ipaddress.ip_address(str(address))

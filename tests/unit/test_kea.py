"""kea-dhcp4.json parsed back; Kea itself is asked in tests/tool/test_service_tools.py."""

import ipaddress
import json

import pytest

from builder.errors import UsageError
from builder.outputs.services import kea
from tests.unit.hostile import HOSTILE, ODD
from tests.unit.serving import boot, dhcp, served
from tests.unit.test_dnsmasq import LEGAL


def settings(*boots, **changes):
    made = kea.config(boots or (boot(),), served(), dhcp(**changes))
    assert made.path == "dhcp/kea-dhcp4.json" and made.text.endswith("}\n")
    return json.loads(made.text)["Dhcp4"]


def test_a_machine_has_a_reservation_for_each_card_with_one_address():
    macs = ("52:54:00:00:00:01", "52:54:00:00:00:02")
    made = settings(boot(macs=macs))
    assert made["subnet4"][0]["reservations"] == [
        {"hw-address": mac, "ip-address": "10.20.1.1", "hostname": "web1", "client-classes": ["g1"]} for mac in macs]
    assert made["ip-reservations-unique"] is False and settings()["ip-reservations-unique"] is True


def test_a_machine_without_an_address_has_a_reservation_of_its_group_alone():
    pool = (ipaddress.ip_address("10.20.200.1"), ipaddress.ip_address("10.20.200.9"))
    subnet = settings(boot(addresses=()), pool=pool)["subnet4"][0]
    assert subnet["pools"] == [{"pool": "10.20.200.1 - 10.20.200.9"}]
    assert subnet["reservations"] == [{"hw-address": "52:54:00:00:00:01", "hostname": "web1", "client-classes": ["g1"]}]


def test_a_class_is_for_one_group_and_one_kind_of_firmware():
    classes = {each["name"]: each for each in settings()["client-classes"]}
    assert list(classes) == ["ipxe", "g1", "g1-bios", "g1-x64", "g1-x64-http", "g1-ipxe"]
    assert classes["g1-x64"] == {
        "name": "g1-x64", "boot-file-name": "rocky-9.6-x86_64/shimx64.efi", "next-server": "10.20.0.5",
        "test": "member('KNOWN') and member('g1') and not member('ipxe') and "
                "(option[93].hex == 0x0007 or option[93].hex == 0x0009)"}
    assert classes["g1-x64-http"]["option-data"] == [
        {"name": "vendor-class-identifier", "data": "HTTPClient", "always-send": True}]


def test_a_proxy_is_refused_with_what_can_be_one():
    with pytest.raises(UsageError, match=r"^dhcp\.mode: Kea has no proxy mode") as refused:
        settings(mode="proxy")
    assert refused.value.hint.startswith("use dnsmasq beside another DHCP server")


def test_router_and_name_servers_are_options_of_the_network():
    assert settings()["subnet4"][0]["option-data"] == [
        {"name": "routers", "data": "10.20.0.1"}, {"name": "domain-name-servers", "data": "10.20.0.2, 10.20.0.3"}]
    assert settings(router=None, dns=())["subnet4"][0]["option-data"] == []


def words(value):
    """Every string of a JSON value with its place."""
    if isinstance(value, dict):
        return {(key, *place): text for key, each in value.items() for place, text in words(each).items()}
    if isinstance(value, list):
        return {(number, *place): text for number, each in enumerate(value) for place, text in words(each).items()}
    return {(): value}


FIELDS = {
    "name": ("web1", lambda text: ([boot(text)], served(), dhcp(interface="eth1"))),
    "title": (None, lambda text: ([boot(title=text)], served(), dhcp(interface="eth1"))),
    "folder": ("rocky-9.6-x86_64", lambda text: ([boot(folder=text)], served(), dhcp(interface="eth1"))),
    "argument": (None, lambda text: ([boot(arguments=(text,))], served(), dhcp(interface="eth1"))),
    "interface": ("eth1", lambda text: ([boot()], served(), dhcp(interface=text))),
    "root": ("http://10.20.0.5", lambda text: ([boot()], served(root=text), dhcp(interface="eth1"))),
}
ORDINARY = words(json.loads(kea.config([boot()], served(), dhcp(interface="eth1")).text))


@pytest.mark.parametrize("field", FIELDS)
def test_a_hostile_or_odd_word_is_refused_or_read_back_as_itself_and_nothing_else(field):
    stands, make = FIELDS[field]
    passed = 0
    for text in (*HOSTILE, *ODD, *LEGAL):
        try:
            made = kea.config(*make(text)).text
        except (ValueError, UsageError):
            continue
        passed += 1
        if field == "interface" and not text:
            continue
        assert words(json.loads(made)) == {
            place: word.replace(stands, text) if stands and isinstance(word, str) else word
            for place, word in ORDINARY.items()}, text
    assert passed >= 3

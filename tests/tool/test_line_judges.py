"""The rules for command lines before the real parsers: what they take as meant raises no alarm, what they drop, refuse
or warn of is found.

The parsers: nm-initrd-generator 1.42, dracut's own network module 059, dracut-getarg, GLib's shell quoting (EL6's
loader), and libxlutil 4.17.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.lint.line import targets, tokens
from builder.lint.line.checks import network
from builder.lint.line.judge import judge
from builder.lint.line.line import Line
from builder.lint.line.targets import Target
from builder.lint.media.xl import grammar
from tests.corpus import corpus
from tests.tool import libxlutil
from tests.tool.test_dracut_legacy import outside, parse, parsers  # noqa: F401  (fixtures)
from tests.tool.test_nm_initrd_generator import Made, device, generator  # noqa: F401
from tests.tool.tools import need

pytestmark = pytest.mark.tool

(EL9,) = targets.of("el9")
(OLD,) = targets.of("el8.2")
GRAVE = ("error", "warning")
# What the generator reads otherwise than it was written, and says nothing of; each is shown by a test below.
SILENT = {"ip-method", "ip-form", "ip-mask", "ip-bootif", "ip-mtu"}
# Rules about the network; and what the generator says of a machine that has no iBFT.
NETWORK = ("ip-", "bond", "bridge", "vlan", "route", "nameserver", "bootif", "ethtool", "team")
IBFT = re.compile(r"iscsi_ibft|iBFT NIC|MAC address for")
SOME = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))

one = st.sampled_from
ADDRESSES = one(["192.0.2.10", "10.0.0.5", "[2001:db8::10]", "2001:db8::10", "192.0.2.10/24", "[2001:db8::10]/64", "192.0.2.300",
                 "host", "", "192.0.2.10/99"])
GATEWAYS = one(["", "192.0.2.1", "[2001:db8::1]", "[fe80::1]", "198.51.100.1", "x", "2001:db8::1"])
MASKS = one(["", "24", "255.255.255.0", "33", "255.255.0.255", "64", "129", "0", "x", "255.255.255.300"])
HOSTS = one(["", "web1", "bad_host", "web1.example.com", "-x"])
DEVICES = one(["", "eth0", "ens3", "52-54-00-aa-bb-cc", "52:54:00:aa:bb:cc", "averylongname0000", "bootif", "e/0", "eth0.20"])
METHODS = one(["none", "off", "dhcp", "dhcp6", "auto6", "auto", "on", "any", "either6", "dhcp,dhcp6", "dhcp,auto6", "none,dhcp",
               "foo", ""])
NEW_METHODS = METHODS | one(["link6", "single-dhcp"])
TAILS = one(["", ":1500", ":9000:52-54-00-aa-bb-cc", ":1500:52:54:00:aa:bb:cc", ":192.0.2.53", ":192.0.2.53:192.0.2.54",
             ":[2001:db8::53]", ":2001:db8::53", ":x", ":192.0.2.53:x", ":1500:x", ":192.0.2.53:192.0.2.54:y", ":", ":70000",
             "::52-54-00-aa-bb-cc"])


def ips(methods: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    fields = (ADDRESSES, one(["", "192.0.2.2"]), GATEWAYS, MASKS, HOSTS, DEVICES, methods)
    long = st.builds(lambda tail, *parts: ":".join(parts) + tail, TAILS, *fields)
    short = st.builds(lambda card, method, tail: f"{card}:{method}{tail}", DEVICES, methods, TAILS)
    return (long | short | methods | ADDRESSES).filter(bool)


NAMES = one(["bond0", "br0", "vlan20", "eth0.20", "lan20", "myvlan", "vlan4095", "vlan0", "averylongname0000", ""])
PORT = one(["eth0", "eth1", "52-54-00-aa-bb-cc", "52:54:00:aa:bb:cc", "averylongname0000", ""])
PORTS = st.lists(PORT, max_size=2).map(",".join)
OPTIONS = st.lists(one([
    "mode=802.3ad", "mode=4", "mode=9", "mode=lacp", "mode=active-backup", "mode=6", "miimon=100", "miimon", "foo=1",
    "lacp_rate=fast", "lacp_rate=slow", "lacp_rate=2", "xmit_hash_policy=layer3+4", "xmit_hash_policy=x", "primary=eth0",
    "fail_over_mac=active", "mode=active-backup;miimon=100", "arp_ip_target=192.0.2.1;192.0.2.2", "arp_ip_target=192.0.2.1",
    "arp_interval=100", "use_carrier=1", "use_carrier=x", "num_grat_arp=1", "ad_select=count", "downdelay=0", "arp_validate=all",
]), max_size=4, unique_by=lambda option: option.partition("=")[0]).map(",".join)
STACKED = (
    st.builds("bond={}:{}:{}{}".format, NAMES, PORTS, OPTIONS, one(["", ":9000", ":x", ":9000:y"]))
    | st.builds("vlan={}:{}{}".format, NAMES, PORT, one(["", ":x"]))
    | st.builds("bridge={}:{}{}".format, NAMES, PORTS, one(["", ":stp=on"]))
    | one(["192.0.2.53", "192.0.2.53,192.0.2.54", "x", "[2001:db8::53]", "2001:db8::53"]).map("nameserver={}".format)
    | st.builds("rd.route={}:{}{}".format, one(["198.51.100.0/24", "[2001:db8::/48]", "2001:db8::/48", "198.51.100.0/33", "x", ""]),
                one(["192.0.2.1", "[fe80::1]", "", "x", "fe80::1"]), one(["", ":eth0", ":averylongname0000"]))
    | st.builds("rd.ethtool={}{}{}".format, one(["eth0", "52-54-00-aa-bb-cc", ""]), one(["", ":on", ":off", ":No", ":y", ":0"]),
                one(["", ":100", ":0", ":x", ":-1", ":100:x", ":99999999999", ":"]))
    | one(["01-52-54-00-aa-bb-cc", "00-52-54-00-aa-bb-cc", "52:54:00:aa:bb:cc", "20-52-54-00-aa-bb-cc", "aa:bb", ""]).map(
        "BOOTIF={}".format))


def rules(line: str, target: Target, *severities: str) -> set[str]:
    return {each.finding.rule for each in judge(line, (target,)).judged if each.finding.severity.value in severities}


def texts(line: str, target: Target) -> list[str]:
    return [each.finding.text for each in judge(line, (target,)).judged if each.finding.severity.value == "error"]


@SOME
@given(value=ips(NEW_METHODS))
def test_networkmanager_takes_an_ip_as_it_was_meant_or_something_was_found(
        generator: str, tmp_path_factory: pytest.TempPathFactory, value: str) -> None:  # noqa: F811
    found = rules(f"ip={value}", EL9, *GRAVE)
    if found & {"ip-device"}:
        return  # a name that is none crashes 1.42 where it should write the connection
    made = Made(generator, tmp_path_factory.mktemp("nm"), (f"ip={value}",))
    if made.messages.strip():
        assert found, made.messages
    if rules(f"ip={value}", EL9, "error") - SILENT:
        assert made.messages.strip(), found
    if not found:
        _as_meant(value, made)


def _as_meant(value: str, made: Made) -> None:
    """The one connection has the address, the interface and the IP versions of the reading."""
    (_, ip), = network.ips(Line.of(f"ip={value}"), EL9)
    (file,) = made.files
    assert device(file) in ("", ip.device.lower().replace("-", ":") if ip.device.count("-") == 5 else ip.device)
    on = {version for version in (4, 6) if file[f"ipv{version}"]["method"] != "disabled"}
    assert on == set(ip.versions) | ({4, 6} if ip.method == "auto" else set())
    written = [file[f"ipv{version}"].get("address1", "").partition("/")[0] for version in (4, 6)]
    assert [address for address in written if address] == ([str(ip.address)] if ip.address else [])


@SOME
@given(word=STACKED)
def test_networkmanager_makes_a_device_as_it_was_meant_or_something_was_found(
        generator: str, tmp_path_factory: pytest.TempPathFactory, word: str) -> None:  # noqa: F811
    words = (word, "ip=eth7:dhcp") if word.startswith(("nameserver", "rd.route")) else (word,)
    line = " ".join(words)
    said = [text for text in texts(line, EL9) if "the kernel refuses it" not in text]
    if any("can be no interface" in text or "no name of a port" in text for text in said):
        return
    try:
        messages = Made(generator, tmp_path_factory.mktemp("nm"), words).messages.strip()
    except subprocess.CalledProcessError as crash:  # vlan= without a name
        messages = str(crash)
    if messages:
        assert rules(line, EL9, *GRAVE), messages
    if said:
        assert messages, said


@pytest.mark.parametrize(("word", "method", "address"), [
    ("ip=192.0.2.10", "auto", ""), ("ip=dchp", "auto", ""), ("ip=192.0.2.10::192.0.2.1:255.255.0.255::eth0:none", "manual", "/32"),
    ("ip=192.0.2.10::192.0.2.1:24::eth0:foo", "manual", "/24"),
])
def test_what_networkmanager_reads_otherwise_without_a_word_is_an_error(
        generator: str, tmp_path: Path, word: str, method: str, address: str) -> None:  # noqa: F811
    made = Made(generator, tmp_path, (word,))
    assert made.messages.strip() == "" and rules(word, EL9, "error") & SILENT
    assert made.files[0]["ipv4"]["method"] == method and address in made.files[0]["ipv4"].get("address1", "")


def test_networkmanager_s_own_cases_are_judged_as_its_generator_does(generator: str, tmp_path: Path) -> None:  # noqa: F811
    """Each line of test-cmdline-reader.c: complaints of the one are those of the other."""
    cases = json.loads((corpus() / "cmdline/nm-initrd-generator-tests.share.json").read_text())["tests"]
    lines = sorted({tuple(words) for case in cases for words in case["cmdlines"]})
    for number, words in enumerate(lines):
        made = Made(generator, (tmp_path / str(number)), words)
        messages = [each for each in made.messages.strip().split("\n") if each and not IBFT.search(each)]
        line = " ".join(words)
        if messages:
            assert rules(line, EL9, *GRAVE), (line, messages)
        else:
            assert {each for each in rules(line, EL9, "error") if each.startswith(NETWORK)} <= SILENT, line
    assert len(lines) == 40


CARDS = ("eth0:dhcp", "dhcp", "::::web1::dhcp", "bond0:dhcp", "vlan20:dhcp", "52-54-00-12-34-56:dhcp", "52-54-00-12-34-57:dhcp",
         "192.0.2.10::192.0.2.1:24::eth0:none", "192.0.2.10::192.0.2.1:24:::none", "foo:bar:dhcp")
BESIDE = st.lists(
    one([f"ip={each}" for each in CARDS]) | one(["bond=bond0:eth0,eth1:mode=802.3ad", "bond", "bridge=br0:eth0", "vlan=vlan20:eth0",
                                                 "bond=bond0:52-54-00-12-34-56", "vlan=vlan20:bond0", "team=team0:eth1",
                                                 "rd.bootif=0", "bootdev=eth0", "rd.neednet=1", "nameserver=192.0.2.53"]),
    max_size=4, unique_by=lambda word: word.partition("=")[0] if not word.startswith("ip=") else word)


@SOME
@given(words=BESIDE, form=one(["01-52-54-00-12-34-56", "52:54:00:12:34:56"]))
def test_bootif_makes_a_second_connection_where_it_was_said_and_nowhere_else(
        generator: str, tmp_path_factory: pytest.TempPathFactory, words: list[str], form: str) -> None:  # noqa: F811
    words = [*words, f"BOOTIF={form}"]
    made = Made(generator, tmp_path_factory.mktemp("nm"), tuple(words))
    second = any(file["connection"]["id"] == "BOOTIF Connection" for file in made.files)
    assert second == ("bootif-second" in rules(" ".join(words), EL9, "warning"))


@SOME
@given(values=st.lists(ips(METHODS), min_size=1, max_size=2), extra=one(["", "bootdev=eth0", "BOOTIF=01-52-54-00-12-34-56"]))
def test_dracut_stops_the_boot_where_it_was_said_and_nowhere_else(
        outside: str, parsers: str, tmp_path_factory: pytest.TempPathFactory, values: list[str], extra: str) -> None:  # noqa: F811
    words = (*(f"ip={value}" for value in values), *filter(None, [extra]))
    stopped = "DIE" in parse(outside, parsers, words, tmp_path_factory.mktemp("legacy"))
    said = texts(" ".join(words), OLD)
    if stopped:
        assert said
    if any(text.startswith("dracut stops the boot") for text in said):
        assert stopped, said


@SOME
@given(word=STACKED.filter(lambda word: word.startswith(("bond", "vlan", "bridge")) and not word.endswith("=")))
def test_dracut_stops_at_a_device_where_it_was_said(
        outside: str, parsers: str, tmp_path_factory: pytest.TempPathFactory, word: str) -> None:  # noqa: F811
    stopped = "DIE" in parse(outside, parsers, (word,), tmp_path_factory.mktemp("legacy"))
    assert stopped == any("dracut stops the boot" in text for text in texts(word, OLD))


LETTERS = st.text(one("ab='\"\\ #\t$`"), max_size=20)


@SOME
@given(line=LETTERS)
def test_el6_s_loader_cuts_a_line_as_glib_does(line: str) -> None:
    glib = ctypes.CDLL(need("/usr/lib/x86_64-linux-gnu/libglib-2.0.so.0", "libglib2.0-0"))
    count, words, failure = ctypes.c_int(), ctypes.POINTER(ctypes.c_char_p)(), ctypes.c_void_p()
    fine = glib.g_shell_parse_argv(line.encode(), ctypes.byref(count), ctypes.byref(words), ctypes.byref(failure))
    if fine:
        assert list(tokens.loader(line)) == [(words[at] or b"").decode() for at in range(count.value)]
        return
    with contextlib.suppress(ValueError):
        assert tokens.loader(line) == ()  # GLib calls an empty line a failure as well


@SOME
@given(line=st.text(one("ab=\" "), min_size=1, max_size=20).filter(lambda line: line.count('"') % 2 == 0),
       name=one(["a", "b", "ab", "a b"]))
def test_dracut_getarg_gives_what_the_reading_says(
        tmp_path_factory: pytest.TempPathFactory, line: str, name: str) -> None:
    tool = tmp_path_factory.mktemp("dracut") / "dracut-getarg"
    tool.symlink_to(need("/usr/lib/dracut/dracut-util", "dracut-core"))
    ran = subprocess.run([tool, f"{name}="], env={**os.environ, "CMDLINE": line}, capture_output=True, text=True)
    found = [word.partition("=")[2] for word in map(tokens.getarg, tokens.kernel(line)) if word.partition("=")[0] == name]
    assert (ran.stdout.removesuffix("\n") if ran.returncode == 0 else None) == (found[-1] if found else None)


PIECES = st.lists(one(["a", "b1", "A", "=", "+=", " ", "\n", ";", ",", "[", "]", '"x"', "'y'", '"\\n"', '"\\x"', '"\\101"', "12", "0x1f",
                       "#c\n", "#c", "-1", '"', "'", "\t", "\r", "\u010d"]), max_size=14).map("".join)


# One child for many files: starting it costs more than parsing.
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=st.lists(PIECES, min_size=50, max_size=100))
def test_xl_s_grammar_takes_and_refuses_what_libxlutil_does(files: list[str]) -> None:
    for text, parsed in zip(files, libxlutil.parse(files, keys=["a", "b1"]), strict=True):
        config = grammar.parse(text)
        assert (parsed.code == 0) == (not config.mistakes), (text, parsed.said, config.mistakes)
        if parsed.code == 0:
            values = {name: list(items) if (items := config.strings(name)) is not None else config.string(name)
                      for name in ("a", "b1") if config.setting(name)}
            assert values == dict(parsed.values), text

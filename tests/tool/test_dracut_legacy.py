"""What dracut's own network module (EL7, early EL8) makes of our arguments, run as shell from Debian's dracut-network.

Debian's is version 059; EL7's is 033 with patches, which reads the forms that we write in the same way (REFERENCE 1.5).
"""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.boot.line import forms, network
from builder.catalog.generation import GENERATIONS
from builder.profile.network.plan import Link, NetworkPlan
from tests.tool.tools import need
from tests.unit import plans, samples

pytestmark = pytest.mark.tool

OLD = [name for name, generation in GENERATIONS.items() if generation.network.startswith("dracut")]
ROUTE = ("route_mask", "route_gw", "route_dev")
# Cards are not there where the parsers run here, and no team has a configuration yet.
KNOWN = re.compile(r"WARN Network interface '[^']+' does not exist|WARN Team master \S+ specified, but no .* present\. .*")
FIELDS = ("ip", "srv", "gw", "mask", "hostname", "dev", "autoconf", "macaddr", "mtu", "dns1")
# The outside of the module: the command line, and what stops the boot or warns.
OUTSIDE = """\
PATH=%(tools)s:/usr/sbin:/usr/bin:/sbin:/bin
. %(base)s/dracut-dev-lib.sh
. %(base)s/dracut-lib.sh
. %(net)s
getcmdline() { printf '%%s\\n' "$LINE"; }
die() { echo "DIE $*"; exit 1; }
warn() { echo "WARN $*"; }
info() { :; }
"""


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> str:
    base = Path(need("/usr/lib/dracut/modules.d/99base/dracut-lib.sh", "dracut-core")).parent
    net = need("/usr/lib/dracut/modules.d/40network/net-lib.sh", "dracut-network")
    tools = tmp_path_factory.mktemp("tools")
    for name in ("dracut-getarg", "dracut-getargs"):  # as 99base/module-setup.sh puts them into an initramfs
        (tools / name).symlink_to(need("/usr/lib/dracut/dracut-util", "dracut-core"))
    return OUTSIDE % {"tools": tools, "base": base, "net": net}


@pytest.fixture(scope="module")
def parsers() -> str:
    """The module's parsers in the order of its hooks, each in a shell of its own as far as `return` goes."""
    folder = Path(need("/usr/lib/dracut/modules.d/35network-legacy/parse-ip-opts.sh", "dracut-network")).parent
    texts = [(folder / f"parse-{name}.sh").read_text() for name in ("bond", "bridge", "team", "vlan", "ifname", "ip-opts")]
    return "".join(f"part{number}() {{\n{text}\n}}\npart{number}\n" for number, text in enumerate(texts))


def shell(script: str, tokens: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, env={"LINE": " ".join(tokens)})


def read(outside: str, function: str, fields: tuple[str, ...], values: list[str]) -> list[dict[str, str]]:
    """The variables that ip_to_var or route_to_var sets, for each of `values`."""
    shown = "".join(f'printf "%s\\n" "${name}"\n' for name in fields)
    lines = shell(outside + "".join(f"{function} {shlex.quote(value)}\n{shown}" for value in values), ()).stdout.splitlines()
    step = len(fields)
    assert len(lines) == step * len(values)
    return [dict(zip(fields, lines[at:at + step], strict=True)) for at in range(0, len(lines), step)]


def parse(outside: str, parsers: str, tokens: tuple[str, ...], folder: Path) -> str:
    """The messages of the parsers; their files are written below `folder`."""
    (folder / "etc" / "cmdline.d").mkdir(parents=True)
    (folder / "tmp").mkdir()
    moved = parsers.replace("/tmp/", f"{folder}/tmp/").replace("/etc/cmdline.d", f"{folder}/etc/cmdline.d").replace(
        "/etc/teamd", f"{folder}/etc/teamd")
    done = shell(f"netroot=anaconda-net:x\n{outside}{moved}", tokens)
    return done.stdout + done.stderr


def info(folder: Path, kind: str, name: str) -> dict[str, str]:
    """What a parser wrote down of one device, read as ifup.sh reads it."""
    file = folder / "tmp" / f"{kind}.{name}.info"
    words = shlex.split(file.read_text())
    return dict(word.split("=", 1) for word in words)


def of(tokens: tuple[str, ...], key: str) -> list[str]:
    return [token.partition("=")[2] for token in tokens if token.startswith(f"{key}=")]


ANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ONE = plans.networks().filter(lambda plan: len(plan.addresses) < 2)


@pytest.mark.parametrize("name", OLD)
@ANY
@given(data=st.data(), hostname=plans.HOSTNAMES)
def test_every_address_and_route_arrives_where_it_belongs(
        outside: str, name: str, data: st.DataObject, hostname: str) -> None:
    plan = data.draw(ONE | plans.several(name))
    tokens = network.arguments(plan, hostname, GENERATIONS[name])
    called = {link.key: forms.device(link, forms.renamed(plan, every=True)) for link in plan.links}
    configured = [plan.boot, *(link for link in plan.links if link.method != "none" and link != plan.boot)]
    assert read(outside, "ip_to_var", FIELDS, of(tokens, "ip")) == [
        meant(link, called[link.key], hostname if link == plan.boot else "") for link in configured]
    routes = [(str(r.to), str(r.via), called[link.key]) for link in plan.links for r in link.routes]
    assert read(outside, "route_to_var", ROUTE, of(tokens, "rd.route")) == [
        dict(zip(ROUTE, route, strict=True)) for route in routes]
    assert of(tokens, "nameserver") == [str(server) for server in plan.nameservers]
    assert of(tokens, "ifname") == [f"{called[link.key]}:{link.mac}" for link in plan.cards if link.mac]
    assert of(tokens, "bootdev") == ([called[plan.boot.key]] if len(configured) > 1 else [])
    assert of(tokens, "rd.peerdns") == ([] if plan.peer_dns else ["0"])


def meant(link: Link, device: str, hostname: str) -> dict[str, str]:
    address = link.addresses[0] if link.addresses else None
    mask = "" if not address else str(address.network.netmask if address.version == 4 else address.network.prefixlen)
    return {
        "ip": str(address.ip) if address else "", "srv": "", "gw": str(link.gateways[0]) if link.gateways else "",
        "mask": mask, "hostname": hostname, "dev": device, "autoconf": "none" if address else link.method, "macaddr": "",
        "mtu": str(link.mtu or ""), "dns1": ""}


@pytest.mark.parametrize("name", OLD)
@ANY
@given(data=st.data())
def test_every_device_is_made_as_it_was_meant_and_the_boot_goes_on(
        outside: str, parsers: str, tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject) -> None:
    plan = data.draw(plans.several(name))
    folder = tmp_path_factory.mktemp("legacy")
    messages = parse(outside, parsers, network.arguments(plan, "h1.example.com", GENERATIONS[name]), folder)
    unknown = [line for line in messages.splitlines() if not KNOWN.fullmatch(line)]
    assert unknown == []
    called = {link.key: forms.device(link, forms.renamed(plan, every=True)) for link in plan.links}
    for link in plan.links:
        ports = " ".join(called[port] for port in link.ports)
        if link.kind == "bond":
            options = " ".join(f"{word}={called[value] if word == 'primary' else value}" for word, value in link.options)
            assert info(folder, "bond", link.name) == {
                "bondname": link.name, "bondslaves": ports, "bondoptions": options, "bondmtu": str(link.mtu or "")}
        elif link.kind == "bridge":
            assert info(folder, "bridge", link.name) == {"bridgename": link.name, "bridgeslaves": ports}
        elif link.kind == "team":
            assert info(folder, "team", link.name) == {
                "teammaster": link.name, "teamslaves": ports, "teamrunner": dict(link.options)["runner"]}
        elif link.kind == "vlan":
            assert vlan_id(outside, link.name) == str(link.vlan)
            assert (folder / "tmp" / f"vlan.{link.name}.{called[link.parent]}").exists()
    devices = {called[link.key] for link in plan.links if link.method != "none"}
    assert set((folder / "tmp" / "net.ifaces").read_text().split()) == devices
    made = {path.name for path in (folder / "tmp").glob("*.info")}
    assert len(made) == sum(link.kind in ("bond", "bridge", "team") for link in plan.links)
    assert len(list((folder / "tmp").glob("vlan.*[!y]"))) >= sum(link.kind == "vlan" for link in plan.links)


def vlan_id(outside: str, name: str) -> str:
    """The id that ifup.sh takes from the name."""
    script = Path(need("/usr/lib/dracut/modules.d/35network-legacy/ifup.sh", "dracut-network")).read_text()
    function = script[script.index("get_vid() {"):]
    return shell(f"{function[:function.index(chr(10) + '}')]}\n}}\nget_vid {name}", ()).stdout.strip()


@pytest.mark.parametrize("plan", [
    samples.network(mac=samples.MAC, interface=None), samples.network(mtu=9000), samples.dhcp(), samples.dhcp("auto6"),
    samples.dhcp("dhcp6"), samples.dhcp(interface=None), samples.dhcp(interface=None, mtu=1400),
    samples.network(addresses=("2001:db8::10/64",), gateways=("2001:db8::1",), nameservers=("2001:db8::53",)),
])
@pytest.mark.parametrize("hostname", ["h1.example.com", ""])
@pytest.mark.parametrize("name", OLD)
def test_the_boot_goes_on(
        outside: str, parsers: str, tmp_path: Path, plan: NetworkPlan, hostname: str, name: str) -> None:
    messages = parse(outside, parsers, network.arguments(plan, hostname, GENERATIONS[name]), tmp_path)
    assert "DIE" not in messages
    assert set(messages.splitlines()) <= {f"WARN Network interface '{name}' does not exist"
                                          for name in ("net0", "enp1s0")}


def test_the_id_of_a_vlan_is_in_few_names_which_is_why_others_are_refused(outside: str) -> None:
    assert [vlan_id(outside, name) for name in ("vlan20", "bond0.20", "lan20")] == ["20", "20", ""]


def test_two_addresses_on_one_card_kill_the_boot_which_is_why_they_are_refused(
        outside: str, parsers: str, tmp_path: Path) -> None:
    tokens = ("ip=192.0.2.10::192.0.2.1:255.255.255.0:h1:net0:none", "ip=[2001:db8::10]::[2001:db8::1]:64:h1:net0:none")
    messages = parse(outside, parsers, tokens, tmp_path)
    assert "DIE For argument" in messages
    assert "Duplication configurations for 'net0'" in messages


def test_a_name_server_in_brackets_would_go_into_resolv_conf_with_them(outside: str) -> None:
    script = Path(need("/usr/lib/dracut/modules.d/35network-legacy/ifup.sh", "dracut-network")).read_text()
    assert 'for s in "$dns1" "$dns2" $(getargs nameserver); do' in script
    assert 'echo "nameserver $s" >> "/tmp/net.$netif.resolv.conf"' in script
    assert shell(f"{outside}getargs nameserver", ("nameserver=[2001:db8::53]",)).stdout == "[2001:db8::53]\n"

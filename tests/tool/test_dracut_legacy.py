"""What dracut's own network module (EL7, early EL8) makes of our arguments, run as shell from Debian's dracut-network.

Debian's is version 059; EL7's is 033 with patches, which reads the forms that we write in the same way (REFERENCE 1.5).
"""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from builder.boot.line import network
from builder.catalog.generation import GENERATIONS
from builder.errors import UsageError
from builder.profile.values import Network
from tests.tool.tools import need
from tests.unit import plans, samples

pytestmark = pytest.mark.tool

OLD = [name for name, generation in GENERATIONS.items() if generation.network.startswith("dracut")]
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
def parser() -> str:
    return Path(need("/usr/lib/dracut/modules.d/35network-legacy/parse-ip-opts.sh", "dracut-network")).read_text()


def shell(script: str, tokens: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, env={"LINE": " ".join(tokens)})


def read(outside: str, value: str) -> dict[str, str]:
    """The fields that ip_to_var finds in the value of one ip=."""
    shown = "".join(f'printf "%s\\n" "${name}"\n' for name in FIELDS)
    done = shell(f"{outside}ip_to_var {shlex.quote(value)}\n{shown}", ())
    return dict(zip(FIELDS, done.stdout.splitlines(), strict=True))


def parse(outside: str, parser: str, tokens: tuple[str, ...], folder: Path) -> str:
    """The messages of parse-ip-opts.sh; its files are written below `folder`."""
    (folder / "etc" / "cmdline.d").mkdir(parents=True)
    (folder / "tmp").mkdir()
    moved = parser.replace("/etc/cmdline.d", f"{folder}/etc/cmdline.d").replace("/tmp/", f"{folder}/tmp/")
    done = shell(f"netroot=anaconda-net:x\n{outside}{moved}", tokens)
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", OLD)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans.networks(), hostname=plans.HOSTNAMES)
def test_every_field_arrives_where_it_belongs(outside: str, name: str, plan: Network, hostname: str) -> None:
    try:
        tokens = network.arguments(plan, hostname, GENERATIONS[name])
    except UsageError:
        assert len(plan.addresses) == 2
        return
    values = [token.removeprefix("ip=") for token in tokens if token.startswith("ip=")]
    assert len(values) == 1
    found = read(outside, values[0])
    address = plan.addresses[0] if plan.addresses else None
    mask = "" if not address else str(address.network.netmask if address.version == 4 else address.network.prefixlen)
    assert found == {
        "ip": str(address.ip) if address else "", "srv": "", "gw": str(plan.gateways[0]) if plan.gateways else "",
        "mask": mask, "hostname": hostname, "dev": "net0" if plan.mac else plan.interface or "",
        "autoconf": "none" if address else plan.method, "macaddr": "", "mtu": str(plan.mtu or ""), "dns1": ""}
    assert [t.removeprefix("nameserver=") for t in tokens if t.startswith("nameserver=")] == \
        [str(server) for server in plan.nameservers]
    assert (f"ifname=net0:{plan.mac}" in tokens) is bool(plan.mac)


@pytest.mark.parametrize("plan", [
    samples.network(mac=samples.MAC, interface=None), samples.network(mtu=9000), samples.dhcp(), samples.dhcp("auto6"),
    samples.dhcp("dhcp6"), samples.dhcp(interface=None), samples.dhcp(interface=None, mtu=1400),
    samples.network(addresses=("2001:db8::10/64",), gateways=("2001:db8::1",), nameservers=("2001:db8::53",)),
])
@pytest.mark.parametrize("hostname", ["h1.example.com", ""])
@pytest.mark.parametrize("name", OLD)
def test_the_boot_goes_on(outside: str, parser: str, tmp_path: Path, plan: Network, hostname: str, name: str) -> None:
    messages = parse(outside, parser, network.arguments(plan, hostname, GENERATIONS[name]), tmp_path)
    assert "DIE" not in messages
    assert set(messages.splitlines()) <= {f"WARN Network interface '{name}' does not exist"
                                          for name in ("net0", "enp1s0")}


def test_two_addresses_on_one_card_kill_the_boot_which_is_why_they_are_refused(
        outside: str, parser: str, tmp_path: Path) -> None:
    tokens = ("ip=192.0.2.10::192.0.2.1:255.255.255.0:h1:net0:none", "ip=[2001:db8::10]::[2001:db8::1]:64:h1:net0:none")
    messages = parse(outside, parser, tokens, tmp_path)
    assert "DIE For argument" in messages
    assert "Duplication configurations for 'net0'" in messages


def test_a_name_server_in_brackets_would_go_into_resolv_conf_with_them(outside: str) -> None:
    script = Path(need("/usr/lib/dracut/modules.d/35network-legacy/ifup.sh", "dracut-network")).read_text()
    assert 'for s in "$dns1" "$dns2" $(getargs nameserver); do' in script
    assert 'echo "nameserver $s" >> "/tmp/net.$netif.resolv.conf"' in script
    assert shell(f"{outside}getargs nameserver", ("nameserver=[2001:db8::53]",)).stdout == "[2001:db8::53]\n"

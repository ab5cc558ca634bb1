"""The script that writes routes into the installed system's connections, run on connections that NetworkManager's own
generator made: afterwards they say what the generator says of rd.route=."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from builder.boot.kickstart import network as kickstart
from builder.boot.line import network
from builder.catalog import load
from builder.profile.network.plan import NetworkPlan
from tests.tool.test_nm_initrd_generator import Made, facts
from tests.tool.tools import need
from tests.unit import plans, samples

pytestmark = pytest.mark.tool

ROCKY = load.release("rocky-9.6", "x86_64", load.families())


@pytest.fixture(scope="module")
def generator() -> str:
    return need("/usr/lib/NetworkManager/nm-initrd-generator", "network-manager")


def installed(generator: str, plan: NetworkPlan, folder: Path) -> Made:
    """The connections as anaconda leaves them, without what the network command has no word for; then the script."""
    tokens = network.arguments(plan, "h1", ROCKY.generation)
    made = Made(generator, folder, tuple(t for t in tokens if not t.startswith(("rd.route=", "rd.peerdns="))))
    for section in kickstart.sections(samples.host(network=plan), ROCKY):
        body = section.split("\n", 1)[1].removesuffix("%end\n")
        subprocess.run(["sh", "-c", body.replace("/etc/NetworkManager/system-connections", f"{folder}/connections")],
                       check=True, capture_output=True, text=True)
    made.files = [Made._read(path) for path in sorted((folder / "connections").glob("*.nmconnection"))]
    return made


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans.several())
def test_routes_and_dns_of_the_installed_system_are_those_of_the_installer(
        generator: str, tmp_path_factory: pytest.TempPathFactory, plan: NetworkPlan) -> None:
    folder = tmp_path_factory.mktemp("installed")
    booted = Made(generator, folder / "boot", network.arguments(plan, "h1", ROCKY.generation))
    assert installed(generator, plan, folder / "installed").links() == booted.links()


def test_a_second_run_changes_nothing_and_search_domains_are_there(generator: str, tmp_path: Path) -> None:
    routes = samples.routes(("198.51.100.0/24", "192.0.2.254"), ("203.0.113.0/24", "192.0.2.253"))
    card = samples.link(mac=samples.MAC, addresses=("192.0.2.10/24",), routes=routes)
    plan = samples.plan(card, search=("example.com", "lan.example.com"))
    file, = installed(generator, plan, tmp_path).files
    assert file["ipv4"]["dns-search"] == "example.com;lan.example.com;"
    assert sorted(facts(file, {})["ipv4"]["routes"]) == [  # type: ignore[index]
        "198.51.100.0/24,192.0.2.254", "203.0.113.0/24,192.0.2.253"]
    before = [path.read_text() for path in (tmp_path / "connections").iterdir()]
    section, = kickstart.sections(samples.host(network=plan), ROCKY)
    body = section.split("\n", 1)[1].removesuffix("%end\n").replace("/etc/NetworkManager/system-connections",
                                                                     f"{tmp_path}/connections")
    subprocess.run(["sh", "-c", body], check=True)
    assert sorted(before[0].splitlines()) == sorted(next((tmp_path / "connections").iterdir()).read_text().splitlines())


def test_networkmanager_itself_reads_what_the_script_wrote(generator: str, tmp_path: Path) -> None:
    client = need("nmcli", "network-manager")
    routes = samples.routes(("198.51.100.0/24", "192.0.2.254"))
    plan = samples.plan(samples.link(name="eno1", addresses=("192.0.2.10/24",), routes=routes), search=("example.com",))
    installed(generator, plan, tmp_path)
    path, = (tmp_path / "connections").iterdir()
    done = subprocess.run([client, "--offline", "connection", "modify", "connection.id", "read"], input=path.read_text(),
                          capture_output=True, text=True, check=True)
    assert "route1=198.51.100.0/24,192.0.2.254" in done.stdout
    assert "dns-search=example.com;" in done.stdout

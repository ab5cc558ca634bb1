"""What show and render tell: words for networks, disks and secrets; files in groups; texts by their words."""

from __future__ import annotations

import datetime
import ipaddress
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.jobs.looking import choosing, ground, rendering
from builder.jobs.looking.showing import grouped, keys, machines, words
from builder.media.account import File
from builder.profile import kinds, resolve, secrets
from builder.profile.file import layers
from builder.profile.network.plan import Link, NetworkPlan, Route
from builder.profile.secrets import Secret
from builder.profile.values import Disk, Encryption, Storage, Volume
from tests.unit import plans
from tests.unit.samples import HASH, KEY, changed, host, profile

FLEET = Path(__file__).parents[1] / "golden/fleet"
TODAY = datetime.date(2026, 1, 1)


def address(text: str) -> Any:
    return ipaddress.ip_interface(text)


def ip(text: str) -> Any:
    return ipaddress.ip_address(text)


@pytest.mark.parametrize(("links", "told"), [
    ([Link(method="dhcp")], ["whichever card answers: DHCP"]),
    ([Link(name="bootif", method="auto6")], ["the card that booted: IPv6 by router advertisement"]),
    ([Link(name="eno1", method="dhcp6")], ["eno1: DHCPv6"]),
    ([Link(mac="52:54:00:00:00:01", mac_made=True, method="dhcp")], ["card 52:54:00:00:00:01 (made): DHCP"]),
    ([Link(name="eno1", mac="52:54:00:00:00:01", method="static", addresses=(address("192.0.2.9/24"),), slaac=True,
           gateways=(ip("192.0.2.1"),), mtu=9000)],
     ["eno1, card 52:54:00:00:00:01: 192.0.2.9/24, IPv6 by router advertisement, gateway 192.0.2.1, MTU 9000"]),
    ([Link(name="a"), Link(name="b"), Link(kind="bond", name="bond0", ports=("a", "b"), options=(("mode", "802.3ad"),)),
      Link(kind="vlan", name="bond0.7", parent="bond0", vlan=7), Link(kind="bridge", name="br0", ports=("bond0.7",), method="dhcp",
           routes=(Route(to=ipaddress.ip_network("10.0.0.0/8"), via=ip("192.0.2.2")),))],
     ["a: no address", "b: no address", "bond0, bond of a and b (mode 802.3ad): no address", "bond0.7, VLAN 7 on bond0: no address",
      "br0, bridge of bond0.7: DHCP, to 10.0.0.0/8 by 192.0.2.2"]),
])
def test_a_network_in_words(links: list[Link], told: list[str]) -> None:
    assert list(words.network(NetworkPlan(links=tuple(links)))) == told


@given(plans.networks() | plans.several())
def test_every_network_has_a_line_for_each_link(plan: NetworkPlan) -> None:
    told = list(words.network(plan))
    assert len(told) == len(plan.links) and all(line.isprintable() and ": " in line for line in told)
    for text in (*(str(each) for each in plan.addresses), *(link.mac for link in plan.links if link.mac)):
        assert any(text in line for line in told)


@pytest.mark.parametrize(("disk", "told"), [
    (Disk(name="vda", size=20 << 30, file="/srv/web1.img"), "vda, 20 GiB, /srv/web1.img"),
    (Disk(name="sda", others=("sdb",)), "sda and sdb"),
    (Disk(name="smallest nvme", order="smallest", kind="nvme"), "the smallest nvme disk, chosen when the machine starts"),
    (Disk(name="xvda", size=(5 << 30) + (1 << 20)), "xvda, 5121 MiB"),
])
def test_a_disk_in_words(disk: Disk, told: str) -> None:
    assert words.disk(disk) == told


@pytest.mark.parametrize(("storage", "told"), [
    (Storage(), "plain; swap 1 GiB"),
    (Storage(layout="raid1", swap=0), "raid1; no swap"),
    (Storage(layout="lvm", volumes=(Volume(mount="/", size=20480), Volume(mount="/home", size=None)),
             encrypt=Encryption(passphrase=Secret("hunter2hunter2"))),
     "lvm; / 20 GiB; /home the rest; swap 1 GiB; encrypted, its passphrase typed at each start"),
    (Storage(encrypt=Encryption(passphrase=Secret("x" * 8), tang="http://10.0.0.9")),
     "plain; swap 1 GiB; encrypted, opened by tang at http://10.0.0.9"),
    (Storage(lines=("part / --grow",)), "1 line of your own"),
])
def test_storage_in_words(storage: Storage, told: str) -> None:
    assert words.storage(storage) == told


@pytest.mark.parametrize(("value", "told"), [
    (None, "-"), ("", "-"), ([], "-"), (0, "0"), (True, "yes"), (False, "no"), (["a", "b"], "a, b"), ({"to": "x", "via": None}, "to x via -"),
    (KEY, f"ssh-ed25519 ...{KEY.split()[1][-12:]} {KEY.split()[2]}"), ("ssh-me-not please", "ssh-me-not please"),
])
def test_a_value_in_words(value: Any, told: str) -> None:
    assert words.of(value) == told


@pytest.mark.parametrize(("written", "told"), [
    ("file:secrets/root.hash", "file:secrets/root.hash"), ("env:ORG", "env:ORG"), (HASH, "a sha512 hash"),
    ("$5$salt$" + "x" * 43, "a sha256 hash"), ("$y$j9T$salt$" + "x" * 43, "a yescrypt hash"), ("hunter2", secrets.REDACTED),
])
def test_a_secret_is_told_as_where_it_is_from_or_what_it_is(written: str, told: str) -> None:
    assert keys.secret(written) == told


def of(folder: Path, text: str, environment: dict[str, str] | None = None) -> tuple[Any, tuple[Any, ...]]:
    path = folder / "web.toml"
    path.write_text(text)
    return resolve.read(path, "web.toml", environment or {})


def told(folder: Path, text: str) -> dict[str, keys.Key]:
    made, files = of(folder, text)
    return {each.key: each for each in keys.of(made, layers.again(files, folder).table, TODAY)}


BASE = f'release = "rocky-9"\nroot = {{ ssh_keys = ["{KEY}"] }}\n[host.web1]\ndisk = {{ size = "20 GiB" }}\n'


def test_a_default_is_told_as_what_counts(tmp_path: Path) -> None:
    found = told(tmp_path, BASE)
    assert {key: found[key].value for key in ("memory", "storage", "xen.bridge", "xen.run", "firewall.services")} == {
        "memory": "3 GiB", "storage": "plain", "xen.bridge": "xenbr0", "xen.run": None, "firewall.services": ["ssh"]}
    assert found["tree.url"].value == "https://download.rockylinux.org/pub/rocky/9/BaseOS/x86_64/os"
    assert {found[key].told_by for key in ("memory", "tree.url", "xen.bridge")} == {"default"}


def test_what_was_written_is_told_with_its_line(tmp_path: Path) -> None:
    found = told(tmp_path, 'memory = "4 GiB"\n' + BASE + '[network]\ngateway = ["192.0.2.1"]\n[storage]\nlayout = "lvm"\n'
                 '[addon.com_redhat_kdump]\noptions = ["--enable"]\n')
    assert {key: (found[key].text, found[key].told_by) for key in (
        "memory", "network.gateway", "storage.layout", "addon.com_redhat_kdump.options")} == {
        "memory": ("4 GiB", "web.toml line 1"), "network.gateway": ("192.0.2.1", "web.toml line 7"),
        "storage.layout": ("lvm", "web.toml line 9"), "addon.com_redhat_kdump.options": ("--enable", "web.toml line 11")}
    assert "storage" not in found and not any(key.startswith("host") for key in found)


def test_a_host_s_key_is_set_by_the_nearest_that_says_it(tmp_path: Path) -> None:
    made, _ = of(tmp_path, 'memory = "4 GiB"\nvcpus = 2\n' + BASE.replace("[host.web1]", '[host.web1]\nclass = "big"\nvcpus = 4') +
                 '[class.big]\nmemory = "8 GiB"\nconsole = "ttyS0"\n[network]\nnameservers = ["192.0.2.53"]\n')
    found = {each.key: each for each in machines.keys(made, made.hosts[0])}
    assert {key: found[key].told_by for key in ("memory", "vcpus", "console", "nameservers", "class", "disk", "firmware")} == {
        "memory": "class big, web.toml line 10", "vcpus": "web.toml line 7", "console": "class big, web.toml line 11",
        "nameservers": "web.toml line 13", "class": "web.toml line 6", "disk": "web.toml line 8", "firmware": "default"}
    assert machines.row(made.hosts[0]) == machines.Row(
        name="web1", kind="big", address="DHCP", mac=made.hosts[0].network.mac, disk="xvda")


@pytest.mark.parametrize("listing", sorted(FLEET.glob("*.txt")), ids=lambda path: path.stem)
def test_every_file_of_a_bundle_is_in_one_group_once(listing: Path) -> None:
    files = [File(path=path, mode=mode, size=1, sha256="", origin="rendered")
             for mode, _, path in (line.split() for line in listing.read_text().splitlines())]
    groups = grouped.groups(files)
    assert sum(group.count for group in groups) == sum(group.size for group in groups) == len(files)
    release, kind = listing.stem.rpartition("-")[::2]
    assert grouped.hosts(files) == (("web1", "web2") if kind == "kvm" else ("c1", "c2"))
    lacking = {"grub", "http-boot"} if release == "centos-6.10" else set()
    assert set(grouped.outputs(files)) == {word for word, each in kinds.OUTPUTS.items() if each == kind} - lacking
    of_hosts = next(group for group in groups if group.name == "of hosts")
    assert all(line.count == 2 for line in of_hosts.lines if not re.search("0A140101$", line.path))
    assert not any(re.search(r"web[12]|/c[12]/|[0-9a-f]{2}-[0-9a-f]{2}-", line.path) for line in of_hosts.lines)


@given(st.lists(st.from_regex(r"(?:(?:http|tftp|hosts|mac|ks|local|private|web1|[a-z0-9.-]{1,12})/){0,5}[a-z0-9.-]{1,40}",
                              fullmatch=True), unique=True, max_size=30))
def test_groups_count_whatever_paths_there_are(paths: list[str]) -> None:
    files = [File(path=path, mode="0600" if len(path) % 2 else "0644", size=len(path), sha256="", origin="rendered") for path in paths]
    groups = grouped.groups(files)
    assert sum(group.count for group in groups) == len(paths) and sum(group.size for group in groups) == sum(map(len, paths))


def test_every_output_is_a_word_of_render() -> None:
    assert set(kinds.OUTPUTS) <= set(choosing.WORDS)


def rendered(*hosts: Any, **changes: Any) -> rendering.Rendering:
    return rendering.Rendering(ground.assumed(changed(profile(**changes), hosts=hosts), TODAY))


def test_texts_come_host_by_host_and_kickstarts_are_not_kept() -> None:
    made = rendered(*(host(name=f"h{number}", hostname=f"h{number}") for number in range(4)))
    texts = made.all()
    first = [next(texts).host for _ in range(4)]
    assert first == ["h0"] * 4
    assert [text.host for text in texts][-2:] == ["", ""]


def test_bare_texts_have_the_paths_of_the_real_ones() -> None:
    one = host()
    made = rendered(one)
    assert [text.path for text in made.bare(one)] == [text.path for text in made.of(one)[0]]


@pytest.mark.parametrize(("release", "kind"), [("centos-6.10", "pv"), ("centos-7.9.2009", "pv"), ("rocky-9.6", "hvm"), ("fedora-44", "hvm")])
def test_without_a_lock_the_kernel_is_what_the_generation_usually_has(release: str, kind: str) -> None:
    found = ground.assumed(changed(profile(release), xen=changed(profile().xen, run="")), TODAY)
    assert any(f"guests are of type {kind}, " in line for line in found.assumed) and found.lock is None

"""[class.NAME]: defaults < profile < class < host < --set; tables join, packages add up, mistakes are the class's."""

import pytest

from builder.boot.kickstart.render import Kickstarts
from builder.finding import Severity
from builder.profile.file import schema
from tests.unit import inventories
from tests.unit.inventories import refused

FLEET = """
memory = "2 GiB"
vcpus = 1
disk = "sda"
console = "tty0"
packages = ["tuned"]
[class.compute]
memory = "4 GiB"
console = "ttyS1,115200n8"
packages = ["numactl"]
facts = { kind = "compute", rack = "?" }
[host.a]
class = "compute"
mac = "b8:59:9f:00:01:01"
memory = "8 GiB"
packages = ["htop"]
facts = { rack = "A1" }
[host.b]
mac = "b8:59:9f:00:01:02"
"""


@pytest.fixture
def read(tmp_path):
    def read(text=FLEET, *settings, files=None):
        return inventories.read(tmp_path, files or {}, text, settings=settings)
    return read


@pytest.fixture
def said(tmp_path):
    def said(text, *settings, files=None):
        return refused(tmp_path, files or {}, text, settings=settings)
    return said


def test_a_host_s_word_counts_over_its_class_s_and_that_over_the_profile_s(read):
    a, b = read().hosts
    assert (a.memory, a.console, a.vcpus, a.disk.name) == (8192, "ttyS1,115200n8", 1, "sda")
    assert (b.memory, b.console, b.class_name) == (2048, "tty0", "")


def test_what_the_command_line_sets_counts_over_all_at_its_own_key(read):
    a, b = read(FLEET, "memory=16 GiB", "host.a.console=tty1", "class.compute.vcpus=4", "host.b.class=compute").hosts
    assert (a.memory, a.console, a.vcpus) == (8192, "tty1", 4)
    assert (b.memory, b.console, b.vcpus) == (4096, "ttyS1,115200n8", 4)


def test_tables_of_class_and_host_join_and_packages_of_all_three_are_wanted(read):
    profile = read()
    assert profile.hosts[0].facts == {"kind": "compute", "rack": "A1"} and profile.hosts[0].packages == ("numactl", "htop")
    text = Kickstarts(profile, install_url="http://10.0.0.5/tree", machine="pc").of(profile.hosts[0])
    assert "\ntuned\nnumactl\nhtop\n" in text


@pytest.mark.parametrize(("of_class", "of_host", "names", "size"), [
    ('disk = { name = "sda", size = "20 GiB" }', 'disk = { name = "sdb" }', ("sdb",), 20 << 30),
    ('disk = { name = "sda", size = "20 GiB" }', 'disk = "sdb"', ("sdb",), None),
    ('disk = "sda"', 'disk = { name = "sdb", size = "30 GiB" }', ("sdb",), 30 << 30),
    ('disk = ["sda", "sdb"]\nstorage = "raid1"\nfirmware = "bios"', 'disk = ["sdc", "sdd"]', ("sdc", "sdd"), None),
])
def test_a_disk_joins_where_both_are_tables_and_is_replaced_else(read, of_class, of_host, names, size):
    host, = read(f"[class.x]\n{of_class}\n[host.a]\nclass = 'x'\nmac = 'b8:59:9f:00:01:01'\n{of_host}\n").hosts
    assert (host.disk.names, host.disk.size) == (names, size)


def test_storage_of_a_class_may_be_changed_in_one_key(read):
    host, = read("disk = 'sda'\n[class.x.storage]\nlayout = 'lvm'\nswap = '2 GiB'\n"
                 "[host.a]\nclass = 'x'\nmac = 'b8:59:9f:00:01:01'\nstorage = { swap = '0' }\n").hosts
    assert (host.storage.layout, host.storage.swap) == ("lvm", 0)


def test_interfaces_of_a_class_lie_between_those_of_profile_and_host(read):
    host, = read('''
disk = "sda"
[interface.eno1]
mtu = 1500
address = "dhcp"
[class.x.interface.eno1]
mtu = 9000
gateway = "10.0.0.1"
[host.a]
class = "x"
addresses = { eno1 = "10.0.0.2/24" }
[host.a.interface.eno1]
mac = "b8:59:9f:00:01:01"
''').hosts
    link, = host.network.links
    assert (link.mtu, str(link.gateways[0]), link.mac) == (9000, "10.0.0.1", "b8:59:9f:00:01:01")


def test_network_keys_of_a_class_count_over_those_of_all(read):
    host, = read('''
disk = "sda"
[network]
gateway = "10.0.0.1"
nameservers = ["10.0.0.3"]
[class.x]
gateway = "10.1.0.1"
[host.a]
class = "x"
mac = "b8:59:9f:00:01:01"
address = "10.1.0.2/24"
''').hosts
    assert str(host.network.gateways[0]) == "10.1.0.1" and str(host.network.nameservers[0]) == "10.0.0.3"


def test_who_set_a_key_is_told_for_host_class_and_profile(read):
    profile = read(FLEET, "vcpus=2")
    a, b = profile.hosts
    found = {key: (at := profile.set_by(a, key)) and (at[0], str(at[1])) for key in ("memory", "console", "vcpus", "mtu", "disk")}
    assert found == {"memory": ("host.a.memory", "fleet.toml line 20"),
                     "console": ("class.compute.console", "fleet.toml line 14"), "vcpus": ("vcpus", "--set"), "mtu": None,
                     "disk": ("disk", "fleet.toml line 9")}
    assert profile.set_by(a, "facts.kind")[0] == "class.compute.facts.kind" and profile.set_by(b, "console")[0] == "console"
    assert profile.set_by(b, "packages") is None and profile.said(b, "memory") is None


def test_a_kickstart_names_the_class_that_set_a_line(read):
    profile = read(FLEET.replace('console = "ttyS1', 'disk = "sdb"\nconsole = "ttyS1'))
    text = Kickstarts(profile, install_url="http://10.0.0.5/tree", machine="pc").of(profile.hosts[0])
    assert "# class.compute.disk (fleet.toml line 14)\n" in text and "# class.compute.console (fleet.toml line 15)\n" in text
    assert ("# packages (fleet.toml line 11), class.compute.packages (fleet.toml line 16), host.a.packages "
            "(fleet.toml line 22)\n") in text


@pytest.mark.parametrize(("line", "reason"), [
    ('memory = "4 GB"', 'class.compute.memory  "4 GB" is no size'),
    ('memroy = "4 GiB"', "class.compute.memroy  unknown key; did you mean memory?"),
    ('console = "ttyx"', 'class.compute.console  "ttyx" is no console'),
    ('mac = "b8:59:9f:00:01:01"', "class.compute.mac  unknown key; "),
    ("gateway = '10.0.0.300'", 'class.compute.gateway  "10.0.0.300" is no IPv4 address'),
    ("bridge = 'a b'", 'class.compute.bridge  "a b" is no interface name'),
])
def test_a_mistake_of_a_class_is_told_once_with_its_own_key_and_line(said, line, reason):
    hosts = "".join(f"[host.h{n}]\nclass = 'compute'\naddress = '10.0.0.{n}/24'\nmac = 'b8:59:9f:00:02:{n:02x}'\ndisk.name = 'sda'\n"
                    for n in range(1, 6))
    told = said(f"[class.compute]\n{line}\n{hosts}")
    rows = [row for row in told.splitlines() if row.startswith("  line ")]
    assert len(rows) == 1 and " ".join(reason.split()) in " ".join(rows[0].split()), told
    assert rows[0].startswith("  line 7 "), told


def test_a_mistake_of_a_table_that_class_and_host_made_together_is_the_host_s(said):
    told = said("[class.x]\ndisk = { size = '1 GiB' }\n"
                "[host.a]\nclass = 'x'\nmac = 'b8:59:9f:00:01:01'\ndisk.name = 'sda'\n")
    assert '  line 11  host.a.disk  "1 GiB" is too small' in told


def test_an_unknown_class_names_the_near_one_and_what_there_is(said):
    host = "disk = 'sda'\n[class.compute]\n[class.legacy]\n[host.a]\nmac = 'b8:59:9f:00:01:01'\nclass = "
    assert 'host.a.class  there is no class "computer"; did you mean compute?' in said(host + "'computer'\n")
    assert 'there is no class "x"; classes: compute, legacy' in said(host + "'x'\n")
    assert 'there is no class "x"; a class is a table [class.x]' in said(
        "disk = 'sda'\n[host.a]\nmac = 'b8:59:9f:00:01:01'\nclass = 'x'\n")


def test_a_class_has_a_plain_name(said):
    assert '"a b" is no name of a class' in said("disk = 'sda'\n[class.'a b']\n[host.a]\nmac = 'b8:59:9f:00:01:01'\n")


def test_a_class_that_nobody_picked_is_noted(read):
    note, = read(FLEET + "[class.spare]\n").findings
    assert (note.topic, note.severity, note.text) == ("classes", Severity.NOTE, "no host is of class spare")


def test_a_class_has_every_key_of_a_host_but_those_that_say_which_machine_it_is():
    of_class, of_host = set(schema.Class.__struct_encode_fields__), set(schema.Host.__struct_encode_fields__)
    assert of_class < of_host and of_host - of_class == {"class", "hostname", "address", "addresses", "mac"}


def test_setting_a_key_of_a_class_that_is_not_there_names_the_near_one(said):
    assert "--set class.computer.vcpus: there is no class computer; did you mean compute?\nclasses: compute" in said(
        FLEET, "class.computer.vcpus=2")


def test_setting_a_key_of_a_host_of_an_inventory_works_and_leaves_it_in_its_place(read, said):
    rows = {"hosts.csv": "name,mac,disk\nc1,b8:59:9f:00:01:01,sda\nc2,b8:59:9f:00:01:02,sda\n"}
    hosts = read("", "host.c2.memory=4 GiB", files=rows).hosts
    assert [(host.name, host.memory) for host in hosts] == [("c1", 3072), ("c2", 4096)]
    assert "--set host.cc1.memory: there is no host cc1; did you mean c1?\nhosts: c1, c2; a name" in said(
        "", "host.cc1.memory=4 GiB", files=rows)

"""A fleet from TOML, CSV and JSON with classes: the whole job through the commands, and all that can be wrong with it."""

import json
import re
import shutil
from pathlib import Path

import pytest

from builder.demo import tree
from tests.golden.bench import MIRROR, pinboot
from tests.golden.conftest import LOADERS
from tests.golden.test_fleet import SECRET
from tests.unit import samples

TREE = f"{MIRROR}/rocky/9"
PROFILE = """\
extends   = ["site.toml"]
inventory = ["hosts.csv", "cmdb/hosts.json"]
outputs   = ["grub", "ipxe", "dnsmasq"]
packages  = ["tuned"]
post      = ["rack.sh"]

[class.compute]
firmware = "uefi"
disk     = "smallest nvme"
console  = "ttyS1,115200n8"
packages = ["numactl"]

[class.legacy]
firmware = "bios"
disk     = ["sda", "sdb"]
storage  = "raid1"

[host.c0001]
memory = "64 GiB"

[host.spare]
mac     = "b8:59:9f:00:01:99"
address = "10.20.1.99/16"
disk    = "sda"
"""
SITE = f"""\
release = "rocky-9.6"
memory  = "4 GiB"
root    = {{ ssh_keys = ["{samples.KEY}"] }}
tree    = {{ url = "{TREE}/BaseOS/x86_64/os" }}
serve   = {{ url = "http://10.20.0.5", tftp = "10.20.0.5", secret = "env:FLEET_SECRET" }}
dhcp    = {{ subnet = "10.20.0.0/16" }}

[network]
gateway     = "10.20.0.1"
nameservers = ["10.20.0.2"]
"""
CSV = """\
name,class,mac,address,rack
c0001,compute,b8:59:9f:00:01:01,10.20.1.1/16,A1
l0001,legacy,00:25:90:aa:00:01,10.20.9.1/16,F7
"""
HOSTS = {
    "_meta": {"hostvars": {
        "c0002": {"ansible_host": "10.20.1.2", "ansible_password": "hunter2", "pinboot_mac": "b8:59:9f:00:01:02",
                  "pinboot_address": "10.20.1.2/16", "rack": "A2", "api_token": "hunter2", "tags": ["prod"]},
        "c0003": {"pinboot": {"mac": "b8:59:9f:00:01:03", "address": "10.20.1.3/16", "vcpus": 4}, "rack": "A3"}}},
    "all": {"children": ["ungrouped", "compute"]}, "compute": {"hosts": ["c0002", "c0003"]},
}
NAMES = ["spare", "c0001", "l0001", "c0002", "c0003"]


@pytest.fixture(scope="module")
def grown():
    return {**tree.el9(), **LOADERS}


@pytest.fixture
def fleet(work, mirror, grown, monkeypatch):
    mirror.trees = {TREE: grown}
    monkeypatch.setenv("FLEET_SECRET", SECRET)
    (work / "cmdb").mkdir()
    for name, text in (("fleet.toml", PROFILE), ("site.toml", SITE), ("hosts.csv", CSV), ("rack.sh", "echo $fact_rack\n"),
                       ("cmdb/hosts.json", json.dumps(HOSTS, indent=4))):
        (work / name).write_text(text)
    return work


def build(*arguments, profile="fleet.toml"):
    ran = pinboot("build", profile, *arguments)
    assert ran.code == 0, ran.err
    return Path("out/fleet"), ran


def private(bundle, name, host):
    return (bundle / f"private/hosts/{host}/{name}").read_text()


def kickstart(bundle, host):
    found = re.search(r"inst\.ks=http://10\.20\.0\.5/(\S+)", private(bundle, "cmdline", host))
    return (bundle / "http" / found[1]).read_text()


def same(one, other):
    files = [{p.relative_to(each).as_posix(): p.read_bytes() for p in sorted(each.rglob("*")) if p.is_file()}
             for each in (one, other)]
    return files[0] == files[1]


def test_hosts_of_three_kinds_of_files_become_one_bundle_that_verifies(fleet):
    bundle, ran = build()
    assert [line.split("\t")[0] for line in (bundle / "private/hosts.tsv").read_text().splitlines()
            if not line.startswith(("#", "name\t"))] == NAMES
    assert "hosts     5 rendered for grub, ipxe, dnsmasq" in ran.err and pinboot("verify", bundle).code == 0


def test_a_kickstart_says_what_it_has_from_row_class_host_and_site(fleet):
    bundle, _ = build()
    first, legacy, listed = (kickstart(bundle, host) for host in ("c0001", "l0001", "c0002"))
    assert ("# host.c0001.address (hosts.csv line 2), network.gateway (site.toml line 9), network.nameservers "
            "(site.toml line 10), host.c0001.mac (hosts.csv line 2)\n") in first
    assert "# class.legacy.disk (fleet.toml line 15)\n" in legacy and "# class.legacy.storage (fleet.toml line 16)\n" in legacy
    assert "# packages (fleet.toml line 4), class.compute.packages (fleet.toml line 11)\n" in listed
    assert "host.c0002.mac (cmdb/hosts.json)" in listed
    assert "\ntuned\nnumactl\n" in first and "\ntuned\n%end" in legacy
    assert "fact_rack=A2" in listed and "ansible" not in listed and "hunter2" not in listed


def test_the_classes_make_different_machines(fleet):
    bundle, _ = build()
    assert "console=ttyS1,115200n8" in private(bundle, "cmdline", "c0002") and "nvme" in kickstart(bundle, "c0002")
    legacy = kickstart(bundle, "l0001")
    assert "--level=RAID1" in legacy and "ignoredisk --only-use=sda,sdb" in legacy
    assert "console=ttyS1" not in private(bundle, "cmdline", "spare")


def test_the_same_files_make_the_same_bytes_and_nothing_is_done_twice(fleet):
    bundle, _ = build()
    shutil.copytree(bundle, "first")
    _, again = build()
    assert "as built" in again.out
    shutil.rmtree(bundle)
    build()
    assert same(bundle, Path("first"))


@pytest.mark.parametrize(("file", "before", "after", "host"), [
    ("hosts.csv", "10.20.1.1/16", "10.20.1.7/16", "c0001"), ("cmdb/hosts.json", "10.20.1.3/16", "10.20.1.7/16", "c0003"),
    ("fleet.toml", "ttyS1,115200n8", "ttyS0,115200n8", "c0002")])
def test_a_word_in_any_of_the_files_makes_another_bundle(fleet, file, before, after, host):
    bundle, _ = build()
    first = json.loads((bundle / "manifest.json").read_text())["inputs"], private(bundle, "cmdline", host)
    text = Path(file).read_text()
    assert before in text
    Path(file).write_text(text.replace(before, after))
    build()
    assert json.loads((bundle / "manifest.json").read_text())["inputs"] != first[0]
    assert private(bundle, "cmdline", host) != first[1]


def test_what_it_was_made_from_lies_in_the_bundle_and_makes_it_again(fleet):
    bundle, _ = build("--set", "host.c0003.memory=16 GiB", "--set", 'class.legacy.console="ttyS0,115200n8"')
    layers = sorted(path.name for path in (bundle / "layers").iterdir())
    assert layers == ["1-site.toml", "2-hosts.csv", "3-hosts.json", "4-set.toml"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (bundle / "layers").iterdir())
    assert (bundle / "layers/2-hosts.csv").read_text() == CSV
    words = [word for line in (bundle / "layers/4-set.toml").read_text().splitlines()[1:] for word in ("--set", line)]
    shutil.copytree(bundle, "first")
    for path in ("hosts.csv", "site.toml", "cmdb/hosts.json", "out/fleet"):
        shutil.rmtree(path) if Path(path).is_dir() else Path(path).unlink()
    for copy, path in (("1-site.toml", "site.toml"), ("2-hosts.csv", "hosts.csv"), ("3-hosts.json", "cmdb/hosts.json")):
        shutil.copy(f"first/layers/{copy}", path)
    build(*words)
    assert same(bundle, Path("first"))
    assert "16384" in pinboot("show", "fleet.toml", "--host", "c0003", "--json", *words).out


def test_no_secret_of_an_inventory_is_in_a_bundle(fleet):
    bundle, _ = build()
    assert not [path for path in bundle.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    assert "api_token" not in (bundle / "layers/3-hosts.json").read_text()


def test_provenance_names_the_inventories_and_what_was_set(fleet):
    bundle, _ = build("--set", "memory=8 GiB")
    statement = json.loads((bundle / "provenance.intoto.json").read_text())
    sources = statement["predicate"]["buildDefinition"]["externalParameters"]["profile"]
    assert [each["name"] for each in sources] == ["profile.toml", "layers/1-site.toml", "layers/2-hosts.csv",
                                                  "layers/3-hosts.json", "layers/4-set.toml"]


def test_check_lists_facts_and_what_was_left_out_once_and_a_typing_mistake_is_seen(fleet):
    Path("hosts.csv").write_text(CSV.replace("address", "adress").replace("10.20", "x10.20"))
    Path("fleet.toml").write_text(PROFILE + "[class.idle]\n")
    ran = pinboot("check", "fleet.toml")
    flat = " ".join(ran.out.split())
    assert "inventory facts from hosts.csv: adress (did you mean address?), rack warning" in flat
    assert "facts from cmdb/hosts.json: rack left out, lists and tables: tags left out, names of secrets: api_token" in flat
    assert "classes no host is of class idle" in flat and flat.count("facts from") == 2
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    told = pinboot("check", "fleet.toml", "--json").out
    topics = [each["topic"] for each in json.loads(told)["findings"]]
    assert topics.count("inventory") == 2 and topics.count("classes") == 1


def test_build_warns_of_a_fact_that_looks_like_a_key_and_of_nothing_else(fleet):
    _, quiet = build()
    assert "facts from" not in quiet.err
    Path("hosts.csv").write_text(CSV.replace("rack", "adress"))
    Path("rack.sh").write_text("true\n")
    _, ran = build()
    assert "warning: facts from hosts.csv: adress (did you mean address?)" in ran.err


@pytest.mark.parametrize(("arguments", "said"), [
    (["--set", "host.c0001.memory=64 GB"], '--set  host.c0001.memory  "64 GB" is no size'),
    (["--set", "host.c9.memory=64 GiB"], "--set host.c9.memory: there is no host c9"),
    (["--set", "class.computer.vcpus=2"], "there is no class computer; did you mean compute?"),
    (["--set", "memory"], '--set "memory": is no KEY=VALUE'),
    (["--set", 'inventory="other.csv"'], 'inventory: "other.csv": No such file or directory'),
])
def test_what_is_set_wrongly_is_told_and_nothing_is_written(fleet, arguments, said):
    for command in ("check", "lock", "build"):
        ran = pinboot(command, "fleet.toml", *arguments)
        assert ran.code == 2 and said in ran.err and "Traceback" not in ran.err, ran.err
    assert not Path("out").exists() and not Path("fleet.lock").exists()


def test_mistakes_of_all_files_are_told_in_one_run_with_file_and_line(fleet):
    Path("hosts.csv").write_text(CSV + "c0002,legacy,00:25:90:aa:00:02,10.20.9.2/16\nl0003,legcy,zz,10.20.9.300/16,F8\n"
                                       "c0002,legacy,00:25:90:aa:00:04,10.20.9.4/16,F9\n")
    Path("fleet.toml").write_text(PROFILE.replace('"ttyS1,115200n8"', '"ttyx"'))
    ran = pinboot("build", "fleet.toml")
    rows = [" ".join(line.split()) for line in ran.err.splitlines()]
    assert ran.code == 2 and rows[0].startswith("error: fleet.toml: 6 mistakes, nothing was written"), ran.err
    for wanted in ('line 10 class.compute.console "ttyx" is no console', "cmdb/hosts.json name c0002 is in hosts.csv line 6 as well",
                   "hosts.csv line 4 inventory 4 cells, and the first row names 5 columns",
                   'hosts.csv line 5 host.l0003.class there is no class "legcy"; did you mean legacy?',
                   'hosts.csv line 5 host.l0003.mac "zz" is no MAC address',
                   'hosts.csv line 5 host.l0003.address "10.20.9.300" is no IPv4 address'):
        assert any(row.startswith(wanted) for row in rows), (wanted, rows)


def test_another_inventory_may_be_taken_for_one_run(fleet):
    Path("lab.csv").write_text("name,mac,disk\nlab1,b8:59:9f:00:02:01,sda\nc0001,b8:59:9f:00:02:02,sda\n")
    bundle, _ = build("--set", "inventory=lab.csv", "--set", "outputs=['ipxe']")
    assert "lab1" in (bundle / "private/hosts.tsv").read_text() and "c0002" not in (bundle / "private/hosts.tsv").read_text()
    assert (bundle / "layers/3-set.toml").read_text().endswith("inventory = \"lab.csv\"\noutputs = ['ipxe']\n")


def test_show_and_diff_know_where_a_key_of_a_host_is_from(fleet):
    bundle, _ = build()
    ran = pinboot("show", "fleet.toml", "--host", "c0001")
    assert ran.code == 0 and "hosts.csv line 2" in ran.out and "fleet.toml line 9" in ran.out
    Path("hosts.csv").write_text(CSV.replace("A1", "B1"))
    told = pinboot("diff", bundle, "fleet.toml")
    assert told.code == 3 and "hosts.csv" in told.out, told

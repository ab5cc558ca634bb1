"""What the real ansible-inventory prints is read: an INI inventory with group_vars, as it is and as --export prints it."""

import json
import os
import subprocess

import pytest

from tests.tool.tools import need
from tests.unit import inventories

INI = """\
[compute]
c0001 pinboot_mac=b8:59:9f:00:01:01 pinboot_address=10.20.1.1/16 rack=A1 ansible_host=10.20.1.1 pinboot_vcpus=4
c0002 pinboot_mac=b8:59:9f:00:01:02 pinboot_address=10.20.1.2/16 rack=07

[legacy]
l0001 pinboot_mac=00:25:90:aa:00:01 spare=true

[site:children]
compute
legacy

[site:vars]
mail="{{ ops_mail }}"
pinboot_memory="6 GiB"
"""
ALL = """\
db_password: hunter2
weight: 1.5
tags_of_room: [a, b]
pinboot:
  memory: 4 GiB
  console: ttyS0
vaulted: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  6638643965323633646262656665306464303
"""

pytestmark = pytest.mark.tool


@pytest.fixture
def ansible(tmp_path):
    """Run ansible-inventory on the files above, with more words, and give what it prints."""
    tool = need("ansible-inventory", "ansible-core")
    (tmp_path / "inv" / "group_vars").mkdir(parents=True)
    (tmp_path / "inv" / "hosts.ini").write_text(INI)
    (tmp_path / "inv" / "group_vars" / "all.yml").write_text(ALL)

    def ansible(*words):
        around = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(tmp_path), "ANSIBLE_LOCAL_TEMP": str(tmp_path)}
        ran = subprocess.run([tool, "-i", "inv/hosts.ini", "--list", *words], cwd=tmp_path, env=around, capture_output=True)
        assert ran.returncode == 0, ran.stderr.decode()
        return ran.stdout
    return ansible


@pytest.mark.parametrize("words", [(), ("--export",)], ids=["list", "export"])
def test_hosts_keys_facts_and_classes_come_out_of_what_it_prints(ansible, tmp_path, words):
    printed = ansible(*words)
    assert b"hunter2" in printed
    profile = inventories.read(tmp_path, {"hosts.json": printed}, inventories.CLASSES)
    assert [(h.name, h.class_name, h.network.mac, h.memory, h.vcpus, h.console, dict(h.facts)) for h in profile.hosts] == [
        ("c0001", "compute", "b8:59:9f:00:01:01", 6144, 4, "ttyS0", {"rack": "A1", "weight": "1.5"}),
        ("c0002", "compute", "b8:59:9f:00:01:02", 6144, 1, "ttyS0", {"rack": "07", "weight": "1.5"}),
        ("l0001", "legacy", "00:25:90:aa:00:01", 6144, 1, "ttyS0", {"spare": "true", "weight": "1.5"})]
    note, = profile.findings
    assert note.detail == (
        "left out, lists and tables: tags_of_room, vaulted", "left out, names of secrets: db_password",
        "left out, templates, which ansible-inventory does not fill in: mail")


def test_a_host_that_is_left_out_of_the_list_is_no_host(ansible, tmp_path):
    printed = json.loads(ansible())
    for name in ("c0001", "c0002"):
        del printed["_meta"]["hostvars"][name]
    printed["compute"]["hosts"] = []
    profile = inventories.read(tmp_path, {"hosts.json": json.dumps(printed).encode()}, inventories.CLASSES)
    assert [host.name for host in profile.hosts] == ["l0001"]

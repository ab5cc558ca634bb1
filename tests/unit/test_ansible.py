"""Hosts from ansible-inventory --list: what is taken is said by name, groups are classes, and secrets stay outside."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.finding import Severity
from builder.profile.file.mistakes import Mistakes
from builder.profile.inventory import ansible
from tests.unit import inventories
from tests.unit.inventories import listed, refused

DISK = {"pinboot_disk": "sda"}


def parsed(value):
    """The inventory of a JSON value or of bytes, and the mistakes."""
    found = Mistakes("fleet.toml", {})
    made = ansible.read(value if isinstance(value, bytes) else json.dumps(value).encode(), "hosts.json", found)
    return made, [f"{m.origin} {m.key}: {m.text}" for m in found.found]


def tables(value):
    made, told = parsed(value)
    assert told == []
    return {row.name: row.table for row in made.rows}


@pytest.fixture
def read(tmp_path):
    def read(hosts, toml=inventories.CLASSES, *, also=None, **groups):
        return inventories.read(tmp_path, {"hosts.json": listed(hosts, **groups), **(also or {})}, toml)
    return read


@pytest.fixture
def said(tmp_path):
    def said(hosts, toml=inventories.CLASSES, *, also=None, **groups):
        return " ".join(refused(tmp_path, {"hosts.json": listed(hosts, **groups), **(also or {})}, toml).split())
    return said


def test_keys_are_taken_by_prefix_and_from_a_table_and_the_prefix_counts():
    assert tables(listed({"web1": {"pinboot": {"memory": "4 GiB", "disk": {"size": "20 GiB"}, "vcpus": 2},
                                   "pinboot_memory": "8 GiB", "pinboot_packages": "tuned htop", "pinboot_mtu": "9000",
                                   "pinboot_nameservers": ["10.0.0.1"], "pinboot_disk": {"file": "/x"}}})) == {
        "web1": {"memory": "8 GiB", "disk": {"size": "20 GiB", "file": "/x"}, "vcpus": 2, "packages": ["tuned", "htop"],
                 "mtu": 9000, "nameservers": ["10.0.0.1"]}}


def test_other_plain_values_are_facts_as_they_are_written():
    assert tables(listed({"web1": {"rack": "A1", "unit": 7, "spare": True, "load": 1.50, "row": "07", "nothing": None,
                                   "empty": ""}})) == {
        "web1": {"facts": {"rack": "A1", "unit": 7, "spare": True, "load": "1.5", "row": "07"}}}


def test_facts_that_are_said_as_such_win_over_variables_of_the_same_name():
    table = tables(listed({"web1": {"rack": "A1", "pinboot_facts": {"rack": "B2", "key_of_room": "7"}, "unit": 3}}))["web1"]
    assert table == {"facts": {"rack": "B2", "key_of_room": "7", "unit": 3}}


def test_what_is_ansible_s_own_is_left_out_and_nothing_is_said_of_it():
    made, _ = parsed(listed({"web1": {"ansible_host": "10.0.0.1", "ansible_password": "hunter2", "group_names": ["a"],
                                      "inventory_hostname": "web1"}}))
    assert (made.rows[0].table, made.left, made.facts) == ({}, {}, {})


@pytest.mark.parametrize("name", ["db_password", "PASSWORD", "api_token", "vault_root", "ssh_key", "secret", "private_data",
                                  "snmp_community", "become_pass", "wifi_psk", "root_hash", "credentials"])
def test_names_of_secrets_are_no_facts_and_not_in_the_copy(name):
    made, _ = parsed(listed({"web1": {name: "hunter2", "rack": "A1"}}))
    assert made.rows[0].table == {"facts": {"rack": "A1"}} and b"hunter2" not in made.data
    assert made.left == {"names of secrets": (name,)}


@pytest.mark.parametrize("name", ["passage", "monkey", "keyboard", "rack", "hashrate", "compass"])
def test_words_that_only_look_like_one_are_facts(name):
    assert tables(listed({"web1": {name: "x"}})) == {"web1": {"facts": {name: "x"}}}


@pytest.mark.parametrize(("name", "value", "reason"), [
    ("tags", ["a"], "lists and tables"), ("config_context", {"a": {"b": []}}, "lists and tables"),
    ("vaulted", {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n66"}, "lists and tables"),
    ("mail", "{{ ops_mail }}", "templates, which ansible-inventory does not fill in"),
    ("motd", "one\ntwo", "long texts or texts of several lines"), ("note", "x" * 1001, "long texts or texts of several lines"),
    ("Rack-Unit", "7", "names that no fact can have")])
def test_what_no_fact_can_hold_is_left_out_by_name(name, value, reason):
    made, told = parsed(listed({"web1": {name: value, "rack": "A1"}}))
    assert (made.rows[0].table, made.left, told) == ({"facts": {"rack": "A1"}}, {reason: (name,)}, [])


@pytest.mark.parametrize(("variables", "reason"), [
    ({"pinboot_memroy": "1 GiB"}, "hosts.json pinboot_memroy: unknown key; did you mean memory?"),
    ({"pinboot": {"memroy": "1 GiB"}}, "hosts.json pinboot.memroy: unknown key; did you mean memory?"),
    ({"pinboot": "memory"}, "hosts.json web1.pinboot: is no table of keys, as in pinboot: {memory: 4 GiB}"),
    ({"pinboot_memory": "{{ size }}"}, 'web1.pinboot_memory: "{{ size }}" is a template, which ansible-inventory does not'),
    ({"pinboot": {"memory": "{% if a %}"}}, "web1.pinboot.memory: "),
])
def test_a_key_that_cannot_be_meant_is_a_mistake(variables, reason):
    _, told = parsed(listed({"web1": variables}))
    assert len(told) == 1 and reason in told[0]


def test_values_of_a_wrong_type_are_told_with_the_host_and_the_file(said):
    told = said({"web1": {**DISK, "pinboot_memory": 4096, "pinboot_vcpus": "many", "pinboot_mac": "b8:59:9f:00:01:01"}})
    assert "hosts.json host.web1.memory found 4096 without quotes; wants text in quotes" in told
    assert 'hosts.json host.web1.vcpus found "many"; wants a whole number' in told


def test_groups_are_classes_through_their_children_too(read):
    profile = read({"c1": {"pinboot_mac": "b8:59:9f:00:01:01"}, "l1": {"pinboot_mac": "b8:59:9f:00:01:02"}},
                   all={"children": ["ungrouped", "site"]}, site={"children": ["rack7", "legacy"]},
                   rack7={"hosts": ["c1"]}, compute={"children": ["rack7"]}, legacy={"hosts": ["l1"]})
    assert [(host.name, host.class_name, host.firmware) for host in profile.hosts] == [
        ("c1", "compute", "uefi"), ("l1", "legacy", "bios")]
    assert profile.origin("host.c1.class") == "hosts.json"


def test_two_groups_that_are_classes_are_a_mistake_until_somebody_says_which(read, said):
    groups = {"compute": {"hosts": ["c1"]}, "legacy": {"hosts": ["c1"]}}
    hosts = {"c1": {"pinboot_mac": "b8:59:9f:00:01:01"}}
    assert "host.c1 is in 2 groups that are classes: compute, legacy; pinboot_class says which it is" in said(hosts, **groups)
    assert read({"c1": {**hosts["c1"], "pinboot_class": "compute"}}, **groups).hosts[0].class_name == "compute"
    assert read(hosts, inventories.CLASSES + "[host.c1]\nclass = 'legacy'\n", **groups).hosts[0].class_name == "legacy"


def test_variables_of_groups_count_less_than_the_host_s_and_a_child_s_more_than_its_parent_s():
    value = listed({"a": {"rack": "host"}, "b": {}},
                   all={"children": ["site"], "vars": {"rack": "all", "unit": "all", "pinboot_memory": "1 GiB"}},
                   site={"children": ["zulu", "alpha"], "vars": {"unit": "site", "pinboot_memory": "2 GiB"}},
                   zulu={"hosts": ["a", "b"], "vars": {"row": "zulu"}}, alpha={"hosts": ["a"], "vars": {"row": "alpha"}})
    assert tables(value) == {"a": {"memory": "2 GiB", "facts": {"rack": "host", "unit": "site", "row": "zulu"}},
                             "b": {"memory": "2 GiB", "facts": {"rack": "all", "unit": "site", "row": "zulu"}}}


def test_a_host_without_variables_and_a_group_that_is_a_list_are_read():
    assert tables({"_meta": {"hostvars": {}}, "web": ["b", "a"], "ungrouped": {"hosts": ["c"]}}) == {"b": {}, "a": {}, "c": {}}
    assert tables({"web": {"hosts": ["a"]}}) == {"a": {}}


def test_groups_in_a_circle_end():
    value = listed({"a": {}}, x={"children": ["y"], "vars": {"rack": "1"}}, y={"children": ["x"], "hosts": ["a"]})
    assert tables(value) == {"a": {"facts": {"rack": "1"}}}


def test_a_host_in_toml_csv_and_json_is_joined_but_two_inventories_may_not_name_it(read, said):
    hosts = {"c1": {"pinboot_mac": "b8:59:9f:00:01:01", "pinboot_memory": "4 GiB"}}
    other = {"hosts.csv": "name,mac,disk\nC1,b8:59:9f:00:01:09,sda\n"}
    assert "hosts.csv line 2 name c1 is in hosts.json as well; a host has one row" in said(hosts, also=other)
    profile = read(hosts, "disk = 'sda'\n[host.C1]\nmemory = '8 GiB'\n", also={"more.csv": "name,mac\nc2,b8:59:9f:00:01:02\n"})
    assert [(host.name, host.memory) for host in profile.hosts] == [("c1", 8192), ("c2", 3072)]
    first = profile.hosts[0]
    assert str(profile.set_by(first, "mac")[1]) == "hosts.json" and str(profile.set_by(first, "memory")[1]) == "fleet.toml line 8"


def test_the_same_host_in_two_spellings_is_the_same_host(said):
    assert "web1 is in hosts.json as well" in said({"web1": DISK, "WEB1": DISK})


def test_facts_and_what_was_left_out_are_told_once(read):
    many = {f"c{n}": {"pinboot_mac": f"b8:59:9f:00:01:{n:02x}", "rack": "A1", "tags": [], "memory": 4096, "token": "x"}
            for n in range(1, 9)}
    note, = (f for f in read(many, "disk = 'sda'\n").findings if f.topic == "inventory")
    assert (note.severity, note.text) == (Severity.WARNING, "facts from hosts.json: memory (did you mean pinboot_memory?), rack")
    assert note.detail == ("left out, lists and tables: tags", "left out, names of secrets: token")


def test_the_copy_reads_as_the_same_rows_and_is_its_own_copy():
    made, _ = parsed(listed({"a": {"pinboot": {"memory": "1 GiB"}, "pinboot_vcpus": "2", "rack": "x", "tags": [1], "load": 1.5},
                             "b": {"ansible_host": "10.0.0.1"}},
                            web={"hosts": ["a"], "vars": {"unit": 7, "token": "hunter2"}}, all={"children": ["web"]}))
    again, told = parsed(made.data)
    assert told == [] and again.rows == made.rows and again.data == made.data
    assert b"hunter2" not in made.data and b"ansible_host" not in made.data and b'"unit": 7' in made.data


@pytest.mark.parametrize("data", [
    b"", b"[]", b"{", b"null", b'{"a": 5}', b'{"_meta": []}', b'{"_meta": {"hostvars": []}}', b'{"_meta": {"hostvars": {"a": 5}}}',
    b'{"web": {"hosts": "a"}}', b'{"web": {"hosts": [5]}}', b"all:\n  hosts:\n", b"\xff\xfe{\0}\0", b'{"a": ' + b"[" * 100000,
    b'{"\xff": {}}', b"name,mac\na,b\n"])
def test_what_ansible_does_not_print_is_told_in_a_line(data):
    made, told = parsed(data)
    assert made.rows == () and len(told) == 1
    assert told[0].startswith("hosts.json inventory: not what ansible-inventory --list prints: ")


@pytest.mark.parametrize("value", [b'"\\ud800"', b'"\xff"', b"1e999", b"[" * 20000 + b"]" * 20000, b"[" * 900 + b"]" * 900,
                                   b'{"a":' * 900 + b"1" + b"}" * 900])
def test_a_value_that_is_no_json_is_told_with_its_host(value):
    _, told = parsed(b'{"_meta": {"hostvars": {"a": {"pinboot_memory": ' + value + b"}}}}")
    assert len(told) == 1 and told[0].startswith("hosts.json ")


def test_a_host_that_is_an_address_is_told(said):
    assert 'hosts.json host "10.0.0.1" is a number or an address, not a host name' in said({"10.0.0.1": DISK})


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
                    max_leaves=8)


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(["pinboot", "pinboot_memory", "pinboot_facts", "pinboot_disk", "rack", "tags", "ansible_x"]), JSON),
       st.dictionaries(st.sampled_from(["all", "web"]), JSON))
def test_any_json_is_rows_or_told_mistakes_and_the_copy_reads_back(variables, groups):
    made, told = parsed(listed({"web1": variables}, **groups))
    if not told:
        again, _ = parsed(made.data)
        assert again.rows == made.rows and again.data == made.data


@given(st.binary(max_size=80).map(lambda data: b'{"_meta": {"hostvars": {"a": {"rack": ' + data) | st.binary(max_size=80))
def test_no_bytes_end_in_a_traceback(data):
    parsed(data)


def test_more_hosts_than_any_site_has_are_not_read(monkeypatch):
    monkeypatch.setattr(ansible, "MOST_HOSTS", 2)
    made, told = parsed(listed({"a": {}, "b": {}, "c": {}}))
    assert made.rows == () and told == ["hosts.json inventory: more than 200000 hosts; divide them among profiles"]

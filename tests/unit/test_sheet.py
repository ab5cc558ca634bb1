"""Hosts from CSV: columns are keys or facts, every mistake has its line, and no file is too odd to be told about."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.errors import UsageError
from builder.finding import Severity
from builder.profile import resolve
from builder.profile.file.mistakes import Mistakes
from builder.profile.inventory import cells, files, sheet
from builder.profile.inventory import rows as inventory_rows
from tests.unit import inventories
from tests.unit.inventories import refused

CSV = """\
name,class,mac,address,rack
c0001,compute,b8:59:9f:00:01:01,10.20.1.1/16,A1
l0001,legacy,00:25:90:aa:00:01,10.20.9.1/16,F7
"""
DISK = "disk = 'sda'\n"


@pytest.fixture
def read(tmp_path):
    def read(text, toml=inventories.CLASSES, **more):
        return inventories.read(tmp_path, {"hosts.csv": text}, toml, **more)
    return read


@pytest.fixture
def said(tmp_path):
    def said(text, toml=inventories.CLASSES, **more):
        return refused(tmp_path, {"hosts.csv": text}, toml, **more)
    return said


def parsed(text):
    """The rows of a text as tables, and the mistakes."""
    found = Mistakes("fleet.toml", {})
    data = text if isinstance(text, bytes) else text.encode()
    made = sheet.read(data, "hosts.csv", found)
    return {row.name: row.table for row in made.rows}, [f"{m.origin} {m.key}: {m.text}" for m in found.found]


def test_each_row_is_a_host_and_the_cells_are_its_keys(read):
    compute, legacy = read(CSV).hosts
    assert (compute.name, compute.network.mac, str(compute.network.addresses[0])) == (
        "c0001", "b8:59:9f:00:01:01", "10.20.1.1/16")
    assert (compute.firmware, compute.disk.order, compute.class_name) == ("uefi", "smallest", "compute")
    assert (legacy.firmware, legacy.disk.names, legacy.storage.layout) == ("bios", ("sda", "sdb"), "raid1")
    assert (compute.facts, legacy.facts) == ({"rack": "A1"}, {"rack": "F7"})


def test_cells_take_the_type_that_the_schema_gives_the_key():
    table = parsed("name,vcpus,memory,peer_dns,packages,nameservers,disk.size,mtu,kernel_arguments,address\n"
                   "a,4,4 GiB,FALSE,tuned htop,10.0.0.1,20 GiB,9000,quiet nosmt,10.0.0.2/24 2001:db8::2/64\n")[0]["a"]
    assert table == {"vcpus": 4, "memory": "4 GiB", "peer_dns": False, "packages": ["tuned", "htop"],
                     "nameservers": ["10.0.0.1"], "disk": {"size": "20 GiB"}, "mtu": 9000,
                     "kernel_arguments": ["quiet", "nosmt"], "address": ["10.0.0.2/24", "2001:db8::2/64"]}


@pytest.mark.parametrize(("cell", "value"), [
    ("sda", "sda"), ("sda sdb", ["sda", "sdb"]), ("smallest nvme", "smallest nvme"), ("first", "first"),
    ("by-id/nvme-eui.0025385b71b0e1a2", "by-id/nvme-eui.0025385b71b0e1a2")])
def test_blanks_make_a_list_of_disks_and_a_rule_stays_one(cell, value):
    assert parsed(f"name,disk\na,{cell}\n")[0]["a"]["disk"] == value


@pytest.mark.parametrize(("column", "path"), [
    ("disk.size", ("disk", "size")), ("storage.layout", ("storage", "layout")), ("facts.rack", ("facts", "rack")),
    ("storage.volumes./var/log", ("storage", "volumes", "/var/log")), ("addresses.bond0.120", ("addresses", "bond0.120")),
    ("interface.eth0.mtu", ("interface", "eth0", "mtu")), ("interface.bond0.120.gateway", ("interface", "bond0.120", "gateway")),
    ("interface.bond0.bond.mode", ("interface", "bond0", "bond", "mode")), ("class", ("class",)),
    ("storage.encrypt.tang", ("storage", "encrypt", "tang"))])
def test_a_dotted_column_is_a_key_in_a_table_even_where_names_hold_dots(column, path):
    assert cells.place(column).path == path


@pytest.mark.parametrize(("column", "reason"), [
    ("disk.sise", "disk.sise: unknown key; did you mean size?"), ("facts", "a table, which one cell cannot hold"),
    ("addresses", "name what is in it: addresses.NAME"), ("routes", "a table, which one cell cannot hold"),
    ("memory.size", "memory is no table"), ("interface.eth0", "is a table; name what is in it: eth0.mac"),
    ("interface.eth0.mut", "interface.eth0.mut: unknown key; did you mean mtu?"),
    ("disk.", "has a dot too many"), ("interface..mtu", "has a dot too many"), ("disk" + ".a" * 99, "202 characters"),
    ("facts.Rack", "Rack is no name of a fact"), ("rack.row", "unknown key; known here: address"), ("räck", "no name of a fact")])
def test_a_column_that_no_cell_can_fill_is_told_with_the_line_of_the_names(column, reason):
    _, told = parsed(f"name,{column}\na,x\n")
    assert len(told) == 1 and told[0].startswith("hosts.csv line 1 ") and reason in told[0]


def test_spreadsheets_write_names_with_capitals_and_blanks():
    rows, told = parsed("Name,MAC,Disk.size,Rack Unit,Asset-Tag\nA,b8:59:9f:00:01:01,20 GiB,7,X\n")
    assert rows["a"] == {"mac": "b8:59:9f:00:01:01", "disk": {"size": "20 GiB"}, "facts": {"rack_unit": "7", "asset_tag": "X"}}
    assert told == []


@pytest.mark.parametrize("text", [
    CSV.replace("\n", "\r\n"), "\ufeff" + CSV, CSV.replace(",", ";"), CSV.replace(",", "\t"), CSV.replace("\n", "\r"),
    CSV.replace("\n", "\n\n") + ",,,,\n\n", CSV.replace("A1", '" A1 "'), CSV.rstrip("\n"), '"name"' + CSV[4:]],
    ids=["crlf", "bom", "semicolons", "tabs", "cr", "blank lines", "quoted", "no end of line", "quoted name"])
def test_a_file_reads_the_same_in_every_form_that_programs_write(text):
    assert parsed(text) == parsed(CSV) and len(parsed(CSV)[0]) == 2 and parsed(CSV)[1] == []


def test_quoted_cells_hold_what_the_delimiter_and_quotes_are_made_of():
    rows, told = parsed('name,note\na,"one, ""two"""\n')
    assert (rows, told) == ({"a": {"facts": {"note": 'one, "two"'}}}, [])


def test_an_empty_cell_sets_nothing(read):
    host, = read("name,class,memory,console,rack\nc1,compute,,  ,\n", "[class.compute]\ndisk = 'sda'\nmemory = '6 GiB'\n"
                 "[interface.eno1]\nmac = 'b8:59:9f:00:01:01'\n").hosts
    assert (host.memory, host.console, host.facts) == (6144, None, {})


def test_the_line_is_that_of_the_file_where_cells_have_several():
    told = parsed('name,note,vcpus\na,"one\ntwo",1\nb,x\n')[1]
    assert told == ['hosts.csv line 2 note: "one\\ntwo" holds a line break or another control character',
                    "hosts.csv line 4 inventory: 2 cells, and the first row names 3 columns"]


def test_every_mistake_of_file_rows_and_cells_is_told_in_one_run(said):
    text = ("name,class,mac,address,memory,vcpus\n"
            "c1,compute,b8:59:9f:00:01:01,10.0.0.1/24,4 GB,4\n"
            "c2,computer,b8:59:9f:00:01:02,10.0.0.300/24,4 GiB,many\n"
            "c3,compute,b8:59:9f:00:01:01,10.0.0.3/24\n"
            ",compute,b8:59:9f:00:01:04,10.0.0.4/24,,\n"
            "c1,compute,b8:59:9f:00:01:05,10.0.0.5/24,,\n"
            "c6,compute,b8:59:9f:00:01:01,=B2,,\n")
    told = said(text)
    for line, key, reason in [
            (2, "host.c1.memory", '"4 GB" is no size'), (3, "host.c2.class", 'no class "computer"; did you mean compute?'),
            (3, "host.c2.vcpus", 'found "many"; wants a whole number'), (3, "host.c2.address", "is no IPv4 address"),
            (4, "inventory", "4 cells, and the first row names 6"), (5, "name", "missing; whose row is it?"),
            (6, "name", "c1 is in hosts.csv line 2 as well; a host has one row"),
            (7, "address", '"=B2" is a formula, not its value; export the sheet as values'),
            (7, "host.c6.mac", "b8:59:9f:00:01:01 belongs to c1 (hosts.csv line 2)")]:
        assert any(row.startswith(f"  hosts.csv line {line} ") and key in row and reason in row
                   for row in told.splitlines()), (line, key, reason, told)
    assert "pinboot explain KEY" in told


@pytest.mark.parametrize(("data", "reason"), [
    (b"", "hosts.csv line 1 inventory: empty; the first row names the columns"),
    (b"\n\n", "inventory: empty"),
    (b"hostname,mac\na,b\n", 'no column "name", which says whose row it is; found: "hostname", "mac"'),
    (b"name,mac,MAC\na,,\n", 'hosts.csv line 1 "MAC": columns 2 and 3 are the same key'),
    (b"name,Name\na,b\n", "columns 1 and 2 are the same key"),
    (b"name,Rack Unit,rack-unit\na,b,c\n", "columns 2 and 3 are the same key"),
    (b"name,disk,disk.size\na,,\n", '"disk.size": is in the table that "disk" says as a whole; leave one out'),
    (b"name,,mac\na,x,\n", 'hosts.csv line 2 inventory: "x" stands in column 2, which has no name'),
    (b"name,mac\na,\0\n", "hosts.csv line 2 inventory: holds a NUL; that is no CSV"),
    (b"name,rack\na,caf\xe9\n", 'hosts.csv line 2 inventory: not UTF-8 text; save it as "CSV UTF-8"'),
    (b"\xff\xfen\0a\0", 'UTF-16 text, not CSV; save it as "CSV UTF-8"'),
    (b"PK\x03\x04rest", "a spreadsheet (.xlsx, .ods), not CSV"), (b"\xd0\xcf\x11\xe0rest", "a spreadsheet (.xls)"),
    (b'name,rack\na,"A1\nb,A2\n', "hosts.csv line 2 inventory: not CSV: unexpected end of data; a quote in a text is written "
                                 "twice"),
    (b'name,rack\na,"A"1\n', "hosts.csv line 2 inventory: not CSV: ',' expected after '\"'"),
    (b"name,rack\na," + b"x" * 200000 + b"\n", "not CSV: field larger than field limit"),
    (b"name" + b",a" * 1000 + b"\n", "1001 columns; that is no list of hosts"),
    (b"name,rack\nA B,x\n", 'name: "A B" is no host name'), (b"name,rack\n10.0.0.1,x\n", "not a host name"),
    (b"name,rack\na,#REF!\n", "hosts.csv line 2 rack: \"#REF!\" is an error of the spreadsheet, not a value"),
    (b"name,rack\na,\xe2\x80\xae1\n", "holds a line break or another control character"),
])
def test_a_file_that_is_no_list_of_hosts_is_told_with_its_line_and_a_cure(data, reason):
    _, told = parsed(data)
    assert any(reason in each for each in told), told


def test_a_thousand_wrong_rows_are_told_by_the_first_hundred(said):
    told = said("name,vcpus\n" + "".join(f"c{n},x\n" for n in range(1000)), "disk = 'sda'\n")
    assert "and 900 more\n" in told and told.count("\n") < 105


def test_columns_that_are_no_keys_are_facts_and_told_once_with_what_may_have_been_meant(read):
    rows = "".join(f"c{n},compute,b8:59:9f:00:01:{n:02x},10.0.0.{n}/24,A{n},x\n" for n in range(1, 9))
    note, = read("name,class,mac,address,rack,adress\n" + rows, "[class.compute]\ndisk = 'sda'\n").findings
    assert (note.topic, note.severity) == ("inventory", Severity.WARNING)
    assert note.text == "facts from hosts.csv: adress (did you mean address?), rack"
    plain, = read("name,class,mac,address,rack\n" + "a,compute,b8:59:9f:00:01:01,,A1\n", "[class.compute]\ndisk = 'sda'\n").findings
    assert (plain.severity, plain.text) == (Severity.NOTE, "facts from hosts.csv: rack")


@pytest.mark.parametrize(("column", "key"), [
    ("adress", "address"), ("ip", "address"), ("mac_address", "mac"), ("ram", "memory"), ("cpus", "vcpus"),
    ("hostnam", "hostname"), ("clas", "class"), ("consol", "console"), ("fqdn", "hostname"),
    ("rack", ""), ("row", ""), ("owner", ""), ("site", ""), ("serial", ""), ("role", ""), ("room", ""), ("model", "")])
def test_a_typing_mistake_is_told_from_a_fact(column, key):
    assert inventory_rows.meant(column) == key


def test_origins_name_the_line_of_the_row(read):
    profile = read(CSV, inventories.CLASSES + "[host.c0001]\nvcpus = 2\n")
    host, other = profile.hosts
    assert profile.origin("host.c0001.mac") == "hosts.csv line 2" and profile.origin("host.l0001.facts.rack") == "hosts.csv line 3"
    assert [str(profile.set_by(host, key)[1]) for key in ("mac", "vcpus", "class")] == [
        "hosts.csv line 2", "fleet.toml line 15", "hosts.csv line 2"]
    assert profile.set_by(other, "disk")[0] == "class.legacy.disk" and profile.set_by(other, "memory") is None
    assert profile.origins["host.l0001"].line == 3 and "host.l0001.memory" not in profile.origins
    assert {"host.c0001.facts.rack", "host.l0001.class", "class.legacy.disk"} <= set(profile.origins)
    assert len(profile.origins) == len(list(profile.origins)) == len(set(profile.origins))


def test_a_host_with_dots_in_its_name_has_its_origins_too(read):
    profile = read("name,mac,disk\nweb1,b8:59:9f:00:01:01,sda\nweb1.example.com,b8:59:9f:00:01:02,sdb\n", "")
    assert [profile.origin(f"host.{host.name}.mac") for host in profile.hosts] == ["hosts.csv line 2", "hosts.csv line 3"]
    assert profile.origins.get("host.web1.example.mac") is None


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="="), min_size=1, max_size=12).filter(
    lambda text: not text.startswith("#") and text == text.strip())


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9]{0,12}", fullmatch=True), st.tuples(WORDS, WORDS), max_size=8),
       st.sampled_from(["\r\n", "\n"]), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]), st.sampled_from([",", ";", "\t"]))
def test_what_python_writes_as_csv_reads_back(rows, end, quoting, delimiter):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=end, quoting=quoting, delimiter=delimiter)
    writer.writerow(["name", "rack", "shelf"])
    writer.writerows([name, *values] for name, values in rows.items())
    found, told = parsed(out.getvalue())
    assert told == [] and found == {name: {"facts": dict(zip(("rack", "shelf"), values, strict=True))}
                                    for name, values in rows.items()}


@settings(max_examples=200)
@given(st.binary(max_size=200).map(lambda data: b"name,mac,vcpus,rack\n" + data) | st.binary(max_size=200))
def test_no_bytes_end_in_a_traceback(data):
    rows, told = parsed(data)
    assert isinstance(rows, dict) and all(each.startswith("hosts.csv") for each in told)


@given(st.text(max_size=30))
def test_any_name_of_a_column_is_a_key_a_fact_or_a_told_mistake(title):
    out = io.StringIO()
    csv.writer(out).writerow(["name", title])
    rows, told = parsed(out.getvalue() + "a,x\n")
    assert rows.get("a") or told


def test_a_missing_file_and_a_folder_are_told_with_the_place_where_they_were_looked_for(tmp_path):
    (tmp_path / "fleet.toml").write_text(inventories.HEAD + 'inventory = "hosts.csv"\n')
    with pytest.raises(UsageError, match=r'inventory: "hosts.csv": No such file or directory \(looked for /.*hosts.csv\)'):
        resolve.read(tmp_path / "fleet.toml", "fleet.toml", {})
    (tmp_path / "hosts.csv").mkdir()
    with pytest.raises(UsageError, match=r'inventory: "hosts.csv": Is a directory'):
        resolve.read(tmp_path / "fleet.toml", "fleet.toml", {})


@pytest.mark.parametrize(("entry", "reason"), [
    ("hosts.toml", 'is a profile, not an inventory\na TOML file with [host.NAME] tables goes into extends = ["hosts.toml"]'),
    ("hosts.yml", "is no kind of inventory that is known by its name\nhosts.csv (or .tsv) for a table, hosts.json"),
    ("a\0.csv", "holds a NUL")])
def test_a_file_of_another_kind_is_refused_with_what_to_do_instead(tmp_path, entry, reason):
    (tmp_path / "hosts.toml").write_text("")
    (tmp_path / "fleet.toml").write_text(f"{inventories.HEAD}inventory = {json.dumps(entry)}\n")
    with pytest.raises(UsageError) as caught:
        resolve.read(tmp_path / "fleet.toml", "fleet.toml", {})
    assert reason in f"{caught.value.message}\n{caught.value.hint}"


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setitem(files.MOST, ".csv", 100)
    assert 'inventory: "hosts.csv" is larger than 0 MiB' in refused(tmp_path, {"hosts.csv": b"x" * 101})


def test_more_hosts_than_any_site_has_are_not_read(monkeypatch):
    monkeypatch.setattr(sheet, "MOST_HOSTS", 2)
    rows, told = parsed("name\na\nb\nc\nd\n")
    assert list(rows) == ["a", "b"] and told == ["hosts.csv line 4 inventory: more than 200000 hosts; divide them among profiles"]

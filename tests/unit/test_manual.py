"""The manual: every key and word is explained, the schema takes what pinboot takes, and the words lead somewhere."""

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import errors, names
from builder.catalog import load
from builder.catalog.generation import GENERATIONS
from builder.cli.manual import commands, glossary, keys, schema
from builder.cli.options.parse import COMMANDS, parser
from builder.profile import secrets, starters
from builder.profile import storage as plan
from builder.profile.file import mistakes, walk
from builder.profile.file import schema as file
from builder.trust.evidence import Evidence

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = schema.document()
VALIDATOR = jsonschema.Draft202012Validator(DOCUMENT)
KEYS = [(table, key) for table in keys.tables().values() for key in table.keys]
NAMED = [pytest.param(table, key, id=f"{table.name}.{key.name}") for table, key in KEYS]


# Keys

def test_every_key_of_the_schema_is_described_and_nothing_else_is():
    assert not keys.unsaid(), "builder/cli/manual/keys.toml: these keys have no description, or describe nothing"


def within(table, value):
    """A profile in which `value` stands in a table of this kind."""
    for part in reversed([part for part in table.paths[0].split(".") if part]):
        value = {part: value}
    return value


@pytest.mark.parametrize(("table", "key"), NAMED)
def test_a_description_is_plain_and_its_example_fits(table, key):
    assert key.text[0].isupper() or key.text.split()[0].strip(":,") in ("dhcp", "authoritative", "dom0", "plain", "file:PATH")
    assert key.text.endswith((".", "?")) and key.text.isascii() and key.text.count(". ") < 5
    assert key.example.isascii() and max(map(len, key.example.splitlines())) <= 70
    profile = within(table, tomllib.loads(key.example))
    found = mistakes.Mistakes("keys.toml", {})
    walk.fit(file.Profile, profile, "", found)
    assert not found.found, [(each.key, each.text) for each in found.found]
    assert not list(VALIDATOR.iter_errors(profile))
    assert key.value == tomllib.loads(key.example)[key.name]


def test_the_pages_that_keys_and_words_name_are_there():
    for page in {table.page for table in keys.tables().values()} | {word.page for word in glossary.words().values()} - {""}:
        assert (ROOT / "docs" / page).is_file(), page


@pytest.mark.parametrize(("path", "table", "key"), [
    ("release", "Profile", "release"), ("storage.layout", "Storage", "layout"), ("host.web1.address", "Host", "address"),
    ('host.web1.interface."bond0.120".mtu', "Interface", "mtu"), ("host.NAME.storage.encrypt.tang", "Encrypt", "tang"),
    ("user.admin.groups", "User", "groups"), ("trust.minimum.kernel", "Minimum", "kernel"),
])
def test_a_key_is_found_by_its_dotted_path(path, table, key):
    found = keys.find(path)
    assert isinstance(found, tuple) and (found[0].name, found[1].name) == (table, key)


def test_a_table_is_found_and_nonsense_is_not():
    assert keys.find("host.web1").name == "Host" and keys.find("interface.bond0").name == "Interface"
    for word in ("", ".", "nope", "host.web1.nope", "release.x", '"', "a" * 10_000, "." * 10_000, "\0"):
        assert keys.find(word) is None


# Words

DESIGN = ("install tree", "variant", "compose", "treeinfo", "discinfo", "stage2", "pxeboot images", "repomd", "primary", "comps",
          "NEVRA", "closure", "kickstart command", "kickstart section", "kickstart handler", "kernel command line", "parameter",
          "domU", "dom0", "PV", "PVH", "HVM", "profile", "host", "fleet", "lock", "pin", "evidence", "artifact", "digest",
          "bundle", "entry", "manifest", "epoch", "provenance", "statement", "subject", "milestone", "transcript")


def test_the_words_of_the_house_of_evidence_of_storage_and_of_exit_codes_are_explained():
    codes = [f"exit {value}" for name, value in vars(errors).items() if name.isupper() and isinstance(value, int)]
    assert len(codes) == 6
    for word in (*DESIGN, *(each.value for each in Evidence), *GENERATIONS, *codes, "kept-kernel", "pvgrub", "pygrub"):
        assert word == "fedora" or glossary.find(word), word


@pytest.mark.parametrize("word", glossary.words().values(), ids=lambda word: word.name)
def test_a_word_has_one_to_five_plain_sentences_and_leads_to_others(word):
    assert word.text.isascii() and word.text.endswith(".") and 1 <= len(re.findall(r"[.?](?= |$)", word.text)) <= 5
    assert set(word.see) <= set(glossary.words()) - {word.name}
    assert glossary.find(word.name) is word and all(glossary.find(each) is word for each in word.also)


def test_no_two_words_have_one_spelling():
    spellings = [re.sub(r"[\s_-]+", " ", each.lower()) for word in glossary.words().values() for each in (word.name, *word.also)]
    assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize(("said", "meant"), [("Evidence", "evidence"), ("first use", "first-use"), ("INSTALL-TREES", "install tree"),
                                             ("profiles", "profile"), ("3", "exit 3"), ("el9", "generation"), (" hvm ", "HVM")])
def test_case_dashes_and_the_plural_do_not_matter(said, meant):
    assert glossary.find(said).name == meant


def test_a_word_that_is_none_has_neighbours():
    assert glossary.near("kikstart")[0] == "kickstart" and "metalink" in glossary.near("metalnk") and glossary.near("qqqq") == ()


# The schema

def test_the_schema_is_one_of_2020_12_and_the_same_each_time():
    jsonschema.Draft202012Validator.check_schema(DOCUMENT)
    assert DOCUMENT["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema.text() == schema.text() and json.loads(schema.text()) == DOCUMENT and schema.text().isascii()
    assert "null" not in schema.text()


def test_every_property_has_a_description_and_an_example():
    for table in (DOCUMENT, *DOCUMENT["$defs"].values()):
        assert table["additionalProperties"] is False and table["properties"]
        for name, shape in table["properties"].items():
            assert shape["description"] and shape["examples"], name


REAL = sorted({*starters.folder().glob("*.toml"), *(ROOT / "tests/golden").rglob("*.toml")})


@pytest.mark.parametrize("path", REAL, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_profiles_that_pinboot_takes_are_valid(path):
    assert not [error.message for error in VALIDATOR.iter_errors(tomllib.loads(path.read_text()))]


def test_there_are_enough_real_profiles():
    assert len(REAL) > 25


PAGES = ("profiles.md", "machines.md", "networks.md", "storage.md", "kickstarts.md", "outputs.md")


def test_profiles_that_the_pages_show_are_valid():
    seen = 0
    for page in PAGES:
        for block in re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL):
            if "..." not in block.replace("AAAA...", ""):
                assert not [error.message for error in VALIDATOR.iter_errors(tomllib.loads(block))], block
                seen += 1
    assert seen > 30


@pytest.mark.parametrize("wrong", [
    'relase = "rocky-9"', "release = 9", 'release = "rocky"', 'outputs = ["xenn"]', 'outputs = "xen"', 'memory = "4GB"',
    "memory = 4096", 'vcpus = "2"', 'storage = "lvmm"', 'storage = { layout = "btrfs" }', 'selinux = "on"', "ntp = [1]",
    'console = "serial"', 'root = { password = "secret" }', "root = { passwd = 1 }", 'user = { admin = { group = ["wheel"] } }',
    'host = { a = { mac = "00:16:3e:03:9c" } }', 'host = { a = { adress = "dhcp" } }', 'host = { a = { address = "192.0.2.1" } }',
    'host = { a = { address = ["192.0.2.1/24", "static"] } }', "host = { a = { disk = { size = 20 } } }",
    'host = { a = { disk = { size = "20 GB" } } }', 'host = ["a"]', 'storage = { encrypt = { passphrase = "in clear" } }',
    'trust = { minimum = { kernel = "rpm" } }', 'xen = { run = "grub" }', 'dhcp = { subnet = "192.0.2.0/24", lease = 5 }',
    'rhsm = { organization = "12345" }', "firewall = true", 'interface = { a = { mac = "zz:zz:zz:zz:zz:zz" } }',
    'network = { nameservers = "192.0.2.1" }', "weak_dependencies = 0", 'finish = "halt"',
])
def test_typical_mistakes_are_found(wrong):
    assert list(VALIDATOR.iter_errors(tomllib.loads(wrong))), wrong


def taken(parse, text):
    try:
        parse(text)
    except ValueError:
        return False
    return True


HASHES = ["$6$salt$" + "x" * 86, "$5$salt$" + "x" * 43, "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7"]
PARSERS = {
    "size": (names.size, st.from_regex(r"[0-9]{1,13} ?(KiB|MiB|GiB|TiB|GB|)", fullmatch=True)),
    "swap": (lambda text: text == "0" or names.size(text), st.from_regex(r"[0-9]{1,5} ?(MiB|GiB|)", fullmatch=True)),
    "mac": (names.mac, st.from_regex(r"[0-9A-Fa-f]{2}([:.-]?[0-9A-Fa-f]{2}){4,6}|[0-9a-f]{4}[.:-][0-9a-f]{4}[.:-][0-9a-f]{4}",
                                     fullmatch=True)),
    "address": (lambda text: text in ("dhcp", "dhcp6", "auto6", "none") or names.interface_address(text),
                st.one_of(st.ip_addresses().map(lambda ip: f"{ip}/24"), st.sampled_from(["dhcp", "::ffff:192.0.2.1/96", "none"]),
                          st.from_regex(r"[0-9a-f.:]{1,20}/[0-9]{1,3}", fullmatch=True))),
    "password": (lambda text: text.startswith(("file:", "env:")) or secrets.password_hash(text, GENERATIONS["el9"]),
                 st.sampled_from([*HASHES, "file:x", "env:X", "$1$a$b", "plain"])),
    "secret": (lambda text: text.startswith(("file:", "env:")) or int("x"), st.sampled_from(["file:/a b", "env:X", "x"])),
    "release": (lambda text: load.release(text, "x86_64", load.families()),
                st.sampled_from([f"{family.id}-{major}{more}" for family in load.families().values() for major in family.series
                                 for more in ("", ".1", ".9.2009")])),
    "layout": (lambda text: text in plan.LAYOUTS or int("x"), st.sampled_from([*plan.LAYOUTS, "btrfs"])),
    "console": (lambda text: text in CONSOLES or int("x"), st.sampled_from(["ttyS0,115200n8", "tty0", "hvc0", "ttyAMA0", "ttyS1,9600n8r"])),
}
CONSOLES = ("ttyS0,115200n8", "tty0", "hvc0", "ttyAMA0", "ttyS1,9600n8r")


@pytest.mark.parametrize("form", schema.FORMS)
@given(data=st.data())
def test_no_form_refuses_what_pinboot_takes(form, data):
    parse, texts = PARSERS[form]
    text = data.draw(texts)
    if taken(parse, text):
        assert jsonschema.Draft202012Validator(schema.FORMS[form]).is_valid(text)


# Commands

def test_every_command_and_action_is_in_the_reference_with_its_options():
    found = {command.name: command for command in commands.commands(parser())}
    assert {name for name, *_ in COMMANDS} <= set(found) and {"store gc", "store import"} <= set(found)
    assert found["store"].usage == "pinboot store ACTION" and found["store ls"].usage == "pinboot store ls [LOCK...]"
    spelled = {option.spelled for option in found["build"].options}
    assert {"-o DIR, --output DIR", "--locked", "-q, --quiet"} <= spelled
    assert all(option.text for command in found.values() for option in (*command.options, *command.arguments))

"""`pinboot schema`, `pinboot explain`, and the pages that are made from the code."""

import json
import re
from pathlib import Path

import pytest

from builder.cli.manual import glossary, keys, pages, schema
from builder.cli.options.parse import parser
from tests.golden import expected
from tests.golden.bench import pinboot

DOCS = Path(__file__).resolve().parents[2] / "docs"
MADE = {"reference/profile-keys.md": pages.profile_keys, "reference/commands.md": lambda: pages.command_line(parser()),
        "glossary.md": pages.words}


@pytest.mark.parametrize("page", MADE)
def test_a_page_that_is_made_from_the_code_says_what_the_code_says(page):
    made, path = MADE[page](), DOCS / page
    assert made.isascii()
    try:
        expected.same_text(path, made)
    except AssertionError:
        pytest.fail(f"docs/{page} is not what the code says; read the difference that this writes, and commit it:\n"
                    f"  PINBOOT_BLESS=1 python -m pytest tests/golden/test_manual.py -k {Path(page).stem}")


@pytest.mark.parametrize("page", MADE)
def test_links_of_the_made_pages_lead_somewhere(page):
    text = MADE[page]()
    heads = {re.sub(r"[^a-z0-9 -]", "", line[3:].lower()).replace(" ", "-") for line in text.splitlines() if line.startswith("## ")}
    targets = re.findall(r"\]\(([^)]+)\)", text)
    for target in targets:
        assert target[1:] in heads if target.startswith("#") else (DOCS / page).parent.joinpath(target).is_file(), target
    assert targets or page.endswith("commands.md")


# schema

def test_the_schema_is_printed_to_the_byte_and_written_to_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert pinboot("schema").out == schema.text()
    ran = pinboot("schema", "-o", "pinboot.schema.json")
    assert ran.code == 0 and Path("pinboot.schema.json").read_text() == schema.text()
    assert "#:schema ./pinboot.schema.json" in ran.err
    Path("profiles").mkdir()
    assert "#:schema ../pinboot.schema.json" in pinboot("schema", "-o", "pinboot.schema.json").err
    assert json.loads(pinboot("schema", "-o", "x.json", "--json").out) == {"schema": "x.json"}


def test_a_file_that_is_no_schema_of_ours_is_not_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("web1.toml").write_text('release = "rocky-9"\n')
    Path("folder").mkdir()
    for name in ("web1.toml", "folder"):
        ran = pinboot("schema", "-o", name)
        assert ran.code == 2 and "hint:" in ran.err
    assert Path("web1.toml").read_text() == 'release = "rocky-9"\n'
    assert pinboot("schema", "-o", "nowhere/x.json").code == 5


# explain

@pytest.mark.parametrize("word", [*glossary.words(), *(table.path(key.name) for table in keys.tables().values() for key in table.keys)])
def test_everything_is_explained_in_80_columns(word):
    ran = pinboot("explain", word)
    assert ran.code == 0 and ran.err == "" and ran.out.isascii() and max(map(len, ran.out.splitlines())) <= 80


def test_a_word_says_what_it_means_and_where_to_read_on():
    ran = pinboot("explain", "evidence")
    assert ran.out.startswith("evidence\n    Why a digest is believed, in one word.")
    assert "see also  signed, signed-rpm, treeinfo, quorum, first-use\nmore      docs/trust.md\n" in ran.out
    assert pinboot("explain", "install", "tree").out == pinboot("explain", "Install-Tree").out
    assert "A check failed" in pinboot("explain", "1").out


def test_a_key_says_what_it_means_with_an_example_and_its_default():
    ran = pinboot("explain", "storage.layout")
    assert "plain: /boot, swap and / as partitions." in ran.out and 'example   layout = "lvm"' in ran.out and 'default   "plain"' in ran.out
    assert pinboot("explain", "host.web1.memory").out.startswith("host.NAME.memory, a key of a profile")
    assert "host.NAME.mac" in pinboot("explain", "mac").out and "interface.NAME.mac" in pinboot("explain", "mac").out
    told = json.loads(pinboot("explain", "host", "--json").out)
    assert told["word"] == "host" and told["key"] == "host"


def test_without_a_word_all_words_are_listed_in_80_columns():
    listed = pinboot("explain")
    assert listed.code == 0 and max(map(len, listed.out.splitlines())) <= 80
    assert all(word in listed.out for word in glossary.words())
    assert set(json.loads(pinboot("explain", "--json").out)) == set(glossary.words())


@pytest.mark.parametrize(("word", "near"), [("kikstart", "kickstart"), ("evidense", "evidence"), ("storage.lyout", "storage.layout")])
def test_a_word_that_is_none_names_its_neighbours(word, near):
    ran = pinboot("explain", word)
    assert ran.code == 2 and f"did you mean {near}" in ran.err and "hint:" in ran.err


@pytest.mark.parametrize("word", ["frobnicate", "\x1b[31m", "a" * 100_000, "\u202e", "--", "."])
def test_nonsense_is_a_clear_error(word):
    ran = pinboot("explain", "--", word)
    assert ran.code == 2 and "is no word of pinboot" in ran.err and len(ran.err) < 300 and "\x1b" not in ran.err

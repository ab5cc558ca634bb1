"""Kickstarts of the field: none is a crash, the parser's verdict is pykickstart's own, what is found is counted, and every
one can be carried to a later release."""

from __future__ import annotations

import functools
import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from builder.boot.review import reading
from builder.catalog.generation import GENERATIONS
from builder.finding import Finding
from builder.lint.kickstart import check as checking
from builder.lint.kickstart import target
from builder.lint.kickstart.changes import compare
from builder.lint.kickstart.text import letters
from builder.lint.kickstart.text.letters import Text
from tests.corpus import corpus

# The generation whose installer is asked: kickstarts older than EL6 are for none that there is, and are held to EL6; old
# Fedoras are held to today's.
OLDER = {"RHEL4": "el6", "RHEL5": "el6"}
# Rules by which a file is refused as a whole.
SYNTAX = frozenset({"refused", "open-quote", "no-end", "stray-end", "unknown-section"})
# What is found in all 106 files. A change of a rule shows here: look at what it finds before this is changed.
COUNTS = {
    "asks-keyboard": 4, "asks-language": 4, "asks-partitioning": 2, "asks-root-password": 2, "asks-timezone": 2,
    "authselect-words": 2, "can-ask": 97, "deprecated": 35, "erases-every-disk": 84, "included-later": 1,
    "mac-with-dashes": 4, "no-bootloader": 1, "no-end": 46, "no-firmware-partition": 26, "no-source": 25,
    "nobody-can-log-in": 2, "not-a-hash": 2, "open-quote": 2, "other-release": 4, "plain-secret": 45, "refused": 131,
    "root-ssh-off": 23, "secret-in-script": 39, "selinux-half-off": 1, "source-gone": 2, "sudo-without-password": 49,
    "template-text": 23, "unprotected-source": 31, "waits-at-end": 2, "weak-hash": 39,
}


class Entry(NamedTuple):
    file: str
    version: str
    ok: bool
    generation: str
    text: Text


@functools.cache
def entries() -> tuple[Entry, ...]:
    folder = corpus()
    own = {row.handler: name for name, row in GENERATIONS.items()}
    oracle = json.loads((folder / "oracle" / "kickstart-pykickstart-3.78.json").read_text())["results"]
    return tuple(Entry(each["file"], each["version"], each["ok"],
                       own.get(each["version"]) or OLDER.get(each["version"], "fedora"),
                       letters.read((folder / each["file"]).read_bytes(), each["file"])) for each in oracle)


def found(entry: Entry) -> tuple[Finding, ...]:
    return checking.check(entry.text, target.parse(entry.generation), entry.file)


def test_no_kickstart_of_the_field_is_a_crash_and_what_is_found_is_as_counted() -> None:
    assert len(entries()) == 106
    counted = Counter(each.rule for entry in entries() for each in found(entry))
    assert dict(sorted(counted.items())) == COUNTS


@pytest.mark.parametrize("release", list(GENERATIONS))
def test_a_kickstart_for_another_release_is_no_crash_either(release: str) -> None:
    for entry in entries():
        for each in checking.check(entry.text, target.parse(release), entry.file):
            assert 0 <= each.line <= entry.text.text.count("\n") + 1
            assert (each.text + each.hint).isprintable()


def test_the_verdict_of_syntax_is_that_of_pykickstart_itself() -> None:
    """The oracle's, for every file that it read with the handler of a generation."""
    judged = [entry for entry in entries() if entry.version.startswith("RHEL") and entry.version not in OLDER]
    assert len(judged) == 69
    different = [entry.file for entry in judged
                 if entry.ok is any(each.rule in SYNTAX for each in found(entry))]
    assert different == []


def test_a_finding_names_a_line_that_is_there() -> None:
    for entry in entries():
        lines = entry.text.text.split("\n")
        for each in found(entry):
            assert not each.line or lines[each.line - 1].strip(), (entry.file, each)


@pytest.mark.parametrize("to", ["el7", "el8", "el9", "el10", "fedora"])
def test_every_old_kickstart_converts_and_what_is_done_by_the_table_reads_clean(to: str) -> None:
    """41 of EL6 and before, 6 of EL7. All that the new release refuses in the new text is told as work for a person."""
    clean, by_hand = 0, 0
    for entry in entries():
        if entry.generation not in ("el6", "el7") or entry.generation == to:
            continue
        made = compare.compare(entry.text, target.parse(entry.generation), target.parse(to), entry.file)
        left = reading.read(made.text, GENERATIONS[to].handler)
        told = {change.line for change in made.having("hand")}
        if left.mistakes or any(said.deprecated for said in left.warnings):
            assert told, entry.file
        else:
            clean += 1
        by_hand += bool(told)
    # One is no kickstart at all, but a menu of isolinux.
    assert clean == {"el7": 41}.get(to, 46)
    assert by_hand == {"el7": 7, "el8": 8, "el9": 8, "el10": 10, "fedora": 10}[to]


def test_the_page_has_the_figures() -> None:
    text = " ".join((Path(__file__).resolve().parents[2] / "docs/checking-kickstarts.md").read_text().split())
    for said in (f"{len(entries())} kickstarts of other projects", "69 files", f"{sum(COUNTS.values())} findings",
                 "46 of 47 kickstarts of EL6, EL7 and before"):
        assert said in text


def test_a_converted_kickstart_converts_no_further() -> None:
    for entry in entries():
        made = compare.compare(entry.text, target.parse(entry.generation), target.parse("el10"), entry.file)
        again = compare.compare(letters.read(made.text.encode(), entry.file), target.parse("el10"), target.parse("el10"),
                                entry.file)
        assert again.text == made.text, entry.file
        assert not again.having("done"), entry.file

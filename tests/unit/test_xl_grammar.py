"""xl.cfg as libxlutil reads it (XEN 2); tests/tool/test_line_judges.py asks libxlutil itself."""

from __future__ import annotations

import json

import pytest

from builder.lint.media.xl import grammar
from tests.corpus import corpus


@pytest.mark.parametrize(("text", "value"), [
    ('a = "x"\n', "x"), ("a='it\"s'\n", 'it"s'), ("a = 0x1f\n", "0x1f"), ("a=010", "010"), ('a="\\\\ \\" \\n\\t"\n', '\\ " \n\t'),
    ('a="x";b="y"\n', "x"), ('a="x"\na="y"\n', "y"), ('a="x"\na+="y"\na+="z"\n', "xyz"), ('a+="y"\n', "y"), ("a=''\n", ""),
    ('a="\\101x"\n', "x"), ('a="x" # comment\n', "x"), ('a="\u010d\udcff"\n', "\u010d\udcff"),
])
def test_a_string_is_read_as_libxlutil_reads_it(text: str, value: str) -> None:
    config = grammar.parse(text)
    assert (config.mistakes, config.string("a"), config.strings("a")) == ((), value, None)


@pytest.mark.parametrize(("text", "items"), [
    ("a=[]\n", ()), ("a=[1,2,]\n", ("1", "2")), ("a=[\n'x' # c\n,\n'y'\n]\n", ("x", "y")), ("a=['x',['y']]\n", ("x", "")),
    ("a=['x']\na+=['y']\n", ("x", "y")), ("a=['x']\na=['y']\n", ("y",)),
])
def test_a_list_is_read_as_libxlutil_reads_it(text: str, items: tuple[str, ...]) -> None:
    config = grammar.parse(text)
    assert (config.mistakes, config.strings("a"), config.string("a")) == ((), items, None)


@pytest.mark.parametrize(("text", "line", "word"), [
    ("a = x\n", 1, "quotes"), ("A = 1\n", 1, "small letters"), ('a = "\\x20"\n', 1, "write"), ('\na = "x\n', 2, "end on its line"),
    ("a=1\r\n", 1, "CR LF"), ("\ufeffa=1\n", 1, "byte order mark"), ("a=1\n# x", 2, "without a line end"), ("a=-1\n", 1, "no word"),
    ("a=[1 2]\n", 1, "comma"), ("a=1 b=2\n", 1, "behind the value"), ("a 1\n", 1, "no = behind"), ("a=[1,\n", 2, "value is due"),
    ('a="x"\na+=["y"]\n', 2, "joins"), ('a="\\e"\n', 1, "write"), ("a=\n1\n", 1, "value is due"), ("=1\n", 1, "name is due"),
    ('a="\\1x"\n', 1, "octal"), ("a=" + "[" * 60 + "\n", 1, "without end"),
])
def test_what_libxlutil_refuses_is_a_mistake_with_its_line(text: str, line: int, word: str) -> None:
    (mistake, *_) = grammar.parse(text).mistakes
    assert mistake.line == line and word in mistake.text


def test_every_mistake_is_told_and_the_rest_is_kept() -> None:
    config = grammar.parse('a = x\nb = "y"\nC = 1\nd = [1,]\n')
    assert [each.line for each in config.mistakes] == [1, 3]
    assert (config.string("b"), config.strings("d"), config.string("a")) == ("y", ("1",), None)


def test_the_files_of_the_corpus_are_read_as_libxlutil_read_them() -> None:
    folder = corpus()
    recorded = json.loads((folder / "oracle/xl-libxlutil-4.17.json").read_text())["results"]
    assert len(recorded) == 31
    for each in recorded:
        config = grammar.parse((folder / each["file"]).read_text(encoding="utf-8", errors="surrogateescape"))
        assert (each["rc"] == 0) == (not config.mistakes), each["file"]
        for name, value in (each["values"] or {}).items():
            found = list(config.strings(name) or ()) if isinstance(value, list) else config.string(name)
            assert found == (value if isinstance(value, list) else str(value)), (each["file"], name)

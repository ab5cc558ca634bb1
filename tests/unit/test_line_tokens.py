"""How each reader cuts a command line into words (REFERENCE 1.1)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.lint.line import tokens
from builder.lint.line.line import Line
from builder.lint.line.tokens import Word
from tests.corpus import corpus


@pytest.mark.parametrize(("line", "words"), [
    ("a  b\tc\n", ["a", "b", "c"]), ('a="b c" d', ['a="b c"', "d"]), ('"a b=c" d', ['"a b=c"', "d"]),
    ("a='b c'", ["a='b", "c'"]), ('a="b c', ['a="b c']), ("", []), (' "" ', ['""']), ('a"b c"d', ['a"b c"d']),
])
def test_the_kernel_cuts_at_blanks_outside_of_double_quotes(line: str, words: list[str]) -> None:
    assert list(tokens.kernel(line)) == words


@pytest.mark.parametrize(("text", "name", "value"), [
    ("quiet", "quiet", None), ("a=b=c", "a", "b=c"), ('a="b c"', "a", "b c"), ("a='b'", "a", "b"), ('"a=b c"', "a", "b c"),
    ('"quiet"', "quiet", None), ("a=", "a", ""), ('a="b', "a", '"b'), ("=x", "", "x"),
])
def test_quotes_around_a_value_belong_to_neither_name_nor_value(text: str, name: str, value: str | None) -> None:
    assert (Word.of(text).name, Word.of(text).value) == (name, value)


@pytest.mark.parametrize(("line", "words"), [
    ("a 'b c' d", ["a", "b c", "d"]), ('a="b \\" c"', ['a=b " c']), ("a\\ b", ["a b"]), ("a #b c", ["a"]), ("a#b", ["a#b"]),
    ("a ''", ["a", ""]), ('"a\\b"', ["a\\b"]), ("#x\ny", ["y"]), ("a\\\nb", ["ab"]),
])
def test_el6_s_loader_reads_quotes_as_a_shell_does(line: str, words: list[str]) -> None:
    assert list(tokens.loader(line)) == words


@pytest.mark.parametrize("line", ["it's", 'a "b', "a\\", "a 'b\" c"])
def test_el6_s_loader_gives_up_on_an_open_quote(line: str) -> None:
    with pytest.raises(ValueError, match="quote|backslash"):
        tokens.loader(line)


def test_stage2_makes_underscores_of_escaped_blanks_and_mends_what_boot_image_broke() -> None:
    assert tokens.stage2("a=b\\x20c d\\e") == ("a=b_c", "de")
    assert tokens.stage2('x BOOT_IMAGE=my kernel"') == ("x", "BOOT_IMAGE=my kernel")
    assert tokens.stage2('x BOOT_IMAGE="my kernel" y') == ("x", "BOOT_IMAGE=my kernel", "y")


def test_dracut_reads_its_own_test_line_as_upstream_says() -> None:
    told = json.loads((corpus() / "cmdline/dracut-getarg.share.json").read_text())
    last = dict(tokens.getarg(word).partition("=")[::2] for word in tokens.kernel(told["cmdline"]))
    assert last == {name.replace("  key 4  (see note)", "  key  4  "): value for name, value in told["getarg"].items()}


@pytest.mark.parametrize(("text", "words"), [
    ("a=http://{{ .HTTPIP }}:{{ .HTTPPort }}/ks b", ["a=http://{{.HTTPIP}}:{{.HTTPPort}}/ks", "b"]),
    ("a=${ x } b=#{x y}", ["a=${x}", "b=#{xy}"]), ("inst.repo=hd:<the device>:<path>", ["inst.repo=hd:<thedevice>:<path>"]),
])
def test_blanks_inside_of_a_placeholder_cut_nothing(text: str, words: list[str]) -> None:
    assert [word.text for word in Line.of(text).words] == words


@given(st.text(st.sampled_from("ab =\"\t")))
def test_no_letter_but_blanks_is_lost_by_the_kernel(line: str) -> None:
    assert "".join("".join(tokens.kernel(line)).split()) == "".join(line.split())

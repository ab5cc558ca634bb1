"""Quoting for the two grammars of a kickstart, judged by shlex and by a real shell."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.boot.kickstart import quoting

PRINTABLE = st.text().filter(str.isprintable)
NASTY = ["a#b", 'a "b', "a\\b", "a'b", "$(id)", "`id`", "a;b", "%end", "-x", "", " ", "a b", "žluťoučký", "{{ x }}"]


@pytest.mark.parametrize("text", NASTY)
def test_a_nasty_word_reads_back_as_itself(text: str) -> None:
    assert shlex.split(quoting.word(text), comments=True) == [text]


@given(PRINTABLE)
def test_any_printable_text_is_one_word_of_a_command_line(text: str) -> None:
    assert shlex.split(f"user {quoting.word(text)} --lock", comments=True) == ["user", text, "--lock"]


@given(PRINTABLE)
def test_an_option_with_any_printable_value_is_one_word(text: str) -> None:
    assert shlex.split(quoting.word(f"--gecos={text}"), comments=True) == [f"--gecos={text}"]


@given(PRINTABLE)
def test_a_shell_word_means_the_same_on_a_command_line(text: str) -> None:
    assert shlex.split(quoting.shell_word(text), comments=True) == [text]


def test_a_real_shell_reads_shell_words_as_the_values() -> None:
    script = "".join(f"printf '%s\\n' {quoting.shell_word(text)}\n" for text in NASTY)
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:-1] == NASTY


def test_an_option_is_quoted_behind_its_equals_sign() -> None:
    assert quoting.word("--append=console=tty0 quiet") == '--append="console=tty0 quiet"'


@pytest.mark.parametrize("quote", [quoting.word, quoting.shell_word, quoting.printable])
@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b", "a\x0bb", "a\x0cb", "a\x1cb", "a\x85b", "a\u2028b"])
def test_what_could_be_a_line_end_is_refused(quote: object, text: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        quote(text)  # type: ignore[operator]


@given(st.text())
def test_a_comment_is_one_line_whatever_it_tells(text: str) -> None:
    made = quoting.comment(text)
    assert made.startswith("# ")
    assert len(made.splitlines()) == 1


@pytest.mark.parametrize("line", ["%end", "  %end", "\t%include /tmp/x", "%post --log=/x", "%ksappend http://a/b"])
def test_lines_that_end_a_section_are_found(line: str) -> None:
    assert quoting.section_lines(f"echo one\n{line}\necho two") == [(2, line.split(maxsplit=1)[0])]


@pytest.mark.parametrize("line", ["%endless", "echo %end", "% end", "%%end", "# %end", "%F %T"])
def test_other_lines_with_a_percent_sign_pass(line: str) -> None:
    assert quoting.section_lines(line) == []


def test_a_form_feed_ends_a_line_for_pykickstart_and_so_it_does_here() -> None:
    assert quoting.section_lines("echo one\x0c%end") == [(2, "%end")]

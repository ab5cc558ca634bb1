"""Words, lines and sections of a kickstart are cut as pykickstart cuts them."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pykickstart.errors import KickstartError
from pykickstart.parser import KickstartParser
from pykickstart.version import makeVersion

from builder.lint.kickstart.changes import lines as edits
from builder.lint.kickstart.text import outline, words

LINE = st.builds("{}{}".format, st.text(alphabet=" \t#'\"\\ab-=é\u00a0$%,", max_size=40),
                 st.sampled_from(["", "\n", "\r\n"]))
# Lines of which files are made: every kind that the state machine of the parser tells apart.
POOL = ["", "  ", "# x", "text", "  lang en_US.UTF-8 # x", "%post", "%pre --log=/x", "%packages", "%end", "  %end # x",
        "%include /x", "%ksappend /x", "%addon a", "%strange", "echo %end", "%foo bar", "@core", "vim", "%end;", "-x",
        "\t%post", "%onerror", "part / --size=1", "%certificate --dir=/a --filename=b"]


@given(LINE)
def test_words_are_those_of_shlex(line: str) -> None:
    try:
        wanted = shlex.split(line, comments=True)
    except ValueError:
        with pytest.raises(ValueError, match="no "):
            words.split(line)
        return
    assert [word.text for word in words.split(line).words] == wanted


@given(LINE)
def test_a_word_s_place_is_how_it_was_written(line: str) -> None:
    try:
        found = words.split(line)
    except ValueError:
        return
    for word in found.words:
        assert shlex.split(line[word.start: word.end]) == [word.text]
    if found.comment >= 0:
        assert line[found.comment] == "#"
        assert found.cut is (found.comment > 0 and line[found.comment - 1] not in words.BLANKS)


class Recorder(KickstartParser):  # type: ignore[misc]
    """What the parser itself hands on: commands, and headers of sections."""

    def __init__(self) -> None:
        super().__init__(makeVersion("F45"), followIncludes=False, unknownSectionIsFatal=False)
        self.seen: list[tuple[int, str]] = []

    def handleCommand(self, lineno: int, args: list[str]) -> None:
        self.seen.append((lineno, args[0]))

    def _readSection(self, lines: object, lineno: int) -> int:
        self.seen.append((lineno, self._state))
        return super()._readSection(lines, lineno)  # type: ignore[no-any-return]

    def _finalize(self, section: object) -> None:
        self._state = "commands"


@settings(deadline=None)
@given(st.lists(st.sampled_from(POOL), max_size=12))
def test_commands_and_sections_are_those_of_the_parser(pool: list[str]) -> None:
    text = "".join(f"{line}\n" for line in pool)
    found = outline.read(text)
    recorder = Recorder()
    try:
        recorder.readKickstartFromString(text)
    except KickstartError:
        # A section without %end is the end for the parser, and a %end without a section opens one.
        assert found.strays or any(not section.end for section in found.sections) or "%certificate" in text
        return
    if not found.strays:
        mine = [(head.line, head.name) for head in sorted(found.heads, key=lambda head: head.line)]
        assert mine == recorder.seen


@given(st.text(alphabet="a%\n\r\x0c\u2028 #", max_size=60))
def test_lines_together_are_the_file_and_places_are_its_own(text: str) -> None:
    found = outline.read(text)
    assert "".join(found.lines) == text
    for number, line in enumerate(found.lines, 1):
        before = "".join(found.lines[: number - 1])
        assert found.place(number) == before.count("\n") + 1
        assert line


# Edits


@pytest.mark.parametrize(("edit", "line", "wanted"), [
    (edits.without("--active"), "part / --size=1 --active # x", ["part / --size=1 # x"]),
    (edits.without("--level", takes=True), "  logging --host=a --level debug --port=1", ["  logging --host=a --port=1"]),
    (edits.without("--level", takes=True, bare=False), "logging --level=debug", []),
    (edits.without("--a", "--b"), "x --a y --b --a", ["x y"]),
    (edits.without("--depth", takes=True), "xconfig --depth", ["xconfig"]),
    (edits.renamed("--isUtc", "--utc"), "timezone\t--isUtc  Etc/UTC", ["timezone\t--utc  Etc/UTC"]),
    (edits.renamed("--instLangs", "--inst-langs"), '%packages "--instLangs=en cs"', ['%packages "--inst-langs=en cs"']),
    (edits.first_word("%onerror"), " %traceback --log=/x", [" %onerror --log=/x"]),
    (edits.only_first, "zerombr yes # all", ["zerombr"]),
    (edits.dropped, "install", []),
])
def test_an_edit_changes_one_thing_and_keeps_the_rest_as_it_was(edit: edits.Edit, line: str, wanted: list[str]) -> None:
    assert edit(line) == wanted


@pytest.mark.parametrize(("line", "wanted"), [
    ("services --enabled=a,b", "services --enabled=c"), ("services --enabled a,b --x", "services --enabled c --x"),
    ('services "--enabled=a,b"', "services --enabled=c"), ("services --disabled=a,b", "services --disabled=a,b"),
])
def test_a_value_is_replaced_where_it_stands(line: str, wanted: str) -> None:
    assert edits.with_value(line, "--enabled", "a,b", "c") == wanted


@given(LINE, st.sampled_from(["--a", "--b"]))
def test_an_option_that_is_not_there_changes_nothing(line: str, option: str) -> None:
    try:
        found = words.split(f"x {line}").words
    except ValueError:
        return
    if not any(word.option == option for word in found):
        assert edits.without(option, takes=True)(f"x {line}") == [f"x {line}"]
        assert edits.renamed(option, "--new")(f"x {line}") == [f"x {line}"]

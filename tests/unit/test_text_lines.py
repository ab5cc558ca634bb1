"""The difference of two texts by lines: applied to the old text it gives the new one, whatever they are."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.jobs.comparing.texts import lines
from builder.jobs.comparing.texts.lines import Hunk

LINES = st.lists(st.sampled_from(["", "%end", "set -e", "lang cs", "\t", "a\rb", "x\u2028y", "\x1b[31m"]), max_size=25)
TEXTS = st.builds(lambda body, end: "\n".join(body) + end, LINES, st.sampled_from(["", "\n"]))


def applied(hunks: Sequence[Hunk], text: str) -> str:
    """What patch(1) does: every line that goes or stays is there, at the number that the hunk says."""
    old, made, at = lines.split(text), [], 0
    for hunk in hunks:
        kept = sum(line[0] != "+" for line in hunk.lines)
        start = hunk.old - 1 if kept else hunk.old
        made += old[at:start]
        at = start
        assert len(made) == (hunk.new - 1 if any(line[0] != "-" for line in hunk.lines) else hunk.new)
        for line in hunk.lines:
            if line[0] != "+":
                assert old[at] == line[1:]
                at += 1
            if line[0] != "-":
                made.append(line[1:])
    return "".join([*made, *old[at:]])


def hunks(old: str, new: str, context: int = 3) -> tuple[Hunk, ...]:
    before, after = lines.split(old), lines.split(new)
    return lines.hunks(before, after, lines.edits(before, after), context)


@given(TEXTS, TEXTS, st.integers(0, 4))
def test_what_is_told_turns_the_old_text_into_the_new_one(old: str, new: str, context: int) -> None:
    assert applied(hunks(old, new, context), old) == new


@given(TEXTS, TEXTS)
def test_edits_are_in_order_and_never_touch(old: str, new: str) -> None:
    found = lines.edits(lines.split(old), lines.split(new))
    for one, other in itertools.pairwise(found):
        assert one[1] < other[0] and one[3] < other[2]
    assert all(edit[0] < edit[1] or edit[2] < edit[3] for edit in found)


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert hunks(text, text) == ()


@given(st.text(alphabet="ab\n\r\x0b\x0c\x85\u2028", max_size=40))
def test_only_a_line_feed_ends_a_line(text: str) -> None:
    assert "".join(lines.split(text)) == text
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines.split(text)[:-1])


@settings(max_examples=50)
@given(TEXTS, TEXTS)
def test_no_shorter_list_of_lines_would_do(old: str, new: str) -> None:
    a, b = lines.split(old), lines.split(new)
    common = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, left in enumerate(a):
        for j, right in enumerate(b):
            common[i + 1][j + 1] = common[i][j] + 1 if left == right else max(common[i][j + 1], common[i + 1][j])
    changed = sum(edit[1] - edit[0] + edit[3] - edit[2] for edit in lines.edits(a, b))
    assert changed == len(a) + len(b) - 2 * common[-1][-1]


def test_a_hunk_is_told_as_diff_u_tells_it() -> None:
    told = lines.unified(hunks("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\nE\nf", 1))
    assert told == ["@@ -4,3 +4,3 @@", " d", "-e", "-f", "+E", "+f", "\\ No newline at end of file"]
    assert lines.unified(hunks("", "new\n")) == ["@@ -0,0 +1,1 @@", "+new"]
    assert lines.unified(hunks("old\n", "")) == ["@@ -1,1 +0,0 @@", "-old"]


def test_near_changes_are_one_hunk_and_far_ones_two() -> None:
    text = "".join(f"{number}\n" for number in range(20))
    near, far = text.replace("5\n", "x\n", 1).replace("8\n", "y\n", 1), text.replace("\n3\n", "\nx\n").replace("16\n", "y\n")
    assert len(hunks(text, near)) == 1 and len(hunks(text, far)) == 2


@pytest.mark.parametrize("old", [
    [f"{number}\n" for number in range(60_000)],
    ["same\n"] * 200_000,
])
def test_texts_that_share_nothing_are_one_change_and_not_searched_to_the_end(old: list[str]) -> None:
    new = [f"other {number}\n" for number in range(60_000)]
    assert lines.edits(old, new) == [(0, len(old), 0, len(new))]
    assert lines.edits(new, list(reversed(new))) == [(0, len(new), 0, len(new))]

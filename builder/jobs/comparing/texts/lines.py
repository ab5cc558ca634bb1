"""The difference of two texts, line by line: a shortest list of lines that go and lines that come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CONTEXT = 3
# A line has its end with it, so that a text without one at its end is another text (diff(1) says it like this).
CUT = "\\ No newline at end of file"
# Steps of the search: a kickstart that is another one altogether takes some 30,000. Texts that are larger and share
# nothing are told as one change from top to bottom.
MOST_STEPS = 1 << 20

# Lines [start:end) of the old text in whose place lines [start:end) of the new one stand.
Edit = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of changed lines with those around it. `old` and `new` are the numbers (from 1) of its first line in either
    text, or of the line before it where it has none there; `lines` begin with a blank, - or + and have their ends."""

    old: int
    new: int
    lines: tuple[str, ...]

    @property
    def head(self) -> str:
        """`@@ -12,7 +12,8 @@`, as patch(1) reads it."""
        old = sum(line[0] != "+" for line in self.lines)
        new = sum(line[0] != "-" for line in self.lines)
        return f"@@ -{self.old},{old} +{self.new},{new} @@"

    @property
    def changed(self) -> tuple[str, ...]:
        return tuple(line for line in self.lines if line[0] != " ")


def split(text: str) -> list[str]:
    """The lines with their ends. Only a line feed ends one: all else is part of what a machine reads."""
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), *((rest,) if rest else ())]


def unified(hunks: Sequence[Hunk]) -> list[str]:
    """The hunks as lines without ends, in the form of diff -u."""
    return [line for hunk in hunks for line in (hunk.head, *_ended(hunk.lines))]


def _ended(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield line.removesuffix("\n")
        if not line.endswith("\n"):
            yield CUT


def edits(old: Sequence[str], new: Sequence[str]) -> list[Edit]:
    """Where the two differ, in order and never touching each other."""
    start, end_old, end_new = _middle(old, new)
    if start in (end_old, end_new):
        return [(start, end_old, start, end_new)] if end_old != end_new else []
    pairs = _alike(old[start:end_old], new[start:end_new])
    if pairs is None:
        return [(start, end_old, start, end_new)]
    found, at_old, at_new = [], start, start
    for i, j in (*((start + i, start + j) for i, j in pairs), (end_old, end_new)):
        if i > at_old or j > at_new:
            found.append((at_old, i, at_new, j))
        at_old, at_new = i + 1, j + 1
    return found


def _middle(old: Sequence[str], new: Sequence[str]) -> tuple[int, int, int]:
    """What is left without the lines that both begin and end with."""
    start, most = 0, min(len(old), len(new))
    while start < most and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < most - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return start, len(old) - tail, len(new) - tail


def _alike(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]] | None:
    """Pairs of equal lines of a shortest edit (Myers 1986, "An O(ND) Difference Algorithm"), or None where finding one
    takes more than MOST_STEPS."""
    most = len(old) + len(new)
    reach, trail, steps = [0] * (2 * most + 3), [], 0  # by diagonal, which may be negative: Python counts from the end
    for distance in range(most + 1):
        trail.append(_kept(reach, distance))
        for diagonal in range(-distance, distance + 1, 2):
            i = reach[diagonal + 1] if _down(reach, diagonal, distance) else reach[diagonal - 1] + 1
            j = i - diagonal
            first = i
            while i < len(old) and j < len(new) and old[i] == new[j]:
                i, j = i + 1, j + 1
            reach[diagonal] = i
            steps += 1 + i - first
            if i >= len(old) and j >= len(new):
                return _walked(trail, len(old), len(new))
        if steps > MOST_STEPS:
            return None
    return []


def _down(reach: Sequence[int], diagonal: int, distance: int) -> bool:
    """Does the furthest way to `diagonal` come by a line of the new text (else by one of the old)?"""
    return diagonal == -distance or (diagonal != distance and reach[diagonal - 1] < reach[diagonal + 1])


def _kept(reach: list[int], distance: int) -> list[int]:
    """The part that a step of `distance` reads, to be indexed in the same way."""
    return [*reach[:distance + 2], *reach[len(reach) - distance - 1:]]


def _walked(trail: Sequence[list[int]], i: int, j: int) -> list[tuple[int, int]]:
    """Back along the trail, from the end of both."""
    pairs = []
    for distance in range(len(trail) - 1, -1, -1):
        reach, diagonal = trail[distance], i - j
        before = diagonal + (1 if _down(reach, diagonal, distance) else -1)
        from_i = reach[before]
        while i > from_i and j > from_i - before:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        i, j = from_i, from_i - before
    return pairs[::-1]


def hunks(old: Sequence[str], new: Sequence[str], changed: Sequence[Edit], context: int = CONTEXT) -> tuple[Hunk, ...]:
    """`changed` as hunks with `context` lines of the old text around them; near ones are one."""
    groups: list[list[Edit]] = []
    for edit in changed:
        if groups and edit[0] - groups[-1][-1][1] <= 2 * context:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    return tuple(_hunk(old, new, group, context) for group in groups)


def _hunk(old: Sequence[str], new: Sequence[str], group: Sequence[Edit], context: int) -> Hunk:
    lead = min(context, group[0][0])
    at, first_new = group[0][0] - lead, group[0][2] - lead
    first_old, lines = at, []
    for start, end, new_start, new_end in group:
        lines += [f" {line}" for line in old[at:start]]
        lines += [f"-{line}" for line in old[start:end]]
        lines += [f"+{line}" for line in new[new_start:new_end]]
        at = end
    lines += [f" {line}" for line in old[at:at + context]]
    has_old, has_new = any(x[0] != "+" for x in lines), any(x[0] != "-" for x in lines)
    return Hunk(old=first_old + has_old, new=first_new + has_new, lines=tuple(lines))

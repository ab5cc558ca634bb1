"""A command line before its judges: every installer that is asked for, every kind of mistake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from builder.finding import Finding, Severity
from builder.lint.line.checks import names, network, places, quoting, screen, secrets, whole
from builder.lint.line.line import Check, Line, Placed
from builder.lint.line.meaning import meaning
from builder.lint.line.targets import TARGETS, Target
from builder.lint.line.tokens import Word

CHECKS: tuple[Check, ...] = (names.check, quoting.check, places.check, network.check, screen.check, secrets.check,
                             whole.check)
# What a word means, and for which targets.
Meanings = tuple[tuple[str, tuple[Target, ...]], ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding, the word that it is about (None: the whole line), and the targets for which it holds."""

    place: int | None
    finding: Finding
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `targets` make of a line. `meanings` are, for each word, who reads it and as what, with the targets that
    agree on it."""

    line: Line
    targets: tuple[Target, ...]
    judged: tuple[Judged, ...]
    meanings: tuple[tuple[Word, Meanings], ...]

    def errors(self, target: Target) -> int:
        return sum(target in each.targets and each.finding.severity is Severity.ERROR for each in self.judged)

    @property
    def fits(self) -> tuple[Target, ...]:
        """The targets that have no error to complain of."""
        return tuple(target for target in self.targets if not self.errors(target))


def judge(text: str, targets: Sequence[Target] = TARGETS, *, medium: str = "", adds: str = "",
          more: Mapping[Finding, Sequence[Target]] | None = None) -> Verdict:
    """What each of `targets` makes of the line `text`.

    `medium` is one of cmdline.MEDIA (empty: the kernel alone), `adds` what the loader puts beside the line, `more`
    findings of the file that it comes from, with the targets for which they hold.
    """
    line = Line.of(text)
    found: dict[Placed, list[Target]] = {(None, each): list(holds) for each, holds in (more or {}).items() if holds}
    for target in targets:
        for check in CHECKS:
            for placed in check(line, target):
                found.setdefault(placed, []).append(target)
        for placed in whole.length(line, target, medium, adds):
            found.setdefault(placed, []).append(target)
    judged = [Judged(place, finding, tuple(dict.fromkeys(holds))) for (place, finding), holds in found.items()]
    judged.sort(key=lambda each: len(line.words) if each.place is None else each.place)
    return Verdict(line, tuple(targets), tuple(judged), _meanings(line, targets))


def _meanings(line: Line, targets: Sequence[Target]) -> tuple[tuple[Word, Meanings], ...]:
    found = []
    for word in line.words:
        same: dict[str, list[Target]] = {}
        for target in targets:
            same.setdefault(meaning(word, line, target), []).append(target)
        found.append((word, tuple((text, tuple(holds)) for text, holds in same.items())))
    return tuple(found)

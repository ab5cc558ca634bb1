"""The whole judgement of one kickstart for one release."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

from builder.finding import Finding
from builder.lint.kickstart import case
from builder.lint.kickstart.case import Case
from builder.lint.kickstart.checks import alone, disks, letters, network, scripts, sources, syntax, words
from builder.lint.kickstart.rules import TOPIC, printable
from builder.lint.kickstart.target import Target
from builder.lint.kickstart.text.letters import Text

# Checks whose lines are the outline's; those of checks.alone are pykickstart's, of the mended text.
OWN: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    letters.check, syntax.check, disks.check, network.check, sources.check, words.check, scripts.check)


def check(text: Text, target: Target, where: str) -> tuple[Finding, ...]:
    """Every finding, in the order of the file's lines; line 0 is the whole file.

    Raises UsageError for what is no kickstart by its size.
    """
    made = case.make(text, target, where)
    fed = [dataclasses.replace(each, line=made.fed.line(each.line)) for each in alone.check(made)]
    own = [each for one in OWN for each in one(made)]
    settled = [kept for each in (*fed, *own) if (kept := alone.settled(made, each)) is not None]
    placed = [dataclasses.replace(each, line=made.outline.place(each.line), topic=TOPIC, text=printable(each.text),
                                  hint=printable(each.hint)) for each in settled]
    return tuple(sorted(dict.fromkeys(placed), key=lambda each: (each.line or 1 << 30, each.rule)))

"""What was found in kickstarts, and what must change in one: for people in 80 columns, and for machines."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from builder.cli import printing, terminal
from builder.cli.printing import TOPIC, WIDTH
from builder.finding import Finding, Severity
from builder.lint.kickstart.changes.compare import Comparison
from builder.lint.kickstart.changes.replace import Change
from builder.lint.kickstart.rules import line_shown, printable
from builder.lint.kickstart.target import Target

VERDICTS = {"done": "changed", "hand": "by hand", "look": "look at it", "note": "note"}


def findings(name: str, target: Target, guessed: bool, found: Sequence[Finding]) -> Iterator[str]:
    """The report of one file, a heading first."""
    by = ", as its own #version line says" if guessed else ""
    yield from terminal.wrapped(f"{name} for {target.label}{by}: {counts(found)}", further="  ")
    if not found:
        return
    yield ""
    yield from printing.findings([dataclasses.replace(each, topic=_place(each.line), text=f"{each.text} [{each.rule}]")
                                  for each in found])


def counts(found: Sequence[Finding]) -> str:
    notes = sum(each.severity is Severity.NOTE for each in found)
    return printing.counts(found) + (f", {printing.count(notes, 'note')}" if notes else "")


def _place(line: int) -> str:
    return f"line {line}" if line else "file"


def finding_data(found: Finding) -> dict[str, Any]:
    return {"rule": found.rule, "line": found.line or None, "severity": found.severity.value, "text": found.text,
            "hint": found.hint}


def changes(name: str, source: Target, target: Target, found: Comparison) -> Iterator[str]:
    yield from terminal.wrapped(f"{name}, {source.label} to {target.label}: {_summary(found)}", further="  ")
    if found.changes:
        yield ""
    for change in found.changes:
        yield from _change(change)


def _summary(found: Comparison) -> str:
    counted = [(len(found.having("done")), "changed"), (len(found.having("hand")), "by hand"),
               (len(found.having("look")), "to look at"), (len(found.having("note")), "of note")]
    return ", ".join(f"{count} {what}" for count, what in counted if count) or "nothing to change"


def _change(change: Change) -> Iterator[str]:
    verdict = VERDICTS[change.state]
    rows = _rows(line_shown(change.old), WIDTH - TOPIC - len(verdict) - 2)
    for index, row in enumerate(rows):
        left = f"{_place(change.line) if not index else '':<{TOPIC}}{row}"
        yield f"{left:<{WIDTH - len(verdict)}}{verdict}" if not index else left
    for text in change.new:
        yield from _indented("-> ", line_shown(text))
    if not change.new and change.state == "done":
        yield from _indented("-> ", "taken out")
    for why in change.why:
        yield from _indented("", printable(why))


def _indented(mark: str, text: str) -> Iterator[str]:
    left = " " * TOPIC + mark
    for index, row in enumerate(_rows(text, WIDTH - len(left))):
        yield f"{left if not index else ' ' * len(left)}{row}"


def _rows(text: str, room: int) -> list[str]:
    return textwrap.wrap(text, room, subsequent_indent="  ", break_on_hyphens=False) or [""]


def change_data(found: Iterable[Change]) -> list[dict[str, Any]]:
    return [{"line": change.line or None, "state": VERDICTS[change.state], "old": line_shown(change.old),
             "new": [line_shown(text) for text in change.new], "why": [printable(why) for why in change.why]}
            for change in found]

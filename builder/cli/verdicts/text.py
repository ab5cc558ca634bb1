"""Verdicts as text in 80 columns: a row for each parameter, and below it what was found."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence

from builder.cli import printing, terminal
from builder.cli.verdicts.sources import Source
from builder.finding import Finding
from builder.lint.line import targets
from builder.lint.line.judge import Judged, Verdict
from builder.lint.line.targets import Target
from builder.lint.media.entry import Entry
from builder.names import escaped

# Where a parameter's meaning begins.
COLUMN = 34
WIDTH = printing.WIDTH
# A source, and the verdicts on its lines in order.
Found = tuple[Source, Sequence[Verdict]]


def blocks(found: Sequence[Found], asked: Sequence[Target], *, brief: bool) -> Iterator[list[str]]:
    """A block of lines for each command line; `asked` are the installers. `brief`: only parameters that something was
    found of."""
    for source, verdicts in found:
        if source.reading.findings or not verdicts:
            yield [f"{_cut(source.name)}: {source.kind}" + ("" if verdicts else ": no kernel command line"),
                   *(row for each in source.reading.findings for row in _finding(each, ""))]
        for entry, verdict in zip(source.reading.entries, verdicts, strict=True):
            head = _head(source, entry) if source.name or len(found) > 1 else []
            yield [*head, *_verdict(verdict, asked, brief=brief), _sum(verdict, asked)]


def _head(source: Source, entry: Entry) -> list[str]:
    """Where it stands and what it is; on two lines where one is too short."""
    if not source.name:
        return [_cut(entry.text)]
    place, what = f"{source.name}:{entry.line}:", source.kind + (f": {entry.title}" if entry.title else "")
    if len(place) + len(what) < WIDTH:
        return [_cut(f"{place} {what}")]
    clean = escaped(place)
    return [clean if len(clean) <= WIDTH else f"...{clean[3 - WIDTH:]}", _cut(f"  {what}")]


def _verdict(verdict: Verdict, asked: Sequence[Target], *, brief: bool) -> Iterator[str]:
    for place, (word, meanings) in enumerate(verdict.meanings):
        mine = [each for each in verdict.judged if each.place == place]
        if mine or not brief:
            said = [text if len(meanings) == 1 else f"{targets.label(holds)}: {text}" for text, holds in meanings]
            yield from _row(word.text, [] if brief else said)
        yield from _judged(mine, asked)
    yield from _judged([each for each in verdict.judged if each.place is None], asked)


def _row(parameter: str, said: Sequence[str]) -> Iterator[str]:
    name = _cut(parameter)
    rows = [row for text in said for row in textwrap.wrap(text, WIDTH - COLUMN, subsequent_indent="  ")]
    beside = len(name) < COLUMN and rows
    yield f"{name:<{COLUMN}}{rows[0]}" if beside else name
    yield from (f"{'':<{COLUMN}}{row}" for row in (rows[1:] if beside else rows))


def _judged(found: Sequence[Judged], asked: Sequence[Target]) -> Iterator[str]:
    for each in found:
        where = "" if len(each.targets) == len(asked) else f"{targets.label(each.targets)}: "
        yield from _finding(each.finding, where)


def _finding(finding: Finding, where: str) -> Iterator[str]:
    """The severity on the left, the rule's name at the end, the cure below."""
    for index, row in enumerate(_rows(f"{where}{finding.text} [{finding.rule}]", WIDTH - 11)):
        word = finding.severity.value if index == 0 else ""
        yield f"  {terminal.painted(word, sys.stdout)}{'':<{9 - len(word)}}{row}"
    for index, row in enumerate(_rows(finding.hint, WIDTH - 17)):
        yield f"{'':<11}{'hint: ' if index == 0 else '      '}{row}"


def _rows(text: str, width: int) -> list[str]:
    return terminal.wrapped(escaped(text), width)


def _sum(verdict: Verdict, asked: Sequence[Target]) -> str:
    if len({verdict.errors(target) for target in asked}) == 1:
        counts = printing.counts([each.finding for each in verdict.judged if len(each.targets) == len(asked)])
        some = sum(len(each.targets) < len(asked) for each in verdict.judged)
        return f"{targets.label(asked)}: {counts}" + (f"; {some} more for some of them" if some else "")
    bad = [target for target in asked if target not in verdict.fits]
    return f"without error: {targets.label(verdict.fits) or 'none'}; with errors: {targets.label(bad)}"


def _cut(text: str) -> str:
    clean = escaped(text)
    return clean if len(clean) <= WIDTH else f"{clean[:WIDTH - 3]}..."

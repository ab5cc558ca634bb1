"""`pinboot cmdline check`: what each installer makes of a kernel command line, parameter by parameter."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from builder.cli import printing
from builder.cli.verdicts import data, text
from builder.cli.verdicts.sources import Source, sources
from builder.errors import CHECK_FAILED, OK, UsageError
from builder.finding import Severity
from builder.lint.line import targets
from builder.lint.line.judge import Verdict
from builder.lint.line.targets import TARGETS, Target
from builder.lint.media import judged


def run(chosen: argparse.Namespace) -> int:
    asked = _targets(chosen.release)
    found = [(source, [judged.verdict(entry, asked) for entry in source.reading.entries])
             for source in sources(chosen.lines, chosen.medium)]
    failed = any(_failed(source, verdicts) for source, verdicts in found)
    if chosen.json:
        printing.as_json(data.whole(found, asked, failed=failed))
    else:
        printing.out("\n\n".join("\n".join(block) for block in text.blocks(found, asked, brief=chosen.brief)))
    return CHECK_FAILED if failed else OK


def _failed(source: Source, verdicts: Sequence[Verdict]) -> bool:
    """A file that its loader refuses, or a line in which every release that was asked finds an error."""
    return any(each.severity is Severity.ERROR for each in source.reading.findings) or any(
        not verdict.fits for verdict in verdicts)


def _targets(release: str | None) -> tuple[Target, ...]:
    try:
        return targets.of(release) if release else TARGETS
    except ValueError as reason:
        raise UsageError(f"--release: {reason}", "without --release all of them are asked") from None

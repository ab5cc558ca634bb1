"""Verdicts for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from builder.cli.verdicts.sources import Source
from builder.cli.verdicts.text import Found
from builder.finding import Finding
from builder.lint.line.judge import Verdict
from builder.lint.line.targets import Target
from builder.lint.media.entry import Entry


def whole(found: Sequence[Found], asked: Sequence[Target], *, failed: bool) -> dict[str, Any]:
    return {"ok": not failed, "releases": [target.name for target in asked],
            "sources": [_source(source, verdicts) for source, verdicts in found]}


def _source(source: Source, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    return {"file": source.name, "kind": source.kind, "findings": [_finding(each) for each in source.reading.findings],
            "lines": [_line(entry, verdict) for entry, verdict in zip(source.reading.entries, verdicts, strict=True)]}


def _line(entry: Entry, verdict: Verdict) -> dict[str, Any]:
    return {"title": entry.title, "line": entry.line, "kernel": entry.kernel, "text": entry.text,
            "fits": [target.name for target in verdict.fits],
            "parameters": [{"text": word.text, "read": [{"releases": [t.name for t in holds], "as": text}
                                                        for text, holds in meanings]}
                           for word, meanings in verdict.meanings],
            "findings": [{**_finding(each.finding), "parameter": each.place,
                          "releases": [target.name for target in each.targets]} for each in verdict.judged]}


def _finding(finding: Finding) -> dict[str, Any]:
    return {"rule": finding.rule, "severity": finding.severity.value, "text": finding.text, "hint": finding.hint}

"""`pinboot ks`: a kickstart of whoever wrote it, checked for a release, or compared between two."""

from __future__ import annotations

import argparse
from pathlib import Path

from builder.cli import printing
from builder.cli.kickstarts import files, report
from builder.cli.kickstarts.files import Given
from builder.errors import CHECK_FAILED, OK, OUTSIDE_CHANGED, UsageError
from builder.finding import Finding, Severity
from builder.lint.kickstart import check as checking
from builder.lint.kickstart import target as targets
from builder.lint.kickstart.changes import compare, patch
from builder.lint.kickstart.changes.compare import Comparison
from builder.lint.kickstart.target import Target
from builder.media.pack import atomic

WHICH = "a release such as rocky-9, or a generation such as el9: pinboot ks check FILE --release rocky-9"


def run(chosen: argparse.Namespace) -> int:
    return _check(chosen) if chosen.action == "check" else _diff(chosen)


def _check(chosen: argparse.Namespace) -> int:
    asked = targets.parse(chosen.release) if chosen.release else None
    given = files.read(chosen.files)
    judged = [(each, target, checking.check(each.text, target, each.name))
              for each in given for target in (asked or _guessed(each),)]
    failed = any(_fails(found, strict=chosen.strict) for _, _, found in judged)
    if chosen.json:
        printing.as_json({"ok": not failed, "files": [
            {"file": each.name, "release": target.word, "generation": target.generation.name,
             "findings": [report.finding_data(finding) for finding in found]} for each, target, found in judged]})
        return CHECK_FAILED if failed else OK
    for index, (each, target, found) in enumerate(judged):
        if index:
            printing.out()
        for line in report.findings(each.name, target, asked is None, found):
            printing.out(line)
    return CHECK_FAILED if failed else OK


def _fails(found: tuple[Finding, ...], *, strict: bool) -> bool:
    bad = (Severity.ERROR, Severity.WARNING) if strict else (Severity.ERROR,)
    return any(finding.severity in bad for finding in found)


def _guessed(given: Given) -> Target:
    found = targets.guess(given.text.text)
    if found is None:
        raise UsageError(f"{given.name}: for which release? The file does not say (no #version=RHEL9 in it)", WHICH)
    return found


def _diff(chosen: argparse.Namespace) -> int:
    if chosen.json and chosen.patch:
        raise UsageError("--json and --patch: choose one", "--json tells what changes and why, --patch how")
    source, target = targets.parse(chosen.source), targets.parse(chosen.target)
    given = files.read([chosen.file])[0]
    found = compare.compare(given.text, source, target, given.name)
    if chosen.write:
        _write(Path(chosen.write), given, found)
    if chosen.json:
        printing.as_json({"file": given.name, "from": source.word, "to": target.word, "written": chosen.write,
                          "changes": report.change_data(found.changes)})
    elif chosen.patch:
        _patch(given, found)
    else:
        for line in report.changes(given.name, source, target, found):
            printing.out(line)
        _next(chosen, found)
    if found.having("hand"):
        return CHECK_FAILED
    return OUTSIDE_CHANGED if found.having("done") or found.having("look") else OK


def _patch(given: Given, found: Comparison) -> None:
    name = "ks.cfg" if given.name == "standard input" else given.name.lstrip("/")
    made = patch.unified(given.text.text, found.text, name)
    if made:
        printing.out(made.removesuffix("\n"))


def _write(path: Path, given: Given, found: Comparison) -> None:
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path}: is there already; it was not touched", "name a new file")
    encoding = "utf-8" if given.text.encoding == "utf-16" else given.text.encoding
    atomic.write(path, found.text.encode(encoding, "replace"), given.mode)


def _next(chosen: argparse.Namespace, found: Comparison) -> None:
    if chosen.quiet:
        return
    if chosen.write:
        printing.story(f"{chosen.write} written. Next: pinboot ks check {chosen.write} --release {chosen.target}")
    elif found.having("done"):
        printing.story("Next: --write FILE writes the changed kickstart, --patch prints the difference")

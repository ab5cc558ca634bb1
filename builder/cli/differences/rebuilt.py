"""A bundle beside what its own profile and lock make: for a terminal, as Markdown, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import builder
from builder.cli.differences import markdown as md
from builder.cli.differences import table as tables
from builder.cli.differences import text as texts
from builder.cli.differences import words
from builder.cli.printing import count
from builder.jobs.comparing.rebuilt import Rebuilt
from builder.names import some

MANY = 20


def summary(found: Rebuilt) -> str:
    report = found.report
    wrong = len({each.path for each in (*report.changed, *report.modes)}) + len(report.missing) + len(report.extra)
    if not report.intact:
        said = f"{wrong} of {count(report.files, 'file')} {'is' if wrong == 1 else 'are'} not as built"
    else:
        said = f"No difference: {count(report.files, 'file')} as built"
    if found.other:
        return f"{said}; its own profile and lock make {count(len(found.other), 'text')} otherwise."
    return f"{said}."


def rendered(found: Rebuilt) -> Iterator[str]:
    """How far the bundle could be made again."""
    if found.reason:
        yield f"nothing: {' '.join(found.reason.split())}"
        return
    yield f"{found.made} of {count(found.texts, 'text')} again from its own profile and lock, as built to the byte"
    if found.lacking and found.made < found.texts:
        yield f"the others need what is not in a bundle: {some(found.lacking, 6)}"
        yield "to compare all of them: pinboot diff PROFILE BUNDLE"


def rows(found: Rebuilt, *, full: bool) -> Iterator[tuple[str, str]]:
    """What is wrong, file by file: the kind, and the file."""
    report = found.report
    listed = [("changed", each.path) for each in report.changed]
    listed += [("mode", f"{each.path}: {each.expected}, here {each.found}") for each in report.modes]
    listed += [(kind, name) for kind, names in (("missing", report.missing), ("extra", report.extra),
                                                ("disagree", report.disagree), ("otherwise", found.other))
               for name in names]
    most = len(listed) if full else MANY
    yield from listed[:most]
    if len(listed) > most:
        yield "", f"and {len(listed) - most} more; --full names all"


def notes(found: Rebuilt) -> Iterator[str]:
    if found.hidden and not found.reason:
        yield (f"{some(found.hidden, 3)}: changed, and how cannot be told, because "
               f"{'it' if len(found.hidden) == 1 else 'they'} cannot be rendered from the bundle alone")
    if found.version != builder.__version__:
        yield f"built by pinboot {found.version}, this is {builder.__version__}, which may render otherwise"


def text(found: Rebuilt, *, full: bool) -> Iterator[str]:
    yield from texts.wrapped(summary(found), texts.WIDTH)
    yield ""
    yield from texts.under("bundle", texts.wrapped(f"{found.shown}, id {found.report.bundle_id}"))
    yield from texts.under("rendered", [line for each in rendered(found) for line in texts.wrapped(each)])
    for kind, name in rows(found, full=full):
        yield from texts.under(kind, texts.wrapped(name))
    for group in found.groups if full else found.groups[:words.FEW_GROUPS]:
        yield ""
        yield from texts.change(group, full=full)
    if found.groups:
        yield ""
        yield "- as built, + as it lies there"
    for note in notes(found):
        yield from texts.under("note", texts.wrapped(note))


def markdown(found: Rebuilt, *, full: bool) -> Iterator[str]:
    yield f"**{md.prose(summary(found))}**"
    yield ""
    yield f"- bundle: {md.code(found.shown)}, id {md.code(found.report.bundle_id)}"
    yield from (f"- rendered: {md.prose(each)}" for each in rendered(found))
    yield from (f"- {kind + ': ' if kind else ''}{md.code(name)}" for kind, name in rows(found, full=full))
    yield from (f"- note: {md.prose(note)}" for note in notes(found))
    if found.groups:
        yield from ("", "In each change `-` is as built, `+` as it lies there.")
    for group in found.groups if full else found.groups[:words.FEW_GROUPS]:
        yield from md.change(group, full=full)


def table(found: Rebuilt) -> dict[str, Any]:
    report = found.report
    return {
        "differs": found.differs, "summary": summary(found), "bundle": found.shown, "id": report.bundle_id,
        "files": report.files, "texts": found.texts, "rendered_as_built": found.made,
        "changed": [asdict(each) for each in report.changed], "modes": [asdict(each) for each in report.modes],
        "missing": list(report.missing), "extra": list(report.extra), "disagree": list(report.disagree),
        "otherwise": list(found.other), "not_told": list(found.hidden), "lacking": list(found.lacking),
        "reason": found.reason or None, "built_by": found.version,
        "changes": [tables.told(group) for group in found.groups]}

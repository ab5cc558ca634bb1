"""What the release's own parser says, each with the line and, where there is one, the replacement."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from builder.boot.review import cards
from builder.boot.review.reading import Remark
from builder.finding import Finding
from builder.lint.kickstart.case import Case, short
from builder.lint.kickstart.changes import replace
from builder.lint.kickstart.rules import found, line_shown
from builder.lint.kickstart.target import ALL_SECTIONS, SECTIONS
from builder.lint.kickstart.text.outline import Command

# Flags that the installer of EL6 takes and the list of pykickstart's RHEL6 handler lacks (REFERENCE 3.3).
EL6_FLAGS = ("--nocore", "--resolvedeps", "--ignoredeps")
# Of two lines of these the last one counts alone.
ONCE = ("lang", "keyboard", "timezone", "rootpw", "bootloader", "clearpart", "autopart", "selinux", "firewall",
        "firstboot", "url", "nfs", "authselect")
# Commands whose words may be secrets: the parser repeats what it does not understand.
SECRET = frozenset({"rootpw", "user", "sshpw", "vnc", "rdp", "rhsm", "bootloader", "autopart", "part", "partition",
                    "logvol", "raid", "iscsi", "realm"})
UNKNOWN = re.compile(r"Unknown command: (\S+)")
MOUNTED = re.compile(r"mountpoint (\S+) has already been defined")
# How many refused lines are told one by one: a file with more is no kickstart of this release.
MOST = 50


def check(case: Case) -> Iterator[Finding]:
    yield from _quotes(case)
    yield from _sections(case)
    yield from _mistakes(case)
    yield from _warnings(case)
    yield from _repeated(case)


def _quotes(case: Case) -> Iterator[Finding]:
    for line in case.outline.broken:
        yield found("open-quote", line, "a quote without its pair, or a backslash with nothing after it: the parser "
                    "stops here", 'close the quote; a backslash or " inside double quotes is written \\\\ or \\"')


def _sections(case: Case) -> Iterator[Finding]:
    known = SECTIONS[case.generation.name]
    for line in case.outline.strays:
        yield found("stray-end", line, "%end, and no section is open: the installer stops at it", "take the line out")
    for section in case.outline.sections:
        if not section.end and section.line not in case.cut:
            following = next((other for other in case.outline.sections if other.line == section.last + 1), None)
            where = f"before {following.name} in line {case.outline.place(following.line)}" if following else \
                "before the end of the file"
            yield found("no-end", section.line, f"{section.name} has no %end {where}", "a line: %end")
        if section.name not in known:
            near = difflib.get_close_matches(section.name, sorted(known), 1, 0.7)
            label = case.target.label
            if section.name in ALL_SECTIONS:
                said = f"{section.name} is a section that {label} does not know: the installer stops at it"
            else:
                said = f"{section.name} is no section of a kickstart: the installer stops at it"
            yield found("unknown-section", section.line, said,
                        f"did you mean {near[0]}?" if near and section.name not in ALL_SECTIONS else "")


def _mistakes(case: Case) -> Iterator[Finding]:
    mistakes = [mistake for mistake in case.reading.mistakes if not _el6_flag(case, mistake)]
    commands = {command.line: command for command in case.outline.commands}
    for mistake in mistakes[:MOST]:
        line = case.fed.line(mistake.line)
        command = commands.get(line)
        if command is not None and command.text.rstrip().endswith("\\"):
            continue  # told as a line that is meant to go on
        unknown = UNKNOWN.search(mistake.text)
        if unknown:
            near = difflib.get_close_matches(unknown[1], sorted(case.reading.handler.commands), 1, 0.75)
            hint = f"did you mean {near[0]}?" if near else ""
            yield found("refused", line, f"{case.target.label} knows no command {unknown[1]}",
                        hint or _cure(case, line))
        else:
            yield found("refused", line, _said(mistake, command), _cure(case, line))
    if len(mistakes) > MOST:
        yield found("refused", case.fed.line(mistakes[MOST].line), f"{len(mistakes) - MOST} more lines are refused: is "
                    "this a kickstart?")


def _cure(case: Case, line: int) -> str:
    """What the table of changes puts in the line's place."""
    there = case.heads.get(line)
    change = replace.command(there, case.generation.name) if there is not None else None
    if change is None:
        return ""
    if change.state == "hand":
        return "; ".join(change.why)
    written = [line_shown(text) for text in change.new]
    instead = f"write: {', and a line: '.join(written)}" if written else "take the line out"
    return f"{instead}; {'; '.join(change.why)}"


def _said(mistake: Remark, command: Command | None) -> str:
    text = mistake.text.rstrip(".")
    if command is None:
        return text
    if command.name in SECRET and text.startswith("unrecognized arguments"):
        known = [word for word in text.split()[2:] if word.startswith("--") and "=" not in word]
        text = f"unrecognized arguments: {' '.join(known)}" if known else "words too many, or without their option"
    return text if text.startswith(command.name) else f"{command.name}: {text}"


def _el6_flag(case: Case, mistake: Remark) -> bool:
    words = mistake.text.removeprefix("unrecognized arguments:").split()
    return (case.generation.name == "el6" and mistake.text.startswith("unrecognized arguments:")
            and all(word in EL6_FLAGS for word in words))


def _warnings(case: Case) -> Iterator[Finding]:
    traceback = False
    for remark in case.reading.warnings:
        text, line = re.sub(r"(?: on line [0-9]+)?:  ", ": ", remark.text), case.fed.line(remark.line)
        if "unknown section seen" in text or cards.false_alarm(remark.text, case.read.cards):
            continue
        if MOUNTED.search(text):
            continue  # told by the check of disks, which knows volumes too
        if text.startswith("The %traceback section"):
            yield from () if traceback else _tracebacks(case, text)
            traceback = True
        else:
            yield found("deprecated" if remark.deprecated else "parser-warning", line, short(text), _cure(case, line))


def _tracebacks(case: Case, text: str) -> Iterator[Finding]:
    """All of them by their own lines, of which the parser's warnings tell the first only where they are alike."""
    for section in case.outline.scripts("%traceback"):
        yield found("deprecated", section.line, short(text), _cure(case, section.line))


def _repeated(case: Case) -> Iterator[Finding]:
    for name in ONCE:
        lines = case.outline.named(name)
        texts = {" ".join(word.text for word in command.words) for command in lines}
        if len(texts) > 1:
            first = case.outline.place(lines[0].line)
            yield found("repeated-command", lines[-1].line, f"a second {name}: the one in line {first} does not count",
                        f"keep one {name} line")

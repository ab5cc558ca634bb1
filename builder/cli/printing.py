"""How results look in a terminal of 80 columns: findings with a topic on the left and the verdict on the right."""

from __future__ import annotations

import functools
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TextIO

from builder.cli import terminal
from builder.errors import CheckFailed, PinbootError
from builder.finding import Finding, Severity

WIDTH = terminal.WIDTH
TOPIC = 11
# Of JSON, written at once: a word or two each.
PIECES = 4096


def out(text: str = "") -> None:
    """One line of the result, on stdout."""
    _to_stdout(lambda: sys.stdout.write(f"{text}\n"))


def exactly(text: str) -> None:
    """A text that a machine will read: UTF-8 whatever the locale, and nothing added."""
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None:
        _to_stdout(lambda: sys.stdout.write(text))
        return
    _to_stdout(sys.stdout.flush)
    _to_stdout(lambda: stream.write(text.encode()))


def prose(text: str) -> None:
    """A sentence of the result, folded at 80 columns wherever it goes."""
    for line in terminal.folded(text):
        out(line)


def story(text: str = "") -> None:
    """A message on stderr; of the story proper commands print none with --quiet."""
    sys.stderr.write(f"{terminal.message(text, sys.stderr)}\n")
    sys.stderr.flush()


def topic(word: str, text: str, room: int = TOPIC) -> list[str]:
    """`text` behind a word on the left, wrapped to 80 columns where it has blanks."""
    return terminal.wrapped(text, WIDTH, f"{word:<{room}}", " " * room)


def as_json(value: Any) -> None:
    """A value as JSON, written as it is made: in one piece, the files of a large bundle would have 400 MiB of it."""
    pieces = json.JSONEncoder(indent=2, sort_keys=True, ensure_ascii=not terminal.is_utf8(sys.stdout)).iterencode(value)
    while text := "".join(itertools.islice(pieces, PIECES)):
        _to_stdout(functools.partial(sys.stdout.write, text))
    _to_stdout(lambda: sys.stdout.write("\n"))


def as_json_of_many(value: dict[str, Any], key: str, items: Iterable[Any]) -> None:
    """The same with one more list in it, at `key`: an item a line, each made when it is written, for there may be ten
    thousand."""
    ascii_only = not terminal.is_utf8(sys.stdout)
    text = json.dumps({**value, key: []}, indent=2, sort_keys=True, ensure_ascii=ascii_only)
    # Only a key of the outermost table stands at two blanks.
    before, mark, after = text.partition(f"\n  {json.dumps(key)}: [")
    _to_stdout(lambda: sys.stdout.write(before + mark))
    for number, item in enumerate(items):
        line = json.dumps(item, sort_keys=True, ensure_ascii=ascii_only)
        _to_stdout(functools.partial(sys.stdout.write, f"{',' if number else ''}\n    {line}"))
    _to_stdout(lambda: sys.stdout.write(f"{after}\n"))


def finish() -> None:
    """Hand over what stdout still holds back. Raises CheckFailed where it has no room, BrokenPipeError."""
    _to_stdout(sys.stdout.flush)


def drop_stdout() -> None:
    """Keep the interpreter from flushing again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _to_stdout(write: Callable[[], object]) -> None:
    try:
        write()
    except BrokenPipeError:
        raise
    except OSError as reason:
        drop_stdout()
        raise CheckFailed(f"standard output: cannot be written: {reason.strerror}",
                          "the command itself came this far; make room where its results go") from reason


def findings(found: Sequence[Finding], stream: TextIO | None = None) -> Iterable[str]:
    """The lines of a report; a topic stands only on its first line. `stream` is where they go: stdout unless given."""
    shown_on = stream or sys.stdout
    topic = ""
    for finding, following in zip(found, (*found[1:], None), strict=True):
        if following and finding.detail == following.detail and _alike(finding, following):
            finding = replace(finding, detail=())  # noqa: PLW2901  (told once, under the last of them)
        shown = "" if finding.topic == topic else finding.topic
        topic = finding.topic
        yield from _finding(shown, finding, shown_on)


def _alike(one: Finding, other: Finding) -> bool:
    return one.topic == other.topic and one.severity is other.severity is Severity.OK


def _finding(topic: str, finding: Finding, stream: TextIO) -> Iterable[str]:
    verdict = "" if finding.severity is Severity.NOTE else finding.severity.value
    room = WIDTH - TOPIC - (len(verdict) + 2 if verdict else 0)
    body = [line for text in (finding.text,) for line in _wrapped(text, room)]
    for line in finding.detail:
        body.extend(_wrapped(line, room))
    if finding.severity is Severity.ERROR and (finding.expected or finding.found):
        body.append(f"wanted {finding.expected}, found {finding.found}")
    for index, line in enumerate(body):
        left = f"{topic if index == 0 else '':<{TOPIC}}{line}"
        last = index == len(body) - 1
        yield f"{left:<{WIDTH - len(verdict)}}{terminal.painted(verdict, stream)}" if last and verdict else left
    if finding.hint:
        lines = terminal.wrapped(finding.hint, WIDTH - TOPIC - 6)
        for index, line in enumerate(lines):
            yield f"{'':<{TOPIC}}{'hint: ' if index == 0 else '      '}{line}"


def _wrapped(text: str, room: int) -> list[str]:
    """`text` in lines of at most `room`; columns made with runs of blanks stay as they are where they fit."""
    if len(text) <= room:
        return [text]
    return terminal.wrapped(text, room, further="  ")


def counts(found: Sequence[Finding]) -> str:
    errors = sum(f.severity is Severity.ERROR for f in found)
    warnings = sum(f.severity is Severity.WARNING for f in found)
    return f"{count(errors, 'error')}, {count(warnings, 'warning')}"


def count(number: int, noun: str) -> str:
    """As `1 host` and `2 hosts`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def error(failure: PinbootError) -> None:
    """An error and its hint, as on every exit but 0."""
    story(f"error: {failure.message}")
    lines = [line for text in failure.hint.splitlines() for line in _wrapped_hint(text)]
    for index, line in enumerate(lines):
        story(f"{'hint: ' if index == 0 else '      '} {line}")


def _wrapped_hint(text: str) -> list[str]:
    """Prose is wrapped; what is set in (a line to copy) and what holds a command stays as it is."""
    if text.startswith(" ") or len(text) <= WIDTH - 7:
        return [text]
    return terminal.wrapped(text, WIDTH - 7)


def finding_json(finding: Finding) -> dict[str, Any]:
    return {"topic": finding.topic, "severity": finding.severity.value, "text": finding.text,
            "expected": finding.expected, "found": finding.found, "hint": finding.hint, "detail": list(finding.detail)}


def size(count: int) -> str:
    """Bytes for people: 61 MB (decimal, as in UX's transcripts)."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}" if count < 10 * factor else f"{count // factor} {unit}"
    return f"{count} bytes"

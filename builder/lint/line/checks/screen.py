"""Consoles: the kernel writes to all of them, and the installer draws on the last one (REFERENCE 1.7)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder.lint.line import line as lines
from builder.lint.line.line import Line, Placed
from builder.lint.line.rules import note, warning
from builder.lint.line.targets import Target

SCREEN = re.compile(r"tty[0-9]*")


def check(line: Line, target: Target) -> Iterator[Placed]:
    found = [(place, word) for place, word in line.all("console") if word.argument and not lines.is_open(word)]
    for place, word in found:
        if word.argument.startswith("/dev/"):
            yield place, warning("console-name", "the kernel knows consoles by their name alone",
                                 f"write console={word.argument.removeprefix('/dev/')}")
    if len(found) > 1 and SCREEN.fullmatch(found[-1][1].argument):
        ports = [word.argument.partition(",")[0] for _, word in found if not SCREEN.fullmatch(word.argument)]
        if ports:
            yield found[-1][0], note("console-order", f"the installer draws here, and not on {ports[-1]}",
                                     f"put console={ports[-1]} last if that is where it is watched")

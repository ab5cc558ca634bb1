"""One line of a check: what was expected, what was found, what to do."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Severity(enum.Enum):
    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`topic` is the left column (tree, release, same set, evidence, xen, memory, unattended); `text` the line itself.

    `expected` and `found` are both sides where there are two; `hint` is the cure. `detail` holds further lines.
    Where a file is judged, `rule` is the stable name of the rule and `line` the line of the file (0: all of it).
    """

    topic: str
    severity: Severity
    text: str
    expected: str = ""
    found: str = ""
    hint: str = ""
    detail: tuple[str, ...] = ()
    rule: str = ""
    line: int = 0

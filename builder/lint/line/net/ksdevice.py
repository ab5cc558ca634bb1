"""ksdevice= since EL7: the words that stand for it (anaconda dracut/parse-anaconda-net.sh)."""

from __future__ import annotations

import re

from builder.lint.line.line import Line
from builder.lint.line.targets import Target

MAC = re.compile(r"..(?::..){5}")


def stands_for(value: str) -> tuple[str, str]:
    """Name and value of the word; both empty where there is none, for it is the rule anyway."""
    if value in ("", "link", "bootif"):
        return "", ""
    if value == "ibft":
        return "ip", "ibft"
    return ("BOOTIF", f"01-{value.replace(':', '-')}") if MAC.fullmatch(value) else ("bootdev", value)


def spelled(value: str) -> str:
    return "=".join(filter(None, stands_for(value)))


def value(line: Line, name: str, target: Target) -> str:
    """The value of bootdev= or BOOTIF=, given as such or by ksdevice=."""
    given = line.value(name)
    if given or target.backend == "loader":
        return given
    other, found = stands_for(line.value("ksdevice"))
    return found if other == name else ""

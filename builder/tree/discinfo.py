""".discinfo: the timestamp, release and arch of a medium (lorax src/pylorax/discinfo.py; REFERENCE 2.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from builder.names import shown
from builder.tree import border

MAX_BYTES = 64 << 10
TIMESTAMP = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
ARCH = re.compile(r"[a-z0-9_]{1,20}")
DISCS = re.compile(r"ALL|[0-9]{1,3}(,[0-9]{1,3})*")


@dataclass(frozen=True, slots=True)
class Discinfo:
    """`timestamp` in seconds as written; `description` is the release as its builder called it (`Fedora 20`; CentOS 7
    writes the point release `7.5`, or the day of the build); `discs` is empty for all discs or where nothing is said.
    """

    timestamp: str
    description: str
    arch: str
    discs: tuple[int, ...] = ()


def read(data: bytes, where: str) -> Discinfo:
    """Parse the bytes of a .discinfo. Lines after the fourth (folders, before Fedora 9) are left alone.

    Raises HostileInput with the line, what was found and what was wanted.
    """
    text = border.text(data, where, "a .discinfo", MAX_BYTES)
    lines = [line.strip() for line in text.split("\n")]
    wanted = ((TIMESTAMP, "seconds since 1970"), (re.compile(r".{1,200}"), "the release"), (ARCH, "an architecture"))
    for number, (pattern, what) in enumerate(wanted, 1):
        found = lines[number - 1] if len(lines) >= number else ""
        if not pattern.fullmatch(found):
            raise border.refusal(where, f"line {number}", shown(found) if found else "nothing", what)
    discs = lines[3] if len(lines) > 3 else ""
    if discs and not DISCS.fullmatch(discs):
        raise border.refusal(where, "line 4", shown(discs), "ALL or the numbers of discs, as in 1,2")
    numbers = () if discs in ("", "ALL") else tuple(int(word) for word in discs.split(","))
    return Discinfo(lines[0], lines[1].strip('"'), lines[2], numbers)

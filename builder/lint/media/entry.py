"""One kernel with its command line, as a loader would start it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from builder.finding import Finding

# A bigger file is no configuration of a loader.
MAX_BYTES = 1 << 20
MAX_ENTRIES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`text` is the command line without what the loader `adds`; `medium` one of cmdline.MEDIA, or empty where nobody
    but the kernel sets a limit. `line` is where it stands in the file. `adds_ip`: pxelinux puts an ip= of its own there
    (SYSAPPEND 1)."""

    title: str
    line: int
    kernel: str
    text: str
    medium: str = ""
    adds: str = ""
    adds_ip: bool = False
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds; `findings` concern the file itself, and name the line."""

    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...] = ()


Reader = Callable[[str], Reading]

"""A disk that is chosen by a rule on the machine itself: the %pre script that does it, and its place in the kickstart.

The script writes every command that names the disk into a file, which the kickstart includes. The first stage of the
installer runs no %pre and passes over the missing file (REFERENCE 3.4); only source and network would suffer from that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from builder.boot.kickstart import quoting, storage, template
from builder.boot.kickstart.quoting import Ready
from builder.profile.storage import DISK_WORD
from builder.profile.values import Host

FILE = "/tmp/pinboot-disk.ks"  # noqa: S108  (on the installed machine; the installer's /tmp is its own)
INCLUDE = Ready(f"%include {FILE}")
# What stands for the chosen disk where a kickstart is read back here: no machine has one of this name.
STANDIN = "pinbootdisk"
_BODY = re.compile(r"(?ms)^sed \"s/@disk@/\$best/g\" > " + re.escape(FILE) + r" << 'PINBOOT'\n(.*?)^PINBOOT$")


def script(host: Host, commands: Sequence[Sequence[str]]) -> str:
    """The body of the %pre section: chooses by the host's rule, and writes `commands` with the disk's name in them."""
    return template.shell("pre-disk.sh.j2")(
        rule=host.disk.name, order=host.disk.order, kind=host.disk.kind, least=storage.least_size(host),
        commands=[quoting.words(command) for command in commands]).rstrip("\n")


def expanded(text: str) -> str:
    """`text` with the lines that our own script would include, for whoever reads the kickstart without the machine; any
    other text as it is."""
    body = _BODY.search(text)
    if body is None or INCLUDE not in text.splitlines():
        return text
    return text.replace(f"{INCLUDE}\n", body[1].replace(DISK_WORD, STANDIN), 1)


def names(host: Host) -> tuple[str, ...]:
    """The disks that a kickstart of this host may name, as it is read back."""
    return (STANDIN,) if host.disk.order else host.disk.names

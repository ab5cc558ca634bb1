"""Where a variant's repository lies: the one kind of path from outside that may climb (RELIABILITY I15).

CentOS Stream 9's BaseOS tree names `../../../AppStream/x86_64/os`; three steps, the depth of variant/arch/os, lead to
the root of the compose and are the most that any real tree takes.
"""

from __future__ import annotations

from collections.abc import Sequence

from builder import names
from builder.errors import HostileInput

MOST_CLIMBS = 3


def resolve(base: Sequence[str], relative: str, where: str) -> tuple[str, ...]:
    """The parts of `relative` seen from the parts `base`; `where` names the tree. Raises HostileInput."""
    parts = [part for part in relative.rstrip("/").split("/") if part != "."]
    climbs = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
    if climbs > min(MOST_CLIMBS, len(base)):
        raise HostileInput(f"{where}: {names.shown(relative)} leads out of the compose",
                           f"a repository of this tree lies at most {MOST_CLIMBS} steps up, on the same server")
    below = parts[climbs:]
    if below:
        inside("/".join(below), where)
    return (*base[: len(base) - climbs], *below)


def inside(path: str, where: str) -> str:
    """A path inside the tree `where`, checked. Raises HostileInput."""
    try:
        return names.tree_path(path)
    except ValueError as reason:
        raise HostileInput(f"{where}: {reason}") from reason

"""The install tree that an address serves: its treeinfo, under either of its names."""

from __future__ import annotations

from dataclasses import dataclass, replace

from builder.errors import NotFound
from builder.fetch import limits
from builder.fetch.source import Source
from builder.jobs.context import Context
from builder.tree import treeinfo
from builder.tree.treeinfo import Treeinfo

# The spellings that installers ask for, in their order (REFERENCE 2.1).
NAMES = (".treeinfo", "treeinfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """`path` is the spelling found there, `data` the bytes that `treeinfo` was read from."""

    source: Source
    path: str
    data: bytes
    treeinfo: Treeinfo


def hasty(context: Context) -> Context:
    """For a look at one of several places: a second try is enough where there are others to ask."""
    return replace(context, network=replace(context.network, tries=min(2, context.network.tries)))


def read(source: Source) -> Served:
    """Raises NotFound where there is neither spelling, Missing, and HostileInput for a treeinfo that is none."""
    path, data = _find(source)
    return Served(source=source, path=path, data=data, treeinfo=treeinfo.read(data, f"{source.url}/{path}"))


def _find(source: Source) -> tuple[str, bytes]:
    first, second = NAMES
    try:
        return first, source.read(first, limits.CAPS["treeinfo"])
    except NotFound:
        return second, source.read(second, limits.CAPS["treeinfo"])

"""Files beside a tree, at the places that the catalog or a profile names: above it, or at an address of their own.

What a mirror says of itself climbs at most three steps (builder/fetch/relative.py); our own words may climb further, to
the keys that lie in the root of a mirror.
"""

from __future__ import annotations

from builder.errors import HostileInput, NotFound
from builder.fetch import relative
from builder.fetch.source import Source
from builder.jobs.context import Context


def reach(source: Source, path: str) -> tuple[Source, str]:
    """The folder in which `path`, seen from the tree `source`, lies, and the file's name there.

    Raises NotFound where nothing lies that far above: an image or a directory has its root.
    """
    parts = path.split("/")
    climbs = next((at for at, part in enumerate(parts) if part != ".."), len(parts) - 1)
    steps = ["/".join([".."] * min(relative.MOST_CLIMBS, climbs - done))
             for done in range(0, climbs, relative.MOST_CLIMBS)]
    below = "/".join(parts[climbs:-1])
    folder = source
    try:
        for step in (*steps, below):
            folder = folder.child(step) if step else folder
    except HostileInput as reason:
        raise NotFound(f"{source.url}: nothing lies so far above it: {path}") from reason
    return folder, parts[-1]


def at(place: str, source: Source, context: Context) -> tuple[Source, str]:
    """As reach(), for a place that may be an address (http, https, file) too, which is opened on its own."""
    if "://" not in place:
        return reach(source, place)
    folder, _, name = place.rpartition("/")
    return context.source(folder), name

"""The addresses of a locked tree: the one that machines install from, and those that its files are fetched from."""

from __future__ import annotations

from builder.errors import UsageError
from builder.fetch.mirrors import Mirrors
from builder.fetch.source import Source
from builder.jobs.context import Context
from builder.profile.values import Profile


def install_url(profile: Profile, source: str) -> str:
    """What inst.repo= says: tree.install_url, else the locked source. Raises UsageError for a tree that only this
    machine can read."""
    if profile.tree.install_url:
        return profile.tree.install_url
    if source.startswith(("http://", "https://")):
        return source
    raise UsageError(f"tree.install_url: missing, and no guest can install from {source}",
                     'serve the tree by any web server and say where: tree.install_url = "http://..."')


def mirrors(profile: Profile, source: str, context: Context) -> Source:
    """The locked source first, then what the profile names beside it."""
    others = (profile.tree.address, *profile.tree.mirrors)
    places = dict.fromkeys((source, *(each for each in others if each)))
    context = context.of(profile.tree)
    return Mirrors([context.source(place) for place in places], progress=context.progress)

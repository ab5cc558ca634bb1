"""The address of the old release's tree, and the new one's in its place."""

from __future__ import annotations

import functools
import re
from urllib.parse import urlsplit

from builder.catalog import load
from builder.lint.kickstart.changes import lines
from builder.lint.kickstart.checks.sources import GONE, PLACE, URLS, fits
from builder.lint.kickstart.target import Target
from builder.lint.kickstart.text.outline import Command

# A family's folder in paths, where it has the same layout in every release since EL8.
FOLDERS = {"rocky": "rocky", "almalinux": "alma"}


def edit(command: Command, target: Target) -> tuple[list[str], str] | None:
    """(the line with the new address, or none where only a person knows it; why); None where nothing is to be done."""
    for option in URLS:
        for url in command.values(option):
            place = PLACE.search(url)
            if place is None or fits(place, target):
                continue
            why = f"{place[0].strip('/')} is not {target.label}"
            known = _known(url, target)
            if command.name == "url" and option == "--url" and known:
                return [lines.with_value(command.text, option, url, known)], why
            if _same_layout(place[1].lower(), place[2], target) and (urlsplit(url).hostname or "") in _public():
                return [lines.with_value(command.text, option, url, url.replace(place[0], _moved(place, target)))], why
            if command.name == "url" and option == "--url" and target.release is not None:
                proposals = load.addresses(target.release)
                why = f"{why}: the tree on your own server" + (f", or {proposals[0]}" if proposals else "")
            return [], why
    return None


def _known(url: str, target: Target) -> str:
    """The target's own tree, where `url` was at a server that the catalog knows as public."""
    if target.release is None or "[" in url:
        return ""
    addresses = load.addresses(target.release)
    return addresses[0] if (urlsplit(url).hostname or "") in _public() | GONE and addresses else ""


@functools.cache
def _public() -> frozenset[str]:
    return frozenset(urlsplit(template).hostname or "" for family in load.families().values()
                     for series in family.series.values() for template in (*series.mirrors, *series.vaults))


def _same_layout(family: str, major: str, target: Target) -> bool:
    """Whether the target's repositories stand where those of the old release do, but for the version: a family's own
    since EL8."""
    release = target.release
    return (release is not None and FOLDERS.get(family) == release.family.id
            and min(int(major), int(release.major)) >= 8)


def _moved(place: re.Match[str], target: Target) -> str:
    release = target.release
    return f"/{place[1]}/{release.version if release else ''}{'/' if place[0].endswith('/') else ''}"

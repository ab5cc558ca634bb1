"""Kickstart words that came in the middle of EL7's life: pykickstart's RHEL7 handler is that of its end, and knows them
all; an older installer stops at them."""

from __future__ import annotations

from builder.catalog import load
from builder.catalog.family import Release

# Minor release that first has the word.
SINCE = {
    "clevis": 4,  # no word, but a package: RHEL 7.4 release notes, "Network-Bound Disk Encryption"
    "--bindto": 5,  # rhinstaller/anaconda pull request 1159, August 2017: after 7.4
    "reqpart": 2,  # anaconda 21.48, to which 7.2 moved from 19.31 of 7.0 and 7.1
}


def knows(word: str, release: Release) -> bool:
    """Whether the installer of `release`, as far as its generation has the word at all, is new enough for it."""
    minor = load.point(release).split(".")[1:2]
    return release.series.generation != "el7" or not minor or int(minor[0]) >= SINCE[word]

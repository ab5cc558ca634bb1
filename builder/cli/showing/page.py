"""Lines of a page that `show` prints: a topic on the left, words wrapped beside it."""

from __future__ import annotations

import datetime

from builder.catalog import load
from builder.cli import printing
from builder.lock.compare import SECONDS
from builder.names import escaped

LOUD = "OVERRIDE"


def topic(word: str, *texts: str, room: int = printing.TOPIC) -> None:
    """`texts` beside `word`, each on lines of its own."""
    for number, text in enumerate(texts):
        left = "" if number else word
        for line in printing.topic(left, escaped(text), room) or [left]:
            printing.out(line)


def day(epoch: int) -> str:
    return datetime.datetime.fromtimestamp(epoch, datetime.UTC).date().isoformat()


def compose(name: str, epoch: int) -> str:
    """The compose by its name and its day; one that is called by its time in seconds, by its time."""
    if not name or SECONDS.fullmatch(name):
        return datetime.datetime.fromtimestamp(epoch, datetime.UTC).strftime("%Y-%m-%d %H:%M")
    return f"{name}, {day(epoch)}"


def release(family: str, version: str, arch: str) -> str:
    """A release by the title of its family, where that is known here."""
    known = load.families().get(family)
    return f"{known.title if known else family} {version} {arch}"


def key(fingerprint: str) -> str:
    """The end of a fingerprint, as the reports have it."""
    return f"key ...{fingerprint[-8:].upper()}"

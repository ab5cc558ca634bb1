"""Command lines as they are given: words of the command line, files of loaders, standard input."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.errors import Missing, UsageError
from builder.lint.media import kind
from builder.lint.media.entry import MAX_BYTES, MAX_ENTRIES, Entry, Reading
from builder.names import shown

# Whose limit holds for a line that is said to go through a medium.
LIMITS = {"isolinux": "pxelinux", "bls": "grub", "grub-legacy": "grub", "xl": "xen-pv", "line": ""}
# By these a word is a path, there or not.
BEGINNINGS = ("/", "./", "../", "~")
SUFFIXES = (".cfg", ".conf", ".ipxe", ".xml", ".txt", ".template", ".j2")


@dataclass(frozen=True, slots=True)
class Source:
    """Where command lines come from: `name` is the file's, empty for a line of the command line."""

    name: str
    kind: str
    reading: Reading


def sources(words: Sequence[str], medium: str | None) -> list[Source]:
    """Each word that names a file is one; other words are lines, or one line where none has a blank inside.

    `medium` is the kind of every file, and sets the limit of a line. Raises UsageError or Missing.
    """
    if not any(word == "-" or _is_file(word) or " " in word.strip() for word in words):
        return [_line(" ".join(words), medium)]
    return [_read(word, medium) if word == "-" or _is_file(word) else _line(word, medium) for word in words]


def _is_file(word: str) -> bool:
    """Whether it names something that is there. Raises Missing for a path that leads nowhere: it is no line."""
    if not word or "\0" in word or len(word) > 4096:
        return False
    try:
        there = Path(word).exists()
    except OSError:
        there = False
    if not there and not set(" =") & set(word) and (word.startswith(BEGINNINGS) or word.endswith(SUFFIXES)):
        raise Missing(f"{shown(word)}: no such file", "a command line has NAME=VALUE or words, and no path alone")
    return there


def _line(text: str, medium: str | None) -> Source:
    if not text.strip():
        raise UsageError("the line is empty", "give a command line, a file that holds some, or - for standard input")
    limit = LIMITS.get(medium or "line", medium or "")
    return Source("", "line", Reading((Entry(title="", line=0, kernel="", text=text, medium=limit),)))


def _read(name: str, medium: str | None) -> Source:
    text = _text(name)
    label = "standard input" if name == "-" else name
    found = medium or kind.of(name if name == "-" else str(Path(name).absolute()), text)
    if not found:
        raise UsageError(f"{label}: holds no kernel command line that pinboot knows the form of",
                         "say what it is: --medium pxelinux, grub, ipxe, xl ...")
    reading = kind.READERS[found](text)
    if len(reading.entries) > MAX_ENTRIES:
        raise UsageError(f"{label}: {len(reading.entries)} kernels; more than {MAX_ENTRIES} are not judged at once",
                         "split the file")
    return Source(label, found, reading)


def _text(name: str) -> str:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as reason:
        raise Missing(f"{name}: cannot be read: {reason.strerror}", "name a file, or the line itself") from reason
    if len(data) > MAX_BYTES:
        raise UsageError(f"{name}: more than {MAX_BYTES >> 10} KiB are no configuration of a loader")
    if b"\0" in data:
        raise UsageError(f"{name}: holds NUL bytes: no text", "name the loader's configuration, not what it loads")
    return data.decode(errors="surrogateescape")

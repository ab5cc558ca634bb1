"""The packages that a kickstart asks for, as its own lines say it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def difference(old: Sequence[str], new: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a kickstart no longer asks for, and what it asks for now: packages, @groups, @^environments, -exclusions."""
    before, after = dict.fromkeys(listed(old)), dict.fromkeys(listed(new))
    return tuple(each for each in before if each not in after), tuple(each for each in after if each not in before)


def listed(lines: Sequence[str]) -> Iterator[str]:
    """The lines of %packages. pykickstart cuts a comment off (parser.py, PackageSection.handleLine)."""
    inside = False
    for line in lines:
        word = line.partition("#")[0].strip()
        if word.startswith("%"):
            inside = word.split()[0] == "%packages"
        elif inside and word:
            yield word

"""A command line or a section's header with one thing changed, and everything else as it was written."""

from __future__ import annotations

from collections.abc import Callable

from builder.boot.kickstart import quoting
from builder.lint.kickstart.text import words
from builder.lint.kickstart.text.words import Word

# The lines that stand in place of one: none where it goes, the line itself first.
Edit = Callable[[str], list[str]]


def dropped(text: str) -> list[str]:
    """The line goes, and its comment with it."""
    return []


def without(*options: str, takes: bool = False, bare: bool = True) -> Edit:
    """An edit that takes options away, and their values where they `take` one. The command's name, where no more is
    left, stays only where it says something alone (`bare`)."""

    def edit(text: str) -> list[str]:
        found = words.split(text).words
        for index in range(len(found) - 1, 0, -1):
            word = found[index]
            if word.option in options:
                apart = takes and "=" not in word.text and index + 1 < len(found)
                text = _cut(text, word.start, found[index + 1].end if apart else word.end)
        return [text] if bare or len(words.split(text).words) > 1 else []

    return edit


def renamed(old: str, new: str) -> Edit:
    """An edit that gives an option another name and keeps how its value was written."""

    def edit(text: str) -> list[str]:
        for word in reversed(words.split(text).words):
            if word.option == old:
                written = text[word.start: word.end]
                # The name itself may stand in quotes with the value: "--a=b c".
                text = text[: word.start] + written.replace(old, new, 1) + text[word.end:]
        return [text]

    return edit


def first_word(new: str) -> Edit:
    """An edit that changes the command's or section's name."""

    def edit(text: str) -> list[str]:
        word = words.split(text).words[0]
        return [text[: word.start] + new + text[word.end:]]

    return edit


def only_first(text: str) -> list[str]:
    """The name without whatever follows it."""
    word = words.split(text).words[0]
    return [text[: word.end]]


def with_value(text: str, option: str, old: str, new: str) -> str:
    """The value `old` of `option` replaced."""
    found = words.split(text).words
    for index, word in enumerate(found):
        if word.option != option:
            continue
        if "=" in word.text and word.value == old:
            return text[: word.start] + quoting.word(f"{option}={new}") + text[word.end:]
        if "=" not in word.text and index + 1 < len(found) and found[index + 1].text == old:
            return _put(text, found[index + 1], new)
    return text


def _put(text: str, word: Word, new: str) -> str:
    return text[: word.start] + quoting.word(new) + text[word.end:]


def _cut(text: str, start: int, end: int) -> str:
    """`text` without what stands there, and without the blanks in front of it."""
    return text[:start].rstrip(" \t") + text[end:]

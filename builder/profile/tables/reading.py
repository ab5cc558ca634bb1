"""How a value of a profile is read: from its text, from a file that it names, or from a reference to a secret."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from builder import names
from builder.profile import secrets
from builder.profile.file.layers import Joined
from builder.profile.file.mistakes import Mistakes
from builder.profile.values import TextFile

MAX_TEXT = 1 << 20


class Reading:
    """One per profile. What is wrong is noted under its key; relative paths start at the folder of the file that set
    the key."""

    def __init__(self, joined: Joined, mistakes: Mistakes, environment: Mapping[str, str]) -> None:
        self.folder = joined.folder
        self.mistakes = mistakes
        self.environment = environment

    def matched(self, key: str, text: str, pattern: re.Pattern[str], wanted: str) -> str:
        if not pattern.fullmatch(text):
            self.mistakes.add(key, f"{names.shown(text)} is not {wanted}")
        return text

    def each(self, key: str, entries: tuple[str, ...], parse: Callable[[str], str]) -> tuple[str, ...]:
        parsed = (self.mistakes.parsed(key, parse, entry) for entry in entries)
        return tuple(dict.fromkeys(text for text in parsed if text is not None))

    # Files

    def place(self, key: str, text: str) -> Path:
        """A file of this machine. Raises ValueError."""
        if "\0" in text:
            raise ValueError("holds a NUL")
        try:
            return Path(os.path.normpath((self.folder(key) / Path(text).expanduser()).absolute()))
        except RuntimeError:
            raise ValueError(f"{names.shown(text)}: there is no such user") from None

    def text(self, key: str, entry: str) -> TextFile | None:
        """A user's text file."""
        place = self.folder(key) / Path(entry).expanduser()
        try:
            with place.open("rb") as stream:
                data = stream.read(MAX_TEXT + 1)
        except OSError as reason:
            self.mistakes.add(key, f"{entry}: {reason.strerror}")
            return None
        if len(data) > MAX_TEXT or b"\0" in data:
            self.mistakes.add(key, f"{entry}: longer than 1 MiB or not text")
            return None
        try:
            return TextFile(path=entry, text=data.decode())
        except UnicodeDecodeError:
            self.mistakes.add(key, f"{entry}: not UTF-8 text")
            return None

    def texts(self, key: str, entries: tuple[str, ...]) -> tuple[TextFile, ...]:
        return tuple(text for i, entry in enumerate(entries) if (text := self.text(f"{key}[{i}]", entry)))

    # Secrets

    def secret(self, key: str, text: str, *, least: int = 1) -> secrets.Secret | None:
        """The secret behind a reference, which will stand in clear in a kickstart."""
        folder = self.folder(key)
        return self.mistakes.parsed(
            key, lambda word: secrets.clear(word, folder, self.environment, least=least), text)

    def referred(self, key: str, text: str, *, private: bool) -> str:
        """The text behind `file:PATH` or `env:NAME`, or `text` itself. Raises ValueError."""
        return secrets.reference(text, self.folder(key), self.environment, private=private)

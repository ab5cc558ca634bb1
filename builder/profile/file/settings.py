"""Keys that are set on the command line: `--set KEY=VALUE`, read as if they stood at the end of the profile."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from builder.errors import UsageError
from builder.names import shown

NAME = "--set"
MAX_CHARACTERS = 1 << 16
HINT = "write KEY=VALUE: --set timezone=Europe/Prague, --set 'host.web1.memory=\"4 GiB\"'"
PART = r"""(?:[A-Za-z0-9_-]+|"[^"\\\n]*"|'[^'\n]*')"""
KEY = re.compile(rf"[ \t]*({PART}(?:[ \t]*\.[ \t]*{PART})*)[ \t]*=")
# What starts like this was meant as TOML, and is no bare word.
_TOML = ('"', "'", "[", "{")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One `--set`: `path` are the parts of its key, `line` is the same as a line of TOML."""

    path: tuple[str, ...]
    value: Any
    line: str

    @property
    def table(self) -> dict[str, Any]:
        """The value under its key."""
        made = self.value
        for name in reversed(self.path):
            made = {name: made}
        return dict(made)


def parse(words: Sequence[str]) -> tuple[Setting, ...]:
    """The settings, of one key the last. Raises UsageError for the first word that is no KEY=VALUE, and where a key and
    one below it are both set, which no file of TOML could say."""
    made = {each.path: each for each in map(_one, words)}
    for path in made:
        for length in range(1, len(path)):
            if path[:length] in made:
                raise UsageError(f"{NAME}: both {'.'.join(path[:length])} and {'.'.join(path)} are set",
                                 "set each key below it, or the whole table")
    return tuple(made.values())


def text(settings: Sequence[Setting]) -> str:
    """The settings as a file of their own, for the bundle."""
    return "# Set on the command line, over what profile.toml says.\n" + "".join(f"{each.line}\n" for each in settings)


def _one(word: str) -> Setting:
    found = KEY.match(word[:MAX_CHARACTERS])
    if not found:
        raise UsageError(f"{NAME} {shown(word)}: is no KEY=VALUE", HINT)
    key, value = found[1], word[found.end():].strip()
    if not value:
        raise UsageError(f"{NAME} {key}: no value", HINT)
    if len(word) > MAX_CHARACTERS or not all(c.isprintable() or c in "\t\n" for c in value):
        raise UsageError(f"{NAME} {key}: longer than 64 KiB, or with control characters in it",
                         "put it into a profile that extends this one")
    parsed, bare = _value(key, value)
    path = tuple(part[1:-1] if part[0] in "\"'" else part for part in re.findall(PART, key))
    return Setting(path=path, value=parsed, line=f"{key} = {_quoted(value) if bare else value}")


def _value(key: str, value: str) -> tuple[Any, bool]:
    """The value, and whether it is a bare word: text, because it is no TOML."""
    try:
        found = tomllib.loads(f"value = {value}")
    except RecursionError:
        raise UsageError(f"{NAME} {key}: nested too deeply", HINT) from None
    except tomllib.TOMLDecodeError as reason:
        if value.startswith(_TOML):
            raise UsageError(f"{NAME} {key}: not TOML: {reason}", HINT) from None
        return value, True
    if set(found) != {"value"}:
        raise UsageError(f"{NAME} {key}: holds more than one value", "write --set once for each key")
    return found["value"], False


def _quoted(value: str) -> str:
    """`value` as a TOML basic string (TOML 1.0, String)."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\n", "\\n")
    return f'"{escaped}"'

"""Variables of a loader's script: those that it sets once are filled in, others stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# Variables in variables.
DEEPEST = 5
LONGEST = 4096
MOST = 1 << 16


def once(found: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Of the values that each variable is given, those of variables that are set in one place alone."""
    return {name: values[0] for name, values in found.items() if len(values) == 1 and len(values[0]) < LONGEST}


def filled(text: str, pattern: re.Pattern[str], values: Mapping[str, str]) -> str:
    """`text` with the `values` of the names that the first group of `pattern` finds."""
    for _ in range(DEEPEST):
        made = pattern.sub(lambda found: values.get(found[1], found[0]), text)
        if made == text or len(made) > MOST:
            break
        text = made
    return text

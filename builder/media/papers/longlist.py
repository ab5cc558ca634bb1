"""A JSON table with one list in it that is too long to be held, in the words of json.dumps with sort_keys, indent=1."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# A text as a string of JSON, as json.dumps writes one.
quoted = json.encoder.encode_basestring_ascii


def frame(table: Mapping[str, Any], key: str) -> tuple[str, str]:
    """What stands before and behind the items of the list `key` of the table."""
    text = json.dumps({**table, key: 0}, sort_keys=True, indent=1)
    # No string of JSON holds a line end, so this is the key of the table itself.
    head, _, tail = text.partition(f'\n "{key}": 0')
    return f'{head}\n "{key}": [', f"]{tail}\n"


def items(texts: Iterable[str]) -> Iterator[str]:
    """The items between the two, each text as `item` makes one."""
    before = "\n  "
    for text in texts:
        yield before + text
        before = ",\n  "
    if before[0] == ",":
        yield "\n "


def item(value: object) -> str:
    """The text of an item."""
    return json.dumps(value, sort_keys=True, indent=1).replace("\n", "\n  ")

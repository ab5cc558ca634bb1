"""A JSON table with one list in it that is too long to be held, in the words of json.dumps with sort_keys, indent=1."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

# A file of so many bytes is read in one piece, and in any words.
WHOLE = 4 << 20
CHUNK = 1 << 16
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


class Reading:
    """A file that holds such a table, read as its items and then, when all were read, the `table` without them."""

    def __init__(self, file: IO[bytes], key: str) -> None:
        self.table: dict[str, Any] = {}
        self._file = file
        self._key = key
        self._behind = b""

    def __iter__(self) -> Iterator[Any]:
        """Raises ValueError, and what comes of another shape: KeyError, TypeError, AttributeError, RecursionError. A
        file above WHOLE is read in the words of `frame` and `items` alone."""
        size = self._file.seek(0, os.SEEK_END)
        self._file.seek(0)
        if size <= WHOLE:
            table = json.loads(self._file.read())
            listed = table.pop(self._key)
            if not isinstance(listed, list):
                raise ValueError(f"its {self._key} are no list")
            self.table = table
            yield from listed
            return
        head = []
        start = f' "{self._key}": [\n'.encode()
        while (line := self._file.readline()) != start:
            if not line:
                raise ValueError("it ends before its list")
            head.append(line)
        for text in self._pieces():
            yield from json.loads(b"[%b]" % text)
        table = json.loads(b"".join((*head, start, self._behind, self._file.read())))
        del table[self._key]
        self.table = table

    def _pieces(self) -> Iterator[bytes]:
        """Items by the hundred."""
        held = b""
        while chunk := self._file.read(max(CHUNK, len(held))):  # no string of JSON holds a line end
            held += chunk
            end = held.find(b"\n ]")
            if end >= 0:
                yield held[:end]
                self._behind = held[end:]
                return
            cut = held.rfind(b"\n  },\n")
            if cut >= 0:
                yield held[:cut + 4]
                held = held[cut + 6:]
        raise ValueError("it ends in the middle of its list")

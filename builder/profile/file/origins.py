"""Who set each key of a profile: files of TOML key by key, inventories row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from builder.profile.values import Origin

# The row of a host, and the keys that it sets below `host.NAME` (tables of several keys among them).
Row = tuple[Origin, frozenset[str]]


class Origins(Mapping[str, Origin]):
    """Origins by dotted key. `known` are those of TOML files and of --set; `rows`, by the name of the host's table,
    those of inventories, which stay rows: the keys of a fleet, spelled out, would be the largest thing in a build."""

    __slots__ = ("known", "rows")

    def __init__(self, known: Mapping[str, Origin], rows: Mapping[str, Row] | None = None) -> None:
        self.known = known
        self.rows = {} if rows is None else rows

    def get(self, key: str, default: Any = None) -> Any:
        found = self.known.get(key)
        if found is None and self.rows and key.startswith("host."):
            found = self._in_row(key)
        return default if found is None else found

    def __getitem__(self, key: str) -> Origin:
        found: Origin | None = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        yield from self.known
        for name, (_, keys) in self.rows.items():
            for key in (f"host.{name}", *(f"host.{name}.{each}" for each in sorted(keys))):
                if key not in self.known:
                    yield key

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _in_row(self, key: str) -> Origin | None:
        """The row that sets `key`. Names of hosts may hold dots, so each place where one could end is tried."""
        at = len("host")
        while at >= 0:
            end = key.find(".", at + 1)
            name, rest = (key[5:], "") if end < 0 else (key[5:end], key[end + 1:])
            row = self.rows.get(name)
            if row and (not rest or rest in row[1]):
                return row[0]
            at = end
        return None

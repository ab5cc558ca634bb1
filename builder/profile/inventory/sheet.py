"""Hosts from CSV (RFC 4180): the first row names the columns, every other one is a host.

Columns are keys of a host, dotted ones among them; what is no key is a fact. Spreadsheets export a semicolon or a tab
where the comma is their decimal sign, so the first row decides.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from builder import names
from builder.names import shown
from builder.profile.file import walk
from builder.profile.file.mistakes import Mistakes
from builder.profile.inventory import cells
from builder.profile.inventory.cells import Place
from builder.profile.inventory.rows import KEYS, MOST_HOSTS, TOO_MANY, Inventory, Row, meant
from builder.profile.values import Origin

NAME = "name"
DELIMITERS = (",", ";", "\t")
MOST_COLUMNS = 1000
MOST_CHARACTERS = 200  # of a title
# How files begin that a spreadsheet program writes and that are no CSV.
OTHERS = {b"PK\x03\x04": "a spreadsheet (.xlsx, .ods)", b"\xd0\xcf\x11\xe0": "a spreadsheet (.xls)",
          b"\xff\xfe": "UTF-16 text", b"\xfe\xff": "UTF-16 text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where the cells of a row go (None: nowhere, under no name) and which of them is the name of the host; `facts` as
    in Inventory."""

    titles: tuple[str, ...]
    places: tuple[Place | None, ...]
    name: int
    facts: dict[str, str]


def read(data: bytes, file: str, mistakes: Mistakes) -> Inventory:
    """The rows of the CSV file `file`; what is wrong with it is noted, each with its line."""
    text = _text(data, file, mistakes)
    if text is None:
        return Inventory(data=data)
    records = _records(text, file, mistakes)
    line, titles = next(records, (1, []))
    columns = _columns(titles, Origin(file, line), mistakes)
    if columns is None:
        return Inventory(data=data)
    reader = _Reader(columns, file, mistakes)
    rows: list[Row] = []
    for number, (line, record) in enumerate(records):
        if number == MOST_HOSTS:
            mistakes.at(Origin(file, line), "inventory", TOO_MANY)
            break
        row = reader.row(line, record)
        if row:
            rows.append(row)
    return Inventory(rows=tuple(rows), facts=columns.facts, data=data)


def _text(data: bytes, file: str, mistakes: Mistakes) -> str | None:
    kind = next((kind for start, kind in OTHERS.items() if data.startswith(start)), "")
    if kind:
        mistakes.at(Origin(file, 0), "inventory", f'{kind}, not CSV; save it as "CSV UTF-8"')
        return None
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        mistakes.at(Origin(file, line), "inventory", "holds a NUL; that is no CSV")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        line = data.count(b"\n", 0, reason.start) + 1
        mistakes.at(Origin(file, line), "inventory", 'not UTF-8 text; save it as "CSV UTF-8"')
        return None


def _records(text: str, file: str, mistakes: Mistakes) -> Iterator[tuple[int, list[str]]]:
    """Each row that has anything in it, with the line where it starts."""
    head = text[:1 << 16].lstrip("\r\n").partition("\n")[0]
    delimiter = max(DELIMITERS, key=head.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    before = 0
    try:
        for record in lines:
            if any(record) and any(map(str.strip, record)):
                yield before + 1, record
            before = lines.line_num
    except csv.Error as reason:
        mistakes.at(Origin(file, before + 1), "inventory", f"not CSV: {reason}; a quote in a text is written twice")


def _columns(titles: Sequence[str], origin: Origin, mistakes: Mistakes) -> Columns | None:
    """What the first row says, or None where no row can be read."""
    words = [title.strip() for title in titles]
    if not words:
        mistakes.at(origin, "inventory", "empty; the first row names the columns: name,class,mac,address")
        return None
    if len(words) > MOST_COLUMNS:
        mistakes.at(origin, "inventory", f"{len(words)} columns; that is no list of hosts")
        return None
    places: list[Place | None] = []
    taken: dict[tuple[str, ...], int] = {}
    facts: dict[str, str] = {}
    for number, word in enumerate(words):
        found = _column(word, facts, origin, mistakes)
        places.append(found)
        path = found.path if found else (word.lower(),) if word else ()
        if path and path in taken:
            mistakes.at(origin, shown(word), f"columns {taken[path] + 1} and {number + 1} are the same key")
        taken.setdefault(path, number)
    for path, number in taken.items():
        above = next((path[:length] for length in range(1, len(path)) if path[:length] in taken), ())
        if above:
            whole = shown(words[taken[above]])
            mistakes.at(origin, shown(words[number]), f"is in the table that {whole} says as a whole; leave one out")
    if (NAME,) not in taken:
        mistakes.at(origin, "inventory", f"no column {shown(NAME)}, which says whose row it is; found: "
                                         f"{names.some(map(shown, words))}")
        return None
    return Columns(titles=tuple(words), places=tuple(places), name=taken[NAME,], facts=facts)


def _column(title: str, facts: dict[str, str], origin: Origin, mistakes: Mistakes) -> Place | None:
    """Where the cells under `title` go. Case does not matter in what is a key: Name, MAC, Address."""
    first, dot, rest = title.partition(".")
    if not title or title.lower() == NAME:
        return None
    if len(title) > MOST_CHARACTERS:
        mistakes.at(origin, shown(title), f"has {len(title)} characters; that is no name of a column")
        return None
    try:
        found = cells.place(first.lower() + dot + rest)
    except ValueError as reason:
        mistakes.at(origin, shown(title), str(reason))
        return None
    if found:
        return found
    word = re.sub(r"[ -]+", "_", title.lower())
    found = cells.fact(word)
    if found is None:
        mistakes.at(origin, shown(title), walk.unknown(title.lower(), (NAME, *KEYS)) if dot else
                    "is no key of a host and no name of a fact (a-z, 0-9 and _, a letter first)")
        return None
    facts.setdefault(word, meant(word))
    return found


class _Reader:
    """Rows of one file, one after the other."""

    def __init__(self, columns: Columns, file: str, mistakes: Mistakes) -> None:
        self.columns = columns
        self.file = file
        self.mistakes = mistakes
        # Most rows fill the same columns, and share one set of keys.
        self._keys: dict[int, frozenset[str]] = {}

    def row(self, line: int, record: Sequence[str]) -> Row | None:
        columns, origin = self.columns, Origin(self.file, line)
        if len(record) != len(columns.titles):
            self.mistakes.at(origin, "inventory", f"{len(record)} cells, and the first row names {len(columns.titles)} "
                                                  "columns")
            return None
        table: dict[str, object] = {}
        filled = 0
        for number, cell in enumerate(record):
            text = cell.strip()
            if not text:
                continue
            if text[0] in "=#" or not text.isprintable():
                reason = cells.unfit(text)
                if reason:
                    self.mistakes.at(origin, columns.titles[number] or "inventory", reason)
                    continue
            place = columns.places[number]
            if place is not None:
                place.put(table, place.read(text))
                filled |= 1 << number
            elif number != columns.name:
                self._unplaced(origin, number, text)
        name = self._name(record[columns.name].strip(), origin)
        return Row(name=name, origin=origin, table=table, keys=self._filled(filled)) if name else None

    def _unplaced(self, origin: Origin, number: int, text: str) -> None:
        if not self.columns.titles[number]:
            self.mistakes.at(origin, "inventory", f"{shown(text)} stands in column {number + 1}, which has no name")

    def _name(self, text: str, origin: Origin) -> str:
        if not text:
            self.mistakes.at(origin, NAME, "missing; whose row is it?")
            return ""
        try:
            return names.hostname(text)
        except ValueError as reason:
            self.mistakes.at(origin, NAME, str(reason))
            return ""

    def _filled(self, columns: int) -> frozenset[str]:
        """The dotted keys of the columns whose bits are set."""
        if columns not in self._keys:
            self._keys[columns] = frozenset(key for number, place in enumerate(self.columns.places)
                                            if place and columns >> number & 1 for key in place.keys)
        return self._keys[columns]

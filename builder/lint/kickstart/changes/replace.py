"""What stands in the place of one command line or header of a section: the table's rows, applied to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from builder.lint.kickstart.changes import bodies, rows
from builder.lint.kickstart.changes.rows import Row
from builder.lint.kickstart.text import words
from builder.lint.kickstart.text.outline import Command, Section

State = Literal["done", "hand", "look", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the file: `new` is what stands in its place. `state`: done in the new text; by hand, because only a
    person knows what is meant; look at it, because it is read otherwise, with a proposal; note, of another default."""

    line: int
    old: str
    new: tuple[str, ...]
    why: tuple[str, ...]
    state: State


def command(found: Command | Section, target: str) -> Change | None:
    """What the table of words says of one command line or header, for the installer of generation `target`."""
    table = rows.ROWS if isinstance(found, Command) else bodies.HEADERS
    return _edited(found.line, found.text, [row for row in table if _meant(row, found, target)])


def _meant(row: Row, found: Command | Section, target: str) -> bool:
    if row.command != found.name or target not in row.where:
        return False
    if not row.option:
        return True
    if not row.option.startswith("-"):
        return bool(found.words[1:])
    return any(word.option == row.option for word in found.words[1:]) and (
        not row.value or row.value in words.values(found.words, row.option))


def _edited(line: int, text: str, table: Iterable[Row]) -> Change | None:
    new, why, hand = [text], [], False
    for row in table:
        word = row.option if row.option.startswith("-") else ""
        reason = f"{word or row.command} {row.why}"
        try:
            edited = row.edit(new[0]) if row.edit and new else None
        except ValueError as failure:
            edited, reason = None, str(failure)
        if edited is None:
            hand = hand or bool(new)
        elif edited == new[:1]:
            continue
        else:
            new = [*edited, *new[1:]]
        why.append(reason)
    if not why:
        return None
    untouched = hand and new == [text]
    return Change(line=line, old=text, new=() if untouched else tuple(new), why=tuple(dict.fromkeys(why)),
                  state="hand" if hand else "done")

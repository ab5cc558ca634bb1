"""A difference in 80 columns: a sentence first, then what there is by topic, the changes of texts last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from builder.cli import printing, terminal
from builder.cli.differences import words
from builder.cli.printing import count
from builder.jobs.comparing.difference import Difference
from builder.jobs.comparing.settings import Changed
from builder.jobs.comparing.texts.groups import Group
from builder.jobs.comparing.texts.pairs import Found
from builder.lock.compare import PinChange

WIDTH = printing.WIDTH
ROOM = WIDTH - printing.TOPIC


def report(found: Difference, *, full: bool) -> Iterator[str]:
    """Every line. Without `full` long lists are cut, and it is said by how much."""
    yield from wrapped(words.summary(found), WIDTH)
    yield ""
    yield from under("old", wrapped(words.side(found.old)))
    yield from under("new", wrapped(words.side(found.new)))
    for topic, rows in _topics(found, full=full):
        yield from under(topic, rows)
    if found.texts:
        yield from _changes(found.texts, full=full)
    if found.notes:
        yield ""
        for note in found.notes:
            yield from under("note", wrapped(note))


def _topics(found: Difference, *, full: bool) -> Iterator[tuple[str, Iterable[str]]]:
    for change in found.facts or ():
        yield change.label, wrapped(f"{words.value(change.locked) or '-'} -> {words.value(change.now) or '-'}")
    if found.pins:
        yield "pins", _pins(found.pins)
    for change in found.accepted:
        yield "ACCEPTED", wrapped(f"{change.label}: {change.now or 'no longer'}"
                                   + (f" (was: {change.locked})" if change.locked else ""))
    if found.hosts:
        yield "hosts", _hosts(found, full=full)
    if found.keys:
        yield "settings", [row for change in found.keys for row in _setting(change, full=full)]
    if found.texts:
        yield "packages", _packages(found.texts, full=full)
        yield "texts", _counts(found.texts, full=full)


def under(topic: str, rows: Iterable[str]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield f"{'' if number else topic:<{printing.TOPIC}}{row}".rstrip()


def wrapped(text: str, room: int = ROOM, indent: str = "  ") -> list[str]:
    return terminal.wrapped(words.visible(text), room, further=indent if room == ROOM else "")


def _pins(changed: Sequence[PinChange]) -> Iterator[str]:
    name = max(len(words.pin_name(each)) for each in changed)
    old = max(len(words.pin(each.locked)) for each in changed)
    new = max(len(words.pin(each.now)) for each in changed)
    for each in changed:
        label = words.visible(words.pin_name(each))
        row = f"{words.pin(each.locked):<{old}} -> {words.pin(each.now):<{new}}  {each.pin.evidence}"
        yield from (f"{label:<{name}}  {row}",) if name + len(row) < ROOM - 1 else (label, f"  {row}")
        for line in words.pin_detail(each):
            yield from wrapped(f"  {line}", indent="    ")


def _hosts(found: Difference, *, full: bool) -> Iterator[str]:
    hosts = found.hosts
    assert hosts is not None
    for word, names in (("added", hosts.added), ("removed", hosts.removed)):
        if names:
            yield from wrapped(f"{len(names)} {word}: {words.hosts(names, full=full)}")
    shown = hosts.moved if full else hosts.moved[:words.FEW_HOSTS]
    for name, old, new in shown:
        yield from wrapped(f"{name}: MAC {old or 'none'} -> {new or 'none'}")
    if len(shown) < len(hosts.moved):
        yield f"and {len(hosts.moved) - len(shown)} more with other MAC addresses"
    if hosts.armed:
        yield from wrapped("WHATEVER MACHINE HAS THE NEW ADDRESS IS INSTALLED AT ITS NEXT START FROM THE NETWORK")


def _setting(change: Changed, *, full: bool) -> Iterator[str]:
    whose = f" of {count(len(change.hosts), 'host')}" if len(change.hosts) > 1 else ""
    key = change.key.replace("NAME", change.hosts[0]) if len(change.hosts) == 1 else change.key
    yield from wrapped(f"{key}{whose}  ({words.who(change)})")
    yield from (f"  {line}" for line in _values(change))
    if len(change.hosts) > 1:
        own = "as in the first; " if change.varied else ""
        yield from wrapped(f"  {own}{words.hosts(change.hosts, full=full)}", indent="  ")


def _values(change: Changed) -> Iterator[str]:
    old, new = words.value(change.old), words.value(change.new)
    if change.beneath:
        yield from wrapped(f"{new}: what it names has changed", ROOM - 2)
    elif change.secret:
        yield f"{new}, and another one"
    elif not new:
        yield from wrapped(f"no longer set; was {old}", ROOM - 2)
    elif not old:
        yield from wrapped(f"now {new}", ROOM - 2)
    elif len(old) + len(new) + 6 <= ROOM:
        yield f"{old} -> {new}"
    else:
        yield from wrapped(f"was {old}", ROOM - 2)
        yield from wrapped(f"now {new}", ROOM - 2)


def _packages(texts: Found, *, full: bool) -> Iterator[str]:
    for (gone, come), hosts in texts.packages.items():
        asked = [*(f"+ {words.visible(each)}" for each in come), *(f"- {words.visible(each)}" for each in gone)]
        yield from wrapped(f"{'  '.join(asked)}")
        yield from wrapped(f"  {_of(hosts, full=full)}")


def _of(hosts: Sequence[str], *, full: bool) -> str:
    return hosts[0] if len(hosts) == 1 else f"{count(len(hosts), 'host')}: {words.hosts(hosts, full=full)}"


def _counts(texts: Found, *, full: bool) -> Iterator[str]:
    changed = texts.changed
    yield f"{texts.pairs} compared: {texts.same} the same, {changed} changed"
    if texts.comments:
        yield from wrapped(f"{texts.comments} {_differ(texts.comments)} only in comments about where keys stand")
    if texts.secrets:
        yield f"{texts.secrets} {_differ(texts.secrets)} only in a secret"
    for word, found in (("no longer there", texts.gone), ("new", texts.come)):
        for path, hosts in sorted(found.items()):
            yield from wrapped(f"{word}: {path}" + (f", {_of(hosts, full=full)}" if hosts else ""))


def _differ(number: int) -> str:
    return "differs" if number == 1 else "differ"


def _changes(texts: Found, *, full: bool) -> Iterator[str]:
    shown = texts.groups if full else texts.groups[:words.FEW_GROUPS]
    for group in shown:
        yield ""
        yield from change(group, full=full)
    rest = words.left_out(texts, len(shown))
    if rest:
        yield ""
        yield f"{rest}" + ("" if full else "; --full tells all")


def change(group: Group, *, full: bool) -> Iterator[str]:
    yield from terminal.wrapped(words.visible(words.whose(group, full=full)), further="  ")
    yield from map(words.visible, words.paths(group, full=full))
    if group.secret:
        yield "(a secret changed as well)"
    if group.concealed:
        yield f"({count(group.removed, 'line')} less, {count(group.added, 'line')} more; not shown, see the note)"
    body = words.body(group)
    cut = len(body) if full else words.FEW_LINES
    yield from body[:cut]
    if len(body) > cut:
        yield f"... and {count(len(body) - cut, 'more line')}; --full tells all"

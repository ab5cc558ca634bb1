"""A difference as Markdown (GitHub's and GitLab's kind) for a merge request: nothing in it can be read as markup.

Whatever comes from a file stands in code: no @name calls anybody, no #1 links anywhere, no tag is one.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from builder.cli.differences import words
from builder.cli.printing import count
from builder.jobs.comparing.difference import Difference
from builder.jobs.comparing.settings import Changed
from builder.jobs.comparing.texts.groups import Group
from builder.jobs.comparing.texts.pairs import Found
from builder.lock.compare import PinChange

TICKS = re.compile(r"`+")
# Letters and numbers with a mark behind them; a number and a full stop would begin a list.
WORD = re.compile(r"\(?[A-Za-z][A-Za-z0-9'-]*\)?[,.;:]?|[0-9]+[,;]?")


def report(found: Difference, *, full: bool) -> Iterator[str]:
    yield f"**{prose(words.summary(found))}**"
    yield ""
    yield f"- old: {code(words.side(found.old))}"
    yield f"- new: {code(words.side(found.new))}"
    yield from _locks(found)
    yield from _hosts(found, full=full)
    if found.keys:
        yield from table("Settings", ("key", "old", "new", "set by"), (_setting(key, full=full) for key in found.keys))
    if found.texts:
        yield from _packages(found.texts, full=full)
        yield from _texts(found.texts, full=full)
    if found.notes:
        yield ""
        yield from (f"- {prose(note)}" for note in found.notes)


def code(text: str) -> str:
    """`text` as code, with more ticks around it than it has (CommonMark 0.31 6.1); empty text is a dash."""
    if not text:
        return "-"
    text = words.visible(text).replace("\t", " ")
    fence = _fence(text, 1)
    # One blank at either end is taken off where both have one, and not of blanks alone.
    blank = " " if text.strip() and (text.startswith(("`", " ")) or text.endswith(("`", " "))) else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def _fence(text: str, least: int) -> str:
    """So many ticks that `text` cannot end it."""
    return "`" * max(least, 1 + max(map(len, TICKS.findall(text)), default=0))


def prose(text: str) -> str:
    """Words of ours with names from outside among them: what is no plain word is code, because no escape keeps a name
    from being called or an address from being a link (GFM 6.9, and what GitHub and GitLab add)."""
    return " ".join(word if WORD.fullmatch(word) else code(word) for word in words.visible(text).split())


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table, whose cells have no bar of their own (GFM 4.10: one is escaped even in code)."""
    body = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    if body:
        yield from ("", f"### {title}", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}")
        yield from (f"| {row} |" for row in body)


def _locks(found: Difference) -> Iterator[str]:
    rows = [(change.label, code(change.locked), code(change.now)) for change in found.facts or ()]
    rows += [(f"**accepted** {code(change.label)}", code(change.locked), code(change.now)) for change in found.accepted]
    yield from table("Release", ("", "old", "new"), rows)
    yield from table("Pins", ("file", "old", "new", "evidence", ""), (_pin(each) for each in found.pins or ()))


def _pin(change: PinChange) -> tuple[str, ...]:
    lines = [line.replace(" -> ", " to ") for line in words.pin_detail(change)]
    said = [f"**{prose(line)}**" if line.startswith("LESS") else prose(line) for line in lines]
    return (code(words.pin_name(change)), code(words.pin(change.locked)), code(words.pin(change.now)),
            change.pin.evidence, "; ".join(said))


def _hosts(found: Difference, *, full: bool) -> Iterator[str]:
    hosts = found.hosts
    if hosts is None:
        return
    rows = [(word, str(len(names)), code(words.hosts(names, full=full)))
            for word, names in (("added", hosts.added), ("removed", hosts.removed)) if names]
    rows += [("other MAC", code(name), f"{code(old)} to {code(new)}" + (
        "; **whatever machine has it is installed at its next start from the network**" if name in hosts.armed else ""))
        for name, old, new in (hosts.moved if full else hosts.moved[:words.FEW_GROUPS])]
    yield from table("Hosts", ("", "", ""), rows)


def _setting(change: Changed, *, full: bool) -> tuple[str, ...]:
    key = change.key.replace("NAME", change.hosts[0]) if len(change.hosts) == 1 else change.key
    whose = f" of {count(len(change.hosts), 'host')}: {code(words.hosts(change.hosts, full=full))}" if len(
        change.hosts) > 1 else ""
    own = " (as in the first)" if change.varied else ""
    new = f"{code(words.value(change.new))}, another one" if change.secret or change.beneath else code(
        words.value(change.new))
    return f"{code(key)}{whose}{own}", code(words.value(change.old)), new, code(words.who(change))


def _packages(texts: Found, *, full: bool) -> Iterator[str]:
    rows = ((str(len(hosts)), code(words.hosts(hosts, full=full)), " ".join(map(code, come)), " ".join(map(code, gone)))
            for (gone, come), hosts in texts.packages.items())
    yield from table("Packages", ("hosts", "", "asked for now", "no longer"), rows)


def _texts(texts: Found, *, full: bool) -> Iterator[str]:
    yield from ("", "### Texts", "")
    changed = texts.changed
    yield f"- {texts.pairs} compared: {texts.same} the same, {changed} changed"
    for number, what in ((texts.comments, "comments about where keys stand"), (texts.secrets, "a secret")):
        if number:
            yield f"- {number} with other {what} only" if what[0] != "a" else f"- {number} with another secret only"
    for word, found in (("no longer there", texts.gone), ("new", texts.come)):
        for path, hosts in sorted(found.items()):
            yield f"- {word}: {code(path)}" + (f", {count(len(hosts), 'host')}" if hosts else "")
    shown = texts.groups if full else texts.groups[:words.FEW_GROUPS]
    for group in shown:
        yield from change(group, full=full)
    rest = words.left_out(texts, len(shown))
    if rest:
        yield from ("", prose(rest))


def change(group: Group, *, full: bool) -> Iterator[str]:
    who = words.whose(group, full=full)
    named = words.paths(group, full=full)
    title = f"{who.partition(':')[0]}: " if who else ""
    yield from ("", f"<details><summary>{title}<code>{html.escape(words.visible(named[0]))}</code> "
                    f"({group.removed} less, {group.added} more)</summary>", "")
    if len(group.hosts) > 1:
        yield from (code(words.hosts(group.hosts, full=full)), "")
    if len(named) > 1:
        yield from (*(f"- {code(each)}" for each in named), "")
    if group.secret:
        yield from ("A secret changed as well.", "")
    body = words.body(group)
    cut = len(body) if full else words.FEW_LINES
    if group.concealed:
        yield "Not shown: see the note below."
    else:
        fence = _fence("\n".join(body[:cut]), 3)
        yield from (f"{fence}diff", *body[:cut], fence)
    if len(body) > cut:
        yield from ("", f"and {count(len(body) - cut, 'more line')}")
    yield from ("", "</details>")

"""What text and Markdown say alike: the summary, who is meant, what changed from what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from builder.cli.printing import count, size
from builder.cli.showing import lockfile
from builder.jobs.comparing.difference import Difference
from builder.jobs.comparing.settings import Changed
from builder.jobs.comparing.sides.side import Side
from builder.jobs.comparing.texts import lines
from builder.jobs.comparing.texts.groups import Group
from builder.jobs.comparing.texts.pairs import Found
from builder.lock.compare import PinChange
from builder.lock.model import Pin
from builder.names import escaped, some

# Hosts by name, and groups of changes, unless all are asked for.
FEW_HOSTS, FEW_GROUPS, FEW_LINES = 3, 20, 60
BOOTS = ("kernel", "initrd", "stage2")
# The body of a public key or a digest: nobody reads it, and no line could be broken in it.
LONG = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")


def summary(found: Difference) -> str:
    """One sentence: what the change does."""
    if not found.differs:
        return f"No difference: {_same(found)}."
    said = [*_machines(found), *_texts(found), *_locks(found), *_else(found)]
    return f"This change {joined(said)}."


def joined(said: Sequence[str]) -> str:
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _same(found: Difference) -> str:
    parts = ["the locks"] if found.pins is not None else []
    parts += ["the settings"] if found.keys is not None else []
    parts += [count(len(found.hosts.both), "host")] if found.hosts else []
    parts += [count(found.texts.pairs, "text")] if found.texts else []
    return f"{joined(parts)} {'are' if len(parts) > 1 or parts[0][-1] == 's' else 'is'} the same"


def _machines(found: Difference) -> Iterable[str]:
    if found.hosts:
        yield f"reinstalls {count(len(found.hosts.armed), 'machine')}"
        if found.hosts.added:
            yield f"adds {count(len(found.hosts.added), 'host')}"
        if found.hosts.removed:
            yield f"removes {count(len(found.hosts.removed), 'host')}"


def _texts(found: Difference) -> Iterable[str]:
    texts = found.texts
    if texts is None:
        return
    changed = [group for group in texts.groups if group.kickstart]
    if changed:
        number = sum(len(group.hosts) for group in changed)
        most = max(_lines(group) for group in changed)
        least = min(_lines(group) for group in changed)
        number_of_lines = "one line" if most == 1 else f"{most} lines" if least == most else f"{least} to {most} lines"
        yield f"changes {number} of {count(texts.kickstarts, 'kickstart')} in {number_of_lines}"
    elif texts.kickstarts:
        yield "changes no kickstart"
    if texts.secrets or any(group.secret for group in texts.groups):
        number = texts.secrets + sum(group.texts for group in texts.groups if group.secret)
        yield f"changes a secret in {count(number, 'text')}"


def _lines(group: Group) -> int:
    return max(group.removed, group.added)


def _locks(found: Difference) -> Iterable[str]:
    if found.pins is None:
        return
    release = next((change for change in found.facts or () if change.label == "release"), None)
    if release:
        yield f"moves from {release.locked} to {release.now}"
    other = dict.fromkeys(change.pin.role for change in found.pins if change.other_bytes)
    booting = [role for role in BOOTS if role in other]
    yield f"boots another {joined(booting)}" if booting else "boots the same installer"
    rest = sum(change.other_bytes and change.pin.role not in BOOTS for change in found.pins)
    if rest:
        yield f"changes {count(rest, 'other pin')}"
    weaker = sum(change.weaker for change in found.pins)
    if weaker:
        yield f"PROVES LESS of {count(weaker, 'pin')}"


def _else(found: Difference) -> Iterable[str]:
    """What differs though no text and no pin does."""
    if found.keys and not (found.texts and (found.texts.groups or found.texts.gone or found.texts.come)):
        yield f"sets {count(len(found.keys), 'key')} otherwise"


def side(found: Side) -> str:
    """The name of a side, and its lock."""
    if found.kind == "lock":
        return found.shown
    if found.contents:
        return f"{found.shown}, a bundle of {count(len(found.names), 'host')}"
    lock = found.lock_shown if found.lock else "no lock"
    return f"{found.shown}, {count(len(found.names), 'host')}, {lock}"


def hosts(names: Sequence[str], *, full: bool) -> str:
    return ", ".join(names) if full else some(names, FEW_HOSTS)


def pin(found: Pin | None) -> str:
    return found.digest.short if found else "-"


def pin_name(change: PinChange) -> str:
    return lockfile.file_name(change.pin)


def pin_detail(change: PinChange) -> Iterable[str]:
    """What else is to be said of a pin that both locks have."""
    old, new = change.locked, change.now
    if not old or not new:
        return
    if old.size != new.size:
        yield f"{size(old.size)} -> {size(new.size)}"
    if old.path != new.path:
        yield f"moved from {old.path} to {new.path}"
    if change.weaker:
        yield f"LESS PROVED: {old.evidence} -> {new.evidence}"
    elif old.evidence != new.evidence:
        yield f"was {old.evidence}"
    if old.key != new.key and old.key and new.key:
        yield f"signed by ...{new.key[-8:]}, was ...{old.key[-8:]}"


def who(change: Changed) -> str:
    """Who set the key now, else who had set it."""
    return change.new_origin or change.old_origin or "default"


def value(text: str) -> str:
    """A value as a line can hold it."""
    return LONG.sub(lambda found: f"{found[0][:12]}...{found[0][-8:]}", visible(text))


def body(group: Group) -> list[str]:
    """The lines of a change as people see them: an empty line that stays has no blank either (patch(1) takes both)."""
    return ["" if line == " " else visible(line) for line in lines.unified(group.hunks)]


def visible(text: str) -> str:
    r"""`text` with \xNN for what a terminal or a browser would not show, or would obey."""
    return "\t".join(map(escaped, text.split("\t")))


def whose(group: Group, *, full: bool) -> str:
    """Who has this change; empty where that is one text."""
    own = ", each with its own names and addresses" if group.varied else ""
    if len(group.hosts) > 1:
        return f"{count(len(group.hosts), 'host')}, the same change{own}: {hosts(group.hosts, full=full)}"
    return f"{count(len(group.paths), 'text')}, the same change{own}:" if len(group.paths) > 1 else ""


def paths(group: Group, *, full: bool) -> list[str]:
    """The texts of the first host, whose lines are shown."""
    shown = group.paths if full else group.paths[:FEW_HOSTS]
    named = [_of(each, group.hosts[0]) if group.hosts else each for each in shown]
    return [*named, *([f"and {len(group.paths) - len(shown)} more"] if len(shown) < len(group.paths) else ())]


def _of(path: str, host: str) -> str:
    return path.replace("NAME", host) if "NAME" in path else f"{path} of {host}"


def left_out(texts: Found, shown: int) -> str:
    """What is said of the groups that are not shown."""
    rest = texts.groups[shown:]
    number = sum(group.texts for group in rest) + texts.more
    return f"{count(number, 'more text')} changed in other ways" if number else ""

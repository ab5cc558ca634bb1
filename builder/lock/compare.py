"""Two locks side by side: what a mirror changed since it was pinned, and which compose is older."""

from __future__ import annotations

from dataclasses import dataclass

from builder.lock.model import Lock, Pin

DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the difference: what it is about, the locked side, the side of now (short forms, for people)."""

    label: str
    locked: str
    now: str


def changes(locked: Lock, now: Lock) -> tuple[Change, ...]:
    """What differs, in the order of a report. An address that moved is no change: pins are relative to it."""
    pairs = [
        ("family", locked.family, now.family),
        ("release", locked.version, now.version),
        ("arch", locked.arch, now.arch),
        ("compose", locked.compose, now.compose),
        ("kernel", locked.kernel.version, now.kernel.version),
    ]
    found = [Change(label=label, locked=old, now=new) for label, old, new in pairs if old != new]
    before = {(p.role, p.name): p for p in locked.pins}
    after = {(p.role, p.name): p for p in now.pins}
    for key in sorted(before.keys() | after.keys()):
        found.extend(_pin_change(before.get(key), after.get(key)))
    return tuple(found)


def _pin_change(old: Pin | None, new: Pin | None) -> tuple[Change, ...]:
    pin = new or old
    if pin is None or (old and new and old.digest == new.digest and old.path == new.path):
        return ()
    label = pin.path.rpartition("/")[2] if not pin.name else f"{pin.name} repomd"
    return (Change(label=label, locked=_side(old), now=_side(new)),)


def _side(pin: Pin | None) -> str:
    return f"{pin.digest.short} {pin.evidence}" if pin else "-"


def is_older(locked: Lock, now: Lock, today: int) -> bool:
    """Is the tree's compose older than the locked one? A locked time past today + 2 days is absurd and no floor
    (RELIABILITY I10, I12); `today` in seconds."""
    return now.epoch < locked.epoch and locked.epoch <= today + 2 * DAY

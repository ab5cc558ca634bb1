"""Two locks side by side: what a mirror changed since it was pinned, and which compose is older."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from builder.lock.model import ROLES, Lock, Pin
from builder.trust.evidence import Evidence

DAY = 86_400
SECONDS = re.compile(r"[0-9]{9,11}(\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the difference: what it is about, the locked side, the side of now (short forms, for people)."""

    label: str
    locked: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PinChange:
    """One pin of two locks that is not the same on both; None: that lock has no such pin."""

    locked: Pin | None
    now: Pin | None

    @property
    def pin(self) -> Pin:
        """The one that counts from now on, else the one that is gone."""
        found = self.now or self.locked
        assert found is not None  # made of pairs, of which one is there
        return found

    @property
    def other_bytes(self) -> bool:
        return self.locked is None or self.now is None or self.locked.digest != self.now.digest

    @property
    def weaker(self) -> bool:
        """Is the pin less believed than it was?"""
        return bool(self.locked and self.now) and _rank(self.now) > _rank(self.locked)


def changes(locked: Lock, now: Lock) -> tuple[Change, ...]:
    """What differs, in the order of a report. An address that moved is no change: pins are relative to it."""
    before, after = _by_place(locked), _by_place(now)
    return (*facts(locked, now), *(change for key in sorted(before.keys() | after.keys())
                                   for change in _pin_change(before.get(key), after.get(key), locked)))


def facts(locked: Lock, now: Lock) -> tuple[Change, ...]:
    """What differs in what the trees say of themselves."""
    pairs = [
        ("family", locked.family, now.family),
        ("release", locked.version, now.version),
        ("arch", locked.arch, now.arch),
        ("compose", locked.compose, now.compose),
        ("kernel", locked.kernel.version, now.kernel.version),
        ("initrd", locked.kernel.buildstamp, now.kernel.buildstamp),
    ]
    return tuple(Change(label=label, locked=_time(old, new), now=_time(new, old))
                 for label, old, new in pairs if old != new)


def _time(text: str, other: str) -> str:
    """A compose that is called by its time in seconds, as a time for people, where that tells it from the other."""
    made = [datetime.fromtimestamp(float(each), UTC).strftime("%Y-%m-%d %H:%M") if SECONDS.fullmatch(each) else each
            for each in (text, other)]
    return made[0] if made[0] != made[1] else text


def pins(locked: Lock, now: Lock) -> tuple[PinChange, ...]:
    """Every pin with other bytes, another place, other evidence or another signer, in the order of the roles."""
    before, after = _by_place(locked), _by_place(now)
    pairs = (PinChange(locked=before.get(key), now=after.get(key)) for key in before.keys() | after.keys())
    return tuple(sorted((pair for pair in pairs if _says(pair.locked) != _says(pair.now)), key=_order))


def _says(pin: Pin | None) -> tuple[object, ...]:
    return (pin.digest, pin.path, pin.evidence, pin.key) if pin else ()


def _order(change: PinChange) -> tuple[int, str, str]:
    return ROLES.index(change.pin.role), change.pin.name, change.pin.path


def weaker(locked: Lock, now: Lock) -> tuple[tuple[Change, Pin], ...]:
    """What is less believed than it was, with its pin of now: what a mirror that strips signatures makes of a tree."""
    before = _by_place(locked)
    return tuple(
        (Change(label=_label(pin), locked=f"{old.evidence}{_signer(old)}", now=pin.evidence), pin)
        for key, pin in sorted(_by_place(now).items()) if (old := before.get(key)) and _rank(pin) > _rank(old))


def _rank(pin: Pin | None) -> int:
    return Evidence(pin.evidence).rank if pin else -1


def _by_place(lock: Lock) -> dict[tuple[str, str], Pin]:
    """Kernel, initrd and stage2 may move in the tree; of repositories and patches there are several."""
    return {(pin.role, pin.path if pin.role in ("patch", "loader") else pin.name): pin for pin in lock.pins}


def _pin_change(old: Pin | None, new: Pin | None, locked: Lock) -> tuple[Change, ...]:
    pin = new or old
    if pin is None or (old and new and old.digest == new.digest and old.path == new.path):
        return ()
    absent = "not there" if pin.role == "patch" else "-"
    before = "not looked at" if pin.role == "patch" and pin.path not in locked.absent else absent
    return (Change(label=_label(pin), locked=_side(old) or before, now=_side(new) or absent),)


def _label(pin: Pin) -> str:
    return pin.path.rpartition("/")[2] if not pin.name else f"{pin.name} repomd"


def _signer(pin: Pin) -> str:
    return f" (...{pin.key[-8:]})" if pin.key else ""


def _side(pin: Pin | None) -> str:
    return f"{pin.digest.short} {pin.evidence}" if pin else ""


def is_older(locked: Lock, now: Lock, today: int) -> bool:
    """Is the tree's compose older than the locked one? A locked time past today + 2 days is absurd and no floor
    (RELIABILITY I10, I12); `today` in seconds."""
    return now.epoch < locked.epoch and locked.epoch <= today + 2 * DAY

"""What differs between two sides: one value, of which text, Markdown and JSON are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from builder.errors import UsageError
from builder.jobs.comparing import beneath, rendered, settings
from builder.jobs.comparing.rendered import Around
from builder.jobs.comparing.settings import Changed
from builder.jobs.comparing.sides.side import Side
from builder.jobs.comparing.texts.own import natural
from builder.jobs.comparing.texts.pairs import Found
from builder.lock import compare
from builder.lock.compare import Change, PinChange
from builder.lock.model import Lock
from builder.profile import kinds
from builder.profile.values import Host


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """`both`, `added` and `removed` are names. `moved` are hosts of both with other MAC addresses (name, old, new), of
    which `armed` boot over the network: whatever machine has such an address is installed at its next start."""

    both: frozenset[str]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    moved: tuple[tuple[str, str, str], ...] = ()
    armed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`facts`, `pins` and `accepted` (what is taken though less is proved than usual) are of the locks, None where they
    were not compared; so with `keys`, `hosts` and `texts`. `notes` say what was not compared, and on what ground."""

    old: Side
    new: Side
    facts: tuple[Change, ...] | None = None
    pins: tuple[PinChange, ...] | None = None
    accepted: tuple[Change, ...] = ()
    keys: tuple[Changed, ...] | None = None
    hosts: Hosts | None = None
    texts: Found | None = None
    notes: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Is there a difference that a machine, or who reads the lock, would notice? Comments are none."""
        hosts, texts = self.hosts, self.texts
        return bool(self.facts or self.pins or self.accepted or self.keys
                    or (hosts and (hosts.added or hosts.removed or hosts.moved))
                    or (texts and (texts.groups or texts.gone or texts.come or texts.secrets or texts.more)))


def of(old: Side, new: Side, around: Around) -> Difference:
    """Raises UsageError: nothing that both sides have, or a side whose texts cannot be rendered."""
    notes: list[str] = []
    facts, pins, accepted = _locks(old, new, notes)
    if "lock" in (old.kind, new.kind):
        if pins is None:
            side = old if old.lock is None else new
            raise UsageError(f"{side.without}; a lock can be compared only with another", f"pinboot lock {side.shown}")
        if old.kind != new.kind:
            one = old if old.kind == "lock" else new
            notes.append(f"only the locks are compared: {one.shown} is one, and knows no hosts and no settings")
        return Difference(old=old, new=new, facts=facts, pins=pins, accepted=accepted, notes=tuple(notes))
    hosts = _hosts(old, new)
    texts = rendered.compare(old, new, notes, around)
    keys = settings.changed(old.settings, new.settings, hosts.both)
    if old.profile and new.profile:
        keys += beneath.changed(old.profile, new.profile, old.settings, new.settings)
    return Difference(old=old, new=new, facts=facts, pins=pins, accepted=accepted, keys=keys, hosts=hosts, texts=texts,
                      notes=tuple(notes))


def _locks(old: Side, new: Side, notes: list[str]) -> tuple[
        tuple[Change, ...] | None, tuple[PinChange, ...] | None, tuple[Change, ...]]:
    if old.lock is None or new.lock is None:
        notes.append(f"locks are not compared: {'; '.join(side.without for side in (old, new) if side.without)}")
        return None, None, ()
    return (*_differ(old.lock, new.lock),)


def _differ(old: Lock, new: Lock) -> tuple[tuple[Change, ...], tuple[PinChange, ...], tuple[Change, ...]]:
    told = [("address", old.source, new.source), ("not there", ", ".join(old.absent), ", ".join(new.absent))]
    facts = (*compare.facts(old, new), *(Change(label=label, locked=before, now=after)
                                         for label, before, after in told if before != after))
    accepted = tuple(Change(label=what, locked=old.overrides.get(what, ""), now=new.overrides.get(what, ""))
                     for what in sorted(old.overrides.keys() | new.overrides.keys())
                     if old.overrides.get(what) != new.overrides.get(what))
    return facts, compare.pins(old, new), accepted


def _hosts(old: Side, new: Side) -> Hosts:
    before, after = ({host.name: host for host in side.hosts} for side in (old, new))
    both = old.names & new.names
    moved = tuple((name, ", ".join(_macs(before[name])), ", ".join(_macs(after[name])))
                  for name in _sorted(both & before.keys() & after.keys()) if _macs(before[name]) != _macs(after[name]))
    armed = [name for name, *_ in moved if set(_macs(after[name])) - set(_macs(before[name]))]
    return Hosts(both=both, added=_sorted(new.names - old.names), removed=_sorted(old.names - new.names),
                 moved=moved, armed=tuple(armed if _boots_by_network(new) else ()))


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: (natural(name), name)))


def _macs(host: Host) -> tuple[str, ...]:
    """Of every card: a loader finds the machine by any of them."""
    return tuple(card.mac for card in host.network.cards if card.mac)


def _boots_by_network(side: Side) -> bool:
    found = side.settings.get(("outputs",))
    words = found.value if found and isinstance(found.value, list) else []
    return kinds.kind(map(str, words)) == "network"

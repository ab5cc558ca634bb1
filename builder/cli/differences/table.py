"""A difference as a table for machines: everything, with nothing cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from builder.cli.differences import words
from builder.jobs.comparing.difference import Difference
from builder.jobs.comparing.settings import Changed
from builder.jobs.comparing.sides.side import Side
from builder.jobs.comparing.texts import lines
from builder.jobs.comparing.texts.groups import Group
from builder.jobs.comparing.texts.pairs import Found
from builder.lock.compare import Change, PinChange
from builder.lock.model import Pin


def of(found: Difference) -> dict[str, Any]:
    """What was not compared is null."""
    return {
        "differs": found.differs, "summary": words.summary(found), "old": _side(found.old), "new": _side(found.new),
        "facts": None if found.facts is None else [_change(each) for each in found.facts],
        "pins": None if found.pins is None else [_pin_change(each) for each in found.pins],
        "accepted": [_change(each) for each in found.accepted],
        "settings": None if found.keys is None else [_key(each) for each in found.keys],
        "hosts": _hosts(found), "texts": _texts(found.texts), "notes": list(found.notes),
        "packages": None if found.texts is None else [
            {"removed": list(gone), "added": list(come), "hosts": hosts}
            for (gone, come), hosts in found.texts.packages.items()],
    }


def _side(side: Side) -> dict[str, Any]:
    return {"name": side.shown, "kind": side.kind, "lock": side.lock_shown if side.lock else None,
            "release": f"{side.lock.family} {side.lock.version} {side.lock.arch}" if side.lock else None}


def _change(change: Change) -> dict[str, str]:
    return {"what": change.label, "old": change.locked, "new": change.now}


def _pin_change(change: PinChange) -> dict[str, Any]:
    return {"role": change.pin.role, "name": change.pin.name, "path": change.pin.path, "old": _pin(change.locked),
            "new": _pin(change.now), "weaker": change.weaker}


def _pin(pin: Pin | None) -> dict[str, Any] | None:
    return None if pin is None else {"path": pin.path, "digest": str(pin.digest), "size": pin.size,
                                     "evidence": pin.evidence, "detail": pin.detail, "key": pin.key}


def _key(change: Changed) -> dict[str, Any]:
    return {"key": change.key, "old": change.old or None, "new": change.new or None, "old_origin": change.old_origin,
            "new_origin": change.new_origin, "hosts": change.hosts, "varied": change.varied, "secret": change.secret,
            "beneath": change.beneath}


def _hosts(found: Difference) -> dict[str, Any] | None:
    hosts = found.hosts
    return None if hosts is None else {
        "both": len(hosts.both), "added": list(hosts.added), "removed": list(hosts.removed),
        "moved": [{"host": name, "old": old, "new": new} for name, old, new in hosts.moved],
        "reinstalled": list(hosts.armed)}


def _texts(texts: Found | None) -> dict[str, Any] | None:
    return None if texts is None else {
        "compared": texts.pairs, "kickstarts": texts.kickstarts, "same": texts.same, "changed": texts.changed,
        "only_comments": texts.comments, "only_secrets": texts.secrets, "more": texts.more,
        "gone": _paths(texts.gone), "new": _paths(texts.come),
        "changes": [told(each) for each in texts.groups]}


def _paths(found: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    return [{"path": path, "hosts": hosts} for path, hosts in sorted(found.items())]


def told(group: Group) -> dict[str, Any]:
    return {"paths": group.paths, "hosts": group.hosts, "varied": group.varied, "secret": group.secret,
            "concealed": group.concealed, "removed": group.removed, "added": group.added,
            "diff": "".join(f"{line}\n" for line in lines.unified(group.hunks))}

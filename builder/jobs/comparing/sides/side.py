"""What can be compared: a lock, a profile with the lock beside it, a bundle; each with what it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from builder.errors import UsageError
from builder.jobs.comparing import settings
from builder.jobs.comparing.settings import Setting
from builder.jobs.comparing.sides import bundles, sources
from builder.jobs.comparing.sides.bundles import Contents
from builder.jobs.looking import locks
from builder.lock import text
from builder.lock.model import Lock
from builder.profile import resolve
from builder.profile.file import layers
from builder.profile.file.layers import Layer
from builder.profile.file.origins import Origins
from builder.profile.values import Host, Profile
from builder.progress import Progress

Kind = Literal["lock", "profile", "bundle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """`shown` is how the user calls it. A lock knows neither `settings` (empty) nor `hosts`. A profile may be `without`
    a lock, for the reason given. Of a bundle `hosts` are those whose files it has, resolved where that can be done
    without the files that only its maker has, and `names` are all of them."""

    shown: str
    kind: Kind
    name: str
    lock: Lock | None
    lock_shown: str
    without: str = ""
    settings: Mapping[settings.Path, Setting] = field(default_factory=lambda: MappingProxyType({}))
    hosts: tuple[Host, ...] = ()
    names: frozenset[str] = frozenset()
    profile: Profile | None = None
    layers: tuple[Layer, ...] = ()
    contents: Contents | None = None


def lock(path: Path, shown: str) -> Side:
    """Raises UsageError."""
    found = text.read(path, shown)
    if found is None:
        raise UsageError(f"{shown}: there is no such lock", "pinboot lock writes one beside its profile")
    return locked(found, shown)


def locked(found: Lock, shown: str) -> Side:
    return Side(shown=shown, kind="lock", name=shown, lock=found, lock_shown=shown)


def profile(path: Path, shown: str, lock_shown: str, environment: Mapping[str, str]) -> Side:
    """The profile, and the lock beside it where there is one of what it asks for. Raises UsageError."""
    joined = layers.read(path, shown)
    made = resolve.of(joined, path, shown, environment)
    beside = locks.beside(made, lock_shown)
    return Side(shown=shown, kind="profile", name=made.name, lock=beside.usable, lock_shown=lock_shown,
                without=beside.reason, profile=made, layers=tuple(joined.layers), hosts=made.hosts,
                settings=dict(settings.flat(joined.table, made.origins)),
                names=frozenset(host.name for host in made.hosts))


def bundle(path: Path, shown: str, progress: Progress) -> Side:
    """Raises NotFound, UsageError (no bundle), BytesDiffer (damaged)."""
    found = bundles.read(path, shown, progress)
    joined = sources.joined(found, Path())
    hosts = resolve.hosts(sources.without_files(joined), found.name)
    return Side(shown=shown, kind="bundle", name=found.name, lock=found.lock, lock_shown=f"{shown}/{found.lock_path}",
                settings=dict(settings.flat(joined.table, Origins(joined.origins, joined.rows))), contents=found,
                names=found.hosts, hosts=tuple(host for host in hosts if host.name in found.hosts))

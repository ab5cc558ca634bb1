"""A bundle as its own profile and lock would make it, beside the bundle as it lies there.

Everything is taken from the bundle itself. What its profile names beyond that (a secret, a key, a script) is read from
nowhere: a bundle that someone sent could name any file of this machine, and a difference would print it. Stand-ins take
their places, so a text that depends on one of them comes out wrong; but each rendered text has its digest in the
manifest, and one that meets it is what was built, to the byte. Only those are told.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from builder.errors import PinbootError
from builder.jobs.comparing import rendered
from builder.jobs.comparing.rendered import Around
from builder.jobs.comparing.sides import bundles, sources
from builder.jobs.comparing.sides.bundles import Contents
from builder.jobs.comparing.texts import own, pairs
from builder.jobs.comparing.texts.groups import Group
from builder.jobs.comparing.texts.pairs import Texts
from builder.jobs.comparing.texts.shelf import Shelf
from builder.jobs.looking import ground
from builder.jobs.routes import choose
from builder.media import verify
from builder.media.verify import Report
from builder.profile import resolve
from builder.profile.file.layers import Joined
from builder.profile.values import Host

# Values that pass for what a profile may name: crypt(5) of nothing, and printable characters enough for any secret.
STAND_IN = {"hash": f"$6$standin${'.' * 86}", "text": "a stand-in for what is not in the bundle, 0123456789abcdef"}
SECRETS = {"password": "hash", "passphrase": "text", "organization": "text", "activation_key": "text", "secret": "text"}
# Keys that name files; without them a profile is still one.
FILES = ("pre", "post", "onerror", "kickstart", "template", "catalog")
REFERENCE = ("file:", "env:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """`report` is what verify says of every file. Of the `texts` that a build renders `made` were rendered again as
    built, to the byte; `groups` are changes of such. `other` lie there as built, but come out otherwise though nothing
    is lacking; `hidden` were changed and cannot be told. `lacking` are keys of the profile that name what is not in the
    bundle, and `reason` is why nothing can be rendered."""

    shown: str
    report: Report
    version: str
    texts: int
    made: int
    groups: tuple[Group, ...]
    other: tuple[str, ...]
    hidden: tuple[str, ...]
    lacking: tuple[str, ...]
    reason: str = ""

    @property
    def differs(self) -> bool:
        return not self.report.intact or bool(self.other)


def of(path: Path, shown: str, around: Around) -> Rebuilt:
    """Raises NotFound, UsageError (no bundle), BytesDiffer (damaged), Missing."""
    report = verify.verify(path, around.progress)
    found = bundles.read(path, shown, around.progress)
    lacking: list[str] = []
    made, reason = Shelf(), ""
    hosts: tuple[Host, ...] = ()
    try:
        joined = _standing_in(sources.joined(found, Path()), lacking)
        profile = resolve.of(joined, Path(f"{found.name}.toml"), f"the profile of {shown}", STAND_IN)
        profile = replace(profile, hosts=tuple(host for host in profile.hosts if host.name in found.hosts))
        # Served paths hold a digest of inputs, what is lacking among them.
        taken = ground.built(choose.settled(profile, found.lock.kernel), found.lock, found.inputs)
        hosts, made = profile.hosts, rendered.render(taken, around.progress)
    except PinbootError as failure:
        reason = failure.message
    return _compared(found, made, hosts, report, shown, tuple(lacking), reason, around)


def _compared(found: Contents, made: Shelf, hosts: tuple[Host, ...], report: Report, shown: str,
              lacking: tuple[str, ...], reason: str, around: Around) -> Rebuilt:
    proved = {path for path in made if _digest(made, path) == found.built.get(path)}
    built, here = Shelf(), Shelf()
    told = {path for path in proved.intersection(found.changed) if path in found.texts}
    for path in told:
        built.put(path, made.get(path) or "")
        here.put(path, found.texts.get(path) or "")
    owners = own.owners(hosts, found.hosts)
    groups = pairs.compare(Texts(shelf=built, owners=owners), Texts(shelf=here, owners=owners),
                           context=around.context).groups
    other = () if lacking or reason else tuple(sorted(found.built.keys() - proved - {*found.changed, *found.lost}))
    return Rebuilt(shown=shown, report=report, version=found.version, texts=len(found.built), made=len(proved),
                   groups=tuple(groups), other=other, hidden=tuple(sorted(set(found.changed) - told)),
                   lacking=lacking, reason=reason)


def _digest(shelf: Shelf, path: str) -> str:
    return hashlib.sha256((shelf.get(path) or "").encode("utf-8", "surrogateescape")).hexdigest()


def _standing_in(found: Joined, lacking: list[str]) -> Joined:
    """The profile with a stand-in for each thing that is not in the bundle; `lacking` gets their keys."""
    table = copy.deepcopy(found.table)
    for key in FILES:
        if table.pop(key, None):
            lacking.append(key)
    for key, value in (("tree", "iso"), ("tree", "client_cert"), ("tree", "client_key"), ("serve", "loaders")):
        if isinstance(table.get(key), dict) and table[key].pop(value, None):
            lacking.append(f"{key}.{value}")
    table.pop("trust", None)  # it says why bytes are believed, which is in the lock
    lacking.extend(_stand_in(table, ""))
    return replace(found, table=table, layers=[])


def _stand_in(table: dict[str, Any], above: str) -> Iterator[str]:
    for name, value in table.items():
        key = f"{above}.{name}" if above else name
        if isinstance(value, dict):
            yield from _stand_in(value, key)
        elif name in SECRETS and isinstance(value, str) and value.startswith(REFERENCE):
            table[name] = f"env:{SECRETS[name]}"
            yield key
        elif name == "ssh_keys" and isinstance(value, list):
            table[name] = [each for each in value if not str(each).startswith(REFERENCE)]
            if len(table[name]) < len(value):
                yield key

""".buildstamp of the initrd against the tree: was this installer made for the release that the tree says it is?

The installer itself never compares them (REFERENCE 2.4). Who wrote the file is lorax (src/pylorax/buildstamp.py), whom
each distribution tells product and version by hand: only what is surely something else is an error.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping

from builder.catalog import load
from builder.catalog.family import Family
from builder.finding import Finding, Severity
from builder.lock.compare import DAY
from builder.names import shown
from builder.probe.initrd import Buildstamp
from builder.tree import identify
from builder.tree.identify import Identity

TOPIC = "same set"
# A compose makes initrd and .treeinfo within hours; more apart is worth a word, though no proof of anything.
APART = 30
MIXED = "this mirror mixes files of two trees: take another one, or try again when it is synchronised"
UUID = re.compile(r"([0-9]{12})\.([a-z0-9_]{1,20})")


def words(stamp: Buildstamp) -> str:
    """Product, version and UUID in one line, for the lock."""
    return " ".join(part for part in (stamp.product, stamp.version, stamp.uuid) if part)


def built(stamp: Buildstamp) -> datetime.datetime | None:
    """When the initrd was made: the UUID is that time in UTC or local time, to the minute, and an architecture."""
    found = UUID.fullmatch(stamp.uuid)
    try:
        return datetime.datetime.strptime(found[1], "%Y%m%d%H%M").replace(tzinfo=datetime.UTC) if found else None
    except ValueError:
        return None


def compare(stamp: Buildstamp | None, identity: Identity, initrd: str, epoch: int | None,
            families: Mapping[str, Family]) -> tuple[Finding, ...]:
    """What the stamp of `initrd` (its path) contradicts; a NOTE where there is none. `epoch` is when the tree was
    composed, `families` name the products that are known."""
    if stamp is None or not (stamp.product or stamp.version):
        return (Finding(topic=TOPIC, severity=Severity.NOTE,
                        text=f"{initrd}: no .buildstamp that names its product; not compared with the tree"),)
    found = (_product(stamp, identity, initrd, families), _version(stamp, identity, initrd),
             _arch(stamp, identity, initrd), _date(stamp, initrd, epoch))
    return tuple(finding for finding in found if finding)


def _product(stamp: Buildstamp, identity: Identity, initrd: str, families: Mapping[str, Family]) -> Finding | None:
    if not stamp.product or not identity.family:
        return None
    whose = next((f for f in families.values() if stamp.product.casefold() in _names(f)), None)
    if whose is None:
        return Finding(topic=TOPIC, severity=Severity.WARNING, expected=identity.title, found=stamp.product,
                       text=f"{initrd} calls its product {shown(stamp.product)}, a name that the catalog does not know")
    if whose.id == identity.family:
        return None
    told = f"{stamp.product} {stamp.version}".rstrip()
    if _kin(whose.id, identity.family):
        return Finding(topic=TOPIC, severity=Severity.WARNING, expected=str(identity), found=told,
                       text=f"{initrd} was built as {told}, the tree is {identity}")
    return _mixed("products", initrd, told, str(identity))


def _names(family: Family) -> Iterator[str]:
    return (name.casefold() for name in (family.title, *family.names))


def _kin(one: str, other: str) -> bool:
    """CentOS Stream's first trees were made with the settings of CentOS."""
    return one.startswith(f"{other}-") or other.startswith(f"{one}-")


def _version(stamp: Buildstamp, identity: Identity, initrd: str) -> Finding | None:
    version = stamp.version
    if not version or version.casefold() in (identity.version.casefold(), identity.known.casefold()):
        return None
    if not (identify.NUMBER.fullmatch(version) and identify.NUMBER.fullmatch(identity.known)):
        return Finding(topic=TOPIC, severity=Severity.WARNING, expected=identity.known, found=version,
                       text=f"{initrd} calls its version {shown(version)}, the tree is {identity.known}")
    if identify.agree(version, identity.known):
        return None
    return _mixed("releases", initrd, f"{stamp.product} {version}".lstrip(), str(identity))


def _arch(stamp: Buildstamp, identity: Identity, initrd: str) -> Finding | None:
    found = UUID.fullmatch(stamp.uuid)
    arch = load.ARCHES.get(found[2], "") if found else ""
    if not arch or arch == load.ARCHES.get(identity.arch, identity.arch):
        return None
    return _mixed("architectures", initrd, arch, identity.arch)


def _date(stamp: Buildstamp, initrd: str, epoch: int | None) -> Finding | None:
    day = built(stamp)
    if day is None or not epoch:
        return None
    apart = abs(int(day.timestamp()) - epoch) // DAY
    if apart <= APART:
        return None
    side = "before" if day.timestamp() < epoch else "after"
    return Finding(topic=TOPIC, severity=Severity.NOTE,
                   text=f"{initrd} was built on {day:%Y-%m-%d}, {apart} days {side} the tree was composed")


def _mixed(what: str, initrd: str, inside: str, tree: str) -> Finding:
    return Finding(topic=TOPIC, severity=Severity.ERROR, expected=tree, found=inside, hint=MIXED,
                   text=f"two {what} in one tree: {initrd} was built for {inside}, the tree is {tree}")

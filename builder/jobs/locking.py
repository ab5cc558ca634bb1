"""The job `lock`: pin what the tree serves, or hold the tree against what was pinned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from builder import digest
from builder.catalog import load
from builder.errors import (
    BytesDiffer,
    CheckFailed,
    HostileInput,
    Missing,
    NotFound,
    OutsideChanged,
    PinbootError,
    UsageError,
)
from builder.fetch import limits
from builder.finding import Finding, Severity
from builder.jobs.context import Context
from builder.jobs.looking import locks
from builder.jobs.survey import survey
from builder.jobs.survey.places import locate, reach, served
from builder.jobs.survey.places.locate import Located
from builder.jobs.survey.survey import Survey
from builder.lock import compare, text
from builder.lock.compare import Change
from builder.lock.model import Lock
from builder.media.pack import atomic, place
from builder.profile.values import Profile
from builder.trust.evidence import Evidence

COLUMNS = 80  # of a table of changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """`lock` is what the file holds now; `changes` what an update changed; `state` is written, updated, same or
    relocated; `asked` is the address that was looked at."""

    lock: Lock
    path: Path
    state: str
    asked: str
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()


def lock(profile: Profile, context: Context, *, shown: str, update: bool = False, allow_downgrade: bool = False,
         relocate: bool = False) -> Locked:
    """Write the lock where there is none; else verify the tree against it, or update or relocate it on request.

    Raises OutsideChanged (drift, older compose, dead address), CheckFailed (not what was asked for), UsageError.
    A failure leaves the lock as it was.
    """
    path = locks.lock_path(profile)
    place.tidy(path)
    locked = text.read(path, shown)
    if locked is None:
        if relocate:
            raise UsageError(f"{shown}: there is no lock to relocate", "pinboot lock writes one")
        now, findings = _made(_survey(profile, context, None), shown, None)
        atomic.write(path, text.write(now).encode())
        return Locked(lock=now, path=path, state="written", asked=now.source, findings=findings)
    locks.fits(locked, profile, shown, update=update)
    found = _survey(profile, context, locked, update=update)
    now, findings = _made(found, shown, locked)
    changed = compare.changes(locked, now)
    if relocate:
        return _relocated(locked, now, changed, path, shown, findings)
    if not changed and not update:
        _same_address(locked, now, found, shown)
        return Locked(lock=locked, path=path, state="same", asked=now.source, findings=findings)
    if not update:
        raise _drift(locked, now, changed, shown, context)
    if compare.is_older(locked, now, context.now) and not allow_downgrade:
        raise OutsideChanged(f"{shown}: the tree is an older compose than the lock\n{rows(changed)}",
                             "a mirror that went back may be stale or hostile; if you mean it: --allow-downgrade")
    _not_weaker(locked, now, profile, shown)
    atomic.write(path, text.write(now).encode())
    return Locked(lock=now, path=path, state="updated" if changed else "same", asked=now.source, changes=changed,
                  findings=findings)


def _survey(profile: Profile, context: Context, locked: Lock | None, *, update: bool = False) -> Survey:
    """An update looks anew: the address of a compose still serves the old one while the mirrors have the next."""
    return survey.survey(profile, context, fetch_stage2=True, fresh=locked is not None,
                         remembered=locked.source if locked and not update else None)


def _made(found: Survey, shown: str, locked: Lock | None) -> tuple[Lock, tuple[Finding, ...]]:
    """The lock of a survey without errors; else all its errors as one failure."""
    if found.lock is not None:
        return found.lock, tuple(found.findings)
    raise failure(found, f"Nothing was written; {shown} is as before." if locked else "Nothing was written.")


def failure(found: Survey, ending: str) -> PinbootError:
    """Every error finding of a survey as one message; the first one leads."""
    errors = [f for f in found.findings if f.severity is Severity.ERROR]
    lines = []
    for finding in errors:
        lines.append(finding.text)
        lines.extend(f"  {line}" for line in finding.detail)
        if finding.expected or finding.found:
            lines.append(f"  wanted {finding.expected}, found {finding.found}")
    hints = list(dict.fromkeys(f.hint for f in errors if f.hint))
    body = "\n  ".join([f"{found.located.source.url}: {lines[0]}", *lines[1:]])
    kind = BytesDiffer if all(f.topic == "images" and "checksums say" in f.text for f in errors) else CheckFailed
    return kind(body, "\n".join([*hints, ending]))


def _relocated(locked: Lock, now: Lock, changed: tuple[Change, ...], path: Path, shown: str,
               findings: tuple[Finding, ...]) -> Locked:
    if changed:
        raise OutsideChanged(f"{shown}: {now.source} serves other bytes than the lock holds\n{rows(changed)}",
                             "--relocate only changes the address; pinboot lock --update takes the new pins")
    moved = replace(locked, source=now.source)
    atomic.write(path, text.write(moved).encode())
    change = Change(label="address", locked=locked.source, now=now.source)
    return Locked(lock=moved, path=path, state="relocated", asked=now.source, changes=(change,), findings=findings)


def _same_address(locked: Lock, now: Lock, found: Survey, shown: str) -> None:
    if locked.source == now.source or not _dead(locked, found):
        return
    raise OutsideChanged(
        f"{shown}: the locked address is dead\n  was  {locked.source}\n  now  {now.source}\n"
        f"       the same bytes: {len(locked.pins)} of {len(locked.pins)} pins match",
        "pinboot lock --relocate   changes the address, no pin")


def _not_weaker(locked: Lock, now: Lock, profile: Profile, shown: str) -> None:
    """Evidence that was reached once and is no more: a stripped signature, unless the profile says that less will do.

    Raises CheckFailed with every pin that fell.
    """
    wanted, accepted = profile.trust.minimum, profile.trust.accept
    fallen = [(pin, change) for change, pin in compare.weaker(locked, now)
              if pin.path not in accepted and not (
                  pin.role in wanted and Evidence(pin.evidence).reaches(Evidence(wanted[pin.role])))]
    if not fallen:
        return
    role, word = fallen[0][0].role, fallen[0][0].evidence
    raise CheckFailed(
        f"{shown}: the tree proves less than when it was locked\n{rows(tuple(change for _, change in fallen))}",
        "a mirror that strips signatures looks like this: take another one\n"
        f'if the distribution itself stopped signing: trust.minimum = {{ {role} = "{word}" }}')


def _dead(locked: Lock, found: Survey) -> bool:
    return found.located.moved or locked.source in found.located.dead


def _drift(locked: Lock, now: Lock, changed: tuple[Change, ...], shown: str, context: Context) -> OutsideChanged:
    age = abs(now.epoch - locked.epoch) // 86_400
    when = "of the same time" if now.epoch == locked.epoch else (
        f"{age} days {'newer' if now.epoch > locked.epoch else 'older'}")
    more = ", --allow-downgrade" if compare.is_older(locked, now, context.now) else ""
    return OutsideChanged(
        f"{shown}: {now.source} is not what was locked; it is {when}\n{rows(changed)}",
        f"pinboot lock --update{more} takes what is there now, after showing it; the lock is unchanged")


def rows(changed: tuple[Change, ...]) -> str:
    """A table of three columns, indented by two, in 80 columns; what is too long for it takes two lines."""
    label = max(len(c.label) for c in changed)
    room = (COLUMNS - 6 - label) // 2
    narrow = [c for c in changed if max(len(c.locked), len(c.now)) <= room]
    locked = max(len("locked"), *(len(c.locked) for c in narrow), 0)
    lines = [f"  {'':<{label}}  {'locked':<{locked}}  now"]
    for c in changed:
        if c in narrow:
            lines.append(f"  {c.label:<{label}}  {c.locked:<{locked}}  {c.now}")
        else:
            lines += [f"  {c.label:<{label}}  {c.locked}", f"  {'  now':<{label}}  {c.now}"]
    return "\n".join(line.rstrip() for line in lines)


def gone(locked: Lock, reason: NotFound, profile: Profile, context: Context, shown: str) -> OutsideChanged:
    """A locked file is no longer at its address: what is missing, what is there instead, and how to go on."""
    asked = {address: _holds(address, locked, context) for address in _own_addresses(locked, profile, context)}
    if asked[locked.source]:
        return OutsideChanged(
            f"{shown}: {reason.message.splitlines()[0]}\n"
            "  its .treeinfo is the locked one: the mirror is damaged, or in the middle of a synchronisation",
            "try again later, or name another mirror in tree.mirrors\n"
            f"pinboot lock --update {profile.path.name}   takes what is there now")
    try:
        there = locate.locate(profile, context)
    except PinbootError as other:
        return _pruned(locked, profile, asked, (f"there    nothing: {other.message.splitlines()[0]}",), context, shown)
    same, small = _match(locked, there)
    if same == small and there.source.url != locked.source:
        return _elsewhere(locked, there.source.url, small, profile, context, shown)
    name = there.compose or there.source.url
    return _pruned(locked, profile, asked, (f"there    {name}, {_apart(locked.epoch, there.treeinfo.epoch)}",), context,
                   shown)


def _own_addresses(locked: Lock, profile: Profile, context: Context) -> tuple[str, ...]:
    """Where the locked tree could be: its address, what the profile names beside it, else the catalog's mirrors."""
    tree = profile.tree
    named = [each for each in (tree.address, *tree.mirrors) if each]
    known = () if tree.address else load.addresses(profile.release, context.today)
    return tuple(dict.fromkeys((locked.source, *named, *known)))


def _holds(address: str, locked: Lock, context: Context) -> bool:
    """Does `address` serve the locked treeinfo? Whoever does not answer does not."""
    try:
        return digest.matches(served.read(context.source(address)).data, locked.pin("treeinfo").digest)
    except (Missing, HostileInput):
        return False


def _match(locked: Lock, there: Located) -> tuple[int, int]:
    """How many of the small locked files (treeinfo, repositories) `there` serves as they are locked, of how many."""
    small = [*locked.of_role("treeinfo"), *locked.of_role("repository")]
    same = 0
    for pin in small:
        try:
            folder, name = reach.reach(there.source, pin.path)
            same += digest.matches(folder.read(name, limits.CAPS["repomd"]), pin.digest)
        except (Missing, HostileInput):
            continue
    return same, len(small)


def _elsewhere(locked: Lock, now: str, small: int, profile: Profile, context: Context, shown: str) -> OutsideChanged:
    ended = load.ended(profile.release, context.today)
    return OutsideChanged(
        f"{shown}: the locked address answers 404{f': {ended}' if ended else ''}\n"
        f"  was  {locked.source}\n  now  {now}\n"
        f"       the same .treeinfo and repositories: {small} of {small} match",
        f"pinboot lock --relocate {profile.path.name}   changes the address, no pin\n"
        "Bundles that were built before are as they were, but would fail at boot: their address is dead.")


def _pruned(locked: Lock, profile: Profile, asked: Mapping[str, bool], there: tuple[str, ...], context: Context,
            shown: str) -> OutsideChanged:
    """No mirror has it any more. `asked` says of each whether it has the locked tree."""
    ended = load.ended(profile.release, context.today)
    without = sum(not holds for holds in asked.values())
    named = f"compose {locked.compose}" if re.search("[A-Za-z]", locked.compose) else f"the tree at {locked.source}"
    missing = [pin.path for role in ("kernel", "initrd", "stage2") for pin in locked.of_role(role)]
    lines = [f"{shown}: {named} is gone ({without} of {len(asked)} mirror{'s' if len(asked) > 1 else ''})",
             *((ended,) if ended else ()), f"missing  {', '.join(missing)}", *there]
    command, width = f"pinboot lock --update {profile.path.name}", 36
    family = profile.release.family.title
    return OutsideChanged("\n  ".join(lines), "\n".join((
        f"{family} keeps only its newest composes. One of:" if profile.release.series.compose else "One of:",
        f"  {command:<{width}} go to what is there, shows changes",
        f"  {'pinboot store import FILE':<{width}} from a machine that locked it:",
        f"  {'':<{width}} pinboot store export {shown}")))


def _apart(locked: int, now: int | None) -> str:
    if now is None:
        return "its time is not told"
    days = abs(now - locked) // 86_400
    return f"{days} day{'' if days == 1 else 's'} {'newer' if now >= locked else 'older'}"

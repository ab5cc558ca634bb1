"""The job `lock`: pin what the tree serves, or hold the tree against what was pinned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from builder.catalog import load
from builder.errors import BytesDiffer, CheckFailed, NotFound, OutsideChanged, PinbootError, UsageError
from builder.finding import Finding, Severity
from builder.jobs.context import Context
from builder.jobs.survey import locate, survey
from builder.jobs.survey.survey import Survey
from builder.lock import compare, text
from builder.lock.compare import Change
from builder.lock.model import Lock
from builder.media.pack import atomic, place
from builder.profile.values import Profile


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


def lock_path(profile: Profile) -> Path:
    """Beside the profile: web1.toml -> web1.lock."""
    return profile.path.with_suffix(".lock")


def lock(profile: Profile, context: Context, *, shown: str, update: bool = False, allow_downgrade: bool = False,
         relocate: bool = False) -> Locked:
    """Write the lock where there is none; else verify the tree against it, or update or relocate it on request.

    Raises OutsideChanged (drift, older compose, dead address), CheckFailed (not what was asked for), UsageError.
    A failure leaves the lock as it was.
    """
    path = lock_path(profile)
    place.tidy(path)
    locked = text.read(path, shown)
    if locked is None:
        if relocate:
            raise UsageError(f"{shown}: there is no lock to relocate", "pinboot lock writes one")
        now, findings = _made(_survey(profile, context, None), shown, None)
        atomic.write(path, text.write(now).encode())
        return Locked(lock=now, path=path, state="written", asked=now.source, findings=findings)
    fits(locked, profile, shown, update=update)
    found = _survey(profile, context, locked)
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
    atomic.write(path, text.write(now).encode())
    return Locked(lock=now, path=path, state="updated" if changed else "same", asked=now.source, changes=changed,
                  findings=findings)


def _survey(profile: Profile, context: Context, locked: Lock | None) -> Survey:
    return survey.survey(profile, context, fetch_stage2=True, fresh=locked is not None,
                             remembered=locked.source if locked else None)


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


def fits(locked: Lock, profile: Profile, shown: str, *, update: bool) -> None:
    """Is the lock of the release that the profile asks for? Raises UsageError with both sides."""
    release = profile.release
    same = locked.family == release.family.id and locked.arch == release.arch
    if update or (same and covers(release.version, locked.version)):
        return
    raise UsageError(
        f"{shown}: locks {locked.family} {locked.version} {locked.arch}, but {profile.path.name} asks for {release}",
        "pinboot lock --update goes to the release of the profile; or set release back")


def covers(wanted: str, found: str) -> bool:
    """`9` covers 9.6; `7.9.2009` covers itself and a tree that tells no more than 7."""
    return found == wanted or found.startswith(wanted + ".") or wanted.startswith(found + ".")


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
    if locked.source == now.source or not _dead(found):
        return
    raise OutsideChanged(
        f"{shown}: the locked address is dead\n  was  {locked.source}\n  now  {now.source}\n"
        f"       the same bytes: {len(locked.pins)} of {len(locked.pins)} pins match",
        "pinboot lock --relocate   changes the address, no pin")


def _dead(found: Survey) -> bool:
    return found.located.moved or any("moved" in f.text for f in found.located.findings)


def _drift(locked: Lock, now: Lock, changed: tuple[Change, ...], shown: str, context: Context) -> OutsideChanged:
    age = abs(now.epoch - locked.epoch) // 86_400
    when = "of the same time" if now.epoch == locked.epoch else (
        f"{age} days {'newer' if now.epoch > locked.epoch else 'older'}")
    more = ", --allow-downgrade" if compare.is_older(locked, now, context.now) else ""
    return OutsideChanged(
        f"{shown}: {now.source} is not what was locked; it is {when}\n{rows(changed)}",
        f"pinboot lock --update{more} takes what is there now, after showing it; the lock is unchanged")


def rows(changed: tuple[Change, ...]) -> str:
    """A table of three columns, indented by two."""
    table = [("", "locked", "now"), *((c.label, c.locked, c.now) for c in changed)]
    first, second = (max(len(row[i]) for row in table) for i in (0, 1))
    return "\n".join(f"  {a:<{first}}  {b:<{second}}  {c}".rstrip() for a, b, c in table)


def gone(locked: Lock, reason: NotFound, profile: Profile, context: Context, shown: str) -> OutsideChanged:
    """A locked file is no longer at its address: say what is there instead, and how to go on."""
    ended = load.ended(profile.release, context.today)
    lines = [f"{shown}: {reason.message.splitlines()[0]}"]
    if ended:
        lines.append(f"  {ended}")
    for address in load.vaults(profile.release):
        if address != locked.source:
            lines.append(f"  the family's vault: {address}")
    try:
        there = locate.locate(profile, context, remembered=locked.source)
        lines.append(f"  there now: {there.source.url}, compose {there.treeinfo.timestamp or 'not told'}")
    except PinbootError as other:
        lines.append(f"  {other.message.splitlines()[0]}")
    return OutsideChanged("\n".join(lines), "pinboot lock --relocate   changes the address, where the bytes are the "
                          "same\npinboot lock --update     takes what is there now")

"""The job `build`: from profile and lock to a bundle. What answered during the build never changes a byte of it."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from builder import __version__, names
from builder.errors import (
    BytesDiffer,
    CheckFailed,
    Missing,
    NotFound,
    OutsideChanged,
    PinbootError,
    UsageError,
    several,
)
from builder.finding import Finding, Severity
from builder.jobs import packing, planning
from builder.jobs.context import Context
from builder.jobs.looking import locks
from builder.jobs.planning import Boot, Planner
from builder.jobs.routes import choose
from builder.jobs.routes.kept import Kept
from builder.jobs.routes.route import HostPlan, Route
from builder.jobs.survey.places import addresses
from builder.lock import text
from builder.lock.model import Lock, Pin
from builder.media import verify
from builder.media.bundle import Bundle
from builder.media.listing import spool
from builder.media.listing.listing import Listing
from builder.media.pack import directory, place, tar, zst
from builder.media.papers import manifest
from builder.media.papers.fetches import Fetched
from builder.media.signing.judged import State, unchecked
from builder.media.signing.signature import Signer
from builder.profile.file.layers import Layer
from builder.profile.values import Host, Profile
from builder.progress import Progress
from builder.trust import evidence
from builder.trust.evidence import Evidence

TEMPLATES = (("builder.boot.kickstart", "templates"), ("builder.outputs", ""),
             ("builder.outputs.guests", ""), ("builder.outputs.services", ""), ("builder.media", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """`unchanged`: the bundle was there, made from the same inputs, and every byte of it is right. `story` are lines
    for people; `route` says what to do with it; `signature` what its reader will be told of it."""

    bundle_id: str
    size: int
    files: int
    hosts: tuple[str, ...]
    route: Route
    fetched: tuple[Fetched, ...] = ()
    story: tuple[str, ...] = ()
    unchanged: bool = False
    signature: str = ""


def build(profile: Profile, layers: Sequence[Layer], context: Context, *, shown: str, hosts: tuple[str, ...],
          target: Path, offline: bool, signer: Signer | None = None) -> Built:
    """Pack the bundle of `profile` at `target` (a name that ends in .tar or .tar.zst: one file).

    Raises UsageError (the profile cannot be built), OutsideChanged (the locked files are gone or others), Missing
    (offline and not in the store), CheckFailed (the signer does not sign). A bundle that was there stays until the new
    one is whole. Without a signer a bundle of the same inputs keeps the signature that it has.
    """
    lock = text.read(locks.lock_path(profile), shown)
    if lock is None:
        raise UsageError(f"{shown}: there is no lock", f"pinboot lock {profile.path}")
    locks.fits(lock, profile, shown, update=False)
    _enough_evidence(profile, lock, shown)
    chosen = choose.settled(_only(profile, hosts), lock.kernel)
    inputs = build_key(chosen, layers, lock, context.environment)
    stage2 = lock.pin("stage2")
    route = choose.route(chosen, lock.kernel, stage2=stage2.path, version=lock.version, ident=inputs)
    there = _as_built(target, inputs, chosen, route, context, signer)
    if there:
        place.tidy(target.absolute())
        return there
    for what, reason in sorted(lock.overrides.items()):
        context.progress.say(f"warning: {what}: {reason}")
    needed, fetched = _bring(chosen, lock, route.roles, context, shown, offline=offline)
    boot = Boot(kernel=lock.kernel, initrd_size=lock.pin("initrd").size, stage2_size=stage2.size,
                install_url=addresses.install_url(chosen, lock.source))
    with spool.beside(target) as room:
        listing = Listing(room)
        plans = _plans(chosen, boot, route, context, listing)
        ident, listed = packing.bundle(chosen, layers, lock, plans, listing, context, route=route,
                                       install_url=boot.install_url, inputs=inputs)
        signature = packing.signed(listing, signer).text if signer else ""
        place.make_room(target)
        _write(Bundle(name=chosen.name, epoch=packing.epoch(lock, context.environment), entries=listing), target,
               context.progress)
    handler = chosen.release.generation.handler
    return Built(
        bundle_id=ident, size=listing.size, files=listing.files, hosts=tuple(h.name for h in chosen.hosts),
        fetched=listed, signature=signature, route=route, story=(
            f"store     {needed} of {needed} files there, re-hashed",
            f"network   {f'{fetched} fetched from {lock.source}' if fetched else 'not used'}",
            f"hosts     {len(plans)} rendered for {', '.join(chosen.outputs)}; kickstarts read back as {handler}"))


def _write(made: Bundle, target: Path, progress: Progress) -> None:
    if target.name.endswith(zst.SUFFIX):
        zst.write(made, target, progress)
    elif target.suffix == ".tar":
        tar.write(made, target, progress)
    else:
        directory.write(made, target, progress)


def _enough_evidence(profile: Profile, lock: Lock, shown: str) -> None:
    """The policy of now, not of when the lock was made. It is not asked of a file that the profile accepts by name and
    that the lock names as accepted."""
    family = profile.release.series.minimum
    short = []
    for pin in lock.pins:
        if pin.path in profile.trust.accept and pin.path in lock.overrides:
            continue
        least = evidence.minimum(pin.role, profile.trust.minimum, family)
        if pin.role != "treeinfo" and not Evidence(pin.evidence).reaches(least):
            short.append(f"{pin.path}: wants {least.value}, the lock has {pin.evidence}")
    if short:
        raise several(f"{shown}: the lock does not reach trust.minimum", short,
                      "pinboot lock --update gathers evidence anew; or lower trust.minimum for this role")


def _only(profile: Profile, wanted: tuple[str, ...]) -> Profile:
    return replace(profile, hosts=hosts(profile, wanted)) if wanted else profile


def hosts(profile: Profile, wanted: Collection[str]) -> tuple[Host, ...]:
    """The hosts of these names (--host), in the order of the profile. Raises UsageError with the closest name."""
    known = {host.name: host for host in profile.hosts}
    for name in wanted:
        if name.lower() not in known:
            close = difflib.get_close_matches(name.lower(), known, 1)
            raise UsageError(f"--host {name}: {profile.name} has no such host" +
                             (f"; did you mean {close[0]}?" if close else ""), f"hosts: {names.some(known)}")
    asked = {name.lower() for name in wanted}
    return tuple(host for host in profile.hosts if host.name in asked)


def build_key(profile: Profile, layers: Sequence[Layer], lock: Lock, environment: Mapping[str, str]) -> str:
    """A digest of everything that a bundle is made from: the same key means the same bytes."""
    made = hashlib.sha256()
    parts = [__version__.encode(), text.write(lock).encode(), str(packing.epoch(lock, environment)).encode(),
             repr(replace(profile, path=Path(profile.path.name), origins={})).encode(),
             repr(sorted((k, str(o)) for k, o in profile.origins.items())).encode()]
    parts += [piece for layer in layers for piece in (layer.name.encode(), layer.data)]
    for package, folder in TEMPLATES:
        place = resources.files(package).joinpath(folder) if folder else resources.files(package)
        parts += [each.read_bytes() for each in sorted(place.iterdir(), key=lambda e: e.name)
                  if each.name.endswith((".j2", ".sh", ".in"))]
    for part in parts:
        made.update(len(part).to_bytes(8, "big"))
        made.update(part)
    return made.hexdigest()


def _as_built(target: Path, inputs: str, profile: Profile, route: Route, context: Context,
              signer: Signer | None) -> Built | None:
    """The bundle that is there already, if it is of these inputs, every byte of it is right, and it has the signer's
    signature where there is one."""
    if not manifest.is_of(target / manifest.PATH, inputs):
        return None
    try:
        found = verify.verify(target, context.progress, signer.check if signer else unchecked)
    except PinbootError:
        return None
    if not found.intact:
        context.progress.say(f"{target}: is not as it was built; building it again")
        return None
    if not found.signature.ok:
        context.progress.say(f"{target}: signature {found.signature.text}; building it again")
        return None
    return Built(bundle_id=found.bundle_id, size=0, files=found.files, hosts=tuple(h.name for h in profile.hosts),
                 route=route, unchanged=True,
                 signature="" if found.signature.state is State.NONE else found.signature.text)


def _bring(profile: Profile, lock: Lock, roles: Sequence[str], context: Context, shown: str, *,
           offline: bool) -> tuple[int, int]:
    """Every file that goes along, verified in the store; how many there are, and how many had to be fetched. All that
    is missing is told at once."""
    needed = [pin for pin in lock.pins if pin.role in roles]
    missing = [pin for pin in needed if not context.store.verified(pin.digest, pin.size, context.progress, pin.path)]
    if missing and offline:
        lines = [f"{pin.path}  {pin.digest.short}" for pin in missing]
        raise Missing(f"{shown}: not in the store, and --offline fetches nothing" + "".join(f"\n  {x}" for x in lines),
                      f"run pinboot build {profile.path} once with network; the store is {context.store.root}")
    for pin in missing:
        _fetch(pin, profile, lock, context, shown)
    return len(needed), len(missing)


def _fetch(pin: Pin, profile: Profile, lock: Lock, context: Context, shown: str) -> None:
    try:
        source = addresses.mirrors(profile, lock.source, context)
        source.fetch(pin.path, kind=pin.role, expected=pin.digest, size=pin.size, what=pin.path)
    except NotFound as reason:
        from builder.jobs import locking  # 80 ms for all that looks at a tree, which a build seldom does

        raise locking.gone(lock, reason, profile, context, shown) from reason
    except BytesDiffer as reason:
        raise OutsideChanged(f"{shown}: {reason.message}",
                             "pinboot lock shows what changed at that address; --update takes it. Nothing was built") \
            from reason


def _plans(profile: Profile, boot: Boot, route: Route, context: Context, listing: Listing) -> tuple[Kept, ...]:
    """A plan for every host, whose texts are then in the listing; what stands in the way of all, or of any, is told for
    all of them at once."""
    plans: list[Kept] = []
    planner = Planner(profile, boot, route)
    bad = _stand_in_the_way((*profile.findings, *planner.about()), "", context)
    refused: UsageError | None = None
    for host in profile.hosts if not bad else ():
        made, findings = planner.judge(host)
        bad += _stand_in_the_way(findings, f"{host.name}: ", context)
        if made and not (bad or refused):
            try:
                plans.append(_kept(made, route, listing))
            except UsageError as reason:  # the other hosts are heard first
                refused = reason
    if bad:
        lines = [line for f in bad for line in (f.text, *(f"  {d}" for d in f.detail))]
        raise several(f"{profile.path.name}: {len(bad)} {'reason' if len(bad) == 1 else 'reasons'} not to build", lines,
                      "\n".join(dict.fromkeys(f.hint for f in bad if f.hint)))
    if refused:
        raise refused
    if not plans:
        raise CheckFailed(f"{profile.path.name}: there is no host to build for")
    return tuple(plans)


def _kept(made: HostPlan, route: Route, listing: Listing) -> Kept:
    kept = Kept(made, listing)
    for entry in route.own(made):
        listing.add(entry)
    return kept


def _stand_in_the_way(findings: Sequence[Finding], whose: str, context: Context) -> list[Finding]:
    """The errors, named; warnings are said."""
    for finding in findings:
        if finding.severity is Severity.WARNING:
            context.progress.say(f"warning: {whose}{finding.text}")
    return [replace(finding, text=f"{whose}{finding.text}") for finding in planning.errors(findings)]

"""The texts of two sides: those of a bundle as they lie there, those of a profile as a build would write them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import builder
from builder.errors import UsageError
from builder.jobs.comparing.sides.bundles import Contents
from builder.jobs.comparing.sides.side import Side
from builder.jobs.comparing.texts import own, pairs
from builder.jobs.comparing.texts.pairs import Found, Texts
from builder.jobs.comparing.texts.shelf import Shelf
from builder.jobs.looking import ground, locks
from builder.jobs.looking.ground import Ground
from builder.jobs.looking.rendering import Rendering
from builder.jobs.routes.network import ID_LENGTH, NetworkRoute
from builder.lock.model import Lock
from builder.media.papers import nextsteps
from builder.profile.secrets import Secret
from builder.profile.values import Profile
from builder.progress import Progress

HOSTS = "private/hosts.tsv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What rendering needs from the door: `environment`, the day of `today`, and the lines of `context`."""

    environment: Mapping[str, str]
    today: datetime.date
    progress: Progress
    context: int


def compare(old: Side, new: Side, notes: list[str], around: Around) -> Found:
    """`notes` gets what the reader must know of how texts came about. Raises UsageError."""
    grounds = [_ground(side, other, notes, around) for side, other in ((old, new), (new, old))]
    sides = [_side(side, found, around.progress) for side, found in zip((old, new), grounds, strict=True)]
    for side in sides:
        side.shelf.drop(nextsteps.PATH)  # it tells people what the other texts say
    concealed = any(side.contents and _may_hide(side) for side in (old, new))
    if concealed:
        notes.append("kickstarts that differ are not shown: the template may have put a secret anywhere in them")
    with around.progress.start("comparing", len(sides[0].shelf), " texts") as meter:
        return pairs.compare(*sides, context=around.context, concealed=concealed, meter=meter)


def _ground(side: Side, other: Side, notes: list[str], around: Around) -> Ground | None:
    """What the texts of a profile stand on; None for a bundle, whose texts are there."""
    if side.contents:
        notes.extend(_of_bundle(side.shown, side.contents))
        return None
    assert side.profile is not None  # a side with texts is one or the other
    lock = side.lock or _borrowed(side, side.profile, other, notes)
    found = ground.of(side.profile, side.layers, lock, environment=around.environment, today=around.today)
    if found.assumed:
        notes.append(f"{side.without}; its texts take for granted: {'; '.join(found.assumed)}")
    return found


def _borrowed(side: Side, profile: Profile, other: Side, notes: list[str]) -> Lock | None:
    """The lock of the other side, where it would do for this one: then only the profiles make a difference."""
    if other.lock is None:
        return None
    try:
        locks.fits(other.lock, profile, other.lock_shown, update=False)
    except UsageError:
        return None
    notes.append(f"{side.without}; its texts are rendered with {other.lock_shown}")
    return other.lock


def _of_bundle(shown: str, found: Contents) -> Iterator[str]:
    changed = len(found.changed) + len(found.lost)
    if changed:
        first = (*found.changed, *found.lost)[0]
        yield (f"{shown}: {changed} of its texts {'is' if changed == 1 else 'are'} not as built ({first}"
               f"{', ...' if changed > 1 else ''}); pinboot verify {shown} says which")
    if found.version != builder.__version__:
        yield f"{shown} was built by pinboot {found.version}, this is {builder.__version__}"


def _side(side: Side, found: Ground | None, progress: Progress) -> Texts:
    if side.contents:
        texts, ident = side.contents.texts, side.contents.inputs[:ID_LENGTH]
        served = any(f"/b/{ident}/" in path for path in texts) if ident else False
        return Texts(shelf=texts, owners=own.owners(side.hosts, side.names, texts.get(HOSTS) or ""),
                     ident=ident if served else "")
    assert found is not None  # of a profile there is one
    texts = render(found, progress)
    return Texts(shelf=texts, owners=own.owners(side.hosts, side.names, texts.get(HOSTS) or ""),
                 ident=found.route.ident if isinstance(found.route, NetworkRoute) else "",
                 secrets=known(found.profile))


def render(found: Ground, progress: Progress) -> Shelf:
    """Every text of a profile. Raises UsageError where a host cannot be planned."""
    shelf = Shelf()
    with progress.start(f"rendering {found.profile.name}", unit=" texts") as meter:
        for text in Rendering(found).all():
            shelf.put(text.path, text.text)
            meter.advance(1)
    return shelf


def known(profile: Profile) -> tuple[Secret, ...]:
    """The secrets that stand in clear in its texts; hashes are known by their look."""
    found = {secret.text: secret for host in profile.hosts for secret in host.secrets}
    if profile.serve:
        found[profile.serve.secret.text] = profile.serve.secret
    return tuple(found[text] for text in sorted(found))


def _may_hide(side: Side) -> bool:
    """A template of the user writes a secret in words that nobody else knows; what pinboot writes is known by its
    options."""
    names = {path[-1] for path in side.settings}
    return "template" in names and bool(names & {"passphrase", "activation_key", "organization"})

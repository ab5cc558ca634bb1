"""The files of a bundle: those of its route, what it was made from, and what lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from builder.errors import UsageError
from builder.jobs.context import Context
from builder.jobs.routes.kept import Kept
from builder.jobs.routes.route import PRIVATE, Route
from builder.lock import text
from builder.lock.model import Lock
from builder.media import checksums
from builder.media.entry import Entry, text_entry
from builder.media.listing.listing import Listing
from builder.media.papers import fetches, manifest, nextsteps, provenance, sbom
from builder.media.papers.fetches import Fetched
from builder.media.signing.judged import Judged
from builder.media.signing.signature import Signer
from builder.profile.file.layers import Layer
from builder.profile.values import Profile


def bundle(profile: Profile, layers: Sequence[Layer], lock: Lock, plans: Sequence[Kept], listing: Listing,
           context: Context, *, route: Route, install_url: str, inputs: str) -> tuple[str, tuple[Fetched, ...]]:
    """Add to `listing`, which has the texts of the hosts, all other files of the bundle: those that the hosts share,
    what it was made from, and what lists them all.

    Its id, and what its machines will fetch by themselves. Raises UsageError where an output cannot carry a value, and
    where the spool cannot be written, as the packers do; CheckFailed, BytesDiffer.
    """
    stamp = epoch(lock, context.environment)
    own = profile.serve.url if profile.serve else ""
    listed = fetches.listed(profile, lock, install_url, (plan.parameters for plan in plans), own=own)
    lock_name = f"{profile.name}.lock"
    copy, sources = text_entry(lock_name, text.write(lock), origin="copied"), _sources(layers)
    for entry in (*route.images(plans, lock, context, stamp, listing.spool), *sources, copy, checksums.script(),
                  nextsteps.entry(profile, lock, lock_name, listed, steps=route.steps(), contents=route.contents())):
        listing.add(entry)
    for entry in route.shared(plans):
        listing.add(entry)
    listing.add(sbom.build(profile.name, listing, lock, copy, epoch=stamp))
    listing.add(provenance.build(listing, lock, copy, sources=sources, hosts=(plan.host.name for plan in plans),
                                 epoch=stamp))
    ident = manifest.bundle_id(listing)
    listing.add(manifest.build(profile.name, listing, lock, lock_name, route.injected(plans), inputs=inputs,
                               epoch=stamp, ident=ident))
    listing.add(checksums.build(listing))
    return ident, listed


def signed(listing: Listing, by: Signer) -> Judged:
    """Add a signature of SHA256SUMS; what the reader of the bundle will be told. Raises CheckFailed, Missing."""
    sums = next(entry for entry in listing if entry.path == checksums.PATH)
    signature, judged = by.sign(b"".join(sums.chunks()))
    listing.add(signature)
    return judged


def epoch(lock: Lock, environment: Mapping[str, str]) -> int:
    """The one time in all output: SOURCE_DATE_EPOCH where it is set, else the compose's. Raises UsageError."""
    word = environment.get("SOURCE_DATE_EPOCH")
    if not word:
        return lock.epoch
    if not (word.isascii() and word.isdigit() and int(word) < 1 << 32):
        raise UsageError(f"SOURCE_DATE_EPOCH={word!r} is no number of seconds since 1970",
                         "unset it, or see reproducible-builds.org/specs/source-date-epoch")
    return int(word)


def _sources(layers: Sequence[Layer]) -> list[Entry]:
    """The profile as the user wrote it, and what else it was made from, in the order in which it counts: the files that
    it extends, inventories, what the command line set. Private: a layer may hold a password hash."""
    own, *more = sorted(layers, key=lambda layer: layer.role != "profile")
    entries = [text_entry("profile.toml", own.data, mode=PRIVATE, origin="copied")]
    for number, layer in enumerate(more, 1):
        name = layer.name.rpartition("/")[2]
        entries.append(text_entry(f"layers/{number}-{name}", layer.data, mode=PRIVATE, origin="copied"))
    return entries

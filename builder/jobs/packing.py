"""The files of a bundle: those of its route, what it was made from, and what lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from builder.errors import UsageError
from builder.jobs.context import Context
from builder.jobs.routes import route as routes
from builder.jobs.routes.route import PRIVATE, HostPlan, Route
from builder.lock import text
from builder.lock.model import Lock
from builder.media import checksums
from builder.media.bundle import Bundle, Entry, text_entry
from builder.media.bundle import bundle as make_bundle
from builder.media.papers import fetches, manifest, nextsteps, provenance, sbom
from builder.media.papers.fetches import Fetched
from builder.media.signing.judged import Judged
from builder.media.signing.signature import Signer
from builder.profile.file.layers import Layer
from builder.profile.values import Profile


def bundle(profile: Profile, layers: Sequence[Layer], lock: Lock, plans: Sequence[HostPlan], context: Context, *,
           route: Route, install_url: str, inputs: str) -> tuple[Bundle, tuple[Fetched, ...]]:
    """The bundle as a value, and what its machines will fetch by themselves."""
    stamp = epoch(lock, context.environment)
    own = profile.serve.url if profile.serve else ""
    listed = fetches.listed(profile, lock, install_url, (plan.cmdline.parameters for plan in plans), own=own)
    lock_name = f"{profile.name}.lock"
    copy, sources = text_entry(lock_name, text.write(lock), origin="copied"), _sources(layers)
    entries = [*routes.entries(route, plans, lock, context, stamp), *sources, copy, checksums.script(),
               nextsteps.entry(profile, lock, lock_name, listed, steps=route.steps(), contents=route.contents())]
    entries.append(sbom.build(profile.name, entries, lock, copy, epoch=stamp))
    entries.append(provenance.build(entries, lock, copy, sources=sources, hosts=(p.host.name for p in plans),
                                    epoch=stamp))
    entries.append(manifest.build(profile.name, entries, lock, lock_name, route.injected(plans), inputs=inputs,
                                  epoch=stamp))
    entries.append(checksums.build(entries))
    return make_bundle(profile.name, stamp, entries), listed


def signed(made: Bundle, by: Signer) -> tuple[Bundle, Judged]:
    """The bundle with a signature of its SHA256SUMS beside it, and what its reader will be told. Raises CheckFailed,
    Missing."""
    sums = next(entry for entry in made.entries if entry.path == checksums.PATH)
    signature, judged = by.sign(b"".join(sums.chunks()))
    return make_bundle(made.name, made.epoch, (*made.entries, signature)), judged


def bundle_id(made: Bundle) -> str:
    return manifest.bundle_id(made.entries)


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

"""The files of a bundle, laid out: boot/, hosts/, scripts, what it was made from, the manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from builder.errors import UsageError
from builder.jobs import planning
from builder.jobs.context import Context
from builder.jobs.planning import HostPlan
from builder.lock import text
from builder.lock.model import Lock, Pin
from builder.media import checksums, fetches, inject, manifest, nextsteps, provenance, sbom
from builder.media.bundle import Bundle, Entry, Part, text_entry
from builder.media.bundle import bundle as make_bundle
from builder.media.fetches import Fetched
from builder.media.signing.judged import Judged
from builder.media.signing.signature import Signer
from builder.outputs import up, xen
from builder.profile.file.layers import Layer
from builder.profile.values import Profile

PRIVATE = 0o600


def bundle(profile: Profile, layers: Sequence[Layer], lock: Lock, plans: Sequence[HostPlan], context: Context, *,
           install_url: str, inputs: str) -> tuple[Bundle, tuple[Fetched, ...]]:
    """The bundle as a value, and what its machines will fetch by themselves."""
    stamp = epoch(lock, context.environment)
    listed = fetches.listed(profile, lock, install_url, (plan.cmdline.parameters for plan in plans))
    lock_name = f"{profile.name}.lock"
    copy, sources = text_entry(lock_name, text.write(lock), origin="copied"), _sources(layers)
    entries = [*_boot(lock, plans, context, stamp), *_hosts(profile, plans), *sources, copy, checksums.script(),
               nextsteps.entry(profile, lock, lock_name, listed)]
    script = up.script(profile)
    entries.append(text_entry(script.path, script.text, mode=script.mode))
    entries.append(sbom.build(profile.name, entries, lock, copy, epoch=stamp))
    entries.append(provenance.build(entries, lock, copy, sources=sources, hosts=(p.host.name for p in plans),
                                    epoch=stamp))
    kickstarts = [planning.kickstart_path(p.host) for p in plans]
    entries.append(manifest.build(profile.name, entries, lock, lock_name, kickstarts, inputs=inputs, epoch=stamp))
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


def _boot(lock: Lock, plans: Sequence[HostPlan], context: Context, stamp: int) -> list[Entry]:
    """Kernel and initrd as pinned, and the initrd that carries every host's kickstart: one for all of a dom0."""
    kernel = _pinned(lock.pin("kernel"), xen.KERNEL, context)
    initrd = _pinned(lock.pin("initrd"), "boot/initrd.img", context)
    files = {planning.kickstart_path(p.host): (p.kickstart.encode(), PRIVATE) for p in plans}
    return [kernel, initrd, inject.injected(initrd, inject.member(files, stamp), path=xen.INITRD)]


def _pinned(pin: Pin, path: str, context: Context) -> Entry:
    part = Part(size=pin.size, open=lambda: context.store.open(pin.digest))
    return Entry(path=path, mode=0o644, size=pin.size, digest=pin.digest, parts=(part,), origin="pinned")


def _hosts(profile: Profile, plans: Sequence[HostPlan]) -> list[Entry]:
    entries = []
    for made in plans:
        folder = f"hosts/{made.host.name}"
        for config in xen.configs(made.host, profile, kind=made.kind, cmdline=made.cmdline.text()):
            entries.append(text_entry(config.path, config.text, mode=config.mode))
        entries.append(text_entry(f"{folder}/ks.cfg", made.kickstart, mode=PRIVATE))
        lines = (*made.cmdline.parameters, "", made.cmdline.text())
        entries.append(text_entry(f"{folder}/cmdline", "\n".join(lines) + "\n"))
    return entries


def _sources(layers: Sequence[Layer]) -> list[Entry]:
    """The profile as the user wrote it, and the files that it extends. Private: a layer may hold a password hash."""
    *below, own = layers
    entries = [text_entry("profile.toml", own.data, mode=PRIVATE, origin="copied")]
    for number, layer in enumerate(below, 1):
        name = layer.name.rpartition("/")[2]
        entries.append(text_entry(f"layers/{number}-{name}", layer.data, mode=PRIVATE, origin="copied"))
    return entries

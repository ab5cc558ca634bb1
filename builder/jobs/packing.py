"""The files of a bundle, laid out: boot/, hosts/, scripts, what it was made from, the manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from builder.errors import UsageError
from builder.jobs import planning
from builder.jobs.context import Context
from builder.jobs.planning import HostPlan
from builder.lock import text
from builder.lock.model import Lock, Pin
from builder.media import checksums, inject, manifest, nextsteps
from builder.media.bundle import Bundle, Entry, Part, text_entry
from builder.media.bundle import bundle as make_bundle
from builder.media.nextsteps import Fetched
from builder.outputs import up, xen
from builder.profile.file.layers import Layer
from builder.profile.values import Profile

PRIVATE = 0o600


def bundle(profile: Profile, layers: Sequence[Layer], lock: Lock, plans: Sequence[HostPlan], context: Context, *,
           install_url: str, inputs: str) -> tuple[Bundle, tuple[Fetched, ...]]:
    """The bundle as a value, and what its machines will fetch by themselves."""
    stamp = epoch(lock, context.environment)
    listed = fetched(profile, lock, install_url)
    lock_name = f"{profile.name}.lock"
    entries = [*_boot(lock, plans, context, stamp), *_hosts(profile, plans), *_sources(layers),
               text_entry(lock_name, text.write(lock), origin="copied"), checksums.script(),
               nextsteps.entry(profile, lock, lock_name, listed)]
    script = up.script(profile)
    entries.append(text_entry(script.path, script.text, mode=script.mode))
    kickstarts = [planning.kickstart_path(p.host) for p in plans]
    entries.append(manifest.build(profile.name, entries, lock, lock_name, kickstarts, inputs=inputs, epoch=stamp))
    entries.append(checksums.build(entries))
    return make_bundle(profile.name, stamp, entries), listed


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


def fetched(profile: Profile, lock: Lock, install_url: str) -> tuple[Fetched, ...]:
    """Every address that a guest asks by itself while it installs, and what protects the bytes there."""
    stage2 = lock.pin("stage2")
    secure = install_url.startswith("https://")
    way = "https" if secure else "plain http: whoever is on the way can change it"
    given = profile.kickstart or profile.template
    own = () if not given else (
        Fetched(url=f"what {given.path} names", what="packages, and what its scripts ask for", protection="its own"),)
    return (
        Fetched(url=f"{install_url}/{stage2.path}", what="the installer itself (stage2)",
                protection=f"pinned here as {stage2.digest.short}, but the guest does not check it; {way}"),
        Fetched(url=f"{install_url}/images/updates.img, product.img", what="patches to the installer, if there are any",
                protection=f"not checked by the guest; {way}"),
        Fetched(url=install_url, what="packages", protection=f"the installer checks no package signatures; {way}"),
        *own)

"""NEXT-STEPS.txt: what a bundle is, what to do with it, and what its machines will fetch by themselves."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from builder.lock.model import Lock
from builder.media import provenance, sbom
from builder.media.bundle import Entry, text_entry
from builder.media.fetches import Fetched
from builder.outputs import xen
from builder.profile.values import Host, Profile

PATH = "NEXT-STEPS.txt"
WIDTH = 80


def entry(profile: Profile, lock: Lock, lock_path: str, fetched: Sequence[Fetched]) -> Entry:
    """The page, 80 columns but for addresses; it has no date, so the same bundle has the same page."""
    blocks = [
        _wrap(f"{profile.name}: installs {profile.release} on {_count(len(profile.hosts), 'machine')}."),
        _wrap(f"Made by pinboot from {lock_path} ({lock.family} {lock.version} {lock.arch}, kernel "
              f"{lock.kernel.version or 'of unknown version'})."),
        *_accepted(lock),
        *_steps(profile),
        "What is here\n" + "\n".join(_contents(profile, lock_path)),
        "Private: the kickstarts and the initrd that carries them (mode 0600). They hold\n"
        "password hashes; whoever can read them can try to guess the passwords.",
        _fetched(fetched),
    ]
    return text_entry(PATH, "\n\n".join(blocks) + "\n")


def _accepted(lock: Lock) -> Iterable[str]:
    if lock.overrides:
        yield "Accepted though less is proved than usual\n" + "\n".join(
            _wrap(f"{what}: {reason}", "  ") for what, reason in sorted(lock.overrides.items()))


def _steps(profile: Profile) -> Iterable[str]:
    path, run = profile.xen.path, profile.xen.run
    first = profile.hosts[0]
    yield "What to do"
    yield "\n".join((
        "1. Copy this folder to dom0, with its modes and owned by root, for example:",
        f"       rsync -rpt --delete ./ root@DOM0:{path}/"))
    yield "\n".join((
        "2. In dom0, as root:",
        f"       sh {path}/up.sh {first.name}",
        "   It verifies the bundle, makes the disk, installs, and starts the guest. To",
        "   watch the installer, add --console. A disk that exists is never touched",
        "   without --erase."))
    yield "\n".join((
        "3. The guest's console:",
        f"       xl console {first.name}"))
    if run == "kept-kernel":
        yield "\n".join((
            "4. After a kernel update in the guest, shut it down and take the new kernel:",
            f"       sh {path}/up.sh --keep {first.name}",
            f"       xl create {xen.kept(first, profile)}/{first.name}.cfg"))
    yield "Hosts\n" + "\n".join(line for host in profile.hosts for line in _host(host, profile))


def _host(host: Host, profile: Profile) -> Iterable[str]:
    size = "" if host.disk.size is None else f", {host.disk.size >> 20} MiB"
    yield f"  {host.name}: {host.memory} MiB of memory, {_count(host.vcpus, 'processor')}, {host.disk.name}"
    yield f"    disk  {xen.target(host, profile)}{size}"
    started = f"{xen.kept(host, profile)}/{host.name}.cfg" if profile.xen.run == "kept-kernel" else xen.run_config(host)
    yield f"    run   {started}"


def _contents(profile: Profile, lock_path: str) -> Iterable[str]:
    for path, words in (
        ("up.sh", "verify, disk, install, run; POSIX sh"),
        ("verify.sh", "is every file as built? sh verify.sh"),
        (xen.KERNEL, "as pinned"),
        (xen.INITRD, "the pinned initrd with the kickstarts"),
        ("hosts/NAME/NAME.cfg", "starts the machine; erases nothing"),
        ("hosts/NAME/NAME-install.cfg", "installs: ERASES the disk"),
        ("hosts/NAME/ks.cfg", "the kickstart"),
        (lock_path, "what this was made from, and why it is believed"),
        ("manifest.json, SHA256SUMS", "every file with its digest"),
        ("SHA256SUMS.sig or .asc", "if it was signed: sh verify.sh --key KEY.pub"),
        (provenance.PATH, "what was made from what (in-toto, SLSA)"),
        (sbom.PATH, "what boots (CycloneDX)"),
    ):
        yield f"  {path:<29}{words}"


def _fetched(fetched: Sequence[Fetched]) -> str:
    if not fetched:
        return "The machines fetch nothing from the network by themselves."
    lines = ["Machines made from this bundle will fetch by themselves"]
    for each in fetched:
        lines.append(f"  {each.url}")
        lines.append(_wrap(f"{each.what}; {each.protection}", "    "))
    return "\n".join(lines)


def _wrap(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent,
                         break_long_words=False, break_on_hyphens=False)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

"""A generated kickstart, read back as its release reads it and compared with what was meant (RELIABILITY J08)."""

from __future__ import annotations

from builder.boot.kickstart import access, disks, network, storage
from builder.boot.review.parsed import ParsedKickstart, parse_back
from builder.errors import PinbootError, UsageError
from builder.profile.storage import DISK_WORD
from builder.profile.values import Host, Profile


def check(text: str, profile: Profile, host: Host, install_url: str, packages: tuple[str, ...]) -> ParsedKickstart:
    """Parse `text` as the installer will and compare the values that matter; `packages` are the lines of %packages.

    Raises PinbootError where pinboot itself wrote something that is read otherwise, and UsageError where the user's own
    storage lines are refused or name a disk that is not the host's."""
    generation = profile.release.generation
    try:
        read = parse_back(disks.expanded(text), generation, "the generated kickstart")
    except UsageError as error:
        if host.storage.lines:
            raise UsageError(f"host.{host.name}.storage.lines: {error.message}", error.hint) from error
        raise _fault(host, error.message) from error
    meant = _meant(profile, host, install_url, packages)
    found = _found(read)
    if host.storage.lines:
        strange = [disk for disk in read.disks if disk not in meant["disks"]]  # type: ignore[operator]
        if strange:
            raise UsageError(f"host.{host.name}.storage.lines: {', '.join(strange)} is no disk of this host",
                             f"write {DISK_WORD}, which stands for the disk that may be erased")
        for key in ("volumes", "encrypted"):
            del meant[key]
    differences = [f"{key}: meant {meant[key]!r}, reads {found[key]!r}" for key in meant if meant[key] != found[key]]
    if differences or read.warnings:
        raise _fault(host, "\n  ".join([*differences, *read.warnings]))
    return read


def _meant(profile: Profile, host: Host, install_url: str, packages: tuple[str, ...]) -> dict[str, object]:
    generation = profile.release.generation
    return {
        "hostname": host.hostname, "url": install_url,
        "network": network.cards(host.network, host.hostname, profile.release),
        "disks": tuple(storage.device(name) for name in disks.names(host)),
        "volumes": storage.meant(host), "encrypted": bool(host.storage.encrypt),
        "timezone": profile.timezone, "language": profile.language,
        "root": profile.root.password_hash or ("" if generation.root_lock else "*"),
        "users": tuple((u.name, u.groups, u.gecos, u.shell, u.password_hash or "") for u in profile.users),
        "ssh_keys": access.command_keys(profile, generation),
        "packages": frozenset(packages),
    }


def _found(read: ParsedKickstart) -> dict[str, object]:
    lines = [*read.packages, *(f"-{name}" for name in read.excluded), *(f"@{name}" for name in read.groups)]
    environment = [f"@^{read.environment}"] if read.environment else []
    return {
        "hostname": read.hostname, "url": read.url, "network": read.cards, "disks": read.disks,
        "timezone": read.timezone, "language": read.language, "root": read.root.password if read.root else None,
        "users": tuple((u.name, u.groups, u.gecos, u.shell, u.password) for u in read.users),
        "ssh_keys": read.ssh_keys, "packages": frozenset([*lines, *environment]),
        "volumes": frozenset((m.command, m.point, m.size, m.grows) for m in read.mounts
                             if m.point not in ("biosboot", "/boot/efi")),
        "encrypted": any(m.encrypted for m in (*read.mounts, *read.members)),
    }


def _fault(host: Host, detail: str) -> PinbootError:
    return PinbootError(f"{host.name}: the kickstart that was made does not read back as it was meant\n  {detail}",
                        "this is a fault of pinboot; please report it with this message")

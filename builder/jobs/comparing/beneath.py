"""What the keys of a profile name: two profiles may say the same and mean other files, other secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from builder.jobs.comparing.settings import Changed, Path, Setting, dotted
from builder.profile.values import Profile

TEXTS = ("pre", "post", "onerror", "kickstart", "template")


def changed(old: Profile, new: Profile, before: Mapping[Path, Setting],
            after: Mapping[Path, Setting]) -> tuple[Changed, ...]:
    """Keys that both say alike, of files or secrets that differ. Both are compared and never told."""
    was, now = dict(_meant(old)), dict(_meant(new))
    return tuple(
        Changed(key=dotted(path), old=before[path].text, new=after[path].text, old_origin=before[path].origin,
                new_origin=after[path].origin, beneath=True)
        for path in sorted(was.keys() & now.keys() & before.keys() & after.keys())
        if before[path].value == after[path].value and was[path] != now[path])


def _meant(profile: Profile) -> Iterator[tuple[Path, Any]]:
    yield ("root", "password"), profile.root.password_hash
    yield ("root", "ssh_keys"), profile.root.ssh_keys
    for user in profile.users:
        yield ("user", user.name, "password"), user.password_hash
        yield ("user", user.name, "ssh_keys"), user.ssh_keys
    for name in TEXTS:
        yield (name,), getattr(profile, name)
    if profile.serve:
        yield ("serve", "secret"), profile.serve.secret
        for loader in profile.serve.loaders:
            yield ("serve", "loaders", loader.path), loader
    found = {host.rhsm for host in profile.hosts if host.rhsm}
    yield ("rhsm", "organization"), {each.organization for each in found}
    yield ("rhsm", "activation_key"), {each.activation_key for each in found}
    yield ("storage", "encrypt", "passphrase"), {host.storage.encrypt.passphrase for host in profile.hosts
                                                 if host.storage.encrypt}

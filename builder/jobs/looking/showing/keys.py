"""Every key of a profile with its value and who set it; a secret is shown as where it comes from, or as what it is."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from builder.catalog import load
from builder.jobs.looking.showing import words
from builder.profile import kinds, passwords, secrets
from builder.profile.hosts import DEFAULT_MEMORY
from builder.profile.values import Origin, Profile
from builder.trust import evidence

SECRETS = frozenset({"password", "passphrase", "organization", "activation_key", "secret"})
ROLES = ("kernel", "initrd", "stage2", "repository")
Values = Iterator[tuple[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """`value` is for programs (text, number, truth, list or table; None: nothing), `text` for people, in lines where it
    has several. `origin` is None
    where nobody set it; then `value` is the default. `by` is the whole key that did: a host's own, or that of its class
    or of the profile."""

    key: str
    value: Any
    text: str
    origin: Origin | None
    by: str = ""

    @property
    def told_by(self) -> str:
        """Who set it, for people."""
        if self.origin is None:
            return "default"
        kind, _, rest = self.by.partition(".")
        if kind != "class" or self.by == self.key:
            return str(self.origin)
        return f"class {rest.removesuffix(f'.{self.key}')}, {self.origin}"


def of(profile: Profile, raw: Mapping[str, Any], today: datetime.date) -> tuple[Key, ...]:
    """The keys of the whole profile in the order of its documentation, then all else that was set but for hosts, as it
    was written. `raw` is the table that all its files make together."""
    found = dict(_resolved(profile, today))
    found |= {key: value for key, value in _of_hosts(profile) if key not in raw}
    for key, value in _flat(raw):
        if key.partition(".")[0] != "host":
            found.setdefault(key, value)
    return tuple(_key(profile, key, _hidden(key, raw, value)) for key, value in found.items())


def _key(profile: Profile, key: str, value: Any) -> Key:
    origin = profile.origins.get(key)
    return Key(key=key, value=value, text=words.of(value), origin=origin, by=key if origin else "")


def _hidden(key: str, raw: Mapping[str, Any], value: Any) -> Any:
    """A secret as the profile writes it where that is a reference, else as what kind of secret it is."""
    if key.rpartition(".")[2] not in SECRETS or value is None:
        return value
    written: Any = raw
    for part in key.split("."):
        written = written.get(part) if isinstance(written, Mapping) else None
    return secret(written if isinstance(written, str) else str(value))


def secret(written: str) -> str:
    """`file:PATH` and `env:NAME` tell nothing; what else may stand for a secret is a hash."""
    if written.startswith(("file:", "env:")):
        return written
    kind = passwords.kind(written)
    return f"a {kind} hash" if kind else secrets.REDACTED


def _flat(table: Mapping[str, Any], above: str = "") -> Values:
    for name, value in table.items():
        key = f"{above}.{name}" if above else name
        if isinstance(value, Mapping):
            yield from _flat(value, key)
        else:
            yield key, value


def _resolved(profile: Profile, today: datetime.date) -> Values:
    yield "release", f"{profile.release.family.id}-{profile.release.version}"
    yield "arch", profile.release.arch
    yield "outputs", list(profile.outputs)
    for key in ("language", "keyboard", "timezone", "ntp", "packages", "weak_dependencies"):
        yield key, _plain(getattr(profile, key))
    yield "root.password", profile.root.password_hash
    yield "root.ssh_keys", list(profile.root.ssh_keys)
    for user in profile.users:
        for name in ("groups", "gecos", "shell"):
            yield f"user.{user.name}.{name}", _plain(getattr(user, name))
        yield f"user.{user.name}.password", user.password_hash
        yield f"user.{user.name}.ssh_keys", list(user.ssh_keys)
    yield from _tree(profile, today)
    yield from _trust(profile)
    yield from _places(profile)
    yield from _system(profile)


def _of_hosts(profile: Profile) -> Values:
    """What a host has of which neither it nor the profile says anything."""
    yield "memory", words.size(DEFAULT_MEMORY.get(profile.release.generation.name, 3072) << 20)
    yield "vcpus", 1
    yield "storage", "plain"


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _tree(profile: Profile, today: datetime.date) -> Values:
    tree = profile.tree
    known = "" if tree.address or tree.mirrorlist or tree.metalink else next(
        iter(load.addresses(profile.release, today)), "")
    yield "tree.url", tree.url or known or None
    for name in ("iso", "mirrors", "mirrorlist", "metalink", "install_url", "client_cert", "client_key"):
        yield f"tree.{name}", _plain(getattr(tree, name))


def _trust(profile: Profile) -> Values:
    trust, usual = profile.trust, profile.release.series.minimum
    for role in ROLES:
        yield f"trust.minimum.{role}", evidence.minimum(role, trust.minimum, usual).value
    for name in ("quorum", "quorum_stage2", "keys", "key_files", "checksums", "iso", "accept"):
        yield f"trust.{name}", _plain(getattr(trust, name))


def _places(profile: Profile) -> Values:
    """Where the bundle will live, for the kind of machine that the profile makes."""
    kind = kinds.kind(profile.outputs)
    if kind == "xen":
        for name in ("dom0", "path", "disks", "bridge", "run"):
            yield f"xen.{name}", getattr(profile.xen, name) or None
    if kind == "kvm":
        for name in ("path", "disks", "network", "bridge", "display"):
            yield f"kvm.{name}", getattr(profile.kvm, name)
    if profile.serve:
        serve = profile.serve
        yield from (("serve.url", serve.url), ("serve.tftp", serve.tftp), ("serve.folder", serve.folder))
        yield "serve.secret", secrets.REDACTED
        yield from ((f"serve.loaders.{each.path}", f"sha256 {each.digest}") for each in serve.loaders)
    if profile.dhcp:
        dhcp = profile.dhcp
        yield from (("dhcp.subnet", str(dhcp.subnet)), ("dhcp.router", str(dhcp.router) if dhcp.router else None),
                    ("dhcp.nameservers", [str(each) for each in dhcp.nameservers]), ("dhcp.mode", dhcp.mode),
                    ("dhcp.interface", dhcp.interface), ("dhcp.range", [str(each) for each in dhcp.pool or ()]),
                    ("dhcp.lease", dhcp.lease))


def _system(profile: Profile) -> Values:
    """What the installed system will be, and the user's own texts for the way there."""
    for name in ("enabled", "disabled"):
        yield f"services.{name}", _plain(getattr(profile.services, name))
    for name in ("enabled", "services", "ports"):
        yield f"firewall.{name}", _plain(getattr(profile.firewall, name))
    for name in ("selinux", "finish"):
        yield name, getattr(profile, name)
    yield "installed_repos", profile.installed_repos or None
    for name in ("pre", "post", "onerror"):
        yield name, [file.path for file in getattr(profile, name)]
    for name in ("kickstart", "template"):
        file = getattr(profile, name)
        yield name, file.path if file else None

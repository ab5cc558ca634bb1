"""What the values of a profile may be where a kickstart holds them: checked at this border too, because a value that
the installer reads otherwise than it was meant installs another machine (RELIABILITY J08)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder import names
from builder.boot.line import options
from builder.catalog.generation import GENERATIONS, Generation
from builder.errors import UsageError, several
from builder.names import shown
from builder.profile import secrets
from builder.profile import storage as plan
from builder.profile.hosts import PACKAGE
from builder.profile.values import Host, Profile

# A word that stands alone: a leading dash would make an option of it (REFERENCE 3.5).
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+/.@-]{0,63}")
# A member of a comma list: service, group, port, server.
ITEM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9@_.:-]{0,127}")
# The first generation whose sshd knows a kind of key, where not all do: OpenSSH is 5.3 in EL6 and 8.0 in EL8, Ed25519
# came with 6.5, the kinds of security keys with 8.2 (https://www.openssh.com/releasenotes.html).
KEY_SINCE = {"ssh-ed25519": "el7", "sk-ssh-ed25519@openssh.com": "el9", "sk-ecdsa-sha2-nistp256@openssh.com": "el9"}
_ORDER = tuple(GENERATIONS)


def check(profile: Profile, host: Host, generation: Generation) -> None:
    """Raises UsageError with every value that this generation's kickstart cannot hold as it was meant."""
    mistakes = [f"{key}: {text}" for key, text in (
        *_words(profile, host), *_storage(host, generation), *_accounts(profile, host, generation))]
    if mistakes:
        count = "1 value" if len(mistakes) == 1 else f"{len(mistakes)} values"
        raise several(f"{profile.name}: {count} that no kickstart can hold", mistakes, "change them in the profile")
    _check_devices(host)


def _words(profile: Profile, host: Host) -> Iterator[tuple[str, str]]:
    services, firewall = profile.services, profile.firewall
    for key, texts, pattern, wanted in (
        ("language", (profile.language,), WORD, "a locale such as cs_CZ.UTF-8"),
        ("keyboard", (profile.keyboard,), WORD, "a keyboard layout such as us"),
        ("timezone", (profile.timezone,), WORD, "a time zone such as Europe/Prague"),
        ("ntp", profile.ntp, ITEM, "a host name or an address"),
        ("packages", profile.packages, PACKAGE, "a package, @group or @^environment"),
        (f"host.{host.name}.packages", host.packages, PACKAGE, "a package, @group or @^environment"),
        ("services.enabled", services.enabled, ITEM, "a service"),
        ("services.disabled", services.disabled, ITEM, "a service"),
        ("firewall.services", firewall.services, ITEM, "a service"),
        ("firewall.ports", firewall.ports, ITEM, "a port such as 8080:tcp"),
        *((f"user.{account.name}.groups", account.groups, ITEM, "a group") for account in profile.users),
    ):
        for text in texts:
            if not pattern.fullmatch(text):
                yield key, f"{shown(text)} is not {wanted}"
    wanted_packages = {*profile.packages, *host.packages}
    for entry in sorted(wanted_packages):
        # pykickstart drops both of a pair like this, and all environments but the last.
        if f"-{entry}" in wanted_packages:
            yield "packages", f"both {entry} and -{entry}"
    if sum(entry.startswith("@^") for entry in wanted_packages) > 1:
        yield "packages", "two environments; an installation has one"


def _storage(host: Host, generation: Generation) -> Iterator[tuple[str, str]]:
    for key, reason in plan.conflicts(host.disk, host.storage, host.firmware, generation):
        yield f"host.{host.name}.{key}", reason
    for line in host.storage.lines:
        try:
            plan.own_line(line)
        except ValueError as reason:
            yield f"host.{host.name}.storage.lines", str(reason)


def _accounts(profile: Profile, host: Host, generation: Generation) -> Iterator[tuple[str, str]]:
    for account in profile.users:
        if not names.USER.fullmatch(account.name) or account.name == "root":
            yield f"user.{account.name}", f"{shown(account.name)} is no name of a user"
        # A colon would end the field in /etc/passwd; useradd refuses it in the middle of the installation.
        if not account.gecos.isprintable() or ":" in account.gecos:
            yield f"user.{account.name}.gecos", f"{shown(account.gecos)} holds a colon or a control character"
        if not account.shell.isprintable():
            yield f"user.{account.name}.shell", f"{shown(account.shell)} holds a control character"
    accounts = [("root", profile.root.password_hash, profile.root.ssh_keys),
                *((f"user.{u.name}", u.password_hash, u.ssh_keys) for u in profile.users)]
    for key, password, keys in accounts:
        if password is not None:
            try:
                secrets.password_hash(password, generation)
            except ValueError as reason:
                yield f"{key}.password", str(reason)
            if "fips=1" in host.kernel_arguments and not password.startswith(("$5$", "$6$")):
                yield f"{key}.password", ("a yescrypt hash, which a machine in FIPS mode cannot check; "
                                          f"{secrets.HOW_TO_HASH}")
        for line in keys:
            if not line.isprintable() or not line.strip() or line.startswith("-"):
                yield f"{key}.ssh_keys", f"{shown(line)} is no key on one line"
            elif _ORDER.index(generation.name) < _ORDER.index(KEY_SINCE.get(line.split()[0], "el6")):
                yield f"{key}.ssh_keys", (f"the sshd of {generation.name.upper()} knows no {line.split()[0]} keys; "
                                          "give an RSA key")


def _check_devices(host: Host) -> None:
    """A bond or VLAN that the command line alone makes would be lost with the installation: the kickstart describes
    what the profile does."""
    found = sorted({options.key(argument) for argument in host.kernel_arguments} & options.VIRTUAL)
    if found:
        raise UsageError(f"host.{host.name}.kernel_arguments: {', '.join(found)} makes a device that the generated "
                         "kickstart does not describe",
                         "describe it in the profile: a table [interface.NAME], see docs/networks.md")

"""A host's kickstart: rendered from the profile, copied from the user's file, or made from the user's template.

Same values, same bytes. A generated kickstart is read back with the installer's own parser and compared with what was
meant before anyone gets it (RELIABILITY J08).
"""

from __future__ import annotations

import functools
import re
from pathlib import PurePath
from typing import Any

from builder.boot.kickstart import access, fields, quoting, repositories, scripts, storage, template
from builder.boot.kickstart.quoting import Ready
from builder.boot.line import dialects, network, options
from builder.boot.line.cmdline import Machine, consoles
from builder.boot.review.parsed import ParsedKickstart, parse_back
from builder.catalog.generation import Generation
from builder.errors import PinbootError, UsageError
from builder.profile.values import Host, Profile

# Assignments at the top of a user's script (scripts.py); their values are shell words.
# Which line of the profile made a value is different for every host.
COMMENT = re.compile(r"^# .*\n", re.MULTILINE)
SHELL_LINE = re.compile(r"(?m)^(fact_[a-z0-9_]+|PINBOOT_[A-Z]+)=.*$")


class Kickstarts:
    """The kickstarts of one profile. `install_url` is where packages come from, `machine` decides console and /boot.

    Reading one back costs a hundred times what rendering it does, so generated ones that differ only in names and
    addresses are read back once.
    """

    def __init__(self, profile: Profile, *, install_url: str, machine: Machine) -> None:
        self.profile = profile
        self.install_url = install_url
        self.machine = machine
        self.generation = profile.release.generation
        self._read: set[str] = set()

    @functools.cached_property
    def _own_sections(self) -> tuple[Ready, ...]:
        vault = repositories.vault(self.profile.release, self.install_url)
        return tuple(scripts.own(self.profile, self.generation, self.machine, vault))

    def of(self, host: Host) -> str:
        """The kickstart of `host`.

        Raises UsageError: a value, script line or template that cannot be carried, or a user's kickstart that the
        release's parser refuses, with file and line.
        """
        profile = self.profile
        if profile.kickstart:
            return self._users(profile.kickstart.text, profile.kickstart.path)
        if profile.template:
            values = variables(profile, host, install_url=self.install_url, machine=self.machine)
            return self._users(template.users(profile.template, values), f"{profile.template.path} for {host.name}")
        fields.check(profile, host, self.generation)
        values = _values(profile, host, self.generation, self.install_url, self.machine)
        values["sections"] = [*self._own_sections, *scripts.users(profile, host)]
        text = template.kickstart("kickstart.ks.j2")(**values)
        seen = shape(text, host)
        if seen not in self._read:
            _read_back(text, profile, host, self.generation, self.install_url)
            self._read.add(seen)
        return text

    def _users(self, text: str, where: str) -> str:
        if text not in self._read:
            parse_back(text, self.generation, where)
            self._read.add(text)
        return text


def render(profile: Profile, host: Host, *, install_url: str, machine: Machine) -> str:
    """The kickstart of one host: see Kickstarts."""
    return Kickstarts(profile, install_url=install_url, machine=machine).of(host)


def shape(text: str, host: Host) -> str:
    """A generated kickstart without what is the host's own: two with one shape differ only in names, addresses and
    facts, none of which can change how the rest is read."""
    net = host.network
    own = [host.hostname, host.name, net.mac, *(a.ip for a in net.addresses), *net.gateways, *net.nameservers]
    bare = COMMENT.sub("", SHELL_LINE.sub(r"\1=", text))
    for value in sorted((str(value) for value in own if value), key=len, reverse=True):
        bare = bare.replace(value, "\0")
    return bare


def variables(profile: Profile, host: Host, *, install_url: str, machine: Machine) -> dict[str, Any]:
    """What a user's template may use: plain texts, numbers and lists, no objects of ours.

    `release`, `profile`, `host` and `fact` are tables; `network` and `console` are what pinboot itself would write.
    """
    net = host.network
    return {
        "release": {"family": profile.release.family.id, "version": profile.release.version,
                    "major": profile.release.major, "arch": profile.release.arch, "title": str(profile.release)},
        "install_url": install_url,
        "profile": {"name": profile.name, "language": profile.language, "keyboard": profile.keyboard,
                    "timezone": profile.timezone, "ntp": list(profile.ntp), "packages": list(profile.packages),
                    "selinux": profile.selinux, "finish": profile.finish},
        "root": {"password_hash": profile.root.password_hash or "", "ssh_keys": list(profile.root.ssh_keys)},
        "users": [{"name": u.name, "groups": list(u.groups), "gecos": u.gecos, "shell": u.shell,
                   "password_hash": u.password_hash or "", "ssh_keys": list(u.ssh_keys)} for u in profile.users],
        "host": {"name": host.name, "hostname": host.hostname, "disk": storage.device(host.disk.name),
                 "memory": host.memory, "vcpus": host.vcpus, "packages": list(host.packages), "mac": net.mac or "",
                 "interface": net.interface or "", "addresses": [str(a) for a in net.addresses],
                 "gateways": [str(g) for g in net.gateways], "nameservers": [str(s) for s in net.nameservers]},
        "fact": dict(host.facts),
        "network": quoting.words(network.kickstart_words(net, host.hostname, profile.release)),
        "console": quoting.words(consoles(machine, host.console)),
    }


def _values(profile: Profile, host: Host, generation: Generation, install_url: str, machine: Machine) -> dict[str, Any]:
    append = (*consoles(machine, host.console), *options.installed(host.kernel_arguments))
    services = [f"--{word}={','.join(names)}" for word, names in
                (("disabled", profile.services.disabled), ("enabled", profile.services.enabled)) if names]
    return {
        "title": Ready(f"Kickstart of {host.hostname}: {profile.release}, profile {profile.name}"),
        "by": _Origins(profile, host).comment,
        "line": quoting.words,
        "profile": profile,
        "generation": generation,
        "install_url": install_url,
        "rootpw": access.root(profile, generation),
        "users": [(account, access.user(account)) for account in profile.users],
        "ssh_keys": access.command_keys(profile, generation),
        "network": network.kickstart_words(host.network, host.hostname, profile.release),
        "erased": storage.erased(host),
        "layout": storage.layout(host, profile.release, machine, profile.xen),
        "bootloader": storage.bootloader(host, generation, append),
        "firewall": _firewall(profile),
        "services": ("services", *services) if services else (),
        "package_header": ("%packages", *_package_flags(profile, generation)),
        "packages": packages(profile, host, generation),
    }


def packages(profile: Profile, host: Host, generation: Generation) -> tuple[str, ...]:
    """Lines of %packages: the smallest environment unless the user names one (EL6 has none: @core), then his own."""
    wanted = [*profile.packages, *host.packages]
    if not any(entry.startswith("@^") for entry in wanted):
        wanted.insert(0, f"@^{generation.environment}" if generation.environment else "@core")
    if access.administrators_without_password(profile):
        wanted.append("sudo")
    return tuple(dict.fromkeys(wanted))


def _package_flags(profile: Profile, generation: Generation) -> tuple[str, ...]:
    """Languages whose files are kept: the system's own and en_US, which ssh brings along from most desks."""
    languages = dict.fromkeys((profile.language.partition(".")[0], "en_US"))
    weak = (generation.weak_flag,) if generation.weak_flag and not profile.weak_dependencies else ()
    return (*weak, f"{generation.languages_flag}={':'.join(languages)}")


def _firewall(profile: Profile) -> tuple[str, ...]:
    wall = profile.firewall
    if not wall.enabled:
        return ("firewall", "--disabled")
    services = (f"--service={','.join(wall.services)}",) if wall.services else ()
    ports = (f"--port={','.join(wall.ports)}",) if wall.ports else ()
    return ("firewall", "--enabled", *services, *ports)


class _Origins:
    """Tells in comments which keys of the profile made a group of lines."""

    def __init__(self, profile: Profile, host: Host) -> None:
        self.origins = profile.origins
        self.host = f"host.{host.name}"

    def comment(self, *groups: str) -> Ready:
        """Each group is a list of keys joined by `|`, of which the first that is set counts; `@` stands for the host's
        table. Where none is set at all, the first key of the first group stands with `default`."""
        found = [said for group in groups if (said := self._said(group))]
        first = groups[0].partition("|")[0].replace("@", f"{self.host}.")
        return quoting.comment(", ".join(found) if found else f"{first} (default)")

    def _said(self, group: str) -> str:
        for word in group.split("|"):
            key = word.replace("@", f"{self.host}.")
            origin = self.origins.get(key)
            if origin:
                # A file by the name that the user wrote; never where it lies on this machine.
                file = PurePath(origin.file)
                name = file.name if file.is_absolute() else origin.file
                return f"{key} ({name} line {origin.line})" if origin.line else f"{key} ({name})"
        return ""


def _read_back(text: str, profile: Profile, host: Host, generation: Generation, install_url: str) -> None:
    """Parse `text` as the installer will and compare the values that matter. Raises PinbootError where pinboot itself
    wrote something that is read otherwise."""
    try:
        read = parse_back(text, generation, "the generated kickstart")
    except UsageError as error:
        raise _fault(host, error.message) from error
    meant = _meant(profile, host, generation, install_url)
    found = _found(read)
    differences = [f"{key}: meant {meant[key]!r}, reads {found[key]!r}" for key in meant if meant[key] != found[key]]
    if differences or read.warnings:
        raise _fault(host, "\n  ".join([*differences, *read.warnings]))


def _meant(profile: Profile, host: Host, generation: Generation, install_url: str) -> dict[str, object]:
    net = host.network
    v4 = next((a for a in net.addresses if a.version == 4), None)
    v6 = next((a for a in net.addresses if a.version == 6), None)
    lines = packages(profile, host, generation)
    disk = storage.device(host.disk.name)
    return {
        "hostname": host.hostname, "url": install_url, "device": net.mac or net.interface or "link",
        "ip": str(v4.ip) if v4 else "", "netmask": str(v4.network.netmask) if v4 else "",
        "ipv6": str(v6) if v6 else {"dhcp6": "dhcp", "auto6": "auto"}.get(net.method, ""),
        "nameservers": tuple(str(server) for server in dialects.servers_of(net)),
        "disks": (disk,), "timezone": profile.timezone, "language": profile.language,
        "root": profile.root.password_hash or ("" if generation.root_lock else "*"),
        "users": tuple((u.name, u.groups, u.gecos, u.shell, u.password_hash or "") for u in profile.users),
        "ssh_keys": access.command_keys(profile, generation),
        "packages": frozenset(lines),
    }


def _found(read: ParsedKickstart) -> dict[str, object]:
    card = read.cards[0]
    lines = [*read.packages, *(f"-{name}" for name in read.excluded), *(f"@{name}" for name in read.groups)]
    environment = [f"@^{read.environment}"] if read.environment else []
    return {
        "hostname": read.hostname, "url": read.url, "device": card.device, "ip": card.ip, "netmask": card.netmask,
        "ipv6": card.ipv6, "nameservers": card.nameservers, "disks": read.disks, "timezone": read.timezone,
        "language": read.language, "root": read.root.password if read.root else None,
        "users": tuple((u.name, u.groups, u.gecos, u.shell, u.password) for u in read.users),
        "ssh_keys": read.ssh_keys, "packages": frozenset([*lines, *environment]),
    }


def _fault(host: Host, detail: str) -> PinbootError:
    return PinbootError(f"{host.name}: the kickstart that was made does not read back as it was meant\n  {detail}",
                        "this is a fault of pinboot; please report it with this message")

"""A host's kickstart: rendered from the profile, copied from the user's file, or made from the user's template.

Same values, same bytes. A generated kickstart is read back with the installer's own parser and compared with what was
meant before anyone gets it (RELIABILITY J08).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from builder.boot.kickstart import (
    access,
    disks,
    fields,
    network,
    quoting,
    readback,
    repositories,
    scripts,
    sections,
    storage,
    template,
)
from builder.boot.kickstart.quoting import Ready
from builder.boot.kickstart.scripts import Part
from builder.boot.line import network as line_network
from builder.boot.line import options
from builder.boot.line.cmdline import Machine, consoles
from builder.boot.review import starts
from builder.boot.review.parsed import ParsedKickstart, parse_back
from builder.catalog.generation import Generation
from builder.errors import UsageError
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
        self._own: dict[tuple[object, ...], tuple[Part, ...]] = {}
        self._origins = _Origins(profile)

    @functools.cached_property
    def _repositories(self) -> repositories.Repositories | None:
        return repositories.of(self.profile, self.install_url)

    def _sections(self, host: Host, values: dict[str, Any]) -> Iterator[Part]:
        profile = self.profile
        yield from scripts.before(profile, host)
        yield from _chooser(host, values)
        yield from self._own_sections(host)
        yield from ((network.KEYS, section) for section in network.sections(host, profile.release))
        yield from scripts.after(profile, host)

    def _own_sections(self, host: Host) -> tuple[Part, ...]:
        shared = (host.disk.order, host.storage, host.firmware, host.rhsm)
        if shared not in self._own:
            self._own[shared] = tuple(sections.own(self.profile, host, self.machine, self._repositories))
        return self._own[shared]

    def of(self, host: Host) -> str:
        """The kickstart of `host`.

        Raises UsageError: a value, script line or template that cannot be carried, or a user's kickstart that the
        release's parser refuses, with file and line.
        """
        profile = self.profile
        if profile.kickstart:
            _no_rule(host, profile.kickstart.path)
            return self._users(profile.kickstart.text, profile.kickstart.path)
        if profile.template:
            _no_rule(host, profile.template.path)
            values = variables(profile, host, install_url=self.install_url, machine=self.machine)
            return self._users(template.users(profile.template, values), f"{profile.template.path} for {host.name}")
        fields.check(profile, host, self.generation)
        values = _values(profile, host, self.generation, self.install_url, self.machine)
        values["by"] = functools.partial(self._origins.comment, host)
        values["sections"] = [(values["by"](*keys), section) for keys, section in self._sections(host, values)]
        text = template.kickstart("kickstart.ks.j2")(**values)
        seen = shape(text, host)
        if seen not in self._read:
            read = readback.check(text, profile, host, self.install_url, packages(profile, host, self.generation))
            self._starts(read, f"host.{host.name}.storage")
            self._read.add(seen)
        return text

    def _users(self, text: str, where: str) -> str:
        if text not in self._read:
            parse_back(text, self.generation, where)
            self._read.add(text)
        return text

    def _starts(self, read: ParsedKickstart, where: str) -> None:
        """Raises UsageError where the loader of a PV guest could not read the /boot of the user's own storage lines; a
        whole kickstart of the user is judged with all else that is in it (review/unattended)."""
        run = self.profile.xen.run
        if self.machine in storage.NO_FIRMWARE and run in storage.READS_BOOT:
            blocked = starts.obstacle(read, self.generation, run)
            if blocked:
                raise UsageError(f"{where}: {blocked}; {starts.NEVER}", starts.CURE)


def render(profile: Profile, host: Host, *, install_url: str, machine: Machine) -> str:
    """The kickstart of one host: see Kickstarts."""
    return Kickstarts(profile, install_url=install_url, machine=machine).of(host)


def _no_rule(host: Host, path: str) -> None:
    if host.disk.order:
        raise UsageError(f'host.{host.name}.disk: the rule "{host.disk.name}" is for kickstarts that pinboot makes; '
                         f"{path} says by itself which disk is used",
                         "name the disk, or choose it in a %pre of your own")


def shape(text: str, host: Host) -> str:
    """A generated kickstart without what is the host's own: two with one shape differ only in names, addresses and
    facts, none of which can change how the rest is read."""
    net = host.network
    macs = [link.mac for link in net.links]
    own = [host.hostname, host.name, *macs, *(a.ip for a in net.addresses), *net.gateways, *net.nameservers]
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
                 "disks": [storage.device(name) for name in host.disk.names], "firmware": host.firmware,
                 "memory": host.memory, "vcpus": host.vcpus, "packages": list(host.packages), "mac": net.mac or "",
                 "interface": net.boot.name, "addresses": [str(a) for a in net.addresses],
                 "gateways": [str(g) for g in net.gateways], "nameservers": [str(s) for s in net.nameservers]},
        "fact": dict(host.facts),
        "secret": _secrets(host),
        "network": Ready("\n".join(quoting.words(line) for line in network.lines(net, host.hostname, profile.release))),
        "console": quoting.words(consoles(machine, host.console)),
    }


def _secrets(host: Host) -> dict[str, str]:
    found = {"luks": host.storage.encrypt.passphrase} if host.storage.encrypt else {}
    if host.rhsm:
        found |= {"organization": host.rhsm.organization, "activation_key": host.rhsm.activation_key}
    return {name: secret.text for name, secret in found.items()}


def _chooser(host: Host, values: dict[str, Any]) -> tuple[Part, ...]:
    """The %pre section that finds the disk where the profile has a rule for it; its commands leave the kickstart."""
    if not host.disk.order:
        return ()
    commands = (*values["erased"], *values["layout"], values["bootloader"])
    keys = (*sections.DISK, *sections.STORAGE, "@console|console", "@kernel_arguments|kernel_arguments")
    return ((keys, scripts.section(disks.script(host, commands), "pre-disk", kind="pre")),)


def _values(profile: Profile, host: Host, generation: Generation, install_url: str, machine: Machine) -> dict[str, Any]:
    append = (*consoles(machine, host.console), *_network_at_boot(host, generation),
              *options.installed(host.kernel_arguments))
    services = [f"--{word}={','.join(names)}" for word, names in
                (("disabled", profile.services.disabled), ("enabled", profile.services.enabled)) if names]
    return {
        "title": Ready(f"Kickstart of {host.hostname}: {profile.release}, profile {profile.name}"),
        "line": quoting.words,
        "bare": lambda text: Ready(quoting.printable(text)),
        "profile": profile,
        "generation": generation,
        "install_url": install_url,
        "rootpw": access.root(profile, generation),
        "users": [(account, access.user(account)) for account in profile.users],
        "ssh_keys": access.command_keys(profile, generation),
        "network": network.lines(host.network, host.hostname, profile.release),
        "network_keys": network.KEYS,
        "chosen": disks.INCLUDE if host.disk.order else "",
        "carried": sections.carried(profile, host),
        "rhsm": _rhsm(host, generation),
        "addons": [(addon.name, ("%addon", addon.name, *addon.options), addon.lines) for addon in profile.addons],
        "erased": storage.erased(host, generation),
        "layout": storage.layout(host, profile.release, machine, profile.xen),
        "bootloader": storage.bootloader(host, generation, append),
        "firewall": _firewall(profile),
        "services": ("services", *services) if services else (),
        "package_header": ("%packages", *_package_flags(profile, generation)),
        "packages": packages(profile, host, generation),
    }


def _rhsm(host: Host, generation: Generation) -> tuple[str, ...]:
    if not host.rhsm or not sections.registers_by_command(generation):
        return ()
    return ("rhsm", f"--organization={host.rhsm.organization.text}",
            f"--activation-key={host.rhsm.activation_key.text}")


def _network_at_boot(host: Host, generation: Generation) -> tuple[str, ...]:
    """The network that the installed initramfs brings up to ask a tang server (dracut.cmdline(7), rd.neednet)."""
    if not host.storage.encrypt or not host.storage.encrypt.tang:
        return ()
    return ("rd.neednet=1", *line_network.arguments(host.network, host.hostname, generation))


def packages(profile: Profile, host: Host, generation: Generation) -> tuple[str, ...]:
    """Lines of %packages: the smallest environment unless the user names one (EL6 has none: @core), then his own."""
    wanted = [*profile.packages, *host.packages]
    if not any(entry.startswith("@^") for entry in wanted):
        wanted.insert(0, f"@^{generation.environment}" if generation.environment else "@core")
    if access.administrators_without_password(profile):
        wanted.append("sudo")
    wanted += sections.packages(profile, host)
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
    """Tells in comments which keys of the profile made a group of lines. One for all hosts: most of what is told is the
    same for each."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._told: dict[tuple[str, ...], Ready] = {}

    def comment(self, host: Host, *groups: str) -> Ready:
        """Each group is a list of keys joined by `|`, of which the first that is set counts; `@` stands for the table
        of the host, or of its class where the host's own does not say it, `%` for that of the class. Where none is set
        at all, the first key of the first group stands with `default`."""
        if groups in self._told:
            return self._told[groups]
        found = dict.fromkeys(said for group in groups if (said := self._said(host, group)))
        first = groups[0].partition("|")[0].replace("@", f"host.{host.name}.")
        made = quoting.comment(", ".join(found) if found else f"{first} (default)")
        if not any(mark in group for group in groups for mark in "@%"):
            self._told[groups] = made
        return made

    def _said(self, host: Host, group: str) -> str:
        for word in group.split("|"):
            if word.startswith("@"):
                found = self.profile.said(host, word[1:])
            else:
                key = word.replace("%", f"class.{host.class_name}.")
                origin = self.profile.origins.get(key)
                found = (key, origin) if origin else None
            if found:
                key, by = found
                return f"{key} ({_file(by.file)} line {by.line})" if by.line else f"{key} ({_file(by.file)})"
        return ""


@functools.lru_cache(maxsize=256)
def _file(name: str) -> str:
    """A file by the name that the user wrote; never where it lies on this machine."""
    path = PurePath(name)
    return path.name if path.is_absolute() else name

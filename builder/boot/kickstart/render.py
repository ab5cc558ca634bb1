"""A host's kickstart: rendered from the profile, copied from the user's file, or made from the user's template.

Same values, same bytes. A generated kickstart is read back with the installer's own parser and compared with what was
meant before anyone gets it (RELIABILITY J08).
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Hashable
from typing import Any, NamedTuple

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
    variables,
)
from builder.boot.kickstart.frame import Frame, slot
from builder.boot.kickstart.origins import Origins
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

# Which line of the profile made a value is different for every host.
COMMENT = re.compile(r"^# .*\n", re.MULTILINE)
# Assignments at the top of a user's script (scripts.py); their values are shell words.
SHELL_LINE = re.compile(r"(?m)^(fact_[a-z0-9_]+|PINBOOT_[A-Z]+)=.*$")

# Frames in memory; a fleet has a handful, unless every machine has another disk.
FRAMES = 256


class Made(NamedTuple):
    """A kickstart and its shape: two of one shape are for like disks and differ in names, addresses and facts, and in
    nothing that could change how the rest is read."""

    text: str
    shape: Hashable


class _Shared(NamedTuple):
    """A frame, and which keys the comments in its slots tell of."""

    shape: bytes
    frame: Frame
    comments: dict[str, tuple[str, ...]]


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
        self._read: set[Hashable] = set()
        self._own: dict[tuple[object, ...], tuple[Part, ...]] = {}
        self._origins = Origins(profile)
        self._frames: dict[tuple[Hashable, int], _Shared] = {}
        self._fit: set[Hashable] = set()

    @functools.cached_property
    def _repositories(self) -> repositories.Repositories | None:
        return repositories.of(self.profile, self.install_url)

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
        return self.made(host).text

    def made(self, host: Host) -> Made:
        """As `of`, with the shape."""
        profile = self.profile
        if profile.kickstart:
            _no_rule(host, profile.kickstart.path)
            return self._users(profile.kickstart.text, host, profile.kickstart.path)
        if profile.template:
            _no_rule(host, profile.template.path)
            values = variables.of(profile, host, install_url=self.install_url, machine=self.machine)
            return self._users(template.users(profile.template, values), host,
                               f"{profile.template.path} for {host.name}")
        return self._generated(host)

    def _generated(self, host: Host) -> Made:
        release, alike = self.profile.release, _alike(host)
        if alike not in self._fit:
            fields.check(self.profile, host, self.generation)
            self._fit.add(alike)
        chooser, of_network = self._chooser(host), network.sections(host, release)
        parts = (*scripts.before(self.profile, host), *chooser, *self._own_sections(host),
                 *((network.KEYS, section) for section in of_network), *scripts.after(self.profile, host))
        key = (alike, len(parts))
        shared = self._frames.get(key) or self._shared(key, host)
        lines = "\n".join(map(quoting.words, network.lines(host.network, host.hostname, release)))
        bootloader = quoting.words(self._bootloader(host)) if "bootloader" in shared.frame.slots else ""
        # Of the user's scripts only the facts at their tops are the host's, whose values change nothing.
        own = (lines, bootloader, *(section for _, section in chooser), *of_network)
        seen = (shared.shape, _digest(shape("\n".join(own), host)), *host.facts)
        words = {"title": f"Kickstart of {host.hostname}: {release}, profile {self.profile.name}",
                 "network": lines, "bootloader": bootloader}
        for number, (keys, section) in enumerate(parts):
            words[f"said{number}"] = self._origins.comment(host, *keys)
            words[f"section{number}"] = section
        words |= {name: self._origins.comment(host, *groups) for name, groups in shared.comments.items()}
        text = shared.frame.filled(words)
        if seen not in self._read:
            read = readback.check(text, self.profile, host, self.install_url,
                                  packages(self.profile, host, self.generation))
            self._starts(read, f"host.{host.name}.storage")
            self._read.add(seen)
        return Made(text, (*seen, host.disk.name, host.disk.size, host.storage))

    def _shared(self, key: tuple[Hashable, int], host: Host) -> _Shared:
        """The frame of all hosts that are like this one and have so many sections. Raises UsageError."""
        comments: dict[str, tuple[str, ...]] = {}

        def by(*groups: str) -> Ready:
            if not any(mark in group for group in groups for mark in "@%"):
                return self._origins.comment(host, *groups)
            name = f"by{len(comments)}"
            comments[name] = groups
            return slot(name)

        places = [(slot(f"said{number}"), slot(f"section{number}")) for number in range(key[1])]
        text = template.kickstart("kickstart.ks.j2")(**self._values(host), by=by, sections=places)
        made = _Shared(_digest(shape(text, host)), Frame(text), comments)
        if len(self._frames) >= FRAMES:
            self._frames.clear()
            self._fit.clear()
        self._frames[key] = made
        return made

    def _values(self, host: Host) -> dict[str, Any]:
        profile, generation = self.profile, self.generation
        services = [f"--{word}={','.join(names)}" for word, names in
                    (("disabled", profile.services.disabled), ("enabled", profile.services.enabled)) if names]
        return {
            "title": slot("title"),
            "line": lambda words: words if isinstance(words, Ready) else quoting.words(words),
            "bare": lambda text: Ready(quoting.printable(text)),
            "profile": profile,
            "generation": generation,
            "install_url": self.install_url,
            "rootpw": access.root(profile, generation),
            "users": [(account, access.user(account)) for account in profile.users],
            "ssh_keys": access.command_keys(profile, generation),
            "network": (slot("network"),),
            "network_keys": network.KEYS,
            "chosen": disks.INCLUDE if host.disk.order else "",
            "carried": sections.carried(profile, host),
            "rhsm": _rhsm(host, generation),
            "addons": [(addon.name, ("%addon", addon.name, *addon.options), addon.lines) for addon in profile.addons],
            "erased": storage.erased(host, generation),
            "layout": storage.layout(host, profile.release, self.machine, profile.xen),
            "bootloader": slot("bootloader") if _asks_tang(host) else self._bootloader(host),
            "firewall": _firewall(profile),
            "services": ("services", *services) if services else (),
            "package_header": ("%packages", *_package_flags(profile, generation)),
            "packages": packages(profile, host, generation),
        }

    def _bootloader(self, host: Host) -> tuple[str, ...]:
        append = (*consoles(self.machine, host.console), *_network_at_boot(host, self.generation),
                  *options.installed(host.kernel_arguments))
        return storage.bootloader(host, self.generation, append)

    def _chooser(self, host: Host) -> tuple[Part, ...]:
        """The %pre section that finds the disk where the profile has a rule for it; its commands leave the
        kickstart."""
        if not host.disk.order:
            return ()
        commands = (*storage.erased(host, self.generation),
                    *storage.layout(host, self.profile.release, self.machine, self.profile.xen),
                    self._bootloader(host))
        keys = (*sections.DISK, *sections.STORAGE, "@console|console", "@kernel_arguments|kernel_arguments")
        return ((keys, scripts.section(disks.script(host, commands), "pre-disk", kind="pre")),)

    def _users(self, text: str, host: Host, where: str) -> Made:
        digest = _digest(text)
        if digest not in self._read:
            parse_back(text, self.generation, where)
            self._read.add(digest)
        return Made(text, (digest, host.disk.name, host.disk.size, host.storage))

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


def _digest(text: str) -> bytes:
    """What a text is remembered by: ten thousand templates filled in would take more room than all else."""
    return hashlib.sha256(text.encode()).digest()


def _alike(host: Host) -> Hashable:
    """What the kickstarts of two hosts must have in common to differ in the slots of a frame alone."""
    disk = host.disk
    return (disk.name, disk.size, disk.others, disk.order, disk.kind, host.storage, host.firmware, host.console,
            host.kernel_arguments, host.packages, host.rhsm, host.class_name)


def _rhsm(host: Host, generation: Generation) -> tuple[str, ...]:
    if not host.rhsm or not sections.registers_by_command(generation):
        return ()
    return ("rhsm", f"--organization={host.rhsm.organization.text}",
            f"--activation-key={host.rhsm.activation_key.text}")


def _network_at_boot(host: Host, generation: Generation) -> tuple[str, ...]:
    """The network that the installed initramfs brings up to ask a tang server (dracut.cmdline(7), rd.neednet)."""
    if not _asks_tang(host):
        return ()
    return ("rd.neednet=1", *line_network.arguments(host.network, host.hostname, generation))


def _asks_tang(host: Host) -> bool:
    return host.storage.encrypt is not None and bool(host.storage.encrypt.tang)


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

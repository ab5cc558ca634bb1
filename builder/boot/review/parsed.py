"""A kickstart as the installer of a generation reads it: pykickstart's handler for it, turned into a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from builder.boot.kickstart import quoting
from builder.boot.review import cards, clear, reading
from builder.boot.review.cards import Card
from builder.catalog.generation import Generation
from builder.errors import several

SOURCES = ("url", "nfs", "cdrom", "harddrive", "hmc", "liveimg", "ostreesetup", "ostreecontainer", "bootc")
PARTS = ("pv.", "raid.", "none")
MODES = {0: "cmdline", 1: "graphical", 2: "text"}  # pykickstart/constants.py, DISPLAY_MODE_*


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`password` is what stands in the file, `encrypted` whether it is a hash; an empty one is none."""

    name: str
    password: str = ""
    encrypted: bool = False
    locked: bool = False
    groups: tuple[str, ...] = ()
    gecos: str = ""
    shell: str = ""
    line: int = 0

    @property
    def has_password(self) -> bool:
        return bool(self.password) and not self.locked


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase:
    """What is taken away from which disks. `kind` is all, linux, list or empty (clearpart is absent or --none);
    `labels` says that disks without a partition table get one."""

    kind: str = ""
    drives: tuple[str, ...] = ()
    only_use: tuple[str, ...] = ()
    zerombr: bool = False
    labels: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A file system or swap area: `command` (part, logvol, raid, autopart) makes it at `point`, of at least `size` MiB.
    For part of a disk that something else divides, `point` is its name there (pv.01, raid.boot1)."""

    command: str
    point: str
    size: int = 0
    grows: bool = False
    filesystem: str = ""
    encrypted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainSecret:
    """A secret that stands in the file in clear: which command holds it, and what it is."""

    command: str
    text: str = field(repr=False)
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedKickstart:
    """What was learned from a kickstart. `source` is the command that names it and `url` its address; `disks` are all
    disks that any command names; `mode` is text, cmdline or graphical; `scripts` the bodies of %post; `outside` the
    (line, word) of each %include and %ksappend; `secrets` what stands there in clear; `members` are parts of LVM and
    RAID; `automatic` says that autopart divides the disk. `asks` and `locked_volumes` are (what, line)."""

    packages: tuple[str, ...]
    excluded: tuple[str, ...]
    groups: tuple[str, ...]
    environment: str
    source: str
    url: str
    mirrorlist: str
    cards: tuple[Card, ...]
    disks: tuple[str, ...]
    erase: Erase
    partitioned: bool
    automatic: bool
    mounts: tuple[Mount, ...]
    members: tuple[Mount, ...]
    locked_volumes: tuple[tuple[str, int], ...]
    bootloader: bool
    root: Account | None
    users: tuple[Account, ...]
    ssh_keys: tuple[tuple[str, str], ...]
    language: str
    keyboard: bool
    timezone: str
    mode: str
    non_interactive: bool
    asks: tuple[tuple[str, int], ...]
    ends: bool
    scripts: tuple[str, ...]
    outside: tuple[tuple[int, str], ...]
    secrets: tuple[PlainSecret, ...]
    warnings: tuple[str, ...]

    @property
    def accounts(self) -> tuple[Account, ...]:
        """root, where the file says anything of it, and the others."""
        return (*((self.root,) if self.root else ()), *self.users)

    @property
    def hostname(self) -> str:
        return next((card.hostname for card in self.cards if card.hostname), "")


def parse_back(text: str, generation: Generation, where: str) -> ParsedKickstart:
    """`text` as `generation` reads it; `where` names it in messages.

    Raises UsageError with every line that the release's parser refuses.
    """
    found = reading.read(text, generation.handler)
    if found.mistakes:
        lines = [f"line {mistake.line}: {mistake.text}" if mistake.line else mistake.text for mistake in found.mistakes]
        raise several(f"{where}: {generation.handler} refuses {'a line' if len(lines) == 1 else 'lines'} of it", lines,
                      f"the kickstart must fit the release; ksvalidator -v {generation.handler} says the same")
    return learned(found, text)


def learned(read: reading.Reading, text: str) -> ParsedKickstart:
    """What stands in the lines that were not refused."""
    handler = read.handler
    packages = handler.packages
    found = cards.read(handler)
    display = handler.displaymode
    made = tuple(_mounts(handler))
    return ParsedKickstart(
        packages=tuple(packages.packageList), excluded=tuple(packages.excludedList)
        + tuple(f"@{group.name}" for group in packages.excludedGroupList),
        groups=tuple(group.name for group in packages.groupList), environment=packages.environment or "",
        source=next((name for name in SOURCES if _seen(handler, name)), ""),
        url=_text(handler, "url", "url"),
        mirrorlist=_text(handler, "url", "mirrorlist") or _text(handler, "url", "metalink"),
        cards=found,
        disks=tuple(dict.fromkeys(disk for disk in _disks(handler) if disk)), erase=_erase(handler),
        partitioned=any(_seen(handler, name) for name in ("autopart", "partition", "mount", "liveimg")),
        automatic=_seen(handler, "autopart"),
        mounts=tuple(m for m in made if not m.point.startswith(PARTS)),
        members=tuple(m for m in made if m.point.startswith(PARTS)),
        locked_volumes=tuple(_without_passphrase(handler)),
        bootloader=handler.bootloader.seen,
        root=_root(handler.rootpw) if handler.rootpw.seen else None,
        users=tuple(_user(data) for data in handler.user.userList),
        ssh_keys=tuple((data.username, data.key) for data in clear.listed(handler, "sshkey", "sshUserList")),
        language=_text(handler, "lang", "lang"), keyboard=handler.keyboard.seen,
        timezone=_text(handler, "timezone", "timezone"),
        mode=MODES.get(display.displayMode, "") if display.seen else "",
        non_interactive=display.seen and (display.displayMode == 0 or bool(getattr(display, "nonInteractive", False))),
        asks=tuple(_asks(handler)), ends=handler.reboot.seen and bool(handler.reboot.action),
        scripts=tuple(script.script for script in handler.scripts if script.type == 1),  # KS_SCRIPT_POST
        outside=tuple((n, word) for n, word in quoting.section_lines(text) if word in ("%include", "%ksappend")),
        secrets=tuple(PlainSecret(command=name, text=found, line=line) for name, found, line in clear.secrets(handler)),
        warnings=tuple(dict.fromkeys(said.text for said in read.warnings if not cards.false_alarm(said.text, found))))


def _seen(handler: Any, name: str) -> bool:
    return bool(getattr(clear.command(handler, name), "seen", False))


def _text(handler: Any, command: str, field: str) -> str:
    return str(getattr(clear.command(handler, command), field, "") or "")


def _root(data: Any) -> Account:
    return Account(name="root", password=data.password or "", encrypted=bool(data.isCrypted), locked=bool(data.lock),
                   line=data.lineno)


def _user(data: Any) -> Account:
    return Account(name=data.name, password=data.password or "", encrypted=bool(data.isCrypted),
                   locked=bool(data.lock), groups=tuple(data.groups or ()), gecos=data.gecos or "",
                   shell=data.shell or "", line=data.lineno)


def _erase(handler: Any) -> Erase:
    erase = handler.clearpart
    kinds = {0: "linux", 1: "all", 3: "list"}  # pykickstart/constants.py, CLEARPART_TYPE_*; 2 is none
    return Erase(kind=kinds.get(erase.type, "") if erase.seen else "",
                 drives=(*erase.drives, *(getattr(erase, "devices", None) or ())), labels=bool(erase.initAll),
                 line=erase.lineno,
                 only_use=tuple(getattr(handler.ignoredisk, "onlyuse", None) or ()), zerombr=bool(handler.zerombr.seen))


def _disks(handler: Any) -> Iterator[str]:
    yield from handler.clearpart.drives
    yield from getattr(handler.ignoredisk, "onlyuse", None) or ()
    yield from (part.disk for part in handler.partition.partitions)
    yield getattr(handler.bootloader, "bootDrive", "") or ""
    yield from getattr(handler.bootloader, "driveorder", None) or ()


def _mounts(handler: Any) -> Iterator[Mount]:
    for name, made in (("part", handler.partition.partitions), ("logvol", clear.listed(handler, "logvol", "lvList")),
                       ("raid", clear.listed(handler, "raid", "raidList"))):
        for data in made:
            yield Mount(command=name, point=data.mountpoint or "none", size=int(getattr(data, "size", 0) or 0),
                        grows=bool(getattr(data, "grow", False)), filesystem=data.fstype or "",
                        encrypted=bool(data.encrypted))


def _without_passphrase(handler: Any) -> Iterator[tuple[str, int]]:
    yield from ((name, volume.lineno) for name, volume in clear.volumes(handler)
                if volume.encrypted and not volume.passphrase)


def _asks(handler: Any) -> Iterator[tuple[str, int]]:
    """Commands that are there to make the installer ask, with their lines."""
    if _seen(handler, "interactive"):
        yield "interactive", handler.interactive.lineno
    if getattr(handler.ignoredisk, "interactive", False):
        yield "ignoredisk --interactive", handler.ignoredisk.lineno
    yield from (("network --bootproto=query", data.lineno) for data in handler.network.network
                if data.bootProto == "query")
    if handler.firstboot.seen and handler.firstboot.firstboot != 1:  # FIRSTBOOT_SKIP
        yield "firstboot --enable", handler.firstboot.lineno

"""Whether a kickstart, ours or a user's, installs its host without anybody at the screen, and only on its own disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from builder import names
from builder.boot.kickstart import disks, storage
from builder.boot.line.cmdline import CommandLine
from builder.boot.review import starts
from builder.boot.review.parsed import ParsedKickstart, parse_back
from builder.boot.review.rules import asking, erasing, login, secrets
from builder.boot.review.rules.asking import TOPIC
from builder.catalog.generation import Generation
from builder.finding import Finding, Severity
from builder.profile.values import Host

__all__ = ["ParsedKickstart", "check", "parse_back"]

# With a profile it is known what is meant: what is a risk in a lone file is a mistake here.
STRICT = {"can-ask": Severity.WARNING, **dict.fromkeys((
    "firstboot-asks", "asks-language", "asks-keyboard", "asks-timezone", "asks-zerombr", "erases-every-disk",
    "plain-secret"), Severity.ERROR)}
ACCESS = 'root = { password = "file:..." }, or ssh_keys for root or a user'
CURES = (
    ("--passphrase", 'storage = { encrypt = { passphrase = "file:PATH" } }; a template writes {{ secret.luks }}'),
    ("--activation-key", '[rhsm] with activation_key = "file:PATH"; a template writes {{ secret.activation_key }}'),
)


def check(text: str, generation: Generation, host: Host, *, where: str,
          command_line: CommandLine | None = None, loader: str = "") -> tuple[Finding, ...]:
    """Findings of topic `unattended`; one that says ok where there is no other. `command_line` is what boots the host;
    `loader` is xen.run of a guest without firmware, which reads the /boot that this kickstart makes.

    Raises UsageError where the release's parser refuses the text.
    """
    read = parse_back(disks.expanded(text), generation, where)
    found = [_strict(finding) for finding in (
        *asking.check(read, generation), *erasing.loader(read),
        *login.check(read, host.name, ACCESS, 'groups = ["wheel"]'), *_disks(read, host),
        *_source(read, command_line), *_secrets(read, host), *_looks(read, where),
        *_starts(read, generation, host, loader))]
    if any(finding.severity is not Severity.NOTE for finding in found):
        return tuple(found)
    able = [account.name for account in login.able_to_log_in(read)]
    who = login.names(able or ["someone by a %post script"])
    verb = "are" if host.disk.others else "is"
    erased = f"only {login.names(list(host.disk.names))} {verb} erased" if read.erase.kind else "nothing is erased"
    return (Finding(topic=TOPIC, severity=Severity.OK,
                    text=f"nothing will stop and ask; {who} can log in; {erased}"), *found)


def _strict(finding: Finding) -> Finding:
    return replace(finding, severity=STRICT.get(finding.rule, finding.severity))


def _error(text: str, hint: str) -> Finding:
    return Finding(topic=TOPIC, severity=Severity.ERROR, text=text, hint=hint)


def _warning(text: str, hint: str) -> Finding:
    return Finding(topic=TOPIC, severity=Severity.WARNING, text=text, hint=hint)


def _disks(read: ParsedKickstart, host: Host) -> Iterator[Finding]:
    own = disks.names(host)
    named = ",".join(storage.device(name) for name in own)
    others = [disk for disk in read.disks if _bare(disk) not in own]
    if others:
        whose = f"the disk of {host.name} is" if len(own) == 1 else f"the disks of {host.name} are"
        yield _error(f"the kickstart names {login.names(others)}; {whose} {login.names(list(own))}: the installer "
                     "stops where a disk is missing, or erases one that was not meant", f"name {named} only")
    yield from erasing.check(read, named)
    yield from asking.unknown_disks(read)
    if small := storage.too_small(host):
        yield _error(small, "a larger disk, or less swap")


def _bare(disk: str) -> str:
    try:
        return names.device(disk.removeprefix("disk/"))
    except ValueError:
        return disk


def _source(read: ParsedKickstart, command_line: CommandLine | None) -> Iterator[Finding]:
    if read.mirrorlist and not read.url:
        given = command_line and (command_line.value("inst.repo") or command_line.value("inst.stage2"))
        if not given:
            yield _error("url --mirrorlist (or --metalink) alone: at boot the installer makes inst.repo=None of it and "
                         "finds no stage2 (anaconda dracut/parse-kickstart)",
                         "boot with inst.stage2=TREE, or write url --url=TREE")
    elif not read.source and command_line is not None and not any(
            command_line.value(name) for name in ("inst.repo", "repo")):
        yield _error("no url, nfs or cdrom, and no inst.repo at boot: the installer asks where packages are",
                     "url --url=TREE")


def _starts(read: ParsedKickstart, generation: Generation, host: Host, loader: str) -> Iterator[Finding]:
    blocked = starts.obstacle(read, generation, loader) if loader in storage.READS_BOOT else ""
    if blocked:
        yield _error(f"{host.name}: {blocked}; {starts.NEVER}", starts.CURE)


def _secrets(read: ParsedKickstart, host: Host) -> Iterator[Finding]:
    """What stands in clear, but for what the profile names by reference: the installer has to read that."""
    known = {secret.text for secret in host.secrets}
    yield from secrets.check(read, known, CURES, "in the bundle and on the installed disk")


def _looks(read: ParsedKickstart, where: str) -> Iterator[Finding]:
    yield from login.sudo(read)
    for number, word in read.outside:
        yield _warning(f"{where} line {number}: what {word} brings is not checked, and decided when the machine boots",
                       "put the lines themselves there")
    for warning in read.warnings:
        yield _warning(f"{where}: {warning}", "see the kickstart documentation of this release")

"""Whether a kickstart, ours or a user's, installs its host without anybody at the screen, and only on its own disk."""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder import names
from builder.boot.kickstart import disks, storage
from builder.boot.line.cmdline import CommandLine
from builder.boot.review import starts
from builder.boot.review.parsed import Account, ParsedKickstart, parse_back
from builder.catalog.generation import Generation
from builder.finding import Finding, Severity
from builder.profile.values import Host

__all__ = ["ParsedKickstart", "check", "parse_back"]

TOPIC = "unattended"
# Words in a %post script that may open a way in, or up, which no command tells of.
MAKES_ADMIN = re.compile(r"sudoers|wheel|ipa-client-install|realm join")
CURE = "--iscrypted with a hash, made by: pinboot hash-password"
CURES = (
    ("--passphrase", 'storage = { encrypt = { passphrase = "file:PATH" } }; a template writes {{ secret.luks }}'),
    ("--activation-key", '[rhsm] with activation_key = "file:PATH"; a template writes {{ secret.activation_key }}'),
    ("bootloader", "--iscrypted with a hash, made by: grub2-mkpasswd-pbkdf2"),
    ("--proxy", "a proxy that knows the machine by its address"),
    ("iscsi", "an initiator name that the target knows"),
    ("realm", "realm join in a post script that asks a server for the password"),
    ("vnc", "inst.vnc without a password, on a network of your own"),
    ("rdp", "no rdp line: an unattended installation needs nobody at the screen"),
)
MAKES_LOGIN = re.compile(r"authorized_keys|chpasswd|\bpasswd\b|useradd|usermod|ipa-client-install|realm join")


def check(text: str, generation: Generation, host: Host, *, where: str,
          command_line: CommandLine | None = None, loader: str = "") -> tuple[Finding, ...]:
    """Findings of topic `unattended`; one that says ok where there is no other. `command_line` is what boots the host;
    `loader` is xen.run of a guest without firmware, which reads the /boot that this kickstart makes.

    Raises UsageError where the release's parser refuses the text.
    """
    read = parse_back(disks.expanded(text), generation, where)
    found = [*_asking(read, generation), *_login(read, host), *_disks(read, host), *_source(read, command_line),
             *_secrets(read, host), *_looks(read, where),
             *_starts(read, generation, host, loader)]
    if any(finding.severity is not Severity.NOTE for finding in found):
        return tuple(found)
    who = _names([account.name for account in _able(read)] or ["someone by a %post script"])
    verb = "are" if host.disk.others else "is"
    erased = f"only {_names(list(host.disk.names))} {verb} erased" if read.erase.kind else "nothing is erased"
    return (Finding(topic=TOPIC, severity=Severity.OK,
                    text=f"nothing will stop and ask; {who} can log in; {erased}"), *found)


def _error(text: str, hint: str) -> Finding:
    return Finding(topic=TOPIC, severity=Severity.ERROR, text=text, hint=hint)


def _warning(text: str, hint: str) -> Finding:
    return Finding(topic=TOPIC, severity=Severity.WARNING, text=text, hint=hint)


def _asking(read: ParsedKickstart, generation: Generation) -> Iterator[Finding]:
    for command in read.asks:
        yield _error(f"{command} makes the installer ask", f"take {command} out")
    missing = [name for name, there in (("lang", read.language), ("keyboard", read.keyboard),
                                        ("timezone", read.timezone)) if not there]
    if missing:
        yield _error(f"no {_names(missing, 'or')}: the installer stops and asks",
                     "lang en_US.UTF-8, keyboard us, timezone Etc/UTC --utc")
    if read.root is None and not any("wheel" in account.groups for account in read.users):
        # Without a root password an administrator must be there (anaconda, the root password and user spokes).
        yield _error("no rootpw and no user in wheel: the installer stops and asks for a password",
                     "rootpw --lock with a user in wheel, or rootpw --iscrypted HASH")
    if not read.partitioned:
        yield _error("no part, autopart or mount: the installer stops and asks where to install",
                     "autopart, or part lines")
    for volume in read.locked_volumes:
        yield _error(f"{volume} is encrypted without a passphrase: the installer stops and asks for one",
                     "--passphrase=...")
    if not read.ends:
        yield _error("neither reboot nor poweroff: at its end the installer waits for a key", "reboot, or poweroff")
    if not read.non_interactive:
        yield _warning("no non-interactive mode: where anything is missing, the installer asks instead of ending",
                       f"a line: {generation.noninteractive}")
    if not read.bootloader:
        yield _warning("no bootloader line: the installer chooses the disk for it", "bootloader --location=mbr")


def _able(read: ParsedKickstart) -> list[Account]:
    """Accounts that a password or a key lets in."""
    with_key = {name for name, _ in read.ssh_keys}
    everybody = ([read.root] if read.root else []) + list(read.users)
    return [account for account in everybody if (account.has_password and account.password not in ("*", "!", "!!"))
            or account.name in with_key or _script_key(read, account.name)]


def _script_key(read: ParsedKickstart, name: str) -> bool:
    """Whether a %post script writes an authorized_keys file and names the account."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    return any("authorized_keys" in script and word.search(script) for script in read.scripts)


def _login(read: ParsedKickstart, host: Host) -> Iterator[Finding]:
    able = _able(read)
    by_script = any(MAKES_LOGIN.search(script) for script in read.scripts)
    if not able and not by_script:
        yield _error(f"nobody could log in to {host.name}: no password and no ssh key",
                     'root = { password = "file:..." }, or ssh_keys for root or a user')
    elif able and all(a.name != "root" and "wheel" not in a.groups for a in able) and not any(
            MAKES_ADMIN.search(script) for script in read.scripts):
        yield _warning(f"nobody could become root on {host.name}: {_names([a.name for a in able])} can log in, but is "
                       "not in wheel", 'groups = ["wheel"]')


def _disks(read: ParsedKickstart, host: Host) -> Iterator[Finding]:
    own = disks.names(host)
    named = ",".join(storage.device(name) for name in own)
    others = [disk for disk in read.disks if _bare(disk) not in own]
    if others:
        whose = f"the disk of {host.name} is" if len(own) == 1 else f"the disks of {host.name} are"
        yield _error(f"the kickstart names {_names(others)}; {whose} {_names(list(own))}: the installer stops "
                     "where a disk is missing, or erases one that was not meant", f"name {named} only")
    if read.erase.kind in ("all", "linux") and not read.erase.drives and not read.erase.only_use:
        yield _error(f"clearpart --{read.erase.kind} without --drives erases every disk that it finds",
                     f"clearpart --{read.erase.kind} --initlabel --drives={named}")
    if not read.erase.kind and read.partitioned:
        yield _warning("no clearpart: on a disk that has partitions the installer stops for want of space",
                       f"clearpart --all --initlabel --drives={named}")
    if not read.erase.zerombr:
        yield _error("no zerombr: on an empty or strange disk the installer stops and asks", "zerombr")
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
    for secret in read.secrets:
        if secret.text not in known:
            cure = next((text for word, text in CURES if word in secret.command), CURE)
            yield _error(f"{secret.command} holds a secret in clear; it would stay readable in the bundle and on the "
                         "installed disk", cure)


def _looks(read: ParsedKickstart, where: str) -> Iterator[Finding]:
    if any("NOPASSWD" in script for script in read.scripts):
        yield Finding(topic=TOPIC, severity=Severity.NOTE, text="a %post script lets an account use sudo without a "
                      "password", hint="give the account a password where that is not wanted")
    for number, word in read.outside:
        yield _warning(f"{where} line {number}: what {word} brings is not checked, and decided when the machine boots",
                       "put the lines themselves there")
    for warning in read.warnings:
        yield _warning(f"{where}: {warning}", "see the kickstart documentation of this release")


def _names(words: list[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"

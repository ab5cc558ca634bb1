"""Whether the installer does without anybody, and somebody can log in afterwards: the rules that a host's own kickstart
is held to as well (boot/review/rules), with what else a lone file may tell."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from builder.boot.review.parsed import SOURCES, Account
from builder.boot.review.rules import asking, erasing, login, secrets
from builder.finding import Finding, Severity
from builder.lint.kickstart.case import Case
from builder.lint.kickstart.checks.letters import MARKUP
from builder.lint.kickstart.rules import found
from builder.profile.secrets import password_hash

# What each finding about something missing would be settled by: where a refused line or an included file may be that,
# it is not told as missing.
SETTLED = {
    "asks-language": ("lang",), "asks-keyboard": ("keyboard",), "asks-timezone": ("timezone",),
    "asks-root-password": ("rootpw", "user"), "nobody-can-log-in": ("rootpw", "user", "sshkey"),
    "nobody-is-root": ("rootpw", "user", "sshkey"),
    "asks-partitioning": ("part", "partition", "autopart", "mount", "logvol", "raid", "liveimg", "ostreesetup"),
    "waits-at-end": ("reboot", "poweroff", "shutdown", "halt"), "can-ask": ("text", "cmdline"),
    "asks-zerombr": ("zerombr", "clearpart"), "no-clearpart": ("clearpart", "ignoredisk"),
    "no-bootloader": ("bootloader",), "erases-every-disk": ("ignoredisk",),
    "no-source": SOURCES,
    "asks-network": ("network",), "no-root": ("part", "partition", "logvol", "raid", "autopart", "btrfs", "mount"),
    "no-firmware-partition": ("part", "partition", "reqpart"),
    "undefined-part": ("part", "partition", "raid", "volgroup", "logvol", "btrfs"),
}
# Packages that let people in by what the cloud tells of them, and images that bring their own accounts.
BRING_ACCOUNTS = re.compile(r"cloud-init|WALinuxAgent|google-guest-agent|google-compute-engine|afterburn|ignition")
IMAGES = frozenset({"liveimg", "ostreesetup", "ostreecontainer", "bootc"})
NETWORK_SOURCES = frozenset({"url", "nfs"})
# A name as useradd of EL takes it: shadow-utils with Red Hat's patch allows capitals and dots (useradd(8), CAVEATS).
ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?")
CURES = (("--passphrase", "a file that only this machine may fetch; or clevis and a tang server"),
         ("--activation-key", "a key that registers only such machines, taken back after the installation"))
ACCESS = "rootpw --iscrypted HASH, sshkey --username=root, or user --groups=wheel"


def check(case: Case) -> Iterator[Finding]:
    yield from _asking(case)
    yield from _access(case)
    yield from _secrets(case)


def settled(case: Case, finding: Finding) -> Finding | None:
    """`finding` as it is; a note where an included file may settle it; None where one of this file's lines does."""
    by = SETTLED.get(finding.rule, ())
    if any(word in case.refused or word in case.written for word in by):
        return None
    if by and case.open and finding.severity is not Severity.NOTE:
        text = f"{finding.text}; unless what is included does"
        return dataclasses.replace(finding, severity=Severity.NOTE, text=text)
    return finding


def _asking(case: Case) -> Iterator[Finding]:
    read = case.read
    yield from asking.check(read, case.generation)
    if not _ready_made(case):
        if not read.erase.labels and read.partitioned:
            yield from asking.unknown_disks(read)
        yield from erasing.check(read, "DISK")
    if read.partitioned and read.source not in IMAGES:
        yield from erasing.loader(read)
    if not read.source:
        yield found("no-source", 0, "nothing names the source of packages: the boot line must (inst.repo=)",
                    "url --url=TREE")
    if case.generation.name == "el6" and read.source in NETWORK_SOURCES and not read.cards:
        # Red Hat Enterprise Linux 6 Migration Planning Guide, 2.2.2.1: before, DHCP was taken for granted.
        yield found("asks-network", 0, "no network line: the installer of EL6 asks where the boot line has no ip=",
                    "network --bootproto=dhcp")


def _ready_made(case: Case) -> bool:
    """Whether every partition is there already: a %pre script, or somebody before, has divided the disk."""
    parts = case.outline.named("part", "partition")
    cleared = case.outline.named("clearpart")
    return bool(parts) and not cleared and all(part.has("--onpart", "--usepart") for part in parts)


def _access(case: Case) -> Iterator[Finding]:
    read = case.read
    if not _bring_accounts(case):
        yield from login.check(read, "", ACCESS, "user --groups=wheel")
        yield from _root_ssh(case)
    for finding in login.sudo(read):
        line = next((line for script in case.outline.scripts("%post") for line, text in script.body
                     if "NOPASSWD" in text), 0)
        yield dataclasses.replace(finding, line=case.fed.lines.index(line) + 1 if line else 0)
    for account in read.accounts:
        yield from _hash(case, account)
        if not ACCOUNT.fullmatch(account.name) and not MARKUP.search(account.name):
            yield found("account-name", account.line, f'useradd refuses the name "{account.name}"',
                        "letters, digits, _ . and -, at most 32")


def _bring_accounts(case: Case) -> bool:
    read = case.read
    return read.source in IMAGES or bool(BRING_ACCOUNTS.search(" ".join((*read.packages, *read.groups))))


def _root_ssh(case: Case) -> Iterator[Finding]:
    """EL9 and later leave PermitRootLogin at prohibit-password (anaconda release notes, rootpw_allow_ssh)."""
    read, root = case.read, case.read.root
    if not case.generation.allow_root_ssh or root is None or not root.has_password:
        return
    allowed = any(command.has("--allow-ssh") for command in case.outline.named("rootpw"))
    others = any(account.name != "root" for account in login.able_to_log_in(read))
    key = any(name == "root" for name, _ in read.ssh_keys)
    by_script = any("PermitRootLogin" in script or login.MAKES_LOGIN.search(script) for script in read.scripts)
    if not (allowed or others or key or by_script):
        yield found("root-ssh-off", root.line, "root has the only account, and may not log in over ssh with a "
                    "password: only at the console", "rootpw --allow-ssh, or an ssh key, or a user in wheel")


def _hash(case: Case, account: Account) -> Iterator[Finding]:
    text = account.password.lstrip("!")
    if not account.encrypted or not text or text == "*" or MARKUP.search(text):
        return
    who = "rootpw" if account.name == "root" else f"user --name={account.name}"
    try:
        password_hash(text, case.generation)
    except ValueError as reason:
        said = str(reason).partition(";")[0]
        if "MD5 or DES" in said:
            yield found("weak-hash", account.line, f"{who}: {said}", secrets.CURE)
        elif "plain text" in said:
            others = [other for other in login.able_to_log_in(case.read) if other != account]
            yield found("not-a-hash", account.line, f"{who} --iscrypted has plain text: nobody can log in with it",
                        "rootpw --lock where that is meant, else a hash made by: pinboot hash-password",
                        Severity.WARNING if others or _bring_accounts(case) else None)
        elif text.startswith("$2") and case.generation.name not in ("el6", "el7"):
            # libxcrypt, the crypt of EL8 and later, checks bcrypt (crypt(5)).
            yield found("not-a-hash", account.line, f"{who}: a bcrypt hash, which no tool of the release makes",
                        secrets.CURE, Severity.WARNING)
        else:
            yield found("not-a-hash", account.line, f"{who}: {said}", secrets.CURE)


def _secrets(case: Case) -> Iterator[Finding]:
    filled_later = {secret.text for secret in case.read.secrets if MARKUP.fullmatch(secret.text)}
    yield from secrets.check(case.read, filled_later, CURES, "in this file and on the installed disk")

"""What makes the installer stop and ask, or wait for a key."""

from __future__ import annotations

from collections.abc import Iterator

from builder.boot.review.parsed import ParsedKickstart
from builder.catalog.generation import Generation
from builder.finding import Finding, Severity

TOPIC = "unattended"
# Where these are missing, only the graphical installer of EL7 and later asks: the text one shows no page for the
# keyboard and takes English (anaconda pyanaconda/ui/tui/spokes), the loader of EL6 asks in every mode.
DEFAULTS = {"lang": "en_US", "keyboard": "us"}
FIRSTBOOT = "firstboot --enable"


def check(read: ParsedKickstart, generation: Generation) -> Iterator[Finding]:
    yield from commands(read)
    yield from basics(read, generation)
    yield from answers(read)
    yield from end(read, generation)


def commands(read: ParsedKickstart) -> Iterator[Finding]:
    """Commands that are there to make somebody answer."""
    for command, line in read.asks:
        if command == FIRSTBOOT:
            # Asks only where initial-setup is installed (pykickstart, firstboot).
            yield _found("firstboot-asks", Severity.WARNING, f"{command} makes the installer ask for the rest at the "
                         "first start of the machine", "firstboot --disable", line)
        else:
            yield _found("asks-by-command", Severity.ERROR, f"{command} makes the installer ask",
                         f"take {command} out", line)


def basics(read: ParsedKickstart, generation: Generation) -> Iterator[Finding]:
    """Language, keyboard and time zone (Red Hat's kickstart reference: required)."""
    silent = generation.name != "el6" and read.mode in ("text", "cmdline")
    if not read.language:
        yield _missing("asks-language", "lang", "lang en_US.UTF-8", silent)
    if not read.keyboard:
        yield _missing("asks-keyboard", "keyboard", "keyboard us", silent)
    if not read.timezone:
        # EL8 and later start from America/New_York (anaconda modules/timezone/timezone.py).
        default = silent and generation.name != "el7"
        yield _found("asks-timezone", Severity.WARNING if default else Severity.ERROR,
                     "no timezone: the installer stops and asks"
                     + (" (in text mode it takes America/New_York)" if default else ""), "timezone Etc/UTC --utc")


def _missing(rule: str, command: str, hint: str, silent: bool) -> Finding:
    note = f" (in text mode it takes {DEFAULTS[command]})" if silent else ""
    return _found(rule, Severity.WARNING if silent else Severity.ERROR,
                  f"no {command}: the installer stops and asks{note}", hint)


def answers(read: ParsedKickstart) -> Iterator[Finding]:
    """What only the owner can know: the password, the place, the passphrase."""
    if read.root is None and not any("wheel" in account.groups for account in read.users):
        # Without a root password an administrator must be there (anaconda, the root password and user spokes).
        yield _found("asks-root-password", Severity.ERROR,
                     "no rootpw and no user in wheel: the installer stops and asks for a password",
                     "rootpw --lock with a user in wheel, or rootpw --iscrypted HASH")
    if not read.partitioned:
        yield _found("asks-partitioning", Severity.ERROR,
                     "no part, autopart or mount: the installer stops and asks where to install",
                     "autopart, or part lines")
    for volume, line in read.locked_volumes:
        yield _found("asks-passphrase", Severity.ERROR,
                     f"{volume} is encrypted without a passphrase: the installer stops and asks for one",
                     "--passphrase=...", line)


def end(read: ParsedKickstart, generation: Generation) -> Iterator[Finding]:
    if not read.ends:
        yield _found("waits-at-end", Severity.ERROR,
                     "neither reboot nor poweroff: at its end the installer waits for a key", "reboot, or poweroff")
    if not read.non_interactive:
        yield _found("can-ask", Severity.NOTE, "no non-interactive mode: where anything is missing, the installer "
                     "asks instead of ending", f"a line: {generation.noninteractive}")


def unknown_disks(read: ParsedKickstart) -> Iterator[Finding]:
    if not read.erase.zerombr:
        yield _found("asks-zerombr", Severity.WARNING,
                     "no zerombr: on an empty or strange disk the installer stops and asks", "zerombr")


def _found(rule: str, severity: Severity, text: str, hint: str, line: int = 0) -> Finding:
    return Finding(topic=TOPIC, severity=severity, text=text, hint=hint, rule=rule, line=line)

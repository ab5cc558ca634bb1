"""Who can log in to the installed system, and become root."""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder.boot.review.parsed import Account, ParsedKickstart
from builder.boot.review.rules.asking import TOPIC
from builder.finding import Finding, Severity

# Words in a %post script that may open a way in, or up, which no command tells of.
MAKES_LOGIN = re.compile(r"authorized_keys|chpasswd|\bpasswd\b|useradd|usermod|ipa-client-install|realm join")
MAKES_ADMIN = re.compile(r"sudoers|wheel|ipa-client-install|realm join")
NO_PASSWORD = ("*", "!", "!!")


def check(read: ParsedKickstart, on: str, hint: str, admin_hint: str) -> Iterator[Finding]:
    """`on` is the host's name, or empty; the hints say how whoever wrote the kickstart gives access."""
    able = able_to_log_in(read)
    by_script = any(MAKES_LOGIN.search(script) for script in read.scripts)
    if not able and not by_script:
        yield Finding(topic=TOPIC, severity=Severity.ERROR, rule="nobody-can-log-in", hint=hint,
                      text=f"nobody could log in{f' to {on}' if on else ''}: no password and no ssh key")
    elif able and all(a.name != "root" and "wheel" not in a.groups for a in able) and not any(
            MAKES_ADMIN.search(script) for script in read.scripts):
        yield Finding(topic=TOPIC, severity=Severity.WARNING, rule="nobody-is-root", hint=admin_hint,
                      line=able[0].line, text=f"nobody could become root{f' on {on}' if on else ''}: "
                      f"{names([a.name for a in able])} can log in, but is not in wheel")


def able_to_log_in(read: ParsedKickstart) -> list[Account]:
    """Accounts that a password or a key lets in."""
    with_key = {name for name, _ in read.ssh_keys}
    return [account for account in read.accounts if (account.has_password and account.password not in NO_PASSWORD)
            or account.name in with_key or _script_key(read, account.name)]


def _script_key(read: ParsedKickstart, name: str) -> bool:
    """Whether a %post script writes an authorized_keys file and names the account."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    return any("authorized_keys" in script and word.search(script) for script in read.scripts)


def sudo(read: ParsedKickstart) -> Iterator[Finding]:
    if any("NOPASSWD" in script for script in read.scripts):
        yield Finding(topic=TOPIC, severity=Severity.NOTE, rule="sudo-without-password",
                      text="a %post script lets an account use sudo without a password",
                      hint="give the account a password where that is not wanted")


def names(words: list[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"

"""Secrets that stand in a kickstart in clear, each with its cure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from builder.boot.review.parsed import ParsedKickstart
from builder.boot.review.rules.asking import TOPIC
from builder.finding import Finding, Severity

CURE = "--iscrypted with a hash, made by: pinboot hash-password"
# The part of a command's name that decides, and the cure.
CURES = (
    ("bootloader", "--iscrypted with a hash, made by: grub2-mkpasswd-pbkdf2"),
    ("--proxy", "a proxy that knows the machine by its address"),
    ("iscsi", "an initiator name that the target knows"),
    ("realm", "realm join in a post script that asks a server for the password"),
    ("vnc", "inst.vnc without a password, on a network of your own"),
    ("rdp", "no rdp line: an unattended installation needs nobody at the screen"),
)
# What the installer itself must read: no hash would do.
NEEDED = ("--passphrase", "--activation-key", "--proxy", "iscsi")
Cures = tuple[tuple[str, str], ...]


def check(read: ParsedKickstart, known: Collection[str], more: Cures, place: str) -> Iterator[Finding]:
    """All but what is `known` to be needed there; `more` are cures that only one kind of reader has, `place` says where
    the secret would be read."""
    for secret in read.secrets:
        if secret.text not in known:
            cure = next((text for word, text in (*more, *CURES) if word in secret.command), CURE)
            severity = Severity.NOTE if any(word in secret.command for word in NEEDED) else Severity.WARNING
            yield Finding(topic=TOPIC, severity=severity, rule="plain-secret", line=secret.line,
                          text=f"{secret.command} holds a secret in clear; it would stay readable {place}", hint=cure)

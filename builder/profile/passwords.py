"""A password as the sha512 crypt hash that every release's /etc/shadow takes ($6$, REFERENCE 3.6).

The hash of two equal passwords differs: the salt is random (16 characters, crypt(5)).
"""

from __future__ import annotations

import re

from builder.catalog.generation import GENERATIONS
from builder.profile import secrets

# Programs that read a password cut a long one, in silence: passwd at 200 bytes (shadow-maint/shadow PR 953), the helper
# of pam_unix at 512 (pam_unix(8)).
LONGEST = 200
# What crypt(5) takes where no rounds= is said.
ROUNDS = 5000
KINDS = {"$5$": "sha256", "$6$": "sha512", "$y$": "yescrypt"}


def refusal(password: str) -> str:
    """Why nobody could log in with `password`, or everybody; an empty string where it will do. Never echoes it."""
    if not password:
        return "is empty; whoever knows the name of the account could log in"
    if "\n" in password or "\r" in password:
        return "holds a line end; one password, on one line"
    if not password.isprintable():
        return "holds a control or invisible character, which no login prompt takes"
    if len(password.encode()) > LONGEST:
        return f"has {len(password.encode())} bytes; programs that ask for it may cut what is beyond {LONGEST}"
    return ""


def remarks(password: str) -> tuple[str, ...]:
    """What is allowed, and may not be meant."""
    found = []
    if password != password.strip():
        found.append("it begins or ends with a blank, which counts: it must be typed at each login")
    if not password.isascii():
        found.append("it holds characters beyond ASCII: the keyboard at the console must make the same ones (UTF-8)")
    return tuple(found)


def make(password: str, *, rounds: int = ROUNDS, salt: str | None = None) -> str:
    """The crypt hash of `password`, of which `refusal` has nothing to say."""
    from passlib.hash import sha512_crypt  # 30 ms, for one command (libpass installs itself as passlib)

    made = str(sha512_crypt.using(rounds=rounds, salt=salt).hash(password))
    return secrets.password_hash(made, GENERATIONS["el6"])


def kind(text: str) -> str:
    """The kind of a hash that some release takes, by its first characters; empty for all else."""
    return KINDS.get(text[:3], "")


def rounds(text: str) -> int:
    """How often sha256 or sha512 was applied."""
    found = re.match(r"\$[56]\$rounds=([0-9]{1,9})\$", text)
    return int(found[1]) if found else ROUNDS

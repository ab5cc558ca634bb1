"""Secrets come as hashes or references (file:, env:), never as plain text; files that others can read are refused, and
what could be one is struck out of any text that people get to see."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from builder.catalog.generation import Generation
from builder.names import shown

# crypt(5): $5$ SHA-256, $6$ SHA-512, $y$ yescrypt; what each release's /etc/shadow takes is REFERENCE 3.6.
_HASHES = {
    "$5$": re.compile(r"\$5\$(rounds=[0-9]+\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{43}"),
    "$6$": re.compile(r"\$6\$(rounds=[0-9]+\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86}"),
    "$y$": re.compile(r"\$y\$[./0-9A-Za-z]+\$[./0-9A-Za-z]{0,86}\$[./0-9A-Za-z]{43}"),
}
KEY_TYPES = ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
             "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")
MAX_BYTES = 64 << 10
HOW_TO_HASH = "make one with: pinboot hash-password"
REDACTED = "(redacted)"
# The comment in a kickstart that holds a secret for the scripts of its end (boot/kickstart/scripts.py).
COMMENT = "# pinboot-secret"
_VALUE = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"']+)"""
_STRUCK = (
    # An option that holds a secret, of a kickstart command or of the installer's command line.
    (re.compile(rf"(--(?:[a-z-]*passphrase|[a-z-]*password|activation-key)[= ])\s*{_VALUE}"), r"\1" + REDACTED),
    (re.compile(rf"((?:vncpassword|rdp\.password|passwd)=){_VALUE}"), r"\1" + REDACTED),
    # rootpw and sshpw have theirs as a bare word.
    (re.compile(rf"(?m)^([ \t]*(?:rootpw|sshpw)\b(?:[ \t]+--[a-z-]+(?:={_VALUE})?)*[ \t]+)(?![-*]){_VALUE}"),
     r"\1" + REDACTED),
    (re.compile(rf"(?m)^({COMMENT} [a-z-]+ ).*"), r"\1" + REDACTED),
    # crypt(5), and what grub2-mkpasswd-pbkdf2 makes.
    (re.compile(r"\$(?:1|2[abxy]|5|6|7|gy|y)\$(?:[./0-9A-Za-z=,]+\$)*[./0-9A-Za-z]{20,}|grub\.pbkdf2\.[.0-9A-Za-z]+"),
     REDACTED),
    (re.compile(r"(://)[^/@\s\"']+@"), r"\1" + REDACTED + "@"),
)


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that stands in clear in the private kickstart and nowhere else. It prints as (redacted); its repr tells
    two apart (a build is known by it) by 32 bits of a digest, which are too few to find the text by."""

    text: str

    def __repr__(self) -> str:
        return f"Secret({hashlib.sha256(self.text.encode()).hexdigest()[:8]})"

    def __str__(self) -> str:
        return REDACTED


def reference(text: str, folder: Path, environment: Mapping[str, str], *, private: bool) -> str:
    """The text behind `file:PATH` or `env:NAME`, or `text` itself; line ends at the end go.

    `folder` is where relative paths start. Raises ValueError: not there, unreadable, empty, or (with `private`)
    readable by group or others.
    """
    if text.startswith("file:"):
        return _from_file(Path(text[5:]).expanduser(), folder, private=private)
    if text.startswith("env:"):
        name = text[4:]
        if not environment.get(name):
            raise ValueError(f"the environment variable {shown(name)} is not set")
        return environment[name].rstrip("\r\n")
    return text


def clear(text: str, folder: Path, environment: Mapping[str, str], *, least: int = 1) -> Secret:
    """The secret behind `file:PATH` or `env:NAME` that must be written in clear: `least` to 512 printable ASCII
    characters, as a prompt at boot takes them with any keyboard (cryptsetup(8): 512). Raises ValueError, never echoing
    it."""
    if not text.startswith(("file:", "env:")):
        raise ValueError("plain text; only file:PATH or env:NAME may stand here")
    found = reference(text, folder, environment, private=True)
    if not found.isascii() or not found.isprintable():
        raise ValueError("holds characters beyond printable ASCII, which not every keyboard has at boot")
    if not least <= len(found) <= 512 or found != found.strip():
        raise ValueError(f"must have {least} to 512 characters, with no blank at either end")
    return Secret(found)


def redacted(text: str, known: Iterable[Secret] = ()) -> str:
    """`text` without what is or could be a secret: for previews, messages and logs. `known` are struck out wherever
    they stand; beside them all that a kickstart or a command line may hold one in."""
    for secret in sorted(known, key=lambda each: len(each.text), reverse=True):
        text = text.replace(secret.text, REDACTED)
    for pattern, instead in _STRUCK:
        text = pattern.sub(instead, text)
    return text


def _from_file(path: Path, folder: Path, *, private: bool) -> str:
    place = path if path.is_absolute() else folder / path
    try:
        with place.open("rb") as stream:
            mode = stat.S_IMODE(place.stat().st_mode)
            data = stream.read(MAX_BYTES + 1)
    except OSError as reason:
        raise ValueError(f"{place}: {reason.strerror}") from None
    if private and mode & 0o077:
        raise ValueError(f"{place} can be read by others (mode {mode:04o}); chmod 600 {place}")
    if len(data) > MAX_BYTES:
        raise ValueError(f"{place} is longer than 64 KiB; that is no secret or key")
    try:
        content = data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError(f"{place} is not text") from None
    if not content:
        raise ValueError(f"{place} is empty")
    return content


def password_hash(text: str, generation: Generation) -> str:
    """A crypt hash fit for this generation's /etc/shadow. Raises ValueError, never echoing what was found."""
    prefix = next((p for p in _HASHES if text.startswith(p)), "")
    if prefix == "$y$" and not generation.yescrypt:
        raise ValueError(f"a yescrypt hash ($y$), which {generation.name.upper()} cannot check; {HOW_TO_HASH}")
    if prefix and _HASHES[prefix].fullmatch(text):
        return text
    if text.startswith("$1$") or re.fullmatch(r"[./0-9A-Za-z]{13}", text):
        raise ValueError(f"an MD5 or DES hash, too weak to stand in any /etc/shadow; {HOW_TO_HASH}")
    if text.startswith("$"):
        raise ValueError(f"a hash of unknown kind or cut short (wants $5$, $6$ or $y$); {HOW_TO_HASH}")
    raise ValueError(f"plain text; only a hash, file:PATH or env:NAME may stand here; {HOW_TO_HASH}")


def ssh_key(text: str) -> str:
    """One public key line: known type, valid base64 that names the same type, printable comment. Raises ValueError."""
    if "PRIVATE KEY" in text:
        raise ValueError("a PRIVATE key; give the .pub file beside it")
    parts = text.strip().split(None, 2)
    if len(parts) < 2 or parts[0] not in KEY_TYPES:
        raise ValueError(f"{shown(text)} is no public ssh key (ssh-ed25519 AAAA... comment)")
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except binascii.Error:
        raise ValueError(f"the key after {parts[0]} is not base64; was it cut?") from None
    # RFC 4253 6.6: the blob starts with its own type as a length-prefixed string.
    if blob[:4] != len(parts[0]).to_bytes(4, "big") or blob[4 : 4 + len(parts[0])] != parts[0].encode():
        raise ValueError(f"the key is not of the type {parts[0]} that it names; was it cut or mixed up?")
    comment = parts[2] if len(parts) > 2 else ""
    if not comment.isprintable() or '"' in comment or "\\" in comment or "'" in comment:
        raise ValueError("the comment of the key holds quotes, backslashes or control characters")
    return " ".join(p for p in (*parts[:2], comment) if p)

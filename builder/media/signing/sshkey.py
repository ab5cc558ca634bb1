"""ssh keys as files hold them: public keys, allowed signers, and the public half of a private key.

Formats: sshd(8) AUTHORIZED_KEYS FILE FORMAT, ssh-keygen(1) ALLOWED SIGNERS, OpenSSH PROTOCOL.key and PROTOCOL.krl.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from builder.errors import UsageError
from builder.names import shown

# Whom a signature is for (ssh-keygen -n): one that was made for another purpose must not pass here.
NAMESPACE = "pinboot"
PRIVATE = re.compile(rb"-----BEGIN (?:(?:OPENSSH|RSA|DSA|EC|ENCRYPTED) )?PRIVATE KEY-----")
OWN_FORM = re.compile(rb"-----BEGIN OPENSSH PRIVATE KEY-----\s([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----")
TYPE = r"(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+"
KEY = re.compile(rf"(?:(?P<before>.*?)[ \t])?(?P<type>{TYPE})[ \t]+(?P<blob>[A-Za-z0-9+/=]+)(?:[ \t]+(?P<comment>.*))?")
KRL = b"SSHKRL\n\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A public key: `blob` as it goes over the wire, `comment` whose it is; `line` as an allowed signer."""

    blob: bytes
    comment: str
    line: str

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.blob)


def fingerprint(blob: bytes) -> str:
    """As ssh-keygen -l writes it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def keys(data: bytes, where: str) -> tuple[Key, ...]:
    """The keys of a file of public keys or of allowed signers. Raises UsageError."""
    found = []
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        text = line.strip()
        if text and not text.startswith("#"):
            found.append(_key(text, f"{where} line {number}"))
    if not found:
        raise UsageError(f"{where}: holds no key", "give an ssh public key, allowed signers, or an OpenPGP public key")
    return tuple(found)


def _key(text: str, where: str) -> Key:
    match = KEY.fullmatch(text)
    try:
        blob = base64.b64decode(match["blob"], validate=True) if match else b""
    except binascii.Error:
        blob = b""
    # The blob names its own type first (RFC 4253 6.6).
    if not match or not blob.startswith(len(match["type"]).to_bytes(4, "big") + match["type"].encode()):
        raise UsageError(f"{where}: {shown(text)} is no public key",
                         "a line is as in a .pub file, or as ssh-keygen(1) tells of allowed signers")
    if match["before"]:
        return Key(blob=blob, comment=match["before"].split()[0].strip('"'), line=text)
    line = f'{NAMESPACE} namespaces="{NAMESPACE}" {match["type"]} {match["blob"]}'
    return Key(blob=blob, comment=match["comment"] or "", line=line)


def public_half(path: Path, data: bytes) -> tuple[Key, ...]:
    """The public key that belongs to `data`, the content of `path`: a .pub, a private key with its .pub beside it, or
    one in OpenSSH's own form, whose public half is never encrypted. Raises UsageError."""
    if not PRIVATE.search(data):
        return keys(data, str(path))
    beside = path.with_name(f"{path.name}.pub")
    try:
        if beside.is_file():
            return keys(beside.read_bytes(), str(beside))
        blob = _public(data)
    except (OSError, ValueError) as reason:
        raise UsageError(f"{path}: its public half cannot be read: {reason}",
                         f"put the public key beside it: ssh-keygen -y -f {path} > {beside}") from reason
    return (_bare_key(blob),)


def _bare_key(blob: bytes) -> Key:
    return _key(f"{field(blob, 0)[0].decode('ascii', 'replace')} {base64.b64encode(blob).decode()}", "")


def revocations(data: bytes, where: str) -> None:
    """Raises UsageError for what ssh-keygen would not take as a list of revoked keys: with one that it cannot read, it
    refuses every signature, and does not say why."""
    if not data.startswith(KRL):
        keys(data, where)


def encrypted(data: bytes) -> bool:
    """Does a private key ask for a passphrase?"""
    try:
        return field(_container(data), 0)[0] != b"none"
    except ValueError:
        return b"ENCRYPTED" in data  # RFC 7468 11, or the Proc-Type line of older forms


def _public(data: bytes) -> bytes:
    """What stands behind cipher, kdf, its options and the number of keys (PROTOCOL.key 1). Raises ValueError."""
    held, at = _container(data), 0
    for _ in range(3):
        _, at = field(held, at)
    return field(held, at + 4)[0]


def _container(data: bytes) -> bytes:
    armored = OWN_FORM.search(data)
    if not armored:
        raise ValueError("it is in another form than OpenSSH's own")
    return binascii.a2b_base64(armored[1]).removeprefix(b"openssh-key-v1\0")


def field(data: bytes, at: int) -> tuple[bytes, int]:
    """A string as ssh puts it, a length of 32 bits and as many bytes (RFC 4251 5), and where it ends. Raises
    ValueError."""
    end = at + 4 + int.from_bytes(data[at:at + 4], "big")
    if len(data) < max(end, at + 4):
        raise ValueError("it is cut")
    return data[at + 4:end], end

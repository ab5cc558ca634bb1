"""A signature over a bundle's SHA256SUMS: which kind a key makes, who signs, and how a given key is demanded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from builder.errors import CheckFailed, UsageError
from builder.media import checksums
from builder.media.bundle import Entry, text_entry
from builder.media.signing import ssh, sshkey
from builder.media.signing.judged import Ask, Check, Judged, missing

MAX_KEY = 1 << 20
PGP = b"-----BEGIN PGP "
PGP_PUBLIC, PGP_SECRET = PGP + b"PUBLIC KEY BLOCK-----", PGP + b"PRIVATE KEY BLOCK-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """`path` is the name of what `make` makes of the bytes of SHA256SUMS; `check` knows this key's signature again."""

    key: Path
    path: str
    make: Callable[[bytes], bytes]
    check: Check

    def sign(self, sums: bytes) -> tuple[Entry, Judged]:
        """The signature as a file of the bundle, and what whoever verifies it will read. Raises CheckFailed where the
        key does not sign, or signs what nobody would accept; Missing."""
        made = self.make(sums)
        judged = self.check(sums, {self.path: made})
        if not judged.ok:
            raise CheckFailed(f"--sign {self.key}: its signature would not be accepted: {judged.text}",
                              "nothing was written; what was there before is untouched")
        return text_entry(self.path, made), judged


def signer(path: Path, *, now: int, interactive: bool, ask: Ask | None) -> Signer:
    """The key at `path`, told by its content: an OpenSSH private key, a .pub whose private half an agent has, or an
    OpenPGP secret key. `interactive`: ssh-keygen may use the terminal; `ask` asks for an OpenPGP passphrase. Raises
    UsageError."""
    data = _read(path, "--sign")
    if PGP_PUBLIC in data:
        raise UsageError(f"--sign {path}: is a public key, and those only verify",
                         "gpg --armor --export-secret-keys KEY writes a secret one")
    if PGP_SECRET in data or _is_bare(data):
        # Only who signs or judges by OpenPGP pays for its import.
        from builder.media.signing import openpgp

        secret = openpgp.Secret(path, data, ask)
        return Signer(key=path, path=checksums.OPENPGP, make=secret.sign,
                      check=_openpgp(secret.public, f"--sign {path}", now))
    allowed = sshkey.public_half(path, data)
    return Signer(key=path, path=checksums.SSH, make=lambda sums: ssh.sign(sums, path, ask=interactive),
                  check=_ssh(allowed, str(path), None))


def demanded(path: Path, *, now: int, revoked: Path | None) -> Check:
    """The check that only a signature by a key of the file at `path` passes: ssh public keys, allowed signers, or
    OpenPGP public keys. `revoked` holds ssh keys that no longer count (a KRL or public keys). Raises UsageError."""
    data = _read(path, "--key")
    if sshkey.PRIVATE.search(data) or PGP_SECRET in data:
        raise UsageError(f"--key {path}: is a private key; its public half verifies",
                         "do not hand this file around: ssh-keygen -y or gpg --export writes the public one")
    if PGP_PUBLIC in data or _is_bare(data):
        if revoked:
            raise UsageError("--revoked: is for ssh keys; an OpenPGP key carries its own revocation",
                             "fetch the key anew, as its owner publishes it")
        return _openpgp(data, f"--key {path}", now)
    if revoked:
        sshkey.revocations(_read(revoked, "--revoked"), f"--revoked {revoked}")
    return _ssh(sshkey.keys(data, f"--key {path}"), str(path), revoked)


def _ssh(allowed: tuple[sshkey.Key, ...], where: str, revoked: Path | None) -> Check:
    def check(sums: bytes, there: Mapping[str, bytes]) -> Judged:
        if checksums.SSH not in there:
            return missing(there, checksums.SSH)
        return ssh.check(sums, there[checksums.SSH], allowed, where=where, revoked=revoked)

    return check


def _openpgp(data: bytes, option: str, now: int) -> Check:
    from builder.media.signing import openpgp

    allowed = openpgp.load(data, option)

    def check(sums: bytes, there: Mapping[str, bytes]) -> Judged:
        if checksums.OPENPGP not in there:
            return missing(there, checksums.OPENPGP)
        return openpgp.check(sums, there[checksums.OPENPGP], allowed, now=now)

    return check


def _is_bare(data: bytes) -> bool:
    """OpenPGP packets without armor: the first bit of each is set (RFC 9580 4.2)."""
    return bool(data) and data[0] & 0x80 != 0


def _read(path: Path, option: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_KEY + 1)
    except OSError as reason:
        raise UsageError(f"{option} {path}: cannot be read: {reason.strerror}", "name a key file") from reason
    if len(data) > MAX_KEY:
        raise UsageError(f"{option} {path}: longer than 1 MiB; that is no key", "name a key file")
    return data

"""Signatures by ssh keys: ssh-keygen(1) -Y makes and judges them; what is read here only tells the causes apart.

Format: OpenSSH PROTOCOL.sshsig.
"""

from __future__ import annotations

import binascii
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from builder.errors import CheckFailed, Missing
from builder.media import checksums
from builder.media.signing.judged import Judged, State
from builder.media.signing.sshkey import NAMESPACE, Key, encrypted, field, fingerprint
from builder.names import shown

ARMOR = re.compile(rb"-----BEGIN SSH SIGNATURE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END SSH SIGNATURE-----\s*")
PREAMBLE = b"SSHSIG\0\0\0\1"  # with the one version that there is
PACKAGES = "openssh-client on Debian, openssh on Alpine; it is part of NetBSD's base system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a signature says of itself, before anybody has judged it."""

    key: bytes
    namespace: str


def read(data: bytes) -> Signature:
    """Raises ValueError for what is no ssh signature."""
    armored = ARMOR.fullmatch(data)
    if not armored:
        raise ValueError("it does not begin and end as one")
    blob = binascii.a2b_base64(armored[1])
    if not blob.startswith(PREAMBLE):
        raise ValueError("it is of no version that is known")
    key, at = field(blob, len(PREAMBLE))
    namespace, _ = field(blob, at)
    return Signature(key=key, namespace=namespace.decode("ascii", "replace"))


def check(sums: bytes, signature: bytes, allowed: tuple[Key, ...], *, where: str, revoked: Path | None) -> Judged:
    """Is `signature` one of `sums`, for our namespace, by a key of `allowed` (read from `where`) and not of `revoked`
    (a KRL or public keys)? ssh-keygen decides; the causes are told apart afterwards. Raises Missing."""
    try:
        found = read(signature)
    except ValueError as reason:
        return Judged(state=State.BAD, text=f"bad: {checksums.SSH} is no ssh signature: {reason}")
    with tempfile.TemporaryDirectory(prefix="pinboot-") as name:
        return _judge(_Bench(Path(name), sums, signature, allowed), found, allowed, where=where, revoked=revoked)


class _Bench:
    """A private folder in which ssh-keygen finds what it is to judge."""

    def __init__(self, folder: Path, sums: bytes, signature: bytes, allowed: tuple[Key, ...]) -> None:
        self.sums = sums
        self.signature = folder / checksums.SSH
        self.signers = folder / "allowed_signers"
        self.signature.write_bytes(signature)
        self.signers.write_bytes("".join(f"{key.line}\n" for key in allowed).encode())

    def principal(self) -> str:
        """Whom the list names for the key that signed; empty: nobody."""
        done = _run("find-principals", "-f", str(self.signers), "-s", str(self.signature), data=self.sums)
        names = [line for line in done.out.splitlines() if not line.startswith("!")]
        return names[0] if done.code == 0 and names else ""

    def sound(self) -> bool:
        """Did some key sign these very bytes for our namespace?"""
        return _run("check-novalidate", "-n", NAMESPACE, "-s", str(self.signature), data=self.sums).code == 0

    def good(self, principal: str, revoked: Path | None) -> bool:
        more = ("-r", str(revoked)) if revoked else ()
        return _run("verify", "-f", str(self.signers), "-I", principal, "-n", NAMESPACE, "-s", str(self.signature),
                    *more, data=self.sums).code == 0


def _judge(bench: _Bench, found: Signature, allowed: tuple[Key, ...], *, where: str, revoked: Path | None) -> Judged:
    made = fingerprint(found.key)
    by = f"ssh key {made}"
    principal = bench.principal()
    if principal and bench.good(principal, revoked):
        comment = next((key.comment for key in allowed if key.blob == found.key), principal)
        name = f" {shown(comment)}" if comment else ""
        return Judged(state=State.GOOD, text=f"ok, {by}{name}", key=made)
    if found.namespace != NAMESPACE:
        return Judged(state=State.WRONG_NAMESPACE, key=made,
                      text=f"wrong namespace: made for {shown(found.namespace)}, not for {NAMESPACE}, by {by}")
    if not bench.sound():
        return Judged(state=State.BAD, key=made, text=f"bad: not of this {checksums.PATH}, or damaged; it names {by}")
    if not any(key.blob == found.key for key in allowed) and not principal:
        return Judged(state=State.WRONG_KEY, key=made, text=f"wrong key: by {by}, which is not in {where}")
    if revoked and principal and bench.good(principal, None):
        return Judged(state=State.REVOKED, key=made, text=f"revoked: by {by}, which {revoked} takes back")
    return Judged(state=State.REFUSED, key=made,
                  text=f"refused: by {by}, which {where} allows for another purpose or another time")


def sign(sums: bytes, key: Path, *, ask: bool) -> bytes:
    """The signature of `sums` by the private key at `key`, or by the agent that has the private half of a .pub.

    With `ask`, ssh-keygen may ask for a passphrase or a touch on the terminal. Raises CheckFailed, with its own words
    where it had no terminal to say them, and Missing.
    """
    with tempfile.TemporaryDirectory(prefix="pinboot-") as name:
        file = Path(name) / checksums.PATH
        file.write_bytes(sums)
        done = _run("sign", "-q", "-n", NAMESPACE, "-f", str(key), str(file), ask=ask)
        if done.code == 0:
            return (Path(name) / checksums.SSH).read_bytes()
    if not ask and encrypted(key.read_bytes()):
        raise CheckFailed(f"--sign {key}: has a passphrase, and there is no terminal to ask for it",
                          f"ssh-add {key}, so that the agent signs; or run it in a terminal, without --quiet")
    said = "".join(f"\n  {line}" for line in done.said.splitlines())
    raise CheckFailed(f"--sign {key}: ssh-keygen did not sign{said}",
                      "nothing was written; what was there before is untouched")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    code: int
    out: str = ""
    said: str = ""


def _run(verb: str, *arguments: str, data: bytes = b"", ask: bool = False) -> _Done:
    """ssh-keygen -Y. With `ask` it has our terminal and says there what it says; without, a session that has none."""
    import subprocess

    tool = shutil.which("ssh-keygen")
    if tool is None:
        raise Missing("ssh-keygen is not installed, and only it makes and judges signatures by ssh keys",
                      f"install it ({PACKAGES})")
    command = [tool, "-Y", verb, *arguments]
    if ask:
        return _Done(code=subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode)
    done = subprocess.run(command, check=False, input=data, capture_output=True, start_new_session=True)
    return _Done(code=done.returncode, out=done.stdout.decode("utf-8", "replace"),
                 said=done.stderr.decode("utf-8", "replace"))

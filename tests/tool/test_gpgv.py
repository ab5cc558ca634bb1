"""gpgv as a judge of our own verifiers, by its status words and never by its exit code.

Not asked where it is more lenient by design: SHA-1 data signatures, revoked and expired keys, signatures of the future.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.demo.openpgp import Signer, canonical
from builder.trust.openpgp import keys, verify
from builder.trust.openpgp.keys import Key
from builder.trust.openpgp.verify import Verified
from tests.corpus import corpus
from tests.tool.tools import need
from tests.unit import signing
from tests.unit.signing import NOW, SHA1, TEXT, WHEN

pytestmark = pytest.mark.tool

DATA = b"<repomd>\n</repomd>\n"
RSA, OTHER, CURVE = signing.rsa_pair(), signing.rsa_pair(which="second"), signing.edwards_pair()
SIGNER = Signer("pinboot demo")


def gpgv(place: Path, ring: tuple[Key, ...], *files: bytes) -> tuple[bool, bytes]:
    """Does gpgv find a good and valid signature, and which text does it say was signed?"""
    (place / "ring.gpg").write_bytes(b"".join(key.data for key in ring))
    names = [f"file{number}" for number in range(len(files))]
    for name, data in zip(names, files, strict=True):
        (place / name).write_bytes(data)
    out = ["--output", "text"] if len(files) == 1 else []
    ran = subprocess.run([need("gpgv", "gpgv"), "--homedir", place, "--keyring", place / "ring.gpg", "--status-fd", "1",
                          *out, *names], cwd=place, capture_output=True)
    said = {line.split()[1] for line in ran.stdout.splitlines() if line.startswith(b"[GNUPG:] ")}
    assert said, ran.stderr
    text = place / "text"
    return {b"GOODSIG", b"VALIDSIG"} <= said, text.read_bytes() if text.exists() else b""


def ring(name: str) -> tuple[Key, ...]:
    return signing.ring({
        "modern": signing.certificate(RSA), "old": signing.certificate(RSA, hash=SHA1),
        "curve": signing.certificate(CURVE), "demo": SIGNER.public(),
        "subkey": signing.certificate(RSA, signing.subkey(RSA, OTHER)),
        "no consent": signing.certificate(RSA, signing.subkey(RSA, OTHER, back=False)),
        "unbound": signing.certificate(RSA, signing.subkey(CURVE, OTHER)),
        "certifies": signing.certificate(RSA, flags=signing.CERTIFY)}[name])


def made(pair: signing.Pair, data: bytes = DATA, kind: int = 0, **how: int) -> bytes:
    return signing.signature(pair, kind, data, **how)


@pytest.mark.parametrize(("name", "signed", "is_good"), [
    ("modern", lambda: made(RSA), True),
    ("modern", lambda: made(RSA, hash=signing.SHA512), True),
    ("modern", lambda: made(RSA, version=3), True),
    ("modern", lambda: made(RSA, canonical(DATA.decode().split("\n")), TEXT), True),
    ("old", lambda: made(RSA), True),
    ("old", lambda: made(RSA, version=3), True),
    ("curve", lambda: made(CURVE), True),
    ("demo", lambda: SIGNER.packet(DATA, when=WHEN), True),
    ("demo", lambda: SIGNER.detached(DATA, when=WHEN), True),
    ("subkey", lambda: made(OTHER), True),
    ("modern", lambda: made(RSA, b"other"), False),
    ("old", lambda: made(RSA, b"other", version=3), False),
    ("demo", lambda: SIGNER.detached(b"other", when=WHEN), False),
    ("modern", lambda: made(OTHER), False),
    ("old", lambda: made(RSA, hash=signing.MD5), False),
    ("no consent", lambda: made(OTHER), False),
    ("unbound", lambda: made(OTHER), False),
    ("certifies", lambda: made(RSA), False),
    ("modern", lambda: made(RSA, when=signing.MADE - 1), False),
    ("modern", lambda: made(RSA, kind=2), False),
])
def test_gpgv_and_we_agree_on_a_detached_signature(tmp_path: Path, name: str, signed: Callable[[], bytes],
                                                   is_good: bool) -> None:
    ours = verify.detached(DATA, signed(), ring(name), NOW, "f")
    assert isinstance(ours, Verified) is is_good, ours
    assert gpgv(tmp_path, ring(name), signed(), DATA)[0] is is_good


LINES = "- dashed\nblanks  \n\nFrom here\n\ttab\t\nlast"
CLEAR: dict[str, tuple[str, Callable[[], bytes]]] = {
    "demo": ("demo", lambda: SIGNER.clear(LINES, when=WHEN)),
    "demo, windows line ends": ("demo", lambda: SIGNER.clear(LINES, when=WHEN).replace(b"\n", b"\r\n")),
    "old, version 3": ("old", lambda: signing.clear(RSA, b"one\ntwo", version=3)),
    "old, version 4": ("old", lambda: signing.clear(RSA, b"one\ntwo")),
}


@pytest.mark.parametrize("which", CLEAR)
def test_gpgv_and_we_read_the_same_clear_signed_text(tmp_path: Path, which: str) -> None:
    name, signed = CLEAR[which]
    ours = verify.clear(signed(), ring(name), NOW, "f")
    is_good, text = gpgv(tmp_path, ring(name), signed())
    assert isinstance(ours, Verified) and is_good
    # gpgv leaves blanks at the ends of lines, which no signature covers, and writes a last line end.
    assert ours.data.split(b"\n") == [line.rstrip(b" \t\r") for line in text.removesuffix(b"\n").split(b"\n")]


@pytest.mark.parametrize("which", CLEAR)
def test_gpgv_and_we_refuse_a_changed_clear_signed_text(tmp_path: Path, which: str) -> None:
    name, signed = CLEAR[which]
    bent = signed().replace(b"last", b"lost").replace(b"two", b"too")
    assert not isinstance(verify.clear(bent, ring(name), NOW, "f"), Verified)
    assert not gpgv(tmp_path, ring(name), bent)[0]


def test_gpgv_and_we_accept_the_real_file_of_centos_7_and_read_the_same_text(tmp_path: Path) -> None:
    signed = (corpus() / "checksums/centos_792009_x8664/sha256sum.txt.asc").read_bytes()
    pinned = keys.load((corpus() / "gpg-keys/centos/RPM-GPG-KEY-CentOS-7").read_bytes(), "key")
    ours = verify.clear(signed, pinned, NOW, "f")
    is_good, text = gpgv(tmp_path, pinned, signed)
    assert isinstance(ours, Verified) and is_good and ours.data + b"\n" == text


def test_gpgv_would_take_a_sha1_digest_under_data_which_we_refuse(tmp_path: Path) -> None:
    signed = made(RSA, hash=SHA1)
    assert gpgv(tmp_path, ring("modern"), signed, DATA)[0]
    assert not isinstance(verify.detached(DATA, signed, ring("modern"), NOW, "f"), Verified)

"""verify.detached and verify.clear: what a pinned key vouches for passes, and every refusal tells its own cause."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.demo.openpgp import Signer, armor, canonical, packet, subpacket
from builder.errors import Missing
from builder.trust.openpgp import cleartext, keys, verify
from builder.trust.openpgp.keys import Key
from builder.trust.openpgp.verify import Cause, Refused, Verified
from tests.corpus import corpus
from tests.unit import signing
from tests.unit.signing import DAY, MADE, NOW, SHA1, TEXT, WHEN, YEAR

DATA = b"<repomd>\n  <revision>1</revision>\n</repomd>\n"
RSA, OTHER, CURVE = signing.rsa_pair(), signing.rsa_pair(which="second"), signing.edwards_pair()
SEQUOIA, BARE = "pysequoia", "pinned primary key"
OLD = "self-signature SHA-1, not used"
SIGNER = Signer("pinboot demo")


def rings(name: str) -> tuple[Key, ...]:
    return signing.ring({"modern": signing.certificate(RSA), "old": signing.certificate(RSA, hash=SHA1),
                         "curve": signing.certificate(CURVE), "demo": SIGNER.public()}[name])


def made(pair: signing.Pair = RSA, data: bytes = DATA, kind: int = 0, **how: object) -> bytes:
    return signing.signature(pair, kind, data, **how)  # type: ignore[arg-type]


def verified(signed: bytes, ring: tuple[Key, ...], data: bytes = DATA, now: int = NOW) -> Verified:
    outcome = verify.detached(data, signed, ring, now, "repomd.xml.asc")
    assert isinstance(outcome, Verified), outcome
    assert outcome.data == data
    return outcome


def refused(signed: bytes, ring: tuple[Key, ...], data: bytes = DATA, now: int = NOW) -> tuple[Cause, str]:
    return told(verify.detached(data, signed, ring, now, "repomd.xml.asc"), "repomd.xml.asc: ")


def told(outcome: Verified | Refused, where: str) -> tuple[Cause, str]:
    assert isinstance(outcome, Refused), outcome
    assert outcome.text.startswith(where) and "\n" not in outcome.text and "backtrace" not in outcome.text
    return outcome.cause, outcome.text.removeprefix(where)


# The real file of CentOS 7.9

def centos() -> tuple[bytes, tuple[Key, ...]]:
    key = (corpus() / "gpg-keys/centos/RPM-GPG-KEY-CentOS-7").read_bytes()
    pinned = {"6341ab2753d78a78a7c27bb124c6a8a7f4a80eb5"}
    return (corpus() / "checksums/centos_792009_x8664/sha256sum.txt.asc").read_bytes(), keys.ring(
        keys.load(key, "key"), pinned)


def test_the_real_checksum_file_of_centos_7_is_verified_by_the_pinned_key() -> None:
    data, ring = centos()
    assert verify.clear(data, ring, NOW, "sha256sum.txt.asc") == Verified(
        data=b"\n".join(data.splitlines()[3:7]), fingerprint="6341ab2753d78a78a7c27bb124c6a8a7f4a80eb5", verifier=BARE,
        note=f"{OLD}; signature version 3", created=1604673445)


def test_no_bit_of_its_text_can_be_changed() -> None:
    data, ring = centos()
    start, end = data.index(b"\n\n") + 2, data.index(b"\n-----BEGIN PGP SIGNATURE")
    for at in range(start, end):
        bent = data[:at] + bytes((data[at] ^ 1 << at % 7,)) + data[at + 1 :]
        assert told(verify.clear(bent, ring, NOW, "f"), "f: ")[0] is Cause.BAD, at


def test_a_change_of_its_signature_is_refused_or_changes_nothing_that_was_signed() -> None:
    data, ring = centos()
    text = verify.clear(data, ring, NOW, "f")
    start, end = data.index(b"iQIV"), data.index(b"=\n=77vm")
    outcomes = [verify.clear(data[:at] + (b"A" if data[at:at + 1] != b"A" else b"B") + data[at + 1 :], ring, NOW, "f")
                for at in range(start, end)]
    assert all(isinstance(outcome, Refused) or outcome == text for outcome in outcomes)
    # What may change is what no digest covers: the two bytes that repeat its start, and how a length is spelled.
    assert sum(isinstance(outcome, Verified) for outcome in outcomes) <= 8


def test_no_bit_of_its_key_s_numbers_can_be_changed() -> None:
    data, ring = centos()
    body = ring[0].primary()
    for at in range(1, len(body)):
        bent = keys.load(packet(6, body[:at] + bytes((body[at] ^ 1,)) + body[at + 1 :]), "key")
        assert told(verify.clear(data, bent, NOW, "f"), "f: ")[0] is Cause.UNKNOWN_KEY


# What passes

@pytest.mark.parametrize(("ring", "signed", "verifier", "note"), [
    ("modern", made, SEQUOIA, ""),
    ("modern", lambda: made(hash=signing.SHA512), SEQUOIA, ""),
    ("modern", lambda: made(version=3), BARE, "signature version 3"),
    ("old", made, BARE, OLD),
    ("old", lambda: made(hash=signing.SHA512), BARE, OLD),
    ("old", lambda: made(version=3), BARE, f"{OLD}; signature version 3"),
    ("curve", lambda: made(CURVE), SEQUOIA, ""),
    ("demo", lambda: SIGNER.packet(DATA, when=WHEN), SEQUOIA, ""),
    ("demo", lambda: SIGNER.detached(DATA, when=WHEN), SEQUOIA, ""),
])
def test_a_good_signature_says_who_verified_it(ring: str, signed: Callable[[], bytes], verifier: str,
                                               note: str) -> None:
    outcome = verified(signed(), rings(ring))
    assert (outcome.verifier, outcome.note, outcome.created) == (verifier, note, WHEN)
    assert outcome.fingerprint == rings(ring)[0].fingerprint


@pytest.mark.parametrize("ring", ["modern", "old"])
@pytest.mark.parametrize("version", [3, 4])
def test_a_signature_over_text_passes_where_line_ends_leave_no_doubt(ring: str, version: int) -> None:
    signed = made(data=cleartext.canonical(DATA), kind=TEXT, version=version)
    verified(signed, rings(ring))
    assert refused(signed, rings(ring), data=cleartext.canonical(DATA)) == (
        Cause.UNUSABLE, "a signature over text, for a file with CR line ends")


@pytest.mark.parametrize("order", [1, -1])
def test_one_good_signature_among_several_is_enough(order: int) -> None:
    several = [made(OTHER), made(hash=SHA1), made(data=b"other"), made(), b"\xc2\x02\x05\x00"]
    verified(b"".join(several[::order]), rings("modern"))
    verified(b"".join(armor("SIGNATURE", one) for one in several[::order]), rings("old"))


def test_a_bound_subkey_signs_for_its_primary_key() -> None:
    outcome = verified(made(OTHER), signing.ring(signing.certificate(RSA, signing.subkey(RSA, OTHER))))
    assert (outcome.fingerprint, outcome.verifier) == (RSA.fingerprint, SEQUOIA)


@pytest.mark.parametrize("hash", [signing.SHA256, SHA1])
def test_a_signature_from_before_the_end_of_its_key_holds_and_the_end_is_noted(hash: int) -> None:
    ring = signing.ring(signing.certificate(RSA, hash=hash, more=signing.lifetime(2 * YEAR)))
    assert verified(made(), ring).note.endswith("key expired on 2021-12-31, after this signature")


def test_a_copy_of_the_key_from_before_its_revocation_cannot_tell() -> None:
    """A limit that docs name: keys of a tree know nothing of later revocations."""
    verified(made(), signing.ring(signing.certificate(RSA, hash=SHA1)))


def test_a_post_quantum_signature_passes() -> None:
    from pysequoia import CipherSuite, Profile, SignatureMode, Tsk, sign
    tsk = Tsk.generate("Test <test@example.com>", profile=Profile.RFC9580, cipher_suite=CipherSuite.MLDSA65_Ed25519)
    signed = sign(tsk.signer(), DATA, mode=SignatureMode.DETACHED)
    ring = signing.ring(bytes(tsk.extract_certificate()))
    outcome = verified(signed, ring, now=ring[0].created)
    assert len(outcome.fingerprint) == 64 and outcome.verifier == SEQUOIA
    assert refused(signed, ring, data=b"other", now=ring[0].created)[0] is Cause.BAD


# What does not, and why

UNBOUND = (f"subkey {OTHER.fingerprint} of key {RSA.fingerprint} is not bound to it: no valid binding, or no signature "
           "of the subkey that agrees")
FITS_NOT = f"the signature by key {RSA.fingerprint} does not fit the data: one or the other was changed"


def with_subkey(hash: int = signing.SHA256, **how: object) -> tuple[Key, ...]:
    return signing.ring(signing.certificate(RSA, signing.subkey(RSA, OTHER, **how), hash=hash))  # type: ignore[arg-type]


@pytest.mark.parametrize(("cause", "text", "signed", "ring"), [
    (Cause.UNKNOWN_KEY, f"signed by key {OTHER.fingerprint}, which is not pinned (pinned: {RSA.fingerprint})",
     lambda: made(OTHER), lambda: rings("modern")),
    (Cause.UNKNOWN_KEY, f"signed by key {OTHER.fingerprint[-16:]}, which is not pinned (pinned: {RSA.fingerprint})",
     lambda: made(OTHER, version=3), lambda: rings("old")),
    (Cause.UNKNOWN_KEY, f"signed by a key that it does not name, which is not pinned (pinned: {RSA.fingerprint})",
     lambda: made(issuer=False), lambda: rings("modern")),
    (Cause.UNKNOWN_KEY, f"signed by key {RSA.fingerprint}, which is not pinned (pinned: no key is at hand)",
     made, lambda: ()),
    (Cause.WEAK, "the signature covers a SHA-1 digest, which is weak and never counts",
     lambda: made(hash=SHA1), lambda: rings("modern")),
    (Cause.WEAK, "the signature covers a SHA-1 digest, which is weak and never counts",
     lambda: made(hash=SHA1, version=3), lambda: rings("old")),
    (Cause.WEAK, "the signature covers a MD5 digest, which is weak and never counts",
     lambda: made(hash=signing.MD5), lambda: rings("old")),
    (Cause.WEAK, "the signature covers a SHA-224 digest, which is weak and never counts",
     lambda: made(hash=signing.SHA224), lambda: rings("modern")),
    (Cause.FUTURE, "the signature is from 2026-01-04, and today is 2026-01-01",
     lambda: made(when=NOW + 3 * DAY), lambda: rings("modern")),
    (Cause.FUTURE, "the signature is from 2026-01-04, and today is 2026-01-01",
     lambda: made(when=NOW + 3 * DAY, version=3), lambda: rings("old")),
    (Cause.EXPIRED_SIGNATURE, "the signature expired on 2021-12-31",
     lambda: made(more=signing.expires(364 * DAY)), lambda: rings("modern")),
    (Cause.EXPIRED_SIGNATURE, "the signature expired on 2021-12-31",
     lambda: made(more=signing.expires(364 * DAY)), lambda: rings("old")),
    (Cause.REVOKED, f"key {RSA.fingerprint} is revoked",
     made, lambda: signing.ring(signing.certificate(RSA, before=[signing.revocation(RSA)]))),
    (Cause.REVOKED, f"key {RSA.fingerprint} is revoked",
     made, lambda: signing.ring(signing.certificate(RSA, hash=SHA1, before=[signing.revocation(RSA, hash=SHA1)]))),
    (Cause.REVOKED, f"subkey {OTHER.fingerprint} of key {RSA.fingerprint} is revoked",
     lambda: made(OTHER), lambda: with_subkey(behind=signing.subkey_revocation(RSA, OTHER))),
    (Cause.EXPIRED_KEY, f"key {RSA.fingerprint} expired on 2020-12-31, before this signature of 2021-01-01",
     made, lambda: signing.ring(signing.certificate(RSA, more=signing.lifetime(YEAR)))),
    (Cause.EXPIRED_KEY, f"key {RSA.fingerprint} expired on 2020-12-31, before this signature of 2021-01-01",
     made, lambda: signing.ring(signing.certificate(RSA, hash=SHA1, more=signing.lifetime(YEAR)))),
    (Cause.EXPIRED_KEY, f"subkey {OTHER.fingerprint} of key {RSA.fingerprint} expired on 2020-12-31, before this "
     "signature of 2021-01-01", lambda: made(OTHER), lambda: with_subkey(more=signing.lifetime(YEAR))),
    (Cause.UNUSABLE, f"key {signing.dsa_pair().fingerprint} cannot be used: DSA 1024 is too weak to count (wants 2048 "
     "bits)", lambda: made(signing.dsa_pair()), lambda: signing.ring(signing.certificate(signing.dsa_pair()))),
    (Cause.UNUSABLE, f"key {signing.rsa_pair(1024).fingerprint} cannot be used: RSA 1024 is too weak to count (wants "
     "2048 bits)", lambda: made(signing.rsa_pair(1024)),
     lambda: signing.ring(signing.certificate(signing.rsa_pair(1024), hash=SHA1))),
    (Cause.UNUSABLE, f"key {CURVE.fingerprint} is EdDSA; with signature version 3, only RSA keys can be used",
     lambda: made(CURVE, version=3), lambda: rings("curve")),
    (Cause.UNUSABLE, f"key {RSA.fingerprint} may not sign data, by its own self-signature",
     made, lambda: signing.ring(signing.certificate(RSA, flags=signing.CERTIFY))),
    (Cause.UNBOUND, UNBOUND, lambda: made(OTHER),
     lambda: signing.ring(signing.certificate(RSA, packet(14, OTHER.body)))),
    (Cause.UNBOUND, UNBOUND, lambda: made(OTHER), lambda: with_subkey(back=False)),
    (Cause.UNBOUND, UNBOUND, lambda: made(OTHER),
     lambda: signing.ring(signing.certificate(RSA, signing.subkey(RSA, OTHER, hash=SHA1)))),
    (Cause.UNBOUND, UNBOUND, lambda: made(OTHER),
     lambda: signing.ring(signing.certificate(RSA, signing.subkey(CURVE, OTHER)))),
    (Cause.UNBOUND, f"signed by the subkey {OTHER.fingerprint} of key {RSA.fingerprint}; with self-signature SHA-1, only "
     "what the primary key itself signed can be checked", lambda: made(OTHER), lambda: with_subkey(hash=SHA1)),
    (Cause.UNBOUND, f"signed by the subkey {OTHER.fingerprint[-16:]} of key {RSA.fingerprint}; with signature version 3, "
     "only what the primary key itself signed can be checked", lambda: made(OTHER, version=3), with_subkey),
    (Cause.BAD, FITS_NOT, lambda: made(data=b"other"), lambda: rings("modern")),
    (Cause.BAD, FITS_NOT, lambda: made(data=b"other"), lambda: rings("old")),
    (Cause.BAD, FITS_NOT, lambda: made(data=b"other", version=3), lambda: rings("old")),
    (Cause.BAD, FITS_NOT, lambda: made(OTHER, data=b"other"), with_subkey),
    (Cause.BAD, f"the signature of 2019-12-31 is older than key {RSA.fingerprint} of 2020-01-01",
     lambda: made(when=MADE - 1), lambda: rings("old")),
    (Cause.MISSING, "a signature of type 0x02, which covers no data", lambda: made(kind=2), lambda: rings("modern")),
])
def test_each_refusal_tells_its_cause(cause: Cause, text: str, signed: Callable[[], bytes],
                                      ring: Callable[[], tuple[Key, ...]]) -> None:
    assert refused(signed(), ring()) == (cause, text)


@pytest.mark.parametrize(("signed", "text"), [
    (b"", "empty, where a signature is due"),
    (b"\n", "empty, where a signature is due"),
    (b"<html><title>404</title></html>", 'an HTML page with the title "404", where a signature is due (a login page?)'),
    (b"Not found", "not a signature: no OpenPGP data, neither armored nor bare"),
    (armor("SIGNATURE", b""), "0 signatures (1 to 16 are due)"),
    (made()[:-1], "not a signature: a packet that is cut off"),
    (SIGNER.public(), "a public key, where a signature is due"),
    (packet(8, b"\x01"), "compressed data, where a signature is due"),
    (packet(2, b""), "no signature that can be read: a signature of version 0"),
    (packet(2, b"\x05" + bytes(40)), "no signature that can be read: a signature of version 5"),
    (packet(2, b"\x04\0\x01\x08\0\0\0\0\0\0"), "no signature that can be read: a signature without its time"),
    (packet(2, b"\x04\0\x01\x08\0\xff"), "no signature that can be read: a signature that is cut off"),
    (packet(2, b"\x03\x05\0"), "no signature that can be read: a signature that is cut off"),
    (packet(2, b"\x04\0\x01\x08\0\x02\x09\x02\0\0"), "no signature that can be read: a signature whose subpackets are "
     "cut off"),
    (made(more=subpacket(3, b"\xff" * 9)), "no signature that can be read: a signature with a time of another size than "
     "four bytes"),
    (made() * 17, "17 signatures (1 to 16 are due)"),
    (b"x" * 300_000, "300000 bytes, too long for a signature (at most 262144)"),
])
def test_what_is_no_signature_is_called_missing_and_by_its_name(signed: bytes, text: str) -> None:
    assert refused(signed, rings("modern")) == (Cause.MISSING, text)


def test_of_several_refusals_the_one_that_tells_most_is_told() -> None:
    by_nobody, weak, changed = made(OTHER), made(hash=SHA1), made(data=b"other")
    assert refused(by_nobody + weak, rings("modern"))[0] is Cause.WEAK
    assert refused(changed + by_nobody + weak, rings("modern"))[0] is Cause.BAD


def test_a_signature_from_the_future_of_pysequoia_s_clock_is_told_as_such() -> None:
    """Its clock is this machine's, and forgives 30 minutes where we forgive two days."""
    far = 4102444800
    assert refused(made(when=far), rings("modern"), now=far - 3600)[0] is Cause.FUTURE
    verified(made(when=far), rings("old"), now=far - 3600)


def test_a_lifetime_of_nonsense_in_a_self_signature_says_nothing() -> None:
    ring = signing.ring(signing.certificate(RSA, hash=SHA1, more=subpacket(9, b"\xff" * 9)))
    assert (ring[0].expires, ring[0].reason) == (None, "no self-signature")
    verified(made(), ring)


def test_a_hostile_subkey_costs_nothing_and_proves_nothing() -> None:
    huge = b"\x04" + OTHER.body[1:6] + b"\xff\xf8" + b"\xff" * 8191 + b"\xff\xf8" + b"\xff" * 8191
    sub = signing.Pair(1, huge[6:], OTHER.sign)
    ring = signing.ring(signing.certificate(RSA, packet(14, sub.body)))
    assert refused(signing.signature(sub, 0, DATA), ring)[0] is Cause.BAD


@pytest.mark.parametrize(("library", "ring"), [("pysequoia", "modern"), ("cryptography.hazmat.primitives", "old")])
def test_without_a_library_the_cure_is_named(monkeypatch: pytest.MonkeyPatch, library: str, ring: str) -> None:
    loaded = rings(ring)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(Missing, match="signatures cannot be checked without it") as caught:
        verify.detached(DATA, made(), loaded, NOW, "f")
    assert caught.value.hint == "pip install 'pinboot[signatures]'"


# Clear-signed text

TEXT_LINES = "- dashed\nblanks  \n\nFrom here\nlast"


def cleared(data: bytes, ring: str = "demo") -> Verified | Refused:
    return verify.clear(data, rings(ring), NOW, "CHECKSUM")


def test_of_a_clear_signed_file_only_the_signed_text_comes_back() -> None:
    outcome = cleared(SIGNER.clear(TEXT_LINES, when=WHEN))
    assert isinstance(outcome, Verified)
    assert (outcome.data, outcome.verifier) == (b"- dashed\nblanks\n\nFrom here\nlast", SEQUOIA)


@pytest.mark.parametrize("version", [3, 4])
def test_an_old_key_signs_text_too(version: int) -> None:
    outcome = cleared(signing.clear(RSA, b"one\ntwo", version=version), "old")
    assert isinstance(outcome, Verified) and (outcome.data, outcome.verifier) == (b"one\ntwo", BARE)


def test_windows_line_ends_blanks_at_line_ends_and_empty_lines_behind_change_nothing() -> None:
    plain = SIGNER.clear(TEXT_LINES, when=WHEN)
    for other in (plain.replace(b"\n", b"\r\n"), plain.replace(b"last\n", b"last \t\n"), plain + b"\n\n"):
        assert cleared(other) == cleared(plain) and isinstance(cleared(plain), Verified)


def test_the_hash_header_is_not_believed() -> None:
    plain = SIGNER.clear("x", when=WHEN)
    for header in (b"Hash: SHA1\n", b"Hash: SHA512\nHash: MD5\n", b""):
        assert cleared(plain.replace(b"Hash: SHA256\n", header)) == cleared(plain)
    weak = signing.clear(RSA, b"x", hash=SHA1)
    assert told(cleared(weak, "old"), "CHECKSUM: ")[0] is Cause.WEAK


PLAIN = SIGNER.clear("signed", when=WHEN)


@pytest.mark.parametrize(("data", "cause", "text"), [
    (b"", Cause.MISSING, "empty, where a clear-signed text is due"),
    (b"signed\n", Cause.MISSING, "not a clear-signed text"),
    (b"<html></html>", Cause.MISSING, "an HTML page, where a clear-signed text is due (a login page?)"),
    (SIGNER.detached(b"x", when=WHEN), Cause.MISSING, "not a clear-signed text"),
    (b"x" * (1 << 20) + PLAIN, Cause.MISSING, f"{len(PLAIN) + (1 << 20)} bytes, too long for a clear-signed text (at most "
     "1048576)"),
    (b"before\n" + PLAIN, Cause.BAD, "text before the signed block"),
    (b"\n" + PLAIN, Cause.BAD, "text before the signed block"),
    (PLAIN + b"behind\n", Cause.BAD, "text behind the signed block"),
    (PLAIN + PLAIN, Cause.BAD, "a second block behind the signed one"),
    (PLAIN + SIGNER.detached(b"x", when=WHEN), Cause.BAD, "a second block behind the signed one"),
    (PLAIN.replace(b"Hash: SHA256\n", b"Comment: x\n"), Cause.BAD,
     "a line between the headers and the text that no signature covers"),
    (PLAIN.replace(b"signed\n", b"-signed\n"), Cause.BAD,
     "a line of the signed text that begins with a bare dash: a second block?"),
    (PLAIN.replace(b"signed\n", b"sig\rned\n"), Cause.BAD, "a carriage return inside a line of the signed text"),
    (PLAIN[: PLAIN.index(b"-----BEGIN PGP SIGNATURE")], Cause.BAD, "a clear-signed text that is cut off"),
    (PLAIN.replace(b"-----END PGP SIGNATURE-----\n", b""), Cause.BAD, "a clear-signed text that is cut off"),
    (cleartext.BEGIN + b"\nHash: SHA256\n", Cause.BAD, "a clear-signed text that is cut off"),
    (PLAIN.replace(b"signed\n", b"signee\n"), Cause.BAD,
     f"the signature by key {SIGNER.fingerprint} does not fit the data: one or the other was changed"),
    (PLAIN[: PLAIN.index(b"-----BEGIN PGP SIGNATURE")] + SIGNER.detached(b"signed", when=WHEN), Cause.UNUSABLE,
     "a signature of type 0x00 in a clear-signed text"),
    (PLAIN[: PLAIN.index(b"-----BEGIN PGP SIGNATURE")] + armor("SIGNATURE", packet(13, b"x")), Cause.MISSING,
     "a user id, where a signature is due"),
])
def test_what_is_not_one_signed_block_and_nothing_else_is_refused(data: bytes, cause: Cause, text: str) -> None:
    assert told(cleared(data), "CHECKSUM: ") == (cause, text)


words = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=40)


@given(st.lists(words | st.sampled_from(["", "-", "- ", "-----BEGIN PGP SIGNATURE-----", "From x", " x \t"]), max_size=6))
@settings(max_examples=150, deadline=None)
def test_any_text_comes_back_as_pysequoia_s_own_reader_returns_it(lines: list[str]) -> None:
    from pysequoia import Cert
    from pysequoia import verify as judge
    signed = SIGNER.clear("\n".join(lines), when=WHEN)
    cert = Cert.from_bytes(SIGNER.public())
    outcome = cleared(signed)
    assert isinstance(outcome, Verified), outcome
    assert outcome.data == judge(signed, lambda ids: [cert]).bytes == canonical("\n".join(lines).removesuffix(
        "\n").split("\n")).replace(b"\r\n", b"\n")


REAL = {"demo": SIGNER.clear(TEXT_LINES, when=WHEN), "old": signing.clear(RSA, b"one\ntwo\n\nthree", version=3)}


@given(st.sampled_from(sorted(REAL)), st.integers(0, 10**6), st.integers(0, 10**6), st.binary(max_size=3))
@settings(max_examples=400, deadline=None)
def test_no_change_of_a_signed_file_passes_with_another_text(ring: str, at: int, cut: int, put: bytes) -> None:
    whole = REAL[ring]
    at %= len(whole)
    outcome = cleared(whole[:at] + put + whole[at + cut % 4 :], ring)
    good = cleared(whole, ring)
    assert isinstance(good, Verified)
    assert isinstance(outcome, Refused) or outcome.data == good.data


@given(st.integers(0, 10**6), st.integers(1, 255), st.sampled_from(["modern", "old"]))
@settings(max_examples=300, deadline=None)
def test_a_changed_signature_is_refused_or_still_covers_the_same(at: int, flip: int, ring: str) -> None:
    bent = bytearray(made())
    bent[at % len(bent)] ^= flip
    outcome = verify.detached(DATA, bytes(bent), rings(ring), NOW, "f")
    assert isinstance(outcome, Refused) or (outcome.data, outcome.created) == (DATA, WHEN)
    assert isinstance(verify.detached(DATA + b" ", bytes(bent), rings(ring), NOW, "f"), Refused)


@given(st.binary(max_size=120) | st.binary(max_size=60).map(lambda body: packet(2, b"\x04" + body)))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_refused_and_raise_nothing(data: bytes) -> None:
    assert isinstance(verify.detached(b"x", data, rings("modern"), NOW, "f"), Refused)
    assert isinstance(verify.clear(cleartext.BEGIN + b"\n" + data, rings("old"), NOW, "f"), Refused)

"""keys.load and keys.ring: every real key loads, and each says which verifier can use it."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder import digest
from builder.demo.openpgp import Signer, armor, packet
from builder.errors import HostileInput, Missing
from builder.trust.openpgp import keys, packets
from builder.trust.openpgp.keys import Key
from tests.corpus import corpus
from tests.unit import signing
from tests.unit.signing import MADE, SHA1, YEAR

SHA1_SELF = "self-signature SHA-1"
# File: for each key its last 16 digits, what it is, who can use it, and why not pysequoia.
REAL: dict[str, list[tuple[str, str, str, str]]] = {
    "alma/RPM-GPG-KEY-AlmaLinux-8": [("488fcf7c3abb34f8", "RSA 4096", "bare", SHA1_SELF),
                                     ("2ae81e8aced7258b", "RSA 4096", "sequoia", "")],
    "alma/RPM-GPG-KEY-AlmaLinux-9": [("d36cb86cb86b3716", "RSA 4096", "sequoia", "")],
    "alma/RPM-GPG-KEY-AlmaLinux-10": [("dee5c11cc2a1e572", "RSA 4096", "sequoia", "")],
    "centos/RPM-GPG-KEY-CentOS-5": [("a8a447dce8562897", "DSA 1024", "none",
                                     "DSA 1024 is too weak to count (wants 2048 bits)")],
    "centos/RPM-GPG-KEY-CentOS-6": [("0946fca2c105b9de", "RSA 4096", "bare", SHA1_SELF)],
    "centos/RPM-GPG-KEY-CentOS-7": [("24c6a8a7f4a80eb5", "RSA 4096", "bare", SHA1_SELF)],
    "centos/RPM-GPG-KEY-CentOS-Official": [("05b555b38483c65d", "RSA 4096", "bare", SHA1_SELF)],
    "epel/RPM-GPG-KEY-EPEL-7": [("6a2faea2352c64e5", "RSA 4096", "bare", SHA1_SELF)],
    "epel/RPM-GPG-KEY-EPEL-9": [("8a3872bf3228467c", "RSA 4096", "sequoia", "")],
    "fedora/RPM-GPG-KEY-fedora-40-primary": [("0727707ea15b79cc", "RSA 4096", "sequoia", "")],
    "fedora/RPM-GPG-KEY-fedora-42-primary": [("c8ac4916105ef944", "RSA 4096", "sequoia", "")],
    "oraclelinux/RPM-GPG-KEY-oracle-ol7": [("72f97b74ec551f03", "RSA 2048", "bare", SHA1_SELF)],
    "redhat/RPM-GPG-KEY-redhat9-release": [("199e2f91fd431d51", "RSA 4096", "bare", SHA1_SELF),
                                           ("5054e4a45a6340b3", "RSA 4096", "sequoia", "")],
    "redhat/RPM-GPG-KEY-redhat10-release": [("199e2f91fd431d51", "RSA 4096", "sequoia", ""),
                                            ("5054e4a45a6340b3", "RSA 4096", "sequoia", ""),
                                            ("d246d6276afedf8f", "ML-DSA-87+Ed448", "sequoia", "")],
    "rocky/RPM-GPG-KEY-Rocky-9": [("702d426d350d275d", "RSA 4096", "sequoia", "")],
    "rocky/RPM-GPG-KEY-Rocky-9-Testing": [("ada2860895ae3d91", "RSA 4096", "sequoia", "")],
    "rocky/RPM-GPG-KEY-Rocky-10": [("5b106c736fedfc85", "RSA 4096", "sequoia", "")],
    "rocky/RPM-GPG-KEY-Rocky-10-Testing": [("4c360b7022b7fa33", "RSA 4096", "sequoia", "")],
    "rocky/RPM-GPG-KEY-rockyinfra": [("aa650f52d6c094fa", "EdDSA", "sequoia", "")],
    "rocky/RPM-GPG-KEY-rockyofficial": [("15af5dac6d745a60", "RSA 4096", "sequoia", "")],
    "rocky/RPM-GPG-KEY-rockytesting": [("5489e42bbbe2c108", "RSA 4096", "sequoia", "")],
}


def folder() -> Path:
    return corpus() / "gpg-keys"


def one(data: bytes) -> Key:
    (key,) = keys.load(data, "key")
    return key


@pytest.mark.parametrize("name", REAL)
def test_a_real_key_file_loads_and_each_key_says_who_can_use_it(name: str) -> None:
    loaded = keys.load((folder() / name).read_bytes(), name)
    assert [(k.fingerprint[-16:], k.algorithm, k.usable, k.reason) for k in loaded] == REAL[name]
    assert not any(key.revoked for key in loaded)


def test_the_table_has_every_key_file_of_the_corpus() -> None:
    files = {str(path.relative_to(folder())) for path in folder().rglob("RPM-GPG-KEY-*")}
    assert files == set(REAL)


def test_fingerprints_times_and_names_are_those_that_gpg_told() -> None:
    with (folder() / "FINGERPRINTS.tsv").open(newline="") as table:
        rows = [row for row in csv.DictReader(table, delimiter="\t") if row["file"] in REAL]
    loaded = {(name, key.fingerprint): key for name in REAL for key in keys.load((folder() / name).read_bytes(), name)}
    assert len(rows) >= len(REAL)
    for row in rows:
        key = loaded[row["file"], row["fingerprint"].lower()]
        assert (str(key.created), key.user_ids[0]) == (row["created"], row["uid"])
        assert key.algorithm == (f"{row['algo']} {row['bits']}" if row["algo"] != "EdDSA" else "EdDSA")


def test_the_post_quantum_key_of_red_hat_10_has_a_fingerprint_of_64_digits() -> None:
    *_, last = keys.load((folder() / "redhat/RPM-GPG-KEY-redhat10-release").read_bytes(), "key")
    assert last.fingerprint == "fcd355b305707a62da143ab6e422397e50fe8467a2a95343d246d6276afedf8f"


@pytest.mark.parametrize(("name", "day"), [
    ("centos/RPM-GPG-KEY-CentOS-6", 1625020067), ("rocky/RPM-GPG-KEY-rockyinfra", 1684287488),
    ("oraclelinux/RPM-GPG-KEY-oracle-ol7", 1924906305), ("centos/RPM-GPG-KEY-CentOS-7", None)])
def test_the_end_of_a_real_key_is_read_by_whichever_reader_can(name: str, day: int | None) -> None:
    assert one((folder() / name).read_bytes()).expires == day


def test_the_demo_s_key_is_the_same_in_every_run() -> None:
    signer = Signer("pinboot demo")
    key = one(signer.public())
    assert (key.fingerprint, key.usable, key.algorithm) == (signer.fingerprint, "sequoia", "EdDSA")
    assert signer.fingerprint == "0acda62e4a102288708189b74dc95015c87682e3"
    assert signer.public() == Signer("pinboot demo").public() != Signer("another").public()


def test_the_demo_s_signatures_are_the_same_in_every_run() -> None:
    signer = Signer("pinboot demo")
    texts = (signer.public(), signer.detached(b"x", when=signing.WHEN), signer.clear("- x\n", when=signing.WHEN))
    assert str(digest.of_bytes(b"".join(texts))) == "sha256:7c8b88d444ff4ba959185b6e33a76576b5f3873fbe3fe204dc9b9b54fd494de2"


def test_without_cryptography_the_demo_names_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)
    with pytest.raises(Missing, match="cryptography is not installed") as caught:
        Signer("x").public()
    assert caught.value.hint == "pip install cryptography"


def test_several_keys_in_one_file_load_armored_in_one_block_in_several_and_bare() -> None:
    first, second = (signing.certificate(signing.edwards_pair(name)) for name in ("first", "second"))
    shapes = (first + second, armor("PUBLIC KEY BLOCK", first + second),
              armor("PUBLIC KEY BLOCK", first) + b"some words\n" + armor("PUBLIC KEY BLOCK", second))
    for data in shapes:
        assert [key.fingerprint for key in keys.load(data, "key")] == [
            signing.edwards_pair(name).fingerprint for name in ("first", "second")]


def test_windows_line_ends_and_an_armor_without_checksum_are_read() -> None:
    plain = Signer("x").public()
    lines = plain.replace(b"\n", b"\r\n")
    bare = b"".join(line + b"\n" for line in plain.splitlines() if not line.startswith(b"="))
    assert one(lines) == one(plain) == one(bare)


def test_ring_takes_whole_lower_case_fingerprints_and_nothing_less() -> None:
    key = one(Signer("x").public())
    name = key.fingerprint
    assert keys.ring([key], {name}) == (key,)
    for near in (name.upper(), name[-16:], name[-8:], f"0x{name}", name + " ", ""):
        assert keys.ring([key], {near}) == ()


def test_ring_takes_the_copy_that_more_verifiers_can_use() -> None:
    old = folder() / "redhat/RPM-GPG-KEY-redhat9-release"
    new = folder() / "redhat/RPM-GPG-KEY-redhat10-release"
    loaded = [*keys.load(old.read_bytes(), "9"), *keys.load(new.read_bytes(), "10")]
    (key,) = keys.ring(loaded, {"567e347ad0044ade55ba8a5f199e2f91fd431d51"})
    assert key.usable == "sequoia"


@pytest.mark.parametrize("hash", [signing.SHA256, SHA1])
def test_a_revoked_copy_of_a_key_speaks_for_all_copies(hash: int) -> None:
    pair = signing.rsa_pair()
    good = one(signing.certificate(pair, hash=hash))
    revoked = one(signing.certificate(pair, hash=hash, before=[signing.revocation(pair, hash=hash)]))
    assert (good.revoked, revoked.revoked) == (False, True)
    for order in ([good, revoked], [revoked, good]):
        assert keys.ring(order, {pair.fingerprint}) == (revoked,)


def test_a_revocation_by_somebody_else_may_be_by_a_designated_revoker_and_counts() -> None:
    pair, other = signing.rsa_pair(), signing.edwards_pair()
    assert one(signing.certificate(pair, before=[signing.revocation(pair, by=other)])).revoked


@pytest.mark.parametrize(("data", "usable", "reason"), [
    (lambda: signing.certificate(signing.rsa_pair()), "sequoia", ""),
    (lambda: signing.certificate(signing.rsa_pair(), hash=SHA1), "bare", SHA1_SELF),
    (lambda: signing.certificate(signing.rsa_pair(), hash=signing.MD5), "bare", "self-signature MD5"),
    (lambda: packet(6, signing.rsa_pair().body), "bare", "no self-signature"),
    (lambda: signing.certificate(signing.rsa_pair(1024)), "none", "RSA 1024 is too weak to count (wants 2048 bits)"),
    (lambda: signing.certificate(signing.dsa_pair()), "none", "DSA 1024 is too weak to count (wants 2048 bits)"),
])
def test_who_can_use_a_key_and_why_not_pysequoia(data, usable: str, reason: str) -> None:  # type: ignore[no-untyped-def]
    key = one(data())
    assert (key.usable, key.reason) == (usable, reason)


def test_a_key_on_a_curve_with_a_sha1_self_signature_is_of_no_use_and_says_so_without_a_backtrace() -> None:
    key = one(signing.certificate(signing.edwards_pair(), hash=SHA1))
    assert key.usable == "none" and key.reason.startswith("EdDSA with self-signature SHA-1 (No binding signature")
    assert "backtrace" not in key.reason.lower() and "\n" not in key.reason


def test_a_broken_self_signature_is_told_from_a_weak_one() -> None:
    whole = signing.certificate(signing.rsa_pair())
    assert one(whole[:-1] + bytes((whole[-1] ^ 1,))).reason == "self-signature not accepted"


@pytest.mark.parametrize("hash", [signing.SHA256, SHA1])
def test_the_newest_self_signature_tells_when_a_key_ends(hash: int) -> None:
    pair = signing.rsa_pair()
    longer = signing.certificate(pair, hash=hash, more=signing.lifetime(9 * YEAR), when=MADE + YEAR)
    both = signing.certificate(pair, longer[longer.index(b"Test") - 2 :], hash=hash, more=signing.lifetime(YEAR))
    assert one(signing.certificate(pair, hash=hash, more=signing.lifetime(YEAR))).expires == MADE + YEAR
    assert one(both).expires == MADE + 9 * YEAR


def test_a_key_of_pgp_2_is_passed_over_beside_others_and_refused_alone() -> None:
    ancient = packet(6, b"\x03" + bytes(40))
    modern = signing.certificate(signing.edwards_pair())
    assert one(ancient + modern).fingerprint == signing.edwards_pair().fingerprint
    assert "a key of version 03" in refusal(ancient)


def test_a_user_id_cannot_write_on_the_terminal() -> None:
    name = "\x1b[2JTrust\u202eme".encode()
    assert one(packet(6, signing.rsa_pair().body) + packet(13, name)).user_ids == ("?[2JTrust?me",)


def refusal(data: bytes) -> str:
    with pytest.raises(HostileInput) as caught:
        keys.load(data, "https://mirror.example/RPM-GPG-KEY")
    assert caught.value.message.startswith("https://mirror.example/RPM-GPG-KEY: ") and caught.value.hint
    return caught.value.message


@pytest.mark.parametrize(("data", "told"), [
    (b"", "empty where an OpenPGP public key is due"),
    (b" \n", "empty where an OpenPGP public key is due"),
    (b"<html><title>Login</title></html>", 'an HTML page with the title "Login"'),
    (b"not found\n", "no OpenPGP data, neither armored nor bare"),
    (Signer("x").detached(b"x", when=signing.WHEN), "found   a signature"),
    (Signer("x").clear("x", when=signing.WHEN), "an armored block that begins inside another"),
    (packet(8, b"\x02abc"), "found   compressed data"),
    (packet(60, b"abc"), "found   a packet of type 60"),
    (packet(13, b"x"), "found   a user id"),
    (Signer("x").public()[:-40], "an armored block without its last line"),
    (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!!!\n-----END PGP PUBLIC KEY BLOCK-----\n", "that is not base64"),
    (armor("PUBLIC KEY BLOCK", b""), "no packets at all"),
    (signing.certificate(signing.edwards_pair())[:-1], "a packet that is cut off"),
    (b"\x99\x01", "a packet that is cut off"),
    (b"\x9b", "a packet without a length"),
    (b"\xc6\xe1x", "a packet in parts"),
    (packet(6, b"\x04\0\0"), "a key that is cut off"),
    (packet(6, signing.edwards_pair().body) + b"\0", "no packet header where one is due"),
    (packet(6, signing.edwards_pair().body) + packet(14, b"\x04\0"), "a key that is cut off"),
    (packet(6, b"\x04" + bytes(70_000)), "a key that is cut off"),
    (packet(6, signing.edwards_pair().body) + packet(13, b"") * 2000, "more than 2000 packets"),
])
def test_what_is_no_key_is_refused_by_its_name(data: bytes, told: str) -> None:
    assert told in refusal(data)


def test_a_key_file_has_a_cap() -> None:
    with pytest.raises(HostileInput, match="at most 1048576 bytes"):
        keys.load(b"x" * (1 << 20) + b"x", "key")


@pytest.mark.parametrize("tag", [5, 7])
def test_a_secret_key_is_refused_and_its_owner_warned(tag: int) -> None:
    whole = packet(6, signing.edwards_pair().body) + packet(tag, signing.edwards_pair().body + bytes(40))
    told = refusal(armor("PRIVATE KEY BLOCK", whole))
    assert told.endswith("a secret key, where only its public half is due")


def test_a_real_secret_key_block_is_refused() -> None:
    from pysequoia import Tsk
    assert "a secret key" in refusal(str(Tsk.generate("Test <test@example.com>")).encode())


def test_without_pysequoia_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysequoia", None)
    with pytest.raises(Missing, match="pysequoia is not installed") as caught:
        keys.load(Signer("x").public(), "key")
    assert caught.value.hint == "pip install 'pinboot[signatures]'"


def test_a_packet_is_written_as_it_was_read() -> None:
    for size in (0, 191, 192, 8383, 8384, 70_000):
        made = packets.Packet(2, bytes(size))
        assert packets.split(bytes(made)) == packets.split(packet(2, bytes(size))) == (made,)


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda body: packet(6, b"\x04" + body)))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_keys_or_hostile_and_nothing_else(data: bytes) -> None:
    try:
        keys.load(data, "key")
    except HostileInput as refused:
        assert refused.message.startswith("key: ")


@given(st.integers(0, 10**6), st.integers(1, 255), st.booleans())
@settings(max_examples=300, deadline=None)
def test_a_changed_key_is_hostile_or_has_another_fingerprint_or_the_same_numbers(at: int, flip: int, old: bool) -> None:
    whole = signing.certificate(signing.rsa_pair(), hash=SHA1 if old else signing.SHA256)
    bent = bytearray(whole)
    bent[at % len(whole)] ^= flip
    try:
        loaded = keys.load(bytes(bent), "key")
    except HostileInput:
        return
    for key in loaded:
        assert key.fingerprint != signing.rsa_pair().fingerprint or key.primary() == signing.rsa_pair().body

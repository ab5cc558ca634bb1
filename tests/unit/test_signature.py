"""Signatures of SHA256SUMS: whose they are and whether they hold, with every way to be refused told apart."""

import base64
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import CheckFailed, Missing, PinbootError, UsageError
from builder.media import checksums
from builder.media.signing import signature, ssh, sshkey
from builder.media.signing.judged import State, unchecked
from tests.tool.tools import need

SUMS = b"0" * 64 + b"  boot/vmlinuz\n"
OTHER = SUMS.replace(b"0", b"1")
NOW = int(time.time())  # pysequoia signs with the time of this machine, and nothing else can be told to it


def keygen(*arguments, **more):
    return subprocess.run([need("ssh-keygen", "openssh-client"), *map(str, arguments)], check=True, capture_output=True,
                          **more)


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """ops and eve (Ed25519), rsa, ecdsa, locked (with a passphrase); and pgp (OpenPGP), secret and public."""
    from pysequoia import Tsk

    place = tmp_path_factory.mktemp("keys")
    for name, kind, words in (("ops", "ed25519", ""), ("eve", "ed25519", ""), ("rsa", "rsa", ""), ("ecdsa", "ecdsa", ""),
                              ("locked", "ed25519", "secret")):
        keygen("-q", "-t", kind, "-N", words, "-C", f"{name}@example", "-f", place / name)
    for name in ("pgp", "stranger"):
        key = Tsk.generate(f"{name} <{name}@example>")
        (place / f"{name}.sec").write_text(str(key))
        (place / f"{name}.pub").write_text(str(key.extract_certificate()))
    return place


def signer(path, ask=None):
    return signature.signer(path, now=NOW, interactive=False, ask=ask)


def made(path, sums=SUMS):
    entry, judged = signer(path).sign(sums)
    assert judged.ok
    return {entry.path: entry.data}


def judged(key, there, sums=SUMS, revoked=None):
    return signature.demanded(key, now=NOW, revoked=revoked)(sums, there)


def refused(key, there, sums=SUMS, revoked=None):
    found = judged(key, there, sums, revoked)
    assert not found.ok
    return found.state, found.text


def fingerprint(path):
    return keygen("-l", "-f", path, text=True).stdout.split()[1]


# Good ones

@pytest.mark.parametrize("name", ["ops", "rsa", "ecdsa"])
def test_an_ssh_signature_holds_and_names_its_key_as_ssh_keygen_does(keys, name):
    there = made(keys / name)
    assert list(there) == ["SHA256SUMS.sig"]
    found = judged(keys / f"{name}.pub", there)
    told = fingerprint(keys / name)
    assert found.state is State.GOOD and found.key == told
    assert found.text == f'ok, ssh key {told} "{name}@example"'


def test_an_openpgp_signature_holds_and_names_its_key_whole(keys):
    from pysequoia import Cert

    there = made(keys / "pgp.sec")
    assert list(there) == ["SHA256SUMS.asc"] and there["SHA256SUMS.asc"].startswith(b"-----BEGIN PGP SIGNATURE-----")
    found = judged(keys / "pgp.pub", there)
    told = Cert.from_bytes((keys / "pgp.pub").read_bytes()).fingerprint
    assert found.state is State.GOOD and found.key == told
    assert found.text == f'ok, OpenPGP key {told} "pgp <pgp@example>"'


def test_openpgp_keys_without_armor_are_known_as_such(keys, tmp_path):
    from pysequoia import Cert, Tsk

    (tmp_path / "sec").write_bytes(bytes(Tsk.from_bytes((keys / "pgp.sec").read_bytes())))
    (tmp_path / "pub").write_bytes(bytes(Cert.from_bytes((keys / "pgp.pub").read_bytes())))
    assert judged(tmp_path / "pub", made(tmp_path / "sec")).ok


@pytest.mark.parametrize("name", ["ops", "rsa"])
def test_ed25519_and_rsa_sign_the_same_bytes_each_time(keys, name):
    assert made(keys / name) == made(keys / name)


def test_one_key_of_several_is_enough(keys, tmp_path):
    many = tmp_path / "all.pub"
    many.write_bytes(b"# ours\n\n" + (keys / "eve.pub").read_bytes() + (keys / "ops.pub").read_bytes())
    assert judged(many, made(keys / "ops")).key == fingerprint(keys / "ops")


def test_allowed_signers_are_taken_as_ssh_keygen_takes_them(keys, tmp_path):
    kind, blob, _ = (keys / "ops.pub").read_text().split()
    there, allowed = made(keys / "ops"), tmp_path / "allowed"
    for who, line in (("ops@example", f"ops@example {kind} {blob}"), ("*@example", f"*@example {kind} {blob}"),
                      ("b@x,*@site", f'"b@x,*@site" namespaces="file,pinboot" {kind} {blob} words')):
        allowed.write_text(line + "\n")
        assert judged(allowed, there).text == f'ok, ssh key {fingerprint(keys / "ops")} "{who}"'


def test_a_private_key_of_which_only_the_public_half_is_known_is_signed_with_by_the_agent(keys, tmp_path, monkeypatch):
    agent = subprocess.Popen([need("ssh-agent", "openssh-client"), "-D", "-a", tmp_path / "agent"],
                             stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        for _ in range(100):
            if (tmp_path / "agent").exists():
                break
            time.sleep(0.05)
        subprocess.run([need("ssh-add", "openssh-client"), "-q", keys / "ops"], check=True, capture_output=True)
        (tmp_path / "alone.pub").write_bytes((keys / "ops.pub").read_bytes())
        assert judged(keys / "ops.pub", made(tmp_path / "alone.pub")).ok
    finally:
        agent.terminate()
        agent.wait()


def test_a_private_key_alone_tells_its_own_public_half(keys, tmp_path):
    (tmp_path / "alone").write_bytes((keys / "ops").read_bytes())
    (tmp_path / "alone").chmod(0o600)
    found = sshkey.public_half(tmp_path / "alone", (tmp_path / "alone").read_bytes())
    assert [key.fingerprint for key in found] == [fingerprint(keys / "ops")]
    assert judged(keys / "ops.pub", made(tmp_path / "alone")).ok


# Refusals

def test_without_a_key_a_signature_is_told_and_nothing_is_demanded(keys):
    assert unchecked(SUMS, {}).state is State.NONE
    found = unchecked(SUMS, made(keys / "ops"))
    assert found.ok and (found.state, found.text) == (
        State.UNCHECKED, "SHA256SUMS.sig there, not checked (give --key)")


def test_a_missing_signature_is_refused(keys):
    assert refused(keys / "ops.pub", {}) == (State.MISSING, "missing: the bundle has no SHA256SUMS.sig")
    assert refused(keys / "pgp.pub", {}) == (State.MISSING, "missing: the bundle has no SHA256SUMS.asc")


def test_a_signature_of_the_other_kind_is_missing_and_says_so(keys):
    assert refused(keys / "ops.pub", made(keys / "pgp.sec")) == (
        State.MISSING, "missing: the bundle has no SHA256SUMS.sig; there is SHA256SUMS.asc, which wants an OpenPGP key")
    assert refused(keys / "pgp.pub", made(keys / "ops")) == (
        State.MISSING, "missing: the bundle has no SHA256SUMS.asc; there is SHA256SUMS.sig, which wants an ssh key")


@pytest.mark.parametrize(("secret", "public"), [("ops", "ops.pub"), ("pgp.sec", "pgp.pub")])
def test_a_signature_of_other_bytes_is_bad(keys, secret, public):
    state, text = refused(keys / public, made(keys / secret), OTHER)
    assert state is State.BAD and text.startswith("bad: ")


def test_an_ssh_signature_by_another_key_names_both_sides(keys):
    assert refused(keys / "eve.pub", made(keys / "ops")) == (
        State.WRONG_KEY,
        f"wrong key: by ssh key {fingerprint(keys / 'ops')}, which is not in {keys / 'eve.pub'}")


def test_an_openpgp_signature_by_another_key_is_the_wrong_key(keys):
    state, text = refused(keys / "stranger.pub", made(keys / "pgp.sec"))
    assert state is State.WRONG_KEY and "pinned" in text


def test_a_signature_that_was_made_for_something_else_is_refused(keys, tmp_path):
    (tmp_path / "sums").write_bytes(SUMS)
    keygen("-q", "-Y", "sign", "-n", "file", "-f", keys / "ops", tmp_path / "sums")
    assert refused(keys / "ops.pub", {checksums.SSH: (tmp_path / "sums.sig").read_bytes()}) == (
        State.WRONG_NAMESPACE,
        f'wrong namespace: made for "file", not for pinboot, by ssh key {fingerprint(keys / "ops")}')


def test_a_revoked_ssh_key_is_refused_by_a_krl_and_by_a_list(keys, tmp_path):
    there, krl = made(keys / "ops"), tmp_path / "krl"
    keygen("-q", "-k", "-f", krl, keys / "ops.pub")
    for revoked in (krl, keys / "ops.pub"):
        assert refused(keys / "ops.pub", there, revoked=revoked) == (
            State.REVOKED, f"revoked: by ssh key {fingerprint(keys / 'ops')}, which {revoked} takes back")
        assert judged(keys / "rsa.pub", made(keys / "rsa"), revoked=revoked).ok


def test_a_revoked_openpgp_key_is_refused(keys, tmp_path):
    from pysequoia import Cert, Tsk, packet

    secret = Tsk.from_bytes((keys / "pgp.sec").read_bytes())
    cert = secret.extract_certificate()
    parts = packet.PacketPile.from_bytes(bytes(cert))
    taken_back = Cert.from_packets([*parts, *packet.PacketPile.from_bytes(bytes(cert.revoke(secret.certifier())))])
    assert taken_back.is_revoked
    (tmp_path / "revoked.pub").write_text(str(taken_back))
    state, text = refused(tmp_path / "revoked.pub", made(keys / "pgp.sec"))
    assert state is State.REVOKED and "revoked" in text.partition(": ")[2]


@pytest.mark.parametrize("option", ['namespaces="file"', 'valid-before="20200101"'])
def test_a_key_that_is_allowed_for_something_else_only_is_refused(keys, tmp_path, option):
    kind, blob, _ = (keys / "ops.pub").read_text().split()
    (tmp_path / "allowed").write_text(f"ops@example {option} {kind} {blob}\n")
    state, text = refused(tmp_path / "allowed", made(keys / "ops"))
    assert state is State.REFUSED
    assert text.endswith(f"which {tmp_path / 'allowed'} allows for another purpose or another time")


@pytest.mark.parametrize("change", [
    lambda data: b"", lambda data: b"junk", lambda data: b"x" + data, lambda data: data + b"x", lambda data: data[:-9],
    lambda data: data.replace(b"U1NIU0lH", b"AAAAAAAA"), lambda data: b"<html><body>Please log in</body></html>"])
def test_what_is_no_signature_is_bad_and_says_why(keys, change):
    there = made(keys / "ops")
    state, text = refused(keys / "ops.pub", {checksums.SSH: change(there[checksums.SSH])})
    assert state is State.BAD and "is no ssh signature: " in text
    there = made(keys / "pgp.sec")
    state, text = refused(keys / "pgp.pub", {checksums.OPENPGP: b"<html><body>Please log in</body></html>"})
    assert state is State.BAD


def armored(blob):
    return b"-----BEGIN SSH SIGNATURE-----\n" + base64.encodebytes(blob) + b"-----END SSH SIGNATURE-----\n"


@given(st.binary(max_size=300))
def test_whatever_stands_in_a_signature_is_read_or_is_a_plain_refusal(body):
    for data in (body, armored(body), armored(ssh.PREAMBLE + body)):
        try:
            assert ssh.read(data).key is not None
        except ValueError as reason:
            assert str(reason)


@given(st.binary(max_size=300))
def test_whatever_stands_in_a_key_file_is_keys_or_a_plain_refusal(body):
    for data in (body, b"ssh-ed25519 " + base64.b64encode(body)):
        try:
            assert sshkey.keys(data, "ops.pub")
        except UsageError as reason:
            assert "ops.pub" in reason.message and reason.hint


def test_a_large_field_costs_no_more_than_its_length():
    started = time.process_time()
    ssh.read(armored(ssh.PREAMBLE + bytes(4) * 50_000))
    assert time.process_time() - started < 1


# Keys that are none, and keys that cannot sign

def test_a_key_file_of_the_wrong_half_is_refused_with_the_cure(keys):
    with pytest.raises(UsageError, match=r"--key .*ops: is a private key; its public half verifies"):
        signature.demanded(keys / "ops", now=NOW, revoked=None)
    with pytest.raises(UsageError, match=r"--key .*pgp.sec: is a private key; its public half verifies"):
        signature.demanded(keys / "pgp.sec", now=NOW, revoked=None)
    with pytest.raises(UsageError, match=r"--sign .*pgp.pub: is a public key, and those only verify"):
        signer(keys / "pgp.pub")


@pytest.mark.parametrize(("text", "said"), [
    ("", "holds no key"), ("# nothing\n", "holds no key"), ("hello\n", 'line 1: "hello" is no public key'),
    ("ssh-ed25519 AAAA\n", "is no public key"), ("x\n" * 2, "line 1"), ("\x80\x81", "not an OpenPGP public key")])
def test_what_holds_no_key_is_refused(tmp_path, text, said):
    (tmp_path / "key").write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError) as caught:
        signature.demanded(tmp_path / "key", now=NOW, revoked=None)
    assert said in caught.value.message and str(tmp_path / "key") in caught.value.message and caught.value.hint


def test_a_key_that_is_not_there_or_too_long_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"--sign .*nowhere: cannot be read: No such file"):
        signer(tmp_path / "nowhere")
    (tmp_path / "long").write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(UsageError, match=r"--key .*long: longer than 1 MiB; that is no key"):
        signature.demanded(tmp_path / "long", now=NOW, revoked=None)


def test_a_list_of_revoked_keys_that_ssh_keygen_could_not_read_is_refused_before_it_refuses_everything(keys, tmp_path):
    (tmp_path / "revoked").write_text("junk\n")
    with pytest.raises(UsageError, match=r'--revoked .*revoked line 1: "junk" is no public key'):
        signature.demanded(keys / "ops.pub", now=NOW, revoked=tmp_path / "revoked")
    with pytest.raises(UsageError, match=r"--revoked: is for ssh keys; an OpenPGP key carries its own revocation"):
        signature.demanded(keys / "pgp.pub", now=NOW, revoked=tmp_path / "revoked")


def test_a_key_in_an_older_form_wants_its_public_half_beside_it(keys, tmp_path):
    old = tmp_path / "old"
    keygen("-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", old)
    assert judged(tmp_path / "old.pub", made(old)).ok
    (tmp_path / "old.pub").unlink()
    with pytest.raises(UsageError, match=r"its public half cannot be read: it is in another form") as caught:
        signer(old)
    assert caught.value.hint == f"put the public key beside it: ssh-keygen -y -f {old} > {old}.pub"


def test_a_passphrase_that_nobody_can_be_asked_for_is_a_clear_error(keys):
    with pytest.raises(CheckFailed) as caught:
        signer(keys / "locked").sign(SUMS)
    assert caught.value.message == f"--sign {keys / 'locked'}: has a passphrase, and there is no terminal to ask for it"
    assert caught.value.hint.startswith(f"ssh-add {keys / 'locked'}")


def test_what_ssh_keygen_says_when_it_does_not_sign_is_told(keys, tmp_path):
    open_to_all = tmp_path / "open"
    open_to_all.write_bytes((keys / "ops").read_bytes())
    open_to_all.chmod(0o644)
    with pytest.raises(CheckFailed) as caught:
        signer(open_to_all).sign(SUMS)
    assert "ssh-keygen did not sign\n" in caught.value.message and "UNPROTECTED PRIVATE KEY FILE" in caught.value.message


def test_a_signature_that_nobody_would_accept_is_not_handed_out(keys, tmp_path):
    mixed = tmp_path / "mixed"
    mixed.write_bytes((keys / "ops").read_bytes())
    mixed.chmod(0o600)
    (tmp_path / "mixed.pub").write_bytes((keys / "eve.pub").read_bytes())
    with pytest.raises(CheckFailed, match=r"--sign .*mixed: "):
        signer(mixed).sign(SUMS)


def test_without_ssh_keygen_the_error_names_its_package(keys, monkeypatch):
    there = made(keys / "ops")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Missing, match=r"ssh-keygen is not installed") as caught:
        judged(keys / "ops.pub", there)
    assert "openssh-client on Debian, openssh on Alpine" in caught.value.hint and "NetBSD" in caught.value.hint


def locked_pgp(tmp_path):
    """A secret key with a passphrase, which only GnuPG can make here."""
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    gpg = [need("gpg", "gpg"), "--homedir", home, "--batch", "--pinentry-mode", "loopback", "--passphrase", "secret"]
    subprocess.run([*gpg, "--quick-gen-key", "p <p@example>", "ed25519", "sign", "never"], check=True, capture_output=True)
    done = subprocess.run([*gpg, "--armor", "--export-secret-keys"], check=True, capture_output=True)
    subprocess.run([need("gpgconf", "gpgconf"), "--homedir", home, "--kill", "all"], capture_output=True)
    (tmp_path / "locked.sec").write_bytes(done.stdout)
    return tmp_path / "locked.sec"


def test_an_openpgp_passphrase_is_asked_for_at_the_door(tmp_path):
    path = locked_pgp(tmp_path)
    asked = []
    entry, found = signer(path, ask=lambda question: asked.append(question) or "secret").sign(SUMS)
    assert found.ok and entry.path == "SHA256SUMS.asc" and asked == [f"Passphrase of {path}: "]
    with pytest.raises(CheckFailed, match=r"locked.sec: has a passphrase, and there is no terminal to ask for it"):
        signer(path).sign(SUMS)
    with pytest.raises(CheckFailed, match=r"locked.sec: cannot sign: ") as caught:
        signer(path, ask=lambda question: "wrong").sign(SUMS)
    assert "Stack backtrace" not in caught.value.message


def test_nothing_is_left_in_the_temporary_folder(keys, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    there = made(keys / "ops")
    assert not judged(keys / "eve.pub", there).ok
    assert judged(keys / "ops.pub", there).ok
    with pytest.raises(PinbootError):
        signer(keys / "locked").sign(SUMS)
    assert list(tmp_path.iterdir()) == []

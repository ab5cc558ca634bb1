"""What ssh-keygen, gpgv and the in-toto library make of what pinboot signs and states, and pinboot of what they sign."""

import json
import os
import subprocess

import pytest

from builder.media.papers import provenance
from builder.media.signing.judged import State
from tests.tool.tools import need
from tests.unit.test_provenance import COPY, EPOCH, LOCK, SOURCES, entries
from tests.unit.test_signature import SUMS, fingerprint, judged, keys, made  # noqa: F401 - keys is a fixture

pytestmark = pytest.mark.tool


@pytest.fixture
def place(keys, tmp_path):  # noqa: F811
    """A folder as a bundle leaves it: the list and both signatures of it; and an edited copy of the list."""
    (tmp_path / "SHA256SUMS").write_bytes(SUMS)
    (tmp_path / "edited").write_bytes(SUMS.replace(b"0", b"1", 1))
    for there in (made(keys / "ops"), made(keys / "pgp.sec")):
        for name, data in there.items():
            (tmp_path / name).write_bytes(data)
    return tmp_path


def ssh_keygen(*arguments, data):
    done = subprocess.run([need("ssh-keygen", "openssh-client"), "-Y", *map(str, arguments)], input=data,
                          capture_output=True)
    return done.returncode, done.stdout.decode()


def test_ssh_keygen_finds_our_signature_sound_and_refuses_edited_bytes(place):
    check = ("check-novalidate", "-n", "pinboot", "-s", place / "SHA256SUMS.sig")
    code, said = ssh_keygen(*check, data=SUMS)
    assert code == 0 and said.startswith('Good "pinboot" signature with ED25519 key SHA256:')
    assert ssh_keygen(*check, data=(place / "edited").read_bytes())[0] != 0


def test_ssh_keygen_verifies_our_signature_by_a_list_of_its_own(place, keys):  # noqa: F811
    (place / "allowed").write_text(f"ops@example {(keys / 'ops.pub').read_text()}")
    (place / "strangers").write_text(f"ops@example {(keys / 'eve.pub').read_text()}")
    rest = ("-I", "ops@example", "-n", "pinboot", "-s", place / "SHA256SUMS.sig")
    code, said = ssh_keygen("verify", "-f", place / "allowed", *rest, data=SUMS)
    assert code == 0 and fingerprint(keys / "ops") in said
    assert ssh_keygen("verify", "-f", place / "strangers", *rest, data=SUMS)[0] != 0
    assert ssh_keygen("verify", "-f", place / "allowed", *rest, data=(place / "edited").read_bytes())[0] != 0


def test_a_signature_that_ssh_keygen_made_by_hand_is_as_good_as_ours(place, keys):  # noqa: F811
    ours = (place / "SHA256SUMS.sig").read_bytes()
    (place / "SHA256SUMS.sig").unlink()
    subprocess.run([need("ssh-keygen", "openssh-client"), "-q", "-Y", "sign", "-n", "pinboot", "-f", keys / "ops",
                    place / "SHA256SUMS"], check=True)
    assert (place / "SHA256SUMS.sig").read_bytes() == ours


def gpgv(place, key, data):
    """gpgv's exit code and its status lines. It wants a keyring without armor."""
    from pysequoia import Cert

    (place / "ring").write_bytes(bytes(Cert.from_bytes(key.read_bytes())))
    done = subprocess.run([need("gpgv", "gpgv"), "--status-fd", "1", "--keyring", place / "ring", place / "SHA256SUMS.asc",
                           data], capture_output=True, env={**os.environ, "GNUPGHOME": str(place)})
    return done.returncode, [line.split()[1] for line in done.stdout.decode(errors="replace").splitlines()]


def test_gpgv_takes_our_openpgp_signature_and_refuses_edited_bytes_and_strangers(place, keys):  # noqa: F811
    code, status = gpgv(place, keys / "pgp.pub", place / "SHA256SUMS")
    assert code == 0 and {"GOODSIG", "VALIDSIG"} <= set(status)
    code, status = gpgv(place, keys / "pgp.pub", place / "edited")
    assert code != 0 and "BADSIG" in status and "VALIDSIG" not in status
    code, status = gpgv(place, keys / "stranger.pub", place / "SHA256SUMS")
    assert code != 0 and "NO_PUBKEY" in status


def test_a_signature_that_gnupg_made_by_hand_is_good(place):
    home = place / "gnupg"
    home.mkdir(mode=0o700)
    gpg = [need("gpg", "gpg"), "--homedir", home, "--batch", "--pinentry-mode", "loopback", "--passphrase", ""]
    try:
        subprocess.run([*gpg, "--quick-gen-key", "hand <hand@example>", "rsa3072", "sign", "never"], check=True,
                       capture_output=True)
        subprocess.run([*gpg, "--yes", "--armor", "--detach-sign", place / "SHA256SUMS"], check=True, capture_output=True)
        public = subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True).stdout
    finally:
        subprocess.run([need("gpgconf", "gpgconf"), "--homedir", home, "--kill", "all"], capture_output=True)
    (place / "hand.pub").write_bytes(public)
    there = {"SHA256SUMS.asc": (place / "SHA256SUMS.asc").read_bytes()}
    assert judged(place / "hand.pub", there).state is State.GOOD
    assert judged(place / "hand.pub", there, (place / "edited").read_bytes()).state is State.BAD


def test_the_in_toto_library_reads_the_statement_and_knows_every_field():
    json_format = pytest.importorskip("google.protobuf.json_format")
    statement = pytest.importorskip("in_toto_attestation.v1.statement", reason="pip install in-toto-attestation")
    from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
    from in_toto_attestation.v1 import statement_pb2

    table = json.loads(provenance.build(entries(), LOCK, COPY, sources=SOURCES, hosts=["web1"], epoch=EPOCH).data)
    # An unknown field is an error there.
    statement.Statement.copy_from_pb(json_format.ParseDict(table, statement_pb2.Statement())).validate()
    read = json_format.ParseDict(table["predicate"], provenance_pb2.Provenance())
    assert len(read.build_definition.resolved_dependencies) == len(LOCK.pins) + 1
    assert read.run_details.builder.id == provenance.BUILDER

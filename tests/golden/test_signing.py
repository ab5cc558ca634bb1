"""Whole commands: a bundle that is signed, and what becomes of one that was changed after that."""

import hashlib
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.bench import pinboot
from tests.golden.conftest import CENTOS_PROFILE, ROCKY_PROFILE
from tests.golden.test_commands import snapshot, write
from tests.tool.tools import need

HOSTILE = re.compile(r"Traceback|builder/")


@pytest.fixture
def keys(work):
    """ops and eve (ssh), locked (with a passphrase), and pgp: beside the folder that one works in."""
    from pysequoia import Tsk

    place = Path("../keys")
    place.mkdir()
    for name, words in (("ops", ""), ("eve", ""), ("locked", "secret")):
        subprocess.run([need("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", words, "-C", f"{name}@example",
                        "-f", place / name], check=True)
    key = Tsk.generate("ops <ops@example>")
    (place / "pgp.sec").write_text(str(key))
    (place / "pgp.pub").write_text(str(key.extract_certificate()))
    return place


@pytest.fixture
def locked(work, mirror):
    assert pinboot("lock", "centos.toml").code == 0
    return work


def fingerprint(key):
    return subprocess.run(["ssh-keygen", "-l", "-f", key], check=True, capture_output=True, text=True).stdout.split()[1]


@pytest.mark.parametrize("target", ["out/centos", "c.tar", "c.tar.zst"])
@pytest.mark.parametrize(("secret", "public", "name"), [("ops", "ops.pub", "SHA256SUMS.sig"),
                                                        ("pgp.sec", "pgp.pub", "SHA256SUMS.asc")])
def test_a_signed_bundle_is_verified_by_the_key_that_signed_it(locked, keys, target, secret, public, name):
    built = pinboot("build", "centos.toml", "-o", target, "--sign", keys / secret, "--offline")
    assert built.code == 0 and "signature ok, " in built.out and max(map(len, built.out.splitlines())) <= 80
    ran = pinboot("verify", target, "--key", keys / public)
    assert ran.code == 0 and ran.out.startswith("signature  ok, ") and "ops" in ran.out and "0 extra" in ran.out
    without = pinboot("verify", target)
    assert without.code == 0 and without.out.startswith(f"signature  {name} there, not checked (give --key)\n")


def test_the_words_are_those_of_the_transcript(locked, keys, monkeypatch):
    pinboot("build", "centos.toml", "--sign", keys / "ops")
    shutil.copy(keys / "ops.pub", "keys.pub")
    ran = pinboot("verify", "out/centos", "--key", "keys.pub")
    assert ran.out.splitlines()[:2] == [f"signature  ok, ssh key {fingerprint('keys.pub')}",
                                        '           "ops@example" (allowed by keys.pub)']
    told = json.loads(pinboot("verify", "out/centos", "--key", "keys.pub", "--json").out)
    assert told["ok"] and told["signature"] == {
        "state": "good", "key": fingerprint("keys.pub"),
        "text": f'ok, ssh key {fingerprint("keys.pub")} "ops@example"'}


def test_a_signature_changes_no_other_byte_and_no_id(locked, keys):
    plain = json.loads(pinboot("build", "centos.toml", "-o", "plain", "--json").out)
    signed = json.loads(pinboot("build", "centos.toml", "-o", "signed", "--sign", keys / "ops", "--json").out)
    assert signed["id"] == plain["id"] and plain["signature"] == "" and signed["signature"].startswith("ok, ssh key ")
    both = snapshot("plain"), snapshot("signed")
    assert both[1].pop("SHA256SUMS.sig")[0].startswith(b"-----BEGIN SSH SIGNATURE-----")
    assert both[0] == both[1]


@pytest.mark.parametrize("name", ["out/centos", "web.tar"])
def test_an_ssh_signature_leaves_two_builds_the_same_bytes(locked, keys, name):
    for each in ("one", "two"):
        assert pinboot("build", "centos.toml", "-o", f"{each}/{name}", "--sign", keys / "ops").code == 0
    one, two = Path("one") / name, Path("two") / name
    assert snapshot(one) == snapshot(two) if one.is_dir() else one.read_bytes() == two.read_bytes()


def missing(bundle, keys):
    (bundle / "SHA256SUMS.sig").unlink()
    return keys / "ops.pub"


def cut(bundle, keys):
    (bundle / "SHA256SUMS.sig").write_bytes((bundle / "SHA256SUMS.sig").read_bytes()[:100])
    return keys / "ops.pub"


def forged(bundle, keys):
    """A file and both lists that name it were changed, so that they agree."""
    manifest, sums = bundle / "manifest.json", bundle / "SHA256SUMS"
    before = json.loads(manifest.read_text())
    line = next(line for line in before["files"] if line["path"] == "hosts/web1/web1.cfg")
    (bundle / line["path"]).write_text("memory = 1\n")
    changes = [(line["sha256"], _sha256(bundle / line["path"])), (_sha256(manifest), "")]
    manifest.write_text(manifest.read_text().replace(*changes[0]))
    sums.write_text(sums.read_text().replace(*changes[0]).replace(changes[1][0], _sha256(manifest)))
    return keys / "ops.pub"


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stranger(bundle, keys):
    return keys / "eve.pub"


def namespace(bundle, keys):
    missing(bundle, keys)
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", keys / "ops", bundle / "SHA256SUMS"], check=True)
    return keys / "ops.pub"


def other_kind(bundle, keys):
    return keys / "pgp.pub"


@pytest.mark.parametrize(("change", "state", "said"), [
    (missing, "missing", "missing: the bundle has no SHA256SUMS.sig"), (cut, "bad", "is no ssh signature"),
    (forged, "bad", "bad: not of this SHA256SUMS"), (stranger, "wrong key", "which is not in"),
    (namespace, "wrong namespace", 'made for "file", not for pinboot'),
    (other_kind, "missing", "there is SHA256SUMS.sig, which wants an ssh key")])
def test_every_other_signature_ends_with_4_and_its_own_reason(locked, keys, change, state, said):
    pinboot("build", "centos.toml", "--sign", keys / "ops")
    key = change(Path("out/centos"), keys)
    ran = pinboot("verify", "out/centos", "--key", key)
    assert ran.code == 4 and said in " ".join(ran.out.split()) and not HOSTILE.search(ran.out + ran.err)
    assert ran.err.startswith("error: out/centos: nobody who is trusted signed it\nhint:  ")
    told = json.loads(pinboot("verify", "out/centos", "--key", key, "--json").out)
    assert not told["ok"] and told["signature"]["state"] == state and not told["changed"]


def test_a_revoked_key_ends_with_4(locked, keys):
    pinboot("build", "centos.toml", "--sign", keys / "ops")
    ran = pinboot("verify", "out/centos", "--key", keys / "ops.pub", "--revoked", keys / "ops.pub")
    assert ran.code == 4 and "signature  revoked: by ssh key" in ran.out
    alone = pinboot("verify", "out/centos", "--revoked", keys / "ops.pub")
    assert alone.code == 2 and "no key is given" in alone.err


def test_a_good_signature_does_not_hide_a_changed_file(locked, keys):
    pinboot("build", "centos.toml", "--sign", keys / "ops")
    Path("out/centos/hosts/web1/web1.cfg").write_text("memory = 1\n")
    ran = pinboot("verify", "out/centos", "--key", keys / "ops.pub")
    assert ran.code == 4 and "signature  ok, " in ran.out and "changed  hosts/web1/web1.cfg" in ran.out
    assert "error: out/centos is not what was built" in ran.err


def test_a_signature_that_is_a_link_or_much_too_long_is_extra(locked, keys):
    pinboot("build", "centos.toml", "--sign", keys / "ops")
    signature = Path("out/centos/SHA256SUMS.sig")
    shutil.copy(signature, "elsewhere")
    signature.unlink()
    signature.symlink_to(Path("elsewhere").resolve())
    Path("out/centos/SHA256SUMS.asc").write_bytes(b"x" * (1 << 19))
    ran = pinboot("verify", "out/centos", "--key", keys / "ops.pub")
    assert ran.code == 4 and "missing: the bundle has no SHA256SUMS.sig" in ran.out
    assert "extra    SHA256SUMS.sig" in ran.out and "extra    SHA256SUMS.asc" in ran.out


def test_a_second_build_with_the_same_key_does_nothing(locked, keys):
    for secret in ("ops", "pgp.sec"):
        pinboot("build", "centos.toml", "--sign", keys / secret)
        before = snapshot("out/centos")
        again = pinboot("build", "centos.toml", "--sign", keys / secret)
        assert again.code == 0 and "as built" in again.out and "signature ok, " in again.out
        assert snapshot("out/centos") == before


def test_a_bundle_that_is_unsigned_or_signed_by_another_is_signed_anew(locked, keys):
    pinboot("build", "centos.toml")
    first = pinboot("build", "centos.toml", "--sign", keys / "eve")
    assert first.code == 0 and "out/centos: signature missing: " in first.err and "building it again" in first.err
    second = pinboot("build", "centos.toml", "--sign", keys / "ops")
    assert second.code == 0 and "out/centos: signature wrong key: " in second.err
    third = pinboot("build", "centos.toml", "--sign", keys / "pgp.sec")
    assert third.code == 0 and not Path("out/centos/SHA256SUMS.sig").exists()
    assert pinboot("verify", "out/centos", "--key", keys / "pgp.pub").code == 0


def test_a_build_that_does_not_sign_leaves_the_signature_of_the_same_bundle_alone(locked, keys):
    pinboot("build", "centos.toml", "--sign", keys / "ops")
    before = snapshot("out/centos")
    again = pinboot("build", "centos.toml")
    assert again.code == 0 and "as built" in again.out and "SHA256SUMS.sig there, not checked" in again.out
    assert snapshot("out/centos") == before
    write("centos.toml", CENTOS_PROFILE.replace('memory = "2 GiB"', 'memory = "4 GiB"'))
    assert pinboot("build", "centos.toml").code == 0 and not Path("out/centos/SHA256SUMS.sig").exists()


@pytest.mark.parametrize("target", ["out/centos", "c.tar", "c.tar.zst"])
def test_a_signature_that_cannot_be_made_leaves_the_old_bundle(locked, keys, target):
    pinboot("build", "centos.toml", "-o", target)
    read = (lambda: snapshot(target)) if Path(target).is_dir() else (lambda: Path(target).read_bytes())
    before, beside = read(), sorted(Path(target).parent.iterdir())
    ran = pinboot("build", "centos.toml", "-o", target, "--sign", keys / "locked")
    assert ran.code == 1 and "has a passphrase, and there is no terminal to ask for it" in ran.err
    assert read() == before and sorted(Path(target).parent.iterdir()) == beside


TYPED = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from builder.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def typed(words, *arguments):
    """Run pinboot with a terminal of its own and type `words` when it asks for a passphrase; its exit code and all that
    the terminal saw."""
    master, slave = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", TYPED, *map(str, arguments)], stdin=slave, stdout=slave, stderr=slave,
                               start_new_session=True)
    os.close(slave)
    seen, answered = b"", 0
    while process.poll() is None or select.select([master], [], [], 0)[0]:
        if select.select([master], [], [], 0.1)[0]:
            try:
                seen += os.read(master, 65536)
            except OSError:  # Linux says EIO when the last user of the other side is gone
                break
        if seen.lower().count(b"passphrase") > answered:
            answered += 1
            os.write(master, words.encode() + b"\n")
    os.close(master)
    return process.wait(), seen.decode(errors="replace")


def test_on_a_terminal_ssh_keygen_asks_for_the_passphrase_itself(locked, keys):
    code, seen = typed("secret", "build", "centos.toml", "--sign", keys / "locked")
    assert code == 0 and "Enter passphrase" in seen and "signature ok, ssh key" in seen and "secret" not in seen
    assert pinboot("verify", "out/centos", "--key", keys / "locked.pub").code == 0
    code, seen = typed("wrong", "build", "centos.toml", "-o", "other", "--sign", keys / "locked")
    assert code == 1 and "ssh-keygen did not sign" in seen and not Path("other").exists()


def test_quiet_asks_for_nothing_on_a_terminal_either(locked, keys):
    code, seen = typed("secret", "build", "centos.toml", "--quiet", "--sign", keys / "locked")
    assert code == 1 and "Enter passphrase" not in seen and "there is no terminal to ask for it" in " ".join(seen.split())


@pytest.mark.parametrize(("key", "said"), [("nowhere", "cannot be read"), ("pgp.pub", "is a public key"),
                                           ("../work/centos.toml", "is no public key")])
def test_a_key_that_is_none_is_told_before_anything_is_fetched(work, mirror, keys, key, said):
    ran = pinboot("build", "centos.toml", "--sign", keys / key)
    assert ran.code == 2 and said in ran.err and "hint:" in ran.err and mirror.asked == []


# What the bundle says of itself

def test_every_bundle_says_what_it_was_made_from_and_what_boots(locked):
    pinboot("build", "centos.toml")
    lists = json.loads(Path("out/centos/manifest.json").read_text())
    listed = {line["path"] for line in lists["files"]}
    assert {"provenance.intoto.json", "sbom.cdx.json"} < listed
    statement = json.loads(Path("out/centos/provenance.intoto.json").read_text())
    subjects = {each["name"]: each["digest"]["sha256"] for each in statement["subject"]}
    assert subjects == {line["path"]: line["sha256"] for line in lists["files"] if line["path"] != "provenance.intoto.json"}
    named = {line.split()[1] for line in Path("out/centos/SHA256SUMS").read_text().splitlines()}
    assert named == listed | {"manifest.json"}
    for path in ("provenance.intoto.json", "sbom.cdx.json"):
        assert str(locked) not in Path(f"out/centos/{path}").read_text()


def test_what_was_accepted_below_the_usual_is_said_aloud(work, mirror):
    write("x.toml", ROCKY_PROFILE + '[trust]\nminimum = { kernel = "first-use" }\n')
    assert pinboot("build", "x.toml").code == 0
    ran = pinboot("verify", "out/x")
    assert ran.code == 0 and "ACCEPTED   kernel: the profile accepts first-use" in ran.out
    assert json.loads(pinboot("verify", "out/x", "--json").out)["overrides"].keys() == {"kernel"}
    page = Path("out/x/NEXT-STEPS.txt").read_text()
    assert "Accepted though less is proved than usual\n  kernel: the profile accepts first-use" in page
    table = json.loads(Path("out/x/manifest.json").read_text())
    assert table["overrides"].keys() == {"kernel"}
    table["overrides"] = {}
    Path("out/x/manifest.json").write_text(json.dumps(table))
    assert "disagree x.lock: what it accepted below the usual is not what manifest.json says" in pinboot("verify", "out/x").out


def test_the_addresses_are_the_same_on_the_page_and_as_json(locked):
    told = json.loads(pinboot("build", "centos.toml", "--json").out)["fetches"]
    page = " ".join(Path("out/centos/NEXT-STEPS.txt").read_text().split())
    for each in told:
        assert each["url"] in page and f"{each['what']}; {each['protection']}" in page
    assert [each["url"].removeprefix("http://mirror.example/centos/7/os/x86_64") for each in told[:5]] == [
        "/.treeinfo", "/LiveOS/squashfs.img", "/images/updates.img", "/images/product.img", ""]

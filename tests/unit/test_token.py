"""Tokens of kickstart paths, checked by openssl and by what a guesser would try."""

import base64
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import names
from builder.outputs.services import token
from builder.profile.tables import serving
from tests.tool.tools import need
from tests.unit.hostile import HOSTILE

SECRET = b"0123456789abcdef0123456789abcdef"


def test_a_token_is_the_same_in_every_build():
    assert token.token(SECRET, "fleet", "c0001") == "scvawo3i4lsh5mfh7qxh5waz43wj2zkd"


def test_openssl_makes_the_same_token():
    done = subprocess.run([need("openssl", "openssl"), "dgst", "-sha256", "-mac", "hmac", "-macopt",
                           f"hexkey:{SECRET.hex()}", "-binary"], input=b"pinboot kickstart path v1\0fleet\0c0001",
                          capture_output=True, check=True)
    assert token.token(SECRET, "fleet", "c0001") == base64.b32encode(done.stdout[:20]).decode().lower()


@given(st.binary(min_size=32), st.text(), st.text())
def test_a_token_has_160_bits_and_is_a_plain_part_of_a_path(secret, profile, host):
    if "\0" not in profile + host:
        made = token.token(secret, profile, host)
        assert re.fullmatch("[a-z2-7]{32}", made) and names.PATH_PART.fullmatch(made)


def test_secret_profile_and_host_each_change_the_token():
    made = {token.token(*words) for words in (
        (SECRET, "fleet", "c0001"), (SECRET, "fleet", "c0002"), (SECRET, "fleet2", "c0001"),
        (SECRET, "fleetc", "0001"), (SECRET, "flee", "tc0001"), (SECRET + b"!", "fleet", "c0001"))}
    assert len(made) == 6


@pytest.mark.parametrize("secret", [b"", b"short", b"x" * 31])
def test_a_short_secret_is_refused(secret):
    with pytest.raises(ValueError, match=f"the secret has {len(secret)} bytes; at least 32"):
        token.token(secret, "fleet", "c0001")


@pytest.mark.parametrize(("profile", "host"), [("a\0b", "c"), ("a", "b\0c")])
def test_a_name_that_could_be_two_is_refused(profile, host):
    with pytest.raises(ValueError, match="a name holds a NUL"):
        token.token(SECRET, profile, host)


@pytest.mark.parametrize("text", [text for text in HOSTILE if "\0" not in text and "\ud800" not in text])
def test_any_other_name_gets_a_token(text):
    assert re.fullmatch("[a-z2-7]{32}", token.token(SECRET, text, text))


def test_a_secret_comes_from_a_private_file_or_the_environment(tmp_path):
    file = tmp_path / "paths.secret"
    file.write_text("7e1f0a5b" * 4 + "0123456789abcdef\n")
    file.chmod(0o600)
    found = serving.path_secret("file:paths.secret", tmp_path, {})
    assert found.text == "7e1f0a5b" * 4 + "0123456789abcdef" and found.text not in repr(found) + str(found)
    assert serving.path_secret("env:PATHS", tmp_path, {"PATHS": found.text}) == found


@pytest.mark.parametrize(("content", "message"), [
    ("x" * 31, "must have 32 to 512 characters"),
    ("changeme" * 4, "has fewer than 8 different characters: that is no secret"),
    ("0" * 64, "has fewer than 8 different characters: that is no secret"),
    ("caf\u00e9" * 10, "holds characters beyond printable ASCII"),
])
def test_what_is_no_secret_is_refused_without_telling_it(tmp_path, content, message):
    with pytest.raises(ValueError, match=f"{message}.*openssl rand -hex 32") as refused:
        serving.path_secret("env:PATHS", tmp_path, {"PATHS": content})
    assert content not in str(refused.value)


def test_a_secret_that_others_can_read_is_refused(tmp_path):
    (tmp_path / "paths.secret").write_text("7e1f0a5b" * 8)
    (tmp_path / "paths.secret").chmod(0o644)
    with pytest.raises(ValueError, match="can be read by others"):
        serving.path_secret("file:paths.secret", tmp_path, {})


def test_a_secret_in_the_profile_itself_is_refused(tmp_path):
    with pytest.raises(ValueError, match="plain text; only file:PATH or env:NAME may stand here"):
        serving.path_secret("7e1f0a5b" * 8, tmp_path, {})

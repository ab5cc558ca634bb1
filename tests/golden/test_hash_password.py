"""`pinboot hash-password`: from a pipe and on a terminal, to a file and to the screen, and the check of a hash."""

import io
import json
import os
import pty
import select
import stat
import sys
import time
from pathlib import Path

import pytest

from builder.profile import resolve
from tests.golden.bench import pinboot

HASH = "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
YESCRYPT = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7"
CANARY = "kanarienvogel 42"


@pytest.fixture
def piped(tmp_path, monkeypatch):
    """Run hash-password in an empty folder with these bytes on its standard input."""
    monkeypatch.chdir(tmp_path)

    def run(data, *words):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return pinboot("hash-password", *words)

    return run


def test_a_password_from_a_pipe_becomes_a_hash_on_stdout(piped):
    ran = piped(f"{CANARY}\n".encode())
    assert ran.code == 0 and ran.out.startswith("$6$") and ran.err == "" and len(ran.out.splitlines()) == 1
    assert json.loads(piped(b"x", "--json").out).keys() == {"hash", "kind"}


@pytest.mark.parametrize("data", [b"x", b"x\n", b"x\r\n"])
def test_the_line_end_is_no_part_of_the_password(piped, data, monkeypatch):
    from passlib.hash import sha512_crypt

    assert sha512_crypt.verify("x", piped(data).out.strip())


def test_a_file_is_written_for_its_owner_alone_and_never_over_another(piped):
    old = os.umask(0)
    try:
        ran = piped(b"x\n", "-o", "secrets/root.hash")
    finally:
        os.umask(old)
    made = Path("secrets/root.hash")
    assert ran.code == 0 and stat.S_IMODE(made.stat().st_mode) == 0o600 and stat.S_IMODE(made.parent.stat().st_mode) == 0o700
    assert ran.out == "secrets/root.hash written, readable by its owner alone\n"
    assert 'password = "file:secrets/root.hash"' in ran.err
    before = made.read_bytes()
    again = piped(b"y\n", "-o", made)
    assert again.code == 2 and "is there already; it was not touched" in again.err and made.read_bytes() == before
    assert piped(b"y\n", "-o", made, "--force").code == 0 and made.read_bytes() != before


def test_a_dangling_link_and_a_folder_are_no_free_names(piped):
    Path("link").symlink_to("nowhere")
    Path("folder").mkdir()
    assert piped(b"x", "-o", "link").code == 2 and Path("link").is_symlink()
    for more in ([], ["--force"]):
        ran = piped(b"x", "-o", "folder", *more)
        assert ran.code == 2 and "is a folder" in ran.err


def test_where_no_folder_can_be_made_nothing_is_lost(piped):
    Path("file").write_text("")
    ran = piped(b"x", "-o", "file/root.hash")
    assert ran.code == 2 and "Traceback" not in ran.err and "hint:" in ran.err


@pytest.mark.parametrize("place", [".", "profiles"])
def test_what_is_said_to_write_into_the_profile_is_what_a_profile_takes(piped, place):
    Path(place).mkdir(exist_ok=True)
    ran = piped(b"x", "-o", "secrets/root.hash")
    line = next(line for line in ran.err.splitlines() if line.startswith("  password"))
    Path(place, "web.toml").write_text(f'release = "rocky-9"\n[root]\n{line}\n[host.web1]\ndisk = {{ size = "20 GiB" }}\n')
    profile, _ = resolve.read(Path(place, "web.toml"), "web.toml", {})
    assert profile.root.password_hash == Path("secrets/root.hash").read_text().strip()


@pytest.mark.parametrize(("data", "said"), [
    (b"", "is empty"), (b"\n", "is empty"), (b"two\nlines\n", "line end"), (b"a\0b", "control"), (b"\xff\xfe", "not UTF-8"),
    (b"a" * 100_000, "more than 64 KiB"), (b"a" * 300, "300 bytes"),
])
def test_what_is_no_password_is_refused_without_showing_it(piped, data, said):
    ran = piped(data, "-o", "root.hash")
    assert ran.code == 2 and said in ran.err and "hint:" in ran.err and not Path("root.hash").exists()
    assert ran.out == "" and "lines" not in ran.err and "aaaa" not in ran.err


def test_a_blank_at_the_end_counts_and_is_remarked(piped):
    assert "begins or ends with a blank" in piped(b"x \n").err
    assert piped(b"x \n", "--quiet").err == ""


def test_a_closed_standard_input_is_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    ran = pinboot("hash-password")
    assert ran.code == 2 and "is closed" in ran.err


def test_more_rounds_are_written_into_the_hash(piped):
    assert piped(b"x", "--rounds", "6000").out.startswith("$6$rounds=6000$")
    for word in ("4999", "1000001", "many", "-1"):
        assert piped(b"x", "--rounds", word).code == 2


# On a terminal: a pseudo-terminal in place of one.

def terminal(*answers, words=()):
    """What a person sees who answers the questions in turn; the exit code."""
    child, master = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-m", "builder.cli", "hash-password", *words])
    seen, waiting, end = b"", list(answers), time.monotonic() + 30
    try:
        while time.monotonic() < end:
            if not select.select([master], [], [], 0.2)[0]:
                continue
            try:
                data = os.read(master, 4096)
            except OSError:
                break
            if not data:
                break
            seen += data
            if waiting and seen.rstrip(b" ").endswith((b"Password:", b"again:")):
                os.write(master, waiting.pop(0))
    finally:
        os.close(master)
    return seen.decode(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_terminal_is_asked_twice_and_shows_nothing():
    seen, code = terminal(f"{CANARY}\n".encode(), f"{CANARY}\n".encode())
    assert code == 0 and CANARY not in seen and "$6$" in seen
    assert seen.index("Password:") < seen.index("The same again:") < seen.index("$6$")


def test_two_passwords_that_differ_are_no_password():
    seen, code = terminal(b"one\n", b"other\n")
    assert code == 2 and "the two passwords differ" in seen and "$6$" not in seen


def test_an_empty_password_is_refused_before_it_is_asked_for_again():
    seen, code = terminal(b"\n")
    assert code == 2 and "is empty" in seen and "again:" not in seen


def test_the_end_of_input_and_an_interrupt_end_it_without_a_traceback():
    for key, expected in ((b"\x04", 2), (b"\x03", 130)):
        seen, code = terminal(key)
        assert code == expected and "Traceback" not in seen and "$6$" not in seen


# --check

@pytest.mark.parametrize(("hashed", "said"), [
    (HASH, "sha512 ($6$), 5000 rounds: good for every release\n"),
    ("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8", "sha256 ($5$), 5000 rounds: good for every release\n"),
    (YESCRYPT, "yescrypt ($y$): good for EL9, EL10, Fedora\nnot for EL6, EL7, EL8\n"),
])
def test_a_hash_is_good_for_the_releases_that_take_it(piped, hashed, said):
    assert piped(b"", "--check", hashed).out == said
    Path("root.hash").write_text(f"{hashed}\n")
    Path("root.hash").chmod(0o600)
    for word in ("root.hash", "file:root.hash", "-"):
        assert piped(f"{hashed}\n".encode(), "--check", word).out == said


def test_one_release_is_asked_for_by_name(piped):
    assert piped(b"", "--check", YESCRYPT, "--release", "rocky-9.6").out.endswith("good for Rocky Linux 9.6 x86_64\n")
    ran = piped(b"", "--check", YESCRYPT, "--release", "alma-8")
    assert ran.code == 1 and "which EL8 cannot check" in ran.err and ran.out == ""
    told = json.loads(piped(b"", "--check", YESCRYPT, "--json").out)
    assert told["good"] == ["el9", "el10", "fedora"] and told["kind"] == "yescrypt" and set(told["refused"]) == {"el6", "el7", "el8"}
    ran = piped(b"", "--check", HASH, "--release", "rocki-9")
    assert ran.code == 2 and "did you mean rocky-9" in ran.err


@pytest.mark.parametrize(("word", "code", "said"), [
    ("$1$abc$0123456789012345678901", 1, "too weak"), ("$6$cut", 1, "cut short"), (CANARY, 2, "no file of that name"),
    ("file:nowhere", 2, "No such file"), (".", 2, "Is a directory"), ("-", 1, "plain text"),
])
def test_what_is_no_good_hash_is_said_and_not_repeated(piped, word, code, said):
    ran = piped(f"{CANARY}\n".encode(), "--check", word)
    assert ran.code == code and said in ran.err and CANARY not in ran.err and ran.out == ""


@pytest.mark.parametrize("words", [("--release", "rocky-9"), ("--force",), ("--check", HASH, "-o", "x"), ("--check", HASH, "--force")])
def test_options_that_make_no_sense_together_are_refused(piped, words):
    ran = piped(b"x", *words)
    assert ran.code == 2 and "hint:" in ran.err

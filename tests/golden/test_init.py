"""`pinboot init`: what a newcomer gets and is told, for every starter, with a key, without one, and with an odd one."""

import json
import tomllib
from pathlib import Path

import pytest

from builder.cli import sshkeys
from builder.demo import profiles
from builder.profile import starters
from tests.golden.bench import pinboot

KEYS = {"ed25519": profiles.public_key(), "rsa": profiles.public_key("ssh-rsa")}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty folder to work in, and a home without keys."""
    (tmp_path / "work").mkdir()
    (tmp_path / "home/.ssh").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def has(home, *kinds):
    for kind in kinds:
        (home / f".ssh/id_{kind}.pub").write_text(f"{KEYS[kind]}\n")


@pytest.mark.parametrize("name", starters.names())
def test_a_starter_marks_what_to_edit_and_init_shows_it_in_a_dozen_lines(name, home):
    has(home, "ed25519", "rsa")
    ran = pinboot("init", "web1", "--preset", name)
    text = Path("profiles/web1.toml").read_text()
    lines = ran.out.splitlines()
    assert ran.code == 0 and ran.err == "" and len(lines) <= 12 and max(map(len, lines)) <= 80
    assert lines[0] == f"profiles/web1.toml written from {name}" and lines[-1].endswith("pinboot check profiles/web1.toml")
    edits = list(starters.edits(text))
    assert len(edits) >= 5 and all(text.splitlines()[each.line - 1].startswith(each.text) for each in edits)
    shown = " ".join(each.text for each in edits)
    assert "ssh_keys" in shown and "[host." in shown and ("bridge" in shown or "network" in shown)
    assert "Edit the marked lines" in text


def test_what_a_host_must_change_is_marked_in_every_starter():
    for name in starters.names():
        text = starters.path(name).read_text()
        marked = " ".join(each.text for each in starters.edits(text))
        for key in ("mirror.example", "192.168.1", "xenbr0", "bridge0"):
            assert key not in text or key in marked, (name, key)


def test_the_key_that_is_there_and_fits_the_release_is_named(home):
    has(home, "rsa")
    assert pinboot("init", "a", "--preset", "rocky-9-xen").out.count("~/.ssh/id_rsa.pub is there") == 1
    assert tomllib.loads(Path("profiles/a.toml").read_text())["user"]["admin"]["ssh_keys"] == ["file:~/.ssh/id_rsa.pub"]
    has(home, "ed25519")
    pinboot("init", "b", "--preset", "rocky-9-xen")
    pinboot("init", "c", "--preset", "centos-6-xen")
    assert "id_ed25519.pub" in Path("profiles/b.toml").read_text() and "id_rsa.pub" in Path("profiles/c.toml").read_text()


def test_a_release_that_knows_none_of_the_keys_says_which_to_make(home):
    has(home, "ed25519")
    said = pinboot("init", "old", "--preset", "centos-6-xen").out
    assert "This release knows none of your keys (ssh-ed25519); ssh-keygen -t rsa" in said and "is there" not in said


@pytest.mark.parametrize("content", [None, b"", b"\0\xff", b"-----BEGIN OPENSSH PRIVATE KEY-----\n", b"ssh-ed25519 AAAA\n", b"x" * 100_000])
def test_without_a_usable_key_it_says_what_to_do(content, home):
    if content is not None:
        (home / ".ssh/id_ed25519.pub").write_bytes(content)
    ran = pinboot("init", "web1", "--preset", "rocky-9-xen")
    assert ran.code == 0 and "No ssh key was found in ~/.ssh: ssh-keygen makes one." in ran.out and "hash-password" in ran.out
    assert len(ran.out.splitlines()) <= 12


def test_a_folder_or_a_link_to_nowhere_in_place_of_a_key_is_passed_over(home):
    (home / ".ssh/id_ed25519.pub").mkdir()
    (home / ".ssh/id_ecdsa.pub").symlink_to("nowhere")
    has(home, "rsa")
    assert sshkeys.usable(starters.path("rocky-9-xen").read_text(), home) == "id_rsa.pub"


def test_a_preset_without_a_name_lists_the_starters_and_writes_nothing(home):
    for words in (("--preset",), ("--list",), ("web1", "--preset")):
        ran = pinboot("init", *words)
        assert ran.code == 0 and len(ran.out.splitlines()) == len(starters.names())
        assert "pinboot init NAME --preset STARTER" in ran.err
    assert not Path("profiles").exists()
    assert set(json.loads(pinboot("init", "--preset", "--json").out)) == set(starters.names())


def test_a_starter_that_is_none_names_the_closest(home):
    ran = pinboot("init", "web1", "--preset", "rocky9-xen")
    assert ran.code == 2 and "did you mean rocky-9-xen?" in ran.err and not Path("profiles").exists()
    ran = pinboot("init", "--preset", "web1")
    assert ran.code == 2 and "--preset alone lists the starters" in ran.err


def test_a_profile_that_is_there_stays_also_where_it_is_a_dangling_link(home):
    Path("x.toml").symlink_to("nowhere")
    assert pinboot("init", "x.toml").code == 2 and Path("x.toml").is_symlink()


def test_as_json_it_tells_what_to_edit(home):
    told = json.loads(pinboot("init", "web1", "--preset", "rocky-9-libvirt", "--json").out)
    assert told["profile"] == "profiles/web1.toml" and told["key"] is None
    assert {"line": 14, "text": 'network = "default"', "why": "of libvirt"} in told["edit"]


def test_the_secret_that_a_starter_names_is_to_be_made_first(home):
    assert "~/.config/pinboot/serve is to be made first" in pinboot("init", "rack", "--preset", "alma-9-network").out
    (home / ".config/pinboot").mkdir(parents=True)
    (home / ".config/pinboot/serve").write_text("x")
    assert "to be made" not in pinboot("init", "rack2", "--preset", "alma-9-network").out

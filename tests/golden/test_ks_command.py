"""`pinboot ks check` and `pinboot ks diff` as whole commands: what they say, their exit codes, what they write."""

import io
import json
import re
import stat
import sys
from pathlib import Path

import pytest

from builder.finding import Severity
from builder.lint.kickstart import check as checking
from builder.lint.kickstart import target
from builder.lint.kickstart.text import letters
from tests.golden.bench import pinboot
from tests.unit.kickstarts import GOOD

GOLDEN = Path(__file__).parent
OWN = sorted([*GOLDEN.glob("kickstarts/*.ks"), *GOLDEN.glob("cases/*/expected/hosts/*/ks.cfg")])
RELEASE = re.compile(r"(?:centos|rocky|alma|fedora|rhel|oracle)-[0-9]+(?:\.[0-9]+)*")
ARTICLE = """\
install
url --url=http://mirror.lan/tree
lang cs_CZ.UTF-8
keyboard us
timezone Europe/Prague --isUtc --ntpservers=ntp.lan
authconfig --enableshadow --passalgo=sha512
rootpw tajne
clearpart --all --initlabel
autopart
bootloader --location=mbr
reboot
%packages --nobase
@core
ntp
%end
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.ks").write_text(GOOD)
    (tmp_path / "old.ks").write_text(ARTICLE)
    return tmp_path


def given(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


@pytest.mark.parametrize("path", OWN, ids=lambda path: str(path.relative_to(GOLDEN)))
def test_our_own_kickstarts_have_no_error_and_no_warning(path):
    release = RELEASE.search(str(path.relative_to(GOLDEN)))[0]
    found = checking.check(letters.read(path.read_bytes(), str(path)), target.parse(release), str(path))
    assert [each for each in found if each.severity is not Severity.NOTE] == []


def test_the_test_above_sees_all_of_them():
    assert len(OWN) >= 80


def test_a_good_kickstart_is_one_line(here):
    ran = pinboot("ks", "check", "good.ks", "--release", "rocky-9")
    assert (ran.code, ran.out, ran.err) == (0, "good.ks for Rocky Linux 9: 0 errors, 0 warnings\n", "")


def test_findings_stand_with_their_lines_names_and_cures(here):
    ran = pinboot("ks", "check", "old.ks", "--release", "rocky-9")
    assert ran.code == 1
    assert ran.out.splitlines()[:4] == [
        "old.ks for Rocky Linux 9: 2 errors, 6 warnings, 2 notes", "",
        "line 1     install has been removed [refused]                              error",
        "           hint: take the line out; install says what the installer does anyway"]
    assert "tajne" not in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_warnings_fail_where_that_is_asked(here):
    Path("w.ks").write_text(GOOD.replace("--iscrypted", "--plaintext"))
    assert pinboot("ks", "check", "w.ks", "--release", "el9").code == 0
    assert pinboot("ks", "check", "w.ks", "--release", "el9", "--strict").code == 1
    assert pinboot("ks", "check", "good.ks", "--release", "el9", "--strict").code == 0


def test_several_files_are_judged_each_for_itself(here):
    ran = pinboot("ks", "check", "good.ks", "old.ks", "--release", "el9")
    assert ran.code == 1
    assert re.findall(r"(?m)^(\S+) for EL9: (\d+) error", ran.out) == [("good.ks", "0"), ("old.ks", "2")]
    ran = pinboot("ks", "check", "old.ks", "old.ks", "--release", "el7")
    assert ran.code == 0
    assert re.findall(r"(?m)^(\S+) for EL7: (\d+) error", ran.out) == [("old.ks", "0")] * 2


def test_the_release_may_stand_in_the_file(here):
    Path("v.ks").write_text(f"#version=RHEL9\n{GOOD}")
    assert pinboot("ks", "check", "v.ks").out == "v.ks for EL9, as its own #version line says: 0 errors, 0 warnings\n"
    ran = pinboot("ks", "check", "good.ks")
    assert ran.code == 2
    assert ran.err.startswith("error: good.ks: for which release? The file does not say")
    assert "--release rocky-9" in ran.err


def test_json_has_rule_line_and_cure_of_each_finding(here):
    ran = pinboot("ks", "check", "old.ks", "good.ks", "--release", "centos-stream-9", "--json")
    made = json.loads(ran.out)
    assert ran.code == 1 and made["ok"] is False
    old, good = made["files"]
    assert (good["file"], good["release"], good["generation"], good["findings"]) == (
        "good.ks", "centos-stream-9", "el9", [])
    assert old["findings"][0] == {
        "rule": "refused", "line": 1, "severity": "error", "text": "install has been removed",
        "hint": "take the line out; install says what the installer does anyway"}
    assert {each["line"] for each in old["findings"] if each["rule"] == "can-ask"} == {None}
    assert json.loads(pinboot("ks", "check", "good.ks", "--release", "el9", "--json").out)["ok"] is True


def test_standard_input_is_a_file_too(here, monkeypatch):
    given(monkeypatch, GOOD)
    assert pinboot("ks", "check", "-", "--release", "el9").out == "standard input for EL9: 0 errors, 0 warnings\n"
    given(monkeypatch, ARTICLE)
    ran = pinboot("ks", "diff", "-", "--from", "el7", "--to", "el9", "--patch")
    assert ran.out.startswith("--- a/ks.cfg\n+++ b/ks.cfg\n")
    assert pinboot("ks", "check", "-", "-", "--release", "el9").err.startswith("error: -: standard input can be read once")


@pytest.mark.parametrize(("arguments", "said"), [
    (["check", "no.ks", "--release", "el9"], "no.ks: cannot be read: No such file or directory"),
    (["check", ".", "--release", "el9"], ".: cannot be read: Is a directory"),
    (["check", "no.ks", ".", "good.ks", "--release", "el9"], "2 of 3 files cannot be checked\n  no.ks: cannot be read"),
    (["check", "nul.ks", "--release", "el9"], "nul.ks: holds a NUL byte in line 2"),
    (["check", "good.ks", "--release", "el5"], "--release \"el5\" is no release of the catalog"),
    (["check", "good.ks", "--release", "rocky-7"], "Rocky Linux 7 is not in the catalog"),
    (["diff", "good.ks", "--from", "el9"], "--to"), (["diff", "good.ks", "--from", "el9", "--to", "x"], "x"),
    (["diff", "no.ks", "--from", "el7", "--to", "el9"], "no.ks: cannot be read"),
    (["diff", "good.ks", "--from", "el7", "--to", "el9", "--patch", "--json"], "choose one"),
    (["diff", "old.ks", "--from", "el7", "--to", "el9", "--write", "good.ks"], "good.ks: is there already"),
    (["diff", "old.ks", "--from", "el7", "--to", "el9", "--write", "old.ks"], "old.ks: is there already"), ([], "ACTION"),
])
def test_a_wrong_command_line_is_told_and_nothing_is_written(here, arguments, said):
    Path("nul.ks").write_bytes(b"text\n\0")
    before = {path: path.read_bytes() for path in here.iterdir()}
    ran = pinboot("ks", *arguments)
    assert ran.code == 2 and ran.out == ""
    assert said in ran.err
    assert "hint:" in ran.err or "files cannot" in ran.err
    assert {path: path.read_bytes() for path in here.iterdir()} == before


def test_a_file_that_cannot_be_read_is_told(here):
    Path("p.ks").symlink_to("p.ks")
    assert "p.ks: cannot be read: Too many levels of symbolic links" in pinboot("ks", "check", "p.ks", "--release", "el9").err


# diff

SHOWN = """\
old.ks, CentOS 7 to Rocky Linux 9: 5 changed, 1 to look at

line 1     install                                                       changed
           -> taken out
           install says what the installer does anyway
line 5     timezone Europe/Prague --isUtc --ntpservers=ntp.lan           changed
           -> timezone Europe/Prague --utc
           -> timesource --ntp-server=ntp.lan
           --isUtc is --utc, which every release knows
           --ntpservers is a command of its own, timesource
line 6     authconfig --enableshadow --passalgo=sha512                   changed
           -> taken out
           authconfig gave way to authselect with EL8; shadow passwords and
             sha512 are what it does anyway
line 7     rootpw (redacted)                                          look at it
           -> rootpw --allow-ssh (redacted)
           since EL9 root may log in over ssh with a key only, unless
             --allow-ssh says otherwise
line 12    %packages --nobase                                            changed
           -> %packages
           --nobase is gone: @base comes only where it is named
line 14    ntp                                                           changed
           -> chrony
           ntp: chrony is the only time service since EL8
"""


def test_what_must_change_stands_with_the_replacement_and_the_reason(here):
    ran = pinboot("ks", "diff", "old.ks", "--from", "centos-7", "--to", "rocky-9")
    assert (ran.code, ran.out) == (3, SHOWN)
    assert ran.err == "Next: --write FILE writes the changed kickstart, --patch prints the difference\n"
    assert pinboot("ks", "diff", "old.ks", "--from", "centos-7", "--to", "rocky-9", "--quiet").err == ""


def test_nothing_to_change_and_something_to_do_by_hand_have_codes_of_their_own(here):
    ran = pinboot("ks", "diff", "good.ks", "--from", "el9", "--to", "el10")
    assert (ran.code, ran.out, ran.err) == (0, "good.ks, EL9 to EL10: nothing to change\n", "")
    Path("h.ks").write_text("part / --size=1 --fstype=btrfs\n")
    ran = pinboot("ks", "diff", "h.ks", "--from", "el7", "--to", "el9")
    assert ran.code == 1 and "1 by hand" in ran.out


def test_the_changed_kickstart_is_written_with_the_mode_of_the_old_one(here):
    Path("old.ks").chmod(0o640)
    ran = pinboot("ks", "diff", "old.ks", "--from", "centos-7", "--to", "rocky-9", "--write", "new.ks")
    assert ran.code == 3
    assert "new.ks written. Next: pinboot ks check new.ks --release rocky-9" in ran.err
    assert stat.S_IMODE(Path("new.ks").stat().st_mode) == 0o640
    assert Path("new.ks").read_text() == (
        ARTICLE.removeprefix("install\n").replace("--isUtc --ntpservers=ntp.lan", "--utc\ntimesource --ntp-server=ntp.lan")
        .replace("authconfig --enableshadow --passalgo=sha512\n", "").replace(" --nobase", "").replace("\nntp\n",
                                                                                                      "\nchrony\n"))
    assert pinboot("ks", "check", "new.ks", "--release", "rocky-9").code == 0
    assert "error" not in pinboot("ks", "check", "new.ks", "--release", "rocky-9").out.replace("0 errors", "")


def test_bytes_that_are_no_utf8_are_written_as_they_were(here):
    Path("l.ks").write_bytes(b"# caf\xe9\r\ninstall\r\ntext")
    assert pinboot("ks", "diff", "l.ks", "--from", "el7", "--to", "el9", "--write", "n.ks").code == 3
    assert Path("n.ks").read_bytes() == b"# caf\xe9\r\ntext"


def test_json_of_a_difference_has_every_change(here):
    ran = pinboot("ks", "diff", "old.ks", "--from", "centos-7", "--to", "rocky-9", "--json", "--write", "new.ks")
    made = json.loads(ran.out)
    assert ran.code == 3
    assert (made["file"], made["from"], made["to"], made["written"]) == ("old.ks", "centos-7", "rocky-9", "new.ks")
    assert made["changes"][1] == {
        "line": 5, "state": "changed", "old": "timezone Europe/Prague --isUtc --ntpservers=ntp.lan",
        "new": ["timezone Europe/Prague --utc", "timesource --ntp-server=ntp.lan"],
        "why": ["--isUtc is --utc, which every release knows", "--ntpservers is a command of its own, timesource"]}
    assert "tajne" not in ran.out

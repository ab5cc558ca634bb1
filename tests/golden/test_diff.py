"""`pinboot diff`: whole reports on locks, profiles and bundles. `PINBOOT_BLESS=1` writes them anew for a person to read."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from builder.demo import tree
from builder.jobs.comparing.sides import sources
from tests.golden import expected
from tests.golden.bench import MIRROR, pinboot
from tests.golden.conftest import KEY, LOADERS, ROCKY
from tests.golden.test_fleet import SECRET
from tests.unit.samples import HASH

FOLDER = Path(__file__).parent / "differences"
ROOT = Path(__file__).resolve().parents[2]
CASE = Path(__file__).parent / "cases" / "centos-7-fleet"
NET = f"""\
release = "rocky-9"
outputs = ["ipxe", "dnsmasq"]
inventory = "hosts.csv"
root = {{ ssh_keys = ["{KEY}"] }}
tree = {{ url = "{ROCKY}/BaseOS/x86_64/os" }}
serve = {{ url = "http://10.20.0.5", secret = "env:FLEET_SECRET" }}
dhcp = {{ subnet = "10.20.0.0/16", router = "10.20.0.1" }}
network = {{ gateway = "10.20.0.1", nameservers = ["10.20.0.2"] }}
disk = "sda"
[class.db]
memory = "64 GiB"
packages = ["lvm2"]
"""


TEMPLATE = f"""\
text
url --url={{{{ install_url }}}}
lang C
keyboard us
timezone UTC
rootpw --iscrypted {HASH}
ignoredisk --only-use=xvda
zerombr
clearpart --all --initlabel --drives=xvda
part /boot --fstype=ext4 --size=1024 --ondisk=xvda
part / --fstype=ext4 --size=3000 --grow --ondisk=xvda
bootloader --location=mbr --boot-drive=xvda
reboot
%packages
%end
%post
# WORD
echo {{{{ secret.luks }}}} > /root/key
%end
"""


def inventory(hosts):
    return "name,class,mac,address,rack\n" + "".join(
        f"c{n},{'db' if n % 5 == 0 else ''},b8:59:9f:00:01:{n:02x},10.20.1.{n}/16,A{n % 3}\n" for n in hosts)


def changed(path, **words):
    text = path.read_text()
    for old, new in words.items():
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text)


@pytest.fixture
def two(work, mirror, monkeypatch):
    """Folders old and new, each with a profile of guests and one of a fleet, locked and built."""
    monkeypatch.setenv("FLEET_SECRET", SECRET)
    mirror.trees[ROCKY] = {**tree.el9(), **LOADERS}
    for side in ("old", "new"):
        shutil.copytree(CASE, work / side, ignore=shutil.ignore_patterns("expected"))
        (work / side / "profile.toml").rename(work / side / "guests.toml")
        (work / side / "fleet.toml").write_text(NET)
        (work / side / "hosts.csv").write_text(inventory(range(1, 12)))
    changed(work / "new/guests.toml", **{'"vim-enhanced"': '"vim-enhanced", "tuned"', '"2 GiB"': '"4 GiB"', "# Two": "\n# Two"})
    changed(work / "new/common.toml", permissive="enforcing", bbbbbb="cccccc")
    changed(work / "new/fleet.toml", **{'["lvm2"]': '["lvm2", "xfsdump"]', "[class.db]": 'timezone = "Europe/Prague"\n[class.db]'})
    (work / "new/hosts.csv").write_text(inventory(range(2, 14)).replace("00:01:04", "00:01:f4"))
    for side in ("old", "new"):
        if side == "new":
            mirror.trees[ROCKY] = {**tree.el9(kernel="5.14.0-570.25.1.el9_6.x86_64", composed=1752000000), **LOADERS}
        for name in ("guests", "fleet"):
            for command in (("lock",), ("build", "-o", f"{side}/out/{name}")):
                ran = pinboot(command[0], f"{side}/{name}.toml", *command[1:], "--quiet")
                assert ran.code == 0, ran.err
    return work


def diff(*words, code=3):
    ran = pinboot("diff", *words)
    assert ran.code == code, ran.err
    assert ran.err == ""
    return ran.out


CASES = {
    "guests": ("old/guests.toml", "new/guests.toml"),
    "guests-bundles": ("old/out/guests", "new/out/guests"),
    "fleet": ("old/fleet.toml", "new/fleet.toml"),
    "fleet-full": ("old/fleet.toml", "new/fleet.toml", "--full", "--context", "0"),
    "fleet-locks": ("old/fleet.lock", "new/fleet.lock"),
    "fleet-bundle": ("old/out/fleet", "new/fleet.toml"),
    "guests-lock-and-bundle": ("old/fleet.lock", "new/out/fleet"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_difference_is_told_in_80_columns(two, name):
    told = diff(*CASES[name])
    body = re.sub(r"(?m)^[-+ @\\].*\n", "", told.replace("           ", ""))
    assert max(map(len, body.splitlines())) <= 80 and "\x1b" not in told
    expected.same_text(FOLDER / f"{name}.txt", told)


@pytest.mark.parametrize("name", ["guests", "fleet", "fleet-locks"])
def test_a_difference_is_told_as_markdown(two, name):
    expected.same_text(FOLDER / f"{name}.md", diff(*CASES[name], "--markdown"))


@pytest.mark.parametrize("name", ["guests", "fleet-locks"])
def test_a_difference_is_told_as_json(two, name):
    told = diff(*CASES[name], "--json")
    assert json.loads(told)["differs"] is True
    expected.same_text(FOLDER / f"{name}.json", told)


def test_what_a_build_wrote_is_what_its_profile_and_lock_say(two):
    for profile, bundle in (("new/guests.toml", "new/out/guests"), ("new/fleet.toml", "new/out/fleet")):
        for pair in ((profile, bundle), (bundle, profile), (bundle, bundle), (profile, profile)):
            assert diff(*pair, code=0).startswith("No difference: the locks, the settings, ")
    assert json.loads(diff("new/fleet.toml", "new/out/fleet", "--json", code=0))["texts"]["changed"] == 0


def test_bundles_in_a_tar_say_the_same_as_in_a_folder(two):
    for name in ("guests.tar", "guests.tar.zst"):
        assert pinboot("build", "new/guests.toml", "-o", name, "--quiet").code == 0
        assert diff("new/out/guests", name, code=0) and diff(name, "new/guests.toml", code=0)
        told = diff("old/out/guests", name).replace(name, "new/out/guests")
        assert told == diff("old/out/guests", "new/out/guests")


def test_a_comment_that_moved_is_no_difference(two):
    changed(two / "new/common.toml", **{"[services]": "\n\n\n[services]", "[firewall]": "# more\n[firewall]"})
    told = diff("new/out/guests", "new/guests.toml", code=0)
    assert "2 differ only in comments about where keys stand" in told and "0 changed" in told


def test_a_profile_without_a_lock_is_rendered_with_the_lock_of_the_other(two):
    (two / "new/guests.lock").unlink()
    told = " ".join(diff("old/guests.toml", "new/guests.toml").split())
    assert "locks are not compared: new/guests.lock: there is no lock" in told
    assert "its texts are rendered with old/guests.lock" in told and "changes 2 of 2 kickstarts in 2 lines" in told
    (two / "old/guests.lock").unlink()
    told = " ".join(diff("old/guests.toml", "new/guests.toml").split())
    assert "old/guests.lock: there is no lock; its texts take for granted: http://mirror.example/centos/7/os/x86_64 is the " \
           "tree (guests.toml line 10)" in told and "changes 2 of 2 kickstarts in 2 lines" in told


def test_a_lock_of_another_release_is_no_lock_of_the_profile(two):
    changed(two / "new/guests.toml", **{'"centos-7"': '"centos-7.5.1804"'})
    told = " ".join(diff("old/guests.toml", "new/guests.toml").split())
    assert "new/guests.lock: locks centos 7.9.2009 x86_64, but guests.toml asks for CentOS 7.5.1804" in told


def test_weaker_evidence_is_loud_in_every_form(two):
    changed(two / "new/fleet.lock", **{'evidence = "treeinfo"': 'evidence = "first-use"'})
    words = ("old/fleet.lock", "new/fleet.lock")
    assert "PROVES LESS of 3 pins" in " ".join(diff(*words).split()) and "LESS PROVED: treeinfo -> first-use" in diff(*words)
    assert "**LESS PROVED: treeinfo to first-use**" in diff(*words, "--markdown")
    assert sum(pin["weaker"] for pin in json.loads(diff(*words, "--json"))["pins"]) == 3


def test_a_file_behind_a_key_that_says_the_same_is_told(two):
    shutil.copytree(two / "new", two / "newer")
    changed(two / "newer/motd.sh", rack="shelf")
    told = diff("new/guests.toml", "newer/guests.toml")
    assert '["motd.sh"]: what it names has changed' in told and "+echo " in told


def test_a_secret_that_changed_is_told_and_none_is_shown(two, monkeypatch):
    shutil.copytree(two / "new", two / "newer")
    for folder, secret in (("new", "correct horse battery"), ("newer", "staple staple staple")):
        text = (two / folder / "guests.toml").read_text().replace('[storage]\n', '[storage]\nencrypt = { passphrase = "file:luks" }\n')
        (two / folder / "guests.toml").write_text(text)
        (two / folder / "luks").write_text(secret)
        (two / folder / "luks").chmod(0o600)
    for form in ((), ("--markdown",), ("--json",), ("--full",)):
        told = diff("new/guests.toml", "newer/guests.toml", *form)
        assert "horse" not in told and "staple" not in told and "changes a secret in 2 texts" in " ".join(told.split())
        told = diff("new/fleet.toml", "old/fleet.toml", *form)
        assert SECRET not in told and not re.search(r"ks/[a-z2-7]{32}", told)


def test_kickstarts_of_a_template_that_may_hold_a_secret_anywhere_are_not_shown(two):
    for side, word in (("old", "one"), ("new", "two")):
        (two / side / "t.ks").write_text(TEMPLATE.replace("WORD", word))
        text = (two / side / "guests.toml").read_text()
        text = text.replace("post  ", 'template = "t.ks"\npost  ').replace(
            '[storage]\n', '[storage]\nencrypt = { passphrase = "env:LUKS" }\n')
        (two / side / "guests.toml").write_text(re.sub(r"(?m)^(post|packages|facts).*\n", "", text))
    os.environ["LUKS"] = "correct horse battery"
    try:
        for side in ("old", "new"):
            ran = pinboot("build", f"{side}/guests.toml", "-o", f"{side}/secret", "--quiet")
            assert ran.code == 0, ran.err
    finally:
        del os.environ["LUKS"]
    told = diff("old/secret", "new/secret")
    assert "horse" not in told and "not shown" in told and "+# two" not in told and "1 line less, 1 line more" in told


# A bundle beside what it was made from

def test_a_bundle_that_is_as_built_is_no_difference(two):
    told = diff("--from-lock", "new/out/guests", code=0)
    assert told.startswith("No difference: 21 files as built.\n")
    assert "of 11 texts again from its own profile and lock, as built to the byte" in " ".join(told.split())


@pytest.mark.parametrize("form", ["txt", "md", "json"])
def test_what_was_changed_by_hand_in_a_bundle_is_told_line_by_line(two, form):
    place = two / "new/out/guests"
    changed(place / "hosts/web1/web1.cfg", memory="maxmem = 9000\nmemory")
    changed(place / "hosts/web2/ks.cfg", **{"--enforcing": "--disabled"})
    changed(place / "hosts/web2/cmdline", **{"console=hvc0": "console=ttyS0"})
    (place / "up.sh").unlink()
    (place / "extra").write_text("x")
    words = {"txt": (), "md": ("--markdown",), "json": ("--json",)}[form]
    expected.same_text(FOLDER / f"from-lock.{form}", diff("--from-lock", "new/out/guests", *words))
    assert pinboot("verify", "new/out/guests").err.rstrip().endswith("pinboot diff --from-lock new/out/guests")


def test_a_profile_in_a_bundle_can_read_no_file_and_no_variable_of_this_machine(two, monkeypatch):
    monkeypatch.setenv("CANARY", "canary canary canary")
    (two / "canary").write_text("echo canary\n")
    (two / "canary").chmod(0o600)
    place = two / "new/out/guests"
    changed(place / "profile.toml", **{'["motd.sh"]': f'["{two}/canary", "canary"]',
                                       "[storage]": '[storage]\nencrypt = { passphrase = "env:CANARY" }'})
    for form in ((), ("--markdown",), ("--json",)):
        for words in (("--from-lock", "new/out/guests"), ("old/out/guests", "new/out/guests")):
            told = diff(*words, *form)
            assert "echo canary" not in told and "canary canary" not in told


def test_a_bundle_of_another_pinboot_says_so(two, monkeypatch):
    changed(two / "new/out/guests/manifest.json", **{'"version": "0.': '"version": "9.'})
    assert "was built by pinboot 9." in " ".join(diff("old/out/guests", "new/out/guests").split())


def test_a_bundle_with_a_damaged_profile_is_told_as_what_cannot_be_rendered(two):
    (two / "new/out/guests/profile.toml").write_text("release = ")
    ran = pinboot("diff", "--from-lock", "new/out/guests")
    assert ran.code == 3 and "rendered   nothing:" in ran.out and "changed    profile.toml" in ran.out
    ran = pinboot("diff", "old/out/guests", "new/out/guests")
    assert ran.code == 2 and "not TOML" in ran.err


# What cannot be compared

@pytest.mark.parametrize(("words", "code", "said"), [
    ((), 2, "nothing to compare"), (("old/fleet.lock",), 2, "old/fleet.lock: compared with what?"),
    (("old/fleet.lock", "nowhere.lock"), 2, "nowhere.lock: there is no such lock"),
    (("old/fleet.lock", "nothing"), 2, "nothing: no profile of that name"),
    (("old/fleet.lock", "nowhere.tar"), 5, "there is no such bundle"),
    (("old", "new"), 2, "a profile is named by its file: old/common.toml, old/fleet.toml, old/guests.toml"),
    (("old/fleet.lock", "bare.toml"), 2, "bare.lock: there is no lock; a lock can be compared only with another"),
    (("old/fleet.lock", "bin.tar"), 2, "is no bundle"), (("bin.lock", "old/fleet.lock"), 2, "not TOML"),
    (("empty.lock", "old/fleet.lock"), 2, "lock_version is None"),
    (("--last", "old/fleet.lock", "x"), 2, "nothing else goes with it"),
    (("--from-lock", "old/out/fleet", "--last", "old/fleet.lock"), 2, "nothing else goes with it"),
    (("--from-lock", "old/fleet.toml"), 2, "is no bundle"), (("--from-lock", "nowhere"), 5, "there is no such bundle"),
    (("old/fleet.lock", "new/fleet.lock", "--json", "--markdown"), 2, "choose one"),
    (("old/fleet.lock", "new/fleet.lock", "--context", "x"), 2, "no number of lines"),
])
def test_what_cannot_be_compared_is_refused_with_a_cure(two, words, code, said):
    Path("bare.toml").write_text((two / "rocky.toml").read_text())
    Path("bin.lock").write_bytes(bytes(range(256)))
    Path("bin.tar").write_bytes(bytes(range(256)) * 10)
    Path("empty.lock").write_text("")
    ran = pinboot("diff", *words)
    assert ran.code == code and ran.out == "" and said in " ".join(ran.err.split())
    assert "hint:" in ran.err or code == 5 or "choose one" in said


def test_a_lock_from_anywhere_is_known_as_one(two):
    (two / "before").write_bytes((two / "old/fleet.lock").read_bytes())
    assert diff("before", "new/fleet.lock") == diff("old/fleet.lock", "new/fleet.lock").replace("old/fleet.lock", "before")
    ran = subprocess.run(["bash", "-c", f"{sys.executable} -m builder.cli diff <(cat old/fleet.lock) new/fleet.lock"], cwd=two,
                         env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert ran.returncode == 3 and "boots another kernel, initrd and stage2" in ran.stdout


@pytest.mark.parametrize("form", [(), ("--markdown",), ("--json",)])
def test_any_letter_is_written_in_the_c_locale_and_no_control_character_reaches_a_terminal(two, form):
    changed(two / "new/motd.sh", rack="\x1b]0;pwned\x07 \u202e P\u0159\u00edklad \U0001f600\nrack")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    ran = subprocess.run([sys.executable, "-m", "builder.cli", "diff", "old/guests.toml", "new/guests.toml", *form],
                         cwd=two, env=environment, capture_output=True)
    assert ran.returncode == 3 and ran.stderr == b"" and ran.stdout.isascii() and b"\x1b" not in ran.stdout
    assert b"pwned" in ran.stdout


def test_a_report_into_a_closed_pipe_ends_quietly(two):
    command = f"{sys.executable} -m builder.cli diff --full old/fleet.toml new/fleet.toml | head -1"
    ran = subprocess.run(["bash", "-c", command], cwd=two, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
                         text=True)
    assert ran.stdout.startswith("This change reinstalls 1 machine") and "Traceback" not in ran.stderr


def test_the_marker_of_what_set_wrote_is_that_of_the_profile_s_own_file():
    from builder.profile.file import settings

    assert settings.text(settings.parse(["timezone=UTC"])).encode().startswith(sources.SET)


def test_set_is_part_of_what_a_bundle_was_made_from(two):
    assert pinboot("build", "new/guests.toml", "--set", "timezone=Europe/Prague", "-o", "x", "--quiet").code == 0
    told = diff("new/guests.toml", "x")
    assert 'timezone  (--set)' in told and 'now "Europe/Prague"' in told and "+timezone Europe/Prague" in told


def test_a_bundle_of_some_hosts_is_told_as_that(two):
    assert pinboot("build", "new/guests.toml", "--host", "web2", "-o", "x", "--quiet").code == 0
    told = diff("new/guests.toml", "x")
    assert "removes 1 host" in " ".join(told.split()) and "1 removed: web1" in told
    with tarfile.open("x.tar", "w", format=tarfile.USTAR_FORMAT) as archive:
        archive.add("x", "x")
    assert diff("x", "x.tar", code=0)


def test_an_update_in_a_working_tree_of_git_says_how_to_see_and_undo_it(two, mirror):
    (two / ".git").mkdir()
    mirror.trees[ROCKY] = {**tree.el9(), **LOADERS}
    ran = pinboot("lock", "new/fleet.toml", "--update", "--allow-downgrade")
    assert ran.code == 0 and "Undo: git checkout new/fleet.lock   Details: pinboot diff --last new/fleet.lock\n" in ran.err
    (two / ".git").rmdir()
    ran = pinboot("lock", "old/fleet.toml", "--update")
    assert ran.code == 0 and "git" not in ran.err


assert MIRROR in NET

"""Whether a kickstart runs without anybody at the screen, erases only its own disk, and lets someone in; and memory."""

from __future__ import annotations

import json
import warnings

import pytest
from pykickstart.errors import KickstartError
from pykickstart.parser import KickstartParser
from pykickstart.version import makeVersion

from builder.boot.kickstart import render as kickstart
from builder.boot.review import memory, parsed
from builder.boot.review import unattended as validate
from builder.catalog.generation import GENERATIONS, MIB, Generation
from builder.errors import UsageError
from builder.finding import Finding, Severity
from builder.profile.values import Disk, Host, Root, Storage
from tests.corpus import corpus
from tests.unit import samples

EL7, EL9 = GENERATIONS["el7"], GENERATIONS["el9"]
GOOD = f"""\
text --non-interactive
lang en_US.UTF-8
keyboard us
timezone Etc/UTC --utc
rootpw --iscrypted {samples.HASH}
url --url=http://192.0.2.5/el9
ignoredisk --only-use=xvda
zerombr
clearpart --all --initlabel --drives=xvda
autopart
bootloader --location=mbr --boot-drive=xvda
reboot
%packages
@core
%end
"""


def check(text: str, generation: Generation = EL9, host: Host | None = None) -> tuple[Finding, ...]:
    return validate.check(text, generation, host or samples.host(), where="my.ks")


def without(word: str) -> str:
    """GOOD without the line that starts with `word`."""
    lines = GOOD.splitlines(True)
    kept = [line for line in lines if not line.startswith(word)]
    assert len(kept) == len(lines) - 1
    return "".join(kept)


def instead(word: str, line: str) -> str:
    return without(word).replace("keyboard us\n" if word != "keyboard" else "lang", f"{line}\n" + (
        "keyboard us\n" if word != "keyboard" else "lang"))


def only(found: tuple[Finding, ...]) -> Finding:
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(("release", "machine"), [
    ("centos-6.10", "xen-pv"), ("centos-7.9.2009", "xen-pv"), ("alma-8", "xen-hvm"), ("rocky-9.6", "xen-hvm"),
    ("rhel-10", "xen-hvm"), ("fedora-44", "xen-hvm"), ("oracle-7", "xen-pv"),
])
@pytest.mark.parametrize("root", [Root(password_hash=samples.HASH), Root(ssh_keys=(samples.RSA,))])
@pytest.mark.parametrize("layout", ["plain", "lvm"])
def test_our_own_kickstart_needs_nobody(release: str, machine: str, root: Root, layout: str) -> None:
    profile = samples.profile(release, root=root)
    host = samples.host(storage=Storage(layout=layout))
    text = kickstart.render(profile, host, install_url="http://192.0.2.5/t", machine=machine)  # type: ignore[arg-type]
    found = only(validate.check(text, profile.release.generation, host, where="ks.cfg"))
    assert found.severity is Severity.OK
    assert found.text == "nothing will stop and ask; root can log in; only xvda is erased"


def test_a_good_kickstart_of_a_user_gets_one_line() -> None:
    assert only(check(GOOD)).severity is Severity.OK


@pytest.mark.parametrize(("word", "severity", "text"), [
    ("lang", Severity.ERROR, "no lang: the installer stops and asks"),
    ("keyboard", Severity.ERROR, "no keyboard: the installer stops and asks"),
    ("timezone", Severity.ERROR, "no timezone: the installer stops and asks"),
    ("zerombr", Severity.ERROR, "no zerombr: on an empty or strange disk the installer stops and asks"),
    ("autopart", Severity.ERROR, "no part, autopart or mount: the installer stops and asks where to install"),
    ("reboot", Severity.ERROR, "neither reboot nor poweroff: at its end the installer waits for a key"),
    ("text", Severity.WARNING, "no non-interactive mode: where anything is missing"),
    ("bootloader", Severity.WARNING, "no bootloader line: the installer chooses the disk for it"),
    ("clearpart", Severity.WARNING, "no clearpart: on a disk that has partitions"),
])
def test_a_missing_line_is_found_with_its_cure(word: str, severity: Severity, text: str) -> None:
    found = only(check(without(word)))
    assert found.severity is severity
    assert found.text.startswith(text)
    assert found.hint


def test_without_a_root_password_or_an_administrator_the_installer_asks_and_nobody_comes_in() -> None:
    first, second = check(without("rootpw"))
    assert first.text == "no rootpw and no user in wheel: the installer stops and asks for a password"
    assert second.text == "nobody could log in to h1: no password and no ssh key"


@pytest.mark.parametrize("line", ["rootpw --lock", "rootpw --lock\nuser --name=ops --groups=wheel",
                                  f"rootpw --lock\nuser --name=ops --lock --iscrypted --password={samples.HASH}"])
def test_a_machine_that_lets_nobody_in_is_an_error(line: str) -> None:
    found = only(check(instead("rootpw", line)))
    assert found.severity is Severity.ERROR
    assert found.text == "nobody could log in to h1: no password and no ssh key"
    assert "ssh_keys" in found.hint


@pytest.mark.parametrize("line", [
    f'rootpw --lock\nsshkey --username=root "{samples.KEY}"',
    f"rootpw --lock\nuser --name=ops --groups=wheel --iscrypted --password={samples.HASH}",
    f'rootpw --lock\nuser --name=ops --groups=wheel\nsshkey --username=ops "{samples.KEY}"',
])
def test_one_way_in_is_enough(line: str) -> None:
    assert only(check(instead("rootpw", line))).severity is Severity.OK


def test_keys_that_a_script_writes_are_a_way_in() -> None:
    text = instead("rootpw", "rootpw --lock") + "%post\necho key >> /root/.ssh/authorized_keys\n%end\n"
    assert only(check(text)).text.startswith("nothing will stop and ask; root can log in")


def test_a_lone_user_outside_wheel_is_a_warning() -> None:
    found = only(check(instead("rootpw", f"rootpw --lock\nuser --name=ops --iscrypted --password={samples.HASH}")))
    assert found.severity is Severity.WARNING
    assert found.text == "nobody could become root on h1: ops can log in, but is not in wheel"


def test_sudo_without_password_is_noted() -> None:
    profile = samples.profile("rocky-9.6", root=Root(), users=(samples.user(),))
    text = kickstart.render(profile, samples.host(), install_url="http://192.0.2.5/t", machine="xen-hvm")
    found = check(text)
    assert [f.severity for f in found] == [Severity.OK, Severity.NOTE]
    assert "sudo without a password" in found[1].text


@pytest.mark.parametrize("line", ["clearpart --all --initlabel", "clearpart --linux"])
def test_clearing_every_disk_is_an_error(line: str) -> None:
    text = instead("clearpart", line).replace("ignoredisk --only-use=xvda\n", "")
    found = only(check(text))
    assert found.severity is Severity.ERROR
    assert "without --drives erases every disk" in found.text
    assert found.hint.endswith("--initlabel --drives=xvda")


def test_ignoring_all_other_disks_limits_clearpart_too() -> None:
    assert only(check(instead("clearpart", "clearpart --all --initlabel"))).severity is Severity.OK


@pytest.mark.parametrize(("line", "word"), [
    ("clearpart --all --drives=sda", "clearpart"), ("ignoredisk --only-use=xvda,sdb", "ignoredisk"),
    ("bootloader --location=mbr --boot-drive=sda", "bootloader"),
])
def test_a_disk_that_is_not_the_hosts_is_an_error(line: str, word: str) -> None:
    found = only(check(instead(word, line)))
    assert found.severity is Severity.ERROR
    assert found.text.startswith(f"the kickstart names {line[-3:]}; the disk of h1 is xvda")


@pytest.mark.parametrize("spelled", ["disk/by-id/ata-X", "/dev/disk/by-id/ata-X"])
def test_a_disk_by_id_is_the_same_in_every_spelling(spelled: str) -> None:
    text = GOOD.replace("=xvda", f"={spelled}")
    assert only(check(text, host=samples.host(disk=Disk(name="by-id/ata-X")))).severity is Severity.OK


@pytest.mark.parametrize(("line", "secret"), [
    ("rootpw --plaintext s3cret", "rootpw"), ("rootpw s3cret", "rootpw"),
    (f"rootpw --iscrypted {samples.HASH}\nuser --name=a --password=s3cret", "user --name=a"),
    (f"rootpw --iscrypted {samples.HASH}\nsshpw --username=root s3cret", "sshpw --username=root"),
])
def test_a_secret_in_clear_is_an_error_that_does_not_repeat_it(line: str, secret: str) -> None:
    found = only(check(instead("rootpw", line)))
    assert found.severity is Severity.ERROR
    assert found.text.startswith(f"{secret} holds a secret in clear")
    assert found.hint == "--iscrypted with a hash, made by: pinboot hash-password"
    assert "s3cret" not in f"{found}"


@pytest.mark.parametrize(("generation", "line", "said"), [
    ("el6", "interactive", "interactive makes the installer ask"),
    ("el7", "ignoredisk --interactive", "ignoredisk --interactive makes the installer ask"),
    ("el9", "network --bootproto=query", "network --bootproto=query makes the installer ask"),
    ("el9", "firstboot --enable", "firstboot --enable makes the installer ask"),
    ("el9", "part / --size=1 --encrypted", "part / is encrypted without a passphrase"),
])
def test_a_line_that_makes_the_installer_ask_is_an_error(generation: str, line: str, said: str) -> None:
    text = GOOD + line + "\n"
    if generation != "el9":
        text = text.replace("text --non-interactive", "cmdline").replace("ignoredisk --only-use=xvda\n", "")
    if line.startswith("part"):
        text = text.replace("autopart\n", "")
    if generation == "el6":
        text = text.replace(" --boot-drive=xvda", " --driveorder=xvda")
    errors = [f.text for f in check(text, GENERATIONS[generation]) if f.severity is Severity.ERROR]
    assert len(errors) == 1
    assert errors[0].startswith(said)


@pytest.mark.parametrize(("lines", "word", "number"), [
    ("%include /tmp/disks\n", "%include", 16), ("%ksappend http://192.0.2.5/x\n", "%ksappend", 16),
    ("%post\necho\n%include /etc/shadow\n%end\n", "%include", 18),
])
def test_what_comes_from_outside_is_named_and_never_opened(lines: str, word: str, number: int) -> None:
    found = only(check(GOOD + lines))
    assert found.severity is Severity.WARNING
    assert found.text == (f"my.ks line {number}: what {word} brings is not checked, and decided when the machine boots")


def test_a_deprecated_line_is_a_warning() -> None:
    found = only(check(GOOD.replace("timezone Etc/UTC --utc", "timezone Etc/UTC --isUtc")))
    assert found.severity is Severity.WARNING
    assert "my.ks: " in found.text
    assert "isUtc" in found.text


def test_a_disk_too_small_for_its_layout_is_an_error() -> None:
    found = only(check(GOOD, host=samples.host(disk=Disk(name="xvda", size=4 << 30))))
    assert found.text == "xvda has 4096 MiB; /boot, swap and a small root take 5120 MiB"


def test_one_parse_leaves_nothing_behind_for_the_next() -> None:
    parsed.parse_back(GOOD + "user --name=left\nrepo --name=a --baseurl=http://192.0.2.5/a\n", EL9, "one")
    again = parsed.parse_back(GOOD, EL9, "two")
    assert again.users == ()
    assert again == parsed.parse_back(GOOD, EL9, "three")


@pytest.mark.parametrize(("name", "least"), [("el6", 29), ("el7", 6), ("el8", 10), ("el9", 18), ("el10", 6)])
def test_real_kickstarts_of_the_field_are_judged_as_pykickstart_does(name: str, least: int) -> None:
    """Every kickstart of the corpus that the oracle read with this release's handler: the same verdict, and a checked
    one has findings."""
    folder = corpus()
    generation = GENERATIONS[name]
    oracle = json.loads((folder / "oracle" / "kickstart-pykickstart-3.78.json").read_text())["results"]
    judged = [entry for entry in oracle if entry["version"] == generation.handler]
    assert len(judged) >= least
    for entry in judged:
        text = (folder / entry["file"]).read_text(errors="surrogateescape")
        try:
            found = validate.check(text, generation, samples.host(), where=entry["file"])
        except UsageError as error:
            assert not entry["ok"], (entry["file"], error.message)
        else:
            assert entry["ok"], entry["file"]
            assert found, entry["file"]


def test_real_kickstarts_of_old_fedoras_are_judged_by_todays_handler_as_pykickstart_does() -> None:
    """The oracle has verdicts of their own times only, so pykickstart itself is asked about today's."""
    folder, generation = corpus(), GENERATIONS["fedora"]
    files = [*folder.glob("kickstart/oz/Fedora*.auto"), *folder.glob("kickstart/veewee/Fedora*.ks"),
             *folder.glob("kickstart/beaker-rendered/Fedora*.expected"), *folder.glob("kickstart/lorax/*.ks")]
    verdicts = {}
    for file in files:
        text = file.read_text(errors="surrogateescape")
        reader = KickstartParser(makeVersion(generation.handler), missingIncludeIsFatal=False)
        try:
            with warnings.catch_warnings(action="ignore"):
                reader.readKickstartFromString(text)
            verdicts[file] = True
        except (KickstartError, ValueError):
            verdicts[file] = False
        try:
            parsed.parse_back(text, generation, file.name)
        except UsageError:
            assert not verdicts[file], file
        else:
            assert verdicts[file], file
    assert len(files) >= 25
    assert set(verdicts.values()) == {True, False}


# Memory


@pytest.mark.parametrize(("name", "initrd", "stage2", "expected"), [
    ("el7", 50, 430, 1300), ("el7", 0, 0, 800), ("el9", 100, 900, 2400), ("el9", 100, 100, 1350), ("el6", 40, 130, 750),
    ("el8", 80, 800, 2100), ("el10", 150, 900, 2700), ("fedora", 190, 950, 3050),
])
def test_memory_covers_installer_stage2_and_initrd(name: str, initrd: int, stage2: int, expected: int) -> None:
    assert memory.needed(GENERATIONS[name], initrd * MIB, stage2 * MIB) == expected


def test_a_host_with_enough_memory_is_told_in_one_line() -> None:
    found = memory.check(samples.host(memory=3800), EL7, 50 * MIB, 430 * MIB)
    assert (found.severity, found.text) == (Severity.OK, "3800 MiB; the installer needs about 1300 MiB here")


def test_a_host_with_too_little_memory_is_an_error_that_says_why() -> None:
    found = memory.check(samples.host(memory=1024), EL7, 50 * MIB, 430 * MIB)
    assert found.severity is Severity.ERROR
    assert found.text == "h1: 1024 MiB; the installer needs about 1300 MiB here"
    assert 'memory = "1300 MiB"' in found.hint
    assert "stage2 of 430 MiB lies in memory as a whole" in found.detail[0]

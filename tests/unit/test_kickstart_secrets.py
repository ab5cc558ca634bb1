"""Secrets: by reference only, in clear only where the installer must read them, and struck out everywhere else."""

from __future__ import annotations

import shlex
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.boot.kickstart import quoting, render
from builder.boot.review import parsed, unattended
from builder.catalog.generation import GENERATIONS
from builder.errors import UsageError
from builder.finding import Finding, Severity
from builder.profile import secrets
from builder.profile.secrets import Secret
from builder.profile.values import Disk, Host, Rhsm, Storage
from tests.unit import presets, samples
from tests.unit.test_kickstart_checks import EL9, GOOD

CANARY = "kanarienvogel42"
PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=30)


def errors(text: str, generation: str = "el9", host: Host | None = None) -> list[Finding]:
    found = unattended.check(text, GENERATIONS[generation], host or samples.host(), where="my.ks")
    return [f for f in found if f.severity is Severity.ERROR and "in clear" in f.text]


@pytest.mark.parametrize(("line", "command", "cure"), [
    (f"bootloader --location=mbr --boot-drive=xvda --password={CANARY}", "bootloader --password", "grub2-mkpasswd-pbkdf2"),
    (f"part /x --size=1 --encrypted --passphrase={CANARY}", "part /x --passphrase", "secret.luks"),
    (f"part pv.1 --size=1\nvolgroup g pv.1\nlogvol /x --vgname=g --name=x --size=1 --encrypted --passphrase={CANARY}",
     "logvol /x --passphrase", "passphrase = \"file:PATH\""),
    (f"rhsm --organization=1 --activation-key={CANARY}", "rhsm --activation-key", "[rhsm]"),
    (f"realm join --one-time-password={CANARY} ad.lan", "realm join --one-time-password", "post script"),
    (f"repo --name=a --baseurl=http://a/ --proxy=http://u:{CANARY}@p:1/", "--proxy", "by its address"),
    (f"vnc --password={CANARY}", "vnc --password", "inst.vnc"),
    (f"iscsi --ipaddr=192.0.2.1 --user=a --password={CANARY}", "iscsi --password", "initiator"),
])
def test_a_secret_in_clear_is_an_error_with_its_own_cure(line: str, command: str, cure: str) -> None:
    text = GOOD.replace("autopart\n", "part / --size=1\n" if "part" in line else "autopart\n")
    if line.startswith("bootloader"):
        text = text.replace("bootloader --location=mbr --boot-drive=xvda\n", "")
    (found,) = errors(text.replace("%packages", f"{line}\n%packages"))
    assert found.text.startswith(f"{command} holds a secret in clear")
    assert cure in found.hint
    assert CANARY not in repr(found)


def test_autopart_with_a_passphrase_is_one_too() -> None:
    (found,) = errors(GOOD.replace("autopart\n", f"autopart --encrypted --passphrase={CANARY}\n"))
    assert found.text.startswith("autopart --passphrase")


def test_what_the_profile_names_by_reference_may_stand_there() -> None:
    host = samples.host(storage=presets.PRESETS["luks-plain"]["storage"])
    line = quoting.word(f"--passphrase={presets.PASSPHRASE}")
    assert not errors(GOOD.replace("autopart\n", f"autopart --encrypted {line}\n"), host=host)


def test_a_template_gets_secrets_by_name_and_the_result_passes() -> None:
    text = "text\nautopart --encrypted --passphrase={{ secret.luks }}\n%packages\n%end\n"
    profile = presets.profile("rocky-9.6", "luks-plain", template=samples.text_file("x.j2", text))
    found = render.render(profile, profile.hosts[0], install_url="http://192.0.2.5/t", machine="pc")
    read = parsed.parse_back(found, EL9, "x")
    assert [secret.text for secret in read.secrets] == [presets.PASSPHRASE]
    assert not errors(found, host=profile.hosts[0])


def test_a_template_that_names_a_secret_that_is_not_there_is_refused() -> None:
    file = samples.text_file("x.j2", "text\nautopart --encrypted --passphrase={{ secret.luks }}\n")
    profile = presets.profile("rocky-9.6", "plain", template=file)
    with pytest.raises(UsageError, match="x.j2 line 2: 'dict object' has no attribute 'luks'"):
        render.render(profile, profile.hosts[0], install_url="http://192.0.2.5/t", machine="pc")


@pytest.mark.parametrize("line", [f"rootpw --plaintxt {CANARY}", f"user --name=a --password={CANARY} --nonsense",
                                  f"autopart --passphrase={CANARY} --nonsense", f"rhsm --activation-key={CANARY} --no"])
def test_the_parser_s_own_words_never_repeat_a_secret(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        parsed.parse_back(f"{line}\n", EL9, "my.ks")
    assert CANARY not in caught.value.message


def test_a_secret_prints_as_nothing_and_two_can_be_told_apart() -> None:
    one, two = Secret(CANARY), Secret(CANARY + "2")
    assert f"{one} {[one]}".find(CANARY) == -1
    assert str(one) == secrets.REDACTED
    assert repr(one) != repr(two) and repr(one) == repr(Secret(CANARY))


def test_a_host_with_secrets_shows_none_of_them() -> None:
    rhsm = Rhsm(organization=Secret(CANARY), activation_key=Secret(CANARY))
    host = samples.host(rhsm=rhsm, storage=presets.PRESETS["luks-plain"]["storage"], disk=Disk(name="sda"))
    profile = samples.profile("rhel-9.6", hosts=(host,))
    assert CANARY not in repr(profile) and presets.PASSPHRASE not in repr(profile)
    assert len(host.secrets) == 3


def test_a_fault_of_ours_is_told_without_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of the user that the release refuses stands beside encrypted volumes in no layout, so the parser's message
    is the only place where a passphrase could come out."""
    host = samples.host(storage=Storage(lines=("part / --size=1 --nonsense",)))
    try:
        render.render(samples.profile(hosts=(host,)), host, install_url="http://192.0.2.5/t", machine="pc")
    except UsageError:
        assert CANARY not in traceback.format_exc()
    else:
        pytest.fail("--nonsense was taken")


def test_a_hash_that_fips_forbids_is_refused_where_the_machine_will_run_so() -> None:
    profile = presets.profile("rocky-9.6", "luks-lvm-fips")
    yescrypt = samples.changed(profile, root=samples.Root(password_hash="$y$j9T$abc$" + "a" * 43))
    with pytest.raises(UsageError, match=r"root\.password: a yescrypt hash, which a machine in FIPS mode cannot check"):
        render.render(yescrypt, yescrypt.hosts[0], install_url="http://192.0.2.5/t", machine="pc")


# What is struck out


@pytest.mark.parametrize(("text", "expected"), [
    ("autopart --passphrase=x --lvm", "autopart --passphrase=(redacted) --lvm"),
    ('part / --passphrase="a \\"b" --size=1', "part / --passphrase=(redacted) --size=1"),
    ("rootpw hunter2", "rootpw (redacted)"), ("  rootpw --plaintext 'a b'", "  rootpw --plaintext (redacted)"),
    ("rootpw --lock", "rootpw --lock"), ("sshpw --username=root x", "sshpw --username=root (redacted)"),
    (f"rootpw --iscrypted {samples.HASH}", "rootpw --iscrypted (redacted)"),
    ("bootloader --iscrypted --password=grub.pbkdf2.sha512.10000.AB.CD", "bootloader --iscrypted --password=(redacted)"),
    ("rhsm --organization=1 --activation-key=web", "rhsm --organization=1 --activation-key=(redacted)"),
    ("inst.vnc inst.vncpassword=abc quiet", "inst.vnc inst.vncpassword=(redacted) quiet"),
    ("inst.rdp.username=a inst.rdp.password=b", "inst.rdp.username=a inst.rdp.password=(redacted)"),
    ("url --proxy=http://u:p@h:1/", "url --proxy=http://(redacted)@h:1/"),
    ("# pinboot-secret luks a b", "# pinboot-secret luks (redacted)"),
    ("nothing --here=1", "nothing --here=1"),
])
def test_a_preview_shows_everything_but_secrets(text: str, expected: str) -> None:
    assert secrets.redacted(text) == expected


@pytest.mark.parametrize(("release", "preset"), [t for t in presets.TAKEN if "luks" in t[1] or t[1] == "rule"])
def test_a_preview_of_any_kickstart_of_ours_holds_no_passphrase_and_is_else_the_same(release: str, preset: str) -> None:
    profile = presets.profile(release, preset)
    text = render.render(profile, profile.hosts[0], install_url="http://192.0.2.5/t", machine="pc")
    shown = secrets.redacted(text)
    assert "battery" in text and "battery" not in shown
    assert len(shown.splitlines()) == len(text.splitlines())
    assert [a for a, b in zip(text.splitlines(), shown.splitlines(), strict=True)
            if a != b and "battery" not in a and "pinboot-secret" not in a] == []


@given(PRINTABLE, st.sampled_from(["autopart --encrypted --passphrase={}", "user --name=a --password={}",
                                   "rhsm --organization=1 --activation-key={}"]))
def test_any_quoted_secret_is_struck_out_whole(text: str, line: str) -> None:
    written = line.format(quoting.word(text))
    assert shlex.split(written, comments=True)[-1].endswith(text)
    assert secrets.redacted(written) == line.format(secrets.REDACTED)


@given(PRINTABLE)
def test_what_is_known_is_struck_out_wherever_it_stands(text: str) -> None:
    shown = secrets.redacted(f"a b{text}c d", (Secret(text),))
    assert text not in shown.replace(secrets.REDACTED, "")

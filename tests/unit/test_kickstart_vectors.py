"""The kickstart vectors of the reference (section 7), and its matrix of commands for all that pinboot writes."""

from __future__ import annotations

import re
import shlex
import warnings
from typing import Any

import pytest
from pykickstart.parser import KickstartParser
from pykickstart.version import makeVersion

from builder.boot.kickstart import disks, quoting, render
from builder.boot.review import reading, unattended
from builder.catalog.generation import GENERATIONS
from builder.errors import UsageError
from builder.finding import Severity
from builder.profile.values import Profile, Root
from tests.unit import presets, samples


def made(profile: Profile) -> str:
    return render.render(profile, profile.hosts[0], install_url="http://192.0.2.5/tree", machine="pc")


def lines(profile: Profile) -> list[str]:
    return made(profile).splitlines()


@pytest.mark.parametrize("name", [name for name in GENERATIONS if name != "el6"])
def test_34_a_nasty_word_is_quoted_so_that_the_release_reads_it_as_it_was(name: str) -> None:
    text = 'a#b "c\\'
    assert quoting.word(text) == r'"a#b \"c\\"'
    assert shlex.split(quoting.word(text), comments=True) == [text]
    handler = makeVersion(GENERATIONS[name].handler)
    KickstartParser(handler).readKickstartFromString(f"rootpw --plaintext {quoting.word(text)}\n")
    assert handler.rootpw.password == text


@pytest.mark.parametrize("release", presets.RELEASES)
def test_35_a_gecos_with_a_line_end_is_refused(release: str) -> None:
    key = samples.RSA if release == "centos-6.10" else samples.KEY
    user = samples.user(gecos="a\nrootpw --plaintext x", ssh_keys=(key,))
    with pytest.raises(UsageError, match=r"user\.admin\.gecos: .* holds a colon or a control character"):
        made(samples.profile(release, users=(user,)))


@pytest.mark.parametrize(("release", "expected"), [
    ("rocky-8", ["timezone Europe/Prague --utc --ntpservers=192.0.2.123"]),
    ("rocky-9.6", ["timezone Europe/Prague --utc", "timesource --ntp-server=192.0.2.123"]),
    ("rocky-10", ["timezone Europe/Prague --utc", "timesource --ntp-server=192.0.2.123"]),
    ("fedora-44", ["timezone Europe/Prague --utc", "timesource --ntp-server=192.0.2.123"]),
    ("centos-6.10", ["timezone --utc Europe/Prague"]),
])
def test_36_time_zone_and_server(release: str, expected: list[str]) -> None:
    found = [line for line in lines(samples.profile(release, ntp=("192.0.2.123",))) if line.startswith("time")]
    assert found == expected


@pytest.mark.parametrize(("release", "expected"), [
    ("rocky-8", "%packages --excludeWeakdeps --instLangs=en_US"),
    ("rocky-9.6", "%packages --exclude-weakdeps --inst-langs=en_US"),
])
def test_37_a_minimal_system_without_weak_dependencies(release: str, expected: str) -> None:
    found = lines(samples.profile(release, weak_dependencies=False, language="en_US.UTF-8"))
    at = found.index(expected)
    assert [line for line in found[at + 1:] if not line.startswith("#")][:2] == ["@^minimal-environment", "%end"]


def test_38_a_key_of_root_is_a_command_since_el8_and_a_script_before() -> None:
    root = Root(ssh_keys=(samples.KEY,))
    assert f'sshkey --username=root "{samples.KEY}"' in lines(samples.profile("rocky-8", root=root))
    old = made(samples.profile("centos-7.9.2009", root=root))
    assert "sshkey" not in old
    assert f"'{samples.KEY}' >> \"$home/.ssh/authorized_keys\"" in old


def test_39_a_list_of_mirrors_alone_finds_no_second_stage() -> None:
    text = made(samples.profile("rocky-9.6")).replace("url --url=http://192.0.2.5/tree",
                                                      "url --mirrorlist=http://192.0.2.5/list")
    found = unattended.check(text, GENERATIONS["el9"], samples.host(), where="my.ks")
    assert [f.severity for f in found] == [Severity.ERROR]
    assert "inst.repo=None" in found[0].text


# What section 3.2 and 3.3 say of the words that pinboot writes: E(rror) or W(arning) in the releases named.
NEVER: dict[str, tuple[str, ...]] = {
    r"authselect ": ("el6", "el7"), r"authconfig ": ("el8", "el9", "el10", "fedora"), r"sshkey ": ("el6", "el7"),
    r"timesource ": ("el6", "el7", "el8"), r"timezone .*--ntpservers": ("el6", "el9", "el10", "fedora"),
    r"reqpart": ("el6",), r"bootloader .*--boot-drive": ("el6",), r"clearpart .*--disklabel": ("el6",),
    r".*--luks-version|.*--pbkdf": ("el6", "el7"), r"rootpw --lock$": ("el6",), r"rootpw .*--allow-ssh": ("el6", "el7", "el8"),
    r"eula ": ("el6",), r"text --non-interactive": ("el6", "el7"), r"keyboard --": ("el6",),
    r"%packages .*--instLangs": ("el9", "el10", "fedora"), r"%packages .*--inst-langs": ("el6", "el7", "el8"),
    r"%packages .*--excludeWeakdeps": ("el6", "el7", "el9", "el10", "fedora"), r"rhsm ": ("el6", "el7", "fedora"),
    r"%packages .*--exclude-weakdeps": ("el6", "el7", "el8"),
    r"install$|.*--isUtc|zerombr yes|module |btrfs |vnc|network .*--team": tuple(GENERATIONS),
}


@pytest.mark.parametrize(("release", "preset"), presets.TAKEN, ids=lambda word: word)
def test_no_word_is_written_that_the_release_does_not_take(release: str, preset: str) -> None:
    profile = presets.profile(release, preset, ntp=("192.0.2.1",), weak_dependencies=False)
    head = disks.expanded(made(profile)).partition("\n%end\n")[0].splitlines()
    for pattern, releases in NEVER.items():
        if profile.release.generation.name in releases:
            assert not [line for line in head if re.match(pattern, line)], pattern


@pytest.mark.parametrize(("release", "preset"), presets.TAKEN, ids=lambda word: word)
def test_the_release_s_own_parser_takes_every_preset_without_a_warning(release: str, preset: str) -> None:
    profile = presets.profile(release, preset)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        reader = KickstartParser(makeVersion(profile.release.generation.handler))
        reader.readKickstartFromString(disks.expanded(made(profile)))
    assert {str(warning.message).strip() for warning in caught} <= {reading.EXPECTED_WARNING}


# The skeletons of section 3.9, in which each release has what its installer must be told.
SKELETON: dict[str, Any] = {
    "centos-6.10": ("lang ", "keyboard us", "timezone --utc ", "rootpw ", "authconfig --enableshadow --passalgo=sha512",
                    "network --bootproto=static", "url --url=", "zerombr", "clearpart --all --initlabel --drives=sda",
                    "part /boot --fstype=ext4", "bootloader --location=mbr --driveorder=sda", "firewall --enabled",
                    "selinux --enforcing", "firstboot --disable", "@core"),
    "centos-7.9.2009": ("authconfig ", "eula --agreed", "ignoredisk --only-use=sda", "reqpart", "skipx", "@^minimal"),
    "rocky-8": ("authselect select sssd", "eula --agreed", "ignoredisk --only-use=sda", "reqpart", "skipx",
                "@^minimal-environment"),
    "rocky-9.6": ("eula --agreed", "bootloader --location=mbr --boot-drive=sda", "@^minimal-environment"),
    "fedora-44": ("bootloader --location=mbr --boot-drive=sda", "@^minimal-environment"),
}


@pytest.mark.parametrize("release", list(SKELETON))
def test_a_kickstart_has_what_the_skeleton_of_its_release_has(release: str) -> None:
    found = lines(presets.profile(release, "lvm"))
    for start in SKELETON[release]:
        assert any(line.startswith(start) for line in found), start

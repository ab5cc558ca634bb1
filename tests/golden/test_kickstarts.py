"""The kickstart of every release with every storage preset. `PINBOOT_BLESS=1` writes them anew for a person to read."""

from pathlib import Path

import pytest

from builder.boot.kickstart import render
from tests.golden import expected
from tests.golden.bench import pinboot
from tests.golden.conftest import ROCKY_PROFILE
from tests.unit import presets

FOLDER = Path(__file__).parent / "kickstarts"


@pytest.mark.parametrize(("release", "preset"), presets.TAKEN, ids=lambda word: word)
def test_a_kickstart_is_what_was_expected(release, preset):
    profile = presets.profile(release, preset)
    made = render.render(profile, profile.hosts[0], install_url="http://192.0.2.5/tree", machine="pc")
    expected.same_text(FOLDER / f"{release}-{preset}.ks", made)


def test_every_expected_kickstart_is_of_a_preset():
    assert {p.stem for p in FOLDER.iterdir()} == {f"{release}-{preset}" for release, preset in presets.TAKEN}


CANARY = "kanarienvogel 42"


def test_a_passphrase_is_in_the_private_kickstart_and_the_initrd_that_carries_it_and_nowhere_else(mirror, work):
    (work / "luks").write_text(f"{CANARY}\n")
    (work / "luks").chmod(0o600)
    (work / "rocky.toml").write_text('storage = { layout = "lvm", encrypt = { passphrase = "file:luks" } }\n' + ROCKY_PROFILE)
    said = [pinboot(*words, "rocky.toml", "--store", "store") for words in (("check",), ("lock",), ("build",))]
    assert [each.code for each in said] == [0, 0, 0], said[-1].err
    assert not any(CANARY in text for each in said for text in (each.out, each.err))
    holding = {p.relative_to(work).as_posix(): p.stat().st_mode & 0o777 for p in work.rglob("*")
               if p.is_file() and CANARY.encode() in p.read_bytes()}
    assert holding == {"luks": 0o600, "out/rocky/hosts/web1/ks.cfg": 0o600, "out/rocky/boot/initrd-ks.img": 0o600}
    again = pinboot("build", "rocky.toml", "--store", "store")
    assert again.code == 0
    (work / "luks").write_text(f"{CANARY} and more\n")
    assert pinboot("build", "rocky.toml", "--store", "store").code == 0
    assert f"{CANARY} and more" in (work / "out/rocky/hosts/web1/ks.cfg").read_text()

"""`pinboot render`: one text of a bundle without the bundle."""

import datetime
import os
from pathlib import Path

import pytest

from builder.jobs.looking import rendering
from builder.lock import text
from builder.profile import resolve
from tests.golden import test_fleet
from tests.golden.bench import pinboot
from tests.golden.conftest import CENTOS_PROFILE

fleet, grown = test_fleet.fleet, test_fleet.grown
TODAY = datetime.date(2026, 1, 1)
# What lists or copies: bytes of a built bundle, and files that the user has.
PAPERS = {"SHA256SUMS", "manifest.json", "provenance.intoto.json", "sbom.cdx.json", "profile.toml"}
IMAGES = (".img", "vmlinuz", ".efi", ".EFI", ".lock")


def made(name):
    path = Path(f"{name}.toml")
    profile, layers = resolve.read(path, path.name, os.environ)
    lock = text.read(Path(f"{name}.lock"), f"{name}.lock")
    return list(rendering.texts(profile, layers, lock, environment=os.environ, today=TODAY))


def same_as_built(bundle, texts):
    built = {p.relative_to(bundle).as_posix(): p for p in bundle.rglob("*") if p.is_file()}
    wanted = {path for path in built if path not in PAPERS and not path.endswith(IMAGES)}
    found = {each.path: each for each in texts}
    assert len(found) == len(texts) and set(found) == wanted
    for path, each in found.items():
        assert each.text.encode() == built[path].read_bytes(), path
        assert each.mode == built[path].stat().st_mode & 0o777, path


@pytest.mark.parametrize("kind", sorted(test_fleet.OUTPUTS))
@pytest.mark.parametrize("release", test_fleet.TREES)
def test_every_text_is_byte_for_byte_what_a_build_writes(fleet, release, kind):
    bundle = test_fleet.build("fleet", test_fleet.profile(release, kind))
    same_as_built(bundle, made("fleet"))


@pytest.mark.parametrize("run", ["pygrub", "kept-kernel"])
def test_the_texts_of_xen_guests_are_those_of_a_build(mirror, work, run):
    bundle = test_fleet.build("guests", f'{CENTOS_PROFILE}[host.web2]\ndisk = {{ size = "9 GiB" }}\n[xen]\nrun = "{run}"\n')
    same_as_built(bundle, made("guests"))

"""Whole bundles against expected trees. `PINBOOT_BLESS=1` writes them anew for a person to read and commit."""

import os
import shutil
from pathlib import Path

import pytest

from builder.demo import tree
from tests.golden.bench import MIRROR, pinboot

CASES = sorted(p for p in (Path(__file__).parent / "cases").iterdir() if p.is_dir())
# Large and the same for everybody: their digests stand in SHA256SUMS.
NOT_KEPT = {"boot/vmlinuz", "boot/initrd.img", "boot/initrd-ks.img", "verify.sh"}
# up.sh is 300 lines of which a case changes thirty: kept whole for one dom0 of each kind.
WITH_SCRIPT = ("centos-7-netbsd", "centos-7-fleet")


def kept(case, found):
    return set(found) - NOT_KEPT - (set() if case.name in WITH_SCRIPT else {"up.sh"})


@pytest.fixture(scope="session")
def generations():
    """A tree of each generation that the fixture `mirror` does not have, by its address."""
    return {f"{MIRROR}/centos/6/os/x86_64": tree.el6(), f"{MIRROR}/alma/8": tree.el8("AlmaLinux"),
            f"{MIRROR}/rocky/10": tree.el10(), f"{MIRROR}/fedora/44/Everything/x86_64/os": tree.fedora("44")}


def files(folder):
    return {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.name)
def test_a_bundle_is_what_was_expected(case, mirror, generations, tmp_path, monkeypatch):
    mirror.trees.update(generations)
    work = tmp_path / case.name
    shutil.copytree(case, work, ignore=shutil.ignore_patterns("expected"))
    (work / "profile.toml").rename(work / f"{case.name}.toml")
    monkeypatch.chdir(work)
    locked = pinboot("lock", f"{case.name}.toml", "--store", "store")
    assert locked.code == 0, locked.err
    built = pinboot("build", f"{case.name}.toml", "--store", "store", "--offline", "--locked")
    assert built.code == 0, built.err
    found = files(work / "out" / case.name)
    if os.environ.get("PINBOOT_BLESS") == "1":
        _bless(case, found)
    expected = files(case / "expected")
    assert expected, f"{case.name} has no expected tree: PINBOOT_BLESS=1 writes one to read and commit"
    assert kept(case, found) == set(expected)
    for path, wanted in expected.items():
        assert found[path].read_text() == wanted.read_text(), path
    modes = {path for path, p in found.items() if p.stat().st_mode & 0o777 == 0o600}
    hosts = [p.name for p in (work / "out" / case.name / "hosts").iterdir()]
    layers = {path for path in found if path.startswith("layers/")}
    assert modes == {"boot/initrd-ks.img", "profile.toml", *layers, *(f"hosts/{h}/ks.cfg" for h in hosts)}


def _bless(case, found):
    shutil.rmtree(case / "expected", ignore_errors=True)
    for path in kept(case, found):
        target = case / "expected" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(found[path].read_bytes())
    pytest.fail("blessed: read the difference, then run again without PINBOOT_BLESS")

"""Whole commands on bundles that are one file."""

import json
import stat

import pytest

from tests.golden.bench import pinboot


@pytest.fixture
def locked(work, mirror):
    assert pinboot("lock", "centos.toml").code == 0
    return work


@pytest.mark.parametrize("name", ["web.tar", "web.tar.zst"])
def test_a_bundle_in_one_file_is_the_directory_s_and_verifies(locked, name):
    folder = pinboot("build", "centos.toml", "-o", "folder", "--json")
    built = pinboot("build", "centos.toml", "-o", name, "--offline", "--json")
    assert (folder.code, built.code) == (0, 0), built.err
    assert json.loads(built.out)["id"] == json.loads(folder.out)["id"]
    assert stat.S_IMODE((locked / name).stat().st_mode) == 0o600
    told = pinboot("verify", name)
    assert told.code == 0 and told.out.endswith(f"bundle     {name} is what was built, id {json.loads(folder.out)['id']}\n")


@pytest.mark.parametrize("name", ["web.tar", "web.tar.zst"])
def test_two_builds_are_the_same_bytes(locked, name):
    for each in ("one", "two"):
        assert pinboot("build", "centos.toml", "-o", f"{each}/{name}").code == 0
    assert (locked / "one" / name).read_bytes() == (locked / "two" / name).read_bytes()


def test_a_damaged_one_ends_with_4_and_a_hint(locked):
    pinboot("build", "centos.toml", "-o", "web.tar.zst")
    data = (locked / "web.tar.zst").read_bytes()
    (locked / "web.tar.zst").write_bytes(data[:len(data) // 2])
    told = pinboot("verify", "web.tar.zst")
    assert (told.code, told.err) == (4, "error: web.tar.zst: ends in the middle of its zstd data: not what was built\n"
                                        "hint:  take the bundle anew\n")


def test_what_is_no_archive_is_said_to_be_none_with_what_would_be_one(work):
    (work / "web.tar.zst").write_text("no archive")
    told = pinboot("verify", "web.tar.zst")
    assert told.code == 2 and "hint:  name a directory, .tar or .tar.zst that pinboot build wrote" in told.err

"""Keys, locks and bundles side by side, before anything is printed."""

from __future__ import annotations

import json
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builder.errors import BytesDiffer, CheckFailed, NotFound, PinbootError, UsageError
from builder.jobs.comparing import settings
from builder.jobs.comparing.settings import Changed, Setting
from builder.jobs.comparing.sides import bundles, sources
from builder.lock import compare, text
from builder.media import contents
from builder.profile import resolve
from builder.profile.file import layers
from builder.progress import Silent
from tests.unit.test_lock import LOCK

CASES = Path(__file__).resolve().parents[1] / "golden" / "cases"
FLEET = CASES / "centos-7-fleet" / "expected"


def told(old: dict[str, Any], new: dict[str, Any], hosts: tuple[str, ...] = ()) -> dict[str, tuple[str, str]]:
    return {each.key: (each.old, each.new) for each in changed(old, new, hosts)}


def changed(old: dict[str, Any], new: dict[str, Any], hosts: tuple[str, ...] = ()) -> tuple[Changed, ...]:
    return settings.changed(dict(settings.flat(old, {})), dict(settings.flat(new, {})), frozenset(hosts))


# Keys

def test_a_key_is_told_with_both_values_as_toml_writes_them() -> None:
    assert told({"packages": ["@core"], "xen": {"run": "pygrub"}, "memory": "2 GiB"},
                {"packages": ["@core", 'a "b"'], "xen": {"run": "pygrub"}, "firewall": {"enabled": False}}) == {
        "packages": ('["@core"]', r'["@core", "a \"b\""]'), "memory": ('"2 GiB"', ""), "firewall.enabled": ("", "false")}


def test_a_key_with_dots_in_it_is_quoted() -> None:
    assert list(told({}, {"interface": {"bond0.120": {"mtu": 9000}}})) == ['interface."bond0.120".mtu']


def test_the_same_change_of_many_hosts_is_one_and_values_of_their_own_are_one_too() -> None:
    old = {"host": {f"h{n}": {"memory": "2 GiB", "mac": f"m{n}"} for n in range(6)}}
    new = {"host": {f"h{n}": {"memory": "4 GiB" if n else "8 GiB", "mac": f"k{n}"} for n in range(6)}}
    found = changed(old, new, tuple(f"h{n}" for n in range(6)))
    assert [(each.key, each.old, each.new, len(each.hosts), each.varied) for each in found] == [
        ("host.NAME.mac", '"m0"', '"k0"', 6, True), ("host.NAME.memory", '"2 GiB"', '"8 GiB"', 1, False),
        ("host.NAME.memory", '"2 GiB"', '"4 GiB"', 5, False)]


def test_a_host_of_one_side_is_not_told_key_by_key() -> None:
    assert told({"host": {"a": {"memory": "2 GiB"}}}, {"host": {"b": {"memory": "2 GiB"}}}, ()) == {}


@pytest.mark.parametrize(("key", "value"), [
    ("password", "SECRET"), ("password", "$6$saltsalt$" + "SECRET" * 14 + "aa"), ("passphrase", "SECRET"),
    ("activation_key", "SECRET"), ("organization", "SECRET"), ("secret", "SECRET"), ("url", "http://me:SECRET@mirror/os"),
    ("lines", ["part / --passphrase=SECRET"]), ("arguments", ["inst.vncpassword=SECRET"]),
])
def test_a_value_that_is_a_secret_is_not_told(key: str, value: Any) -> None:
    one, other = (json.loads(json.dumps(value).replace("SECRET", word)) for word in ("hunter", "trusty"))
    (found,) = changed({"x": {key: one}}, {"x": {key: other}})
    assert found.secret and found.old == found.new
    assert "hunter" not in found.old and "trusty" not in found.old


def test_a_reference_is_no_secret() -> None:
    (found,) = changed({"root": {"password": "file:old.hash"}}, {"root": {"password": "env:HASH"}})
    assert (found.old, found.new, found.secret) == ("file:old.hash", "env:HASH", False)


def test_who_set_a_key_is_told_for_both_sides() -> None:
    (found,) = settings.changed({("memory",): Setting("2 GiB", "web.toml line 3")},
                                {("memory",): Setting("4 GiB", "--set")}, frozenset())
    assert (found.old_origin, found.new_origin) == ("web.toml line 3", "--set")


# Locks

def test_pins_differ_by_bytes_place_evidence_and_signer_in_the_order_of_roles() -> None:
    def other(**changes: Any) -> tuple[compare.PinChange, ...]:
        pins = tuple(replace(pin, **changes) if pin.role in ("kernel", "repository") else pin for pin in LOCK.pins)
        return compare.pins(LOCK, replace(LOCK, pins=pins))

    moved, weaker, signed = other(path="a/b"), other(evidence="signed", key="a" * 40), other(detail="by somebody")
    assert [change.pin.role for change in moved] == ["kernel", "repository", "repository"]
    assert not any(change.other_bytes for change in moved)
    assert all(change.weaker for change in compare.pins(replace(LOCK, pins=tuple(
        replace(pin, evidence="signed") for pin in LOCK.pins)), LOCK))
    assert not any(change.weaker for change in weaker) and signed == () and compare.pins(LOCK, LOCK) == ()


def test_a_pin_of_one_lock_is_a_change_without_the_other_side() -> None:
    less = replace(LOCK, pins=tuple(pin for pin in LOCK.pins if pin.role != "treeinfo"))
    (gone,), (come,) = compare.pins(LOCK, less), compare.pins(less, LOCK)
    assert gone.now is None and come.locked is None and gone.pin == come.pin
    assert gone.other_bytes and come.other_bytes and not come.weaker


@pytest.mark.parametrize("deep", ["a = " + "[" * 100_000, "a = " + "{a=" * 5000])
def test_a_lock_or_profile_that_is_nested_without_end_is_refused(tmp_path: Path, deep: str) -> None:
    with pytest.raises(UsageError, match="nested too deeply"):
        text.parse(deep.encode(), "x.lock")
    for word in (deep, "a" + ".a" * 5000 + " = 1\n", "a = " + "[" * 100 + "]" * 100):
        (tmp_path / "x.toml").write_text(word)
        with pytest.raises(UsageError, match="more than 16 deep"):
            layers.read(tmp_path / "x.toml", "x.toml")


# Bundles

def read(path: Path) -> bundles.Contents:
    return bundles.read(path, path.name, Silent())


def copied(tmp_path: Path, **changes: str | bytes | None) -> Path:
    """The expected texts of a golden bundle; `changes` replace files, None takes one away."""
    made = tmp_path / "bundle"
    for path in FLEET.rglob("*"):
        if path.is_file():
            target = made / path.relative_to(FLEET)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    for name, data in changes.items():
        place = made / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if data is None:
            place.unlink()
        else:
            place.write_bytes(data if isinstance(data, bytes) else data.encode())
    return made


def test_a_bundle_gives_its_texts_its_hosts_its_lock_and_what_it_was_made_from(tmp_path: Path) -> None:
    found = read(copied(tmp_path))
    assert found.name == "centos-7-fleet" and found.hosts == {"web1", "web2"} and found.lock.version == "7.9.2009"
    assert set(found.sources) == {"profile.toml", "layers/1-common.toml"}
    assert {"hosts/web1/ks.cfg", "up.sh", "NEXT-STEPS.txt"} <= set(found.texts)
    assert not {"manifest.json", "SHA256SUMS", "sbom.cdx.json", "profile.toml", "centos-7-fleet.lock"} & set(found.texts)
    assert found.changed == () and found.lost == ("verify.sh",)  # not kept among the expected texts


def test_texts_that_are_not_as_built_are_known_by_the_manifest(tmp_path: Path) -> None:
    found = read(copied(tmp_path, **{"hosts/web1/ks.cfg": "reboot\n", "up.sh": b"\0", "hosts/web2/cmdline": None, "x": "y"}))
    assert found.changed == ("hosts/web1/ks.cfg", "up.sh") and found.lost == ("hosts/web2/cmdline", "verify.sh")
    assert "x" in found.texts and "up.sh" not in found.texts


def test_the_profile_is_put_together_again_with_the_names_that_its_files_had(tmp_path: Path) -> None:
    joined = sources.joined(read(copied(tmp_path)), Path("home"))
    assert [(layer.name, layer.role) for layer in joined.layers] == [("common.toml", "extended"), ("centos-7-fleet.toml", "profile")]
    assert str(joined.origins["selinux"]) == "common.toml line 1" and joined.table["finish"] == "poweroff"


def test_layers_in_each_other_get_their_names_back(tmp_path: Path) -> None:
    texts = {"site.toml": "extends = ['deep/base.toml', 'more.toml']\n", "deep/base.toml": "extends = ['root.toml']\n",
             "deep/root.toml": "keyboard = 'cz'\n", "more.toml": "timezone = 'Etc/UTC'\n", "hosts.csv": "name\nweb1\n",
             "web.toml": "extends = ['site.toml']\ninventory = ['hosts.csv']\nrelease = 'rocky-9'\n"}
    for name, data in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(data)
    joined = layers.read(tmp_path / "web.toml", "web.toml", ["timezone=UTC"])
    own, *more = sorted(joined.layers, key=lambda layer: layer.role != "profile")
    kept = {"profile.toml": own.data} | {
        f"layers/{number}-{layer.name.rpartition('/')[2]}": layer.data for number, layer in enumerate(more, 1)}
    found = replace(read(copied(tmp_path / "x")), name="web", sources=kept)
    again = sources.joined(found, tmp_path)
    assert [(layer.name, layer.role) for layer in again.layers] == [(layer.name, layer.role) for layer in joined.layers]
    assert [layer.path for layer in again.layers] == [layer.path for layer in joined.layers]
    assert again.table["timezone"] == "UTC" and str(again.origins["timezone"]) == "--set" and "web1" in again.table["host"]


def test_hosts_of_a_bundle_are_known_without_the_files_that_its_profile_names(tmp_path: Path) -> None:
    made = 'template = "t.ks"\npost = ["/etc/passwd"]\nroot = { password = "file:/etc/shadow", ssh_keys = ["file:k"] }\n' \
           '[storage]\nlayout = "lvm"\nencrypt = { passphrase = "file:luks" }\n[tree]\nurl = "http://m.example"\n'
    profile = (FLEET / "profile.toml").read_text()
    profile = made + profile[:profile.index("[tree]")] + profile[profile.index("[host.web1]"):]
    found = read(copied(tmp_path, **{"profile.toml": profile}))
    opened: list[str] = []
    listening = True
    sys.addaudithook(lambda event, data: opened.append(str(data[0])) if listening and event == "open" else None)
    hosts = resolve.hosts(sources.without_files(sources.joined(found, Path())), found.name)
    assert [host.name for host in hosts] == ["web1", "web2"] and str(hosts[1].network.addresses[0]) == "192.0.2.12/24"
    listening = False
    assert not [name for name in opened if name.startswith("/etc") or name.endswith(("t.ks", "/k", "luks"))]


@pytest.mark.parametrize(("changes", "kind", "said"), [
    ({"manifest.json": None}, UsageError, "is no bundle"), ({"manifest.json": "{"}, BytesDiffer, "cannot be read"),
    ({"manifest.json": "[" * 100_000}, BytesDiffer, "cannot be read"), ({"manifest.json": b"\xff"}, BytesDiffer, "cannot be read"),
    ({"manifest.json": '{"schema": 99}'}, BytesDiffer, "this pinboot reads 1"), ({"manifest.json": "[]"}, BytesDiffer, "cannot"),
    ({"centos-7-fleet.lock": None}, BytesDiffer, "the lock is not in the bundle"),
    ({"centos-7-fleet.lock": b"\0\1"}, BytesDiffer, "the lock is not in the bundle"),
    ({"centos-7-fleet.lock": "x = 1"}, UsageError, "lock_version"),
])
def test_a_damaged_bundle_is_refused_by_name(tmp_path: Path, changes: dict[str, Any], kind: type[PinbootError], said: str) -> None:
    with pytest.raises(kind, match=said):
        read(copied(tmp_path, **changes))


def test_a_bundle_is_read_as_it_lies_links_are_not_followed_and_a_tar_says_the_same(tmp_path: Path) -> None:
    made = copied(tmp_path)
    (made / "link").symlink_to("/etc/passwd")
    (made / "folder").symlink_to("/etc")
    found = dict(contents.texts(made))
    assert "link" not in found and not any(name.startswith("folder/") for name in found)
    with tarfile.open(tmp_path / "x.tar", "w", format=tarfile.USTAR_FORMAT) as archive:
        archive.add(made, "bundle")
    assert dict(contents.texts(tmp_path / "x.tar")) == found
    with pytest.raises(NotFound):
        list(contents.texts(tmp_path / "nowhere"))


def test_more_text_than_any_bundle_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MAX_ALL", 10_000)
    with pytest.raises(UsageError, match="more files or more text than any bundle"):
        list(contents.texts(copied(tmp_path)))


def test_what_is_too_large_or_binary_is_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MAX_TEXT", 5000)
    found = dict(contents.texts(copied(tmp_path, **{"a": "x" * 5001, "b": b"x" * 100 + b"\0", "c": b"\xff", "d": ""})))
    assert (found["a"], found["b"], found["c"], found["d"]) == (None, None, b"\xff", b"")


@pytest.mark.parametrize("broken", [b"", b"\0" * 1024, b"garbage" * 100, b"\x28\xb5\x2f\xfd" + b"\0" * 600])
def test_a_tar_that_is_none_is_refused(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / "x.tar").write_bytes(broken)
    with pytest.raises((UsageError, BytesDiffer, CheckFailed)):
        read(tmp_path / "x.tar")

"""manifest.json and SHA256SUMS: what they say of each file, and that they say it the same way every time."""

import dataclasses
import hashlib
import json
import subprocess
from types import MappingProxyType

import pytest

import builder
from builder.jobs.routes.xen import XenRoute
from builder.media import checksums, inject
from builder.media.bundle import text_entry
from builder.media.papers import manifest, nextsteps
from builder.outputs import xen
from tests.machines import EPOCH, large, lock, profile
from tests.tool.tools import need

KERNEL, INITRD = b"kernel" * 100, b"\x1f\x8binitrd" * 100
LOCK = lock(KERNEL, INITRD)


def steps(of, lock, lock_path, fetched):
    way = XenRoute(of, lock.kernel)
    return nextsteps.entry(of, lock, lock_path, fetched, steps=way.steps(), contents=way.contents())


def entries(**more):
    initrd = large("boot/initrd.img", INITRD)
    archive = inject.member({"ks/web1.cfg": (b"ks", 0o600)}, EPOCH)
    return [text_entry("web.lock", "the lock\n", origin="copied"), large("boot/vmlinuz", KERNEL), initrd,
            inject.injected(initrd, archive, path=xen.INITRD), text_entry("hosts/web1/ks.cfg", "ks", mode=0o600),
            *more.values()]


def table(of=None, **more):
    built = manifest.build("web", of or entries(**more), LOCK, "web.lock", ["ks/web1.cfg"])
    return json.loads(built.data)


def test_it_names_the_bundle_the_release_the_tool_and_the_lock():
    found = table()
    assert found["bundle"] == {"name": "web", "epoch": EPOCH, "id": manifest.bundle_id(entries())}
    assert found["release"] == {"family": "centos", "version": "7.9.2009", "arch": "x86_64", "compose": ""}
    assert found["tool"] == {"name": "pinboot", "version": builder.__version__} and found["schema"] == 1
    assert found["lock"] == {"path": "web.lock", "sha256": hashlib.sha256(b"the lock\n").hexdigest(),
                             "source": "https://vault.example/7.9.2009/os/x86_64"}


def test_a_pinned_file_tells_where_it_is_from_and_why_it_is_believed():
    line = next(line for line in table()["files"] if line["path"] == "boot/vmlinuz")
    assert line == {
        "path": "boot/vmlinuz", "mode": "0644", "size": 600, "sha256": hashlib.sha256(KERNEL).hexdigest(),
        "origin": "pinned", "pin": {
            "role": "kernel", "url": "https://vault.example/7.9.2009/os/x86_64/images/pxeboot/vmlinuz",
            "sha256": hashlib.sha256(KERNEL).hexdigest(), "evidence": "treeinfo", "detail": ".treeinfo [checksums]"}}


def test_a_signed_pin_names_the_key_and_an_override_its_reason():
    pins = tuple(dataclasses.replace(pin, evidence="signed", key="6341ab27" * 5) if pin.role == "kernel" else pin
                 for pin in LOCK.pins)
    of = dataclasses.replace(LOCK, pins=pins, overrides=MappingProxyType({"initrd": "the profile accepts first-use"}))
    found = json.loads(manifest.build("web", entries(), of, "web.lock").data)
    lines = {line["path"]: line for line in found["files"]}
    assert lines["boot/vmlinuz"]["pin"]["key"] == "6341ab27" * 5 and "key" not in lines["boot/initrd.img"]["pin"]
    assert found["overrides"] == {"initrd": "the profile accepts first-use"} and table()["overrides"] == {}


def test_an_injected_initrd_names_the_original_and_what_was_put_into_it():
    line = next(line for line in table()["files"] if line["origin"] == "injected")
    assert (line["path"], line["mode"], line["injected"]) == ("boot/initrd-ks.img", "0600", ["ks/web1.cfg"])
    assert line["pin"]["role"] == "initrd" and line["pin"]["sha256"] == hashlib.sha256(INITRD).hexdigest()
    assert line["sha256"] != line["pin"]["sha256"]


def test_the_text_is_canonical_and_does_not_depend_on_the_order():
    built = manifest.build("web", entries(), LOCK, "web.lock", ["ks/web1.cfg"])
    assert manifest.build("web", entries()[::-1], LOCK, "web.lock", ["ks/web1.cfg"]) == built
    assert built.data.endswith(b"}\n") and b"\r" not in built.data
    assert [line["path"] for line in table()["files"]] == sorted(entry.path for entry in entries())


@pytest.mark.parametrize("change", [
    text_entry("hosts/web1/ks.cfg", "other", mode=0o600), text_entry("hosts/web1/ks.cfg", "ks", mode=0o644),
    text_entry("hosts/web2/ks.cfg", "ks", mode=0o600)])
def test_the_id_changes_with_every_byte_mode_and_name(change):
    before = manifest.bundle_id(entries())
    others = [entry for entry in entries() if entry.path != "hosts/web1/ks.cfg"]
    assert len(before) == 8 and manifest.bundle_id([*others, change]) != before


def test_the_id_is_the_same_with_and_without_the_two_lists():
    built = manifest.build("web", entries(), LOCK, "web.lock")
    both = [*entries(), built, checksums.build([built])]
    assert manifest.bundle_id(both) == manifest.bundle_id(entries())
    signatures = [text_entry("SHA256SUMS.sig", "x"), text_entry("SHA256SUMS.asc", "y")]
    assert manifest.bundle_id([*both, *signatures]) == manifest.bundle_id(entries())


def test_a_file_that_is_called_pinned_and_is_no_pin_is_refused():
    with pytest.raises(ValueError, match="boot/other is said to be pinned, but no pin of the lock has its digest"):
        table(other=large("boot/other", b"stranger"))


def test_a_bundle_without_its_lock_is_refused():
    with pytest.raises(ValueError, match=r"the lock web\.lock is no file of the bundle"):
        manifest.build("web", entries()[1:], LOCK, "web.lock")


def test_sha256sum_agrees(tmp_path):
    for name in ("b", "a", "hosts/x.cfg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    sums = checksums.build([text_entry(name, name) for name in ("b", "a", "hosts/x.cfg")])
    (tmp_path / "SHA256SUMS").write_bytes(sums.data)
    done = subprocess.run([need("sha256sum", "coreutils"), "--strict", "-c", "SHA256SUMS"], cwd=tmp_path, text=True,
                          capture_output=True)
    assert (done.returncode, done.stdout) == (0, "a: OK\nb: OK\nhosts/x.cfg: OK\n")
    assert checksums.parse(sums.data).keys() == {"a", "b", "hosts/x.cfg"}


@pytest.mark.parametrize("path", ["a b", "a\nb", "a\\b", "SHA256SUMS", "SHA256SUMS.sig", "SHA256SUMS.asc", "", "a*"])
def test_a_name_that_would_need_escapes_is_refused(path):
    with pytest.raises(ValueError, match="is no name for a file of a bundle"):
        checksums.build([text_entry(path, "x")])


@pytest.mark.parametrize("text", ["short  a\n", "0" * 64 + " a\n", "0" * 64 + "  a", "0" * 64 + "  a b\n",
                                  ("0" * 64 + "  a\n") * 2, "\\" + "0" * 64 + "  a\n", "A" * 64 + "  a\n"])
def test_a_list_of_another_shape_is_refused(text):
    with pytest.raises(ValueError, match=r"is no new checksum|its last line is cut"):
        checksums.parse(text.encode())


def test_next_steps_fit_into_80_columns_and_name_every_host_and_address(tmp_path):
    of = profile(tmp_path, xen='run = "kept-kernel"', hosts='''
[host.web2]
address = "192.168.1.23/24"
disk = { size = "8 GiB" }
''')
    url = "https://vault.example/7.9.2009/os/x86_64/LiveOS/squashfs.img?" + "x" * 60
    page = steps(of, LOCK, "web.lock", [nextsteps.Fetched(
        url=url, what="stage2, the installer itself", protection="sha256 checked at boot " * 4)]).data.decode()
    assert max(len(line) for line in page.splitlines() if url not in line) <= 80
    for words in (url, "sh /var/lib/xen/pinboot/up.sh web1", "web2: 2048 MiB of memory", "up.sh --keep web1",
                  "/var/lib/xen/images/web2.img, 8192 MiB", "centos 7.9.2009 x86_64", "web.lock", "--erase"):
        assert words in page
    assert page == steps(of, LOCK, "web.lock", [nextsteps.Fetched(
        url=url, what="stage2, the installer itself", protection="sha256 checked at boot " * 4)]).data.decode()


def test_next_steps_say_what_was_accepted_below_the_usual_and_nothing_where_nothing_was(tmp_path):
    of = dataclasses.replace(LOCK, overrides=MappingProxyType({"kernel": "the profile accepts first-use " * 5}))
    page = steps(profile(tmp_path), of, "web.lock", []).data.decode()
    assert "\n\nAccepted though less is proved than usual\n  kernel: the profile accepts first-use" in page
    assert max(map(len, page.splitlines())) <= 80
    assert "Accepted" not in steps(profile(tmp_path), LOCK, "web.lock", []).data.decode()


def test_a_kernel_of_unknown_version_is_said_to_be_one(tmp_path):
    of = dataclasses.replace(LOCK, kernel=dataclasses.replace(LOCK.kernel, version=""))
    page = steps(profile(tmp_path), of, "web.lock", []).data.decode()
    assert "kernel of unknown version)." in " ".join(page.split())


def test_machines_that_fetch_nothing_are_said_to_fetch_nothing(tmp_path):
    page = steps(profile(tmp_path), LOCK, "web.lock", []).data.decode()
    assert "The machines fetch nothing from the network by themselves." in page

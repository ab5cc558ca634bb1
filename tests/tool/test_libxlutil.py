"""Xen's own parser reads what we write as it was meant, and says nothing."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.outputs import dom0, xen, xl
from tests.corpus import corpus
from tests.machines import profile
from tests.tool import libxlutil

pytestmark = pytest.mark.tool

NASTY = ('inst.ks=file:/ks/web1.cfg a="b" \'c\' d\\x20e #f ;g $h `i` %j {k} [l] <m>&n|o * ? ~ '
         "žluťoučký 日本 ")


def test_the_parser_says_of_the_corpus_what_it_said_before():
    folder = corpus()
    recorded = json.loads((folder / "oracle" / "xl-libxlutil-4.17.json").read_text())["results"]
    found = libxlutil.parse([(folder / each["file"]).read_bytes() for each in recorded])
    assert len(recorded) == 31
    for was, now in zip(recorded, found, strict=True):
        assert now.code == was["rc"] and (now.code == 0) == was["accepted"], was["file"]
        wanted = {key: value if isinstance(value, list) else str(value) for key, value in (was["values"] or {}).items()}
        assert {key: now.values.get(key) for key in wanted} == wanted, was["file"]


def read(file):
    (parsed,) = libxlutil.parse([file.text])
    assert parsed.clean, f"{file.path}: {parsed.said}\n{file.text}"
    return parsed


@pytest.mark.parametrize(("release", "lines", "kind"), [
    ("centos-7.9.2009", "", "pv"),
    ("centos-7.9.2009", 'run = "pvgrub"', "pv"),
    ("centos-7.9.2009", 'run = "kept-kernel"', "pv"),
    ("centos-7.9.2009", 'dom0 = "netbsd"', "pv"),
    ("centos-7.9.2009", 'run = "disk"', "hvm"),
    ("rocky-9.6", "", "hvm"),
    ("rocky-9.6", 'dom0 = "netbsd"', "hvm"),
])
def test_both_files_of_a_host_mean_what_the_profile_says(tmp_path, release, lines, kind):
    of = profile(tmp_path, release, lines)
    host, row = of.hosts[0], dom0.ROWS[of.xen.dom0]
    cmdline = NASTY if kind == "hvm" else "console=hvc0 " + NASTY
    run, install = (read(file) for file in xen.configs(host, of, kind=kind, cmdline=cmdline))
    machine = {"name": host.name, "type": kind, "memory": "3800", "vcpus": "1",
               "vif": [f"mac={host.network.mac},bridge={of.xen.bridge}"], "on_poweroff": "destroy"}
    if kind == "hvm":
        machine |= {"serial": "pty", "vnc": "0"}
        if row.device_model:
            machine["device_model_version"] = row.device_model
    disk = {"format": "raw", "vdev": "xvda", "access": "rw", "target": xen.target(host, of)}
    for parsed in (run, install):
        assert parsed.disks == [disk]
    started = {"pygrub": {"bootloader": "pygrub"}, "disk": {"boot": "c"}, "pvgrub": {"kernel": row.pvgrub},
               "kept-kernel": {"kernel": f"{xen.kept(host, of)}/vmlinuz",
                               "ramdisk": f"{xen.kept(host, of)}/initramfs.img"}}[of.xen.run or {"pv": "pygrub", "hvm": "disk"}[kind]]
    assert without_disk(run) == machine | started | {"on_reboot": "restart", "on_crash": "restart"}
    assert without_disk(install) == machine | {
        "kernel": f"{of.xen.path}/{xen.KERNEL}", "ramdisk": f"{of.xen.path}/{xen.INITRD}", "cmdline": cmdline,
        "on_reboot": "destroy", "on_crash": "destroy"}


def without_disk(parsed):
    return {key: value for key, value in parsed.values.items() if key != "disk"}


# One child for many strings: starting it costs more than parsing.
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), max_size=200),
                min_size=50, max_size=200))
def test_any_printable_string_comes_back_equal(texts):
    parsed = libxlutil.parse([xl.config(["a comment"], [("cmdline", text), ("disk", [text])]) for text in texts],
                             keys=["cmdline"])
    assert [(each.said, each.values) for each in parsed] == [("", {"cmdline": text}) for text in texts]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.from_regex(r"(/[A-Za-z0-9._+@%=:~-]{1,20}){1,5}", fullmatch=True), min_size=20, max_size=60))
def test_any_plain_path_is_taken_as_the_target_of_a_disk(paths):
    parsed = libxlutil.parse([xl.config([], [("disk", [xl.disk(vdev="xvdb", target=path)])]) for path in paths])
    assert [each.disks for each in parsed] == [
        [{"format": "raw", "vdev": "xvdb", "access": "rw", "target": path}] for path in paths]


def test_what_we_refuse_is_what_the_parser_loses():
    """A key twice, a comma in a target not named last, a hex escape: xl reads other values than were written."""
    twice, hexes, item = libxlutil.parse(['name = "a"\nname = "b"\n', 'name = "a\\x20b"\n',
                                          'disk = [ "target=/a,vdev=xvda" ]\n'])
    assert (twice.clean, twice.values["name"]) == (True, "b")
    assert hexes.code != 0
    assert item.disks == [{}]

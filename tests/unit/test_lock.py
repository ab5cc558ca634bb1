"""The lock file: one text for one lock, strict to read, honest to compare."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from builder import digest
from builder.errors import UsageError
from builder.jobs import locking
from builder.lock import compare, text
from builder.lock.model import KernelFacts, Lock, Pin

FACTS = KernelFacts(version="3.10.0-1160.el7.x86_64", xen_pv=True, xen_pvh=False, cmdline_size=2047, payload="gzip",
                    initrd_xen_drivers=("xen-blkfront", "xen-netfront"))


def pin(role, path, data, **more):
    return Pin(role=role, path=path, size=len(data), digest=digest.of_bytes(data), evidence="first-use", **more)


LOCK = Lock(
    family="centos", version="7.9.2009", arch="x86_64", source="https://vault.centos.org/7.9.2009/os/x86_64",
    epoch=1603729576, compose="1603729576.26", kernel=FACTS, overrides=MappingProxyType({}), pins=(
        pin("kernel", "images/pxeboot/vmlinuz", b"k"), pin("initrd", "images/pxeboot/initrd.img", b"i"),
        pin("stage2", "LiveOS/squashfs.img", b"s"), pin("treeinfo", ".treeinfo", b"t"),
        pin("repository", "repodata/repomd.xml", b"r", detail='odd "text" \\ and\ttab'),
        pin("repository", "../../../AppStream/x86_64/os/repodata/repomd.xml", b"a", name="AppStream")))


def test_a_lock_reads_back_as_itself_and_writes_the_same_text():
    once = text.write(LOCK)
    again = text.parse(once.encode(), "web.lock")
    assert text.write(again) == once
    assert set(again.pins) == set(LOCK.pins) and replace(again, pins=LOCK.pins) == LOCK


def test_the_order_of_pins_does_not_change_the_text():
    assert text.write(replace(LOCK, pins=LOCK.pins[::-1])) == text.write(LOCK)


@pytest.mark.parametrize(("before", "after", "reason"), [
    ("lock_version = 1", "lock_version = 2", "lock_version is 2"),
    ("lock_version = 1", "", "lock_version is None"),
    ("sha256:", "md5:", "is no digest that counts"),
    ('arch = "x86_64"', 'arch = "x86_64"\nsurprise = 1', "surprise: unknown key"),
    ('evidence = "first-use"', 'evidence = "trust-me"', "evidence"),
    ('path = "images/pxeboot/vmlinuz"', 'path = "../../../../../../etc/passwd"', "climbs out"),
    ('path = "images/pxeboot/vmlinuz"', 'path = "/etc/passwd"', "no path inside a tree"),
    ('role = "kernel"', 'role = "rootkit"', "is no role"),
    ('role = "kernel"', 'role = "initrd"', "no kernel is pinned"),
    ("epoch = 1603729576", "epoch = 99999999999", "is no time"),
    ("size = 1", "size = -1", "is no size"),
    ('family = "centos"', '<<<<<<< HEAD\nfamily = "centos"', "merge conflict"),
    ('family = "centos"', "family = 7", "wants str"),
])
def test_a_damaged_lock_is_refused_with_the_place(before, after, reason):
    broken = text.write(LOCK).replace(before, after, 1)
    with pytest.raises(UsageError, match=reason) as caught:
        text.parse(broken.encode(), "web.lock")
    assert caught.value.message.startswith("web.lock: ") and caught.value.hint


def test_no_lock_is_no_error(tmp_path):
    assert text.read(tmp_path / "web.lock", "web.lock") is None


def test_the_same_bytes_at_another_address_are_no_change():
    assert compare.changes(LOCK, replace(LOCK, source="https://mirror.example/7")) == ()


def test_a_change_shows_both_sides():
    other = replace(LOCK, pins=(pin("kernel", "images/pxeboot/vmlinuz", b"K"), *LOCK.pins[1:]), version="7.8.2003")
    changes = compare.changes(LOCK, other)
    assert [(c.label, c.locked, c.now) for c in changes] == [
        ("release", "7.9.2009", "7.8.2003"), ("vmlinuz", "8254c329... first-use", "86be9a55... first-use")]


def test_an_older_compose_is_older_but_an_absurd_future_is_no_floor():
    today = LOCK.epoch + 1000
    assert compare.is_older(LOCK, replace(LOCK, epoch=LOCK.epoch - 1), today)
    assert not compare.is_older(LOCK, replace(LOCK, epoch=LOCK.epoch + 1), today)
    absurd = replace(LOCK, epoch=today + 3 * 86_400)
    assert not compare.is_older(absurd, LOCK, today)


def test_a_table_of_changes_fits_80_columns_and_tells_times_as_times():
    now = replace(LOCK, compose="1752000000", kernel=replace(
        FACTS, version="3.10.0-1160.119.1.el7.centos.plus.x86_64", buildstamp="CentOS 7 202010261626.x86_64, of an afternoon"))
    shown = locking.rows(compare.changes(LOCK, now)).splitlines()
    assert max(map(len, shown)) <= 80
    assert [line.split() for line in shown[:2]] == [["locked", "now"], ["compose", "2020-10-26", "16:26", "2025-07-08", "18:40"]]
    assert shown[2:4] == ["  kernel   3.10.0-1160.el7.x86_64", "    now    3.10.0-1160.119.1.el7.centos.plus.x86_64"]


def test_two_times_within_a_minute_are_told_as_they_are():
    now = replace(LOCK, compose="1603729576.27")
    assert [(c.locked, c.now) for c in compare.facts(LOCK, now)] == [("1603729576.26", "1603729576.27")]

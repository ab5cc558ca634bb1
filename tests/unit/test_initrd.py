from __future__ import annotations

import io
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.demo import initrd as made
from builder.demo import kernel, stored
from builder.errors import HostileInput
from builder.probe import initrd
from builder.probe.initrd import ALL_FACTS, Buildstamp, InitrdFacts
from tests.unit.packers import PACKERS, by_text, gzip

MIB = 1 << 20
EL7 = "3.10.0-1160.el7.x86_64"
STAMP = Buildstamp(product="CentOS", version="7", uuid="202010261626.x86_64")
FILE, DIRECTORY = made.FILE, made.DIRECTORY
TRAILER = made.entry("TRAILER!!!", 0, b"")
INITRD = made.make(EL7, product="CentOS", release="7", seed="t", built=1603729576)


def scan(data: bytes, **options: object) -> InitrdFacts:
    return initrd.scan(io.BytesIO(data), "initrd.img", **{"stop_early": False, **options})  # type: ignore[arg-type]


def archive(*paths: str, content: bytes = b"x") -> bytes:
    return b"".join(made.entry(path, FILE, content) for path in paths) + TRAILER


@pytest.mark.parametrize("compressor", ["xz", "gzip"])
@pytest.mark.parametrize("early", [True, False])
def test_an_installer_initrd_tells_kernel_build_and_drivers(compressor: str, early: bool) -> None:
    data = made.make(EL7, product="CentOS", release="7", seed="t", built=1603729576, early_microcode=early,
                     compressor=compressor)  # type: ignore[arg-type]
    assert scan(data) == InitrdFacts(
        kernel_versions=(EL7,), buildstamp=STAMP, modules=frozenset({"xen-blkfront", "xen-netfront"}),
        early_microcode=early, members=("cpio", compressor) if early else (compressor,), complete=True)


@pytest.mark.parametrize("path", [
    "lib/modules/4.18.0-513.el8.x86_64/modules.dep", "usr/lib/modules/4.18.0-513.el8.x86_64/modules.dep",
    "./lib/modules/4.18.0-513.el8.x86_64/modules.dep", "/usr/lib/modules/4.18.0-513.el8.x86_64/modules.dep",
])
def test_modules_are_found_with_usr_merged_or_not(path: str) -> None:
    assert scan(archive(path)).kernel_versions == ("4.18.0-513.el8.x86_64",)


@pytest.mark.parametrize("version", ["5.14.0-570.17.1.el9_6.aarch64", "4.18.0-553.el8_10.s390x", "6.1.0-50-powerpc64le"])
def test_the_modules_of_any_architecture_tell_the_version(version: str) -> None:
    assert scan(archive(f"usr/lib/modules/{version}/modules.dep")).kernel_versions == (version,)


def test_an_empty_directory_of_modules_tells_the_version_and_a_file_does_not() -> None:
    one = made.entry("lib/modules/5.14.0-570.el9.x86_64", DIRECTORY, b"") + made.entry("lib/modules/README", FILE, b"")
    assert scan(one + TRAILER).kernel_versions == ("5.14.0-570.el9.x86_64",)


@pytest.mark.parametrize("name", ["xen-netfront.ko", "xen-netfront.ko.xz", "xen_netfront.ko.zst", "xen-netfront.ko.gz"])
def test_a_module_counts_whatever_packs_it(name: str) -> None:
    facts = scan(archive(f"lib/modules/{EL7}/kernel/drivers/net/{name}", f"lib/modules/{EL7}/kernel/xen-blkfront.txt"))
    assert facts.modules == {"xen-netfront"}


def test_other_drivers_can_be_asked_for() -> None:
    assert scan(INITRD, drivers=("virtio_net", "e1000")).modules == {"virtio-net"}


def test_all_versions_are_told_in_their_order() -> None:
    versions = ("3.10.0-957.el7.x86_64", "3.10.0-1160.el7.x86_64")
    assert scan(archive(*(f"lib/modules/{v}/modules.dep" for v in versions))).kernel_versions == versions


def test_microcode_counts_only_in_a_plain_archive_that_comes_first() -> None:
    microcode = archive("kernel/x86/microcode/AuthenticAMD.bin")
    assert scan(microcode + bytes(-len(microcode) % 4) + gzip(archive("init"))).early_microcode
    assert not scan(gzip(microcode)).early_microcode
    assert not scan(archive("init") + microcode).early_microcode


def test_the_crc_form_of_newc_is_read_too() -> None:
    assert scan(archive(f"lib/modules/{EL7}/x").replace(b"070701", b"070702")).kernel_versions == (EL7,)


def test_the_buildstamp_is_read_from_its_main_section_only() -> None:
    text = b"[Other]\nProduct=no\n[Main]\nProduct = Rocky Linux\nVersion=9.6\nIsFinal=True\n[Compose]\nUUID=no\n"
    facts = scan(archive(".buildstamp", content=text))
    assert facts.buildstamp == Buildstamp(product="Rocky Linux", version="9.6", uuid="")


class Counting(io.BytesIO):
    """Counts the bytes that are taken from it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


@pytest.mark.parametrize("pack", [stored.gzip, stored.xz], ids=["gzip", "xz"])
def test_reading_stops_as_soon_as_the_version_is_known(pack: Callable[[bytes], bytes]) -> None:
    early = archive(f"lib/modules/{EL7}/modules.dep")[: -len(TRAILER)]
    stream = Counting(pack(early + made.entry("large", FILE, bytes(8 * MIB)) + TRAILER))
    facts = initrd.scan(stream, "initrd.img")
    assert (facts.kernel_versions, facts.complete) == ((EL7,), False)
    assert stream.taken < MIB


def test_reading_stops_when_all_wanted_facts_are_known() -> None:
    stream = Counting(INITRD + bytes(8 * MIB) + archive("lib/modules/9.9.9/x"))
    facts = initrd.scan(stream, "initrd.img", want=ALL_FACTS)
    assert (facts.kernel_versions, facts.buildstamp) == ((EL7,), STAMP)
    assert facts.modules == initrd.XEN_DRIVERS
    assert stream.taken < MIB


def test_a_wanted_fact_that_is_not_there_means_reading_to_the_end() -> None:
    facts = initrd.scan(io.BytesIO(archive(f"lib/modules/{EL7}/x")), "initrd.img", want={"version", "buildstamp"})
    assert (facts.buildstamp, facts.complete) == (None, True)


EARLY = made.archive({"kernel/x86/microcode/GenuineIntel.bin": (FILE, b"microcode")})
PARTS = (
    made.archive({".buildstamp": (FILE, b"[Main]\nProduct=CentOS\nVersion=7\nUUID=202010261626.x86_64\n")}),
    made.archive({f"usr/lib/modules/{EL7}/kernel/xen-netfront.ko.xz": (FILE, b"x" * 1000)}),
    made.archive({f"lib/modules/{EL7}/kernel/xen-blkfront.ko": (FILE, b"y")}),
    made.archive({"init": (made.PROGRAM, b"#!"), "bin": (made.LINK, b"usr/bin")}),
)


@st.composite
def members(draw: st.DrawFn) -> tuple[list[str], bytes]:
    """The parts in any order, cut into members in any way, each packed in any way, with zero bytes between."""
    order = draw(st.permutations(PARTS))
    kinds: list[str] = []
    out = b""
    if draw(st.booleans()):
        kinds, out = ["cpio"], EARLY
    while order:
        count = draw(st.integers(1, len(order)))
        inside = b"".join(part + bytes(4 * draw(st.integers(0, 200))) for part in order[:count])
        order = order[count:]
        kind = draw(st.sampled_from(["cpio", *PACKERS]))
        if kind == "cpio":
            out += bytes(-len(out) % 4) + inside
            kinds += ["cpio"] * count
        else:
            out += PACKERS[kind](inside)
            kinds.append(kind)
        # An lz4 member has no end mark: a zero word must follow.
        out += bytes(draw(st.integers(4 if kind == "lz4" else 0, 1000)))
    return kinds, out


@settings(max_examples=150, deadline=None)
@given(members(), st.integers(1, 5000))
def test_any_concatenation_of_members_tells_the_same_facts(drawn: tuple[list[str], bytes], step: int) -> None:
    kinds, data = drawn

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(step)

    facts = initrd.scan(Slow(data), "initrd.img", stop_early=False)
    assert facts == InitrdFacts(
        kernel_versions=(EL7,), buildstamp=STAMP, modules=initrd.XEN_DRIVERS, complete=True, members=tuple(kinds),
        early_microcode=data.startswith(EARLY))


def header(**fields: int) -> bytes:
    names = ("ino", "mode", "uid", "gid", "nlink", "mtime", "filesize", "", "", "", "", "namesize", "check")
    return b"070701" + b"".join(b"%08X" % fields.get(name, 0) for name in names)


@pytest.mark.parametrize(("data", "reason"), [
    (b"", "empty, where an initrd is due"),
    (bytes(512), "empty, where an initrd is due"),
    (b"<!DOCTYPE html><html>", "no initrd but a web page (a login page of the network?)"),
    (b"MZ" + kernel.make(EL7, xen="pv", seed="t")[2:], "no initrd but a kernel"),
    (b"070707" + bytes(200), "no initrd (begins 30 37 30 37 30 37)"),
    (archive("init")[:50], "ends too early, 60 more bytes are due"),
    (archive("init")[: -len(TRAILER)], "ends too early"),
    (INITRD[:2000], "ends too early"),
    (INITRD[:-400], "ends in the middle of its xz data"),
    (header(mode=FILE, filesize=0xFFFFFFFF, namesize=2) + b"x\0", "ends too early"),
    (header(mode=FILE, namesize=0xFFFFFFFF) + b"x\0", "a cpio entry with a name of 4294967295 bytes"),
    (header(mode=FILE, namesize=0) + b"x\0", "a cpio entry with a name of 0 bytes"),
    (header(mode=FILE, namesize=6) + b"name!!", "a cpio entry whose name has no end"),
    (archive("init")[:20] + b"-1" + archive("init")[22:], "no cpio header where one is due"),
    (made.entry("init", FILE, b"x") + b"garbage".ljust(200), "no cpio header where one is due"),
    (archive("../../etc/passwd"), 'would leave the root: "../../etc/passwd"'),
    (archive("usr/lib/../../../x"), "would leave the root"),
    (archive("lib/modules/5.14\n0/x"), r'what is no kernel version: "5.14\n0"'),
    (archive(*(f"lib/modules/5.{n}/x" for n in range(100))), "what is no kernel version"),
    (archive(".buildstamp", content=b"[Main]\n" * 20_000), ".buildstamp of 140000 bytes"),
    (archive(".buildstamp", content=b"[Main]\nProduct=\x1b[31mCentOS\n"), r'.buildstamp holds "\x1b[31mCentOS"'),
    (gzip(archive("init")) + b"junk behind it", "junk behind its gzip member (begins 6a 75 6e 6b"),
    (gzip(archive("init") + bytes(64) + b"junk".ljust(200)), "no cpio header where one is due"),
    (gzip(gzip(archive("init")) + bytes(200)), "no cpio header where one is due"),
    (TRAILER * 300, "more than 256 archives"),
    (gzip(TRAILER * 300), "more than 256 archives in one member"),
], ids=by_text)
def test_what_the_kernel_would_not_unpack_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(HostileInput) as caught:
        scan(data)
    assert caught.value.message.startswith("initrd.img: ")
    assert reason in caught.value.message


def test_a_plain_archive_must_begin_at_a_multiple_of_four() -> None:
    packed = gzip(archive("init"))
    shifted = packed + bytes(-len(packed) % 4 + 1) + archive("ks.cfg")
    with pytest.raises(HostileInput, match="no multiple of 4: the kernel would not read it"):
        scan(shifted)


def test_a_bomb_is_stopped_and_costs_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initrd, "UNPACKED_MAX", 32 * MIB)
    bomb = zlib.compress(made.entry("zeros", FILE, bytes(64 * MIB)) + TRAILER, 1, wbits=31)
    tracemalloc.start()
    try:
        with pytest.raises(HostileInput, match="unpacks to more than 32 MiB"):
            scan(bomb)
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


def test_the_cap_counts_all_members_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initrd, "UNPACKED_MAX", 5 * MIB)
    member = zlib.compress(made.entry("zeros", FILE, bytes(2 * MIB)) + TRAILER, 1, wbits=31)
    assert scan(member * 2).complete
    with pytest.raises(HostileInput, match="unpacks to more than"):
        scan(member * 3)


def test_a_large_file_in_a_plain_archive_is_stepped_over_in_pieces() -> None:
    data = made.entry("large", FILE, bytes(32 * MIB)) + TRAILER
    tracemalloc.start()
    try:
        scan(data)
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()


def test_hundreds_of_thousands_of_entries_are_read_in_one_go() -> None:
    # An entry that costs a slice of what is left would make this last for minutes.
    entries = made.entry("usr/share/a-small-file", FILE, b"x") * 200_000
    facts = scan(entries + archive(f"lib/modules/{EL7}/x"))
    assert facts.kernel_versions == (EL7,)


@settings(deadline=None)
@given(st.integers(0, 4000), st.binary(min_size=1, max_size=40))
def test_damage_ends_in_facts_or_in_a_clear_error(at: int, junk: bytes) -> None:
    whole = made.archive({f"lib/modules/{EL7}/x.ko": (FILE, b"content" * 100), ".buildstamp": (FILE, b"[Main]\n")})
    try:
        facts = scan(whole[:at] + junk + whole[at + len(junk) :])
    except HostileInput as error:
        assert error.message.startswith("initrd.img: ")
        return
    assert facts.complete

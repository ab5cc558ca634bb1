"""rpm.read: the beginning of a package, built here byte by byte, and everything that may be wrong with it."""

from __future__ import annotations

import base64
import hashlib
import struct
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.digest import Digest
from builder.errors import HostileInput
from builder.fetch import limits
from builder.probe import rpm, rpm_section
from builder.probe.rpm_section import BIN, HEADER, I18NSTRING, INT16, INT32, INT64, SIGNATURES, STRING, STRING_ARRAY

WHERE = "https://mirror.example/os/Packages/kernel-core.rpm"
MAGIC = bytes.fromhex("8eade80100000000")
LEAD = bytes.fromhex("edabeedb0300000000010000") + bytes(84)
UNAME = "5.14.0-570.el9.x86_64"
VMLINUZ = Digest("sha256", "0a" * 32)
CONFIG = Digest("sha256", "0b" * 32)
Value = tuple[int, int, int, bytes]  # tag, type, count, what the store holds of it

WIDTHS = {INT16: 2, INT32: 4, INT64: 8}


def string(tag: int, text: str) -> Value:
    return tag, STRING, 1, text.encode() + b"\0"


def strings(tag: int, texts: Sequence[str]) -> Value:
    return tag, STRING_ARRAY, len(texts), b"".join(text.encode() + b"\0" for text in texts)


def numbers(tag: int, *values: int) -> Value:
    return tag, INT32, len(values), struct.pack(f">{len(values)}I", *values)


def binary(tag: int, data: bytes) -> Value:
    return tag, BIN, len(data), data


def section(region: int, values: Sequence[Value], *, index: Callable[[list[list[int]]], object] = len,
            trailer: Callable[[list[int]], object] = len, after: bytes = b"") -> bytes:
    """One header; `index` and `trailer` may bend its entries and the end of its region, `after` follows it."""
    store = b""
    rows = [[region, BIN, 0, 16]]
    for tag, type_, count, data in values:
        store += bytes(-len(store) % WIDTHS.get(type_, 1))
        rows.append([tag, type_, len(store), count])
        store += data
    rows[0][2] = len(store)
    end = [region, BIN, -16 * len(rows), 16]
    trailer(end)
    index(rows)
    store += struct.pack(">IIiI", *end) + after
    packed = b"".join(struct.pack(">4I", *row) for row in rows)
    return MAGIC + struct.pack(">II", len(rows), len(store)) + packed + store


SIGNED = [binary(268, b"an RSA signature"), string(269, "0" * 40), binary(1008, bytes(30))]
BASE = [string(1000, "kernel-core"), string(1001, "5.14.0"), string(1002, "570.el9"), string(1022, "x86_64")]


def files(paths: Sequence[tuple[str, str, int]], algorithm: int | None = 8) -> list[Value]:
    """`paths` are (path, hex digest, flags)."""
    folders = sorted({path.rpartition("/")[0] + "/" for path, _, _ in paths})
    made = [strings(1035, [digest for _, digest, _ in paths]), numbers(1037, *(flags for _, _, flags in paths)),
            numbers(1116, *(folders.index(path.rpartition("/")[0] + "/") for path, _, _ in paths)),
            strings(1117, [path.rpartition("/")[2] for path, _, _ in paths]), strings(1118, folders)]
    return made + ([numbers(5011, algorithm)] if algorithm is not None else [])


EL9 = files([(f"/boot/vmlinuz-{UNAME}", "0c" * 32, 64), ("/lib/modules", "", 0),
             (f"/lib/modules/{UNAME}/config", CONFIG.hex, 0), (f"/lib/modules/{UNAME}/link", "", 0),
             (f"/lib/modules/{UNAME}/vmlinuz", VMLINUZ.hex, 0)])


def package(signed: Sequence[Value] = SIGNED, values: Sequence[Value] = (*BASE, *EL9), payload: bytes = b"payload") -> bytes:
    signatures = section(62, signed)
    return LEAD + signatures + bytes(-len(signatures) % 8) + section(63, values) + payload


GOOD = package()


def read(data: bytes = GOOD) -> rpm.RpmHeader:
    return rpm.read(data, WHERE)


def refused(data: bytes) -> str:
    with pytest.raises(HostileInput) as caught:
        read(data)
    assert caught.value.message.startswith(f"{WHERE}: ")
    return caught.value.message.removeprefix(f"{WHERE}: ")


def test_name_and_signed_bytes_are_read() -> None:
    found = read()
    assert (found.name, found.epoch, found.version, found.release, found.arch) == (
        "kernel-core", 0, "5.14.0", "570.el9", "x86_64")
    start, end = found.span
    assert found.header == GOOD[start:end] == section(63, [*BASE, *EL9])
    assert GOOD[end:] == b"payload" and start % 8 == 0
    assert (found.signatures, found.unread_signatures) == ((b"an RSA signature",), False)


@pytest.mark.parametrize("more", range(9))
def test_the_header_begins_at_a_multiple_of_eight(more: int) -> None:
    data = package([binary(268, bytes(20 + more))])
    found = read(data)
    assert found.span[0] % 8 == 0 and found.header == section(63, [*BASE, *EL9])


def test_what_follows_the_header_does_not_matter() -> None:
    assert read(GOOD[: read().span[1]]) == read() == read(GOOD + bytes(10_000))


def test_an_epoch_is_read() -> None:
    assert read(package(values=[*BASE[:3], numbers(1003, 7), BASE[3], *EL9])).epoch == 7


def test_files_have_digests_and_ghosts_links_and_directories_have_none() -> None:
    assert read().files == {f"/lib/modules/{UNAME}/config": CONFIG, f"/lib/modules/{UNAME}/vmlinuz": VMLINUZ}
    assert not read().weak_files


@pytest.mark.parametrize(("number", "algorithm", "size"), [(8, "sha256", 32), (9, "sha384", 48), (10, "sha512", 64)])
def test_strong_file_digests_are_read(number: int, algorithm: str, size: int) -> None:
    found = read(package(values=[*BASE, *files([("/boot/x", "ab" * size, 0)], number)]))
    assert found.files == {"/boot/x": Digest(algorithm, "ab" * size)}


@pytest.mark.parametrize(("number", "size"), [(None, 16), (1, 16), (2, 20), (11, 28), (12, 32), (14, 64)])
def test_file_digests_that_do_not_count_are_left_out_and_it_is_said(number: int | None, size: int) -> None:
    found = read(package(values=[*BASE, *files([("/boot/x", "ab" * size, 0)], number)]))
    assert found.files == {} and found.weak_files


def test_a_package_without_files_is_read() -> None:
    found = read(package(values=BASE))
    assert found.files == {} and not found.weak_files


def test_paths_that_are_no_utf_8_are_kept_apart() -> None:
    values = [*BASE, (1035, STRING_ARRAY, 2, b"0a" * 32 + b"\0" + b"0b" * 32 + b"\0"), numbers(1037, 0, 0),
              numbers(1116, 0, 0), (1117, STRING_ARRAY, 2, b"\xff\0\xfe\0"), strings(1118, ["/boot/"]), numbers(5011, 8)]
    assert list(read(package(values=values)).files.items()) == [("/boot/\udcff", VMLINUZ), ("/boot/\udcfe", CONFIG)]


def test_the_digest_of_the_payload_is_read() -> None:
    told = [strings(5092, ["cd" * 32]), numbers(5093, 8)]
    assert read().payload_digest is None
    assert read(package(values=[*BASE, *told])).payload_digest == Digest("sha256", "cd" * 32)
    assert read(package(values=[*BASE, told[0]])).payload_digest == Digest("sha256", "cd" * 32)
    assert read(package(values=[*BASE, strings(5092, ["cd" * 16]), numbers(5093, 1)])).payload_digest is None


@pytest.mark.parametrize("path", [f"/boot/vmlinuz-{UNAME}", f"/lib/modules/{UNAME}/vmlinuz",
                                  f"/usr/lib/modules/{UNAME}/vmlinuz"])
def test_the_kernel_is_found_where_each_generation_has_it(path: str) -> None:
    found = read(package(values=[*BASE, *files([("/etc/x", "0b" * 32, 0), (path, VMLINUZ.hex, 0)])]))
    assert rpm.kernel_file(found, UNAME) == (path, VMLINUZ)


def test_a_ghost_in_boot_is_not_taken_for_the_kernel() -> None:
    assert rpm.kernel_file(read(), UNAME) == (f"/lib/modules/{UNAME}/vmlinuz", VMLINUZ)


def test_the_kernel_of_another_version_is_none() -> None:
    assert rpm.kernel_file(read(), "5.14.0-571.el9.x86_64") is None
    assert rpm.kernel_file(replace(read(), files={}), UNAME) is None


def test_rsa_and_dsa_signatures_are_both_given() -> None:
    assert read(package([binary(267, b"EdDSA"), binary(268, b"RSA")])).signatures == (b"RSA", b"EdDSA")


def test_a_package_without_signature_has_none() -> None:
    found = read(package([string(269, "0" * 40)]))
    assert (found.signatures, found.unread_signatures) == ((), False)


@pytest.mark.parametrize("tag", [1002, 1005, 1006])
def test_signatures_over_header_and_payload_are_only_mentioned(tag: int) -> None:
    found = read(package([binary(tag, b"header and payload")]))
    assert (found.signatures, found.unread_signatures) == ((), True)
    assert read(package([*SIGNED, binary(tag, b"header and payload")])).signatures == (b"an RSA signature",)


def test_the_signatures_of_rpm_6_are_decoded() -> None:
    coded = [base64.b64encode(b"first" * 40).decode(), base64.encodebytes(b"second" * 40).decode()]
    found = read(package([binary(268, b"first" * 40), strings(278, coded)]))
    assert (found.signatures, found.unread_signatures) == ((b"first" * 40, b"second" * 40), False)


def test_a_signature_of_rpm_6_in_another_form_is_only_mentioned() -> None:
    found = read(package([binary(268, b"RSA"), strings(278, ["-----BEGIN PGP SIGNATURE-----"])]))
    assert (found.signatures, found.unread_signatures) == ((b"RSA",), True)


def test_an_old_signature_header_without_a_region_is_read() -> None:
    plain = MAGIC + struct.pack(">II4I", 1, 3, 268, BIN, 0, 3) + b"RSA"
    assert read(LEAD + plain + bytes(-len(plain) % 8) + section(63, BASE)).signatures == (b"RSA",)


def test_the_region_of_an_old_signature_header_may_end_as_an_image() -> None:
    old = section(62, [binary(268, b"RSA!")], trailer=lambda end: end.__setitem__(0, 61))
    assert read(LEAD + old + bytes(-len(old) % 8) + section(63, BASE)).signatures == (b"RSA!",)


def test_ima_signatures_of_every_file_may_take_megabytes() -> None:
    found = read(package([binary(268, b"RSA"), strings(274, ["03" * 140] * 20_000)]))
    assert found.signatures == (b"RSA",) and found.span[0] > 5_000_000


def test_needed_tells_step_by_step_how_many_bytes_to_bring() -> None:
    start, end = read().span
    steps = [0]
    while steps[-1] < (more := rpm.needed(GOOD[: steps[-1]], WHERE)):
        steps.append(more)
    assert steps == [0, 112, start + 16, end]
    assert rpm.needed(GOOD, WHERE) == end


@given(st.integers(0, len(GOOD)))
def test_needed_asks_for_more_until_read_succeeds(count: int) -> None:
    data = GOOD[:count]
    if count >= read().span[1]:
        assert read(data) == read()
    else:
        more = rpm.needed(data, WHERE)
        assert count < more <= read().span[1]
        assert refused(data) == (f"the package breaks off after {count} bytes, and its header needs {more} at least")


@pytest.mark.parametrize(("data", "begins"), [
    (b"<!DOCTYPE html><html>", "3c 21 44 4f 43 54 59 50"), (b"\xed\xab\xee", None), (b"\x8e\xad\xe8\x01", "8e ad e8 01"),
    (b"hsqs" + bytes(200), "68 73 71 73 00 00 00 00")])
def test_what_is_no_package_is_refused(data: bytes, begins: str | None) -> None:
    if begins is None:
        assert refused(data).startswith("the package breaks off after 3 bytes")
    else:
        assert refused(data) == f"no RPM package (begins {begins})"


START = read().span[0]


def bent(values: Sequence[Value] = (*BASE, *EL9), **form: object) -> bytes:
    """A package whose main header is bent (see `section`)."""
    return GOOD[:START] + section(63, values, **form)  # type: ignore[arg-type]


def entry(number: int, field: int, value: int) -> bytes:
    """Field 0 to 3 (tag, type, offset, count) of an entry of the main header, changed."""
    return bent(index=lambda rows: rows[number].__setitem__(field, value))


def intro(entries: int, size: int) -> bytes:
    return GOOD[: START + 8] + struct.pack(">II", entries, size) + bytes(400)


def signatures(entries: int, size: int) -> bytes:
    return LEAD + MAGIC + struct.pack(">II", entries, size) + bytes(400)


def changed(values: Sequence[Value], *new: Value) -> bytes:
    """A package with `new` values in place of those of the same tags."""
    tags = {value[0]: value for value in new}
    return package(values=[tags.get(value[0], value) for value in values])


FULL = [*BASE, *EL9]
SOUND = "no sound entry"
WORDS = "where letters, digits and . _ + ~ ^ - can be"
AGREE = "where as many of each, and 262143 at most, are due"
HOSTILE: dict[str, tuple[bytes, str]] = {
    "magic of the signatures": (LEAD + bytes(200), "signature header of the package: begins 00 00 00 00 00 00 00 00, not"),
    "magic of the header": (GOOD[:START] + bytes(200), "header of the package: begins 00 00"),
    "header not aligned": (LEAD + section(62, [binary(268, b"a")]) + section(63, BASE), "header of the package: begins"),
    "no tags": (intro(0, 16), "header of the package: 0 tags, where 1 to 65535 can be"),
    "too many tags": (intro(65536, 16), "65536 tags, where 1 to 65535 can be"),
    "too many signature tags": (signatures(33, 16), "signature header of the package: 33 tags, where 1 to 32 can be"),
    "huge store": (intro(4, 1 << 28), "268435456 bytes of values, where at most 268435455 can be"),
    "huge signature store": (signatures(4, (64 << 20) + 1), "67108865 bytes of values, where at most 67108864 can be"),
    "large header": (intro(4, 100 << 20), "its header would end at byte 104857"),
    "no region": (entry(0, 0, 64), "begins with tag 64 (type 7, offset"),
    "the other region": (entry(0, 0, 62), "begins with tag 62 (type 7, offset"),
    "region of another type": (entry(0, 1, STRING), "where region 63 is due"),
    "region of another count": (entry(0, 3, 32), "where region 63 is due"),
    "region outside": (entry(0, 2, 1 << 20), "where region 63 is due"),
    "region that ends early": (bent(after=bytes(16)), "at the very end is due"),
    "region of fewer tags": (bent(trailer=lambda end: end.__setitem__(2, -32)), "its region ends with (63, 7, -32, 16)"),
    "region that ends as another": (bent(trailer=lambda end: end.__setitem__(0, 61)), "its region ends with (61, 7,"),
    "second region": (entry(1, 0, 63), f"tag 63: {SOUND}"),
    "tag below all": (entry(1, 0, 99), f"tag 99: {SOUND}"),
    "tag twice": (entry(2, 0, 1000), "tag 1000 stands twice"),
    "type 0": (entry(1, 1, 0), f"tag 1000: {SOUND} (type 0, offset 0, count 1)"),
    "type 10": (entry(1, 1, 10), f"tag 1000: {SOUND}"),
    "count 0": (entry(1, 3, 0), f"tag 1000: {SOUND}"),
    "string twice": (entry(1, 3, 2), f"tag 1000: {SOUND}"),
    "a million and one": (entry(9, 3, 1 << 20), f"tag 1118: {SOUND}"),
    "offset not aligned": (bent(index=lambda rows: rows[6].__setitem__(2, rows[6][2] + 1)), f"tag 1037: {SOUND}"),
    "offset outside": (entry(10, 2, 1 << 20), f"tag 1118: {SOUND}"),
    "offset negative": (entry(10, 2, 0xFFFFFFFC), f"tag 1118: {SOUND}"),
    "offset before the last one": (entry(4, 2, 0), f"tag 1002: {SOUND}"),
    "first offset negative": (entry(1, 2, 0xFFFFFFFC), f"tag 1000: {SOUND}"),
    "two values at one place": (bent(index=lambda rows: rows[2].__setitem__(2, 0)), f"tag 1000: {SOUND}"),
    "value in the trailer": (bent(index=lambda rows: rows[-1].__setitem__(2, rows[0][2] + 4)), f"tag 1118: {SOUND}"),
    "numbers that do not fit": (entry(6, 3, 500), "tag 1037: its 500 values of type 4 do not fit into 20 bytes"),
    "strings that do not fit": (entry(5, 3, 9), "tag 1035: its 9 values of type 8 do not fit into"),
    "string without end": (GOOD.replace(b"kernel-core\0", b"kernel-coreX"), "tag 1000: its 1 values of type 6 do not fit"),
    "name of another type": (changed(FULL, binary(1000, b"kernel\0")), "tag 1000: of type 7, where 6 is due"),
    "digests as one string": (changed(FULL, (1035, I18NSTRING, 5, b"\0" * 5)), "tag 1035: of type 9, where 8 is due"),
    "flags of 16 bits": (changed(FULL, (1037, INT16, 5, bytes(10))), "tag 1037: of type 3, where 4 is due"),
    "signature as a string": (package([string(268, "RSA")]), "signature header of the package: tag 268: of type 6"),
    "no name": (package(values=BASE[1:]), "tag 1000: absent"),
    "no arch": (package(values=BASE[:3]), "tag 1022: absent"),
    "name with control": (changed(FULL, string(1000, "ker\x1bnel")), f'tag 1000: "ker\\x1bnel", {WORDS}'),
    "name with slash": (changed(FULL, string(1000, "../kernel")), WORDS),
    "version empty": (changed(FULL, string(1001, "")), WORDS),
    "release with shell": (changed(FULL, string(1002, "$(id)")), WORDS),
    "two epochs": (package(values=[*BASE[:3], numbers(1003, 1, 2), BASE[3]]), "tag 1003: 2 numbers, where one can be"),
    "two algorithms": (changed(FULL, numbers(5011, 8, 8)), "tag 5011: 2 numbers, where one can be"),
    "source package": (package(values=[*BASE, numbers(1106, 1)]), "a source package"),
    "too few digests": (changed(FULL, strings(1035, ["0a" * 32])), AGREE),
    "too few flags": (changed(FULL, numbers(1037, 0)), AGREE),
    "too few indexes": (changed(FULL, numbers(1116, 0, 0)), AGREE),
    "too few names": (changed(FULL, strings(1117, ["vmlinuz"])), AGREE),
    "too many files": (package(values=[*BASE, (1035, STRING_ARRAY, 1 << 18, bytes(1 << 18)), (1037, INT32, 1 << 18,
                       bytes(1 << 20)), (1116, INT32, 1 << 18, bytes(1 << 20)), (1117, STRING_ARRAY, 1 << 18,
                       bytes(1 << 18)), numbers(5011, 8)]), AGREE),
    "index of no directory": (changed(FULL, numbers(1116, 0, 0, 9, 0, 0)), 'tag 1117: "config" in "" is no absolute path'),
    "relative directory": (changed(FULL, strings(1118, ["boot/", "lib/", f"lib/modules/{UNAME}/"])), "no absolute path"),
    "directory without its slash": (changed(FULL, strings(1118, ["/boot", "/lib", "/l"])), "no absolute path"),
    "name of a path": (changed(FULL, strings(1117, ["a", "b", "c/d", "e", "f"])), "no absolute path"),
    "file twice": (changed(FULL, strings(1117, ["a", "b", "vmlinuz", "e", "vmlinuz"])), 'vmlinuz" stands twice'),
    "digest of another length": (package(values=[*BASE, *files([("/boot/x", "ab" * 16, 0)])]), "not a sha256 digest of 64"),
    "digest in capitals": (package(values=[*BASE, *files([("/boot/x", "AB" * 32, 0)])]), "not a sha256 digest of 64"),
    "payload digest": (package(values=[*BASE, strings(5092, ["xy"]), numbers(5093, 8)]), "tag 5092: not a sha256 digest"),
    "many signatures": (package([strings(278, ["QUJD"] * 17)]), "tag 278: 17 signatures, where 16 in all can be"),
    "large signature": (package([binary(268, bytes((64 << 10) + 1))]), "tag 268: a signature of 65537 bytes, where 65536"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_package_is_refused_by_name_of_the_tag(name: str) -> None:
    data, told = HOSTILE[name]
    message = refused(data + bytes(2000))
    assert told in message and "\n" not in message and message.isprintable()


def test_a_short_directory_name_may_not_grow_to_gigabytes() -> None:
    count = 40_000
    values = [*BASE, strings(1035, ["0a" * 32] * count), numbers(1037, *[0] * count), numbers(1116, *[0] * count),
              strings(1117, [str(number) for number in range(count)]), strings(1118, ["/" + "a" * 4000 + "/"]),
              numbers(5011, 8)]
    data = package(values=values)
    tracemalloc.start()
    assert "tag 1118: its paths take more than 67108864 bytes" in refused(data)
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
    tracemalloc.stop()


def many_files(count: int) -> bytes:
    digests = b"".join(hashlib.sha256(b"%d" % number).hexdigest().encode() + b"\0" for number in range(count))
    return package(values=[*BASE, (1035, STRING_ARRAY, count, digests), (1037, INT32, count, bytes(4 * count)),
                           (1116, INT32, count, bytes(4 * count)), strings(1117, [f"a{number}" for number in range(count)]),
                           strings(1118, ["/lib/"]), numbers(5011, 8)])


def test_the_most_files_are_read_in_seconds() -> None:
    data = many_files(rpm.MOST_FILES)
    begun = time.monotonic()
    assert len(read(data).files) == rpm.MOST_FILES
    assert time.monotonic() - begun < 10


def test_the_most_files_take_200_mib_at_most() -> None:
    data = many_files(rpm.MOST_FILES // 16)
    tracemalloc.start()
    read(data)
    assert tracemalloc.get_traced_memory()[1] < (200 << 20) // 16
    tracemalloc.stop()


@settings(max_examples=400, deadline=1000)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_changed_bytes_are_read_or_refused(changes: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD)
    for at, byte in changes:
        data[at] = byte
    try:
        found = read(bytes(data))
    except HostileInput:
        return
    assert found.header == bytes(data[found.span[0] : found.span[1]])


@settings(max_examples=200, deadline=1000)
@given(st.integers(0, 20), st.integers(0, 3), st.integers(0, 0xFFFFFFFF), st.booleans())
def test_changed_numbers_of_the_index_are_read_or_refused(number: int, field: int, value: int, first: bool) -> None:
    start = (96 if first else START) + 16 + 16 * (number % (4 if first else 11)) + 4 * field
    data = GOOD[:start] + struct.pack(">I", value) + GOOD[start + 4 :]
    try:
        read(data)
    except HostileInput as reason:
        assert reason.message.startswith(WHERE)


@settings(max_examples=100, deadline=1000)
@given(st.binary(max_size=400))
def test_random_bytes_are_refused(data: bytes) -> None:
    for start in (b"", LEAD, LEAD + MAGIC, GOOD[:START] + MAGIC):
        with pytest.raises(HostileInput):
            read(start + data)


def test_what_a_source_gives_of_a_package_is_what_a_header_may_have() -> None:
    assert limits.CAPS["header"] == rpm.MOST_BYTES


def test_measure_and_read_agree_on_where_a_header_ends() -> None:
    assert rpm_section.measure(GOOD, START, HEADER, WHERE) == read().span[1]
    assert set(rpm_section.read(GOOD, 96, SIGNATURES, WHERE).entries) == {268, 269, 1008}

from __future__ import annotations

import io
import lzma
import struct
import sys
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.demo import stored
from builder.errors import HostileInput, Missing
from builder.probe import compression
from builder.probe.feed import Feed
from tests.unit.packers import PACKERS, gzip, legacy_lz4

MIB = 1 << 20


TEXT = b"".join(b"line %d of a text that packs well\n" % i for i in range(30_000))


def unpack(data: bytes, cap: int = 64 * MIB) -> bytes:
    return b"".join(compression.open(io.BytesIO(data), "initrd.img", cap=cap))


@pytest.mark.parametrize("kind", PACKERS)
def test_each_compression_is_told_by_its_magic_and_unpacked(kind: str) -> None:
    packed = PACKERS[kind](TEXT)
    assert compression.kind(packed[: compression.MAGIC_SIZE]) == kind
    assert unpack(packed) == TEXT


@pytest.mark.parametrize("kind", PACKERS)
def test_the_pieces_are_small_however_well_the_data_packs(kind: str) -> None:
    pieces = list(compression.open(io.BytesIO(PACKERS[kind](bytes(20 * MIB))), "x", cap=64 * MIB))
    assert sum(map(len, pieces)) == 20 * MIB
    assert max(map(len, pieces)) <= compression.LZ4_BLOCK


@pytest.mark.parametrize("kind", PACKERS)
def test_the_feed_stands_behind_the_member_afterwards(kind: str) -> None:
    packed = PACKERS[kind](TEXT)
    tail = bytes(4) + b"what follows"
    whole = packed + tail
    feed = Feed((whole[at : at + 1000] for at in range(0, len(whole), 1000)), "x")
    assert b"".join(compression.unpack(feed, cap=64 * MIB)) == TEXT
    assert feed.position == len(packed)
    assert feed.take(len(tail)) == tail


@pytest.mark.parametrize("kind", PACKERS)
def test_a_truncated_member_is_refused(kind: str) -> None:
    packed = PACKERS[kind](TEXT)
    with pytest.raises(HostileInput) as caught:
        unpack(packed[: len(packed) * 2 // 3])
    assert caught.value.message.startswith("initrd.img: ")


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zstd"])
def test_damage_is_refused(kind: str) -> None:
    packed = bytearray(PACKERS[kind](TEXT))
    middle = len(packed) // 2
    packed[middle : middle + 8] = bytes(8)
    with pytest.raises(HostileInput, match=f"damaged {kind} data"):
        unpack(bytes(packed))


@pytest.mark.parametrize("kind", PACKERS)
def test_a_bomb_is_stopped_at_the_cap_and_costs_no_memory(kind: str) -> None:
    bomb = PACKERS[kind](bytes(64 * MIB))
    tracemalloc.start()
    try:
        with pytest.raises(HostileInput, match="unpacks to more than 16 MiB"):
            for _ in compression.open(io.BytesIO(bomb), "initrd.img", cap=16 * MIB):
                pass
        assert tracemalloc.get_traced_memory()[1] <= 32 * MIB
    finally:
        tracemalloc.stop()


def test_the_cap_itself_is_allowed() -> None:
    assert len(unpack(gzip(bytes(1000)), cap=1000)) == 1000
    with pytest.raises(HostileInput, match="more than 999 bytes"):
        unpack(gzip(bytes(1000)), cap=999)


def test_an_xz_dictionary_that_would_eat_the_memory_is_refused() -> None:
    packed = stored.xz(b"small")
    block = bytearray(packed[12:20])
    block[4] = 0x28  # 4 GiB - 1 (the .xz file format, 5.3.1)
    hostile = packed[:12] + block + struct.pack("<I", zlib.crc32(block)) + packed[24:]
    with pytest.raises(HostileInput, match=r"damaged xz data .*[Mm]emory"):
        unpack(hostile)


def test_a_zstd_window_that_would_eat_the_memory_is_refused() -> None:
    frame = b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x01\x00\x00"  # window log 31 (RFC 8878, 3.1.1.1.2), one empty block
    with pytest.raises(HostileInput, match="damaged zstd data"):
        unpack(frame)


def test_an_lz4_block_longer_than_the_format_allows_is_refused() -> None:
    with pytest.raises(HostileInput, match="a block of 808464432 bytes"):
        unpack(legacy_lz4(b"data") + b"0000")


def test_an_lz4_magic_in_the_middle_starts_another_frame_of_the_same_member() -> None:
    assert unpack(legacy_lz4(b"one ") + legacy_lz4(b"two")) == b"one two"


@pytest.mark.parametrize(("kind", "modules"), [("lz4", ("lz4.block",)), ("zstd", ("backports", "compression"))])
def test_a_missing_decoder_names_the_extra_to_install(kind: str, modules: tuple[str, ...],
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    packed = PACKERS[kind](b"data")
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Missing) as caught:
        unpack(packed)
    assert f"initrd.img is {kind}-compressed" in caught.value.message
    assert caught.value.hint == "pip install 'pinboot[compression]'"


def test_lzo_is_named_and_refused() -> None:
    with pytest.raises(Missing, match="lzo compression cannot be read here"):
        unpack(b"\x89LZO\x00\r\n\x1a\n" + bytes(20))


def test_no_compression_is_an_error_that_shows_the_bytes() -> None:
    with pytest.raises(HostileInput, match="no known compression \\(begins 30 37 30 37 30 31\\)"):
        unpack(b"070701")


@given(st.binary(max_size=200_000))
def test_stored_gzip_and_xz_are_read_by_the_real_decoders(data: bytes) -> None:
    assert zlib.decompress(stored.gzip(data), wbits=31) == data
    assert lzma.decompress(stored.xz(data)) == data


@given(st.sampled_from(sorted(PACKERS)), st.integers(0, 400), st.binary(min_size=1, max_size=20))
def test_any_damage_ends_in_data_or_in_a_clear_error(kind: str, at: int, junk: bytes) -> None:
    packed = PACKERS[kind](TEXT[:2000])
    damaged = packed[:at] + junk + packed[at + len(junk) :]
    try:
        unpack(damaged, cap=MIB)
    except (HostileInput, Missing) as error:
        assert "initrd.img" in error.message

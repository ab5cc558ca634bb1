"""A bundle as a tar.zst: the plain tar in one frame, the same bytes twice, and no bomb when it is read."""

import builtins
import io
import os
import stat
import tarfile

import pytest
from backports import zstd

from builder.errors import BytesDiffer, Missing, PinbootError, UsageError
from builder.media import members
from builder.media.bundle import bundle, text_entry
from builder.media.pack import directory, tar, zst
from builder.media.verify import verify
from tests.machines import EPOCH, large
from tests.unit.test_verify import built


def packed(place):
    zst.write(built(), place)
    return place.read_bytes()


def test_what_unpacks_is_the_plain_tar_to_the_byte(tmp_path):
    tar.write(built(), tmp_path / "web.tar")
    assert zstd.decompress(packed(tmp_path / "web.tar.zst")) == (tmp_path / "web.tar").read_bytes()


def test_the_same_bundle_is_the_same_bytes_however_its_source_is_cut(tmp_path):
    class Slow(io.BytesIO):
        def readinto(self, buffer):
            return super().readinto(memoryview(buffer)[:1000])

    data = os.urandom(400_000) + b"text " * 100_000
    one, other = large("boot/vmlinuz", data), large("boot/vmlinuz", data)
    object.__setattr__(other.parts[0], "open", lambda: Slow(data))
    for name, entry in (("a", one), ("b", one), ("c", other)):
        zst.write(bundle("web", EPOCH, [entry]), tmp_path / f"{name}.tar.zst")
    a, b, c = (zstd.decompress((tmp_path / f"{n}.tar.zst").read_bytes()) for n in "abc")
    assert a == b == c
    assert (tmp_path / "a.tar.zst").read_bytes() == (tmp_path / "b.tar.zst").read_bytes() == (
        tmp_path / "c.tar.zst").read_bytes()


def test_the_frame_tells_the_size_and_carries_a_checksum(tmp_path):
    data = packed(tmp_path / "web.tar.zst")
    info = zstd.get_frame_info(data)
    assert info.decompressed_size % tarfile.RECORDSIZE == 0
    assert data[4] & 0b100  # RFC 8878, 3.1.1.1.1: Content_Checksum_flag
    assert zstd.get_frame_size(data) == len(data)


def test_it_is_private_where_something_in_it_is(tmp_path):
    packed(tmp_path / "web.tar.zst")
    zst.write(bundle("web", EPOCH, [text_entry("a", "x")]), tmp_path / "open.tar.zst")
    assert [stat.S_IMODE((tmp_path / n).stat().st_mode) for n in ("web.tar.zst", "open.tar.zst")] == [0o600, 0o644]


def test_an_older_one_is_replaced_and_anything_else_is_not(tmp_path):
    packed(tmp_path / "web.tar.zst")
    packed(tmp_path / "web.tar.zst")
    tar.write(built(), tmp_path / "plain.tar.zst")
    (tmp_path / "thesis.tar.zst").write_bytes(zstd.compress(b"years of work" * 100))
    (tmp_path / "cut.tar.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    for name in ("plain", "thesis", "cut"):
        before = (tmp_path / f"{name}.tar.zst").read_bytes()
        with pytest.raises(UsageError, match=r"is there, and is no tar.zst file"):
            zst.write(built(), tmp_path / f"{name}.tar.zst")
        assert (tmp_path / f"{name}.tar.zst").read_bytes() == before


def test_without_the_extra_nothing_is_written_and_the_error_names_it(tmp_path, monkeypatch):
    packed(tmp_path / "there.tar.zst")
    real = builtins.__import__

    def absent(name, *rest):
        if name.startswith(("backports", "compression")):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(Missing, match="a .tar.zst is wanted, and this Python has no zstd module") as told:
        zst.write(built(), tmp_path / "web.tar.zst")
    assert told.value.hint == "pip install 'pinboot[compression]'"
    with pytest.raises(Missing, match="there.tar.zst is zstd-compressed, and this Python has no zstd module"):
        verify(tmp_path / "there.tar.zst")
    assert [path.name for path in tmp_path.iterdir()] == ["there.tar.zst"]


def test_verify_says_of_it_what_it_says_of_the_folder(tmp_path):
    packed(tmp_path / "web.tar.zst")
    directory.write(built(), tmp_path / "web")
    assert verify(tmp_path / "web.tar.zst") == verify(tmp_path / "web") and verify(tmp_path / "web").ok


def test_verify_names_the_file_that_changed_before_it_was_packed(tmp_path):
    plain = zstd.decompress(packed(tmp_path / "web.tar.zst"))
    (tmp_path / "web.tar.zst").write_bytes(zstd.compress(plain.replace(b"memory = 3800", b"memory = 8000", 1)))
    assert [each.path for each in verify(tmp_path / "web.tar.zst").changed] == ["hosts/web1/web1.cfg"]


def test_one_that_was_cut_or_has_one_bit_flipped_is_never_ok(tmp_path):
    whole = packed(tmp_path / "web.tar.zst")
    step = max(1, len(whole) // 60)
    for at in range(0, len(whole), step):
        for bad in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]):
            (tmp_path / "bad.tar.zst").write_bytes(bad)
            try:
                report = verify(tmp_path / "bad.tar.zst")
            except PinbootError as reason:
                assert reason.hint or isinstance(reason, UsageError)
            else:
                assert not report.ok


def test_a_bomb_is_not_unpacked_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(members, "LEAST_CAP", 8 << 20)
    info = tarfile.TarInfo("web/boot/vmlinuz")
    info.size = 64 << 20
    (tmp_path / "bomb.tar.zst").write_bytes(zstd.compress(info.tobuf(tarfile.USTAR_FORMAT) + bytes(info.size)))
    assert (tmp_path / "bomb.tar.zst").stat().st_size < 16 << 10
    with pytest.raises(BytesDiffer, match="its zstd data unpacks to more than 8 MiB: not what was built"):
        verify(tmp_path / "bomb.tar.zst")


@pytest.mark.parametrize("more", [zstd.compress(b"more"), b"junk"])
def test_bytes_behind_the_frame_are_told(tmp_path, more):
    (tmp_path / "web.tar.zst").write_bytes(packed(tmp_path / "web.tar.zst") + more)
    assert verify(tmp_path / "web.tar.zst").extra == ("bytes behind the end (outside, or twice)",)


def test_bytes_behind_the_end_of_a_plain_tar_are_told(tmp_path):
    tar.write(built(), tmp_path / "web.tar")
    with (tmp_path / "web.tar").open("ab") as file:
        file.write(b"junk")
    assert verify(tmp_path / "web.tar").extra == ("bytes behind the end (outside, or twice)",)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE, b"?"])
def test_a_member_that_claims_memory_is_refused(tmp_path, kind):
    info = tarfile.TarInfo("web/x")
    info.type, info.size = kind, 1 << 32
    (tmp_path / "web.tar").write_bytes(info.tobuf(tarfile.USTAR_FORMAT) + bytes(1024))
    with pytest.raises(UsageError, match=r"\"web/x\": a bundle has no member of type"):
        verify(tmp_path / "web.tar")


def test_links_and_devices_have_no_bytes_whatever_they_claim(tmp_path):
    tar.write(built(), tmp_path / "web.tar")
    link, node = tarfile.TarInfo("web/link"), tarfile.TarInfo("web/node")
    link.type, link.size, link.linkname = tarfile.SYMTYPE, 4096, "/etc"
    node.type, node.size = tarfile.CHRTYPE, 4096
    extra = link.tobuf(tarfile.USTAR_FORMAT) + node.tobuf(tarfile.USTAR_FORMAT)
    (tmp_path / "web.tar").write_bytes(extra + (tmp_path / "web.tar").read_bytes())
    report = verify(tmp_path / "web.tar")
    assert report.extra == ("link", "node") and not report.changed

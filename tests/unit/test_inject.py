"""Files in an initrd: the archive byte by byte, where it goes, and what Xen's builder makes of it."""

import gzip
import hashlib
import io
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import BytesDiffer
from builder.media import inject
from builder.media.bundle import Entry, Part
from tests.machines import EPOCH, large

KS = {"ks/web1.cfg": (b"text\n", 0o600)}


def entries(archive):
    """An independent reader of newc: (name, mode, mtime, ino, nlink, data) of every member of one archive."""
    found, at = [], 0
    while True:
        assert at % 4 == 0 and archive[at:at + 6] == b"070701"
        fields = [int(archive[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        name_at = at + 110
        data_at = (name_at + fields[11] + 3) & ~3
        name = archive[name_at:name_at + fields[11]]
        assert name.endswith(b"\0")
        if name == b"TRAILER!!!\0":
            return found, (data_at + fields[6] + 3) & ~3
        found.append((name[:-1].decode(), fields[1], fields[5], fields[0], fields[4],
                      archive[data_at:data_at + fields[6]]))
        assert fields[2:4] == [0, 0] and fields[7:11] == [0, 0, 0, 0] and fields[12] == 0
        at = (data_at + fields[6] + 3) & ~3


def image(entry):
    return b"".join(entry.chunks())


def test_an_archive_has_the_folders_first_the_epoch_and_no_owner():
    archive = inject.member({"ks/web2.cfg": (b"2", 0o600), "ks/web1.cfg": (b"one", 0o600),
                             "etc/pki/ca.pem": (b"ca", 0o644)}, EPOCH)
    found, end = entries(archive)
    assert found == [
        ("etc", 0o040755, EPOCH, 1, 2, b""), ("etc/pki", 0o040755, EPOCH, 2, 2, b""),
        ("ks", 0o040700, EPOCH, 3, 2, b""),
        ("etc/pki/ca.pem", 0o100644, EPOCH, 4, 1, b"ca"), ("ks/web1.cfg", 0o100600, EPOCH, 5, 1, b"one"),
        ("ks/web2.cfg", 0o100600, EPOCH, 6, 1, b"2")]
    assert len(archive) % 512 == 0 and not any(archive[end:])


def test_the_order_of_the_files_makes_no_difference():
    files = {f"ks/web{i}.cfg": (str(i).encode(), 0o600) for i in range(9)}
    assert inject.member(files, EPOCH) == inject.member(dict(reversed(files.items())), EPOCH)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,3}/[a-z0-9]{1,9}", fullmatch=True),
                       st.tuples(st.binary(max_size=40), st.sampled_from([0o600, 0o644, 0o755])), max_size=8))
def test_what_went_into_an_archive_comes_out_of_it(files):
    found, _ = entries(inject.member(files, EPOCH))
    assert {name: (data, mode & 0o7777) for name, mode, _, _, _, data in found if mode & 0o100000} == files


@pytest.mark.parametrize("path", ["/etc/shadow", "../x", "a/../../x", "a//b", "", "a\nb", "-x", "a/./b", "a/"])
def test_a_path_that_leaves_the_archive_is_refused(path):
    with pytest.raises(ValueError, match="is no path inside a tree"):
        inject.member({path: (b"", 0o644)}, EPOCH)


class Huge(bytes):
    """Says that it is 4 GiB long without being so."""

    def __len__(self):
        return 1 << 32


def test_the_limits_of_the_format_are_named():
    with pytest.raises(ValueError, match=r"holds files below 4 GiB"):
        inject.member({"big": (Huge(), 0o644)}, EPOCH)
    with pytest.raises(ValueError, match=r"does not fit a cpio archive \(newc keeps 32 bits\)"):
        inject.member(KS, 1 << 32)


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513])
def test_before_a_gzip_original_so_that_xen_does_not_unpack_it(size):
    original = gzip.compress(b"x" * size)
    archive = inject.member(KS, EPOCH)
    made = inject.injected(large("initrd", original), archive, path="boot/initrd-ks.img")
    assert image(made) == archive + original


@pytest.mark.parametrize("pack", [lzma.compress, lambda data: b"\x28\xb5\x2f\xfd" + data])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 511, 512, 513])
def test_behind_every_other_original_at_a_multiple_of_four_with_a_tail_of_zeros(pack, size):
    original = pack(b"x" * size)
    archive = inject.member(KS, EPOCH)
    made = image(inject.injected(large("initrd", original), archive, path="boot/initrd-ks.img"))
    assert made.startswith(original) and made.endswith(archive) and made.endswith(bytes(4))
    gap = made[len(original):-len(archive)]
    assert (len(original) + len(gap)) % 4 == 0 and len(gap) >= 4 and not any(gap)


@pytest.mark.parametrize("tail", [b"", b"1", b"12", b"123"])
def test_behind_an_original_that_begins_with_early_microcode_at_a_multiple_of_four(tail):
    early = inject.member({"kernel/x86/microcode/GenuineIntel.bin": (b"code", 0o644)}, EPOCH)
    original = early + gzip.compress(b"main") + tail
    archive = inject.member(KS, EPOCH)
    made = image(inject.injected(large("initrd", original), archive, path="boot/initrd-ks.img"))
    assert made.startswith(original) and made.endswith(archive)
    gap = made[len(original):-len(archive)]
    assert (len(original) + len(gap)) % 4 == 0 and not any(gap)


def test_the_image_is_private_and_knows_its_own_digest():
    made = inject.injected(large("boot/initrd.img", gzip.compress(b"x" * 100)), inject.member(KS, EPOCH),
                           path="boot/initrd-ks.img")
    assert (made.path, made.mode, made.origin) == ("boot/initrd-ks.img", 0o600, "injected")
    assert made.digest.hex == hashlib.sha256(image(made)).hexdigest() and made.size == len(image(made))


def test_an_original_that_became_shorter_is_noticed():
    lying = Entry(path="boot/initrd.img", mode=0o644, size=10, digest=large("x", b"").digest,
                  parts=(Part(size=10, open=lambda: io.BytesIO(b"\x1f\x8bshort")),), origin="pinned")
    with pytest.raises(BytesDiffer, match="its parts have 519 bytes, wanted 522"):
        inject.injected(lying, inject.member(KS, EPOCH), path="boot/initrd-ks.img")


def test_the_original_is_streamed_and_never_held():
    largest = []

    class Watched(io.BytesIO):
        def read(self, size=-1):
            largest.append(size)
            return super().read(size)

    data = gzip.compress(bytes(3 << 20), compresslevel=0)
    watched = Entry(path="i", mode=0o644, size=len(data), digest=large("i", data).digest,
                    parts=(Part(size=len(data), open=lambda: Watched(data)),))
    inject.injected(watched, inject.member(KS, EPOCH), path="j")
    assert largest and max(largest) <= 1 << 20 and -1 not in largest



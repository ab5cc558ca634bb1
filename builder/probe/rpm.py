"""The beginning of an RPM package: its name, what is signed, the signatures, and the digest of every file.

Nothing of the payload is read: the signed header tells the digests of the files in it (LIBRARIES 2). Format: rpm
docs/manual/format_v4.md, format_v6.md and tags.md.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass

from builder.digest import Digest
from builder.errors import HostileInput
from builder.names import shown
from builder.probe import rpm_section
from builder.probe.rpm_section import CURE, HEADER, INTRO, SIGNATURES, Section
from builder.tree import primary

LEAD, LEAD_MAGIC = 96, bytes.fromhex("edabeedb")
# More than librpm's caps on the two headers together would be 320 MiB. Real ones reach 5 MiB: in EL9, where the
# signature header holds an IMA signature of every file.
MOST_BYTES = 64 << 20
# Both are of the signature header. A package carries one to three; a verifier must not be kept busy with thousands.
MOST_SIGNATURES, MOST_SIGNATURE_BYTES = 16, 64 << 10
# A quarter of librpm's million keeps this in 200 MiB of memory; and short directories stay short when joined.
MOST_FILES, MOST_PATH_BYTES = 0x3FFFF, 64 << 20

# Tags of the signature header: signatures of the header alone, and those of header and payload, which are not read.
DSA, RSA, OPENPGP = 267, 268, 278
WITH_PAYLOAD = (1002, 1005, 1006)
# Tags of the header.
NAME, VERSION, RELEASE, EPOCH, ARCH, SOURCE_PACKAGE = 1000, 1001, 1002, 1003, 1022, 1106
FILE_DIGESTS, FILE_FLAGS, DIR_INDEXES, BASE_NAMES, DIR_NAMES, FILE_ALGORITHM = 1035, 1037, 1116, 1117, 1118, 5011
PAYLOAD_DIGEST, PAYLOAD_ALGORITHM = 5092, 5093
GHOST = 1 << 6  # RPMFILE_GHOST of FILEFLAGS: owned, and not in the payload
MD5 = 1  # what FILEDIGESTALGO means where it is absent (tags.md)
ALGORITHMS = {8: "sha256", 9: "sha384", 10: "sha512"}  # RFC 9580 9.5; the others do not count
# Where the kernel packages of EL6 and EL7, of EL8 and later, and of a distribution with /lib merged have it.
KERNEL_PATHS = ("boot/vmlinuz-{}", "lib/modules/{}/vmlinuz", "usr/lib/modules/{}/vmlinuz")


@dataclass(frozen=True, slots=True, kw_only=True)
class RpmHeader:
    """`header` are the bytes that each of `signatures` (OpenPGP packets) must cover, `span` the offsets in the file of
    its first byte and of the first after it: primary.xml's header-range should say the same.

    `unread_signatures`: there are others, over header and payload or in an unknown form. `files` are the absolute paths
    (UTF-8, else surrogates) with their digests, without links, directories and ghosts; with `weak_files` those digests
    are md5 or the like, and `files` is empty. `payload_digest` is over the compressed payload, None before rpm 4.14.
    """

    name: str
    epoch: int
    version: str
    release: str
    arch: str
    header: bytes
    span: tuple[int, int]
    signatures: tuple[bytes, ...]
    unread_signatures: bool
    files: Mapping[str, Digest]
    weak_files: bool
    payload_digest: Digest | None


def needed(data: bytes, where: str) -> int:
    """How many bytes of the file reach to the end of its header, as far as `data`, its beginning, tells.

    With so many, ask again: after three rounds at most there are enough. Raises HostileInput where it is no package.
    """
    if data[: len(LEAD_MAGIC)] != LEAD_MAGIC[: len(data)]:
        raise HostileInput(f"{where}: no RPM package (begins {data[:8].hex(' ')})",
                           "take a package that the primary.xml of the repository names")
    if len(data) < LEAD + INTRO:
        return LEAD + INTRO
    start = _header_start(data, where)
    end = start + INTRO if len(data) < start + INTRO else rpm_section.measure(data, start, HEADER, where)
    if end > MOST_BYTES:
        raise HostileInput(f"{where}: its header would end at byte {end}, and no package has so large a one "
                           f"(cap: {MOST_BYTES} bytes)", CURE)
    return end


def read(data: bytes, where: str) -> RpmHeader:
    """Read a package from its first bytes; what comes after the header does not matter. `where` names it in messages.

    Nothing is believed before a signature over `header` is verified. Raises HostileInput for anything that is no
    package, breaks its format, or ends before its header does: `needed` tells how many bytes to bring.
    """
    end = needed(data, where)
    if len(data) < end:
        raise HostileInput(f"{where}: the package breaks off after {len(data)} bytes, and its header needs {end} at "
                           "least", CURE)
    start = _header_start(data, where)
    signatures, unread = _signatures(rpm_section.read(data, LEAD, SIGNATURES, where))
    section = rpm_section.read(data, start, HEADER, where)
    if SOURCE_PACKAGE in section:
        raise HostileInput(f"{where}: a source package", "take the binary package")
    algorithm = ALGORITHMS.get(section.number(FILE_ALGORITHM, MD5))
    return RpmHeader(
        name=_word(section, NAME, primary.NAME), epoch=section.number(EPOCH, 0),
        version=_word(section, VERSION, primary.WORD), release=_word(section, RELEASE, primary.WORD),
        arch=_word(section, ARCH, primary.WORD), header=data[start:end], span=(start, end), signatures=signatures,
        unread_signatures=unread, files=_files(section, algorithm) if algorithm else {},
        weak_files=algorithm is None and BASE_NAMES in section, payload_digest=_payload_digest(section))


def kernel_file(header: RpmHeader, version: str) -> tuple[str, Digest] | None:
    """Path and digest of the kernel that `uname -r` calls `version`; None where the package has no such file."""
    paths = [f"/{path.format(version)}" for path in KERNEL_PATHS]
    return next(((path, header.files[path]) for path in paths if path in header.files), None)


def _header_start(data: bytes, where: str) -> int:
    """The signature header is padded to eight bytes (format_v4.md); so is the lead before it."""
    end = rpm_section.measure(data, LEAD, SIGNATURES, where)
    return end + -end % 8


def _signatures(section: Section) -> tuple[tuple[bytes, ...], bool]:
    """The packets, and whether there are signatures that are none of them. What rpm 6 writes was not tried."""
    found = [section.binary(tag) for tag in (RSA, DSA) if tag in section]
    unread = any(tag in section for tag in WITH_PAYLOAD)
    coded = section.strings(OPENPGP)
    if len(found) + len(coded) > MOST_SIGNATURES:
        raise section.refusal(OPENPGP, f"{len(coded)} signatures, where {MOST_SIGNATURES} in all can be")
    for text in coded:
        try:
            found.append(base64.b64decode(b"".join(text.split()), validate=True))
        except ValueError:
            unread = True
    large = max(map(len, found), default=0)
    if large > MOST_SIGNATURE_BYTES:
        raise section.refusal(OPENPGP if coded else RSA, f"a signature of {large} bytes, where {MOST_SIGNATURE_BYTES} "
                              "can be")
    return tuple(dict.fromkeys(found)), unread


def _word(section: Section, tag: int, alphabet: re.Pattern[str]) -> str:
    value = section.string(tag).decode("ascii", "replace")
    if not alphabet.fullmatch(value):
        raise section.refusal(tag, f"{shown(value)}, where letters, digits and . _ + ~ ^ - can be")
    return value


def _files(section: Section, algorithm: str) -> dict[str, Digest]:
    bases, folders = section.strings(BASE_NAMES), section.strings(DIR_NAMES)
    indexes, flags = section.numbers(DIR_INDEXES), section.numbers(FILE_FLAGS)
    digests = section.strings(FILE_DIGESTS)
    if not len(bases) == len(indexes) == len(flags) == len(digests) <= MOST_FILES:
        raise section.refusal(BASE_NAMES, f"{len(bases)} files with {len(indexes)} directories, {len(flags)} flags and "
                              f"{len(digests)} digests, where as many of each, and {MOST_FILES} at most, are due")
    files: dict[str, Digest] = {}
    total = 0
    for base, index, flag, digest in zip(bases, indexes, flags, digests, strict=True):
        if flag & GHOST or not digest:
            continue
        folder = folders[index] if index < len(folders) else b""
        total += len(folder) + len(base)
        if not folder.startswith(b"/") or not folder.endswith(b"/") or not base or b"/" in base:
            raise section.refusal(BASE_NAMES, f"{_told(base)} in {_told(folder)} is no absolute path")
        if total > MOST_PATH_BYTES:
            raise section.refusal(DIR_NAMES, f"its paths take more than {MOST_PATH_BYTES} bytes")
        path = (folder + base).decode("utf-8", "surrogateescape")
        if path in files:
            raise section.refusal(BASE_NAMES, f"{shown(path)} stands twice")
        files[path] = _digest(section, FILE_DIGESTS, algorithm, digest)
    return files


def _payload_digest(section: Section) -> Digest | None:
    """PAYLOADSHA256; its algorithm is not told any more by rpm 6 (tags.md)."""
    found = section.strings(PAYLOAD_DIGEST)
    algorithm = ALGORITHMS.get(section.number(PAYLOAD_ALGORITHM, 8))
    return _digest(section, PAYLOAD_DIGEST, algorithm, found[0]) if len(found) == 1 and algorithm else None


def _digest(section: Section, tag: int, algorithm: str, value: bytes) -> Digest:
    try:
        return Digest(algorithm, value.decode("ascii", "replace"))
    except ValueError as reason:
        raise section.refusal(tag, str(reason)) from None


def _told(name: bytes) -> str:
    return shown(name[:200].decode("utf-8", "replace"))

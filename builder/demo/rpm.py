"""RPM packages in the true format (version 3 files, header signed): small, and made the same on every machine.

Format and tags: rpm docs/manual/format_v3.md, format_header.md, tags.md; lib/header.c for the regions.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from builder.demo import initrd, stored
from builder.demo.openpgp import Signer
from builder.demo.repodata import Content, Package

MAGIC = b"\x8e\xad\xe8\x01\0\0\0\0"
SIGNATURES, IMMUTABLE = 62, 63  # the tags of the regions, which a signature or digest covers as one
# Signatures by a DSA or EdDSA key (RSA: 268, 1002): over the main header, and over that and the payload.
DSA_HEADER, DSA_WHOLE = 267, 1005
GHOST = 1 << 6
EQUAL, NOT_NEWER = 8, 10
RPMLIB = 1 << 24
SHA256 = 8  # FILEDIGESTALGO and PAYLOADDIGESTALGO: numbers of OpenPGP

# A value of a tag: its type, how many there are, its bytes.
Value = tuple[int, int, bytes]
ALIGNED = {3: 2, 4: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How packages of a generation are packed. `digest`: the header holds the digest of the payload (rpm 4.14). Before
    that a second signature and an MD5 cover the whole, and the header has no SHA-256 either."""

    compressor: Literal["xz", "zstd"]
    digest: bool


XZ, ZSTD = Form(compressor="xz", digest=True), Form(compressor="zstd", digest=True)
FORMS: Mapping[str, Form] = {"el6": Form(compressor="xz", digest=False), "el7": Form(compressor="xz", digest=False),
                             "el8": XZ, "el9": ZSTD, "el10": ZSTD, "fedora": ZSTD}
COMPRESSORS = {"xz": stored.xz, "zstd": stored.zstd}
FEATURES = {"xz": "rpmlib(PayloadIsXz) = 5.2-1", "zstd": "rpmlib(PayloadIsZstd) = 5.4.18-1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """`ghost`: owned and not packed. Its header has a size and no digest."""

    content: bytes
    mode: int = initrd.FILE
    ghost: bool = False


def carry(package: Package, files: Mapping[str, File], form: Form, built: int, signer: Signer) -> Package:
    """The same package with its file: `files` by absolute path, signed at the time of the build (seconds)."""
    ordered = {path: files[path] for path in sorted(files)}
    archive = _archive(ordered, built)
    payload = COMPRESSORS[form.compressor](archive)
    main = header(IMMUTABLE, {**_texts(package, form, built), **_bonds(package, form), **_files(ordered, built),
                              **_payload(payload, form)})
    signature = header(SIGNATURES, {1007: int32([len(archive)]), **_signatures(main, payload, form, built, signer)})
    signature += bytes(-len(signature) % 8)
    start = len(lead := _lead(package)) + len(signature)
    return replace(package, content=Content(
        data=lead + signature + main + payload, header=(start, start + len(main)), paths=tuple(ordered),
        installed=_size(ordered), archive=len(archive)))


def header(region: int, tags: Mapping[int, Value]) -> bytes:
    """A header structure whose tags are all in one region."""
    store, index = bytearray(), bytearray()
    for tag in sorted(tags):
        kind, count, data = tags[tag]
        store += bytes(-len(store) % ALIGNED.get(kind, 1))
        index += struct.pack(">IIII", tag, kind, len(store), count)
        store += data
    first = struct.pack(">IIII", region, 7, len(store), 16)
    store += struct.pack(">IIiI", region, 7, -(len(index) + 16), 16)
    return MAGIC + struct.pack(">II", len(index) // 16 + 1, len(store)) + first + index + store


def _lead(package: Package) -> bytes:
    """Dead since rpm 4, and still there: magic, version, binary, x86_64, name, Linux, header-style signature."""
    name = f"{package.name}-{package.version}-{package.release}".encode()[:65]
    return struct.pack(">4sBBHH66sHH16x", b"\xed\xab\xee\xdb", 3, 0, 0, 1, name, 1, 5)


def _signatures(main: bytes, payload: bytes, form: Form, built: int, signer: Signer) -> dict[int, Value]:
    whole = main + payload
    tags = {DSA_HEADER: binary(signer.packet(main, when=built)), 1000: int32([len(whole)])}
    if form.digest:
        return {**tags, 273: string(hashlib.sha256(main).hexdigest())}
    return {**tags, DSA_WHOLE: binary(signer.packet(whole, when=built)),
            269: string(hashlib.sha1(main, usedforsecurity=False).hexdigest()),
            1004: binary(hashlib.md5(whole, usedforsecurity=False).digest())}


def _texts(package: Package, form: Form, built: int) -> dict[int, Value]:
    return {
        100: strings(["C"]), 1000: string(package.name), 1001: string(package.version), 1002: string(package.release),
        1004: translated(package.summary), 1005: translated(package.summary), 1006: int32([built]),
        1007: string("builder.example"), 1014: string("GPLv2"), 1016: translated("System Environment/Kernel"),
        1021: string("linux"), 1022: string(package.arch), 1044: string(package.source), 1124: string("cpio"),
        1125: string(form.compressor), 1126: string("2"),
    }


def _bonds(package: Package, form: Form) -> dict[int, Value]:
    """Provides and requires, among these what a reader of the file must know."""
    features = ["rpmlib(CompressedFileNames) = 3.0.4-1", "rpmlib(FileDigests) = 4.6.0-1",
                "rpmlib(PayloadFilesHavePrefix) = 4.0-1", FEATURES[form.compressor]]
    offers, wants = package.offers, [*package.requires, *features]
    return {1047: strings(map(_name, offers)), 1112: int32(map(_sense, offers)), 1113: strings(map(_label, offers)),
            1049: strings(map(_name, wants)), 1048: int32(map(_sense, wants)), 1050: strings(map(_label, wants))}


def _name(bond: str) -> str:
    return bond.partition(" = ")[0]


def _label(bond: str) -> str:
    return bond.partition(" = ")[2]


def _sense(bond: str) -> int:
    return RPMLIB | NOT_NEWER if bond.startswith("rpmlib(") else EQUAL * (" = " in bond)


def _files(files: Mapping[str, File], built: int) -> dict[int, Value]:
    """The file list; folders are written once and named by number."""
    folders = sorted({path.rpartition("/")[0] + "/" for path in files})
    count = len(files)
    digests = ["" if file.ghost else hashlib.sha256(file.content).hexdigest() for file in files.values()]
    return {
        1009: int32([_size(files)]), 1028: int32(len(file.content) for file in files.values()),
        1030: int16(file.mode for file in files.values()), 1033: int16([0] * count), 1034: int32([built] * count),
        1035: strings(digests), 1036: strings([""] * count),
        1037: int32(GHOST * file.ghost for file in files.values()), 1039: strings(["root"] * count),
        1040: strings(["root"] * count), 1045: int32([0xFFFFFFFF] * count), 1095: int32([1] * count),
        1096: int32(range(1, count + 1)), 1097: strings([""] * count),
        1116: int32(folders.index(path.rpartition("/")[0] + "/") for path in files),
        1117: strings(path.rpartition("/")[2] for path in files), 1118: strings(folders), 5011: int32([SHA256]),
    }


def _payload(payload: bytes, form: Form) -> dict[int, Value]:
    if not form.digest:
        return {}
    return {5092: strings([hashlib.sha256(payload).hexdigest()]), 5093: int32([SHA256])}


def _archive(files: Mapping[str, File], built: int) -> bytes:
    """A newc cpio archive; its inodes are those of the header."""
    entries = [initrd.entry(f".{path}", file.mode, file.content, inode, built)
               for inode, (path, file) in enumerate(files.items(), 1) if not file.ghost]
    return b"".join([*entries, initrd.entry("TRAILER!!!", 0, b"")])


def _size(files: Mapping[str, File]) -> int:
    return sum(len(file.content) for file in files.values() if not file.ghost)


def int16(values: Iterable[int]) -> Value:
    numbers = tuple(values)
    return 3, len(numbers), struct.pack(f">{len(numbers)}H", *numbers)


def int32(values: Iterable[int]) -> Value:
    numbers = tuple(values)
    return 4, len(numbers), struct.pack(f">{len(numbers)}I", *numbers)


def string(value: str) -> Value:
    return 6, 1, value.encode() + b"\0"


def binary(value: bytes) -> Value:
    return 7, len(value), value


def strings(values: Iterable[str]) -> Value:
    listed = tuple(values)
    return 8, len(listed), b"".join(value.encode() + b"\0" for value in listed)


def translated(value: str) -> Value:
    """A text in the languages of tag 100, which is one here."""
    return 9, 1, value.encode() + b"\0"

"""A disc image with the files of a boot image: ISO 9660 (ECMA-119) with the long names of Rock Ridge.

pycdlib, which reads such images here, stamps its own with the clock; these are the same bytes each time. Nothing boots
from them: there is no El Torito record.
"""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass

SECTOR = 2048
SYSTEM_AREA = 16
DIRECTORY = 2  # a flag of a directory record, ECMA-119 9.1.6
SELF, PARENT = b"\0", b"\1"
FOLDER_MODE, FILE_MODE = 0o040555, 0o100444
# System use of the root's own record (SUSP 1.12, 5.3 and 5.5): long names follow, and they are those of Rock Ridge.
SHARING = b"SP\x07\x01\xbe\xef\x00"
RIDGE = b"ER\x12\x01\x0a\x00\x00\x01RRIP_1991A"


@dataclass(frozen=True, slots=True)
class Child:
    """An entry of a folder: its identifier (ECMA-119 7.5, 7.6), its name, its whole path."""

    identifier: bytes
    name: str
    path: str
    is_folder: bool


Folders = Mapping[str, tuple[Child, ...]]
# Where something lies on the disc and how long it is: sector, bytes.
Places = Mapping[str, tuple[int, int]]


def make(files: Mapping[str, bytes], label: str, made: int) -> bytes:
    """An image of `files` by their paths. `made` (seconds) is every date in it; `label` has at most 32 letters.

    Raises ValueError where two names become one identifier, or the folders need more than one sector of path table.
    """
    folders = _folders(files)
    tables = [_path_table(folders, dict.fromkeys(folders, (0, 0)), order) for order in "<>"]
    if len(tables[0]) > SECTOR:
        raise ValueError("too many folders for an image of the demo")
    places = _places(folders, files)
    end = max(sector + -(-size // SECTOR) for sector, size in places.values())
    parts = [bytes(SYSTEM_AREA * SECTOR), _volume(label, made, end, len(tables[0]), places[""]),
             _padded(b"\xffCD001\x01"), *(_padded(_path_table(folders, places, order)) for order in "<>"),
             *(_folder(path, folders, places, made) for path in folders),
             *(_padded(files[path]) for path in sorted(files))]
    return b"".join(parts)


def _folders(files: Mapping[str, bytes]) -> Folders:
    """The children of every folder in order of their identifiers; the folders by depth, as a path table wants them."""
    inside: dict[str, dict[bytes, Child]] = {"": {}}
    for path in sorted(files):
        parts = path.split("/")
        for depth, name in enumerate(parts):
            above, here, is_folder = "/".join(parts[:depth]), "/".join(parts[: depth + 1]), depth + 1 < len(parts)
            child = Child(_identifier(name, is_folder=is_folder), name, here, is_folder)
            if inside[above].setdefault(child.identifier, child) != child:
                raise ValueError(f"{here}: another name of its folder has the same identifier on a disc")
            if is_folder:
                inside.setdefault(here, {})
    ordered: dict[str, tuple[Child, ...]] = {}
    level = [""]
    while level:
        ordered |= {path: tuple(inside[path][key] for key in sorted(inside[path])) for path in level}
        level = [child.path for path in level for child in ordered[path] if child.is_folder]
    return ordered


def _identifier(name: str, *, is_folder: bool) -> bytes:
    """What a reader without Rock Ridge sees: at most 30 letters of A-Z, 0-9 and _ (ECMA-119 7.5, level 2)."""
    if is_folder:
        return _letters(name)[:30].encode()
    stem, _, suffix = name.rpartition(".") if "." in name[1:] else (name, "", "")
    return f"{_letters(stem)[:22]}.{_letters(suffix)[:7]};1".encode()


def _letters(text: str) -> str:
    return re.sub(r"[^A-Z0-9_]", "_", text.upper())


def _places(folders: Folders, files: Mapping[str, bytes]) -> Places:
    """Folders first, then files, behind the two descriptors and the two path tables."""
    found: dict[str, tuple[int, int]] = {}
    sector = SYSTEM_AREA + 4
    for path, size in [*((path, len(_folder(path, folders, {}, 0))) for path in folders),
                       *((path, len(files[path])) for path in sorted(files))]:
        found[path] = (sector, size)
        sector += -(-size // SECTOR)
    return found


def _folder(path: str, folders: Folders, places: Places, made: int) -> bytes:
    """The records of a folder; none lies across the border of two sectors (ECMA-119 6.8.1.1)."""
    above = path.rpartition("/")[0]
    marks = SHARING + _mode(FOLDER_MODE) + RIDGE if not path else _mode(FOLDER_MODE)
    records = [_record(SELF, places.get(path), DIRECTORY, made, marks),
               _record(PARENT, places.get(above), DIRECTORY, made, _mode(FOLDER_MODE))]
    for child in folders[path]:
        mode, flags = (FOLDER_MODE, DIRECTORY) if child.is_folder else (FILE_MODE, 0)
        records.append(_record(child.identifier, places.get(child.path), flags, made, _mode(mode) + _name(child.name)))
    out = bytearray()
    for record in records:
        if len(out) % SECTOR + len(record) > SECTOR:
            out += bytes(-len(out) % SECTOR)
        out += record
    return _padded(bytes(out))


def _record(identifier: bytes, place: tuple[int, int] | None, flags: int, made: int, system: bytes = b"") -> bytes:
    """ECMA-119 9.1."""
    sector, size = place or (0, 0)
    fixed = _both32(sector) + _both32(size) + _date(made) + bytes([flags, 0, 0]) + _both16(1)
    body = fixed + bytes([len(identifier)]) + identifier
    body += bytes(len(body) % 2) + system  # the identifier and the system use each end at an even place
    body += bytes(len(body) % 2)
    return bytes([len(body) + 2, 0]) + body


def _mode(mode: int) -> bytes:
    """PX: mode, links, owner, group (RRIP 1.10, 4.1.1)."""
    return b"PX\x24\x01" + b"".join(_both32(value) for value in (mode, 2 if mode == FOLDER_MODE else 1, 0, 0))


def _name(name: str) -> bytes:
    """NM: the name as it is (RRIP 1.10, 4.1.4)."""
    return b"NM" + bytes([len(name) + 5, 1, 0]) + name.encode()


def _path_table(folders: Folders, places: Places, order: str) -> bytes:
    """ECMA-119 9.4: every folder with the number of the one above it."""
    numbers = {path: number for number, path in enumerate(folders, 1)}
    out = []
    for path in folders:
        identifier = _identifier(path.rpartition("/")[2], is_folder=True) or SELF
        above = numbers[path.rpartition("/")[0]]
        out.append(struct.pack(f"{order}BBIH", len(identifier), 0, places[path][0], above) + identifier
                   + bytes(len(identifier) % 2))
    return b"".join(out)


def _volume(label: str, made: int, sectors: int, table: int, root: tuple[int, int]) -> bytes:
    """The primary volume descriptor, ECMA-119 8.4."""
    moment = time.strftime("%Y%m%d%H%M%S00", time.gmtime(made)).encode() + b"\0"
    never = b"0" * 16 + b"\0"
    at = SYSTEM_AREA + 2
    return _padded(b"".join([
        b"\x01CD001\x01\0", b"LINUX".ljust(32), label.encode().ljust(32), bytes(8), _both32(sectors), bytes(32),
        _both16(1), _both16(1), _both16(SECTOR), _both32(table), struct.pack("<II", at, 0),
        struct.pack(">II", at + 1, 0), _record(SELF, root, DIRECTORY, made), b" " * (4 * 128 + 3 * 37), moment, moment,
        never, moment, b"\x01\0"]))


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % SECTOR)


def _both16(value: int) -> bytes:
    """Both byte orders, one behind the other (ECMA-119 7.2.3)."""
    return struct.pack("<H", value) + struct.pack(">H", value)


def _both32(value: int) -> bytes:
    return struct.pack("<I", value) + struct.pack(">I", value)


def _date(made: int) -> bytes:
    """ECMA-119 9.1.5: years since 1900, and UTC."""
    year, month, day, hour, minute, second = time.gmtime(made)[:6]
    return bytes([year - 1900, month, day, hour, minute, second, 0])

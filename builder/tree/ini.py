"""The strict INI of .treeinfo: what every reader of the chain reads alike, and a refusal for the rest.

dracut takes the first matching key, Python 2's configparser (EL6, EL7) the last one and cuts at ` ;`, Python 3's splits
at `:` too and joins indented lines (REFERENCE 2.1). A file on which they could differ is refused (RELIABILITY I16).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from builder.errors import HostileInput
from builder.names import shown
from builder.tree.border import refusal

SECTION = re.compile(r"\[([A-Za-z0-9][A-Za-z0-9._-]{0,99})\]")
KEY = re.compile(r"[A-Za-z0-9_+.][A-Za-z0-9._+~^@/-]{0,254}")
MAX_SECTIONS = 512
MAX_KEYS = 10_000
MAX_LINE = 1_000


@dataclass(frozen=True, slots=True)
class Ini:
    """Sections in the file's order, each a mapping of its keys; `where` names the file in refusals."""

    where: str
    sections: Mapping[str, Mapping[str, str]]

    def get(self, section: str, key: str) -> str | None:
        """The value, None where the section or the key is absent."""
        return self.sections.get(section, {}).get(key)

    def refuse(self, section: str, key: str, found: str, wanted: str, hint: str = "") -> HostileInput:
        place = f"[{section}] {key}" if key else f"[{section}]"
        return refusal(self.where, place, found, wanted, hint)


@dataclass(slots=True)
class _Reader:
    where: str
    sections: dict[str, dict[str, str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    current: str = ""
    keys: int = 0

    def line(self, number: int, line: str) -> None:
        if not line.strip() or line.lstrip()[0] in "#;":
            return
        place = f"line {number}"
        if len(line) > MAX_LINE:
            raise refusal(self.where, place, f"{len(line)} characters", f"at most {MAX_LINE} in a line")
        if line[0].isspace():
            raise refusal(self.where, place, f"an indented line {shown(line.strip())}",
                          "no indented lines: readers differ whether they continue the line before")
        if line[0] == "[":
            self.section(place, line.rstrip())
        else:
            self.pair(place, line)

    def section(self, place: str, line: str) -> None:
        found = SECTION.fullmatch(line)
        if not found:
            raise refusal(self.where, place, shown(line), "a section such as [general], with nothing after it")
        name = found[1]
        if name.lower() == "default":
            raise refusal(self.where, f"{place}, [{name}]", "a section whose keys some readers copy into all others",
                          "no such section")
        if name.lower() in self.seen:
            raise refusal(self.where, f"{place}, [{name}]", "the section a second time", "one section of a name")
        if len(self.sections) == MAX_SECTIONS:
            raise refusal(self.where, place, f"more than {MAX_SECTIONS} sections", f"at most {MAX_SECTIONS}")
        self.seen.add(name.lower())
        self.sections[name] = {}
        self.current = name

    def pair(self, place: str, line: str) -> None:
        key, equals, value = (part.strip() for part in line.partition("="))
        if not self.current:
            raise refusal(self.where, place, shown(line), "a section such as [general] before the first key")
        place = f"{place}, [{self.current}] {key if KEY.fullmatch(key) else ''}".rstrip()
        if not equals:
            raise refusal(self.where, place, shown(line), "key = value")
        if not KEY.fullmatch(key):
            raise refusal(self.where, place, f"the key {shown(key)}", "a key of plain ASCII without blanks and colons")
        if f"[{self.current}]{key}".lower() in self.seen:
            raise refusal(self.where, place, "the key a second time (case does not tell keys apart)",
                          "one value for a key")
        if re.search(r"\s[;#]", value):
            raise refusal(self.where, place, shown(value), "no comment after a value: readers differ")
        self.keys += 1
        if self.keys > MAX_KEYS:
            raise refusal(self.where, place, f"more than {MAX_KEYS} keys", f"at most {MAX_KEYS}")
        self.seen.add(f"[{self.current}]{key}".lower())
        self.sections[self.current][key] = value


def read(text: str, where: str) -> Ini:
    """Parse in one pass. Lines end in LF or CRLF. Raises HostileInput with the line."""
    reader = _Reader(where)
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.removesuffix("\r")
        if "\r" in bare:
            raise refusal(where, f"line {number}", "a carriage return inside the line", "lines that end in LF or CRLF")
        reader.line(number, bare)
    return Ini(where, reader.sections)

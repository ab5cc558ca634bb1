"""How each reader of a kernel command line cuts it into words, and what it makes of quotes and backslashes
(REFERENCE 1.1)."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

# What the kernel's isspace() calls blank. A no-break space is one to it alone, byte by byte: see checks.quoting.
BLANKS = " \t\n\v\f\r"


@dataclass(frozen=True, slots=True)
class Word:
    """One parameter as it stands in the line, quotes and all. `name` has none; `value` is None without `=`."""

    text: str
    name: str
    value: str | None

    @classmethod
    def of(cls, text: str) -> Word:
        """A parameter; a quote in front of the name, and one around the value, belong to neither."""
        name, equals, value = text.partition("=")
        opened = name.startswith('"')
        name = name.removeprefix('"')
        if not equals:
            return cls(text, name.removesuffix('"') if opened else name, None)
        if opened:
            return cls(text, name, value.removesuffix('"'))
        return cls(text, name, unquoted(value))

    @property
    def argument(self) -> str:
        """The value, empty where there is none."""
        return self.value or ""

    @property
    def off(self) -> bool:
        """Whether the value switches it off (dracut-lib.sh, getargbool)."""
        return self.value in ("0", "no", "off")


def unquoted(value: str) -> str:
    """`value` without the quotes around all of it, single or double."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def kernel(line: str) -> tuple[str, ...]:
    """The kernel's next_arg (lib/cmdline.c): a double quote hides blanks up to the next one, and cannot be escaped."""
    words: list[str] = []
    current, quoted, begun = "", False, False
    for letter in line:
        if letter in BLANKS and not quoted:
            if begun:
                words.append(current)
            current, begun = "", False
            continue
        quoted ^= letter == '"'
        current, begun = current + letter, True
    return (*words, current) if begun else tuple(words)


def shell(line: str) -> tuple[str, ...]:
    """dracut's shell of EL7 and EL8, and what is handed to nm-initrd-generator: cut at blanks, and nothing else."""
    return tuple(word for word in re.split(r"[ \t\n]+", line) if word)


def getarg(word: str) -> str:
    """The word as dracut-getarg of EL9 and later gives it (dracut src/util/util.c, a copy of next_arg): a quote in
    front of the word or of the value goes, and with it one at the end."""
    opened = word.startswith('"')
    name, equals, value = word.removeprefix('"').partition("=")
    if not equals:
        return name.removesuffix('"') if opened else name
    if opened or value.startswith('"'):
        value = value.removeprefix('"').removesuffix('"')
    return f"{name}={value}"


def stage2(line: str) -> tuple[str, ...]:
    r"""anaconda of EL7 and later (pyanaconda/core/kernel.py): a shell's quoting, after every \x20 became `_`, and with
    a double quote added where BOOT_IMAGE= left an odd one. Raises ValueError for a quote without its pair."""
    left, middle, right = line.strip().rpartition("BOOT_IMAGE=")
    if right.count('"') % 2:
        line = f'{left}{middle}"{right}'
    return tuple(shlex.split(line.replace("\\x20", "_")))


def loader(line: str) -> tuple[str, ...]:
    """EL6's loader: g_shell_parse_argv (glib/gshell.c). Raises ValueError for a quote without its pair, and for a
    backslash or # at the end; the loader then ignores every option of the line (A6 loader.c:971)."""
    words: list[str] = []
    current: str | None = None
    position = 0
    while position < len(line):
        letter = line[position]
        if letter in " \t\n":
            if current is not None:
                words.append(current)
                current = None
            position += 1
        elif letter == "#" and line[position - 1 : position] in ("", " ", "\n"):  # not behind a tab (gshell.c)
            if position + 1 == len(line):
                raise ValueError("a # stands at the end")
            end = line.find("\n", position)
            position = len(line) if end < 0 else end
        else:
            part, position = _part(line, position)
            current = (current or "") + part
    return tuple(words) if current is None else (*words, current)


def _part(line: str, position: int) -> tuple[str, int]:
    """A quoted string, an escaped letter or a plain one at `position`, and where it ends."""
    letter = line[position]
    if letter == "'":
        end = line.find("'", position + 1)
        if end < 0:
            raise ValueError("a single quote has no other one")
        return line[position + 1 : end], end + 1
    if letter == '"':
        return _double(line, position + 1)
    if letter == "\\":
        if position + 1 == len(line):
            raise ValueError("a backslash stands at the end")
        escaped = line[position + 1]
        return "" if escaped == "\n" else escaped, position + 2
    return letter, position + 1


def _double(line: str, position: int) -> tuple[str, int]:
    found = ""
    while position < len(line):
        letter = line[position]
        if letter == '"':
            return found, position + 1
        if letter == "\\" and line[position + 1 : position + 2] in ('"', "\\", "`", "$", "\n"):
            found += line[position + 1]
            position += 2
            continue
        found += letter
        position += 1
    raise ValueError("a double quote has no other one")

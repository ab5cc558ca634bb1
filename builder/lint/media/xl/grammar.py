r"""The grammar of xl.cfg: libxlutil's lexer and parser (xen tools/libs/util/libxlu_cfg_l.l, libxlu_cfg_y.y and
libxlu_cfg.c; XEN 2). A file with one mistake in it is refused as a whole; what could be read is kept all the same.

Lower-case names; numbers are words of digits, a to f and x; strings in either quote with \\ \" \' \a \b \f \n \r \t \v;
a number after a backslash is broken in libxlutil: \x is an error, octal digits are skipped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Value = str | tuple["Value", ...]
TOKEN = re.compile(
    r"""(?P<blank>[ \t]+)|(?P<name>[a-z][_0-9a-z]*)|(?P<number>[0-9][0-9a-fx]*)|(?P<mark>\+=|[,\[\]=;])"""
    r"""|(?P<newline>\n|\#[^\n]*\n)|(?P<string>'(?:[^'\\\n]|\\[^\n])*'|"(?:[^"\\\n]|\\[^\n])*")""")
WRONG = re.compile(r"[^\n][^ \t\n]*")
DIGITS = re.compile(r"[0-9]{2,3}")
ESCAPES = {'"': '"', "'": "'", "\\": "\\", "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
# Lists in lists; libxlutil's own parser has a stack of 10,000.
DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Setting:
    """One assignment; `added` by +=, which goes behind what was there before."""

    name: str
    value: Value
    line: int
    added: bool = False


@dataclass(frozen=True, slots=True)
class Mistake:
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Config:
    """Settings in the order of the file. xl refuses the file where there are `mistakes`."""

    settings: tuple[Setting, ...]
    mistakes: tuple[Mistake, ...]

    def setting(self, name: str) -> Setting | None:
        """The last one of a name."""
        return next((each for each in reversed(self.settings) if each.name == name), None)

    def value(self, name: str) -> Value | None:
        """What counts: the last assignment, and what += added to it."""
        parts: list[Value] = []
        for each in reversed(self.settings):
            if each.name == name:
                parts.append(each.value)
                if not each.added:
                    break
        if not parts:
            return None
        parts.reverse()
        if isinstance(parts[0], str):
            return "".join(part for part in parts if isinstance(part, str))
        return tuple(item for part in parts for item in part)

    def string(self, name: str) -> str | None:
        """The value of a name; None where it is not there or is a list, which xl warns of and leaves out."""
        found = self.value(name)
        return found if isinstance(found, str) else None

    def strings(self, name: str) -> tuple[str, ...] | None:
        """The items of a list; a list inside of it counts as an empty item."""
        found = self.value(name)
        if found is None or isinstance(found, str):
            return None
        return tuple(item if isinstance(item, str) else "" for item in found)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


class _Refused(Exception):
    """A mistake at a token; the parser goes on behind the end of that line."""

    def __init__(self, token: _Token, text: str) -> None:
        super().__init__(text)
        self.token = token


def parse(text: str) -> Config:
    mistakes: list[Mistake] = []
    tokens = list(_tokens(text, mistakes))
    return _Parser(tokens, mistakes).config()


def _tokens(text: str, mistakes: list[Mistake]) -> list[_Token]:
    found, position, line = [], 0, 1
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            odd = WRONG.match(text, position)
            wrong = odd[0] if odd else text[position]
            if position + 1 == len(text) and len(wrong.encode(errors="replace")) == 1:
                break  # flex says nothing of one byte at the very end
            mistakes.append(Mistake(line, _odd(wrong)))
            found.append(_Token("odd", wrong, line))
            position += len(wrong)
            continue
        kind = str(match.lastgroup)
        if kind == "string":
            found.append(_Token(kind, _dequoted(match[0], line, mistakes), line))
        elif kind != "blank":
            found.append(_Token(kind, match[0], line))
        line += match[0].count("\n")
        position = match.end()
    return [*found, _Token("end", "", line)]


def _odd(wrong: str) -> str:
    if wrong[0] == "\ufeff":
        return "a byte order mark at the beginning"
    if wrong == "\r":
        return "a line that ends in CR LF"
    if wrong[0] == "#":
        return "a comment at the end of the file without a line end"
    if wrong[0].isupper():
        return f"{wrong[:30]}: names are in small letters"
    if wrong[0] in "\"'":
        return "a string that does not end on its line"
    return f"{wrong[:30]}: no word of this language"


def _dequoted(quoted: str, line: int, mistakes: list[Mistake]) -> str:
    inner, made, position = quoted[1:-1], "", 0
    while position < len(inner):
        letter = inner[position]
        position += 1
        if letter != "\\":
            made += letter
            continue
        escaped = inner[position : position + 1]
        position += 1
        if escaped in ESCAPES and escaped:
            made += ESCAPES[escaped]
        elif escaped and escaped in "01234567":
            digits = DIGITS.match(inner, position)
            if digits is None:
                mistakes.append(Mistake(line, f"\\{escaped} in a string: octal digits are broken in xl"))
                return made
            position = digits.end()
        else:
            mistakes.append(Mistake(line, f"\\{escaped} in a string: write \\\\{escaped} for a backslash"))
            return made
    return made


class _Parser:
    def __init__(self, tokens: list[_Token], mistakes: list[Mistake]) -> None:
        self.tokens, self.mistakes, self.at = tokens, mistakes, 0
        self.settings: list[Setting] = []
        self.kinds: dict[str, type] = {}

    def config(self) -> Config:
        while self.now.kind != "end":
            try:
                self.statement()
            except _Refused as reason:
                if reason.token.kind != "odd":
                    self.mistakes.append(Mistake(reason.token.line, str(reason)))
                while self.now.kind not in ("newline", "end"):
                    self.at += 1
        ordered = sorted(set(self.mistakes), key=lambda each: each.line)
        return Config(tuple(self.settings), tuple(ordered))

    @property
    def now(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        token = self.now
        self.at += token.kind != "end"
        return token

    def statement(self) -> None:
        token = self.take()
        if token.kind == "newline" or token.text == ";":
            return
        if token.kind != "name":
            raise _Refused(token, f"{token.text[:30]} where a name is due")
        sign = self.take()
        if sign.text not in ("=", "+="):
            raise _Refused(sign, f"no = behind {token.text[:30]}")
        value = self.value(0)
        if self.now.kind not in ("newline", "end") and self.now.text != ";":
            raise _Refused(self.now, f"{self.now.text[:30]} behind the value of {token.text[:30]}")
        self.store(token.text, value, sign.text == "+=", token.line)

    def store(self, name: str, value: Value, added: bool, line: int) -> None:
        kind = type(value)
        if added and self.kinds.setdefault(name, kind) is not kind:
            self.mistakes.append(Mistake(line, f"{name} += joins a list and a string"))
            return
        self.kinds[name] = kind
        self.settings.append(Setting(name, value, line, added))

    def value(self, depth: int) -> Value:
        token = self.take()
        if token.kind in ("string", "number"):
            return token.text
        if token.text != "[" or token.kind != "mark":
            raise _Refused(token, f"{token.text.strip()[:30] or 'the end of the line'} where a value is due: strings "
                                  "stand in quotes")
        if depth > DEEPEST:
            raise _Refused(token, "lists in lists without end")
        return self.items(depth)

    def items(self, depth: int) -> tuple[Value, ...]:
        found: list[Value] = []
        self.newlines()
        while not (self.now.kind == "mark" and self.now.text == "]"):
            found.append(self.value(depth + 1))
            self.newlines()
            if self.now.kind == "mark" and self.now.text == "]":
                break
            token = self.take()
            if token.text != "," or token.kind != "mark":
                found_text = token.text[:30] or "the end of the file"
                raise _Refused(token, f"{found_text} inside a list, where a comma or ] is due")
            self.newlines()
        self.take()
        return tuple(found)

    def newlines(self) -> None:
        while self.now.kind == "newline":
            self.at += 1

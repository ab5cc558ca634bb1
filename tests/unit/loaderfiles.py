"""Readers of the loaders' grammars, written from their sources, to read back what was rendered.

pxelinux: a keyword and the rest of the line. iPXE: words, operators, labels. GRUB: its lexer and the shape of its scripts.
"""

import re
from typing import NamedTuple


class Unread(ValueError):
    """The loader would call it a mistake."""


# --- pxelinux (com32/elflink/ldlinux/readconfig.c) ---

def pxelinux(text):
    """Global lines and labels: [(keyword, rest)] and {label: [(keyword, rest)]}, keywords in upper case."""
    top, labels, current = [], {}, None
    helping = False
    for line in re.split(r"\r?\n|\r", text):
        stripped = line.lstrip(" \t").rstrip(" \t")
        keyword, _, rest = re.sub(r"[ \t]+", " ", stripped, count=1).partition(" ")
        keyword = keyword.upper()
        if helping or keyword == "TEXT":
            helping = keyword != "ENDTEXT"
        elif keyword == "LABEL":
            current = labels.setdefault(rest.split()[0], [])
        elif keyword in ("", "#") or keyword.startswith("#"):
            continue
        else:
            value = "" if (keyword, rest) == ("APPEND", "-") else rest
            (top if current is None else current).append((keyword, value))
    return top, labels


# --- iPXE (core/exec.c, image/script.c) ---

class Command(NamedTuple):
    words: tuple[str, ...]
    then: str = ""


def ipxe(text):
    """[(label or "", (commands))] a line; a comment is an empty line. Settings are left as ${...}."""
    assert text.startswith("#!ipxe\n")
    lines, joined = [], ""
    for raw in text.split("\n"):
        joined += raw.removesuffix("\r")
        if joined.endswith("\\"):
            joined = joined[:-1]
            continue
        lines.append(_ipxe_line(joined))
        joined = ""
    return [line for line in lines if line != ("", ())]


def _ipxe_line(line):
    label, rest = "", line.lstrip(" \t\r\v\f")
    if rest.startswith(":"):
        label, _, rest = rest[1:].partition(" ")
    commands, words = [], []
    for word in rest.split():
        if word.startswith("#"):
            break
        if word in ("||", "&&", ";"):
            commands.append(Command(tuple(words), word))
            words = []
        else:
            words.append(word)
    if words:
        commands.append(Command(tuple(words)))
    return label, tuple(commands)


# --- GRUB (script/yylex.l, script/parser.y) ---

RESERVED = ("case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "select", "then", "until", "while",
            "function", "[[", "]]")
# Words that only begin or end a statement; elsewhere all of them are words (parser.y, argument).
_META = re.compile(r"\|\||&&|;;|[|&;<>\n{}]")
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_VARIABLE = re.compile(rf"\$(?:{_NAME}|\{{{_NAME}\}}|[0-9]+|\{{[0-9]+\}}|[?#*@]|\{{[?#*@]\}})")


class Word(NamedTuple):
    """`text` is what the command gets; a variable stands in it as NUL and its name. `bare`: nothing was quoted."""

    text: str
    bare: bool = True


class Mark(str):
    """A metacharacter."""

    __slots__ = ()


def grub_words(text):
    """The lexer. Raises Unread for a quote without an end, and a dollar that begins no variable."""
    found, at = [], 0
    while at < len(text):
        if text[at] in " \t":
            at += 1
        elif text[at] == "#":
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
        elif text.startswith("\\\n", at):
            if not text[at + 2:].strip():
                raise Unread("a backslash that joins nothing")
            at += 2
        elif mark := _META.match(text, at):
            found.append(Mark(mark[0]))
            at = mark.end()
        else:
            word, at = _grub_word(text, at)
            found.append(word)
    return found


def _grub_word(text, at):
    out, bare = [], True
    while at < len(text) and text[at] not in " \t" and not _META.match(text, at):
        if text[at] == "'":
            end = text.find("'", at + 1)
            if end < 0:
                raise Unread("a single quote without an end")
            out.append(text[at + 1:end])
            at, bare = end + 1, False
        elif text[at] == '"':
            piece, at = _grub_double(text, at + 1)
            out.append(piece)
            bare = False
        elif text[at] == "\\":
            if at + 1 == len(text):
                raise Unread("a backslash at the end")
            if text[at + 1] == "\n" and not text[at + 2:].strip():
                raise Unread("a backslash that joins nothing")
            out.append("" if text[at + 1] == "\n" else text[at + 1])
            at, bare = at + 2, False
        elif text[at] == "$":
            if text.startswith('$"', at):
                at += 1
                continue
            name = _VARIABLE.match(text, at)
            if not name:
                raise Unread("a dollar that begins no variable")
            out.append("\0" + name[0].strip("${}"))
            at, bare = name.end(), False
        else:
            out.append(text[at])
            at += 1
    return Word("".join(out), bare), at


def _grub_double(text, at):
    out = []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and text[at + 1:at + 2] in ("$", "\\", '"', "\n"):
            out.append("" if text[at + 1] == "\n" else text[at + 1])
            at += 2
        elif text[at] == "\\":
            out.append(text[at:at + 2])
            at += 2
        elif text[at] == "$":
            name = _VARIABLE.match(text, at)
            if not name:
                raise Unread("a dollar that begins no variable")
            out.append("\0" + name[0].strip("${}"))
            at = name.end()
        else:
            out.append(text[at])
            at += 1
    if at >= len(text):
        raise Unread("a double quote without an end")
    return "".join(out), at + 1


def grub(text):
    """Statements: ("command", words), a word being a text or a block of statements; ("if", ...), ("for", ...), ("while", ...),
    ("function", name, statements). Raises Unread."""
    reader = _Grub(grub_words(text))
    found = reader.statements(())
    if reader.left:
        raise Unread(f"{reader.left[0]!r} stands alone")
    return found


class _Grub:
    def __init__(self, tokens):
        self.left = tokens

    def take(self):
        if not self.left:
            raise Unread("the script ends too early")
        return self.left.pop(0)

    def key(self):
        """The reserved word or mark that comes next, or ""."""
        if not self.left:
            return ""
        head = self.left[0]
        if isinstance(head, Mark):
            return str(head)
        return head.text if head.bare and head.text in RESERVED else ""

    def skip(self, *marks):
        while self.left and isinstance(self.left[0], Mark) and str(self.left[0]) in marks:
            self.left.pop(0)

    def need(self, word):
        if self.key() != word:
            raise Unread(f"{word} is missing")
        self.take()

    def statements(self, ends):
        found = []
        self.skip("\n")
        while self.left and self.key() not in ends:
            found.append(self.statement())
            if self.key() not in ("\n", ";"):
                break
            if self.key() == ";":
                self.take()
            self.skip("\n")
        return tuple(found)

    def statement(self):
        key = self.key()
        if key == "if":
            self.take()
            return self.conditional()
        if key in ("while", "until"):
            self.take()
            test = self.block("do")
            body = self.block("done")
            return (key, test, body)
        if key == "for":
            return self.loop()
        if key == "function":
            self.take()
            name = self.take()
            if isinstance(name, Mark) or not name.bare or not re.fullmatch(_NAME, name.text):
                raise Unread("a function without a name")
            self.skip("\n")
            self.need("{")
            return ("function", name.text, self.block("}"))
        return self.command()

    def block(self, end):
        found = self.statements((end,))
        self.need(end)
        return found

    def conditional(self):
        test = self.block("then")
        body = self.statements(("fi", "else", "elif"))
        key = self.key()
        if key == "elif":
            self.take()
            return ("if", test, body, (self.conditional(),))
        other = ()
        if key == "else":
            self.take()
            other = self.statements(("fi",))
        self.need("fi")
        return ("if", test, body, other)

    def loop(self):
        self.take()
        name = self.take()
        self.need("in")
        words = []
        while self.left and not isinstance(self.left[0], Mark):
            words.append(self.take().text)
        self.skip("\n", ";")
        self.need("do")
        return ("for", name.text, tuple(words), self.block("done"))

    def command(self):
        first = self.take()
        if isinstance(first, Mark) or (first.bare and first.text in RESERVED):
            raise Unread(f"{first!r} begins no command")
        words = [first.text]
        while self.left:
            head = self.left[0]
            if isinstance(head, Mark):
                if str(head) != "{":
                    break
                self.take()
                words.append(self.block("}"))
                break
            if self.key() in ("[[", "]]"):
                raise Unread(f"{self.key()} is no word")
            words.append(self.take().text)
        return ("command", *words)


def grub_takes(text):
    """The verdict of grub-script-check: readable, and at least one command."""
    try:
        return any(statement[0] != "function" for statement in grub(text))
    except Unread:
        return False

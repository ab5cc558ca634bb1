"""Quotes, backslashes and odd blanks: what each reader of a word makes of them (REFERENCE 1.1)."""

from __future__ import annotations

from collections.abc import Iterator

from builder.finding import Finding
from builder.lint.line import line as lines
from builder.lint.line import targets, tokens
from builder.lint.line.line import Line, Placed
from builder.lint.line.rules import error, warning
from builder.lint.line.targets import Target
from builder.lint.line.tokens import Word
from builder.lint.line.words import known
from builder.lint.line.words.row import Reader
from builder.names import shown

# dracut-getarg in C came with EL9 (dracut 057): up to then the shell cut at every blank.
NEW_DRACUT = targets.places("el9").start
CLOSE = "close it, or leave it out"
PLAIN = "write the value without quotes; a blank in a URL is %20"


def check(line: Line, target: Target) -> Iterator[Placed]:
    opened = _open(line, target)
    yield from ((None, each) for each in (*opened, *_letters(line)))
    for place, word in enumerate(line.words):
        if target.backend == "loader" and word.text.startswith("#"):
            yield place, error("el6-comment", "EL6 takes it for a comment, and drops all that follows",
                               "leave it out, or put it in double quotes")
        if not opened and any(letter in word.text for letter in "\"'\\") and not lines.is_open(word):
            yield from ((place, each) for each in _word(word, target))


def _open(line: Line, target: Target) -> tuple[Finding, ...]:
    if target.backend == "loader":
        try:
            tokens.loader(line.text)
        except ValueError as reason:
            return (error("open-quote", f"{reason}: EL6 ignores every option of the line", CLOSE),)
        return ()
    if line.text.count('"') % 2:
        return (error("open-quote", "a double quote has no other one: the kernel takes the rest for one parameter",
                      CLOSE),)
    try:
        tokens.stage2(line.text)
    except ValueError:
        return (error("open-quote", "a single quote has no other one: anaconda ends with an error before it begins",
                      CLOSE),)
    return ()


def _letters(line: Line) -> Iterator[Finding]:
    odd = sorted({letter for letter in line.text if not letter.isprintable() and letter not in " \t\n"})
    if odd:
        names = ", ".join(f"U+{ord(letter):04X}" for letter in odd[:5])
        yield error("odd-blank", f"{names} in the line: it looks like a blank and is none, or cannot be seen",
                    "write the blanks anew")


def _word(word: Word, target: Target) -> Iterator[Finding]:
    row = known.read(word.name, target)
    if row is None:
        yield from _pieces(word, target)
        return
    for reader in row.by(target):
        if any(blank in word.text for blank in tokens.BLANKS) and _cuts(reader, target):
            first = tokens.shell(word.text)[0]
            yield error("split-quote", f"{reader} cuts it at the blank, and reads {shown(first)}", PLAIN)
            return
        seen = _seen(word, reader, target)
        if seen == word.argument:
            continue
        if "\\" in word.argument and reader in ("anaconda", "loader"):
            yield _backslash(word, reader, seen)
        else:
            yield error("kept-quote", f"{reader} takes the quotes as part of the value: {shown(seen)}", PLAIN)
            return


def _cuts(reader: Reader, target: Target) -> bool:
    return reader == "NetworkManager" or (reader == "dracut" and target.order < NEW_DRACUT)


def _seen(word: Word, reader: Reader, target: Target) -> str:
    if reader == "loader":
        text = "".join(tokens.loader(word.text)[:1])
    elif reader == "anaconda":
        try:
            text = "".join(tokens.stage2(word.text)[:1])
        except ValueError:
            return word.argument  # a single quote that closes in a later word
    elif _cuts(reader, target):
        text = word.text
    else:
        text = tokens.getarg(word.text)
    return text.partition("=")[2]


def _backslash(word: Word, reader: Reader, seen: str) -> Finding:
    if "\\x20" in word.argument and reader == "anaconda" and word.argument.startswith("hd:"):
        return warning("label-x20", f"dracut finds the disk, but anaconda looks for {shown(seen)}",
                       "give the file system a label of letters, digits, dashes and underscores")
    return warning("backslash", f"{reader} takes it away: {shown(seen)}",
                   "leave the backslash out; a blank in a URL is %20")


def _pieces(word: Word, target: Target) -> Iterator[Finding]:
    """Of a word that is not the installer's: pieces of it that are, once the quotes are not heeded."""
    for piece in tokens.shell(word.text)[1:]:
        name = piece.rstrip('"').partition("=")[0]
        row = known.read(name, target)
        if row and any(_cuts(reader, target) for reader in row.by(target)):
            yield error("split-quote", f"{row.by(target)[0]} cuts it at blanks, and reads {shown(piece)} as its own",
                        "leave the quoted parameter out while installing")
            return

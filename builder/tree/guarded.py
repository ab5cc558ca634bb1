"""XML from a mirror through expat, with what no honest file needs refused: DOCTYPE, depth, attribute floods, long tags.

expat and handlers refuse what ElementTree, solv and createrepo_c accept or hang on (LIBRARIES 11).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol
from xml.parsers import expat

from builder.errors import HostileInput
from builder.names import shown
from builder.tree import border

MAX_DEPTH = 64
MAX_ATTRIBUTES = 64
# expat reads an unfinished tag again with every chunk (CVE-2023-52425): an endless one would cost its square in time.
MAX_TAG = 1 << 20
STEP = 256 << 10
# What expat reads by itself (xmlparse.c, XML_ParserCreate); any other name would go to Python's codecs, which fail
# each in a way of its own.
ENCODINGS = ("UTF-8", "UTF-16", "ISO-8859-1", "US-ASCII")


class Reader(Protocol):
    """Takes the events of one file. Names are `namespace name`; `depth` is 1 for the root."""

    def start(self, name: str, attributes: dict[str, str], depth: int) -> None: ...
    def text(self, text: str) -> None: ...
    def end(self, name: str, depth: int) -> None: ...


def read(chunks: Iterable[bytes], where: str, what: str, root: str, reader: Reader) -> None:
    """Feed `chunks` to `reader`; memory stays flat. `what` names what is due, `root` is its root element.

    Raises HostileInput for anything that is not such a file.
    """
    guard = _Guard(where, what, root, reader)
    parser = expat.ParserCreate(None, " ")
    parser.buffer_text = True
    parser.StartElementHandler = guard.start
    parser.EndElementHandler = guard.end
    parser.CharacterDataHandler = reader.text
    parser.XmlDeclHandler = guard.declaration
    parser.StartDoctypeDeclHandler = guard.doctype
    fed = 0
    try:
        for piece in _pieces(chunks):
            if not fed:
                guard.first(piece)
            parser.Parse(piece, False)
            fed += len(piece)
            if fed - parser.CurrentByteIndex > MAX_TAG:
                raise border.refusal(where, f"line {parser.CurrentLineNumber}", f"more than {MAX_TAG} bytes in one tag",
                                     "shorter ones")
        if not fed:
            raise border.refusal(where, f"empty where {what} is due", "nothing", what)
        parser.Parse(b"", True)
    except expat.ExpatError as e:
        raise border.refusal(where, f"line {e.lineno} is not XML", expat.ErrorString(e.code) or "broken XML", what,
                             "the file is cut off or damaged; try again or take another mirror") from e


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), STEP):
            yield chunk[start : start + STEP]


class _Guard:
    __slots__ = ("depth", "reader", "root", "what", "where")

    def __init__(self, where: str, what: str, root: str, reader: Reader) -> None:
        self.where, self.what, self.root, self.reader = where, what, root, reader
        self.depth = 0

    def first(self, piece: bytes) -> None:
        page = border.html(piece)
        if page:
            raise self.refuse(f"HTML where {self.what} is due (a login page?)", page, self.what, border.LOGIN)

    def declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.upper() not in ENCODINGS:
            raise self.refuse("the encoding", shown(encoding), " or ".join(ENCODINGS))

    def doctype(self, name: str, *_rest: object) -> None:
        raise self.refuse("a document type", f"<!DOCTYPE {shown(name)}", f"{self.what} without one: it could define "
                          "entities")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if len(attributes) > MAX_ATTRIBUTES:
            raise self.refuse(f"<{_local(name)}>", f"{len(attributes)} attributes", f"at most {MAX_ATTRIBUTES}")
        if self.depth > MAX_DEPTH:
            raise self.refuse(f"<{_local(name)}>", f"more than {MAX_DEPTH} levels", f"at most {MAX_DEPTH}")
        if self.depth == 1 and name != self.root:
            raise self.refuse(f"not {self.what}", f"a root element <{_local(name)}>",
                              f"<{_local(self.root)}> of {self.root.partition(' ')[0]}")
        self.reader.start(name, attributes, self.depth)

    def end(self, name: str) -> None:
        self.reader.end(name, self.depth)
        self.depth -= 1

    def refuse(self, problem: str, found: str, wanted: str, hint: str = "") -> HostileInput:
        return border.refusal(self.where, problem, found, wanted, hint)


def _local(name: str) -> str:
    return shown(name.rpartition(" ")[2]).strip('"')

"""From the bytes of a kickstart to text, as far as an installer would read them."""

from __future__ import annotations

from dataclasses import dataclass

from builder.errors import UsageError

MAX_BYTES = 4 << 20
BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
UTF8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """`text` without a byte order mark; `encoding` is utf-8, utf-16 or latin-1, `marked` says that a mark stood in
    front; `odd` is the first line (from 1) that is no UTF-8."""

    text: str
    encoding: str = "utf-8"
    marked: bool = False
    odd: int = 0


def read(data: bytes, where: str) -> Text:
    """Raises UsageError for what is no text at all."""
    if len(data) > MAX_BYTES:
        raise UsageError(f"{where}: more than {MAX_BYTES >> 20} MiB are no kickstart")
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return Text(text=data[2:].decode(encoding + ("-le" if mark[0] == 0xFF else "-be"), "replace"),
                        encoding=encoding, marked=True)
    if b"\0" in data:
        raise UsageError(f"{where}: holds a NUL byte in line {data[: data.index(0)].count(10) + 1}; it is no text",
                         "name the kickstart itself, not an image or an archive that holds it")
    marked = data.startswith(UTF8_BOM)
    bare = data[len(UTF8_BOM):] if marked else data
    try:
        return Text(text=bare.decode(), marked=marked)
    except UnicodeDecodeError as error:
        return Text(text=bare.decode("latin-1"), encoding="latin-1", marked=marked,
                    odd=bare[: error.start].count(b"\n") + 1)

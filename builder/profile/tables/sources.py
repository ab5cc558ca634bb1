"""Where the install tree is: a URL, a directory, an image or a list of mirrors, and who may see the client's key."""

from __future__ import annotations

import re
from pathlib import Path

from builder import names
from builder.profile.file import schema
from builder.profile.tables.reading import Reading
from builder.profile.values import TreeSource


def tree(raw: schema.Tree | None, reading: Reading) -> TreeSource:
    raw, mistakes = raw or schema.Tree(), reading.mistakes
    listed = "mirrorlist" if raw.mirrorlist else "metalink"
    if raw.iso and (raw.url or raw.mirrors or raw.mirrorlist or raw.metalink):
        mistakes.add("tree.iso", "an image is the whole tree: no other address of tree goes with it")
    elif (raw.mirrorlist or raw.metalink) and (raw.url or (raw.mirrorlist and raw.metalink)):
        mistakes.add(f"tree.{listed}", "one of tree.url, tree.mirrorlist and tree.metalink says where the tree is")
    certificate, key = _client(raw, reading)

    def parse(text: str) -> str:
        return source(text, reading)

    return TreeSource(
        iso=mistakes.parsed("tree.iso", lambda text: _image(text, reading), raw.iso) if raw.iso else None,
        client_cert=certificate, client_key=key,
        url=mistakes.parsed("tree.url", parse, raw.url) if raw.url else None,
        mirrors=reading.each("tree.mirrors", raw.mirrors, parse),
        mirrorlist=mistakes.parsed("tree.mirrorlist", _list_url, raw.mirrorlist) if raw.mirrorlist else None,
        metalink=mistakes.parsed("tree.metalink", _list_url, raw.metalink) if raw.metalink else None,
        install_url=mistakes.parsed("tree.install_url", names.url, raw.install_url) if raw.install_url else None)


def source(text: str, reading: Reading) -> str:
    """A URL, a file: URL, or a directory (relative ones start at the profile's folder). Raises ValueError."""
    if text.startswith("file:"):
        if not re.fullmatch(r"file://(/[^\x00-\x20\x7f]*)", text):
            raise ValueError(f"{names.shown(text)} is no file URL; write file:///srv/tree")
        return text.rstrip("/")
    if "://" in text:
        return names.url(text)
    place = Path(text).expanduser()
    return str((place if place.is_absolute() else reading.folder("tree.url") / place).resolve())


def _image(text: str, reading: Reading) -> str:
    place = reading.place("tree.iso", text)
    if place.exists() and not place.is_file():
        raise ValueError(f"{place} is no file; name an ISO image, or write tree.url for a directory")
    return str(place)  # where it is gone, a build may still find all it needs in the store


def _client(raw: schema.Tree, reading: Reading) -> tuple[str | None, str | None]:
    """Certificate and key; without a key of its own the certificate's file holds both, and is as private."""
    mistakes = reading.mistakes
    if not raw.client_cert:
        if raw.client_key:
            mistakes.add("tree.client_key", "a key without tree.client_cert is of no use")
        return None, None
    if not (raw.url or "").lower().startswith("https://"):
        mistakes.add("tree.client_cert", "goes with an https tree.url; nobody else may see it")
    certificate = mistakes.parsed("tree.client_cert", lambda text: _pem("tree.client_cert", text, False, reading),
                                  raw.client_cert)
    key, text = ("tree.client_key", raw.client_key) if raw.client_key else ("tree.client_cert", raw.client_cert)
    private = mistakes.parsed(key, lambda word: _pem(key, word, True, reading), text) if certificate else None
    return certificate, private


def _pem(key: str, text: str, private: bool, reading: Reading) -> str:
    """The place of a PEM file, which for a key is readable by its owner alone. Raises ValueError."""
    place = reading.place(key, text)
    reading.referred(key, f"file:{place}", private=private)
    return str(place)


def _list_url(text: str) -> str:
    """The address of a list of mirrors, which has its query: ?repo=BaseOS-9&arch=x86_64."""
    base, mark, query = text.partition("?")
    if mark and not re.fullmatch(r"[A-Za-z0-9._~%+&=$-]{1,500}", query):
        raise ValueError(f"{names.shown(text)}: a query of letters, digits and . _ ~ % + & = - only")
    return names.url(base) + mark + query

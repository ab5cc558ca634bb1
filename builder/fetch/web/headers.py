"""What the headers of an answer mean; pure functions, strict where a wrong guess would damage a file."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from builder import names

CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.IGNORECASE)
STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,200}"')
PACKED = re.compile(r"\.(gz|tgz|bz2|xz|zst|zck|lzma)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRange:
    """Bytes `start` to `end` (inclusive) of a file of `total` bytes (None: not told)."""

    start: int
    end: int
    total: int | None


def content_range(text: str) -> ContentRange | None:
    """RFC 9110 14.4; None for anything but one satisfied byte range that makes sense."""
    found = CONTENT_RANGE.fullmatch(text)
    if not found:
        return None
    start, end = int(found[1]), int(found[2])
    total = None if found[3] == "*" else int(found[3])
    if end < start or (total is not None and end >= total):
        return None
    return ContentRange(start=start, end=end, total=total)


def strong_etag(text: str) -> str:
    """The entity tag where it is a strong one (RFC 9110 8.8.3), else nothing: If-Range takes no weak tag (13.1.5)."""
    return text if STRONG_ETAG.fullmatch(text) else ""


def content_length(text: str) -> int | None:
    """RFC 9110 8.6: one number, or the same one repeated; None where it tells nothing usable."""
    values = {part.strip() for part in text.split(",")}
    only = values.pop() if len(values) == 1 else ""
    return int(only) if re.fullmatch(r"[0-9]{1,18}", only) else None


def retry_after(text: str, date: str) -> float | None:
    """Seconds to wait (RFC 9110 10.2.3); a date is counted from the answer's own Date, so no clock of ours is asked."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    from email.utils import parsedate_to_datetime  # 10 ms, for a header that hardly ever comes

    try:
        return max(0.0, (parsedate_to_datetime(text) - parsedate_to_datetime(date)).total_seconds())
    except (ValueError, TypeError):
        return None


def coded(content_encoding: str, transfer_encoding: str, path: str = "") -> str:
    """The codings that make a body something else than the file, or nothing (RELIABILITY N16).

    A server may label a stored `.gz` file with `Content-Encoding: gzip` (Apache's AddEncoding does): nothing was coded
    for the transfer then, and the bytes are the file. Hand in `path` only where a digest will decide.
    """
    content = [] if PACKED.search(path) else content_encoding.split(",")
    transfer = [c for c in transfer_encoding.split(",") if c.strip().lower() != "chunked"]
    return ", ".join(c.strip().lower() for c in content + transfer if c.strip().lower() not in ("", "identity"))


def redirect(current: str, location: str) -> str:
    """The URL that a redirect from `current` leads to. Raises ValueError (with the reason) where it is not followed.

    Only http and https, never from https to http, a host, no user, no character that a header or log could be split
    with (RELIABILITY N18-N22).
    """
    if not re.fullmatch(r"[!-~]{1,4096}", location) or "\\" in location:
        raise ValueError(f"to {names.shown(location)}, which is no URL")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", location) and not urlsplit(location).netloc:
        raise ValueError(f"to {names.shown(location)}, which names no host")  # urljoin would take it for relative
    target = urlsplit(urljoin(current, location))
    if target.scheme not in ("http", "https"):
        raise ValueError(f"to {names.shown(location)}, which is no http or https URL")
    if urlsplit(current).scheme == "https" and target.scheme == "http":
        raise ValueError(f"from https to plain http ({target.hostname})")
    if "@" in target.netloc:
        raise ValueError(f"to {target.hostname} with a user in the URL")
    _check_host(target)
    return urlunsplit(target._replace(fragment=""))


def _check_host(target: SplitResult) -> None:
    host = target.hostname or ""
    try:
        _ = target.port
        if ":" in host or re.fullmatch(r"[0-9.]+", host):
            ipaddress.ip_address(host)
        else:
            names.hostname(host)
    except ValueError:
        raise ValueError(f"to {names.shown(target.netloc)}, which is no host") from None


def shown(url: str) -> str:
    """A URL as messages show it: without a query, which may hold the token of a download service."""
    return url.partition("?")[0]

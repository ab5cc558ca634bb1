"""The grammar of xl.cfg: strings, settings, disk and vif items as libxlutil reads them (XEN 2, REFERENCE 1.8).

What libxlutil lets pass in silence (unknown or doubled keys, `target=` before the end, a bad item of a vif) is refused
here, because `xl` would start another machine than the one that was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from builder.names import shown

Value = str | int | Sequence[str]

# An upper-case letter in a key is a lexical error (libxlu_cfg_l.l).
KEY = re.compile(r"[a-z][a-z0-9_]*")
# What would end or split an item of a disk or vif line (xl-disk-configuration(5), xl-network-configuration(5)).
SPLITS_ITEM = re.compile(r"[\s,\"'\\\x00-\x1f\x7f]")
VDEV = re.compile(r"xvd[a-z]{1,2}|hd[a-d]|sd[a-p]")


def quote(text: str) -> str:
    """`text` as a string of xl.cfg.

    Only backslash and double quote are escaped; any other escape is an error or, for \\x, broken upstream
    (libxlu_cfg.c, xlu__cfgl_dequote). Raises ValueError for what is not printable: a line end is a syntax error, and a
    NUL aborts xl.
    """
    if not text.isprintable():
        raise ValueError(f"{shown(text)} holds a control character, which xl.cfg cannot carry")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def config(comments: Iterable[str], settings: Iterable[tuple[str, Value]]) -> str:
    """A whole file: comment lines, an empty line, one setting a line, and the final newline without which a last
    comment is a lexical error. Raises ValueError, also for a key set twice (the last would win in silence)."""
    lines = [_comment(text) for text in comments]
    lines.append("")
    seen: set[str] = set()
    for key, value in settings:
        if not KEY.fullmatch(key):
            raise ValueError(f"{shown(key)} is no key of xl.cfg")
        if key in seen:
            raise ValueError(f"{key} is set twice; xl takes the last in silence")
        seen.add(key)
        lines.append(f"{key} = {_value(key, value)}")
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    if not text.isprintable():
        raise ValueError(f"{shown(text)} holds a control character, which a comment cannot carry")
    return f"# {text}".rstrip()


def _value(key: str, value: Value) -> str:
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, int):
        # Negative and decimal numbers are lexical errors; booleans are written 0 and 1.
        if value < 0:
            raise ValueError(f"{key}: {value} is no number of xl.cfg")
        return str(int(value))
    return "[ " + ", ".join(quote(each) for each in value) + " ]"


def disk(*, vdev: str, target: str, format: str = "raw", access: str = "rw") -> str:
    """An item of `disk`. `target` comes last, because it takes the whole rest of the line; it is an absolute path.

    Raises ValueError where a value would split the item.
    """
    if not VDEV.fullmatch(vdev):
        raise ValueError(f"{shown(vdev)} is no disk of a Xen guest (xvda, xvdb, ...)")
    if not target.startswith("/"):
        raise ValueError(f"{shown(target)} is no absolute path; xl would look for it under /dev")
    return _items((("format", format), ("vdev", vdev), ("access", access), ("target", target)))


def vif(*, mac: str, bridge: str) -> str:
    """An item of `vif`. A bad one makes xl print a warning and start the guest with another card, so it is refused."""
    return _items((("mac", mac), ("bridge", bridge)))


def _items(pairs: Iterable[tuple[str, str]]) -> str:
    for key, value in pairs:
        if not value or SPLITS_ITEM.search(value) or not value.isprintable():
            raise ValueError(f"{key}: {shown(value)} is empty or holds a comma, blank, quote or backslash, "
                             "at which xl would split it")
    return ",".join(f"{key}={value}" for key, value in pairs)

"""A lock as text: canonical TOML, one spelling for one lock, parsed strictly."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from builder import digest, names
from builder.errors import UsageError
from builder.lock.model import PATCHES, ROLES, KernelFacts, Lock, Pin
from builder.trust.evidence import Evidence

VERSION = 1
MAX_BYTES = 16 << 20
HEAD = """\
# pinboot lock: every byte that will boot, and why it is believed.
# Written by `pinboot lock`; keep it beside the profile and commit it. Change it with `pinboot lock --update`.
"""


def write(lock: Lock) -> str:
    """The canonical text: the same lock is always the same bytes."""
    lines = [HEAD, _pairs({
        "lock_version": VERSION, "family": lock.family, "release": lock.version, "arch": lock.arch,
        "source": lock.source, "compose": lock.compose, "epoch": lock.epoch, "absent": list(lock.absent)})]
    kernel = lock.kernel
    lines.append("\n[kernel]\n" + _pairs({
        "version": kernel.version, "payload": kernel.payload, "xen_pv": kernel.xen_pv, "xen_pvh": kernel.xen_pvh,
        "cmdline_size": kernel.cmdline_size, "initrd_xen_drivers": list(kernel.initrd_xen_drivers),
        "buildstamp": kernel.buildstamp}))
    for pin in sorted(lock.pins, key=_order):
        lines.append("\n[[pin]]\n" + _pairs({
            "role": pin.role, "name": pin.name, "path": pin.path, "size": pin.size, "digest": str(pin.digest),
            "evidence": pin.evidence, "detail": pin.detail, "key": pin.key}))
    if lock.overrides:
        lines.append("\n[overrides]\n" + "".join(
            f"{_value(what)} = {_value(reason)}\n" for what, reason in sorted(lock.overrides.items())))
    return "".join(lines)


def _order(pin: Pin) -> tuple[int, str, str]:
    return ROLES.index(pin.role), pin.name, pin.path


def _pairs(table: dict[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in table.items() if value != "")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    # A TOML basic string: backslash, quote and control characters are escaped (toml.io v1.0, String).
    escaped = re.sub(r'[\\"]', r"\\\g<0>", value)
    escaped = re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\u{ord(m[0]):04x}", escaped)
    return f'"{escaped}"'


def read(path: Path, shown: str) -> Lock | None:
    """The lock at `path`, or None where there is none. Raises UsageError where it is no lock that can be trusted."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as reason:
        raise UsageError(f"{shown}: cannot be read: {reason.strerror}") from reason
    return parse(data, shown)


def parse(data: bytes, shown: str) -> Lock:
    """Raises UsageError: no TOML, conflict markers, unknown version or keys, a digest or path of the wrong shape."""
    cure = "take it from version control again, or remove it and make it anew with pinboot lock"
    if len(data) > MAX_BYTES:
        raise UsageError(f"{shown}: longer than 16 MiB; that is no lock", cure)
    try:
        table = tomllib.loads(data.decode())
    except RecursionError:
        raise UsageError(f"{shown}: not a lock: nested too deeply", cure) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as reason:
        marker = any(line.startswith((b"<<<<<<<", b">>>>>>>")) for line in data.splitlines())
        what = "unresolved merge conflict" if marker else f"not TOML: {reason}"
        raise UsageError(f"{shown}: {what}", cure) from None
    found = table.get("lock_version")
    if found != VERSION:
        newer = isinstance(found, int) and found > VERSION
        raise UsageError(f"{shown}: lock_version is {found!r}, this pinboot reads {VERSION}",
                         "a newer pinboot wrote it: upgrade" if newer else cure)
    try:
        return _lock(_Reader(table, ""))
    except ValueError as reason:
        raise UsageError(f"{shown}: {reason}", cure) from None


class _Reader:
    """A table whose keys are taken one by one; what is left over at the end is unknown."""

    def __init__(self, table: dict[str, Any], path: str) -> None:
        self.table = dict(table)
        self.path = path

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        value = self.table.pop(key, default)
        if type(value) is not kind:
            raise ValueError(f"{self.path}{key}: wants {kind.__name__}, found {value!r}")
        return value

    def parsed(self, key: str, parse_text: Callable[[str], Any], default: str | None = None) -> Any:
        text = self.take(key, str, default)
        try:
            return parse_text(text)
        except ValueError as reason:
            raise ValueError(f"{self.path}{key}: {reason}") from None

    def end(self) -> None:
        if self.table:
            raise ValueError(f"{self.path}{min(self.table)}: unknown key")


def _lock(top: _Reader) -> Lock:
    top.take("lock_version", int)
    kernel = _Reader(top.take("kernel", dict), "kernel.")
    pins = [_pin(_Reader(_table(each, f"pin[{i}]"), f"pin[{i}].")) for i, each in enumerate(top.take("pin", list, []))]
    overrides = top.take("overrides", dict, {})
    lock = Lock(
        family=top.take("family", str), version=top.take("release", str), arch=top.take("arch", str),
        source=top.take("source", str), compose=top.take("compose", str, ""), epoch=top.take("epoch", int),
        kernel=_kernel(kernel), pins=tuple(sorted(pins, key=_order)), absent=_absent(top),
        overrides=MappingProxyType({str(k): str(v) for k, v in sorted(overrides.items())}))
    top.end()
    for role in ("kernel", "initrd", "stage2", "treeinfo", "repository"):
        if not lock.of_role(role):
            raise ValueError(f"pin: no {role} is pinned")
    if not 0 <= lock.epoch < 1 << 33:
        raise ValueError(f"epoch: {lock.epoch} is no time")
    return lock


def _absent(top: _Reader) -> tuple[str, ...]:
    found = top.take("absent", list, [])
    for path in found:
        if path not in PATCHES:
            raise ValueError(f"absent: {names.shown(str(path))} is none of {', '.join(PATCHES)}")
    return tuple(path for path in PATCHES if path in found)


def _table(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{path}: wants a table")
    return value


def _kernel(table: _Reader) -> KernelFacts:
    drivers = table.take("initrd_xen_drivers", list, [])
    facts = KernelFacts(
        version=table.take("version", str), payload=table.take("payload", str, ""), xen_pv=table.take("xen_pv", bool),
        xen_pvh=table.take("xen_pvh", bool), cmdline_size=table.take("cmdline_size", int),
        initrd_xen_drivers=tuple(str(d) for d in drivers), buildstamp=table.take("buildstamp", str, ""))
    table.end()
    return facts


def _pin(table: _Reader) -> Pin:
    pin = Pin(
        role=table.parsed("role", _role), name=table.take("name", str, ""), path=table.parsed("path", pin_path),
        size=table.take("size", int), digest=table.parsed("digest", _sha256),
        evidence=table.parsed("evidence", lambda text: Evidence(text).value), detail=table.take("detail", str, ""),
        key=table.parsed("key", _key, ""))
    table.end()
    if pin.size < 0:
        raise ValueError(f"{table.path}size: {pin.size} is no size")
    return pin


def _key(text: str) -> str:
    if text and not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", text):
        raise ValueError(f"{names.shown(text)} is no fingerprint of 40 or 64 hex digits")
    return text


def _role(text: str) -> str:
    if text not in ROLES:
        raise ValueError(f"{names.shown(text)} is no role ({', '.join(ROLES)})")
    return text


def _sha256(text: str) -> digest.Digest:
    found = digest.parse(text)
    if found.algorithm != "sha256":
        raise ValueError(f"{names.shown(text)} is not sha256")
    return found


def pin_path(text: str) -> str:
    """A path relative to the source; a repository of another variant may lie above it (`../../../AppStream/...`)."""
    climbs = 0
    while text.startswith("../"):
        text, climbs = text[3:], climbs + 1
    if climbs > 4:
        raise ValueError(f"{names.shown(text)} climbs out of the compose")
    return "../" * climbs + names.tree_path(text)

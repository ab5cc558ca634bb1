"""The real parser of xl.cfg: libxlutil from Debian's packages, driven by ctypes in a child process (XEN 2).

A child, because a NUL byte in a string aborts the process that parses it. Whatever the library says on its report
stream is a failure: it warns, keeps its return code 0 and drops the value.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("libxenmisc4.17", "libxentoollog1", "libxenstore4", "libxencall1", "libxendevicemodel1", "libxenevtchn1",
            "libxenforeignmemory1", "libxengnttab1", "libxenhypfs1", "libxentoolcore1", "libyajl2", "libnl-3-200",
            "libnl-route-3-200", "libfdt1")
# Every key that xl 4.17 asks for and that stands in our files or in the corpus.
KEYS = ("name", "type", "builder", "uuid", "memory", "maxmem", "vcpus", "kernel", "ramdisk", "cmdline", "root", "extra",
        "bootloader", "firmware", "boot", "serial", "vnc", "device_model_version", "disk", "vif", "vfb", "pci",
        "on_poweroff", "on_reboot", "on_crash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """`code` is 0 where the file was read; `said` everything the library reported; numbers are strings of digits.

    `disks` are the parts of each `disk` item as xlu_disk_parse took them."""

    code: int
    said: str
    values: Mapping[str, str | list[str]]
    disks: list[dict[str, str]]

    @property
    def clean(self) -> bool:
        return self.code == 0 and not self.said


def parse(texts: Sequence[str | bytes], keys: Sequence[str] = KEYS) -> list[Parsed]:
    """All `texts` in one child."""
    from tests.tool.debian import unpacked
    folders = sorted({str(library.parent) for package in PACKAGES for library in unpacked(package).rglob("*.so.*")})
    asked = [base64.b64encode(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text).decode()
             for text in texts]
    child = subprocess.run([sys.executable, __file__], input=json.dumps({"texts": asked, "keys": list(keys)}),
                           env={**os.environ, "LD_LIBRARY_PATH": ":".join(folders)}, text=True, capture_output=True)
    assert child.returncode == 0 and not child.stderr, f"libxlutil ended with {child.returncode}: {child.stderr}"
    return [Parsed(**each) for each in json.loads(child.stdout)]


class _Disk(ctypes.Structure):
    """The head of libxl_device_disk, padded to far more than its size (libxl_types.idl of 4.17)."""

    _fields_ = (("backend_domid", ctypes.c_uint32), ("backend_domname", ctypes.c_char_p),
                ("pdev_path", ctypes.c_char_p), ("vdev", ctypes.c_char_p), ("backend", ctypes.c_int),
                ("format", ctypes.c_int), ("script", ctypes.c_char_p), ("removable", ctypes.c_int),
                ("readwrite", ctypes.c_int), ("is_cdrom", ctypes.c_int), ("rest", ctypes.c_char * 4096))


class _Library:
    def __init__(self) -> None:
        self.light = ctypes.CDLL("libxenlight.so.4.17", mode=ctypes.RTLD_GLOBAL)
        self.util = ctypes.CDLL("libxlutil.so.4.17")
        self.libc = ctypes.CDLL(None)
        self.libc.open_memstream.restype = ctypes.c_void_p
        self.util.xlu_cfg_init.restype = ctypes.c_void_p
        self.util.xlu_cfg_get_listitem.restype = ctypes.c_char_p
        self.light.libxl_disk_format_to_string.restype = ctypes.c_char_p

    def read(self, text: bytes, keys: Sequence[str]) -> dict[str, object]:
        said, length = ctypes.c_char_p(), ctypes.c_size_t()
        report = ctypes.c_void_p(self.libc.open_memstream(ctypes.byref(said), ctypes.byref(length)))
        config = ctypes.c_void_p(self.util.xlu_cfg_init(report, b"config"))
        code = self.util.xlu_cfg_readdata(config, text, len(text))
        values = {key: value for key in keys if (value := self._value(config, key)) is not None} if code == 0 else {}
        items = values.get("disk", [])
        disks = [self._disk(config, item) for item in items] if isinstance(items, list) else []
        self.util.xlu_cfg_destroy(config)
        self.libc.fclose(report)
        return {"code": code, "said": (said.value or b"").decode("utf-8", "replace"), "values": values, "disks": disks}

    def _value(self, config: ctypes.c_void_p, key: str) -> str | list[str] | None:
        string, items, count = ctypes.c_char_p(), ctypes.c_void_p(), ctypes.c_int()
        name = key.encode()
        if self.util.xlu_cfg_get_list(config, name, ctypes.byref(items), ctypes.byref(count), 1) == 0:
            return [_text(self.util.xlu_cfg_get_listitem(items, i)) for i in range(count.value)]
        if self.util.xlu_cfg_get_string(config, name, ctypes.byref(string), 1) == 0:
            return _text(string.value)
        return None

    def _disk(self, config: ctypes.c_void_p, item: str) -> dict[str, str]:
        disk = _Disk()
        self.light.libxl_device_disk_init(ctypes.byref(disk))
        specs = (ctypes.c_char_p * 1)(item.encode("utf-8", "surrogateescape"))
        if self.util.xlu_disk_parse(config, 1, specs, ctypes.byref(disk)) != 0:
            return {}
        return {"target": _text(disk.pdev_path), "vdev": _text(disk.vdev), "access": "rw" if disk.readwrite else "ro",
                "format": _text(self.light.libxl_disk_format_to_string(disk.format))}


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "surrogateescape")


def _child() -> None:
    asked = json.load(sys.stdin)
    library = _Library()
    json.dump([library.read(base64.b64decode(text), asked["keys"]) for text in asked["texts"]], sys.stdout)


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).parent))
    _child()

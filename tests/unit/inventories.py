"""A profile whose hosts come from an inventory, read from texts, for tests of inventories and classes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from builder.errors import UsageError
from builder.profile import resolve
from builder.profile.values import Profile
from tests.unit import samples

HEAD = f"""\
release = "alma-9.6"
outputs = ["ipxe"]
root = {{ ssh_keys = ["{samples.KEY}"] }}
serve = {{ url = "http://10.20.0.5", secret = "env:SERVE" }}
"""
ENVIRONMENT = {"SERVE": "0b5a1f3c7d9e2468ace013579bdf0f1e2d3c4b5a69788796"}
CLASSES = """
[class.compute]
firmware = "uefi"
disk = "smallest nvme"
[class.legacy]
firmware = "bios"
disk = ["sda", "sdb"]
storage = "raid1"
"""


def read(folder: Path, files: Mapping[str, str | bytes | dict[str, Any]], text: str = CLASSES, *,
         settings: Sequence[str] = ()) -> Profile:
    """The profile fleet.toml below `folder` with these inventories, and `text` at its end."""
    for name, content in files.items():
        data = json.dumps(content) if isinstance(content, dict) else content
        (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    (folder / "fleet.toml").write_text(f"{HEAD}inventory = {json.dumps(list(files))}\n{text}")
    return resolve.read(folder / "fleet.toml", "fleet.toml", ENVIRONMENT, settings)[0]


def refused(folder: Path, files: Mapping[str, str | bytes | dict[str, Any]], text: str = CLASSES, *,
            settings: Sequence[str] = ()) -> str:
    """Message and hint with which that profile is refused."""
    with pytest.raises(UsageError) as caught:
        read(folder, files, text, settings=settings)
    return f"{caught.value.message}\n{caught.value.hint}"


def listed(hosts: Mapping[str, Mapping[str, Any]], **groups: Any) -> dict[str, Any]:
    """What ansible-inventory --list prints."""
    return {"_meta": {"hostvars": hosts}, **groups}

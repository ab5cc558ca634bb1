"""External tools that tests judge by: found by name, and missed by name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def need(path_or_command: str, package: str) -> str:
    """The path of a tool or file; where it is absent the test is skipped, or fails with PINBOOT_REQUIRE_TOOLS=1."""
    found = path_or_command if Path(path_or_command).exists() else shutil.which(path_or_command)
    if found:
        return found
    reason = f"{path_or_command} is not here (Debian package {package})"
    if os.environ.get("PINBOOT_REQUIRE_TOOLS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)

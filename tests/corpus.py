"""Where the corpus of real files is; tests that need it skip by name where it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def corpus() -> Path:
    folder = Path(os.environ.get("PINBOOT_CORPUS", ROOT.parent / "shared" / "corpus"))
    if not (folder / "INDEX.tsv").is_file():
        if os.environ.get("PINBOOT_REQUIRE_TOOLS") == "1":
            pytest.fail(f"the corpus of real files is not at {folder} (set PINBOOT_CORPUS)")
        pytest.skip(f"the corpus of real files is not at {folder} (set PINBOOT_CORPUS)")
    return folder

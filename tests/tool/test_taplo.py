"""The schema of profiles as editors use it: taplo, which Even Better TOML runs, finds it by `#:schema` and marks mistakes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from builder.cli.manual import schema
from builder.profile import starters

# It comes with the tests (pyproject.toml), beside this Python where that is a virtual environment.
SEARCHED = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"


def check(folder, *files):
    try:
        return subprocess.run(["taplo", "check", *files], cwd=folder, capture_output=True, text=True,
                              env={**os.environ, "PATH": SEARCHED}, timeout=60)
    except FileNotFoundError:
        reason = "taplo is not here (pip install taplo)"
        if os.environ.get("PINBOOT_REQUIRE_TOOLS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "pinboot.schema.json").write_text(schema.text())
    (tmp_path / "profiles").mkdir()
    for path in starters.folder().glob("*.toml"):
        (tmp_path / "profiles" / path.name).write_text(f"#:schema ../pinboot.schema.json\n{path.read_text()}")
    return tmp_path


@pytest.mark.tool
def test_taplo_takes_every_starter(desk):
    done = check(desk, "profiles/*.toml")
    assert done.returncode == 0, done.stderr
    assert f"total={len(starters.names())}" in done.stderr


@pytest.mark.tool
def test_taplo_marks_what_pinboot_would_refuse(desk):
    path = desk / "profiles/rocky-9-xen.toml"
    path.write_text(path.read_text().replace("timezone", "timezon").replace('"4 GiB"', '"4GB"'))
    done = check(desk, "profiles/rocky-9-xen.toml")
    assert done.returncode != 0 and "'timezon' was unexpected" in done.stderr and '"4GB" does not match' in done.stderr

"""What was made against what a person has read and committed. `PINBOOT_BLESS=1` writes it anew, and fails."""

import os
import shutil

import pytest


def same_text(path, made):
    """The text `made` is that of the file `path`."""
    if _blessing():
        path.parent.mkdir(exist_ok=True)
        path.write_text(made, encoding="utf-8")
        _blessed()
    assert path.exists(), f"{path.name} is not there: PINBOOT_BLESS=1 writes one to read and commit"
    assert made == path.read_text(encoding="utf-8")


def same_files(folder, made):
    """The texts `made`, by their paths below `folder`, are all that is there."""
    if _blessing():
        shutil.rmtree(folder, ignore_errors=True)
        for path, text in made.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        _blessed()
    expected = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
                for path in folder.rglob("*") if path.is_file()}
    assert expected, f"{folder.name} is empty: PINBOOT_BLESS=1 writes what a person then reads and commits"
    assert sorted(made) == sorted(expected)
    assert {path: text for path, text in made.items() if text != expected[path]} == {}


def _blessing():
    return os.environ.get("PINBOOT_BLESS") == "1"


def _blessed():
    pytest.fail("blessed: read the difference, then run again without PINBOOT_BLESS")

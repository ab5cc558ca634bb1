"""The house holds: imports point one way, the door alone prints, exits and reads the clock."""

import ast
import re
from pathlib import Path

import pytest

import builder

ROOT = Path(builder.__file__).parent
ORDER = ["errors", "digest", "names", "finding", "progress", "catalog", "profile", "tree", "probe", "fetch", "trust",
         "lock", "boot", "lint", "outputs", "media", "mirror", "proof", "jobs", "demo", "cli"]
FILES = sorted(p for p in ROOT.rglob("*.py") if p.parent != ROOT or p.name != "__init__.py")


def room(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module if node.module != "builder" else f"builder.{node.names[0].name}"
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_only_to_rooms_above(path):
    here = ORDER.index(room(path))
    for module in imports(ast.parse(path.read_text())):
        if module.startswith("builder."):
            target = module.split(".")[1]
            if not target.startswith("__"):
                assert ORDER.index(target) <= here, f"{path.name} imports {module}"


@pytest.mark.parametrize("path", [p for p in FILES if room(p) not in ("cli", "demo")],
                         ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_below_the_door_prints_exits_or_reads_the_clock(path):
    text = path.read_text()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            call = ast.unparse(node.func)
            assert call not in ("print", "sys.exit", "exit", "quit", "os._exit"), f"{path}:{node.lineno} {call}"
            assert call not in ("time.time", "datetime.now", "datetime.datetime.now", "date.today",
                                "datetime.date.today", "os.getenv"), f"{path}:{node.lineno} {call}"
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            assert caught not in ("everything", "Exception"), f"{path}:{node.lineno} catches {caught}"
    assert not re.search(r"os\.environ\b", text), f"{path} reads the environment"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text()))

"""`pinboot diff` judged by others: git has the locks, patch(1) applies what is told, GitHub's reader reads the Markdown."""

from __future__ import annotations

import html.parser
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.cli.differences import markdown
from builder.jobs.comparing.difference import Difference, Hosts
from builder.jobs.comparing.settings import Changed
from builder.jobs.comparing.sides.side import Side
from builder.jobs.comparing.texts import lines
from builder.jobs.comparing.texts.groups import Group
from builder.jobs.comparing.texts.lines import Hunk
from builder.jobs.comparing.texts.pairs import Found
from builder.lock.compare import Change
from tests.golden.bench import Ran, pinboot
from tests.tool.tools import need
from tests.unit.test_text_lines import TEXTS, hunks

pytestmark = pytest.mark.tool
ALMA = (Path(__file__).parents[1] / "golden/cases/alma-8-lvm/expected/alma-8-lvm.lock").read_text()
NEWER = ALMA.replace('release = "8.10"', 'release = "8.11"')


# git

@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    need("git", "git")
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    git("init", "-q", "work")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def git(*words: str) -> None:
    subprocess.run(["git", "-c", "user.name=ops", "-c", "user.email=ops@example.com", *words], check=True)


def committed(name: str, text: str) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text)
    git("--literal-pathspecs", "add", "--", name)
    git("commit", "-q", "-m", "x")


def last(name: str) -> Ran:
    return pinboot("diff", "--last", name)


@pytest.mark.parametrize("name", ["alma.lock", "locks/alma.lock", "-x.lock", "a b.lock", ":(top)*.lock"])
def test_a_lock_that_was_changed_is_compared_with_what_is_committed(repository: Path, name: str) -> None:
    committed(name, ALMA)
    Path(name).write_text(NEWER)
    ran = pinboot("diff", f"--last={name}") if name.startswith("-") else last(name)
    assert ran.code == 3 and "moves from 8.10 to 8.11" in ran.out and f"old        {name} at HEAD\n" in ran.out


def test_a_committed_lock_is_compared_with_the_version_before(repository: Path) -> None:
    committed("alma.lock", ALMA)
    committed("other", "x")
    committed("alma.lock", NEWER)
    ran = last("alma.lock")
    assert ran.code == 3 and "moves from 8.10 to 8.11" in ran.out and " at HEAD" not in ran.out
    Path("alma.toml").write_text("whatever\n")
    assert last("alma.toml") == ran


def test_versions_that_are_the_same_or_gone_are_passed_over(repository: Path) -> None:
    committed("alma.lock", ALMA)
    committed("alma.lock", NEWER)
    git("rm", "-q", "alma.lock")
    git("commit", "-q", "-m", "x")
    committed("alma.lock", NEWER)
    assert "moves from 8.10 to 8.11" in last("alma.lock").out


def test_an_address_that_moved_is_told_though_no_pin_is_another(repository: Path) -> None:
    committed("alma.lock", ALMA)
    Path("alma.lock").write_text(ALMA.replace("http://mirror.example/", "http://other.example/"))
    ran = last("alma.lock")
    assert ran.code == 3 and "address    http://mirror.example/" in ran.out and "pins" not in ran.out


def test_without_a_version_before_git_says_why(repository: Path) -> None:
    assert last("alma.lock").err.startswith("error: alma.lock: there is no such lock\n")
    Path("alma.lock").write_text(ALMA)
    assert "alma.lock: git has no version of it" in last("alma.lock").err
    committed("other", "x")
    assert "alma.lock: git has no version of it" in last("alma.lock").err and last("alma.lock").code == 2
    committed("alma.lock", ALMA)
    assert "has had no other content since it was committed on" in last("alma.lock").err and last("alma.lock").code == 1
    Path("alma.lock").write_text("not a lock")
    ran = last("alma.lock")
    assert ran.code == 2 and "not TOML" in ran.err
    shutil.rmtree(".git")
    ran = last("alma.lock")
    assert ran.code == 2 and "lies in no git repository" in ran.err and "compare two files: pinboot diff OLD.lock" in ran.err


def test_a_version_that_is_no_lock_and_a_repository_that_is_broken_are_told(repository: Path) -> None:
    committed("alma.lock", "not a lock")
    Path("alma.lock").write_text(ALMA)
    assert "alma.lock at HEAD: not TOML" in last("alma.lock").err
    Path(".git/HEAD").write_text("garbage")
    ran = last("alma.lock")
    assert ran.code in (1, 2) and "alma.lock: " in ran.err and "Traceback" not in ran.err


def test_without_git_its_package_is_named(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("alma.lock").write_text(ALMA)
    monkeypatch.setenv("PATH", "/nowhere")
    ran = last("alma.lock")
    assert ran.code == 5 and "git is not on this machine" in ran.err and "install the package git" in ran.err


# patch(1)

@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, TEXTS, st.integers(0, 4))
def test_patch_applies_what_is_told(tmp_path: Path, old: str, new: str, context: int) -> None:
    patch = need("patch", "patch")
    told = hunks(old, new, context)
    (tmp_path / "text").write_bytes(old.encode())
    body = "--- text\n+++ text\n" + "".join(f"{line}\n" for line in lines.unified(told))
    if told:
        ran = subprocess.run([patch, "--binary", "-s", "--fuzz=0", "-E", "text"], cwd=tmp_path, input=body.encode(),
                             capture_output=True)
        assert ran.returncode == 0, ran.stdout
    assert ((tmp_path / "text").read_bytes() if (tmp_path / "text").exists() else b"") == new.encode()


# Markdown

HOSTILE = st.text(alphabet="`|<>&@#*_[]()!\\~-+ \t\n\x1b\u202eax/.:", min_size=1, max_size=30) | st.sampled_from([
    "</details>", "</code></summary><script>alert(1)</script>", "```\n# no longer code", "@core", "`a``b`", "a|b", "![x](http://e)",
    "https://evil.example", "<!-- ", "\\", "````", "|---|", "a\n\n# heading", "&lt;", "[x]: http://e", "- x", "1. x", "==="])


class Reader(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.code: list[str] = []
        self.outside: list[str] = []
        self.details = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.open.append(tag)
        self.details += tag == "details"
        if tag == "code":
            self.code.append("")
        assert tag == "code" or not any(name != "align" for name, _ in attrs) or tag == "pre", (tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "code" in self.open:
            self.code[-1] += data
        else:
            self.outside.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def read(text: str) -> Reader:
    """As GitHub renders it, with raw HTML (which it then cleans, but for details and the like)."""
    cmarkgfm = pytest.importorskip("cmarkgfm", reason="cmarkgfm is not installed (pip install 'pinboot[test]')")
    from cmarkgfm.cmark import Options

    reader = Reader()
    reader.feed(cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE))
    reader.close()
    assert reader.open == []
    return reader


def difference(word: str) -> Difference:
    side = Side(shown=word, kind="lock", name=word, lock=None, lock_shown=word)
    hunk = Hunk(old=1, new=1, lines=(f" {word}\n", f"-{word}\n", f"+{word}x"))
    own: dict[str, Any] = {"key": word, "old": word, "new": word + "x", "old_origin": word, "new_origin": word}
    return Difference(
        old=side, new=side, facts=(Change(label="release", locked=word, now=word + "x"),),
        accepted=(Change(label=word, locked="", now=word),), keys=(Changed(**own), Changed(**own, hosts=[word, word])),
        hosts=Hosts(both=frozenset(), added=(word,), removed=(word,), moved=((word, word, word),), armed=(word,)), pins=(),
        texts=Found(pairs=1, groups=[Group(paths=[word], hunks=(hunk,), hosts=[word, word]),
                                     Group(paths=[word, word], hunks=(hunk,))],
                    gone={word: [word]}, come={word: []}, packages={((word,), (word,)): [word]}), notes=(word,))


TAGS = {"p", "strong", "ul", "li", "code", "h3", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "pre"}


@settings(max_examples=150)
@given(HOSTILE)
def test_no_name_and_no_line_is_read_as_markup(word: str) -> None:
    found = read("\n".join(markdown.report(difference(word), full=True)))
    assert found.tags <= TAGS and found.details == 2
    outside = "".join(found.outside)
    assert "<script" not in outside and "</details" not in outside.replace(word, "")
    shown = [code for code in found.code if code.startswith("@@ ")]
    assert len(shown) == 2 and all(code.count("\n") == len(lines.unified((Hunk(1, 1, (
        f" {word}\n", f"-{word}\n", f"+{word}x")),))) for code in shown)


@settings(max_examples=200)
@given(HOSTILE)
def test_code_is_read_as_the_text_that_was_meant(text: str) -> None:
    from builder.cli.differences.words import visible

    meant = visible(text).replace("\t", " ")
    assert read(f"- {markdown.code(text)} x").code == ([meant] if meant.strip() else [meant] if meant else [])
    (row,) = [line for line in markdown.table("t", ("a", "b"), [(markdown.code(text), "y")]) if "y |" in line]
    assert read(f"| a | b |\n|---|---|\n{row}\n").code == [meant]

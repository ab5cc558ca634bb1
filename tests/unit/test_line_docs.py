"""The page on command lines has every rule, in the words of the code."""

from __future__ import annotations

import re
from pathlib import Path

from builder.lint.line.rules import RULES
from builder.lint.media.kind import READERS

PAGE = (Path(__file__).resolve().parents[2] / "docs/checking-command-lines.md").read_text()


def test_the_page_says_of_each_rule_what_the_code_says() -> None:
    assert dict(re.findall(r"(?m)^\| `([a-z0-9-]+)` \| (.*) \|$", PAGE)) == RULES


def test_every_kind_of_file_is_a_choice_of_the_command() -> None:
    from builder.cli.options.lint import MEDIA

    assert set(MEDIA) == set(READERS)

"""The page on networks shows each shape once, and every example on it is what pinboot makes of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from builder.boot.kickstart import network as kickstart
from builder.boot.kickstart import quoting
from builder.boot.line import network
from builder.boot.review.parsed import parse_back
from builder.profile import resolve
from builder.profile.file import schema

PAGE = Path(__file__).resolve().parents[2] / "docs/networks.md"
EXAMPLES = re.findall(r"```toml\n(.*?)```\n```text\n(.*?)```", PAGE.read_text(), re.DOTALL)


def title(example: tuple[str, str]) -> str:
    return " ".join(re.findall(r"^\[?(?:interface|host)\.[^\]]*", example[0], re.MULTILINE)) or "short"


@pytest.mark.parametrize("example", EXAMPLES, ids=title)
def test_an_example_is_a_whole_profile_and_makes_the_arguments_below_it(
        example: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "example.toml"
    path.write_text(example[0])
    profile = resolve.read(path, path.name, {})[0]
    host, = profile.hosts
    tokens = network.arguments(host.network, host.hostname, profile.release.generation)
    assert list(tokens) == example[1].split()
    text = "\n".join(quoting.words(line) for line in kickstart.lines(host.network, host.hostname, profile.release))
    read = parse_back(text, profile.release.generation, "example")
    assert (read.cards, read.warnings) == (kickstart.cards(host.network, host.hostname, profile.release), ())


def test_every_block_on_the_page_is_an_example_and_each_kind_is_there() -> None:
    text = PAGE.read_text()
    assert text.count("```toml") == text.count("```text") == len(EXAMPLES)
    for word in ("bond", "bridge", "team", "parent", "mac", "interface", "routes", "mtu", "peer_dns", "search", "addresses"):
        assert any(re.search(rf"^{word} +=", profile, re.MULTILINE) for profile, _ in EXAMPLES), word


def test_every_key_of_an_interface_is_on_the_page() -> None:
    for name in schema.Interface.__struct_fields__:
        assert re.search(rf"`{name}`", PAGE.read_text()), name

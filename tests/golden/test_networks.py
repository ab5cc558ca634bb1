"""Every network that docs/networks.md shows, told to the installer of every release: the words, or why it cannot be.

`PINBOOT_BLESS=1` writes the expected texts anew for a person to read.
"""

import re
from pathlib import Path

import pytest

from builder.boot.kickstart import network as kickstart
from builder.boot.line import network as line
from builder.errors import UsageError
from builder.profile import resolve
from tests.golden import expected
from tests.unit.presets import RELEASES

FOLDER = Path(__file__).parent / "networks"
PAGE = Path(__file__).resolve().parents[2] / "docs/networks.md"
SHAPES = [block for block in re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL) if block.startswith("release")]


def told(text, folder):
    """What boot line, kickstart and installed system get, host by host, or the refusal with its cure."""
    (folder / "web.toml").write_text(text)
    try:
        profile, _ = resolve.read(folder / "web.toml", "web.toml", {})
        return "\n".join(_host(host, profile) for host in profile.hosts)
    except UsageError as refused:
        return f"refused: {refused.message}\nhint: {refused.hint}\n"


def _host(host, profile):
    generation = profile.release.generation
    lines = [f"# {host.name}", *line.arguments(host.network, host.hostname, generation), ""]
    lines += [" ".join(words) for words in kickstart.lines(host.network, host.hostname, profile.release)]
    return "\n".join([*lines, *kickstart.sections(host, profile.release)]) + "\n"


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("number", range(1, len(SHAPES) + 1))
def test_a_network_is_told_as_was_expected(number, release, tmp_path):
    shape = re.sub(r'^release *= *"[^"]+"', f'release = "{release}"', SHAPES[number - 1])
    made = told(f'root = {{ password = "$6$salt${"x" * 86}" }}\n{shape}', tmp_path)
    expected.same_text(FOLDER / f"{number:02}-{release}.txt", made)


def test_every_expected_network_is_of_a_shape_and_most_releases_take_most_shapes():
    found = {p.stem: p.read_text() for p in FOLDER.iterdir()}
    assert set(found) == {f"{n:02}-{release}" for n in range(1, len(SHAPES) + 1) for release in RELEASES}
    for release in RELEASES[1:]:
        refused = sum(found[f"{n:02}-{release}"].startswith("refused") for n in range(1, len(SHAPES) + 1))
        assert refused <= 2, release

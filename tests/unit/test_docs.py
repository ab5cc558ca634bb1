"""What the documents show is true: examples parse, links lead somewhere, commands exist."""

import re
import tomllib
from pathlib import Path

import pytest

from builder.catalog import load
from builder.cli import options
from builder.profile.file import mistakes, schema, walk

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_to_files_of_the_project(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_catalog_page_s_family_loads(tmp_path):
    block = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/catalog.md").read_text(), re.DOTALL)[0]
    (tmp_path / "acme.toml").write_text(block)
    families = load.families([tmp_path / "acme.toml"])
    release = load.release("acme-9.6", "x86_64", families)
    assert load.addresses(release) == ("https://mirror.acme.example/9.6/BaseOS/x86_64/os",)
    assert str(release) == "ACME Linux 9.6 x86_64" and release.series.point_with_kernel("5.14.0-570.1.1.el9").version == "9.6"


def test_every_key_of_a_profile_is_on_the_profile_page():
    text = (ROOT / "docs/profiles.md").read_text()
    for table in (schema.Profile, schema.Host, schema.Tree, schema.Trust, schema.Xen, schema.Network, schema.Root,
                  schema.User, schema.Firewall, schema.Services, schema.Disk, schema.Storage):
        for name in table.__struct_fields__:
            assert re.search(rf"\b{name}\b", text), f"{table.__name__}.{name}"


def test_the_examples_of_the_profile_page_have_the_right_shape():
    for block in re.findall(r"```toml\n(.*?)```", (ROOT / "docs/profiles.md").read_text(), re.DOTALL):
        if "..." in block.replace("AAAA...", ""):
            continue
        found = mistakes.Mistakes("docs/profiles.md", {})
        walk.fit(schema.Profile, tomllib.loads(block), "", found)
        assert not found.found, [(m.key, m.text) for m in found.found]


def test_every_command_is_in_the_readme():
    text = (ROOT / "README.md").read_text()
    for name, *_ in options.COMMANDS:
        assert f"pinboot {name}" in text


def test_every_tool_that_a_test_needs_is_installed_by_ci():
    listed = {line for line in (ROOT / ".ci/packages.txt").read_text().splitlines() if not line.startswith("#")}
    essential = {"apt", "coreutils", "dpkg", "gzip", "python3", "tar"}  # part of every Debian
    named = {package for path in (ROOT / "tests").rglob("*.py")
             for package in re.findall(r'need\([^()]*?, "([a-z0-9.+-]+)"\)', path.read_text())}
    assert len(named) > 10 and not named - essential - listed
    assert {"btrfs-progs", "xfsprogs"} <= listed

"""What the documents show is true: examples parse, links lead somewhere, commands exist."""

import re
import tomllib
from pathlib import Path

import pytest

from builder.catalog import load
from builder.cli import options
from builder.media.signing.judged import State
from builder.profile.file import mistakes, schema, walk
from builder.trust.openpgp.verify import Cause

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


def _reach() -> dict[str, list[str]]:
    """The rows of trust.md's table of releases."""
    rows = re.findall(r"^\| ([a-z-]+ (?:[0-9]+|newer)) \| (.*) \| (.*) \| (.*) \| (.*) \|$",
                      (ROOT / "docs/trust.md").read_text(), re.MULTILINE)
    return {release: rest for release, *rest in rows}


def test_what_trust_md_says_of_each_release_is_what_the_catalog_knows():
    rows = _reach()
    assert set(rows) == {f"{f.id} {major}" for f in load.families().values() for major in f.series}
    for family in load.families().values():
        for major, series in family.series.items():
            keys, kernel, rest, _ = rows[f"{family.id} {major}"]
            assert re.findall(r"[0-9a-f]{8}", keys) == [key[-8:] for key in series.keys], (family.id, major)
            assert ("image" in kernel) is ("image" in rest) is bool(series.checksums), (family.id, major)
            assert rest in ("image", series.minimum["initrd"]), (family.id, major)
            assert ("package" in kernel) <= bool(series.keys), (family.id, major)


def test_trust_md_names_every_cause_for_which_a_signature_is_refused():
    text = (ROOT / "docs/trust.md").read_text().replace("\n", " ")
    for word in ("no signature", "unknown key", "weak digest", "from the future", "expired signature", "expired key",
                 "revoked key", "bad signature"):
        assert word in text and word in {cause.value for cause in Cause}, word
    assert len(Cause) == 10 and "subkey that is not bound" in text and "beyond help" in text


def test_signing_md_explains_every_state_of_a_signature():
    text = (ROOT / "docs/signing.md").read_text()
    for state in set(State) - {State.UNCHECKED}:
        assert state.value in text, state
    assert "a signature is mentioned, not checked" in text


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

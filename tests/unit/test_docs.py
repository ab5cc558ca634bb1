"""What the documents show is true: examples parse, links lead somewhere, commands exist."""

import re
import tomllib
from pathlib import Path

import pytest

from builder.boot.kickstart.render import Kickstarts
from builder.boot.line import cmdline
from builder.catalog import load
from builder.cli.options.parse import COMMANDS
from builder.media.signing.judged import State
from builder.profile import kinds, resolve
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
                  schema.User, schema.Firewall, schema.Services, schema.Disk, schema.Storage, schema.Kvm, schema.Serve,
                  schema.Dhcp, schema.Class):
        for name in table.__struct_encode_fields__:
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


PROFILE_PAGES = ("networks.md", "storage.md", "kickstarts.md", "outputs.md")


def _examples() -> list[tuple[str, str]]:
    """Whole profiles that the pages show: blocks that name a release and a host."""
    found = []
    for page in PROFILE_PAGES:
        blocks = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)
        found += [(f"{page}-{number}", block) for number, block in enumerate(blocks, 1)
                  if re.search(r"^release ", block, re.MULTILINE)]
    return found


@pytest.mark.parametrize("block", [pytest.param(block, id=name) for name, block in _examples()])
def test_a_profile_that_a_page_shows_makes_a_command_line_and_a_kickstart(block, tmp_path):
    (tmp_path / "secrets").mkdir()
    for name, text in (("root.hash", "$6$salt$" + "x" * 86), ("luks", "correct horse battery staple"), ("serve", "0123456789abcdef" * 3),
                       ("activation.key", "site-key")):
        (tmp_path / "secrets" / name).write_text(f"{text}\n")
        (tmp_path / "secrets" / name).chmod(0o600)
    for name in set(re.findall(r'"(scripts/[a-z.-]+)"', block)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("true\n")
    (tmp_path / "shown.toml").write_text(block)
    profile, _ = resolve.read(tmp_path / "shown.toml", "shown.toml", {"RHSM_ORG": "1234567"})
    machine = {"xen": f"xen-{profile.release.generation.xen}", "kvm": "kvm"}.get(kinds.kind(profile.outputs), "pc")
    kickstarts = Kickstarts(profile, install_url="http://10.0.0.5/tree", machine=machine)
    assert profile.hosts
    for host in profile.hosts:
        line = cmdline.compose(host, profile.release.generation, install_url="http://10.0.0.5/tree", machine=machine,
                               kickstart_location=f"file:/ks/{host.name}.cfg")
        assert line.value("inst.ks" if profile.release.generation.prefix else "ks") == f"file:/ks/{host.name}.cfg"
        assert "%packages" in kickstarts.of(host)


def test_the_page_of_outputs_names_all_of_them_and_the_schema_knows_them():
    text = (ROOT / "docs/outputs.md").read_text()
    assert set(schema.Output.__args__) == set(kinds.OUTPUTS)
    for word in kinds.OUTPUTS:
        assert f"`{word}`" in text, word


def test_the_pages_of_profiles_show_enough():
    assert {name.partition("-")[0] for name, _ in _examples()} == set(PROFILE_PAGES) and len(_examples()) >= 20


def test_every_command_is_in_the_readme():
    text = (ROOT / "README.md").read_text()
    for name, *_ in COMMANDS:
        assert f"pinboot {name}" in text


def test_every_tool_that_a_test_needs_is_installed_by_ci():
    listed = {line for line in (ROOT / ".ci/packages.txt").read_text().splitlines() if not line.startswith("#")}
    essential = {"apt", "coreutils", "dpkg", "gzip", "python3", "tar"}  # part of every Debian
    named = {package for path in (ROOT / "tests").rglob("*.py")
             for package in re.findall(r'need\([^()]*?, "([a-z0-9.+-]+)"\)', path.read_text())}
    assert len(named) > 10 and not named - essential - listed
    assert {"btrfs-progs", "xfsprogs"} <= listed

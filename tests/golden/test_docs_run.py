"""The documentation as its reader uses it: every block of every page is run, or held against what pinboot knows.

`console` is run, page by page, in a folder of its own, on a terminal of 80 columns; `PINBOOT_BLESS=1` writes anew what the
terminal shows, for a person to read. `sh` is what no test can run (another machine, root): its grammar and its calls of
pinboot are checked. `toml` and what is written to a file before it is used are explained in console.py.
"""

import contextlib
import os
import re
import secrets
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from builder.catalog import load
from builder.catalog import parse as catalog
from builder.cli.options import parse
from builder.errors import PinbootError
from builder.outputs.guests import packer
from builder.profile.file import mistakes, schema, walk
from tests.golden import console, workshop
from tests.golden.internet import Internet
from tests.tool.tools import need
from tests.unit import guests

ROOT = Path(__file__).resolve().parents[2]
PAGES = {path.relative_to(ROOT).as_posix(): path for path in sorted((ROOT / "docs").rglob("*.md"))}
BLOCKS = {(page, block.line): block for page, path in PAGES.items() for block in console.blocks(path.read_text())}
RUN = [page for page in PAGES if any(b.kind == "console" for (name, _), b in BLOCKS.items() if name == page)]
# Pages whose text blocks stand below a profile and are compared by tests/unit/test_network_docs.py.
ARGUMENTS = {"docs/networks.md"}
FAMILIES = {"docs/catalog.md"}
ENDS = {"|", "||", "&&", ";", "&", ">", ">>", "<", "(", ")"}
NAMES = re.compile(r"[A-Za-z0-9_.-]+\.[a-z0-9]+(?=[\s,]|$)")


def of(kind):
    return [pytest.param(page, block, id=f"{page}:{line}") for (page, line), block in BLOCKS.items() if block.kind == kind]


def commands(text):
    """The words of every call of pinboot in a shell text, without what the shell itself takes."""
    text = re.sub(r"[0-9]?>>?(?:&[0-9]| ?[^\s;|&]+)", "", text)
    lexer = shlex.shlex(text.replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    simple: list[list[str]] = [[]]
    for word in lexer:
        if word in ENDS:
            simple.append([])
        else:
            simple[-1].append(word)
    return [words[1:] for words in simple if words[:1] == ["pinboot"]]


def without_comments(text):
    return re.sub(r"(?m)(^|[ \t]+)#.*$", "", text)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    net = Internet(workshop.trees(), folder)
    return net, workshop.install(folder, net.authority)


@pytest.fixture
def home():
    """A home as long as the name by which pages call it, so that columns stay where they are."""
    while True:
        made = Path("/tmp") / secrets.token_hex(8)[: len(console.HOME) - len("/tmp/")]
        with contextlib.suppress(FileExistsError):
            made.mkdir(mode=0o700)
            break
    yield made
    shutil.rmtree(made)


@pytest.mark.parametrize("page", RUN)
def test_a_page_says_what_its_reader_sees(page, shop, home):
    net, binaries = shop
    text, told = PAGES[page].read_text(), []
    (home / "desk").mkdir()
    net.trees = workshop.trees()
    with net.running():
        desk = console.Desk(home / "desk", workshop.environment(home, binaries, net.base))
        for block in console.blocks(text):
            for word in block.before:
                workshop.EVENTS[word](net, desk.folder)
            if block.file:
                desk.write(block)
            elif block.kind == "console":
                told += _run(desk, block, page)
    wrong = [f"{page}:{step.line}: {step.command}\n" + "\n".join(f"  {line}" for line in seen)
             for step, seen in told if not console.matches(step.output, seen)]
    if wrong and os.environ.get("PINBOOT_BLESS"):
        PAGES[page].write_text(console.blessed(text, told))
    assert not wrong, "\n".join(["the page shows something else than", *wrong])


def _run(desk, block, page):
    found = []
    for step in console.steps(block):
        _tools(step.command)
        assert desk.code == 0 or step.command.startswith("echo $?") or not found, (
            f"{page}:{step.line}: the command before ended with {desk.code}; show it by: echo $?")
        found.append((step, desk.run(step.command)))
    assert desk.code == 0, f"{page}:{block.line}: the block's last command ended with {desk.code}; show it by: echo $?"
    return found


def _tools(command):
    """What a page uses that a small system may lack."""
    if re.search(r"\bgit\b", command):
        need("git", "git")
    if re.search(r"\bssh-keygen\b|--(?:sign|key)\b", command):
        need("ssh-keygen", "openssh-client")
    if re.search(r"\bopenssl\b", command):
        need("openssl", "openssl")


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_of_a_kind_that_a_test_takes(page):
    kinds = {"console", "sh", "toml", "text", "hcl"}
    wrong = [f"{line}: {block.kind}" for (name, line), block in BLOCKS.items()
             if name == page and not block.file and block.kind not in kinds]
    outside = re.sub(r"(?ms)^```.*?^```$", "", PAGES[page].read_text())
    # Four columns after an empty line make a block that no test would see.
    assert not wrong and not re.search(r"(?m)^\n    \S", outside)


def test_a_file_that_a_page_writes_is_on_a_page_that_runs():
    assert {page for (page, _), block in BLOCKS.items() if block.file} <= set(RUN)


@pytest.mark.parametrize(("page", "block"), of("sh"))
def test_shell_is_shell_and_calls_pinboot_as_it_can_be_called(page, block):
    dash = need("dash", "dash")
    ran = subprocess.run([dash, "-n"], input=block.text, text=True, capture_output=True)
    assert ran.returncode == 0, f"{page}:{block.line}: {ran.stderr}"
    for words in commands(without_comments(block.text)):
        _parses(words, f"{page}:{block.line}")


def _parses(words, where):
    try:
        parse.parse(words)
    except SystemExit:  # --help, --version
        return
    except PinbootError as wrong:
        pytest.fail(f"{where}: pinboot {' '.join(words)}: {wrong}")


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_the_running_text_exist_too(page):
    for call in re.findall(r"`(pinboot [a-z][^`]*)`", PAGES[page].read_text().replace("\n", " ")):
        name = call.split()[1]
        assert name in {row[0] for row in parse.COMMANDS}, f"{page}: {call}"
        if not re.search(r"\.\.\.|\[|\|", call):
            known = set(re.findall(r"(?<![a-z-])--?[a-z][a-z-]*", _help(call.split()[1:])))
            assert set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", call)) <= known, f"{page}: {call}"


def _help(words):
    """The help of the command that `words` begin with, and of its action."""
    parser, text = parse.parser(), ""
    for word in words:
        inner = next((a.choices for a in parser._actions if hasattr(a.choices, "items")), {})
        if word in inner:
            parser = inner[word]
            text += parser.format_help()
    return text


@pytest.mark.parametrize(("page", "block"), of("toml"))
def test_toml_is_a_profile_or_a_family(page, block):
    if "..." in block.text.replace("AAAA...", ""):
        pytest.fail(f"{page}:{block.line}: three dots are no TOML")
    table = tomllib.loads(block.text)
    found = mistakes.Mistakes(page, {})
    walk.fit(schema.Profile, table, "", found)
    if found.found and page in FAMILIES:
        whole = next(b.text for (name, _), b in BLOCKS.items() if name == page and b.kind == "toml")
        catalog.families(whole if whole == block.text else _joined(whole, block.text), page, load.families())
    elif found.found:
        pytest.fail(f"{page}:{block.line}: {[(m.key, m.text) for m in found.found]}")


def _joined(whole, part):
    """A family, and the keys of the same tables that another block shows."""
    for head, body in re.findall(r"(?ms)^(\[\[?[^\]]+\]\]?)[^\n]*\n(.*?)(?=^\[|\Z)", part):
        whole = whole.replace(f"{head}\n", f"{head}\n{body}") if f"{head}\n" in whole else f"{whole}\n{head}\n{body}"
    return whole


@pytest.fixture(scope="module")
def written():
    """Every name of a file that pinboot writes: those of the golden trees, and those of its own code and scripts."""
    names = {part for path in (ROOT / "tests/golden").rglob("*") for part in path.relative_to(ROOT).parts}
    names |= {part for path in (ROOT / "tests/golden/fleet").glob("*.txt") for line in path.read_text().splitlines()
              for part in line.split()[2].split("/")}
    code = "".join(path.read_text() for path in (ROOT / "builder").rglob("*.py"))
    return names, code


@pytest.mark.parametrize(("page", "block"), [case for case in of("text") if case.values[0] not in ARGUMENTS])
def test_a_listing_names_files_that_pinboot_writes(page, block, written):
    names, code = written
    found = NAMES.findall(re.sub(r"\b(?:NAME|TOKEN|ID)\b", "", block.text))
    assert [word for word in found if word not in names and word not in code] == []


@pytest.mark.parametrize(("page", "block"), of("hcl"))
def test_a_packer_template_uses_variables_that_the_bundle_sets(page, block):
    iso = ("https://mirror.example/boot.iso", None)
    text = packer.variables(guests.guest(**guests.CASES["el9-two-cards"]), iso=None).text
    used = set(re.findall(r"var\.([a-z_]+)", block.text))
    assert used and used - {"iso_url", "iso_checksum"} <= set(re.findall(r'"([a-z_]+)":', text)) and iso
    assert block.text.count("{") == block.text.count("}")


@pytest.mark.parametrize("page", PAGES)
def test_links_and_their_anchors_lead_somewhere(page):
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)]+))?\)", PAGES[page].read_text()):
        path = (PAGES[page].parent / target).resolve() if target else PAGES[page]
        assert path.exists(), target
        if anchor:
            heads = re.findall(r"(?m)^#+ (.*)$", path.read_text())
            assert anchor in {re.sub(r"[^a-z0-9 _-]", "", head.lower()).replace(" ", "-") for head in heads}, anchor


def test_the_page_on_the_article_has_each_key_of_its_config():
    text = PAGES["docs/from-the-article.md"].read_text()
    for key in ("name", "memory", "xen_platform_pci", "extra", "vcpus", "acpi", "apic", "vif", "disk", "kernel", "ramdisk",
                "usbdevice", "sdl", "opengl", "vnc", "stdvga", "on_reboot", "on_crash"):
        assert re.search(rf"(?m)^\|[^|]*`{key}\b", text), key


def test_every_page_is_in_the_index():
    index = (ROOT / "docs/README.md").read_text()
    for page in PAGES:
        if page != "docs/README.md" and not page.startswith("docs/reference/"):
            assert f"]({page.removeprefix('docs/')}" in index, page


def test_the_readme_s_commands_are_shell_and_its_listings_name_files_of_a_bundle(written):
    names, code = written
    text = (ROOT / "README.md").read_text()
    for body in re.findall(r"(?m)(?:^    .*\n)+", text):
        lines = re.sub(r"(?m)^    ", "", body)
        if re.match(r"(?:make|pip|pinboot|scp|sh) ", lines):
            assert subprocess.run(["sh", "-n"], input=lines, text=True).returncode == 0
            for words in commands(without_comments(lines)):
                _parses(words, "README.md")
        else:
            for word in NAMES.findall(re.sub(r"\bNAME\b", "", lines)):
                assert word in names or word in code, word

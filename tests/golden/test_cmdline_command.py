"""`pinboot cmdline check`: lines and files, text and JSON, and every line that pinboot writes itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from builder.lint.line import targets
from builder.lint.line.judge import judge
from builder.lint.line.rules import RULES
from builder.lint.media import kind as kinds
from tests.golden import test_loaders as loaders
from tests.golden.bench import pinboot
from tests.tool.tools import need
from tests.unit import guests

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests/golden/cases"
KINDS = {"pxelinux": "pxelinux.cfg", "grub": "grub.cfg", "ipxe": "boot.ipxe"}
STATIC = "ip=192.0.2.10::192.0.2.1:255.255.255.0:web1:eth0:none"
GOOD = f"inst.repo=http://10.0.0.5/tree inst.ks=http://10.0.0.5/ks.cfg {STATIC} nameserver=192.0.2.53 quiet"
PXELINUX = f"""\
LABEL good
  KERNEL vmlinuz
  APPEND initrd=initrd.img {GOOD}
LABEL old
  MENU LABEL ^Old one
  KERNEL vmlinuz
  APPEND initrd=initrd.img ks=http://10.0.0.5/ks.cfg
"""


@pytest.fixture(autouse=True)
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def check(*words):
    return pinboot("cmdline", "check", *words)


def test_a_line_is_shown_parameter_by_parameter_with_the_cure():
    ran = check("--release", "el9", "ks=http://10.0.0.5/ks.cfg ip=eth0:dhcp nameserver=192.0.2.53,192.0.2.54")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out == """\
ks=http://10.0.0.5/ks.cfg         nobody
  error    nobody reads it: since EL9 an option of the installer begins with
           inst. [unprefixed]
           hint: write inst.ks
ip=eth0:dhcp                      NetworkManager: dhcp on eth0
nameserver=192.0.2.53,192.0.2.54  NetworkManager: a name server
  error    a list: NetworkManager drops it [nameserver-list]
           hint: write nameserver=192.0.2.53 nameserver=192.0.2.54
EL9: 2 errors, 0 warnings
"""


def test_without_a_release_all_are_asked_and_the_line_fits_some():
    ran = check("ks=http://10.0.0.5/ks.cfg")
    assert ran.code == 0
    assert ran.out == """\
ks=http://10.0.0.5/ks.cfg         EL6: loader: the kickstart
                                  EL7-EL8: dracut and anaconda: the kickstart
                                  EL9+: nobody
  note     EL8: read with a warning; EL9 ignores it [deprecated]
           hint: write inst.ks
  error    EL9+: nobody reads it: since EL9 an option of the installer begins
           with inst. [unprefixed]
           hint: write inst.ks
without error: EL6-EL8; with errors: EL9+
"""


@pytest.mark.parametrize(("words", "code"), [
    ((GOOD,), 0), (("--", *GOOD.split()), 0), (("ip=eth0:dhcp", "inst.text"), 0), (("--", "-x", "--release"), 0),
    (("inst.vnc inst.vncpassword=x",), 0), (("inst.repo=None",), 1), (("inst.text", "ks=x"), 1), ((GOOD, "ks=x y"), 1),
])
def test_a_line_in_one_word_or_in_several_and_behind_two_dashes(words, code):
    assert check("--release", "el9", *words).code == code


def test_a_file_is_told_kernel_by_kernel():
    Path("default").write_text(PXELINUX)
    ran = check("--release", "el9", "--brief", "default")
    assert ran.code == 1
    assert ran.out == """\
default:1: pxelinux: good
EL9: 0 errors, 0 warnings

default:4: pxelinux: Old one
ks=http://10.0.0.5/ks.cfg
  error    nobody reads it: since EL9 an option of the installer begins with
           inst. [unprefixed]
           hint: write inst.ks
EL9: 1 error, 0 warnings
"""
    assert check("--release", "el7", "default").code == 0


def test_several_files_and_lines_are_told_in_their_order():
    Path("web1.cfg").write_text('type = "pv"\nextra = "quiet"\nmemory = 1.5\n')
    Path("none.xml").write_text("<domain type='kvm'><os/></domain>")
    ran = check("--release", "el7", "web1.cfg", "none.xml", "quiet inst.text")
    assert ran.code == 1
    assert ran.out == """\
web1.cfg: xl
  error    line 3: .5: no word of this language: xl refuses the whole file
           [loader-syntax]
           hint: mend this line

web1.cfg:2: xl
quiet                             kernel, or init
EL7: 0 errors, 0 warnings

none.xml: libvirt: no kernel command line

quiet inst.text
quiet                             kernel, or init
inst.text                         anaconda: text mode
EL7: 0 errors, 0 warnings
"""


def test_json_has_everything_for_machines():
    Path("default").write_text(PXELINUX)
    ran = check("--json", "--release", "rocky-9.6", "default")
    told = json.loads(ran.out)
    assert (ran.code, told["ok"], told["releases"]) == (1, False, ["el9"])
    (source,) = told["sources"]
    assert (source["file"], source["kind"], source["findings"]) == ("default", "pxelinux", [])
    good, old = source["lines"]
    assert (good["fits"], good["findings"], good["line"]) == (["el9"], [], 1)
    assert old["findings"] == [{
        "rule": "unprefixed", "severity": "error", "parameter": 1, "releases": ["el9"], "hint": "write inst.ks",
        "text": "nobody reads it: since EL9 an option of the installer begins with inst."}]
    assert old["parameters"][1] == {"text": "ks=http://10.0.0.5/ks.cfg", "read": [{"as": "nobody", "releases": ["el9"]}]}
    assert json.loads(check("--json", GOOD).out)["sources"][0]["lines"][0]["fits"] == ["el7", "el8.2", "el8.3", "el9", "el10", "fedora"]


def test_standard_input_is_a_file():
    ran = subprocess.run([sys.executable, "-m", "builder.cli", "cmdline", "check", "--release", "el9", "-"], input=PXELINUX,
                         capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert ran.returncode == 1 and "standard input:4: pxelinux: Old one" in ran.stdout


def test_a_medium_can_be_said_for_a_file_and_for_a_line():
    Path("x").write_text("append some words\n")
    assert "x:1: line" in check("--medium", "line", "x").out
    long = " ".join(f"a{number}=b" for number in range(300))[:1100]
    assert check("--release", "el7", "--medium", "xl", long).code == 1
    assert check("--release", "el7", "--medium", "grub", long).code == 0


@pytest.mark.parametrize(("words", "code", "said"), [
    (["--release", "el5", "quiet"], 2, '--release: "el5" is no release of the catalog'),
    (["--release", "rocky-3", "quiet"], 2, "--release: Rocky Linux 3 is not in the catalog"),
    (["--medium", "floppy", "quiet"], 2, "floppy"), ([], 2, "LINE|FILE"), ([""], 2, "the line is empty"),
    (["nowhere.cfg"], 5, '"nowhere.cfg": no such file'), (["./nowhere"], 5, "no such file"),
    (["folder"], 5, "folder: cannot be read: Is a directory"), (["binary"], 2, "binary: holds NUL bytes"),
    (["prose"], 2, "prose: holds no kernel command line that pinboot knows the form of"),
    (["big"], 2, "big: more than 1024 KiB"), (["many"], 2, "many: 1001 kernels"),
])
def test_what_cannot_be_judged_is_refused_with_a_reason(words, code, said):
    Path("folder").mkdir()
    Path("binary").write_bytes(b"\x7fELF\0\1\2")
    Path("prose").write_text("Some words\nof prose.\n")
    Path("big").write_text("quiet " * 200_000)
    Path("many").write_text("label x\nkernel y\n" * 1001)
    ran = check(*words)
    assert ran.code == code and said in ran.err and not ran.out


@pytest.mark.parametrize("line", ["a\x1b[31mb inst.ks=\x07", "\udcff\udcfe", "inst.ks=\u202eabc", "a" * 3000, "x\ty\nz"])
def test_no_line_writes_what_a_terminal_acts_on(line):
    out = check("--", f"{line} quiet").out
    assert not re.search(r"[^\n -~\u00a0-\u1fff]", out) and all(len(row) <= 80 for row in out.split("\n"))
    assert json.loads(check("--json", "--", f"{line} quiet").out)["sources"]


def test_an_empty_file_holds_no_line():
    Path("empty").write_text("")
    assert check("--medium", "line", "empty").out == "empty: line: no kernel command line\n"
    assert check("empty").code == 2


def _own() -> list[tuple[str, str, Path]]:
    """Every command line of the golden bundles, with the release of its profile."""
    found = []
    for case in sorted(CASES.iterdir()):
        release = tomllib.loads((case / "expected/profile.toml").read_text()).get("release") or next(
            tomllib.loads(path.read_text())["release"] for path in sorted((case / "expected").rglob("*.toml"))
            if "release" in tomllib.loads(path.read_text()))
        found += [(case.name, release, path) for path in sorted((case / "expected").rglob("cmdline"))]
    return found


@pytest.mark.parametrize(("release", "path"), [pytest.param(release, path, id=f"{case}-{path.parent.name}")
                                               for case, release, path in _own()])
def test_the_lines_that_pinboot_writes_are_clean(release, path):
    ran = check("--json", "--release", release, path)
    (line,) = json.loads(ran.out)["sources"][0]["lines"]
    assert ran.code == 0 and [each for each in line["findings"] if each["severity"] != "note"] == []
    assert line["text"] == path.read_text().strip().split("\n")[-1]


def test_the_lines_that_pinboot_writes_are_of_every_generation():
    assert {target.generation.name for _, release, _ in _own() for target in targets.of(release)} == {
        "el6", "el7", "el8", "el9", "el10", "fedora"}


def _files() -> list[tuple[str, str, Path]]:
    """Every file of a loader or a hypervisor that starts an installer, its kind, and the release that it installs."""
    golden = CASES.parent
    found = [(release, "xl", path) for _, release, cmdline in _own() for path in cmdline.parent.glob("*-install.cfg")]
    for boot in (boot for case in loaders.CASES.values() for boot in case.boots):
        found += [(boot.generation.name, kind, path) for kind, name in KINDS.items()
                  for path in sorted((golden / "loaders").rglob(f"hosts/{boot.name}/{name}"))]
    found += [(str(case["generation"]), "libvirt", golden / f"guests/{name}/web1-install.xml")
              for name, case in guests.CASES.items() if name != "el6-bios"]  # whose words are those of EL9
    return found


@pytest.mark.parametrize(("release", "kind", "path"), [
    pytest.param(*each, id="-".join(each[2].relative_to(CASES.parent).parts)) for each in _files()])
def test_the_files_that_start_an_installer_are_clean(release, kind, path):
    (source,) = json.loads(check("--json", "--release", release, path).out)["sources"]
    assert (source["kind"], source["findings"]) == (kind, []) and source["lines"]
    for line in source["lines"]:
        texts = [each["text"] for each in line["parameters"]]
        # What guests' tests put there to have an ampersand in XML.
        assert [each for each in line["findings"] if each["severity"] != "note"
                and texts[each["parameter"]].partition("=")[0] != "inst.ks.x"] == []


def test_the_files_that_start_an_installer_are_of_every_kind_and_generation():
    assert {kind for _, kind, _ in _files()} == {"xl", "libvirt", *KINDS}
    assert {target.generation.name for release, *_ in _files() for target in targets.of(release)} == {
        "el6", "el7", "el8", "el9", "el10", "fedora"}


@pytest.mark.parametrize("path", sorted(path for path in (CASES.parent).rglob("*") if path.suffix in (
    ".sh", ".toml", ".lock", ".ks", ".json", ".tsv", ".conf")), ids=lambda path: "-".join(path.relative_to(CASES.parent).parts))
def test_a_file_of_another_kind_is_not_taken_for_a_line(path):
    assert kinds.of(str(path), path.read_text()) == ""


def test_every_rule_can_be_named_on_one_line_of_a_terminal():
    assert all(re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", rule) and len(rule) < 24 for rule in RULES)
    assert all(said and not said.endswith(".") for said in RULES.values())


@pytest.mark.tool
def test_what_grub_would_cut_is_what_its_own_checker_refuses(tmp_path):
    """grub-script-check knows the grammar alone: an & inside a word is a mistake to it, in quotes it is none."""
    tool = need("grub-script-check", "grub-common")
    for text, code in (("linux /k inst.ks=http://h/?a=1&b=2\n", 1), ('linux /k "inst.ks=http://h/?a=1&b=2"\n', 0)):
        Path("grub.cfg").write_text(text)
        assert subprocess.run([tool, "grub.cfg"], capture_output=True).returncode == code
        assert check("--release", "el9", "--medium", "grub", "grub.cfg").code == code


def test_a_line_of_a_bundle_that_is_changed_by_hand_is_told():
    path = next(path for case, _, path in _own() if case == "rocky-9-dual")
    line = path.read_text().strip().split("\n")[-1].replace("inst.ks=", "ks=")
    assert not judge(line, targets.of("rocky-9")).fits

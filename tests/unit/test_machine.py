"""What `doctor` knows: its list is that of the code, and packages are named for each system."""

import re
import tomllib
from pathlib import Path

import pytest

from builder.cli.machine import look, needs

ROOT = Path(__file__).resolve().parents[2]
# What every system has, and what the scripts can do without, or run in the installer and the installed system.
ELSEWHERE = {"flock", "ssh", "restorecon"}
DEBIAN = ("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n", "Linux")


def test_every_python_package_that_pinboot_names_is_in_the_list():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    name = re.compile(r"[A-Za-z0-9._-]+")
    optional = {name.match(each)[0]: extra for extra in ("signatures", "compression") for each in extras[extra]}
    needed = {name.match(each)[0] for each in project["dependencies"]} - set(optional)
    assert {each.name for each in needs.libraries() if not each.extra} == needed
    assert {each.name: each.extra for each in needs.libraries() if each.extra and each.name != "pysocks"} == optional


def test_every_program_that_the_code_and_its_scripts_ask_for_is_in_the_list():
    asked = set()
    for path in (ROOT / "builder").rglob("*"):
        if path.suffix in (".py", ".in", ".sh", ".j2") and path.parent.name != "machine":
            asked |= set(re.findall(r"command -v (?:-- )?([a-z][a-z0-9_-]+)", path.read_text()))
            asked |= set(re.findall(r"shutil\.which\(\"([a-z0-9_-]+)\"", path.read_text()))
    assert len(asked) > 5 and asked - ELSEWHERE <= {tool.command for tool in needs.tools()}


@pytest.mark.parametrize("tool", needs.tools(), ids=lambda tool: tool.name)
def test_a_program_says_what_for_and_has_packages(tool):
    assert tool.what.isascii() and tool.group in needs.GROUPS and set(tool.packages) <= set(needs.INSTALL)
    assert "debian" in tool.packages and "netbsd" in tool.packages and "alpine" in tool.packages
    assert all(path.startswith("/") for path in tool.also)


@pytest.mark.parametrize(("release", "kernel", "system"), [
    (*DEBIAN, "debian"), ('ID=ubuntu\nID_LIKE="debian"\n', "Linux", "debian"), ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"", "Linux", "debian"),
    ('NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\n', "Linux", "el"), ("ID=fedora\n", "Linux", "el"),
    ("ID=alpine\n", "Linux", "alpine"), ("", "NetBSD", "netbsd"), ("ID=arch\n", "Linux", None), ("", "Linux", None),
    ("ID=\"\x1b[31m\"\n\0", "Linux", None), ("VERSION_ID=debian\n", "Linux", None),
])
def test_the_system_is_known_by_its_os_release(release, kernel, system):
    assert needs.system(kernel, release) == system


def test_the_way_to_a_package_begins_with_this_system():
    tools = {tool.name: tool for tool in needs.tools()}
    assert tools["xl"].install("debian") == "apt install xen-system-amd64 (EL: none; NetBSD: xentools418; Alpine: xen)"
    assert tools["xl"].install("el").startswith("no package of EL has it (Debian: xen-system-amd64;")
    assert tools["ssh-keygen"].install("alpine") == "apk add openssh (Debian: openssh-client; EL: openssh; NetBSD: base system)"
    assert tools["rsync"].install(None) == "Debian: rsync; EL: rsync; NetBSD: rsync; Alpine: rsync"
    assert needs.title(DEBIAN[0]) == "Debian GNU/Linux 12 (bookworm)" and needs.title("") == ""


def program(folder, name, body):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(("body", "version"), [
    ("echo 'OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.19' >&2", "9.2p1"), ("echo git version 2.39.5", "2.39.5"), ("echo no number", ""),
    ("exit 3", ""), ("printf '\\377\\3761.2\\n'", "1.2"), ("head -c 1000000 /dev/zero", ""), ("echo x; kill -9 $$", ""),
])
def test_a_version_is_read_from_what_a_program_says(body, version, tmp_path):
    tool = needs.Tool(name="x", command="x", what="", group="pinboot", version=("x", "-V"), packages={})
    assert look.version(tool, str(program(tmp_path, "x", body))) == version


def test_a_program_is_found_by_path_and_in_its_other_places(tmp_path, monkeypatch):
    (tmp_path / "xen-4.17").mkdir()
    program(tmp_path / "xen-4.17", "pygrub", "")
    (tmp_path / "xen-4.17/data").write_text("")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))

    def found(name):
        return look.tool(needs.Tool(name=name, command=name, what="", group="xen", also=(f"{tmp_path}/xen-*/{name}",), packages={}))

    assert found("pygrub") == str(tmp_path / "xen-4.17/pygrub") and found("data") is None and found("gone") is None
    monkeypatch.setenv("PATH", str(tmp_path / "xen-4.17"))
    assert found("pygrub") == str(tmp_path / "xen-4.17/pygrub")


def test_a_store_is_looked_at_and_not_made(tmp_path):
    found = look.store(tmp_path / "a/b")
    assert found.usable and not found.there and found.free > 0 and not (tmp_path / "a").exists()
    (tmp_path / "file").write_text("")
    assert not look.store(tmp_path / "file").usable and not look.store(tmp_path / "file/x").usable
    (tmp_path / "store/objects/sha256/ab").mkdir(parents=True)
    (tmp_path / f"store/objects/sha256/ab/{'c' * 62}").write_bytes(b"12345")
    found = look.store(tmp_path / "store")
    assert found.there and (found.objects, found.size) == (1, 5)

"""Every group of lines of a generated kickstart says which key of the profile made it, or that it is a default."""

import re
from pathlib import Path

import pytest

from builder.boot.kickstart import render
from builder.cli.manual import keys
from builder.profile import resolve
from tests.unit import presets

GOLDEN = Path(__file__).parent
EXPECTED = sorted([*(GOLDEN / "kickstarts").glob("*.ks"), *(GOLDEN / "cases").glob("*/expected/hosts/*/ks.cfg")])
# `# KEY (web.toml line 4), KEY (default)`, or `# default: what that is`.
SAID = re.compile(r"# (?:default: .+|(?P<keys>[^ ]+ \([^()]+\)(?:, [^ ]+ \([^()]+\))*))")


def groups(text):
    """Each command, package and first line of a section, with the comment that stands for it: the last one above it
    that names keys. A blank line ends a group. The two lines at the top stand for the whole."""
    comment, inside = None, False
    for line in text.split("\n")[2:]:
        if inside:
            inside = line != "%end"
        elif not line or line == "%end":
            comment = None
        elif line.startswith("# pinboot-secret "):
            yield comment, line
        elif line.startswith("#"):
            comment = line if SAID.fullmatch(line) else comment
        else:
            yield comment, line
            inside = line.startswith("%") and not line.startswith(("%include", "%packages"))


def unnamed(text):
    return [line for comment, line in groups(text) if comment is None]


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: "-".join(path.parts[-3:]))
def test_each_group_names_its_keys_and_each_key_is_one(path):
    text = path.read_text()
    assert not unnamed(text) and len(list(groups(text))) > 15
    for comment, _ in groups(text):
        found = SAID.fullmatch(comment)["keys"]
        for key in re.findall(r"([^ ,]+) \(", found or ""):
            assert keys.find(key), (comment, key)


# A guest of Xen has one disk, whose name is known.
GUESTS = [(release, preset) for release, preset in presets.TAKEN
          if not (disk := presets.host(preset).disk).order and not disk.others]


@pytest.mark.parametrize(("release", "preset", "machine"), [
    *((*taken, "kvm") for taken in presets.TAKEN), *((*taken, machine) for taken in GUESTS for machine in ("xen-pv", "xen-hvm"))])
def test_so_it_is_on_every_machine(release, preset, machine):
    profile = presets.profile(release, preset)
    assert not unnamed(render.render(profile, profile.hosts[0], install_url="http://192.0.2.5/tree", machine=machine))


EVERYTHING = """\
release = "{release}"
outputs = []
language = "cs_CZ.UTF-8"
keyboard = "cz"
ntp = ["ntp.example.com"]
packages = ["tmux"]
weak_dependencies = false
pre = ["a.sh"]
post = ["a.sh"]
onerror = ["a.sh"]
installed_repos = "mirror"
selinux = "permissive"
finish = "poweroff"
services = {{ enabled = ["chronyd"] }}
firewall = {{ ports = ["8080:tcp"] }}
addon = {{ com_redhat_kdump = {{ options = ["--enable"] }} }}
root = {{ ssh_keys = ["{key}", "{other}"] }}
[user.admin]
groups = ["wheel"]
ssh_keys = ["{key}"]
[storage]
layout = "lvm"
encrypt = {{ passphrase = "env:LUKS", tang = "http://192.0.2.9", thumbprint = "3ZWS6-cDrCG61UPJS2BMmPU4I54ieVHb8nM2qXBYLHk" }}
[rhsm]
organization = "env:ORG"
activation_key = "env:KEY"
[host.web1]
address = "192.0.2.10/24"
gateway = "192.0.2.1"
mac = "52:54:00:12:34:56"
search = ["example.com"]
routes = [{{ to = "198.51.100.0/24", via = "192.0.2.254" }}]
disk = "smallest nvme"
console = "ttyS1,115200n8"
kernel_arguments = ["quiet"]
"""
WANTED = ("language", "keyboard", "ntp", "packages", "weak_dependencies", "pre", "post", "onerror", "installed_repos", "selinux",
          "finish", "services", "firewall", "addon.com_redhat_kdump", "root.ssh_keys", "user.admin", "storage", "rhsm.organization",
          "host.web1.address", "host.web1.gateway", "host.web1.search", "host.web1.routes", "host.web1.disk", "host.web1.console",
          "host.web1.kernel_arguments")


@pytest.mark.parametrize("release", ["rhel-7.9", "rhel-8.10", "rhel-9.6", "rhel-10.0"])
def test_a_profile_that_says_everything_finds_all_of_its_keys(release, tmp_path):
    (tmp_path / "a.sh").write_text("true\n")
    text = EVERYTHING.format(release=release, key=presets.samples.RSA, other=presets.samples.KEY)
    (tmp_path / "web.toml").write_text(text)
    profile, _ = resolve.read(tmp_path / "web.toml", "web.toml", {"LUKS": "correct horse", "ORG": "org", "KEY": "key"})
    made = render.render(profile, profile.hosts[0], install_url="http://192.0.2.5/tree", machine="pc")
    assert not unnamed(made)
    said = " ".join(comment for comment, _ in groups(made))
    for key in WANTED:
        assert re.search(rf"\b{re.escape(key)}(\.[a-z_.]+)? \(web\.toml line \d+\)", said), key

"""What `render` prints goes through a pipe into the programs that read such a text."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden import conftest, test_fleet
from tests.golden.bench import pinboot
from tests.tool.tools import need

work = conftest.work
PIPES = {
    "libvirt": ("kvm", "web1", "virt-xml-validate", "libvirt-clients", ["-", "domain"]),
    "libvirt-install": ("kvm", "web2", "virt-xml-validate", "libvirt-clients", ["-", "domain"]),
    "dnsmasq": ("network", "", "dnsmasq", "dnsmasq-base", ["--test", "-C", "-"]),
    "grub": ("network", "c2", "grub-script-check", "grub-common", []),
    "deploy": ("network", "", "dash", "dash", ["-n"]),
}


@pytest.mark.parametrize("word", PIPES)
@pytest.mark.tool
def test_a_text_goes_through_a_pipe_into_its_reader(work, monkeypatch, word):
    kind, host, tool, package, arguments = PIPES[word]
    monkeypatch.setenv("FLEET_SECRET", test_fleet.SECRET)
    Path("fleet.toml").write_text(test_fleet.profile("rocky-9.6", kind))
    whose = ["--host", host] if host else []
    with subprocess.Popen([sys.executable, "-m", "builder.cli", "render", "fleet.toml", *whose, word, "-q"],
                          stdout=subprocess.PIPE) as made:
        read = subprocess.run([need(tool, package), *arguments], stdin=made.stdout, text=True, capture_output=True)
    assert made.returncode == 0 and read.returncode == 0, read.stdout + read.stderr


@pytest.mark.tool
def test_a_preview_without_its_secrets_is_a_kickstart_to_ksvalidator(work):
    hashed = f"$6$saltsalt${'a' * 86}"
    Path("web.toml").write_text(conftest.ROCKY_PROFILE + f'[user.admin]\ngroups = ["wheel"]\npassword = "{hashed}"\n')
    ran = pinboot("render", "web.toml", "ks")
    assert "(redacted)" in ran.out and hashed not in ran.out
    Path("web.ks").write_text(ran.out)
    # It copies its file and refuses a pipe (pykickstart 3.70, load.py).
    done = subprocess.run([Path(sys.executable).with_name("ksvalidator"), "-v", "RHEL9", "web.ks"], text=True, capture_output=True)
    assert done.returncode == 0 and "error" not in done.stdout.lower(), done.stdout + done.stderr

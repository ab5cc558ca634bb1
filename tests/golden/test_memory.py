"""Memory does not grow with the texts of hosts: of each host little more is held than what the profile says of it."""

import gc
import tracemalloc
from pathlib import Path

import pytest

from builder.demo import tree
from builder.media import found
from builder.media.listing import runs, spool
from builder.media.papers import longlist
from tests.golden.bench import Mirror, pinboot
from tests.golden.conftest import CENTOS, KEY

FEW, MANY = 50, 1000
GUESTS = f"""\
release = "centos-7.9.2009"
root = {{ ssh_keys = ["{KEY}"] }}
inventory = "hosts.csv"
disk = {{ size = "8 GiB" }}
[tree]
url = "{CENTOS}"
[network]
gateway = "10.20.0.1"
nameservers = ["10.20.0.2"]
"""
MACHINES = GUESTS.replace('disk = { size = "8 GiB" }', 'disk = "sda"\noutputs = ["pxelinux", "ipxe", "dnsmasq"]') + """\
[serve]
url = "http://10.20.0.5"
tftp = "10.20.0.5"
secret = "file:secret"
[dhcp]
subnet = "10.20.0.0/16"
router = "10.20.0.1"
"""


@pytest.fixture
def little_room(monkeypatch, tmp_path):
    """Buffers that do not hide what grows."""
    for module, name, value in ((spool, "ROOM", 4096), (spool, "FLUSH", 4096), (runs, "HELD", 64),
                                (longlist, "WHOLE", 4096), (found, "HELD", 4096)):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Path("secret").write_text("0123456789abcdef" * 3)
    Path("secret").chmod(0o600)


def peak(*command):
    """The most that was held at once while a command ran."""
    gc.collect()
    tracemalloc.start()
    try:
        done = pinboot(*command)
        assert done.code == 0, done.err
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("profile", "target"), [(GUESTS, "fleet.tar"), (MACHINES, "fleet")], ids=["guests", "machines"])
def test_a_host_more_costs_a_build_and_its_verification_less_than_its_texts(little_room, profile, target):
    held = {}
    with Mirror({CENTOS: tree.centos7()}):
        Path("fleet.toml").write_text(profile)
        for count in (FEW, MANY):
            Path("hosts.csv").write_text("name,mac,address\n" + "".join(
                f"h{n:04},00:16:3e:01:{n // 250:02x}:{n % 250:02x},10.20.{n // 250 + 1}.{n % 250 + 1}/16\n"
                for n in range(count)))
            if count == FEW:  # what is imported is held from then on
                assert pinboot("build", "fleet.toml", "--host", "h0000", "-o", "first").code == 0
                assert pinboot("verify", "first").code == 0
            held[count] = [peak("build", "fleet.toml", "-q", "-o", target), peak("verify", "-q", target)]
    build, verify = ((more - less) / (MANY - FEW) for less, more in zip(held[FEW], held[MANY], strict=True))
    # Its texts have more than that, without what the lists of the bundle say of them.
    assert build < 4096 and verify < 4096, (build, verify)

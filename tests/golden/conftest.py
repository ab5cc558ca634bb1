"""A folder to work in, with profiles that differ in a word, on mirrors that a test may change."""

import pytest

from builder.catalog.generation import EFI_LOADERS
from builder.demo import profiles, stored, tree
from tests.golden.bench import MIRROR, Mirror

CENTOS = f"{MIRROR}/centos/7/os/x86_64"
ROCKY = f"{MIRROR}/rocky/9"
KEY = profiles.public_key()
# The EFI loaders of a tree of EL9, which machines that boot over the network need.
LOADERS = {f"{tree.BASEOS}/{path}": b"MZ" + stored.filler(path, 4000) for path in EFI_LOADERS["x86_64"]}

CENTOS_PROFILE = f"""\
release = "centos-7.9.2009"
root = {{ ssh_keys = ["{KEY}"] }}
[tree]
url = "{CENTOS}"
[network]
gateway = "192.168.1.1"
nameservers = ["8.8.8.8"]
[host.web1]
address = "192.168.1.22/24"
memory = "2 GiB"
disk = {{ size = "20 GiB" }}
"""
ROCKY_PROFILE = f"""\
release = "rocky-9"
root = {{ ssh_keys = ["{KEY}"] }}
[tree]
url = "{ROCKY}/BaseOS/x86_64/os"
[host.web1]
memory = "4 GiB"
disk = {{ size = "20 GiB" }}
"""


@pytest.fixture(scope="session")
def trees():
    return {"centos": tree.centos7(), "rocky": tree.el9()}


@pytest.fixture
def mirror(trees):
    """Every address of the mirror by URL; tests add, change and take away."""
    with Mirror({CENTOS: dict(trees["centos"]), ROCKY: dict(trees["rocky"])}) as running:
        yield running


@pytest.fixture
def work(tmp_path, monkeypatch):
    """An empty folder with both profiles; HOME is another empty one."""
    (tmp_path / "work").mkdir()
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    (tmp_path / "work" / "centos.toml").write_text(CENTOS_PROFILE)
    (tmp_path / "work" / "rocky.toml").write_text(ROCKY_PROFILE)
    return tmp_path / "work"

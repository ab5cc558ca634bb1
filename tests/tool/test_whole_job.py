"""The whole job on a stand-in tree: Debian's real kernel, a real dracut initrd, and the ELF notes decide."""

import hashlib
import json
from pathlib import Path

import pytest

from builder.demo import profiles, serve
from tests.golden.bench import pinboot
from tests.tool import standin

pytestmark = pytest.mark.tool


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return standin.tree(tmp_path_factory.mktemp("standin"), shape="el9")


def profile(tree, base, release="rocky-9", more=""):
    return f"""\
release = "{release}"
root = {{ ssh_keys = ["{profiles.public_key()}"] }}
[tree]
url = "{base}/{tree.path}"
install_url = "http://mirror.example/tree"
[host.web1]
memory = "2 GiB"
disk = {{ size = "20 GiB" }}
{more}
"""


@pytest.mark.parametrize(("shape", "release", "kind", "run"), [
    # Debian's kernel is able to run as a PV guest; pygrub reads what EL7 would install, and not what EL9 would.
    ("el9", "rocky-9", "hvm", 'boot = "c"'),
    ("el7", "centos-7.9.2009", "pv", 'bootloader = "pygrub"'),
])
def test_a_real_kernel_and_initrd_go_through_check_lock_build_and_verify(shape, release, kind, run, request, tmp_path,
                                                                         monkeypatch):
    tree = request.getfixturevalue("tree") if shape == "el9" else standin.tree(tmp_path / "tree", shape=shape)
    monkeypatch.chdir(tmp_path)
    with serve.serve(tree.root) as base:
        Path("web.toml").write_text(profile(tree, base, release))
        checked = pinboot("check", "web.toml", "--store", "store", "--json")
        assert checked.code == 0, checked.out + checked.err
        every = json.loads(checked.out)["findings"]
        found = {f["topic"]: f for f in every}
        assert found["same set"]["severity"] == "ok" and tree.kernel in found["same set"]["text"]
        assert any(f["topic"] == "xen" and f'type = "{kind}"' in f["text"] for f in every)
        assert pinboot("lock", "web.toml", "--store", "store").code == 0
    built = pinboot("build", "web.toml", "--store", "store", "--offline")
    assert built.code == 0, built.err
    bundle = Path("out/web")
    files = {p.name: hashlib.sha256((bundle / "boot" / p.name).read_bytes()).hexdigest() for p in
             (bundle / "boot").iterdir()}
    assert files["vmlinuz"] == tree.sha256[standin.KERNEL] and files["initrd.img"] == tree.sha256[standin.INITRD]
    config = (bundle / "hosts/web1/web1-install.cfg").read_text()
    assert f'type = "{kind}"' in config and run in (bundle / "hosts/web1/web1.cfg").read_text()
    assert pinboot("verify", bundle).code == 0


def test_another_kernel_in_the_real_tree_is_two_builds(tree, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from builder.demo import kernel

    files = {p.relative_to(tree.root).as_posix(): p.read_bytes() for p in tree.root.rglob("*") if p.is_file()}
    place = f"{tree.path}/{standin.KERNEL}"
    files[place] = kernel.make("6.1.0-1-amd64", xen="pv", seed="x")
    info = f"{tree.path}/.treeinfo"
    files[info] = files[info].replace(tree.sha256[standin.KERNEL].encode(),
                                      hashlib.sha256(files[place]).hexdigest().encode())
    with serve.serve({"": files}) as base:
        Path("web.toml").write_text(profile(tree, base))
        ran = pinboot("lock", "web.toml", "--store", "store")
    assert ran.code == 1 and "two builds in one tree" in ran.err
    assert "6.1.0-1-amd64" in ran.err and tree.kernel in ran.err

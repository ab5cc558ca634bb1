"""Every starter profile, as a user takes it: init, key, lock, build, verify; against an honest mirror and two liars."""

import re
import tomllib
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from builder.catalog import load
from builder.catalog.generation import EFI_LOADERS, GENERATIONS
from builder.demo import profiles, stored, tree
from builder.profile import kinds, starters
from tests.golden.bench import Mirror, pinboot

RHEL, ORACLE, ALMA, STREAM = "Red Hat Enterprise Linux", "Oracle Linux", "AlmaLinux", "CentOS Stream"
TODAY = date(2026, 11, 24)
OLD = {"el6": "2.6.32-696.el6.x86_64", "el7": "3.10.0-862.el7.x86_64", "el8": "4.18.0-477.10.1.el8_8.x86_64",
       "el9": "5.14.0-427.13.1.el9_4.x86_64", "el10": "6.11.0-25.el10.x86_64", "fedora": "6.13.9-200.fc41.x86_64"}


def with_loaders(**build):
    """AlmaLinux 9 with what shim and GRUB of a tree are to pinboot: files at their places."""
    return {**tree.el9(ALMA, **build), **{f"{tree.BASEOS}/{path}": stored.filler(path, 4000) for path in EFI_LOADERS["x86_64"]}}


# What is served at the address that the starter or the catalog names.
TREES = {
    "centos-6-xen": tree.el6, "centos-7-xen": tree.centos7, "centos-7-xen-netbsd": tree.centos7,
    "centos-stream-9-xen": partial(tree.el9, STREAM, "9"), "centos-stream-10-xen": partial(tree.el10, STREAM, "10"),
    "rhel-7-xen": partial(tree.el7, RHEL), "rhel-8-xen": partial(tree.el8, RHEL),
    "rhel-9-xen": partial(tree.el9, RHEL), "rhel-10-xen": partial(tree.el10, RHEL),
    "rocky-8-xen": tree.el8, "rocky-9-xen": tree.el9, "rocky-10-xen": tree.el10,
    "alma-8-xen": partial(tree.el8, ALMA), "alma-9-xen": partial(tree.el9, ALMA),
    "alma-10-xen": partial(tree.el10, ALMA),
    "oracle-7-xen": tree.el7, "oracle-8-xen": partial(tree.el8, ORACLE), "oracle-9-xen": partial(tree.el9, ORACLE),
    "oracle-10-xen": partial(tree.el10, ORACLE),
    "fedora-44-xen": partial(tree.fedora, "44"),
    "rocky-9-libvirt": tree.el9, "rocky-10-libvirt": tree.el10, "alma-9-libvirt": partial(tree.el9, ALMA),
    "alma-9-network": with_loaders,
}
WITH_CHECKSUMS = [name for name in TREES if not re.match("centos-[67]", name)]
# Families that have no public tree: their starters name a place to put one's own.
OWN_TREE = [name for name in TREES if name.startswith(("rhel", "oracle"))]


def release(name):
    word = tomllib.loads(starters.path(name).read_text())["release"]
    return load.release(word, "x86_64", load.families())


def kind(name):
    return kinds.kind(tomllib.loads(starters.path(name).read_text())["outputs"])


def base(files):
    return f"{tree.BASEOS}/" if f"{tree.BASEOS}/.treeinfo" in files else ""


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder of a user who has an ssh key and the secret behind kickstart paths; `take` makes a profile of a starter, with plain http where the catalog
    says https (the loopback proxy speaks no TLS), and says where its tree belongs."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    for kind in ("ed25519", "rsa"):
        (home / ".ssh" / f"id_{kind}.pub").write_text(f"{profiles.public_key(f'ssh-{kind}')}\n")
    (tmp_path / "work").mkdir()
    secret = home / ".config/pinboot/serve"
    secret.parent.mkdir(parents=True)
    secret.write_text(f"{'0123456789abcdef' * 4}\n")
    secret.chmod(0o600)
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)

    def take(name):
        made = pinboot("init", "guest", "--preset", name)
        assert made.code == 0, made.err
        path = Path("profiles/guest.toml")
        text = path.read_text()
        url = tomllib.loads(text).get("tree", {}).get("url", "")
        if not url:
            url = load.addresses(release(name), TODAY)[0].replace("https://", "http://")
            path.write_text(f'{text}\n[tree]\nurl = "{url}"\n')
        return url

    return take


def serve(url, files):
    return Mirror({url.removesuffix(f"/{tree.BASEOS}") if base(files) else url: files})


def test_each_family_and_generation_that_can_be_installed_has_a_starter():
    assert set(starters.names()) == set(TREES)
    readable = {"scientific"}  # its trees are read; nobody should start with it
    wanted = {(f.id, major) for f in load.families().values() for major, row in f.series.items()
              if f.id not in readable and major != "newer"}
    missing = wanted - {(release(name).family.id, release(name).major) for name in starters.names()}
    # Ended, and followed by another family's starter, or an older number of a family that has one.
    assert missing <= {("centos", "8"), ("centos-stream", "8"), ("rhel", "6"), ("oracle", "6"),
                       *(("fedora", str(n)) for n in range(40, 44))}
    assert {release(name).generation.name for name in starters.names()} == set(GENERATIONS)


@pytest.mark.parametrize("name", TREES)
def test_a_starter_is_short_and_its_first_line_fits_the_list(name):
    text = starters.path(name).read_text()
    first, *rest = text.splitlines()
    assert len(first.removeprefix("# ")) <= 55 and first.endswith(".")
    assert len(rest) < 40 and max(map(len, rest)) <= 80
    # init puts the user's own key in its place, but for EL6, whose sshd is choosy.
    assert text.count(f"file:~/.ssh/id_{'rsa' if name == 'centos-6-xen' else 'ed25519'}.pub") == 1
    assert release(name).series.mirrors or release(name).series.vaults or name in OWN_TREE


def test_starters_are_alike_wherever_their_releases_are():
    """Each stands alone, so that a copy can be read and edited; what they share may not drift apart."""
    made = {name: tomllib.loads(starters.path(name).read_text()) for name in TREES if not name.endswith("netbsd")}
    assert {table["timezone"] for table in made.values()} == {"Etc/UTC"}
    for name, table in made.items():
        if kind(name) != "xen":
            continue
        pv = release(name).generation.xen == "pv"
        assert table["xen"] == {"path": "/var/lib/xen/pinboot", "bridge": "xenbr0", **({"run": "pygrub"} if pv else {})}
        (host,) = table["host"].values()
        assert host == {"address": "dhcp", "memory": "2 GiB" if pv else "4 GiB", "disk": {"size": "20 GiB"}}


def test_starters_for_libvirt_are_alike():
    for name in [name for name in TREES if kind(name) == "kvm"]:
        table = tomllib.loads(starters.path(name).read_text())
        ((host, keys),) = table["host"].items()
        assert table["kvm"] == {"path": f"/var/lib/pinboot/{host}", "network": "default"}
        assert keys == {"address": "dhcp", "memory": "4 GiB", "vcpus": 2, "disk": {"size": "20 GiB"}}


def test_the_list_of_starters_fits_a_terminal(desk):
    listed = pinboot("init", "--list").out.splitlines()
    assert len(listed) == len(TREES) and max(map(len, listed)) <= 80


@pytest.mark.parametrize("name", TREES)
def test_a_starter_becomes_a_bundle(name, desk):
    url = desk(name)
    generation = release(name).generation
    with serve(url, TREES[name]()):
        checked = pinboot("check", "guest")
        assert checked.code == 0, checked.out + checked.err
        assert "0 errors" in checked.out and "nothing will stop and ask" in checked.out
        assert (f'type = "{generation.xen}"' in checked.out) is (kind(name) == "xen")
        for command in (("lock", "guest"), ("build", "guest", "--locked"), ("verify", "out/guest")):
            ran = pinboot(*command)
            assert ran.code == 0, (command, ran.out + ran.err)
    if kind(name) == "network":
        _is_served(url, name)
        return
    plain, carrying = (Path(f"out/guest/boot/{name}").read_bytes() for name in ("initrd.img", "initrd-ks.img"))
    # Behind gzip the kickstarts would be lost under Xen's domain builder (builder/media/inject.py).
    assert carrying.endswith(plain) if plain.startswith(b"\x1f\x8b") else carrying.startswith(plain)
    (host,) = Path("out/guest/hosts").iterdir()
    line = (host / "cmdline").read_text()
    assert f"{generation.option('ks')}=file:/ks/{host.name}.cfg" in line
    assert f"{generation.option('repo')}={url}" in line
    assert profiles.public_key("ssh-rsa" if name == "centos-6-xen" else "ssh-ed25519") in (host / "ks.cfg").read_text()


def _is_served(url, name):
    """Nothing on board: the kickstart lies on the web server of the profile, at a path that nobody guesses."""
    (private,) = Path("out/guest/private/hosts").iterdir()
    (kickstart,) = Path("out/guest/http/b").glob("*/ks/*/ks.cfg")
    line = (private / "cmdline").read_text()
    assert f"inst.ks=http://192.0.2.5/{kickstart.relative_to('out/guest/http')}" in line and f"inst.repo={url}" in line
    assert profiles.public_key() in kickstart.read_text()
    assert {"grub.cfg", "boot.ipxe"} <= {path.name for path in Path("out/guest/http").rglob("*")}


@pytest.mark.parametrize("name", WITH_CHECKSUMS)
def test_an_initrd_with_one_bit_changed_is_not_locked(name, desk):
    url = desk(name)
    files = TREES[name]()
    path = base(files) + tree.INITRD
    files[path] = tree.tampered(files[path])
    with serve(url, files):
        ran = pinboot("lock", "guest")
    assert ran.code == 4 and "initrd.img is not what the tree's own checksums say" in ran.err
    assert not Path("profiles/guest.lock").exists()


@pytest.mark.parametrize("name", TREES)
def test_the_kernel_of_another_build_is_not_locked(name, desk):
    url = desk(name)
    generation = release(name).generation
    own = TREES[name]()
    kernel = re.search(rb"\d\.\d+\.\d+-\d+[0-9a-z._]*\.x86_64", own[base(own) + tree.KERNEL])[0].decode()
    with serve(url, TREES[name](kernel=OLD[generation.name], initrd_kernel=kernel, package_kernel=kernel)):
        ran = pinboot("lock", "guest")
    assert ran.code == 1 and "two builds in one tree" in ran.err
    assert OLD[generation.name] in ran.err and kernel in ran.err
    assert not Path("profiles/guest.lock").exists()


@pytest.mark.parametrize("run", ["pygrub", "pvgrub", "kept-kernel"])
def test_a_fedora_that_asks_for_pv_is_told_why_it_would_not_start_again(run, desk):
    url = desk("fedora-44-xen")
    path = Path("profiles/guest.toml")
    path.write_text(path.read_text().replace("[xen]\n", f'[xen]\nrun = "{run}"\n'))
    with serve(url, TREES["fedora-44-xen"]()):
        ran = pinboot("check", "guest")
    said = " ".join(ran.out.split())
    assert ran.code == 1 and f"{run} starts PV guests only, and this kernel starts as HVM" in said
    assert "no PV loader reads the boot menu (BLS)" in said and 'set xen.run = "disk"' in said


@pytest.mark.parametrize("name", OWN_TREE)
def test_a_family_without_public_trees_says_what_to_do(name, desk):
    desk(name)
    with Mirror({}):
        ran = pinboot("check", "guest")
        assert ran.code == 5 and "set tree.url" in ran.err and "mirror.example" in ran.err
        path = Path("profiles/guest.toml")
        path.write_text(re.sub(r'(?m)^\[tree\]\nurl = .*\n', "", path.read_text()))
        ran = pinboot("check", "guest")
    assert ran.code == 2 and "tree.url: missing" in ran.err and "Traceback" not in ran.err


@pytest.mark.parametrize("name", ["centos-6-xen", "rocky-8-xen", "alma-10-xen", "fedora-44-xen"])
def test_another_profile_can_extend_a_starter_by_its_name(name, desk):
    desk(name)
    url = load.addresses(release(name), TODAY)[0].replace("https://", "http://")
    Path("mine").mkdir()
    Path("mine/two.toml").write_text(f'extends = ["{name}"]\n[tree]\nurl = "{url}"\n[host.two]\n'
                                     'disk = { size = "20 GiB" }\n')
    with serve(url, TREES[name]()):
        ran = pinboot("check", "mine/two.toml")
    assert ran.code == 0 and "two: " in ran.out, ran.out + ran.err

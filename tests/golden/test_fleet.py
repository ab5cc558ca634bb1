"""A fleet of every release with every output: the whole job through the commands, each file by mode and digest.

What the files say is read in tests/golden/{guests,loaders,services}; here the bytes of whole bundles stand still.
`PINBOOT_BLESS=1` writes the listings anew for a person to read.
"""

import hashlib
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from builder.catalog.generation import EFI_LOADERS
from builder.demo import stored, tree
from builder.profile import kinds
from tests.golden import expected
from tests.golden.bench import MIRROR, pinboot
from tests.unit import samples

FOLDER = Path(__file__).parent / "fleet"
SECRET = "0b5a1f3c7d9e2468ace013579bdf0f1e2d3c4b5a69788796"
# release: where its tree lies, and the tree itself below that
TREES = {
    "centos-6.10": ("centos/6/os/x86_64", tree.el6, ""),
    "centos-7.9.2009": ("centos/7/os/x86_64", tree.centos7, ""),
    "alma-8.10": ("alma/8", lambda: tree.el8("AlmaLinux"), "BaseOS/x86_64/os/"),
    "rocky-9.6": ("rocky/9", tree.el9, "BaseOS/x86_64/os/"),
    "rocky-10.0": ("rocky/10", tree.el10, "BaseOS/x86_64/os/"),
    "fedora-44": ("fedora/44/Everything/x86_64/os", lambda: tree.fedora("44"), ""),
}
OUTPUTS = {
    kind: [word for word, each in kinds.OUTPUTS.items() if each == kind] for kind in ("kvm", "network")}
HOSTS = {
    "kvm": """
[host.web1]
address = "192.0.2.10/24"
gateway = "192.0.2.1"
nameservers = ["192.0.2.53"]
disk = { size = "20 GiB" }
[host.web2]
memory = "4 GiB"
vcpus = 2
bridge = "br0"
disk = { size = "40 GiB", file = "/dev/vg0/web2" }
""",
    "network": """
[serve]
url = "http://10.20.0.5"
tftp = "10.20.0.5"
secret = "env:FLEET_SECRET"
[dhcp]
subnet = "10.20.0.0/16"
router = "10.20.0.1"
range = ["10.20.200.1", "10.20.200.99"]
[network]
gateway = "10.20.0.1"
nameservers = ["10.20.0.2"]
[host.c1]
mac = "b8:59:9f:00:01:01"
address = "10.20.1.1/16"
disk = "sda"
[host.c2]
mac = "b8:59:9f:00:01:02"
disk = "sdb"
console = "ttyS1,115200n8"
""",
}


def profile(release, kind, outputs=None):
    place, _, below = TREES[release]
    key = samples.RSA if release.startswith("centos-6") else samples.KEY
    words = ", ".join(f'"{word}"' for word in outputs or wanted(release, kind))
    return (f'release = "{release}"\noutputs = [{words}]\nroot = {{ ssh_keys = ["{key}"] }}\n'
            f'[tree]\nurl = "{MIRROR}/{place}/{below}"\n{HOSTS[kind]}')


def wanted(release, kind):
    """EL6 trees have no shim and no GRUB 2."""
    return [word for word in OUTPUTS[kind] if not (release == "centos-6.10" and word in ("grub", "http-boot"))]


@pytest.fixture(scope="module")
def grown():
    made = {}
    for release, (place, make, below) in TREES.items():
        loaders = {} if release == "centos-6.10" else {
            f"{below}{path}": b"MZ" + stored.filler(f"{release} {path}", 4000) for path in EFI_LOADERS["x86_64"]}
        made[f"{MIRROR}/{place}"] = {**make(), **loaders}
    return made


@pytest.fixture
def fleet(work, mirror, grown, monkeypatch):
    mirror.trees = dict(grown)
    monkeypatch.setenv("FLEET_SECRET", SECRET)
    return mirror


def build(name, text):
    Path(f"{name}.toml").write_text(text)
    ran = pinboot("build", f"{name}.toml")
    assert ran.code == 0, ran.err
    return Path("out") / name


def files(folder):
    return {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("kind", sorted(OUTPUTS))
@pytest.mark.parametrize("release", TREES)
def test_a_bundle_of_every_release_and_output_stands_still(fleet, release, kind):
    bundle = build("fleet", profile(release, kind))
    assert pinboot("verify", bundle).code == 0
    made = "".join(f"{p.stat().st_mode & 0o777:04o} {hashlib.sha256(p.read_bytes()).hexdigest()} {path}\n"
                   for path, p in files(bundle).items())
    expected.same_text(FOLDER / f"{release}-{kind}.txt", made)


def test_a_guest_s_xml_boots_the_pinned_pair_with_the_host_s_own_arguments(fleet):
    bundle = build("vm", profile("rocky-9.6", "kvm"))
    domain = ET.fromstring((bundle / "hosts/web1/web1-install.xml").read_text())
    line = (bundle / "hosts/web1/cmdline").read_text().splitlines()[-1]
    assert domain.findtext("os/cmdline") == line and "inst.ks=file:/ks/web1.cfg" in line
    assert domain.findtext("os/kernel") == "/var/lib/pinboot/boot/vmlinuz"
    mac = domain.find("devices/interface/mac").get("address")
    assert mac.startswith("52:54:00:") and mac in (bundle / "hosts/web1/ks.cfg").read_text()


def test_everything_served_holds_the_bundle_s_id_or_is_a_pointer(fleet):
    bundle = build("pxe", profile("rocky-9.6", "network"))
    ident = json.loads((bundle / "manifest.json").read_text())["inputs"][:8]
    served = [path for path in files(bundle) if path.startswith(("http/", "tftp/"))]
    moving = [path for path in served if f"/b/{ident}/" not in path]
    assert len(served) > len(moving) > 0
    for path in moving:
        if not path.endswith((".efi", ".EFI")):
            assert (bundle / path).stat().st_size < 4096, path
    stage2 = bundle / f"http/b/{ident}/rocky-9.6-x86_64/images/install.img"
    assert stage2.is_file() and "mainimage = images/install.img" in (stage2.parents[1] / ".treeinfo").read_text()
    line = (bundle / "private/hosts/c1/cmdline").read_text().splitlines()[-1]
    assert f"inst.stage2=http://10.20.0.5/b/{ident}/rocky-9.6-x86_64" in line.split()


def test_a_patch_of_the_tree_is_served_beside_stage2_and_the_mirror_is_not_asked_for_one(fleet):
    place = f"{MIRROR}/rocky/9"
    fleet.trees[place] = {**fleet.trees[place], "BaseOS/x86_64/os/images/updates.img": b"\x1f\x8b a patch"}
    text = profile("rocky-9.6", "network") + '[trust]\naccept = ["images/updates.img"]\n'
    bundle = build("pxe", text)
    served = [path for path in files(bundle) if path.endswith("/images/updates.img")]
    assert len(served) == 1 and (bundle / served[0]).read_bytes() == b"\x1f\x8b a patch"
    assert f"{MIRROR}/rocky/9/BaseOS/x86_64/os/images/" not in (bundle / "NEXT-STEPS.txt").read_text()


def test_a_kickstart_lies_at_a_path_that_only_its_host_knows(fleet):
    bundle = build("pxe", profile("rocky-9.6", "network"))
    found = {host: re.search(r"inst\.ks=http://10\.20\.0\.5/(b/[0-9a-f]{8}/ks/[a-z2-7]{32}/ks\.cfg)",
                             (bundle / f"private/hosts/{host}/cmdline").read_text())[1] for host in ("c1", "c2")}
    assert found["c1"] != found["c2"]
    for host, path in found.items():
        kickstart = bundle / "http" / path
        assert kickstart.stat().st_mode & 0o777 == 0o600 and f"--hostname={host}" in kickstart.read_text()
    assert not any(SECRET.encode() in p.read_bytes() for p in files(bundle).values())
    own = {path for path, p in files(bundle).items() if found["c1"].split("/")[3].encode() in p.read_bytes()}
    assert not [path for path in own if "c2" in path or path.startswith(("dhcp/", "nginx/", "deploy"))]


def test_the_same_secret_makes_the_same_paths_and_another_one_others(fleet, monkeypatch):
    bundle = build("pxe", profile("rocky-9.6", "network"))
    first = (bundle / "private/hosts.tsv").read_text()
    build("pxe", profile("rocky-9.6", "network"))
    assert (bundle / "private/hosts.tsv").read_text() == first
    monkeypatch.setenv("FLEET_SECRET", SECRET[::-1])
    build("pxe", profile("rocky-9.6", "network"))
    assert (bundle / "private/hosts.tsv").read_text() != first


@pytest.mark.parametrize(("before", "after", "said"), [
    ('outputs = [', 'outputs = ["xen", ', "machines of 2 kinds"),
    ("[serve]", "[served]", "unknown key"),
    ('url = "http://10.20.0.5"', "", "serve.url"),
    ('secret = "env:FLEET_SECRET"', "", "kickstarts are served at paths made from it"),
    ('secret = "env:FLEET_SECRET"', 'secret = "plain text that is long enough for a secret"', "serve.secret"),
    ('tftp = "10.20.0.5"', "", "pxelinux fetches by TFTP"),
    ('mac = "b8:59:9f:00:01:02"', "", "a boot loader finds a machine by its MAC address"),
    ('subnet = "10.20.0.0/16"', "", "dhcp.subnet"),
    ('range = ["10.20.200.1", "10.20.200.99"]', 'range = ["10.20.200.1"]', "the first and the last one"),
    ('mac = "b8:59:9f:00:01:02"', 'mac = "b8:59:9f:00:01:01"', "belongs to c1"),
])
def test_what_cannot_be_served_is_refused_with_its_reason(fleet, before, after, said):
    text = profile("rocky-9.6", "network")
    assert before in text
    Path("pxe.toml").write_text(text.replace(before, after, 1))
    ran = pinboot("build", "pxe.toml")
    assert ran.code == 2 and said in ran.err and "Traceback" not in ran.err, ran.err
    assert not Path("out/pxe").exists()


def test_a_tree_without_uefi_loaders_is_told_before_anything_is_written(fleet, grown):
    place = f"{MIRROR}/rocky/9"
    fleet.trees[place] = {path: data for path, data in grown[place].items() if "/EFI/" not in path}
    Path("pxe.toml").write_text(profile("rocky-9.6", "network", ["grub"]))
    ran = pinboot("build", "pxe.toml")
    assert ran.code == 2 and "the lock has no UEFI loaders of this tree" in ran.err and "EFI/BOOT/grubx64.efi" in ran.err


def test_a_loader_that_is_known_to_fail_is_told_with_its_cure_and_the_cure_is_there(fleet, grown):
    place = f"{MIRROR}/rocky/9"
    efi = {path: data for path, data in grown[place].items() if "/EFI/" in path}
    fleet.trees[place] = {**tree.el8("Rocky Linux", "8.3"), **efi}
    Path("pxe.toml").write_text(profile("rocky-9.6", "network", ["grub"]).replace('"rocky-9.6"', '"rocky-8.3"'))
    ran = pinboot("check", "pxe.toml")
    assert "the shim of EL8.3 asks the root of the TFTP server for grubx64.efi" in " ".join(ran.out.split())
    assert pinboot("build", "pxe.toml").code == 0
    assert Path("out/pxe/tftp/grubx64.efi").read_bytes() == efi["BaseOS/x86_64/os/EFI/BOOT/grubx64.efi"]


def test_loaders_of_this_machine_go_along_byte_for_byte(fleet):
    Path("pxelinux.0").write_bytes(b"\x00pxelinux" * 50)
    text = profile("rocky-9.6", "network", ["pxelinux"]).replace(
        "[dhcp]", '[serve.loaders]\n"bios/pxelinux.0" = "pxelinux.0"\n[dhcp]')
    bundle = build("pxe", text)
    assert (bundle / "tftp/bios/pxelinux.0").read_bytes() == Path("pxelinux.0").read_bytes()


def test_a_profile_without_outputs_is_told_what_there_is(fleet):
    Path("pxe.toml").write_text(profile("rocky-9.6", "kvm", ["qemu"]).replace('outputs = ["qemu"]', "outputs = []")
                                .replace('disk = { size = "20 GiB" }', 'disk = "sda"')
                                .replace('disk = { size = "40 GiB", file = "/dev/vg0/web2" }', 'disk = "sda"'))
    ran = pinboot("build", "pxe.toml")
    assert ran.code == 2 and "outputs: empty; what shall be made?" in ran.err and "libvirt" in ran.err

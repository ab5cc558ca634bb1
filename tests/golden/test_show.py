"""`pinboot show`: whole pages of profiles, locks and bundles. `PINBOOT_BLESS=1` writes them anew for a person to read."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from builder.demo import profiles
from builder.media import account
from builder.profile.file import schema
from tests.golden import expected, test_fleet, test_render
from tests.golden.bench import pinboot
from tests.golden.conftest import KEY, ROCKY_PROFILE
from tests.golden.test_render import KEPT, NEWCOMER, SECRET_PROFILE
from tests.golden.test_terminal import in_terminal

fleet, grown, private = test_fleet.fleet, test_fleet.grown, test_render.private
FOLDER = Path(__file__).parent / "shown"
CASES = Path(__file__).parent / "cases"
ROOT = Path(__file__).resolve().parents[2]


def shown(*arguments):
    ran = pinboot("show", *arguments)
    assert ran.code == 0 and ran.err == "", ran.err
    assert max(map(len, ran.out.splitlines())) <= 80 or re.search(r"\S{48}", ran.out)
    return ran.out


def words(*arguments):
    return " ".join(shown(*arguments).split())


def as_json(*arguments):
    return json.loads(shown(*arguments, "--json"))


LAYERED = {
    "base.toml": """\
timezone = "Europe/Prague"
memory = "4 GiB"
[user.admin]
groups = ["wheel"]
gecos = "Site administrators"
password = "file:admin.hash"
[class.legacy]
firmware = "bios"
disk = ["sda", "sdb"]
storage = "raid1"
memory = "8 GiB"
[class.compute]
firmware = "uefi"
disk = "smallest nvme"
""",
    "rack.toml": f"""\
extends = ["base.toml"]
inventory = "hosts.csv"
release = "alma-9.6"
outputs = ["ipxe", "dnsmasq"]
root = {{ ssh_keys = ["{KEY}"] }}
[serve]
url = "http://10.20.0.5"
secret = "env:FLEET_SECRET"
[dhcp]
subnet = "10.20.0.0/16"
[network]
gateway = "10.20.0.1"
nameservers = ["10.20.0.2", "10.20.0.3"]
[host.db1]
memory = "64 GiB"
disk = "by-id/nvme-eui.0025385b71b0e1a2"
addresses = {{ "bond0.120" = ["10.20.0.11/16", "2001:db8:120::11/64"] }}
[host.db1.interface.eno1]
mac = "b8:59:9f:00:09:01"
[host.db1.interface.eno2]
[host.db1.interface.bond0]
ports = ["eno1", "eno2"]
bond = {{ mode = "802.3ad", miimon = 100 }}
[host.db1.interface."bond0.120"]
mtu = 9000
gateway = "10.20.0.1"
routes = [{{ to = "198.51.100.0/24", via = "10.20.0.254" }}]
""",
    "hosts.csv": """\
name,class,mac,address,rack
c0001,compute,b8:59:9f:00:01:01,10.20.1.1/16,A1
l0001,legacy,00:25:90:aa:00:01,10.20.9.1/16,F7
""",
}


@pytest.fixture
def layered(work, monkeypatch):
    for name, text in LAYERED.items():
        Path(name).write_text(text)
    Path("admin.hash").write_text(f"$6$saltsalt${'c' * 86}\n")
    Path("admin.hash").chmod(0o600)
    monkeypatch.setenv("FLEET_SECRET", test_fleet.SECRET)


@pytest.mark.parametrize(("name", "arguments"), [
    ("profile", ["rack.toml"]),
    ("profile-set", ["rack.toml", "--set", "timezone=UTC", "--set", "host.c0001.memory=16 GiB"]),
    ("host-of-a-class", ["rack.toml", "--host", "l0001"]),
    ("host-set", ["rack.toml", "--host", "c0001", "--set", "host.c0001.memory=16 GiB"]),
    ("host-of-many-links", ["rack.toml", "--host", "DB1"]),
    ("newcomer", ["web1.toml"]),
])
def test_a_profile_is_told_key_by_key_with_who_set_it(layered, name, arguments):
    Path("web1.toml").write_text(NEWCOMER)
    expected.same_text(FOLDER / f"{name}.txt", shown(*arguments))


PAGES = {"profile", "profile-set", "host-of-a-class", "host-set", "host-of-many-links", "newcomer", "lock", "bundle-kvm",
         "bundle-network", "bundle-centos-7-fleet", "bundle-alma-8-lvm"}


def test_every_expected_page_is_of_a_test():
    assert {path.stem for path in FOLDER.iterdir()} == PAGES


def test_every_key_that_a_profile_can_have_is_told_by_whoever_sets_it(layered):
    told = as_json("rack.toml")
    first = {key.partition(".")[0] for key in told["keys"]}
    written = {"release", "outputs", "extends", "inventory", "serve", "dhcp", "network", "class", "user", "root", "memory"}
    assert written <= first
    # What a profile does not say and what has no default in it is no row.
    absent = {"host", "catalog", "xen", "kvm", "interface", "disk", "console", "firmware", "kernel_arguments", "addon",
              "rhsm"}
    assert {field.encode_name for field in schema.msgspec.structs.fields(schema.Profile)} - first == absent
    assert told["keys"]["timezone"] == {"value": "Europe/Prague",
                                        "set_by": {"key": "timezone", "file": "base.toml", "line": 1}}
    assert told["keys"]["selinux"] == {"value": "enforcing", "set_by": None}


def test_json_has_every_host_with_the_file_that_set_each_key(layered):
    told = as_json("rack.toml")
    assert [host["name"] for host in told["hosts"]] == ["db1", "c0001", "l0001"]
    keys = told["hosts"][2]["keys"]
    assert keys["memory"] == {"value": 8192, "set_by": {"key": "class.legacy.memory", "file": "base.toml", "line": 11}}
    assert keys["mac"]["set_by"] == {"key": "host.l0001.mac", "file": "hosts.csv", "line": 3}
    assert keys["gateway"]["set_by"] == {"key": "network.gateway", "file": "rack.toml", "line": 12}
    assert keys["facts.rack"]["value"] == "F7" and keys["class"]["value"] == "legacy"
    assert keys["disk"]["value"] == {"name": "sda", "others": ["sdb"], "size": None, "file": None, "rule": False}
    links = told["hosts"][0]["keys"]["interface"]["value"]
    assert [link["kind"] for link in links] == ["card", "card", "bond", "vlan"] and links[3]["vlan"] == 120
    assert [host["name"] for host in as_json("rack.toml", "--host", "l0001")["hosts"]] == ["l0001"]


def test_no_secret_is_ever_shown(private, monkeypatch):
    for arguments in (["db.toml"], ["db.toml", "--host", "db1"], ["db.toml", "--json"]):
        out = shown(*arguments)
        assert not any(secret in out for secret in KEPT.values()), arguments
    told = as_json("db.toml")["keys"]
    assert told["root.password"]["value"] == "file:root.hash" and told["rhsm.activation_key"]["value"] == "env:KEY"
    assert told["storage.encrypt.passphrase"]["value"] == "file:luks"
    hashed = f"$6$saltsalt${'d' * 86}"
    Path("db.toml").write_text(SECRET_PROFILE.replace('"file:root.hash"', f'"{hashed}"'))
    assert as_json("db.toml")["keys"]["root.password"]["value"] == "a sha512 hash" and hashed not in shown("db.toml")


def test_a_profile_says_whether_its_lock_is_there_and_fits(mirror, work):
    assert "lock       none yet: pinboot lock rocky.toml\n" in shown("rocky.toml")
    assert pinboot("lock", "rocky.toml").code == 0
    assert "lock rocky.lock fits: Rocky Linux 9.6 x86_64, kernel 5.14.0-" in words("rocky.toml")
    assert as_json("rocky.toml")["lock"]["fits"] is True
    Path("rocky.toml").write_text(Path("rocky.toml").read_text().replace('"rocky-9"', '"rocky-8"'))
    assert "lock does not fit: rocky.lock: locks rocky 9.6 x86_64, but rocky.toml asks" in words("rocky.toml")
    told = as_json("rocky.toml")["lock"]
    assert told["there"] is True and told["fits"] is False and "asks for Rocky Linux 8" in told["reason"]


def test_what_was_accepted_with_less_proof_is_loud_everywhere(mirror, work):
    Path("rocky.toml").write_text(ROCKY_PROFILE + '[trust.minimum]\nkernel = "first-use"\n')
    assert pinboot("build", "rocky.toml").code == 0
    reason = "the profile accepts first-use, below this family's treeinfo"
    for what in ("rocky.toml", "rocky.lock", "out/rocky"):
        assert f"OVERRIDE   kernel: {reason}\n" in shown(what), what
    assert as_json("rocky.toml")["lock"]["overrides"] == {"kernel": reason}
    assert as_json("rocky.lock")["overrides"] == as_json("out/rocky")["overrides"] == {"kernel": reason}


def test_a_lock_is_told_pin_by_pin(work):
    shutil.copy(CASES / "centos-7-fleet/expected/centos-7-fleet.lock", "web.lock")
    expected.same_text(FOLDER / "lock.txt", shown("web.lock"))
    told = as_json("web.lock")
    assert told["kind"] == "lock" and told["release"]["title"] == "CentOS 7.9.2009 x86_64" and told["date"] == "2020-10-26"
    assert [pin["role"] for pin in told["pins"]] == ["kernel", "initrd", "stage2", "treeinfo", "repository"]
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", pin["digest"]) and pin["evidence"] for pin in told["pins"])
    assert told["kernel"]["xen_pv"] is True and told["absent"] == ["images/updates.img", "images/product.img"]
    shutil.copy("web.lock", "renamed")
    assert shown("renamed").startswith("renamed: CentOS 7.9.2009 x86_64\n")


def test_a_signed_lock_names_its_key(work):
    text = (CASES / "centos-7-fleet/expected/centos-7-fleet.lock").read_text()
    text = text.replace('evidence = "first-use"', f'evidence = "signed"\nkey = "{"0123456789abcdef" * 2}f4a80eb5"', 1)
    Path("web.lock").write_text(text)
    assert "signed, key ...F4A80EB5" in shown("web.lock")


def test_control_characters_of_a_lock_reach_no_terminal(work):
    text = (CASES / "centos-7-fleet/expected/centos-7-fleet.lock").read_text()
    Path("web.lock").write_text(re.sub('(?m)^compose = .*', r'compose = "x\\u001b]0;title\\u0007y"', text))
    out = shown("web.lock")
    assert "\x1b" not in out and r"x\x1b]0;title\x07y" in out


@pytest.mark.parametrize("case", ["centos-7-fleet", "alma-8-lvm"])
def test_a_bundle_is_told_as_its_manifest_has_it(work, case):
    shutil.copytree(CASES / case / "expected", "out/bundle")
    expected.same_text(FOLDER / f"bundle-{case}.txt", shown("out/bundle"))


HOSTS = {"kvm": ["web1", "web2"], "network": ["c1", "c2"]}


@pytest.mark.parametrize("kind", sorted(test_fleet.OUTPUTS))
def test_a_bundle_of_every_output_is_told_in_all_three_forms(fleet, kind):
    text = test_fleet.profile("rocky-9.6", kind)
    Path("fleet.toml").write_text(text)
    pages = {}
    for form in ("directory", "tar", "tar.zst"):
        target = Path("out") / f"bundle.{form}" if form != "directory" else Path("out/bundle")
        ran = pinboot("build", "fleet.toml", "-o", target)
        assert ran.code == 0, ran.err
        told = as_json(target)
        assert told.pop("form") == form and told["verified"] is False
        pages[form] = {key: value for key, value in told.items() if key != "path"}
    assert pages["directory"] == pages["tar"] == pages["tar.zst"]
    told = pages["directory"]
    # The files of GRUB serve HTTP boot as well.
    assert told["outputs"] == test_fleet.OUTPUTS[kind] and told["hosts"] == HOSTS[kind]
    manifest = json.loads(Path("out/bundle/manifest.json").read_text())
    assert [file["path"] for file in told["files"]] == [file["path"] for file in manifest["files"]]
    built = json.loads(pinboot("build", "fleet.toml", "-o", "out/again", "--json").out)
    assert told["fetches"] == built["fetches"] and told["id"] == built["id"]
    page = re.sub(r"id [0-9a-f]{8}", "id ID", shown("out/bundle").replace(manifest["inputs"][:8], "ID"))
    # What the texts say is held elsewhere; here their sizes would only repeat it.
    expected.same_text(FOLDER / f"bundle-{kind}.txt", re.sub(r"\b[0-9.]+ (?:bytes|kB|MB)\b", "SIZE", page))


def test_a_signature_is_mentioned_and_not_believed(fleet, tmp_path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    Path("fleet.toml").write_text(test_fleet.profile("rocky-9.6", "kvm"))
    for target in ("out/signed", "out/signed.tar"):
        assert pinboot("build", "fleet.toml", "-o", target, "--sign", key, "-q").code == 0
        assert "signature  SHA256SUMS.sig there, not checked (pinboot verify --key FILE)\n" in shown(target)
        assert as_json(target)["signatures"] == ["SHA256SUMS.sig"]


def test_show_believes_the_manifest_and_says_so(fleet):
    bundle = test_fleet.build("fleet", test_fleet.profile("rocky-9.6", "kvm"))
    before = shown(bundle)
    (bundle / "boot/vmlinuz").write_bytes(b"another kernel")
    (bundle / "hosts/web1/ks.cfg").unlink()
    assert shown(bundle) == before and before.endswith(
        "This is what the bundle says of itself; whether it is so is another question:\npinboot verify out/fleet\n")


def test_the_large_files_of_a_tar_are_not_read(fleet, monkeypatch):
    test_fleet.build("fleet", test_fleet.profile("rocky-9.6", "kvm"))
    with tarfile.open("large.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(p for p in Path("out/fleet").rglob("*") if p.is_file()):
            tar.add(path, path.relative_to("out"))
            if path.name == "NEXT-STEPS.txt":
                info = tarfile.TarInfo("fleet/boot/large.img")
                info.size = 64 << 20
                with Path("/dev/zero").open("rb") as zeros:
                    tar.addfile(info, zeros)
    read = []
    opened = Path.open

    def watched(self, *arguments, **options):
        file = opened(self, *arguments, **options)
        if self.name == "large.tar":
            plain = file.read
            file = _Counting(file, plain, read)
        return file

    class _Counting:
        def __init__(self, file, plain, counts):
            self.file, self.plain, self.counts = file, plain, counts

        def read(self, size=-1):
            data = self.plain(size)
            self.counts.append(len(data))
            return data

        def __getattr__(self, name):
            return getattr(self.file, name)

        def __enter__(self):
            return self

        def __exit__(self, *exc):
            self.file.close()

    monkeypatch.setattr(Path, "open", watched)
    assert account.read(Path("large.tar")).name == "fleet"
    assert 0 < sum(read) < 8 << 20


@pytest.mark.parametrize(("word", "code", "message"), [
    ("nothing", 2, "nothing: no profile of that name"),
    ("roky-9-xen", 2, "roky-9-xen: no profile of that name; did you mean rocky-9-xen?"),
    ("nothing.toml", 2, "nothing.toml: no such profile"),
    ("nothing.lock", 5, "nothing.lock: there is no such profile, lock or bundle"),
    ("nothing.tar.zst", 5, "nothing.tar.zst: there is no such profile, lock or bundle"),
    ("out/nothing", 5, "out/nothing: there is no such profile, lock or bundle"),
    ("folder", 2, "folder: a directory without a manifest.json, so no bundle"),
    ("./folder", 2, "./folder: a directory without a manifest.json, so no bundle"),
    (".", 2, ".: a directory without a manifest.json, so no bundle"),
    ("empty", 2, "empty: is none of a profile, a lock and a bundle; it is empty"),
    ("binary", 2, r'binary: is none of a profile, a lock and a bundle; it begins with "\x00\x01'),
    ("text", 2, "text: is none of a profile, a lock and a bundle; it begins with"),
    ("binary.lock", 2, "binary.lock: not TOML"),
    ("binary.toml", 2, "binary.toml: not UTF-8 text"),
    ("binary.tar", 2, "binary.tar: is no bundle: neither a directory nor a tar that can be read"),
    ("binary.tar.zst", 2, "binary.tar.zst: is no bundle: neither a directory nor a tar that can be read"),
    ("other.tar", 2, "other.tar: is no bundle (it holds no manifest.json)"),
    ("pipe", 5, "pipe: is neither a file nor a directory"),
    ("dangling", 2, "dangling: no profile of that name"),
    ("a" * 300, 2, "cannot be read: File name too long"),
])
def test_what_is_none_of_the_three_is_told_what_it_is(work, word, code, message):
    Path("folder").mkdir()
    Path("folder/file").write_text("x\n")
    Path("empty").touch()
    for name in ("binary", "binary.lock", "binary.toml", "binary.tar", "binary.tar.zst"):
        Path(name).write_bytes(b"\x00\x01\xff" * 700)
    Path("text").write_text("What is this?\n")
    os.mkfifo("pipe")
    Path("dangling").symlink_to("nowhere")
    with tarfile.open("other.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        tar.add("folder")
    ran = pinboot("show", word)
    assert (ran.code, ran.out) == (code, "") and message in ran.err, ran.err
    assert ran.err.startswith("error: ") and "hint:" in ran.err and "Traceback" not in ran.err


def test_host_and_set_go_with_a_profile_only(work):
    shutil.copy(CASES / "centos-7-fleet/expected/centos-7-fleet.lock", "web.lock")
    for option in (["--host", "web1"], ["--set", "timezone=UTC"]):
        ran = pinboot("show", "web.lock", *option)
        assert ran.code == 2 and f"{option[0]}: goes with a profile, and web.lock is a lock" in ran.err
    ran = pinboot("show", "centos.toml", "--host", "wb1")
    assert ran.code == 2 and "centos has no such host; did you mean web1?" in ran.err


def test_a_profile_wins_over_a_directory_of_its_name_that_is_no_bundle(work):
    Path("profiles").mkdir()
    Path("profiles/web1.toml").write_text(NEWCOMER)
    Path("web1").mkdir()
    assert shown("web1").startswith("profiles/web1.toml: Rocky Linux 9 x86_64, 1 host, outputs libvirt\n")


def many(count):
    return NEWCOMER + "".join(f'[host.n{number:05}]\ndisk = {{ size = "20 GiB" }}\n' for number in range(count))


def test_many_hosts_are_counted_on_a_terminal_and_all_there_in_a_pipe(work):
    Path("many.toml").write_text(many(500))
    out = shown("many.toml")
    assert out.count("\nn0") == 500 and "more" not in out
    assert len(as_json("many.toml")["hosts"]) == 501
    page = on_terminal("many.toml", work)
    assert page.count("\nn0") == 19 and page.endswith(
        "and 481 more: --host NAME shows one, --json and a pipe have them all\n")
    assert max(len(line) for line in page.splitlines() if not re.search(r"\S{48}", line)) <= 80


def on_terminal(name, work):
    """What stdout gets where it is a terminal."""
    command = f"import sys; from builder.cli.main import main; sys.stdout.isatty = lambda: True; sys.exit(main(['show', {name!r}]))"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, cwd=work, check=True)
    return done.stdout


def test_a_table_of_hosts_fits_a_terminal_of_80_columns(layered, work):
    page = on_terminal("rack.toml", work)
    assert max(len(line) for line in page.splitlines() if not re.search(r"\S{48}", line)) <= 80
    assert "by-id/nvme" in page and "..." in page.splitlines()[-3]
    assert in_terminal(["show", "rack.toml"], work)[0] == 0


def test_a_c_locale_gets_letters_that_it_has(work):
    Path("x.toml").write_text(NEWCOMER.replace('groups = ["wheel"]', 'gecos = "Zo\u00eb"\ngroups = ["wheel"]'))
    for more in ([], ["--json"]):
        done = subprocess.run([sys.executable, "-m", "builder.cli", "show", "x.toml", *more], capture_output=True,
                              env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, check=True)
        assert done.stdout.isascii() and b"Zo\\" in done.stdout


def test_the_demo_s_profiles_are_shown(work):
    Path("demo.toml").write_text(profiles.centos("http://127.0.0.1:1"))
    assert shown("demo.toml").startswith("demo.toml: CentOS 7.9.2009 x86_64")


def test_the_page_names_every_key_of_the_json(fleet):
    rows = dict(re.findall(r"(?m)^\| `(profile|lock|bundle)` \| (.*) \|$", (ROOT / "docs/looking.md").read_text()))
    test_fleet.build("fleet", test_fleet.profile("rocky-9.6", "kvm"))
    for kind, what in (("profile", "fleet.toml"), ("lock", "fleet.lock"), ("bundle", "out/fleet")):
        told = as_json(what)
        assert told.pop("kind") == kind
        outer = re.findall(r"`([a-z_]+)`", re.sub(r" \([^)]*\)|, a table [^;]*|, each with .*", "", rows[kind]))
        assert set(outer) == set(told), kind
        inner = dict(re.findall(r"`([a-z_]+)` \((`.*?)\)", rows[kind]))
        for key, names in inner.items():
            assert set(re.findall(r"`([a-z_]+)`", names)) == set(told[key]), key

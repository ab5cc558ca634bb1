"""`pinboot render`: one text of a bundle without the bundle."""

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from builder.boot.review import parsed
from builder.catalog.generation import GENERATIONS
from builder.jobs.looking import ground
from builder.jobs.looking.rendering import Rendering
from builder.lock import text
from builder.profile import resolve
from tests.golden import test_fleet
from tests.golden.bench import pinboot
from tests.golden.conftest import CENTOS, CENTOS_PROFILE, ROCKY

fleet, grown = test_fleet.fleet, test_fleet.grown
TODAY = datetime.date(2026, 1, 1)
# What lists or copies: bytes of a built bundle, and files that the user has.
PAPERS = {"SHA256SUMS", "manifest.json", "provenance.intoto.json", "sbom.cdx.json", "profile.toml"}
IMAGES = (".img", "vmlinuz", ".efi", ".EFI", ".lock")


def made(name):
    path = Path(f"{name}.toml")
    profile, layers = resolve.read(path, path.name, os.environ)
    lock = text.read(Path(f"{name}.lock"), f"{name}.lock")
    return list(Rendering(ground.of(profile, layers, lock, environment=os.environ, today=TODAY)).all())


def same_as_built(bundle, texts):
    built = {p.relative_to(bundle).as_posix(): p for p in bundle.rglob("*") if p.is_file()}
    wanted = {path for path in built if path not in PAPERS and not path.endswith(IMAGES)}
    found = {each.path: each for each in texts}
    assert len(found) == len(texts) and set(found) == wanted
    for path, each in found.items():
        assert each.text.encode() == built[path].read_bytes(), path
        assert each.mode == built[path].stat().st_mode & 0o777, path


@pytest.mark.parametrize("kind", sorted(test_fleet.OUTPUTS))
@pytest.mark.parametrize("release", test_fleet.TREES)
def test_every_text_is_byte_for_byte_what_a_build_writes(fleet, release, kind):
    bundle = test_fleet.build("fleet", test_fleet.profile(release, kind))
    same_as_built(bundle, made("fleet"))


@pytest.mark.parametrize("run", ["pygrub", "kept-kernel"])
def test_the_texts_of_xen_guests_are_those_of_a_build(mirror, work, run):
    bundle = test_fleet.build("guests", f'{CENTOS_PROFILE}[host.web2]\ndisk = {{ size = "9 GiB" }}\n[xen]\nrun = "{run}"\n')
    same_as_built(bundle, made("guests"))


def rendered(*arguments):
    ran = pinboot("render", *arguments)
    assert ran.code == 0, ran.err
    return ran


@pytest.mark.parametrize("kind", sorted(test_fleet.OUTPUTS))
def test_every_output_is_a_word_and_prints_the_very_file_of_the_bundle(fleet, kind):
    bundle = test_fleet.build("fleet", test_fleet.profile("rocky-9.6", kind))
    host = {"kvm": "web2", "network": "c2"}[kind]
    for word in (*test_fleet.OUTPUTS[kind], "ks", "cmdline", "verify", "next-steps"):
        ran = pinboot("render", "fleet.toml", "--host", host, "--secrets", "--json", word)
        told = json.loads(ran.out)
        assert told["locked"] is True and told["assumed"] == [] and not told["redacted"]
        assert told["text"].encode() == (bundle / told["path"]).read_bytes(), word
        assert told["host"] in ("", host)
        assert rendered("fleet.toml", "--host", host, "--secrets", word).out == told["text"]


def test_the_words_of_a_xen_guest_print_the_very_files_of_the_bundle(mirror, work):
    bundle = test_fleet.build("centos", CENTOS_PROFILE)
    for word, path in (("xen", "hosts/web1/web1.cfg"), ("xen-install", "hosts/web1/web1-install.cfg"), ("up", "up.sh"),
                       ("ks", "hosts/web1/ks.cfg"), ("cmdline", "hosts/web1/cmdline"), ("next-steps", "NEXT-STEPS.txt")):
        assert rendered("centos.toml", word, "--secrets").out.encode() == (bundle / path).read_bytes(), word


def test_grub_without_a_tftp_server_is_the_file_by_http(work, monkeypatch):
    monkeypatch.setenv("FLEET_SECRET", test_fleet.SECRET)
    Path("x.toml").write_text(test_fleet.profile("rocky-9.6", "network", ["grub", "dnsmasq"]).replace('tftp = "10.20.0.5"\n', ""))
    told = json.loads(rendered("x.toml", "--host", "c1", "grub", "--json").out)
    assert told["path"] == "http/b/00000000/hosts/c1/grub.cfg"
    assert rendered("x.toml", "--host", "c1", "http-boot").out == told["text"]
    assert " tftp/" not in rendered("x.toml").out and "deploy " in rendered("x.toml").out


def test_a_path_of_the_bundle_is_printed_whoevers_it_is(fleet):
    bundle = test_fleet.build("fleet", test_fleet.profile("rocky-9.6", "network"))
    for path in sorted(p.relative_to(bundle).as_posix() for p in bundle.rglob("*") if p.is_file()):
        ran = pinboot("render", "fleet.toml", path, "--secrets")
        if path in PAPERS or path.endswith(IMAGES):
            assert ran.code == 2 and ran.out == "" and "hint:" in ran.err, path
        else:
            assert (ran.code, ran.out.encode()) == (0, (bundle / path).read_bytes()), path


def test_the_end_of_a_path_is_enough_where_one_text_has_it(fleet):
    test_fleet.build("fleet", test_fleet.profile("rocky-9.6", "network"))
    assert rendered("fleet.toml", "dnsmasq.conf").out == rendered("fleet.toml", "dnsmasq").out
    pointer = rendered("fleet.toml", "mac/b8-59-9f-00-01-02/boot.ipxe").out
    assert pointer == Path("out/fleet/http/mac/b8-59-9f-00-01-02/boot.ipxe").read_text()
    assert rendered("fleet.toml", "local/http/mac/b8-59-9f-00-01-02/boot.ipxe").out != pointer
    ran = pinboot("render", "fleet.toml", "ks.cfg")
    assert ran.code == 2 and "error: ks.cfg: 2 texts have this name" in ran.err and "--host NAME" in ran.err
    assert rendered("fleet.toml", "--host", "c2", "ks.cfg", "-q").out == rendered("fleet.toml", "--host", "c2", "ks").out


NEWCOMER = """\
release = "rocky-9"
outputs = ["libvirt"]
[user.admin]
groups = ["wheel"]
password = "$6$saltsalt$""" + "a" * 86 + """"
[host.web1]
disk = { size = "20 GiB" }
"""


def test_a_newcomer_sees_a_kickstart_without_a_lock_a_network_or_a_store(work):
    Path("web1.toml").write_text(NEWCOMER)
    ran = rendered("web1.toml", "ks")
    assert ran.out.startswith("# Kickstart of web1: Rocky Linux 9 x86_64, profile web1\n") and ran.out.endswith("%end\n")
    assert ran.err == """\
web1.lock: there is no lock; assumed instead:
  https://download.rockylinux.org/pub/rocky/9/BaseOS/x86_64/os is the tree (the catalog's first address)
secrets are shown as (redacted); --secrets prints them
"""
    assert not (work.parent / "cache").exists() and sorted(p.name for p in Path().iterdir()) == ["centos.toml", "rocky.toml", "web1.toml"]


@pytest.mark.parametrize(("text", "said"), [
    (CENTOS_PROFILE.replace(f'[tree]\nurl = "{CENTOS}"\n', ""),
     "https://vault.centos.org/7.9.2009/os/x86_64 is the tree (the catalog's first address)\n"
     "  guests are of type pv, as EL7's kernel usually has it; a lock knows\n"),
    (CENTOS_PROFILE, f"{CENTOS} is the tree (x.toml line 4)\n"),
    (CENTOS_PROFILE.replace("[tree]", '[xen]\nrun = "pvh-grub"\n[tree]').replace("centos-7.9.2009", "rocky-9"),
     "guests are of type pvh, as EL9's kernel usually has it; a lock knows\n"),
    (NEWCOMER.replace("libvirt", "ipxe").replace('disk = { size = "20 GiB" }', 'disk = "sda"\nmac = "52:54:00:00:00:01"')
     + '[serve]\nurl = "http://10.0.0.5"\nsecret = "env:FLEET_SECRET"\n',
     "served paths hold zeros where the digest of all inputs will be\n"
     "  the release is 9; a lock knows the point release of its tree\n"),
])
def test_what_is_assumed_without_a_lock_is_said(work, monkeypatch, text, said):
    monkeypatch.setenv("FLEET_SECRET", test_fleet.SECRET)
    Path("x.toml").write_text(text)
    ran = rendered("x.toml", "cmdline")
    assert said in ran.err
    assert rendered("x.toml", "cmdline", "--quiet").err == ""


@pytest.mark.parametrize(("text", "message"), [
    (NEWCOMER.replace("rocky-9", "rhel-9"), "Red Hat Enterprise Linux has no public install tree"),
    (NEWCOMER + '[tree]\nurl = "/srv/tree"\n', "tree.install_url: missing, and no guest can install from /srv/tree"),
    (NEWCOMER.replace('outputs = ["libvirt"]', "outputs = []").replace('disk = { size = "20 GiB" }', 'disk = "sda"'),
     "outputs: empty; what shall be made?"),
])
def test_what_nobody_can_render_is_refused_with_its_cure(work, text, message):
    Path("x.toml").write_text(text)
    ran = pinboot("render", "x.toml", "ks")
    assert ran.code == 2 and message in ran.err and "hint:" in ran.err and ran.out == ""


SECRET_PROFILE = f"""\
release = "rhel-9.6"
outputs = ["libvirt"]
[tree]
url = "{ROCKY}/BaseOS/x86_64/os"
[root]
password = "file:root.hash"
[rhsm]
organization = "env:ORG"
activation_key = "env:KEY"
[storage]
layout = "lvm"
encrypt = {{ passphrase = "file:luks" }}
[host.db1]
disk = {{ size = "40 GiB" }}
"""
HASH = f"$6$saltsalt${'b' * 86}"
KEPT = {"hash": HASH, "passphrase": "correct horse \"battery\" staple", "organization": "org-1234567", "key": "Zq8-activate-me"}


@pytest.fixture
def private(work, monkeypatch):
    for name, secret in (("root.hash", HASH), ("luks", KEPT["passphrase"])):
        Path(name).write_text(f"{secret}\n")
        Path(name).chmod(0o600)
    monkeypatch.setenv("ORG", KEPT["organization"])
    monkeypatch.setenv("KEY", KEPT["key"])
    Path("db.toml").write_text(SECRET_PROFILE)


def test_a_preview_holds_no_secret_and_says_so_and_still_parses(private):
    ran = rendered("db.toml", "ks")
    for name, secret in KEPT.items():
        assert secret not in ran.out and secret.replace('"', '\\"') not in ran.out, name
    assert "secrets are shown as (redacted); --secrets prints them" in ran.err
    assert "rootpw --allow-ssh --iscrypted (redacted)" in ran.out and "--passphrase=(redacted)" in ran.out
    parsed.parse_back(ran.out, GENERATIONS["el9"], "the preview")
    told = json.loads(rendered("db.toml", "ks", "--json").out)
    assert told["redacted"] is True and told["text"] == ran.out and not any(secret in json.dumps(told) for secret in KEPT.values())


def test_with_secrets_the_text_is_whole_and_nothing_is_said_of_it(private):
    ran = rendered("db.toml", "ks", "--secrets")
    assert HASH in ran.out and KEPT["key"] in ran.out and "(redacted)" not in ran.out and "redacted" not in ran.err


def test_what_a_build_would_refuse_is_shown_and_said(work):
    Path("x.toml").write_text(NEWCOMER.replace('password = "$6$saltsalt$' + "a" * 86 + '"\n', ""))
    ran = rendered("x.toml", "ks")
    assert "warning: build refuses this: " in ran.err and "log in" in ran.err and "%packages" in ran.out


def test_what_cannot_be_made_is_an_error_with_its_reason(work):
    Path("x.toml").write_text(NEWCOMER + 'kernel_arguments = ["inst.ks=http://other.example/ks"]\n')
    ran = pinboot("render", "x.toml", "ks")
    assert ran.code == 1 and ran.out == "" and ran.err.startswith("error: x.toml: there is no such text\n  host.web1"), ran.err


TWO = NEWCOMER + '[host.web2]\ndisk = { size = "20 GiB" }\n'


@pytest.mark.parametrize(("arguments", "message", "hint"), [
    (["ks"], "ks: x has 2 hosts: whose?", "--host NAME; hosts: web1, web2"),
    (["ks", "--host", "wb1"], "--host wb1: x has no such host; did you mean web1?", "hosts: web1, web2"),
    (["ks", "--host", "WEB3"], "--host WEB3: x has no such host; did you mean web", "hosts: web1, web2"),
    (["xen", "--host", "web1"], "xen: is not made for outputs = [libvirt]", "to print: libvirt, libvirt-install, ks, cmdline, verify"),
    (["dnsmasq"], "dnsmasq: is not made for outputs = [libvirt]", "to print: "),
    (["libvrt"], "libvrt: is no text of this bundle; did you mean libvirt?", "to print: "),
    (["nothing/of/the/kind"], "nothing/of/the/kind: is no text of this bundle", "to print: "),
    (["next-steps"], "next-steps: tells what a lock knows of each address, and there is no lock", "to print: "),
    (["boot/vmlinuz"], "boot/vmlinuz: bytes of the install tree, no text", "pinboot build puts them into the bundle"),
    (["initrd"], "initrd: bytes of the install tree, no text", "pinboot build"),
    (["manifest.json"], "manifest.json: lists the digests of a whole bundle", "pinboot build"),
    (["x.lock"], "x.lock: a copy of what the bundle is made from", "pinboot show"),
    (["ks", "--host", "web1", "more"], "unrecognized arguments: more", "--help"),
])
def test_a_text_that_there_is_not_is_told_with_what_there_is(work, arguments, message, hint):
    Path("x.toml").write_text(TWO)
    ran = pinboot("render", "x.toml", *arguments)
    assert ran.code == 2 and ran.out == "" and f"error: {message}" in ran.err and hint in ran.err, ran.err


@pytest.mark.parametrize("arguments", [
    ["x.toml", "--host", "web1", "ks"], ["x.toml", "ks", "--host", "web1"], ["--host", "web1", "x.toml", "ks"],
    ["--host=web1", "x.toml", "--quiet", "ks"], ["x.toml", "--set", "host.web1.memory=4 GiB", "--host", "WEB1", "ks"]])
def test_options_may_stand_anywhere(work, arguments):
    Path("x.toml").write_text(TWO)
    assert rendered(*arguments).out.startswith("# Kickstart of web1")


def test_all_that_can_be_printed_is_listed_in_80_columns(fleet):
    for kind in ("kvm", "network"):
        bundle = test_fleet.build(kind, test_fleet.profile("rocky-9.6", kind))
        ran = rendered(f"{kind}.toml")
        lines = [line.split()[:2] for line in ran.out.splitlines()]
        assert rendered(f"{kind}.toml", "--list", "ks").out == ran.out
        assert all((bundle / path).is_file() for _, path in lines) and max(map(len, ran.out.splitlines())) <= 80
        assert {word for word, _ in lines} >= {*test_fleet.OUTPUTS[kind], "ks", "cmdline", "verify", "next-steps"}
        assert "the first of 2 hosts" in ran.err
        other = json.loads(rendered(f"{kind}.toml", "--list", "--json", "--host", {"kvm": "web2", "network": "c2"}[kind]).out)
        assert len(other["texts"]) > 4 and all((bundle / each["path"]).is_file() for each in other["texts"])


def test_a_lock_of_another_release_is_not_used_and_that_is_said(mirror, work):
    assert pinboot("lock", "rocky.toml").code == 0
    Path("rocky.toml").write_text(Path("rocky.toml").read_text().replace('"rocky-9"', '"rocky-8"'))
    ran = rendered("rocky.toml", "cmdline")
    assert "rocky.lock: locks rocky 9.6 x86_64, but rocky.toml asks for Rocky Linux 8 x86_64; assumed instead:" in ran.err


def test_a_damaged_lock_is_an_error(work):
    Path("rocky.lock").write_text("<<<<<<< ours\n")
    ran = pinboot("render", "rocky.toml", "ks")
    assert ran.code == 2 and "rocky.lock: unresolved merge conflict" in ran.err


def test_an_unreadable_or_absent_profile_is_an_error(work):
    Path("bin.toml").write_bytes(b"\x00\xff\x80")
    for word, message in (("bin.toml", "not UTF-8"), ("none.toml", "no such profile"), ("roky-9-xen", "did you mean rocky-9-xen")):
        ran = pinboot("render", word, "ks")
        assert ran.code in (2, 5) and message in ran.err and "Traceback" not in ran.err


def test_a_pipe_in_a_c_locale_gets_the_very_bytes(work):
    Path("x.toml").write_text(NEWCOMER.replace('groups = ["wheel"]', 'gecos = "Zo\u00eb"\ngroups = ["wheel"]'))
    command = [sys.executable, "-m", "builder.cli", "render", "x.toml", "ks"]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}, check=True)
    assert "Zo\u00eb".encode() in done.stdout and done.stdout.endswith(b"%end\n")
    assert done.stdout == rendered("x.toml", "ks").out.encode()

"""Whole commands: what they say, what they write, how they end."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from builder.demo import tree
from tests.golden.bench import MIRROR, pinboot
from tests.golden.conftest import CENTOS, CENTOS_PROFILE, KEY, ROCKY, ROCKY_PROFILE

OTHER = "http://other.example/centos/7/os/x86_64"
INITRD, KERNEL = tree.INITRD, tree.KERNEL


CATALOG = """\
[centos]
title = "CentOS"
names = ["CentOS"]
[centos.series.7]
generation = "el7"
vaults = ["http://vault.example/{version}/os/{arch}"]
mirrors = []
end_of_life = "2024-06-30"
latest = "7.9.2009"
minimum = { kernel = "first-use", initrd = "first-use", stage2 = "first-use", repository = "first-use" }
[[centos.series.7.points]]
version = "7.9.2009"
discinfo = "7.9"
kernel = "3.10.0-1160"
"""


def write(name, text):
    Path(name).write_text(text)
    return name


def asked(mirror, ending):
    return [url for url in mirror.asked if url.endswith(ending)]


# check

def test_check_of_a_good_tree_ends_with_0_and_writes_nothing(work, mirror):
    ran = pinboot("check", "centos.toml")
    assert ran.code == 0
    assert "release    wanted 7.9.2009, found 7 in .treeinfo, 7.9.2009 by .discinfo" in ran.out
    assert "initrd.img  3.10.0-1160.el7.x86_64, .buildstamp CentOS 7" in ran.out
    assert 'PV yes, Xen PVH no; type = "pv"' in ran.out
    assert "this .treeinfo lists no checksums" in ran.out and "not proved: " in ran.out
    assert ran.out.rstrip().endswith("0 errors, 2 warnings. Next: pinboot lock centos.toml")
    assert max(map(len, ran.out.splitlines())) <= 80
    assert sorted(p.name for p in work.iterdir()) == ["centos.toml", "rocky.toml"]


def test_a_wrong_release_is_refused_with_both_sides_before_anything_large_is_fetched(work, mirror):
    write("x.toml", CENTOS_PROFILE.replace("centos-7.9.2009", "centos-7.5.1804"))
    ran = pinboot("check", "x.toml")
    assert ran.code == 1 and "wanted CentOS 7.5.1804, found CentOS 7.9.2009" in ran.out
    assert not asked(mirror, KERNEL) and not asked(mirror, INITRD) and not asked(mirror, "primary.xml.gz")
    locked = pinboot("lock", "x.toml")
    assert locked.code == 1 and "7.5.1804" in locked.err and not Path("x.lock").exists()


@pytest.mark.parametrize(("release", "url", "said"), [
    ("rocky-9", CENTOS, "is CentOS 7.9.2009, not Rocky Linux 9"),
    ("alma-9", f"{ROCKY}/BaseOS/x86_64/os", "is Rocky Linux 9.6, not AlmaLinux 9"),
    ("rocky-9.5", f"{ROCKY}/BaseOS/x86_64/os", "is Rocky Linux 9.6, not 9.5"),
])
def test_another_family_or_version_is_named(work, mirror, release, url, said):
    write("x.toml", CENTOS_PROFILE.replace("centos-7.9.2009", release).replace(CENTOS, url))
    ran = pinboot("check", "x.toml")
    assert ran.code == 1 and said in " ".join(ran.out.split())


def test_check_as_json(work, mirror):
    ran = pinboot("check", "centos.toml", "--json")
    told = json.loads(ran.out)
    assert told["ok"] and {f["topic"] for f in told["findings"]} >= {"tree", "release", "same set", "evidence", "xen"}


def test_a_dead_address_leads_to_the_vault_with_reason_and_date(work, mirror):
    write("families.toml", CATALOG)
    mirror.trees["http://vault.example/7.9.2009/os/x86_64"] = mirror.trees.pop(CENTOS)
    write("x.toml", 'catalog = ["families.toml"]\n' + CENTOS_PROFILE)
    ran = pinboot("check", "x.toml")
    said = " ".join(ran.out.split())
    assert ran.code == 0, ran.err
    assert f"{CENTOS} 404, moved" in said and "CentOS 7 reached its end of life on 2024-06-30" in said
    assert 'tree = { url = "http://vault.example/7.9.2009/os/x86_64" }' in said


def test_no_tree_anywhere_is_exit_5_with_every_answer(work, mirror):
    mirror.trees.clear()
    ran = pinboot("check", "rocky.toml")
    assert ran.code == 5 and "no install tree of Rocky Linux 9 x86_64" in ran.err and "404 Not Found" in ran.err


def test_a_listed_repository_that_is_missing_is_an_error(work, mirror):
    for path in [p for p in mirror.trees[ROCKY] if p.startswith("AppStream")]:
        del mirror.trees[ROCKY][path]
    ran = pinboot("check", "rocky.toml")
    assert ran.code == 1 and "repository AppStream is not there" in ran.out


# lock

def test_lock_writes_pins_with_their_evidence_beside_the_profile(work, mirror):
    assert pinboot("lock", "rocky.toml").code == 0
    text = Path("rocky.lock").read_text()
    assert 'release = "9.6"' in text and text.count('evidence = "treeinfo"') == 3
    assert 'path = "../../../AppStream/x86_64/os/repodata/repomd.xml"' in text
    again = pinboot("lock", "rocky.toml")
    assert again.code == 0 and "as locked; 6 of 6 pins match" in again.out
    assert Path("rocky.lock").read_text() == text


def test_all_digest_errors_are_told_before_the_verdict(work, mirror):
    files = mirror.trees[ROCKY]
    for path in (f"{tree.BASEOS}/{KERNEL}", f"{tree.BASEOS}/{INITRD}"):
        files[path] = tree.tampered(files[path])
    ran = pinboot("lock", "rocky.toml")
    assert ran.code == 4 and "vmlinuz is not what" in ran.err and "initrd.img is not what" in ran.err
    assert not Path("rocky.lock").exists()


@pytest.mark.parametrize(("change", "named"), [
    ({"kernel": "3.10.0-862.el7.x86_64", "initrd_kernel": "3.10.0-1160.el7.x86_64",
      "package_kernel": "3.10.0-1160.el7.x86_64"}, "3.10.0-862.el7.x86_64"),
    ({"initrd_kernel": "3.10.0-957.el7.x86_64"}, "3.10.0-957.el7.x86_64"),
    ({"package_kernel": "3.10.0-957.el7.x86_64"}, "3.10.0-957.el7.x86_64"),
])
def test_two_builds_in_one_tree_are_refused_with_both_sides_and_the_cure(work, mirror, change, named):
    mirror.trees[CENTOS] = tree.centos7(**change)
    ran = pinboot("lock", "centos.toml")
    assert ran.code == 1 and "two builds in one tree" in ran.err and named in ran.err
    assert "3.10.0-1160.el7.x86_64" in ran.err and "The installer would start, then find no disk" in ran.err
    assert 'tree = { url = "https://vault.centos.org/7.' in ran.err and "Nothing was written" in ran.err
    assert not Path("centos.lock").exists()


def test_an_updated_kernel_of_the_same_release_is_only_a_warning(work, mirror):
    mirror.trees[ROCKY] = tree.el9(package_kernel="5.14.0-570.30.1.el9_6.x86_64")
    ran = pinboot("check", "rocky.toml")
    assert ran.code == 0 and "another kernel of the release" in ran.out and "2 warnings" in ran.out


def test_drift_is_exit_3_shows_both_sides_and_changes_nothing(work, mirror):
    pinboot("lock", "centos.toml")
    before = Path("centos.lock").read_bytes()
    mirror.trees[CENTOS] = tree.centos7(seed="other")
    ran = pinboot("lock", "centos.toml")
    assert ran.code == 3 and "is not what was locked" in ran.err and "--update" in ran.err
    assert "vmlinuz" in ran.err and "initrd.img" in ran.err
    assert Path("centos.lock").read_bytes() == before
    updated = pinboot("lock", "centos.toml", "--update")
    assert updated.code == 0 and "locked" in updated.out and "vmlinuz" in updated.out
    assert Path("centos.lock").read_bytes() != before
    assert pinboot("lock", "centos.toml").code == 0


def test_a_changed_file_is_drift_even_where_treeinfo_stands_and_the_store_has_the_right_one(work, mirror):
    pinboot("lock", "rocky.toml")
    path = f"{tree.BASEOS}/images/install.img"
    mirror.trees[ROCKY][path] = tree.tampered(mirror.trees[ROCKY][path])
    assert pinboot("lock", "rocky.toml").code == 4


def test_an_older_compose_needs_allow_downgrade(work, mirror):
    pinboot("lock", "rocky.toml")
    before = Path("rocky.lock").read_bytes()
    mirror.trees[ROCKY] = tree.el9(composed=1748459316 - 86_400)
    refused = pinboot("lock", "rocky.toml", "--update")
    assert refused.code == 3 and "older compose" in refused.err and "--allow-downgrade" in refused.err
    assert Path("rocky.lock").read_bytes() == before
    assert pinboot("lock", "rocky.toml", "--update", "--allow-downgrade").code == 0
    assert Path("rocky.lock").read_bytes() != before


def test_relocate_changes_the_address_and_no_pin(work, mirror):
    pinboot("lock", "centos.toml")
    before = Path("centos.lock").read_text()
    mirror.trees[OTHER] = mirror.trees.pop(CENTOS)
    write("centos.toml", CENTOS_PROFILE.replace(CENTOS, OTHER))
    ran = pinboot("lock", "centos.toml", "--relocate")
    assert ran.code == 0 and f"was  {CENTOS}" in ran.out and f"now  {OTHER}" in ran.out
    assert Path("centos.lock").read_text() == before.replace(CENTOS, OTHER)
    mirror.trees[OTHER] = tree.centos7(seed="other")
    refused = pinboot("lock", "centos.toml", "--relocate")
    assert refused.code == 3 and "serves other bytes" in refused.err
    assert Path("centos.lock").read_text() == before.replace(CENTOS, OTHER)


def test_a_moved_tree_with_the_same_bytes_says_relocate(work, mirror):
    write("families.toml", CATALOG)
    write("centos.toml", 'catalog = ["families.toml"]\n' + CENTOS_PROFILE)
    pinboot("lock", "centos.toml")
    mirror.trees["http://vault.example/7.9.2009/os/x86_64"] = mirror.trees.pop(CENTOS)
    ran = pinboot("lock", "centos.toml")
    assert ran.code == 3 and "the same bytes: 5 of 5 pins match" in ran.err and "--relocate" in ran.err


def test_a_quorum_raises_the_evidence_and_a_liar_is_named(work, mirror):
    mirror.trees[OTHER] = dict(mirror.trees[CENTOS])
    write("q.toml", CENTOS_PROFILE + f'[trust]\nquorum = ["{OTHER}"]\n'
          'minimum = { kernel = "quorum", initrd = "quorum", repository = "quorum" }\n')
    assert pinboot("lock", "q.toml").code == 0
    text = Path("q.lock").read_text()
    assert text.count('evidence = "quorum"') == 4 and "2 mirrors agree: mirror.example, other.example" in text
    assert 'evidence = "first-use"' in text, "stage2 takes part only on request"
    mirror.trees[OTHER][INITRD] = tree.tampered(mirror.trees[OTHER][INITRD])
    ran = pinboot("lock", "q.toml")
    assert ran.code == 1 and f"{OTHER} does not serve the same {INITRD}" in ran.err
    assert Path("q.lock").read_text() == text


def test_a_quorum_on_the_same_host_does_not_count(work, mirror):
    mirror.trees[f"{MIRROR}/copy"] = mirror.trees[CENTOS]
    write("q.toml", CENTOS_PROFILE + f'[trust]\nquorum = ["{MIRROR}/copy"]\n')
    ran = pinboot("check", "q.toml")
    assert ran.code == 1 and "same host" in ran.out and "no independent mirror" in ran.out


def test_stage2_joins_the_quorum_on_request(work, mirror):
    mirror.trees[OTHER] = dict(mirror.trees[CENTOS])
    write("q.toml", CENTOS_PROFILE + f'[trust]\nquorum = ["{OTHER}"]\nquorum_stage2 = true\n')
    assert pinboot("lock", "q.toml").code == 0
    assert Path("q.lock").read_text().count('evidence = "quorum"') == 5


def test_evidence_below_the_minimum_is_refused_per_role(work, mirror):
    write("x.toml", CENTOS_PROFILE + '[trust]\nminimum = { kernel = "treeinfo" }\n')
    ran = pinboot("lock", "x.toml")
    assert ran.code == 1 and "vmlinuz: not enough evidence" in ran.err and "wanted treeinfo, found first-use" in ran.err
    assert "initrd.img: not enough" not in ran.err


def test_accepting_less_than_the_family_reaches_is_recorded(work, mirror):
    write("x.toml", ROCKY_PROFILE + '[trust]\nminimum = { kernel = "first-use" }\n')
    assert pinboot("lock", "x.toml").code == 0
    assert "[overrides]" in Path("x.lock").read_text() and "accepts first-use" in Path("x.lock").read_text()


def test_a_failing_mirror_is_left_for_the_next_and_the_lock_is_the_same(work, mirror):
    mirror.trees[OTHER] = dict(mirror.trees[CENTOS])
    text = CENTOS_PROFILE.replace("[tree]", f'[tree]\nmirrors = ["{OTHER}"]')
    write("m.toml", text)
    assert pinboot("lock", "m.toml").code == 0
    good = Path("m.lock").read_text()
    Path("m.lock").unlink()
    del mirror.trees[CENTOS][INITRD]
    ran = pinboot("lock", "m.toml")
    assert ran.code == 0 and "trying" in ran.err and OTHER in ran.err
    assert Path("m.lock").read_text() == good


def test_a_starter_is_copied_before_it_is_locked(work, mirror, tmp_path):
    (tmp_path / "home/.ssh").mkdir()
    (tmp_path / "home/.ssh/id_ed25519.pub").write_text(KEY + "\n")
    mirror.trees["https://vault.centos.org/7.9.2009/os/x86_64"] = mirror.trees[CENTOS]
    ran = pinboot("lock", "centos-7-xen")
    assert "is a starter profile and read-only: copied to profiles/centos-7-xen.toml" in ran.err
    assert Path("profiles/centos-7-xen.toml").is_file()


def test_a_damaged_lock_is_refused_and_kept(work, mirror):
    pinboot("lock", "centos.toml")
    Path("centos.lock").write_text("<<<<<<< HEAD\n" + Path("centos.lock").read_text())
    for command in (["lock", "centos.toml"], ["build", "centos.toml", "--offline"]):
        ran = pinboot(*command)
        assert ran.code == 2 and "centos.lock: unresolved merge conflict" in ran.err


# build

def test_build_locks_first_where_there_is_no_lock_and_says_so(work, mirror):
    ran = pinboot("build", "centos.toml")
    assert ran.code == 0 and "there is no lock yet; locking first" in ran.err
    assert Path("centos.lock").is_file() and Path("out/centos/manifest.json").is_file()
    assert pinboot("verify", "out/centos").code == 0


@pytest.mark.parametrize("option", ["--locked", "--offline"])
def test_build_without_a_lock_may_be_refused(work, mirror, option):
    ran = pinboot("build", "centos.toml", option)
    assert ran.code == 2 and "there is no lock" in ran.err and mirror.asked == []


def test_offline_touches_no_network_and_names_what_is_missing(work, mirror):
    pinboot("lock", "centos.toml", "--store", "store")
    mirror.asked.clear()
    assert pinboot("build", "centos.toml", "--offline", "--store", "store").code == 0
    shutil.rmtree("out")
    ran = pinboot("build", "centos.toml", "--offline", "--store", "empty")
    assert ran.code == 5 and KERNEL in ran.err and INITRD in ran.err and not Path("out").exists()
    assert mirror.asked == []


def test_a_damaged_object_of_the_store_is_fetched_again(work, mirror):
    pinboot("lock", "centos.toml", "--store", "store")
    victim = max(Path("store/objects").rglob("*"), key=lambda p: p.stat().st_size if p.is_file() else 0)
    victim.chmod(0o644)
    victim.write_bytes(tree.tampered(victim.read_bytes()))
    ran = pinboot("build", "centos.toml", "--store", "store")
    assert ran.code == 0 and pinboot("verify", "out/centos").code == 0


def test_which_mirror_answered_never_changes_a_byte(work, mirror):
    mirror.trees[OTHER] = dict(mirror.trees[CENTOS])
    write("centos.toml", CENTOS_PROFILE.replace("[tree]", f'[tree]\nmirrors = ["{OTHER}"]'))
    pinboot("lock", "centos.toml", "--store", "a")
    pinboot("build", "centos.toml", "-o", "first", "--store", "b")
    del mirror.trees[CENTOS]
    ran = pinboot("build", "centos.toml", "-o", "second", "--store", "c")
    assert ran.code == 0, ran.err
    assert snapshot("first") == snapshot("second")


def test_locked_files_that_are_gone_are_exit_3_with_the_way_on(work, mirror):
    pinboot("lock", "centos.toml", "--store", "a")
    del mirror.trees[CENTOS][INITRD]
    ran = pinboot("build", "centos.toml", "--store", "b")
    assert ran.code == 3 and "pinboot lock --update" in ran.err and not Path("out/centos").exists()


def test_a_lock_of_another_release_is_refused(work, mirror):
    pinboot("lock", "centos.toml")
    write("centos.toml", CENTOS_PROFILE.replace("centos-7.9.2009", "rocky-9"))
    ran = pinboot("build", "centos.toml")
    assert ran.code == 2 and "locks centos 7.9.2009 x86_64" in ran.err and "Rocky Linux 9" in ran.err


def test_only_the_named_hosts_are_built(work, mirror):
    write("two.toml", CENTOS_PROFILE + '[host.web2]\ndisk = { size = "8 GiB" }\n')
    assert pinboot("build", "two.toml", "--host", "web2").code == 0
    assert [p.name for p in Path("out/two/hosts").iterdir()] == ["web2"]
    ran = pinboot("build", "two.toml", "--host", "web3")
    assert ran.code == 2 and "did you mean web" in ran.err


@pytest.mark.parametrize(("before", "after", "said"), [
    (f'root = {{ ssh_keys = ["{KEY}"] }}', "", "nobody could log in to web1"),
    ('memory = "2 GiB"', 'memory = "256 MiB"', "the installer needs about"),
    ('address = "192.168.1.22/24"', f'address = "192.168.1.22/24"\nkernel_arguments = ["x={"a" * 1000}"]', "takes 1023"),
    ('nameservers = ["8.8.8.8"]', "", "no name server"),
    ("[tree]", '[xen]\nrun = "disk"\n[tree]', "hvm"),
    ("[network]", '[xen]\nrun = "pvgrub"\ndom0 = "netbsd"\n[network]', "pvgrub"),
])
def test_what_cannot_work_is_refused_at_build_with_its_reason(work, mirror, before, after, said):
    write("x.toml", CENTOS_PROFILE.replace(before, after))
    ran = pinboot("build", "x.toml")
    if said == "hvm":
        assert ran.code == 0 and 'type = "hvm"' in Path("out/x/hosts/web1/web1.cfg").read_text()
        return
    assert ran.code == 2 and said in ran.err and "hint:" in ran.err, ran.err
    assert not Path("out/x").exists() and "Traceback" not in ran.err


@pytest.mark.parametrize(("line", "said"), [
    ("clearpart --all --initlabel", "erases every disk"), ("interactive", "Unknown command"), ("", "no zerombr"),
    ("zerombr\nclearpart --all --drives=sda", "sda"), ("bogus --x", "Unknown command"),
])
def test_a_kickstart_of_the_users_own_is_checked(work, mirror, line, said):
    body = ("cmdline\nlang en_US.UTF-8\nkeyboard us\ntimezone Etc/UTC --utc\nrootpw --iscrypted $6$a$b\nautopart\n"
            f"{line}\nreboot\nbootloader --location=mbr\n%packages\n@core\n%end\n")
    write("my.ks", body)
    write("x.toml", 'kickstart = "my.ks"\n' + CENTOS_PROFILE)
    ran = pinboot("build", "x.toml")
    assert ran.code == 2 and said in ran.err, ran.err


def test_a_good_kickstart_of_the_users_own_is_copied_byte_for_byte(work, mirror):
    body = ("# mine {{ not_a_template }}\n"
        "cmdline\nlang en_US.UTF-8\nkeyboard us\ntimezone Etc/UTC --utc\nrootpw --iscrypted $6$a$b\nzerombr\n"
        "clearpart --all --initlabel --drives=xvda\npart / --size=4000 --fstype=ext4 --ondisk=xvda\nreboot\n"
        "bootloader --location=mbr\nurl --url=http://mirror.example/x\n%packages\n@core\n%end\n")
    write("my.ks", body)
    write("x.toml", 'kickstart = "my.ks"\n' + CENTOS_PROFILE)
    ran = pinboot("build", "x.toml")
    assert ran.code == 0, ran.err
    assert Path("out/x/hosts/web1/ks.cfg").read_text() == body


def test_a_tree_in_a_directory_needs_an_address_for_the_guests(work, mirror, trees):
    tree.write(trees["centos"], Path("tree"))
    text = CENTOS_PROFILE.replace(CENTOS, "tree")
    write("d.toml", text)
    ran = pinboot("build", "d.toml")
    assert ran.code == 2 and "tree.install_url" in ran.err
    write("d.toml", text.replace("[tree]", '[tree]\ninstall_url = "http://10.0.0.5/c7"'))
    assert pinboot("build", "d.toml").code == 0
    assert "inst.repo=http://10.0.0.5/c7" in Path("out/d/hosts/web1/cmdline").read_text()
    assert mirror.asked == []
    write("f.toml", text.replace('"tree"', f'"file://{Path("tree").resolve()}"'))
    assert pinboot("check", "f.toml").code == 1 and pinboot("lock", "f.toml").code == 0


def test_a_rebuild_of_the_same_inputs_does_nothing_and_mends_what_was_changed(work, mirror):
    pinboot("build", "centos.toml")
    before = snapshot("out/centos")
    again = pinboot("build", "centos.toml")
    assert again.code == 0 and "as built" in again.out
    Path("out/centos/hosts/web1/web1.cfg").write_text("memory = 1\n")
    mended = pinboot("build", "centos.toml")
    assert mended.code == 0 and "is not as it was built" in mended.err and snapshot("out/centos") == before


def test_a_failed_build_leaves_the_old_bundle(work, mirror):
    pinboot("build", "centos.toml")
    before = snapshot("out/centos")
    write("centos.toml", CENTOS_PROFILE.replace('memory = "2 GiB"', 'memory = "128 MiB"'))
    assert pinboot("build", "centos.toml").code == 2
    assert snapshot("out/centos") == before and [p.name for p in Path("out").iterdir()] == ["centos"]


def test_a_tar_holds_the_same_files_and_verifies(work, mirror):
    pinboot("build", "centos.toml")
    assert pinboot("build", "centos.toml", "-o", "c.tar").code == 0
    assert pinboot("verify", "c.tar").code == 0
    shutil.unpack_archive("c.tar", "unpacked")
    inside = snapshot(next(Path("unpacked").iterdir()))
    assert {p: d for p, (d, _, _) in inside.items()} == {p: d for p, (d, _, _) in snapshot("out/centos").items()}


def test_no_secret_leaves_the_private_files(work, mirror):
    canary = "$6$canary00$" + "c" * 86
    Path("root.hash").write_text(canary)
    Path("root.hash").chmod(0o600)
    write("s.toml", CENTOS_PROFILE.replace("root = {", 'root = { password = "file:root.hash",'))
    ran = pinboot("build", "s.toml")
    assert ran.code == 0 and canary not in ran.out + ran.err
    holders = {p for p in Path().rglob("*") if p.is_file() and canary.encode() in p.read_bytes()}
    assert holders == {Path("root.hash"), Path("out/s/boot/initrd-ks.img"), Path("out/s/hosts/web1/ks.cfg")}
    assert all(p.stat().st_mode & 0o077 == 0 for p in holders)


# verify

def test_verify_names_what_was_changed_is_missing_and_is_extra(work, mirror):
    pinboot("build", "centos.toml")
    bundle = Path("out/centos")
    (bundle / "hosts/web1/web1.cfg").write_text("memory = 8000\n")
    (bundle / "NEXT-STEPS.txt").unlink()
    (bundle / "boot/extra").write_text("x")
    (bundle / "up.sh").chmod(0o777)
    ran = pinboot("verify", bundle)
    assert ran.code == 4 and "out/centos is not what was built" in ran.err
    for line in ("changed  hosts/web1/web1.cfg", "missing  NEXT-STEPS.txt", "extra    boot/extra", "mode     up.sh"):
        assert line in ran.out
    told = json.loads(pinboot("verify", bundle, "--json").out)
    assert not told["ok"] and told["missing"] == ["NEXT-STEPS.txt"]


def test_verify_of_nothing_is_a_clear_error(work):
    assert pinboot("verify", "nowhere").code == 5
    Path("empty").mkdir()
    ran = pinboot("verify", "empty")
    assert ran.code == 2 and "is no bundle" in ran.err


# same inputs, same bytes

def snapshot(folder):
    root = Path(folder)
    return {p.relative_to(root).as_posix(): (p.read_bytes() if p.is_file() else b"", p.stat().st_mode,
                                             int(p.stat().st_mtime)) for p in sorted(root.rglob("*"))}


def test_the_same_inputs_are_the_same_bytes_whatever_is_around_them(work, mirror, tmp_path):
    pinboot("lock", "centos.toml", "--store", str(tmp_path / "store"))
    results = []
    for number, (umask, zone, locale, seed, home) in enumerate([
            ("022", "UTC", "C", "0", "a"), ("077", "Pacific/Kiritimati", "cs_CZ.UTF-8", "1", "b"),
            ("002", "America/Caracas", "tr_TR.UTF-8", "4242", "c")]):
        # Odd names of folders, too (RELIABILITY L18): blanks, a leading dash, letters beyond ASCII, a line end.
        place = tmp_path / ["plain", "-with blanks \u017e", "line\nend"][number] / ("deep" * number or "x")
        place.mkdir(parents=True)
        for name in sorted(["centos.toml", "centos.lock"], reverse=bool(number % 2)):
            shutil.copyfile(work / name, place / name)
            os.utime(place / name, (number * 10**8, number * 10**8))
        environment = {**os.environ, "TZ": zone, "LC_ALL": locale, "PYTHONHASHSEED": seed, "HOME": str(tmp_path / home),
                       "USER": home, "COLUMNS": str(40 + number)}
        # A wrong clock, too: years away, by the hands of every clock that Python asks.
        code = (f"import os, sys, time; os.umask(0o{umask}); now = time.time; "
                f"time.time = lambda: now() + {number} * 10**9; time.time_ns = lambda: int(time.time() * 10**9); "
                "from builder.cli.main import main; sys.exit(main(sys.argv[1:]))")
        for more in ([], ["-o", "b.tar"]):
            subprocess.run([sys.executable, "-c", code, "build", "centos.toml", "--offline", "-q", "--store",
                            tmp_path / "store", *more], cwd=place, env=environment, check=True, capture_output=True)
        results.append((snapshot(place / "out/centos"), (place / "b.tar").read_bytes()))
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("name", ["file/bundle", "file/bundle.tar", "file/deeper/bundle"])
def test_a_target_below_a_file_is_refused(work, mirror, name):
    Path("file").write_text("mine")
    ran = pinboot("build", "centos.toml", "-o", name)
    assert ran.code == 2 and f"{name}: cannot be written: " in ran.err and "hint:" in ran.err
    assert Path("file").read_text() == "mine"


def test_source_date_epoch_is_honoured(work, mirror, monkeypatch):
    pinboot("build", "centos.toml", "-o", "a")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    pinboot("build", "centos.toml", "-o", "b")
    assert int(Path("b/up.sh").stat().st_mtime) == 1000000000 != int(Path("a/up.sh").stat().st_mtime)
    assert json.loads(Path("b/manifest.json").read_text())["bundle"]["epoch"] == 1000000000
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert pinboot("build", "centos.toml", "-o", "c").code == 2


def test_a_build_with_nothing_to_do_loads_nothing_heavy(work, mirror):
    pinboot("build", "centos.toml")
    code = ("import sys; from builder.cli.main import main\n"
            "code = main(['build', 'centos.toml', '--offline'])\n"
            "print(code, *sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stderr.split()
    assert loaded[0] == "0" and "as built" in done.stdout
    assert not {"requests", "urllib3", "jinja2", "pykickstart", "pycdlib", "tqdm"} & set(loaded)


def test_the_demo_shows_the_whole_job_and_four_things_being_caught(work):
    ran = pinboot("demo")
    assert ran.code == 0
    for words in ("$ pinboot check centos.toml", "$ pinboot verify out/rocky", "What is in out/centos:",
                  "A tampered initrd", "The kernel of one build in the tree of another", "Same kernel version, other bytes",
                  "A mirror without signatures", "signed     key", "All four were caught"):
        assert words in ran.out
    assert "initrd.img is not what the tree's own checksums say" in ran.err and "two builds in one tree" in ran.err
    told = json.loads(pinboot("demo", "--json").out)
    assert told["ok"] and [s["exit"] for s in told["steps"]] == [0] * 8 + [4, 1, 1, 1]
    assert pinboot("demo", "--keep", "kept", "-q").code == 0 and Path("kept/out/centos/up.sh").is_file()
    assert pinboot("demo", "--keep", "kept").code == 2


@pytest.mark.parametrize(("pattern", "lie"), [
    (r'(<data type="primary">.*?<open-checksum type="sha256">)[0-9a-f]{64}', r"\g<1>" + "0" * 64),
    (r'(<data type="primary">.*?<open-size>)\d+', r"\g<1>99999999"),
])
def test_metadata_that_unpacks_to_something_else_than_repomd_says_is_refused(work, mirror, pattern, lie):
    path = "repodata/repomd.xml"
    true = mirror.trees[CENTOS][path].decode()
    mirror.trees[CENTOS][path] = re.sub(pattern, lie, true, count=1, flags=re.DOTALL).encode()
    assert mirror.trees[CENTOS][path] != true.encode()
    ran = pinboot("lock", "centos.toml")
    assert ran.code == 1 and "unpacked it is not what repodata/repomd.xml says" in ran.err
    assert not Path("centos.lock").exists()

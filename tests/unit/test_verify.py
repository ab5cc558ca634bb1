"""A bundle that changed by one byte, one mode or one file is known as changed: by pinboot, and by verify.sh."""

import dataclasses
import io
import json
import os
import shutil
import stat
import subprocess
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import BytesDiffer, NotFound, PinbootError, UsageError
from builder.lock import text as lock_text
from builder.media import checksums, found, inject
from builder.media.bundle import bundle, text_entry
from builder.media.pack import directory, tar, zst
from builder.media.papers import longlist, manifest
from builder.media.signing.judged import State, unchecked
from builder.media.verify import Difference, verify
from builder.outputs import xen
from tests.machines import EPOCH, large, lock
from tests.tool.tools import need
from tests.unit.test_up_sh import SHELLS

KERNEL, INITRD = b"kernel" * 100, b"\x1f\x8binitrd" * 100
LOCK = lock(KERNEL, INITRD)


def built(name="web", lock=LOCK):
    initrd = large("boot/initrd.img", INITRD)
    entries = [
        text_entry("web.lock", lock_text.write(lock), origin="copied"), large("boot/vmlinuz", KERNEL), initrd,
        inject.injected(initrd, inject.member({"ks/web1.cfg": (b"ks", 0o600)}, EPOCH), path=xen.INITRD),
        text_entry("hosts/web1/ks.cfg", "ks", mode=0o600), text_entry("hosts/web1/web1.cfg", "memory = 3800\n"),
        checksums.script()]
    entries.append(manifest.build(name, entries, lock, "web.lock", ["ks/web1.cfg"]))
    return bundle(name, EPOCH, [*entries, checksums.build(entries)])


@pytest.fixture
def root(tmp_path):
    directory.write(built(), tmp_path / "web")
    return tmp_path / "web"


def rewrite(root, path, change):
    file = root / path
    file.write_bytes(change(file.read_bytes()))


def test_a_bundle_as_built_is_ok(root):
    report = verify(root)
    assert report.ok and report.files == 9 and report.bundle_id == manifest.bundle_id(built().entries)


def test_a_tar_as_built_is_ok(tmp_path):
    tar.write(built(), tmp_path / "web.tar")
    assert verify(tmp_path / "web.tar") == verify_directory(tmp_path)


def verify_directory(tmp_path):
    directory.write(built(), tmp_path / "again")
    return verify(tmp_path / "again")


def flipped(data):
    return data[:50] + bytes([data[50] ^ 1]) + data[51:]


@pytest.mark.parametrize("path", ["boot/vmlinuz", "boot/initrd-ks.img", "boot/initrd.img", "verify.sh"])
def test_one_bit_of_a_file_is_noticed_and_named(root, path):
    wanted = next(entry for entry in built().entries if entry.path == path).digest.hex
    rewrite(root, path, flipped)
    report = verify(root)
    assert not report.ok and [(each.path, each.expected) for each in report.changed] == [(path, wanted)]
    assert report.changed[0].found not in (wanted, "")


def test_a_text_that_was_edited_is_noticed(root):
    rewrite(root, "hosts/web1/web1.cfg", lambda data: data.replace(b"3800", b"8000"))
    assert [each.path for each in verify(root).changed] == ["hosts/web1/web1.cfg"]


def test_every_difference_is_told_at_once(root):
    rewrite(root, "boot/vmlinuz", flipped)
    (root / "hosts/web1/ks.cfg").unlink()
    (root / "hosts/web1/updates.img").write_text("surprise")
    (root / "verify.sh").chmod(0o644)
    report = verify(root)
    assert [each.path for each in report.changed] == ["boot/vmlinuz"]
    assert (report.missing, report.extra) == (("hosts/web1/ks.cfg",), ("hosts/web1/updates.img",))
    assert report.modes == (Difference(path="verify.sh", expected="0755", found="0644"),)


def test_a_private_file_that_others_can_read_is_no_longer_what_was_built(root):
    (root / "hosts/web1/ks.cfg").chmod(0o644)
    report = verify(root)
    assert not report.ok and report.modes == (Difference(path="hosts/web1/ks.cfg", expected="0600", found="0644"),)


def test_a_link_and_a_pipe_are_neither_followed_nor_read(root):
    shutil.copy(root / "boot/vmlinuz", root.parent / "same")
    (root / "boot/vmlinuz").unlink()
    (root / "boot/vmlinuz").symlink_to(root.parent / "same")
    (root / "hosts/link").symlink_to("/etc")
    os.mkfifo(root / "pipe")
    report = verify(root)
    assert report.changed == (Difference(path="boot/vmlinuz", expected="a file", found="a symbolic link"),)
    assert report.extra == ("hosts/link", "pipe")


def test_checksums_that_disagree_with_the_manifest_are_told(root):
    rewrite(root, "SHA256SUMS", lambda data: data.replace(data[:64], b"0" * 64))
    report = verify(root)
    assert len(report.disagree) == 1 and "boot/initrd-ks.img: SHA256SUMS says 000" in report.disagree[0]


def test_checksums_that_cannot_be_read_are_told(root):
    rewrite(root, "SHA256SUMS", lambda data: data + b"junk\n")
    assert verify(root).disagree == ("SHA256SUMS: line 9 is no new checksum",)


def test_a_changed_manifest_is_told_by_the_checksums(root):
    rewrite(root, "manifest.json", lambda data: data.replace(b"https://vault.example", b"https://evil.example"))
    assert any("manifest.json: SHA256SUMS says" in line for line in verify(root).disagree)


def test_files_lists_and_manifest_forged_together_are_told_by_the_lock(root):
    other = b"evil" + KERNEL[4:]
    table = json.loads((root / "manifest.json").read_text())
    for line in table["files"]:
        if line["path"] == "boot/vmlinuz":
            line["sha256"] = line["pin"]["sha256"] = large("x", other).digest.hex
    forged = json.dumps(table)
    (root / "boot/vmlinuz").write_bytes(other)
    (root / "manifest.json").write_text(forged)
    sums = checksums.parse((root / "SHA256SUMS").read_bytes())
    sums |= {"boot/vmlinuz": large("x", other).digest.hex, "manifest.json": text_entry("x", forged).digest.hex}
    (root / "SHA256SUMS").write_text("".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items())))
    report = verify(root)
    assert report.changed == () and report.disagree == (
        f"boot/vmlinuz: web.lock has no pin {large('x', other).digest.hex}",)


def test_a_lock_with_conflict_markers_is_told(root):
    rewrite(root, "web.lock", lambda data: b"<<<<<<< ours\n" + data)
    report = verify(root)
    assert [each.path for each in report.changed] == ["web.lock"]
    assert report.disagree == ("web.lock: unresolved merge conflict",)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 2}', "null", '{"schema": 1, "files": [1]}', "[" * 100000,
                                  '{"schema": 1, "files": [{"path": "a"}, {"path": "a"}]}'])
def test_a_manifest_that_is_none_is_an_error_and_no_traceback(root, text):
    (root / "manifest.json").write_text(text)
    with pytest.raises(BytesDiffer, match=r"manifest.json cannot be read"):
        verify(root)


# Manifests of ten thousand machines are read line by line.


@pytest.fixture
def long_lists(monkeypatch):
    monkeypatch.setattr(longlist, "WHOLE", 0)
    monkeypatch.setattr(found, "HELD", 0)


def test_a_bundle_whose_lists_are_long_is_judged_as_any_other(root, monkeypatch):
    rewrite(root, "boot/vmlinuz", flipped)
    rewrite(root, "SHA256SUMS", lambda data: data.replace(data[:64], b"0" * 64))
    (root / "hosts/web1/web1.cfg").unlink()
    (root / "hosts/more").write_text("x")
    (root / "verify.sh").chmod(0o644)
    wanted = verify(root)
    assert wanted.changed and wanted.missing and wanted.extra and wanted.modes and wanted.disagree
    monkeypatch.setattr(longlist, "WHOLE", 0)
    monkeypatch.setattr(found, "HELD", 0)
    assert verify(root) == wanted


@pytest.mark.parametrize("pack", [directory, tar, zst])
def test_long_lists_are_read_from_every_form(tmp_path, long_lists, pack):
    pack.write(built(), tmp_path / "web.tar.zst")
    assert verify(tmp_path / "web.tar.zst").ok


@pytest.mark.parametrize("change", [
    lambda data: data[:len(data) // 2], lambda data: data[:data.index(b' "files"')], lambda data: data[:-3],
    lambda data: json.dumps(json.loads(data)).encode(), lambda data: b"",
    lambda data: data.replace(b'"path": "boot/vmlinuz"', b'"path": "zzz"'), lambda data: b"{\n" * 1000,
    lambda data: data.replace(b'"sha256"', b'"sha255"')])
def test_a_long_manifest_that_is_none_is_an_error_and_no_traceback(root, long_lists, change):
    rewrite(root, "manifest.json", change)
    with pytest.raises(BytesDiffer, match=r"manifest.json cannot be read"):
        verify(root)


@given(st.dictionaries(st.sampled_from("abgz"), st.text(max_size=3) | st.integers(), max_size=3), st.lists(
    st.dictionaries(st.text(max_size=2), st.text(max_size=2) | st.lists(st.integers(), max_size=2), min_size=1, max_size=2),
    min_size=1, max_size=3))
def test_a_long_list_is_read_as_it_was_written(table, values):
    head, tail = longlist.frame(table, "files")
    file = io.BytesIO((head + "".join(longlist.items(map(longlist.item, values))) + tail).encode())
    for whole in (0, 1 << 20):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(longlist, "WHOLE", whole)
            reading = longlist.Reading(file, "files")
            assert list(reading) == values and reading.table == table


def test_what_is_no_bundle_is_said_to_be_none(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("no tar")
    for name in ("folder", "file"):
        with pytest.raises(UsageError, match="is no bundle"):
            verify(tmp_path / name)
    with pytest.raises(NotFound, match="there is no such bundle"):
        verify(tmp_path / "absent")


def test_folders_as_deep_as_a_file_system_lets_them_are_read(tmp_path):
    directory.write(built(), tmp_path / "web")
    folder = tmp_path / "web"
    for _ in range(1100):  # more than Python calls itself
        folder /= "d"
        folder.mkdir()
    (folder / "file").write_text("x")
    try:
        assert verify(tmp_path / "web").extra == (f"{'d/' * 1100}file",)
    finally:
        (folder / "file").unlink()
        while folder.name == "d":  # rmtree calls itself
            folder.rmdir()
            folder = folder.parent


def test_a_tar_with_one_changed_byte_and_one_stray_member_is_told(tmp_path):
    directory.write(built(), tmp_path / "web")
    rewrite(tmp_path / "web", "boot/vmlinuz", flipped)
    (tmp_path / "evil").write_text("x")
    subprocess.run([need("tar", "tar"), "-cPf", "web.tar", "web", "web/../evil", "web/verify.sh"], cwd=tmp_path,
                   check=True)
    report = verify(tmp_path / "web.tar")
    assert [each.path for each in report.changed] == ["boot/vmlinuz"]
    assert report.extra == ("web/../evil (outside, or twice)", "web/verify.sh (outside, or twice)")


def test_a_tar_that_was_cut_is_never_ok(tmp_path):
    tar.write(built(), tmp_path / "web.tar")
    whole = (tmp_path / "web.tar").read_bytes()
    end = whole.rstrip(b"\0")
    outcomes = set()
    for length in range(0, len(end), 700):
        (tmp_path / "web.tar").write_bytes(whole[:length])
        try:
            outcomes.add("ok" if verify(tmp_path / "web.tar").ok else "differs")
        except PinbootError as reason:
            outcomes.add(type(reason).__name__)
    assert outcomes == {"BytesDiffer", "UsageError"}


def run(root, shell="dash", path=None, more=(), **variables):
    need(SHELLS[shell][0], shell)
    environment = {**os.environ, **variables} if path is None else {"PATH": str(path)}
    return subprocess.run([shutil.which(SHELLS[shell][0]), *SHELLS[shell][1:], root / "verify.sh", *more], text=True,
                          capture_output=True, env=environment, timeout=60, cwd=root.parent)


@pytest.mark.parametrize("shell", SHELLS)
def test_verify_sh_says_ok_of_a_bundle_as_built(root, shell):
    done = run(root, shell)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok: 8 files as built\n", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_verify_sh_names_what_changed_is_missing_and_is_extra(root, shell):
    rewrite(root, "boot/vmlinuz", flipped)
    (root / "hosts/web1/ks.cfg").unlink()
    (root / "hosts/with blank").write_text("x")
    (root / "boot/initrd.img").unlink()
    (root / "boot/initrd.img").symlink_to("vmlinuz")
    (root / "updates.img").write_text("x")
    done = run(root, shell)
    assert done.returncode == 4 and done.stdout == ""
    assert sorted(done.stderr.splitlines()) == sorted([
        "missing  boot/initrd.img", "changed  boot/vmlinuz", "missing  hosts/web1/ks.cfg", "extra    boot/initrd.img",
        "extra    hosts/with blank", "extra    updates.img", f"error: {root} is not what was built"])


def test_verify_sh_is_not_fooled_by_a_name_of_two_lines(root):
    (root / "boot/vmlinuz\n.").mkdir()
    (root / "boot/vmlinuz\n./boot").mkdir()
    (root / "boot/vmlinuz\n./boot/vmlinuz").write_text("x")
    assert run(root).returncode == 4


@pytest.mark.parametrize("change", [
    lambda data: b"", lambda data: data + b"x\n", lambda data: data.replace(b"  ", b" *")])
def test_verify_sh_refuses_a_list_of_another_shape(root, change):
    rewrite(root, "SHA256SUMS", change)
    done = run(root)
    assert done.returncode == 4 and done.stderr == "changed  SHA256SUMS\n"


def test_verify_sh_checks_a_last_line_without_its_end(root):
    rewrite(root, "SHA256SUMS", lambda data: data.rstrip(b"\n"))
    rewrite(root, "web.lock", flipped)
    assert "changed  web.lock" in run(root).stderr


@pytest.fixture
def signed(root):
    """The bundle signed by ops; eve is somebody else."""
    for name in ("ops", "eve"):
        subprocess.run([need("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", "", "-C", f"{name}@example", "-f",
                        root.parent / name], check=True)
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "pinboot", "-f", root.parent / "ops", root / "SHA256SUMS"],
                   check=True, capture_output=True)
    return root


def fingerprint(key):
    done = subprocess.run(["ssh-keygen", "-l", "-f", key], check=True, capture_output=True, text=True)
    return done.stdout.split()[1]


@pytest.mark.parametrize("shell", SHELLS)
def test_verify_sh_checks_the_signature_by_the_key_that_it_is_given(signed, shell):
    done = run(signed, shell, more=["--key", "ops.pub"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (f"ok: SHA256SUMS.sig by ED25519 key {fingerprint(signed.parent / 'ops')}\n"
                           "ok: 8 files as built\n")
    kind, blob, _ = (signed.parent / "ops.pub").read_text().split()
    (signed.parent / "allowed").write_text(f'# who may\n\n"ops@example,b@x" namespaces="pinboot" {kind} {blob}\n')
    assert run(signed, shell, more=["--key", str(signed.parent / "allowed")]).returncode == 0


@pytest.mark.parametrize("shell", SHELLS)
def test_verify_sh_refuses_any_other_signature(signed, shell):
    refusal = f"error: SHA256SUMS.sig is no signature of SHA256SUMS by a key of {signed.parent}/"
    done = run(signed, shell, more=["--key", "eve.pub"])
    assert (done.returncode, done.stdout, done.stderr) == (4, "", f"{refusal}eve.pub\n")
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", "../ops", "SHA256SUMS"], cwd=signed, check=True,
                   capture_output=True, input=b"y\n")
    assert run(signed, shell, more=["--key", "ops.pub"]).stderr == f"{refusal}ops.pub\n"
    (signed / "SHA256SUMS.sig").write_text("junk\n")
    assert run(signed, shell, more=["--key", "ops.pub"]).stderr == f"{refusal}ops.pub\n"
    (signed / "SHA256SUMS.sig").unlink()
    done = run(signed, shell, more=["--key", "ops.pub"])
    assert (done.returncode, done.stderr) == (4, f"error: {signed} has no signature by an ssh key (SHA256SUMS.sig)\n")


def test_verify_sh_refuses_a_list_that_was_written_anew_after_it_was_signed(signed):
    rewrite(signed, "boot/vmlinuz", flipped)
    sums = checksums.parse((signed / "SHA256SUMS").read_bytes())
    sums["boot/vmlinuz"] = text_entry("x", (signed / "boot/vmlinuz").read_bytes()).digest.hex
    (signed / "SHA256SUMS").write_text("".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items())))
    assert run(signed).returncode == 0 and run(signed, more=["--key", "ops.pub"]).returncode == 4


def test_verify_sh_does_not_pass_over_a_signature_without_a_word(signed):
    assert run(signed).stdout == "SHA256SUMS.sig is there and was not checked\nok: 8 files as built\n"
    (signed / "SHA256SUMS.sig").rename(signed / "SHA256SUMS.asc")
    assert run(signed).stdout == "SHA256SUMS.asc is there and was not checked\nok: 8 files as built\n"


def test_verify_sh_says_what_it_wants_and_what_is_missing(signed, tmp_path):
    for wrong in (["--key"], ["--key", "nowhere"], ["--frob", "x"], ["x"]):
        done = run(signed, more=wrong)
        assert (done.returncode, done.stderr) == (2, "usage: sh verify.sh [--key FILE], where FILE can be read\n")
    path = tools(tmp_path)
    (path / "sha256sum").symlink_to(shutil.which("sha256sum"))
    done = run(signed, path=path, more=["--key", "ops.pub"])
    assert (done.returncode, done.stderr) == (
        5, "error: ssh-keygen is missing (Debian: openssh-client; Alpine: openssh)\n")


def test_verify_sh_leaves_nothing_in_the_temporary_folder(signed, tmp_path):
    (tmp_path / "tmp").mkdir()
    for key in ("ops.pub", "eve.pub"):
        run(signed, more=["--key", key], TMPDIR=str(tmp_path / "tmp"))
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_signature_is_no_file_too_many(signed):
    report = verify(signed)
    assert report.ok and report.files == 9 and report.signature.state is State.UNCHECKED
    (signed / "SHA256SUMS.sig.old").write_text("x")
    assert verify(signed).extra == ("SHA256SUMS.sig.old",)


def test_a_check_sees_the_list_and_the_signatures_as_they_were_read(signed):
    seen = []
    report = verify(signed, check=lambda sums, there: seen.append((sums, there)) or unchecked(sums, there))
    assert report.ok and seen == [((signed / "SHA256SUMS").read_bytes(),
                                   {"SHA256SUMS.sig": (signed / "SHA256SUMS.sig").read_bytes()})]


def test_a_signature_in_a_tar_is_seen_too(signed, tmp_path):
    from builder.media.pack import zst

    made = built()
    sig = text_entry("SHA256SUMS.sig", (signed / "SHA256SUMS.sig").read_bytes())
    for write, name in ((tar.write, "signed.tar"), (zst.write, "signed.tar.zst")):
        write(bundle("web", EPOCH, [*made.entries, sig]), tmp_path / name)
        assert verify(tmp_path / name) == verify(signed)


def test_overrides_are_told_and_must_be_those_of_the_lock(tmp_path):
    of = dataclasses.replace(LOCK, overrides=MappingProxyType({"kernel": "the profile accepts first-use"}))
    directory.write(built(lock=of), tmp_path / "web")
    report = verify(tmp_path / "web")
    assert report.ok and report.overrides == (("kernel", "the profile accepts first-use"),)
    rewrite(tmp_path / "web", "manifest.json", lambda data: data.replace(b"accepts first-use", b"accepts nothing!!"))
    assert "web.lock: what it accepted below the usual is not what manifest.json says" in verify(tmp_path / "web").disagree


# What NetBSD's cksum -a SHA256 and openssl print for their standard input.
OTHERS = {"cksum": '[ "$1 $2" = "-a SHA256" ] || exit 1\nsha256sum | cut -d" " -f1',
          "sha256": "sha256sum | cut -d' ' -f1",
          "openssl": 'printf "SHA2-256(stdin)= "; sha256sum | cut -d" " -f1'}


@pytest.mark.parametrize("tool", OTHERS)
def test_verify_sh_takes_the_tool_that_is_there(root, tmp_path, tool):
    path = tools(tmp_path)
    (path / tool).write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{OTHERS[tool]}\n")
    (path / tool).chmod(0o755)
    assert run(root, path=path).stdout == "ok: 8 files as built\n"
    rewrite(root, "boot/vmlinuz", flipped)
    assert "changed  boot/vmlinuz" in run(root, path=path).stderr


def test_verify_sh_does_not_trust_a_cksum_that_ignores_its_option(root, tmp_path):
    path = tools(tmp_path)
    (path / "cksum").write_text("#!/bin/sh\necho 4294967295 0\n")
    (path / "cksum").chmod(0o755)
    done = run(root, path=path)
    assert done.returncode == 5 and done.stderr.startswith("error: no tool here knows SHA-256")


def tools(tmp_path):
    """A PATH with what verify.sh needs and no sha256sum."""
    path = tmp_path / "path"
    path.mkdir()
    for name in ("find", "awk", "grep", "sed", "sort", "dirname", "cut"):
        (path / name).symlink_to(shutil.which(name))
    return path


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_reads_verify_sh_and_shellcheck_finds_nothing(root, shell):
    need(SHELLS[shell][0], shell)
    assert subprocess.run([*SHELLS[shell], "-n", root / "verify.sh"]).returncode == 0
    assert stat.S_IMODE((root / "verify.sh").stat().st_mode) == 0o755
    assert subprocess.run([need("shellcheck", "shellcheck"), root / "verify.sh"]).returncode == 0

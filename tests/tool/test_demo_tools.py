"""What the demo signs and writes, judged by rpm, GnuPG and readers of disc images that are not ours."""

import hashlib
import subprocess

import pytest

from builder.demo import disc, tree
from builder.demo.openpgp import Signer
from tests.tool.tools import need

pytestmark = pytest.mark.tool

SIGNER = Signer("a key for tests")
BASE = f"{tree.BASEOS}/"
MADE = {"el6": tree.el6, "el7": tree.centos7, "el8": tree.el8, "el9": tree.el9, "el10": tree.el10,
        "fedora": tree.fedora}
MODES = {"vmlinuz": "0100755", "config": "0100644", "System.map": "0100644", "initramfs": "0100644"}


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, **options)


@pytest.fixture(params=MADE)
def package(request, tmp_path):
    """The kernel package of a generation as a file, its kernel's version, and its kernel."""
    files = MADE[request.param](signer=SIGNER)
    (path,) = [path for path in files if path.endswith(".rpm")]
    file = tmp_path / path.rpartition("/")[2]
    file.write_bytes(files[path])
    kernel = next(data for path, data in files.items() if path.endswith(tree.KERNEL))
    return file, file.name.removesuffix(".rpm").removeprefix("kernel-").removeprefix("core-"), kernel


@pytest.fixture
def rpmkeys(tmp_path):
    """rpmkeys with a database of its own, in which there is only the demo's key."""
    tool = need("rpmkeys", "rpm")
    (tmp_path / "key").write_bytes(SIGNER.public())
    imported = run(tool, "--dbpath", tmp_path / "db", "--import", tmp_path / "key")
    assert imported.returncode == 0, imported.stderr
    return lambda *arguments: run(tool, "--dbpath", tmp_path / "db", *arguments)


def test_rpm_believes_signature_and_digests(package, rpmkeys):
    done = rpmkeys("-Kv", package[0])
    assert done.returncode == 0, done.stdout
    text = done.stdout.decode()
    key = SIGNER.fingerprint[-8:]
    assert f"Header V4 EdDSA/SHA256 Signature, key ID {key}: OK" in text
    assert "NOT" not in text and "BAD" not in text


def test_rpm_does_not_believe_another_key(rpmkeys, tmp_path):
    other = tree.centos7(signer=Signer("somebody else"))
    (data,) = [data for path, data in other.items() if path.endswith(".rpm")]
    (tmp_path / "other.rpm").write_bytes(data)
    done = rpmkeys("-Kv", tmp_path / "other.rpm")
    assert done.returncode == 1 and b"NOKEY" in done.stdout


def test_rpm_finds_a_changed_bit_of_the_payload(package, rpmkeys):
    file = package[0]
    file.write_bytes(tree.tampered(file.read_bytes()))
    done = rpmkeys("-Kv", file)
    assert done.returncode == 1 and b"BAD" in done.stdout


def test_rpm_reads_names_and_bonds(package, tmp_path):
    file, version, _ = package
    format_ = "%{NAME} %{EVR} %{ARCH} %{OS} %{PAYLOADFORMAT} %{BUILDTIME} %{SUMMARY}\n"
    rpm = (need("rpm", "rpm"), "--dbpath", tmp_path / "db", "-qp")
    done = run(*rpm, "--qf", format_, file, check=True)
    name = file.name.partition(f"-{version}")[0]
    label, _, arch = version.rpartition(".")
    assert done.stdout.decode().startswith(f"{name} {label} {arch} linux cpio 1")
    provided = run(*rpm, "--provides", file, check=True).stdout.decode().splitlines()
    assert {f"kernel-uname-r = {version}", f"{name} = {label}", f"{name}(x86-64) = {label}"} <= set(provided)


def test_rpm_lists_the_files_with_modes_and_digests(package, tmp_path):
    file, version, kernel = package
    listed = run(need("rpm", "rpm"), "--dbpath", tmp_path / "db", "-qpl", "--dump", file, check=True).stdout.decode()
    rows = {row[0]: row for row in map(str.split, listed.splitlines())}
    for path, row in rows.items():
        assert row[4] == MODES[path.rpartition("/")[2].partition("-")[0]] and row[5:7] == ["root", "root"]
    in_modules = f"/lib/modules/{version}/vmlinuz"
    vmlinuz = rows.get(in_modules) or rows[f"/boot/vmlinuz-{version}"]
    assert (vmlinuz[1], vmlinuz[3]) == (str(len(kernel)), hashlib.sha256(kernel).hexdigest())
    if in_modules in rows:
        flags = run(need("rpm", "rpm"), "--dbpath", tmp_path / "db", "-qp", "--qf",
                    "[%{FILENAMES} %{FILEFLAGS:fflags}\n]", file, check=True).stdout.decode().splitlines()
        assert f"/boot/vmlinuz-{version} g" in flags and f"{in_modules} " in flags


def test_the_payload_unpacks_to_the_kernel(package, tmp_path):
    file, version, kernel = package
    archive = run(need("rpm2cpio", "rpm"), file, check=True).stdout
    (tmp_path / "out").mkdir()
    done = run(need("cpio", "cpio"), "--quiet", "-idm", cwd=tmp_path / "out", input=archive, check=True)
    assert done.stderr == b""
    found = {path.relative_to(tmp_path / "out").as_posix(): path for path in (tmp_path / "out").rglob("*")
             if path.is_file()}
    (vmlinuz,) = [path for path in found if "vmlinuz" in path]
    assert vmlinuz in (f"boot/vmlinuz-{version}", f"lib/modules/{version}/vmlinuz")
    assert found[vmlinuz].read_bytes() == kernel and len(found) == 3


@pytest.fixture
def gpgv(tmp_path):
    tool = need("gpgv", "gpgv")
    keys = run(need("gpg", "gpg"), "--batch", "--homedir", tmp_path, "--dearmor", input=SIGNER.public(), check=True)
    (tmp_path / "keys.gpg").write_bytes(keys.stdout)
    return lambda *files: run(tool, "--homedir", tmp_path, "--keyring", tmp_path / "keys.gpg", *files, cwd=tmp_path)


def test_gpgv_believes_the_signature_of_the_metadata(gpgv, tmp_path):
    tree.write({path: data for path, data in tree.el9(signer=SIGNER).items() if "repomd" in path}, tmp_path)
    for home in (tree.BASEOS, tree.APPSTREAM):
        repomd = f"{home}/repodata/repomd.xml"
        assert gpgv(f"{repomd}.asc", repomd).returncode == 0
        (tmp_path / repomd).write_bytes(tree.tampered((tmp_path / repomd).read_bytes()))
        assert b"BAD signature" in gpgv(f"{repomd}.asc", repomd).stderr


@pytest.mark.parametrize(("made", "family", "version", "signed"), [
    (tree.el6, "CentOS", "6.10", ["sha256sum.txt.asc"]), (tree.centos7, "CentOS", "7.9.2009", ["sha256sum.txt.asc"]),
    (tree.el8, "Rocky Linux", "8.10", ["CHECKSUM.sig", "CHECKSUM"]),
    (tree.el8, "AlmaLinux", "8.10", ["CHECKSUM"]),
    (tree.fedora, "Fedora", "42", ["Fedora-Everything-42-1.1-x86_64-CHECKSUM"]),
], ids=["CentOS 6", "CentOS 7", "Rocky Linux 8", "AlmaLinux 8", "Fedora"])
def test_gpgv_and_sha256sum_believe_the_list_of_images(gpgv, tmp_path, made, family, version, signed):
    tree.write(tree.isos(made(), family, version, SIGNER), tmp_path)
    done = gpgv(*signed)
    assert done.returncode == 0 and b"Good signature" in done.stderr
    checked = run("sha256sum", "--check", "--ignore-missing", signed[-1], cwd=tmp_path)
    assert checked.returncode == 0 and checked.stdout.count(b": OK\n") == 1


FILES = {**{path: data for path, data in tree.centos7().items() if "repodata" not in path}, "empty": b"",
         "a/b/c/d/Deep.tar.gz": b"3",
         **{f"many/{number:03}-a-name-that-is-long-enough-to-cross-sectors": b"%d" % number for number in range(99)}}


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "boot.iso"
    path.write_bytes(disc.make(FILES, "CentOS 7 x86_64", 1603729576))
    return path


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_xorriso_reads_every_file(image, tmp_path):
    done = run(need("xorriso", "xorriso"), "-abort_on", "WARNING", "-osirrox", "on", "-indev", image, "-extract", "/",
               tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == FILES
    assert b"Volume id    : 'CentOS 7 x86_64'" in done.stderr + done.stdout
    run("chmod", "-R", "u+w", tmp_path / "out", check=True)


def test_xorriso_finds_modes_and_dates(image):
    done = run(need("xorriso", "xorriso"), "-indev", image, "-find", "/images/pxeboot", "-exec", "lsdl", check=True,
               env={"TZ": "UTC", "PATH": "/usr/bin"})
    for line in (b"dr-xr-xr-x", b"-r--r--r--", b"Oct 26  2020 '/images/pxeboot/vmlinuz'"):
        assert line in done.stdout


def test_libarchive_reads_every_file(image, tmp_path):
    (tmp_path / "out").mkdir()
    done = run(need("bsdtar", "libarchive-tools"), "-xf", image, "-C", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, b"")
    assert contents(tmp_path / "out") == FILES
    run("chmod", "-R", "u+w", tmp_path / "out", check=True)


def test_an_image_reads_the_same_without_rock_ridge(image):
    """ISO 9660 alone: the path table and the identifiers lead to the same bytes."""
    tool = need("bsdtar", "libarchive-tools")
    listed = run(tool, "--options", "!rockridge,!joliet", "-tf", image, check=True).stdout.decode().split()
    assert {"IMAGES/PXEBOOT/VMLINUZ", "LIVEOS/SQUASHFS.IMG"} <= set(listed)
    found = run(tool, "--options", "!rockridge,!joliet", "-xOf", image, "IMAGES/PXEBOOT/VMLINUZ", check=True)
    assert found.stdout == FILES[tree.KERNEL]

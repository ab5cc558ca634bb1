"""Packages by rpmbuild, signed by rpmsign: what rpm, rpmkeys and an OpenPGP verifier say of them is what we read."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pysequoia
import pytest

from builder.digest import Digest, of_bytes
from builder.errors import HostileInput
from builder.fetch.source import open_source
from builder.fetch.store.objects import Store
from builder.probe import rpm
from builder.progress import Silent
from tests.tool.tools import need

pytestmark = pytest.mark.tool

VERSION = "5.14.0-570.17.1.el9_6.x86_64"
VMLINUZ = hashlib.shake_256(b"a kernel").digest(200_000)
SPEC = f"""Name: kernel-core
Version: 5.14.0
Release: 570.17.1.el9_6
Epoch: 3
Summary: The Linux kernel
License: GPL-2.0-only
AutoReqProv: no
Provides: kernel-uname-r = {VERSION}
%global debug_package %{{nil}}
%global _build_id_links none
%global __os_install_post %{{nil}}
%description
The Linux kernel.
%install
mkdir -p %{{buildroot}}/lib/modules/{VERSION}/kernel %{{buildroot}}/boot
cp %{{content}} %{{buildroot}}/lib/modules/{VERSION}/vmlinuz
cp %{{content}} %{{buildroot}}/boot/vmlinuz-{VERSION}
echo CONFIG_XEN=y > %{{buildroot}}/lib/modules/{VERSION}/config
: > %{{buildroot}}/lib/modules/{VERSION}/empty
ln -s config %{{buildroot}}/lib/modules/{VERSION}/link
for number in $(seq 300); do echo $number > %{{buildroot}}/lib/modules/{VERSION}/kernel/$number.ko; done
%files
%ghost /boot/vmlinuz-{VERSION}
/lib/modules/{VERSION}
%changelog
* Tue Jun 10 2025 A Packager <packager@example.org> - 5.14.0-570.17.1
- A change.
"""
PAYLOADS = {"gzip": "w9.gzdio", "xz": "w2.xzdio", "zstd": "w3.zstdio", "plain": "w.ufdio"}
ALGORITHMS = {"md5": 1, "sha256": 8, "sha384": 9, "sha512": 10}
KEYS = {"rsa": "rsa2048", "ed25519": "ed25519"}


@dataclass(frozen=True, slots=True)
class Works:
    """A folder with a home of its own for rpm and gpg."""

    folder: Path

    def run(self, *command: str | Path, check: bool = True) -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "GNUPGHOME": str(self.folder / "gpg"),
                       "LC_ALL": "C", "TZ": "UTC"}
        done = subprocess.run(command, cwd=self.folder, env=environment, check=False, text=True, capture_output=True)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def build(self, name: str, *defines: str) -> Path:
        """The package in the file `name`."""
        (self.folder / "kernel.spec").write_text(SPEC)
        (self.folder / "vmlinuz").write_bytes(VMLINUZ)
        own = [f"_topdir {self.folder / name}.top", f"_rpmdir {self.folder / name}.out", f"content {self.folder}/vmlinuz",
               "_rpmfilename package.rpm"]
        macros = [part for define in (*own, *defines) for part in ("--define", define)]
        self.run(need("rpmbuild", "rpm"), "-bb", "--target", "x86_64-linux", *macros, "kernel.spec")
        return (self.folder / f"{name}.out/package.rpm").rename(self.folder / name)

    def query(self, package: Path, form: str) -> str:
        return self.run(need("rpm", "rpm"), "-qp", "--nosignature", "--queryformat", form, package)


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Works]:
    made = Works(tmp_path_factory.mktemp("rpm"))
    yield made
    if (made.folder / "gpg").exists():
        made.run(need("gpgconf", "gpgconf"), "--kill", "gpg-agent")


@pytest.fixture(scope="module")
def packages(works: Works) -> dict[tuple[str, str], Path]:
    """By payload and by algorithm of the file digests."""
    pairs = [(payload, "sha256") for payload in PAYLOADS] + [("gzip", each) for each in ALGORITHMS if each != "sha256"]
    return {(payload, algorithm): works.build(
        f"{payload}-{algorithm}.rpm", f"_binary_payload {PAYLOADS[payload]}",
        f"_binary_filedigest_algorithm {ALGORITHMS[algorithm]}") for payload, algorithm in pairs}


@pytest.fixture(scope="module")
def keys(works: Works) -> dict[str, bytes]:
    """Public keys, armored; rpm knows them as well."""
    (works.folder / "gpg").mkdir(mode=0o700)
    gpg, made = need("gpg", "gpg"), {}
    need("gpg-agent", "gpg-agent")
    for name, kind in KEYS.items():
        works.run(gpg, "--batch", "--pinentry-mode", "loopback", "--passphrase", "", "--quick-gen-key",
                  f"{name} <{name}@example.org>", kind, "sign", "never")
        text = works.run(gpg, "--armor", "--export", f"{name}@example.org")
        (works.folder / f"{name}.asc").write_text(text)
        works.run(need("rpmkeys", "rpm"), "--dbpath", works.folder / "db", "--import", works.folder / f"{name}.asc")
        made[name] = text.encode()
    return made


@pytest.fixture(scope="module", params=KEYS)
def signed(request: pytest.FixtureRequest, works: Works, keys: dict[str, bytes],
           packages: dict[tuple[str, str], Path]) -> tuple[Path, bytes]:
    """A signed package, and the key."""
    name: str = request.param
    package = works.folder / f"signed-{name}.rpm"
    package.write_bytes(packages["zstd", "sha256"].read_bytes())
    # The default is /usr/bin/gpg2, which Debian has not.
    works.run(need("rpmsign", "rpm"), "--define", f"__gpg {need('gpg', 'gpg')}", "--define",
              f"_gpg_name {name}@example.org", "--define",
              "_gpg_sign_cmd_extra_args --pinentry-mode loopback --passphrase ''", "--addsign", package)
    return package, keys[name]


def verifies(header: rpm.RpmHeader, key: bytes) -> bool:
    certificates = pysequoia.Cert.split_bytes(key)
    pinned = {each.fingerprint for each in certificates}
    for signature in header.signatures:
        try:
            found = pysequoia.verify(bytes=header.header, store=lambda ids: certificates,
                                     signature=pysequoia.Sig.from_bytes(signature))
        except RuntimeError:
            continue
        if {each.certificate for each in found.valid_sigs} & pinned:
            return True
    return False


@pytest.mark.parametrize("payload", PAYLOADS)
def test_rpm_says_the_same_of_name_header_and_payload(
        works: Works, packages: dict[tuple[str, str], Path], payload: str) -> None:
    package = packages[payload, "sha256"]
    data = package.read_bytes()
    found = rpm.read(data, "package.rpm")
    assert works.query(package, "%{NAME} %{EPOCH} %{VERSION} %{RELEASE} %{ARCH}") == (
        f"{found.name} {found.epoch} {found.version} {found.release} {found.arch}")
    start, end = found.span
    assert found.header == data[start:end]
    assert works.query(package, "%{SHA256HEADER}") == hashlib.sha256(found.header).hexdigest()
    assert found.payload_digest == of_bytes(data[end:])
    assert works.query(package, "%{PAYLOADDIGEST}") == of_bytes(data[end:]).hex


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_rpm_says_the_same_of_every_file(
        works: Works, packages: dict[tuple[str, str], Path], algorithm: str) -> None:
    package = packages["gzip", algorithm]
    found = rpm.read(package.read_bytes(), "package.rpm")
    dumped = [line.split(" ") for line in works.run("rpm", "-qlp", "--dump", package).splitlines()]
    digests = {path: digest for path, _, _, digest, *_ in dumped if digest.strip("0")}
    assert len(digests) == 303 and len(dumped) == 307
    if algorithm == "md5":
        assert found.files == {} and found.weak_files
    else:
        assert found.files == {path: Digest(algorithm, digest) for path, digest in digests.items()}


def test_the_kernel_is_found_and_the_ghost_in_boot_is_not(packages: dict[tuple[str, str], Path]) -> None:
    found = rpm.read(packages["xz", "sha256"].read_bytes(), "package.rpm")
    assert rpm.kernel_file(found, VERSION) == (f"/lib/modules/{VERSION}/vmlinuz", of_bytes(VMLINUZ))
    assert f"/boot/vmlinuz-{VERSION}" not in found.files


def test_an_unsigned_package_has_no_signature(packages: dict[tuple[str, str], Path], keys: dict[str, bytes]) -> None:
    found = rpm.read(packages["xz", "sha256"].read_bytes(), "package.rpm")
    assert (found.signatures, found.unread_signatures) == ((), False)
    assert not verifies(found, keys["rsa"])


def test_the_signature_covers_exactly_the_header(works: Works, signed: tuple[Path, bytes]) -> None:
    package, key = signed
    found = rpm.read(package.read_bytes(), "package.rpm")
    assert len(found.signatures) == 1 and not found.unread_signatures
    assert verifies(found, key)
    said = works.run("rpmkeys", "--dbpath", works.folder / "db", "-Kv", package)
    assert "Header V4" in said and said.count("OK") >= 4 and "NOKEY" not in said


def test_another_key_does_not_verify(signed: tuple[Path, bytes], keys: dict[str, bytes]) -> None:
    package, key = signed
    found = rpm.read(package.read_bytes(), "package.rpm")
    assert [verifies(found, other) for other in keys.values() if other != key] == [False]


def test_a_bit_flipped_anywhere_in_the_header_is_refused(signed: tuple[Path, bytes]) -> None:
    package, key = signed
    data = package.read_bytes()
    start, end = rpm.read(data, "package.rpm").span
    refused = 0
    for at in range(start, end, max(1, (end - start) // 2500)):
        bent = bytearray(data[:end])
        bent[at] ^= 1 << at % 8
        try:
            found = rpm.read(bytes(bent), "package.rpm")
        except HostileInput:
            refused += 1
            continue
        assert not verifies(found, key), at
    assert refused > 20


def test_what_is_signed_reaches_up_to_the_payload_and_no_further(signed: tuple[Path, bytes]) -> None:
    package, key = signed
    data = bytearray(package.read_bytes())
    _, end = rpm.read(bytes(data), "package.rpm").span
    data[end] ^= 1
    found = rpm.read(bytes(data), "package.rpm")
    assert verifies(found, key)
    assert found.payload_digest != of_bytes(bytes(data[end:]))


def test_a_package_is_read_from_a_source_by_its_first_bytes_alone(signed: tuple[Path, bytes], tmp_path: Path) -> None:
    package, key = signed
    source = open_source(str(package.parent), store=Store(tmp_path / "store"), progress=Silent())
    data = b""
    while len(data) < (more := rpm.needed(data, "package.rpm")):
        data = source.start(package.name, more)
    found = rpm.read(data, "package.rpm")
    assert verifies(found, key) and len(data) == found.span[1] < package.stat().st_size

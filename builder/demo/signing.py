"""What a signed mirror has more than the bare trees: the key, signatures of metadata, a kernel package, a signed list.

Which family has what is a row of MARKS. Names of keys: distribution-gpg-keys and the trees; which repositories have a
repomd.xml.asc, and how images and lists are called: the addresses that build scripts of the field fetch.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from builder.demo import disc, rpm
from builder.demo.initrd import PROGRAM
from builder.demo.openpgp import Signer
from builder.demo.repodata import Package, make
from builder.demo.treeinfo import INITRD, KERNEL

REPOMD = "repodata/repomd.xml"
# What a boot image holds of its tree, where the tree has it (REFERENCE 5.1).
ON_DISC = (".discinfo", ".treeinfo", KERNEL, INITRD, "LiveOS/squashfs.img", "images/install.img")
OTHER_SIZE = 4 << 30
TIMESTAMP = re.compile(rb"^timestamp = ([0-9]+)", re.MULTILINE)
# The number that Fedora's release candidates add to the names of its images.
CANDIDATES = {"40": "1.14", "41": "1.4", "42": "1.1", "43": "1.6", "44": "1.7"}


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """A list of images. `name`, `boot`, `others` (listed and not there) and `label` are templates of `version`,
    `major`, `compose` (2009) and `candidate`. `signature` is what the name of its detached signature adds to `name`;
    empty: the list is clear-signed; None: nobody signed it."""

    name: str
    boot: str
    label: str
    others: tuple[str, ...] = ()
    style: Literal["coreutils", "bsd"] = "bsd"
    signature: str | None = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """`key` is the name of the key file at the root of a tree (empty: no tree has it); `repomd`: metadata is signed."""

    key: str
    repomd: bool
    images: List | None = None


def _alike(short: str, signature: str | None) -> List:
    return List(name="CHECKSUM", boot=f"{short}-{{version}}-x86_64-boot.iso", label=f"{short}-{{major}}-x86_64",
                others=(f"{short}-{{version}}-x86_64-dvd.iso",), signature=signature)


# "8 and 10 are the only releases that sign the checksums in the mirrors" (README of rocky-linux/checksums).
ROCKY8, ROCKY9, ROCKY10 = _alike("Rocky", ".sig"), _alike("Rocky", None), _alike("Rocky", ".asc")
ALMA = _alike("AlmaLinux", "")
# By family, as trees spell it, and major version; "" stands for every other one.
MARKS: Mapping[str, Mapping[str, Marks]] = {
    "CentOS": {
        "6": Marks(key="RPM-GPG-KEY-CentOS-6", repomd=True, images=List(
            name="sha256sum.txt.asc", boot="CentOS-{version}-x86_64-netinstall.iso", label="CentOS",
            others=("CentOS-{version}-x86_64-bin-DVD1.iso",), style="coreutils")),
        "7": Marks(key="RPM-GPG-KEY-CentOS-7", repomd=True, images=List(
            name="sha256sum.txt.asc", boot="CentOS-7-x86_64-NetInstall-{compose}.iso", label="CentOS 7 x86_64",
            others=("CentOS-7-x86_64-DVD-{compose}.iso",), style="coreutils"))},
    "Rocky Linux": {"8": Marks(key="RPM-GPG-KEY-rockyofficial", repomd=True, images=ROCKY8),
                    "9": Marks(key="RPM-GPG-KEY-Rocky-9", repomd=True, images=ROCKY9),
                    "": Marks(key="RPM-GPG-KEY-Rocky-{major}", repomd=True, images=ROCKY10)},
    "AlmaLinux": {"": Marks(key="RPM-GPG-KEY-AlmaLinux-{major}", repomd=True, images=ALMA)},
    "CentOS Stream": {"": Marks(key="", repomd=True)},
    "Red Hat Enterprise Linux": {"": Marks(key="RPM-GPG-KEY-redhat-release", repomd=False)},
    "Oracle Linux": {"": Marks(key="RPM-GPG-KEY", repomd=False)},  # its lists are signed, and far from the trees
    "Fedora": {"": Marks(key="", repomd=False, images=List(
        name="Fedora-Everything-{version}-{candidate}-x86_64-CHECKSUM",
        boot="Fedora-Everything-netinst-x86_64-{version}-{candidate}.iso", label="Fedora-E-dvd-x86_64-{version}"))},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """All that it takes to sign a tree. `vmlinuz` is the kernel in the kernel package of this `generation`."""

    family: str
    version: str
    generation: str
    vmlinuz: bytes
    signer: Signer

    def repository(self, packages: Iterable[Package], built: int) -> dict[str, bytes]:
        """Signed metadata, and the kernel package; `built` in seconds."""
        files = make(self._with_kernel(packages, built), built)
        if _marks(self.family, self.version).repomd:
            files[f"{REPOMD}.asc"] = self.signer.detached(files[REPOMD], when=built)
        return files

    def _with_kernel(self, packages: Iterable[Package], built: int) -> Iterable[Package]:
        name, owned = ("kernel", _whole) if self.generation in ("el6", "el7") else ("kernel-core", _core)
        for package in packages:
            if package.name == name:
                uname = f"{package.version}-{package.release}.{package.arch}"
                yield rpm.carry(package, owned(uname, self.vmlinuz), rpm.FORMS[self.generation], built, self.signer)
            else:
                yield package


def keys(family: str, version: str, signer: Signer) -> dict[str, bytes]:
    """The key file under its real name; nothing for a family that has none on its mirrors."""
    name = _marks(family, version).key.format(**_words(version))
    return {name: signer.public()} if name else {}


def images(tree: Mapping[str, bytes], family: str, version: str, signer: Signer) -> dict[str, bytes]:
    """The list of images of this version, signed as the family does it, and the boot image, made from parts of `tree`.

    Raises KeyError for a family that has no images beside its trees.
    """
    listed = _marks(family, version).images
    if listed is None:
        raise KeyError(f"{family} has no images beside its trees")
    words = _words(version)
    made = int(TIMESTAMP.findall(tree[".treeinfo"])[0])
    boot = listed.boot.format(**words)
    image = disc.make({path: tree[path] for path in ON_DISC if path in tree}, listed.label.format(**words), made)
    rows = {boot: (len(image), hashlib.sha256(image).hexdigest())}
    for other in listed.others:
        name = other.format(**words)
        rows[name] = (OTHER_SIZE, hashlib.sha256(name.encode()).hexdigest())
    text = "".join(STYLES[listed.style](name, *rows[name]) for name in sorted(rows))
    return {boot: image, **_signed(listed.name.format(**words), text, listed.signature, made, signer)}


def _signed(name: str, text: str, signature: str | None, when: int, signer: Signer) -> dict[str, bytes]:
    if signature == "":
        return {name: signer.clear(text, when=when)}
    data = text.encode()
    return {name: data, **({f"{name}{signature}": signer.detached(data, when=when)} if signature else {})}


def _marks(family: str, version: str) -> Marks:
    rows = MARKS[family]
    return rows.get(version.partition(".")[0]) or rows[""]


def _words(version: str) -> dict[str, str]:
    major, _, rest = version.partition(".")
    return {"version": version, "major": major, "compose": rest.rpartition(".")[2],
            "candidate": CANDIDATES.get(version, "1.1")}


def _coreutils(name: str, size: int, digest: str) -> str:
    return f"{digest}  {name}\n"


def _bsd(name: str, size: int, digest: str) -> str:
    return f"# {name}: {size} bytes\nSHA256 ({name}) = {digest}\n"


STYLES = {"coreutils": _coreutils, "bsd": _bsd}


def _whole(uname: str, vmlinuz: bytes) -> dict[str, rpm.File]:
    """EL6 and EL7: everything of the kernel is in /boot (Red Hat's kernel.spec)."""
    return {f"/boot/initramfs-{uname}.img": rpm.File(content=b"", ghost=True),
            **{f"/boot/{name}-{uname}": file for name, file in _parts(uname, vmlinuz).items()}}


def _core(uname: str, vmlinuz: bytes) -> dict[str, rpm.File]:
    """EL8 and later: beside the modules; what lies in /boot is copied there when the package is installed."""
    parts = _parts(uname, vmlinuz)
    return {f"/boot/initramfs-{uname}.img": rpm.File(content=b"", ghost=True),
            **{f"/boot/{name}-{uname}": replace(file, ghost=True) for name, file in parts.items()},
            **{f"/lib/modules/{uname}/{name}": file for name, file in parts.items()}}


def _parts(uname: str, vmlinuz: bytes) -> dict[str, rpm.File]:
    return {"System.map": rpm.File(content=b"ffffffff81000000 T _text\n"),
            "config": rpm.File(content=f"# Linux/x86_64 {uname} Kernel Configuration\nCONFIG_XEN=y\n".encode()),
            "vmlinuz": rpm.File(content=vmlinuz, mode=PROGRAM)}

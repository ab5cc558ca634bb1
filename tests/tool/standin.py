"""A stand-in for a distribution's install tree: real metadata shapes around Debian's real kernel and a dracut initrd.

Everything that pinboot reads from a mirror is there: .treeinfo, .discinfo, pxeboot images, stage2, repodata. What a
distribution would have built (the kernel, the initrd with its modules) comes from Debian packages; only stage2 is
made up, for nothing mounts it.
"""

from __future__ import annotations

import gzip
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from tests.boot import guest
from tests.tool import debian

Shape = Literal["el9", "el7"]
KERNEL = "images/pxeboot/vmlinuz"
INITRD = "images/pxeboot/initrd.img"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a family's trees of one generation do differently; `add_on` is the second variant, relative to the tree."""

    family: str
    short: str
    version: str
    discinfo: str
    timestamp: str
    path: str
    network: guest.Network
    stage2: str
    kernel_package: str
    environment: str
    productmd: bool
    add_on: str = ""


ROWS: Mapping[str, Row] = {
    "el9": Row(family="Rocky Linux", short="Rocky", version="9.6", discinfo="Rocky Linux 9.6", timestamp="1748459316",
               path="BaseOS/x86_64/os", network="network-manager", stage2="images/install.img",
               kernel_package="kernel-core", environment="minimal-environment", productmd=True,
               add_on="../../../AppStream/x86_64/os"),
    "el7": Row(family="CentOS", short="CentOS", version="7", discinfo="7.9", timestamp="1604001756.3",
               path="os/x86_64", network="network-legacy", stage2="LiveOS/squashfs.img", kernel_package="kernel",
               environment="minimal", productmd=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`root` is what a web server serves, `path` the tree below it; `kernel` is `uname -r` of kernel and initrd alike;
    `sha256` names the digest of every file of the tree by its path."""

    root: Path
    path: str
    kernel: str
    family: str
    version: str
    timestamp: str
    stage2: str
    sha256: Mapping[str, str]

    @property
    def tree(self) -> Path:
        return self.root / self.path


def tree(folder: Path, *, shape: Shape = "el9") -> Facts:
    """Write an install tree below `folder`, which is made. Skips the test where dracut or the kernel cannot be had."""
    row = ROWS[shape]
    place = folder / row.path
    for name in (KERNEL, INITRD, row.stage2):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
    (place / KERNEL).write_bytes(debian.vmlinuz().read_bytes())
    guest.initrd(place / INITRD, row.network, _buildstamp(row))
    # The magic of squashfs, then bytes that do not compress: only its digest matters here.
    (place / row.stage2).write_bytes(b"hsqs" + hashlib.shake_256(shape.encode()).digest((1 << 20) - 4))
    (place / ".discinfo").write_text(f"{row.timestamp}\n{row.discinfo}\nx86_64\n")
    images = {name: _sha256(place / name) for name in (KERNEL, INITRD, row.stage2)}
    (place / ".treeinfo").write_text(_treeinfo(row, images))
    _repository(place, row, [_kernel_package(row, debian.version())])
    if row.add_on:
        _repository((place / row.add_on).resolve(), row, [])
    return Facts(root=folder, path=row.path, kernel=debian.version(), family=row.family, version=row.version,
                 timestamp=row.timestamp, stage2=row.stage2,
                 sha256={str(file.relative_to(place)): _sha256(file) for file in sorted(place.rglob("*"))
                         if file.is_file()})


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _buildstamp(row: Row) -> str:
    """As lorax writes it into the initrd (lorax src/pylorax/buildstamp.py)."""
    uuid = time.strftime("%Y%m%d%H%M", time.gmtime(float(row.timestamp)))
    return (f"[Main]\nProduct={row.family}\nVersion={row.version}\nBugURL=https://bugs.example/\nIsFinal=True\n"
            f"UUID={uuid}.x86_64\n[Compose]\nLorax=stand-in\n")


def _treeinfo(row: Row, images: Mapping[str, str]) -> str:
    """EL9: productmd 1.2, as Rocky 9 writes it. EL7: lorax' own form, with the [checksums] that some trees have."""
    general = {"arch": "x86_64", "family": row.family, "name": f"{row.family}-{row.version}", "packagedir": "",
               "timestamp": row.timestamp, "variant": "", "version": row.version}
    sections = {
        "checksums": {name: f"sha256:{digest}" for name, digest in images.items()},
        "general": general,
        "images-x86_64": {"initrd": INITRD, "kernel": KERNEL},
        "images-xen": {"initrd": INITRD, "kernel": KERNEL},
        "stage2": {"mainimage": row.stage2},
    }
    if row.productmd:
        variants = {"BaseOS": ".", "AppStream": row.add_on}
        general |= {"name": f"{row.family} {row.version}", "packagedir": "Packages", "platforms": "x86_64,xen",
                    "repository": ".", "variant": "BaseOS", "variants": ",".join(sorted(variants))}
        sections |= {
            "header": {"type": "productmd.treeinfo", "version": "1.2"},
            "release": {"name": row.family, "short": row.short, "version": row.version},
            "tree": {"arch": "x86_64", "build_timestamp": row.timestamp, "platforms": "x86_64,xen",
                     "variants": ",".join(sorted(variants))},
        }
        sections |= {f"variant-{name}": {"id": name, "name": name, "repository": place, "type": "variant", "uid": name,
                                         "packages": "Packages" if place == "." else f"{place}/Packages"}
                     for name, place in variants.items()}
    return "\n".join(f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in sorted(keys.items()))
                     for name, keys in sorted(sections.items()))


def _kernel_package(row: Row, uname: str) -> str:
    """The kernel as an entry of primary.xml. Red Hat's kernel.spec makes `uname -r` VERSION-RELEASE.ARCH and provides
    it as kernel-uname-r; Debian's `6.1.0-56-cloud-amd64` has no such end, so here only that Provides tells it whole,
    and VERSION-RELEASE is its head, 6.1.0-56: to pinboot another kernel of this release, which is a warning."""
    version, release, *_ = uname.split("-")
    evr = f'epoch="0" ver="{version}" rel="{release}"'
    whole = 'epoch="0" ver="{}" rel="{}"'.format(*uname.rsplit("-", 1))  # rpm splits an EVR at its last dash
    name = row.kernel_package
    file = f"Packages/k/{name}-{version}-{release}.x86_64.rpm"
    return f"""<package type="rpm">
  <name>{name}</name>
  <arch>x86_64</arch>
  <version {evr}/>
  <checksum type="sha256" pkgid="YES">{hashlib.sha256(file.encode()).hexdigest()}</checksum>
  <summary>The Linux kernel</summary>
  <description>The Linux kernel</description>
  <packager></packager>
  <url></url>
  <time file="{row.timestamp.partition('.')[0]}" build="{row.timestamp.partition('.')[0]}"/>
  <size package="1" installed="1" archive="1"/>
  <location href={quoteattr(file)}/>
  <format>
    <rpm:license>GPLv2</rpm:license>
    <rpm:vendor>{escape(row.family)}</rpm:vendor>
    <rpm:group>Unspecified</rpm:group>
    <rpm:buildhost>localhost</rpm:buildhost>
    <rpm:sourcerpm>kernel-{version}-{release}.src.rpm</rpm:sourcerpm>
    <rpm:header-range start="4504" end="20000"/>
    <rpm:provides>
      <rpm:entry name="{name}" flags="EQ" {evr}/>
      <rpm:entry name="kernel-uname-r" flags="EQ" {whole}/>
    </rpm:provides>
  </format>
</package>
"""


def _repository(place: Path, row: Row, packages: list[str]) -> None:
    """repodata as createrepo_c writes it: primary and comps under their digests, named by repomd.xml."""
    primary = ('<?xml version="1.0" encoding="UTF-8"?>\n<metadata xmlns="http://linux.duke.edu/metadata/common" '
               f'xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="{len(packages)}">\n'
               f"{''.join(packages)}</metadata>\n").encode()
    comps = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">
<comps>
  <group>
    <id>core</id>
    <name>Core</name>
    <description>Smallest possible installation</description>
    <default>false</default>
    <uservisible>false</uservisible>
    <packagelist/>
  </group>
  <environment>
    <id>{row.environment}</id>
    <name>Minimal Install</name>
    <description>Basic functionality.</description>
    <display_order>3</display_order>
    <grouplist>
      <groupid>core</groupid>
    </grouplist>
    <optionlist/>
  </environment>
</comps>
""".encode()
    stamp = row.timestamp.partition(".")[0]
    repodata = place / "repodata"
    repodata.mkdir(parents=True, exist_ok=True)
    records = []
    for kind, opened, stored, suffix in (("primary", primary, gzip.compress(primary, mtime=0), "primary.xml.gz"),
                                         ("group", comps, comps, "comps.xml")):
        digest = hashlib.sha256(stored).hexdigest()
        href = f"repodata/{digest}-{suffix}"
        (place / href).write_bytes(stored)
        open_parts = "" if opened is stored else (
            f'    <open-checksum type="sha256">{hashlib.sha256(opened).hexdigest()}</open-checksum>\n'
            f"    <open-size>{len(opened)}</open-size>\n")
        records.append(f'  <data type="{kind}">\n    <checksum type="sha256">{digest}</checksum>\n{open_parts}'
                       f'    <location href="{href}"/>\n    <timestamp>{stamp}</timestamp>\n'
                       f"    <size>{len(stored)}</size>\n  </data>\n")
    (repodata / "repomd.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo" '
        'xmlns:rpm="http://linux.duke.edu/metadata/rpm">\n'
        f"  <revision>{stamp}</revision>\n{''.join(records)}</repomd>\n")

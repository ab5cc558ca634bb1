"""primary.kernels: the kernel packages of a repository, from a stream."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import HostileInput
from builder.tree import primary

WHERE = "https://mirror.example/os/repodata/primary.xml.gz"
A = "0a" * 32
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="2">
"""
KERNEL = f"""<package type="rpm">
  <name>kernel</name>
  <arch>x86_64</arch>
  <version epoch="0" ver="3.10.0" rel="1160.el7"/>
  <checksum type="sha256" pkgid="YES">{A}</checksum>
  <summary>The Linux kernel &amp; modules</summary>
  <time file="1603729576" build="1603137800"/>
  <size package="52730372" installed="67506072" archive="67519092"/>
  <location href="Packages/kernel-3.10.0-1160.el7.x86_64.rpm"/>
  <format>
    <rpm:header-range start="1384" end="259812"/>
    <rpm:provides><rpm:entry name="kernel" flags="EQ" epoch="0" ver="3.10.0" rel="1160.el7"/></rpm:provides>
  </format>
</package>
"""
BASH = KERNEL.replace("<name>kernel<", "<name>bash<").replace("kernel-3.10.0", "bash-4.2")
TAIL = "</metadata>\n"
GOOD = (HEAD + BASH + KERNEL + TAIL).encode()


def read(data: bytes, *names: str) -> tuple[primary.KernelPackage, ...]:
    return primary.kernels([data], names or ("kernel",), WHERE)


def test_a_kernel_package_is_read_with_its_signed_header_range() -> None:
    (kernel,) = read(GOOD)
    assert (kernel.name, kernel.epoch, kernel.version, kernel.release) == ("kernel", 0, "3.10.0", "1160.el7")
    assert kernel.href == "Packages/kernel-3.10.0-1160.el7.x86_64.rpm"
    assert (str(kernel.digest), kernel.build_time, kernel.header_range) == (f"sha256:{A}", 1603137800, (1384, 259812))


def test_the_size_of_the_package_is_read_where_it_is_told() -> None:
    assert read(GOOD)[0].size == 52730372
    assert read(changed(' package="52730372"', ""))[0].size is None
    assert read(changed('<size package="52730372" installed="67506072" archive="67519092"/>', ""))[0].size is None


def test_the_kernel_version_is_what_uname_says() -> None:
    assert read(GOOD)[0].kernel_version == "3.10.0-1160.el7.x86_64"


def test_packages_of_other_names_are_not_looked_at() -> None:
    strange = BASH.replace("Packages/", "../../").replace(f'"YES">{A}', '"YES">short')
    assert len(read((HEAD + strange + KERNEL + TAIL).encode())) == 1
    with pytest.raises(HostileInput):
        read((HEAD + strange + KERNEL + TAIL).encode(), "bash")


def test_a_package_listed_twice_alike_counts_once_and_unlike_is_refused() -> None:
    assert len(read((HEAD + KERNEL + KERNEL + TAIL).encode())) == 1
    other = KERNEL.replace(A, "0b" * 32)
    with pytest.raises(HostileInput, match="kernel: package\n  found   it stands twice"):
        read((HEAD + KERNEL + other + TAIL).encode())


def test_a_package_with_a_weak_digest_is_read_without_it() -> None:
    (kernel,) = read(GOOD.replace(f'sha256" pkgid="YES">{A}'.encode(), b'sha" pkgid="YES">' + b"0a" * 20))
    assert kernel.digest is None


@given(st.lists(st.integers(0, len(GOOD)), max_size=8))
def test_the_answer_does_not_depend_on_how_the_stream_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(GOOD)]
    chunks = [GOOD[a:b] for a, b in itertools.pairwise(edges)]
    assert primary.kernels(chunks, ("kernel", "bash"), WHERE) == read(GOOD, "kernel", "bash")


def test_memory_stays_flat_however_many_packages_come() -> None:
    def stream(count: int) -> Iterator[bytes]:
        yield HEAD.encode()
        for _ in range(count):
            yield BASH.encode()
        yield (KERNEL + TAIL).encode()

    def peak(count: int) -> int:
        tracemalloc.start()
        assert len(primary.kernels(stream(count), ("kernel",), WHERE)) == 1
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(5_000) < peak(50) + 100_000


def changed(old: str, new: str) -> bytes:
    assert old.encode() in GOOD
    return GOOD.replace(old.encode(), new.encode())


PATH = "Packages/kernel-3.10.0-1160.el7.x86_64.rpm"
HOSTILE = {
    "path up and out": (changed(PATH, "../../etc/kernel.rpm"), "kernel: location href"),
    "path absolute": (changed(PATH, "/etc/kernel.rpm"), "kernel: location href"),
    "path of another host": (changed(PATH, "http://evil.example/kernel.rpm"), "kernel: location href"),
    "no rpm": (changed(PATH, "Packages/kernel.exe"), "kernel: location href"),
    "xml:base": (changed(f'<location href="{PATH}"', f'<location xml:base="http://e/" href="{PATH}"'), "xml:base"),
    "no location": (changed(f'<location href="{PATH}"/>', ""), "kernel: location href"),
    "two locations": (changed(f'<location href="{PATH}"/>', f'<location href="{PATH}"/><location href="x.rpm"/>'),
                      "a second one"),
    "two names": (changed("<name>kernel</name>", "<name>kernel</name><name>bash</name>"), "kernel: name"),
    "two archs": (changed("<arch>x86_64<", "<arch>i686</arch><arch>x86_64<"), "kernel: arch"),
    "no version": (changed('ver="3.10.0" rel="1160.el7"/>\n  <ch', 'rel="1160.el7"/>\n  <ch'), "kernel: version ver"),
    "version with shell": (changed('ver="3.10.0"', 'ver="$(id)"'), "kernel: version ver"),
    "epoch in words": (changed('<version epoch="0"', '<version epoch="none"'), "kernel: version epoch"),
    "build time in words": (changed('build="1603137800"', 'build="today"'), "kernel: time build"),
    "size in words": (changed('package="52730372"', 'package="much"'), "kernel: size package"),
    "size of nothing": (changed('package="52730372"', 'package="0"'), "kernel: size package\n  found   0\n  wanted  1 to"),
    "size above all": (changed('package="52730372"', 'package="8589934593"'), "wanted  1 to 8589934592 bytes"),
    "two sizes": (changed("<size ", '<size package="1"/><size '), "kernel: size\n  found   a second one"),
    "short digest": (changed(f'"YES">{A}', '"YES">00'), "kernel: checksum"),
    "header range backwards": (changed('start="1384" end="259812"', 'start="9" end="1"'), "kernel: header-range"),
    "two header ranges": (changed("<rpm:header-range", '<rpm:header-range start="1" end="2"/><rpm:header-range'),
                          "kernel: header-range"),
    "endless name": (changed("<name>kernel<", f"<name>{'k' * 5_000_000}<"), "more than 1000 characters"),
    "doctype": (changed("<metadata ", "<!DOCTYPE metadata><metadata "), "a document type"),
    "other root": (GOOD.replace(b"metadata ", b"repomd ").replace(b"</metadata>", b"</repomd>"), "<repomd>"),
    "attribute flood": (changed("<summary>", "<summary " + " ".join(f'a{i}=""' for i in range(100_000)) + ">"),
                        "at most 64"),
    "70 levels": (changed("<summary>", "<summary>" + "<x>" * 70 + "</x>" * 70), "at most 64"),
    "one endless tag": (changed("<summary>", f'<summary a="{"x" * (3 << 20)}">'), "in one tag"),
    "cut off": (GOOD[:-30], "not XML"),
    "empty": (b"", "empty"),
    "HTML": (b"<html><title>Login</title></html>", 'an HTML page with the title "Login"'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_primary_is_refused_with_package_and_place(name: str) -> None:
    data, told = HOSTILE[name]
    with pytest.raises(HostileInput) as caught:
        primary.kernels((data[i : i + 4096] for i in range(0, len(data), 4096)), ("kernel",), WHERE)
    assert caught.value.message.startswith(f"{WHERE}: ") and told in caught.value.message


@pytest.mark.parametrize(("entry", "uname"), [
    ('<rpm:entry name="kernel-uname-r" flags="EQ" epoch="0" ver="5.14.0" rel="570.17.1.el9_6.x86_64"/>',
     "5.14.0-570.17.1.el9_6.x86_64"),
    ('<rpm:entry name="kernel-uname-r" flags="EQ" epoch="0" ver="6.1.0-56-cloud" rel="amd64"/>', "6.1.0-56-cloud-amd64"),
    ('<rpm:entry name="kernel-uname-r"/>', ""), ('<rpm:entry name="kernel" ver="1" rel="2"/>', ""), ("", "")])
def test_a_kernel_package_tells_its_uname_itself(entry, uname):
    text = f"""<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
      <package type="rpm"><name>kernel-core</name><arch>x86_64</arch><version epoch="0" ver="5.14.0" rel="570.el9"/>
      <checksum type="sha256" pkgid="YES">{"a" * 64}</checksum><time file="1" build="1"/><location href="k.rpm"/>
      <format><rpm:provides>{entry}</rpm:provides>
      <rpm:requires><rpm:entry name="kernel-uname-r" ver="9" rel="9"/></rpm:requires></format></package></metadata>"""
    found, = primary.kernels([text.encode()], ["kernel-core"], "primary.xml")
    assert found.uname == uname and found.kernel_version == (uname or "5.14.0-570.el9.x86_64")

"""A dom0 of Debian's Xen in QEMU, by software emulation: what up.sh and our xl configurations do on the real thing.

Nothing is installed: hypervisor, toolstack and dom0's kernel are unpacked packages, and dom0 is an initramfs of them
(XEN 1 tells each trap). A folder of the host is dom0's /lab: what the test brings, and what dom0 leaves behind.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.tool import debian
from tests.tool.tools import need

SCRIPTS = Path(__file__).parent / "xen"
XEN = "4.17"
HYPERVISOR = f"xen-hypervisor-{XEN}-amd64"
PYTHON = "3.11"  # of Debian 12, for pygrub
PACKAGES = (f"xen-utils-{XEN}", "xen-utils-common", "xenstore-utils", f"libxenmisc{XEN}", "libxentoollog1",
            "libxenstore4", "libxencall1", "libxendevicemodel1", "libxenevtchn1", "libxenforeignmemory1",
            "libxengnttab1", "libxenhypfs1", "libxentoolcore1", "libyajl2", "libnl-3-200", "libnl-route-3-200",
            "libfdt1", "libext2fs2", "bash", "dash", "iproute2", "mount", "util-linux", "libgcc-s1", "python3-minimal",
            f"python{PYTHON}-minimal", f"libpython{PYTHON}-minimal", f"libpython{PYTHON}-stdlib", "libncursesw6",
            "libtinfo6", "ncurses-base", "libffi8", "libexpat1")
# All that a dom0 needs for PV guests; the rest of the commands is busybox.
FILES = (
    *(f"usr/lib/xen-{XEN}/bin/{name}"
      for name in ("xl", "xenstored", "xenconsoled", "xenconsole", "xen-init-dom0", "pygrub")),
    *(f"usr/sbin/{name}" for name in ("xl", "xenstored", "xenconsoled")),
    "usr/lib/xen-common/bin/xen-utils-wrapper", "etc/xen/xl.conf", "etc/xen/scripts/*", "usr/bin/xenstore*",
    "bin/bash", "bin/dash", "bin/sh", "bin/ip", "sbin/bridge", "sbin/losetup", "usr/bin/flock",
    # pygrub, its terminal, and what it imports.
    "lib/terminfo/v/vt100",
    f"usr/lib/xen-{XEN}/lib/python/xenfsimage*.so", f"usr/lib/xen-{XEN}/lib/python/grub/*.py",
    f"usr/lib/xen-{XEN}/lib/x86_64-linux-gnu/xenfsimage/ext2fs-lib/fsimage.so",
    "usr/bin/python3*", f"usr/lib/python{PYTHON}/*.py",
    *(f"usr/lib/python{PYTHON}/{name}/*.py"
      for name in ("collections", "ctypes", "curses", "encodings", "importlib", "logging", "re")),
    *(f"usr/lib/python{PYTHON}/lib-dynload/{name}.*.so" for name in ("_ctypes", "_curses", "resource")),
)
MODULES = ("xen-privcmd", "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xenfs", "xen-blkback", "xen-netback", "bridge",
           "loop", "virtio_pci", "9pnet_virtio", "9p")
# SMAP: QEMU 7.2 reads the stack of an IRET to ring 3 as the supervisor, which faults; RDTSCP: its exit has no length.
CPU = "max,-smap,-rdtscp"
MEMORY = 3072
XEN_OPTIONS = ("com1=115200,8n1 console=com1 loglvl=warning dom0_mem=1024M,max:1024M dom0_max_vcpus=1 bootscrub=0 "
               "spec-ctrl=no xpti=0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dom0:
    hypervisor: Path
    kernel: Path
    initramfs: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What dom0 left in the shared folder, by name, and the console of Xen and dom0."""

    lab: Path
    console: str

    def text(self, name: str) -> str:
        path = self.lab / name
        assert path.is_file(), f"dom0 left no {name}\n{self.tails()}"
        return path.read_text(errors="replace")

    def tails(self) -> str:
        """The end of everything that was said, for a failing test."""
        logs = {path.name: path.read_text(errors="replace") for path in sorted(self.lab.glob("*.log"))}
        return "\n".join(f"--- {name}\n{_tail(text)}" for name, text in {**logs, "Xen and dom0": self.console}.items())


def _tail(text: str) -> str:
    lines = (re.sub(r"\x1b[^A-Za-z]*[A-Za-z]|[\x00-\x1f]", "", line) for line in text.split("\n"))
    return "\n".join([line for line in lines if line][-30:])


def run(lab: Path, script: Path, *arguments: str, timeout: float = 700) -> Run:
    """Boot dom0 with `lab` as its /lab, run `script` there as root with plain words as arguments, and switch off.
    A test fails where that takes more than `timeout` seconds."""
    shutil.copyfile(script, lab / "run.sh")
    (lab / "run.words").write_text(" ".join(arguments))
    made, console = dom0(), lab / "xen.console"
    command = [
        need("qemu-system-x86_64", "qemu-system-x86"), "-accel", "tcg", "-M", "pc", "-cpu", CPU, "-smp", "1",
        "-m", str(MEMORY), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-serial", f"file:{console}", "-kernel", str(made.hypervisor), "-append", XEN_OPTIONS,
        "-initrd", f"{made.kernel} console=hvc0 quiet,{made.initramfs}",
        "-virtfs", f"local,path={lab},mount_tag=lab,security_model=none"]
    late = False
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as machine:
        try:
            _, complaint = machine.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            late = True
            machine.kill()
            _, complaint = machine.communicate()
    done = Run(lab=lab, console=console.read_text(errors="replace"))
    assert not late, f"dom0 was still at work after {timeout} s\n{done.tails()}"
    assert machine.returncode == 0, f"qemu: {complaint}"
    return done


@functools.cache
def dom0() -> Dom0:
    """Made once and kept in the tool cache, under a name that changes with everything it is made from."""
    hypervisor = debian.unpacked(HYPERVISOR) / "boot" / f"xen-{XEN}-amd64.gz"
    roots = [debian.unpacked(package) for package in PACKAGES]
    busybox = Path(need("busybox", "busybox-static"))
    identity = _identity(hypervisor, busybox, roots)
    unzipped, initramfs = debian.cache() / f"xen-{identity}", debian.cache() / f"dom0-{identity}.cpio"
    if not (unzipped.is_file() and initramfs.is_file()):
        with tempfile.TemporaryDirectory(dir=debian.cache()) as scratch:
            root, made = Path(scratch) / "root", Path(scratch) / "made"
            made.write_bytes(gzip.decompress(hypervisor.read_bytes()))
            made.rename(unzipped)
            _fill(root, roots, busybox)
            made.write_bytes(archive(root))
            made.rename(initramfs)
    return Dom0(hypervisor=unzipped, kernel=debian.vmlinuz("amd64"), initramfs=initramfs)


def archive(root: Path) -> bytes:
    """The tree below `root` as a cpio that a kernel unpacks."""
    names = b"".join(os.fsencode(path.relative_to(root)) + b"\0" for path in sorted(root.rglob("*")))
    return subprocess.run([need("cpio", "cpio"), "-o", "-0", "-H", "newc", "-R", "0:0", "--quiet"], cwd=root,
                          input=names, capture_output=True, check=True).stdout


def _identity(hypervisor: Path, busybox: Path, roots: Iterable[Path]) -> str:
    hashed = hashlib.sha256(Path(__file__).read_bytes())
    hashed.update((SCRIPTS / "dom0-init.sh").read_bytes() + debian.version("amd64").encode())
    for path in (hypervisor, busybox, *(file for root in roots for file in _wanted([root]).values())):
        hashed.update(f"{path} {path.lstat().st_size} {path.lstat().st_mtime_ns}\n".encode())
    return hashed.hexdigest()[:16]


def _wanted(roots: Iterable[Path]) -> dict[str, Path]:
    """The files of FILES that these packages have, by their place."""
    return {str(file.relative_to(root)): file
            for pattern in FILES for root in roots for file in sorted(root.glob(pattern))}


def _fill(root: Path, roots: list[Path], busybox: Path) -> None:
    lacking = [pattern for pattern in FILES if not any(next(each.glob(pattern), None) for each in roots)]
    assert not lacking, f"no package has {lacking}"
    for name, file in _wanted(roots).items():
        _put(root, name, file)
    for library in _libraries(_wanted(roots).values(), roots):
        _put(root, _place(library), library.resolve())
    _compile(root, roots)
    _put(root, "bin/busybox", busybox)
    _put(root, "init", SCRIPTS / "dom0-init.sh").chmod(0o755)
    _modules(root)


def _put(root: Path, name: str, file: Path) -> Path:
    place = root / name
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(file, place, follow_symlinks=False)
    return place


def _libraries(programs: Iterable[Path], roots: list[Path]) -> Iterator[Path]:
    """What the loader of this machine finds for them, in the packages first, and what is only opened at run time."""
    found: set[str] = set()
    folders = sorted({str(library.parent) for root in roots for library in root.rglob("*.so.*")})
    for program in programs:
        if program.is_symlink() or program.read_bytes()[:4] != b"\x7fELF":
            continue
        said = subprocess.run(["ldd", program], env={**os.environ, "LD_LIBRARY_PATH": ":".join(folders)},
                              capture_output=True, text=True, check=True).stdout
        assert "not found" not in said, f"{program}: {said}"
        found.update(re.findall(r"(?:=> |^\s+)(/\S+)", said, re.MULTILINE))
    (libgcc,) = {file for root in roots for file in root.rglob("libgcc_s.so.1")}  # opened by pthread_cancel
    return (Path(name) for name in sorted({*found, str(libgcc)}))


def _compile(root: Path, roots: list[Path]) -> None:
    """Python's modules as bytecode, for compiling them takes longer under emulation than all the rest of pygrub."""
    (python,) = (file for each in roots for file in each.glob(f"usr/bin/python{PYTHON}"))
    library = [folder for each in roots for folder in each.glob(f"usr/lib/python{PYTHON}")]
    environment = {"PYTHONPATH": ":".join(str(folder) for folder in (*library, *(f / "lib-dynload" for f in library)))}
    subprocess.run([python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash",
                    root / f"usr/lib/python{PYTHON}", root / f"usr/lib/xen-{XEN}/lib/python"],
                   env=environment, check=True)


def _place(library: Path) -> str:
    return f"lib64/{library.name}" if library.name.startswith("ld-linux") else f"lib/x86_64-linux-gnu/{library.name}"


def _modules(root: Path) -> None:
    """The modules of dom0 and what they depend on, with the lists that modprobe reads."""
    version = debian.version("amd64")
    source = debian.kernel_package("amd64") / "lib" / "modules" / version
    needs = dict(line.split(":", 1) for line in (source / "modules.dep").read_text().splitlines())
    files = {Path(name).stem: name for name in needs}
    for name in {file for module in MODULES for file in (files[module], *needs[files[module]].split())}:
        _put(root, f"lib/modules/{version}/{name}", source / name)
    for listing in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        _put(root, f"lib/modules/{version}/{listing}", source / listing)
    subprocess.run([need("depmod", "kmod"), "-b", root, version], check=True)
    (root / "etc" / "lab-modules").write_text("\n".join(MODULES) + "\n")

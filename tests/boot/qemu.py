"""Boots a kernel and an initrd in QEMU with exactly the command line of a bundle, and reads what the guest reports.

Software emulation only: where /dev/kvm exists without svm or vmx in the processor, `-accel kvm -accel tcg` does not
fall back but hangs for ever (seen with QEMU 7.2 in a nested guest). The guest's report comes over the second serial
port, so that the command line needs no word of ours and kernel messages cannot tear its lines apart.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.tool.tools import need

# QEMU's user network: the host's 127.0.0.1 is HOST to the guest; its DHCP hands out 10.0.2.15, so a guest that was
# meant to have another static address and has that one fell back to DHCP.
HOST = "10.0.2.2"
DNS = "10.0.2.3"
DHCP = "10.0.2.15"
MEMORY = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The lines `key=value` that the guest sent, in order, and its console up to the end."""

    lines: tuple[tuple[str, str], ...]
    console: str

    def all(self, key: str) -> list[str]:
        return [value for name, value in self.lines if name == key]

    def one(self, key: str) -> str:
        values = self.all(key)
        assert len(values) == 1, f"the guest reported {key} {len(values)} times: {self.lines}\n{self.tail()}"
        return values[0]

    def tail(self) -> str:
        return "\n".join(self.console.splitlines()[-30:])


def boot(kernel: Path, initrd: Path, command_line: str, *, mac: str, scratch: Path, timeout: float = 180) -> Report:
    """Run a guest with one virtio card until it switches off; `scratch` gets console.log and report.log.

    A guest that is still on after `timeout` seconds is ended, and its report has no `end`.
    """
    console, report = scratch / "console.log", scratch / "report.log"
    command = [
        need("qemu-system-x86_64", "qemu-system-x86"), "-accel", "tcg", "-M", "pc", "-cpu", "Nehalem", "-smp", "1",
        "-m", str(MEMORY), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-kernel", str(kernel), "-initrd", str(initrd), "-append", command_line,
        "-serial", f"file:{console}", "-serial", f"file:{report}",
        "-netdev", "user,id=net0", "-device", f"virtio-net-pci,netdev=net0,mac={mac},romfile="]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as machine:
        try:
            _, complaint = machine.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            machine.kill()
            _, complaint = machine.communicate()
    assert machine.returncode in {0, -9}, f"qemu: {complaint}"
    return Report(lines=lines(report.read_text(errors="replace")), console=console.read_text(errors="replace"))


def lines(text: str) -> tuple[tuple[str, str], ...]:
    """What the hooks told: UEFI firmware writes to every serial port before them."""
    return tuple(re.findall(r"^([a-z0-9]+)=(.*)$", text, re.MULTILINE))

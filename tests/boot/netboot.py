"""A machine that boots over the network: firmware, its card and what DHCP tells it; then milestones on its two serial
ports, each with a time limit, and a transcript of all that was seen.

The network is QEMU's user network: its DHCP names the boot file, its TFTP server gives files of one folder, and the
host's loopback is 10.0.2.2. Nothing of this needs root. Software emulation only, as in qemu.py.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.boot import qemu, traffic
from tests.tool.tools import need

# secure: UEFI with Secure Boot on and Microsoft's keys in it.
Firmware = Literal["bios", "uefi", "secure"]
Stream = Literal["console", "report"]

# Code and variables of OVMF. Secure Boot keeps its variables by system management mode, which the machine pc has not.
OVMF = {
    "uefi": ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    "secure": ("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"),
}
MACHINE = {"bios": "pc,graphics=off", "uefi": "pc,graphics=off", "secure": "q35,smm=on,graphics=off"}
# The stand-in's initrd unpacks in 256 MiB.
MEMORY = 320
# What moves the cursor and sets colours (ECMA-48), and what else a terminal does not show.
UNSEEN = re.compile(r"\x1b\[[0-9;?=]*[A-Za-z]|\x1b[()][0-9A-Z]|[\r\0]")
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """`text` comes on `stream`, after the milestone before it and at most `seconds` later."""

    name: str
    text: str
    seconds: float
    stream: Stream = "console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """`reached` are the milestones with the seconds since the start; `missed` is the one that did not come. `asked` are
    the names that the machine asked for (traffic.asked); `complaint` is what QEMU itself said."""

    reached: tuple[tuple[str, float], ...]
    missed: Milestone | None
    asked: tuple[str, ...]
    report: qemu.Report
    complaint: str

    def story(self) -> str:
        """For people: how far it came, and the last that was seen."""
        lines = [f"{seconds:6.1f} s  {name}" for name, seconds in self.reached]
        if self.missed:
            lines.append(f"  missed  {self.missed.name}: {self.missed.text!r} within {self.missed.seconds} s")
        return "\n".join((*lines, *self.asked, self.complaint, self.report.tail()))


@dataclass(frozen=True, slots=True, kw_only=True)
class NetBoot:
    """`bootfile` is what DHCP names: a path below `tftp`, or a URL. With `ipxe` the card has QEMU's iPXE ROM; without,
    the firmware's own PXE does the work. `disk` is a raw image, or what else QEMU takes for one, and started when the
    network gives the machine back. `memory` is in MiB."""

    firmware: Firmware
    bootfile: str
    mac: str
    tftp: Path
    milestones: tuple[Milestone, ...]
    ipxe: bool = True
    disk: str = ""
    memory: int = MEMORY

    def run(self, scratch: Path) -> Transcript:
        """Watch the machine until its last milestone or the first that it misses; `scratch` gets console.log,
        report.log and traffic.pcap."""
        for name in ("console.log", "report.log", "traffic.pcap"):
            (scratch / name).write_bytes(b"")  # what an earlier machine said is no milestone of this one
        with subprocess.Popen(self._command(scratch), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True) as machine:
            try:
                reached, missed = _watch(machine, self.milestones, scratch)
            finally:
                machine.kill()
                _, complaint = machine.communicate()
        report = qemu.Report(lines=qemu.lines(_seen(scratch, "report")), console=_seen(scratch, "console"))
        return Transcript(reached=reached, missed=missed, complaint=complaint, report=report,
                          asked=traffic.asked((scratch / "traffic.pcap").read_bytes()))

    def _command(self, scratch: Path) -> list[str]:
        rom = "" if self.ipxe else ",romfile="
        command = [
            need("qemu-system-x86_64", "qemu-system-x86"), "-accel", "tcg", "-cpu", "Nehalem", "-smp", "1",
            "-m", str(self.memory), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            # Without graphics SeaBIOS writes to the first serial port what a program shows by int 10h.
            "-M", MACHINE[self.firmware], *self._firmware(scratch),
            "-serial", f"file:{scratch / 'console.log'}", "-serial", f"file:{scratch / 'report.log'}",
            "-netdev", f"user,id=net0,tftp={self.tftp},bootfile={self.bootfile}",
            "-device", f"virtio-net-pci,netdev=net0,mac={self.mac},bootindex=1{rom}",
            "-object", f"filter-dump,id=traffic,netdev=net0,file={scratch / 'traffic.pcap'},maxlen={traffic.KEPT}"]
        if self.disk:
            command += ["-drive", f"if=none,id=disk,format=raw,file={self.disk}",
                        "-device", "virtio-blk-pci,drive=disk,bootindex=2"]
        return command

    def _firmware(self, scratch: Path) -> list[str]:
        if self.firmware == "bios":
            return []
        code, initial = (need(file, "ovmf") for file in OVMF[self.firmware])
        variables = scratch / "variables.fd"
        shutil.copyfile(initial, variables)
        return ["-drive", f"if=pflash,format=raw,readonly=on,file={code}",
                "-drive", f"if=pflash,format=raw,file={variables}",
                *(["-global", "driver=cfi.pflash01,property=secure,value=on"] if self.firmware == "secure" else [])]


def _watch(machine: subprocess.Popen[str], milestones: Sequence[Milestone],
           scratch: Path) -> tuple[tuple[tuple[str, float], ...], Milestone | None]:
    started = time.monotonic()
    after = {"console": 0, "report": 0}
    reached: list[tuple[str, float]] = []
    for milestone in milestones:
        limit = time.monotonic() + milestone.seconds
        while True:
            ended = machine.poll() is not None or time.monotonic() > limit
            place = _seen(scratch, milestone.stream).find(milestone.text, after[milestone.stream])
            if place >= 0:
                break
            if ended:
                return tuple(reached), milestone
            time.sleep(POLL_SECONDS)
        after[milestone.stream] = place + len(milestone.text)
        reached.append((milestone.name, time.monotonic() - started))
    return tuple(reached), None


def _seen(scratch: Path, stream: Stream) -> str:
    """What came so far, as a person would read it."""
    return UNSEEN.sub("", (scratch / f"{stream}.log").read_text(errors="replace"))

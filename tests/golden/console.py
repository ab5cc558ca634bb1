"""Pages of the documentation as tests: their blocks, and what a terminal of 80 columns shows when they are run."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

COLUMNS = 80
HOME = "/home/you"
FILE = re.compile(r"<!-- file: ([A-Za-z0-9_./-]+) -->")
EVENT = re.compile(r"<!-- then: ([a-z ]+) -->")
FENCE = re.compile(r"```([a-z]*)")
# What differs from run to run, or between a small tree and a real one. Nothing else is let through.
SAME = (
    (re.compile(r"\d+ days? ago"), "N days ago"),
    (re.compile(r" +[\d.]+ (?:bytes|kB|MB|GB)\b"), " SIZE"),
    (re.compile(r" +[\d.]+ s\b"), " TIME"),
    (re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{8}\.\.\.)"), "DIGEST"),
    (re.compile(r"\.\.\.[0-9a-f]{8}\b"), "...KEY"),
    (re.compile(r"SHA256:[A-Za-z0-9+/]{43}"), "SHA256:KEY"),
    (re.compile(r"(?<=\bid )[0-9a-f]{8}\b|(?<=/b/)[0-9a-f]{8}\b|(?<=\bb/)[0-9a-f]{8}\b"), "ID"),
    (re.compile(r"(?<=/ks/)[0-9a-z]{32}(?=/)"), "TOKEN"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `line` is the number of its first line inside the fence.

    Comments that no reader sees say more: `<!-- file: NAME -->` in the line before writes the block to a file, and
    `<!-- then: WORDS -->` anywhere before it says what happens to the mirrors meanwhile (workshop.EVENTS).
    """

    kind: str
    text: str
    line: int
    file: str = ""
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a console block and the output that the page shows below it; `line` is the output's first."""

    command: str
    output: tuple[str, ...]
    line: int


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order. Raises ValueError for one that does not end."""
    found: list[Block] = []
    lines, at, file, before = page.split("\n"), 0, "", []
    while at < len(lines):
        fence, named, event = (each.fullmatch(lines[at]) for each in (FENCE, FILE, EVENT))
        if fence:
            end = next((n for n in range(at + 1, len(lines)) if lines[n] == "```"), 0)
            if not end:
                raise ValueError(f"the block in line {at + 1} does not end")
            body = "".join(f"{line}\n" for line in lines[at + 1 : end])
            found.append(Block(fence[1], body, at + 2, file, tuple(before)))
            at, before = end, []
        before += [event[1]] if event else []
        file = named[1] if named else ""
        at += 1
    return found


def steps(block: Block) -> list[Step]:
    """`$ command` (its further lines begin with `> `) and the lines up to the next one."""
    found: list[Step] = []
    for number, line in enumerate(block.text.split("\n")[:-1], block.line):
        if line.startswith("$ "):
            found.append(Step(line[2:], (), number + 1))
        elif line.startswith("> ") and found and not found[-1].output:
            found[-1] = Step(f"{found[-1].command}\n{line[2:]}", (), number + 1)
        elif not found:
            raise ValueError(f"line {number}: output without a command")
        else:
            found[-1] = Step(found[-1].command, (*found[-1].output, line), found[-1].line)
    return [Step(s.command, tuple(_trimmed(s.output)), s.line) for s in found]


def _trimmed(lines: tuple[str, ...]) -> Iterator[str]:
    """Without the empty lines at its end, which set one command apart from the next."""
    last = max((n for n, line in enumerate(lines) if line), default=-1)
    yield from lines[: last + 1]


def same(line: str) -> str:
    for pattern, word in SAME:
        line = pattern.sub(word, line)
    return line.rstrip()


def matches(shown: tuple[str, ...], seen: tuple[str, ...]) -> bool:
    """Whether a run said what the page shows; a line of three dots stands for any lines that the page leaves out."""
    if not shown:
        return not seen
    if shown[0] == "...":
        return any(matches(shown[1:], seen[at:]) for at in range(len(seen) + 1))
    return bool(seen) and same(shown[0]) == same(seen[0]) and matches(shown[1:], seen[1:])


def blessed(page: str, told: Sequence[tuple[Step, tuple[str, ...]]]) -> str:
    """The page with what was seen in place of what it shows; what it leaves out by dots stays so where it is true."""
    lines = page.split("\n")
    for step, seen in sorted(told, key=lambda each: -each[0].line):
        if "..." not in step.output or not matches(step.output, seen):
            at = step.line - 1
            lines[at : at + len(step.output)] = seen
    return "\n".join(lines)


@dataclass
class Screen:
    """The rows that a terminal shows in the end, however far they scroll. Knows what pinboot, tqdm and coreutils write."""

    columns: int = COLUMNS
    rows: list[str] = field(default_factory=lambda: [""])
    row: int = 0
    column: int = 0
    # CSI sequences (ECMA-48 5.4), line ends, and everything that is a letter.
    parts = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|([\r\n\b])|([^\x1b\r\n\b]+)|(\x1b)")

    def feed(self, text: str) -> None:
        for number, action, control, letters, stray in self.parts.findall(text):
            if stray:
                raise ValueError("an escape sequence that no terminal knows")
            for letter in letters:
                self._put(letter)
            if control == "\n":
                self._down()
            elif control:
                self.column = 0 if control == "\r" else max(0, self.column - 1)
            if action == "A":
                self.row = max(0, self.row - int(number or 1))
            elif action == "K":
                self.rows[self.row] = self.rows[self.row][: self.column]
            elif action not in ("", "m", "h", "l"):
                raise ValueError(f"the terminal is told {action!r}")

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append("")

    def _put(self, letter: str) -> None:
        if self.column == self.columns:
            self._down()
            self.column = 0
        line = self.rows[self.row].ljust(self.column)
        self.rows[self.row] = f"{line[: self.column]}{letter}{line[self.column + 1 :]}"
        self.column += 1

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(_trimmed(tuple(row.rstrip() for row in self.rows)))


def terminal(command: list[str], *, cwd: Path, environment: Mapping[str, str], typed: str = "", seconds: float = 120,
             columns: int = COLUMNS) -> tuple[int, str]:
    """Run a command on a terminal of its own (both streams and the keyboard); returns its exit code and what it wrote."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    settings = termios.tcgetattr(slave)
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, settings)
    process = subprocess.Popen(command, cwd=cwd, env=dict(environment), stdin=slave, stdout=slave, stderr=slave,
                               start_new_session=True)
    os.close(slave)
    if typed:
        os.write(master, typed.encode())
    written = b""
    try:
        while select.select([master], [], [], seconds)[0]:
            try:
                piece = os.read(master, 65536)
            except OSError:  # the last one who had the terminal open is gone
                break
            if not piece:
                break
            written += piece
        else:
            process.kill()
            raise TimeoutError(f"{command}: nothing for {seconds} seconds")
        return process.wait(timeout=seconds), written.decode(errors="backslashreplace")
    finally:
        os.close(master)


@dataclass
class Desk:
    """A folder to work in and what its commands see. Each command is a shell of its own that knows how the last one ended."""

    folder: Path
    environment: Mapping[str, str]
    code: int = 0

    def write(self, block: Block) -> None:
        path = self.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
        path.chmod(0o600 if "secrets/" in block.file else 0o644)

    def run(self, command: str) -> tuple[str, ...]:
        """What the terminal shows after one command of a page, with this desk's home called HOME."""
        self.code, text = terminal(["sh", "-c", f"(exit {self.code})\n{command}"], cwd=self.folder,
                                   environment=self.environment)
        screen = Screen()
        screen.feed(text.replace(self.environment["HOME"], HOME))
        return screen.lines

"""The entry point: parse, run one command, turn every expected failure into a message and an exit code."""

from __future__ import annotations

import contextlib
import importlib
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from builder.cli import printing, terminal
from builder.cli.options.parse import parse
from builder.errors import CHECK_FAILED, PinbootError

# 128 + the signal's number, as shells count it.
STOPPED = {signal.SIGINT: (130, "interrupted"), signal.SIGTERM: (143, "terminated")}


class _Stopped(BaseException):
    """SIGINT or SIGTERM, raised where the program stands so that temporary files go."""


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. Nothing that a user can cause ends in a traceback."""
    got: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        got.append(number)
        raise _Stopped

    # Who starts us with a signal ignored (nohup, a shell's background job) wants it ignored.
    previous = {number: signal.signal(number, stop) for number in STOPPED
                if signal.getsignal(number) is not signal.SIG_IGN}
    try:
        return _run(arguments)
    except BaseException as failure:  # noqa: BLE001 - what is not ours is raised again
        # A signal first, whatever came of it: libraries turn one exception into another. pykickstart catches everything
        # that happens while it imports a handler, and says that there is no such version.
        if got:
            code, word = STOPPED[signal.Signals(got[0])]
            printing.story(f"{word}; run the same command again to go on")
            return code
        return _failed(failure)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _failed(failure: BaseException) -> int:
    if isinstance(failure, PinbootError):
        printing.error(failure)
        return failure.exit_code
    if isinstance(failure, BrokenPipeError):
        # The reader of stdout is gone (head, less): nothing more to say.
        printing.drop_stdout()
        return CHECK_FAILED
    raise failure


def _run(arguments: Sequence[str]) -> int:
    chosen = parse(arguments)
    # Each command is imported when it runs: `--help` must not pay for requests or jinja2 (PERFORMANCE targets).
    with contextlib.ExitStack() as chosen.at_end:
        code: int = importlib.import_module(f"builder.cli.commands.{chosen.command.replace('-', '_')}").run(chosen)
    printing.finish()
    return code


def entry() -> None:
    terminal.forgive()
    sys.exit(main(sys.argv[1:]))

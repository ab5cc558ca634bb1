"""The entry point: parse, run one command, turn every expected failure into a message and an exit code."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from builder.cli import options, printing
from builder.errors import CHECK_FAILED, PinbootError

INTERRUPTED = 130  # 128 + SIGINT, as shells count it
TERMINATED = 143  # 128 + SIGTERM


class _Terminated(BaseException):
    """SIGTERM, raised where the program stands so that temporary files go."""


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. Nothing that a user can cause ends in a traceback."""
    previous = signal.signal(signal.SIGTERM, _on_term)
    try:
        return _run(arguments)
    except PinbootError as failure:
        printing.error(failure)
        return failure.exit_code
    except BrokenPipeError:
        # The reader of stdout is gone (head, less): nothing more to say; keep the interpreter from flushing again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CHECK_FAILED
    except KeyboardInterrupt:
        printing.story("interrupted; run the same command again to go on")
        return INTERRUPTED
    except _Terminated:
        printing.story("terminated; run the same command again to go on")
        return TERMINATED
    finally:
        signal.signal(signal.SIGTERM, previous)


def _on_term(number: int, frame: FrameType | None) -> None:
    raise _Terminated


def _run(arguments: Sequence[str]) -> int:
    chosen = options.parse(arguments)
    # Each command is imported when it runs: `--help` must not pay for requests or jinja2 (PERFORMANCE targets).
    code: int = importlib.import_module(f"builder.cli.commands.{chosen.command}").run(chosen)
    sys.stdout.flush()
    return code


def entry() -> None:
    sys.exit(main(sys.argv[1:]))

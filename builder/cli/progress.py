"""The terminal's side of Progress: a tqdm bar for long work, lines of the story on stderr; silent off a terminal.

Several files that come at once have a line each: tqdm keeps count of the lines, under one lock for all threads.
"""

from __future__ import annotations

import sys
from typing import Any

from builder.cli import terminal
from builder.progress import Meter, SilentMeter


class _Bar:
    """A tqdm bar as a Meter. tqdm costs 64 ms to import, so it is imported only where a bar is shown."""

    def __init__(self, what: str, total: int | None, unit: str) -> None:
        from tqdm import tqdm

        self.bar: Any = tqdm(total=total, desc=what if len(what) <= 32 else "..." + what[-29:], unit=unit,
                             unit_scale=True, unit_divisor=1024, leave=False, dynamic_ncols=True, file=sys.stderr)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *exc: object) -> None:
        with self.bar.get_lock():
            self.bar.close()
            # tqdm leaves the cursor at the right edge where the bar that went was not the topmost one.
            sys.stderr.write("\r")
            sys.stderr.flush()

    def advance(self, count: int) -> None:
        self.bar.update(count)

    def total(self, count: int) -> None:
        self.bar.total = count
        self.bar.refresh()


class Terminal:
    """Bars where stderr is a terminal that can draw them; the story unless `quiet`."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.bars = not quiet and terminal.can_draw(sys.stderr)

    def start(self, what: str, total: int | None = None, unit: str = "B") -> Meter:
        return _Bar(what, total, unit) if self.bars else SilentMeter()

    def say(self, text: str) -> None:
        if self.quiet:
            return
        shown = terminal.message(text, sys.stderr)
        if self.bars:
            from tqdm import tqdm

            tqdm.write(shown, file=sys.stderr)
        else:
            sys.stderr.write(f"{shown}\n")
            sys.stderr.flush()

"""Results for people, in 80 columns: ours first, then every other with what ours costs as a multiple of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchmarks.measure import Row

HEAD = f"{'':<40}{'CPU s':>9}{'peak MiB':>10}{'ours is':>10}{'target':>9}"


def lines(title: str, rows: Iterable[Row]) -> Iterator[str]:
    yield f"\n{title}"
    ours: float | None = None
    for row in rows:
        name = f"  {row.name}"
        if row.cost is None:
            yield f"{name}\n      {row.note}"
            continue
        peak = "" if row.cost.peak is None else f"{row.cost.peak:.0f}"
        line = f"{name:<40}{row.cost.seconds:9.3f}{peak:>10}"
        if ours is None:
            ours = row.cost.seconds
        elif not row.name.startswith("pinboot"):  # another way of ours is no peer
            line += f"{f'{ours / row.cost.seconds:.2f}x':>10}" if row.cost.seconds else f"{'':>10}"
            line += f"{f'<= {row.target:g}x':>9}" if row.target else ""
        yield line + (f"\n      {row.note}" if row.note else "")

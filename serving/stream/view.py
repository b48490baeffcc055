"""What a person sees of a stream: a screen, or one line."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from serving.stream.drift import FEWEST, Reading
from serving.stream.sources import Source
from serving.stream.tally import Tally

AVERAGES = (1, 5, 15)
"""Minutes."""
COLOURS = {"stable": "green", "moderate change": "yellow", "drift": "bold white on red"}
BAR = 12


@dataclass(frozen=True)
class Seen:
    """A moment of a stream."""

    title: str
    labels: Sequence[str]
    tally: Tally
    source: Source
    queued: int
    waiting: str | None
    drift: Reading | None
    about_drift: str


def one_line(seen: Seen) -> str:
    """For a log."""
    tally = seen.tally
    shares = ", ".join(f"{label} {_share(tally.labels, label)}" for label in seen.labels)
    parts = [
        f"{tally.posts:,} posts ({shares})", f"{tally.per_second():,.0f}/s", f"lag {_age(tally.lag_s)}",
        f"queue {seen.queued:,}", f"{tally.duplicates:,} duplicates", f"{tally.malformed:,} malformed",
        f"{seen.source.reconnections} reconnections",
    ]  # fmt: skip
    if seen.drift:
        parts.append(f"{seen.drift.level} (labels {seen.drift.labels:.2f}, confidence {seen.drift.confidence:.2f})")
    return "; ".join(parts)


def screen(seen: Seen) -> RenderableType:
    """For a terminal."""
    parts: list[RenderableType] = [_labels(seen), _flow(seen), _stability(seen)]
    if seen.waiting:
        parts.append(Text(f" paused: {seen.waiting} ", "bold white on red"))
    return Panel(Group(*parts), title=seen.title, box=box.ROUNDED, width=min(100, _width(seen)))


def _width(seen: Seen) -> int:
    return max(84, max(len(label) for label in seen.labels) + 76)


def _labels(seen: Seen) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    table.add_column("label", no_wrap=True)
    table.add_column("posts", justify="right", no_wrap=True)
    table.add_column("all", justify="right", no_wrap=True)
    for minutes in AVERAGES:
        table.add_column(f"{minutes} min", justify="right", no_wrap=True)
    table.add_column("", ratio=1, no_wrap=True, overflow="crop")
    recent = [seen.tally.recent(minutes) for minutes in AVERAGES]
    for label in seen.labels:
        counts = seen.tally.labels
        full = round(BAR * counts[label] / max(counts.total(), 1))
        shares = [_share(one, label) for one in (counts, *recent)]
        table.add_row(label, f"{counts[label]:,}", *shares, Text("█" * full, "cyan"))
    return table


def _flow(seen: Seen) -> Table:
    tally, table = seen.tally, Table.grid(padding=(0, 2), expand=True)
    passed = time.strftime("%H:%M:%S", time.gmtime(time.monotonic() - tally.started))
    rows = [
        ("source", seen.source.status or "reading", "posts", f"{tally.posts:,}", "written", f"{tally.written:,}"),
        ("running", passed, "per second", f"{tally.per_second():,.0f}", "queue", f"{seen.queued:,}"),
        ("reconnections", str(seen.source.reconnections), "duplicates", f"{tally.duplicates:,}", "lag",
         _age(tally.lag_s)),
        ("notices", f"{tally.notices:,}", "malformed", f"{tally.malformed:,}", "", ""),
    ]  # fmt: skip
    for row in rows:
        table.add_row(*(Text(cell, "dim" if i % 2 == 0 else "bold") for i, cell in enumerate(row)))
    return table


def _stability(seen: Seen) -> Text:
    reading = seen.drift
    if reading is None:
        return Text(f"\nstability is told from {FEWEST} posts on; {seen.about_drift}", "dim")
    told = Text("\nstability ")
    told.append(f" {reading.level} ", COLOURS[reading.level])
    told.append(f" labels {reading.labels:.2f}, confidence {reading.confidence:.2f}")
    told.append(f"\nlast {reading.posts:,} posts {seen.about_drift}; index .10 moderate, .25 drift", "dim")
    return told


def _share(counts: Counter[str], label: str) -> str:
    return f"{100 * counts[label] / counts.total():.1f} %" if counts.total() else "–"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:,.0f} h"

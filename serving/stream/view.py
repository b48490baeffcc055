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

from serving.stream.drift import MIN_POSTS, Reading
from serving.stream.sources import Source
from serving.stream.tally import Tally

AVERAGES = (1, 5, 15)
"""Minutes."""
COLOURS = {"stable": "green", "moderate change": "yellow", "drift": "bold white on red"}
BAR = 12


@dataclass(frozen=True)
class Snapshot:
    """A moment of a stream."""

    title: str
    labels: Sequence[str]
    tally: Tally
    source: Source
    queued: int
    waiting: str | None
    drift: Reading | None
    about_drift: str


def one_line(snapshot: Snapshot) -> str:
    """For a log."""
    tally = snapshot.tally
    shares = ", ".join(f"{label} {_share(tally.labels, label)}" for label in snapshot.labels)
    parts = [
        f"{tally.posts:,} posts ({shares})", f"{tally.per_second():,.0f}/s", f"lag {_age(tally.lag_s)}",
        f"queue {snapshot.queued:,}", f"{tally.duplicates:,} duplicates", f"{tally.malformed:,} malformed",
        f"{snapshot.source.reconnections} reconnections",
    ]  # fmt: skip
    if snapshot.drift:
        parts.append(
            f"{snapshot.drift.level} (labels {snapshot.drift.labels:.2f}, confidence {snapshot.drift.confidence:.2f})"
        )
    return "; ".join(parts)


def screen(snapshot: Snapshot) -> RenderableType:
    """For a terminal."""
    parts: list[RenderableType] = [_labels(snapshot), _flow(snapshot), _stability(snapshot)]
    if snapshot.waiting:
        parts.append(Text(f" paused: {snapshot.waiting} ", "bold white on red"))
    width = min(100, max(84, max(len(label) for label in snapshot.labels) + 76))
    return Panel(Group(*parts), title=snapshot.title, box=box.ROUNDED, width=width)


def _labels(snapshot: Snapshot) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    table.add_column("label", no_wrap=True)
    table.add_column("posts", justify="right", no_wrap=True)
    table.add_column("all", justify="right", no_wrap=True)
    for minutes in AVERAGES:
        table.add_column(f"{minutes} min", justify="right", no_wrap=True)
    table.add_column("", ratio=1, no_wrap=True, overflow="crop")
    recent = [snapshot.tally.recent(minutes) for minutes in AVERAGES]
    for label in snapshot.labels:
        counts = snapshot.tally.labels
        full = round(BAR * counts[label] / max(counts.total(), 1))
        shares = [_share(part, label) for part in (counts, *recent)]
        table.add_row(label, f"{counts[label]:,}", *shares, Text("█" * full, "cyan"))
    return table


def _flow(snapshot: Snapshot) -> Table:
    tally, table = snapshot.tally, Table.grid(padding=(0, 2), expand=True)
    passed = time.strftime("%H:%M:%S", time.gmtime(time.monotonic() - tally.started))
    rows = [
        ("source", snapshot.source.status or "reading", "posts", f"{tally.posts:,}", "written", f"{tally.written:,}"),
        ("running", passed, "per second", f"{tally.per_second():,.0f}", "queue", f"{snapshot.queued:,}"),
        ("reconnections", str(snapshot.source.reconnections), "duplicates", f"{tally.duplicates:,}", "lag",
         _age(tally.lag_s)),
        ("notices", f"{tally.notices:,}", "malformed", f"{tally.malformed:,}", "", ""),
    ]  # fmt: skip
    for row in rows:
        table.add_row(*(Text(cell, "dim" if i % 2 == 0 else "bold") for i, cell in enumerate(row)))
    return table


def _stability(snapshot: Snapshot) -> Text:
    reading = snapshot.drift
    if reading is None:
        return Text(f"\nstability is shown from {MIN_POSTS} posts on; {snapshot.about_drift}", "dim")
    text = Text("\nstability ")
    text.append(f" {reading.level} ", COLOURS[reading.level])
    text.append(f" labels {reading.labels:.2f}, confidence {reading.confidence:.2f}")
    text.append(f"\nlast {reading.posts:,} posts {snapshot.about_drift}; index .10 moderate, .25 drift", "dim")
    return text


def _share(counts: Counter[str], label: str) -> str:
    return f"{100 * counts[label] / counts.total():.1f} %" if counts.total() else "–"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:,.0f} h"

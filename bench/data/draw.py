"""A description drawn: labels, lengths, and what stands twice."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from bench.data.describe import Description
from bench.errors import StoreError
from bench.palette import BLUE, GRID, MUTED, SKY, SPLITS


def draw_description(description: Description, path: Path) -> Path:
    """Write one PNG; returns its path."""
    import matplotlib

    matplotlib.use("Agg")
    import seaborn as sns
    from matplotlib import pyplot as plt

    with sns.axes_style("whitegrid", {"grid.color": GRID, "axes.edgecolor": GRID}):
        copies = 2 * len(description.splits) + len(description.leaks)
        bars = len(description.label_names) * len(description.splits) ** 0.5
        tall = max(4.4, 1.8 + 0.36 * copies, 1.6 + 0.42 * bars)
        figure, (left, middle, right) = plt.subplots(1, 3, figsize=(14, tall), width_ratios=(1.1, 1.2, 1))
    _draw_labels(left, description)
    _draw_lengths(middle, description)
    _draw_copies(right, description)
    for axes in (left, middle, right):
        sns.despine(ax=axes, left=True)
        axes.title.set_fontweight("bold")
    note = "".join(f"\n{textwrap.shorten(text, 150, placeholder='…')}" for text in description.notes[:1])
    figure.suptitle(f"{description.name}: {description.title}{note}", x=0.01, ha="left", fontsize=12)
    figure.tight_layout(rect=(0, 0, 1, 0.99))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=130, facecolor="white")
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}; choose another --out") from error
    finally:
        plt.close(figure)
    return path


def _draw_labels(axes: Any, description: Description) -> None:
    """Share of each label in each split; the count beside each bar."""
    names, splits = description.label_names, description.splits
    height_inches = axes.figure.get_figheight() * 0.75
    height = 0.8 / len(splits)
    for i, split in enumerate(splits):
        places = [j + (i - (len(splits) - 1) / 2) * height for j in range(len(names))]
        shares = [100 * split.labels[name] / split.rows for name in names]
        bars = axes.barh(
            places, shares, height * 0.92, color=SPLITS[split.name], label=f"{split.name} ({split.rows:,})"
        )
        counts = [f"{split.labels[name]:,}" for name in names]
        axes.bar_label(bars, counts, padding=3, fontsize=8, color=MUTED)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.margins(x=0.14)
    axes.grid(axis="y", visible=False)
    axes.set(title="Labels", xlabel="share of the split, %")
    axes.legend(fontsize=8, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.55 / height_inches), ncols=3)


def _draw_lengths(axes: Any, description: Description) -> None:
    """Share of texts by length in characters, logarithmic."""
    edges = description.length_edges
    for split in description.splits:
        shares = [100 * n / split.rows for n in split.lengths.histogram]
        colour = SPLITS[split.name]
        axes.stairs(shares, edges, fill=True, alpha=0.18, color=colour)
        axes.stairs(shares, edges, color=colour, linewidth=1.6)
        median = split.lengths.characters[3]
        axes.axvline(median, color=colour, linestyle=":", linewidth=1.4, label=f"{split.name}: median {median:,.0f}")
    axes.set_xscale("log")
    shortest = min(split.lengths.characters[1] for split in description.splits)
    axes.set_xlim(max(1, shortest / 4), edges[-1] * 1.1)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set(title="Lengths", xlabel="characters (logarithmic)", ylabel="texts, %", ylim=(0, None))
    axes.legend(fontsize=8, frameon=True, framealpha=0.9, edgecolor="none", loc="upper left")


def _draw_copies(axes: Any, description: Description) -> None:
    """Duplicates, conflicts and leaks: exact beside normalized."""
    height_inches = axes.figure.get_figheight() * 0.75
    rows = []
    for split in description.splits:
        rows.append((f"copies in {split.name}", split.duplicate_rows, split.duplicate_rows_normalized))
        rows.append((f"conflicts in {split.name}", split.conflicting_texts, split.conflicting_texts_normalized))
    rows += [(f"{leak.later} in {leak.earlier}", leak.exact, leak.normalized) for leak in description.leaks]
    names, exact, normalized = zip(*rows, strict=True)
    for offset, values, colour, label in (
        (-0.2, exact, BLUE, "exact"),
        (0.2, normalized, SKY, "normalized"),
    ):
        places = [i + offset for i in range(len(names))]
        bars = axes.barh(places, values, 0.38, color=colour, label=label)
        axes.bar_label(bars, [f"{value:,}" for value in values], padding=3, fontsize=8, color=MUTED)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(0, max(10, *normalized) * 6)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(axis="y", visible=False)
    axes.set(title="Texts that stand twice", xlabel="rows (logarithmic)")
    axes.legend(fontsize=8, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.55 / height_inches), ncols=2)
